/* manifest.h - the table that a plugin.lua returns. Private to src/plugin.
 *
 *     return {
 *       name = "rate-limit", version = "1.0.0", api = 1,
 *       before = { "audit" }, after = { "auth" },
 *       capabilities = { "clock", "dict:hits:1MB" },
 *       config = { limit = { type = "integer", default = 100 } },
 *       budget = { cpu_ms = 5, steps = 1000000, bytes = "4MB" },
 *       load = function(config) … end,
 *       request = function(req) … end,
 *     }
 *
 * Errors:    all faults at once, at the lines of the fields; codes plugin-….
 * Threads:   as script/state.h.
 */
#ifndef MG_PLUGIN_MANIFEST_H
#define MG_PLUGIN_MANIFEST_H

#include "plugin/capability.h"
#include "plugin/schema.h"

enum {
    MG_PLUGIN_API = 1,
    MG_MANIFEST_MAX_CAPABILITIES = 32,
    MG_MANIFEST_MAX_NAMES = 64, /* in `before`, in `after` */
};

struct mg_manifest {
    struct mg_str name;
    struct mg_str version;
    struct mg_str native; /* file of the shared object, or empty */
    const struct mg_str *before;
    size_t before_count;
    const struct mg_str *after;
    size_t after_count;
    const struct mg_capability_spec *capabilities;
    size_t capability_count;
    struct mg_schema config; /* a table without fields where there is none */
    struct mg_script_budget budget;
    bool has_load;
    unsigned hooks; /* functions in Lua, 1 << enum mg_hook */
};

/* Read the value at the top of the stack, which stays, into *out. `name` is the folder's.
 * Returns: false after an error. */
bool mg_manifest_read(const struct mg_schema_context *context, struct mg_str name,
                      const struct mg_plugin_spot *spot, struct mg_manifest *out);

/* "request", "decision", "response", "log", "handler": the field of a hook's function. */
const char *mg_hook_name(enum mg_hook hook);

/* Whether a plugin may be called so: small letters, digits and "-", at most
 * MG_PLUGIN_MAX_NAME_BYTES. */
bool mg_plugin_name_is_valid(struct mg_str name);

#endif
