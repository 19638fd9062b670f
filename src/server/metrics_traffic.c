/* metrics_traffic.c - requests, decisions and refusals: the workers' counters added up.
 *
 * Names come from tables of each worker, in the order in which it met them, so they are merged
 * by name before they are written.
 */
#include <stdlib.h>

#include "core/alloc.h"
#include "server/metrics_internal.h"
#include "server/series.h"
#include "server/server.h"
#include "server/traffic.h"

enum {
    MERGED_NAMES = 256
};

/* Tables of all workers as one. */
struct merged {
    unsigned used;
    uint64_t others;
    struct {
        const char *name; /* of the worker's table */
        uint64_t count;
    } items[MERGED_NAMES];
};

static void merge_one(struct merged *merged, const char *name, uint64_t count)
{
    unsigned i = 0;
    while (i < merged->used && strcmp(merged->items[i].name, name) != 0) {
        i++;
    }
    if (i == MERGED_NAMES) {
        merged->others += count;
        return;
    }
    if (i == merged->used) {
        merged->items[merged->used++].name = name;
    }
    merged->items[i].count += count;
}

static void merge(struct merged *merged, const struct mg_name_counters *counters)
{
    unsigned used = atomic_load_explicit(&counters->used, memory_order_acquire);
    merged->others += metrics_read(&counters->others);
    for (unsigned i = 0; i < used; i++) {
        merge_one(merged, counters->items[i].name, metrics_read(&counters->items[i].count));
    }
}

/* Add the table at `offset` of every worker's traffic. */
static void merge_all(struct merged *merged, const struct mg_server *server, size_t offset)
{
    for (unsigned i = 0; i < server->options.workers; i++) {
        const struct mg_traffic *traffic = metrics_traffic(server, i);
        if (traffic != NULL) {
            merge(merged, (const void *)((const char *)traffic + offset));
        }
    }
}

static void write_merged(struct mg_metrics *metrics, const char *label,
                         const struct merged *merged)
{
    for (unsigned i = 0; i < merged->used; i++) {
        mg_metrics_count(metrics, mg_label(label, merged->items[i].name), mg_no_label(),
                         merged->items[i].count);
    }
    if (merged->others > 0) {
        mg_metrics_count(metrics, mg_label(label, "(other)"), mg_no_label(), merged->others);
    }
}

static uint64_t count_of(const struct merged *merged, const char *name)
{
    for (unsigned i = 0; i < merged->used; i++) {
        if (strcmp(merged->items[i].name, name) == 0) {
            return merged->items[i].count;
        }
    }
    return 0;
}

/* The counter at `offset` of every worker's traffic, added up. */
static uint64_t sum(const struct mg_server *server, size_t offset)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < server->options.workers; i++) {
        const struct mg_traffic *traffic = metrics_traffic(server, i);
        total +=
            traffic == NULL
                ? 0
                : metrics_read(
                      (const atomic_ullong *)(const void *)((const char *)traffic + offset));
    }
    return total;
}

/* ---- requests ---- */

static const char *kind_label(unsigned kind)
{
    return kind == MG_TRAFFIC_KINDS - 1 ? "unknown" : mg_kind_name((enum mg_kind)kind);
}

static void write_requests(struct mg_metrics *metrics, const struct mg_server *server)
{
    static const char *const classes[MG_TRAFFIC_CLASSES] = {"aborted", "1xx", "2xx",
                                                            "3xx",     "4xx", "5xx"};
    mg_metrics_family(metrics, "moongate_requests_total", "counter",
                      "Requests that are over, by kind and class of status.");
    for (unsigned kind = 0; kind < MG_TRAFFIC_KINDS; kind++) {
        for (unsigned class = 0; class < MG_TRAFFIC_CLASSES; class ++) {
            uint64_t count = sum(server, offsetof(struct mg_traffic, requests[kind][class]));
            if (count > 0 || class == 2) {
                mg_metrics_count(metrics, mg_label("kind", kind_label(kind)),
                                 mg_label("status", classes[class]), count);
            }
        }
    }
}

static void write_durations(struct mg_metrics *metrics, const struct mg_server *server)
{
    uint64_t buckets[MG_DURATION_BUCKETS];
    for (unsigned i = 0; i < MG_DURATION_BUCKETS; i++) {
        buckets[i] = sum(server, offsetof(struct mg_traffic, durations[i]));
    }
    mg_metrics_family(metrics, "moongate_request_duration_seconds", "histogram",
                      "From a request's complete head to the end of its exchange.");
    mg_metrics_histogram(metrics, mg_duration_bounds_us, buckets, MG_DURATION_BUCKETS,
                         sum(server, offsetof(struct mg_traffic, duration_sum_us)));
}

/* ---- decisions ---- */

static const char *reason_label(unsigned column)
{
    return column == MG_REASON_COUNT ? "(policy)" : mg_reason_code((enum mg_reason)column);
}

static void write_row(struct mg_metrics *metrics, const struct mg_server *server, unsigned row,
                      const char *pattern)
{
    for (unsigned column = 0; column < MG_TRAFFIC_REASONS; column++) {
        uint64_t count = 0;
        for (unsigned i = 0; i < server->options.workers; i++) {
            const struct mg_traffic *traffic = metrics_traffic(server, i);
            if (traffic != NULL && traffic->decisions != NULL) {
                count += metrics_read(&traffic->decisions[row * MG_TRAFFIC_REASONS + column]);
            }
        }
        if (count > 0) {
            mg_metrics_count(metrics, mg_label("resource", pattern),
                             mg_label("reason", reason_label(column)), count);
        }
    }
}

static void write_decisions(struct mg_metrics *metrics, const struct mg_server *server)
{
    unsigned rows = mg_series_count(server->series);
    mg_metrics_family(
        metrics, "moongate_decisions_total", "counter",
        "CORS decisions, by resource and reason; (other) has the resources beyond "
        "the first 512, (policy) the reasons that policies give.");
    for (unsigned row = 0; row < rows; row++) {
        write_row(metrics, server, row, mg_series_pattern(server->series, row));
    }
    write_row(metrics, server, MG_SERIES_OTHERS, "(other)");
}

/* A reason that a policy gives in the words of the engine is one with the engine's. */
static void write_denied(struct mg_metrics *metrics, const struct mg_server *server,
                         struct merged *merged)
{
    for (unsigned i = 0; i < MG_REASON_COUNT; i++) {
        uint64_t count = sum(server, offsetof(struct mg_traffic, denied_by_code[i]));
        if (count > 0) {
            merge_one(merged, mg_reason_code((enum mg_reason)i), count);
        }
    }
    merge_all(merged, server, offsetof(struct mg_traffic, denied_by_policy));
    mg_metrics_family(metrics, "moongate_denied_total", "counter",
                      "Requests that a CORS decision is against, by reason; (other) has the "
                      "reasons of policies beyond the first 64.");
    write_merged(metrics, "reason", merged);
}

/* ---- refusals ---- */

/* Bounds of docs/operations.md that make the engine refuse, and the reason it gives then. */
static const struct {
    const char *limit;
    const char *reason;
} LIMITS[] = {
    {"head-bytes", "head-too-large"},
    {"target-bytes", "target-too-long"},
    {"fields", "too-many-fields"},
    {"body-bytes", "content-too-large"},
};

static void write_limits(struct mg_metrics *metrics, const struct mg_server *server,
                         const struct merged *refused)
{
    mg_metrics_family(metrics, "moongate_limits_total", "counter",
                      "Times a client came to a bound, by the bound's name.");
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        mg_metrics_count(metrics, mg_label("limit", LIMITS[i].limit), mg_no_label(),
                         count_of(refused, LIMITS[i].reason));
    }
    mg_metrics_count(metrics, mg_label("limit", "connections"), mg_no_label(),
                     metrics_refused_connections(server));
    mg_metrics_count(metrics, mg_label("limit", "pipelined"), mg_no_label(),
                     sum(server, offsetof(struct mg_traffic, turns_given_up)));
    mg_metrics_count(metrics, mg_label("limit", "unsent-bytes"), mg_no_label(),
                     sum(server, offsetof(struct mg_traffic, reads_held_back)));
}

/* `refused`: those that were still answered, 408, and closed for that. */
static void write_timeouts(struct mg_metrics *metrics, const struct merged *closed,
                           uint64_t refused)
{
    static const struct {
        const char *timeout;
        const char *reason;
    } timeouts[] = {{"head-timeout", "head-timeout"},
                    {"idle-timeout", "idle-timeout"},
                    {"body-timeout", "content-timeout"},
                    {"write-timeout", "write-timeout"}};
    mg_metrics_family(metrics, "moongate_timeouts_total", "counter",
                      "Connections that ended for want of bytes, by the bound's name.");
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        bool is_body = strcmp(timeouts[i].reason, "content-timeout") == 0;
        mg_metrics_count(metrics, mg_label("timeout", timeouts[i].timeout), mg_no_label(),
                         count_of(closed, timeouts[i].reason) + (is_body ? refused : 0));
    }
}

void metrics_write_traffic(struct mg_metrics *metrics, const struct mg_server *server)
{
    struct merged *merged = mg_calloc(1, sizeof(*merged));
    write_requests(metrics, server);
    write_durations(metrics, server);
    write_decisions(metrics, server);
    if (merged == NULL) {
        metrics->out->overflowed = true;
        return;
    }
    write_denied(metrics, server, merged);
    *merged = (struct merged){0};
    merge_all(merged, server, offsetof(struct mg_traffic, refused));
    mg_metrics_family(metrics, "moongate_refused_total", "counter",
                      "Other requests that the engine answered with an error, by reason.");
    write_merged(metrics, "reason", merged);
    write_limits(metrics, server, merged);
    uint64_t late = count_of(merged, "content-timeout");
    *merged = (struct merged){0};
    merge_all(merged, server, offsetof(struct mg_traffic, closed));
    mg_metrics_family(metrics, "moongate_connections_closed_total", "counter",
                      "Connections that have ended, by reason.");
    write_merged(metrics, "reason", merged);
    write_timeouts(metrics, merged, late);
    free(merged);
}
