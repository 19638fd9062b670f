/* worker_state.h - what one worker thread owns besides its loop: the answers of the turn,
 * pools, caches, counters.
 *
 * Threads:   the worker's own; counters are atomics that others read.
 */
#ifndef MG_SERVER_WORKER_STATE_H
#define MG_SERVER_WORKER_STATE_H

#include <stdatomic.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/counter.h"
#include "http/date.h"
#include "http/head.h"
#include "net/worker.h"
#include "plugin/plugin.h"
#include "proxy/counters.h"
#include "server/server.h"
#include "server/traffic.h"

struct access_ring;
struct mg_generation;
struct mg_proxy;

enum {
    MAX_FREE_EXCHANGES = 256,   /* kept for reuse; the rest goes back to malloc */
    OUT_MAX_BYTES = 16 << 20,   /* answers gathered in one turn */
    OUT_FLUSH_BYTES = 64 << 10, /* written early beyond this */
    OUT_KEEP_BYTES = 256 << 10, /* a larger buffer is given back after its turn */
};

struct server_counters {
    atomic_ullong log_dropped;
    atomic_ullong expired;   /* exchanges that the drain limit ended */
    atomic_ullong shadowed;  /* exchanges that a shadow has judged */
    atomic_ullong differing; /* otherwise than the active generation */
    atomic_ullong wider;     /* of those: allowed by the shadow alone */
    atomic_ullong narrower;  /* of those: allowed by the active one alone */
};

struct server_worker {
    struct mg_server *server;
    struct mg_worker *worker;
    unsigned index;
    struct mg_conn *
        turn; /* the connection whose callback runs: its output waits for the end of the turn */
    struct mg_buf out;   /* that output */
    struct mg_head head; /* of the request being read */
    struct mg_date date;
    struct mg_exchange *free_exchanges;
    unsigned free_exchange_count;
    struct mg_exchange *kept_exchanges; /* that outlive their turn */
    struct access_ring *log;            /* NULL: no access log */
    struct mg_generation *shadow;       /* judged beside the active one; NULL: none */
    uint64_t shadow_turn;               /* exchanges until the next that it judges */
    uint64_t shadow_logged_ms;          /* when a difference was logged last */
    struct mg_proxy *proxy;             /* upstreams; NULL in a gate */
    uint64_t next_id;                   /* of errors; 0: not drawn yet */
    struct server_counters counters;
    struct mg_traffic traffic;
    struct mg_proxy_counters upstreams;
};

static inline bool server_is_stopping(const struct server_worker *worker)
{
    return worker->worker != NULL && mg_worker_is_stopping(worker->worker);
}

static inline time_t server_wall_s(const struct server_worker *worker)
{
    if (worker->worker != NULL) {
        return mg_worker_wall_s(worker->worker);
    }
    return (time_t)(mg_plugin_clock_wall(worker->server->clock) / 1000);
}

/* Make slices of the options' public origins, for the decisions. */
void mg_server_adopt_public_origins(struct mg_server *server);

/* Whether this is the first time that `what` is told, by any worker. */
bool mg_server_tells_once(struct mg_server *server, struct mg_str what);

/* Add to a counter of the calling worker: one writer, so no locked instruction. */
static inline void server_count(atomic_ullong *counter, unsigned long long by)
{
    mg_counter_add(counter, by);
}

#endif
