/* resource.h - what policies declare, compiled: resources with their rule and handler, and
 * upstreams.
 *
 * Ownership: all of it lives in the arena of its policy set (set.h).
 * Threads:   read-only once loaded; any thread.
 */
#ifndef MG_POLICY_RESOURCE_H
#define MG_POLICY_RESOURCE_H

#include <stdint.h>

#include "core/str.h"
#include "cors/rule.h"
#include "http/method.h"

enum mg_handler_kind {
    MG_HANDLER_NONE, /* 404 */
    MG_HANDLER_ECHO,
    MG_HANDLER_RESPOND,
    MG_HANDLER_PROXY,
    MG_HANDLER_CUSTOM, /* one the program registered under a name (tests) */
    MG_HANDLER_PLUGIN, /* plugin "NAME": its handler hook */
};

/* respond{ status, fields, body }, checked and prepared at load. */
struct mg_canned {
    unsigned status;
    struct mg_str lines; /* whole field lines, without Vary and framing; CORS fields only under
                            cors = false */
    struct mg_str vary;  /* the value of its Vary fields, joined, or empty */
    struct mg_str body;
    struct mg_str cors_field; /* the name of its first CORS field, or empty */
};

struct mg_handler_spec {
    enum mg_handler_kind kind;
    struct mg_str name; /* proxy: the upstream ("default"); custom: the handler; plugin: its */
    struct mg_canned canned;
};

/* cors = … of a resource. */
enum mg_cors_mode {
    MG_CORS_SAME_ORIGIN, /* no `cors` key: rule is NULL, cross-origin preflights are refused */
    MG_CORS_RULE,
    MG_CORS_OFF, /* cors = false: the engine neither answers nor edits */
};

/* Where a function of a resource stands. */
enum mg_function {
    MG_FUNCTION_ORIGINS, /* cors.origins */
    MG_FUNCTION_METHODS,
    MG_FUNCTION_HEADERS,
    MG_FUNCTION_CLASSIFY, /* the hooks */
    MG_FUNCTION_PREFLIGHT,
    MG_FUNCTION_SIMPLE,
    MG_FUNCTION_PREFLIGHTED,
    MG_FUNCTION_COUNT
};
/* "origins", "methods", "headers", "classify", "preflight", "simple", "preflighted". */
const char *mg_function_name(enum mg_function function);

struct mg_base_rule;

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
    bool has_handler;      /* the policy names it; else it is the default */
    bool forwards_options; /* options = "forward" */
    bool encoded_slash;
    unsigned functions; /* 1 << enum mg_function; 0: C alone decides (policy/runtime.h) */
    const struct mg_base_rule *base; /* what functions start from; NULL without any */
    uint32_t plugin_group;           /* 0: no plugin runs for it */
    uint32_t handler_plugin;         /* with MG_HANDLER_PLUGIN: which of the set's */
};

/* One server of an upstream, taken from "http://10.0.0.1:8080". */
struct mg_upstream_server {
    struct mg_str url;  /* as written */
    bool is_tls;        /* https */
    struct mg_str host; /* an IPv6 literal keeps its brackets */
    uint16_t port;      /* the scheme's default where none is written */
};

/* Which server of an upstream gets the next request. */
enum mg_balance {
    MG_BALANCE_ROUND_ROBIN,
    MG_BALANCE_LEAST_CONNECTIONS,
    MG_BALANCE_RANDOM,
};

/* upstream "NAME" { … } */
struct mg_upstream {
    struct mg_str name;
    const char *file; /* of the `upstream` call */
    int line;
    const struct mg_upstream_server *servers; /* one at least */
    size_t server_count;
    enum mg_balance balance;
    bool keeps_cors; /* cors = "keep": its access-control-* fields pass, else ours replace */
};

/* Whether the resource supports the method: declared, HEAD where GET is. OPTIONS is not asked
 * here. */
bool mg_resource_has_method(const struct mg_resource *resource, enum mg_method method,
                            struct mg_str token);

#endif
