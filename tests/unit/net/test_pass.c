/* test_pass.c - what a worker counts of the passes of its loop, and who may read it when. */
#include "harness.h"
#include "net/worker.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is the net layer's */
static size_t echo(struct mg_conn *conn, char *bytes, size_t count)
{
    mg_conn_write(conn, (struct mg_str){bytes, count});
    return count;
}

static const struct mg_protocol echo_protocol = {.on_bytes = echo};

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

static unsigned long long passes_beyond(const struct mg_worker_passes *passes,
                                        uint32_t bound_us)
{
    unsigned long long count = 0;
    for (unsigned i = 0; i < MG_PASS_BUCKETS; i++) {
        if (i == MG_PASS_BUCKETS - 1 || mg_pass_bounds_us[i] > bound_us) {
            count += atomic_load(&passes->buckets[i]);
        }
    }
    return count;
}

static void pass_is_counted_by_how_long_it_takes(void **state)
{
    (void)state;
    enum {
        HELD_MS = 30
    };
    struct rig rig = {.options = {.name = "pass", .protocol = &echo_protocol}};
    rig_start(&rig);
    const struct mg_worker_passes *passes = mg_workers_passes(rig.workers, 0);
    assert_int_equal(mg_workers_post(rig.workers, hold, NULL), 1);
    WAIT_UNTIL(atomic_load(&is_held));
    (void)poll(NULL, 0, HELD_MS);
    assert_int_equal(passes_beyond(passes, 25000), 0);
    atomic_store(&may_go, true);
    WAIT_UNTIL(atomic_load(&passes->longest_us) >= HELD_MS * 1000ULL);
    assert_true(passes_beyond(passes, 25000) >= 1);
    assert_true(atomic_load(&passes->sum_us) >= atomic_load(&passes->longest_us));
    rig_stop(&rig);
}

static void pass_leaves_waiting_out(void **state)
{
    (void)state;
    enum {
        IDLE_MS = 150
    };
    struct rig rig = {.options.protocol = &echo_protocol};
    rig_start(&rig);
    const struct mg_worker_passes *passes = mg_workers_passes(rig.workers, 0);
    (void)poll(NULL, 0, IDLE_MS);
    int fd = dial(rig.port);
    send_text(fd, "a");
    expect_text(fd, "a");
    (void)close(fd);
    mg_workers_stop(rig.workers);
    mg_workers_wait(rig.workers);
    /* What was counted can be read when the worker has ended, until it is freed. */
    assert_int_equal(RIG_COUNT(&rig, accepted), 1);
    assert_true(passes_beyond(passes, 0) >= 2);
    assert_true(atomic_load(&passes->sum_us) < IDLE_MS * 1000ULL);
    rig_join(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pass_is_counted_by_how_long_it_takes),
        cmocka_unit_test(pass_leaves_waiting_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
