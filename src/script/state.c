/* state.c - a lua_State with two doors, one after the other.
 *
 *   loading:  mg_script_call -> lua_pcall -> function -> chunk -> constructors …
 *   sealed:   mg_script_run  -> lua_pcall -> enter -> function -> hook …
 *
 * What bounds them is in budget.c, what becomes of errors in fault.c. mg_script_run is on the
 * way of each request that a script decides, so it does no more than it must: no system call,
 * no clearing of structs; the message handler waits at the bottom of the stack.
 *
 * What is kept lies in the registry under integers, one look-up away: behind Lua's own, the one
 * that luaL_ref begins at, and the places of text.h.
 */
#include "script/state.h"

#include <assert.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/log.h"
#include "script/fields.h"
#include "script/sandbox.h"
#include "script/state_internal.h"

enum {
    HANDLER = 1, /* of a sealed state: stack index of the message handler */
    REF_LIST = LUA_RIDX_LAST + 1,
    FIRST_SLOT = REF_LIST + MG_TEXT_PLACES, /* the slot before the first one */
    PIECE_BYTES = 1024,                     /* of a chunk, read by the parser at once */
    PIECE_BYTES_A_STEP = 16,
    IDLE_BYTES = 64 << 10,      /* allocated bytes that are worth a step of the collector */
    IDLE_MAX_BYTES = 256 << 10, /* bytes that one step is sized for, so that it stays short */
};

struct mg_script *mg_script_of(lua_State *L)
{
    struct mg_script *const *slot = lua_getextraspace(L);
    return *slot;
}

void *mg_script_host(lua_State *L)
{
    return mg_script_of(L)->host;
}

lua_State *mg_script_lua(struct mg_script *script)
{
    return script->L;
}

bool mg_script_is_sealed(lua_State *L)
{
    return mg_script_of(L)->is_sealed;
}

size_t mg_script_bytes(const struct mg_script *script)
{
    return script->bytes;
}

uint64_t mg_script_steps(const struct mg_script *script)
{
    return script->steps_before + script->steps;
}

uint64_t mg_script_last_steps(const struct mg_script *script)
{
    return script->is_sealed ? script->steps : 0;
}

/* ---- chunks, and what is kept ---- */

/* A chunk that is being read. */
struct source {
    struct mg_str rest;
    int line;      /* that the last piece is of */
    int next_line; /* that the rest begins in */
};

/* lua_Reader: a line, or what is bearable of it, at a time. No hook is called in the parser, so
 * the bounds are looked at here. */
static const char *read_piece(lua_State *L, void *context, size_t *size)
{
    struct source *source = context;
    size_t most = source->rest.len < PIECE_BYTES ? source->rest.len : PIECE_BYTES;
    const char *start = source->rest.ptr;
    const char *newline = most > 0 ? memchr(start, '\n', most) : NULL;
    *size = newline == NULL ? most : (size_t)(newline - start) + 1;
    source->rest = mg_str_from_offset(source->rest, *size);
    source->line = source->next_line;
    source->next_line += newline != NULL;
    mg_script_charge(L, 1 + *size / PIECE_BYTES_A_STEP);
    return start;
}

void mg_script_push_chunk(lua_State *L, const char *name, struct mg_str text)
{
    luaL_checkstack(L, 4, NULL);
    if (text.len > 0 && text.ptr[0] == LUA_SIGNATURE[0]) {
        (void)mg_script_raise(L, "policy-bytecode", "give the source text",
                              "'%s' is not source text but a compiled chunk", name);
    }
    const char *chunk_name = lua_pushfstring(L, "@%s", name); /* +1 */
    struct source source = {text, 1, 1};
    int status = lua_load(L, read_piece, &source, chunk_name, "t"); /* +1 */
    if (status == LUA_ERRSYNTAX) {
        (void)mg_fault_raise_syntax(L, name);
    } else if (status == LUA_ERRRUN && lua_type(L, -1) == LUA_TSTRING) {
        (void)mg_fault_raise_limit(L, name, source.line);
    } else if (status != LUA_OK) {
        (void)lua_error(L);
    }
    lua_remove(L, -2);              /* the chunk's name */
    mg_sandbox_push_environment(L); /* +1 */
    (void)lua_setupvalue(L, -2, 1); /* -1; the one upvalue of a main chunk is _ENV */
}

static int count_kept(lua_State *L)
{
    return (int)lua_rawlen(L, LUA_REGISTRYINDEX) - FIRST_SLOT;
}

int mg_script_keep(lua_State *L)
{
    int slot = count_kept(L) + 1;
    lua_rawseti(L, LUA_REGISTRYINDEX, FIRST_SLOT + slot); /* -1 */
    return slot;
}

void mg_script_push_kept(lua_State *L, int slot)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, FIRST_SLOT + slot); /* +1 */
}

/* ---- life ---- */

static int on_panic(lua_State *L)
{
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    MG_LOG(MG_LOG_ERROR, "error in Lua outside of a protected call",
           {"message", mg_str_from(message)});
    abort();
}

static int open_sandbox(lua_State *L)
{
    const luaL_Reg *const *globals = lua_touserdata(L, 1);
    lua_pushinteger(L, 0);                       /* +1 luaL_ref's list of free ones: none */
    lua_rawseti(L, LUA_REGISTRYINDEX, REF_LIST); /* -1 */
    mg_texts_open(L);
    mg_sandbox_open(L, *globals);
    return 0;
}

struct mg_script *mg_script_new(const struct mg_script_limits *limits, const luaL_Reg *globals,
                                void *host)
{
    struct mg_script *script = mg_calloc(1, sizeof(*script));
    if (script == NULL) {
        return NULL;
    }
    script->host = host;
    script->limits = (struct mg_script_limits){
        .max_bytes = limits->max_bytes != 0 ? limits->max_bytes : MG_SCRIPT_MAX_BYTES,
        .max_steps = limits->max_steps != 0 ? limits->max_steps : MG_SCRIPT_MAX_STEPS,
        .max_cpu_ms = limits->max_cpu_ms != 0 ? limits->max_cpu_ms : MG_SCRIPT_MAX_CPU_MS,
    };
    script->ceiling = script->limits.max_bytes;
    script->max_fields = MG_LOAD_MAX_FIELDS;
    script->max_steps = script->limits.max_steps;
    script->L = lua_newstate(mg_budget_allocate, script);
    if (script->L == NULL) {
        free(script);
        return NULL;
    }
    struct mg_script **slot = lua_getextraspace(script->L);
    *slot = script;
    (void)lua_atpanic(script->L, on_panic);
    struct mg_script_fault fault;
    if (!mg_script_call(script, open_sandbox, &globals, &fault)) {
        mg_script_free(script);
        return NULL;
    }
    return script;
}

void mg_script_free(struct mg_script *script)
{
    if (script != NULL) {
        if (script->is_sealed && !script->budget.counts) {
            mg_watch_remove(&script->watch);
        }
        lua_close(script->L);
        mg_pool_fini(&script->pool);
        free(script);
    }
}

/* What to say of an error for which Lua calls no message handler. */
static const char *undescribed(int status)
{
    return status == LUA_ERRMEM ? "not enough memory" : "calls are nested too deeply";
}

/* ---- the door while loading ---- */

bool mg_script_call(struct mg_script *script, lua_CFunction function, void *argument,
                    struct mg_script_fault *fault)
{
    lua_State *L = script->L;
    assert(!script->is_sealed);
    *fault = script->final;
    fault->is_final = true;
    if (script->spent != NULL) {
        return false;
    }
    fault->err = (struct mg_err){.severity = MG_ERROR, .code = "policy-error"};
    script->fault = fault;
    mg_budget_begin_loading(script);
    /* Light values: nothing is allocated before the pcall. */
    lua_pushcfunction(L, mg_fault_on_error);
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, argument);
    int status = lua_pcall(L, 1, 0, -3);
    mg_budget_end_loading(script);
    script->fault = NULL;
    if (status == LUA_ERRMEM) {
        mg_budget_spend_memory(script);
    }
    if (script->spent != NULL) {
        *fault = script->final;
    } else if (status != LUA_OK && !script->is_described) {
        MG_ERR_SET(fault->err.message, "%s", undescribed(status));
    }
    script->is_described = false;
    fault->is_final = script->spent != NULL;
    lua_settop(L, 0);
    return status == LUA_OK;
}

/* ---- the door of a sealed state ---- */

struct sealing {
    mg_seal_report_fn report;
    void *context;
    unsigned watched_count;
};

/* Seal what is kept, and keep what it became. */
static int seal(lua_State *L)
{
    struct sealing *sealing = lua_touserdata(L, 1);
    int count = count_kept(L);
    lua_createtable(L, count, 0); /* +1 the roots */
    int roots = lua_gettop(L);
    for (int i = 1; i <= count; i++) {
        mg_script_push_kept(L, i);
        lua_rawseti(L, roots, i);
    }
    sealing->watched_count = mg_seal(L, roots, sealing->report, sealing->context);
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, roots, i);
        lua_rawseti(L, LUA_REGISTRYINDEX, FIRST_SLOT + i);
    }
    return 0;
}

/* The state has no watch yet. Returns: false. */
static bool fail_seal(struct mg_script *script, const char *code, struct mg_script_fault *fault)
{
    *fault =
        (struct mg_script_fault){.err = {.severity = MG_ERROR, .code = code}, .is_final = true};
    if (strcmp(code, "policy-memory") == 0) {
        MG_ERR_SET(fault->err.message,
                   "what hooks can reach takes %zu bytes of memory; at most %zu are kept",
                   script->bytes, script->limits.max_bytes / 2);
        MG_ERR_SET(fault->err.hint,
                   "long lists of origins belong into a text file: file \"…\"");
    } else {
        MG_ERR_SET(fault->err.message, "cannot start the thread that watches scripts");
    }
    script->is_sealed = false;
    return false;
}

bool mg_script_seal(struct mg_script *script, const struct mg_script_budget *budget, void *host,
                    mg_seal_report_fn report, void *context, struct mg_script_fault *fault)
{
    struct sealing sealing = {.report = report, .context = context};
    script->max_fields = SIZE_MAX; /* what the walk has found: no numbers of a script's */
    if (!mg_script_call(script, seal, &sealing, fault)) {
        return false;
    }
    mg_budget_seal(script, budget);
    if (script->bytes > script->limits.max_bytes / 2) {
        return fail_seal(script, "policy-memory", fault);
    }
    if (!budget->counts && !mg_watch_add(&script->watch)) {
        return fail_seal(script, "thread-start", fault);
    }
    script->host = host;
    script->watched_count = sealing.watched_count;
    lua_pushcfunction(script->L, mg_fault_on_error); /* +1 at HANDLER, for good */
    return true;
}

/* Below the door of a state with watched variables: the call itself, then a look at what it
 * left behind. */
static int enter(lua_State *L)
{
    (void)mg_script_of(L)->function(L);
    mg_seal_check(L);
    return 0;
}

/* A call has failed, or left something to put in order. Returns: whether it succeeded. */
static bool settle(struct mg_script *script, int status, struct mg_script_fault *fault)
{
    lua_State *L = script->L;
    if (status == LUA_ERRMEM) {
        mg_budget_spend_memory(script);
    }
    bool has_failed = status != LUA_OK || script->spent != NULL;
    if (script->spent != NULL) {
        *fault = script->final;
    } else if (has_failed && !script->is_described) {
        *fault =
            (struct mg_script_fault){.err = {.severity = MG_ERROR, .code = "script-error"}};
        MG_ERR_SET(fault->err.message, "%s", undescribed(status));
    }
    bool has_garbage = script->collector != MG_COLLECTOR_STOPPED;
    script->is_described = false;
    mg_budget_reset(script);
    lua_settop(L, HANDLER);
    if (has_failed) {
        fault->is_final = false;
    }
    if (has_failed && script->watched_count > 0) {
        mg_seal_restore(L);
    }
    if (has_failed && has_garbage) {
        (void)lua_gc(L, LUA_GCCOLLECT);
        script->stepped_at = script->allocated;
    }
    return !has_failed;
}

bool mg_script_run(struct mg_script *script, lua_CFunction function, void *argument,
                   struct mg_script_fault *fault)
{
    lua_State *L = script->L;
    assert(script->is_sealed && script->fault == NULL);
    mg_budget_begin(script);
    script->function = function;
    script->fault = fault;
    mg_watch_begin(&script->watch);
    /* Light values: nothing is allocated before the pcall. */
    lua_pushcfunction(L, script->watched_count > 0 ? enter : function);
    lua_pushlightuserdata(L, argument);
    int status = lua_pcall(L, 1, 0, HANDLER);
    /* Where the last that ran was a function in C, no hook has seen it yet. */
    if (mg_watch_is_killed(&script->watch)) {
        mg_budget_spend_time(script);
    }
    mg_watch_end(&script->watch);
    script->fault = NULL;
    if (status != LUA_OK || mg_budget_is_disturbed(script)) {
        return settle(script, status, fault);
    }
    return true;
}

bool mg_script_run_within(struct mg_script *script, const struct mg_script_budget *budget,
                          lua_CFunction function, void *argument, struct mg_script_fault *fault)
{
    const struct mg_script_budget whole = script->budget;
    mg_budget_narrow(script, budget);
    bool succeeded = mg_script_run(script, function, argument, fault);
    mg_budget_set(script, &whole);
    return succeeded;
}

const struct mg_script_budget *mg_script_bounds(const struct mg_script *script)
{
    return &script->budget;
}

void mg_script_idle(struct mg_script *script)
{
    uint64_t gathered = script->allocated - script->stepped_at;
    if (script->is_sealed && gathered >= IDLE_BYTES) {
        uint64_t bytes = gathered < IDLE_MAX_BYTES ? gathered : IDLE_MAX_BYTES;
        (void)lua_gc(script->L, LUA_GCSTEP, (int)(bytes >> 10));
        script->stepped_at = script->allocated;
    }
}
