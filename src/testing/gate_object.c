/* gate_object.c - see the header.
 *
 * A gate is made in two steps: first the empty object with its __gc, then what it owns, so that
 * an error in between frees it. While a request is under way the engine runs below the C
 * function that Lua called, and may itself call Lua for the upstream, below a pcall.
 */
#include "testing/gate_object.h"

#include "core/log.h"
#include "policy/runtime.h"
#include "server/exchange.h"
#include "server/gate_browser.h"
#include "testing/fetch_object.h"
#include "testing/load_options.h"
#include "testing/push.h"
#include "testing/upstream.h"

enum {
    MAX_LOG_FIELDS = 12
};

static const char CLASS[] = "moongate.gate";

/* A line of the log. */
struct mg_gate_line {
    struct mg_gate_line *older;
    enum mg_log_level level;
    const char *event;
    struct mg_log_field fields[MAX_LOG_FIELDS];
    size_t count;
};

struct mg_gate_object *mg_gate_object_check(lua_State *L, int index)
{
    struct mg_gate_object *object = luaL_checkudata(L, index, CLASS);
    if (object->L != NULL) {
        (void)luaL_error(L, "the gate is answering a request: its upstream's function cannot "
                            "ask it for another");
    }
    return object;
}

/* ---- the log ---- */

/* mg_log_sink_fn */
static void keep_line(void *context, enum mg_log_level level, const char *event,
                      const struct mg_log_field *fields, size_t count)
{
    struct mg_gate_object *object = context;
    struct mg_gate_line *line = object->log_count >= MG_GATE_MAX_LOG_LINES
                                    ? NULL
                                    : mg_arena_calloc(&object->scratch, 1, sizeof(*line));
    if (line == NULL) {
        return;
    }
    *line = (struct mg_gate_line){.older = object->log, .level = level, .event = event};
    for (size_t i = 0; i < count && i < MAX_LOG_FIELDS; i++) {
        line->fields[line->count++] = (struct mg_log_field){
            fields[i].key, mg_arena_dup(&object->scratch, fields[i].value)};
    }
    object->log = line;
    object->log_count++;
}

void mg_gate_object_set_log(lua_State *L, const struct mg_gate_object *object)
{
    lua_Integer at = (lua_Integer)object->log_count;
    lua_createtable(L, (int)object->log_count, 0); /* +1 */
    for (const struct mg_gate_line *line = object->log; line != NULL; line = line->older) {
        lua_createtable(L, 0, MAX_LOG_FIELDS + 2); /* +1 */
        for (size_t i = 0; i < line->count; i++) {
            mg_push_text_field(L, line->fields[i].key, line->fields[i].value);
        }
        mg_push_text_field(L, "level", mg_str_from(mg_log_level_name(line->level)));
        mg_push_text_field(L, "event", mg_str_from(line->event));
        lua_rawseti(L, -2, at--);
    }
    lua_setfield(L, -2, "log");
}

/* ---- requests ---- */

void mg_gate_object_reset(struct mg_gate_object *object)
{
    mg_arena_reset(&object->scratch);
    object->log = NULL;
    object->log_count = 0;
    object->has_failed = false;
}

void mg_gate_object_begin(lua_State *L, struct mg_gate_object *object)
{
    struct mg_runtime *runtime = mg_gate_runtime(object->gate);
    object->L = L;
    if (runtime != NULL) {
        mg_runtime_forget_told(runtime);
    }
    mg_log_divert(keep_line, object);
}

void mg_gate_object_end(lua_State *L, struct mg_gate_object *object)
{
    mg_log_divert(NULL, NULL);
    object->L = NULL;
    if (object->has_failed) {
        mg_upstream_raise(L, object);
    }
}

void mg_gate_object_set_answer(lua_State *L, const struct mg_gate_answer *answer)
{
    const struct mg_resource *resource = answer->resource;
    bool is_by_hook = answer->file != NULL;
    mg_push_integer_field(L, "status", answer->status);
    mg_push_text_field(L, "kind", mg_str_from(mg_kind_name(answer->kind)));
    mg_push_text_field(L, "decision", mg_str_from(mg_verdict_name(answer->verdict)));
    mg_push_text_field(L, "reason", mg_str_from(answer->reason));
    mg_push_integer_field(L, "instructions", answer->all_steps);
    mg_push_boolean_field(L, "by_hook", is_by_hook);
    mg_push_boolean_field(L, "stand_in", answer->is_stand_in);
    if (is_by_hook || resource != NULL) {
        mg_push_text_field(L, "file", mg_str_from(is_by_hook ? answer->file : resource->file));
        mg_push_integer_field(L, "line",
                              (uint64_t)(is_by_hook ? answer->line : resource->line));
    }
    if (resource != NULL) {
        mg_push_text_field(L, "resource", resource->pattern);
        mg_push_resource(L, resource); /* +1 */
        lua_setfield(L, -2, "rule");
    }
}

/* What the request was, as far as coverage asks: from the gate's bytes. */
static struct mg_covered_request look_at(struct mg_str bytes)
{
    struct mg_str head = bytes;
    const char *end = memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4);
    struct mg_covered_request request = {false, false};
    head.len = end == NULL ? bytes.len : (size_t)(end - bytes.ptr);
    while (head.len > 0) {
        const char *eol = memmem(head.ptr, head.len, "\r\n", 2);
        struct mg_str line = {head.ptr, eol == NULL ? head.len : (size_t)(eol - head.ptr)};
        const char *colon = memchr(line.ptr, ':', line.len);
        struct mg_str name = {line.ptr, colon == NULL ? 0 : (size_t)(colon - line.ptr)};
        struct mg_str value = mg_str_trim_ows(mg_str_from_offset(line, name.len + 1));
        request.has_credentials = request.has_credentials ||
                                  mg_str_equal_nocase(name, MG_STR("cookie")) ||
                                  mg_str_equal_nocase(name, MG_STR("authorization"));
        request.has_null_origin =
            request.has_null_origin || (mg_str_equal_nocase(name, MG_STR("origin")) &&
                                        mg_str_equal(value, MG_STR("null")));
        head = mg_str_from_offset(head, line.len + 2);
    }
    return request;
}

static int gate_ask(lua_State *L)
{
    struct mg_gate_object *object = mg_gate_object_check(L, 1);
    struct mg_str bytes;
    struct mg_str peer;
    bytes.ptr = luaL_checklstring(L, 2, &bytes.len);
    peer.ptr = luaL_optlstring(L, 3, "", &peer.len);
    struct mg_gate_reply reply = {.status_line = {NULL, 0}};
    mg_gate_object_reset(object);
    mg_gate_object_begin(L, object);
    bool is_whole = mg_gate_ask_from(object->gate, bytes, peer, &reply.answer);
    bool ok = is_whole && mg_gate_read_reply(reply.answer.bytes, &object->scratch, &reply);
    mg_gate_object_end(L, object);
    if (!ok) {
        return luaL_error(L, is_whole ? "memory is out" : "the request is not whole");
    }
    struct mg_covered_request covered = look_at(bytes);
    mg_coverage_count(object->coverage, &reply.answer, &covered);
    lua_createtable(L, 0, 20); /* +1 */
    mg_gate_object_set_answer(L, &reply.answer);
    mg_push_text_field(L, "status_line", reply.status_line);
    mg_push_text_field(L, "body", reply.body);
    mg_push_fields(L, reply.response.fields, reply.response.field_count); /* +1 */
    lua_setfield(L, -2, "fields");
    mg_gate_object_set_log(L, object);
    return 1;
}

/* ---- time, the upstream, swapping ---- */

static int gate_upstream(lua_State *L)
{
    struct mg_gate_object *object = mg_gate_object_check(L, 1);
    bool is_nil = lua_isnoneornil(L, 2);
    if (!is_nil) {
        luaL_checktype(L, 2, LUA_TFUNCTION);
    }
    lua_settop(L, 2);
    (void)lua_setiuservalue(L, 1, MG_UPSTREAM_VALUE); /* -1 */
    mg_gate_set_upstream(object->gate, is_nil ? NULL : mg_upstream_answer, object);
    object->has_upstream = !is_nil;
    return 0;
}

static int gate_clock(lua_State *L)
{
    struct mg_gate_object *object = mg_gate_object_check(L, 1);
    if (!lua_isnoneornil(L, 2)) {
        lua_Number seconds = luaL_checknumber(L, 2);
        luaL_argcheck(L, seconds >= 0 && seconds < 1e12, 2, "seconds since 1970, below 1e12");
        uint64_t wall_ms = (uint64_t)(seconds * 1000);
        if (wall_ms > object->clock.wall_ms) {
            object->clock.monotonic_ms += wall_ms - object->clock.wall_ms;
        }
        object->clock.wall_ms = wall_ms;
    }
    lua_pushnumber(L, (lua_Number)object->clock.wall_ms / 1000);
    return 1;
}

static int push_failure(lua_State *L, struct mg_errs *errs)
{
    lua_pushnil(L);
    mg_push_faults(L, errs); /* +1 */
    return 2;
}

/* The faults of a load, kept where an error of Lua's frees them. */
static int free_faults(lua_State *L)
{
    mg_errs_fini(lua_touserdata(L, 1));
    return 0;
}

static struct mg_errs *new_faults(lua_State *L)
{
    struct mg_errs *errs = lua_newuserdatauv(L, sizeof(*errs), 0); /* +1 */
    mg_errs_init(errs);
    lua_createtable(L, 0, 1); /* +1 */
    lua_pushcfunction(L, free_faults);
    lua_setfield(L, -2, "__gc");
    (void)lua_setmetatable(L, -2); /* -1 */
    return errs;
}

static int gate_swap(lua_State *L)
{
    struct mg_gate_object *object = mg_gate_object_check(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct mg_errs *errs = new_faults(L); /* +1 */
    mg_gate_object_reset(object);
    struct mg_load_options load;
    mg_load_options_read(L, 2, &object->options, &load, &object->scratch);
    mg_log_divert(keep_line, object);
    struct mg_policy_set *set = mg_load_options_load(&load, errs);
    bool is_swapped = set != NULL && mg_gate_swap(object->gate, set, errs);
    mg_log_divert(NULL, NULL);
    if (!is_swapped) {
        mg_policy_set_free(set);
        return push_failure(L, errs);
    }
    mg_policy_set_free(object->set);
    object->set = set;
    lua_pushboolean(L, 1);
    return 1;
}

static int gate_resources(lua_State *L)
{
    const struct mg_gate_object *object = mg_gate_object_check(L, 1);
    lua_createtable(L, (int)object->set->resource_count, 0); /* +1 */
    for (size_t i = 0; i < object->set->resource_count; i++) {
        mg_push_resource(L, object->set->resources[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int gate_scripts(lua_State *L)
{
    const struct mg_gate_object *object = mg_gate_object_check(L, 1);
    const char *name;
    lua_createtable(L, 4, 0); /* +1 */
    for (size_t i = 0; (name = mg_policy_set_script(object->set, i)) != NULL; i++) {
        lua_pushstring(L, name); /* +1 */
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* ---- life ---- */

static int gate_free(lua_State *L)
{
    struct mg_gate_object *object = luaL_checkudata(L, 1, CLASS);
    mg_gate_free(object->gate);
    mg_policy_set_free(object->set);
    mg_arena_fini(&object->strings);
    mg_arena_fini(&object->scratch);
    object->gate = NULL;
    object->set = NULL;
    return 0;
}

void mg_gate_object_open(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"ask", gate_ask},
        {"clock", gate_clock},
        {"fetch", mg_fetch_object_run},
        {"resources", gate_resources},
        {"scripts", gate_scripts},
        {"swap", gate_swap},
        {"upstream", gate_upstream},
        {NULL, NULL},
    };
    if (luaL_newmetatable(L, CLASS)) { /* +1 */
        luaL_newlib(L, methods);       /* +1 */
        lua_setfield(L, -2, "__index");
        lua_pushcfunction(L, gate_free);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
}

static struct mg_gate_object *new_object(lua_State *L)
{
    struct mg_gate_object *object =
        lua_newuserdatauv(L, sizeof(*object), MG_UPSTREAM_VALUES); /* +1 */
    *object = (struct mg_gate_object){.clock = {.wall_ms = MG_LOAD_WALL_MS, .monotonic_ms = 1}};
    mg_arena_init(&object->strings, NULL, 0, MG_GATE_MAX_BYTES);
    mg_arena_init(&object->scratch, NULL, 0, MG_GATE_MAX_BYTES);
    luaL_setmetatable(L, CLASS);
    return object;
}

int mg_gate_object_load(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct mg_errs *errs = new_faults(L); /* +1 */
    struct mg_coverage *coverage = mg_coverage_of(L);
    struct mg_gate_object *object = new_object(L); /* +1 */
    struct mg_load_options load;
    object->coverage = coverage;
    mg_load_options_init(&object->options);
    mg_load_options_read_server(L, 1, &object->options, &object->strings);
    mg_load_options_read(L, 1, &object->options, &load, &object->scratch);
    mg_log_divert(keep_line, object);
    object->set = mg_load_options_load(&load, errs);
    if (object->set != NULL) {
        const struct mg_gate_watch watch = {&object->clock, mg_coverage_line, coverage};
        object->gate = mg_gate_new_watched(&object->options, object->set, &watch, errs);
    }
    mg_log_divert(NULL, NULL);
    if (object->gate == NULL) {
        return push_failure(L, errs);
    }
    mg_push_faults(L, errs); /* +1: warnings and notes */
    return 2;
}
