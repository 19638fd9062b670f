/* library.h - the allow-list: which names of Lua's own library a script has.
 *
 * Offered:   assert error ipairs next pairs pcall select tonumber tostring type; string
 *            (without dump, pack, unpack, packsize), table, math (without random, randomseed),
 *            utf8. The four libraries are frozen tables.
 * Changed:   see lib_base.h and lib_table.h. Functions whose work grows with their arguments
 *            charge for it before they run (mg_script_charge).
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_LIBRARY_H
#define MG_SCRIPT_LIBRARY_H

#include <lua.h>

/* Open the libraries, set the allowed names in the table at the top, and make the methods of
 * strings those of the allowed library. Once a state. Raises when memory is out. */
void mg_library_add(lua_State *L);

#endif
