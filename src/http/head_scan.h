/* head_scan.h - the first pass over a request head: lines, limits, the request line and the
 * slices of the fields. Private to src/http.
 *
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_HTTP_HEAD_SCAN_H
#define MG_HTTP_HEAD_SCAN_H

#include "http/head.h"

/* Walk the lines of `bytes` from where `scan` stands, and add their fields to `head`. Returns:
 * as mg_head_parse; when complete, scan->line_start is the size of the head. */
enum mg_head_result mg_head_scan_lines(struct mg_str bytes, const struct mg_head_limits *limits,
                                       struct mg_head_scan *scan, struct mg_head *head);

/* Latch the first refusal. Returns: MG_HEAD_REFUSED. */
static inline enum mg_head_result mg_head_refuse(struct mg_head_scan *scan, uint16_t status,
                                                 const char *reason)
{
    if (scan->status == 0) {
        scan->status = status;
        scan->reason = reason;
    }
    return MG_HEAD_REFUSED;
}

#endif
