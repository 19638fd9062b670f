/* runtime.h - a policy set's functions in one worker: a Lua state in which the set's chunks ran
 * once more, with each function bound to its compiled resource.
 *
 * Shape:     functions are found by the resource's pattern and the place they stand at, never
 *            by order. A state that declares anything else than the set is refused:
 *            policy-not-deterministic.
 * Ownership: borrows the set.
 * Threads:   made on any thread, used by one.
 */
#ifndef MG_POLICY_RUNTIME_H
#define MG_POLICY_RUNTIME_H

#include <stdatomic.h>

#include "plugin/dispatch.h"
#include "policy/set.h"
#include "script/lines.h"

struct mg_runtime;

/* What the runtimes of one worker count together, whatever becomes of each: written by the
 * worker alone, read from any thread with relaxed loads. */
struct mg_runtime_totals {
    _Alignas(64) atomic_ullong calls;         /* of hooks and functions of policies */
    atomic_ullong errors;                     /* those that failed, plugins' too */
    atomic_ullong kills[MG_BOUND_MEMORY + 1]; /* by the bound that was passed */
};

struct mg_runtime_options {
    struct mg_script_budget budget;      /* of each hook */
    struct mg_runtime_totals *totals;    /* outlives the runtime; NULL: nobody asks */
    struct mg_dicts *dicts;              /* of the plugins; NULL: private ones */
    const struct mg_plugin_clock *clock; /* of the plugins, kept; NULL: the machine's */
    mg_line_fn line_fn; /* told of each line, from loading on (script/lines.h); NULL: nobody */
    void *line_context;
};

/* Returns: NULL after an error, which is in `errs`. For a set that mg_policy_set_needs_lua
 * denies, there is no reason to make one. */
struct mg_runtime *mg_runtime_new(const struct mg_policy_set *set,
                                  const struct mg_runtime_options *options,
                                  struct mg_errs *errs);
void mg_runtime_free(struct mg_runtime *runtime);

/* Where a decision was made. */
struct mg_decided_at {
    const char *file; /* NULL: by the declared rule */
    int line;
    uint64_t steps; /* of all its hooks */
};

/* Classify and decide an exchange of a resource that has functions (resource->functions != 0):
 * as mg_cors_classify and mg_cors_decide, with what its functions say. What fails, or is out of
 * form, is decided as script-error and logged, once per cause and interval. Rules made for this
 * exchange live in request->arena. Sets request->kind. */
void mg_runtime_decide(struct mg_runtime *runtime, const struct mg_resource *resource,
                       const struct mg_cors_request *cors, struct mg_request *request,
                       struct mg_decision *decision, struct mg_decided_at *at);

/* The plugins of a resource for a hook, in order. */
struct mg_plugin_list mg_runtime_plugins(const struct mg_runtime *runtime,
                                         const struct mg_resource *resource, enum mg_hook hook);

/* The state, for the plugins' dispatch. */
struct mg_script *mg_runtime_script(struct mg_runtime *runtime);

/* Log a fault of a hook: once per cause (file, line, code) and interval, with the number kept
 * back since; counts it. `hook` is its name. */
void mg_runtime_report(struct mg_runtime *runtime, const char *hook,
                       const struct mg_script_fault *fault);

struct mg_runtime_counters {
    uint64_t calls;  /* of hooks and functions */
    uint64_t errors; /* those that failed */
    uint64_t budget_kills;
};
struct mg_runtime_counters mg_runtime_counters(const struct mg_runtime *runtime);

/* Forget what was told, so that the next fault and the next line of `log` are written whatever
 * came before: for tests, where each request is looked at by itself. */
void mg_runtime_forget_told(struct mg_runtime *runtime);

#endif
