/* metrics_internal.h - the parts of a scrape, each in a file of its own. */
#ifndef MG_SERVER_METRICS_INTERNAL_H
#define MG_SERVER_METRICS_INTERNAL_H

#include <stdatomic.h>

#include "server/metrics.h"
#include "server/metrics_text.h"

struct mg_traffic;

/* A counter of another thread's. */
static inline uint64_t metrics_read(const atomic_ullong *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* What worker `index` counts; NULL before it has started. */
const struct mg_traffic *metrics_traffic(const struct mg_server *server, unsigned index);

/* Connections over the limit of every worker. */
uint64_t metrics_refused_connections(const struct mg_server *server);

void metrics_write_traffic(struct mg_metrics *metrics, const struct mg_server *server);
void metrics_write_connections(struct mg_metrics *metrics, const struct mg_server *server);
void metrics_write_proxy(struct mg_metrics *metrics, const struct mg_server *server);
void metrics_write_scripts(struct mg_metrics *metrics, const struct mg_server *server);
void metrics_write_swaps(struct mg_metrics *metrics, const struct mg_server *server);
void metrics_write_process(struct mg_metrics *metrics);

#endif
