/* swap.c - the control thread, and what others ask of it.
 *
 * The thread sleeps in poll; workers, builder, reaper and callers wake it, and it looks at
 * everything each time: that is a handful of words. It does no work that takes time.
 */
#include "server/swap.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "net/notify.h"
#include "net/worker.h"
#include "policy/bundle.h"
#include "policy/source.h"
#include "server/swap_parts.h"

enum {
    QUIET_MS = 150,       /* without a change, before files are read */
    WRITING_MS = 1000,    /* the same where a file was written to and not closed */
    LONGEST_MS = 2000,    /* from the first change, whatever follows */
    KEPT_WAIT_MS = 2000,  /* that rollbacks and pins wait for the state directory */
    STOP_WAIT_MS = 10000, /* that a stop waits for the threads */
};

static uint64_t now_ms(void)
{
    return mg_clock_us() / 1000;
}

void mg_swap_wake(struct mg_swap *swap)
{
    const uint64_t one = 1;
    ssize_t written = write(swap->wake_fd, &one, sizeof(one));
    (void)written; /* a full counter wakes as well */
}

/* ---- paths ---- */

bool mg_swap_copy_paths(struct swap_paths *to, const char *const *paths, size_t count)
{
    size_t size = 1;
    *to = (struct swap_paths){.text = NULL};
    for (size_t i = 0; i < count; i++) {
        size += strlen(paths[i]) + 1;
    }
    to->text = count > MG_OPTIONS_MAX_LIST ? NULL : mg_malloc(size);
    if (to->text == NULL) {
        return false;
    }
    char *at = to->text;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(paths[i]) + 1;
        memcpy(at, paths[i], length);
        to->strings.items[to->strings.count++] = at;
        at += length;
    }
    return true;
}

void mg_swap_free_paths(struct swap_paths *paths)
{
    free(paths->text);
    *paths = (struct swap_paths){.text = NULL};
}

/* ---- files ---- */

/* A change was heard of: wait until it has settled, and longer for what is being written. */
static void hear(struct mg_swap *swap)
{
    uint64_t now = now_ms();
    if (swap->quiet_at_ms == 0) {
        swap->heard_ms = now;
    }
    uint64_t quiet_ms = mg_watch_is_writing(swap->watch) ? WRITING_MS : QUIET_MS;
    uint64_t latest_ms = swap->heard_ms + LONGEST_MS;
    swap->quiet_at_ms = now + quiet_ms < latest_ms ? now + quiet_ms : latest_ms;
}

void mg_swap_watch(struct mg_swap *swap, const struct mg_witness *newest)
{
    const struct mg_witness *witnesses[] = {&swap->seen_good, &swap->seen_last};
    if (swap->watch == NULL) {
        return;
    }
    bool was_watching = swap->is_watching;
    swap->is_watching = mg_watch_set(swap->watch, witnesses, 2);
    if (was_watching && !swap->is_watching) {
        MG_LOG(MG_LOG_WARNING, "not all policy files are watched: SIGHUP has them read",
               {"error", mg_str_from(strerror(errno))});
    }
    if (!mg_witness_holds(newest, mg_sources_hash_names)) {
        hear(swap);
    }
}

static void listen_to_files(struct mg_swap *swap)
{
    if (swap->watch != NULL && mg_watch_read(swap->watch)) {
        hear(swap);
    }
    if (swap->quiet_at_ms != 0 && now_ms() >= swap->quiet_at_ms) {
        swap->quiet_at_ms = 0;
        mg_watch_give_up(swap->watch);
        swap->wanted[MG_TRIGGER_FILE] = true;
    }
}

/* ---- the control thread ---- */

static int sooner(int a_ms, int b_ms)
{
    return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static int until_quiet(const struct mg_swap *swap)
{
    uint64_t now = now_ms();
    if (swap->quiet_at_ms == 0) {
        return -1;
    }
    return swap->quiet_at_ms > now ? (int)(swap->quiet_at_ms - now) : 0;
}

/* Look at everything once. Returns: ms until it has to look again by itself, or -1. */
static int look(struct mg_swap *swap)
{
    listen_to_files(swap);
    int wait_ms = mg_swap_drain(swap);
    struct swap_build *build = swap->build;
    if (build != NULL && build->phase == PHASE_BUILDING && atomic_load(&build->is_done)) {
        mg_swap_conclude_build(swap);
        build = swap->build;
    }
    if (build != NULL && build->phase == PHASE_PUBLISHING &&
        mg_swap_is_acknowledged(swap, build->ticket)) {
        mg_swap_end_build(swap, MG_SWAP_DONE, "");
    }
    mg_swap_note_state(swap);
    mg_swap_begin_build(swap);
    (void)pthread_cond_broadcast(&swap->changed);
    return sooner(wait_ms, until_quiet(swap));
}

static void *run(void *argument)
{
    struct mg_swap *swap = argument;
    int wait_ms = 0;
    (void)pthread_mutex_lock(&swap->lock);
    while (!swap->is_stopping) {
        struct pollfd fds[] = {
            {.fd = swap->wake_fd, .events = POLLIN},
            {.fd = swap->watch == NULL ? -1 : mg_watch_fd(swap->watch), .events = POLLIN},
        };
        (void)pthread_mutex_unlock(&swap->lock);
        uint64_t wakes;
        (void)poll(fds, 2, wait_ms);
        ssize_t got = read(swap->wake_fd, &wakes, sizeof(wakes));
        (void)got;
        (void)pthread_mutex_lock(&swap->lock);
        wait_ms = look(swap);
    }
    (void)pthread_cond_broadcast(&swap->changed);
    (void)pthread_mutex_unlock(&swap->lock);
    return NULL;
}

/* ---- life ---- */

static bool start_control(struct mg_swap *swap)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    swap->has_control = pthread_create(&swap->control, NULL, run, swap) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (swap->has_control) {
        (void)pthread_setname_np(swap->control, "swap");
    }
    return swap->has_control;
}

static struct mg_swap *alloc_swap(struct mg_server *server)
{
    struct mg_swap *swap = mg_calloc(1, sizeof(*swap));
    if (swap == NULL) {
        return NULL;
    }
    swap->server = server;
    (void)pthread_mutex_init(&swap->lock, NULL);
    (void)pthread_cond_init(&swap->changed, NULL);
    mg_witness_init(&swap->seen_good);
    mg_witness_init(&swap->seen_last);
    mg_buf_init(&swap->first_bundle, MG_BUNDLE_MAX_BYTES);
    mg_errs_init(&swap->last_faults);
    swap->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    size_t size = server->options.workers * sizeof(*swap->seen);
    swap->seen = aligned_alloc(_Alignof(struct swap_seen), size);
    if (swap->seen != NULL) {
        memset(swap->seen, 0, size);
        for (unsigned i = 0; i < server->options.workers; i++) {
            atomic_init(&swap->seen[i].generation, 1);
        }
    }
    bool is_watched = !server->options.ignores_files;
    swap->watch = is_watched ? mg_watch_new() : NULL;
    if (swap->wake_fd < 0 || swap->seen == NULL || (is_watched && swap->watch == NULL) ||
        !mg_swap_copy_paths(&swap->paths, server->options.policies.items,
                            server->options.policies.count)) {
        (void)mg_swap_free(swap);
        return NULL;
    }
    return swap;
}

struct mg_swap *mg_swap_new(struct mg_server *server, struct mg_errs *errs)
{
    struct mg_swap *swap = alloc_swap(server);
    if (swap == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "no memory to start");
        return NULL;
    }
    const char *state_dir = server->options.state_dir;
    swap->state_dir = state_dir == NULL ? NULL : mg_state_dir_open(state_dir, errs);
    if ((state_dir != NULL && swap->state_dir == NULL) || !mg_swap_load_first(swap, errs)) {
        (void)mg_swap_free(swap);
        return NULL;
    }
    return swap;
}

bool mg_swap_start(struct mg_swap *swap, struct mg_errs *errs)
{
    swap->builder = mg_idle_thread_start("builder");
    swap->reaper = mg_idle_thread_start("reaper");
    bool keeps = swap->state_dir != NULL;
    swap->keeper = keeps ? mg_idle_thread_start("keeper") : NULL;
    if (swap->builder == NULL || swap->reaper == NULL || (keeps && swap->keeper == NULL)) {
        mg_errs_fail(errs, "thread-start", NULL, "cannot start the threads of swaps");
        return false;
    }
    if (swap->watch != NULL) {
        mg_swap_watch(swap, swap->seen_last.count > 0 ? &swap->seen_last : &swap->seen_good);
        if (!swap->is_watching) {
            MG_LOG(MG_LOG_WARNING, "not all policy files are watched: SIGHUP has them read",
                   {"error", mg_str_from(strerror(errno))});
        }
    }
    mg_swap_keep(swap, swap->first_bundle.len > 0 ? &swap->first_bundle : NULL,
                 swap->active->revision);
    if (!start_control(swap)) {
        mg_errs_fail(errs, "thread-start", NULL, "cannot start the thread of swaps");
        return false;
    }
    return true;
}

void mg_swap_stop(struct mg_swap *swap)
{
    (void)pthread_mutex_lock(&swap->lock);
    swap->is_stopping = true;
    (void)pthread_cond_broadcast(&swap->changed);
    (void)pthread_mutex_unlock(&swap->lock);
    mg_swap_wake(swap);
}

/* Returns: whether all have ended in time. */
static bool stop_threads(struct mg_swap *swap)
{
    uint64_t until_us = mg_clock_us() + STOP_WAIT_MS * 1000ULL;
    bool has_built = mg_idle_thread_stop(swap->builder, until_us);
    bool has_reaped = mg_idle_thread_stop(swap->reaper, until_us);
    return mg_idle_thread_stop(swap->keeper, until_us) && has_built && has_reaped;
}

bool mg_swap_free(struct mg_swap *swap)
{
    if (swap == NULL) {
        return true;
    }
    mg_swap_stop(swap);
    if (swap->has_control) {
        (void)pthread_join(swap->control, NULL);
    }
    if (!stop_threads(swap)) {
        return false;
    }
    if (swap->build != NULL && swap->build->phase == PHASE_BUILDING) {
        mg_generation_free(swap->build->generation);
    }
    mg_swap_free_build(swap->build);
    mg_swap_note_state(swap);
    while (swap->generations != NULL) {
        struct mg_generation *generation = swap->generations;
        swap->generations = generation->next;
        mg_generation_free(generation);
    }
    mg_state_dir_close(swap->state_dir);
    mg_watch_free(swap->watch);
    mg_witness_fini(&swap->seen_good);
    mg_witness_fini(&swap->seen_last);
    mg_buf_fini(&swap->first_bundle);
    mg_errs_fini(&swap->last_faults);
    mg_swap_free_paths(&swap->paths);
    free(swap->seen);
    if (swap->wake_fd >= 0) {
        (void)close(swap->wake_fd);
    }
    (void)pthread_cond_destroy(&swap->changed);
    (void)pthread_mutex_destroy(&swap->lock);
    free(swap);
    return true;
}

/* ---- requests ---- */

static void begin_outcome(struct mg_swap_outcome *outcome)
{
    *outcome = (struct mg_swap_outcome){.result = MG_SWAP_FAILED};
    mg_errs_init(&outcome->errs);
}

void mg_swap_outcome_fini(struct mg_swap_outcome *outcome)
{
    mg_errs_fini(&outcome->errs);
}

static void fill_active(const struct mg_swap *swap, struct mg_swap_outcome *outcome,
                        enum mg_swap_result result, const char *message)
{
    outcome->result = result;
    outcome->generation = swap->active->id;
    memcpy(outcome->revision, swap->active->revision, MG_REVISION_SIZE);
    MG_ERR_SET(outcome->message, "%s", message);
}

/* Take a waiter out of the list it is in: nobody will look at it any more. */
static void unlink_waiter(struct mg_swap *swap, struct swap_waiter *waiter)
{
    struct swap_waiter **lists[] = {&swap->first_waiter,
                                    swap->build == NULL ? NULL : &swap->build->waiters};
    for (size_t i = 0; i < 2; i++) {
        for (struct swap_waiter **link = lists[i]; link != NULL && *link != NULL;
             link = &(*link)->next) {
            if (*link == waiter) {
                *link = waiter->next;
                return;
            }
        }
    }
}

static void append_waiter(struct mg_swap *swap, struct swap_waiter *waiter)
{
    if (swap->first_waiter == NULL) {
        swap->first_waiter = waiter;
    } else {
        swap->last_waiter->next = waiter;
    }
    swap->last_waiter = waiter;
}

void mg_swap_run(struct mg_swap *swap, const struct mg_swap_request *request,
                 struct mg_swap_outcome *outcome)
{
    struct swap_waiter waiter = {.request = request, .outcome = outcome};
    begin_outcome(outcome);
    (void)pthread_mutex_lock(&swap->lock);
    append_waiter(swap, &waiter);
    mg_swap_wake(swap);
    while (!waiter.is_over && !swap->is_stopping) {
        (void)pthread_cond_wait(&swap->changed, &swap->lock);
    }
    if (!waiter.is_over) {
        unlink_waiter(swap, &waiter);
        fill_active(swap, outcome, MG_SWAP_BUSY, "the server stops");
    }
    (void)pthread_mutex_unlock(&swap->lock);
}

void mg_swap_promote(struct mg_swap *swap, bool force, bool confirms_wider,
                     struct mg_swap_outcome *outcome)
{
    const struct mg_swap_request request = {
        .trigger = MG_TRIGGER_PROMOTE, .force = force, .confirms_wider = confirms_wider};
    mg_swap_run(swap, &request, outcome);
}

/* Give the state directory a moment, so that a restart follows. */
static void wait_until_kept(struct mg_swap *swap)
{
    uint64_t until_ms = now_ms() + KEPT_WAIT_MS;
    const struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                                   .tv_nsec = (long)(until_ms % 1000) * 1000000};
    while (!mg_swap_is_kept(swap) && now_ms() < until_ms && !swap->is_stopping) {
        (void)pthread_cond_clockwait(&swap->changed, &swap->lock, CLOCK_MONOTONIC, &until);
    }
}

/* Wait until every worker has said `ticket`, or the server stops. */
static void wait_for_workers(struct mg_swap *swap, uint64_t ticket)
{
    while (!mg_swap_is_acknowledged(swap, ticket) && !swap->is_stopping) {
        (void)pthread_cond_wait(&swap->changed, &swap->lock);
    }
}

void mg_swap_discard(struct mg_swap *swap, struct mg_swap_outcome *outcome)
{
    begin_outcome(outcome);
    (void)pthread_mutex_lock(&swap->lock);
    bool is_promoted = swap->build != NULL && swap->build->shadow != NULL;
    if (swap->is_stopping || is_promoted) {
        fill_active(swap, outcome, MG_SWAP_BUSY,
                    is_promoted ? "the shadow is being promoted" : "the server stops");
    } else if (swap->shadow == NULL) {
        fill_active(swap, outcome, MG_SWAP_NOTHING, "there is no shadow to discard");
    } else {
        char revision[MG_REVISION_SIZE];
        memcpy(revision, swap->shadow->revision, sizeof(revision));
        MG_LOG(MG_LOG_INFO, "shadow discarded", {"revision", mg_str_from(revision)});
        wait_for_workers(swap, mg_swap_set_shadow(swap, NULL));
        fill_active(swap, outcome, MG_SWAP_DONE, "");
        memcpy(outcome->revision, revision, sizeof(revision));
    }
    (void)pthread_mutex_unlock(&swap->lock);
}

void mg_swap_trigger(struct mg_swap *swap, enum mg_swap_trigger trigger)
{
    if (trigger == MG_TRIGGER_SIGNAL) {
        char text[64];
        (void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
                       (unsigned long long)mg_clock_us());
        mg_notify(text);
    }
    (void)pthread_mutex_lock(&swap->lock);
    swap->wanted[trigger] = true;
    (void)pthread_mutex_unlock(&swap->lock);
    mg_swap_wake(swap);
}

void mg_swap_pin(struct mg_swap *swap, bool is_pinned)
{
    (void)pthread_mutex_lock(&swap->lock);
    if (swap->is_pinned != is_pinned) {
        swap->is_pinned = is_pinned;
        MG_LOG(MG_LOG_INFO, is_pinned ? "policies pinned" : "policies unpinned",
               {"revision", mg_str_from(swap->active->revision)});
        mg_swap_keep(swap, NULL, NULL);
        mg_swap_wake(swap);
    }
    wait_until_kept(swap);
    (void)pthread_mutex_unlock(&swap->lock);
}

/* ---- rollback ---- */

static struct mg_generation *find_target(const struct mg_swap *swap, uint64_t generation)
{
    for (struct mg_generation *g = swap->generations; g != NULL; g = g->next) {
        bool is_meant = generation == 0 ? !g->is_rejected : g->id == generation;
        if (g->state == MG_GENERATION_RETIRED && is_meant) {
            return g;
        }
    }
    return NULL;
}

static void roll_back(struct mg_swap *swap, struct mg_generation *target,
                      struct mg_swap_outcome *outcome)
{
    struct mg_generation *from = swap->active;
    uint64_t start_us = mg_clock_us();
    if (swap->build != NULL && swap->build->phase == PHASE_BUILDING) {
        swap->build->is_superseded = true;
    }
    from->is_rejected = true;
    target->is_rejected = false;
    mg_swap_reject(swap, from->revision);
    mg_swap_forgive(swap, target->revision);
    uint64_t ticket = mg_swap_publish(swap, target);
    mg_swap_log_rollback(from, target);
    mg_swap_keep(swap, NULL, NULL);
    wait_for_workers(swap, ticket);
    outcome->publish_us = mg_clock_us() - start_us;
    wait_until_kept(swap);
    swap->swaps[MG_TRIGGER_ROLLBACK][MG_SWAP_DONE]++;
    fill_active(swap, outcome, MG_SWAP_DONE, "");
    outcome->generation = target->id;
    memcpy(outcome->revision, target->revision, MG_REVISION_SIZE);
}

void mg_swap_rollback(struct mg_swap *swap, uint64_t generation,
                      struct mg_swap_outcome *outcome)
{
    begin_outcome(outcome);
    (void)pthread_mutex_lock(&swap->lock);
    struct mg_generation *target = find_target(swap, generation);
    if (swap->is_stopping) {
        fill_active(swap, outcome, MG_SWAP_BUSY, "the server stops");
    } else if (generation != 0 && generation == swap->active->id) {
        fill_active(swap, outcome, MG_SWAP_UNCHANGED, "that generation is the active one");
    } else if (target == NULL) {
        swap->swaps[MG_TRIGGER_ROLLBACK][MG_SWAP_NOTHING]++;
        fill_active(swap, outcome, MG_SWAP_NOTHING,
                    generation == 0
                        ? "there is no earlier generation to go back to"
                        : "that generation is not kept: status lists those that are");
    } else {
        roll_back(swap, target, outcome);
    }
    (void)pthread_mutex_unlock(&swap->lock);
}
