/* language_plugin.c - plugin "NAME" { config…, resources = { … }, grant = { … } }.
 *
 * As with `resource`, the first call notes the name and gives a function that holds the decl.
 * It can stand for itself, as a handler, or be called with the table that configures this use;
 * the plugin itself is read when all policies have run (plugin_use.c), so that the order of
 * policies makes no difference.
 */
#include "policy/language.h"
#include "script/value.h"

enum {
    MAX_CONFIG_DEPTH = 16 /* of what goes into its hash; what is deeper counts as there */
};

/* ---- the hash of a configuration ---- */

static uint64_t hash_value(lua_State *L, int index, unsigned depth);

/* The sum of its pairs' hashes: the same in whatever order they are walked. */
static uint64_t hash_table(lua_State *L, int index, unsigned depth)
{
    uint64_t sum = LUA_TTABLE;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_pushnil(L);                   /* +1 */
    while (lua_next(L, index) != 0) { /* -1 +2 */
        mg_script_charge(L, 1);
        int top = lua_gettop(L);
        uint64_t pair[2] = {hash_value(L, top - 1, depth), hash_value(L, top, depth)};
        sum += mg_str_hash((struct mg_str){(const char *)pair, sizeof(pair)}, 0);
        lua_pop(L, 1);
    }
    return sum;
}

static uint64_t hash_value(lua_State *L, int index, unsigned depth)
{
    int type = lua_type(L, index);
    struct mg_str bytes = {"", 0};
    lua_Number number;
    char boolean;
    if (type == LUA_TSTRING) {
        bytes.ptr = lua_tolstring(L, index, &bytes.len);
    } else if (type == LUA_TNUMBER) {
        number = lua_tonumber(L, index);
        bytes = (struct mg_str){(const char *)&number, sizeof(number)};
    } else if (type == LUA_TBOOLEAN) {
        boolean = (char)lua_toboolean(L, index);
        bytes = (struct mg_str){&boolean, 1};
    } else if (type == LUA_TTABLE && depth < MAX_CONFIG_DEPTH) {
        return hash_table(L, index, depth + 1);
    }
    return mg_str_hash(bytes, (unsigned long long)type);
}

/* ---- the use ---- */

static void read_list(struct mg_reader *reader, const char *name, struct mg_list_decl *out)
{
    if (lua_getfield(reader->L, 1, name) != LUA_TNIL) { /* +1 */
        struct mg_spot outer = reader->spot;
        reader->spot = mg_spot_in(&outer, " %s", name);
        mg_read_list(reader, MG_LIST_MAY_BE_LONG, out);
        reader->spot = outer;
    }
    lua_pop(reader->L, 1);
}

/* Keep a copy of the table at index 1 without what is not the plugin's to read. */
static void keep_config(lua_State *L, struct mg_plugin_decl *decl)
{
    lua_createtable(L, 0, 0);     /* +1 at 2 */
    lua_pushnil(L);               /* +1 */
    while (lua_next(L, 1) != 0) { /* -1 +2 */
        mg_script_charge(L, 1);
        lua_pushvalue(L, -2); /* +1 the key again */
        lua_insert(L, -2);
        lua_rawset(L, 2); /* -2 */
    }
    lua_pushnil(L);
    lua_setfield(L, 2, "resources"); /* -1 */
    lua_pushnil(L);
    lua_setfield(L, 2, "grant"); /* -1 */
    decl->config_hash = hash_table(L, 2, 0);
    decl->config = mg_script_keep(L); /* -1 */
}

/* Upvalue 1: the decl. */
static int plugin_close(lua_State *L)
{
    struct mg_plugin_decl *decl = lua_touserdata(L, lua_upvalueindex(1));
    mg_language_need(L, LUA_TTABLE, "plugin", "plugin \"NAME\" { … }");
    if (decl->is_complete) {
        return mg_script_raise(L, "call-invalid", "plugin \"NAME\" { … }",
                               "this use of the plugin was declared before");
    }
    struct mg_reader reader = mg_language_begin(L, "");
    reader.spot = mg_spot_in(&reader.spot, "plugin %.*s", MG_STR_ARG(decl->name));
    decl->is_complete = true;
    read_list(&reader, "resources", &decl->resources);
    read_list(&reader, "grant", &decl->grant);
    keep_config(L, decl);
    mg_value_push(L, mg_value_plugin, decl);
    return 1;
}

int mg_language_plugin(lua_State *L)
{
    mg_language_need(L, LUA_TSTRING, "plugin", "plugin \"NAME\" { … }");
    struct mg_reader reader = mg_language_begin(L, "plugin");
    struct mg_loader *loader = reader.loader;
    struct mg_plugin_decl *decl = mg_arena_calloc(&loader->scratch, 1, sizeof(*decl));
    mg_read_need(L, decl);
    decl->name = mg_read_copy(L, 1, loader->arena);
    decl->file = reader.spot.file;
    decl->line = reader.spot.line;
    struct mg_err err;
    decl->source = mg_sources_find_plugin(&loader->sources, decl->name, &err);
    if (decl->source == NULL) {
        mg_fault(&reader.spot, MG_ERROR, err.code, err.hint, "%s", err.message);
    }
    decl->older = loader->plugins;
    loader->plugins = decl;
    loader->plugin_count++;
    lua_pushlightuserdata(L, decl); /* +1 */
    lua_pushcclosure(L, plugin_close, 1);
    return 1;
}

struct mg_plugin_decl *mg_language_to_plugin(lua_State *L, int index)
{
    if (lua_tocfunction(L, index) != plugin_close) {
        return mg_value_get(L, index, mg_value_plugin);
    }
    (void)lua_getupvalue(L, index, 1); /* +1 */
    struct mg_plugin_decl *decl = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return decl;
}
