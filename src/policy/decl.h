/* decl.h - what policies declare, as read from Lua's tables and not yet judged.
 *
 * Shape:     plain C data: once a policy has run, nothing of this needs Lua any more.
 * Ownership: everything lives in the loader's scratch arena, except what mg_resource keeps as
 *            it is (names of handlers, prepared answers), which is in the set's.
 */
#ifndef MG_POLICY_DECL_H
#define MG_POLICY_DECL_H

#include "policy/set.h"

struct mg_source;

/* A function of a policy. */
struct mg_function_decl {
    int slot;      /* where the state keeps it (script/state.h); 0: none */
    uint64_t hash; /* of the place where it was written */
};

enum mg_list_kind {
    MG_LIST_ABSENT,
    MG_LIST_ITEMS,
    MG_LIST_FILE,     /* file "…" */
    MG_LIST_FUNCTION, /* asked for each request */
    MG_LIST_BROKEN,   /* a fault was reported: ask no more of it */
};

/* A list of names or origins. "*" alone is a list of "*". */
struct mg_list_decl {
    enum mg_list_kind kind;
    struct mg_str *items;
    size_t *places; /* the position in the table that each item had, from 1; "*" alone: 0 */
    size_t count;
    bool is_frozen;                   /* a table that was made while loading (script/seal.h) */
    bool is_kept;                     /* items stay as they are, and where (known.h) */
    const struct mg_source *source;   /* of MG_LIST_FILE */
    struct mg_function_decl function; /* of MG_LIST_FUNCTION */
};

/* cors = { … } */
struct mg_cors_decl {
    struct mg_list_decl origins;
    struct mg_list_decl methods;
    struct mg_list_decl headers;
    struct mg_list_decl expose;
    bool credentials;
    long long max_age; /* MG_MAX_AGE_ABSENT: none */
    unsigned status;
    enum mg_on_denied on_denied;
    bool timing;
    bool insecure;
    bool reflects; /* a function may give back the request's own Origin with credentials */
};

/* resource "PATTERN" { … } */
struct mg_resource_decl {
    struct mg_resource_decl *older;
    struct mg_str pattern;
    const char *file;
    int line;
    bool is_complete;  /* its table was given */
    bool is_abandoned; /* its policy failed before that */
    struct mg_list_decl methods;
    enum mg_cors_mode cors_mode;
    struct mg_cors_decl cors;
    bool has_handler;
    struct mg_handler_spec handler;
    struct mg_plugin_decl *plugin; /* of MG_HANDLER_PLUGIN */
    bool forwards_options;
    bool encoded_slash;
    struct mg_function_decl hooks[MG_FUNCTION_COUNT]; /* from MG_FUNCTION_CLASSIFY on */
};

/* plugin "NAME" { … } */
struct mg_plugin_decl {
    struct mg_plugin_decl *older;
    struct mg_str name;
    const char *file; /* of the `plugin` call */
    int line;
    const struct mg_source *source; /* plugin.lua; NULL: not found, which was reported */
    bool is_complete;               /* its table was given */
    bool is_abandoned;
    bool is_handler;               /* some resource names it as its handler */
    struct mg_list_decl resources; /* patterns as written */
    struct mg_list_decl grant;
    int config;           /* where the state keeps the other fields; 0: there was no table */
    uint64_t config_hash; /* of those, in whatever order they are walked */
    uint32_t position;    /* among those of the set, once they are ordered */
};

/* upstream "NAME" { … } */
struct mg_upstream_decl {
    struct mg_upstream_decl *older;
    struct mg_upstream upstream; /* with servers, checked */
    bool is_complete;
    bool is_abandoned;
};

#endif
