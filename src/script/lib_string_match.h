/* lib_string_match.h - the functions of the string library that search: Lua's C functions for
 * the list of lib_string.h.
 *
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_LIB_STRING_MATCH_H
#define MG_SCRIPT_LIB_STRING_MATCH_H

#include <lua.h>

/* string.find, gmatch, gsub and match (manual 6.4). */
int mg_string_find(lua_State *L);
int mg_string_gmatch(lua_State *L);
int mg_string_gsub(lua_State *L);
int mg_string_match(lua_State *L);

/* Where `position` (from 1; from the end where negative) lies in a string of `length` bytes, as
 * the manual corrects the start of a substring: at least 1, and maybe beyond the end. */
size_t mg_string_start(lua_Integer position, size_t length);

#endif
