/* source_find.c - what policies name: files to include, lists of origins, plugins.
 *
 * A name that was found is remembered with what it was found to be: a second run of the
 * policies sees the same files, although the disk may have changed in between.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "plugin/manifest.h"
#include "policy/source_read.h"
#include "policy/witness.h"
#include "script/nearest.h"

enum {
    MAX_NAME_BYTES = 255 /* of what include and file are given */
};

/* ---- what was found before ---- */

static const struct mg_source *recall(const struct mg_sources *sources,
                                      const struct mg_source *policy, struct mg_str name,
                                      enum mg_source_kind kind)
{
    for (const struct mg_source_find *f = sources->finds; f != NULL; f = f->older) {
        if (f->policy == policy && f->source->kind == kind && mg_str_equal(f->name, name)) {
            return f->source;
        }
    }
    return NULL;
}

/* Remember. Returns: the source, or NULL with *err set when memory is out. */
static const struct mg_source *remember(struct mg_sources *sources,
                                        const struct mg_source *policy, struct mg_str name,
                                        const struct mg_source *source, struct mg_err *err)
{
    struct mg_source_find *find = mg_arena_alloc(sources->arena, sizeof(*find));
    struct mg_str kept = mg_arena_dup(sources->arena, name);
    if (source == NULL || find == NULL || kept.ptr == NULL) {
        (void)mg_source_fail(err, "out-of-memory", "");
        return NULL;
    }
    *find = (struct mg_source_find){sources->finds, policy, kept, source};
    sources->finds = find;
    sources->find_count++;
    return source;
}

/* ---- include and file ---- */

/* Whether `name` is a relative path without empty, "." and ".." segments. */
static bool is_inner_path(struct mg_str name)
{
    size_t start = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && name.ptr[i] != '/') {
            if (name.ptr[i] == '\0') {
                return false;
            }
            continue;
        }
        struct mg_str segment = {name.ptr + start, i - start};
        if (segment.len == 0 || mg_str_equal(segment, MG_STR(".")) ||
            mg_str_equal(segment, MG_STR(".."))) {
            return false;
        }
        start = i + 1;
    }
    return name.len > 0 && name.len <= MAX_NAME_BYTES;
}

static bool check_name(struct mg_str name, enum mg_source_kind kind, struct mg_err *err)
{
    if (!is_inner_path(name)) {
        MG_ERR_SET(err->message, "'%.*s' is no path below the policy's directory",
                   MG_STR_ARG(name));
        return mg_source_fail(err, "path-invalid", "a relative path without \"..\"");
    }
    const char *slash = memrchr(name.ptr, '/', name.len);
    struct mg_str base =
        slash == NULL ? name : mg_str_from_offset(name, (size_t)(slash - name.ptr) + 1);
    bool is_include_name = base.ptr[0] == '_' && mg_str_ends_with(base, MG_STR(".lua"));
    if (kind == MG_SOURCE_INCLUDE && !is_include_name) {
        MG_ERR_SET(err->message, "'%.*s' is not to be included", MG_STR_ARG(name));
        return mg_source_fail(
            err, "path-invalid",
            "name the file _something.lua, so that it is not loaded for itself too");
    }
    return true;
}

/* Resolve `name` in `policy`'s directory to `out`. */
static bool resolve(const struct mg_sources *sources, const struct mg_source *policy,
                    struct mg_str name, char out[PATH_MAX], struct mg_err *err)
{
    char path[PATH_MAX + MAX_NAME_BYTES + 2];
    (void)snprintf(path, sizeof(path), "%s/%.*s", policy->dir, MG_STR_ARG(name));
    if (realpath(path, out) == NULL) {
        mg_witness_note_missing(sources->options->witness, path);
        MG_ERR_SET(err->message, "cannot open '%.*s' in '%s': %s", MG_STR_ARG(name),
                   policy->dir_name, strerror(errno));
        return mg_source_fail(err, errno == ENOENT ? "path-not-found" : "path-unreadable", "");
    }
    size_t length = strlen(policy->dir);
    length -= policy->dir[length - 1] == '/'; /* the root directory */
    if (strncmp(out, policy->dir, length) != 0 || out[length] != '/') {
        MG_ERR_SET(err->message, "'%.*s' leads out of '%s'", MG_STR_ARG(name),
                   policy->dir_name);
        return mg_source_fail(err, "path-outside",
                              "put the file itself into the policy's directory");
    }
    return true;
}

/* Read the file at `path`, which `policy` calls `name`, unless it was read before. */
static const struct mg_source *read_named(struct mg_sources *sources,
                                          const struct mg_source *policy, struct mg_str name,
                                          enum mg_source_kind kind, const char *path,
                                          struct mg_err *err)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        const struct mg_source *known =
            mg_sources_find_file(sources, status.st_dev, status.st_ino, kind);
        if (known != NULL) {
            return known;
        }
    }
    struct mg_source read = {.kind = kind, .dir = policy->dir, .dir_name = policy->dir_name};
    bool is_here = strcmp(policy->dir_name, ".") == 0;
    bool has_slash = mg_str_ends_with(mg_str_from(policy->dir_name), MG_STR("/"));
    read.key = mg_arena_dup(sources->arena, name).ptr;
    read.name = is_here ? read.key
                        : mg_arena_printf(sources->arena, "%s%s%s", policy->dir_name,
                                          has_slash ? "" : "/", read.key)
                              .ptr;
    if (!mg_sources_read_file(sources, path, &read, err)) {
        return NULL;
    }
    return mg_sources_append(sources, &read);
}

const struct mg_source *mg_sources_find(struct mg_sources *sources,
                                        const struct mg_source *policy, struct mg_str name,
                                        enum mg_source_kind kind, struct mg_err *err)
{
    *err = (struct mg_err){.severity = MG_ERROR};
    if (!check_name(name, kind, err)) {
        return NULL;
    }
    const struct mg_source *known = recall(sources, policy, name, kind);
    if (known != NULL) {
        return known;
    }
    if (policy->dir == NULL || sources->is_replay) {
        MG_ERR_SET(err->message, "'%.*s' cannot be found%s", MG_STR_ARG(name),
                   policy->dir == NULL ? ": this policy is no file" : "");
        (void)mg_source_fail(err, "path-not-found", "");
        return NULL;
    }
    char path[PATH_MAX];
    if (!resolve(sources, policy, name, path, err)) {
        return NULL;
    }
    const struct mg_source *found = read_named(sources, policy, name, kind, path, err);
    return found == NULL && err->code != NULL ? NULL
                                              : remember(sources, policy, name, found, err);
}

/* ---- plugins ---- */

/* Offer the plugins in `dir` as what may have been meant. */
static void offer_plugins(const char *dir, struct mg_nearest *nearest, char *best, size_t size)
{
    DIR *entries = opendir(dir);
    if (entries == NULL) {
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[PATH_MAX];
        struct stat status;
        int length = snprintf(path, sizeof(path), "%s/%s/plugin.lua", dir, entry->d_name);
        if (length < (int)sizeof(path) && stat(path, &status) == 0) {
            mg_nearest_offer(nearest, mg_str_from(entry->d_name));
        }
        if (nearest->best.ptr == entry->d_name) { /* the next entry takes its place */
            mg_err_set(best, size, "%.*s", MG_STR_ARG(nearest->best));
            nearest->best.ptr = best;
        }
    }
    (void)closedir(entries);
}

static void report_no_plugin(const struct mg_sources *sources, struct mg_str name,
                             struct mg_err *err)
{
    const struct mg_policy_options *options = sources->options;
    struct mg_nearest nearest = mg_nearest_begin(name);
    char best[NAME_MAX + 1] = "";
    char hint[sizeof(err->hint)] = "a folder with a plugin.lua, below --plugins DIR";
    for (size_t i = 0; i < options->plugin_dir_count; i++) {
        offer_plugins(options->plugin_dirs[i], &nearest, best, sizeof(best));
    }
    if (nearest.best.len > 0) {
        MG_ERR_SET(hint, "did you mean '%.*s'?", MG_STR_ARG(nearest.best));
    }
    MG_ERR_SET(err->message, "there is no plugin '%.*s'%s", MG_STR_ARG(name),
               options->plugin_dir_count == 0 ? ", and no directory of plugins" : "");
    (void)mg_source_fail(err, "plugin-not-found", hint);
}

/* Read the plugin in `dir`. Returns: NULL where it is not there (*err without a code), or
 * cannot be read. */
static const struct mg_source *read_plugin(struct mg_sources *sources, const char *dir,
                                           struct mg_str name, struct mg_err *err)
{
    struct mg_str path =
        mg_arena_printf(sources->arena, "%s/%.*s/plugin.lua", dir, MG_STR_ARG(name));
    struct mg_str key = mg_arena_printf(sources->arena, "%.*s/plugin.lua", MG_STR_ARG(name));
    if (path.ptr == NULL || key.ptr == NULL) {
        (void)mg_source_fail(err, "out-of-memory", "");
        return NULL;
    }
    struct mg_source read = {
        .kind = MG_SOURCE_PLUGIN, .name = path.ptr, .key = key.ptr, .dir = dir};
    if (mg_sources_read_file(sources, path.ptr, &read, err)) {
        return mg_sources_append(sources, &read);
    }
    if (strcmp(err->code, "path-not-found") == 0) {
        *err = (struct mg_err){.severity = MG_ERROR};
    }
    return NULL;
}

const struct mg_source *mg_sources_find_plugin(struct mg_sources *sources, struct mg_str name,
                                               struct mg_err *err)
{
    *err = (struct mg_err){.severity = MG_ERROR};
    if (!mg_plugin_name_is_valid(name)) {
        MG_ERR_SET(err->message, "'%.*s' is no name of a plugin", MG_STR_ARG(name));
        (void)mg_source_fail(err, "plugin-name",
                             "the name of its folder: small letters, digits and \"-\"");
        return NULL;
    }
    const struct mg_source *known = recall(sources, NULL, name, MG_SOURCE_PLUGIN);
    if (known != NULL) {
        return known;
    }
    size_t dir_count = sources->is_replay ? 0 : sources->options->plugin_dir_count;
    for (size_t i = 0; i < dir_count; i++) {
        const struct mg_source *found =
            read_plugin(sources, sources->options->plugin_dirs[i], name, err);
        if (found != NULL) {
            return remember(sources, NULL, name, found, err);
        }
        if (err->code != NULL) {
            return NULL;
        }
    }
    report_no_plugin(sources, name, err);
    return NULL;
}

const struct mg_source *mg_sources_find_native(struct mg_sources *sources,
                                               const struct mg_source *plugin,
                                               struct mg_str name, struct mg_err *err)
{
    *err = (struct mg_err){.severity = MG_ERROR};
    const struct mg_source *known = recall(sources, plugin, name, MG_SOURCE_NATIVE);
    if (known != NULL) {
        return known;
    }
    const char *slash = strrchr(plugin->name, '/');
    struct mg_str folder = {plugin->name, slash == NULL ? 0 : (size_t)(slash - plugin->name)};
    const char *key_slash = strrchr(plugin->key, '/');
    struct mg_str key_folder = {plugin->key,
                                key_slash == NULL ? 0 : (size_t)(key_slash - plugin->key)};
    struct mg_str path =
        mg_arena_printf(sources->arena, "%.*s/%.*s", MG_STR_ARG(folder), MG_STR_ARG(name));
    struct mg_str key =
        mg_arena_printf(sources->arena, "%.*s/%.*s", MG_STR_ARG(key_folder), MG_STR_ARG(name));
    if (path.ptr == NULL || key.ptr == NULL) {
        (void)mg_source_fail(err, "out-of-memory", "");
        return NULL;
    }
    struct mg_source read = {
        .kind = MG_SOURCE_NATIVE, .name = path.ptr, .key = key.ptr, .dir = plugin->dir};
    if (sources->is_replay) {
        MG_ERR_SET(err->message, "'%s' cannot be found", path.ptr);
        (void)mg_source_fail(err, "path-not-found", "");
        return NULL;
    }
    if (!mg_sources_read_file(sources, path.ptr, &read, err)) {
        return NULL;
    }
    return remember(sources, plugin, name, mg_sources_append(sources, &read), err);
}
