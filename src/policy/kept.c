/* kept.c - see the header. Sources are copied from the loader's scratch arena into the set's,
 * and pointers to them follow by position.
 */
#include "policy/kept.h"

#include "policy/check.h"
#include "policy/fingerprint.h"

/* Where a source has gone to. */
static const struct mg_source *moved(struct mg_source *const *copies,
                                     const struct mg_source *source)
{
    return source == NULL ? NULL : copies[source->position];
}

static const char *copy_text(struct mg_arena *arena, const char *text)
{
    return text == NULL ? NULL : mg_arena_dup(arena, mg_str_from(text)).ptr;
}

/* Copy one source; its directory is told by its name alone from now on. */
static struct mg_source *copy_source(const struct mg_source *source, struct mg_arena *arena)
{
    struct mg_source *copy = mg_arena_alloc(arena, sizeof(*copy));
    if (copy == NULL) {
        return NULL;
    }
    *copy = *source;
    copy->next = NULL;
    copy->name = copy_text(arena, source->name);
    copy->key = copy_text(arena, source->key);
    copy->dir = copy_text(arena, source->dir);
    copy->dir_name = copy_text(arena, source->dir_name);
    bool is_list = source->kind == MG_SOURCE_LIST;
    copy->text = is_list ? (struct mg_str){"", 0} : mg_arena_dup(arena, source->text);
    return copy;
}

static bool keep_sources(struct mg_sources *kept, struct mg_source **copies,
                         const struct mg_loader *loader)
{
    const struct mg_sources *sources = &loader->sources;
    struct mg_arena *arena = loader->arena;
    *kept = (struct mg_sources){.count = sources->count, .is_replay = true};
    for (const struct mg_source *s = sources->first; s != NULL; s = s->next) {
        struct mg_source *copy = copy_source(s, arena);
        if (copy == NULL) {
            return false;
        }
        copies[s->position] = copy;
        if (kept->last != NULL) {
            kept->last->next = copy;
        } else {
            kept->first = copy;
        }
        kept->last = copy;
    }
    for (const struct mg_source_find *f = sources->finds; f != NULL; f = f->older) {
        struct mg_source_find *find = mg_arena_alloc(arena, sizeof(*find));
        if (find == NULL) {
            return false;
        }
        *find = (struct mg_source_find){.older = kept->finds,
                                        .policy = moved(copies, f->policy),
                                        .name = mg_arena_dup(arena, f->name),
                                        .source = moved(copies, f->source)};
        kept->finds = find;
        kept->find_count++;
    }
    return !mg_arena_overflowed(arena);
}

/* Keep the options that running the policies again looks at. */
static bool keep_options(struct mg_policy_options *kept,
                         const struct mg_policy_options *options, struct mg_arena *arena)
{
    *kept = *options;
    kept->paths = NULL;
    kept->path_count = 0;
    kept->plugin_dirs = NULL;
    kept->plugin_dir_count = 0;
    kept->witness = NULL;
    kept->bundle = NULL;
    const char **handlers =
        mg_arena_calloc(arena, options->handler_count + 1, sizeof(const char *));
    for (size_t i = 0; handlers != NULL && i < options->handler_count; i++) {
        handlers[i] = copy_text(arena, options->handlers[i]);
    }
    kept->handlers = handlers;
    return handlers != NULL;
}

static bool keep_plugins(struct mg_lua_set *lua, struct mg_source *const *copies,
                         const struct mg_loader *loader)
{
    struct mg_arena *arena = loader->arena;
    struct mg_kept_plugin *plugins =
        mg_arena_calloc(arena, loader->use_count + 1, sizeof(*plugins));
    if (plugins == NULL) {
        return false;
    }
    for (size_t i = 0; i < loader->use_count; i++) {
        const struct mg_plugin_decl *use = loader->uses[i];
        struct mg_str *grant = mg_arena_calloc(arena, use->grant.count + 1, sizeof(*grant));
        for (size_t j = 0; grant != NULL && j < use->grant.count; j++) {
            grant[j] = mg_arena_dup(arena, use->grant.items[j]);
        }
        if (grant == NULL) {
            return false;
        }
        plugins[i] = (struct mg_kept_plugin){.name = use->name,
                                             .used_file = use->file,
                                             .used_line = use->line,
                                             .source = moved(copies, use->source),
                                             .grant = grant,
                                             .grant_count = use->grant.count,
                                             .has_grant = use->grant.kind != MG_LIST_ABSENT,
                                             .fingerprint = mg_fingerprint_plugin(use),
                                             .config_hash = use->config_hash,
                                             .plugin = &loader->plugins_read[i]};
    }
    lua->plugins = plugins;
    lua->plugin_count = loader->use_count;
    return true;
}

static bool keep(struct mg_loader *loader, struct mg_policy_set *set, struct mg_lua_set *lua,
                 struct mg_resource_decl *const *decls)
{
    struct mg_arena *arena = loader->arena;
    struct mg_source **copies = mg_arena_calloc(&loader->scratch, loader->sources.count + 1,
                                                sizeof(struct mg_source *));
    uint64_t *fingerprints =
        mg_arena_calloc(arena, set->resource_count + 1, sizeof(*fingerprints));
    if (copies == NULL || fingerprints == NULL) {
        return false;
    }
    for (size_t i = 0; i < set->resource_count; i++) {
        fingerprints[i] = mg_fingerprint_resource(decls[i]);
    }
    lua->fingerprints = fingerprints;
    lua->upstreams = mg_fingerprint_upstreams(loader);
    lua->function_count = loader->function_count;
    return keep_options(&lua->options, &loader->options, arena) &&
           keep_sources(&lua->sources, copies, loader) && keep_plugins(lua, copies, loader);
}

bool mg_kept_build(struct mg_loader *loader, struct mg_policy_set *set,
                   struct mg_resource_decl *const *decls)
{
    if (loader->function_count == 0 && loader->use_count == 0) {
        return true;
    }
    struct mg_lua_set *lua = mg_arena_calloc(loader->arena, 1, sizeof(*lua));
    if (lua == NULL || !keep(loader, set, lua, decls)) {
        return mg_report_out_of_memory(loader);
    }
    lua->sources.options = &lua->options;
    /* What functions give is judged by the same list as what was declared. */
    lua->suffixes = loader->suffixes != NULL ? loader->suffixes : psl_latest(NULL);
    loader->suffixes = NULL;
    set->lua = lua;
    return true;
}

const char *mg_policy_set_script(const struct mg_policy_set *set, size_t index)
{
    const struct mg_source *source = set->lua == NULL ? NULL : set->lua->sources.first;
    for (; source != NULL; source = source->next) {
        if (source->kind == MG_SOURCE_LIST) {
            continue;
        }
        if (index-- == 0) {
            return source->name;
        }
    }
    return NULL;
}
