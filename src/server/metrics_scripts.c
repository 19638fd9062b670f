/* metrics_scripts.c - functions and hooks of policies, plugins, and their dictionaries. */
#include <stdlib.h>

#include "core/alloc.h"
#include "plugin/dict.h"
#include "policy/runtime.h"
#include "server/metrics_internal.h"
#include "server/server.h"
#include "server/traffic.h"

/* ---- functions and hooks ---- */

static void write_calls(struct mg_metrics *metrics, const struct mg_server *server)
{
    uint64_t calls = 0;
    uint64_t errors = 0;
    uint64_t kills[MG_BOUND_MEMORY + 1] = {0};
    static const char *const bounds[] = {
        [MG_BOUND_STEPS] = "steps", [MG_BOUND_TIME] = "time", [MG_BOUND_MEMORY] = "memory"};
    for (unsigned i = 0; i < server->options.workers; i++) {
        const struct mg_runtime_totals *totals = &server->script_totals[i];
        calls += metrics_read(&totals->calls);
        errors += metrics_read(&totals->errors);
        for (unsigned bound = MG_BOUND_STEPS; bound <= MG_BOUND_MEMORY; bound++) {
            kills[bound] += metrics_read(&totals->kills[bound]);
        }
    }
    mg_metrics_one(metrics, "moongate_script_calls_total", "counter",
                   "Calls of policies' functions and hooks.", calls);
    mg_metrics_one(metrics, "moongate_script_errors_total", "counter",
                   "Functions and hooks, those of plugins too, that failed.", errors);
    mg_metrics_family(metrics, "moongate_script_budget_kills_total", "counter",
                      "Those that were ended since they passed their budget.");
    for (unsigned bound = MG_BOUND_STEPS; bound <= MG_BOUND_MEMORY; bound++) {
        mg_metrics_count(metrics, mg_label("budget", bounds[bound]), mg_no_label(),
                         kills[bound]);
    }
}

/* ---- plugins ---- */

/* Of all workers as one. */
struct merged {
    unsigned used;
    struct {
        const char *name;
        uint64_t calls[MG_HOOK_COUNT];
        uint64_t errors[MG_HOOK_COUNT];
    } items[MG_COUNTED_PLUGINS * 4];
};

static void merge_one(struct merged *merged, const struct mg_plugin_counters *counters)
{
    unsigned i = 0;
    while (i < merged->used && strcmp(merged->items[i].name, counters->name) != 0) {
        i++;
    }
    if (i == sizeof(merged->items) / sizeof(merged->items[0])) {
        return;
    }
    merged->used += i == merged->used;
    merged->items[i].name = counters->name;
    for (unsigned hook = 0; hook < MG_HOOK_COUNT; hook++) {
        merged->items[i].calls[hook] += metrics_read(&counters->calls[hook]);
        merged->items[i].errors[hook] += metrics_read(&counters->errors[hook]);
    }
}

static void merge_all(struct merged *merged, const struct mg_server *server)
{
    for (unsigned i = 0; i < server->options.workers; i++) {
        const struct mg_traffic *traffic = metrics_traffic(server, i);
        unsigned used = traffic == NULL ? 0
                                        : atomic_load_explicit(&traffic->plugins_used,
                                                               memory_order_acquire);
        for (unsigned p = 0; p < used; p++) {
            merge_one(merged, &traffic->plugins[p]);
        }
    }
}

static const char *hook_label(unsigned hook)
{
    static const char *const names[MG_HOOK_COUNT] = {[MG_HOOK_REQUEST] = "request",
                                                     [MG_HOOK_DECISION] = "decision",
                                                     [MG_HOOK_RESPONSE] = "response",
                                                     [MG_HOOK_LOG] = "log",
                                                     [MG_HOOK_HANDLER] = "handler"};
    return names[hook];
}

static void write_plugins(struct mg_metrics *metrics, const struct mg_server *server)
{
    struct merged *merged = mg_calloc(1, sizeof(*merged));
    if (merged == NULL) {
        metrics->out->overflowed = true;
        return;
    }
    merge_all(merged, server);
    for (int errors = 0; errors < 2; errors++) {
        mg_metrics_family(
            metrics, errors ? "moongate_plugin_errors_total" : "moongate_plugin_calls_total",
            "counter",
            errors ? "Hooks of plugins that failed, by plugin and hook."
                   : "Times a plugin's hook was due, by plugin and hook.");
        for (unsigned i = 0; i < merged->used * MG_HOOK_COUNT; i++) {
            unsigned plugin = i / MG_HOOK_COUNT;
            unsigned hook = i % MG_HOOK_COUNT;
            if (merged->items[plugin].calls[hook] > 0) {
                mg_metrics_count(metrics, mg_label("plugin", merged->items[plugin].name),
                                 mg_label("hook", hook_label(hook)),
                                 errors ? merged->items[plugin].errors[hook]
                                        : merged->items[plugin].calls[hook]);
            }
        }
    }
    free(merged);
}

/* ---- dictionaries ---- */

static const struct {
    const char *name;
    const char *type;
    const char *help;
    size_t offset;
} DICTIONARY[] = {
    {"moongate_dictionary_entries", "gauge",
     "Entries of a dictionary, expired ones that still take room among them.",
     offsetof(struct mg_dict_stats, entries)},
    {"moongate_dictionary_bytes", "gauge", "Bytes that its entries take.",
     offsetof(struct mg_dict_stats, bytes)},
    {"moongate_dictionary_max_bytes", "gauge",
     "Bytes that it takes at most, its own tables among them.",
     offsetof(struct mg_dict_stats, max_bytes)},
    {"moongate_dictionary_evictions_total", "counter",
     "Entries that went before their time, for want of room.",
     offsetof(struct mg_dict_stats, evictions)},
    {"moongate_dictionary_expirations_total", "counter", "Entries whose time had passed.",
     offsetof(struct mg_dict_stats, expirations)},
    {"moongate_dictionary_refusals_total", "counter", "Entries that were too large.",
     offsetof(struct mg_dict_stats, refusals)},
};

static void write_dictionaries(struct mg_metrics *metrics, const struct mg_server *server)
{
    struct mg_dict *dicts[MG_DICTS_MAX];
    struct mg_dict_stats stats[MG_DICTS_MAX];
    size_t count = mg_dicts_list(server->dicts, dicts, MG_DICTS_MAX);
    for (size_t i = 0; i < count; i++) {
        mg_dict_stats(dicts[i], &stats[i]);
    }
    for (size_t f = 0; f < sizeof(DICTIONARY) / sizeof(DICTIONARY[0]); f++) {
        mg_metrics_family(metrics, DICTIONARY[f].name, DICTIONARY[f].type, DICTIONARY[f].help);
        for (size_t i = 0; i < count; i++) {
            uint64_t value;
            memcpy(&value, (const char *)&stats[i] + DICTIONARY[f].offset, sizeof(value));
            mg_metrics_count(metrics, (struct mg_label){"dictionary", mg_dict_name(dicts[i])},
                             mg_no_label(), value);
        }
    }
}

void metrics_write_scripts(struct mg_metrics *metrics, const struct mg_server *server)
{
    write_calls(metrics, server);
    write_plugins(metrics, server);
    write_dictionaries(metrics, server);
}
