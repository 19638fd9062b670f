/* lib_base.c - basic functions that know frozen tables and passed bounds. */
#include "script/lib_base.h"

#include <assert.h>
#include <stdbool.h>

#include "script/seal.h"
#include "script/state.h"

enum {
    BYTES_A_STEP = 16
};

static int base_next(lua_State *L)
{
    if (mg_seal_push_behind(L, 1)) { /* +1 */
        lua_replace(L, 1);           /* -1: of this call's own frame */
    } else if (lua_type(L, 1) != LUA_TTABLE) {
        return luaL_typeerror(L, 1, "table");
    }
    lua_settop(L, 2);
    if (lua_next(L, 1) != 0) {
        return 2;
    }
    lua_pushnil(L);
    return 1;
}

/* __pairs is honoured: values that a host gives may have it. */
static int base_pairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) { /* +1 */
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, NULL); /* below the door of mg_script_call */
        return 3;
    }
    lua_pushcfunction(L, base_next);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

/* The next pair of a list. A number is asked for once; what is none is left to
 * what raises. */
static int ipairs_next(lua_State *L)
{
    int is_integer;
    lua_Integer i = lua_tointegerx(L, 2, &is_integer);
    if (!is_integer) {
        i = luaL_checkinteger(L, 2);
    }
    i = (lua_Integer)((lua_Unsigned)i + 1);
    lua_pushinteger(L, i);                        /* +1 */
    return lua_geti(L, 1, i) == LUA_TNIL ? 1 : 2; /* +1 */
}

static int base_ipairs(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    lua_pushcfunction(L, ipairs_next); /* +1 */
    lua_insert(L, 1);
    lua_pushinteger(L, 0); /* +1 */
    return 3;
}

static int base_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    bool succeeded = mg_script_pcall(L, lua_gettop(L) - 1);
    lua_pushboolean(L, succeeded); /* +1 */
    lua_insert(L, 1);
    return lua_gettop(L);
}

/* Its address is the key of Lua's own tonumber in the registry. */
static const char tonumber_key;

void mg_lib_base_adopt(lua_State *L)
{
    lua_getfield(L, -1, "tonumber");                  /* +1 */
    lua_rawsetp(L, LUA_REGISTRYINDEX, &tonumber_key); /* -1 */
}

static int base_tonumber(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING) {
        mg_script_charge(L, lua_rawlen(L, 1) / BYTES_A_STEP);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &tonumber_key); /* +1 */
    lua_CFunction tonumber = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    assert(tonumber != NULL); /* mg_lib_base_adopt was called */
    return tonumber(L);
}

static int base_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    switch (lua_type(L, 1)) {
    case LUA_TTABLE:
    case LUA_TFUNCTION:
    case LUA_TUSERDATA:
    case LUA_TLIGHTUSERDATA:
    case LUA_TTHREAD: /* of these Lua's own shows the address */
        lua_pushstring(L, mg_seal_type_name(L, 1));
        break;
    default:
        (void)luaL_tolstring(L, 1, NULL);
    }
    return 1;
}

static int base_type(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushstring(L, mg_seal_type_name(L, 1));
    return 1;
}

const luaL_Reg mg_lib_base[] = {
    {"ipairs", base_ipairs},     {"next", base_next},
    {"pairs", base_pairs},       {"pcall", base_pcall},
    {"tonumber", base_tonumber}, {"tostring", base_tostring},
    {"type", base_type},         {NULL, NULL},
};
