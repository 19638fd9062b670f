/* worker.c - the threads: start, the loop's own events (wake, tick, turn), stop, join.
 *
 * The loop sleeps until a socket, the next timer that is set, or another thread needs it: an
 * idle server does not wake. Nothing but the task queue and the stop request is shared, and
 * both are looked at only after the eventfd said so.
 */
#include "net/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/log.h"
#include "net/conn_internal.h"

enum {
    STOP_AGAIN_MS = 50 /* between two looks at what is left, once stop_ms have passed */
};

/* ---- what a worker tells ---- */

unsigned mg_worker_index(const struct mg_worker *worker)
{
    return worker->index;
}

void *mg_worker_shared(const struct mg_worker *worker)
{
    return worker->workers->options.shared;
}

void *mg_worker_state(const struct mg_worker *worker)
{
    return worker->state;
}

bool mg_worker_is_stopping(const struct mg_worker *worker)
{
    return worker->is_stopping;
}

uint64_t mg_worker_now_ms(const struct mg_worker *worker)
{
    return worker->now_ms;
}

time_t mg_worker_wall_s(const struct mg_worker *worker)
{
    return worker->wall_s;
}

unsigned mg_workers_count(const struct mg_workers *workers)
{
    return workers->count;
}

const struct mg_worker_counters *mg_workers_counters(const struct mg_workers *workers,
                                                     unsigned index)
{
    return &workers->items[index]->counters;
}

const struct mg_worker_passes *mg_workers_passes(const struct mg_workers *workers,
                                                 unsigned index)
{
    return &workers->items[index]->passes;
}

/* ---- passes of the loop ---- */

const uint32_t mg_pass_bounds_us[MG_PASS_BUCKETS - 1] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000};

static void note_pass(struct mg_worker *worker)
{
    struct mg_worker_passes *passes = &worker->passes;
    if (worker->pass_started_us == 0) {
        return; /* nothing was called: a timeout that had been moved */
    }
    uint64_t took_us = mg_clock_us() - worker->pass_started_us;
    worker->pass_started_us = 0;
    unsigned bucket = 0;
    while (bucket < MG_PASS_BUCKETS - 1 && took_us > mg_pass_bounds_us[bucket]) {
        bucket++;
    }
    mg_count(&passes->buckets[bucket], 1);
    mg_count(&passes->sum_us, took_us);
    if (took_us > atomic_load_explicit(&passes->longest_us, memory_order_relaxed)) {
        atomic_store_explicit(&passes->longest_us, took_us, memory_order_relaxed);
    }
}

/* Each call of libevent's loop waits once, runs what is due, and comes back. */
static void run_loop(struct mg_worker *worker)
{
    worker->pass_started_us = 0;
    while (event_base_loop(worker->base, EVLOOP_ONCE) == 0) {
        note_pass(worker);
        if (event_base_got_break(worker->base)) {
            return;
        }
    }
}

/* ---- timers ---- */

void mg_worker_arm_tick(struct mg_worker *worker)
{
    enum {
        /* Behind the slot's time by the coarse clock's step, or the loop would wake just before
         * it and have to wait once more. */
        SLACK_MS = 5
    };
    uint64_t next_ms = mg_wheel_next_ms(&worker->wheel);
    if (next_ms == 0 || next_ms >= worker->armed_ms) {
        return;
    }
    worker->armed_ms = next_ms;
    uint64_t wait_ms = SLACK_MS + (next_ms > worker->now_ms ? next_ms - worker->now_ms : 0);
    struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
                           .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000)};
    (void)event_add(&worker->tick_event, &wait);
}

static void on_tick(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct mg_worker *worker = argument;
    mg_worker_refresh_clock(worker);
    worker->armed_ms = 0; /* timers set meanwhile do not arm: once, below, is enough */
    mg_wheel_advance(&worker->wheel, worker->now_ms);
    worker->armed_ms = UINT64_MAX;
    mg_worker_arm_tick(worker);
}

void mg_timer_set(struct mg_worker *worker, struct mg_timer *timer, uint64_t ms)
{
    if (mg_wheel_set(&worker->wheel, timer, worker->now_ms + ms)) {
        mg_worker_arm_tick(worker);
    }
}

void mg_timer_cancel(struct mg_worker *worker, struct mg_timer *timer)
{
    mg_wheel_cancel(&worker->wheel, timer);
}

/* ---- stop ---- */

void mg_worker_end_when_idle(struct mg_worker *worker)
{
    if (worker->is_ending && worker->conns == NULL && worker->acceptor_count == 0) {
        (void)event_base_loopbreak(worker->base);
    }
}

/* stop_ms have passed. Aborting only schedules, so the list can be walked. What came to be
 * meanwhile or comes of this has no more time either: look again until the loop ends. */
static void on_stop_timeout(struct mg_timer *timer)
{
    struct mg_worker *worker =
        (struct mg_worker *)(void *)((char *)timer - offsetof(struct mg_worker, stop_timer));
    for (struct mg_conn *conn = worker->conns; conn != NULL; conn = conn->next) {
        mg_conn_abort(conn, "stopping");
    }
    mg_timer_set(worker, timer, STOP_AGAIN_MS);
}

/* on_stop may end connections, but each stays in the list until its turn. */
void mg_worker_stop_conns(struct mg_worker *worker)
{
    for (struct mg_conn *conn = worker->conns; conn != NULL; conn = conn->next) {
        if (mg_conn_is_open(conn) && !mg_conn_has(conn, MG_CONN_STOPPED)) {
            mg_conn_raise(conn, MG_CONN_STOPPED);
            mg_conn_stop(conn);
        }
    }
    worker->is_ending = true;
    mg_worker_end_when_idle(worker);
}

static void begin_stop(struct mg_worker *worker)
{
    worker->is_stopping = true; /* before the last are accepted: their answers are to close */
    mg_accept_stop(worker);
    worker->stop_timer.fire = on_stop_timeout;
    mg_timer_set(worker, &worker->stop_timer, worker->limits.stop_ms);
    mg_worker_stop_conns(worker);
}

/* Another thread wrote to the eventfd. The read comes before the look at the queue: what is
 * posted in between writes again and is seen in the next pass. Tasks come before a stop, which
 * may end the loop. */
static void on_wake(evutil_socket_t fd, short what, void *argument)
{
    (void)what;
    struct mg_worker *worker = argument;
    uint64_t wakes;
    ssize_t ignored = read(fd, &wakes, sizeof(wakes));
    (void)ignored;
    mg_worker_refresh_clock(worker);
    mg_tasks_run(worker);
    if (!worker->is_stopping && atomic_load(&worker->workers->stop_requested)) {
        begin_stop(worker);
    }
}

/* ---- one worker ---- */

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL) {
        return NULL;
    }
    /* One thread uses the base, so its locks are off; the environment does not choose for
     * us. */
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static bool add_own_events(struct mg_worker *worker)
{
    return event_assign(&worker->turn_event, worker->base, -1, 0, mg_conn_turn, worker) == 0 &&
           event_assign(&worker->tick_event, worker->base, -1, 0, on_tick, worker) == 0 &&
           event_assign(&worker->wake_event, worker->base, worker->wake_fd,
                        EV_READ | EV_PERSIST, on_wake, worker) == 0 &&
           event_add(&worker->wake_event, NULL) == 0;
}

/* Works on half-made workers too: what was not made is NULL, -1 or empty. */
static void worker_free(struct mg_worker *worker)
{
    if (worker->base != NULL) {
        mg_accept_fini(worker);
        event_base_free(worker->base);
    }
    if (worker->wake_fd >= 0) {
        (void)close(worker->wake_fd);
    }
    mg_tasks_fini(&worker->tasks);
    mg_slab_fini(&worker->slab);
    free(worker->read_buffer);
    free(worker);
}

/* Make worker `index`, listening, without its thread. Returns: NULL without memory or
 * descriptors (errno). */
static struct mg_worker *worker_new(struct mg_workers *workers, unsigned index)
{
    struct mg_worker *worker = aligned_alloc(alignof(struct mg_worker), sizeof(*worker));
    if (worker == NULL) {
        return NULL;
    }
    memset(worker, 0, sizeof(*worker));
    worker->workers = workers;
    worker->index = index;
    worker->protocol = workers->options.protocol;
    worker->limits = workers->options.limits;
    worker->armed_ms = UINT64_MAX;
    mg_worker_refresh_clock(worker);
    mg_wheel_init(&worker->wheel, worker->now_ms);
    mg_slab_init(&worker->slab, sizeof(struct mg_conn) + worker->protocol->user_bytes);
    if (!mg_tasks_init(&worker->tasks)) {
        free(worker);
        return NULL;
    }
    worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->read_buffer = mg_malloc(MG_READ_BUFFER_BYTES);
    worker->base = new_base();
    if (worker->wake_fd < 0 || worker->read_buffer == NULL || worker->base == NULL ||
        !add_own_events(worker) || !mg_accept_start(worker)) {
        worker_free(worker);
        return NULL;
    }
    return worker;
}

/* The thread. Tasks that were counted as taken run even when the loop has ended. */
static void *run(void *argument)
{
    struct mg_worker *worker = argument;
    const struct mg_workers_options *options = &worker->workers->options;
    mg_worker_refresh_clock(worker);
    if (options->on_start != NULL) {
        worker->state = options->on_start(worker, options->shared);
    }
    run_loop(worker);
    mg_tasks_end(worker);
    if (options->on_end != NULL) {
        options->on_end(worker, worker->state);
    }
    return NULL;
}

/* ---- all workers ---- */

static void set_default(uint32_t *limit, uint32_t value)
{
    *limit = *limit == 0 ? value : *limit;
}

static void set_default_limits(struct mg_net_limits *limits)
{
    set_default(&limits->max_connections, 16384);
    set_default(&limits->write_progress_ms, 30000);
    set_default(&limits->linger_ms, 2000);
    set_default(&limits->linger_bytes, 1024 * 1024);
    set_default(&limits->max_pending_bytes, 64 * 1024 * 1024);
    set_default(&limits->stop_ms, 30000);
}

/* libevent would write to standard error by itself, between the lines of the log. */
static void log_libevent(int severity, const char *message)
{
    static const enum mg_log_level levels[] = {MG_LOG_DEBUG, MG_LOG_DEBUG, MG_LOG_WARNING,
                                               MG_LOG_ERROR};
    MG_LOG(levels[severity & 3], "event loop", {"message", mg_str_from(message)});
}

/* Start the thread of `worker` with every signal blocked: the program's own thread takes
 * them. */
static int start_thread(struct mg_worker *worker)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, run, worker);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) {
        char name[16]; /* the kernel's limit, NUL included */
        const char *given = worker->workers->options.name;
        (void)snprintf(name, sizeof(name), "%.8s-%u", given == NULL ? "worker" : given,
                       worker->index % 10000);
        (void)pthread_setname_np(worker->thread, name);
    }
    return error;
}

static void workers_free(struct mg_workers *workers)
{
    for (unsigned i = 0; i < workers->options.count; i++) {
        if (workers->items[i] != NULL) {
            worker_free(workers->items[i]);
        }
    }
    free(workers->items);
    free(workers->busy_answer);
    free(workers);
}

/* Make all workers before any thread starts, so that a fault leaves nothing running. */
static struct mg_workers *workers_new(const struct mg_workers_options *options)
{
    struct mg_workers *workers = mg_calloc(1, sizeof(*workers));
    if (workers == NULL) {
        return NULL;
    }
    workers->options = *options;
    set_default_limits(&workers->options.limits);
    workers->items = mg_calloc(options->count, sizeof(struct mg_worker *));
    workers->busy_answer = mg_malloc(options->busy_answer.len + 1);
    if (workers->items == NULL || workers->busy_answer == NULL) {
        free(workers->items);
        free(workers->busy_answer);
        free(workers);
        return NULL;
    }
    if (options->busy_answer.len > 0) {
        memcpy(workers->busy_answer, options->busy_answer.ptr, options->busy_answer.len);
    }
    workers->options.busy_answer.ptr = workers->busy_answer;
    for (unsigned i = 0; i < options->count; i++) {
        workers->items[i] = worker_new(workers, i);
        if (workers->items[i] == NULL) {
            workers_free(workers);
            return NULL;
        }
    }
    return workers;
}

struct mg_workers *mg_workers_start(const struct mg_workers_options *options,
                                    struct mg_errs *errs)
{
    char text[128];
    if (options->count == 0 || options->count != mg_listeners_workers(options->listeners)) {
        mg_errs_fail(errs, "workers-mismatch", NULL,
                     "%u workers were asked for, but the listeners were opened for %u",
                     options->count, mg_listeners_workers(options->listeners));
        return NULL;
    }
    event_set_log_callback(log_libevent);
    struct mg_workers *workers = workers_new(options);
    if (workers == NULL) {
        mg_errs_fail(errs, "workers-failed",
                     "fewer workers, or higher limits of memory and open files",
                     "cannot set up %u workers: %s", options->count,
                     strerror_r(errno, text, sizeof(text)));
        return NULL;
    }
    int error = 0;
    while (error == 0 && workers->count < options->count) {
        error = start_thread(workers->items[workers->count]);
        workers->count += error == 0;
    }
    if (error != 0) {
        mg_errs_fail(errs, "workers-failed", "fewer workers, or a higher limit of threads",
                     "cannot start worker %u: %s", workers->count,
                     strerror_r(error, text, sizeof(text)));
        mg_workers_stop(workers);
        mg_workers_join(workers);
        return NULL;
    }
    return workers;
}

void mg_workers_stop(struct mg_workers *workers)
{
    atomic_store(&workers->stop_requested, true);
    for (unsigned i = 0; i < workers->count; i++) {
        mg_worker_wake(workers->items[i]);
    }
}

void mg_workers_wait(struct mg_workers *workers)
{
    for (unsigned i = 0; i < workers->count && !workers->have_ended; i++) {
        (void)pthread_join(workers->items[i]->thread, NULL);
    }
    workers->have_ended = true;
}

void mg_workers_join(struct mg_workers *workers)
{
    mg_workers_wait(workers);
    workers_free(workers);
}
