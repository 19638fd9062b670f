/* server.c - start in the order in which faults are cheapest to tell: policies, then
 * addresses, then logs, then threads; stop in reverse.
 */
#include "server/server.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "http/response.h"
#include "net/notify.h"
#include "net/worker.h"
#include "plugin/dict.h"
#include "server/access_log.h"
#include "server/admin.h"
#include "server/exchange.h"
#include "server/generation.h"
#include "server/http_conn.h"
#include "server/series.h"
#include "server/upstreams.h"
#include "server/worker_state.h"

enum {
    LISTEN_BACKLOG = 4096
};

/* Counters of two workers share no cache line: a block of mg_calloc is not aligned to one. */
static struct server_worker *new_state(void)
{
    struct server_worker *worker =
        aligned_alloc(_Alignof(struct server_worker), sizeof(struct server_worker));
    if (worker != NULL) {
        memset(worker, 0, sizeof(*worker));
    }
    return worker;
}

/* Room for what the workers count; zeroed. Returns: whether memory was there. */
static bool make_counters(struct mg_server *server)
{
    unsigned count = server->options.workers;
    size_t size = count * sizeof(*server->script_totals);
    server->series = mg_series_new();
    server->states = mg_calloc(count, sizeof(server->states[0]));
    server->script_totals = aligned_alloc(_Alignof(struct mg_runtime_totals), size);
    if (server->script_totals != NULL) {
        memset(server->script_totals, 0, size);
    }
    return server->series != NULL && server->states != NULL && server->script_totals != NULL;
}

/* What a worker owns outlives its thread: its counters are still asked for. */
static void free_states(struct mg_server *server)
{
    for (unsigned i = 0; server->states != NULL && i < server->options.workers; i++) {
        struct server_worker *worker = atomic_load(&server->states[i]);
        if (worker != NULL) {
            mg_traffic_fini(&worker->traffic);
        }
        free(worker);
    }
    free(server->states);
    free(server->script_totals);
}

const struct server_worker *mg_server_worker(const struct mg_server *server, unsigned index)
{
    return atomic_load_explicit(&server->states[index], memory_order_acquire);
}

uint64_t mg_server_requests(const struct mg_server *server, unsigned index)
{
    const struct server_worker *worker = mg_server_worker(server, index);
    uint64_t requests = 0;
    for (unsigned i = 0; worker != NULL && i < MG_TRAFFIC_KINDS * MG_TRAFFIC_CLASSES; i++) {
        requests += atomic_load_explicit(
            &worker->traffic.requests[i / MG_TRAFFIC_CLASSES][i % MG_TRAFFIC_CLASSES],
            memory_order_relaxed);
    }
    return requests;
}

static void *start_worker(struct mg_worker *thread, void *shared)
{
    struct mg_server *server = shared;
    struct server_worker *worker = new_state();
    if (worker == NULL) {
        return NULL;
    }
    mg_traffic_init(&worker->traffic);
    worker->server = server;
    worker->worker = thread;
    worker->index = mg_worker_index(thread);
    mg_buf_init(&worker->out, OUT_MAX_BYTES);
    if (!mg_upstreams_start(worker)) {
        free(worker);
        return NULL;
    }
    if (server->access_log != NULL) {
        worker->log = mg_access_log_ring(server->access_log, mg_worker_index(thread));
    }
    atomic_store(&server->states[worker->index], worker); /* others read its counters */
    return worker;
}

static void end_worker(struct mg_worker *thread, void *state)
{
    (void)thread;
    struct server_worker *worker = state;
    if (worker == NULL) {
        return;
    }
    unsigned long long dropped = atomic_load(&worker->counters.log_dropped);
    if (dropped > 0) {
        char count[24];
        (void)snprintf(count, sizeof(count), "%llu", dropped);
        MG_LOG(MG_LOG_WARNING, "access log lines were dropped: its file could not keep up",
               {"lines", mg_str_from(count)});
    }
    mg_upstreams_stop(worker);
    mg_exchange_pool_free(worker);
    mg_buf_fini(&worker->out);
}

bool mg_server_tells_once(struct mg_server *server, struct mg_str what)
{
    const unsigned most = sizeof(server->told) / sizeof(server->told[0]);
    uint64_t hash = mg_str_hash(what, 0);
    bool is_new = true;
    (void)pthread_mutex_lock(&server->told_lock);
    for (unsigned i = 0; i < server->told_count; i++) {
        is_new = is_new && server->told[i] != hash;
    }
    if (is_new && server->told_count < most) {
        server->told[server->told_count++] = hash;
    }
    (void)pthread_mutex_unlock(&server->told_lock);
    return is_new;
}

void mg_server_warn_of_echo(const struct mg_server *server, const struct mg_policy_set *set)
{
    for (size_t i = 0; set->has_echo && i < mg_listeners_count(server->listeners); i++) {
        if (!mg_listeners_is_loopback(server->listeners, i)) {
            MG_LOG(MG_LOG_WARNING,
                   "echo can be reached from other machines: it shows requests and addresses",
                   {"address", mg_str_from(mg_listeners_address(server->listeners, i))});
        }
    }
}

/* A socket of systemd is for what its name says (FileDescriptorName=). */
static enum mg_listen_mode mode_of(const struct mg_server *server, size_t index)
{
    int option = mg_listeners_option(server->listeners, index);
    if (option >= 0) {
        return server->options.listen_modes[option];
    }
    const char *name = mg_listeners_name(server->listeners, index);
    return strcmp(name, "authorize") == 0   ? MG_LISTEN_AUTHORIZE
           : strcmp(name, "ext-authz") == 0 ? MG_LISTEN_EXT_AUTHZ
                                            : MG_LISTEN_SERVE;
}

/* Note what each listener is for. Returns: false after a fault: one that nobody may ask. */
static bool set_modes(struct mg_server *server, struct mg_errs *errs)
{
    size_t count = mg_listeners_count(server->listeners);
    server->listen_modes = mg_calloc(count, sizeof(server->listen_modes[0]));
    if (server->listen_modes == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "no memory to start");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        server->listen_modes[i] = mode_of(server, i);
        if (server->listen_modes[i] != MG_LISTEN_SERVE && server->options.trusted_count == 0) {
            mg_errs_fail(errs, "authorize-untrusted",
                         "name the proxies that ask: --trust-proxy 127.0.0.1, --trust-proxy "
                         "unix",
                         "nobody may ask at %s: no proxy is trusted",
                         mg_listeners_address(server->listeners, i));
            return false;
        }
    }
    return true;
}

static bool open_listeners(struct mg_server *server, struct mg_errs *errs)
{
    const struct mg_server_options *options = &server->options;
    const struct mg_listen_options listen_options = {
        .addresses = options->listen.items,
        .address_count = options->listen.count,
        .workers = options->workers,
        .defer_accept_s = (unsigned)options->limits.defer_accept,
        .unix_mode = 0666,
        .backlog = LISTEN_BACKLOG,
    };
    server->listeners = mg_listeners_open(&listen_options, errs);
    return server->listeners != NULL && set_modes(server, errs);
}

static void prepare_busy_answer(struct mg_server *server)
{
    static const char text[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 41\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
        "503 Service Unavailable: connection-limit";
    server->busy_answer = MG_STR(text);
}

static bool start_workers(struct mg_server *server, struct mg_errs *errs)
{
    const struct mg_limits *limits = &server->options.limits;
    prepare_busy_answer(server);
    const struct mg_workers_options options = {
        .count = server->options.workers,
        .protocol = &mg_http_protocol,
        .limits =
            {
                .max_connections = (unsigned)limits->connections,
                .write_progress_ms = (uint32_t)limits->write_timeout,
                .linger_ms = 2000,
                .linger_bytes = 1 << 20,
                .max_pending_bytes = 64 << 20,
                .stop_ms = (uint32_t)limits->stop_timeout,
            },
        .listeners = server->listeners,
        .shared = server,
        .on_start = start_worker,
        .on_end = end_worker,
        .busy_answer = server->busy_answer,
    };
    server->workers = mg_workers_start(&options, errs);
    return server->workers != NULL;
}

void mg_server_adopt_public_origins(struct mg_server *server)
{
    const struct mg_strings *origins = &server->options.public_origins;
    for (size_t i = 0; i < origins->count; i++) {
        server->public_origin_items[i] = mg_str_from(origins->items[i]);
    }
    server->public_origins = (struct mg_lines){server->public_origin_items, origins->count};
}

static void complete_options(struct mg_server *server)
{
    struct mg_server_options *options = &server->options;
    if (options->listen.count == 0) {
        options->listen.items[options->listen.count++] = "127.0.0.1:8080";
    }
    if (options->workers == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        options->workers = cores < 1 ? 1 : (unsigned)cores;
    }
    mg_server_adopt_public_origins(server);
}

/* Returns: whether nothing uses it any more. */
static bool free_server(struct mg_server *server)
{
    mg_access_log_close(server->access_log);
    if (server->listeners != NULL) {
        mg_listeners_close(server->listeners);
    }
    free(server->listen_modes);
    if (!mg_swap_free(server->swap)) {
        return false;
    }
    mg_dicts_free(server->dicts);
    free_states(server);
    mg_series_free(server->series);
    (void)pthread_mutex_destroy(&server->told_lock);
    free(server);
    return true;
}

static bool open_access_log(struct mg_server *server, struct mg_errs *errs)
{
    const char *path = server->options.access_log;
    if (strcmp(path, "off") == 0) {
        return true;
    }
    server->access_log = mg_access_log_open(path, server->options.workers, errs);
    return server->access_log != NULL;
}

static bool start_admin(struct mg_server *server, struct mg_errs *errs)
{
    return server->admin == NULL || mg_admin_start(server->admin, errs);
}

struct mg_server *mg_server_start(const struct mg_server_options *options, struct mg_errs *errs)
{
    struct mg_server *server = mg_calloc(1, sizeof(*server));
    if (server == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "no memory to start");
        return NULL;
    }
    server->options = *options;
    (void)pthread_mutex_init(&server->told_lock, NULL);
    complete_options(server);
    server->started_us = mg_clock_us();
    server->started_wall_us = mg_clock_wall_us();
    server->dicts = mg_dicts_new();
    if (server->dicts == NULL || !make_counters(server)) {
        mg_errs_fail(errs, "out-of-memory", NULL, "no memory to start");
        (void)free_server(server);
        return NULL;
    }
    server->swap = mg_swap_new(server, errs);
    if (server->swap != NULL) {
        (void)snprintf(server->first_revision, sizeof(server->first_revision), "%s",
                       atomic_load(&server->active)->revision);
    }
    if (server->swap == NULL || !open_listeners(server, errs) ||
        !mg_admin_open(server, &server->admin, errs) || !open_access_log(server, errs) ||
        !start_workers(server, errs)) {
        mg_admin_stop(server->admin);
        (void)free_server(server);
        return NULL;
    }
    mg_server_warn_of_echo(server, atomic_load(&server->active)->set);
    if (!mg_swap_start(server->swap, errs) || !start_admin(server, errs)) {
        mg_swap_stop(server->swap);
        mg_workers_stop(server->workers);
        (void)mg_server_join(server);
        return NULL;
    }
    atomic_store(&server->is_ready, true);
    return server;
}

void mg_server_stop(struct mg_server *server)
{
    atomic_store(&server->is_ready, false);
    mg_notify("STOPPING=1");
    mg_swap_stop(server->swap);
    uint64_t delay_ms = server->options.stop_delay_ms;
    if (delay_ms > 0) {
        const struct timespec delay = {.tv_sec = (time_t)(delay_ms / 1000),
                                       .tv_nsec = (long)(delay_ms % 1000) * 1000000};
        (void)nanosleep(&delay, NULL);
    }
    mg_workers_stop(server->workers);
}

bool mg_server_join(struct mg_server *server)
{
    mg_workers_wait(server->workers);
    mg_admin_stop(server->admin);
    mg_workers_join(server->workers);
    return free_server(server);
}

struct mg_str mg_server_revision(const struct mg_server *server)
{
    return mg_str_from(server->first_revision);
}

void mg_server_reload(struct mg_server *server)
{
    mg_swap_trigger(server->swap, MG_TRIGGER_SIGNAL);
}

void mg_server_reopen_logs(struct mg_server *server)
{
    if (server->access_log != NULL) {
        mg_access_log_reopen(server->access_log);
    }
}

bool mg_server_authorizes(const struct mg_server *server, size_t index)
{
    return server->listen_modes[index] != MG_LISTEN_SERVE;
}

const char *mg_server_url(const struct mg_server *server, size_t index, char *buffer,
                          size_t size)
{
    if (index >= mg_listeners_count(server->listeners)) {
        return NULL;
    }
    const char *address = mg_listeners_address(server->listeners, index);
    bool is_unix = strncmp(address, "unix:", 5) == 0;
    (void)snprintf(buffer, size, "%s%s", is_unix ? "" : "http://", address);
    return buffer;
}
