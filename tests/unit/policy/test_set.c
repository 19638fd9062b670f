/* test_set.c - whole sets: the examples, what a loaded set is, and memory that runs out. */
#include "core/alloc.h"
#include "http/method.h"
#include "load.h"
#include "policy/set.h"

static void the_examples_load_together_without_a_word(void **state)
{
    (void)state;
    static const char *const paths[] = {"policies"};
    const struct mg_policy_options options = {.paths = paths, .path_count = 1};
    struct mg_errs errs;
    mg_errs_init(&errs);
    struct mg_policy_set *set = mg_policy_set_load(&options, &errs);
    mg_errs_print(&errs, stderr);
    mg_expect_int("faults", errs.count, 0);
    assert_non_null(set);
    mg_expect_true("with echo", set->has_echo);
    static const struct {
        const char *path;
        const char *pattern;
    } routes[] = {
        {"/public/rates", "/public/{rest...}"},
        {"/app/v1/cart", "/app/v1/{rest...}"},
        {"/app/session", "/app/session"},
        {"/partners/orders/7", "/partners/orders/{id}"},
        {"/partners/status", "/partners/status"},
        {"/tenants/acme/users", "/tenants/acme/{rest...}"},
        {"/tenants/nobody/users", "/tenants/{tenant}/{rest...}"},
        {"/internal/users", "/internal/{rest...}"},
        {"/", "/{rest...}"},
    };
    for (size_t i = 0; i < MG_COUNT(routes); i++) {
        struct mg_route route;
        mg_policy_set_route(set, MG_STR("h"), mg_str_from(routes[i].path), &route);
        assert_non_null(route.resource);
        mg_expect_str(routes[i].path, route.resource->pattern, mg_str_from(routes[i].pattern));
    }
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

static const char whole[] =
    "upstream 'u' { 'http://h' }\n"
    "resource '/a/{x}' { handler = proxy 'u', methods = { 'GET', 'BREW' }, cors = {\n"
    "  origins = { 'https://a.example', 'https://*.b.example' }, headers = { 'X-A' },\n"
    "  expose = { 'ETag' }, credentials = true, max_age = 5, status = 200, timing = true } }\n"
    "resource '/b' { handler = respond { status = 200, body = 'x', fields = { A = 'b' } },\n"
    "  cors = { origins = '*' } }\n";

/* Fails each allocation in turn: the load says so, and neither crashes nor leaks. */
static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    if (!mg_alloc_fail_at(0)) {
        skip();
    }
    long failed = 0;
    for (long n = 1; n < 100000; n++) {
        struct mg_errs errs;
        mg_errs_init(&errs);
        const struct mg_policy_options options = {0};
        (void)mg_alloc_fail_at(n);
        struct mg_policy_set *set =
            mg_policy_set_load_text("p.lua", mg_str_from(whole), &options, &errs);
        (void)mg_alloc_fail_at(0);
        mg_expect_int("a set or an error", set == NULL, errs.error_count > 0);
        failed += set == NULL;
        bool is_through = set != NULL && errs.count == 0;
        mg_policy_set_free(set);
        mg_errs_fini(&errs);
        if (is_through && n > 1000) {
            break;
        }
    }
    mg_expect_true("some failed", failed > 20);
}

static void errors_of_the_caller_stay(void **state)
{
    (void)state;
    struct mg_errs errs;
    const struct mg_policy_options options = {0};
    mg_errs_init(&errs);
    mg_errs_fail(&errs, "mine", NULL, "an error of something else");
    struct mg_policy_set *set =
        mg_policy_set_load_text("p.lua", mg_str_from(whole), &options, &errs);
    mg_expect_true("the set is fine", set != NULL);
    mg_expect_int("one error still", errs.error_count, 1);
    mg_expect_text("the caller's", errs.items[0].code, "mine");
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

static void a_set_needs_nothing_that_was_given(void **state)
{
    (void)state;
    struct mg_errs errs;
    const struct mg_policy_options options = {0};
    char text[sizeof(whole)];
    memcpy(text, whole, sizeof(whole));
    mg_errs_init(&errs);
    struct mg_policy_set *set =
        mg_policy_set_load_text("p.lua", mg_str_from(text), &options, &errs);
    memset(text, 'x', sizeof(text));
    mg_expect_str("pattern", set->resources[0]->pattern, MG_STR("/a/{x}"));
    mg_expect_str("method", set->resources[0]->methods.items[1], MG_STR("BREW"));
    mg_expect_text("file", set->resources[0]->file, "p.lua");
    mg_expect_str("upstream", set->upstreams[0].servers[0].host, MG_STR("h"));
    mg_expect_str("body", set->resources[1]->handler.canned.body, MG_STR("x"));
    mg_policy_set_free(set);
    mg_policy_set_free(NULL);
    mg_errs_fini(&errs);
}

static void many_resources_load_fast(void **state)
{
    (void)state;
    const char *text = "for i = 1, 20000 do\n"
                       "  resource('/r' .. i .. '/{id}') { handler = 'none',\n"
                       "    cors = { origins = { 'https://a' .. i .. '.example' } } }\nend";
    struct mg_policy_set *set = load_good("20000", text, NULL);
    mg_expect_int("all", set->resource_count, 20000);
    struct mg_route route;
    mg_policy_set_route(set, MG_STR("h"), MG_STR("/r777/x"), &route);
    mg_expect_str("found", route.resource->pattern, MG_STR("/r777/{id}"));
    mg_policy_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_load_together_without_a_word),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(errors_of_the_caller_stay),
        cmocka_unit_test(a_set_needs_nothing_that_was_given),
        cmocka_unit_test(many_resources_load_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
