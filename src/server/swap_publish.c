/* swap_publish.c - from a built generation to a freed one.
 *
 *   publish:  store the pointer, raise the ticket, post `refresh` to every worker. A worker
 *             that says the ticket uses nothing older for new exchanges.
 *   drain:    post `drain` behind it. A worker without exchanges of the old generation lets
 *             go at once, another one with its last. When all have, the reaper frees it.
 *   expire:   past the drain limit exchanges are ended.
 */
#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "net/worker.h"
#include "server/exchange.h"
#include "server/swap_parts.h"
#include "server/worker_state.h"

/* ---- on the workers' threads ---- */

static void refresh(struct mg_worker *thread, void *argument)
{
    struct mg_swap *swap = argument;
    struct server_worker *worker = mg_worker_state(thread);
    struct swap_seen *seen = &swap->seen[mg_worker_index(thread)];
    uint64_t ticket = atomic_load(&swap->ticket);
    const struct mg_generation *generation = atomic_load(&swap->server->active);
    if (worker != NULL) {
        worker->shadow = atomic_load(&swap->shadow_seen);
        worker->shadow_turn = 0;
    }
    atomic_store(&seen->generation, generation->id);
    atomic_store(&seen->ticket, ticket);
    mg_swap_wake(swap);
}

static void let_go(struct mg_swap *swap, struct mg_generation *generation)
{
    if (atomic_fetch_sub(&generation->holders, 1) == 1) {
        mg_swap_wake(swap);
    }
}

static void drain(struct mg_worker *thread, void *argument)
{
    struct mg_generation *generation = argument;
    struct mg_server *server = mg_worker_shared(thread);
    struct mg_generation_slot *slot = &generation->slots[mg_worker_index(thread)];
    if (atomic_load_explicit(&slot->in_flight, memory_order_relaxed) == 0) {
        let_go(server->swap, generation);
    } else {
        slot->is_draining = true;
    }
}

void mg_generation_drained(struct server_worker *worker, struct mg_generation *generation)
{
    generation->slots[worker->index].is_draining = false;
    let_go(worker->server->swap, generation);
}

static void expire(struct mg_worker *thread, void *argument)
{
    (void)argument;
    struct server_worker *worker = mg_worker_state(thread);
    if (worker != NULL) {
        server_count(&worker->counters.expired, mg_exchange_expire(worker));
    }
}

/* ---- publishing ---- */

void mg_swap_link(struct mg_swap *swap, struct mg_generation *generation,
                  enum mg_generation_state state)
{
    generation->id = ++swap->last_id;
    generation->state = state;
    generation->next = swap->generations;
    swap->generations = generation;
}

static void unlink_generation(struct mg_swap *swap, const struct mg_generation *generation)
{
    struct mg_generation **link = &swap->generations;
    while (*link != generation) {
        link = &(*link)->next;
    }
    *link = generation->next;
}

/* Workers that have ended hear nothing, and need not. */
static bool post(struct mg_swap *swap, void (*task)(struct mg_worker *, void *), void *argument)
{
    return mg_workers_post(swap->server->workers, task, argument) > 0 || swap->is_stopping;
}

static uint64_t tell_workers(struct mg_swap *swap)
{
    uint64_t ticket = atomic_fetch_add(&swap->ticket, 1) + 1;
    swap->owes_refresh = !post(swap, refresh, swap);
    return ticket;
}

bool mg_swap_is_acknowledged(const struct mg_swap *swap, uint64_t ticket)
{
    for (unsigned i = 0; i < swap->server->options.workers; i++) {
        if (atomic_load(&swap->seen[i].ticket) < ticket) {
            return false;
        }
    }
    return true;
}

static void post_drain(struct mg_swap *swap, struct mg_generation *generation)
{
    atomic_store(&generation->holders, generation->slot_count);
    generation->owes_drain = !post(swap, drain, generation);
}

/* Begin to drain: nobody new will hold it. */
static void begin_drain(struct mg_swap *swap, struct mg_generation *generation)
{
    generation->state = MG_GENERATION_DRAINING;
    generation->drain_deadline_ms =
        mg_clock_us() / 1000 + swap->server->options.limits.drain_timeout;
    post_drain(swap, generation);
}

static void settle(const struct mg_swap *swap, struct mg_generation *generation)
{
    uint64_t settle_ms = swap->server->options.settle_ms;
    atomic_store(&generation->settles_until_ms,
                 settle_ms == 0 ? 0 : mg_clock_us() / 1000 + settle_ms);
}

uint64_t mg_swap_publish(struct mg_swap *swap, struct mg_generation *generation)
{
    struct mg_generation *before = swap->active;
    settle(swap, generation);
    generation->state = MG_GENERATION_ACTIVE;
    swap->active = generation;
    atomic_store_explicit(&swap->server->active, generation, memory_order_release);
    uint64_t ticket = tell_workers(swap);
    for (struct mg_generation *g = swap->generations; g != NULL; g = g->next) {
        if (g->state == MG_GENERATION_RETIRED && g != generation) {
            begin_drain(swap, g);
        }
    }
    before->state = MG_GENERATION_RETIRED;
    if (strcmp(before->revision, generation->revision) != 0) {
        memcpy(swap->previous, before->revision, MG_REVISION_SIZE);
    }
    return ticket;
}

uint64_t mg_swap_set_shadow(struct mg_swap *swap, struct mg_generation *shadow)
{
    struct mg_generation *before = swap->shadow;
    swap->shadow = shadow;
    atomic_store(&swap->shadow_seen, shadow);
    uint64_t ticket = tell_workers(swap);
    if (before != NULL) {
        begin_drain(swap, before);
    }
    return ticket;
}

/* ---- draining ---- */

static void run_reaping(struct mg_idle_job *job)
{
    struct swap_reaping *reaping = (struct swap_reaping *)(void *)job;
    struct mg_swap *swap = reaping->swap;
    mg_generation_free(reaping->generation);
    free(reaping);
    atomic_fetch_sub(&swap->live, 1);
    mg_swap_wake(swap);
}

void mg_swap_reap(struct mg_swap *swap, struct mg_generation *generation)
{
    struct swap_reaping *reaping = mg_calloc(1, sizeof(*reaping));
    if (reaping == NULL) { /* here and now, then: it costs the swap's thread alone */
        mg_generation_free(generation);
        atomic_fetch_sub(&swap->live, 1);
        return;
    }
    reaping->job.run = run_reaping;
    reaping->swap = swap;
    reaping->generation = generation;
    mg_idle_thread_post(swap->reaper, &reaping->job);
}

/* Returns: ms until it expires, or -1 once it has. */
static int look_at_deadline(struct mg_swap *swap, struct mg_generation *generation)
{
    uint64_t now_ms = mg_clock_us() / 1000;
    if (atomic_load(&generation->is_expired)) {
        return -1;
    }
    if (now_ms < generation->drain_deadline_ms) {
        return (int)(generation->drain_deadline_ms - now_ms);
    }
    atomic_store(&generation->is_expired, true);
    if (!post(swap, expire, NULL)) {
        atomic_store(&generation->is_expired, false);
        return 100;
    }
    return -1;
}

int mg_swap_drain(struct mg_swap *swap)
{
    int wait_ms = -1;
    struct mg_generation *next;
    if (swap->owes_refresh) {
        swap->owes_refresh = !post(swap, refresh, swap);
        wait_ms = swap->owes_refresh ? 100 : -1;
    }
    for (struct mg_generation *g = swap->generations; g != NULL; g = next) {
        next = g->next;
        if (g->state != MG_GENERATION_DRAINING) {
            continue;
        }
        if (g->owes_drain) {
            post_drain(swap, g);
        }
        if (!g->owes_drain && atomic_load(&g->holders) == 0) {
            unlink_generation(swap, g);
            mg_swap_reap(swap, g);
            continue;
        }
        int left_ms = g->owes_drain ? 100 : look_at_deadline(swap, g);
        if (left_ms >= 0 && (wait_ms < 0 || left_ms < wait_ms)) {
            wait_ms = left_ms;
        }
    }
    return wait_ms;
}

/* ---- what was rolled back ---- */

bool mg_swap_is_rejected(const struct mg_swap *swap, const char *revision)
{
    for (size_t i = 0; i < swap->rejected_count; i++) {
        if (strcmp(swap->rejected[i], revision) == 0) {
            return true;
        }
    }
    return false;
}

void mg_swap_forgive(struct mg_swap *swap, const char *revision)
{
    size_t kept = 0;
    for (size_t i = 0; i < swap->rejected_count; i++) {
        if (strcmp(swap->rejected[i], revision) != 0) {
            memmove(swap->rejected[kept++], swap->rejected[i], MG_REVISION_SIZE);
        }
    }
    swap->rejected_count = kept;
}

void mg_swap_reject(struct mg_swap *swap, const char *revision)
{
    mg_swap_forgive(swap, revision);
    if (swap->rejected_count == MG_SWAP_MAX_REJECTED) { /* the oldest makes room */
        swap->rejected_count--;
        memmove(swap->rejected[0], swap->rejected[1],
                swap->rejected_count * sizeof(swap->rejected[0]));
    }
    (void)snprintf(swap->rejected[swap->rejected_count++], MG_REVISION_SIZE, "%s", revision);
}
