/* test_reason.c - reason codes are stable, distinct and in form. */
#include "cors/reason.h"
#include "expect.h"

static void reasons_are_distinct_words_with_a_sentence(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MG_REASON_COUNT; i++) {
        struct mg_str code = mg_str_from(mg_reason_code((enum mg_reason)i));
        struct mg_str sentence = mg_str_from(mg_reason_sentence((enum mg_reason)i));
        mg_expect_true(code.ptr, code.len > 0 && code.ptr[0] != '-');
        for (size_t k = 0; k < code.len; k++) {
            char c = code.ptr[k];
            mg_expect_true(code.ptr, (c >= 'a' && c <= 'z') || c == '-');
        }
        mg_expect_true(code.ptr, mg_str_ends_with(sentence, MG_STR(".")));
        for (unsigned k = 0; k < i; k++) {
            struct mg_str other = mg_str_from(mg_reason_code((enum mg_reason)k));
            mg_expect_true(code.ptr, !mg_str_equal(code, other));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_are_distinct_words_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
