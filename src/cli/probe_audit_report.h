/* probe_audit_report.h - the findings of an audit as text and as JSON.
 *
 * Threads:   one owner at a time.
 */
#ifndef MG_CLI_PROBE_AUDIT_REPORT_H
#define MG_CLI_PROBE_AUDIT_REPORT_H

#include <stdio.h>

#include "cli/probe_audit.h"
#include "core/buf.h"

/* Print the findings, worst first, each with the lines of request and answer that show it.
 * `request_count`: how many requests were sent. */
void mg_audit_print(const struct mg_audit *audit, unsigned request_count, FILE *to);

/* Append the same as one JSON object. */
void mg_audit_json(const struct mg_audit *audit, unsigned request_count, struct mg_buf *out);

#endif
