/* sandbox.h - what a script sees: the environments that its globals live in.
 *
 * Offered:   the allow-list of library.h and the host's own functions, read-only. Nothing else
 *            of Lua is reachable: no load, require, os, io, debug, coroutine, metatables,
 *            collectgarbage, xpcall.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_SANDBOX_H
#define MG_SCRIPT_SANDBOX_H

#include <stdbool.h>

#include <lauxlib.h>
#include <lua.h>

/* Open the libraries, keep the allow-list and `globals`, seal the string metatable and forget
 * the rest. Once, on a fresh state, below the door. Raises when memory is out. */
void mg_sandbox_open(lua_State *L, const luaL_Reg *globals);

/* Push a fresh environment: what it lacks is looked up in the sandbox; reading a name that is
 * nowhere raises global-undefined with the nearest known name. Raises when memory is out. */
void mg_sandbox_push_environment(lua_State *L);

/* ---- for seal.c ---- */

/* Push the list of all environments (+1). Never raises. */
void mg_sandbox_push_environments(lua_State *L);

/* Whether the value at `index` is an environment that is not closed. Never raises. */
bool mg_sandbox_is_environment(lua_State *L, int index);

/* From now on the globals of the empty environment at `index` are those of the table at the
 * top, which is popped, and none can be set. Raises when memory is out. */
void mg_sandbox_close_environment(lua_State *L, int index);

#endif
