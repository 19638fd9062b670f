/* rule.h - a CORS rule, compiled: what one resource allows to other origins. Immutable once
 * compiled.
 *
 * A rule is made at load from a mg_rule_spec whose values were validated (policy/check.h), and
 * read by all workers without locks. Everything an answer needs is joined and ready in it.
 */
#ifndef MG_CORS_RULE_H
#define MG_CORS_RULE_H

#include "core/arena.h"
#include "core/str.h"

struct mg_origin_set;

/* What a policy says, as lists of slices. */
struct mg_name_list {
    const struct mg_str *items;
    size_t count;
};

enum mg_on_denied {
    MG_ON_DENIED_WITHHOLD,
    MG_ON_DENIED_REJECT
};

enum {
    MG_MAX_AGE_ABSENT = -1
};

struct mg_rule_spec {
    const struct mg_origin_set *origins;  /* kept; never NULL, may be empty */
    struct mg_name_list resource_methods; /* what the resource supports, in declared order */
    struct mg_name_list methods; /* of the rule; has_methods false: all of the resource's */
    bool has_methods;
    bool any_method; /* methods = "*" */
    struct mg_name_list headers;
    bool any_header; /* headers = "*"; `headers` may add Authorization, which "*" lacks */
    struct mg_name_list expose;
    bool expose_any;           /* without credentials only */
    bool credentials;          /* ignored where origins are "*" */
    long long max_age;         /* seconds, or MG_MAX_AGE_ABSENT */
    unsigned preflight_status; /* 204 or 200 */
    enum mg_on_denied on_denied;
    bool timing;
};

struct mg_rule;

/* Compile `spec` into `arena`. Copies what it keeps, except spec->origins. Names listed twice
 * are kept once, a "*" among names is passed over: the flags say it.
 * Returns: NULL when the arena is full or memory is out. */
const struct mg_rule *mg_rule_compile(const struct mg_rule_spec *spec, struct mg_arena *arena);

/* Whether the answer does not look at Origin at all: origins are exactly "*" (then never with
 * credentials). */
bool mg_rule_is_public(const struct mg_rule *rule);
/* Whether a denied origin is refused instead of served without CORS fields. */
bool mg_rule_rejects(const struct mg_rule *rule);
/* Whether any method is allowed: methods = "*". */
bool mg_rule_allows_any_method(const struct mg_rule *rule);
/* The status of an empty answer to OPTIONS, a preflight or not: 204 or 200. */
unsigned mg_rule_options_status(const struct mg_rule *rule);

/* Whether both decide alike, and write the same fields, for every origin that both allow. Rules
 * that say the same in another order may be told apart. */
bool mg_rule_equal(const struct mg_rule *a, const struct mg_rule *b);

/* What the rule says, for tables: who may ask, with credentials or not, and by which methods
 * (the resource's GET, HEAD and POST among them). */
const struct mg_origin_set *mg_rule_origins(const struct mg_rule *rule);
bool mg_rule_has_credentials(const struct mg_rule *rule);
struct mg_name_list mg_rule_methods(const struct mg_rule *rule);

#endif
