/* admin_status.c - the document of GET /status. */
#include <unistd.h>

#include "core/clock.h"
#include "net/worker.h"
#include "server/admin_internal.h"
#include "server/json.h"
#include "server/server.h"
#include "server/swap.h"
#include "server/worker_state.h"

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *time_of(uint64_t wall_ms)
{
    char text[MG_CLOCK_RFC3339_SIZE];
    mg_clock_rfc3339(wall_ms * 1000, text);
    return json_string(text);
}

static json_t *generation_document(const struct mg_swap_generation *generation,
                                   unsigned worker_count)
{
    json_t *document = json_object();
    json_t *in_flight = json_array();
    for (unsigned i = 0; generation->in_flight != NULL && i < worker_count; i++) {
        json_array_append_new(in_flight, number(generation->in_flight[i]));
    }
    json_object_set_new(document, "generation",
                        generation->id == 0 ? json_null() : number(generation->id));
    json_object_set_new(document, "revision", mg_json_text_or_null(generation->revision));
    json_object_set_new(document, "state",
                        json_string(mg_generation_state_name(generation->state)));
    json_object_set_new(document, "trigger",
                        json_string(mg_swap_trigger_name(generation->trigger)));
    json_object_set_new(document, "loaded", time_of(generation->loaded_ms));
    json_object_set_new(document, "build_us", number(generation->build_us));
    json_object_set_new(document, "resources", number(generation->resources));
    json_object_set_new(document, "rejected", json_boolean(generation->is_rejected));
    json_object_set_new(document, "in_flight", in_flight);
    return document;
}

static json_t *worker_document(const struct mg_server *server, unsigned index,
                               const struct mg_swap_worker *worker)
{
    const struct mg_worker_counters *counters = mg_workers_counters(server->workers, index);
    json_t *document = json_object();
    json_object_set_new(document, "worker", number(index));
    json_object_set_new(document, "generation", number(worker->generation));
    json_object_set_new(document, "revision", mg_json_text_or_null(worker->revision));
    json_object_set_new(document, "connections",
                        number(atomic_load_explicit(&counters->open, memory_order_relaxed)));
    json_object_set_new(
        document, "accepted",
        number(atomic_load_explicit(&counters->accepted, memory_order_relaxed)));
    json_object_set_new(document, "requests", number(mg_server_requests(server, index)));
    return document;
}

static json_t *error_document(const struct mg_swap_status *status)
{
    if (status->last_error_ms == 0) {
        return json_null();
    }
    json_t *document = json_object();
    json_object_set_new(document, "time", time_of(status->last_error_ms));
    json_object_set_new(document, "trigger",
                        json_string(mg_swap_trigger_name(status->last_error_trigger)));
    json_object_set_new(document, "result",
                        json_string(mg_swap_result_name(status->last_error)));
    json_object_set_new(document, "message", mg_json_text_or_null(status->last_error_message));
    json_object_set_new(document, "diagnostics", mg_json_faults(&status->last_faults));
    return document;
}

static json_t *shadow_document(const struct mg_swap_status *status)
{
    const struct mg_swap_shadow *shadow = &status->shadow;
    if (!status->has_shadow) {
        return json_null();
    }
    json_t *document = json_object();
    json_object_set_new(document, "one_in", number(shadow->one_in));
    json_object_set_new(document, "sampled", number(shadow->sampled));
    json_object_set_new(document, "differing", number(shadow->differing));
    json_object_set_new(document, "wider", number(shadow->wider));
    json_object_set_new(document, "narrower", number(shadow->narrower));
    return document;
}

/* By trigger and result; zeros are left out. */
static json_t *swaps_document(const struct mg_swap_status *status)
{
    json_t *document = json_object();
    for (unsigned trigger = 0; trigger < MG_TRIGGER_COUNT; trigger++) {
        json_t *results = json_object();
        for (unsigned result = 0; result < MG_SWAP_RESULT_COUNT; result++) {
            if (status->swaps[trigger][result] > 0) {
                json_object_set_new(results, mg_swap_result_name((enum mg_swap_result)result),
                                    number(status->swaps[trigger][result]));
            }
        }
        if (json_object_size(results) > 0) {
            json_object_set_new(document, mg_swap_trigger_name((enum mg_swap_trigger)trigger),
                                results);
        } else {
            json_decref(results);
        }
    }
    return document;
}

static void add_lists(json_t *document, const struct mg_server *server,
                      const struct mg_swap_status *status)
{
    json_t *generations = json_array();
    json_t *workers = json_array();
    json_t *rejected = json_array();
    for (size_t i = 0; i < status->generation_count; i++) {
        json_array_append_new(
            generations, generation_document(&status->generations[i], status->worker_count));
    }
    for (unsigned i = 0; i < status->worker_count; i++) {
        json_array_append_new(workers, worker_document(server, i, &status->workers[i]));
    }
    for (size_t i = 0; i < status->rejected_count; i++) {
        json_array_append_new(rejected, json_string(status->rejected[i]));
    }
    json_object_set_new(document, "generations", generations);
    json_object_set_new(document, "workers", workers);
    json_object_set_new(document, "rejected", rejected);
}

static json_t *listeners_document(const struct mg_server *server)
{
    json_t *list = json_array();
    char url[256];
    for (size_t i = 0; mg_server_url(server, i, url, sizeof(url)) != NULL; i++) {
        json_array_append_new(list, json_string(url));
    }
    return list;
}

json_t *admin_status_document(struct mg_admin *admin)
{
    const struct mg_server *server = admin->server;
    struct mg_swap_status *status = mg_swap_status(server->swap);
    if (status == NULL) {
        return NULL;
    }
    json_t *document = json_object();
    json_object_set_new(document, "version", json_string(MG_VERSION));
    json_object_set_new(document, "pid", number((uint64_t)getpid()));
    json_object_set_new(document, "uptime_ms", number(status->uptime_ms));
    json_object_set_new(document, "ready", json_boolean(atomic_load(&server->is_ready)));
    json_object_set_new(document, "listeners", listeners_document(server));
    json_object_set_new(document, "pinned", json_boolean(status->is_pinned));
    json_object_set_new(document, "watching", json_boolean(status->is_watching));
    json_object_set_new(document, "from_state_directory", json_boolean(status->is_from_state));
    json_object_set_new(document, "state_directory_error",
                        mg_json_text_or_null(status->state_error));
    add_lists(document, server, status);
    json_object_set_new(document, "shadow", shadow_document(status));
    json_object_set_new(document, "last_error", error_document(status));
    json_object_set_new(document, "swaps", swaps_document(status));
    mg_swap_status_free(status);
    return document;
}
