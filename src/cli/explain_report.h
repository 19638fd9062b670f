/* explain_report.h - print what a fetch came to: for a person, or as JSON.
 *
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_EXPLAIN_REPORT_H
#define MG_CLI_EXPLAIN_REPORT_H

#include <stdio.h>

#include "cli/explain_run.h"

/* Print every step in its order, then verdict, console sentence, fixes and notes. `colour`:
 * with escape sequences. Control bytes of requests and answers are made visible. */
void mg_explain_print(const struct mg_explain_report *report, bool colour, FILE *to);

/* Print `text` with control bytes as \xHH, so that nothing can steer a terminal. */
void mg_explain_print_safe(FILE *to, struct mg_str text);

/* Print one JSON object (docs/explain.md). Returns: false when memory is out. */
bool mg_explain_print_json(const struct mg_explain_report *report, FILE *to);

#endif
