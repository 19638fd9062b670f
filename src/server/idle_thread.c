/* idle_thread.c - a stack that anybody pushes to and the thread takes whole, and a semaphore.
 *
 * Each job has a thread of its own, which begins as any other and falls to SCHED_IDLE when it
 * has had its start: nobody without privileges gets back from there, and on a machine without
 * an idle moment a small set would never be built. What such a thread starts (a watchdog of
 * scripts) runs as any other: SCHED_RESET_ON_FORK.
 */
#include "server/idle_thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"

enum {
    START_CPU_MS = 5, /* that a job may take before it gets only what nobody else wants */
    LOOK_MS = 2,      /* how often that is looked at, until then */
};

enum life {
    LIFE_GOES_ON,
    LIFE_ENDED,
    LIFE_ABANDONED, /* nobody waits for its end: it frees itself */
};

struct mg_idle_thread {
    pthread_t thread;
    _Atomic enum life life;
    sem_t posted;
    _Atomic(struct mg_idle_job *) jobs; /* newest first */
    atomic_bool is_ending;
};

/* Take all jobs, oldest first. */
static struct mg_idle_job *take(struct mg_idle_thread *thread)
{
    struct mg_idle_job *job = atomic_exchange(&thread->jobs, NULL);
    struct mg_idle_job *oldest = NULL;
    while (job != NULL) {
        struct mg_idle_job *next = job->next;
        job->next = oldest;
        oldest = job;
        job = next;
    }
    return oldest;
}

/* ---- one job ---- */

struct run {
    struct mg_idle_job *job;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int tid; /* 0: not known yet */
    bool is_over;
};

static void *run_job(void *argument)
{
    struct run *run = argument;
    (void)pthread_mutex_lock(&run->lock);
    run->tid = gettid();
    (void)pthread_mutex_unlock(&run->lock);
    run->job->run(run->job);
    (void)pthread_mutex_lock(&run->lock);
    run->is_over = true;
    (void)pthread_cond_signal(&run->changed);
    (void)pthread_mutex_unlock(&run->lock);
    return NULL;
}

static void fall_idle(int tid)
{
    const struct sched_param none = {0};
    (void)sched_setscheduler(tid, SCHED_IDLE | SCHED_RESET_ON_FORK, &none);
}

/* Whether the job's thread has had its start. */
static bool has_started(pthread_t thread)
{
    clockid_t clock;
    struct timespec time;
    return pthread_getcpuclockid(thread, &clock) == 0 && clock_gettime(clock, &time) == 0 &&
           (time.tv_sec > 0 || time.tv_nsec >= START_CPU_MS * 1000000L);
}

/* Wait for the end of the job, or LOOK_MS. */
static void wait_a_little(struct run *run)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_clockwait(&run->changed, &run->lock, CLOCK_MONOTONIC, &until);
}

static void run_apart(struct mg_idle_job *job)
{
    struct run run = {
        .job = job, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_job, &run) != 0) {
        job->run(job);
        return;
    }
    char name[16];
    if (pthread_getname_np(pthread_self(), name, sizeof(name)) == 0) {
        (void)pthread_setname_np(thread, name);
    }
    (void)pthread_mutex_lock(&run.lock);
    while (!run.is_over && (run.tid == 0 || !has_started(thread))) {
        wait_a_little(&run);
    }
    if (!run.is_over) {
        fall_idle(run.tid);
    }
    (void)pthread_mutex_unlock(&run.lock);
    (void)pthread_join(thread, NULL);
    (void)pthread_cond_destroy(&run.changed);
    (void)pthread_mutex_destroy(&run.lock);
}

static void free_thread(struct mg_idle_thread *thread)
{
    (void)sem_destroy(&thread->posted);
    free(thread);
}

static void *run(void *argument)
{
    struct mg_idle_thread *thread = argument;
    while (true) {
        bool is_ending = atomic_load(&thread->is_ending);
        struct mg_idle_job *job = take(thread);
        if (job == NULL && is_ending) {
            if (atomic_exchange(&thread->life, LIFE_ENDED) == LIFE_ABANDONED) {
                free_thread(thread);
            }
            return NULL;
        }
        while (job != NULL) {
            struct mg_idle_job *next = job->next;
            run_apart(job);
            job = next;
        }
        while (sem_wait(&thread->posted) != 0 && errno == EINTR) {
        }
    }
}

struct mg_idle_thread *mg_idle_thread_start(const char *name)
{
    sigset_t all;
    sigset_t before;
    struct mg_idle_thread *thread = mg_calloc(1, sizeof(*thread));
    if (thread == NULL) {
        return NULL;
    }
    (void)sem_init(&thread->posted, 0, 0);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread->thread, NULL, run, thread);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        free_thread(thread);
        return NULL;
    }
    (void)pthread_setname_np(thread->thread, name);
    return thread;
}

void mg_idle_thread_post(struct mg_idle_thread *thread, struct mg_idle_job *job)
{
    job->next = atomic_load(&thread->jobs);
    while (!atomic_compare_exchange_weak(&thread->jobs, &job->next, job)) {
    }
    (void)sem_post(&thread->posted);
}

bool mg_idle_thread_stop(struct mg_idle_thread *thread, uint64_t until_us)
{
    if (thread == NULL) {
        return true;
    }
    /* Wall time, since ThreadSanitizer knows only the join that takes it. */
    uint64_t now_us = mg_clock_us();
    uint64_t wall_us = mg_clock_wall_us() + (until_us > now_us ? until_us - now_us : 0);
    const struct timespec until = {.tv_sec = (time_t)(wall_us / 1000000),
                                   .tv_nsec = (long)(wall_us % 1000000) * 1000};
    atomic_store(&thread->is_ending, true);
    (void)sem_post(&thread->posted);
    pthread_t id = thread->thread;
    if (pthread_timedjoin_np(id, NULL, &until) != 0) {
        if (atomic_exchange(&thread->life, LIFE_ABANDONED) == LIFE_GOES_ON) {
            (void)pthread_detach(id);
            return false;
        }
        (void)pthread_join(id, NULL); /* it has ended just now */
    }
    free_thread(thread);
    return true;
}
