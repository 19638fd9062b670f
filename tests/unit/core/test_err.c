/* test_err.c - faults are kept in order, counted when they cannot be, and printed on one line.
 * */
#include <stdlib.h>

#include "core/alloc.h"
#include "core/err.h"
#include "core/utf8.h"
#include "expect.h"

static void formats_one_line(void **state)
{
    (void)state;
    static const struct {
        struct mg_err err;
        const char *want;
    } rows[] = {
        {{MG_ERROR, "origin-path", "api.lua", 12, "cors.origins[2]", "it has a path",
          "drop it"},
         "api.lua:12: error: cors.origins[2]: it has a path (drop it) [origin-path]"},
        {{MG_WARNING, "max-age-high", "api.lua", 3, "", "above 7200", ""},
         "api.lua:3: warning: above 7200 [max-age-high]"},
        {{MG_NOTE, "wildcard", "api.lua", 0, "cors.headers", "resolved", ""},
         "api.lua: note: cors.headers: resolved [wildcard]"},
        {{MG_ERROR, "no-policies", "", 0, "", "none found", "give --policy"},
         "error: none found (give --policy) [no-policies]"},
        {{MG_ERROR, "no-file-no-line", "", 7, "", "a line alone is no place", ""},
         "error: a line alone is no place [no-file-no-line]"},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char out[256];
        mg_err_format(&rows[i].err, out, sizeof(out));
        mg_expect_text(rows[i].err.code, out, rows[i].want);
    }
}

static void format_is_cut_at_its_size(void **state)
{
    (void)state;
    const struct mg_err err = {.severity = MG_NOTE, .code = "c", .message = "0123456789"};
    char out[32] = "0123456789ab!";
    mg_err_format(&err, out, 12);
    mg_expect_text("cut", out, "note: 01...");
    mg_expect_int("not a byte more", out[12], '!');
}

static void names_severities(void **state)
{
    (void)state;
    mg_expect_text("note", mg_severity_name(MG_NOTE), "note");
    mg_expect_text("warning", mg_severity_name(MG_WARNING), "warning");
    mg_expect_text("error", mg_severity_name(MG_ERROR), "error");
}

static void set_cuts_between_characters(void **state)
{
    (void)state;
    char field[8];
    MG_ERR_SET(field, "%s", "1234567");
    mg_expect_text("fits", field, "1234567");
    MG_ERR_SET(field, "%s", "12345678");
    mg_expect_text("too long", field, "1234...");
    MG_ERR_SET(field, "%s", "123\xc3\xa4\xc3\xa4\xc3\xa4");
    mg_expect_text("within two bytes", field, "123...");
    MG_ERR_SET(field, "%s", "12\xf0\x9f\x8c\x99\xf0\x9f\x8c\x99");
    mg_expect_text("within four bytes", field, "12...");
    mg_expect_int("still UTF-8", mg_utf8_is_valid(mg_str_from(field)), true);
    MG_ERR_SET(field, "%s", "\x80\x80\x80\x80\x80\x80\x80\x80\x80");
    mg_expect_text("nothing but continuations", field, "...");
    char tiny[3];
    MG_ERR_SET(tiny, "%s", "abcdef");
    mg_expect_text("no room for dots", tiny, "ab");
}

static void add_keeps_order_and_counts_errors(void **state)
{
    (void)state;
    struct mg_errs errs;
    mg_errs_init(&errs);
    for (int i = 0; i < 20; i++) {
        struct mg_err err = {.severity = i % 2 == 0 ? MG_ERROR : MG_WARNING, .line = i};
        mg_errs_add(&errs, &err);
    }
    mg_expect_int("all are kept", errs.count, 20);
    mg_expect_int("half are errors", errs.error_count, 10);
    mg_expect_int("none dropped", errs.dropped, 0);
    for (int i = 0; i < 20; i++) {
        mg_expect_int("in order", errs.items[i].line, i);
    }
    mg_errs_fini(&errs);
    mg_expect_int("empty again", errs.count + errs.error_count, 0);
}

static void add_keeps_a_bounded_number(void **state)
{
    (void)state;
    struct mg_errs errs;
    mg_errs_init(&errs);
    for (int i = 0; i < MG_ERRS_MAX + 7; i++) {
        mg_errs_fail(&errs, "many", NULL, "fault %d", i);
    }
    mg_expect_int("kept", errs.count, MG_ERRS_MAX);
    mg_expect_int("dropped", errs.dropped, 7);
    mg_expect_int("counted", errs.error_count, MG_ERRS_MAX + 7);
    mg_errs_fini(&errs);
}

static void fail_fills_message_and_hint(void **state)
{
    (void)state;
    struct mg_errs errs;
    mg_errs_init(&errs);
    mg_errs_fail(&errs, "a-code", "do this", "%s is %d", "it", 7);
    mg_errs_fail(&errs, "b-code", NULL, "plain");
    mg_expect_int("severity", errs.items[0].severity, MG_ERROR);
    mg_expect_text("code", errs.items[0].code, "a-code");
    mg_expect_text("message", errs.items[0].message, "it is 7");
    mg_expect_text("hint", errs.items[0].hint, "do this");
    mg_expect_text("no hint", errs.items[1].hint, "");
    mg_errs_fini(&errs);
}

static void allocation_failure_still_counts(void **state)
{
    (void)state;
    for (int n = 1; n <= 2; n++) {
        struct mg_errs errs;
        mg_errs_init(&errs);
        if (!mg_alloc_fail_at(n)) {
            skip();
        }
        for (int i = 0; i < 10; i++) {
            mg_errs_fail(&errs, "c", NULL, "fault %d", i);
        }
        (void)mg_alloc_fail_at(0);
        mg_expect_int("every fault is an error", errs.error_count, 10);
        mg_expect_int("kept or dropped", errs.count + errs.dropped, 10);
        mg_expect_int("one is lost, then memory is back", errs.dropped, 1);
        mg_errs_fini(&errs);
    }
}

static void prints_every_fault_and_how_many_more(void **state)
{
    (void)state;
    struct mg_errs errs;
    mg_errs_init(&errs);
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    mg_errs_print(&errs, to);
    mg_errs_fail(&errs, "one", NULL, "first");
    mg_errs_fail(&errs, "two", "try", "second");
    mg_errs_print(&errs, to);
    errs.dropped = 3;
    errs.count = 1;
    mg_errs_print(&errs, to);
    assert_int_equal(fclose(to), 0);
    mg_expect_text("nothing, two, one and more", text,
                   "error: first [one]\nerror: second (try) [two]\n"
                   "error: first [one]\nand 3 more\n");
    free(text);
    mg_errs_fini(&errs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_one_line),
        cmocka_unit_test(format_is_cut_at_its_size),
        cmocka_unit_test(names_severities),
        cmocka_unit_test(set_cuts_between_characters),
        cmocka_unit_test(add_keeps_order_and_counts_errors),
        cmocka_unit_test(add_keeps_a_bounded_number),
        cmocka_unit_test(fail_fills_message_and_hint),
        cmocka_unit_test(allocation_failure_still_counts),
        cmocka_unit_test(prints_every_fault_and_how_many_more),
    };
    return cmocka_run_group_tests_name("core/err", tests, NULL, NULL);
}
