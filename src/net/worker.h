/* worker.h - worker threads: each has its own event base, listeners, connections and timers;
 * nothing is shared on the hot path.
 *
 * Life:      mg_workers_start starts the threads, mg_workers_stop begins a graceful stop,
 *            mg_workers_join waits for the end.
 * Threads:   mg_workers_*: any thread between start and join, but wait and join: one.
 *            mg_worker_* and mg_timer_*: that worker's.
 */
#ifndef MG_NET_WORKER_H
#define MG_NET_WORKER_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/err.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/wheel.h"

/* 0 in a field: its default. */
struct mg_net_limits {
    unsigned max_connections;   /* a worker; default 16384 */
    uint32_t write_progress_ms; /* default 30000 */
    uint32_t linger_ms;         /* default 2000 */
    uint32_t linger_bytes;      /* default 1 MiB */
    uint32_t max_pending_bytes; /* output kept for a connection before it is dropped: a bug's or
                                   an abuser's; default 64 MiB */
    uint32_t stop_ms;           /* default 30000: after it, what is left is closed */
};

/* Written by the worker alone; read from any thread with relaxed loads. */
struct mg_worker_counters {
    atomic_ullong accepted;
    atomic_ullong refused;       /* over max_connections */
    atomic_ullong accept_errors; /* EMFILE and its like: accepting paused for a moment */
    atomic_ullong open;          /* now */
    atomic_ullong bytes_in;
    atomic_ullong bytes_out;
    atomic_ullong outbound_bytes_in; /* of connections that the worker made */
    atomic_ullong outbound_bytes_out;
};

/* How long the passes of a worker's loop take: from the first event to the last, the waiting
 * in between left out. While one runs, everything else of the worker waits. */
enum {
    MG_PASS_BUCKETS = 14
};
/* Bucket i has the passes of at most so many microseconds; the last has the rest. */
extern const uint32_t mg_pass_bounds_us[MG_PASS_BUCKETS - 1];

/* Written by the worker alone; read from any thread with relaxed loads. */
struct mg_worker_passes {
    atomic_ullong buckets[MG_PASS_BUCKETS]; /* each counted once */
    atomic_ullong sum_us;
    atomic_ullong longest_us;
};

struct mg_workers_options {
    const char
        *name; /* of the threads, which adds their number, at most 8 bytes; NULL: "worker" */
    unsigned count;                     /* the one the listeners were opened for */
    const struct mg_protocol *protocol; /* kept until joined */
    struct mg_net_limits limits;
    struct mg_listeners *listeners; /* opened; kept until joined */
    void *shared;                   /* for mg_worker_shared: the program's */
    /* Called on each worker's thread before its loop and after it. on_start returns the
     * worker's own state. */
    void *(*on_start)(struct mg_worker *worker, void *shared);
    void (*on_end)(struct mg_worker *worker, void *state);
    /* Sent to a connection over the limit before it is closed; may be empty. Copied. */
    struct mg_str busy_answer;
};

struct mg_workers;

/* Start the threads; signals stay blocked in them. Returns: NULL after a fault in `errs`. */
struct mg_workers *mg_workers_start(const struct mg_workers_options *options,
                                    struct mg_errs *errs);

/* Begin a graceful stop: every worker lets no new handshake begin, accepts what was under
 * way for a moment and until EAGAIN, closes its listeners, calls on_stop for every
 * connection, and ends when the last one is gone or stop_ms have passed. Any thread; returns
 * at once. */
void mg_workers_stop(struct mg_workers *workers);
/* Wait until all have ended. What they counted can still be read. */
void mg_workers_wait(struct mg_workers *workers);
/* Wait until all have ended, and free them. */
void mg_workers_join(struct mg_workers *workers);

/* Run `task(worker, argument)` on every worker's thread, once each, as soon as its loop turns.
 * Any thread; does not wait. Returns: how many workers will run it, 0 without memory; one that
 * has ended does not, and every one counted runs it before it ends. */
unsigned mg_workers_post(struct mg_workers *workers, void (*task)(struct mg_worker *, void *),
                         void *argument);

unsigned mg_workers_count(const struct mg_workers *workers);
const struct mg_worker_counters *mg_workers_counters(const struct mg_workers *workers,
                                                     unsigned index);
const struct mg_worker_passes *mg_workers_passes(const struct mg_workers *workers,
                                                 unsigned index);

unsigned mg_worker_index(const struct mg_worker *worker);
void *mg_worker_shared(const struct mg_worker *worker);
/* What on_start returned. */
void *mg_worker_state(const struct mg_worker *worker);
bool mg_worker_is_stopping(const struct mg_worker *worker);
/* Monotonic milliseconds of this turn of the loop, and wall seconds; coarse and cached. */
uint64_t mg_worker_now_ms(const struct mg_worker *worker);
time_t mg_worker_wall_s(const struct mg_worker *worker);

/* Set (or move) a timer `ms` from now; its `fire` must be set. Never early, late by at most
 * MG_WHEEL_TICK_MS; moving it later is a store. O(1). The timer stays the caller's and must be
 * cancelled before its memory goes. */
void mg_timer_set(struct mg_worker *worker, struct mg_timer *timer, uint64_t ms);
void mg_timer_cancel(struct mg_worker *worker, struct mg_timer *timer);

#endif
