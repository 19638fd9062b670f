/* modules.c - see the header. */
#include "testing/modules.h"

#include <string.h>

#include <lauxlib.h>

#include "testing/engine.h"

int mg_testing_load(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct mg_testing_chunk *chunk = mg_testing_chunks;
    while (chunk->name != NULL && strcmp(chunk->name, name) != 0) {
        chunk++;
    }
    if (chunk->name == NULL) {
        return luaL_error(L, "there is no module '%s'", name);
    }
    if (luaL_loadbufferx(L, (const char *)chunk->bytes, chunk->size, chunk->chunk, "t") !=
        LUA_OK) {
        return lua_error(L);
    }
    lua_pushvalue(L, 1);
    lua_callk(L, 1, 1, 0, NULL); /* below the door of whoever requires it */
    return 1;
}

void mg_testing_offer(lua_State *L)
{
    (void)luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE); /* +1 */
    for (const struct mg_testing_chunk *chunk = mg_testing_chunks; chunk->name != NULL;
         chunk++) {
        lua_pushcfunction(L, mg_testing_load);
        lua_setfield(L, -2, chunk->name);
    }
    lua_pushcfunction(L, mg_engine_open);
    lua_setfield(L, -2, "moongate.engine");
    lua_pop(L, 1);
}
