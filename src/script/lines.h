/* lines.h - tell which lines a state runs, from loading on: for coverage, in states that count
 * instructions anyway (budget.counts).
 *
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_LINES_H
#define MG_SCRIPT_LINES_H

#include "script/state.h"

/* A line is about to run. `source` is the chunk's name behind its "@", borrowed for the call;
 * it may not call into the state. */
typedef void (*mg_line_fn)(void *context, const char *source, int line);

struct mg_line_watch {
    mg_line_fn fn; /* NULL: nobody */
    void *context;
};

/* Tell `report` of each line of the calls that follow. Outside of a call. */
void mg_script_watch_lines(struct mg_script *script, mg_line_fn report, void *context);

#endif
