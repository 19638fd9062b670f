/* lib_string.h - the string library that scripts see: Lua's (manual 6.4), with a bound on the
 * work of each function.
 *
 * Results and messages are those of Lua 5.4. What differs: a function charges for its work
 * (mg_script_charge), so that patterns and long strings end with the budget; rep gives at most
 * MG_SCRIPT_MAX_BYTES; format shows no addresses; letters are those of ASCII. Not offered:
 * dump, pack, packsize, unpack.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_LIB_STRING_H
#define MG_SCRIPT_LIB_STRING_H

#include <lauxlib.h>
#include <lua.h>

/* The functions, without upvalues, in order, ended by a NULL name. */
extern const luaL_Reg mg_lib_string[];

/* Take what format builds on from Lua's own string library, the table at the top of the stack,
 * which is left as it is. Once a state. Raises when memory is out. */
void mg_lib_string_adopt(lua_State *L);

#endif
