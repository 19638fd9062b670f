/* lib_base.h - the basic functions that scripts see (manual 6.1), where they are not Lua's own.
 *
 * next, pairs: take frozen tables as tables. type, tostring: call them "table"; tostring shows
 *            no addresses. pcall lets a passed bound through and gives errors as strings.
 *            tonumber charges for long strings. ipairs is Lua's, in fewer instructions.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_LIB_BASE_H
#define MG_SCRIPT_LIB_BASE_H

#include <lauxlib.h>
#include <lua.h>

/* The functions, without upvalues, in order, ended by a NULL name. */
extern const luaL_Reg mg_lib_base[];

/* Take what tonumber builds on from Lua's own basic library, the table at the top of the stack,
 * which is left as it is. Once a state. Raises when memory is out. */
void mg_lib_base_adopt(lua_State *L);

#endif
