/* lua_module.h - what moongate.so exports: `require "moongate.testing"` and
 * `require "moongate.engine"` in any Lua 5.4.
 */
#ifndef MG_TESTING_LUA_MODULE_H
#define MG_TESTING_LUA_MODULE_H

#include <lua.h>

__attribute__((visibility("default"))) int luaopen_moongate_testing(lua_State *L);
__attribute__((visibility("default"))) int luaopen_moongate_engine(lua_State *L);

#endif
