/* metrics_swaps.c - generations and what became of the swaps. */
#include <stdio.h>

#include "server/metrics_internal.h"
#include "server/server.h"
#include "server/swap.h"

static void write_results(struct mg_metrics *metrics, const struct mg_swap_status *status)
{
    mg_metrics_family(metrics, "moongate_swaps_total", "counter",
                      "Swaps that were asked for, by what asked and what came of it.");
    for (unsigned trigger = 0; trigger < MG_TRIGGER_COUNT; trigger++) {
        for (unsigned result = 0; result < MG_SWAP_RESULT_COUNT; result++) {
            uint64_t count = status->swaps[trigger][result];
            if (count > 0) {
                mg_metrics_count(
                    metrics,
                    mg_label("trigger", mg_swap_trigger_name((enum mg_swap_trigger)trigger)),
                    mg_label("result", mg_swap_result_name((enum mg_swap_result)result)),
                    count);
            }
        }
    }
}

static void write_generations(struct mg_metrics *metrics, const struct mg_swap_status *status)
{
    uint64_t states[MG_GENERATION_SHADOW + 1] = {0};
    uint64_t in_flight = 0;
    const struct mg_swap_generation *active = NULL;
    for (size_t i = 0; i < status->generation_count; i++) {
        const struct mg_swap_generation *generation = &status->generations[i];
        states[generation->state]++;
        active = generation->state == MG_GENERATION_ACTIVE ? generation : active;
        for (unsigned w = 0; generation->in_flight != NULL && w < status->worker_count; w++) {
            in_flight += generation->in_flight[w];
        }
    }
    mg_metrics_family(metrics, "moongate_generations", "gauge",
                      "Generations that are built, by state.");
    for (unsigned state = 0; state <= MG_GENERATION_SHADOW; state++) {
        mg_metrics_count(
            metrics,
            mg_label("state", mg_generation_state_name((enum mg_generation_state)state)),
            mg_no_label(), states[state]);
    }
    mg_metrics_one(metrics, "moongate_exchanges_in_flight", "gauge",
                   "Exchanges that hold a generation now.", in_flight);
    if (active == NULL) {
        return;
    }
    mg_metrics_one(metrics, "moongate_generation", "gauge",
                   "Number of the generation that is active.", active->id);
    mg_metrics_family(metrics, "moongate_revision_info", "gauge",
                      "Always 1; the active revision is its label.");
    mg_metrics_count(metrics, mg_label("revision", active->revision), mg_no_label(), 1);
    mg_metrics_one(metrics, "moongate_resources", "gauge",
                   "Resources of the active generation.", active->resources);
    mg_metrics_family(metrics, "moongate_generation_loaded_timestamp_seconds", "gauge",
                      "When the active generation was loaded, since 1970-01-01 UTC.");
    mg_metrics_seconds(metrics, mg_no_label(), mg_no_label(), active->loaded_ms * 1000);
}

static void write_shadow(struct mg_metrics *metrics, const struct mg_swap_shadow *shadow)
{
    mg_metrics_one(metrics, "moongate_shadow_sampled_total", "counter",
                   "Exchanges that the shadow judged as well.", shadow->sampled);
    mg_metrics_family(metrics, "moongate_shadow_differing_total", "counter",
                      "Of those, the ones it decides otherwise: wider, narrower, or other.");
    mg_metrics_count(metrics, mg_label("how", "wider"), mg_no_label(), shadow->wider);
    mg_metrics_count(metrics, mg_label("how", "narrower"), mg_no_label(), shadow->narrower);
    uint64_t told = shadow->wider + shadow->narrower;
    mg_metrics_count(metrics, mg_label("how", "other"), mg_no_label(),
                     shadow->differing > told ? shadow->differing - told : 0);
}

void metrics_write_swaps(struct mg_metrics *metrics, const struct mg_server *server)
{
    struct mg_swap_status *status = mg_swap_status(server->swap);
    if (status == NULL) {
        metrics->out->overflowed = true;
        return;
    }
    write_generations(metrics, status);
    write_results(metrics, status);
    mg_metrics_one(metrics, "moongate_drain_expired_total", "counter",
                   "Exchanges that were ended since they held an old generation for too long.",
                   status->drained_by_force);
    mg_metrics_one(metrics, "moongate_pinned", "gauge",
                   "1 while the active generation is pinned.", status->is_pinned);
    mg_metrics_one(metrics, "moongate_watching", "gauge", "1 while policy files are watched.",
                   status->is_watching);
    mg_metrics_one(metrics, "moongate_from_state_directory", "gauge",
                   "1 while a set of the state directory serves in place of the source.",
                   status->is_from_state);
    mg_metrics_one(metrics, "moongate_rejected_revisions", "gauge",
                   "Revisions that were rolled back, and that triggers leave alone.",
                   status->rejected_count);
    mg_metrics_family(
        metrics, "moongate_swap_refused_timestamp_seconds", "gauge",
        "When a swap was refused last, since 1970-01-01 UTC; 0: that was made good.");
    mg_metrics_seconds(metrics, mg_no_label(), mg_no_label(), status->last_error_ms * 1000);
    write_shadow(metrics, &status->shadow);
    mg_swap_status_free(status);
}
