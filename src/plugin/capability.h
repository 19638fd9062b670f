/* capability.h - what a plugin may reach beside pure functions: the names by which a manifest
 * asks for it, and how a policy's `grant` narrows it. Private to src/plugin.
 *
 *     log  clock  respond  widen  dict:NAME:SIZE
 *
 * In a grant "dict:NAME" and "dict" stand for what the manifest says of it.
 * Threads:   pure; any thread.
 */
#ifndef MG_PLUGIN_CAPABILITY_H
#define MG_PLUGIN_CAPABILITY_H

#include "plugin/plugin.h"
#include "plugin/spot.h"

enum {
    MG_CAPABILITY_MAX_DICTS = 16,      /* of one plugin */
    MG_CAPABILITY_MAX_NAME_BYTES = 64, /* of a dictionary */
};

struct mg_capability_spec {
    enum mg_capability kind;
    struct mg_str name; /* of a dictionary; empty in a grant of all */
    size_t max_bytes;   /* of a dictionary; 0 in a grant without size */
};

/* Who writes the text. */
enum mg_capability_writer {
    MG_CAPABILITY_OF_MANIFEST,
    MG_CAPABILITY_OF_GRANT
};

/* Read `text`, whose bytes *out borrows. Returns: false after a fault at `spot`
 * (plugin-capability, plugin-grant). */
bool mg_capability_parse(struct mg_str text, enum mg_capability_writer writer,
                         const struct mg_plugin_spot *spot, struct mg_capability_spec *out);

/* Find the part of `asked`, a manifest's `count` capabilities, that `grants` leave: copied to
 * `left`, which has room for `count`. What is granted without having been asked for is a
 * warning. Returns: how many are left. */
size_t mg_capability_narrow(const struct mg_capability_spec *asked, size_t count,
                            const struct mg_str *grants, size_t grant_count,
                            const struct mg_plugin_spot *spot, struct mg_capability_spec *left);

/* "log", "clock", "dict", "respond", "widen". */
const char *mg_capability_name(enum mg_capability kind);

#endif
