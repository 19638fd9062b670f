/* generation.c - see the header. The self-tests of a set are made here, before anybody sees it:
 * its policies run once more for each worker and must declare the same, plugins read their
 * configuration and run `load`, all under the budgets of loading; and the files must have stood
 * still while they were read.
 */
#include "server/generation.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "plugin/dict.h"
#include "policy/runtime.h"
#include "server/handlers.h"
#include "server/series.h"

static void fail_for_memory(struct mg_errs *errs)
{
    mg_errs_fail(errs, "out-of-memory", NULL, "out of memory while loading policies");
}

/* ---- the set ---- */

static struct mg_policy_set *load(const struct mg_generation_plan *plan,
                                  const char *const *handlers, size_t handler_count,
                                  struct mg_errs *errs)
{
    const struct mg_server_options *options = plan->options;
    struct mg_policy_options policy_options = {
        .paths = plan->paths == NULL ? NULL : plan->paths->items,
        .path_count = plan->paths == NULL ? 0 : plan->paths->count,
        .has_public_origin = options->public_origins.count > 0,
        .plugin_dirs = options->plugins.items,
        .plugin_dir_count = options->plugins.count,
        .handlers = handlers,
        .handler_count = handler_count,
        .default_servers = options->upstreams.items,
        .default_server_count = options->upstreams.count,
        .witness = plan->witness,
        .bundle = plan->bundle_out,
    };
    /* An upstream, and no word about who may read it: nobody else may. */
    bool says_nothing = policy_options.path_count == 0 && options->upstreams.count > 0;
    struct mg_policy_set *set =
        plan->bundle.ptr != NULL
            ? mg_policy_set_load_bundle(plan->bundle, &policy_options, errs)
        : says_nothing
            ? mg_policy_set_load_text("(none)", MG_STR("default { }\n"), &policy_options, errs)
            : mg_policy_set_load_steady(&policy_options, errs);
    if (set != NULL) {
        size_t before = errs->error_count;
        mg_handlers_check(set, errs);
        if (errs->error_count > before) {
            mg_policy_set_free(set);
            set = NULL;
        }
    }
    return set;
}

static struct mg_policy_set *load_set(const struct mg_generation_plan *plan,
                                      struct mg_errs *errs)
{
    const struct mg_server_options *options = plan->options;
    const char *names[MG_OPTIONS_MAX_LIST];
    size_t count = 0;
    while (options->handlers != NULL && options->handlers[count] != NULL &&
           count < MG_OPTIONS_MAX_LIST) {
        names[count] = options->handlers[count]->name;
        count++;
    }
    return load(plan, names, count, errs);
}

/* ---- the states ---- */

static bool make_runtimes(struct mg_generation *generation,
                          const struct mg_generation_plan *plan, struct mg_errs *errs)
{
    const struct mg_limits *limits = &plan->options->limits;
    struct mg_runtime_options options = {
        .budget = {.max_cpu_ms = (uint32_t)limits->hook_cpu,
                   .max_steps = limits->hook_steps,
                   .max_bytes = limits->hook_bytes,
                   .counts = plan->options->counts_steps},
        .dicts = plan->dicts != NULL ? plan->dicts : generation->dicts,
        .clock = plan->clock,
        .line_fn = plan->line_fn,
        .line_context = plan->line_context,
    };
    for (unsigned i = 0; i < generation->slot_count; i++) {
        options.totals = plan->totals == NULL ? NULL : &plan->totals[i];
        generation->slots[i].runtime = mg_runtime_new(generation->set, &options, errs);
        if (generation->slots[i].runtime == NULL) {
            return false;
        }
    }
    return true;
}

static struct mg_generation *alloc_generation(const struct mg_generation_plan *plan,
                                              struct mg_errs *errs)
{
    unsigned count = plan->options->workers;
    struct mg_generation *generation = NULL;
    size_t size = sizeof(*generation) + count * sizeof(generation->slots[0]);
    /* A block of mg_calloc is not aligned to a cache line. */
    generation = aligned_alloc(_Alignof(struct mg_generation), size);
    if (generation == NULL) {
        fail_for_memory(errs);
        return NULL;
    }
    memset(generation, 0, size);
    generation->slot_count = count;
    generation->trigger = plan->trigger;
    generation->loaded_ms = mg_clock_wall_us() / 1000;
    return generation;
}

static bool needs_own_dicts(const struct mg_generation *generation,
                            const struct mg_generation_plan *plan)
{
    return plan->dicts == NULL && mg_policy_set_needs_lua(generation->set);
}

struct mg_generation *mg_generation_build(const struct mg_generation_plan *plan,
                                          struct mg_errs *errs)
{
    uint64_t start_us = mg_clock_us();
    struct mg_generation *generation = alloc_generation(plan, errs);
    if (generation == NULL) {
        return NULL;
    }
    generation->borrows_set = plan->set != NULL;
    generation->set = plan->set != NULL ? plan->set : load_set(plan, errs);
    if (generation->set == NULL) {
        mg_generation_free(generation);
        return NULL;
    }
    (void)snprintf(generation->revision, sizeof(generation->revision), "%.*s",
                   MG_STR_ARG(generation->set->revision));
    if (plan->known_revision != NULL &&
        strcmp(plan->known_revision, generation->revision) == 0) {
        *plan->is_known = true;
        mg_generation_free(generation);
        return NULL;
    }
    if (needs_own_dicts(generation, plan)) {
        generation->dicts = mg_dicts_new();
        if (generation->dicts == NULL) {
            fail_for_memory(errs);
            mg_generation_free(generation);
            return NULL;
        }
    }
    if (plan->series != NULL) {
        generation->rows = mg_series_assign(plan->series, generation->set);
        if (generation->rows == NULL) {
            fail_for_memory(errs);
            mg_generation_free(generation);
            return NULL;
        }
    }
    if (mg_policy_set_needs_lua(generation->set) && !make_runtimes(generation, plan, errs)) {
        mg_generation_free(generation);
        return NULL;
    }
    generation->build_us = mg_clock_us() - start_us;
    return generation;
}

void mg_generation_free(struct mg_generation *generation)
{
    if (generation == NULL) {
        return;
    }
    for (unsigned i = 0; i < generation->slot_count; i++) {
        mg_runtime_free(generation->slots[i].runtime);
    }
    if (!generation->borrows_set) {
        mg_policy_set_free(generation->set);
    }
    mg_dicts_free(generation->dicts);
    mg_buf_fini(&generation->bundle);
    free(generation->rows);
    free(generation);
}

void mg_generation_own_set(struct mg_generation *generation)
{
    generation->borrows_set = false;
}
