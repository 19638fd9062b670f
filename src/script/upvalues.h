/* upvalues.h - which variables outside of itself a Lua function can assign.
 *
 * A Lua function assigns such a variable with one instruction, SETUPVAL, in its own code or in
 * that of a function defined inside of it. The code is read from what lua_dump writes. That
 * format belongs to one version of Lua, so it is tried once a state on functions whose answer
 * is known; where it is not understood, every variable counts as assigned.
 * Ownership: nothing is kept.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_UPVALUES_H
#define MG_SCRIPT_UPVALUES_H

#include <stdbool.h>
#include <stddef.h>

#include <lua.h>

#include "core/str.h"

enum {
    MG_UPVALUES_MAX = 255 /* of one function, by Lua's own limit */
};

struct mg_upvalues {
    bool is_known; /* false: the code was not understood; all lines are the function's */
    size_t dumped_bytes;
    int count;
    int lines[MG_UPVALUES_MAX]; /* where upvalue i + 1 is assigned first; 0: nowhere */
};

/* Look at the Lua function at `index`. Raises when memory is out. */
void mg_upvalues_find(lua_State *L, int index, struct mg_upvalues *out);

/* Read what lua_dump wrote with debug information. Pure; takes any bytes.
 * Returns: false when it is no function in the format of this Lua; *out is then undefined. */
bool mg_upvalues_read(struct mg_str dump, struct mg_upvalues *out);

/* From now on understand no code in this state, as with a Lua whose format is another: for
 * tests. Raises when memory is out. */
void mg_upvalues_distrust(lua_State *L);

#endif
