/* test_browser_cache.c - what a preflight's answer saves, for whom and how long. */
#include <stdio.h>

#include "cors/browser_cache.h"
#include "test_browser_support.h"

enum {
    ENTRIES = 8,
    TEXT_BYTES = 1024
};

static struct mg_preflight_entry entries[ENTRIES];
static char text_storage[TEXT_BYTES];
static struct mg_arena text;
static struct mg_preflight_cache cache;

static int set_up_cache(void **state)
{
    (void)state;
    mg_arena_init(&text, text_storage, sizeof(text_storage), 0);
    mg_preflight_cache_init(&cache, entries, ENTRIES, &text);
    return 0;
}

static int tear_down_cache(void **state)
{
    (void)state;
    mg_arena_fini(&text);
    return 0;
}

static struct mg_browser_url url_of(const char *text_of_url)
{
    struct mg_browser_url url;
    mg_expect_text(text_of_url,
                   mg_browser_url_parse(mg_str_from(text_of_url), NULL, &test_arena, &url),
                   NULL);
    return url;
}

/* A request: "PUT x-a,x-b". */
static struct mg_browser_check check_of(const char *request, struct mg_str *names)
{
    struct mg_str rest = mg_str_from(request);
    struct mg_browser_check check = {.origin = MG_STR("https://app.example"),
                                     .method = take_until(&rest, ' '),
                                     .unsafe_names = {names, 0}};
    while (rest.len > 0) {
        names[check.unsafe_names.count++] = take_until(&rest, ',');
    }
    return check;
}

#define URL "https://api.example/r?id=1"
#define ALLOW \
    "Access-Control-Allow-Methods: PUT, DELETE\nAccess-Control-Allow-Headers: X-A, x-b\n"

static void store(const struct mg_browser_check *check, const char *lines, uint64_t now_ms)
{
    struct test_response response;
    struct mg_browser_url url = url_of(URL);
    mg_preflight_cache_store(&cache, check, &url, make_response(&response, 204, lines), now_ms);
}

static bool covers(const struct mg_browser_check *check, const char *url_text, uint64_t now_ms)
{
    struct mg_browser_url url = url_of(url_text);
    return mg_preflight_cache_covers(&cache, check, &url, now_ms);
}

static void all_that_was_listed_is_covered(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        const char *url;
        bool covered;
    } ROWS[] = {
        {"PUT x-a", URL, true},
        {"DELETE x-a,x-b", URL, true},
        {"GET x-b", URL, true},
        {"put", URL, false},
        {"PATCH", URL, false},
        {"PUT x-c", URL, false},
        {"PUT x-a", "https://api.example/r?id=2", false},
        {"PUT x-a", "https://api.example/r", false},
        {"PUT x-a", "https://api.example:8443/r?id=1", false},
        {"PUT x-a", "https://api.example/r?id=1#fragment", true},
    };
    struct mg_str names[TEST_MAX_FIELDS];
    struct mg_browser_check check = check_of("PUT x-a", names);
    store(&check, ALLOW, 1000);
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        check = check_of(ROWS[i].request, names);
        mg_expect_int(ROWS[i].request, covers(&check, ROWS[i].url, 1001), ROWS[i].covered);
    }
    check = check_of("PUT x-a", names);
    check.origin = MG_STR("null");
    mg_expect_true("another origin", !covers(&check, URL, 1001));
}

static void entries_expire(void **state)
{
    (void)state;
    static const struct {
        const char *max_age;
        uint64_t covered_ms;
        uint64_t expired_ms;
    } ROWS[] = {
        {"", 5999, 6000},
        {"Access-Control-Max-Age: 60", 60999, 61000},
        {"Access-Control-Max-Age: 0", 0, 1000},
        {"Access-Control-Max-Age: 99999999999999999999", UINT64_MAX - 1, UINT64_MAX},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_str names[TEST_MAX_FIELDS];
        struct mg_browser_check check = check_of("PUT", names);
        (void)set_up_cache(NULL);
        store(&check, mg_arena_printf(&test_arena, ALLOW "%s", ROWS[i].max_age).ptr, 1000);
        mg_expect_int(ROWS[i].max_age, covers(&check, URL, ROWS[i].covered_ms),
                      ROWS[i].covered_ms > 0);
        mg_expect_true(ROWS[i].max_age, !covers(&check, URL, ROWS[i].expired_ms));
    }
}

static void a_new_answer_sets_a_new_time(void **state)
{
    (void)state;
    struct mg_str names[TEST_MAX_FIELDS];
    struct mg_browser_check check = check_of("PUT", names);
    store(&check, ALLOW "Access-Control-Max-Age: 60", 0);
    store(&check, ALLOW "Access-Control-Max-Age: 10", 1000);
    mg_expect_true("shortened", !covers(&check, URL, 11000));
    store(&check, ALLOW "Access-Control-Max-Age: 0", 2000);
    mg_expect_true("ended", !covers(&check, URL, 2000));
    mg_expect_int("nothing is left", cache.count, 0);
}

static void credentials_cover_both_modes(void **state)
{
    (void)state;
    struct mg_str names[TEST_MAX_FIELDS];
    struct mg_browser_check plain = check_of("PUT x-a", names);
    struct mg_browser_check with = plain;
    with.include = true;
    store(&plain, ALLOW, 0);
    mg_expect_true("plain for plain", covers(&plain, URL, 1));
    mg_expect_true("plain not for credentials", !covers(&with, URL, 1));
    store(&with, ALLOW, 0);
    mg_expect_true("credentials for both", covers(&with, URL, 1) && covers(&plain, URL, 1));
}

#define ANY "Access-Control-Allow-Methods: *\nAccess-Control-Allow-Headers: *"

static void wildcards_cover_without_credentials(void **state)
{
    (void)state;
    struct mg_str names[TEST_MAX_FIELDS];
    struct mg_browser_check check = check_of("PUT x-a", names);
    store(&check, ANY, 0);
    check = check_of("PATCH x-q", names);
    mg_expect_true("any method and header", covers(&check, URL, 1));
    check = check_of("GET authorization", names);
    mg_expect_true("but Authorization", !covers(&check, URL, 1));
    (void)set_up_cache(NULL);
    check = check_of("PUT x-a", names);
    check.include = true;
    store(&check, ANY, 0);
    mg_expect_true("with credentials a name", !covers(&check, URL, 1));
}

static void a_refusal_drops_the_url(void **state)
{
    (void)state;
    struct mg_str names[TEST_MAX_FIELDS];
    struct mg_browser_check check = check_of("PUT x-a", names);
    struct mg_browser_url url = url_of(URL);
    struct mg_browser_url other = url_of("https://api.example/other");
    store(&check, ALLOW, 0);
    mg_preflight_cache_drop(&cache, MG_STR("https://b.example"), &url);
    mg_preflight_cache_drop(&cache, check.origin, &other);
    mg_expect_true("still there", covers(&check, URL, 1));
    mg_preflight_cache_drop(&cache, check.origin, &url);
    mg_expect_true("gone", !covers(&check, URL, 1));
}

static void the_flags_method_is_remembered(void **state)
{
    (void)state;
    struct mg_str names[TEST_MAX_FIELDS];
    struct mg_browser_check check = check_of("POST", names);
    check.forced = true;
    mg_expect_true("a forced POST needs an entry", !covers(&check, URL, 0));
    store(&check, "", 0);
    mg_expect_true("it has one now", covers(&check, URL, 1));
}

static void chromium_keeps_the_last_answer_only(void **state)
{
    (void)state;
    static const enum mg_browser BROWSERS[] = {MG_BROWSER_STANDARD, MG_BROWSER_CHROMIUM};
    for (size_t i = 0; i < MG_COUNT(BROWSERS); i++) {
        struct mg_str names[TEST_MAX_FIELDS];
        struct mg_browser_check check = check_of("PUT", names);
        (void)set_up_cache(NULL);
        check.browser = BROWSERS[i];
        store(&check, "Access-Control-Allow-Methods: PUT", 0);
        store(&check, "Access-Control-Allow-Methods: DELETE", 0);
        mg_expect_int(mg_browser_profile(BROWSERS[i])->name, covers(&check, URL, 1),
                      BROWSERS[i] == MG_BROWSER_STANDARD);
        check.method = MG_STR("DELETE");
        mg_expect_true("the last one", covers(&check, URL, 1));
    }
}

static void a_full_cache_begins_anew(void **state)
{
    (void)state;
    struct mg_str names[TEST_MAX_FIELDS];
    struct mg_browser_check check = check_of("M0", names);
    for (int i = 0; i < 100; i++) {
        check.method = mg_arena_printf(&test_arena, "M%d", i);
        store(&check, mg_arena_printf(&test_arena, "Access-Control-Allow-Methods: M%d", i).ptr,
              0);
        mg_expect_true("the newest is there", covers(&check, URL, 1));
        mg_expect_true("bounded", cache.count <= ENTRIES);
    }
    check.method = MG_STR("M0");
    mg_expect_true("the oldest is not", !covers(&check, URL, 1));
}

/* A cache never saves a preflight that would fail: whatever is covered was allowed by an answer
 * for the same origin, URL and no weaker credentials. */
static void covered_means_it_was_allowed(void **state)
{
    (void)state;
    static const char *const LISTS[] = {"PUT", "PUT, DELETE", "*", "PATCH,,*", ""};
    static const char *const HEADERS[] = {"x-a", "X-A,authorization", "*", "", "*,x-b"};
    static const char *const REQUESTS[] = {"PUT x-a", "DELETE", "PATCH x-a,x-b",
                                           "GET authorization", "PUT authorization,x-a"};
    struct mg_prng prng = mg_property_begin("covered means it was allowed");
    unsigned long covered = 0;
    for (unsigned long i = mg_property_cases(10000); i > 0; i--) {
        struct mg_str names[2][TEST_MAX_FIELDS];
        struct test_response response;
        mg_arena_reset(&test_arena);
        (void)set_up_cache(NULL);
        struct mg_browser_url url = url_of(URL);
        struct mg_browser_check first =
            check_of(REQUESTS[mg_prng_below(&prng, MG_COUNT(REQUESTS))], names[0]);
        struct mg_browser_check second =
            check_of(REQUESTS[mg_prng_below(&prng, MG_COUNT(REQUESTS))], names[1]);
        first.include = mg_prng_below(&prng, 2) == 0;
        second.include = mg_prng_below(&prng, 2) == 0;
        struct mg_str lines = mg_arena_printf(
            &test_arena,
            "Access-Control-Allow-Origin: https://app.example\n"
            "Access-Control-Allow-Credentials: true\n"
            "Access-Control-Allow-Methods: %s\nAccess-Control-Allow-Headers: %s",
            LISTS[mg_prng_below(&prng, MG_COUNT(LISTS))],
            HEADERS[mg_prng_below(&prng, MG_COUNT(HEADERS))]);
        const struct mg_browser_response *head = make_response(&response, 204, lines.ptr);
        mg_preflight_cache_store(&cache, &first, &url, head, 0);
        if (!mg_preflight_cache_covers(&cache, &second, &url, 1)) {
            continue;
        }
        covered++;
        struct mg_judgement judgement = mg_browser_judge_preflight(&second, head, &test_arena);
        mg_expect_text(lines.ptr, mg_outcome_name(judgement.outcome), "ok");
        mg_expect_true("no weaker credentials", first.include || !second.include);
    }
    mg_expect_true("some were covered", covered > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_was_listed_is_covered, set_up_cache,
                                        tear_down_cache),
        cmocka_unit_test_setup_teardown(entries_expire, set_up_cache, tear_down_cache),
        cmocka_unit_test_setup_teardown(a_new_answer_sets_a_new_time, set_up_cache,
                                        tear_down_cache),
        cmocka_unit_test_setup_teardown(credentials_cover_both_modes, set_up_cache,
                                        tear_down_cache),
        cmocka_unit_test_setup_teardown(wildcards_cover_without_credentials, set_up_cache,
                                        tear_down_cache),
        cmocka_unit_test_setup_teardown(a_refusal_drops_the_url, set_up_cache, tear_down_cache),
        cmocka_unit_test_setup_teardown(the_flags_method_is_remembered, set_up_cache,
                                        tear_down_cache),
        cmocka_unit_test_setup_teardown(chromium_keeps_the_last_answer_only, set_up_cache,
                                        tear_down_cache),
        cmocka_unit_test_setup_teardown(a_full_cache_begins_anew, set_up_cache,
                                        tear_down_cache),
        cmocka_unit_test_setup_teardown(covered_means_it_was_allowed, set_up_cache,
                                        tear_down_cache),
    };
    return cmocka_run_group_tests_name("browser_cache", tests, set_up_arena, tear_down_arena);
}
