/* dict_object.c - see the header.
 *
 * A dictionary copies in and out under its lock, and no call into Lua stands between: what may
 * raise, raises before or after.
 */
#include "plugin/dict_object.h"

#include <math.h>

#include <lauxlib.h>

#include "plugin/spot.h"
#include "script/nearest.h"
#include "script/state.h"

enum {
    ARG_SELF = 1,
    ARG_KEY,
    ARG_VALUE,
    ARG_OPTIONS,
    SMALL_TEXT_BYTES = 1024,
};

/* Longer lives are no lives: ten years, in seconds. */
#define MAX_TTL_SECONDS (10.0 * 366 * 24 * 3600)

struct dict_object {
    const char *type; /* &dict_type: no other userdata begins so */
    struct mg_dict *dict;
    const struct mg_plugin_clock *clock;
};

/* Its address marks objects, and is the metatable's key in the registry. */
static const char dict_type;

/* ---- arguments ---- */

static const struct dict_object *self_of(lua_State *L)
{
    const struct dict_object *object = lua_touserdata(L, ARG_SELF);
    if (lua_type(L, ARG_SELF) != LUA_TUSERDATA || lua_rawlen(L, ARG_SELF) != sizeof(*object) ||
        object->type != &dict_type) {
        (void)mg_script_raise(L, "dict-call", "hits:get(key), with a colon",
                              "a method of a dictionary was called without it");
    }
    return object;
}

/* The key, which is charged for. */
static struct mg_str key_of(lua_State *L)
{
    struct mg_str key;
    if (lua_type(L, ARG_KEY) != LUA_TSTRING) {
        (void)mg_script_raise(L, "dict-call", "tostring(key)", "the key is a %s, not a string",
                              luaL_typename(L, ARG_KEY));
    }
    key.ptr = lua_tolstring(L, ARG_KEY, &key.len);
    mg_script_charge(L, MG_CALL_STEPS + key.len / MG_CALL_BYTES_A_STEP);
    return key;
}

/* Read seconds at the top of the stack. */
static uint64_t ttl_at_top(lua_State *L)
{
    double seconds = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(seconds > 0 && seconds <= MAX_TTL_SECONDS)) {
        (void)mg_script_raise(L, "dict-call", "{ ttl = 60 }",
                              "ttl is a number of seconds above 0, at most ten years");
    }
    return (uint64_t)ceil(seconds * 1000);
}

static int64_t integer_at(lua_State *L, int index, const char *what)
{
    int is_integer;
    lua_Integer integer = lua_tointegerx(L, index, &is_integer);
    if (lua_type(L, index) != LUA_TNUMBER || !is_integer) {
        (void)mg_script_raise(L, "dict-call", "hits:incr(key, 1, { start = 0, ttl = 60 })",
                              "%s is no whole number", what);
    }
    return integer;
}

/* Read `{ ttl = …, start = … }` at ARG_OPTIONS; `start` NULL: there is no such option. */
static void read_options(lua_State *L, uint64_t *ttl_ms, int64_t *start)
{
    lua_settop(L, ARG_OPTIONS);
    if (lua_type(L, ARG_OPTIONS) == LUA_TNIL) {
        return;
    }
    if (mg_seal_push_behind(L, ARG_OPTIONS)) {
        lua_replace(L, ARG_OPTIONS); /* made while loading: frozen */
    }
    if (lua_type(L, ARG_OPTIONS) != LUA_TTABLE) {
        (void)mg_script_raise(L, "dict-call", "{ ttl = 60 }", "the options are a %s, no table",
                              luaL_typename(L, ARG_OPTIONS));
    }
    lua_pushnil(L); /* +1 */
    while (lua_next(L, ARG_OPTIONS) != 0) {
        struct mg_str name = {"", 0};
        if (lua_type(L, -2) == LUA_TSTRING) {
            name.ptr = lua_tolstring(L, -2, &name.len);
        }
        if (mg_str_equal(name, MG_STR("ttl"))) {
            *ttl_ms = ttl_at_top(L);
        } else if (start != NULL && mg_str_equal(name, MG_STR("start"))) {
            *start = integer_at(L, -1, "start");
        } else {
            (void)mg_script_raise(L, "dict-call", start != NULL ? "start, ttl" : "ttl",
                                  "there is no option '%.40s'", name.ptr);
        }
        lua_pop(L, 1);
    }
}

static void check(lua_State *L, enum mg_dict_result result)
{
    if (result == MG_DICT_TOO_LARGE) {
        (void)mg_script_raise(L, "dict-too-large",
                              "keys have at most 1024 bytes, texts at most 64 KiB",
                              "the key or the value is larger than the dictionary takes");
    }
    if (result == MG_DICT_TYPE) {
        (void)mg_script_raise(L, "dict-type", "hits:delete(key) first",
                              "the entry is no whole number, or would pass the range of one");
    }
}

/* ---- methods ---- */

/* Push a value without text (+1). */
static void push_plain(lua_State *L, const struct mg_dict_value *value)
{
    switch (value->type) {
    case MG_DICT_INTEGER:
        lua_pushinteger(L, value->integer);
        break;
    case MG_DICT_NUMBER:
        lua_pushnumber(L, value->number);
        break;
    case MG_DICT_BOOLEAN:
        lua_pushboolean(L, value->boolean);
        break;
    case MG_DICT_NIL:
    case MG_DICT_STRING:
        lua_pushnil(L);
        break;
    }
}

static void push_text(lua_State *L, struct mg_str text)
{
    mg_script_charge(L, text.len / MG_CALL_BYTES_A_STEP);
    (void)lua_pushlstring(L, text.ptr, text.len);
}

static int dict_get(lua_State *L)
{
    const struct dict_object *object = self_of(L);
    struct mg_str key = key_of(L);
    uint64_t now_ms = mg_plugin_clock_monotonic(object->clock);
    char small[SMALL_TEXT_BYTES];
    struct mg_dict_value value;
    enum mg_dict_result result =
        mg_dict_get(object->dict, key, small, sizeof(small), now_ms, &value);
    if (result == MG_DICT_TOO_LARGE) {
        luaL_Buffer large;
        char *bytes = luaL_buffinitsize(L, &large, MG_DICT_MAX_VALUE_BYTES);
        (void)mg_dict_get(object->dict, key, bytes, MG_DICT_MAX_VALUE_BYTES, now_ms, &value);
        if (value.type == MG_DICT_STRING) {
            mg_script_charge(L, value.text.len / MG_CALL_BYTES_A_STEP);
            luaL_pushresultsize(&large, value.text.len);
            return 1;
        }
        luaL_pushresultsize(&large, 0);
        push_plain(L, &value); /* it changed meanwhile */
        return 1;
    }
    if (value.type == MG_DICT_STRING) {
        push_text(L, value.text);
    } else {
        push_plain(L, &value);
    }
    return 1;
}

/* The value at ARG_VALUE; a text is borrowed, and charged for. */
static struct mg_dict_value read_value(lua_State *L)
{
    struct mg_dict_value value = {.type = MG_DICT_NIL};
    switch (lua_type(L, ARG_VALUE)) {
    case LUA_TNIL:
        break;
    case LUA_TSTRING:
        value.type = MG_DICT_STRING;
        value.text.ptr = lua_tolstring(L, ARG_VALUE, &value.text.len);
        mg_script_charge(L, value.text.len / MG_CALL_BYTES_A_STEP);
        break;
    case LUA_TBOOLEAN:
        value.type = MG_DICT_BOOLEAN;
        value.boolean = lua_toboolean(L, ARG_VALUE);
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, ARG_VALUE)) {
            value.type = MG_DICT_INTEGER;
            value.integer = lua_tointegerx(L, ARG_VALUE, NULL);
        } else {
            value.type = MG_DICT_NUMBER;
            value.number = lua_tonumber(L, ARG_VALUE);
        }
        break;
    default:
        (void)mg_script_raise(L, "dict-call", "a string, number, boolean or nil",
                              "a %s cannot be put into a dictionary",
                              luaL_typename(L, ARG_VALUE));
    }
    return value;
}

static int dict_set(lua_State *L)
{
    const struct dict_object *object = self_of(L);
    struct mg_str key = key_of(L);
    uint64_t ttl_ms = 0;
    read_options(L, &ttl_ms, NULL);
    struct mg_dict_value value = read_value(L);
    check(L, mg_dict_set(object->dict, key, &value, ttl_ms,
                         mg_plugin_clock_monotonic(object->clock)));
    return 0;
}

static int dict_delete(lua_State *L)
{
    const struct dict_object *object = self_of(L);
    struct mg_str key = key_of(L);
    (void)mg_dict_delete(object->dict, key);
    return 0;
}

static int dict_incr(lua_State *L)
{
    const struct dict_object *object = self_of(L);
    struct mg_str key = key_of(L);
    struct mg_dict_increment increment = {.by = 1};
    read_options(L, &increment.ttl_ms, &increment.start);
    if (lua_type(L, ARG_VALUE) != LUA_TNIL) {
        increment.by = integer_at(L, ARG_VALUE, "what is added");
    }
    check(L, mg_dict_increment(object->dict, key, &increment,
                               mg_plugin_clock_monotonic(object->clock)));
    lua_pushinteger(L, increment.result);
    if (increment.ttl_left_ms == 0) {
        lua_pushnil(L);
    } else {
        lua_pushnumber(L, (lua_Number)increment.ttl_left_ms / 1000);
    }
    return 2;
}

static int refuse_write(lua_State *L)
{
    return mg_script_raise(L, "dict-call", "hits:set(key, value)",
                           "fields of a dictionary cannot be assigned");
}

/* ---- making them ---- */

/* Push the object of one dictionary (+1). */
static void push_object(lua_State *L, const struct mg_capability_host *host,
                        const struct mg_plugin_dict *dict)
{
    static const luaL_Reg methods[] = {{"delete", dict_delete},
                                       {"get", dict_get},
                                       {"incr", dict_incr},
                                       {"set", dict_set},
                                       {NULL, NULL}};
    /* One plugin's names are not another's. */
    char name[MG_DICT_MAX_NAME_BYTES];
    mg_err_set(name, sizeof(name), "%.*s/%.*s", MG_STR_ARG(host->plugin->name),
               MG_STR_ARG(dict->name));
    struct dict_object *object = lua_newuserdatauv(L, sizeof(*object), 0); /* +1 */
    *object = (struct dict_object){
        &dict_type, mg_dicts_open(host->dicts, mg_str_from(name), dict->max_bytes),
        host->clock};
    if (object->dict == NULL) {
        (void)mg_script_raise(L, "capability-memory", NULL,
                              "no memory for the dictionary '%.*s' of %zu bytes, or more than "
                              "%d dictionaries",
                              MG_STR_ARG(dict->name), dict->max_bytes, (int)MG_DICTS_MAX);
    }
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &dict_type) != LUA_TTABLE) { /* +1 */
        lua_pop(L, 1);
        lua_createtable(L, 0, 3); /* +1 */
        lua_createtable(L, 0, 4); /* +1 */
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
        lua_pushcfunction(L, refuse_write);
        lua_setfield(L, -2, "__newindex");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &dict_type);
    }
    lua_setmetatable(L, -2); /* -1 */
}

/* dict "NAME"; upvalue 1 is the table of objects by name. */
static int find_dict(lua_State *L)
{
    mg_script_charge(L, MG_CALL_STEPS);
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING &&
        lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) { /* -1 +1 */
        return 1;
    }
    if (lua_type(L, 1) != LUA_TSTRING) {
        return mg_script_raise(L, "dict-call", "dict \"hits\"",
                               "the name of a dictionary is a string, not a %s",
                               luaL_typename(L, 1));
    }
    struct mg_nearest nearest = mg_nearest_begin(mg_str_from(lua_tostring(L, 1)));
    lua_settop(L, 1);
    lua_pushnil(L); /* +1 */
    while (lua_next(L, lua_upvalueindex(1)) != 0) {
        lua_pop(L, 1);
        mg_nearest_offer(&nearest, mg_str_from(lua_tostring(L, -1)));
    }
    char hint[160];
    if (nearest.best.len == 0) {
        MG_ERR_SET(hint, "capabilities = { \"dict:%.40s:1MB\" }", lua_tostring(L, 1));
    }
    return mg_script_raise(
        L, "capability-missing",
        nearest.best.len > 0 ? mg_plugin_did_you_mean(hint, sizeof(hint), nearest.best) : hint,
        "the plugin has no dictionary '%.64s': its manifest does not declare it, or the policy "
        "does not grant it",
        lua_tostring(L, 1));
}

void mg_dict_object_push(lua_State *L, const struct mg_capability_host *host)
{
    const struct mg_plugin *plugin = host->plugin;
    lua_createtable(L, 0, (int)plugin->dict_count); /* +1 */
    for (size_t i = 0; i < plugin->dict_count; i++) {
        const struct mg_plugin_dict *dict = &plugin->dicts[i];
        (void)lua_pushlstring(L, dict->name.ptr, dict->name.len); /* +1 */
        push_object(L, host, dict);                               /* +1 */
        lua_rawset(L, -3);                                        /* -2 */
    }
    lua_pushcclosure(L, find_dict, 1); /* -1 +1 */
}
