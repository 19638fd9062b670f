/* frozen.c - the metatable of a frozen table, and the way behind it that only C can go.
 *
 * Each frozen table has a metatable of its own, since __index is then the table itself and the
 * VM follows it without a call. The field `behind_key`, a light userdata, marks the metatable:
 * no script can have such a key, and no script can see a metatable.
 */
#include "script/frozen.h"

#include <stdbool.h>

#include "script/seal.h"

/* Its address is the key of the table behind in the metatable. */
static const char behind_key;

bool mg_seal_push_behind(lua_State *L, int index)
{
    if (!lua_getmetatable(L, index)) { /* +1 */
        return false;
    }
    if (lua_rawgetp(L, -1, &behind_key) != LUA_TTABLE) { /* +1 */
        lua_pop(L, 2);
        return false;
    }
    lua_remove(L, -2);
    return true;
}

const char *mg_seal_type_name(lua_State *L, int index)
{
    int type = lua_type(L, index);
    if (type == LUA_TUSERDATA && mg_seal_push_behind(L, index)) {
        lua_pop(L, 1);
        type = LUA_TTABLE;
    }
    return lua_typename(L, type);
}

/* __len */
static int length(lua_State *L)
{
    if (!mg_seal_push_behind(L, 1)) { /* +1 */
        return 0;
    }
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

void mg_frozen_set(lua_State *L, int index, lua_CFunction refuse)
{
    index = lua_absindex(L, index);
    lua_rawsetp(L, index, &behind_key); /* -1 */
    lua_pushcfunction(L, length);
    lua_setfield(L, index, "__len");
    lua_pushcfunction(L, refuse);
    lua_setfield(L, index, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, index, "__metatable");
    /* What Lua's own messages call it: "attempt to call a table value". */
    lua_pushliteral(L, "table");
    lua_setfield(L, index, "__name");
}

void mg_frozen_make(lua_State *L, lua_CFunction refuse)
{
    (void)lua_newuserdatauv(L, 0, 0); /* +1 */
    lua_createtable(L, 0, 6);         /* +1 its metatable */
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, -3);
    mg_frozen_set(L, -2, refuse);
    lua_setmetatable(L, -2); /* -1 */
    lua_remove(L, -2);
}
