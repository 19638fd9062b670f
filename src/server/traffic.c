/* traffic.c - see the header. What most requests do comes first: a reason of the engine is told
 * by its pointer, which is nearly always among the first of them.
 */
#include "server/traffic.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "server/exchange.h"
#include "server/series.h"
#include "server/worker_state.h"

const uint32_t mg_duration_bounds_us[MG_DURATION_BUCKETS - 1] = {
    50,    100,   250,   500,    1000,   2500,    5000,
    10000, 25000, 50000, 100000, 500000, 2500000, 10000000};

void mg_traffic_init(struct mg_traffic *traffic)
{
    for (unsigned i = 0; i < MG_REASON_COUNT; i++) {
        traffic->codes[i] = mg_reason_code((enum mg_reason)i);
    }
    traffic->decisions =
        mg_calloc((size_t)MG_SERIES_ROWS * MG_TRAFFIC_REASONS, sizeof(*traffic->decisions));
}

void mg_traffic_fini(struct mg_traffic *traffic)
{
    free(traffic->decisions);
}

/* ---- tables ---- */

/* Take the next place of a table for `name`. */
static void take_name(char out[static MG_COUNTED_NAME_BYTES], struct mg_str name)
{
    size_t length = name.len < MG_COUNTED_NAME_BYTES ? name.len : MG_COUNTED_NAME_BYTES - 1;
    memcpy(out, name.ptr, length);
    out[length] = '\0';
}

static bool is_name(const char *taken, struct mg_str name)
{
    size_t length = name.len < MG_COUNTED_NAME_BYTES ? name.len : MG_COUNTED_NAME_BYTES - 1;
    return memcmp(taken, name.ptr, length) == 0 && taken[length] == '\0';
}

void mg_name_counters_add(struct mg_name_counters *counters, struct mg_str name)
{
    unsigned used = atomic_load_explicit(&counters->used, memory_order_relaxed);
    unsigned i = 0;
    while (i < used && !is_name(counters->items[i].name, name)) {
        i++;
    }
    if (i == MG_COUNTED_NAMES || name.len == 0) {
        server_count(&counters->others, 1);
        return;
    }
    if (i == used) {
        take_name(counters->items[i].name, name);
        atomic_store_explicit(&counters->used, used + 1, memory_order_release);
    }
    server_count(&counters->items[i].count, 1);
}

/* ---- exchanges ---- */

static void count_duration(struct mg_traffic *traffic, uint64_t took_us)
{
    unsigned bucket = 0;
    while (bucket < MG_DURATION_BUCKETS - 1 && took_us > mg_duration_bounds_us[bucket]) {
        bucket++;
    }
    server_count(&traffic->durations[bucket], 1);
    server_count(&traffic->duration_sum_us, took_us);
}

/* The column of the table of decisions: codes of the engine are the same literals wherever they
 * come from, those of policies are none of them. */
static unsigned column_of(const struct mg_traffic *traffic, const char *reason)
{
    unsigned i = 0;
    while (i < MG_REASON_COUNT && reason != traffic->codes[i]) {
        i++;
    }
    return i;
}

static void count_decision(struct mg_traffic *traffic, const struct mg_decision *decision,
                           unsigned row)
{
    unsigned column = column_of(traffic, decision->reason);
    if (traffic->decisions != NULL) {
        server_count(&traffic->decisions[row * MG_TRAFFIC_REASONS + column], 1);
    }
    if (decision->verdict != MG_VERDICT_DENY) {
        return;
    }
    if (column < MG_REASON_COUNT) {
        server_count(&traffic->denied_by_code[column], 1);
    } else {
        mg_name_counters_add(&traffic->denied_by_policy, mg_str_from(decision->reason));
    }
}

/* Whether the exchange came far enough to have a kind. */
static bool has_kind(const struct mg_exchange *exchange)
{
    return exchange->decision.reason != NULL || exchange->decision.kind != MG_KIND_NONE;
}

void mg_traffic_count(struct mg_traffic *traffic, const struct mg_exchange *exchange)
{
    const struct mg_decision *decision = &exchange->decision;
    unsigned status = exchange->answer == ANSWER_NONE ? 0 : exchange->status;
    unsigned kind = has_kind(exchange) ? (unsigned)decision->kind : MG_TRAFFIC_KINDS - 1;
    server_count(&traffic->requests[kind][status / 100 % MG_TRAFFIC_CLASSES], 1);
    count_duration(traffic, mg_clock_us() - exchange->started_us);
    unsigned row = mg_exchange_series(exchange);
    if (decision->reason != NULL && row < MG_SERIES_ROWS) {
        count_decision(traffic, decision, row);
    }
    if (exchange->handler == NULL && status >= 400 && exchange->reason != decision->reason) {
        mg_name_counters_add(&traffic->refused, mg_str_from(exchange->reason));
    }
}

void mg_traffic_count_refusal(struct mg_traffic *traffic, unsigned status, const char *reason)
{
    server_count(&traffic->requests[MG_TRAFFIC_KINDS - 1][status / 100 % MG_TRAFFIC_CLASSES],
                 1);
    mg_name_counters_add(&traffic->refused, mg_str_from(reason));
}

/* ---- plugins ---- */

void mg_traffic_count_plugin(struct mg_traffic *traffic, struct mg_str plugin,
                             enum mg_hook hook, bool has_failed)
{
    unsigned used = atomic_load_explicit(&traffic->plugins_used, memory_order_relaxed);
    unsigned i = 0;
    while (i < used && !is_name(traffic->plugins[i].name, plugin)) {
        i++;
    }
    if (i == MG_COUNTED_PLUGINS) {
        return;
    }
    if (i == used) {
        take_name(traffic->plugins[i].name, plugin);
        atomic_store_explicit(&traffic->plugins_used, used + 1, memory_order_release);
    }
    server_count(&traffic->plugins[i].calls[hook], 1);
    server_count(&traffic->plugins[i].errors[hook], has_failed);
}
