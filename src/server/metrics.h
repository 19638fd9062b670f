/* metrics.h - what a running server counts, as Prometheus' text format. The families and what
 * they mean are listed in docs/admin.md, which tests hold to what is written here.
 *
 * Threads:   any that the server outlives; workers are not held up: what is theirs is read with
 *            relaxed loads.
 */
#ifndef MG_SERVER_METRICS_H
#define MG_SERVER_METRICS_H

#include "core/buf.h"

struct admin_counters;
struct mg_server;

/* Write all families. */
void mg_metrics_write(const struct mg_server *server, const struct admin_counters *admin,
                      struct mg_buf *out);

#endif
