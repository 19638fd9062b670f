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

enum mg_list_kind {
    MG_LIST_ABSENT,
    MG_LIST_ITEMS,
    MG_LIST_FILE,   /* file "…" */
    MG_LIST_BROKEN, /* a fault was reported: ask no more of it */
};

/* A list of names or origins. "*" alone is a list of "*". */
struct mg_list_decl {
    enum mg_list_kind kind;
    struct mg_str *items;
    size_t *places; /* the position in the table that each item had, from 1; "*" alone: 0 */
    size_t count;
    const struct mg_source *source; /* of MG_LIST_FILE */
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
    bool forwards_options;
    bool encoded_slash;
};

/* upstream "NAME" { … } */
struct mg_upstream_decl {
    struct mg_upstream_decl *older;
    struct mg_upstream upstream; /* with servers, checked */
    bool is_complete;
    bool is_abandoned;
};

#endif
