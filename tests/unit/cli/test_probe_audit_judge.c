/* test_probe_audit_judge.c - the audit's judgement on servers made of a few lines: each row is
 * a server with one fault, and names all that is found; the correct one stands among them.
 */
#include "probe_audit_world.h"

static void allow(struct answer *answer, struct mg_str origin)
{
    say(answer, "Access-Control-Allow-Origin", origin);
}

/* Everything right, for one origin. */
static void serve_right(const struct mg_browser_request *request, struct answer *answer)
{
    answer->status = is_preflight(request)                             ? 204
                     : is_elsewhere(request)                           ? 404
                     : mg_str_equal(request->method, MG_STR("SEARCH")) ? 405
                                                                       : 200;
    say(answer, "Vary", MG_STR("Origin"));
    if (is_from(request, APP)) {
        allow(answer, request->origin);
    }
    if (is_from(request, APP) && is_preflight(request)) {
        say(answer, "Access-Control-Allow-Methods", MG_STR("GET, PUT"));
        say(answer, "Access-Control-Allow-Headers", MG_STR("X-A"));
        say(answer, "Access-Control-Max-Age", MG_STR("600"));
    }
}

/* Right, and the origin `also` is allowed too. */
static void serve_right_and(const struct mg_browser_request *request, struct answer *answer,
                            const char *also)
{
    serve_right(request, answer);
    if (is_from(request, also)) {
        allow(answer, request->origin);
    }
}

static void with_credentials(struct answer *answer)
{
    say(answer, "Access-Control-Allow-Credentials", MG_STR("true"));
}

static void reflect(const struct mg_browser_request *request, struct answer *answer)
{
    answer->status = 200;
    say(answer, "Vary", MG_STR("Origin"));
    if (request->origin.len > 0 && !is_from(request, "null")) {
        allow(answer, request->origin);
    }
}

static void reflect_credentials(const struct mg_browser_request *request, struct answer *answer)
{
    reflect(request, answer);
    with_credentials(answer);
}

static void allow_null(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right_and(request, answer, "null");
}

static void allow_null_credentials(const struct mg_browser_request *request,
                                   struct answer *answer)
{
    allow_null(request, answer);
    if (is_from(request, "null")) {
        with_credentials(answer);
    }
}

static void allow_suffix(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right_and(request, answer, "https://app.shop.example.moongate-audit.example");
}

static void allow_junk(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right_and(request, answer, "https://app.shop.example_.moongate-audit.example");
}

static void allow_prefix(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right_and(request, answer, "https://moongate-auditapp.shop.example");
}

static void allow_prefix_parent(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right_and(request, answer, "https://moongate-auditshop.example");
}

static void allow_dot(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right_and(request, answer, "https://appxshop.example");
}

static void allow_http(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right_and(request, answer, "http://app.shop.example");
    if (is_from(request, "http://app.shop.example")) {
        with_credentials(answer);
    }
}

/* What a rule for all subdomains with credentials does: no prefix trick, though it looks so. */
static void allow_subdomains(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (mg_str_starts_with(request->origin, MG_STR("https://moongate-audit")) &&
        mg_str_ends_with(request->origin, MG_STR(".shop.example"))) {
        allow(answer, request->origin);
        with_credentials(answer);
    }
}

static void wildcard(const struct mg_browser_request *request, struct answer *answer)
{
    (void)request;
    answer->status = 200;
    allow(answer, MG_STR("*"));
}

static void wildcard_credentials(const struct mg_browser_request *request,
                                 struct answer *answer)
{
    wildcard(request, answer);
    with_credentials(answer);
}

static void several(const struct mg_browser_request *request, struct answer *answer)
{
    (void)request;
    answer->status = 200;
    allow(answer, MG_STR(APP ", https://b.example"));
}

static void several_lines(const struct mg_browser_request *request, struct answer *answer)
{
    (void)request;
    answer->status = 200;
    allow(answer, MG_STR(APP));
    allow(answer, MG_STR(APP));
}

static void trailing_slash(const struct mg_browser_request *request, struct answer *answer)
{
    (void)request;
    answer->status = 200;
    allow(answer, MG_STR(APP "/"));
}

/* One origin, whoever asks: nothing depends on Origin, and Vary is not needed. */
static void constant(const struct mg_browser_request *request, struct answer *answer)
{
    (void)request;
    answer->status = 200;
    allow(answer, MG_STR(APP));
}

static void credentials_upper_case(const struct mg_browser_request *request,
                                   struct answer *answer)
{
    serve_right(request, answer);
    say(answer, "Access-Control-Allow-Credentials", MG_STR("True"));
}

static void expose_wildcard(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (is_from(request, APP)) {
        with_credentials(answer);
        say(answer, "Access-Control-Expose-Headers", MG_STR("ETag, *"));
    }
}

/* Right, but Vary is `vary` where the page is allowed or not, or where there is none. */
static void serve_vary(const struct mg_browser_request *request, struct answer *answer,
                       bool wrong)
{
    serve_right(request, answer);
    if (wrong && is_plain(request)) {
        answer->fields[0].value = MG_STR("Accept-Encoding, X-Origin");
    }
}

static void vary_allowed(const struct mg_browser_request *request, struct answer *answer)
{
    serve_vary(request, answer, is_from(request, APP));
}

static void vary_denied(const struct mg_browser_request *request, struct answer *answer)
{
    serve_vary(request, answer, is_from(request, STRANGER));
}

static void vary_no_origin(const struct mg_browser_request *request, struct answer *answer)
{
    serve_vary(request, answer, request->origin.len == 0);
}

static void vary_no_store(const struct mg_browser_request *request, struct answer *answer)
{
    serve_vary(request, answer, true);
    say(answer, "Cache-Control", MG_STR("no-store"));
}

static void vary_star(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    answer->fields[0].value = MG_STR("*");
}

static void cached_denial(const struct mg_browser_request *request, struct answer *answer)
{
    vary_no_origin(request, answer);
    say(answer, "Cache-Control", MG_STR("max-age=60"));
}

static void cached_never(const struct mg_browser_request *request, struct answer *answer)
{
    vary_no_origin(request, answer);
    say(answer, "Cache-Control", MG_STR("max-age=0, must-revalidate"));
}

/* Take all fields away. */
static void bare(struct answer *answer, unsigned status)
{
    answer->count = 0;
    answer->status = status;
    say(answer, "Vary", MG_STR("Origin"));
}

static void bare_404(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (is_elsewhere(request)) {
        bare(answer, 404);
    }
}

static void bare_405(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (mg_str_equal(request->method, MG_STR("SEARCH"))) {
        bare(answer, 405);
    }
}

/* A parser that does not know the method speaks before any rule. */
static void bare_400(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (mg_str_equal(request->method, MG_STR("SEARCH"))) {
        bare(answer, 400);
    }
}

static void bare_preflight(const struct mg_browser_request *request, struct answer *answer,
                           unsigned status)
{
    serve_right(request, answer);
    if (request->preflight) {
        bare(answer, status);
    }
}

static void preflight_redirect(const struct mg_browser_request *request, struct answer *answer)
{
    bare_preflight(request, answer, 307);
}

static void preflight_login(const struct mg_browser_request *request, struct answer *answer)
{
    bare_preflight(request, answer, 401);
}

static void preflight_404(const struct mg_browser_request *request, struct answer *answer)
{
    bare_preflight(request, answer, 404);
}

static void preflight_bare(const struct mg_browser_request *request, struct answer *answer)
{
    bare_preflight(request, answer, 204);
}

static void actual_bare(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (!request->preflight) {
        bare(answer, 200);
    }
}

static void list_malformed(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (is_preflight(request)) {
        say(answer, "Access-Control-Allow-Headers", MG_STR("\"x-b\""));
    }
}

static void options_as_preflight(const struct mg_browser_request *request,
                                 struct answer *answer)
{
    serve_right(request, answer);
    if (request->preflight && !is_preflight(request)) {
        say(answer, "Access-Control-Allow-Methods", MG_STR("GET"));
    }
}

/* Lists the asked method when it is PATCH in any case. */
static void method_case(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (mg_str_equal_nocase(request->acrm, MG_STR("patch"))) {
        say(answer, "Access-Control-Allow-Methods", request->acrm);
    }
}

/* Lists both: then patch is a method of its own. */
static void method_both(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (is_preflight(request)) {
        say(answer, "Access-Control-Allow-Methods", MG_STR("patch, PATCH"));
    }
}

static void authorization_wildcard(const struct mg_browser_request *request,
                                   struct answer *answer)
{
    wildcard(request, answer);
    if (is_preflight(request)) {
        say(answer, "Access-Control-Allow-Headers", MG_STR("*"));
    }
}

static void authorization_listed(const struct mg_browser_request *request,
                                 struct answer *answer)
{
    wildcard(request, answer);
    if (is_preflight(request)) {
        say(answer, "Access-Control-Allow-Headers", MG_STR("*, Authorization"));
    }
}

static void max_age_negative(const struct mg_browser_request *request, struct answer *answer)
{
    wildcard(request, answer);
    if (is_preflight(request)) {
        say(answer, "Access-Control-Max-Age", MG_STR("-1"));
    }
}

static void redirects(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (is_plain(request)) {
        answer->status = 302;
        say(answer, "Location", MG_STR("https://elsewhere.example/"));
    }
}

static void nothing(const struct mg_browser_request *request, struct answer *answer)
{
    (void)request;
    answer->status = 200;
}

static const struct {
    const char *desc;
    server_fn serve;
    const char *findings; /* "severity code" of all, worst first */
} ROWS[] = {
    {"a correct server has no finding", serve_right, ""},
    {"one origin for everybody needs no Vary", constant, ""},
    {"any origin is reflected", reflect, "low origin-reflected"},
    {"any origin is reflected with credentials", reflect_credentials,
     "high origin-reflected, info acac-alone"},
    {"null is allowed", allow_null, "medium null-allowed"},
    {"null is allowed with credentials", allow_null_credentials, "high null-allowed"},
    {"a pattern without an end", allow_suffix, "medium origin-suffix"},
    {"a pattern that ends at a word", allow_junk, "medium origin-trailing-junk"},
    {"a pattern without a beginning", allow_prefix, "medium origin-prefix"},
    {"a pattern for subdomains without its dot", allow_prefix_parent, "medium origin-prefix"},
    {"a pattern whose dot is any letter", allow_dot, "medium origin-dot"},
    {"http with credentials", allow_http, "medium origin-downgrade"},
    {"subdomains are no prefix trick", allow_subdomains, "low origin-subdomain"},
    {"a public server", wildcard, "info origin-any"},
    {"* with credentials", wildcard_credentials,
     "medium wildcard-credentials, info origin-any"},
    {"two values in a line", several, "medium acao-several, info nothing-allowed"},
    {"one value in two lines", several_lines, "medium acao-several, info nothing-allowed"},
    {"an origin with a slash", trailing_slash, "medium acao-invalid, info nothing-allowed"},
    {"credentials True", credentials_upper_case, "low acac-invalid"},
    {"expose * with credentials", expose_wildcard, "low expose-wildcard"},
    {"no Vary where it is allowed", vary_allowed, "medium vary-missing-allowed"},
    {"no Vary where it is denied", vary_denied, "low vary-missing-denied"},
    {"no Vary without Origin", vary_no_origin, "low vary-missing-no-origin"},
    {"what is not stored needs no Vary", vary_no_store, ""},
    {"Vary: * is more than Origin", vary_star, ""},
    {"a denial that is cached", cached_denial,
     "medium cached-denial, low vary-missing-no-origin"},
    {"a denial that is asked for anew", cached_never, "low vary-missing-no-origin"},
    {"404 without fields", bare_404, "low not-found-unreadable"},
    {"405 without fields", bare_405, "low method-refused-unreadable"},
    {"400 is no answer of the resource", bare_400, ""},
    {"a preflight that is redirected", preflight_redirect, "medium preflight-redirect"},
    {"a preflight that has to sign in", preflight_login, "medium preflight-unauthorized"},
    {"a preflight that is not found", preflight_404, "medium preflight-status"},
    {"a preflight without ACAO", preflight_bare, "medium preflight-unreadable"},
    {"a preflight's promise is not kept", actual_bare, "medium actual-unreadable"},
    {"a list with quotes", list_malformed, "medium list-malformed"},
    {"OPTIONS taken for a preflight", options_as_preflight, "low options-as-preflight"},
    {"methods without case", method_case, "low method-case"},
    {"patch beside PATCH", method_both, ""},
    {"Authorization by *", authorization_wildcard,
     "low authorization-wildcard, info origin-any, info headers-any"},
    {"Authorization beside *", authorization_listed, "info origin-any, info headers-any"},
    {"max-age -1", max_age_negative, "low max-age-invalid, info origin-any"},
    {"a redirect", redirects, "info redirected"},
    {"no CORS at all", nothing, "info nothing-allowed"},
};

static void audit_finds_each_fault(void **state)
{
    (void)state;
    struct mg_buf out;
    mg_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct world world;
        plan(&world, APP);
        judge(&world, ROWS[i].serve);
        mg_expect_str(ROWS[i].desc, summary(&world.audit, &out), mg_str_from(ROWS[i].findings));
        mg_arena_fini(&world.arena);
    }
    mg_buf_fini(&out);
}

/* A finding's evidence is the request that shows it. */
static void audit_shows_evidence(void **state)
{
    (void)state;
    struct world world;
    plan(&world, APP);
    judge(&world, reflect_credentials);
    mg_expect_str("the stranger's request", world.audit.findings[0].evidence->request.origin,
                  MG_STR(STRANGER));
    mg_expect_int("its severity is the worst", mg_audit_worst(&world.audit), MG_AUDIT_HIGH);
    mg_arena_fini(&world.arena);
}

/* A sample that got no answer is told of, and judged by nothing else. */
static void audit_tells_of_silence(void **state)
{
    (void)state;
    struct mg_buf out;
    struct world world;
    mg_buf_init(&out, 1 << 16);
    plan(&world, APP);
    judge(&world, serve_right);
    world.audit.samples[MG_SAMPLE_NULL].fault = "the connection was closed";
    mg_audit_judge(&world.audit);
    mg_expect_str("silence", summary(&world.audit, &out), MG_STR("info unanswered"));
    mg_buf_fini(&out);
    mg_arena_fini(&world.arena);
}

/* Every code is found by some row, so that no check is there that never finds anything; codes
 * are well formed and their texts are sentences without an end. */
static void checks_are_all_reached(void **state)
{
    (void)state;
    static const char *const ELSEWHERE[] = {"unanswered", "max-age-capped", "methods-any",
                                            "lists-on-actual", "private-network"};
    for (size_t check = 0; check < MG_CHECK_COUNT; check++) {
        const char *code = mg_audit_checks[check].code;
        bool is_reached = false;
        assert_non_null(code);
        for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
            is_reached = is_reached || strstr(ROWS[i].findings, code) != NULL;
        }
        for (size_t i = 0; i < MG_COUNT(ELSEWHERE); i++) {
            is_reached = is_reached || strcmp(ELSEWHERE[i], code) == 0;
        }
        mg_expect_true(code, is_reached);
        mg_expect_true(code, strspn(code, "abcdefghijklmnopqrstuvwxyz-") == strlen(code));
        mg_expect_true(code, strlen(mg_audit_checks[check].title) > 10);
        mg_expect_true(code, strlen(mg_audit_checks[check].fix) > 10);
    }
}

/* What is worth knowing and often meant. */
static void serve_infos(const struct mg_browser_request *request, struct answer *answer)
{
    serve_right(request, answer);
    if (is_from(request, APP)) {
        say(answer, "Access-Control-Allow-Methods",
            is_preflight(request) ? request->acrm : MG_STR("GET"));
    }
    if (is_preflight(request) && is_from(request, APP)) {
        answer->fields[4].value = MG_STR("7201");
        say(answer, "Access-Control-Allow-Private-Network", MG_STR("true"));
    }
}

static void audit_tells_what_is_often_meant(void **state)
{
    (void)state;
    struct mg_buf out;
    struct world world;
    mg_buf_init(&out, 1 << 16);
    plan(&world, APP);
    judge(&world, serve_infos);
    mg_expect_str("infos", summary(&world.audit, &out),
                  MG_STR("info methods-any, info lists-on-actual, info max-age-capped, "
                         "info private-network"));
    mg_buf_fini(&out);
    mg_arena_fini(&world.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audit_finds_each_fault),
        cmocka_unit_test(audit_shows_evidence),
        cmocka_unit_test(audit_tells_of_silence),
        cmocka_unit_test(audit_tells_what_is_often_meant),
        cmocka_unit_test(checks_are_all_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
