/* set.h - a policy set: all policies loaded together, compiled into immutable resources and
 * a router.
 *
 * Ownership: mg_policy_set_load gives a set; mg_policy_set_free frees it and everything
 *            reachable from it.
 * Errors:    all faults of all files are collected; a set with an error is not given.
 * Threads:   load on one thread; afterwards read-only, any thread.
 */
#ifndef MG_POLICY_SET_H
#define MG_POLICY_SET_H

#include <stdint.h>

#include "core/err.h"
#include "core/str.h"
#include "http/method.h"
#include "plugin/request.h"
#include "policy/resource.h"

struct mg_buf;
struct mg_lua_set;
struct mg_witness;

struct mg_policy_set {
    const struct mg_resource *const *resources; /* ordered by file, line and pattern */
    size_t resource_count;
    const struct mg_upstream *upstreams; /* ordered by name */
    size_t upstream_count;
    struct mg_str revision; /* 32 hexadecimal digits: hash of the names and bytes of all files
                               read. It tells sets apart; it is no proof against forgery */
    struct mg_str allow;    /* union of all resources' methods, for OPTIONS * */
    struct mg_name_list methods; /* every method token any resource names */
    bool has_echo;               /* some handler is echo */
    const struct mg_router *router;
    struct mg_lua_set *lua; /* what its Lua states are made of; NULL: it needs none */
    struct mg_arena *arena; /* owns all of it */
};

struct mg_policy_options {
    const char *const *paths; /* FILE or DIR, in order */
    size_t path_count;
    size_t max_file_bytes;  /* default 1 MiB */
    size_t max_set_bytes;   /* default 16 MiB */
    size_t max_list_bytes;  /* of one `file "…"` of origins; default 64 MiB */
    bool has_upstream;      /* a default upstream is configured: the default handler is proxy */
    bool has_public_origin; /* --public-origin is given: on_denied = "reject" is safe to use */
    const char *const *handlers; /* names that `handler` takes for MG_HANDLER_CUSTOM */
    size_t handler_count;
    const char *const *plugin_dirs; /* where plugins are looked for, in order */
    size_t plugin_dir_count;
    size_t max_script_bytes;    /* memory of Lua while loading; default 64 MiB */
    uint64_t max_script_steps;  /* default 100 million; see script/state.h */
    uint32_t max_script_cpu_ms; /* default 5000 */
    struct mg_witness *witness; /* filled with what was seen of the file system, also by a load
                                   that fails; or NULL */
    struct mg_buf *bundle; /* a set that was given is appended as it was read (bundle.h); or
                              NULL */
};

enum {
    MG_POLICY_MAX_FILE_BYTES = 1 << 20,
    MG_POLICY_MAX_SET_BYTES = 16 << 20,
    MG_POLICY_MAX_LIST_BYTES = 64 << 20,
};

/* Load, validate and compile; a set with functions is loaded twice, to see whether it declares
 * the same each time. A zero in `options` stands for the default. Errors, warnings and
 * notes go to `errs`, ordered by file, line and field. Codes: docs/diagnostics.md.
 * Returns: the set, which the caller frees, or NULL when there was an error. */
struct mg_policy_set *mg_policy_set_load(const struct mg_policy_options *options,
                                         struct mg_errs *errs);

/* As mg_policy_set_load, of files that stood still while they were read: where one has changed
 * meanwhile, all is read again, up to 20 times. Code: source-unsteady. options->witness and
 * ->bundle are empty before. */
struct mg_policy_set *mg_policy_set_load_steady(const struct mg_policy_options *options,
                                                struct mg_errs *errs);

/* As mg_policy_set_load, of one policy that is no file: `text` under the name `name` in
 * messages. options->paths are not looked at; `include` and `file` find nothing. */
struct mg_policy_set *mg_policy_set_load_text(const char *name, struct mg_str text,
                                              const struct mg_policy_options *options,
                                              struct mg_errs *errs);

/* As mg_policy_set_load, of a bundle: options->paths are not looked at, and nothing is read.
 * Code: bundle-invalid. */
struct mg_policy_set *mg_policy_set_load_bundle(struct mg_str bundle,
                                                const struct mg_policy_options *options,
                                                struct mg_errs *errs);
void mg_policy_set_free(struct mg_policy_set *set);

/* Whether some resource has functions or plugins, so that each worker needs a Lua state
 * (policy/runtime.h). */
bool mg_policy_set_needs_lua(const struct mg_policy_set *set);

/* The name of the `index`th Lua file of a set that needs Lua, of policies and plugins, in the
 * order of reading; NULL beyond the last. */
const char *mg_policy_set_script(const struct mg_policy_set *set, size_t index);

/* Whether the set or the standards name `token` as a method: RFC 9110, PATCH, or any resource.
 * CONNECT and TRACE are never known. */
bool mg_policy_set_knows_method(const struct mg_policy_set *set, enum mg_method method,
                                struct mg_str token);

enum {
    MG_MAX_PARAMS = 16
}; /* a pattern with more is an error at load */

struct mg_route {
    const struct mg_resource *resource; /* NULL: none */
    unsigned param_count;
    struct mg_param params[MG_MAX_PARAMS];
};

/* Find the resource for `host` (without port, any case) and a normal-form path. The most
 * specific pattern wins, as in Go's ServeMux; nothing is redirected. Complexity: O(length of
 * the path), independent of the number of resources for sets without overlapping wildcards. No
 * allocation. */
void mg_policy_set_route(const struct mg_policy_set *set, struct mg_str host,
                         struct mg_str path, struct mg_route *route);

#endif
