/* worker_internal.h - what the files of net/ share about a worker. */
#ifndef MG_NET_WORKER_INTERNAL_H
#define MG_NET_WORKER_INTERNAL_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdalign.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "core/clock.h"
#include "core/counter.h"
#include "net/slab.h"
#include "net/worker.h"

enum {
    MG_CACHE_LINE_BYTES = 64,
    MG_READ_BUFFER_BYTES = 64 * 1024
};

/* A listening socket in a worker's loop. */
struct mg_acceptor {
    struct event event;
    struct mg_worker *worker;
    size_t index; /* of the address in workers->listeners */
    int fd;
};

/* A task that waits in a worker's queue. */
struct mg_task {
    struct mg_task *next;
    struct mg_post *post;
};

/* Tasks come from other threads: the one part of a worker behind a lock, off the hot path. */
struct mg_task_queue {
    pthread_mutex_t lock;
    struct mg_task *first, *last;
    bool has_ended; /* nothing is taken in any more */
};

struct mg_worker {
    /* Alone in its cache lines: other threads read it. */
    alignas(MG_CACHE_LINE_BYTES) struct mg_worker_counters counters;
    struct mg_worker_passes passes;

    alignas(MG_CACHE_LINE_BYTES) struct event_base *base;
    const struct mg_protocol *protocol;
    char *read_buffer; /* MG_READ_BUFFER_BYTES */
    uint64_t now_ms;
    uint64_t pass_started_us; /* 0: the loop waits */
    time_t wall_s;
    struct mg_conn *conns;                  /* all open */
    struct mg_conn *turn_first, *turn_last; /* to be seen to in this turn */
    struct event turn_event;
    struct mg_slab slab;
    struct mg_net_limits limits;
    struct mg_workers *workers;
    void *state; /* on_start's */
    unsigned index;
    bool is_stopping;
    bool is_ending; /* nothing more is accepted: the last connection ends the loop */

    struct mg_wheel wheel;
    struct event tick_event;
    uint64_t armed_ms; /* what tick_event waits for; UINT64_MAX: it does not */

    struct mg_acceptor *acceptors;
    size_t acceptor_count;
    struct mg_timer accept_timer; /* ends a pause of accepting */
    uint64_t accept_logged_ms;

    struct mg_timer stop_timer; /* the end of a graceful stop */
    struct event wake_event;
    int wake_fd;
    struct mg_task_queue tasks;
    pthread_t thread;
    char peer_text[INET6_ADDRSTRLEN]; /* of mg_conn_peer */
};

struct mg_workers {
    struct mg_workers_options options;
    char *busy_answer; /* the copy options.busy_answer points to */
    struct mg_worker **items;
    unsigned count; /* of threads that run */
    atomic_bool stop_requested;
    bool have_ended; /* joined */
};

/* Add to a counter of the worker's own: one writer, so no locked instruction. */
static inline void mg_count(atomic_ullong *counter, unsigned long long number)
{
    mg_counter_add(counter, number);
}

/* Every callback from the loop begins with this. The coarse clock moves only every few
 * milliseconds; the wall clock is asked when it did, and the exact one once a pass. */
static inline void mg_worker_refresh_clock(struct mg_worker *worker)
{
    if (worker->pass_started_us == 0) {
        worker->pass_started_us = mg_clock_us();
    }
    uint64_t now_ms = mg_clock_coarse_ms();
    if (now_ms != worker->now_ms) {
        worker->now_ms = now_ms;
        worker->wall_s = mg_clock_wall_s();
    }
}

/* The loop's timer follows the wheel: call after the wheel gained an earlier slot. */
void mg_worker_arm_tick(struct mg_worker *worker);
/* Call on_stop for each connection that was not told yet. */
void mg_worker_stop_conns(struct mg_worker *worker);
/* End the loop when nothing is accepted any more and no connection is left. */
void mg_worker_end_when_idle(struct mg_worker *worker);

/* accept.c */
bool mg_accept_start(struct mg_worker *worker);
/* Accept what is waiting, then give up the listeners. */
void mg_accept_stop(struct mg_worker *worker);
/* Free the acceptors; the listeners are given up where mg_accept_stop did not. */
void mg_accept_fini(struct mg_worker *worker);

/* task.c */
bool mg_tasks_init(struct mg_task_queue *queue);
void mg_tasks_fini(struct mg_task_queue *queue);
void mg_tasks_run(struct mg_worker *worker);
/* Run what is left and take in nothing more. */
void mg_tasks_end(struct mg_worker *worker);
void mg_worker_wake(struct mg_worker *worker);

#endif
