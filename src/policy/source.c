/* source.c - see the header.
 *
 * A file is opened first and judged by its descriptor, so that what was checked is what is
 * read; O_NONBLOCK keeps a FIFO from holding the load. Names below a policy's directory are
 * resolved by realpath, which lets the symbolic links of a Kubernetes ConfigMap (api.lua ->
 * ..data/api.lua) through and those that lead out of the directory not.
 */
#include "policy/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/native.h"
#include "policy/source_read.h"
#include "policy/witness.h"

enum {
    MAX_FILES = 10000 /* in a directory of policies */
};

void mg_sources_init(struct mg_sources *sources, struct mg_arena *arena,
                     const struct mg_policy_options *options)
{
    *sources = (struct mg_sources){.arena = arena, .options = options};
}

bool mg_source_fail(struct mg_err *err, const char *code, const char *hint)
{
    err->severity = MG_ERROR;
    err->code = code;
    MG_ERR_SET(err->hint, "%s", hint);
    return false;
}

struct mg_source *mg_sources_append(struct mg_sources *sources, const struct mg_source *read)
{
    struct mg_source *source = mg_arena_alloc(sources->arena, sizeof(*source));
    if (source == NULL) {
        return NULL;
    }
    *source = *read;
    source->next = NULL;
    source->position = sources->count++;
    if (sources->last != NULL) {
        sources->last->next = source;
    } else {
        sources->first = source;
    }
    sources->last = source;
    return source;
}

/* Read `size` bytes, or as many as there are when the file shrinks meanwhile. */
static bool read_all(int fd, char *out, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t count = read(fd, out + *got, size - *got);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return false;
        }
        if (count == 0) {
            break;
        }
        *got += (size_t)count;
    }
    return true;
}

/* Check that a file of `size` bytes is within bounds. */
static bool check_size(const struct mg_sources *sources, enum mg_source_kind kind,
                       const char *name, size_t size, struct mg_err *err)
{
    const struct mg_policy_options *options = sources->options;
    bool is_list = kind == MG_SOURCE_LIST;
    bool is_native = kind == MG_SOURCE_NATIVE;
    size_t max = is_list     ? options->max_list_bytes
                 : is_native ? (size_t)MG_NATIVE_MAX_FILE_BYTES
                             : options->max_file_bytes;
    if (size > max) {
        MG_ERR_SET(err->message, "'%s' has %zu bytes; at most %zu are read", name, size, max);
        return mg_source_fail(err, is_list ? "list-too-large" : "policy-too-large",
                              is_list || is_native
                                  ? "divide it"
                                  : "long lists of origins belong into file \"name.txt\"");
    }
    if (!is_list && !is_native && size > options->max_set_bytes - sources->lua_bytes) {
        MG_ERR_SET(err->message, "with '%s' the set has more than %zu bytes of Lua", name,
                   options->max_set_bytes);
        return mg_source_fail(err, "set-too-large",
                              "long lists of origins belong into file \"name.txt\"");
    }
    return true;
}

static bool read_descriptor(struct mg_sources *sources, int fd, struct mg_source *source,
                            struct mg_err *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        MG_ERR_SET(err->message, "'%s' is no regular file", source->name);
        return mg_source_fail(err, "path-not-regular", "");
    }
    mg_witness_note(sources->options->witness, source->name, &status);
    size_t size = (size_t)status.st_size;
    if (!check_size(sources, source->kind, source->name, size, err)) {
        return false;
    }
    char *text = mg_arena_alloc(sources->arena, size + 1);
    size_t got;
    if (text == NULL || !read_all(fd, text, size, &got)) {
        MG_ERR_SET(err->message, "cannot read '%s': %s", source->name,
                   text == NULL ? "out of memory" : strerror(errno));
        return mg_source_fail(err, text == NULL ? "out-of-memory" : "path-unreadable", "");
    }
    text[got] = '\0';
    source->text = (struct mg_str){text, got};
    source->device = status.st_dev;
    source->inode = status.st_ino;
    bool is_lua = source->kind != MG_SOURCE_LIST && source->kind != MG_SOURCE_NATIVE;
    sources->lua_bytes += is_lua ? got : 0;
    return true;
}

bool mg_sources_read_file(struct mg_sources *sources, const char *path,
                          struct mg_source *source, struct mg_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        bool is_missing = errno == ENOENT || errno == ENOTDIR;
        mg_witness_note_missing(sources->options->witness, source->name);
        MG_ERR_SET(err->message, "cannot open '%s': %s", source->name, strerror(errno));
        return mg_source_fail(err, is_missing ? "path-not-found" : "path-unreadable", "");
    }
    bool is_read = read_descriptor(sources, fd, source, err);
    (void)close(fd);
    return is_read;
}

const struct mg_source *mg_sources_find_file(const struct mg_sources *sources, dev_t device,
                                             ino_t inode, enum mg_source_kind kind)
{
    for (const struct mg_source *s = sources->first; s != NULL; s = s->next) {
        if (s->dir != NULL && s->device == device && s->inode == inode && s->kind == kind) {
            return s;
        }
    }
    return NULL;
}

/* ---- policies ---- */

/* Read one policy: `key` in the directory that is written `dir_name` and resolves to `dir`. */
static void read_policy(struct mg_sources *sources, const char *dir_name, const char *dir,
                        const char *key, struct mg_errs *errs)
{
    bool is_here = strcmp(dir_name, ".") == 0;
    bool has_slash = mg_str_ends_with(mg_str_from(dir_name), MG_STR("/"));
    struct mg_str name = is_here ? mg_arena_printf(sources->arena, "%s", key)
                                 : mg_arena_printf(sources->arena, "%s%s%s", dir_name,
                                                   has_slash ? "" : "/", key);
    struct mg_source read = {.kind = MG_SOURCE_POLICY,
                             .name = name.ptr,
                             .key = mg_arena_dup(sources->arena, mg_str_from(key)).ptr,
                             .dir = dir,
                             .dir_name = dir_name};
    struct mg_err err = {0};
    if (!mg_sources_read_file(sources, name.ptr, &read, &err)) {
        mg_errs_add(errs, &err);
        return;
    }
    if (mg_sources_find_file(sources, read.device, read.inode, MG_SOURCE_POLICY) != NULL) {
        struct mg_err repeated = {.severity = MG_WARNING, .code = "policy-repeated"};
        MG_ERR_SET(repeated.file, "%s", read.name);
        MG_ERR_SET(repeated.message, "the file is named more than once; it is loaded once");
        mg_errs_add(errs, &repeated);
        return;
    }
    (void)mg_sources_append(sources, &read); /* else the arena has overflowed */
}

/* Whether a name in a directory is a policy's. */
static int is_policy_name(const struct dirent *entry)
{
    struct mg_str name = mg_str_from(entry->d_name);
    return name.ptr[0] != '_' && name.ptr[0] != '.' && mg_str_ends_with(name, MG_STR(".lua")) &&
           !mg_str_ends_with(name, MG_STR("_spec.lua"));
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static uint64_t hash_entries(struct dirent **entries, int count)
{
    uint64_t hash = (uint64_t)count;
    for (int i = 0; i < count; i++) {
        hash = mg_str_hash(mg_str_from(entries[i]->d_name), hash);
    }
    return hash;
}

uint64_t mg_sources_hash_names(const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_policy_name, compare_names);
    uint64_t hash = hash_entries(entries, count);
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return hash;
}

static void read_directory(struct mg_sources *sources, const char *path, const char *resolved,
                           struct mg_errs *errs)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_policy_name, compare_names);
    mg_witness_note_directory(sources->options->witness, path, hash_entries(entries, count));
    if (count < 0 || count > MAX_FILES) {
        mg_errs_fail(errs, "path-unreadable", NULL, "cannot list the directory '%s': %s", path,
                     count < 0 ? strerror(errno) : "too many files");
    }
    for (int i = 0; i < count; i++) {
        struct mg_str full = mg_arena_printf(sources->arena, "%s/%s", path, entries[i]->d_name);
        struct stat status;
        bool is_there = stat(full.ptr, &status) == 0;
        if (count <= MAX_FILES && (!is_there || S_ISREG(status.st_mode))) {
            read_policy(sources, path, resolved, entries[i]->d_name, errs);
        }
        free(entries[i]);
    }
    free(entries);
}

static void read_path(struct mg_sources *sources, const char *path, struct mg_errs *errs)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        mg_witness_note_missing(sources->options->witness, path);
        mg_errs_fail(errs, errno == ENOENT ? "path-not-found" : "path-unreadable",
                     "--policy takes a Lua file or a directory of them", "cannot open '%s': %s",
                     path, strerror(errno));
        return;
    }
    const char *slash = strrchr(path, '/');
    struct mg_str dir_name = mg_str_from(path);
    if (!S_ISDIR(status.st_mode)) {
        dir_name = slash == NULL   ? MG_STR(".")
                   : slash == path ? MG_STR("/")
                                   : (struct mg_str){path, (size_t)(slash - path)};
    }
    dir_name = mg_arena_dup(sources->arena, dir_name);
    char resolved[PATH_MAX];
    if (realpath(dir_name.ptr, resolved) == NULL) {
        mg_errs_fail(errs, "path-unreadable", NULL, "cannot resolve '%s': %s", dir_name.ptr,
                     strerror(errno));
        return;
    }
    const char *dir = mg_arena_dup(sources->arena, mg_str_from(resolved)).ptr;
    if (S_ISDIR(status.st_mode)) {
        read_directory(sources, dir_name.ptr, dir, errs);
    } else {
        read_policy(sources, dir_name.ptr, dir, slash == NULL ? path : slash + 1, errs);
    }
}

void mg_sources_read_policies(struct mg_sources *sources, struct mg_errs *errs)
{
    for (size_t i = 0; i < sources->options->path_count; i++) {
        read_path(sources, sources->options->paths[i], errs);
    }
}

bool mg_sources_add_text(struct mg_sources *sources, const char *name, struct mg_str text)
{
    struct mg_source source = {.kind = MG_SOURCE_POLICY};
    source.name = mg_arena_dup(sources->arena, mg_str_from(name)).ptr;
    source.key = source.name;
    source.text = mg_arena_dup(sources->arena, text);
    (void)mg_sources_append(sources, &source);
    return !mg_arena_overflowed(sources->arena);
}

/* ---- revision ---- */

struct digest {
    const char *key;
    unsigned long long low;
    unsigned long long high;
};

static int compare_digests(const void *left, const void *right)
{
    const struct digest *a = left;
    const struct digest *b = right;
    int order = strcmp(a->key, b->key);
    order = order != 0 ? order : (a->low > b->low) - (a->low < b->low);
    return order != 0 ? order : (a->high > b->high) - (a->high < b->high);
}

struct mg_str mg_sources_revision(const struct mg_sources *sources, struct mg_arena *arena)
{
    /* Two 64-bit hashes with different seeds, over names and bytes. No cryptographic hash: a
     * revision tells one's own sets apart. */
    unsigned long long low = 0x6d6f6f6e67617465ULL;
    unsigned long long high = 0x7265766973696f6eULL;
    struct digest *digests = mg_arena_calloc(sources->arena, sources->count, sizeof(*digests));
    if (digests == NULL) {
        return (struct mg_str){"", 0};
    }
    size_t count = 0;
    for (const struct mg_source *s = sources->first; s != NULL; s = s->next) {
        digests[count++] =
            (struct digest){s->key, mg_str_hash(s->text, low), mg_str_hash(s->text, high)};
    }
    qsort(digests, count, sizeof(*digests), compare_digests);
    for (size_t i = 0; i < count; i++) {
        struct mg_str key = mg_str_from(digests[i].key);
        low = mg_str_hash(key, low ^ digests[i].low);
        high = mg_str_hash(key, high ^ digests[i].high);
    }
    return mg_arena_printf(arena, "%016llx%016llx", high, low);
}
