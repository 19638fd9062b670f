/* explain_browsers.c - see the header. */
#include "cli/explain_browsers.h"

#include <inttypes.h>
#include <stddef.h>

/* The fetch as the chosen profile and as another one does it. */
struct pair {
    const struct mg_explain_report *chosen;
    const struct mg_explain_report *other;
    const struct mg_browser_profile *chosen_profile;
    const struct mg_browser_profile *other_profile;
    struct mg_arena *arena;
};

static const char *shown_name(const struct mg_explain_report *report)
{
    static const char *const NAMES[] = {
        [MG_BROWSER_STANDARD] = "the standard",
        [MG_BROWSER_CHROMIUM] = "Chromium",
        [MG_BROWSER_FIREFOX] = "Firefox",
        [MG_BROWSER_WEBKIT] = "WebKit",
    };
    return NAMES[report->input->spec.browser];
}

static const char *outcome_of(const struct mg_explain_report *report)
{
    return mg_explain_outcome(report, mg_explain_last(report));
}

static enum mg_hop_preflight first_preflight(const struct mg_explain_report *report)
{
    return report->fetch.hop_count == 0 ? MG_PREFLIGHT_NONE : report->fetch.hops[0].preflight;
}

/* The preflight to the URL of `hop`; NULL: none was sent. */
static const struct mg_browser_request *preflight_of(const struct mg_explain_report *report,
                                                     size_t hop)
{
    for (size_t i = 0; i < report->exchange_count; i++) {
        const struct mg_explain_exchange *exchange = &report->exchanges[i];
        if (exchange->hop == hop && exchange->request.preflight) {
            return &exchange->request;
        }
    }
    return NULL;
}

static bool has_same_preflight(const struct pair *pair, size_t hop)
{
    const struct mg_browser_request *a = preflight_of(pair->chosen, hop);
    const struct mg_browser_request *b = preflight_of(pair->other, hop);
    return a == NULL || b == NULL
               ? a == b
               : mg_str_equal(a->acrm, b->acrm) && mg_str_equal(a->acrh, b->acrh);
}

/* Whether a hop that both reach, but the first, differs in its preflight. */
static bool differs_behind_redirect(const struct pair *pair)
{
    for (size_t hop = 1;
         hop < pair->chosen->fetch.hop_count && hop < pair->other->fetch.hop_count; hop++) {
        if (!has_same_preflight(pair, hop)) {
            return true;
        }
    }
    return false;
}

/* ---- why ---- */

/* The name that one list has and the other lacks; empty: there is none. */
static struct mg_str odd_name(struct mg_browser_names a, struct mg_browser_names b)
{
    for (size_t i = 0; i < a.count; i++) {
        if (!mg_browser_names_have(b, a.items[i])) {
            return a.items[i];
        }
    }
    for (size_t i = 0; i < b.count; i++) {
        if (!mg_browser_names_have(a, b.items[i])) {
            return b.items[i];
        }
    }
    return (struct mg_str){NULL, 0};
}

static struct mg_str odd_unsafe_name(const struct pair *pair)
{
    return odd_name(pair->chosen->fetch.classification.unsafe_names,
                    pair->other->fetch.classification.unsafe_names);
}

static bool user_agent_is_dropped(const struct pair *pair)
{
    return mg_str_equal(odd_name(pair->chosen->fetch.classification.dropped_names,
                                 pair->other->fetch.classification.dropped_names),
                        MG_STR("user-agent"));
}

static bool range_is_bounded(const struct pair *pair)
{
    return mg_str_equal(odd_unsafe_name(pair), MG_STR("range"));
}

/* Whether the name that differs is judged differently by its lines' values, each alone. */
static bool line_is_safelisted(const struct pair *pair)
{
    struct mg_str name = odd_unsafe_name(pair);
    const struct mg_browser_class *fetch_class = &pair->chosen->fetch.classification;
    for (size_t i = 0; name.len > 0 && i < fetch_class->field_count; i++) {
        const struct mg_browser_field *field = &fetch_class->fields[i];
        if (mg_str_equal_nocase(field->name, name) &&
            mg_browser_header_is_safelisted(pair->chosen->input->spec.browser, field->name,
                                            field->value) !=
                mg_browser_header_is_safelisted(pair->other->input->spec.browser, field->name,
                                                field->value)) {
            return true;
        }
    }
    return false;
}

static bool names_differ(const struct pair *pair)
{
    return odd_unsafe_name(pair).len > 0;
}

static bool listeners_differ(const struct pair *pair)
{
    return pair->chosen->fetch.classification.forced !=
           pair->other->fetch.classification.forced;
}

/* A cause: a field that two profiles differ in, and what shows that it is this one. */
struct cause {
    size_t field; /* of struct mg_browser_profile, a bool */
    bool (*shows)(const struct pair *pair);
    enum mg_outcome outcome; /* where `shows` is NULL: only one has this outcome */
    const char *text;        /* what the one with the field does */
};

#define FIELD(name) offsetof(struct mg_browser_profile, name)

static const struct cause CAUSES[] = {
    {FIELD(listeners_need_body), listeners_differ, MG_OUTCOME_OK,
     "needs a preflight for upload listeners only where there is content"},
    {FIELD(drops_user_agent), user_agent_is_dropped, MG_OUTCOME_OK,
     "lets no script set User-Agent"},
    {FIELD(bounds_range), range_is_bounded, MG_OUTCOME_OK,
     "does not safelist a Range whose numbers exceed 63 bits"},
    {FIELD(safelists_client_hints), line_is_safelisted, MG_OUTCOME_OK,
     "safelists client hints"},
    {FIELD(combines_values), names_differ, MG_OUTCOME_OK,
     "judges several lines of one header as one value"},
    {FIELD(redirects_drop_client_hints), differs_behind_redirect, MG_OUTCOME_OK,
     "leaves client hints out of redirected requests"},
    {FIELD(wildcard_covers_authorization), NULL, MG_OUTCOME_AUTHORIZATION_NOT_LISTED,
     "lets * in Access-Control-Allow-Headers stand for Authorization"},
    {FIELD(forced_preflight_lists_method), NULL, MG_OUTCOME_METHOD_DENIED,
     "wants the method listed though only upload listeners or a stream caused the preflight"},
    {FIELD(refuses_preflight_redirect_first), NULL, MG_OUTCOME_PREFLIGHT_REDIRECT,
     "refuses a preflight's redirect before the CORS check"},
    {FIELD(parses_location_first), NULL, MG_OUTCOME_REDIRECT_LOCATION,
     "reads Location before the CORS check"},
    {FIELD(redirects_need_location), NULL, MG_OUTCOME_REDIRECT_REFUSED,
     "takes a redirect status without Location for an ordinary answer"},
    {FIELD(fetch_refuses_user_info), NULL, MG_OUTCOME_REDIRECT_CREDENTIALS,
     "follows no redirect to a URL with a user name or a password"},
};

static bool has_field(const struct mg_browser_profile *profile, const struct cause *cause)
{
    return *(const bool *)((const char *)profile + cause->field);
}

static bool shows_outcome(const struct pair *pair, enum mg_outcome outcome)
{
    return (pair->chosen->fetch.judgement.outcome == outcome) !=
           (pair->other->fetch.judgement.outcome == outcome);
}

/* Why one has a preflight's answer in its cache and the other has not. */
static struct mg_str cache_cause(const struct pair *pair)
{
    bool is_others = first_preflight(pair->other) == MG_PREFLIGHT_SENT;
    const struct mg_explain_report *asker = is_others ? pair->other : pair->chosen;
    const struct mg_browser_profile *profile =
        is_others ? pair->other_profile : pair->chosen_profile;
    const char *who = is_others ? "it" : shown_name(asker);
    return profile->max_age_cap == UINT64_MAX
               ? mg_arena_printf(pair->arena, "%s reads Access-Control-Max-Age otherwise", who)
               : mg_arena_printf(pair->arena,
                                 "%s keeps a preflight's answer for %" PRIu64
                                 " seconds at most, and reads Access-Control-Max-Age its own "
                                 "way",
                                 who, profile->max_age_cap);
}

/* Why the two differ; empty: no field of the profiles tells. */
static struct mg_str why(const struct pair *pair)
{
    for (size_t i = 0; i < sizeof(CAUSES) / sizeof(CAUSES[0]); i++) {
        const struct cause *cause = &CAUSES[i];
        bool is_others = has_field(pair->other_profile, cause);
        if (is_others == has_field(pair->chosen_profile, cause)) {
            continue;
        }
        bool is_it =
            cause->shows != NULL ? cause->shows(pair) : shows_outcome(pair, cause->outcome);
        if (is_it) {
            return mg_arena_printf(pair->arena, "%s %s",
                                   is_others ? "it" : shown_name(pair->chosen), cause->text);
        }
    }
    enum mg_hop_preflight a = first_preflight(pair->chosen);
    enum mg_hop_preflight b = first_preflight(pair->other);
    bool is_cache = a != b && (a == MG_PREFLIGHT_CACHED || b == MG_PREFLIGHT_CACHED);
    return is_cache ? cache_cause(pair) : (struct mg_str){NULL, 0};
}

/* ---- what ---- */

/* The end of a fetch, as "readable" or "blocked: header-denied". */
static struct mg_str end_of(const struct pair *pair)
{
    const struct mg_explain_report *report = pair->other;
    if (report->is_answer_missing) {
        return mg_arena_printf(pair->arena, "no answer was given to its %s",
                               mg_explain_last(report)->request.preflight ? "preflight"
                                                                          : "request");
    }
    enum mg_fetch_verdict verdict = report->fetch.verdict;
    return verdict == MG_FETCH_READABLE || verdict == MG_FETCH_OPAQUE
               ? mg_str_from(mg_fetch_verdict_name(verdict))
               : mg_arena_printf(pair->arena, "%s: %s", mg_fetch_verdict_name(verdict),
                                 outcome_of(report));
}

/* What the preflight is, where it is not the chosen profile's; else empty. */
static struct mg_str preflight_text(const struct pair *pair)
{
    enum mg_hop_preflight state = first_preflight(pair->other);
    const struct mg_browser_request *request = preflight_of(pair->other, 0);
    bool is_same = state == first_preflight(pair->chosen) && has_same_preflight(pair, 0);
    if (!is_same && request != NULL) {
        return mg_arena_printf(pair->arena, "a preflight asks for %.*s%s%.*s",
                               MG_STR_ARG(request->acrm), request->acrh.len > 0 ? " with " : "",
                               MG_STR_ARG(request->acrh));
    }
    if (!is_same) {
        return mg_str_from(state == MG_PREFLIGHT_CACHED ? "the preflight is in the cache"
                                                        : "no preflight");
    }
    return differs_behind_redirect(pair) ? MG_STR("another preflight behind the redirect")
                                         : (struct mg_str){NULL, 0};
}

/* How `other` differs, in words; empty: in nothing. */
static struct mg_str difference(const struct pair *pair)
{
    const char *kind = mg_explain_kind(pair->other);
    bool is_other_end = pair->chosen->fetch.verdict != pair->other->fetch.verdict ||
                        strcmp(outcome_of(pair->chosen), outcome_of(pair->other)) != 0;
    struct mg_str preflight = preflight_text(pair);
    if (!is_other_end && preflight.len == 0 &&
        strcmp(kind, mg_explain_kind(pair->chosen)) == 0) {
        return (struct mg_str){NULL, 0};
    }
    struct mg_str end = end_of(pair);
    struct mg_str cause = why(pair);
    return mg_arena_printf(pair->arena, "%.*s%s%.*s%s%.*s", MG_STR_ARG(end),
                           preflight.len > 0 ? ", " : "", MG_STR_ARG(preflight),
                           cause.len > 0 ? "; " : "", MG_STR_ARG(cause));
}

/* ---- asking ---- */

/* Run the fetch as `browser`. Returns: NULL when memory is out. */
static const struct mg_explain_report *run_as(enum mg_browser browser,
                                              const struct mg_explain_report *chosen,
                                              const struct mg_explain_source *source)
{
    struct mg_arena *arena = chosen->input->arena;
    struct mg_explain_input *input = mg_arena_calloc(arena, 1, sizeof(*input));
    struct mg_explain_report *report = mg_arena_calloc(arena, 1, sizeof(*report));
    struct mg_explain_source again = *source;
    if (input == NULL || report == NULL) {
        return NULL;
    }
    *input = *chosen->input;
    input->spec.browser = browser;
    again.before = chosen;
    return mg_explain_run(report, input, &again) ? report : NULL;
}

bool mg_explain_ask_browsers(struct mg_explain_report *report,
                             const struct mg_explain_source *source)
{
    enum mg_browser chosen = report->input->spec.browser;
    for (size_t i = 0; i < MG_EXPLAIN_BROWSERS; i++) {
        enum mg_browser browser = (enum mg_browser)i;
        const struct mg_explain_report *other =
            browser == chosen ? report : run_as(browser, report, source);
        if (other == NULL) {
            return false;
        }
        const struct pair pair = {report, other, mg_browser_profile(chosen),
                                  mg_browser_profile(browser), report->input->arena};
        const struct mg_browser_request *preflight = preflight_of(other, 0);
        report->browsers[i] = (struct mg_explain_browser){
            .browser = browser,
            .kind = mg_explain_kind(other),
            .verdict = mg_fetch_verdict_name(other->fetch.verdict),
            .outcome = outcome_of(other),
            .preflight = mg_explain_preflight_name(first_preflight(other)),
            .acrm = preflight == NULL ? (struct mg_str){NULL, 0} : preflight->acrm,
            .acrh = preflight == NULL ? (struct mg_str){NULL, 0} : preflight->acrh,
            .difference = difference(&pair),
        };
    }
    report->has_browsers = true;
    return true;
}
