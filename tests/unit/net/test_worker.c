/* test_worker.c - limits of accepting, stopping, tasks and timers of the workers. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "harness.h"
#include "net/worker.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

/* A protocol that answers "request\n" with "answer\n", and on a stop closes what is idle. */
static atomic_int stops, closed;
static _Atomic(const char *) last_reason;
static atomic_bool ignores_stop;

static size_t answer_bytes(struct mg_conn *conn, char *bytes, size_t count)
{
    static const size_t length = sizeof("request\n") - 1;
    size_t taken = 0;
    while (count - taken >= length) {
        assert(memcmp(bytes + taken, "request\n", length) == 0);
        taken += length;
        mg_conn_write(conn, MG_STR("answer\n"));
        if (mg_worker_is_stopping(mg_conn_worker(conn))) {
            mg_conn_close(conn, "stopped-after-answer");
        }
    }
    return taken;
}

static void answer_stop(struct mg_conn *conn)
{
    atomic_fetch_add(&stops, 1);
    if (!atomic_load(&ignores_stop)) {
        mg_conn_close(conn, "stopped");
    }
}

static void answer_close(struct mg_conn *conn, const char *reason)
{
    (void)conn;
    atomic_store(&last_reason, reason);
    atomic_fetch_add(&closed, 1);
}

static const struct mg_protocol answer_protocol = {
    .user_bytes = 48,
    .on_bytes = answer_bytes,
    .on_stop = answer_stop,
    .on_close = answer_close,
};

static void start(struct rig *rig)
{
    atomic_store(&stops, 0);
    atomic_store(&closed, 0);
    atomic_store(&ignores_stop, false);
    rig->options.protocol = &answer_protocol;
    rig_start(rig);
}

static void expect_answer(int fd)
{
    send_text(fd, "request\n");
    expect_text(fd, "answer\n");
}

/* ---- accepting ---- */

static void worker_answers_busy_over_its_limit(void **state)
{
    (void)state;
    struct rig rig = {
        .options = {.limits.max_connections = 2, .busy_answer = MG_STR("busy\n")}};
    start(&rig);
    int first = dial(rig.port);
    int second = dial(rig.port);
    expect_answer(first);
    expect_answer(second);
    for (int i = 1; i <= 3; i++) {
        int third = dial(rig.port);
        expect_text(third, "busy\n");
        expect_end(third);
        (void)close(third);
        assert_int_equal(RIG_COUNT(&rig, refused), i);
    }
    assert_int_equal(RIG_COUNT(&rig, accepted), 2);
    (void)close(first);
    WAIT_UNTIL(RIG_COUNT(&rig, open) == 1);
    first = dial(rig.port);
    expect_answer(first);
    (void)close(first);
    (void)close(second);
    rig_stop(&rig);
}

static void worker_deferred_accept_serves(void **state)
{
    (void)state;
    struct rig rig = {.defer_accept_s = 1};
    start(&rig);
    int silent = dial(rig.port);
    int fd = dial(rig.port);
    expect_answer(fd);
    /* The silent one is the kernel's for now. */
    assert_int_equal(RIG_COUNT(&rig, accepted), 1);
    expect_answer(silent);
    (void)close(fd);
    (void)close(silent);
    rig_stop(&rig);
}

static void worker_pauses_accepting_without_descriptors(void **state)
{
    (void)state;
    enum {
        CLIENTS = 6,
        SPARE = 2
    };
    mg_log_configure(MG_LOG_TEXT, MG_LOG_ERROR, STDERR_FILENO);
    struct rig rig = {0};
    start(&rig);
    int fds[CLIENTS];
    int highest = 0;
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        highest = fds[i];
    }
    struct rlimit before;
    assert_return_code(getrlimit(RLIMIT_NOFILE, &before), errno);
    struct rlimit narrow = {.rlim_cur = (rlim_t)highest + 1 + SPARE,
                            .rlim_max = before.rlim_max};
    assert_return_code(setrlimit(RLIMIT_NOFILE, &narrow), errno);
    for (int i = 0; i < CLIENTS; i++) {
        dial_with(fds[i], rig.port);
    }
    WAIT_UNTIL(RIG_COUNT(&rig, accept_errors) >= 1);
    uint64_t first = mg_clock_us();
    WAIT_UNTIL(RIG_COUNT(&rig, accept_errors) >= 3);
    /* Two pauses of 100 ms at least: it does not spin. */
    assert_true(mg_clock_us() - first >= 180000);
    assert_int_equal(RIG_COUNT(&rig, accepted), SPARE);
    assert_return_code(setrlimit(RLIMIT_NOFILE, &before), errno);
    for (int i = 0; i < CLIENTS; i++) {
        expect_answer(fds[i]);
        (void)close(fds[i]);
    }
    rig_stop(&rig);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, STDERR_FILENO);
}

static void worker_idle_connection_is_small(void **state)
{
    (void)state;
    if (HAS_SANITIZER) {
        skip(); /* its heap is not the one that ships */
    }
    enum {
        COUNT = 2000,
        WARM = 64, /* tables that are there for any number */
        BUDGET_BYTES = 400
    };
    struct rig rig = {0};
    start(&rig);
    int *fds = test_malloc((WARM + COUNT) * sizeof(int));
    struct mallinfo2 before = {0};
    for (int i = 0; i < WARM + COUNT; i++) {
        if (i == WARM) {
            before = mallinfo2();
        }
        fds[i] = dial(rig.port);
        expect_answer(fds[i]);
    }
    struct mallinfo2 after = mallinfo2();
    size_t bytes = (after.uordblks - before.uordblks) / COUNT;
    if (bytes > BUDGET_BYTES || bytes < 100) {
        fail_msg("an idle connection takes %zu bytes of heap, expected up to %d", bytes,
                 BUDGET_BYTES);
    }
    for (int i = 0; i < WARM + COUNT; i++) {
        (void)close(fds[i]);
    }
    test_free(fds);
    rig_stop(&rig);
}

/* ---- stopping ---- */

/* A task that holds its worker until it is let go. */
static atomic_bool is_held, may_go;

static void hold(struct mg_worker *worker, void *argument)
{
    (void)worker;
    (void)argument;
    atomic_store(&is_held, true);
    while (!atomic_load(&may_go)) {
        (void)poll(NULL, 0, 1);
    }
}

static void worker_stop_answers_what_was_accepted_by_the_kernel(void **state)
{
    (void)state;
    enum {
        CLIENTS = 200 /* more than one batch of accepting */
    };
    struct rig rig = {0};
    start(&rig);
    atomic_store(&is_held, false);
    atomic_store(&may_go, false);
    assert_int_equal(mg_workers_post(rig.workers, hold, NULL), 1);
    WAIT_UNTIL(atomic_load(&is_held));
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(rig.port);
        send_text(fds[i], "request\n");
    }
    /* One more is in the middle of its request, and may end it. */
    atomic_store(&ignores_stop, true);
    int late = dial(rig.port);
    send_text(late, "request");
    mg_workers_stop(rig.workers);
    atomic_store(&may_go, true);
    for (int i = 0; i < CLIENTS; i++) {
        expect_text(fds[i], "answer\n");
        expect_end(fds[i]);
        (void)close(fds[i]);
    }
    send_text(late, "\n");
    expect_text(late, "answer\n");
    expect_end(late);
    (void)close(late);
    rig_join(&rig);
    /* Nobody listens any more. */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(rig.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    (void)close(fd);
}

struct load {
    uint16_t port;
    atomic_int answers, broken;
    atomic_bool ends;
};

/* Request after request, each on its connection until that is closed. */
static void *press(void *argument)
{
    struct load *load = argument;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(load->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    while (!atomic_load(&load->ends)) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
            (void)close(fd);
            return NULL;
        }
        char got[16];
        ssize_t count = 1;
        int answers = 0;
        while (count > 0 && answers < 20) {
            size_t length = 0;
            if (send(fd, "request\n", 8, MSG_NOSIGNAL) != 8) {
                break;
            }
            while (length < 7 && (count = recv(fd, got, 7 - length, 0)) > 0) {
                length += (size_t)count;
            }
            /* An answer is whole or absent. */
            if (length != 0 && length != 7) {
                atomic_fetch_add(&load->broken, 1);
            }
            answers += length == 7;
        }
        atomic_fetch_add(&load->answers, answers);
        (void)close(fd);
    }
    return NULL;
}

/* Connected, as far as the client knows, but not to be accepted before it has sent
 * something. */
static void worker_stop_waits_for_handshakes_under_way(void **state)
{
    (void)state;
    struct rig rig = {.defer_accept_s = 1};
    start(&rig);
    int idle = dial(rig.port);
    send_text(idle, "request\n");
    expect_text(idle, "answer\n");
    int late = dial(rig.port);
    mg_workers_stop(rig.workers);
    expect_end(idle); /* the stop has begun */
    send_text(late, "request\n");
    expect_text(late, "answer\n");
    expect_end(late);
    (void)close(late);
    (void)close(idle);
    rig_join(&rig);
}

static void worker_stops_under_load(void **state)
{
    (void)state;
    enum {
        CLIENTS = 8
    };
    for (int round = 0; round < 5; round++) {
        struct rig rig = {.options.count = 2};
        start(&rig);
        struct load load = {.port = rig.port};
        pthread_t threads[CLIENTS];
        for (int i = 0; i < CLIENTS; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, press, &load), 0);
        }
        WAIT_UNTIL(atomic_load(&load.answers) > 200);
        mg_workers_stop(rig.workers);
        mg_workers_stop(rig.workers); /* twice is once */
        rig_join(&rig);
        atomic_store(&load.ends, true);
        for (int i = 0; i < CLIENTS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        }
        assert_int_equal(atomic_load(&load.broken), 0);
    }
}

static void worker_stop_ends_the_rest_after_its_time(void **state)
{
    (void)state;
    struct rig rig = {.options.limits.stop_ms = 200};
    start(&rig);
    atomic_store(&ignores_stop, true);
    int fd = dial(rig.port);
    expect_answer(fd);
    uint64_t begin = mg_clock_us() / 1000;
    mg_workers_stop(rig.workers);
    expect_end(fd);
    uint64_t took = mg_clock_us() / 1000 - begin;
    assert_in_range(took, 195, DEADLINE_MS);
    rig_join(&rig);
    assert_int_equal(atomic_load(&stops), 1);
    assert_int_equal(atomic_load(&closed), 1);
    assert_string_equal(atomic_load(&last_reason), "stopping");
    (void)close(fd);
}

static void worker_stop_without_connections_ends_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct rig rig = {.options.count = 3};
        start(&rig);
        uint64_t begin = mg_clock_us();
        rig_stop(&rig);
        assert_true(mg_clock_us() - begin < 5000000);
    }
}

/* ---- tasks ---- */

static struct {
    atomic_int runs[4];
    atomic_int on_start[4], on_end[4];
    _Atomic(pthread_t) threads[4];
} tally;

static void count_run(struct mg_worker *worker, void *argument)
{
    unsigned index = mg_worker_index(worker);
    assert(argument == &tally && mg_worker_shared(worker) == &tally);
    assert(mg_worker_state(worker) == &tally.on_start[index]);
    assert(pthread_equal(pthread_self(), atomic_load(&tally.threads[index])));
    atomic_fetch_add(&tally.runs[index], 1);
}

static void *count_start(struct mg_worker *worker, void *shared)
{
    unsigned index = mg_worker_index(worker);
    assert(shared == &tally);
    atomic_store(&tally.threads[index], pthread_self());
    atomic_fetch_add(&tally.on_start[index], 1);
    return &tally.on_start[index];
}

static void count_end(struct mg_worker *worker, void *own)
{
    unsigned index = mg_worker_index(worker);
    assert(own == &tally.on_start[index]);
    assert(pthread_equal(pthread_self(), atomic_load(&tally.threads[index])));
    atomic_fetch_add(&tally.on_end[index], 1);
}

static void *post_many(void *argument)
{
    for (int i = 0; i < 500; i++) {
        assert(mg_workers_post(argument, count_run, &tally) == 4);
    }
    return NULL;
}

static void worker_runs_every_task_once_on_every_thread(void **state)
{
    (void)state;
    memset(&tally, 0, sizeof(tally));
    struct rig rig = {
        .options = {
            .count = 4, .shared = &tally, .on_start = count_start, .on_end = count_end}};
    start(&rig);
    pthread_t posters[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&posters[i], NULL, post_many, rig.workers), 0);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(posters[i], NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        WAIT_UNTIL(atomic_load(&tally.runs[i]) == 1500);
    }
    /* Around the end: each that was counted runs, and once all have ended none is. */
    mg_workers_stop(rig.workers);
    int counted = 0;
    unsigned taken;
    uint64_t give_up = mg_clock_coarse_ms() + DEADLINE_MS;
    while ((taken = mg_workers_post(rig.workers, count_run, &tally)) > 0) {
        counted += (int)taken;
        assert_true(mg_clock_coarse_ms() < give_up);
    }
    rig_join(&rig);
    int runs = 0;
    for (int i = 0; i < 4; i++) {
        runs += atomic_load(&tally.runs[i]);
        assert_int_equal(atomic_load(&tally.on_start[i]), 1);
        assert_int_equal(atomic_load(&tally.on_end[i]), 1);
    }
    assert_int_equal(runs, 4 * 1500 + counted);
}

static void check_signals(struct mg_worker *worker, void *argument)
{
    (void)worker;
    sigset_t blocked;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    bool all = sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGHUP) == 1 &&
               sigismember(&blocked, SIGUSR1) == 1 && sigismember(&blocked, SIGINT) == 1;
    atomic_store((atomic_int *)argument, all ? 1 : -1);
}

static void worker_threads_take_no_signals(void **state)
{
    (void)state;
    atomic_int result = 0;
    struct rig rig = {0};
    start(&rig);
    assert_int_equal(mg_workers_post(rig.workers, check_signals, &result), 1);
    WAIT_UNTIL(atomic_load(&result) != 0);
    assert_int_equal(atomic_load(&result), 1);
    sigset_t own;
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &own), 0);
    assert_int_equal(sigismember(&own, SIGTERM), 0);
    rig_stop(&rig);
}

/* ---- timers ---- */

enum {
    TIMERS = 3000
};

struct probe {
    struct mg_timer timer;
    struct mg_worker *worker;
    bool is_cancelled;
};

static struct {
    struct probe probes[TIMERS];
    atomic_int fired, wrong;
    uint64_t turn_ms;
    uint64_t slot_of_turn; /* the latest that fired in this turn */
    uint64_t slot_before;  /* ... in the turns before */
} timers;

static void on_probe(struct mg_timer *timer)
{
    struct probe *probe = (struct probe *)(void *)timer;
    uint64_t now_ms = mg_worker_now_ms(probe->worker);
    uint64_t slot = (timer->deadline_ms + MG_WHEEL_TICK_MS - 1) / MG_WHEEL_TICK_MS;
    if (now_ms != timers.turn_ms) {
        timers.turn_ms = now_ms;
        timers.slot_before = timers.slot_of_turn;
    }
    timers.slot_of_turn = slot > timers.slot_of_turn ? slot : timers.slot_of_turn;
    if (probe->is_cancelled || slot < timers.slot_before ||
        mg_clock_us() / 1000 < timer->deadline_ms) {
        atomic_fetch_add(&timers.wrong, 1);
    }
    atomic_fetch_add(&timers.fired, 1);
}

static void set_timers(struct mg_worker *worker, void *argument)
{
    (void)argument;
    for (size_t i = 0; i < TIMERS; i++) {
        struct probe *probe = &timers.probes[i];
        uint64_t ms = 1 + i * 7919 % 900;
        *probe = (struct probe){.timer.fire = on_probe, .worker = worker};
        mg_timer_set(worker, &probe->timer, 1 + i % 50); /* moved later below: a store */
        mg_timer_set(worker, &probe->timer, ms);
        assert(probe->timer.deadline_ms == mg_worker_now_ms(worker) + ms);
        if (i % 3 == 0) {
            probe->is_cancelled = true;
            mg_timer_cancel(worker, &probe->timer);
        }
    }
}

static void worker_fires_thousands_of_timers_in_order(void **state)
{
    (void)state;
    memset(&timers, 0, sizeof(timers));
    struct rig rig = {0};
    start(&rig);
    assert_int_equal(mg_workers_post(rig.workers, set_timers, NULL), 1);
    WAIT_UNTIL(atomic_load(&timers.fired) >= TIMERS - TIMERS / 3);
    rig_stop(&rig);
    assert_int_equal(atomic_load(&timers.fired), TIMERS - TIMERS / 3);
    assert_int_equal(atomic_load(&timers.wrong), 0);
}

/* ---- faults ---- */

static void worker_count_must_be_that_of_the_listeners(void **state)
{
    (void)state;
    const char *address = "127.0.0.1:0";
    struct mg_errs errs;
    mg_errs_init(&errs);
    struct mg_listeners *listeners = mg_listeners_open(
        &(struct mg_listen_options){.addresses = &address, .address_count = 1, .workers = 2},
        &errs);
    assert_non_null(listeners);
    struct mg_workers_options options = {
        .count = 3, .protocol = &answer_protocol, .listeners = listeners};
    assert_null(mg_workers_start(&options, &errs));
    assert_int_equal(errs.error_count, 1);
    assert_string_equal(errs.items[0].code, "workers-mismatch");
    mg_listeners_close(listeners);
    mg_errs_fini(&errs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worker_answers_busy_over_its_limit),
        cmocka_unit_test(worker_deferred_accept_serves),
        cmocka_unit_test(worker_pauses_accepting_without_descriptors),
        cmocka_unit_test(worker_idle_connection_is_small),
        cmocka_unit_test(worker_stop_answers_what_was_accepted_by_the_kernel),
        cmocka_unit_test(worker_stop_waits_for_handshakes_under_way),
        cmocka_unit_test(worker_stops_under_load),
        cmocka_unit_test(worker_stop_ends_the_rest_after_its_time),
        cmocka_unit_test(worker_stop_without_connections_ends_at_once),
        cmocka_unit_test(worker_runs_every_task_once_on_every_thread),
        cmocka_unit_test(worker_threads_take_no_signals),
        cmocka_unit_test(worker_fires_thousands_of_timers_in_order),
        cmocka_unit_test(worker_count_must_be_that_of_the_listeners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
