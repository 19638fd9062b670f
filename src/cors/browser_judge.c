/* browser_judge.c - the standard's checks, one function each, called in its order.
 *
 * Lists are read where they lie: nothing is collected, each question walks the lines again.
 * Header sections are short, and so a judgement needs no memory but for joining two lines
 * of one name into the value that the console prints.
 */
#include "cors/browser_judge.h"

#include "cors/safelist.h"

enum {
    DEFAULT_MAX_AGE_SECONDS = 5
};

#define ACAO MG_STR("access-control-allow-origin")
#define ACAC MG_STR("access-control-allow-credentials")
#define ACAM MG_STR("access-control-allow-methods")
#define ACAH MG_STR("access-control-allow-headers")
#define ACMA MG_STR("access-control-max-age")
#define ACEH MG_STR("access-control-expose-headers")

const char *mg_outcome_name(enum mg_outcome outcome)
{
    static const char *const NAMES[] = {
        [MG_OUTCOME_OK] = "ok",
        [MG_OUTCOME_ACAO_MISSING] = "acao-missing",
        [MG_OUTCOME_ACAO_MISMATCH] = "acao-mismatch",
        [MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS] = "acao-wildcard-credentials",
        [MG_OUTCOME_ACAC_NOT_TRUE] = "acac-not-true",
        [MG_OUTCOME_PREFLIGHT_STATUS] = "preflight-status",
        [MG_OUTCOME_PREFLIGHT_REDIRECT] = "preflight-redirect",
        [MG_OUTCOME_ACAM_UNPARSEABLE] = "acam-unparseable",
        [MG_OUTCOME_ACAH_UNPARSEABLE] = "acah-unparseable",
        [MG_OUTCOME_METHOD_DENIED] = "method-denied",
        [MG_OUTCOME_HEADER_DENIED] = "header-denied",
        [MG_OUTCOME_AUTHORIZATION_NOT_LISTED] = "authorization-not-listed",
        [MG_OUTCOME_REDIRECT_CREDENTIALS] = "redirect-credentials",
        [MG_OUTCOME_REDIRECT_SCHEME] = "redirect-scheme",
        [MG_OUTCOME_REDIRECT_LOCATION] = "redirect-location",
        [MG_OUTCOME_REDIRECT_LIMIT] = "redirect-limit",
        [MG_OUTCOME_REDIRECT_STREAM] = "redirect-stream",
        [MG_OUTCOME_REDIRECT_REFUSED] = "redirect-refused",
        [MG_OUTCOME_SAME_ORIGIN_MODE] = "same-origin-mode",
        [MG_OUTCOME_FORBIDDEN] = "forbidden",
        [MG_OUTCOME_NETWORK_ERROR] = "network-error",
        [MG_OUTCOME_LOCAL_NETWORK_INSECURE] = "local-network-insecure",
        [MG_OUTCOME_LOCAL_NETWORK_DENIED] = "local-network-denied",
        [MG_OUTCOME_OUT_OF_MEMORY] = "out-of-memory",
    };
    return NAMES[outcome];
}

bool mg_status_is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

struct mg_judgement mg_browser_cors_check(const struct mg_browser_check *check,
                                          const struct mg_browser_response *response,
                                          struct mg_arena *arena)
{
    struct mg_str allowed = {NULL, 0};
    struct mg_str credentials = {"", 0};
    if (!mg_browser_response_get(response, ACAO, arena, &allowed)) {
        return (struct mg_judgement){.outcome = MG_OUTCOME_ACAO_MISSING};
    }
    bool is_wildcard = mg_str_equal(allowed, MG_STR("*"));
    if (!check->include && is_wildcard) {
        return (struct mg_judgement){.outcome = MG_OUTCOME_OK};
    }
    if (!mg_str_equal(allowed, check->origin)) {
        enum mg_outcome outcome =
            is_wildcard ? MG_OUTCOME_ACAO_WILDCARD_CREDENTIALS : MG_OUTCOME_ACAO_MISMATCH;
        return (struct mg_judgement){.outcome = outcome, .culprit = allowed};
    }
    if (!check->include) {
        return (struct mg_judgement){.outcome = MG_OUTCOME_OK};
    }
    if (!mg_browser_response_get(response, ACAC, arena, &credentials) ||
        !mg_str_equal(credentials, MG_STR("true"))) {
        return (struct mg_judgement){.outcome = MG_OUTCOME_ACAC_NOT_TRUE,
                                     .culprit = credentials};
    }
    return (struct mg_judgement){.outcome = MG_OUTCOME_OK};
}

bool mg_browser_list_is_valid(const struct mg_browser_response *response, struct mg_str name)
{
    struct mg_str line;
    struct mg_str item;
    for (size_t nth = 0; mg_browser_response_line(response, name, nth, &line); nth++) {
        struct mg_list_cursor cursor = mg_list_begin(line);
        while (mg_list_next(&cursor, &item)) {
            if (item.len > 0 && !mg_str_is_token(item)) {
                return false;
            }
        }
    }
    return true;
}

bool mg_browser_list_has(const struct mg_browser_response *response, struct mg_str name,
                         struct mg_str item, bool nocase)
{
    struct mg_str line;
    struct mg_str listed;
    for (size_t nth = 0; mg_browser_response_line(response, name, nth, &line); nth++) {
        struct mg_list_cursor cursor = mg_list_begin(line);
        while (mg_list_next(&cursor, &listed)) {
            if (nocase ? mg_str_equal_nocase(listed, item) : mg_str_equal(listed, item)) {
                return true;
            }
        }
    }
    return false;
}

static bool method_is_allowed(const struct mg_browser_check *check,
                              const struct mg_browser_response *response)
{
    struct mg_str line;
    bool flag_suffices = check->forced &&
                         !mg_browser_profile(check->browser)->forced_preflight_lists_method &&
                         !mg_browser_response_line(response, ACAM, 0, &line);
    return flag_suffices || mg_method_is_safelisted(check->method) ||
           mg_browser_list_has(response, ACAM, check->method, false) ||
           (!check->include && mg_browser_list_has(response, ACAM, MG_STR("*"), false));
}

/* Judge the header names, of a response whose list is well formed. */
static struct mg_judgement judge_headers(const struct mg_browser_check *check,
                                         const struct mg_browser_response *response)
{
    struct mg_str authorization = MG_STR("authorization");
    bool has_wildcard =
        !check->include && mg_browser_list_has(response, ACAH, MG_STR("*"), false);
    bool covers_authorization =
        has_wildcard && mg_browser_profile(check->browser)->wildcard_covers_authorization;
    if (mg_browser_names_have(check->unsafe_names, authorization) && !covers_authorization &&
        !mg_browser_list_has(response, ACAH, authorization, true)) {
        return (struct mg_judgement){.outcome = MG_OUTCOME_AUTHORIZATION_NOT_LISTED,
                                     .culprit = authorization};
    }
    for (size_t i = 0; !has_wildcard && i < check->unsafe_names.count; i++) {
        struct mg_str name = check->unsafe_names.items[i];
        if (!mg_browser_list_has(response, ACAH, name, true)) {
            return (struct mg_judgement){.outcome = MG_OUTCOME_HEADER_DENIED, .culprit = name};
        }
    }
    return (struct mg_judgement){.outcome = MG_OUTCOME_OK};
}

static struct mg_judgement judge_lists(const struct mg_browser_check *check,
                                       const struct mg_browser_response *response)
{
    if (!mg_browser_list_is_valid(response, ACAM)) {
        return (struct mg_judgement){.outcome = MG_OUTCOME_ACAM_UNPARSEABLE};
    }
    if (!mg_browser_list_is_valid(response, ACAH)) {
        return (struct mg_judgement){.outcome = MG_OUTCOME_ACAH_UNPARSEABLE};
    }
    if (!method_is_allowed(check, response)) {
        return (struct mg_judgement){.outcome = MG_OUTCOME_METHOD_DENIED,
                                     .culprit = check->method};
    }
    return judge_headers(check, response);
}

struct mg_judgement mg_browser_judge_preflight(const struct mg_browser_check *check,
                                               const struct mg_browser_response *response,
                                               struct mg_arena *arena)
{
    const struct mg_str none = {NULL, 0};
    struct mg_str location = none;
    struct mg_judgement judgement = {.outcome = MG_OUTCOME_PREFLIGHT_REDIRECT};
    bool is_redirect = mg_status_is_redirect(response->status) &&
                       mg_browser_response_line(response, MG_STR("location"), 0, &location) &&
                       location.len > 0;
    if (!is_redirect || !mg_browser_profile(check->browser)->refuses_preflight_redirect_first) {
        judgement = mg_browser_cors_check(check, response, arena);
        bool is_ok_status = response->status >= 200 && response->status <= 299;
        if (judgement.outcome == MG_OUTCOME_OK) {
            judgement = is_ok_status
                            ? judge_lists(check, response)
                            : (struct mg_judgement){.outcome = MG_OUTCOME_PREFLIGHT_STATUS,
                                                    .culprit = is_redirect ? location : none};
        }
    }
    judgement.preflight = true;
    return judgement;
}

/* All digits of `text` as a number, UINT64_MAX where it is greater. */
static bool parse_seconds(struct mg_str text, uint64_t *seconds)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!mg_ascii_is_digit(text.ptr[i])) {
            return false;
        }
    }
    unsigned long long number = UINT64_MAX;
    (void)mg_str_to_u64(text, UINT64_MAX, &number);
    *seconds = number;
    return text.len > 0;
}

/* A signed 64-bit number; a negative one is 0. */
static bool parse_signed_seconds(struct mg_str text, uint64_t *seconds)
{
    bool has_sign = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    bool is_negative = has_sign && text.ptr[0] == '-';
    unsigned long long number;
    unsigned long long max = (unsigned long long)INT64_MAX + is_negative;
    if (!mg_str_to_u64(mg_str_from_offset(text, has_sign), max, &number)) {
        return false;
    }
    *seconds = is_negative ? 0 : number;
    return true;
}

uint64_t mg_browser_max_age(enum mg_browser browser, const struct mg_browser_response *response)
{
    const struct mg_browser_profile *profile = mg_browser_profile(browser);
    uint64_t seconds = DEFAULT_MAX_AGE_SECONDS;
    struct mg_str value;
    struct mg_str second;
    if (!mg_browser_response_line(response, ACMA, 0, &value)) {
        return seconds;
    }
    bool is_one_line = !mg_browser_response_line(response, ACMA, 1, &second);
    bool is_number = false;
    if (is_one_line) {
        is_number = profile->max_age_rule == MG_MAX_AGE_CHROMIUM
                        ? parse_signed_seconds(value, &seconds)
                        : parse_seconds(value, &seconds);
    }
    if (!is_number) {
        bool is_garbled = value.len > 0 || !is_one_line;
        seconds = profile->max_age_rule == MG_MAX_AGE_FIREFOX && is_garbled
                      ? 0
                      : DEFAULT_MAX_AGE_SECONDS;
    }
    return seconds < profile->max_age_cap ? seconds : profile->max_age_cap;
}

bool mg_browser_exposes(const struct mg_browser_response *response, bool include,
                        struct mg_str name)
{
    if (mg_response_header_is_forbidden(name)) {
        return false;
    }
    if (mg_response_header_is_safelisted(name)) {
        return true;
    }
    return mg_browser_list_is_valid(response, ACEH) &&
           (mg_browser_list_has(response, ACEH, name, true) ||
            (!include && mg_browser_list_has(response, ACEH, MG_STR("*"), false)));
}

struct mg_browser_names mg_browser_exposed_names(const struct mg_browser_response *response,
                                                 bool include, struct mg_arena *arena)
{
    struct mg_browser_name_set exposed = {
        mg_arena_calloc(arena, response->field_count + 1, sizeof(struct mg_str)), 0};
    for (size_t i = 0; exposed.items != NULL && i < response->field_count; i++) {
        if (mg_browser_exposes(response, include, response->fields[i].name)) {
            mg_browser_add_name(&exposed, response->fields[i].name, arena);
        }
    }
    return (struct mg_browser_names){exposed.items, exposed.count};
}
