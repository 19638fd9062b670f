/* value.c - a full userdata of two pointers; its metatable marks it as ours and holds nothing
 * a script could call.
 */
#include "script/value.h"

#include <stdbool.h>

struct value {
    const char *type;
    void *pointer;
};

/* Its address is the metatable's key in the registry. */
static const char metatable_key;

void mg_value_push(lua_State *L, const char *type, void *pointer)
{
    struct value *value = lua_newuserdatauv(L, sizeof(*value), 0); /* +1 */
    *value = (struct value){type, pointer};
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key) != LUA_TTABLE) { /* +1 */
        lua_pop(L, 1);
        lua_createtable(L, 0, 1); /* +1 */
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
    }
    lua_setmetatable(L, -2); /* -1 */
}

static const struct value *to_value(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) {
        return NULL;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key); /* +1 on the metatable's +1 */
    bool is_ours = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_ours ? lua_touserdata(L, index) : NULL;
}

void *mg_value_get(lua_State *L, int index, const char *type)
{
    const struct value *value = to_value(L, index);
    return value != NULL && value->type == type ? value->pointer : NULL;
}

const char *mg_value_type(lua_State *L, int index)
{
    const struct value *value = to_value(L, index);
    return value == NULL ? NULL : value->type;
}
