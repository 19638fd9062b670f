/* test_watchdog.c - calls that take too long are ended, those that do not are left alone,
 * whatever the interpreter, its allocator or its collector is at when the signal comes.
 *
 * MG_KILLS  how many calls are killed; 300 without it.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "script/state_internal.h"
#include "script/watchdog.h"
#include "sealed_state.h"

static unsigned long kill_count(void)
{
    const char *text = getenv("MG_KILLS");
    unsigned long count = text == NULL ? 300 : strtoul(text, NULL, 10);
    assert_true(count > 0);
    return count;
}

/* ---- the watch by itself ---- */

struct watched {
    struct mg_watch watch;
    volatile sig_atomic_t stops;
};

static void note_stop(void *context)
{
    struct watched *watched = context;
    watched->stops++;
}

static void watch(struct watched *watched, uint32_t max_cpu_ms, uint32_t max_wall_ms)
{
    *watched = (struct watched){.watch = {.stop = note_stop,
                                          .context = watched,
                                          .max_cpu_ms = max_cpu_ms,
                                          .max_wall_ms = max_wall_ms}};
    assert_true(mg_watch_add(&watched->watch));
}

/* Whether the call of `watched` is to end; where there are signals, whether it was told so. */
static bool is_stopped(struct watched *watched)
{
#ifdef MG_SCRIPT_COUNTING_HOOK
    return mg_watch_is_killed(&watched->watch);
#else
    return watched->stops > 0;
#endif
}

static void spin_until_stopped(struct watched *watched)
{
    while (!is_stopped(watched)) {
    }
}

static void a_call_of_too_much_cpu_time_is_stopped(void **state)
{
    (void)state;
    struct watched watched;
    watch(&watched, 2, 600000);
    for (int i = 0; i < 3; i++) {
        watched.stops = 0;
        uint64_t start_us = thread_cpu_us();
        mg_watch_begin(&watched.watch);
        spin_until_stopped(&watched);
        mg_expect_true("it was killed", mg_watch_is_killed(&watched.watch));
        mg_expect_int("for its CPU time", watched.watch.was_wall, false);
        mg_watch_end(&watched.watch);
        mg_expect_true("not before its time", thread_cpu_us() - start_us >= 2000);
    }
    mg_watch_remove(&watched.watch);
}

static void a_call_that_waits_too_long_is_stopped(void **state)
{
    (void)state;
    struct watched watched;
    watch(&watched, 600000, 5);
    mg_watch_begin(&watched.watch);
    while (!is_stopped(&watched)) {
        const struct timespec nap = {.tv_nsec = 1000000};
        (void)nanosleep(&nap, NULL);
    }
    mg_expect_int("for its wall time", watched.watch.was_wall, true);
    mg_watch_end(&watched.watch);
    mg_watch_remove(&watched.watch);
}

#ifndef MG_SCRIPT_COUNTING_HOOK
static void spin_for(uint64_t us)
{
    uint64_t start_us = thread_cpu_us();
    while (thread_cpu_us() - start_us < us) {
    }
}

/* As when the host of a virtual machine runs others: CPU time goes by in which the thread
 * cannot take a signal. What is done soon after that was not late by itself. */
static void time_in_which_no_signal_could_be_taken_is_forgiven(void **state)
{
    (void)state;
    sigset_t all;
    sigset_t before;
    struct watched watched;
    watch(&watched, 2, 600000);
    (void)sigfillset(&all);
    for (int i = 0; i < 3; i++) {
        mg_watch_begin(&watched.watch);
        uint64_t epoch = watched.watch.epoch;
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        while (watched.watch.late_epoch != epoch) {
        }
        spin_for(20000);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        mg_expect_u64("it was told", watched.watch.told_epoch, epoch);
        mg_expect_true("it was not killed", watched.watch.kill_epoch != epoch);
        mg_watch_end(&watched.watch);
        mg_expect_int("stops", watched.stops, 0);
    }
    mg_watch_begin(&watched.watch);
    spin_until_stopped(&watched);
    mg_watch_end(&watched.watch);
    mg_watch_remove(&watched.watch);
}
#endif

/* The outer call's time goes on while it makes an inner one. */
static void a_call_is_stopped_within_another(void **state)
{
    (void)state;
    struct watched outer;
    struct watched inner;
    watch(&outer, 2, 600000);
    watch(&inner, 600000, 600000);
    mg_watch_begin(&outer.watch);
    mg_watch_begin(&inner.watch);
    spin_until_stopped(&outer);
    mg_expect_int("the inner one", is_stopped(&inner), false);
    mg_watch_end(&inner.watch);
    mg_expect_true("the outer one", mg_watch_is_killed(&outer.watch));
    mg_watch_end(&outer.watch);
    mg_watch_remove(&inner.watch);
    mg_watch_remove(&outer.watch);
}

/* Many calls, each far below its time, together far above. */
static void short_calls_are_left_alone(void **state)
{
    (void)state;
    struct watched watched;
    watch(&watched, 50, 600000);
    uint64_t start_us = thread_cpu_us();
    while (thread_cpu_us() - start_us < 200000) {
        for (int i = 0; i < 1000; i++) {
            mg_watch_begin(&watched.watch);
            mg_watch_end(&watched.watch);
        }
    }
    mg_expect_int("stops", watched.stops, 0);
    mg_expect_u64("kills", watched.watch.kill_epoch, 0);
    mg_watch_remove(&watched.watch);
}

static void *run_briefly(void *watch)
{
    mg_watch_begin(watch);
    mg_watch_end(watch);
    return NULL;
}

/* Each thread has a clock of its own, although its address may be that of one before. */
static void calls_move_between_threads(void **state)
{
    (void)state;
    struct watched watched;
    watch(&watched, 2, 600000);
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, run_briefly, &watched.watch), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    watched.stops = 0;
    mg_watch_begin(&watched.watch);
    spin_until_stopped(&watched);
    mg_watch_end(&watched.watch);
    mg_watch_remove(&watched.watch);
}

static void *add_and_remove(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++) {
        struct watched watched;
        watch(&watched, 1000, 600000);
        mg_watch_begin(&watched.watch);
        mg_watch_end(&watched.watch);
        mg_watch_remove(&watched.watch);
    }
    return NULL;
}

static void the_thread_comes_and_goes_with_the_watches(void **state)
{
    (void)state;
    pthread_t threads[3];
    for (size_t i = 0; i < MG_COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_and_remove, NULL), 0);
    }
    for (size_t i = 0; i < MG_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    struct watched watched;
    watch(&watched, 2, 600000);
    mg_watch_begin(&watched.watch);
    spin_until_stopped(&watched);
    mg_watch_end(&watched.watch);
    mg_watch_remove(&watched.watch);
}

static void *run_until_stopped(void *watched)
{
    struct watched *it = watched;
    mg_watch_begin(&it->watch);
    spin_until_stopped(it);
    mg_watch_end(&it->watch);
    return NULL;
}

static void a_thread_with_all_signals_blocked_is_reached(void **state)
{
    (void)state;
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    struct watched watched;
    watch(&watched, 2, 600000);
    assert_int_equal(pthread_create(&thread, NULL, run_until_stopped, &watched), 0);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(pthread_join(thread, NULL), 0);
    mg_watch_remove(&watched.watch);
}

/* ---- killing scripts ---- */

/* Each ends by being killed; what is in them decides what the signal meets. */
static const char killed_text[] =
    "hook(function() while true do end end)\n"
    "hook(function() while true do pcall(function() while true do end end) end end)\n"
    "hook(function() while true do local t = {} for i = 1, 100 do t[i] = { i } end end end)\n"
    "hook(function() local i = 0 while true do i = i + 1 local s = 'k' .. i % 1000 end end)\n"
    "hook(function() local f\n"
    "f = function(n) if n > 0 then return 1 + f(n - 1) end return 0 end\n"
    "while true do f(200) end end)\n"
    "hook(function() local t = {} while true do\n"
    "for i = 1, 50 do t['k' .. i] = i end for i = 1, 50 do t['k' .. i] = nil end end end)\n"
    "hook(function() local s = ('ab'):rep(500)\n"
    "while true do s:gsub('b', function(x) return x .. x end) end end)\n"
    "hook(function() local t = {} for i = 1, 200 do t[i] = (i * 7919) % 211 end\n"
    "while true do table.sort(t, function(a, b) return a < b end)\n"
    "table.sort(t, function(a, b) return a > b end) end end)\n"
    "hook(function() while true do local f = function() return f end pcall(error, f) end end)\n"
    "hook(function() local t = {} for i = 1, 100 do t[i] = 'x' .. i end\n"
    "while true do local s = table.concat(t, ',') .. tostring(#t) end end)\n";

enum {
    KILLED_COUNT = 10,
    FINE = KILLED_COUNT + 1, /* slot of the function that succeeds */
};

static struct mg_script *sealed_killed(uint32_t max_cpu_ms, size_t max_bytes)
{
    char text[sizeof(killed_text) + 128];
    (void)snprintf(text, sizeof(text),
                   "%shook(function() local t = {} for i = 1, 20 do t[i] = 'x' .. i end\n"
                   "say(table.concat(t, '', 19)) end)",
                   killed_text);
    struct mg_script_budget budget = {.max_cpu_ms = max_cpu_ms,
                                      .max_wall_ms = 600000,
                                      .max_steps = UINT64_MAX,
                                      .max_bytes = max_bytes};
    struct mg_script_limits limits = {.max_bytes = (size_t)1 << 30};
    return sealed(text, &limits, &budget);
}

/* Kill a call, and see that the next one works. Returns: the CPU time that it had. */
static uint64_t kill_one(struct mg_script *script, int slot)
{
    struct mg_script_fault fault = {.err.code = "no fault"};
    uint64_t start_us = thread_cpu_us();
    bool succeeded = run_slot(script, slot, &fault);
    uint64_t took_us = thread_cpu_us() - start_us;
    mg_expect_int("a killed call", succeeded, false);
    mg_expect_text("a killed call", fault.err.code, "budget-time");
    mg_expect_true("a killed call", fault.err.line > 0);
    expect_works("the next one", script, FINE, "x19x20");
    mg_script_idle(script);
    return took_us;
}

/* The collector runs in none of these calls: they may allocate for as long as they like. */
static void killed_calls_leave_a_state_that_works(void **state)
{
    (void)state;
    struct mg_script *script = sealed_killed(1, (size_t)512 << 20);
    unsigned long count = kill_count();
    uint64_t worst_us = 0;
    uint64_t sum_us = 0;
    for (unsigned long i = 0; i < count; i++) {
        uint64_t took_us = kill_one(script, (int)(i % KILLED_COUNT) + 1);
        worst_us = took_us > worst_us ? took_us : worst_us;
        sum_us += took_us;
    }
    print_message("%lu calls of 1 ms killed: CPU time %.2f ms each, %.2f ms at worst\n", count,
                  (double)sum_us / 1000 / (double)count, (double)worst_us / 1000);
    mg_script_free(script);
}

/* The collector, in steps and all at once, runs in most of these. Whichever bound is passed
 * first, the call ends by one. */
static void calls_killed_while_collecting_leave_a_state_that_works(void **state)
{
    (void)state;
    struct mg_script *script = sealed_killed(1, 256 << 10);
    unsigned long count = kill_count();
    unsigned long by_time = 0;
    for (unsigned long i = 0; i < count; i++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        mg_expect_int("killed", run_slot(script, (int)(i % KILLED_COUNT) + 1, &fault), false);
        mg_expect_true(fault.err.code, fault.bound != MG_BOUND_NONE);
        by_time += fault.bound == MG_BOUND_TIME;
        expect_works("the next one", script, FINE, "x19x20");
    }
    print_message("%lu of %lu calls killed for their time\n", by_time, count);
    mg_script_free(script);
}

static void *kill_some(void *unused)
{
    (void)unused;
    struct mg_script *script = sealed_killed(2, (size_t)512 << 20);
    for (int i = 0; i < 50; i++) {
        (void)kill_one(script, i % KILLED_COUNT + 1);
    }
    mg_script_free(script);
    return NULL;
}

/* A signal for one thread's call does not reach another's. */
static void two_threads_are_killed_apart(void **state)
{
    (void)state;
    struct mg_script *script = sealed_killed(5000, 4 << 20);
    pthread_t threads[2];
    for (size_t i = 0; i < MG_COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, kill_some, NULL), 0);
    }
    for (int i = 0; i < 5000; i++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        (void)run_slot(script, FINE, &fault);
        mg_expect_text("a short call", fault.err.code, "no fault");
        mg_script_idle(script);
    }
    for (size_t i = 0; i < MG_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    mg_script_free(script);
}

static void *run_elsewhere(void *script)
{
    (void)kill_one(script, 1);
    return NULL;
}

static void a_state_may_move_between_threads(void **state)
{
    (void)state;
    struct mg_script *script = sealed_killed(2, 4 << 20);
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, run_elsewhere, script), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        (void)kill_one(script, 2);
    }
    mg_script_free(script);
}

/* ---- calls whose last deed is in C ---- */

static int work_until_killed(lua_State *L)
{
    while (!mg_watch_is_killed(&mg_script_of(L)->watch)) {
    }
    return 0;
}

/* No instruction of Lua follows in which a hook would see it. */
static void a_call_that_is_killed_in_its_last_function_fails(void **state)
{
    (void)state;
    static const luaL_Reg words[] = {
        {"say", say}, {"hook", hook}, {"work", work_until_killed}, {NULL, NULL}};
    struct mg_script *script =
        sealed_with("hook(function() return work() end)\n"
                    "hook(function() say 'fine' end)",
                    words, NULL, &(struct mg_script_budget){.max_cpu_ms = 2});
    for (int i = 0; i < 3; i++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        mg_expect_int("it fails", run_slot(script, 1, &fault), false);
        mg_expect_text("why", fault.err.code, "budget-time");
        mg_expect_int("its bound", fault.bound, MG_BOUND_TIME);
        expect_works("the next one", script, 2, "fine");
    }
    mg_script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_of_too_much_cpu_time_is_stopped),
        cmocka_unit_test(a_call_that_waits_too_long_is_stopped),
#ifndef MG_SCRIPT_COUNTING_HOOK
        cmocka_unit_test(time_in_which_no_signal_could_be_taken_is_forgiven),
#endif
        cmocka_unit_test(a_call_is_stopped_within_another),
        cmocka_unit_test(short_calls_are_left_alone),
        cmocka_unit_test(calls_move_between_threads),
        cmocka_unit_test(the_thread_comes_and_goes_with_the_watches),
        cmocka_unit_test(a_thread_with_all_signals_blocked_is_reached),
        cmocka_unit_test(a_call_that_is_killed_in_its_last_function_fails),
        cmocka_unit_test(killed_calls_leave_a_state_that_works),
        cmocka_unit_test(calls_killed_while_collecting_leave_a_state_that_works),
        cmocka_unit_test(two_threads_are_killed_apart),
        cmocka_unit_test(a_state_may_move_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
