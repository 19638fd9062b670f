/* plugin_use.c - see the header.
 *
 * At most 64 uses a set, so that the plugins of a resource are bits of one word: resources with
 * the same bits share a group.
 */
#include "policy/plugin_use.h"

#include <assert.h>
#include <stdlib.h>

#include "policy/check.h"
#include "policy/fingerprint.h"
#include "script/nearest.h"

static_assert(MG_POLICY_MAX_PLUGINS <= 64, "a bit each");

/* ---- which decls are uses ---- */

static struct mg_spot spot_of(const struct mg_loader *loader, const struct mg_plugin_decl *decl)
{
    struct mg_spot spot = {.errs = loader->errs, .file = decl->file, .line = decl->line};
    return mg_spot_in(&spot, "plugin %.*s", MG_STR_ARG(decl->name));
}

static int compare_places(const struct mg_plugin_decl *a, const struct mg_plugin_decl *b)
{
    int order = strcmp(a->file, b->file);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Uses on one line, declared in a loop, are told apart by what they say. */
static int compare_uses(const void *left, const void *right)
{
    const struct mg_plugin_decl *a = *(struct mg_plugin_decl *const *)left;
    const struct mg_plugin_decl *b = *(struct mg_plugin_decl *const *)right;
    int order = compare_places(a, b);
    order = order != 0 ? order : mg_str_compare(a->name, b->name);
    uint64_t a_says = mg_fingerprint_plugin(a);
    uint64_t b_says = mg_fingerprint_plugin(b);
    return order != 0 ? order : (a_says > b_says) - (a_says < b_says);
}

static bool add_use(struct mg_loader *loader, struct mg_plugin_decl *decl)
{
    if (loader->use_count == MG_POLICY_MAX_PLUGINS) {
        struct mg_spot spot = spot_of(loader, decl);
        mg_fault(&spot, MG_ERROR, "plugins-too-many", "list its resources in one use",
                 "is one more than the %d uses of plugins that a set may have",
                 (int)MG_POLICY_MAX_PLUGINS);
        return false;
    }
    loader->uses[loader->use_count++] = decl;
    return true;
}

/* The use that `handler = plugin "NAME"` means; `count` is how many there are of that name. */
static struct mg_plugin_decl **find_use(struct mg_loader *loader, struct mg_str name,
                                        size_t *count)
{
    struct mg_plugin_decl **found = NULL;
    *count = 0;
    for (size_t i = 0; i < loader->use_count; i++) {
        if (mg_str_equal(loader->uses[i]->name, name)) {
            found = &loader->uses[i];
            (*count)++;
        }
    }
    return found;
}

/* Settle a decl without a table. Returns: false when there are too many uses. */
static bool settle_bare(struct mg_loader *loader, struct mg_plugin_decl *decl)
{
    struct mg_spot spot = spot_of(loader, decl);
    size_t count;
    if (!decl->is_handler) {
        if (!decl->is_abandoned) {
            mg_fault(&spot, MG_ERROR, "declaration-incomplete", "plugin \"NAME\" { … }",
                     "has no { … } behind it");
        }
        return true;
    }
    struct mg_plugin_decl **use = find_use(loader, decl->name, &count);
    if (count == 0) {
        return add_use(loader, decl);
    }
    if (count > 1) {
        mg_fault(&spot, MG_ERROR, "plugin-ambiguous",
                 "local NAME = plugin \"NAME\" { … }, then handler = NAME",
                 "names no one of the %zu uses that this plugin has", count);
    } else if (!(*use)->is_complete && compare_places(decl, *use) < 0) {
        *use = decl; /* the first call stands for all, whichever came first in this run */
    } else {
        (*use)->is_handler = true;
    }
    return true;
}

/* Number the uses, and bare decls as the use that they mean. */
static void number(struct mg_loader *loader)
{
    qsort(loader->uses, loader->use_count, sizeof(struct mg_plugin_decl *), compare_uses);
    for (size_t i = 0; i < loader->use_count; i++) {
        loader->uses[i]->position = (uint32_t)i;
    }
    for (struct mg_plugin_decl *decl = loader->plugins; decl != NULL; decl = decl->older) {
        size_t count;
        struct mg_plugin_decl **use = find_use(loader, decl->name, &count);
        if (!decl->is_complete && use != NULL) {
            decl->position = (*use)->position;
        }
    }
}

bool mg_plugin_uses_settle(struct mg_loader *loader)
{
    loader->uses = mg_arena_calloc(&loader->scratch, MG_POLICY_MAX_PLUGINS,
                                   sizeof(struct mg_plugin_decl *));
    if (loader->uses == NULL) {
        return mg_report_out_of_memory(loader);
    }
    bool fits = true;
    for (struct mg_plugin_decl *decl = loader->plugins; fits && decl != NULL;
         decl = decl->older) {
        fits = !decl->is_complete || add_use(loader, decl);
    }
    for (struct mg_plugin_decl *decl = loader->plugins; fits && decl != NULL;
         decl = decl->older) {
        fits = decl->is_complete || settle_bare(loader, decl);
    }
    number(loader);
    return true;
}

/* ---- reading them ---- */

static int read_plugin(lua_State *L)
{
    struct mg_plugin_reading *reading = lua_touserdata(L, 1);
    reading->is_fine = mg_plugin_read(L, &reading->use, reading->arena, reading->errs,
                                      reading->plugin, &reading->slots);
    return 0;
}

/* The shared object is read once, with the policies, and is part of their revision. */
static struct mg_str find_native(void *context, struct mg_str name, char *why, size_t why_size)
{
    const struct mg_plugin_reading *reading = context;
    struct mg_err err;
    const struct mg_source *source =
        mg_sources_find_native(reading->sources, reading->source, name, &err);
    if (source == NULL) {
        mg_err_set(why, why_size, "%s", err.message[0] != '\0' ? err.message : "out of memory");
        return (struct mg_str){NULL, 0};
    }
    return source->text;
}

bool mg_plugin_reading_run(struct mg_plugin_reading *reading, struct mg_script *script)
{
    struct mg_script_fault fault;
    reading->use.find_native = find_native;
    reading->use.context = reading;
    reading->is_fine = false;
    if (mg_script_call(script, read_plugin, reading, &fault)) {
        return true;
    }
    if (fault.err.file[0] == '\0') {
        MG_ERR_SET(fault.err.file, "%s", reading->use.file);
    }
    mg_fault_clean(&fault.err);
    mg_errs_add(reading->errs, &fault.err);
    return !fault.is_final;
}

bool mg_plugin_uses_read(struct mg_loader *loader, struct mg_script *script)
{
    struct mg_plugin *plugins =
        mg_arena_calloc(loader->arena, loader->use_count + 1, sizeof(*plugins));
    if (plugins == NULL) {
        return mg_report_out_of_memory(loader);
    }
    loader->plugins_read = plugins;
    bool goes_on = true;
    for (size_t i = 0; goes_on && i < loader->use_count; i++) {
        const struct mg_plugin_decl *use = loader->uses[i];
        if (use->source == NULL) {
            continue;
        }
        struct mg_plugin_reading reading = {
            .use = {.name = use->name,
                    .file = use->source->name,
                    .text = use->source->text,
                    .used_file = use->file,
                    .used_line = use->line,
                    .config = use->config,
                    .grant = use->grant.items,
                    .grant_count = use->grant.count,
                    .has_grant = use->grant.kind != MG_LIST_ABSENT},
            .sources = &loader->sources,
            .source = use->source,
            .arena = loader->arena,
            .errs = loader->errs,
            .plugin = &plugins[i]};
        goes_on = mg_plugin_reading_run(&reading, script);
        if (!reading.is_fine) {
            plugins[i] = (struct mg_plugin){.file = NULL};
        }
    }
    return goes_on;
}

/* ---- which resources have them ---- */

/* What is being found out. */
struct assignment {
    struct mg_loader *loader;
    struct mg_resource *resources;
    size_t count;
    const struct mg_resource **by_pattern; /* ordered by it */
    uint64_t *bits;                        /* of each resource: its uses */
    uint32_t rank[MG_POLICY_MAX_PLUGINS];  /* of each use's plugin, in the order of running */
};

static int compare_patterns(const void *left, const void *right)
{
    const struct mg_resource *a = *(const struct mg_resource *const *)left;
    const struct mg_resource *b = *(const struct mg_resource *const *)right;
    return mg_str_compare(a->pattern, b->pattern);
}

static bool index_patterns(struct assignment *assignment)
{
    size_t count = assignment->count;
    assignment->by_pattern = mg_arena_calloc(&assignment->loader->scratch, count + 1,
                                             sizeof(const struct mg_resource *));
    assignment->bits =
        mg_arena_calloc(&assignment->loader->scratch, count + 1, sizeof(uint64_t));
    if (assignment->by_pattern == NULL || assignment->bits == NULL) {
        return mg_report_out_of_memory(assignment->loader);
    }
    for (size_t i = 0; i < count; i++) {
        assignment->by_pattern[i] = &assignment->resources[i];
    }
    qsort(assignment->by_pattern, count, sizeof(const struct mg_resource *), compare_patterns);
    return true;
}

static void report_no_resource(const struct assignment *assignment, const struct mg_spot *spot,
                               struct mg_str pattern)
{
    struct mg_nearest nearest = mg_nearest_begin(pattern);
    char hint[128] = "a pattern as its resource has it: \"/orders/{id}\"";
    char quoted[120];
    for (size_t i = 0; i < assignment->count; i++) {
        mg_nearest_offer(&nearest, assignment->by_pattern[i]->pattern);
    }
    if (nearest.best.len > 0) {
        MG_ERR_SET(hint, "did you mean \"%.*s\"?", MG_STR_ARG(nearest.best));
    }
    mg_fault(spot, MG_ERROR, "plugin-resource-unknown", hint, "there is no resource %s",
             mg_quote(quoted, sizeof(quoted), pattern));
}

static void assign_all(struct assignment *assignment, uint64_t bit)
{
    for (size_t i = 0; i < assignment->count; i++) {
        assignment->bits[i] |= bit;
    }
}

/* Give the resources that a use lists its bit. */
static void assign_listed(struct assignment *assignment, const struct mg_plugin_decl *use,
                          uint64_t bit)
{
    const struct mg_list_decl *list = &use->resources;
    for (size_t i = 0; i < list->count; i++) {
        struct mg_resource wanted = {.pattern = list->items[i]};
        const struct mg_resource *key = &wanted;
        const struct mg_resource **found =
            bsearch(&key, assignment->by_pattern, assignment->count,
                    sizeof(const struct mg_resource *), compare_patterns);
        if (found != NULL) {
            assignment->bits[*found - assignment->resources] |= bit;
        } else if (mg_str_equal(list->items[i], MG_STR("*"))) {
            assign_all(assignment, bit);
        } else {
            struct mg_spot spot = spot_of(assignment->loader, use);
            spot = mg_spot_in(&spot, " resources");
            spot = mg_check_spot(&spot, list->places[i]);
            report_no_resource(assignment, &spot, list->items[i]);
        }
    }
}

/* Find out about handlers: whether the plugin is one, and which resources a use without a list
 * has therefore. */
static void assign_handlers(struct assignment *assignment,
                            struct mg_resource_decl *const *decls)
{
    struct mg_loader *loader = assignment->loader;
    for (size_t i = 0; i < assignment->count; i++) {
        const struct mg_plugin_decl *named = decls[i]->plugin;
        if (named == NULL || named->position >= loader->use_count) {
            continue;
        }
        const struct mg_plugin_decl *use = loader->uses[named->position];
        const struct mg_plugin *plugin = &loader->plugins_read[named->position];
        assignment->resources[i].handler_plugin = named->position;
        if (use->resources.kind == MG_LIST_ABSENT) {
            assignment->bits[i] |= (uint64_t)1 << named->position;
        }
        if (plugin->file != NULL && (plugin->hooks & 1U << MG_HOOK_HANDLER) == 0) {
            struct mg_spot spot = mg_loader_spot(loader, decls[i]);
            spot = mg_spot_in(&spot, " handler");
            mg_fault(&spot, MG_ERROR, "plugin-no-handler", "plugin \"NAME\" { resources = … }",
                     "the plugin '%.*s' has no handler hook", MG_STR_ARG(use->name));
        }
    }
}

/* Order the plugins, each once. Faults are reported. */
static void rank_plugins(struct assignment *assignment)
{
    struct mg_loader *loader = assignment->loader;
    const struct mg_plugin *order[MG_POLICY_MAX_PLUGINS];
    size_t count = 0;
    for (size_t i = 0; i < loader->use_count; i++) {
        bool is_known = loader->plugins_read[i].file == NULL; /* could not be read */
        for (size_t j = 0; j < i && !is_known; j++) {
            is_known = mg_str_equal(loader->uses[j]->name, loader->uses[i]->name);
        }
        if (!is_known) {
            order[count++] = &loader->plugins_read[i];
        }
    }
    (void)mg_plugin_order(order, count, loader->errs);
    for (size_t i = 0; i < count; i++) {
        size_t first = (size_t)(order[i] - loader->plugins_read);
        for (size_t j = 0; j < loader->use_count; j++) {
            if (mg_str_equal(loader->uses[j]->name, loader->uses[first]->name)) {
                assignment->rank[j] = (uint32_t)i;
            }
        }
    }
}

static int compare_bits(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return (*a > *b) - (*a < *b);
}

/* Write down the group of `bits`, in the order of running; report a plugin that is in it
 * twice. */
static bool make_group(const struct assignment *assignment, uint64_t bits,
                       struct mg_plugin_group *group)
{
    const struct mg_loader *loader = assignment->loader;
    uint32_t *plugins = mg_arena_calloc(loader->arena, (size_t)__builtin_popcountll(bits) + 1,
                                        sizeof(*plugins));
    if (plugins == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < loader->use_count; i++) {
        if ((bits >> i & 1) == 0) {
            continue;
        }
        uint32_t at = group->count++;
        for (; at > 0 && assignment->rank[plugins[at - 1]] > assignment->rank[i]; at--) {
            plugins[at] = plugins[at - 1];
        }
        plugins[at] = i;
        const struct mg_plugin_decl *other = at == 0 ? NULL : loader->uses[plugins[at - 1]];
        if (other != NULL && mg_str_equal(other->name, loader->uses[i]->name)) {
            struct mg_spot spot = spot_of(loader, loader->uses[i]);
            mg_fault(&spot, MG_ERROR, "plugin-duplicate", "resources = { … } of each use apart",
                     "has a resource that has this plugin by %s:%d too", other->file,
                     other->line);
        }
    }
    group->plugins = plugins;
    return true;
}

/* Give each resource its group. */
static bool make_groups(struct assignment *assignment, struct mg_lua_set *lua)
{
    size_t count = assignment->count;
    struct mg_loader *loader = assignment->loader;
    uint64_t *sorted = mg_arena_calloc(&loader->scratch, count + 1, sizeof(*sorted));
    if (sorted == NULL) {
        return mg_report_out_of_memory(loader);
    }
    memcpy(sorted, assignment->bits, count * sizeof(*sorted)); /* and one 0: the empty group */
    qsort(sorted, count + 1, sizeof(*sorted), compare_bits);
    size_t distinct = 1;
    for (size_t i = 1; i <= count; i++) {
        if (sorted[i] != sorted[distinct - 1]) {
            sorted[distinct++] = sorted[i];
        }
    }
    struct mg_plugin_group *groups = mg_arena_calloc(loader->arena, distinct, sizeof(*groups));
    bool is_fine = groups != NULL;
    for (size_t i = 0; is_fine && i < distinct; i++) {
        is_fine = make_group(assignment, sorted[i], &groups[i]);
    }
    for (size_t i = 0; is_fine && i < count; i++) {
        const uint64_t *found =
            bsearch(&assignment->bits[i], sorted, distinct, sizeof(*sorted), compare_bits);
        assignment->resources[i].plugin_group = (uint32_t)(found - sorted);
    }
    lua->groups = groups;
    lua->group_count = (uint32_t)distinct;
    return is_fine || mg_report_out_of_memory(loader);
}

bool mg_plugin_uses_assign(struct mg_loader *loader, struct mg_policy_set *set,
                           struct mg_resource_decl *const *decls, struct mg_resource *resources)
{
    struct assignment assignment = {
        .loader = loader, .resources = resources, .count = set->resource_count};
    if (set->lua == NULL || loader->use_count == 0) {
        return true;
    }
    if (!index_patterns(&assignment)) {
        return false;
    }
    for (size_t i = 0; i < loader->use_count; i++) {
        const struct mg_plugin_decl *use = loader->uses[i];
        uint64_t bit = (uint64_t)1 << i;
        if (use->resources.kind == MG_LIST_ITEMS) {
            assign_listed(&assignment, use, bit);
        } else if (use->resources.kind == MG_LIST_ABSENT && !use->is_handler) {
            assign_all(&assignment, bit);
        }
    }
    assign_handlers(&assignment, decls);
    rank_plugins(&assignment);
    return make_groups(&assignment, set->lua);
}
