/* explain_fix.h - what to change so that the page can read the answer.
 *
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_EXPLAIN_FIX_H
#define MG_CLI_EXPLAIN_FIX_H

#include "cli/explain_run.h"

/* Fill report->fixes, a sentence a change: in which line of a policy, in which field of
 * which answer, or in the script. All that this fetch needs is named at once. None where
 * the answer is readable. */
void mg_explain_fix(struct mg_explain_report *report);

#endif
