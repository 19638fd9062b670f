/* test_wheel.c - the wheel under a clock of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/wheel.h"

enum {
    START_MS = 1000003, /* not at a tick */
    TURN_MS = MG_WHEEL_SLOTS * MG_WHEEL_TICK_MS
};

struct probe {
    struct mg_timer timer;
    unsigned fired;
    uint64_t fired_ms;
};

static uint64_t now_ms;

static struct probe *probe_of(struct mg_timer *timer)
{
    return (struct probe *)(void *)timer; /* the first member */
}

static void on_fire(struct mg_timer *timer)
{
    probe_of(timer)->fired++;
    probe_of(timer)->fired_ms = now_ms;
}

static void advance(struct mg_wheel *wheel, uint64_t to_ms)
{
    now_ms = to_ms;
    mg_wheel_advance(wheel, now_ms);
}

/* Step as a loop would: from one occupied slot to the next, until `to_ms`. */
static void run_until(struct mg_wheel *wheel, uint64_t to_ms)
{
    for (;;) {
        uint64_t next = mg_wheel_next_ms(wheel);
        if (next == 0 || next > to_ms) {
            break;
        }
        assert_true(next > now_ms);
        advance(wheel, next);
    }
    advance(wheel, to_ms);
}

static void begin(struct mg_wheel *wheel)
{
    now_ms = START_MS;
    mg_wheel_init(wheel, now_ms);
}

static void wheel_fires_within_a_tick_and_never_early(void **state)
{
    (void)state;
    static const uint64_t delays[] = {0,
                                      1,
                                      MG_WHEEL_TICK_MS - 1,
                                      MG_WHEEL_TICK_MS,
                                      MG_WHEEL_TICK_MS + 1,
                                      500,
                                      60000,
                                      TURN_MS - MG_WHEEL_TICK_MS,
                                      TURN_MS - 1,
                                      TURN_MS,
                                      TURN_MS + 1,
                                      3 * TURN_MS + 77,
                                      3600000};
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        struct mg_wheel wheel;
        struct probe probe = {.timer.fire = on_fire};
        begin(&wheel);
        uint64_t due = START_MS + delays[i];
        mg_wheel_set(&wheel, &probe.timer, due);
        run_until(&wheel, due + MG_WHEEL_TICK_MS);
        if (probe.fired != 1 || probe.fired_ms < due ||
            probe.fired_ms > due + MG_WHEEL_TICK_MS) {
            fail_msg("delay %llu: fired %u times, at %lld after it was due",
                     (unsigned long long)delays[i], probe.fired,
                     (long long)(probe.fired_ms - due));
        }
        assert_false(mg_timer_is_set(&probe.timer));
        assert_int_equal(mg_wheel_next_ms(&wheel), 0);
    }
}

static void wheel_moving_later_touches_no_slot(void **state)
{
    (void)state;
    struct mg_wheel wheel;
    struct probe probe = {.timer.fire = on_fire};
    begin(&wheel);
    assert_true(mg_wheel_set(&wheel, &probe.timer, now_ms + 1000));
    uint64_t slot = probe.timer.slot_ms;
    for (uint64_t later = 1001; later < 5000; later += 100) {
        assert_false(mg_wheel_set(&wheel, &probe.timer, START_MS + later));
        assert_int_equal(probe.timer.slot_ms, slot);
    }
    uint64_t due = probe.timer.deadline_ms;
    run_until(&wheel, due - 1);
    assert_int_equal(probe.fired, 0);
    run_until(&wheel, due + MG_WHEEL_TICK_MS);
    assert_int_equal(probe.fired, 1);
}

static void wheel_moving_earlier_fires_earlier(void **state)
{
    (void)state;
    struct mg_wheel wheel;
    struct probe probe = {.timer.fire = on_fire};
    begin(&wheel);
    mg_wheel_set(&wheel, &probe.timer, now_ms + 10000);
    assert_true(mg_wheel_set(&wheel, &probe.timer, now_ms + 300));
    run_until(&wheel, START_MS + 300 + MG_WHEEL_TICK_MS);
    assert_int_equal(probe.fired, 1);
    run_until(&wheel, START_MS + 20000);
    assert_int_equal(probe.fired, 1);
}

static void wheel_cancelled_timers_do_not_fire(void **state)
{
    (void)state;
    struct mg_wheel wheel;
    struct probe probes[5] = {{.fired = 0}};
    begin(&wheel);
    for (size_t i = 0; i < 5; i++) {
        probes[i].timer.fire = on_fire;
        mg_wheel_set(&wheel, &probes[i].timer, now_ms + 200); /* all in one slot */
    }
    /* First, middle and last of the list, and one that is not set. */
    mg_wheel_cancel(&wheel, &probes[4].timer);
    mg_wheel_cancel(&wheel, &probes[2].timer);
    mg_wheel_cancel(&wheel, &probes[0].timer);
    mg_wheel_cancel(&wheel, &probes[0].timer);
    run_until(&wheel, now_ms + 1000);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(probes[i].fired, i % 2);
    }
    mg_wheel_set(&wheel, &probes[0].timer, now_ms + 200);
    mg_wheel_cancel(&wheel, &probes[0].timer);
    assert_int_equal(mg_wheel_next_ms(&wheel), 0);
}

static void wheel_jump_over_many_turns_fires_all_once(void **state)
{
    (void)state;
    struct mg_wheel wheel;
    enum {
        COUNT = 3000
    };
    struct probe *probes = test_calloc(COUNT, sizeof(*probes));
    begin(&wheel);
    for (size_t i = 0; i < COUNT; i++) {
        probes[i].timer.fire = on_fire;
        mg_wheel_set(&wheel, &probes[i].timer, now_ms + (uint64_t)i * 97);
    }
    uint64_t half = START_MS + (uint64_t)COUNT / 2 * 97;
    advance(&wheel, half);
    for (size_t i = 0; i < COUNT; i++) {
        bool is_due = START_MS + i * 97 + MG_WHEEL_TICK_MS <= half;
        bool may_be = START_MS + i * 97 <= half;
        if ((is_due && probes[i].fired != 1) || (!may_be && probes[i].fired != 0)) {
            fail_msg("timer %zu fired %u times after the first jump", i, probes[i].fired);
        }
    }
    advance(&wheel, START_MS + 10 * (uint64_t)COUNT * 97);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(probes[i].fired, 1);
    }
    test_free(probes);
}

/* A timer that sets itself and cancels a neighbour of the same slot while both are due. */
static struct mg_wheel *shared_wheel;
static struct probe *victim;

static void on_meddle(struct mg_timer *timer)
{
    on_fire(timer);
    mg_wheel_cancel(shared_wheel, &victim->timer);
    mg_wheel_set(shared_wheel, timer, now_ms + 1);
}

static void wheel_firing_may_set_and_cancel(void **state)
{
    (void)state;
    struct mg_wheel wheel;
    struct probe meddler = {.timer.fire = on_meddle};
    struct probe other = {.timer.fire = on_fire};
    begin(&wheel);
    shared_wheel = &wheel;
    victim = &other;
    mg_wheel_set(&wheel, &other.timer, now_ms + 10);
    mg_wheel_set(&wheel, &meddler.timer, now_ms + 10); /* the newest of a slot is first */
    advance(&wheel, START_MS + 300);
    assert_int_equal(other.fired, 0);
    assert_true(meddler.fired >= 1);
    unsigned before = meddler.fired;
    advance(&wheel, START_MS + 300 + MG_WHEEL_TICK_MS);
    assert_int_equal(meddler.fired, before + 1);
}

enum {
    MODEL_COUNT = 64,
    MODEL_STEPS = 20000
};

struct model {
    struct mg_wheel wheel;
    struct probe probes[MODEL_COUNT];
    uint64_t due[MODEL_COUNT]; /* 0: not set */
};

/* After `step`: those that are due have fired (if time was moved), and no other. */
static void check_model(struct model *model, int step, bool has_advanced)
{
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        uint64_t due = model->due[i];
        unsigned fired = model->probes[i].fired;
        bool must = has_advanced && due != 0 && due + MG_WHEEL_TICK_MS <= now_ms;
        bool must_not = due == 0 || due > now_ms;
        if ((must && fired != 1) || (must_not && fired != 0)) {
            fail_msg("step %d: timer %zu due at %llu fired %u times by %llu", step, i,
                     (unsigned long long)due, fired, (unsigned long long)now_ms);
        }
        if (fired != 0) {
            model->due[i] = 0;
            model->probes[i].fired = 0;
        }
    }
}

/* Property: whatever is set, moved and cancelled, exactly the timers that are due have
 *           fired. */
static void wheel_agrees_with_a_plain_list(void **state)
{
    (void)state;
    struct model *model = test_calloc(1, sizeof(*model));
    begin(&model->wheel);
    unsigned seed = 12345;
    for (int step = 0; step < MODEL_STEPS; step++) {
        seed = seed * 1103515245 + 12345;
        unsigned which = (seed >> 8) % MODEL_COUNT;
        unsigned action = (seed >> 16) % 8;
        uint64_t amount = seed >> 20;
        struct mg_timer *timer = &model->probes[which].timer;
        timer->fire = on_fire;
        if (action < 5) {
            model->due[which] = now_ms + amount * (action == 0 ? 40 : 1);
            mg_wheel_set(&model->wheel, timer, model->due[which]);
        } else if (action == 5) {
            model->due[which] = 0;
            mg_wheel_cancel(&model->wheel, timer);
        } else {
            advance(&model->wheel, now_ms + amount / 5);
        }
        check_model(model, step, action > 5);
    }
    test_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wheel_fires_within_a_tick_and_never_early),
        cmocka_unit_test(wheel_moving_later_touches_no_slot),
        cmocka_unit_test(wheel_moving_earlier_fires_earlier),
        cmocka_unit_test(wheel_cancelled_timers_do_not_fire),
        cmocka_unit_test(wheel_jump_over_many_turns_fires_all_once),
        cmocka_unit_test(wheel_firing_may_set_and_cancel),
        cmocka_unit_test(wheel_agrees_with_a_plain_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
