/* watchdog.c - the watching thread, the signal and its handler.
 *
 * A watch is linked under `list_lock`, which the thread holds while it looks and signals, and
 * gives back while it sleeps. The thread that a watch names may have ended since: its clock
 * then gives an error, and tgkill reaches nobody, or another thread of this process with the
 * same id, whose handler finds an epoch that does not match. pthread_kill would be undefined.
 *
 * A thread's address is given again to a later thread, so threads are told apart by numbers.
 */
#include "script/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "core/clock.h"

enum {
    TICK_US = 1000,
    LONGEST_NAP_US = 20 * 1000,
    TOLD_CPU_US = 2 * 1000, /* that a call may take once it was told that its time is up */
};

_Thread_local struct mg_watch_thread mg_watch_self;

/* Held while the thread is started or ended, so that one that ends and one that starts do not
 * meet; the thread itself takes only the other one. */
static pthread_mutex_t life_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t watchdog;

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct mg_watch *watches;
static bool has_to_end;

static _Atomic uint64_t last_thread;

/* ---- the signal ---- */

#ifdef MG_SCRIPT_COUNTING_HOOK

static bool take_signal(void)
{
    return true;
}

static void let_signal_in(void)
{
}

static void send_signal(const struct mg_watch *watch)
{
    (void)watch;
}

#else

static int signal_number(void)
{
    return SIGRTMIN + 1;
}

static void on_signal(int number)
{
    (void)number;
    int saved_errno = errno;
    struct mg_watch *watch = atomic_load_explicit(&mg_watch_self.running, memory_order_relaxed);
    for (; watch != NULL; watch = watch->outer) {
        mg_watch_note(watch);
        if (mg_watch_is_killed(watch)) {
            watch->stop(watch->context);
        }
    }
    errno = saved_errno;
}

static bool take_signal(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    return sigaction(signal_number(), &action, NULL) == 0;
}

/* Threads may have been started with all signals blocked. */
static void let_signal_in(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, signal_number());
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void send_signal(const struct mg_watch *watch)
{
    (void)tgkill(getpid(), watch->tid, signal_number());
}

#endif

/* ---- the thread ---- */

static uint64_t to_us(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* Write the epoch that is seen to what the thread that runs compares with its own, and send the
 * signal. */
static void tell(struct mg_watch *watch, _Atomic uint64_t *what, uint64_t cpu_us)
{
    uint64_t epoch = watch->seen_epoch;
    if (atomic_load_explicit(what, memory_order_relaxed) != epoch) {
        atomic_store_explicit(what, epoch, memory_order_release);
    } else if (watch->cpu_signal_us == cpu_us) {
        return; /* it has not run since, so the signal still waits for it */
    }
    watch->cpu_signal_us = cpu_us;
    send_signal(watch);
}

static void kill_call(struct mg_watch *watch, uint64_t cpu_us, bool is_wall)
{
    if (atomic_load_explicit(&watch->kill_epoch, memory_order_relaxed) != watch->seen_epoch) {
        watch->was_wall = is_wall;
    }
    tell(watch, &watch->kill_epoch, cpu_us);
}

/* The CPU time of the call is up: tell it so, and see it run on before it is killed. */
static void hurry_call(struct mg_watch *watch, uint64_t cpu_us)
{
    if (atomic_load_explicit(&watch->told_epoch, memory_order_acquire) != watch->seen_epoch) {
        tell(watch, &watch->late_epoch, cpu_us);
    } else if (watch->cpu_told_us == 0) {
        watch->cpu_told_us = cpu_us;
    } else if (cpu_us - watch->cpu_told_us >= TOLD_CPU_US) {
        kill_call(watch, cpu_us, false);
    }
}

/* Look at one watch, `passed_us` after the last look. Returns: whether a call was seen. */
static bool look(struct mg_watch *watch, uint64_t passed_us)
{
    uint64_t epoch = atomic_load_explicit(&watch->epoch, memory_order_acquire);
    bool has_moved = epoch != watch->seen_epoch;
    watch->seen_epoch = epoch;
    if (epoch % 2 == 0) {
        return has_moved;
    }
    struct timespec time;
    if (clock_gettime(watch->clock, &time) != 0) {
        return has_moved; /* the call has ended meanwhile, and its thread too */
    }
    uint64_t cpu_us = to_us(time);
    if (has_moved) {
        watch->cpu_start_us = cpu_us;
        watch->cpu_told_us = 0;
        watch->wall_us = 0;
        return true;
    }
    watch->wall_us += passed_us;
    uint64_t max_cpu_ms = atomic_load_explicit(&watch->max_cpu_ms, memory_order_relaxed);
    uint64_t max_wall_ms = atomic_load_explicit(&watch->max_wall_ms, memory_order_relaxed);
    bool is_cpu = cpu_us - watch->cpu_start_us >= max_cpu_ms * 1000;
    bool is_wall = watch->wall_us >= max_wall_ms * 1000;
    if (is_wall) {
        kill_call(watch, cpu_us, true);
    } else if (is_cpu) {
        hurry_call(watch, cpu_us);
    }
    return true;
}

/* Sleep, with list_lock given back. */
static void nap(uint64_t us)
{
    uint64_t until_us = mg_clock_us() + us;
    struct timespec until = {.tv_sec = (time_t)(until_us / 1000000),
                             .tv_nsec = (long)(until_us % 1000000) * 1000};
    (void)pthread_cond_clockwait(&wake, &list_lock, CLOCK_MONOTONIC, &until);
}

static void *run(void *unused)
{
    (void)unused;
    uint64_t nap_us = TICK_US;
    uint64_t last_us = mg_clock_us();
    (void)pthread_mutex_lock(&list_lock);
    while (!has_to_end) {
        uint64_t now_us = mg_clock_us();
        uint64_t passed_us = now_us - last_us;
        passed_us = passed_us < 2 * nap_us ? passed_us : 2 * nap_us;
        last_us = now_us;
        bool is_busy = false;
        for (struct mg_watch *watch = watches; watch != NULL; watch = watch->next) {
            is_busy = look(watch, passed_us) || is_busy;
        }
        nap_us = is_busy ? TICK_US : 2 * nap_us;
        nap_us = nap_us < LONGEST_NAP_US ? nap_us : LONGEST_NAP_US;
        nap(nap_us);
    }
    (void)pthread_mutex_unlock(&list_lock);
    return NULL;
}

/* Start the thread with all signals blocked: they are for others. */
static bool start(void)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    has_to_end = false;
    bool has_started = take_signal() && pthread_create(&watchdog, NULL, run, NULL) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return has_started;
}

/* ---- watches ---- */

bool mg_watch_add(struct mg_watch *watch)
{
    (void)pthread_mutex_lock(&life_lock);
    bool is_watched = watches != NULL || start();
    if (is_watched) {
        (void)pthread_mutex_lock(&list_lock);
        watch->next = watches;
        watch->previous = NULL;
        if (watches != NULL) {
            watches->previous = watch;
        }
        watches = watch;
        (void)pthread_mutex_unlock(&list_lock);
    }
    (void)pthread_mutex_unlock(&life_lock);
    return is_watched;
}

void mg_watch_remove(struct mg_watch *watch)
{
    (void)pthread_mutex_lock(&life_lock);
    (void)pthread_mutex_lock(&list_lock);
    if (watch->next != NULL) {
        watch->next->previous = watch->previous;
    }
    if (watch->previous != NULL) {
        watch->previous->next = watch->next;
    } else {
        watches = watch->next;
    }
    has_to_end = watches == NULL;
    bool is_last = has_to_end;
    (void)pthread_mutex_unlock(&list_lock);
    if (is_last) {
        (void)pthread_cond_signal(&wake);
        (void)pthread_join(watchdog, NULL);
    }
    (void)pthread_mutex_unlock(&life_lock);
}

void mg_watch_move(struct mg_watch *watch)
{
    if (mg_watch_self.number == 0) {
        mg_watch_self.number = 1 + atomic_fetch_add(&last_thread, 1);
        let_signal_in();
    }
    (void)pthread_mutex_lock(&list_lock);
    watch->thread = mg_watch_self.number;
    watch->tid = gettid();
    if (pthread_getcpuclockid(pthread_self(), &watch->clock) != 0) {
        watch->clock = CLOCK_MONOTONIC; /* does not happen to a living thread */
    }
    (void)pthread_mutex_unlock(&list_lock);
}
