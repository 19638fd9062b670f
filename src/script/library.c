/* library.c - the allow-list, and what a script has under each name.
 *
 * basic functions  ours (lib_base.h), else Lua's own
 * string           ours (lib_string.h)
 * table            ours (lib_table.h)
 * math, utf8       Lua's own, by name, which charge for strings: a text is a number, too
 */
#include "script/library.h"

#include <stdint.h>

#include <lauxlib.h>
#include <lualib.h>

#include "script/frozen.h"
#include "script/lib_base.h"
#include "script/lib_string.h"
#include "script/lib_table.h"
#include "script/state.h"

enum {
    BYTES_A_STEP = 16 /* of string arguments, when charging for a call */
};

/* Charge for the bytes of all string arguments; upvalue 1 is Lua's own function. */
static int charge_strings(lua_State *L)
{
    uint64_t bytes = 0;
    for (int i = lua_gettop(L); i > 0; i--) {
        bytes += lua_type(L, i) == LUA_TSTRING ? lua_rawlen(L, i) : 0;
    }
    mg_script_charge(L, bytes / BYTES_A_STEP);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int refuse_write(lua_State *L)
{
    return luaL_error(L, "the library is read-only");
}

/* Names of Lua's own libraries; a NULL ends each list. */
static const char *const base_names[] = {"assert", "error", "ipairs", "select", NULL};
static const char *const math_names[] = {
    "abs",  "acos", "asin", "atan", "ceil",       "cos",  "deg",        "exp",  "floor",
    "fmod", "huge", "log",  "max",  "maxinteger", "min",  "mininteger", "modf", "pi",
    "rad",  "sin",  "sqrt", "tan",  "tointeger",  "type", "ult",        NULL,
};
static const char *const utf8_names[] = {"char", "charpattern", "codepoint", "codes",
                                         "len",  "offset",      NULL};

/* Copy the named fields of the table at the top into the table at `to`, functions below a
 * charge for strings where `charges`. */
static void keep(lua_State *L, int to, const char *const *names, bool charges)
{
    for (; *names != NULL; names++) {
        bool is_function = lua_getfield(L, -1, *names) == LUA_TFUNCTION; /* +1 */
        if (charges && is_function) {
            lua_pushcclosure(L, charge_strings, 1); /* -1 +1 */
        }
        lua_setfield(L, to, *names); /* -1 */
    }
}

/* Make every string's methods those of the table at the top, and protect the metatable. */
static void seal_string_metatable(lua_State *L)
{
    lua_pushliteral(L, "");             /* +1 */
    (void)lua_getmetatable(L, -1);      /* +1 */
    lua_pushvalue(L, -3);               /* +1 */
    lua_setfield(L, -2, "__index");     /* -1 */
    lua_pushboolean(L, 0);              /* +1 */
    lua_setfield(L, -2, "__metatable"); /* -1 */
    lua_pop(L, 2);
}

/* Freeze the table at the top and set it as `name` in the table at `to`; -1. */
static void set_frozen(lua_State *L, int to, const char *name)
{
    mg_frozen_make(L, refuse_write);
    lua_setfield(L, to, name);
}

void mg_library_add(lua_State *L)
{
    int safe = lua_gettop(L);
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0); /* +1 */
    mg_lib_base_adopt(L);
    keep(L, safe, base_names, false);
    lua_pop(L, 1);
    luaL_setfuncs(L, mg_lib_base, 0);

    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 0); /* +1 */
    mg_lib_string_adopt(L);
    lua_pop(L, 1);
    lua_createtable(L, 0, 16); /* +1 */
    luaL_setfuncs(L, mg_lib_string, 0);
    seal_string_metatable(L);
    set_frozen(L, safe, LUA_STRLIBNAME); /* -1 */

    lua_createtable(L, 0, 8); /* +1 */
    luaL_setfuncs(L, mg_lib_table, 0);
    set_frozen(L, safe, LUA_TABLIBNAME); /* -1 */

    lua_createtable(L, 0, 32);                          /* +1 */
    luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 0); /* +1 */
    keep(L, safe + 1, math_names, true);
    lua_pop(L, 1);
    set_frozen(L, safe, LUA_MATHLIBNAME); /* -1 */

    lua_createtable(L, 0, 8);                           /* +1 */
    luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 0); /* +1 */
    keep(L, safe + 1, utf8_names, true);
    lua_pop(L, 1);
    set_frozen(L, safe, LUA_UTF8LIBNAME); /* -1 */
}
