/* explain_browsers.h - where other browsers do otherwise with the fetch that was explained.
 *
 * Each of them runs the same fetch through the same code with its own profile; what differs is
 * told in a line. The cause given is the profile's field that speaks of what differs.
 *
 * Ownership: texts lie in the input's arena.
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_EXPLAIN_BROWSERS_H
#define MG_CLI_EXPLAIN_BROWSERS_H

#include "cli/explain_run.h"

/* Fill report->browsers after mg_explain_run with `source`, which needs answers or a gate: a
 * server that is asked over the network is not asked again for this. Returns: false when memory
 * is out. */
bool mg_explain_ask_browsers(struct mg_explain_report *report,
                             const struct mg_explain_source *source);

#endif
