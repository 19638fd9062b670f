/* set.c - load a policy set, and look things up in it. */
#include "policy/set.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "policy/bundle.h"
#include "policy/kept.h"
#include "policy/language.h"
#include "policy/plugin_use.h"
#include "policy/router.h"
#include "policy/runtime_new.h"

enum {
    MAX_ARENA_BYTES = INT32_MAX /* of a set, and of what loading it needs beside */
};

static size_t or_default(size_t value, size_t standard)
{
    return value != 0 ? value : standard;
}

/* Run all files that were read, one after another. */
static bool run_policies(struct mg_loader *loader)
{
    const struct mg_policy_options *options = &loader->options;
    struct mg_script_limits limits = {.max_bytes = options->max_script_bytes,
                                      .max_steps = options->max_script_steps,
                                      .max_cpu_ms = options->max_script_cpu_ms};
    loader->script = mg_script_new(&limits, mg_language_globals, loader);
    if (loader->script == NULL) {
        mg_errs_fail(loader->errs, "out-of-memory", NULL, "out of memory while starting Lua");
        return false;
    }
    return mg_language_run(loader, loader->script) && mg_plugin_uses_settle(loader) &&
           mg_plugin_uses_read(loader, loader->script);
}

static void report_empty(struct mg_loader *loader)
{
    if (loader->errs->error_count > 0) {
        return; /* it is empty because of those */
    }
    if (loader->sources.count == 0) {
        mg_errs_fail(loader->errs, "set-empty",
                     "name a Lua file, or a directory with *.lua in it", "there is no policy");
    } else if (loader->resource_count == 0) {
        mg_errs_fail(loader->errs, "set-empty", "resource \"/path\" { … }",
                     "the policies declare no resource");
    }
}

/* Where the sources of a load come from: files, where neither is given. */
struct origin {
    const char *text_name;
    struct mg_str text;
    struct mg_str bundle;
};

static bool take_sources(struct mg_loader *loader, const struct origin *origin)
{
    if (origin->text_name == NULL && origin->bundle.ptr == NULL) {
        mg_sources_read_policies(&loader->sources, loader->errs);
    } else if (origin->text_name == NULL && !mg_bundle_read(&loader->sources, origin->bundle)) {
        mg_errs_fail(loader->errs, "bundle-invalid", NULL,
                     "the kept policy set is spoilt, or of another version of Moongate");
        return false;
    } else if (origin->text_name != NULL &&
               !mg_sources_add_text(&loader->sources, origin->text_name, origin->text)) {
        mg_errs_fail(loader->errs, "out-of-memory", NULL,
                     "out of memory while loading policies");
        return false;
    }
    return true;
}

static void load(struct mg_loader *loader, struct mg_policy_set *set,
                 const struct origin *origin)
{
    if (!take_sources(loader, origin)) {
        return;
    }
    if (run_policies(loader) && mg_compile(loader, set)) {
        report_empty(loader);
        set->revision = mg_sources_revision(&loader->sources, loader->arena);
    }
    if (mg_arena_overflowed(loader->arena) || mg_arena_overflowed(&loader->scratch)) {
        mg_errs_fail(loader->errs, "out-of-memory", NULL,
                     "out of memory while loading policies");
    }
    if (loader->errs->error_count == 0 && set->lua != NULL) {
        /* While the first state is there: the order of walking comes of addresses, and the
         * other state must not be given the same ones. */
        mg_runtime_try(set, loader->errs);
    }
    if (loader->errs->error_count == 0 && loader->options.bundle != NULL) {
        mg_bundle_write(&loader->sources, loader->options.bundle);
    }
}

static struct mg_policy_set *load_set(const struct mg_policy_options *options,
                                      struct mg_errs *errs, const struct origin *origin)
{
    size_t errors_before = errs->error_count;
    struct mg_errs found; /* the caller's may have errors of other things */
    struct mg_arena *arena = mg_calloc(1, sizeof(*arena));
    if (arena == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "out of memory while loading policies");
        return NULL;
    }
    mg_arena_init(arena, NULL, 0, MAX_ARENA_BYTES);
    mg_errs_init(&found);
    struct mg_policy_set *set = mg_arena_calloc(arena, 1, sizeof(*set));
    struct mg_loader loader = {.options = *options, .errs = &found, .arena = arena};
    struct mg_policy_options *full = &loader.options;
    full->max_file_bytes = or_default(full->max_file_bytes, MG_POLICY_MAX_FILE_BYTES);
    full->max_set_bytes = or_default(full->max_set_bytes, MG_POLICY_MAX_SET_BYTES);
    full->max_list_bytes = or_default(full->max_list_bytes, MG_POLICY_MAX_LIST_BYTES);
    mg_arena_init(&loader.scratch, NULL, 0, MAX_ARENA_BYTES);
    mg_sources_init(&loader.sources, &loader.scratch, full);
    if (set != NULL) {
        set->arena = arena;
        load(&loader, set, origin);
    } else {
        mg_errs_fail(&found, "out-of-memory", NULL, "out of memory while loading policies");
    }
    mg_script_free(loader.script);
    mg_fault_sort(&found, 0);
    for (size_t i = 0; i < found.count; i++) {
        mg_errs_add(errs, &found.items[i]);
    }
    errs->dropped += found.dropped;
    errs->error_count = errors_before + found.error_count; /* also those that were dropped */
    bool has_error = found.error_count > 0;
    mg_errs_fini(&found);
    mg_arena_fini(&loader.scratch);
    psl_free(loader.suffixes);
    if (has_error && set != NULL) {
        mg_policy_set_free(set);
    } else if (has_error) {
        mg_arena_fini(arena);
        free(arena);
    }
    return has_error ? NULL : set;
}

struct mg_policy_set *mg_policy_set_load(const struct mg_policy_options *options,
                                         struct mg_errs *errs)
{
    const struct origin files = {.text_name = NULL};
    return load_set(options, errs, &files);
}

struct mg_policy_set *mg_policy_set_load_text(const char *name, struct mg_str text,
                                              const struct mg_policy_options *options,
                                              struct mg_errs *errs)
{
    const struct origin origin = {.text_name = name, .text = text};
    return load_set(options, errs, &origin);
}

struct mg_policy_set *mg_policy_set_load_bundle(struct mg_str bundle,
                                                const struct mg_policy_options *options,
                                                struct mg_errs *errs)
{
    const struct origin origin = {.bundle = bundle};
    return load_set(options, errs, &origin);
}

void mg_policy_set_free(struct mg_policy_set *set)
{
    if (set != NULL) {
        struct mg_arena *arena = set->arena; /* the set lives in it */
        if (set->lua != NULL) {
            psl_free(set->lua->suffixes);
        }
        mg_arena_fini(arena);
        free(arena);
    }
}

bool mg_policy_set_needs_lua(const struct mg_policy_set *set)
{
    return set->lua != NULL;
}

static bool has_token(const struct mg_name_list *list, struct mg_str token)
{
    for (size_t i = 0; i < list->count; i++) {
        if (mg_str_equal(list->items[i], token)) {
            return true;
        }
    }
    return false;
}

bool mg_policy_set_knows_method(const struct mg_policy_set *set, enum mg_method method,
                                struct mg_str token)
{
    if (method == MG_METHOD_CONNECT || method == MG_METHOD_TRACE) {
        return false;
    }
    return method != MG_METHOD_OTHER || has_token(&set->methods, token);
}

bool mg_resource_has_method(const struct mg_resource *resource, enum mg_method method,
                            struct mg_str token)
{
    if (method != MG_METHOD_OTHER) {
        return (resource->method_bits & 1U << method) != 0;
    }
    return resource->has_other_methods && has_token(&resource->methods, token);
}

void mg_policy_set_route(const struct mg_policy_set *set, struct mg_str host,
                         struct mg_str path, struct mg_route *route)
{
    (void)mg_router_match(set->router, host, path, route);
}
