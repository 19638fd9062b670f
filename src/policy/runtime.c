/* runtime.c - make a runtime: the policies run again, what they declare is held against the
 * set, the state is sealed, and each function and plugin gets its place in a table.
 *
 * Nothing is judged a second time: equal declarations have equal faults, and those of the set
 * were told when it was loaded.
 */
#include "policy/runtime.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "policy/fingerprint.h"
#include "policy/language.h"
#include "policy/plugin_use.h"
#include "policy/runtime_layout.h"
#include "policy/runtime_new.h"

enum {
    MAX_ARENA_BYTES = INT32_MAX
};

static bool fail_for_memory(struct mg_errs *errs)
{
    mg_errs_fail(errs, "out-of-memory", NULL, "out of memory while starting Lua");
    return false;
}

/* ---- comparing ---- */

static bool report_difference(struct mg_errs *errs, const char *file, int line,
                              struct mg_str where)
{
    struct mg_spot spot = {.errs = errs, .file = file, .line = line};
    spot = mg_spot_in(&spot, "%.*s", MG_STR_ARG(where));
    mg_fault(&spot, MG_ERROR, "policy-not-deterministic",
             "pairs walks in no fixed order: sort the names before they decide anything",
             "declares something else when the policies run again");
    return false;
}

/* Whether the loader's resources are the set's; `decls` gets them in the set's order. */
static bool match_resources(struct mg_loader *loader, const struct mg_policy_set *set,
                            struct mg_resource_decl ***decls)
{
    *decls = mg_loader_order(loader);
    if (*decls == NULL) {
        return fail_for_memory(loader->errs);
    }
    for (size_t i = 0; i < set->resource_count || i < loader->resource_count; i++) {
        bool is_extra = i >= set->resource_count;
        bool is_missing = i >= loader->resource_count;
        if (!is_extra &&
            (is_missing || set->lua->fingerprints[i] != mg_fingerprint_resource((*decls)[i]))) {
            const struct mg_resource *resource = set->resources[i];
            return report_difference(loader->errs, resource->file, resource->line,
                                     resource->pattern);
        }
        if (is_extra) {
            const struct mg_resource_decl *decl = (*decls)[i];
            return report_difference(loader->errs, decl->file, decl->line, decl->pattern);
        }
    }
    return true;
}

static bool match_plugins(struct mg_loader *loader, const struct mg_lua_set *lua)
{
    for (size_t i = 0; i < lua->plugin_count; i++) {
        const struct mg_kept_plugin *kept = &lua->plugins[i];
        if (i >= loader->use_count ||
            kept->fingerprint != mg_fingerprint_plugin(loader->uses[i])) {
            return report_difference(loader->errs, kept->used_file, kept->used_line,
                                     kept->name);
        }
    }
    if (loader->use_count > lua->plugin_count) {
        const struct mg_plugin_decl *use = loader->uses[lua->plugin_count];
        return report_difference(loader->errs, use->file, use->line, use->name);
    }
    return true;
}

static bool match(struct mg_loader *loader, const struct mg_policy_set *set,
                  struct mg_resource_decl ***decls)
{
    if (!mg_plugin_uses_settle(loader) || !match_plugins(loader, set->lua) ||
        !match_resources(loader, set, decls)) {
        return false;
    }
    if (mg_fingerprint_upstreams(loader) != set->lua->upstreams) {
        const char *file = set->upstream_count > 0 ? set->upstreams[0].file : "";
        return report_difference(loader->errs, file, 0, MG_STR("upstream"));
    }
    return true;
}

/* ---- plugins ---- */

/* Whether the plugin came out as it was when the set was loaded. */
static bool is_same_plugin(const struct mg_plugin *a, const struct mg_plugin *b)
{
    return a->hooks == b->hooks && a->capabilities == b->capabilities &&
           a->dict_count == b->dict_count && mg_str_equal(a->version, b->version);
}

static bool read_plugins(struct mg_runtime *runtime, struct mg_loader *loader,
                         const struct mg_runtime_options *options)
{
    const struct mg_lua_set *lua = runtime->set->lua;
    for (size_t i = 0; i < lua->plugin_count; i++) {
        const struct mg_kept_plugin *kept = &lua->plugins[i];
        struct mg_plugin_reading reading = {.use = {.name = kept->name,
                                                    .file = kept->source->name,
                                                    .text = kept->source->text,
                                                    .used_file = kept->used_file,
                                                    .used_line = kept->used_line,
                                                    .config = loader->uses[i]->config,
                                                    .grant = kept->grant,
                                                    .grant_count = kept->grant_count,
                                                    .has_grant = kept->has_grant,
                                                    .dicts = options->dicts,
                                                    .clock = options->clock},
                                            .sources = &loader->sources,
                                            .source = kept->source,
                                            .arena = &runtime->arena,
                                            .errs = loader->errs,
                                            .plugin = &runtime->plugins[i]};
        bool is_read = mg_plugin_reading_run(&reading, runtime->script) && reading.is_fine;
        runtime->plugin_slots[i] = reading.slots;
        if (is_read && !is_same_plugin(&runtime->plugins[i], kept->plugin)) {
            return report_difference(loader->errs, kept->source->name, 0, kept->name);
        }
        if (!is_read) {
            return false;
        }
    }
    return true;
}

/* Make the list of one group's plugins for one hook. */
static bool list_plugins(struct mg_runtime *runtime, const struct mg_plugin_group *group,
                         enum mg_hook hook, struct mg_plugin_list *list)
{
    struct mg_plugin_entry *entries =
        mg_arena_calloc(&runtime->arena, (size_t)group->count + 1, sizeof(*entries));
    size_t count = 0;
    for (uint32_t i = 0; entries != NULL && i < group->count; i++) {
        uint32_t plugin = group->plugins[i];
        if ((runtime->plugins[plugin].hooks & 1U << hook) != 0) {
            entries[count++] = (struct mg_plugin_entry){&runtime->plugins[plugin],
                                                        &runtime->plugin_slots[plugin]};
        }
    }
    *list = (struct mg_plugin_list){entries, count};
    return entries != NULL;
}

static bool bind_plugins(struct mg_runtime *runtime)
{
    const struct mg_lua_set *lua = runtime->set->lua;
    for (uint32_t i = 0; i < lua->group_count; i++) {
        for (int hook = 0; hook < MG_HOOK_HANDLER; hook++) {
            if (!list_plugins(runtime, &lua->groups[i], (enum mg_hook)hook,
                              &runtime->groups[i][hook])) {
                return false;
            }
        }
    }
    for (size_t i = 0; i < lua->plugin_count; i++) {
        runtime->handlers[i] =
            (struct mg_plugin_entry){&runtime->plugins[i], &runtime->plugin_slots[i]};
    }
    return true;
}

struct mg_plugin_list mg_runtime_plugins(const struct mg_runtime *runtime,
                                         const struct mg_resource *resource, enum mg_hook hook)
{
    if (hook == MG_HOOK_HANDLER) {
        bool is_plugin = resource->handler.kind == MG_HANDLER_PLUGIN;
        return (struct mg_plugin_list){
            is_plugin ? &runtime->handlers[resource->handler_plugin] : NULL, is_plugin};
    }
    if (resource->plugin_group == 0) {
        return (struct mg_plugin_list){NULL, 0};
    }
    return runtime->groups[resource->plugin_group][hook];
}

/* ---- making one ---- */

static bool alloc_tables(struct mg_runtime *runtime)
{
    const struct mg_lua_set *lua = runtime->set->lua;
    struct mg_arena *arena = &runtime->arena;
    runtime->slots =
        mg_arena_calloc(arena, (size_t)lua->function_count + 1, sizeof(*runtime->slots));
    runtime->plugins = mg_arena_calloc(arena, lua->plugin_count + 1, sizeof(struct mg_plugin));
    runtime->plugin_slots =
        mg_arena_calloc(arena, lua->plugin_count + 1, sizeof(struct mg_plugin_slots));
    runtime->groups =
        mg_arena_calloc(arena, (size_t)lua->group_count + 1, sizeof(*runtime->groups));
    runtime->handlers =
        mg_arena_calloc(arena, lua->plugin_count + 1, sizeof(struct mg_plugin_entry));
    return !mg_arena_overflowed(arena);
}

static void bind_functions(struct mg_runtime *runtime, struct mg_resource_decl *const *decls)
{
    for (size_t i = 0; i < runtime->set->resource_count; i++) {
        const struct mg_base_rule *base = runtime->set->resources[i]->base;
        for (int f = 0; base != NULL && f < MG_FUNCTION_COUNT; f++) {
            runtime->slots[base->position][f] =
                mg_decl_function(decls[i], (enum mg_function)f)->slot;
        }
    }
}

static int open_objects(lua_State *L)
{
    mg_request_open(L);
    mg_dispatch_open(L);
    return 0;
}

/* mg_seal_report_fn */
static void report_kept(void *context, const char *file, int line, const char *name)
{
    struct mg_spot spot = {.errs = context, .file = file, .line = line};
    mg_fault(&spot, MG_WARNING, "state-kept", "use req.ctx, or a plugin's dict",
             "'%s' is assigned in a function called by hooks: what it holds does not outlive "
             "the call",
             name);
}

static bool add_fault(struct mg_errs *errs, struct mg_script_fault *fault)
{
    mg_fault_clean(&fault->err);
    mg_errs_add(errs, &fault->err);
    return false;
}

/* Run the policies, which fill `loader`, and make the runtime's state of what they leave. */
static bool build(struct mg_runtime *runtime, struct mg_loader *loader,
                  const struct mg_runtime_options *options, struct mg_errs *warnings)
{
    const struct mg_policy_options *set_options = &runtime->set->lua->options;
    const struct mg_script_limits limits = {.max_bytes = set_options->max_script_bytes,
                                            .max_steps = set_options->max_script_steps,
                                            .max_cpu_ms = set_options->max_script_cpu_ms};
    struct mg_resource_decl **decls;
    struct mg_script_fault fault;
    runtime->script = mg_script_new(&limits, mg_language_globals, loader);
    if (runtime->script == NULL || !alloc_tables(runtime)) {
        return fail_for_memory(loader->errs);
    }
    if (options->line_fn != NULL) {
        mg_script_watch_lines(runtime->script, options->line_fn, options->line_context);
    }
    if (!mg_script_call(runtime->script, open_objects, NULL, &fault)) {
        return add_fault(loader->errs, &fault);
    }
    if (!mg_language_run(loader, runtime->script) || loader->errs->error_count > 0 ||
        !match(loader, runtime->set, &decls) || !read_plugins(runtime, loader, options)) {
        return false;
    }
    if (!mg_script_seal(runtime->script, &options->budget, runtime,
                        warnings == NULL ? NULL : report_kept, warnings, &fault)) {
        return add_fault(loader->errs, &fault);
    }
    bind_functions(runtime, decls);
    return bind_plugins(runtime) || fail_for_memory(loader->errs);
}

/* Make a runtime. `warnings`: where state-kept is reported, or NULL. */
static struct mg_runtime *make(const struct mg_policy_set *set,
                               const struct mg_runtime_options *options, struct mg_errs *errs,
                               struct mg_errs *warnings)
{
    struct mg_runtime *runtime = mg_calloc(1, sizeof(*runtime));
    if (runtime == NULL) {
        (void)fail_for_memory(errs);
        return NULL;
    }
    runtime->set = set;
    runtime->totals = options->totals;
    mg_errs_init(&runtime->errs);
    mg_arena_init(&runtime->arena, NULL, 0, MAX_ARENA_BYTES);
    runtime->judge = (struct mg_loader){.options = set->lua->options,
                                        .errs = &runtime->errs,
                                        .arena = &runtime->judge.scratch,
                                        .suffixes = set->lua->suffixes};
    runtime->known.arena = &runtime->arena;
    mg_arena_init(&runtime->judge.scratch, runtime->scratch, sizeof(runtime->scratch),
                  MG_RUNTIME_SCRATCH_MAX_BYTES);
    struct mg_errs found; /* of these only errors count: the rest was told before */
    struct mg_arena declared;
    mg_errs_init(&found);
    mg_arena_init(&declared, NULL, 0, MAX_ARENA_BYTES);
    struct mg_loader loader = {.options = set->lua->options,
                               .errs = &found,
                               .arena = &declared,
                               .values = &runtime->arena,
                               .sources = set->lua->sources,
                               .is_replay = true};
    mg_arena_init(&loader.scratch, NULL, 0, MAX_ARENA_BYTES);
    bool is_made = build(runtime, &loader, options, warnings) && found.error_count == 0;
    size_t told = 0;
    for (size_t i = 0; i < found.count; i++) {
        if (found.items[i].severity == MG_ERROR) {
            mg_errs_add(errs, &found.items[i]);
            told++;
        }
    }
    if (!is_made && told == 0) {
        (void)fail_for_memory(errs);
    }
    mg_errs_fini(&found);
    mg_arena_fini(&loader.scratch);
    mg_arena_fini(&declared);
    if (!is_made) {
        mg_runtime_free(runtime);
        return NULL;
    }
    return runtime;
}

struct mg_runtime *mg_runtime_new(const struct mg_policy_set *set,
                                  const struct mg_runtime_options *options,
                                  struct mg_errs *errs)
{
    return make(set, options, errs, NULL);
}

void mg_runtime_try(const struct mg_policy_set *set, struct mg_errs *errs)
{
    const struct mg_runtime_options options = {.dicts = NULL};
    mg_runtime_free(make(set, &options, errs, errs));
}

void mg_runtime_free(struct mg_runtime *runtime)
{
    if (runtime != NULL) {
        mg_script_free(runtime->script);
        mg_arena_fini(&runtime->arena);
        mg_arena_fini(&runtime->judge.scratch);
        mg_errs_fini(&runtime->errs);
        if (runtime->set->lua->suffixes == NULL) {
            psl_free(runtime->judge.suffixes); /* tried again */
        }
        free(runtime);
    }
}

struct mg_script *mg_runtime_script(struct mg_runtime *runtime)
{
    return runtime->script;
}
