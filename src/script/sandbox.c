/* sandbox.c - environments: where a script's globals are looked up, before and after sealing.
 *
 * A script's environment is a table of its own. While it loads, what it sets is there, and what
 * it lacks is found by a function:
 *
 *   _ENV = { x = 1 }  --__index-->  look_up  -->  safe = { string = <frozen>, … }
 *
 * Once sealed it is empty for good, and the VM finds everything without a call:
 *
 *   _ENV = {}  --__index-->  { x = 1, string = <frozen>, … }  --__index-->  refuse_unknown
 *
 * None of the tables to the right of _ENV can be reached. Scripts have no setmetatable and no
 * rawset, so there is no __gc, no __close, no __len and no __tostring of theirs anywhere.
 */
#include "script/sandbox.h"

#include <lualib.h>

#include "script/frozen.h"
#include "script/library.h"
#include "script/nearest.h"
#include "script/seal.h"
#include "script/state.h"
#include "script/text.h"

enum {
    MAX_COMPARED = 500,   /* names of one table that are looked at for a hint */
    COMPARED_STEPS = 100, /* charged for each: two of 64 bytes take some microseconds */
};

/* Their addresses are keys of the registry. */
static const char metatable_key;    /* of environments that are not sealed */
static const char names_key;        /* the table of safe names */
static const char environments_key; /* the list of all environments */

/* Names of Lua that a policy's author may reach for, and what to do instead. */
static const struct {
    const char *name;
    const char *instead;
} absent[] = {
    {"_G", "globals of a policy are its own; include \"_file.lua\" passes values on"},
    {"collectgarbage", "memory is managed for policies"},
    {"coroutine", "policies have no coroutines"},
    {"debug", "policies have no debug library"},
    {"dofile", "write include \"_file.lua\""},
    {"getmetatable", "policies have no metatables"},
    {"io", "policies read no files; for lists of origins there is file \"name.txt\""},
    {"load", "policies make no code from text"},
    {"loadfile", "write include \"_file.lua\""},
    {"os", "policies see neither clock nor environment"},
    {"print", "write log(…)"},
    {"rawset", "policies have no metatables, so plain assignment does it"},
    {"require", "write include \"_file.lua\""},
    {"setmetatable", "policies have no metatables"},
    {"xpcall", "write pcall"},
};

/* Offer the names of the table at `index`, or the first of very many. */
static void offer_names(lua_State *L, int index, struct mg_nearest *nearest)
{
    int compared = 0;
    lua_pushnil(L);                   /* +1 */
    while (lua_next(L, index) != 0) { /* -1 +2 */
        lua_pop(L, 1);
        if (compared++ == MAX_COMPARED) {
            lua_pop(L, 1);
            return;
        }
        mg_script_charge(L, COMPARED_STEPS);
        if (lua_type(L, -1) == LUA_TSTRING) {
            mg_nearest_offer(nearest, mg_text_at(L, -1));
        }
    }
}

/* Raise global-undefined for `name`; the tables at `index` and `other` hold the names there
 * are. */
static int raise_unknown(lua_State *L, struct mg_str name, int index, int other)
{
    const char *hint = NULL;
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        hint = mg_str_equal(mg_str_from(absent[i].name), name) ? absent[i].instead : hint;
    }
    if (hint == NULL) {
        struct mg_nearest nearest = mg_nearest_begin(name);
        offer_names(L, index, &nearest);
        if (other != index) {
            offer_names(L, other, &nearest);
        }
        hint = nearest.best.len == 0
                   ? NULL
                   : lua_pushfstring(L, "did you mean '%s'?", nearest.best.ptr); /* +1 */
    }
    name = mg_str_shown(name);
    return mg_script_raise(L, "global-undefined", hint,
                           "neither this policy nor Moongate defines '%.*s'", MG_STR_ARG(name));
}

/* __index of environments that are not sealed. */
static int look_up(lua_State *L)
{
    lua_settop(L, 2);                              /* the environment, the key */
    lua_rawgetp(L, LUA_REGISTRYINDEX, &names_key); /* +1 */
    lua_pushvalue(L, 2);                           /* +1 */
    if (lua_rawget(L, 3) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING) {
        return 1;
    }
    return raise_unknown(L, mg_text_at(L, 2), 1, 3);
}

/* __index of the table behind a sealed environment. */
static int refuse_unknown(lua_State *L)
{
    lua_settop(L, 2); /* the table behind, the key */
    if (lua_type(L, 2) != LUA_TSTRING) {
        return 0;
    }
    return raise_unknown(L, mg_text_at(L, 2), 1, 1);
}

/* __newindex of sealed environments. */
static int refuse_global(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING) {
        struct mg_str name = mg_str_shown(mg_text_at(L, 2));
        return mg_script_raise(L, "state-kept", MG_SEAL_HINT,
                               "the global '%.*s' cannot be set once the policy is loaded",
                               MG_STR_ARG(name));
    }
    return mg_script_raise(L, "state-kept", MG_SEAL_HINT,
                           "globals cannot be set once the policy is loaded");
}

void mg_sandbox_push_environment(lua_State *L)
{
    lua_createtable(L, 0, 0);                          /* +1 */
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key); /* +1 */
    lua_setmetatable(L, -2);                           /* -1 */
    mg_sandbox_push_environments(L);                   /* +1 */
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 1);
}

void mg_sandbox_push_environments(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &environments_key); /* +1 */
}

bool mg_sandbox_is_environment(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index)) { /* +1 */
        return false;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key); /* +1 */
    bool is_environment = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_environment;
}

/* Copy the fields of the table at `from` into that at `to`. */
static void copy_fields(lua_State *L, int from, int to)
{
    lua_pushnil(L); /* +1 */
    while (lua_next(L, from) != 0) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, to);
    }
}

void mg_sandbox_close_environment(lua_State *L, int index)
{
    int own = lua_gettop(L);
    lua_createtable(L, 0, 6);                      /* +1 the new metatable */
    lua_rawgetp(L, LUA_REGISTRYINDEX, &names_key); /* +1 */
    lua_pushnil(L);
    if (lua_next(L, own) != 0) {
        lua_pop(L, 2);
        lua_createtable(L, 0, 0);         /* +1 */
        copy_fields(L, own + 2, own + 3); /* globals may shadow, so they come second */
        copy_fields(L, own, own + 3);
        (void)lua_getmetatable(L, own + 2); /* +1 */
        lua_setmetatable(L, -2);            /* -1 */
        lua_replace(L, own + 2);            /* -1 */
    }
    lua_setfield(L, -2, "__index"); /* -1 */
    lua_insert(L, own);
    mg_frozen_set(L, own, refuse_global); /* -1 */
    lua_setmetatable(L, index);           /* -1 */
}

void mg_sandbox_open(lua_State *L, const luaL_Reg *globals)
{
    lua_createtable(L, 0, 0); /* +1 the safe names */
    mg_library_add(L);
    luaL_setfuncs(L, globals, 0);
    lua_createtable(L, 0, 1); /* +1 their metatable, which matters once sealed */
    lua_pushcfunction(L, refuse_unknown);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);                       /* -1 */
    lua_rawsetp(L, LUA_REGISTRYINDEX, &names_key); /* -1 */

    lua_createtable(L, 0, 2); /* +1 */
    lua_pushcfunction(L, look_up);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key); /* -1 */

    lua_createtable(L, 0, 0);                             /* +1 */
    lua_rawsetp(L, LUA_REGISTRYINDEX, &environments_key); /* -1 */

    /* Forget the stock libraries: nothing leads to them any more. */
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_createtable(L, 0, 0);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
