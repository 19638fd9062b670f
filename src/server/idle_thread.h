/* idle_thread.h - a thread for work that must not take time from the workers: after a start of
 * 5 ms of CPU time as any other thread a job runs under SCHED_IDLE, only where a core has
 * nothing else to do.
 *
 * Locks:     none is shared with whoever posts: a thread that is not given the processor would
 *            keep it.
 * Threads:   post from any; jobs run one after another, in the order of posting.
 */
#ifndef MG_SERVER_IDLE_THREAD_H
#define MG_SERVER_IDLE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

struct mg_idle_thread;

/* A job is part of what it works on; it is not looked at any more once `run` has begun. */
struct mg_idle_job {
    struct mg_idle_job *next;
    void (*run)(struct mg_idle_job *job);
};

/* Start a thread with this name (15 bytes at most). Returns: NULL when memory or threads are
 * out. */
struct mg_idle_thread *mg_idle_thread_start(const char *name);
void mg_idle_thread_post(struct mg_idle_thread *thread, struct mg_idle_job *job);
/* Run what was posted, then end and free the thread. Returns: false when that had not come to
 * pass at `until_us` (core/clock.h's monotonic time): it goes on, with all that it works on. */
bool mg_idle_thread_stop(struct mg_idle_thread *thread, uint64_t until_us);

#endif
