/* watchdog.h - one thread a process that ends calls which take too long, so that calls which do
 * not pay next to nothing for being bounded.
 *
 * Shape:     each state has a watch with a counter, its epoch: odd while a call runs. The
 *            thread looks at all watches every millisecond while calls are seen, every 20 ms
 *            while none are. An epoch that is still the same and odd after the call's time is
 *            put into `kill_epoch`, and the thread that runs gets a signal, again at each tick
 *            until it moves on. The handler compares both, so that no later call is hit, and
 *            calls `stop`.
 * Time:      CPU time of the thread that runs, so that a busy machine denies nobody; and wall
 *            time, of which only what the watchdog was awake for counts: a process that was
 *            stopped for a while is not to blame. A virtual machine's CPU time goes on while
 *            its host runs others. So a call whose CPU time is up is told so by a signal first,
 *            and ends once it has run for 2 ms more after taking it: what the host took was
 *            over then. A call is first seen up to 20 ms after its begin, then in ticks: it may
 *            take its time and 30 ms.
 * Signal:    SIGRTMIN+1, taken for good by the first watch. Under ThreadSanitizer, which holds
 *            signals back, none is sent: who runs asks mg_watch_is_killed now and then.
 * Threads:   add, remove and move from any thread; begin and end from the one that runs.
 */
#ifndef MG_SCRIPT_WATCHDOG_H
#define MG_SCRIPT_WATCHDOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* Defined, also from outside: no signals. */
#ifndef MG_SCRIPT_COUNTING_HOOK
#if defined(__SANITIZE_THREAD__)
#define MG_SCRIPT_COUNTING_HOOK
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MG_SCRIPT_COUNTING_HOOK
#endif
#endif
#endif

/* In storage of the caller's, zeroed but for the first four. */
struct mg_watch {
    void (*stop)(void *context); /* runs in a signal handler, in the midst of the call */
    void *context;
    _Atomic uint32_t max_cpu_ms;
    _Atomic uint32_t max_wall_ms;

    _Atomic uint64_t epoch;      /* odd: a call runs */
    _Atomic uint64_t late_epoch; /* of the call whose CPU time is up */
    _Atomic uint64_t told_epoch; /* of the call that has run since it was told so */
    _Atomic uint64_t kill_epoch; /* of the call that has to end */
    bool was_wall;               /* the wall time was passed; valid while it is being killed */
    struct mg_watch *outer;      /* of the call that this one was made in, on the same thread */

    uint64_t thread; /* number of the thread that ran last, 0 none; its clock and its id */
    clockid_t clock;
    pid_t tid;

    /* the watchdog's own */
    uint64_t seen_epoch;
    uint64_t cpu_start_us;  /* of the thread, when the epoch was first seen */
    uint64_t cpu_told_us;   /* of the thread, when it had been told; 0: it has not */
    uint64_t wall_us;       /* since then */
    uint64_t cpu_signal_us; /* of the thread, at the last signal */
    struct mg_watch *next;
    struct mg_watch *previous;
};

/* What a thread knows of itself. */
struct mg_watch_thread {
    uint64_t number;                  /* from 1, never given again; 0: none yet */
    struct mg_watch *_Atomic running; /* the innermost call's */
};
/* The model keeps the handler from allocating it, should this be part of a shared object. */
extern _Thread_local struct mg_watch_thread mg_watch_self
    __attribute__((tls_model("initial-exec")));

/* Watch calls from now on; starts the thread with the first watch.
 * Returns: false when it cannot be started. */
bool mg_watch_add(struct mg_watch *watch);
/* While no call runs. Ends the thread with the last watch. */
void mg_watch_remove(struct mg_watch *watch);

/* Note that from now on the calling thread runs the calls. */
void mg_watch_move(struct mg_watch *watch);

/* The thread that runs takes note of being told that its time is up. While a call runs. */
static inline void mg_watch_note(struct mg_watch *watch)
{
    uint64_t epoch = atomic_load_explicit(&watch->epoch, memory_order_relaxed);
    if (atomic_load_explicit(&watch->late_epoch, memory_order_acquire) == epoch) {
        atomic_store_explicit(&watch->told_epoch, epoch, memory_order_release);
    }
}

/* Whether the running call has to end. While one runs, by the thread that runs it. */
static inline bool mg_watch_is_killed(struct mg_watch *watch)
{
#ifdef MG_SCRIPT_COUNTING_HOOK
    mg_watch_note(watch); /* there is no signal in which to do it */
#endif
    return atomic_load_explicit(&watch->kill_epoch, memory_order_acquire) ==
           atomic_load_explicit(&watch->epoch, memory_order_relaxed);
}

/* Bound the calls that follow. While none runs. A call that has ended may still be judged by
 * these, which does nothing to it. */
static inline void mg_watch_bound(struct mg_watch *watch, uint32_t max_cpu_ms,
                                  uint32_t max_wall_ms)
{
    atomic_store_explicit(&watch->max_cpu_ms, max_cpu_ms, memory_order_relaxed);
    atomic_store_explicit(&watch->max_wall_ms, max_wall_ms, memory_order_relaxed);
}

/* A call begins. Plain stores in the common case: the handler runs on this thread, and the
 * watchdog may see them late. Whose watch is `running` has an odd epoch. */
static inline void mg_watch_begin(struct mg_watch *watch)
{
    if (watch->thread != mg_watch_self.number || watch->thread == 0) {
        mg_watch_move(watch);
    }
    uint64_t epoch = atomic_load_explicit(&watch->epoch, memory_order_relaxed);
    watch->outer = atomic_load_explicit(&mg_watch_self.running, memory_order_relaxed);
    atomic_store_explicit(&watch->epoch, epoch + 1, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&mg_watch_self.running, watch, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

/* The call has ended; `stop` is not called any more. */
static inline void mg_watch_end(struct mg_watch *watch)
{
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&mg_watch_self.running, watch->outer, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    uint64_t epoch = atomic_load_explicit(&watch->epoch, memory_order_relaxed);
    atomic_store_explicit(&watch->epoch, epoch + 1, memory_order_release);
}

#endif
