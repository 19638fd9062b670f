/* decide.c - from kind and rule to a decision. The order of the checks is the order of the
 * answers: form of the preflight 400, origin 403, then method and headers, which an allowed
 * origin is told about by a 204 with the true lists, since the browser's console names the
 * culprit only if it gets past the CORS check.
 */
#include "cors/decide.h"

#include <assert.h>

#include "cors/origin_lookup.h"
#include "cors/rule_layout.h"
#include "cors/safelist.h"

enum {
    STATUS_BAD_REQUEST = 400,
    STATUS_FORBIDDEN = 403
};

const char *mg_verdict_name(enum mg_verdict verdict)
{
    static const char *const NAMES[] = {"not-cors", "allow", "deny", "bad-request"};
    return NAMES[verdict];
}

static void conclude(struct mg_decision *decision, enum mg_verdict verdict,
                     enum mg_reason reason, unsigned status)
{
    decision->verdict = verdict;
    decision->reason = mg_reason_code(reason);
    decision->status = status;
}

/* An Origin that is being judged: in two steps, so that other work fits between them. */
struct judgement {
    enum mg_reason reason; /* MG_REASON_ORIGIN_DENIED, _NULL_DENIED: unless it is found */
    struct mg_origin_lookup lookup;
};

/* Parse the Origin, of which a public rule sees nothing, and begin to look it up. */
static void begin_judgement(const struct mg_rule *rule, const struct mg_cors_request *request,
                            struct judgement *judgement)
{
    struct mg_origin origin;
    if (rule == NULL) {
        judgement->reason = MG_REASON_NO_RULE;
        return;
    }
    assert(request->given_origin == MG_GIVEN_NOTHING || !rule->is_public);
    if (rule->is_public) {
        judgement->reason = MG_REASON_SIMPLE_ALLOWED;
        return;
    }
    if (request->origin.count != 1) {
        judgement->reason = MG_REASON_ORIGIN_MALFORMED;
        return;
    }
    mg_origin_lookup_begin(&judgement->lookup, rule->origins, request->origin.items[0]);
    if (!mg_origin_parse(request->origin.items[0], &origin)) {
        judgement->reason = MG_REASON_ORIGIN_MALFORMED;
        return;
    }
    judgement->reason = origin.is_null ? MG_REASON_ORIGIN_NULL_DENIED : MG_REASON_ORIGIN_DENIED;
    mg_origin_lookup_add(&judgement->lookup, &origin);
}

/* Whether the Origin, which was parsed, is allowed. */
static bool is_found(const struct judgement *judgement, enum mg_given_origin given)
{
    return given == MG_GIVEN_NOTHING ? mg_origin_lookup_end(&judgement->lookup)
                                     : given == MG_GIVEN_ALLOWED;
}

/* Finish, and grant ACAO to what is allowed. Returns: MG_REASON_SIMPLE_ALLOWED, or why not. */
static enum mg_reason end_judgement(const struct judgement *judgement,
                                    const struct mg_cors_request *request,
                                    struct mg_decision *decision)
{
    if (judgement->reason == MG_REASON_SIMPLE_ALLOWED) {
        decision->allow_origin = MG_ALLOW_ORIGIN_ANY;
        return MG_REASON_SIMPLE_ALLOWED;
    }
    bool was_parsed = judgement->reason == MG_REASON_ORIGIN_DENIED ||
                      judgement->reason == MG_REASON_ORIGIN_NULL_DENIED;
    if (!was_parsed || !is_found(judgement, request->given_origin)) {
        return judgement->reason;
    }
    decision->allow_origin = MG_ALLOW_ORIGIN_ECHO;
    decision->origin = request->origin.items[0];
    return MG_REASON_SIMPLE_ALLOWED;
}

static enum mg_reason judge_origin(const struct mg_rule *rule,
                                   const struct mg_cors_request *request,
                                   struct mg_decision *decision)
{
    struct judgement judgement;
    begin_judgement(rule, request, &judgement);
    return end_judgement(&judgement, request, decision);
}

/* GET, HEAD and POST are never refused: browsers send preflights for them too (upload
 * listeners, stream bodies), and forms need none. */
static bool allows_method(const struct mg_rule *rule, struct mg_str method)
{
    return mg_method_is_safelisted(method) ||
           (rule->any_method && !mg_method_is_forbidden(method)) ||
           mg_rule_lists_method(rule, method);
}

/* An actual request: judged by its origin; its method only where requests are rejected. */
static void decide_actual(const struct mg_rule *rule, const struct mg_cors_request *request,
                          struct mg_decision *decision)
{
    enum mg_reason reason = judge_origin(rule, request, decision);
    bool rejects = rule != NULL && rule->rejects;
    if (reason != MG_REASON_SIMPLE_ALLOWED) {
        conclude(decision, MG_VERDICT_DENY, reason, rejects ? STATUS_FORBIDDEN : 0);
    } else if (rejects && !allows_method(rule, request->method)) {
        conclude(decision, MG_VERDICT_DENY, MG_REASON_METHOD_DENIED, STATUS_FORBIDDEN);
    } else {
        conclude(decision, MG_VERDICT_ALLOW, reason, 0);
    }
}

/* No Origin, or this server's own. An origin that the rule lists is granted all the same: Host
 * is but a guess at who we are. */
static void decide_not_cors(const struct mg_rule *rule, const struct mg_cors_request *request,
                            enum mg_reason reason, struct mg_decision *decision)
{
    if (request->origin.count > 0 || (rule != NULL && rule->is_public)) {
        (void)judge_origin(rule, request, decision);
    }
    conclude(decision, MG_VERDICT_NOT_CORS, reason, 0);
}

static void decide_options(const struct mg_rule *rule, const struct mg_cors_request *request,
                           struct mg_decision *decision)
{
    bool is_method = rule != NULL && rule->has_options;
    bool rejects = rule != NULL && rule->rejects;
    if (request->origin.count == 0) {
        decide_not_cors(rule, request, MG_REASON_NO_ORIGIN, decision);
    } else if (mg_cors_is_same_origin(request, rejects)) {
        decide_not_cors(rule, request, MG_REASON_SAME_ORIGIN, decision);
    } else {
        decide_actual(rule, request, decision);
    }
    bool is_refused_for_method =
        decision->status != 0 && decision->allow_origin != MG_ALLOW_ORIGIN_NONE;
    if (!is_method && is_refused_for_method) {
        conclude(decision, MG_VERDICT_ALLOW, MG_REASON_OPTIONS_DISCOVERY, 0);
    } else if (!is_method && decision->status == 0) {
        decision->reason = mg_reason_code(MG_REASON_OPTIONS_DISCOVERY);
    }
}

/* The form of the asked names, and whether the rule allows them all. Everything within the
 * bounds is read, so that the verdict does not depend on the names' order.
 * Returns: MG_REASON_PREFLIGHT_ALLOWED, or what is wrong. */
static enum mg_reason judge_headers(const struct mg_rule *rule, struct mg_lines acrh)
{
    if (!mg_field_list_fits(acrh)) {
        return MG_REASON_ACRH_TOO_LARGE;
    }
    struct mg_field_list_cursor cursor = mg_field_list_begin(acrh);
    struct mg_field_name name;
    enum mg_reason reason = MG_REASON_PREFLIGHT_ALLOWED;
    while (mg_field_list_next(&cursor, &name)) {
        if (rule != NULL && mg_name_set_contains(&rule->headers, name.text, name.hash)) {
            continue;
        }
        if (!mg_str_is_token(name.text)) {
            reason = MG_REASON_ACRH_MALFORMED;
        } else if (reason != MG_REASON_ACRH_MALFORMED &&
                   (rule == NULL || !mg_rule_allows_header(rule, name.text, name.hash))) {
            reason = MG_REASON_HEADER_DENIED;
        }
    }
    return cursor.is_too_large ? MG_REASON_ACRH_TOO_LARGE : reason;
}

static bool is_one_method(struct mg_lines acrm)
{
    return acrm.count == 1 && acrm.items[0].len <= MG_FIELD_LIST_MAX_BYTES &&
           mg_str_is_token(acrm.items[0]);
}

/* All is judged before the first finding is chosen: the look-up of the origin may wait for
 * memory, and the names are read meanwhile. */
static void decide_preflight(const struct mg_rule *rule, const struct mg_cors_request *request,
                             struct mg_decision *decision)
{
    struct judgement judgement;
    begin_judgement(rule, request, &judgement);
    enum mg_reason headers = judge_headers(rule, request->acrh);
    bool has_method = is_one_method(request->acrm);
    if (!has_method ||
        (headers != MG_REASON_PREFLIGHT_ALLOWED && headers != MG_REASON_HEADER_DENIED)) {
        conclude(decision, MG_VERDICT_DENY, has_method ? headers : MG_REASON_ACRM_MALFORMED,
                 STATUS_BAD_REQUEST);
        return;
    }
    enum mg_reason origin = end_judgement(&judgement, request, decision);
    if (origin != MG_REASON_SIMPLE_ALLOWED) {
        conclude(decision, MG_VERDICT_DENY, origin, STATUS_FORBIDDEN);
        return;
    }
    decision->method = request->acrm.items[0];
    decision->acrh = request->acrh;
    enum mg_reason reason =
        allows_method(rule, decision->method) ? headers : MG_REASON_METHOD_DENIED;
    bool is_allowed = reason == MG_REASON_PREFLIGHT_ALLOWED;
    conclude(decision, is_allowed ? MG_VERDICT_ALLOW : MG_VERDICT_DENY, reason,
             rule->preflight_status);
}

void mg_cors_decide(const struct mg_rule *rule, const struct mg_cors_request *request,
                    enum mg_kind kind, struct mg_decision *decision)
{
    *decision = (struct mg_decision){.kind = kind, .rule = rule};
    switch (kind) {
    case MG_KIND_NONE:
        decide_not_cors(rule, request, MG_REASON_NO_ORIGIN, decision);
        break;
    case MG_KIND_SAME_ORIGIN:
        decide_not_cors(rule, request, MG_REASON_SAME_ORIGIN, decision);
        break;
    case MG_KIND_SIMPLE:
    case MG_KIND_PREFLIGHTED:
        decide_actual(rule, request, decision);
        break;
    case MG_KIND_PREFLIGHT:
        decide_preflight(rule, request, decision);
        break;
    case MG_KIND_OPTIONS:
        decide_options(rule, request, decision);
        break;
    }
}

struct mg_str mg_cors_vary(const struct mg_decision *decision)
{
    bool is_public = decision->rule != NULL && decision->rule->is_public && !decision->varies;
    if (decision->kind == MG_KIND_PREFLIGHT && !is_public) {
        return MG_STR("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    }
    bool has_none = decision->rule == NULL && !decision->varies;
    return has_none || is_public ? MG_STR("") : MG_STR("Origin");
}
