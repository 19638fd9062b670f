/* probe_audit_preflight.c - how OPTIONS is answered. */
#include "cli/probe_audit_judge.h"
#include "cors/browser_judge.h"

#define ACAM MG_STR("access-control-allow-methods")
#define ACAH MG_STR("access-control-allow-headers")

static bool is_ok(const struct mg_audit_sample *sample)
{
    return sample != NULL && sample->response.status >= 200 && sample->response.status <= 299;
}

/* A preflight like a browser's, of an origin that is allowed or said to be. */
static void judge_answer(struct mg_audit *audit)
{
    const struct mg_audit_sample *from = mg_audit_answered(audit, MG_SAMPLE_FROM);
    const struct mg_audit_sample *preflight = mg_audit_answered(audit, MG_SAMPLE_PREFLIGHT);
    bool is_allowed = mg_audit_allows(from);
    if (preflight == NULL || (!is_allowed && !audit->from_given)) {
        return;
    }
    unsigned status = preflight->response.status;
    if (mg_status_is_redirect(status)) {
        mg_audit_find(audit, MG_CHECK_PREFLIGHT_REDIRECT, preflight);
    } else if (status == 401 || status == 407) {
        mg_audit_find(audit, MG_CHECK_PREFLIGHT_UNAUTHORIZED, preflight);
    } else if (is_allowed && !is_ok(preflight)) {
        mg_audit_find(audit, MG_CHECK_PREFLIGHT_STATUS, preflight);
    } else if (is_allowed && !mg_audit_allows(preflight)) {
        mg_audit_find(audit, MG_CHECK_PREFLIGHT_UNREADABLE, preflight);
    } else if (from != NULL && !is_allowed && is_ok(preflight) && mg_audit_allows(preflight)) {
        mg_audit_find(audit, MG_CHECK_ACTUAL_UNREADABLE, from);
    }
    if (!mg_browser_list_is_valid(&preflight->response, ACAM) ||
        !mg_browser_list_is_valid(&preflight->response, ACAH)) {
        mg_audit_find(audit, MG_CHECK_LIST_MALFORMED, preflight);
    }
}

/* Fields of a preflight's answer on another OPTIONS, but not on every answer. */
static void judge_options(struct mg_audit *audit)
{
    static const char *const FIELDS[] = {"access-control-allow-methods",
                                         "access-control-allow-headers",
                                         "access-control-max-age"};
    const struct mg_audit_sample *options = mg_audit_answered(audit, MG_SAMPLE_OPTIONS);
    const struct mg_audit_sample *from = mg_audit_answered(audit, MG_SAMPLE_FROM);
    for (size_t i = 0; options != NULL && i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
        bool is_everywhere = from != NULL && mg_audit_has(from, FIELDS[i]);
        if (mg_audit_has(options, FIELDS[i]) && !is_everywhere) {
            mg_audit_find(audit, MG_CHECK_OPTIONS_AS_PREFLIGHT, options);
        }
    }
}

/* Whether the answer allows its page something by naming `item` in the list, byte by byte. */
static bool allows_item(const struct mg_audit_sample *sample, struct mg_str list,
                        struct mg_str item)
{
    return is_ok(sample) && mg_audit_allows(sample) &&
           mg_browser_list_has(&sample->response, list, item, false);
}

/* Whether it allows by "*", which says nothing where credentials are allowed. */
static bool allows_any(const struct mg_audit_sample *sample, struct mg_str list)
{
    return allows_item(sample, list, MG_STR("*")) && !sample->credentials;
}

/* A server that folds case lists "patch" when asked for it, and does not otherwise. */
static void judge_method_case(struct mg_audit *audit, const struct mg_audit_sample *unknown)
{
    const struct mg_audit_sample *lower =
        mg_audit_answered(audit, MG_SAMPLE_PREFLIGHT_LOWER_CASE);
    const struct mg_audit_sample *usual = mg_audit_answered(audit, MG_SAMPLE_PREFLIGHT);
    bool is_listed = allows_item(usual, ACAM, MG_STR("patch")) ||
                     allows_item(unknown, ACAM, MG_STR("patch"));
    if (allows_item(lower, ACAM, MG_STR("patch")) && !is_listed &&
        !allows_item(unknown, ACAM, unknown->request.acrm)) {
        mg_audit_find(audit, MG_CHECK_METHOD_CASE, lower);
    }
}

static void judge_lists(struct mg_audit *audit)
{
    const struct mg_audit_sample *unknown = &audit->samples[MG_SAMPLE_PREFLIGHT_UNKNOWN];
    judge_method_case(audit, unknown);
    if (allows_item(unknown, ACAM, unknown->request.acrm) || allows_any(unknown, ACAM)) {
        mg_audit_find(audit, MG_CHECK_METHODS_ANY, unknown);
    }
    if (allows_item(unknown, ACAH, unknown->request.acrh) || allows_any(unknown, ACAH)) {
        mg_audit_find(audit, MG_CHECK_HEADERS_ANY, unknown);
    }
    const struct mg_audit_sample *authorization =
        mg_audit_answered(audit, MG_SAMPLE_PREFLIGHT_AUTHORIZATION);
    if (allows_item(authorization, ACAH, MG_STR("*")) &&
        !mg_audit_lists(authorization, "access-control-allow-headers", "authorization")) {
        mg_audit_find(audit, MG_CHECK_AUTHORIZATION_WILDCARD, authorization);
    }
}

void mg_audit_judge_preflights(struct mg_audit *audit)
{
    judge_answer(audit);
    judge_options(audit);
    judge_lists(audit);
}
