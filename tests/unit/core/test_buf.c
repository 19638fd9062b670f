/* test_buf.c - growth, the latched overflow, numbers, and JSON strings read back by another
 * implementation. */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/utf8.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"

static void grows_up_to_its_maximum(void **state)
{
    (void)state;
    for (size_t max = 0; max < 3000; max += 111) {
        struct mg_buf buf;
        mg_buf_init(&buf, max);
        for (size_t i = 0; i < max; i++) {
            mg_buf_add_char(&buf, (char)('a' + i % 26));
        }
        mg_expect_int("all fit", buf.overflowed, false);
        mg_expect_int("length", buf.len, max);
        for (size_t i = 0; i < max; i++) {
            mg_expect_int("contents", buf.ptr[i], 'a' + i % 26);
        }
        mg_buf_add_char(&buf, '!');
        mg_expect_int("one more does not", buf.overflowed, true);
        mg_expect_int("and changes nothing", buf.len, max);
        mg_buf_fini(&buf);
    }
}

static void overflow_is_sticky_and_whole(void **state)
{
    (void)state;
    struct mg_buf buf;
    mg_buf_init(&buf, 8);
    mg_buf_add(&buf, MG_STR("12345"));
    mg_buf_add(&buf, MG_STR("6789"));
    mg_expect_str("nothing of what is too long", mg_buf_str(&buf), MG_STR("12345"));
    mg_buf_add(&buf, MG_STR("6"));
    mg_buf_add_u64(&buf, 6);
    mg_buf_printf(&buf, "%d", 6);
    mg_buf_add_json(&buf, MG_STR(""));
    mg_expect_str("nor of what follows it", mg_buf_str(&buf), MG_STR("12345"));
    mg_expect_true("nor a place", mg_buf_reserve(&buf, 1) == NULL);
    mg_expect_int("latched", buf.overflowed, true);
    mg_buf_clear(&buf);
    mg_buf_add(&buf, MG_STR("12345678"));
    mg_expect_str("until it is cleared", mg_buf_str(&buf), MG_STR("12345678"));
    mg_expect_int("and then fine", buf.overflowed, false);
    mg_buf_fini(&buf);
    mg_expect_true("sizes near the top of size_t", mg_buf_reserve(&buf, SIZE_MAX) == NULL);
    mg_buf_fini(&buf);
}

static void reserve_and_commit_append(void **state)
{
    (void)state;
    struct mg_buf buf;
    mg_buf_init(&buf, 5000);
    mg_buf_add(&buf, MG_STR("ab"));
    char *to = mg_buf_reserve(&buf, 4000);
    assert_non_null(to);
    memset(to, 'c', 4000);
    mg_expect_str("nothing is there before the commit", mg_buf_str(&buf), MG_STR("ab"));
    mg_buf_commit(&buf, 2);
    mg_expect_str("then what was committed", mg_buf_str(&buf), MG_STR("abcc"));
    mg_buf_fini(&buf);
    mg_expect_int("freed", buf.len, 0);
    mg_expect_int("the maximum stays", buf.max_bytes, 5000);
}

static void fixed_storage_is_the_maximum(void **state)
{
    (void)state;
    char storage[6] = "......";
    struct mg_buf buf;
    (void)mg_alloc_fail_at(1); /* it never allocates */
    mg_buf_init_fixed(&buf, storage, sizeof(storage) - 1);
    mg_buf_add(&buf, MG_STR("abcde"));
    (void)mg_alloc_fail_at(0);
    mg_expect_str("filled", mg_buf_str(&buf), MG_STR("abcde"));
    mg_buf_add_char(&buf, 'f');
    mg_expect_int("overflowed", buf.overflowed, true);
    mg_expect_int("nothing behind it is written", storage[5], '.');
}

static void drop_removes_from_the_front(void **state)
{
    (void)state;
    struct mg_buf buf;
    mg_buf_init(&buf, 100);
    mg_buf_drop(&buf, 0);
    mg_buf_add(&buf, MG_STR("abcdef"));
    mg_buf_drop(&buf, 2);
    mg_expect_str("some", mg_buf_str(&buf), MG_STR("cdef"));
    mg_buf_drop(&buf, 0);
    mg_expect_str("none", mg_buf_str(&buf), MG_STR("cdef"));
    mg_buf_drop(&buf, 4);
    mg_expect_int("all", buf.len, 0);
    mg_buf_add(&buf, MG_STR("x"));
    mg_expect_str("and on", mg_buf_str(&buf), MG_STR("x"));
    mg_buf_fini(&buf);
}

static void u64_writes_what_printf_writes(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("buf u64");
    struct mg_buf buf;
    mg_buf_init(&buf, 64);
    unsigned long cases = mg_property_cases(20000);
    for (unsigned long n = 0; n < cases; n++) {
        unsigned long long number = n == 0   ? 0
                                    : n == 1 ? ~0ULL
                                             : mg_prng_next(&prng) >> mg_prng_below(&prng, 64);
        char want[24];
        (void)snprintf(want, sizeof(want), "%llu", number);
        mg_buf_clear(&buf);
        mg_buf_add_u64(&buf, number);
        mg_expect_str("digits", mg_buf_str(&buf), mg_str_from(want));
    }
    mg_buf_fini(&buf);
}

static void printf_appends_and_grows(void **state)
{
    (void)state;
    struct mg_buf buf;
    mg_buf_init(&buf, 4000);
    mg_buf_printf(&buf, "%s=%d", "a", 1);
    mg_buf_printf(&buf, "%01000d", 7);
    mg_expect_int("length", buf.len, 1003);
    mg_expect_str("front", ((struct mg_str){buf.ptr, 4}), MG_STR("a=10"));
    mg_buf_printf(&buf, "%03000d", 7);
    mg_expect_int("too long: latched", buf.overflowed, true);
    mg_expect_int("too long: nothing appended", buf.len, 1003);
    mg_buf_fini(&buf);

    char storage[6];
    mg_buf_init_fixed(&buf, storage, sizeof(storage));
    mg_buf_printf(&buf, "%s", "abcde");
    mg_expect_str("the NUL has to fit", mg_buf_str(&buf), MG_STR("abcde"));
    mg_buf_clear(&buf);
    mg_buf_printf(&buf, "%s", "abcdef");
    mg_expect_int("or it is an overflow", buf.overflowed, true);
}

static void json_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        struct mg_str in;
        const char *want;
    } rows[] = {
        {"empty", {"", 0}, "\"\""},
        {"null slice", {NULL, 0}, "\"\""},
        {"plain", {"abc", 3}, "\"abc\""},
        {"quote and backslash", {"a\"b\\", 4}, "\"a\\\"b\\\\\""},
        {"shorthands", {"\b\f\n\r\t", 5}, "\"\\b\\f\\n\\r\\t\""},
        {"letters of the shorthands stay", {"bfnrt", 5}, "\"bfnrt\""},
        {"controls", {"\0\x01\x1f\x7f", 4}, "\"\\u0000\\u0001\\u001f\\u007f\""},
        {"slash and space stay", {"/ ", 2}, "\"/ \""},
        {"UTF-8 stays", {"\xc3\xa4\xf0\x9f\x8c\x99", 6}, "\"\xc3\xa4\xf0\x9f\x8c\x99\""},
        {"a lone continuation", {"a\x80z", 3}, "\"a\xef\xbf\xbdz\""},
        {"a sequence cut at the end", {"\xe2\x82", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"a surrogate", {"\xed\xa0\x80", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    struct mg_guard guard = {0};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_buf buf;
        mg_buf_init(&buf, 1000);
        mg_buf_add_json(&buf,
                        rows[i].in.ptr == NULL ? rows[i].in : mg_guard_str(&guard, rows[i].in));
        mg_expect_str(rows[i].desc, mg_buf_str(&buf), mg_str_from(rows[i].want));
        mg_buf_fini(&buf);
    }
    mg_guard_free(&guard);
}

static void json_reads_back(void **state)
{
    (void)state;
    static const char alphabet[] = "a\"\\/\b\n\t\x7f\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\x99\xff";
    struct mg_prng prng = mg_property_begin("buf json");
    struct mg_guard guard = {0};
    struct mg_buf buf;
    mg_buf_init(&buf, 1000);
    for (unsigned long n = mg_property_cases(20000); n > 0; n--) {
        char bytes[12];
        size_t len = mg_prng_below(&prng, sizeof(bytes) + 1);
        mg_prng_fill(&prng, n % 2 == 0 ? MG_STR(alphabet) : (struct mg_str){0}, bytes, len);
        struct mg_str in = mg_guard_str(&guard, (struct mg_str){bytes, len});
        mg_buf_clear(&buf);
        mg_buf_add_json(&buf, in);
        json_t *value = json_loadb(buf.ptr, buf.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        mg_expect_true("it is JSON", json_is_string(value));
        if (mg_utf8_is_valid(in)) {
            mg_expect_str(
                "it is the text",
                ((struct mg_str){json_string_value(value), json_string_length(value)}), in);
        }
        json_decref(value);
    }
    mg_buf_fini(&buf);
    mg_guard_free(&guard);
}

static void allocation_failure_is_an_overflow(void **state)
{
    (void)state;
    if (!mg_alloc_fail_at(2)) {
        skip();
    }
    struct mg_buf buf;
    mg_buf_init(&buf, 1000);
    mg_buf_add(&buf, MG_STR("kept"));
    mg_expect_true("no place", mg_buf_reserve(&buf, 900) == NULL);
    (void)mg_alloc_fail_at(0);
    mg_expect_int("latched", buf.overflowed, true);
    mg_expect_str("what was there stays", mg_buf_str(&buf), MG_STR("kept"));
    mg_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_up_to_its_maximum),
        cmocka_unit_test(overflow_is_sticky_and_whole),
        cmocka_unit_test(reserve_and_commit_append),
        cmocka_unit_test(fixed_storage_is_the_maximum),
        cmocka_unit_test(drop_removes_from_the_front),
        cmocka_unit_test(u64_writes_what_printf_writes),
        cmocka_unit_test(printf_appends_and_grows),
        cmocka_unit_test(json_escapes),
        cmocka_unit_test(json_reads_back),
        cmocka_unit_test(allocation_failure_is_an_overflow),
    };
    return cmocka_run_group_tests_name("core/buf", tests, NULL, NULL);
}
