/* watched.h - variables that outlive a call and that some function can assign: what they were
 * when the state was sealed, and putting it back.
 *
 * Use:       begin, add each assignment found, end; mg_seal_check and mg_seal_restore (seal.h)
 *            look at what `end` kept.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_WATCHED_H
#define MG_SCRIPT_WATCHED_H

#include <stdbool.h>

#include <lua.h>

#include "script/seal.h"

struct mg_watching {
    lua_State *L;
    int list;      /* stack index of the assignments, a userdata */
    int functions; /* stack index of the functions, by number of the assignment */
    unsigned count;
    unsigned capacity;
};

/* Push what the search needs (+2) and begin it. Raises when memory is out. */
void mg_watching_begin(lua_State *L, struct mg_watching *watching);

/* The function at `index` assigns its upvalue `upvalue` at `line`. It is told only where
 * `is_reported`. Raises when memory is out. */
void mg_watching_add(struct mg_watching *watching, int index, int upvalue, int line,
                     bool is_reported);

/* Remember the variables and their values, tell `report`, and pop what was pushed (-2). Raises
 * when memory is out, and policy-variables when there are more than MG_SEAL_MAX_VARIABLES.
 * Returns: how many variables there are. */
unsigned mg_watching_end(struct mg_watching *watching, mg_seal_report_fn report, void *context);

#endif
