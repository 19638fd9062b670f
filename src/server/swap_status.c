/* swap_status.c - a snapshot in one block: the status, its workers, its generations, and their
 * numbers of exchanges.
 */
#include "server/swap_status.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "net/worker.h"
#include "server/swap_parts.h"
#include "server/worker_state.h"

struct snapshot {
    struct mg_swap_status status;
    struct mg_swap_worker workers[];
};

static size_t count_generations(const struct mg_swap *swap)
{
    size_t count = swap->build != NULL && swap->build->phase == PHASE_BUILDING;
    for (const struct mg_generation *g = swap->generations; g != NULL; g = g->next) {
        count++;
    }
    return count;
}

static void copy_generation(struct mg_swap_generation *to, uint64_t *in_flight,
                            const struct mg_generation *from)
{
    to->id = from->id;
    memcpy(to->revision, from->revision, MG_REVISION_SIZE);
    to->state = from->state;
    to->trigger = from->trigger;
    to->loaded_ms = from->loaded_ms;
    to->build_us = from->build_us;
    to->resources = from->set->resource_count;
    to->is_rejected = from->is_rejected;
    to->in_flight = in_flight;
    for (unsigned i = 0; i < from->slot_count; i++) {
        in_flight[i] = atomic_load_explicit(&from->slots[i].in_flight, memory_order_relaxed);
    }
}

static void copy_workers(struct mg_swap_worker *workers, const struct mg_swap *swap)
{
    for (unsigned i = 0; i < swap->server->options.workers; i++) {
        workers[i].generation = atomic_load(&swap->seen[i].generation);
        for (const struct mg_generation *g = swap->generations; g != NULL; g = g->next) {
            if (g->id == workers[i].generation) {
                memcpy(workers[i].revision, g->revision, MG_REVISION_SIZE);
            }
        }
    }
}

/* The counters of all workers: judged, differing, wider, narrower. */
static void sum_shadow(const struct mg_swap *swap, uint64_t sums[static 4])
{
    memset(sums, 0, 4 * sizeof(sums[0]));
    for (unsigned i = 0; i < swap->server->options.workers; i++) {
        const struct server_worker *worker = atomic_load(&swap->server->states[i]);
        if (worker != NULL) {
            const struct server_counters *counters = &worker->counters;
            sums[0] += atomic_load_explicit(&counters->shadowed, memory_order_relaxed);
            sums[1] += atomic_load_explicit(&counters->differing, memory_order_relaxed);
            sums[2] += atomic_load_explicit(&counters->wider, memory_order_relaxed);
            sums[3] += atomic_load_explicit(&counters->narrower, memory_order_relaxed);
        }
    }
}

void mg_swap_count_shadow(struct mg_swap *swap)
{
    sum_shadow(swap, swap->shadow_base);
}

static void copy_shadow(struct mg_swap_status *status, const struct mg_swap *swap)
{
    uint64_t sums[4];
    sum_shadow(swap, sums);
    status->has_shadow = swap->shadow != NULL;
    if (status->has_shadow) {
        status->shadow = (struct mg_swap_shadow){.sampled = sums[0] - swap->shadow_base[0],
                                                 .differing = sums[1] - swap->shadow_base[1],
                                                 .wider = sums[2] - swap->shadow_base[2],
                                                 .narrower = sums[3] - swap->shadow_base[3],
                                                 .one_in = swap->server->options.shadow_one_in};
    }
}

static uint64_t count_expired(const struct mg_swap *swap)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < swap->server->options.workers; i++) {
        const struct server_worker *worker = atomic_load(&swap->server->states[i]);
        count += worker == NULL
                     ? 0
                     : atomic_load_explicit(&worker->counters.expired, memory_order_relaxed);
    }
    return count;
}

static void copy_errors(struct mg_swap_status *status, const struct mg_swap *swap)
{
    memcpy(status->state_error, swap->state_error, sizeof(status->state_error));
    status->last_error_ms = swap->last_error_ms;
    status->last_error = swap->last_error;
    status->last_error_trigger = swap->last_error_trigger;
    memcpy(status->last_error_message, swap->last_error_message,
           sizeof(status->last_error_message));
    mg_errs_init(&status->last_faults);
    for (size_t i = 0; i < swap->last_faults.count; i++) {
        mg_errs_add(&status->last_faults, &swap->last_faults.items[i]);
    }
    status->last_faults.dropped += swap->last_faults.dropped;
    status->rejected_count = swap->rejected_count;
    memcpy(status->rejected, swap->rejected, sizeof(status->rejected));
    memcpy(status->swaps, swap->swaps, sizeof(status->swaps));
}

static struct mg_swap_status *take(const struct mg_swap *swap)
{
    unsigned workers = swap->server->options.workers;
    size_t generations = count_generations(swap);
    size_t size = sizeof(struct snapshot) + workers * sizeof(struct mg_swap_worker);
    struct snapshot *snapshot =
        mg_calloc(1, size + generations * (sizeof(struct mg_swap_generation) +
                                           workers * sizeof(uint64_t)));
    if (snapshot == NULL) {
        return NULL;
    }
    struct mg_swap_status *status = &snapshot->status;
    struct mg_swap_generation *to = (void *)((char *)snapshot + size);
    uint64_t *in_flight = (void *)(to + generations);
    status->uptime_ms = (mg_clock_us() - swap->server->started_us) / 1000;
    status->worker_count = workers;
    status->workers = snapshot->workers;
    status->generations = to;
    status->generation_count = generations;
    status->is_pinned = swap->is_pinned;
    status->is_watching = swap->is_watching;
    status->is_from_state = swap->is_from_state;
    status->drained_by_force = count_expired(swap);
    copy_workers(snapshot->workers, swap);
    copy_shadow(status, swap);
    copy_errors(status, swap);
    if (swap->build != NULL && swap->build->phase == PHASE_BUILDING) {
        *to++ = (struct mg_swap_generation){.state = MG_GENERATION_BUILDING,
                                            .trigger = swap->build->trigger,
                                            .loaded_ms = swap->build->began_ms,
                                            .in_flight = in_flight};
        in_flight += workers;
    }
    for (const struct mg_generation *g = swap->generations; g != NULL; g = g->next) {
        copy_generation(to++, in_flight, g);
        in_flight += workers;
    }
    return status;
}

struct mg_swap_status *mg_swap_status(struct mg_swap *swap)
{
    (void)pthread_mutex_lock(&swap->lock);
    struct mg_swap_status *status = take(swap);
    (void)pthread_mutex_unlock(&swap->lock);
    return status;
}

void mg_swap_status_free(struct mg_swap_status *status)
{
    if (status != NULL) {
        mg_errs_fini(&status->last_faults);
        free(status);
    }
}
