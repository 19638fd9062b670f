/* frozen.h - frozen tables: a full userdata that reads like the table behind it.
 *
 *   userdata --metatable--> { __index = the table, __len, __newindex = refuse, … }
 *
 * Reading a field is the VM's own work; nothing that a script can do leads to the metatable or
 * to the table behind. `next`, `pairs`, `ipairs`, `type` and the library `table` of the sandbox
 * know it (seal.h: mg_seal_push_behind).
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_FROZEN_H
#define MG_SCRIPT_FROZEN_H

#include <lua.h>

/* Replace the table at the top by its frozen form; the table itself is now the one behind, and
 * what it holds stays as it is. Writing to the frozen form calls `refuse` as __newindex, which
 * has to raise. Raises when memory is out. */
void mg_frozen_make(lua_State *L, lua_CFunction refuse);

/* Complete the metatable at `index` so that what has it counts as frozen, with the table at the
 * top, which is popped, behind it. All but __index is set. Raises when memory is out. */
void mg_frozen_set(lua_State *L, int index, lua_CFunction refuse);

#endif
