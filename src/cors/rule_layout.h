/* rule_layout.h - a compiled rule, for the files that compile, apply and write it.
 *
 * The fields of an answer are joined at load, so that writing them is three copies:
 *
 *   actual     "Access-Control-Allow-Origin: " ORIGIN actual_block
 *   with TAO   "Access-Control-Allow-Origin: " ORIGIN actual_block ORIGIN CRLF
 *   preflight  "Access-Control-Allow-Origin: " ORIGIN preflight_block
 *
 * A public rule's blocks are whole lines, "*" included: one copy. Where a "*" has to be
 * resolved by the request (with credentials), a preflight is put together from the pieces at
 * the end.
 */
#ifndef MG_CORS_RULE_LAYOUT_H
#define MG_CORS_RULE_LAYOUT_H

#include "cors/name_set.h"
#include "cors/origin_set.h"
#include "cors/rule.h"

struct mg_rule {
    const struct mg_origin_set *origins;
    bool is_public;
    bool rejects;
    bool has_credentials;
    bool any_method;
    bool any_header;
    bool is_resolved;    /* a "*" with credentials */
    bool has_options;    /* the resource supports OPTIONS as a method of its own */
    bool repeats_origin; /* Timing-Allow-Origin with ACAO's value */
    unsigned preflight_status;
    struct mg_name_list methods; /* the rule's and the resource's safelisted ones */
    struct mg_name_set headers;  /* listed names, without "*" */

    struct mg_str actual_block;
    struct mg_str preflight_block; /* of a resolved rule up to the line of the methods */
    struct mg_str method_list;     /* joined; of a resolved rule only, as what follows */
    struct mg_str header_line;     /* whole; empty where any_header */
    struct mg_str max_age_line;    /* whole, or empty */
};

/* Whether the rule's methods have `method`, byte for byte. */
static inline bool mg_rule_lists_method(const struct mg_rule *rule, struct mg_str method)
{
    for (size_t i = 0; i < rule->methods.count; i++) {
        if (mg_str_equal(rule->methods.items[i], method)) {
            return true;
        }
    }
    return false;
}

/* Whether the rule allows the request header. "*" does not stand for Authorization (Fetch, CORS
 * non-wildcard request-header name). */
static inline bool mg_rule_allows_header(const struct mg_rule *rule, struct mg_str name,
                                         uint32_t hash)
{
    if (rule->any_header && !mg_str_equal_nocase(name, MG_STR("authorization"))) {
        return true;
    }
    return mg_name_set_contains(&rule->headers, name, hash);
}

#endif
