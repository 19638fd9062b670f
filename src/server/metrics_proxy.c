/* metrics_proxy.c - upstreams: requests by name, connections, health. */
#include <stdlib.h>

#include "core/alloc.h"
#include "net/worker.h"
#include "proxy/counters.h"
#include "server/metrics_internal.h"
#include "server/server.h"
#include "server/worker_state.h"

static const struct mg_proxy_counters *counters_of(const struct mg_server *server,
                                                   unsigned index)
{
    const struct server_worker *worker = mg_server_worker(server, index);
    return worker == NULL ? NULL : &worker->upstreams;
}

/* The counter at `offset` of every worker, added up. */
static uint64_t sum(const struct mg_server *server, size_t offset)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < server->options.workers; i++) {
        const char *counters = (const void *)counters_of(server, i);
        if (counters != NULL) {
            total += metrics_read((const atomic_ullong *)(const void *)(counters + offset));
        }
    }
    return total;
}

/* ---- requests ---- */

/* A row of all workers as one. */
struct merged_row {
    const char *name; /* of a worker's row */
    uint64_t results[MG_UPSTREAM_RESULTS];
};

/* Rows of all workers: workers meet names in an order of their own. The last is `others`. */
struct merged {
    unsigned used;
    struct merged_row *rows;
};

static void add_row(struct merged *merged, const char *name, const struct mg_upstream_row *row)
{
    unsigned i = 0;
    while (i < merged->used && strcmp(merged->rows[i].name, name) != 0) {
        i++;
    }
    merged->used += i == merged->used;
    merged->rows[i].name = name;
    for (unsigned result = 0; result < MG_UPSTREAM_RESULTS; result++) {
        merged->rows[i].results[result] += metrics_read(&row->results[result]);
    }
}

static void merge_all(struct merged *merged, const struct mg_server *server)
{
    for (unsigned i = 0; i < server->options.workers; i++) {
        const struct mg_proxy_counters *counters = counters_of(server, i);
        unsigned used =
            counters == NULL ? 0 : atomic_load_explicit(&counters->used, memory_order_acquire);
        for (unsigned row = 0; row < used; row++) {
            add_row(merged, counters->rows[row].name, &counters->rows[row]);
        }
        if (counters != NULL) {
            add_row(merged, "(other)", &counters->others);
        }
    }
}

static void write_requests(struct mg_metrics *metrics, const struct mg_server *server)
{
    struct merged merged = {
        .rows = mg_calloc((size_t)server->options.workers * (MG_UPSTREAM_ROWS + 1),
                          sizeof(*merged.rows))};
    if (merged.rows == NULL) {
        metrics->out->overflowed = true;
        return;
    }
    merge_all(&merged, server);
    mg_metrics_family(metrics, "moongate_upstream_requests_total", "counter",
                      "Requests to upstreams that are over, by the upstream's name and what "
                      "became of them; (other) has the upstreams beyond the first 64.");
    for (unsigned i = 0; i < merged.used * MG_UPSTREAM_RESULTS; i++) {
        const struct merged_row *row = &merged.rows[i / MG_UPSTREAM_RESULTS];
        unsigned result = i % MG_UPSTREAM_RESULTS;
        if (row->results[result] > 0) {
            mg_metrics_count(metrics, mg_label("upstream", row->name),
                             mg_label("result", mg_upstream_result_name(result)),
                             row->results[result]);
        }
    }
    free(merged.rows);
}

/* ---- the rest ---- */

/* A sample, and its family where it is the first of that. */
static const struct {
    const char *family;
    const char *type;
    const char *help;
    const char *label;
    const char *value;
    size_t offset;
} SAMPLES[] = {
    {"moongate_upstream_connections_made_total", "counter", "Connections made to upstreams.",
     NULL, NULL, offsetof(struct mg_proxy_counters, connections_made)},
    {"moongate_upstream_connections_reused_total", "counter",
     "Times a kept connection took another request.", NULL, NULL,
     offsetof(struct mg_proxy_counters, connections_reused)},
    {"moongate_upstream_connections_open", "gauge", "Connections to upstreams now.", NULL, NULL,
     offsetof(struct mg_proxy_counters, connections_open)},
    {"moongate_upstream_connections_idle", "gauge",
     "Of those, the ones that are kept without work.", NULL, NULL,
     offsetof(struct mg_proxy_counters, connections_idle)},
    {"moongate_upstream_tunnels_open", "gauge", "WebSockets now.", NULL, NULL,
     offsetof(struct mg_proxy_counters, tunnels)},
    {"moongate_upstream_retries_total", "counter",
     "Requests that went on to another connection: one could not be made, or a kept one was "
     "stale.",
     "reason", "connect", offsetof(struct mg_proxy_counters, retries_connect)},
    {"", NULL, NULL, "reason", "stale", offsetof(struct mg_proxy_counters, retries_stale)},
    {"moongate_upstream_servers_out", "gauge",
     "Servers that are out, by what has taken them out, until an answer brings them back; each "
     "worker that finds so counts.",
     "by", "failures", offsetof(struct mg_proxy_counters, ejected)},
    {"", NULL, NULL, "by", "checks", offsetof(struct mg_proxy_counters, down)},
    {"moongate_upstream_checks_total", "counter", "Checks of servers, by result.", "result",
     "good", offsetof(struct mg_proxy_counters, checks_good)},
    {"", NULL, NULL, "result", "bad", offsetof(struct mg_proxy_counters, checks_bad)},
};

static void write_bytes(struct mg_metrics *metrics, const struct mg_server *server)
{
    uint64_t in = 0;
    uint64_t out = 0;
    for (unsigned i = 0; i < mg_workers_count(server->workers); i++) {
        const struct mg_worker_counters *counters = mg_workers_counters(server->workers, i);
        in += metrics_read(&counters->outbound_bytes_in);
        out += metrics_read(&counters->outbound_bytes_out);
    }
    mg_metrics_one(metrics, "moongate_upstream_received_bytes_total", "counter",
                   "Bytes from upstreams.", in);
    mg_metrics_one(metrics, "moongate_upstream_sent_bytes_total", "counter",
                   "Bytes to upstreams.", out);
}

void metrics_write_proxy(struct mg_metrics *metrics, const struct mg_server *server)
{
    write_requests(metrics, server);
    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        if (SAMPLES[i].type != NULL) {
            mg_metrics_family(metrics, SAMPLES[i].family, SAMPLES[i].type, SAMPLES[i].help);
        }
        mg_metrics_count(metrics,
                         SAMPLES[i].label == NULL
                             ? mg_no_label()
                             : mg_label(SAMPLES[i].label, SAMPLES[i].value),
                         mg_no_label(), sum(server, SAMPLES[i].offset));
    }
    write_bytes(metrics, server);
}
