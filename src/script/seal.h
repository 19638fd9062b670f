/* seal.h - what loading leaves behind, made unchangeable: no state passes from one exchange to
 * the next.
 *
 * Tables:    every table reachable from kept values, upvalues and environments becomes a frozen
 *            one: a userdata that reads like the table (index, #, pairs, ipairs, next,
 *            table.concat, table.unpack; type says "table") and raises when written. Nothing
 *            leads from it to the table behind.
 * Globals:   an environment is emptied into a frozen table that it looks things up in; setting
 *            a global raises.
 * Upvalues:  which variables outside of a function it can assign is known from its instructions
 *            (lua_dump of the running Lua, 5.4). Those, mostly none, are remembered when the
 *            state is sealed and compared after each call; no call pays for more than
 *            MG_SEAL_MAX_VARIABLES.
 * Opaque:    userdata and C functions stay as they are. Those that a host gives must hold no
 *            values of scripts and, once sealed, no state (an iterator of string.gmatch refuses
 *            by itself); what a host keeps elsewhere than in the roots is not reached.
 * Texts:     one that is longer than MG_SEAL_MAX_TEXT_BYTES is not kept: what Lua does with a
 *            text (order, hash, copy) cannot be interrupted. Constants of functions cannot be
 *            looked at; they are no longer than their source.
 * Errors:    state-kept is the code of all that a function may not change; policy-variables of
 *            too many that it could; policy-memory of a text too long to keep.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_SEAL_H
#define MG_SCRIPT_SEAL_H

#include <stdbool.h>

#include <lua.h>

#include "core/str.h"

enum {
    MG_SEAL_MAX_TEXT_BYTES = 1 << 20, /* of a text that hooks can reach */
    MG_SEAL_MAX_VARIABLES = 1000      /* that functions can assign and that outlive a call */
};

/* What to write instead. */
#define MG_SEAL_HINT "use local, or req.ctx for what hooks of one exchange share"

/* Told of each variable that outlives a call and that some function reachable by hooks
 * assigns, in order of file and line; `line` is that of the assignment. Must not raise. */
typedef void (*mg_seal_report_fn)(void *context, const char *file, int line, const char *name);

/* Seal all that is reachable from the values of the table at `roots`, which are replaced by
 * their frozen forms, and from all environments. Once a state, below the door. `report` may be
 * NULL. Raises when memory is out, or there are too many variables.
 * Returns: how many variables mg_seal_check compares; with none it need not be called. */
unsigned mg_seal(lua_State *L, int roots, mg_seal_report_fn report, void *context);

/* Whether there are variables by which the functions of one call can hand on values. */
bool mg_seal_watches(lua_State *L);

/* After a call: put back what it assigned that outlives it, and raise state-kept, naming the
 * variable and where it is assigned. */
void mg_seal_check(lua_State *L);

/* The same after a call that has failed, below the door or outside. Never raises. */
void mg_seal_restore(lua_State *L);

/* When the value at `index` is a frozen table or a sealed environment, push the table behind it
 * (+1). Returns: whether it is one; nothing is pushed where it is not. Never raises. For
 * readers in C only: no script may see what is pushed. */
bool mg_seal_push_behind(lua_State *L, int index);

/* The type of the value at `index` as scripts see it: of a frozen table "table". Never
 * raises. */
const char *mg_seal_type_name(lua_State *L, int index);

#endif
