/* lua_module.c - moongate.so, for plain busted: Lua's all-in-one loader looks for luaopen_NAME
 * in the module that the first part of a name is found in, so these two are all it takes.
 */
#include "testing/lua_module.h"

#include "testing/engine.h"
#include "testing/modules.h"

int luaopen_moongate_testing(lua_State *L)
{
    mg_testing_offer(L);
    return mg_testing_load(L);
}

int luaopen_moongate_engine(lua_State *L)
{
    return mg_engine_open(L);
}
