/* diff_offer.h - what a rule gives to an origin that it allows, asked of the engine; and what
 * one gives that another does not.
 *
 * Ownership: all that is given lives in the differ's scratch arena, or in the set.
 */
#ifndef MG_POLICY_DIFF_OFFER_H
#define MG_POLICY_DIFF_OFFER_H

#include "cors/decide.h"
#include "policy/diff_layout.h"

/* Whom to ask for: a rule, and an origin that it allows. */
struct mg_diff_view {
    const struct mg_policy_set *set;
    const struct mg_resource *resource;
    const struct mg_rule *rule; /* NULL: nothing is given to anyone */
    enum mg_given_origin given; /* the origin stands for whom a function allows */
    struct mg_str origin;
    struct mg_str max_age; /* from here on as the engine writes it; empty: absent */
    struct mg_str exposed;
    struct mg_str allowed_headers;
    bool credentials;
    bool timing;
};

/* A view of `resource` under `rule`, with the fields that the engine writes, in scratch. */
struct mg_diff_view mg_diff_view_of(struct mg_differ *differ, const struct mg_policy_set *set,
                                    const struct mg_resource *resource,
                                    const struct mg_rule *rule, bool by_function);

/* Names that only one view has. */
struct mg_diff_names {
    struct mg_diff_list list;
    bool has_any; /* beside them all others, but Authorization */
};

/* What `view` gives and `other` does not: methods that a page may use, request headers that it
 * may send, response headers that it may read. */
struct mg_diff_names mg_diff_methods(struct mg_differ *differ, const struct mg_diff_view *view,
                                     const struct mg_diff_view *other);
struct mg_diff_names mg_diff_headers(struct mg_differ *differ, const struct mg_diff_view *view,
                                     const struct mg_diff_view *other);
struct mg_diff_names mg_diff_exposed(struct mg_differ *differ, const struct mg_diff_view *view,
                                     const struct mg_diff_view *other);

#endif
