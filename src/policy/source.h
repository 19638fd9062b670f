/* source.h - the files of a policy set: which ones, read once, bounded, and hashed.
 *
 * Rules:     of a directory, the regular files *.lua in it in byte order, but not *_spec.lua
 *            and none that begins with "_" or "."; a file is taken as it is. `include` and
 *            `file` find names below the directory of the policy that runs, and nothing else:
 *            no absolute path, no "..", no symbolic link that leads out. A plugin is
 *            NAME/plugin.lua in the first plugin directory that has it.
 * Replay:    what was found by which name is remembered, so that the same policies can run
 *            again (kept.h) and find the same, whatever the files are by then.
 * Ownership: names and bytes live in the arena given to _init.
 * Errors:    as struct mg_err with code, message and hint.
 * Threads:   one owner at a time.
 */
#ifndef MG_POLICY_SOURCE_H
#define MG_POLICY_SOURCE_H

#include <sys/types.h>

#include "core/arena.h"
#include "core/err.h"
#include "policy/set.h"

enum mg_source_kind {
    MG_SOURCE_POLICY,  /* run for itself */
    MG_SOURCE_INCLUDE, /* run by include */
    MG_SOURCE_LIST,    /* origins, one a line */
    MG_SOURCE_PLUGIN,  /* plugin.lua */
    MG_SOURCE_NATIVE,  /* the shared object of a plugin */
};

struct mg_source {
    struct mg_source *next;
    enum mg_source_kind kind;
    const char *name;     /* in messages: "policies/api.lua" */
    const char *key;      /* within its directory, for the revision: "api.lua" */
    const char *dir;      /* the policy's directory, resolved; NULL: none */
    const char *dir_name; /* the same as written, for messages */
    dev_t device;         /* with `inode`: the file, whatever its name */
    ino_t inode;
    size_t position; /* in the order of reading, from 0 */
    struct mg_str text;
};

/* What a name was found to be. */
struct mg_source_find {
    struct mg_source_find *older;
    const struct mg_source *policy; /* that asked; NULL: for plugins */
    struct mg_str name;
    const struct mg_source *source;
};

struct mg_sources {
    struct mg_arena *arena;
    const struct mg_policy_options *options;
    struct mg_source *first;
    struct mg_source *last;
    size_t count;
    size_t lua_bytes; /* of policies, includes and plugins */
    struct mg_source_find *finds;
    size_t find_count;
    bool is_replay; /* nothing is read any more: `finds` is all there is */
};

void mg_sources_init(struct mg_sources *sources, struct mg_arena *arena,
                     const struct mg_policy_options *options);

/* Read the policies that the options name, in order. Faults go to `errs`. */
void mg_sources_read_policies(struct mg_sources *sources, struct mg_errs *errs);

/* Add a policy that is no file. Returns: false when memory is out. */
bool mg_sources_add_text(struct mg_sources *sources, const char *name, struct mg_str text);

/* Find the file `name` for `include` or `file` in `policy`; read it unless it was read before.
 * Returns: the source, or NULL with code, message and hint of *err set. Codes: path-invalid,
 * path-outside, path-not-found, path-unreadable, path-not-regular, policy-too-large,
 * set-too-large, list-too-large, out-of-memory. */
const struct mg_source *mg_sources_find(struct mg_sources *sources,
                                        const struct mg_source *policy, struct mg_str name,
                                        enum mg_source_kind kind, struct mg_err *err);

/* Find the plugin `name`; as mg_sources_find, for any policy. Codes: plugin-name,
 * plugin-not-found, and those of reading. */
const struct mg_source *mg_sources_find_plugin(struct mg_sources *sources, struct mg_str name,
                                               struct mg_err *err);

/* Find the shared object `name` in the folder of `plugin`. Codes: those of reading. */
const struct mg_source *mg_sources_find_native(struct mg_sources *sources,
                                               const struct mg_source *plugin,
                                               struct mg_str name, struct mg_err *err);

/* A hash of the names of policies in a directory, in their order; another one where the
 * directory cannot be listed. */
uint64_t mg_sources_hash_names(const char *path);

/* The revision of all that was read: 32 hexadecimal digits in `arena`. It depends on names
 * within their directories and on bytes, not on the order of reading. */
struct mg_str mg_sources_revision(const struct mg_sources *sources, struct mg_arena *arena);

#endif
