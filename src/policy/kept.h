/* kept.h - what a set with functions or plugins keeps of its load, so that its policies can run
 * again in other states (runtime.h), and be seen to declare the same.
 *
 * Ownership: everything lives in the set's arena, except `suffixes`.
 * Threads:   read-only once loaded; any thread.
 */
#ifndef MG_POLICY_KEPT_H
#define MG_POLICY_KEPT_H

#include "cors/rule.h"
#include "policy/loader.h"

/* What the functions of a resource start from. */
struct mg_base_rule {
    uint32_t position;               /* among the resources with functions */
    struct mg_rule_spec spec;        /* as declared; what functions give is empty in it */
    const struct mg_rule *rule;      /* of it: the resource's own where it has one */
    const struct mg_rule *unchecked; /* the same, but never public: with origins that a function
                                        or allow { … } gave */
    const struct mg_origin_set *no_origins;
    const char *where; /* the resource in messages, with a space behind */
    bool insecure;
    bool reflects;
    /* What is wrong with the declared origins once there are credentials; NULL: nothing. */
    const struct mg_err *credentials_fault;
};

/* A use of a plugin. */
struct mg_kept_plugin {
    struct mg_str name;
    const char *used_file;
    int used_line;
    const struct mg_source *source; /* plugin.lua */
    const struct mg_str *grant;
    size_t grant_count;
    bool has_grant;
    uint64_t fingerprint;
    uint64_t config_hash;           /* of what it is configured with, wherever that stands */
    const struct mg_plugin *plugin; /* as it was read */
};

/* The plugins of some resources, in the order in which they run. */
struct mg_plugin_group {
    const uint32_t *plugins; /* positions in mg_lua_set.plugins */
    uint32_t count;
};

struct mg_lua_set {
    struct mg_policy_options options; /* without what is only for reading files */
    struct mg_sources sources;        /* a replay; lists of origins without their text */
    const uint64_t *fingerprints;     /* one a resource, in the set's order */
    uint64_t upstreams;               /* the fingerprint of all */
    uint32_t function_count;          /* resources with functions */
    const struct mg_kept_plugin *plugins;
    size_t plugin_count;
    const struct mg_plugin_group *groups; /* the first is empty */
    uint32_t group_count;
    psl_ctx_t *suffixes; /* the public suffix list; freed with the set */
};

/* Keep what the loader has, of a set whose resources are compiled; decls[i] is that of resource
 * i. Does nothing for a set that needs no Lua. Faults are reported. Returns: false when memory
 * is out. */
bool mg_kept_build(struct mg_loader *loader, struct mg_policy_set *set,
                   struct mg_resource_decl *const *decls);

/* Make what the functions of `decl` start from; `spot` is that of its cors. Sets
 * resource->functions and ->base. Faults are reported. Returns: false when memory is out. */
bool mg_base_rule_build(struct mg_loader *loader, const struct mg_spot *spot,
                        const struct mg_resource_decl *decl, const struct mg_rule_spec *spec,
                        struct mg_resource *resource);

#endif
