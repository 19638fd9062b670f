/* diff_opaque.c - what cannot be asked, compared by what it is made of.
 *
 * A function may read any variable of its policy and of what that includes, so it is taken for
 * unchanged only where all of those files have the same text. A plugin is its plugin.lua, its
 * shared object, its configuration and its capabilities.
 */
#include "policy/diff_opaque.h"

#include <stdlib.h>

#include "core/buf.h"
#include "policy/kept.h"

enum {
    MAX_WORDS_BYTES = 4096
};

/* ---- functions ---- */

/* A text that a function may come from, by the name under which policies ask for it. */
struct part {
    struct mg_str name; /* of an included file; empty: a policy itself */
    struct mg_str text;
};

struct parts {
    struct part *items;
    size_t count;
};

static int compare_parts(const void *left, const void *right)
{
    const struct part *a = left;
    const struct part *b = right;
    int order = mg_str_compare(a->name, b->name);
    return order != 0 ? order : mg_str_compare(a->text, b->text);
}

/* Whether `file` is the policy, or one that it includes. */
static bool is_of(const struct mg_sources *sources, const struct mg_source *policy,
                  const char *file)
{
    bool is_it = strcmp(policy->name, file) == 0;
    for (const struct mg_source_find *f = sources->finds; f != NULL && !is_it; f = f->older) {
        is_it = f->policy == policy && f->source->kind == MG_SOURCE_INCLUDE &&
                strcmp(f->source->name, file) == 0;
    }
    return is_it;
}

static void add_policy(const struct mg_sources *sources, const struct mg_source *policy,
                       struct parts *parts)
{
    parts->items[parts->count++] = (struct part){{"", 0}, policy->text};
    for (const struct mg_source_find *f = sources->finds; f != NULL; f = f->older) {
        if (f->policy == policy && f->source->kind == MG_SOURCE_INCLUDE) {
            parts->items[parts->count++] = (struct part){f->name, f->source->text};
        }
    }
}

/* All texts of the policies that have a part in `file`, ordered. */
static struct parts parts_of(struct mg_differ *differ, const struct mg_policy_set *set,
                             const char *file)
{
    struct parts parts = {.count = 0};
    const struct mg_sources *sources = &set->lua->sources;
    parts.items = mg_arena_calloc(&differ->scratch, sources->count + sources->find_count + 1,
                                  sizeof(*parts.items));
    if (parts.items == NULL) {
        differ->is_out_of_memory = true;
        return parts;
    }
    for (const struct mg_source *s = sources->first; s != NULL; s = s->next) {
        if (s->kind == MG_SOURCE_POLICY && is_of(sources, s, file)) {
            add_policy(sources, s, &parts);
        }
    }
    qsort(parts.items, parts.count, sizeof(*parts.items), compare_parts);
    return parts;
}

static bool files_same(struct mg_differ *differ, const char *old_file, const char *new_file)
{
    struct parts old_parts = parts_of(differ, differ->sets[MG_DIFF_OLD], old_file);
    struct parts new_parts = parts_of(differ, differ->sets[MG_DIFF_NEW], new_file);
    bool is_same = old_parts.count > 0 && old_parts.count == new_parts.count;
    for (size_t i = 0; is_same && i < old_parts.count; i++) {
        is_same = compare_parts(&old_parts.items[i], &new_parts.items[i]) == 0;
    }
    return is_same;
}

bool mg_diff_functions_same(struct mg_differ *differ, const struct mg_resource *old_resource,
                            const struct mg_resource *new_resource)
{
    if (old_resource->functions != new_resource->functions) {
        return false;
    }
    if (old_resource->functions == 0) {
        return true;
    }
    /* One text declares one resource of a pattern; of another pattern it is another
     * function. */
    if (!mg_str_equal(old_resource->pattern, new_resource->pattern)) {
        return false;
    }
    if (differ->function_files[MG_DIFF_OLD] != old_resource->file ||
        differ->function_files[MG_DIFF_NEW] != new_resource->file) {
        differ->functions_same = files_same(differ, old_resource->file, new_resource->file);
        differ->function_files[MG_DIFF_OLD] = old_resource->file;
        differ->function_files[MG_DIFF_NEW] = new_resource->file;
    }
    return differ->functions_same;
}

/* ---- plugins ---- */

/* Whether a plugin has a say in whether a request is answered, and to whom. */
static bool has_say(const struct mg_plugin *plugin)
{
    return (plugin->hooks & (1U << MG_HOOK_REQUEST | 1U << MG_HOOK_DECISION)) != 0;
}

static bool plugin_same(const struct mg_kept_plugin *a, const struct mg_kept_plugin *b)
{
    const struct mg_plugin *old_plugin = a->plugin;
    const struct mg_plugin *new_plugin = b->plugin;
    bool is_native = old_plugin->native != NULL;
    return mg_str_equal(a->name, b->name) && mg_str_equal(a->source->text, b->source->text) &&
           a->config_hash == b->config_hash &&
           old_plugin->capabilities == new_plugin->capabilities &&
           is_native == (new_plugin->native != NULL) &&
           (!is_native || old_plugin->native_hash == new_plugin->native_hash);
}

/* The plugins of a resource that have a say, one after the other. */
struct plugin_walk {
    const struct mg_lua_set *lua;
    const struct mg_plugin_group *group;
    uint32_t next;
};

static struct plugin_walk begin_plugins(const struct mg_policy_set *set,
                                        const struct mg_resource *resource)
{
    bool has_group = resource != NULL && set->lua != NULL && resource->plugin_group != 0;
    return (struct plugin_walk){
        .lua = set->lua, .group = has_group ? &set->lua->groups[resource->plugin_group] : NULL};
}

static const struct mg_kept_plugin *next_plugin(struct plugin_walk *walk)
{
    while (walk->group != NULL && walk->next < walk->group->count) {
        const struct mg_kept_plugin *plugin =
            &walk->lua->plugins[walk->group->plugins[walk->next++]];
        if (has_say(plugin->plugin)) {
            return plugin;
        }
    }
    return NULL;
}

enum mg_diff_plugins mg_diff_plugins(const struct mg_differ *differ,
                                     const struct mg_resource *old_resource,
                                     const struct mg_resource *new_resource)
{
    struct plugin_walk olds = begin_plugins(differ->sets[MG_DIFF_OLD], old_resource);
    struct plugin_walk news = begin_plugins(differ->sets[MG_DIFF_NEW], new_resource);
    const struct mg_kept_plugin *waiting = next_plugin(&olds);
    const struct mg_kept_plugin *plugin;
    enum mg_diff_plugins result = MG_DIFF_PLUGINS_SAME;
    while ((plugin = next_plugin(&news)) != NULL) {
        if (waiting != NULL && plugin_same(waiting, plugin)) {
            waiting = next_plugin(&olds);
        } else if ((plugin->plugin->capabilities & MG_CAPABILITY_WIDEN) != 0) {
            return MG_DIFF_PLUGINS_CHANGED;
        } else {
            result = MG_DIFF_PLUGINS_ADDED;
        }
    }
    return waiting == NULL ? result : MG_DIFF_PLUGINS_CHANGED;
}

/* ---- handlers and upstreams ---- */

bool mg_diff_handlers_same(const struct mg_differ *differ,
                           const struct mg_resource *old_resource,
                           const struct mg_resource *new_resource)
{
    const struct mg_handler_spec *a = &old_resource->handler;
    const struct mg_handler_spec *b = &new_resource->handler;
    if (a->kind != b->kind || !mg_str_equal(a->name, b->name) ||
        a->canned.status != b->canned.status ||
        !mg_str_equal(a->canned.lines, b->canned.lines) ||
        !mg_str_equal(a->canned.vary, b->canned.vary) ||
        !mg_str_equal(a->canned.body, b->canned.body)) {
        return false;
    }
    return a->kind != MG_HANDLER_PLUGIN ||
           plugin_same(&differ->sets[MG_DIFF_OLD]->lua->plugins[old_resource->handler_plugin],
                       &differ->sets[MG_DIFF_NEW]->lua->plugins[new_resource->handler_plugin]);
}

/* The upstream that a resource's handler names; NULL: another handler, or one that is given by
 * the program's options. */
static const struct mg_upstream *upstream_of(const struct mg_policy_set *set,
                                             const struct mg_resource *resource)
{
    size_t low = 0;
    size_t high = set->upstream_count;
    if (resource == NULL || resource->handler.kind != MG_HANDLER_PROXY) {
        return NULL;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = mg_str_compare(set->upstreams[middle].name, resource->handler.name);
        if (order == 0) {
            return &set->upstreams[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

bool mg_diff_keeps_cors(const struct mg_policy_set *set, const struct mg_resource *resource)
{
    const struct mg_upstream *upstream = upstream_of(set, resource);
    return upstream != NULL && upstream->keeps_cors;
}

bool mg_diff_upstreams_same(const struct mg_differ *differ,
                            const struct mg_resource *old_resource,
                            const struct mg_resource *new_resource)
{
    const struct mg_upstream *a = upstream_of(differ->sets[MG_DIFF_OLD], old_resource);
    const struct mg_upstream *b = upstream_of(differ->sets[MG_DIFF_NEW], new_resource);
    bool is_same = (a == NULL) == (b == NULL);
    if (is_same && a != NULL) {
        is_same = a->keeps_cors == b->keeps_cors && a->server_count == b->server_count;
        for (size_t i = 0; is_same && i < a->server_count; i++) {
            is_same = mg_str_equal(a->servers[i].url, b->servers[i].url);
        }
    }
    return is_same;
}

/* ---- words ---- */

static struct mg_str take_words(struct mg_differ *differ, struct mg_buf *buf)
{
    struct mg_str words =
        mg_arena_dup(&differ->scratch, buf->len == 0 ? MG_STR("none") : mg_buf_str(buf));
    mg_buf_fini(buf);
    return words;
}

struct mg_str mg_diff_function_words(struct mg_differ *differ,
                                     const struct mg_resource *resource)
{
    struct mg_buf buf;
    mg_buf_init(&buf, MAX_WORDS_BYTES);
    for (int i = 0; resource != NULL && i < MG_FUNCTION_COUNT; i++) {
        if ((resource->functions >> i & 1U) != 0) {
            mg_buf_add(&buf, buf.len > 0 ? MG_STR(", ") : MG_STR(""));
            mg_buf_add(&buf, mg_str_from(mg_function_name((enum mg_function)i)));
        }
    }
    return take_words(differ, &buf);
}

struct mg_str mg_diff_plugin_words(struct mg_differ *differ, const struct mg_policy_set *set,
                                   const struct mg_resource *resource)
{
    struct plugin_walk walk = begin_plugins(set, resource);
    const struct mg_kept_plugin *plugin;
    struct mg_buf buf;
    mg_buf_init(&buf, MAX_WORDS_BYTES);
    while ((plugin = next_plugin(&walk)) != NULL) {
        mg_buf_add(&buf, buf.len > 0 ? MG_STR(", ") : MG_STR(""));
        mg_buf_add(&buf, plugin->name);
    }
    return take_words(differ, &buf);
}

struct mg_str mg_diff_handler_words(struct mg_differ *differ,
                                    const struct mg_resource *resource)
{
    static const char *const names[] = {
        [MG_HANDLER_NONE] = "none",       [MG_HANDLER_ECHO] = "echo",
        [MG_HANDLER_RESPOND] = "respond", [MG_HANDLER_PROXY] = "proxy",
        [MG_HANDLER_CUSTOM] = "custom",   [MG_HANDLER_PLUGIN] = "plugin",
    };
    struct mg_buf buf;
    mg_buf_init(&buf, MAX_WORDS_BYTES);
    struct mg_str kind = mg_str_from(names[resource->handler.kind]);
    mg_buf_add(&buf, kind);
    if (resource->handler.name.len > 0 && !mg_str_equal(resource->handler.name, kind)) {
        mg_buf_printf(&buf, " \"%.*s\"", MG_STR_ARG(resource->handler.name));
    }
    return take_words(differ, &buf);
}
