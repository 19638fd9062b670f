/* sandbox.h - what a script sees: an allow-list of Lua's own library, made safe.
 *
 * Offered:   assert error ipairs next pairs pcall select tonumber tostring type; string
 *            (without dump, pack, unpack, packsize), table, math (without random, randomseed),
 *            utf8. They are read-only. Nothing else of Lua is reachable: no load, require, os,
 *            io, debug, coroutine, metatables, collectgarbage, xpcall.
 * Changed:   pcall lets a passed bound through; tostring and string.format show no addresses;
 *            string.rep is bounded; functions whose work grows with their arguments charge for
 *            it before they run (mg_script_charge); pattern functions refuse a pattern whose
 *            worst case on this subject is above MG_PATTERN_MAX_STEPS.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_SANDBOX_H
#define MG_SCRIPT_SANDBOX_H

#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>

#include "core/str.h"

enum {
    MG_PATTERN_MAX_STEPS = 1000 * 1000 * 1000,
    MG_TABLE_MOVE_MAX = 1000 * 1000, /* elements of one table.move */
};

/* Open the libraries, keep the allow-list and `globals`, seal the string metatable and forget
 * the rest. Once, on a fresh state, below the door. Raises when memory is out. */
void mg_sandbox_open(lua_State *L, const luaL_Reg *globals);

/* Push a fresh environment: what it lacks is looked up in the sandbox; reading a name that is
 * nowhere raises global-undefined with the nearest known name. */
void mg_sandbox_push_environment(lua_State *L);

/* An upper bound of the steps that Lua's matcher can take with `pattern` on a subject of
 * `length` bytes, from any start; UINT64_MAX when it is larger. Pure. */
uint64_t mg_pattern_cost(struct mg_str pattern, size_t length);

#endif
