/* state.c - a lua_State with three bounds and one door.
 *
 *   mg_script_call -> lua_pcall(describe) -> function -> chunk -> constructors …
 *
 * Bounds are looked at by a count hook every HOOK_STEPS instructions, by mg_script_charge
 * before work in C, and soon after every ALLOCATION_STEP allocated bytes, because one
 * instruction can copy megabytes. When a bound is passed, `spent` is set and the hook is put on
 * every instruction: whatever still runs (a script's pcall among it) raises again at once,
 * until the door is reached. Running out of memory is just as final, or a script could fail,
 * catch and retry for ever, with a whole collection each time.
 *
 * An error of ours travels as a light userdata that no script can make; what it says is in
 * `raised`. A script's own errors are strings with "file:line: " in front, and are taken apart
 * by the message handler while the stack still knows the whole names of the files.
 */
#include "script/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "script/sandbox.h"

enum {
    HOOK_STEPS = 100,
    ALLOCATION_STEP = 4 << 20,
    BYTES_A_STEP = 64, /* allocated bytes that count as one step */
    POSITION_LEVELS = 32
};

struct mg_script {
    lua_State *L;
    void *host;
    struct mg_script_limits limits;
    size_t bytes;     /* of Lua's heap */
    size_t allocated; /* since the hook was last asked for because of it */
    uint64_t steps;
    uint64_t cpu_us;               /* of the calls before this one */
    uint64_t cpu_start_us;         /* of the thread, when this call began */
    uint64_t asked_ms;             /* coarse time at which the CPU time was last asked for */
    int hook_steps;                /* the count the hook is set to; 0: no call is running */
    const char *spent;             /* code of the bound that was passed, or NULL */
    struct mg_err raised;          /* what `mark` stands for */
    struct mg_err final;           /* the fault of the bound that was passed */
    struct mg_script_fault *fault; /* of the running call */
};

/* Its address, as a light userdata, is the error value of mg_script_raise. */
static char mark;

static uint64_t thread_cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct mg_script *mg_script_of(lua_State *L)
{
    struct mg_script *const *slot = lua_getextraspace(L);
    return *slot;
}

void *mg_script_host(lua_State *L)
{
    return mg_script_of(L)->host;
}

size_t mg_script_bytes(const struct mg_script *script)
{
    return script->bytes;
}

uint64_t mg_script_steps(const struct mg_script *script)
{
    return script->steps;
}

bool mg_script_position(lua_State *L, char *file, size_t size, int *line)
{
    lua_Debug frame;
    for (int level = 0; level < POSITION_LEVELS && lua_getstack(L, level, &frame); level++) {
        if (lua_getinfo(L, "Sl", &frame) && frame.currentline > 0) {
            mg_err_set(file, size, "%s", frame.source + (frame.source[0] == '@'));
            *line = frame.currentline;
            return true;
        }
    }
    return false;
}

/* ---- the three bounds ---- */

static void on_count(lua_State *L, lua_Debug *frame);

static void set_hook(struct mg_script *script, int steps)
{
    script->hook_steps = steps;
    lua_sethook(script->L, steps == 0 ? NULL : on_count, steps == 0 ? 0 : LUA_MASKCOUNT, steps);
}

/* Begin the error of a passed bound: where the script stands now. */
static void place_final(struct mg_script *script, const char *code)
{
    struct mg_err *final = &script->final;
    *final = (struct mg_err){.severity = MG_ERROR, .code = code};
    (void)mg_script_position(script->L, final->file, sizeof(final->file), &final->line);
}

static void spend_memory(struct mg_script *script)
{
    script->spent = "policy-memory";
    script->final.severity = MG_ERROR;
    script->final.code = script->spent;
    MG_ERR_SET(script->final.message, "the policies need more than %zu bytes of memory to load",
               script->limits.max_bytes);
    MG_ERR_SET(script->final.hint, "long lists of origins belong into a text file: file \"…\"");
}

static void spend_time(struct mg_script *script)
{
    place_final(script, "policy-timeout");
    script->spent = script->final.code;
    MG_ERR_SET(script->final.message,
               "loading took more than %llu steps or %u ms of CPU time, and was stopped here",
               (unsigned long long)script->limits.max_steps,
               (unsigned)script->limits.max_cpu_ms);
    MG_ERR_SET(script->final.hint, "a policy declares; look for a loop that does not end");
}

static bool is_time_over(struct mg_script *script)
{
    if (script->steps > script->limits.max_steps) {
        return true;
    }
    uint64_t now_ms = mg_clock_coarse_ms();
    if (now_ms == script->asked_ms) {
        return false; /* asking for CPU time is a system call; once a tick is enough */
    }
    script->asked_ms = now_ms;
    uint64_t used_us = script->cpu_us + (thread_cpu_us() - script->cpu_start_us);
    return used_us > (uint64_t)script->limits.max_cpu_ms * 1000;
}

static void check_bounds(lua_State *L)
{
    struct mg_script *script = mg_script_of(L);
    if (script->spent == NULL && is_time_over(script)) {
        spend_time(script);
    }
    if (script->spent != NULL) {
        set_hook(script, 1);
        lua_pushlightuserdata(L, &mark);
        (void)lua_error(L);
    }
}

static void on_count(lua_State *L, lua_Debug *frame)
{
    (void)frame;
    struct mg_script *script = mg_script_of(L);
    script->steps += (uint64_t)script->hook_steps;
    check_bounds(L);
    if (script->hook_steps != HOOK_STEPS) {
        set_hook(script, HOOK_STEPS);
    }
}

void mg_script_charge(lua_State *L, uint64_t steps)
{
    struct mg_script *script = mg_script_of(L);
    script->steps = steps > UINT64_MAX - script->steps ? UINT64_MAX : script->steps + steps;
    check_bounds(L);
}

/* lua_Alloc. A block that shrinks must not fail. */
static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct mg_script *script = context;
    old_size = block == NULL ? 0 : old_size; /* else it is the kind of the new object */
    if (new_size == 0) {
        free(block);
        script->bytes -= old_size;
        return NULL;
    }
    bool fits =
        new_size <= old_size || new_size - old_size <= script->limits.max_bytes - script->bytes;
    void *moved = fits ? mg_realloc(block, new_size) : NULL;
    if (moved == NULL && new_size <= old_size) {
        return block;
    }
    if (moved == NULL) {
        if (script->hook_steps != 0 && script->spent == NULL) {
            place_final(script,
                        "policy-memory"); /* stands if a collection gives nothing back */
        }
        return NULL;
    }
    script->bytes = script->bytes - old_size + new_size;
    if (new_size > old_size) {
        script->steps += (new_size - old_size) / BYTES_A_STEP;
        script->allocated += new_size - old_size;
    }
    if (script->allocated > ALLOCATION_STEP && script->hook_steps != 0) {
        script->allocated = 0;
        set_hook(script, 1);
    }
    return moved;
}

/* ---- errors ---- */

static int raise_mark(lua_State *L)
{
    lua_pushlightuserdata(L, &mark);
    return lua_error(L);
}

int mg_script_raise(lua_State *L, const char *code, const char *hint, const char *format, ...)
{
    struct mg_err *err = &mg_script_of(L)->raised;
    *err = (struct mg_err){.severity = MG_ERROR, .code = code};
    (void)mg_script_position(L, err->file, sizeof(err->file), &err->line);
    va_list args;
    va_start(args, format);
    char message[sizeof(err->message)];
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    MG_ERR_SET(err->message, "%s", message);
    MG_ERR_SET(err->hint, "%s", hint == NULL ? "" : hint);
    return raise_mark(L);
}

/* Take "name:line: " off the front of *message, where `name` is what Lua made of a file's name.
 * Returns: whether it was there. */
static bool take_position(const char *name, const char **message, int *line)
{
    size_t length = strlen(name);
    if (strncmp(*message, name, length) != 0 || (*message)[length] != ':') {
        return false;
    }
    const char *digits = *message + length + 1;
    size_t count = strspn(digits, "0123456789");
    unsigned long long number;
    if (digits[count] != ':' ||
        !mg_str_to_u64((struct mg_str){digits, count}, 1 << 30, &number)) {
        return false;
    }
    *line = (int)number;
    *message = digits + count + 1;
    *message += **message == ' ';
    return true;
}

/* Fill *err from the error value at `index`. Never raises: it only looks. */
static void describe(lua_State *L, int index, struct mg_err *err)
{
    const struct mg_script *script = mg_script_of(L);
    if (lua_touserdata(L, index) == &mark) {
        *err = script->spent != NULL ? script->final : script->raised;
        return;
    }
    *err = (struct mg_err){.severity = MG_ERROR, .code = "policy-error"};
    (void)mg_script_position(L, err->file, sizeof(err->file), &err->line);
    if (lua_type(L, index) != LUA_TSTRING) {
        MG_ERR_SET(err->message, "the policy raised an error that is a %s",
                   luaL_typename(L, index));
        return;
    }
    const char *message = lua_tostring(L, index);
    lua_Debug frame;
    for (int level = 0; level < POSITION_LEVELS && lua_getstack(L, level, &frame); level++) {
        if (lua_getinfo(L, "S", &frame) &&
            take_position(frame.short_src, &message, &err->line)) {
            MG_ERR_SET(err->file, "%s", frame.source + (frame.source[0] == '@'));
            break;
        }
    }
    MG_ERR_SET(err->message, "%s", message);
}

/* The door's message handler: runs where the error was raised. */
static int on_error(lua_State *L)
{
    describe(L, 1, &mg_script_of(L)->fault->err);
    return 1;
}

bool mg_script_pcall(lua_State *L, int arg_count)
{
    int status = lua_pcall(L, arg_count, LUA_MULTRET, 0);
    struct mg_script *script = mg_script_of(L);
    if (status == LUA_ERRMEM && script->spent == NULL) {
        spend_memory(script);
    }
    if (script->spent != NULL) {
        (void)raise_mark(L);
    }
    if (status == LUA_OK) {
        return true;
    }
    if (lua_touserdata(L, -1) == &mark) {
        const struct mg_err *err = &script->raised;
        lua_pushfstring(L, "%s:%d: %s", err->file, err->line, err->message);
    } else if (lua_type(L, -1) == LUA_TSTRING) {
        return false;
    } else {
        lua_pushfstring(L, "the error is a %s", luaL_typename(L, -1));
    }
    lua_replace(L, -2);
    return false;
}

/* ---- chunks ---- */

/* Turn Lua's syntax error at the top into ours: its position is cut off of the message. */
static int raise_syntax(lua_State *L, const char *name)
{
    struct mg_err *err = &mg_script_of(L)->raised;
    const char *message = lua_tostring(L, -1);
    *err = (struct mg_err){.severity = MG_ERROR, .code = "policy-syntax"};
    MG_ERR_SET(err->file, "%s", name);
    /* Lua shortens long names, so look for ":line: " wherever it first stands. */
    for (const char *p = strchr(message, ':'); p != NULL; p = strchr(p + 1, ':')) {
        const char *rest = p;
        if (take_position("", &rest, &err->line)) {
            message = rest;
            break;
        }
    }
    MG_ERR_SET(err->message, "%s", message);
    return raise_mark(L);
}

void mg_script_push_chunk(lua_State *L, const char *name, struct mg_str text)
{
    luaL_checkstack(L, 4, NULL);
    if (text.len > 0 && text.ptr[0] == LUA_SIGNATURE[0]) {
        (void)mg_script_raise(L, "policy-bytecode", "give the source text",
                              "'%s' is not source text but a compiled chunk", name);
    }
    const char *chunk_name = lua_pushfstring(L, "@%s", name); /* +1 */
    int status =
        luaL_loadbufferx(L, text.ptr == NULL ? "" : text.ptr, text.len, chunk_name, "t");
    if (status == LUA_ERRSYNTAX) {
        (void)raise_syntax(L, name);
    } else if (status != LUA_OK) {
        (void)lua_error(L);
    }
    lua_remove(L, -2);              /* the chunk's name */
    mg_sandbox_push_environment(L); /* +1 */
    (void)lua_setupvalue(L, -2, 1); /* -1; the one upvalue of a main chunk is _ENV */
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
    script->L = lua_newstate(allocate, script);
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
        lua_close(script->L);
        free(script);
    }
}

bool mg_script_call(struct mg_script *script, lua_CFunction function, void *argument,
                    struct mg_script_fault *fault)
{
    lua_State *L = script->L;
    *fault = (struct mg_script_fault){.err = script->final, .is_final = true};
    if (script->spent != NULL) {
        return false;
    }
    fault->err = (struct mg_err){.severity = MG_ERROR, .code = "policy-error"};
    script->fault = fault;
    script->cpu_start_us = thread_cpu_us();
    set_hook(script, HOOK_STEPS);
    /* Light values: nothing is allocated before the pcall. */
    lua_pushcfunction(L, on_error);
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, argument);
    int status = lua_pcall(L, 1, 0, -3);
    set_hook(script, 0);
    script->cpu_us += thread_cpu_us() - script->cpu_start_us;
    script->fault = NULL;
    if (status == LUA_ERRMEM && script->spent == NULL) {
        spend_memory(script);
    }
    if (script->spent != NULL) {
        fault->err = script->final;
    } else if (status == LUA_ERRERR && fault->err.message[0] == '\0') {
        MG_ERR_SET(fault->err.message, "calls are nested too deeply");
    }
    fault->is_final = script->spent != NULL;
    lua_settop(L, 0);
    return status == LUA_OK;
}
