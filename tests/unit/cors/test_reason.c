/* test_reason.c - reason codes are stable, distinct and in form. */
#include "cors/reason.h"
#include "expect.h"

#define SIXTEEN "abcdefghijklmnop"
#define TEXT(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }

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

static const struct {
    const char *desc;
    struct mg_str text;
    bool is_code;
} forms[] = {
    {"a word", TEXT("frozen"), true},
    {"words", TEXT("tenant-is-frozen"), true},
    {"a number behind a letter", TEXT("v2"), true},
    {"a number as a word", TEXT("tier-2"), true},
    {"the longest", TEXT(SIXTEEN SIXTEEN SIXTEEN SIXTEEN), true},
    {"a byte more", TEXT(SIXTEEN SIXTEEN SIXTEEN SIXTEEN "a"), false},
    {"nothing", TEXT(""), false},
    {"a number in front", TEXT("2fa-missing"), false},
    {"upper case", TEXT("Frozen"), false},
    {"a space", TEXT("not now"), false},
    {"a line end", TEXT("a\n"), false},
    {"NUL", TEXT("a\0b"), false},
    {"a hyphen alone", TEXT("-"), false},
    {"a hyphen in front", TEXT("-a"), false},
    {"a hyphen behind", TEXT("a-"), false},
    {"two hyphens", TEXT("a--b"), false},
};

static void codes_have_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(forms); i++) {
        mg_expect_int(forms[i].desc, mg_reason_is_code(forms[i].text), forms[i].is_code);
    }
    for (int i = 0; i < MG_REASON_COUNT; i++) {
        const char *code = mg_reason_code((enum mg_reason)i);
        mg_expect_true(code, mg_reason_is_code(mg_str_from(code)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_are_distinct_words_with_a_sentence),
        cmocka_unit_test(codes_have_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
