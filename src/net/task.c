/* task.c - work handed to a worker's thread by another one: a list behind a lock and an eventfd
 * that wakes the loop. One block holds a post's entries for all workers; whoever runs the last
 * frees it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "net/worker_internal.h"

struct mg_post {
    void (*task)(struct mg_worker *, void *);
    void *argument;
    atomic_uint holders;
    struct mg_task entries[];
};

bool mg_tasks_init(struct mg_task_queue *queue)
{
    *queue = (struct mg_task_queue){0};
    return pthread_mutex_init(&queue->lock, NULL) == 0;
}

void mg_tasks_fini(struct mg_task_queue *queue)
{
    (void)pthread_mutex_destroy(&queue->lock);
}

void mg_worker_wake(struct mg_worker *worker)
{
    uint64_t one = 1;
    /* Fails only when 2^64 - 2 wakes are unread, and then the loop wakes anyway. */
    ssize_t written = write(worker->wake_fd, &one, sizeof(one));
    (void)written;
}

static void release(struct mg_post *post, unsigned count)
{
    if (atomic_fetch_sub(&post->holders, count) == count) {
        free(post);
    }
}

/* Returns: false when the worker has ended. */
static bool push(struct mg_worker *worker, struct mg_task *task)
{
    struct mg_task_queue *queue = &worker->tasks;
    (void)pthread_mutex_lock(&queue->lock);
    bool is_taken = !queue->has_ended;
    bool was_empty = queue->first == NULL;
    if (is_taken) {
        if (was_empty) {
            queue->first = task;
        } else {
            queue->last->next = task;
        }
        queue->last = task;
        if (was_empty) {
            mg_worker_wake(worker);
        }
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return is_taken;
}

unsigned mg_workers_post(struct mg_workers *workers, void (*task)(struct mg_worker *, void *),
                         void *argument)
{
    unsigned count = workers->count;
    struct mg_post *post = mg_calloc(1, sizeof(*post) + count * sizeof(post->entries[0]));
    if (post == NULL) {
        return 0;
    }
    post->task = task;
    post->argument = argument;
    /* One holder more than workers: this function, until all have their entry. */
    atomic_init(&post->holders, count + 1);
    unsigned taken = 0;
    for (unsigned i = 0; i < count; i++) {
        post->entries[i].post = post;
        taken += push(workers->items[i], &post->entries[i]);
    }
    release(post, count - taken + 1);
    return taken;
}

static struct mg_task *take_all(struct mg_task_queue *queue, bool is_last_time)
{
    (void)pthread_mutex_lock(&queue->lock);
    struct mg_task *task = queue->first;
    queue->first = NULL;
    /* Ended only when nothing was left, since a task may post another one. */
    queue->has_ended = is_last_time && task == NULL;
    (void)pthread_mutex_unlock(&queue->lock);
    return task;
}

static void run_list(struct mg_worker *worker, struct mg_task *task)
{
    while (task != NULL) {
        struct mg_task *next = task->next; /* the entry goes with its post */
        struct mg_post *post = task->post;
        post->task(worker, post->argument);
        release(post, 1);
        task = next;
    }
}

void mg_tasks_run(struct mg_worker *worker)
{
    run_list(worker, take_all(&worker->tasks, false));
}

void mg_tasks_end(struct mg_worker *worker)
{
    struct mg_task *task;
    while ((task = take_all(&worker->tasks, true)) != NULL) {
        run_list(worker, task);
    }
}
