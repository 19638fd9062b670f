/* explain_cause.h - why the last answer was refused, in a sentence for a person.
 *
 * Ownership: texts lie in the input's arena.
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_EXPLAIN_CAUSE_H
#define MG_CLI_EXPLAIN_CAUSE_H

#include "cli/explain_run.h"

/* What the check that failed found and what it wanted, with the values of both; empty where
 * nothing failed, or the outcome's name says it all. */
struct mg_str mg_explain_cause(const struct mg_explain_report *report);

#endif
