/* test_fault.c - how faults are written and ordered. */
#include "expect.h"
#include "policy/fault.h"
#include "prng.h"

static void faults_are_safe_to_print(void **state)
{
    (void)state;
    struct mg_errs errs;
    mg_errs_init(&errs);
    const struct mg_spot outer = {.errs = &errs, .file = "a\nb", .line = 3, .where = "/x"};
    struct mg_spot spot = mg_spot_in(&outer, " cors.origins[%d]", 2);
    mg_fault(&spot, MG_WARNING, "some-code", "a\x1b[31mhint", "a %s\r\n", "message\x7f");
    mg_expect_int("one", errs.count, 1);
    mg_expect_text("file", errs.items[0].file, "a?b");
    mg_expect_int("line", errs.items[0].line, 3);
    mg_expect_text("where", errs.items[0].where, "/x cors.origins[2]");
    mg_expect_text("message", errs.items[0].message, "a message???");
    mg_expect_text("hint", errs.items[0].hint, "a?[31mhint");
    mg_fault(&outer, MG_NOTE, "some-code", NULL, "%400d", 1);
    mg_expect_text("no hint", errs.items[1].hint, "");
    size_t length = strlen(errs.items[1].message);
    mg_expect_int("cut", length, sizeof(errs.items[1].message) - 1);
    mg_expect_text("and says so", errs.items[1].message + length - 3, "...");
    mg_errs_fini(&errs);
}

static void quotes_are_closed(void **state)
{
    (void)state;
    char out[10];
    mg_expect_text("short", mg_quote(out, sizeof(out), MG_STR("abc")), "'abc'");
    mg_expect_text("fits", mg_quote(out, sizeof(out), MG_STR("abcdefg")), "'abcdefg'");
    mg_expect_text("cut", mg_quote(out, sizeof(out), MG_STR("abcdefghi")), "'abcd...'");
    mg_expect_text("empty", mg_quote(out, sizeof(out), MG_STR("")), "''");
}

/* Any order of reporting gives one order of faults. */
static void order_does_not_depend_on_reporting(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int line;
        const char *where;
        const char *code;
    } sorted[] = {
        {"", 0, "", "set-empty"},
        {"a.lua", 1, "/a cors.origins[2]", "x-y"},
        {"a.lua", 1, "/a cors.origins[10]", "x-y"},
        {"a.lua", 1, "/b", "a-b"},
        {"a.lua", 1, "/b", "b-c"},
        {"a.lua", 2, "/a", "a-b"},
        {"a.lua", 10, "/a", "a-b"},
        {"b.lua", 1, "", "a-b"},
    };
    enum {
        COUNT = MG_COUNT(sorted)
    };
    struct mg_prng prng = mg_property_begin("order_does_not_depend_on_reporting");
    unsigned long cases = mg_property_cases(500);
    for (unsigned long round = 0; round < cases; round++) {
        size_t order[COUNT] = {0};
        struct mg_errs errs;
        mg_errs_init(&errs);
        for (size_t i = 0; i < COUNT; i++) {
            size_t j = mg_prng_below(&prng, i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        for (size_t i = 0; i < COUNT; i++) {
            struct mg_spot spot = {
                .errs = &errs, .file = sorted[order[i]].file, .line = sorted[order[i]].line};
            MG_ERR_SET(spot.where, "%s", sorted[order[i]].where);
            mg_fault(&spot, MG_ERROR, sorted[order[i]].code, NULL, "m");
        }
        mg_fault_sort(&errs, 0);
        for (size_t i = 0; i < COUNT; i++) {
            mg_expect_text("file", errs.items[i].file, sorted[i].file);
            mg_expect_int("line", errs.items[i].line, sorted[i].line);
            mg_expect_text("where", errs.items[i].where, sorted[i].where);
            mg_expect_text("code", errs.items[i].code, sorted[i].code);
        }
        mg_errs_fini(&errs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_safe_to_print),
        cmocka_unit_test(quotes_are_closed),
        cmocka_unit_test(order_does_not_depend_on_reporting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
