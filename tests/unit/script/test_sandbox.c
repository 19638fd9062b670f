/* test_sandbox.c - the bound of a pattern's cost. */
#include "expect.h"
#include "prng.h"
#include "script/sandbox.h"

static const struct {
    const char *desc;
    const char *pattern;
    size_t length;
    uint64_t cost;
} rows[] = {
    {"no pattern, no subject", "", 0, 1},
    {"plain text is tried from every start", "ab", 9, 30},
    {"an anchor leaves one start", "^ab", 9, 4},
    {"a repetition multiplies by the length", "^a*", 9, 40},
    {"each repetition multiplies", "^a*b+c-", 9, 8000},
    {"an option doubles", "^a?", 9, 8},
    {"signs in a set are plain", "^[*+?-]", 9, 8},
    {"a set may begin with a bracket", "^[]*]x", 9, 7},
    {"a set may begin with a caret and a bracket", "^[^]*]x", 9, 8},
    {"an escaped bracket does not end a set", "^[%]*]*", 9, 80},
    {"a set that does not end", "^[ab*", 9, 6},
    {"an escaped sign is plain", "^%*%+", 9, 6},
    {"a class repeats", "^%d+", 9, 50},
    {"balanced text reads on", "^%b()", 9, 60},
    {"a back reference reads on", "^(a)%1", 9, 70},
    {"an escape at the end", "a%", 9, 30},
    {"a sum that overflows stays at the top", "****************************************",
     1000000, UINT64_MAX},
};

static void costs_are_as_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        mg_expect_u64(rows[i].desc,
                      mg_pattern_cost(mg_str_from(rows[i].pattern), rows[i].length),
                      rows[i].cost);
    }
}

/* A longer subject or one more repetition never costs less. */
static void costs_only_grow(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("costs_only_grow");
    unsigned long cases = mg_property_cases(20000);
    for (unsigned long i = 0; i < cases; i++) {
        char text[24];
        size_t length = mg_prng_below(&prng, sizeof(text) - 1);
        mg_prng_fill(&prng, MG_STR("ab^$*+-?%[]().1bf"), text, length);
        size_t subject = mg_prng_below(&prng, 5000);
        struct mg_str pattern = {text, length};
        uint64_t cost = mg_pattern_cost(pattern, subject);
        mg_expect_true("a longer subject", mg_pattern_cost(pattern, subject + 1) >= cost);
        mg_expect_true("at least one step", cost > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_are_as_documented),
        cmocka_unit_test(costs_only_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
