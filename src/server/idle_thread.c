/* idle_thread.c - a stack that anybody pushes to and the thread takes whole, and a semaphore.
 *
 * SCHED_RESET_ON_FORK: what the thread starts (a watchdog of scripts) runs as any other.
 */
#include "server/idle_thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/alloc.h"

struct mg_idle_thread {
    pthread_t thread;
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

static void *run(void *argument)
{
    struct mg_idle_thread *thread = argument;
    const struct sched_param none = {0};
    /* Where that is not to be had, it is a thread like others. */
    (void)sched_setscheduler(0, SCHED_IDLE | SCHED_RESET_ON_FORK, &none);
    while (true) {
        bool is_ending = atomic_load(&thread->is_ending);
        struct mg_idle_job *job = take(thread);
        if (job == NULL && is_ending) {
            return NULL;
        }
        while (job != NULL) {
            struct mg_idle_job *next = job->next;
            job->run(job);
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
        (void)sem_destroy(&thread->posted);
        free(thread);
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

void mg_idle_thread_stop(struct mg_idle_thread *thread)
{
    if (thread == NULL) {
        return;
    }
    atomic_store(&thread->is_ending, true);
    (void)sem_post(&thread->posted);
    (void)pthread_join(thread->thread, NULL);
    (void)sem_destroy(&thread->posted);
    free(thread);
}
