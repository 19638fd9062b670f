/* lib_table_sort.h - the sorting of table.sort.
 *
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_LIB_TABLE_SORT_H
#define MG_SCRIPT_LIB_TABLE_SORT_H

#include <lua.h>

/* Sort the first `count` elements of the bare table at index 1 by the order function at
 * index 2, or by `<` where that is nil; the stack holds just these two. Elements that are in no
 * order keep theirs. At most count * log2(count) comparisons, rounded up, whatever they say.
 * Raises what a comparison raises, with the list as it was. */
void mg_table_sort(lua_State *L, lua_Integer count);

#endif
