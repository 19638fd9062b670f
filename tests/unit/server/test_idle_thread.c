/* test_idle_thread.c - jobs run in order, also those posted before a stop; a stop waits for
 * them, but not for ever.
 */
#include <semaphore.h>
#include <stdatomic.h>

#include "core/clock.h"
#include "expect.h"
#include "server/idle_thread.h"

enum {
    JOBS = 50
};

static struct {
    int order[JOBS];
    atomic_int count;
} done;

struct numbered {
    struct mg_idle_job job;
    int number;
};

static void note(struct mg_idle_job *job)
{
    const struct numbered *numbered = (struct numbered *)(void *)job;
    done.order[atomic_load(&done.count)] = numbered->number;
    atomic_fetch_add(&done.count, 1);
}

static uint64_t in_ms(uint64_t ms)
{
    return mg_clock_us() + ms * 1000;
}

static void runs_all_in_order(void **state)
{
    (void)state;
    static struct numbered jobs[JOBS];
    struct mg_idle_thread *thread = mg_idle_thread_start("idle");
    assert_non_null(thread);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct numbered){.job.run = note, .number = i};
        mg_idle_thread_post(thread, &jobs[i].job);
    }
    assert_true(mg_idle_thread_stop(thread, in_ms(60000)));
    mg_expect_int("all", atomic_load(&done.count), JOBS);
    for (int i = 0; i < JOBS; i++) {
        mg_expect_int("in order", done.order[i], i);
    }
    assert_true(mg_idle_thread_stop(NULL, 0));
}

static sem_t may_end;
static sem_t has_ended;

static void wait_to_end(struct mg_idle_job *job)
{
    (void)job;
    (void)sem_wait(&may_end);
    (void)sem_post(&has_ended);
}

static void leaves_one_that_does_not_end(void **state)
{
    (void)state;
    static struct mg_idle_job job = {.run = wait_to_end};
    (void)sem_init(&may_end, 0, 0);
    (void)sem_init(&has_ended, 0, 0);
    struct mg_idle_thread *thread = mg_idle_thread_start("idle");
    assert_non_null(thread);
    mg_idle_thread_post(thread, &job);
    uint64_t until_us = in_ms(50);
    assert_false(mg_idle_thread_stop(thread, until_us));
    assert_true(mg_clock_us() + 10000 >= until_us); /* the wall clock may be set meanwhile */
    (void)sem_post(&may_end);
    assert_int_equal(sem_wait(&has_ended), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_all_in_order),
        cmocka_unit_test(leaves_one_that_does_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
