/* capability_object.c - see the header; dictionaries are in dict_object.c.
 *
 * Every object is a userdata or a function with its state in upvalues, which scripts cannot
 * reach: nothing here is a table that sealing would have to freeze.
 */
#include "plugin/capability_object.h"

#include <lauxlib.h>

#include "core/buf.h"
#include "plugin/capability.h"
#include "plugin/dict_object.h"
#include "plugin/plugin_log.h"
#include "script/state.h"

/* ---- what a plugin has not ---- */

enum absence {
    ABSENT_EARLY,   /* the manifest is not read yet */
    ABSENT_ASKED,   /* the manifest does not ask for it */
    ABSENT_GRANTED, /* the policy does not grant it */
    ABSENT_POLICY,  /* policies alone have it */
};

struct stand_in {
    const char *word;
    enum absence absence;
    int used_line;
    char used_file[160];
};

/* What policies have, and what to do instead: every global of the policy language. */
static const struct {
    const char *word;
    const char *instead;
} policy_words[] = {
    {"allow", "d:allow() in a decision hook"},
    {"default", "policies declare resources"},
    {"deny", "d:deny(\"reason\") in a decision hook"},
    {"file", "take a list by the configuration"},
    {"include", "a plugin is one file"},
    {"plugin", "policies use plugins"},
    {"proxy", "return nothing, and the resource's handler answers"},
    {"resource", "policies declare resources"},
    {"respond", "return { status = 429, body = \"…\" } in a request hook"},
    {"upstream", "policies declare upstreams"},
};

/* The words of capabilities that are globals. */
static const enum mg_capability words[] = {MG_CAPABILITY_CLOCK, MG_CAPABILITY_DICT,
                                           MG_CAPABILITY_LOG};

static int refuse(lua_State *L)
{
    const struct stand_in *stand_in = lua_touserdata(L, 1);
    const char *word = stand_in->word;
    char hint[96] = "";
    if (stand_in->absence == ABSENT_POLICY) {
        for (size_t i = 0; i < sizeof(policy_words) / sizeof(policy_words[0]); i++) {
            if (policy_words[i].word == word) {
                MG_ERR_SET(hint, "%s", policy_words[i].instead);
            }
        }
        return mg_script_raise(L, "capability-missing", hint,
                               "'%s' is for policies, not for plugins", word);
    }
    if (stand_in->absence == ABSENT_EARLY) {
        MG_ERR_SET(hint, "use it in load(config) or in a hook");
        return mg_script_raise(L, "capability-early", hint,
                               "'%s' is not there before the plugin has returned its manifest",
                               word);
    }
    if (stand_in->absence == ABSENT_GRANTED) {
        MG_ERR_SET(hint, "grant = { \"%s\" }", word);
        return mg_script_raise(L, "capability-missing", hint,
                               "%s:%d does not grant the plugin '%s'", stand_in->used_file,
                               stand_in->used_line, word);
    }
    MG_ERR_SET(hint, "capabilities = { \"%s\" }",
               strcmp(word, "dict") == 0 ? "dict:NAME:SIZE" : word);
    return mg_script_raise(L, "capability-missing", hint,
                           "the plugin's manifest does not declare the capability '%s'", word);
}

/* Its address is the metatable's key in the registry. */
static const char stand_in_key;

static struct stand_in *push_stand_in(lua_State *L, const char *word, enum absence absence)
{
    struct stand_in *stand_in = lua_newuserdatauv(L, sizeof(*stand_in), 0); /* +1 */
    *stand_in = (struct stand_in){.word = word, .absence = absence};
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &stand_in_key) != LUA_TTABLE) { /* +1 */
        static const luaL_Reg events[] = {
            {"__index", refuse}, {"__newindex", refuse}, {"__call", refuse}, {NULL, NULL}};
        lua_pop(L, 1);
        lua_createtable(L, 0, 4); /* +1 */
        luaL_setfuncs(L, events, 0);
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &stand_in_key);
    }
    lua_setmetatable(L, -2); /* -1 */
    return stand_in;
}

/* Whether the value at the top is a stand-in. */
static bool is_stand_in(lua_State *L)
{
    if (lua_type(L, -1) != LUA_TUSERDATA || !lua_getmetatable(L, -1)) {
        return false;
    }
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &stand_in_key);
    bool is_ours = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_ours;
}

/* Set `name` of the environment to the value at the top, which is popped. */
static void set_global(lua_State *L, int environment, const char *name)
{
    lua_pushstring(L, name);
    lua_insert(L, -2);
    lua_rawset(L, environment); /* -2 */
}

/* ---- log ---- */

/* Add what a script gives to the text, as far as there is room. */
static void add_text(struct mg_buf *text, struct mg_str part)
{
    size_t left = text->max_bytes - text->len;
    mg_buf_add(text, (struct mg_str){part.ptr, part.len < left ? part.len : left});
}

static void add_argument(lua_State *L, int index, struct mg_buf *text)
{
    struct mg_str part;
    if (lua_isstring(L, index)) {
        /* A number becomes a string in its place on the stack, which is nobody else's. */
        part.ptr = lua_tolstring(L, index, &part.len);
    } else if (lua_type(L, index) == LUA_TBOOLEAN) {
        part = lua_toboolean(L, index) ? MG_STR("true") : MG_STR("false");
    } else {
        part = mg_str_from(luaL_typename(L, index)); /* never an address */
    }
    add_text(text, part);
}

static int write_line(lua_State *L, enum mg_log_level level, int first)
{
    struct mg_plugin_log *log = lua_touserdata(L, lua_upvalueindex(1));
    char storage[MG_LOG_MAX_TEXT_BYTES];
    struct mg_buf text;
    mg_script_charge(L, MG_LOG_STEPS);
    mg_buf_init_fixed(&text, storage, sizeof(storage));
    for (int i = first; i <= lua_gettop(L); i++) {
        add_text(&text, i > first ? MG_STR(" ") : MG_STR(""));
        add_argument(L, i, &text);
    }
    char place[192] = "";
    char file[160];
    int line;
    if (mg_script_position(L, file, sizeof(file), &line)) {
        mg_err_set(place, sizeof(place), "%s:%d", file, line);
    }
    mg_plugin_log_write(log, level, mg_buf_str(&text), place);
    return 0;
}

/* log(…): argument 1 is the object itself. */
static int log_call(lua_State *L)
{
    return write_line(L, MG_LOG_INFO, 2);
}

static int log_info(lua_State *L)
{
    return write_line(L, MG_LOG_INFO, 1);
}

static int log_warn(lua_State *L)
{
    return write_line(L, MG_LOG_WARNING, 1);
}

static int refuse_write(lua_State *L)
{
    return mg_script_raise(L, "capability-write", NULL, "what a capability gives is read-only");
}

/* Give the userdata at the top a metatable: __index finds `methods`, whose upvalue the userdata
 * is; `call` may be NULL. */
static void add_methods(lua_State *L, const luaL_Reg *methods, lua_CFunction call)
{
    lua_createtable(L, 0, 4); /* +1 */
    lua_createtable(L, 0, 4); /* +1 */
    lua_pushvalue(L, -3);     /* +1 */
    luaL_setfuncs(L, methods, 1);
    lua_setfield(L, -2, "__index"); /* -1 */
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    if (call != NULL) {
        lua_pushvalue(L, -2);
        lua_pushcclosure(L, call, 1);
        lua_setfield(L, -2, "__call");
    }
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2); /* -1 */
}

static void push_log(lua_State *L, const struct mg_capability_host *host)
{
    static const luaL_Reg methods[] = {{"info", log_info}, {"warn", log_warn}, {NULL, NULL}};
    struct mg_plugin_log *log = lua_newuserdatauv(L, sizeof(*log), 0); /* +1 */
    mg_plugin_log_init(log, host->plugin->name);
    add_methods(L, methods, log_call);
}

/* ---- clock ---- */

struct clock_object {
    const struct mg_plugin_clock *clock;
};

static int clock_now(lua_State *L)
{
    const struct clock_object *object = lua_touserdata(L, lua_upvalueindex(1));
    mg_script_charge(L, MG_CALL_STEPS);
    lua_pushnumber(L, (lua_Number)mg_plugin_clock_wall(object->clock) / 1000);
    return 1;
}

static int clock_monotonic(lua_State *L)
{
    const struct clock_object *object = lua_touserdata(L, lua_upvalueindex(1));
    mg_script_charge(L, MG_CALL_STEPS);
    lua_pushnumber(L, (lua_Number)mg_plugin_clock_monotonic(object->clock) / 1000);
    return 1;
}

static void push_clock(lua_State *L, const struct mg_capability_host *host)
{
    static const luaL_Reg methods[] = {
        {"monotonic", clock_monotonic}, {"now", clock_now}, {NULL, NULL}};
    struct clock_object *object = lua_newuserdatauv(L, sizeof(*object), 0); /* +1 */
    object->clock = host->clock;
    add_methods(L, methods, NULL);
}

/* ---- the environment ---- */

void mg_capability_reserve(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    for (size_t i = 0; i < sizeof(policy_words) / sizeof(policy_words[0]); i++) {
        (void)push_stand_in(L, policy_words[i].word, ABSENT_POLICY);
        set_global(L, index, policy_words[i].word);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *word = mg_capability_name(words[i]);
        (void)push_stand_in(L, word, ABSENT_EARLY);
        set_global(L, index, word);
    }
}

static void push_capability(lua_State *L, enum mg_capability capability,
                            const struct mg_capability_host *host)
{
    const struct mg_plugin *plugin = host->plugin;
    if ((plugin->capabilities & capability) == 0) {
        struct stand_in *stand_in =
            push_stand_in(L, mg_capability_name(capability),
                          (host->asked & capability) == 0 ? ABSENT_ASKED : ABSENT_GRANTED);
        stand_in->used_line = plugin->used_line;
        MG_ERR_SET(stand_in->used_file, "%s", plugin->used_file);
    } else if (capability == MG_CAPABILITY_LOG) {
        push_log(L, host);
    } else if (capability == MG_CAPABILITY_CLOCK) {
        push_clock(L, host);
    } else {
        mg_dict_object_push(L, host);
    }
}

void mg_capability_install(lua_State *L, int index, const struct mg_capability_host *host)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *word = mg_capability_name(words[i]);
        lua_pushstring(L, word);
        (void)lua_rawget(L, index); /* +1 */
        bool is_free = is_stand_in(L);
        lua_pop(L, 1);
        if (is_free) {
            push_capability(L, words[i], host);
            set_global(L, index, word);
        }
    }
}
