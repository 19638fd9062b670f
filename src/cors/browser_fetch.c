/* browser_fetch.c - main fetch, HTTP fetch and HTTP-redirect fetch of the Fetch standard,
 * cut at the places where they wait for the network.
 *
 *     begin -> classify -> start_hop --> preflight --answer--> judge -+
 *                             ^   |                                   v
 *                             |   +--------------------------------> actual --answer--> verdict
 *                             |                                                |
 *                             +------------------- redirect <------------------+
 */
#include "cors/browser_fetch.h"

#include "cors/browser_message.h"
#include "cors/safelist.h"

#define MAIN_FETCH      "fetch#concept-main-fetch"
#define HTTP_FETCH      "fetch#concept-http-fetch"
#define REDIRECT_FETCH  "fetch#concept-http-redirect-fetch"
#define PREFLIGHT_FETCH "fetch#cors-preflight-fetch-0"
#define CORS_CHECK      "fetch#concept-cors-check"

const char *mg_fetch_verdict_name(enum mg_fetch_verdict verdict)
{
    static const char *const NAMES[] = {
        [MG_FETCH_READABLE] = "readable",
        [MG_FETCH_BLOCKED] = "blocked",
        [MG_FETCH_OPAQUE] = "opaque",
        [MG_FETCH_ERROR] = "error",
    };
    return NAMES[verdict];
}

static struct mg_browser_hop *last_hop(struct mg_browser_fetch *f)
{
    return &f->hops[f->hop_count - 1];
}

static void trace(struct mg_browser_fetch *f, const char *section, const char *what,
                  struct mg_str detail, bool passed)
{
    struct mg_browser_step *step = mg_arena_alloc(f->arena, sizeof(*step));
    if (step == NULL) {
        return;
    }
    *step = (struct mg_browser_step){
        .section = section,
        .what = what,
        .detail = mg_arena_dup(f->arena, detail),
        .passed = passed,
        .hop = f->hop_count == 0 ? 0 : f->hop_count - 1,
    };
    if (f->last_step == NULL) {
        f->steps = step;
    } else {
        f->last_step->next = step;
    }
    f->last_step = step;
}

/* The request's origin as it is sent and checked (Fetch, serializing a request origin). */
static struct mg_str sent_origin(const struct mg_browser_fetch *f)
{
    return f->tainted ? MG_STR("null") : f->spec->origin;
}

static struct mg_browser_check make_check(const struct mg_browser_fetch *f)
{
    return (struct mg_browser_check){
        .browser = f->spec->browser,
        .origin = sent_origin(f),
        .include = f->spec->credentials == MG_CREDENTIALS_INCLUDE,
        .method = f->method,
        .unsafe_names = f->unsafe_names,
        .forced = f->classification.forced,
    };
}

/* End the fetch. */
static enum mg_turn finish(struct mg_browser_fetch *f, enum mg_fetch_verdict verdict,
                           struct mg_judgement judgement)
{
    bool failed = verdict == MG_FETCH_BLOCKED || verdict == MG_FETCH_ERROR;
    if (failed && f->with_preflight && f->cache != NULL) {
        mg_preflight_cache_drop(f->cache, sent_origin(f), &last_hop(f)->url);
    }
    judgement.culprit = mg_arena_dup(f->arena, judgement.culprit);
    if (verdict == MG_FETCH_BLOCKED) {
        bool is_elsewhere = judgement.outcome == MG_OUTCOME_REDIRECT_SCHEME;
        struct mg_browser_message message = {
            .initiator = f->spec->initiator,
            .origin = f->spec->origin,
            .url = is_elsewhere ? judgement.culprit : last_hop(f)->url.href,
            .first_url = f->hops[0].url.href,
        };
        f->console = mg_browser_message(&message, &judgement, f->arena);
    }
    if (mg_arena_overflowed(f->arena)) {
        verdict = MG_FETCH_ERROR;
        judgement = (struct mg_judgement){.outcome = MG_OUTCOME_OUT_OF_MEMORY};
    }
    f->verdict = verdict;
    f->judgement = judgement;
    f->done = true;
    return MG_TURN_DONE;
}

static enum mg_turn finish_error(struct mg_browser_fetch *f, enum mg_outcome outcome,
                                 struct mg_str culprit)
{
    return finish(f, MG_FETCH_ERROR,
                  (struct mg_judgement){.outcome = outcome, .culprit = culprit});
}

static struct mg_str site_of(const struct mg_browser_fetch *f)
{
    if (f->tainting == MG_TAINTING_BASIC) {
        return MG_STR("same-origin");
    }
    return f->spec->site.len > 0 ? f->spec->site : MG_STR("cross-site");
}

/* The value of the Origin field, or the empty slice (Fetch, append a request Origin header;
 * with the default referrer policy). */
static struct mg_str origin_field(const struct mg_browser_fetch *f)
{
    if (f->tainting == MG_TAINTING_CORS) {
        return sent_origin(f);
    }
    if (mg_str_equal(f->method, MG_STR("GET")) || mg_str_equal(f->method, MG_STR("HEAD"))) {
        return (struct mg_str){NULL, 0};
    }
    const struct mg_browser_url *url = &f->hops[f->hop_count - 1].url;
    bool is_downgrade = mg_str_starts_with(f->spec->origin, MG_STR("https:")) &&
                        mg_str_equal(url->scheme, MG_STR("http"));
    return is_downgrade && f->spec->mode != MG_MODE_CORS ? MG_STR("null") : sent_origin(f);
}

/* Make fetch->request and hand it to the caller. */
static enum mg_turn ask(struct mg_browser_fetch *f, bool preflight)
{
    struct mg_browser_hop *hop = last_hop(f);
    bool own =
        f->spec->credentials == MG_CREDENTIALS_SAME_ORIGIN && f->tainting == MG_TAINTING_BASIC;
    f->request = (struct mg_browser_request){
        .preflight = preflight,
        .method = preflight ? MG_STR("OPTIONS") : f->method,
        .url = &hop->url,
        .origin = origin_field(f),
        .acrm = preflight ? f->method : (struct mg_str){NULL, 0},
        .acrh = preflight ? mg_browser_join_names(f->unsafe_names, f->arena)
                          : (struct mg_str){NULL, 0},
        .site = site_of(f),
        .credentials = !preflight && (own || f->spec->credentials == MG_CREDENTIALS_INCLUDE),
        .has_body = !preflight && f->has_body,
    };
    hop->method = f->method;
    hop->origin = f->request.origin;
    hop->tainting = f->tainting;
    if (f->request.origin.len > 0) {
        trace(f, "fetch#append-a-request-origin-header", "Origin is sent", f->request.origin,
              true);
    }
    if (!mg_browser_request_fill(&f->request, f->spec, f->fields, f->field_count, f->arena)) {
        return finish_error(f, MG_OUTCOME_OUT_OF_MEMORY, (struct mg_str){NULL, 0});
    }
    return MG_TURN_SEND;
}

static enum mg_turn send_preflight(struct mg_browser_fetch *f)
{
    trace(f, PREFLIGHT_FETCH, "a preflight asks for the method", f->method, true);
    last_hop(f)->preflight = MG_PREFLIGHT_SENT;
    return ask(f, true);
}

static enum mg_turn send_actual(struct mg_browser_fetch *f)
{
    trace(f, HTTP_FETCH, "the request is sent", f->method, true);
    return ask(f, false);
}

/* Main fetch with mode cors to another origin, or tainted before. */
static enum mg_turn start_cors(struct mg_browser_fetch *f, uint64_t now_ms)
{
    const struct mg_browser_class *fetch_class = &f->classification;
    struct mg_browser_hop *hop = last_hop(f);
    f->tainting = MG_TAINTING_CORS;
    f->unsafe_names =
        mg_browser_unsafe_names(f->spec->browser, f->fields, f->field_count, f->arena);
    f->with_preflight = fetch_class->forced ||
                        (fetch_class->unsafe &&
                         (!mg_method_is_safelisted(f->method) || f->unsafe_names.count > 0));
    trace(f, MAIN_FETCH,
          f->with_preflight ? "cross-origin, a preflight is needed"
                            : "cross-origin, no preflight is needed",
          hop->url.origin, true);
    if (!f->with_preflight) {
        return send_actual(f);
    }
    struct mg_browser_check check = make_check(f);
    if (f->cache != NULL && mg_preflight_cache_covers(f->cache, &check, &hop->url, now_ms)) {
        trace(f, "fetch#concept-cache", "the preflight cache has the answer", hop->url.href,
              true);
        hop->preflight = MG_PREFLIGHT_CACHED;
        return send_actual(f);
    }
    return send_preflight(f);
}

/* Main fetch for the last URL of the chain. */
static enum mg_turn start_hop(struct mg_browser_fetch *f, uint64_t now_ms)
{
    const struct mg_browser_url *url = &last_hop(f)->url;
    f->with_preflight = false;
    if (f->tainting == MG_TAINTING_BASIC && mg_str_equal(url->origin, f->spec->origin)) {
        trace(f, MAIN_FETCH, "same origin, no CORS", url->origin, true);
        return send_actual(f);
    }
    if (f->spec->mode == MG_MODE_SAME_ORIGIN) {
        trace(f, MAIN_FETCH, "mode same-origin refuses another origin", url->origin, false);
        return finish_error(f, MG_OUTCOME_SAME_ORIGIN_MODE, url->href);
    }
    if (f->spec->mode == MG_MODE_NO_CORS) {
        f->tainting = MG_TAINTING_OPAQUE;
        trace(f, MAIN_FETCH, "mode no-cors, the response is opaque", url->origin, true);
        return send_actual(f);
    }
    return start_cors(f, now_ms);
}

enum mg_turn mg_browser_fetch_begin(struct mg_browser_fetch *fetch,
                                    const struct mg_browser_spec *spec, struct mg_arena *arena,
                                    struct mg_preflight_cache *cache, uint64_t now_ms)
{
    struct mg_browser_class *fetch_class = &fetch->classification;
    memset(fetch, 0, sizeof(*fetch));
    fetch->spec = spec;
    fetch->arena = arena;
    fetch->cache = cache;
    if (!mg_browser_classify(spec, arena, fetch_class)) {
        return finish_error(fetch, MG_OUTCOME_OUT_OF_MEMORY, (struct mg_str){NULL, 0});
    }
    if (fetch_class->kind == MG_FETCH_FORBIDDEN) {
        trace(fetch, "fetch#dom-request", fetch_class->reason, fetch_class->culprit, false);
        fetch->console = mg_browser_forbidden_message(spec, fetch_class, arena);
        return finish_error(fetch, MG_OUTCOME_FORBIDDEN, fetch_class->culprit);
    }
    trace(fetch, "fetch#dom-request", "the script may make this request", spec->url, true);
    fetch->method = fetch_class->method;
    fetch->fields = fetch_class->fields;
    fetch->field_count = fetch_class->field_count;
    fetch->has_body = fetch_class->has_body;
    fetch->hops[0].url = fetch_class->url;
    fetch->hop_count = 1;
    return start_hop(fetch, now_ms);
}

/* Write down the checks that a preflight's answer went through, up to the one that failed. */
static void trace_preflight(struct mg_browser_fetch *f, const struct mg_judgement *judgement)
{
    static const struct {
        enum mg_outcome first;
        enum mg_outcome last;
        const char *section;
        const char *what;
    } CHECKS[] = {
        {MG_OUTCOME_ACAO_MISSING, MG_OUTCOME_ACAC_NOT_TRUE, CORS_CHECK,
         "CORS check of the preflight's response"},
        {MG_OUTCOME_PREFLIGHT_STATUS, MG_OUTCOME_PREFLIGHT_STATUS, PREFLIGHT_FETCH,
         "its status is an ok status"},
        {MG_OUTCOME_ACAM_UNPARSEABLE, MG_OUTCOME_ACAH_UNPARSEABLE, PREFLIGHT_FETCH,
         "its lists of methods and headers can be parsed"},
        {MG_OUTCOME_METHOD_DENIED, MG_OUTCOME_METHOD_DENIED, PREFLIGHT_FETCH,
         "the method is allowed"},
        {MG_OUTCOME_HEADER_DENIED, MG_OUTCOME_AUTHORIZATION_NOT_LISTED, PREFLIGHT_FETCH,
         "the headers are allowed"},
    };
    if (judgement->outcome == MG_OUTCOME_PREFLIGHT_REDIRECT) {
        trace(f, PREFLIGHT_FETCH, "it does not redirect", judgement->culprit, false);
        return;
    }
    for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
        bool failed =
            judgement->outcome >= CHECKS[i].first && judgement->outcome <= CHECKS[i].last;
        trace(f, CHECKS[i].section, CHECKS[i].what,
              failed ? judgement->culprit : (struct mg_str){NULL, 0}, !failed);
        if (failed) {
            return;
        }
    }
}

static enum mg_turn answer_preflight(struct mg_browser_fetch *f,
                                     const struct mg_browser_response *response,
                                     uint64_t now_ms)
{
    struct mg_browser_hop *hop = last_hop(f);
    struct mg_browser_check check = make_check(f);
    struct mg_judgement judgement = mg_browser_judge_preflight(&check, response, f->arena);
    hop->preflight_status = response->status;
    trace_preflight(f, &judgement);
    if (judgement.outcome != MG_OUTCOME_OK) {
        return finish(f, MG_FETCH_BLOCKED, judgement);
    }
    if (f->cache != NULL) {
        mg_preflight_cache_store(f->cache, &check, &hop->url, response, now_ms);
    }
    return send_actual(f);
}

/* Leave the headers out that the names in `dropped` call. */
static void drop_headers(struct mg_browser_fetch *f, const struct mg_str *dropped, size_t count)
{
    struct mg_browser_field *kept =
        mg_arena_calloc(f->arena, f->field_count + 1, sizeof(*kept));
    size_t kept_count = 0;
    for (size_t i = 0; kept != NULL && i < f->field_count; i++) {
        bool drop = false;
        for (size_t j = 0; j < count; j++) {
            drop = drop || mg_str_equal_nocase(f->fields[i].name, dropped[j]);
        }
        if (!drop) {
            kept[kept_count++] = f->fields[i];
        }
    }
    f->fields = kept;
    f->field_count = kept_count;
}

/* What a redirect does to method, body and headers. */
static void change_request(struct mg_browser_fetch *f, unsigned status,
                           const struct mg_browser_url *location)
{
    static const struct mg_str BODY_HEADERS[] = {
        {"content-encoding", 16},
        {"content-language", 16},
        {"content-location", 16},
        {"content-type", 12},
    };
    static const struct mg_str NON_WILDCARD_HEADERS[] = {{"authorization", 13}};
    static const struct mg_str CLIENT_HINTS[] = {
        {"device-memory", 13}, {"downlink", 8},        {"dpr", 3}, {"ect", 3}, {"rtt", 3},
        {"width", 5},          {"viewport-width", 14},
    };
    bool is_get_or_head =
        mg_str_equal(f->method, MG_STR("GET")) || mg_str_equal(f->method, MG_STR("HEAD"));
    bool is_post = mg_str_equal(f->method, MG_STR("POST"));
    if ((is_post && (status == 301 || status == 302)) || (!is_get_or_head && status == 303)) {
        f->method = MG_STR("GET");
        f->has_body = false;
        drop_headers(f, BODY_HEADERS, sizeof(BODY_HEADERS) / sizeof(BODY_HEADERS[0]));
        trace(f, REDIRECT_FETCH, "the method becomes GET, the body goes", f->method, true);
    }
    if (mg_browser_profile(f->spec->browser)->redirects_drop_client_hints) {
        drop_headers(f, CLIENT_HINTS, sizeof(CLIENT_HINTS) / sizeof(CLIENT_HINTS[0]));
    }
    if (!mg_str_equal(last_hop(f)->url.origin, location->origin)) {
        size_t count = f->field_count;
        drop_headers(f, NON_WILDCARD_HEADERS, 1);
        if (f->field_count < count) {
            trace(f, REDIRECT_FETCH, "another origin, Authorization goes", location->origin,
                  true);
        }
    }
}

/* Append the location to the chain: its fragment where it has none, and the taint of a step
 * between two origins that are both not the page's (Fetch, redirect-taint). */
static void append_hop(struct mg_browser_fetch *f, struct mg_browser_url *location)
{
    const struct mg_browser_url *from = &last_hop(f)->url;
    if (location->fragment.len == 0 && from->fragment.len > 0) {
        location->fragment = from->fragment;
        location->href = mg_arena_printf(f->arena, "%.*s%.*s", MG_STR_ARG(location->href),
                                         MG_STR_ARG(from->fragment));
    }
    bool taints = !mg_str_equal(location->origin, from->origin) &&
                  !mg_str_equal(f->spec->origin, from->origin);
    if (taints && !f->tainted) {
        f->tainted = true;
        trace(f, "fetch#concept-request-tainted-origin",
              "from one foreign origin to another: Origin becomes null", location->origin,
              true);
    }
    f->hops[f->hop_count++] = (struct mg_browser_hop){.url = *location};
}

/* Refuse a redirect; `is_cors`: it is the CORS protocol that does. */
static enum mg_turn refuse(struct mg_browser_fetch *f, enum mg_outcome outcome,
                           struct mg_str location, bool is_cors)
{
    trace(f, REDIRECT_FETCH, mg_outcome_name(outcome), location, false);
    return finish(f, is_cors ? MG_FETCH_BLOCKED : MG_FETCH_ERROR,
                  (struct mg_judgement){.outcome = outcome, .culprit = location});
}

/* A URL of another scheme, with the fragment it has from where it was found. */
static struct mg_str with_fragment(struct mg_browser_fetch *f, struct mg_str href)
{
    struct mg_str fragment = last_hop(f)->url.fragment;
    bool has_own = href.len > 0 && memchr(href.ptr, '#', href.len) != NULL;
    return has_own || fragment.len == 0
               ? href
               : mg_arena_printf(f->arena, "%.*s%.*s", MG_STR_ARG(href), MG_STR_ARG(fragment));
}

/* Whether Chromium's network refuses a redirect there before CORS comes to look at it, so that
 * the console has no sentence of CORS. */
static bool is_unsafe_scheme(struct mg_str location)
{
    static const struct mg_str SCHEMES[] = {
        {"about:", 6},        {"blob:", 5},        {"chrome-extension:", 17},
        {"chrome:", 7},       {"data:", 5},        {"chrome-untrusted:", 17},
        {"file:", 5},         {"filesystem:", 11}, {"isolated-app:", 13},
        {"view-source:", 12},
    };
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        struct mg_str front = {location.ptr, SCHEMES[i].len};
        if (location.len >= front.len && mg_str_equal_nocase(front, SCHEMES[i])) {
            return true;
        }
    }
    return false;
}

/* HTTP-redirect fetch: follow `text`, the value of the one Location line. */
static enum mg_turn follow(struct mg_browser_fetch *f, unsigned status, struct mg_str text,
                           uint64_t now_ms)
{
    struct mg_browser_url location;
    const char *fault = mg_browser_url_parse(text, &last_hop(f)->url, f->arena, &location);
    bool is_cors_mode = f->spec->mode == MG_MODE_CORS;
    if (fault != NULL && strcmp(fault, "url-scheme") == 0) {
        return refuse(f, MG_OUTCOME_REDIRECT_SCHEME, with_fragment(f, location.href),
                      is_cors_mode && !is_unsafe_scheme(location.href));
    }
    if (fault != NULL) {
        return refuse(f, MG_OUTCOME_REDIRECT_LOCATION, text, false);
    }
    if (f->hop_count == MG_BROWSER_MAX_HOPS) {
        return refuse(f, MG_OUTCOME_REDIRECT_LIMIT, location.href, false);
    }
    bool is_foreign = !mg_str_equal(location.origin, f->spec->origin);
    bool is_cors = (is_cors_mode && is_foreign) || f->tainting == MG_TAINTING_CORS;
    bool is_refused =
        is_cors || (f->spec->initiator == MG_INITIATOR_FETCH &&
                    mg_browser_profile(f->spec->browser)->fetch_refuses_user_info);
    if (location.has_credentials && is_refused) {
        return refuse(f, MG_OUTCOME_REDIRECT_CREDENTIALS, location.href, is_cors);
    }
    if (status != 303 && f->has_body && f->spec->body == MG_BODY_STREAM) {
        return refuse(f, MG_OUTCOME_REDIRECT_STREAM, location.href, false);
    }
    trace(f, REDIRECT_FETCH, "the redirect is followed", location.href, true);
    change_request(f, status, &location);
    append_hop(f, &location);
    return start_hop(f, now_ms);
}

static enum mg_turn finish_response(struct mg_browser_fetch *f)
{
    bool is_opaque = f->tainting == MG_TAINTING_OPAQUE;
    trace(f, MAIN_FETCH, is_opaque ? "the response is opaque" : "the response is readable",
          (struct mg_str){NULL, 0}, true);
    return finish(f, is_opaque ? MG_FETCH_OPAQUE : MG_FETCH_READABLE,
                  (struct mg_judgement){.outcome = MG_OUTCOME_OK});
}

/* HTTP fetch's part for redirect statuses. */
static enum mg_turn answer_redirect(struct mg_browser_fetch *f,
                                    const struct mg_browser_response *response, uint64_t now_ms)
{
    struct mg_str location = {NULL, 0};
    struct mg_str second;
    bool needs_location = mg_browser_profile(f->spec->browser)->redirects_need_location;
    bool has_location = mg_browser_response_line(response, MG_STR("location"), 0, &location);
    if (needs_location && location.len == 0 && f->spec->redirect != MG_REDIRECT_MANUAL) {
        return finish_response(f);
    }
    if (f->spec->redirect == MG_REDIRECT_ERROR) {
        return refuse(f, MG_OUTCOME_REDIRECT_REFUSED, location, false);
    }
    if (f->spec->redirect == MG_REDIRECT_MANUAL) {
        trace(f, HTTP_FETCH, "redirect mode manual, the response is opaque", location, true);
        return finish(f, MG_FETCH_OPAQUE, (struct mg_judgement){.outcome = MG_OUTCOME_OK});
    }
    if (!has_location) {
        return finish_response(f);
    }
    if (mg_browser_response_line(response, MG_STR("location"), 1, &second)) {
        return refuse(f, MG_OUTCOME_REDIRECT_LOCATION, second, false);
    }
    return follow(f, response->status, location, now_ms);
}

static enum mg_turn answer_actual(struct mg_browser_fetch *f,
                                  const struct mg_browser_response *response, uint64_t now_ms)
{
    last_hop(f)->status = response->status;
    if (f->tainting == MG_TAINTING_CORS) {
        struct mg_browser_check check = make_check(f);
        struct mg_judgement judgement = mg_browser_cors_check(&check, response, f->arena);
        bool passed = judgement.outcome == MG_OUTCOME_OK;
        trace(f, CORS_CHECK, "CORS check of the response", judgement.culprit, passed);
        if (!passed) {
            return finish(f, MG_FETCH_BLOCKED, judgement);
        }
    }
    if (mg_status_is_redirect(response->status)) {
        return answer_redirect(f, response, now_ms);
    }
    return finish_response(f);
}

/* Whether the response redirects to what is no URL of any scheme. */
static bool has_bad_location(struct mg_browser_fetch *f,
                             const struct mg_browser_response *response,
                             struct mg_str *location)
{
    struct mg_browser_url url;
    if (!mg_status_is_redirect(response->status) ||
        !mg_browser_response_line(response, MG_STR("location"), 0, location)) {
        return false;
    }
    const char *fault = mg_browser_url_parse(*location, &last_hop(f)->url, f->arena, &url);
    return fault != NULL && strcmp(fault, "url-scheme") != 0;
}

enum mg_turn mg_browser_fetch_answer(struct mg_browser_fetch *fetch,
                                     const struct mg_browser_response *response,
                                     uint64_t now_ms)
{
    struct mg_str location;
    if (fetch->done) {
        return MG_TURN_DONE;
    }
    if (mg_browser_profile(fetch->spec->browser)->parses_location_first &&
        has_bad_location(fetch, response, &location)) {
        return refuse(fetch, MG_OUTCOME_REDIRECT_LOCATION, location, false);
    }
    return fetch->request.preflight ? answer_preflight(fetch, response, now_ms)
                                    : answer_actual(fetch, response, now_ms);
}

enum mg_turn mg_browser_fetch_fail(struct mg_browser_fetch *fetch)
{
    if (fetch->done) {
        return MG_TURN_DONE;
    }
    trace(fetch, HTTP_FETCH, "no response came", fetch->request.url->href, false);
    return finish_error(fetch, MG_OUTCOME_NETWORK_ERROR, fetch->request.url->href);
}

bool mg_browser_fetch_exposes(const struct mg_browser_fetch *fetch,
                              const struct mg_browser_response *response, struct mg_str name)
{
    if (fetch->verdict != MG_FETCH_READABLE) {
        return false;
    }
    return fetch->tainting == MG_TAINTING_BASIC
               ? !mg_response_header_is_forbidden(name)
               : mg_browser_exposes(response,
                                    fetch->spec->credentials == MG_CREDENTIALS_INCLUDE, name);
}
