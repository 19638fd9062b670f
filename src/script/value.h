/* value.h - opaque values: what a constructor gives a script to put into a table, and nothing
 * else can be done with (`handler = respond { … }`).
 *
 * Ownership: the value borrows its pointer, which has to live as long as the state.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_VALUE_H
#define MG_SCRIPT_VALUE_H

#include <lua.h>

/* Push a value of `type` (compared by address) that holds `pointer`. Raises when memory is
 * out. */
void mg_value_push(lua_State *L, const char *type, void *pointer);

/* The pointer of the value at `index`, or NULL when it is no value of `type`. Never raises. */
void *mg_value_get(lua_State *L, int index, const char *type);

/* The type of the value at `index`, or NULL when it is no such value. Never raises. */
const char *mg_value_type(lua_State *L, int index);

#endif
