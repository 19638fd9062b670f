/* grant.h - a constant: what allow { … } gives while a policy is loaded, to be returned by any
 * number of hooks of any resources.
 *
 * Shape:     an opaque value. Its fields are read when it is made, and what is wrong with them
 *            by themselves is told with its line; what they come to for a resource is judged
 *            when a hook of that first returns it.
 * Ownership: lives in the loader's `values` arena, as long as the state.
 */
#ifndef MG_POLICY_GRANT_H
#define MG_POLICY_GRANT_H

#include "policy/loader.h"

struct mg_grant {
    unsigned fields;          /* 1 << enum mg_allow_field, those that are named */
    struct mg_cors_decl cors; /* the named ones */
    const char *file;         /* of the call */
    int line;
};

/* `allow` while a policy is loaded. */
int mg_grant_new(lua_State *L);

#endif
