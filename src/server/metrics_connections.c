/* metrics_connections.c - connections, bytes, and how long the workers' loops are busy. */
#include <stdio.h>

#include "net/worker.h"
#include "server/metrics_internal.h"
#include "server/server.h"

/* A field of struct mg_worker_counters, and its family. */
struct family {
    const char *name;
    const char *type;
    const char *help;
    size_t offset;
    bool by_worker;
};

static const struct family FAMILIES[] = {
    {"moongate_connections_open", "gauge", "Connections now, by worker.",
     offsetof(struct mg_worker_counters, open), true},
    {"moongate_connections_accepted_total", "counter", "Connections accepted, by worker.",
     offsetof(struct mg_worker_counters, accepted), true},
    {"moongate_connections_refused_total", "counter",
     "Connections closed at once, with 503: a worker had its --limit connections.",
     offsetof(struct mg_worker_counters, refused), false},
    {"moongate_accept_pauses_total", "counter",
     "Times accepting paused for want of descriptors or memory.",
     offsetof(struct mg_worker_counters, accept_errors), false},
    {"moongate_received_bytes_total", "counter", "Bytes from clients.",
     offsetof(struct mg_worker_counters, bytes_in), false},
    {"moongate_sent_bytes_total", "counter", "Bytes to clients.",
     offsetof(struct mg_worker_counters, bytes_out), false},
};

static uint64_t read_at(const struct mg_server *server, unsigned worker, size_t offset)
{
    const char *counters = (const void *)mg_workers_counters(server->workers, worker);
    return metrics_read((const atomic_ullong *)(const void *)(counters + offset));
}

static uint64_t sum(const struct mg_server *server, size_t offset)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < mg_workers_count(server->workers); i++) {
        total += read_at(server, i, offset);
    }
    return total;
}

uint64_t metrics_refused_connections(const struct mg_server *server)
{
    return sum(server, offsetof(struct mg_worker_counters, refused));
}

static void write_family(struct mg_metrics *metrics, const struct mg_server *server,
                         const struct family *family)
{
    mg_metrics_family(metrics, family->name, family->type, family->help);
    if (!family->by_worker) {
        mg_metrics_count(metrics, mg_no_label(), mg_no_label(), sum(server, family->offset));
        return;
    }
    for (unsigned i = 0; i < mg_workers_count(server->workers); i++) {
        char number[16];
        (void)snprintf(number, sizeof(number), "%u", i);
        mg_metrics_count(metrics, mg_label("worker", number), mg_no_label(),
                         read_at(server, i, family->offset));
    }
}

static void write_passes(struct mg_metrics *metrics, const struct mg_server *server)
{
    unsigned workers = mg_workers_count(server->workers);
    uint64_t buckets[MG_PASS_BUCKETS] = {0};
    uint64_t sum_us = 0;
    for (unsigned i = 0; i < workers; i++) {
        const struct mg_worker_passes *passes = mg_workers_passes(server->workers, i);
        for (unsigned b = 0; b < MG_PASS_BUCKETS; b++) {
            buckets[b] += metrics_read(&passes->buckets[b]);
        }
        sum_us += metrics_read(&passes->sum_us);
    }
    mg_metrics_family(metrics, "moongate_worker_pass_seconds", "histogram",
                      "Passes of the workers' loops, from the first event to the last: what "
                      "everything else of that worker waits for.");
    mg_metrics_histogram(metrics, mg_pass_bounds_us, buckets, MG_PASS_BUCKETS, sum_us);
    mg_metrics_family(metrics, "moongate_worker_longest_pass_seconds", "gauge",
                      "The longest of them since the start, by worker.");
    for (unsigned i = 0; i < workers; i++) {
        char number[16];
        (void)snprintf(number, sizeof(number), "%u", i);
        mg_metrics_seconds(metrics, mg_label("worker", number), mg_no_label(),
                           metrics_read(&mg_workers_passes(server->workers, i)->longest_us));
    }
}

void metrics_write_connections(struct mg_metrics *metrics, const struct mg_server *server)
{
    for (size_t i = 0; i < sizeof(FAMILIES) / sizeof(FAMILIES[0]); i++) {
        write_family(metrics, server, &FAMILIES[i]);
    }
    write_passes(metrics, server);
}
