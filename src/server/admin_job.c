/* admin_job.c - a command runs on a thread of its own, for it may wait long; how many at once
 * is bounded. A job belongs to its thread until that posts it to the admin thread, which
 * answers and frees it. `conn` is the admin thread's alone.
 */
#include <stdlib.h>
#include <time.h>

#include "core/alloc.h"
#include "net/worker.h"
#include "server/admin_internal.h"

enum {
    POST_AGAIN_MS = 10
};

struct admin_job {
    struct mg_admin *admin;
    const struct admin_endpoint *endpoint;
    struct admin_order order;
    struct admin_reply reply;
    struct mg_conn *conn; /* NULL: gone */
};

static void free_job(struct admin_job *job)
{
    admin_order_fini(&job->order);
    admin_reply_fini(&job->reply);
    free(job);
}

/* On the admin thread. */
static void finish(struct mg_worker *worker, void *argument)
{
    (void)worker;
    struct admin_job *job = argument;
    if (job->conn != NULL) {
        admin_conn_finish(job->conn, &job->reply);
    }
    free_job(job);
}

void admin_job_forget(struct admin_job *job)
{
    job->conn = NULL;
}

static void note_end(struct mg_admin *admin, bool is_swap)
{
    (void)pthread_mutex_lock(&admin->lock);
    admin->jobs--;
    admin->swaps -= is_swap;
    (void)pthread_cond_broadcast(&admin->job_ended);
    (void)pthread_mutex_unlock(&admin->lock);
}

static void *run(void *argument)
{
    struct admin_job *job = argument;
    struct mg_admin *admin = job->admin;
    bool is_swap = job->endpoint->is_swap;
    const struct timespec wait = {.tv_nsec = POST_AGAIN_MS * 1000000L};
    job->endpoint->carry_out(admin, &job->order, &job->reply);
    /* The admin thread lives as long as a job does; what posting can lack is memory. */
    while (mg_workers_post(admin->workers, finish, job) == 0) {
        (void)nanosleep(&wait, NULL);
    }
    note_end(admin, is_swap);
    return NULL;
}

/* Take a place among the jobs. Returns: NULL, or why there is none. */
static const char *take_place(struct mg_admin *admin, bool is_swap)
{
    const char *wrong = NULL;
    (void)pthread_mutex_lock(&admin->lock);
    if (admin->is_stopping) {
        wrong = "the server is stopping";
    } else if (admin->jobs == ADMIN_MAX_JOBS || (is_swap && admin->swaps == ADMIN_MAX_SWAPS)) {
        wrong = "too many commands wait already: ask again when some have ended";
    } else {
        admin->jobs++;
        admin->swaps += is_swap;
    }
    (void)pthread_mutex_unlock(&admin->lock);
    return wrong;
}

static bool start_thread(struct admin_job *job)
{
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int error = pthread_create(&thread, &attributes, run, job);
    (void)pthread_attr_destroy(&attributes);
    return error == 0;
}

const char *admin_job_start(struct mg_admin *admin, const struct admin_endpoint *endpoint,
                            struct admin_order *order, struct mg_conn *conn,
                            struct admin_job **out)
{
    struct admin_job *job = mg_calloc(1, sizeof(*job));
    const char *wrong = job == NULL ? "memory is out" : take_place(admin, endpoint->is_swap);
    if (wrong != NULL) {
        free(job);
        admin_order_fini(order);
        return wrong;
    }
    job->admin = admin;
    job->endpoint = endpoint;
    job->order = *order;
    job->conn = conn;
    admin_reply_init(&job->reply);
    if (!start_thread(job)) {
        free_job(job);
        note_end(admin, endpoint->is_swap);
        return "no thread could be started";
    }
    *out = job;
    return NULL;
}

void admin_jobs_end(struct mg_admin *admin)
{
    (void)pthread_mutex_lock(&admin->lock);
    admin->is_stopping = true;
    while (admin->jobs > 0) {
        (void)pthread_cond_wait(&admin->job_ended, &admin->lock);
    }
    (void)pthread_mutex_unlock(&admin->lock);
}
