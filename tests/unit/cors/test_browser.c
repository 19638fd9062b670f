/* test_browser.c - profiles by name, and a response's fields. */
#include "cors/browser.h"
#include "test_browser_support.h"

static void profiles_have_names(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"standard", "chromium", "firefox", "webkit"};
    for (size_t i = 0; i < MG_COUNT(NAMES); i++) {
        enum mg_browser browser;
        mg_expect_true(NAMES[i], mg_browser_from_name(mg_str_from(NAMES[i]), &browser));
        mg_expect_int(NAMES[i], browser, i);
        mg_expect_text(NAMES[i], mg_browser_profile(browser)->name, NAMES[i]);
    }
    enum mg_browser untouched = MG_BROWSER_WEBKIT;
    mg_expect_true("unknown", !mg_browser_from_name(MG_STR("Chromium"), &untouched));
    mg_expect_int("unknown", untouched, MG_BROWSER_WEBKIT);
}

static void lines_of_one_name_are_found_and_joined(void **state)
{
    (void)state;
    struct test_response response;
    struct mg_str value;
    const struct mg_browser_response *head =
        make_response(&response, 200, "A:  1 \nB: 2\na: \nA: 3");
    mg_expect_true("second a", mg_browser_response_line(head, MG_STR("a"), 1, &value));
    mg_expect_str("second a", value, MG_STR(""));
    mg_expect_true("third a", mg_browser_response_line(head, MG_STR("A"), 2, &value));
    mg_expect_str("third a", value, MG_STR("3"));
    mg_expect_true("no fourth a", !mg_browser_response_line(head, MG_STR("A"), 3, &value));
    mg_expect_true("a joined", mg_browser_response_get(head, MG_STR("a"), &test_arena, &value));
    mg_expect_str("a joined", value, MG_STR("1, , 3"));
    mg_expect_true("b alone", mg_browser_response_get(head, MG_STR("b"), &test_arena, &value));
    mg_expect_str("b alone", value, MG_STR("2"));
    mg_expect_true("no c", !mg_browser_response_get(head, MG_STR("c"), &test_arena, &value));
}

static void empty_first_lines_keep_their_comma(void **state)
{
    (void)state;
    struct test_response response;
    struct mg_str value;
    const struct mg_browser_response *head = make_response(&response, 200, "A:\nA: *\nA:");
    mg_expect_true("joined", mg_browser_response_get(head, MG_STR("a"), &test_arena, &value));
    mg_expect_str("joined", value, MG_STR(", *, "));
}

static void name_sets_are_sorted(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"X-B", "x_a", "X-A", "x-b", "X1", "a"};
    struct mg_str items[MG_COUNT(NAMES)];
    struct mg_browser_name_set set = {items, 0};
    for (size_t i = 0; i < MG_COUNT(NAMES); i++) {
        mg_browser_add_name(&set, mg_str_from(NAMES[i]), &test_arena);
    }
    struct mg_browser_names names = {set.items, set.count};
    mg_expect_str("sorted by byte", joined(names), MG_STR("a,x-a,x-b,x1,x_a"));
    mg_expect_true("has x1", mg_browser_names_have(names, MG_STR("x1")));
    mg_expect_true("has no x2", !mg_browser_names_have(names, MG_STR("x2")));
    mg_expect_str("none", joined((struct mg_browser_names){0}), MG_STR(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_have_names),
        cmocka_unit_test(lines_of_one_name_are_found_and_joined),
        cmocka_unit_test(empty_first_lines_keep_their_comma),
        cmocka_unit_test(name_sets_are_sorted),
    };
    return cmocka_run_group_tests_name("browser", tests, set_up_arena, tear_down_arena);
}
