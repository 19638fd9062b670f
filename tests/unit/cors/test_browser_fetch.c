/* test_browser_fetch.c - whole fetches without redirects: which requests go out, and what the
 * page gets. */
#include "cors/browser_fetch.h"
#include "test_browser_scenario.h"

static void fetches_without_redirects(void **state)
{
    (void)state;
    static const struct scenario ROWS[] = {
        {.desc = "same origin needs nothing",
         .spec = {.url = {APP "/x", 21}, .method = {"PUT", 3}},
         .exchanges = {{"PUT " APP "/x " APP, 500, ""}},
         .verdict = "readable",
         .outcome = "ok"},
        {.desc = "a simple request that is allowed",
         .exchanges = {{"GET " API "/r " APP, 404, ANY}},
         .verdict = "readable",
         .outcome = "ok"},
        {.desc = "one that is not",
         .exchanges = {{"GET " API "/r " APP, 200, ""}},
         .verdict = "blocked",
         .outcome = "acao-missing",
         .console = "Access to fetch at 'https://api.example/r' from origin "
                    "'https://app.example' has been blocked by CORS policy: No "
                    "'Access-Control-Allow-Origin' header is present on the requested "
                    "resource."},
        {.desc = "a preflight and the request behind it",
         .spec = {.method = {"PUT", 3}},
         .headers = "X-B: 1\nX-A: 1",
         .exchanges = {{"OPTIONS " API "/r " APP " PUT [x-a,x-b]", 204, ANY ALLOW},
                       {"PUT " API "/r " APP, 200, ANY}},
         .verdict = "readable",
         .outcome = "ok"},
        {.desc = "a preflight that is refused",
         .spec = {.method = {"PUT", 3}},
         .exchanges = {{"OPTIONS " API "/r " APP " PUT []", 204, ANY}},
         .verdict = "blocked",
         .outcome = "method-denied",
         .console = "CORS policy: Method PUT is not allowed by Access-Control-Allow-Methods in "
                    "preflight response."},
        {.desc = "the request behind an allowed preflight is checked again",
         .spec = {.method = {"PUT", 3}},
         .exchanges = {{"OPTIONS " API "/r " APP " PUT []", 204, ANY ALLOW},
                       {"PUT " API "/r " APP, 200, ""}},
         .verdict = "blocked",
         .outcome = "acao-missing",
         .console = "CORS policy: No 'Access-Control-Allow-Origin' header is present on the "
                    "requested resource."},
        {.desc = "no answer",
         .exchanges = {{"GET " API "/r " APP, 0, ""}},
         .verdict = "error",
         .outcome = "network-error"},
        {.desc = "no answer to a preflight",
         .spec = {.method = {"PUT", 3}},
         .exchanges = {{"OPTIONS " API "/r " APP " PUT []", 0, ""}},
         .verdict = "error",
         .outcome = "network-error"},
        {.desc = "no-cors is opaque whatever comes, a POST has an Origin",
         .spec = {.mode = MG_MODE_NO_CORS, .method = {"POST", 4}},
         .exchanges = {{"POST " API "/r " APP, 200, ""}},
         .verdict = "opaque",
         .outcome = "ok"},
        {.desc = "from https to http it is null",
         .spec = {.mode = MG_MODE_NO_CORS,
                  .method = {"POST", 4},
                  .url = {"http://api.example/", 19}},
         .exchanges = {{"POST http://api.example/ null", 200, ""}},
         .verdict = "opaque",
         .outcome = "ok"},
        {.desc = "a forbidden method is never sent",
         .spec = {.method = {"TRACE", 5}},
         .verdict = "error",
         .outcome = "forbidden",
         .console = "'TRACE' HTTP method is unsupported."},
        {.desc = "304 is no redirect",
         .exchanges = {{"GET " API "/r " APP, 304, ANY TO("/x")}},
         .verdict = "readable",
         .outcome = "ok"},
    };
    run_scenarios(ROWS, MG_COUNT(ROWS));
}

/* One PUT with the cache: the preflight is answered with `lines`. Returns: how it was got. */
static enum mg_hop_preflight put(struct mg_preflight_cache *cache, const char *lines,
                                 unsigned status, uint64_t now_ms)
{
    struct test_response response;
    struct mg_browser_fetch fetch;
    struct mg_browser_spec spec = {
        .origin = MG_STR(APP), .url = MG_STR(API "/r"), .method = MG_STR("PUT")};
    enum mg_turn turn = mg_browser_fetch_begin(&fetch, &spec, &test_arena, cache, now_ms);
    while (turn == MG_TURN_SEND) {
        bool preflight = fetch.request.preflight;
        turn = mg_browser_fetch_answer(
            &fetch, make_response(&response, preflight ? 204 : status, lines), now_ms);
    }
    return fetch.hops[0].preflight;
}

static void the_cache_saves_preflights(void **state)
{
    (void)state;
    struct mg_preflight_entry entries[8];
    struct mg_preflight_cache cache;
    struct mg_arena text;
    mg_arena_init(&text, NULL, 0, 1 << 16);
    mg_preflight_cache_init(&cache, entries, MG_COUNT(entries), &text);
    mg_expect_int("first", put(&cache, ANY ALLOW, 200, 0), MG_PREFLIGHT_SENT);
    mg_expect_int("second", put(&cache, ANY, 200, 4999), MG_PREFLIGHT_CACHED);
    mg_expect_int("after five seconds", put(&cache, ANY ALLOW, 200, 5000), MG_PREFLIGHT_SENT);
    mg_expect_int("a failure uses it", put(&cache, "", 200, 5001), MG_PREFLIGHT_CACHED);
    mg_expect_int("and clears it", put(&cache, ANY ALLOW, 200, 5002), MG_PREFLIGHT_SENT);
    mg_arena_fini(&text);
}

static void the_trace_ends_where_the_fetch_does(void **state)
{
    (void)state;
    struct test_response response;
    struct mg_browser_fetch fetch;
    struct mg_browser_spec spec = {
        .origin = MG_STR(APP), .url = MG_STR(API "/r"), .method = MG_STR("PUT")};
    static const struct {
        const char *section;
        bool passed;
    } STEPS[] = {
        {"fetch#dom-request", true},
        {"fetch#concept-main-fetch", true},
        {"fetch#cors-preflight-fetch-0", true},
        {"fetch#append-a-request-origin-header", true},
        {"fetch#concept-cors-check", true},
        {"fetch#cors-preflight-fetch-0", true},
        {"fetch#cors-preflight-fetch-0", true},
        {"fetch#cors-preflight-fetch-0", false},
    };
    (void)mg_browser_fetch_begin(&fetch, &spec, &test_arena, NULL, 0);
    (void)mg_browser_fetch_answer(&fetch, make_response(&response, 204, ANY), 0);
    const struct mg_browser_step *step = fetch.steps;
    for (size_t i = 0; i < MG_COUNT(STEPS); i++) {
        assert_non_null(step);
        mg_expect_text(step->what, step->section, STEPS[i].section);
        mg_expect_int(step->what, step->passed, STEPS[i].passed);
        step = step->next;
    }
    mg_expect_true("nothing behind the failure", step == NULL);
}

static void cookies_go_where_they_may(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum mg_browser_credentials credentials;
        bool sent;
    } ROWS[] = {
        {APP "/", MG_CREDENTIALS_SAME_ORIGIN, true},
        {APP "/", MG_CREDENTIALS_OMIT, false},
        {APP "/", MG_CREDENTIALS_INCLUDE, true},
        {API "/", MG_CREDENTIALS_SAME_ORIGIN, false},
        {API "/", MG_CREDENTIALS_OMIT, false},
        {API "/", MG_CREDENTIALS_INCLUDE, true},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_browser_fetch fetch;
        struct mg_browser_spec spec = {.origin = MG_STR(APP),
                                       .url = mg_str_from(ROWS[i].url),
                                       .credentials = ROWS[i].credentials};
        (void)mg_browser_fetch_begin(&fetch, &spec, &test_arena, NULL, 0);
        mg_expect_int(ROWS[i].url, fetch.request.credentials, ROWS[i].sent);
        spec.method = MG_STR("PUT");
        (void)mg_browser_fetch_begin(&fetch, &spec, &test_arena, NULL, 0);
        mg_expect_true("never with a preflight",
                       !fetch.request.preflight || !fetch.request.credentials);
    }
}

static void exposure_follows_the_tainting(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum mg_browser_mode mode;
        bool etag;
        bool set_cookie;
    } ROWS[] = {
        {APP "/", MG_MODE_CORS, true, false},
        {API "/", MG_MODE_CORS, false, false},
        {API "/", MG_MODE_NO_CORS, false, false},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct test_response response;
        struct mg_browser_fetch fetch;
        struct mg_browser_spec spec = {
            .origin = MG_STR(APP), .url = mg_str_from(ROWS[i].url), .mode = ROWS[i].mode};
        (void)make_response(&response, 200, ANY "ETag: 1\nSet-Cookie: a");
        (void)mg_browser_fetch_begin(&fetch, &spec, &test_arena, NULL, 0);
        (void)mg_browser_fetch_answer(&fetch, &response.head, 0);
        mg_expect_int(ROWS[i].url,
                      mg_browser_fetch_exposes(&fetch, &response.head, MG_STR("ETag")),
                      ROWS[i].etag);
        mg_expect_int(ROWS[i].url,
                      mg_browser_fetch_exposes(&fetch, &response.head, MG_STR("Set-Cookie")),
                      ROWS[i].set_cookie);
    }
}

static void a_full_arena_is_an_error(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 4096; bytes += 64) {
        struct test_response response;
        struct mg_browser_fetch fetch;
        struct mg_arena arena;
        struct mg_browser_spec spec = {.origin = MG_STR(APP), .url = MG_STR(API "/r")};
        mg_arena_init(&arena, test_storage, bytes, 0);
        enum mg_turn turn = mg_browser_fetch_begin(&fetch, &spec, &arena, NULL, 0);
        if (turn == MG_TURN_SEND) {
            turn = mg_browser_fetch_answer(&fetch, make_response(&response, 200, ""), 0);
        }
        mg_expect_int("it ends", turn, MG_TURN_DONE);
        mg_expect_text("in one of two ways", mg_outcome_name(fetch.judgement.outcome),
                       mg_arena_overflowed(&arena) ? "out-of-memory" : "acao-missing");
        mg_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetches_without_redirects),
        cmocka_unit_test(the_cache_saves_preflights),
        cmocka_unit_test(the_trace_ends_where_the_fetch_does),
        cmocka_unit_test(cookies_go_where_they_may),
        cmocka_unit_test(exposure_follows_the_tainting),
        cmocka_unit_test(a_full_arena_is_an_error),
    };
    return cmocka_run_group_tests_name("browser_fetch", tests, set_up_arena, tear_down_arena);
}
