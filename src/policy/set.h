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
#include "cors/rule.h"
#include "http/method.h"

enum mg_handler_kind {
    MG_HANDLER_NONE, /* 404 */
    MG_HANDLER_ECHO,
    MG_HANDLER_RESPOND,
    MG_HANDLER_PROXY,
    MG_HANDLER_CUSTOM, /* one the program registered under a name (tests; plugins later) */
};

/* respond{ status, fields, body }, checked and prepared at load. */
struct mg_canned {
    unsigned status;
    struct mg_str lines; /* whole field lines, without access-control-*, Vary and framing */
    struct mg_str vary;  /* the value of its Vary fields, joined, or empty */
    struct mg_str body;
};

struct mg_handler_spec {
    enum mg_handler_kind kind;
    struct mg_str name; /* proxy: the upstream ("default"); custom: the handler */
    struct mg_canned canned;
};

/* cors = … of a resource. */
enum mg_cors_mode {
    MG_CORS_SAME_ORIGIN, /* no `cors` key: rule is NULL, cross-origin preflights are refused */
    MG_CORS_RULE,
    MG_CORS_OFF, /* cors = false: the engine neither answers nor edits */
};

struct mg_resource {
    uint32_t id;           /* position in the set */
    struct mg_str pattern; /* as written: "/orders/{id}" */
    const char *file;      /* of the `resource` call */
    int line;
    struct mg_name_list methods; /* in declared order */
    uint32_t method_bits;        /* 1 << enum mg_method for the known ones, HEAD where GET is */
    bool has_other_methods;      /* some have no id: compare tokens */
    struct mg_str allow; /* value of Allow: declared order, HEAD where GET is, OPTIONS */
    enum mg_cors_mode cors_mode;
    const struct mg_rule *rule;
    struct mg_handler_spec handler;
    bool forwards_options; /* options = "forward" */
    bool encoded_slash;
};

struct mg_policy_set {
    const struct mg_resource *const *resources;
    size_t resource_count;
    struct mg_str revision;      /* hexadecimal content hash of all files read */
    struct mg_str allow;         /* union of all resources' methods, for OPTIONS * */
    struct mg_name_list methods; /* every method token any resource names */
    bool has_echo;               /* some handler is echo */
    const struct mg_router *router;
    struct mg_arena *arena; /* owns all of it */
};

struct mg_policy_options {
    const char *const *paths; /* FILE or DIR, in order */
    size_t path_count;
    size_t max_file_bytes; /* default 1 MiB */
    size_t max_set_bytes;  /* default 16 MiB */
    bool has_upstream;     /* a default upstream is configured: the default handler is proxy */
};

enum {
    MG_POLICY_MAX_FILE_BYTES = 1 << 20,
    MG_POLICY_MAX_SET_BYTES = 16 << 20
};

/* Load, validate and compile. Errors, warnings and notes go to `errs`.
 * Returns: the set, which the caller frees, or NULL when there was an error. */
struct mg_policy_set *mg_policy_set_load(const struct mg_policy_options *options,
                                         struct mg_errs *errs);
void mg_policy_set_free(struct mg_policy_set *set);

/* Whether the set or the standards name `token` as a method: RFC 9110, PATCH, or any resource.
 * CONNECT and TRACE are never known. */
bool mg_policy_set_knows_method(const struct mg_policy_set *set, enum mg_method method,
                                struct mg_str token);

/* Whether the resource supports the method: declared, HEAD where GET is. OPTIONS is not asked
 * here. */
bool mg_resource_has_method(const struct mg_resource *resource, enum mg_method method,
                            struct mg_str token);

/* A parameter of a matched pattern; the value is a slice of the path, percent-encoded as in its
 * normal form. */
struct mg_param {
    struct mg_str name;
    struct mg_str value;
};

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
