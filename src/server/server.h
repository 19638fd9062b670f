/* server.h - the server: policies, listeners, workers and logs tied together, from start to
 * graceful stop.
 *
 * Life:      mg_server_start -> running -> mg_server_stop -> mg_server_join.
 * Threads:   start, stop and join on the program's main thread; the rest on workers.
 */
#ifndef MG_SERVER_SERVER_H
#define MG_SERVER_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/err.h"
#include "cors/decide.h"
#include "net/listener.h"
#include "policy/set.h"
#include "script/lines.h"
#include "server/options.h"
#include "server/swap.h"

struct mg_dicts;
struct mg_generation;
struct mg_runtime_totals;
struct server_worker;
struct mg_plugin_clock;
struct mg_workers;
struct access_log;
struct mg_admin;
struct mg_series;

struct mg_server {
    struct mg_server_options options;
    _Atomic(struct mg_generation *) active; /* what new exchanges hold (generation.h) */
    struct mg_swap *swap;                   /* NULL: a gate */
    struct mg_dicts *dicts;
    uint64_t started_us;
    uint64_t started_wall_us;
    char first_revision[MG_REVISION_SIZE];   /* that it began with */
    _Atomic(struct server_worker *) *states; /* one a worker, from its start to the server's
                                                end */
    struct mg_lines public_origins;
    struct mg_str public_origin_items[MG_OPTIONS_MAX_LIST];
    struct mg_listeners *listeners;
    enum mg_listen_mode *listen_modes; /* of each of them */
    struct mg_workers *workers;
    struct access_log *access_log;           /* NULL: off */
    struct mg_admin *admin;                  /* NULL: off */
    struct mg_runtime_totals *script_totals; /* one a worker */
    struct mg_series *series;                /* of resources, for the counters of decisions */
    struct mg_str busy_answer;
    const struct mg_handler *stand_in;   /* for handlers there are not; NULL: they are 404 */
    const struct mg_plugin_clock *clock; /* of plugins; NULL: the machine's */
    mg_line_fn line_fn; /* told of the lines of scripts (script/lines.h); NULL: nobody */
    void *line_context;
    atomic_bool is_ready; /* what /readyz says */
    pthread_mutex_t told_lock;
    uint64_t told[64]; /* hashes of what was told once; behind the lock */
    unsigned told_count;
};

/* Load policies, open listeners and start the workers. `options` is copied, its strings are
 * borrowed until the end.
 * Returns: NULL after errors in `errs`; warnings and notes of policies go there too. */
struct mg_server *mg_server_start(const struct mg_server_options *options,
                                  struct mg_errs *errs);

/* Begin the graceful stop: not ready any more, then after the stop delay no more
 * connections, then what is in flight is answered. Waits for the delay only. */
void mg_server_stop(struct mg_server *server);

/* Wait until the last connection is gone, flush the logs, free everything. Returns: false when
 * the machine gives a build no time to end: it goes on, and what it uses is not freed. */
bool mg_server_join(struct mg_server *server);

/* Open the access log's file again (after its rotation). */
void mg_server_reopen_logs(struct mg_server *server);

/* Warn where `set`, which becomes active, has the echo handler on a listener that other
 * machines reach. */
void mg_server_warn_of_echo(const struct mg_server *server, const struct mg_policy_set *set);

/* The revision the server began with. */
struct mg_str mg_server_revision(const struct mg_server *server);

/* Have changed policies read (SIGHUP). Returns at once. */
void mg_server_reload(struct mg_server *server);

/* What worker `index` owns, for who reads its counters: from its start until the server is
 * freed. NULL before. Any thread. */
const struct server_worker *mg_server_worker(const struct mg_server *server, unsigned index);
/* Requests that a worker has answered. Any thread. */
uint64_t mg_server_requests(const struct mg_server *server, unsigned index);

/* Address `index` as a URL: "http://127.0.0.1:8080" or "unix:/path"; NULL beyond the last. */
const char *mg_server_url(const struct mg_server *server, size_t index, char *buffer,
                          size_t size);

/* Whether that address is one where proxies ask. */
bool mg_server_authorizes(const struct mg_server *server, size_t index);

#endif
