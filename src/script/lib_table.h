/* lib_table.h - the table library that scripts see: Lua's (manual 6.6), on bare tables.
 *
 * Results and messages are those of Lua 5.4 for tables without metatables, which are all that a
 * script can make. What differs: elements are read and written raw; concat, move and unpack
 * read frozen tables; what changes a table refuses one that has a metatable, and a frozen one
 * as an assignment would; each element costs a step (mg_script_charge); move takes at most
 * MG_TABLE_MOVE_MAX elements; sort is stable, ends whatever the order function says, and
 * leaves the list as it was when that raises.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_LIB_TABLE_H
#define MG_SCRIPT_LIB_TABLE_H

#include <lauxlib.h>
#include <lua.h>

enum {
    MG_TABLE_MOVE_MAX = 1000 * 1000, /* elements of one table.move */
};

/* The functions, without upvalues, in order, ended by a NULL name. */
extern const luaL_Reg mg_lib_table[];

#endif
