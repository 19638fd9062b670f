/* metrics.c - the server as a whole, and the order of the parts. */
#include "server/metrics.h"

#include "core/clock.h"
#include "server/admin_internal.h"
#include "server/metrics_internal.h"
#include "server/server.h"
#include "server/worker_state.h"

const struct mg_traffic *metrics_traffic(const struct mg_server *server, unsigned index)
{
    const struct server_worker *worker = mg_server_worker(server, index);
    return worker == NULL ? NULL : &worker->traffic;
}

static void write_server(struct mg_metrics *metrics, const struct mg_server *server)
{
    uint64_t uptime_us = mg_clock_us() - server->started_us;
    uint64_t dropped = 0;
    for (unsigned i = 0; i < server->options.workers; i++) {
        const struct server_worker *worker = mg_server_worker(server, i);
        dropped += worker == NULL ? 0 : metrics_read(&worker->counters.log_dropped);
    }
    mg_metrics_family(metrics, "moongate_build_info", "gauge",
                      "Always 1; the version is its label.");
    mg_metrics_count(metrics, mg_label("version", MG_VERSION), mg_no_label(), 1);
    mg_metrics_family(metrics, "moongate_uptime_seconds", "gauge", "Since the server started.");
    mg_metrics_seconds(metrics, mg_no_label(), mg_no_label(), uptime_us);
    mg_metrics_family(metrics, "process_start_time_seconds", "gauge",
                      "When the server started, since 1970-01-01 UTC.");
    mg_metrics_seconds(metrics, mg_no_label(), mg_no_label(), server->started_wall_us);
    mg_metrics_one(metrics, "moongate_ready", "gauge",
                   "1 while new connections are welcome, 0 while the server stops.",
                   atomic_load(&server->is_ready));
    mg_metrics_one(metrics, "moongate_workers", "gauge", "Worker threads.",
                   server->options.workers);
    mg_metrics_one(metrics, "moongate_access_log_dropped_total", "counter",
                   "Lines of the access log that its file was too slow for.", dropped);
}

static void write_admin(struct mg_metrics *metrics, const struct admin_counters *admin)
{
    static const char *const classes[] = {"2xx", "3xx", "4xx", "5xx"};
    mg_metrics_family(metrics, "moongate_admin_requests_total", "counter",
                      "Requests to the admin interface, by class of status.");
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        mg_metrics_count(metrics, mg_label("status", classes[i]), mg_no_label(),
                         metrics_read(&admin->requests[i + 2]));
    }
}

void mg_metrics_write(const struct mg_server *server, const struct admin_counters *admin,
                      struct mg_buf *out)
{
    struct mg_metrics metrics = {.out = out};
    write_server(&metrics, server);
    metrics_write_traffic(&metrics, server);
    metrics_write_connections(&metrics, server);
    metrics_write_proxy(&metrics, server);
    metrics_write_scripts(&metrics, server);
    metrics_write_swaps(&metrics, server);
    write_admin(&metrics, admin);
    metrics_write_process(&metrics);
}
