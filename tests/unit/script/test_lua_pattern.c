/* test_lua_pattern.c - the matcher by itself: what it matches and captures, what it says of a
 * pattern that is none, what it counts; and against Lua's own on random patterns.
 */
#include "expect.h"
#include "guard.h"
#include "prng.h"
#include "script/lua_pattern.h"
#include "string_twin.h"

enum {
    ENOUGH = 1000 * 1000
};

/* `end` is of a match; `captures` shows them in order: <text>, @position, or ? for an open
 * one. A result that is no match has the message there, if any. */
static const struct {
    const char *desc;
    struct mg_str subject;
    struct mg_str pattern;
    enum mg_pattern_result result;
    size_t end;
    const char *captures;
} rows[] = {
    {"an empty pattern", {"abc", 3}, {"", 0}, MG_PATTERN_MATCH, 0, ""},
    {"plain text", {"abc", 3}, {"ab", 2}, MG_PATTERN_MATCH, 2, ""},
    {"other text", {"abc", 3}, {"ac", 2}, MG_PATTERN_NO_MATCH, 0, ""},
    {"more than there is", {"ab", 2}, {"abc", 3}, MG_PATTERN_NO_MATCH, 0, ""},
    {"any character", {"a\0b", 3}, {"a.b", 3}, MG_PATTERN_MATCH, 3, ""},
    {"a zero byte is plain", {"a\0b", 3}, {"a\0b", 3}, MG_PATTERN_MATCH, 3, ""},
    {"bytes above 127", {"\xc3\xa4", 2}, {"\xc3[\x80-\xff]", 6}, MG_PATTERN_MATCH, 2, ""},
    {"letters are those of ASCII", {"\xe4", 1}, {"%a", 2}, MG_PATTERN_NO_MATCH, 0, ""},
    {"the end of the subject", {"ab", 2}, {"ab$", 3}, MG_PATTERN_MATCH, 2, ""},
    {"not yet the end", {"abc", 3}, {"ab$", 3}, MG_PATTERN_NO_MATCH, 0, ""},
    {"a dollar within is plain", {"a$b", 3}, {"a$b", 3}, MG_PATTERN_MATCH, 3, ""},
    {"an escaped dollar at the end", {"a$", 2}, {"a%$", 3}, MG_PATTERN_MATCH, 2, ""},
    {"a caret is plain: the anchor is the caller's",
     {"^a", 2},
     {"^a", 2},
     MG_PATTERN_MATCH,
     2,
     ""},
    {"most", {"aaab", 4}, {"a*", 2}, MG_PATTERN_MATCH, 3, ""},
    {"most gives back", {"aaab", 4}, {"a*ab", 4}, MG_PATTERN_MATCH, 4, ""},
    {"one at least", {"b", 1}, {"a+", 2}, MG_PATTERN_NO_MATCH, 0, ""},
    {"least", {"aaab", 4}, {"a-b", 3}, MG_PATTERN_MATCH, 4, ""},
    {"least at the end takes nothing", {"aaa", 3}, {"a-", 2}, MG_PATTERN_MATCH, 0, ""},
    {"an option taken", {"ab", 2}, {"a?b", 3}, MG_PATTERN_MATCH, 2, ""},
    {"an option given back", {"ab", 2}, {"a?ab", 4}, MG_PATTERN_MATCH, 2, ""},
    {"an option left", {"b", 1}, {"a?b", 3}, MG_PATTERN_MATCH, 1, ""},
    {"a star alone is plain", {"*a", 2}, {"*a", 2}, MG_PATTERN_MATCH, 2, ""},
    {"a set", {"b-", 2}, {"[abc][+-]", 9}, MG_PATTERN_MATCH, 2, ""},
    {"a complement", {"x", 1}, {"[^abc]", 6}, MG_PATTERN_MATCH, 1, ""},
    {"a range", {"m", 1}, {"[a-z]", 5}, MG_PATTERN_MATCH, 1, ""},
    {"a range backwards holds nothing", {"m", 1}, {"[z-a]", 5}, MG_PATTERN_NO_MATCH, 0, ""},
    {"a bracket first is plain", {"]", 1}, {"[]]", 3}, MG_PATTERN_MATCH, 1, ""},
    {"a bracket first in a complement", {"]", 1}, {"[^]]", 4}, MG_PATTERN_NO_MATCH, 0, ""},
    {"an escaped bracket", {"]", 1}, {"[a%]]", 5}, MG_PATTERN_MATCH, 1, ""},
    {"a class in a set", {"7", 1}, {"[%a%d]", 6}, MG_PATTERN_MATCH, 1, ""},
    {"a class begins no range", {"-", 1}, {"[%a-z]", 6}, MG_PATTERN_MATCH, 1, ""},
    {"a dash last is plain", {"-", 1}, {"[a-]", 4}, MG_PATTERN_MATCH, 1, ""},
    {"a dash first begins a range", {".", 1}, {"[--/]", 5}, MG_PATTERN_MATCH, 1, ""},
    {"balanced", {"(a(b)c)d", 8}, {"%b()", 4}, MG_PATTERN_MATCH, 7, ""},
    {"not balanced", {"(a(b)c", 6}, {"%b()", 4}, MG_PATTERN_NO_MATCH, 0, ""},
    {"balanced by one character", {"|a|b|", 5}, {"%b||", 4}, MG_PATTERN_MATCH, 3, ""},
    {"a frontier at the start", {"ab", 2}, {"%f[a]a", 6}, MG_PATTERN_MATCH, 1, ""},
    {"a frontier at the end", {"", 0}, {"%f[%z]", 6}, MG_PATTERN_NO_MATCH, 0, ""},
    {"a frontier behind text", {"a", 1}, {"a%f[%z]", 7}, MG_PATTERN_MATCH, 1, ""},
    {"captures", {"k=v", 3}, {"(%w+)=(%w+)", 11}, MG_PATTERN_MATCH, 3, "<k><v>"},
    {"a capture within", {"abc", 3}, {"(a(b)c)", 7}, MG_PATTERN_MATCH, 3, "<abc><b>"},
    {"positions", {"ab", 2}, {"()a()", 5}, MG_PATTERN_MATCH, 1, "@0@1"},
    {"an empty capture", {"ab", 2}, {"(x*)a", 5}, MG_PATTERN_MATCH, 1, "<>"},
    {"a back reference", {"\"a\"", 3}, {"([\"'])a%1", 9}, MG_PATTERN_MATCH, 3, "<\">"},
    {"a back reference to a position", {"a", 1}, {"()%1", 4}, MG_PATTERN_NO_MATCH, 0, ""},
    {"a capture that stays open", {"a", 1}, {"(a", 2}, MG_PATTERN_MATCH, 1, "?"},
    {"a capture is taken back", {"aab", 3}, {"(a-)b", 5}, MG_PATTERN_MATCH, 3, "<aa>"},
    {"ends with %, where nobody gets", {"b", 1}, {"a%", 2}, MG_PATTERN_NO_MATCH, 0, ""},
    {"ends with %, and one gets there",
     {"ab", 2},
     {"a%", 2},
     MG_PATTERN_INVALID,
     0,
     "malformed pattern (ends with '%')"},
    {"a set without end",
     {"a", 1},
     {"[a", 2},
     MG_PATTERN_INVALID,
     0,
     "malformed pattern (missing ']')"},
    {"a set that ends with %",
     {"a", 1},
     {"[a%", 3},
     MG_PATTERN_INVALID,
     0,
     "malformed pattern (missing ']')"},
    {"only the caret of a set",
     {"a", 1},
     {"[^", 2},
     MG_PATTERN_INVALID,
     0,
     "malformed pattern (missing ']')"},
    {"%b without arguments",
     {"a", 1},
     {"%bx", 3},
     MG_PATTERN_INVALID,
     0,
     "malformed pattern (missing arguments to '%b')"},
    {"%f without a set",
     {"a", 1},
     {"%f", 2},
     MG_PATTERN_INVALID,
     0,
     "missing '[' after '%f' in pattern"},
    {"a bracket that closes nothing",
     {"a", 1},
     {"a)", 2},
     MG_PATTERN_INVALID,
     0,
     "invalid pattern capture"},
    {"a reference to nothing",
     {"a", 1},
     {"%1", 2},
     MG_PATTERN_INVALID,
     0,
     "invalid capture index %1"},
    {"a reference to zero",
     {"a", 1},
     {"(a)%0", 5},
     MG_PATTERN_INVALID,
     0,
     "invalid capture index %0"},
    {"a reference to an open capture",
     {"a", 1},
     {"(a%1)", 5},
     MG_PATTERN_INVALID,
     0,
     "invalid capture index %1"},
};

static void show_captures(const struct mg_pattern_match *match, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < match->capture_count; i++) {
        const struct mg_pattern_capture *capture = &match->captures[i];
        int added = 0;
        switch (capture->kind) {
        case MG_CAPTURE_TEXT:
            added = snprintf(out + used, size - used, "<%.*s>", MG_STR_ARG(capture->text));
            break;
        case MG_CAPTURE_POSITION:
            added = snprintf(out + used, size - used, "@%d",
                             (int)(capture->text.ptr - match->subject.ptr));
            break;
        case MG_CAPTURE_OPEN:
            added = snprintf(out + used, size - used, "?");
            break;
        }
        used += (size_t)added;
    }
}

static void patterns_match_as_the_manual_says(void **state)
{
    (void)state;
    struct mg_guard guards[2] = {0};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char shown[128] = "";
        struct mg_pattern_match match = {.subject = mg_guard_str(&guards[0], rows[i].subject),
                                         .pattern = mg_guard_str(&guards[1], rows[i].pattern),
                                         .steps_left = ENOUGH};
        mg_expect_int(rows[i].desc, mg_pattern_match_at(&match, 0), rows[i].result);
        mg_expect_int(rows[i].desc, match.result, rows[i].result);
        if (rows[i].result == MG_PATTERN_INVALID) {
            mg_expect_text(rows[i].desc, match.message, rows[i].captures);
        } else if (rows[i].result == MG_PATTERN_MATCH) {
            show_captures(&match, shown, sizeof(shown));
            mg_expect_text(rows[i].desc, shown, rows[i].captures);
            mg_expect_u64(rows[i].desc, match.end, rows[i].end);
        }
        mg_expect_true(rows[i].desc, match.steps_left < ENOUGH);
    }
    mg_guard_free(&guards[0]);
    mg_guard_free(&guards[1]);
}

static void classes_hold_what_the_manual_says(void **state)
{
    (void)state;
    static const struct {
        const char *letter;
        const char *members; /* all below 128, in order, where they are few */
        int count;           /* of members below 256 */
    } classes[] = {
        {"a", NULL, 52},         {"c", NULL, 33},
        {"d", "0123456789", 10}, {"g", NULL, 94},
        {"l", NULL, 26},         {"p", NULL, 32},
        {"s", "\t\n\v\f\r ", 6}, {"u", NULL, 26},
        {"w", NULL, 62},         {"x", "0123456789ABCDEFabcdef", 22},
    };
    for (size_t i = 0; i < MG_COUNT(classes); i++) {
        char found[257];
        size_t count = 0;
        for (int c = 0; c < 256; c++) {
            char byte = (char)(unsigned char)c;
            char in[] = {'%', classes[i].letter[0]};
            char outside[] = {'%', (char)(classes[i].letter[0] - 0x20)};
            struct mg_pattern_match match = {
                .subject = {&byte, 1}, .pattern = {in, 2}, .steps_left = ENOUGH};
            bool is_in = mg_pattern_match_at(&match, 0) == MG_PATTERN_MATCH;
            match.pattern.ptr = outside;
            mg_expect_int("the capital is the opposite",
                          mg_pattern_match_at(&match, 0) == MG_PATTERN_MATCH, !is_in);
            found[count] = byte;
            count += is_in;
        }
        found[count] = '\0';
        mg_expect_int(classes[i].letter, (int)count, classes[i].count);
        if (classes[i].members != NULL) {
            mg_expect_text(classes[i].letter, found, classes[i].members);
        }
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    static const char *const items[] = {"a?", "a-", "()", "(a)"};
    for (size_t i = 0; i < MG_COUNT(items); i++) {
        char pattern[3 * 1000];
        char subject[300];
        size_t width = strlen(items[i]);
        memset(subject, 'a', sizeof(subject));
        for (size_t k = 0; k < 1000; k++) {
            memcpy(pattern + k * width, items[i], width);
        }
        bool is_capture = items[i][0] == '(';
        size_t most = is_capture ? MG_PATTERN_MAX_CAPTURES : MG_PATTERN_MAX_DEPTH - 1;
        struct mg_pattern_match match = {.subject = {subject, sizeof(subject)},
                                         .pattern = {pattern, most * width},
                                         .steps_left = ENOUGH};
        mg_expect_int(items[i], mg_pattern_match_at(&match, 0), MG_PATTERN_MATCH);
        match.pattern.len = (most + 1) * width;
        mg_expect_int(items[i], mg_pattern_match_at(&match, 0), MG_PATTERN_INVALID);
        mg_expect_text(items[i], match.message,
                       is_capture ? "too many captures" : "pattern too complex");
    }
}

/* ---- steps ---- */

static const struct {
    const char *desc;
    const char *subject_unit; /* repeated 200 times */
    const char *pattern;
} hostile[] = {
    {"nested choices", "a", ".-.-.-.-b"},
    {"stars", "a", "a*a*a*a*a*b"},
    {"options", "a", "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a*a*b"},
    {"captures", "a", "(.*)(.*)(.*)(.*)b"},
    {"back references", "a", "(.*)(.*)%1%2(.*)b"},
    {"balanced", "(", ".-.-.-%b()"},
    {"frontiers", "a", ".-.-.-%f[b]"},
};

static void hostile_patterns_run_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(hostile); i++) {
        char subject[200];
        memset(subject, hostile[i].subject_unit[0], sizeof(subject));
        struct mg_pattern_match match = {.subject = {subject, sizeof(subject)},
                                         .pattern = mg_str_from(hostile[i].pattern),
                                         .steps_left = ENOUGH};
        mg_expect_int(hostile[i].desc, mg_pattern_match_at(&match, 0), MG_PATTERN_SPENT);
        mg_expect_u64(hostile[i].desc, match.steps_left, 0);
    }
}

static void long_sets_cost_what_they_are_long(void **state)
{
    (void)state;
    static char pattern[80 * 1000 + 3];
    memset(pattern, 'b', sizeof(pattern));
    pattern[0] = '[';
    memcpy(pattern + sizeof(pattern) - 2, "]*", 2);
    struct mg_pattern_match match = {.subject = MG_STR("bbbbbbbbbb"),
                                     .pattern = {pattern, sizeof(pattern)},
                                     .steps_left = ENOUGH};
    mg_expect_int("matches", mg_pattern_match_at(&match, 0), MG_PATTERN_MATCH);
    mg_expect_true("11 times 10,000 steps", match.steps_left <= ENOUGH - 110 * 1000);
    match.steps_left = 50000;
    mg_expect_int("runs out", mg_pattern_match_at(&match, 0), MG_PATTERN_SPENT);
}

/* ---- random patterns ---- */

/* Append an item that is valid, or nearly so. */
static void add_item(struct mg_prng *prng, char *out, size_t *length, size_t size)
{
    static const char *const items[] = {
        "a",     "b",      ".",    "%a",    "%A",    "%d",  "%w",    "%s",   "%p",     "%%",
        "%.",    "[ab]",   "[^a]", "[a-c]", "[%a_]", "[]]", "[^]b]", "[a-]", "%bab",   "%b()",
        "%f[a]", "%f[^b]", "%1",   "%2",    "(",     ")",   "()",    "(a)",  "(.-)",   "(b*)",
        "$",     "^",      "-",    "*",     "%",     "[",   "]",     "%z",   "[%w-c]", "\xff",
    };
    /* Whole items mostly; the odd ones, which mostly make a pattern invalid, now and then. */
    size_t count = mg_prng_below(prng, 4) == 0 ? MG_COUNT(items) : 24;
    const char *item = items[mg_prng_below(prng, count)];
    size_t width = strlen(item);
    if (*length + width + 1 > size) {
        return;
    }
    memcpy(out + *length, item, width);
    *length += width;
    if (mg_prng_below(prng, 3) == 0) {
        out[(*length)++] = "*+-?"[mg_prng_below(prng, 4)];
    }
}

static struct mg_str make_pattern(struct mg_prng *prng, char *out, size_t size)
{
    size_t length = 0;
    if (mg_prng_below(prng, 10) == 0) {
        length = mg_prng_below(prng, size);
        mg_prng_fill(prng, MG_STR("ab^$*+?.([)]%-bf12z\0"), out, length);
        return (struct mg_str){out, length};
    }
    if (mg_prng_below(prng, 8) == 0) {
        out[length++] = '^';
    }
    bool has_capture = mg_prng_below(prng, 2) == 0;
    if (has_capture) {
        out[length++] = '(';
    }
    for (uint64_t items = 1 + mg_prng_below(prng, 6); items > 0; items--) {
        add_item(prng, out, &length, size - 2);
        if (has_capture && mg_prng_below(prng, 3) == 0) {
            out[length++] = ')';
            has_capture = false;
        }
    }
    if (has_capture) {
        out[length++] = ')';
    }
    return (struct mg_str){out, length};
}

/* The same result, captures and messages as Lua's own library. */
static void random_patterns_match_as_in_lua(void **state)
{
    (void)state;
    static const char *const functions[] = {"find", "match", "gmatch", "gsub"};
    static const char *const replacements[] = {"<%0>", "%1", "%2%%", "x", "", "%", "%q"};
    static struct twin_outcome ours;
    static struct twin_outcome stock;
    struct string_twin twin;
    struct mg_prng prng = mg_property_begin("random_patterns_match_as_in_lua");
    unsigned long cases = mg_property_cases(10000);
    unsigned long compared = 0;
    string_twin_open(&twin);
    for (unsigned long i = 0; i < cases; i++) {
        char subject[24];
        char pattern[32];
        char desc[160];
        size_t length = mg_prng_below(&prng, sizeof(subject));
        mg_prng_fill(&prng, MG_STR("aaabbc()1 .\0\xff"), subject, length);
        struct twin_call call = {.function = functions[mg_prng_below(&prng, 4)]};
        call.strings[0] = (struct mg_str){subject, length};
        call.strings[1] = make_pattern(&prng, pattern, sizeof(pattern));
        call.number = (lua_Integer)mg_prng_below(&prng, 8) - 3;
        if (strcmp(call.function, "gsub") == 0) {
            call.strings[2] =
                mg_str_from(replacements[mg_prng_below(&prng, MG_COUNT(replacements))]);
            call.number += 4;
        }
        if (string_twin_cost(call.strings[0], call.strings[1]) == TWIN_MAX_STEPS) {
            continue;
        }
        compared++;
        string_twin_call(&twin, &call, &ours, &stock);
        (void)snprintf(desc, sizeof(desc), "string.%s('%.*s', '%.*s', '%.*s', %d)",
                       call.function, MG_STR_ARG(call.strings[0]), MG_STR_ARG(call.strings[1]),
                       MG_STR_ARG(call.strings[2]), (int)call.number);
        mg_expect_str(desc, ((struct mg_str){ours.text, ours.length}),
                      ((struct mg_str){stock.text, stock.length}));
    }
    mg_expect_true("most are compared", compared > cases / 2);
    string_twin_close(&twin);
}

/* A match takes a number of steps that is its own: with as many it ends the same way, with one
 * less it runs out. */
static void steps_are_exact(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("steps_are_exact");
    unsigned long cases = mg_property_cases(10000);
    for (unsigned long i = 0; i < cases; i++) {
        char subject[40];
        char pattern[32];
        size_t length = mg_prng_below(&prng, sizeof(subject));
        mg_prng_fill(&prng, MG_STR("aaabbc()1 ."), subject, length);
        struct mg_pattern_match match = {.subject = {subject, length},
                                         .pattern =
                                             make_pattern(&prng, pattern, sizeof(pattern)),
                                         .steps_left = ENOUGH};
        if (mg_pattern_match_at(&match, 0) == MG_PATTERN_SPENT) {
            continue;
        }
        enum mg_pattern_result result = match.result;
        uint64_t used = ENOUGH - match.steps_left;
        match.steps_left = used;
        mg_expect_int("as many", mg_pattern_match_at(&match, 0), result);
        mg_expect_u64("as many", match.steps_left, 0);
        match.steps_left = mg_prng_below(&prng, used);
        mg_expect_int("fewer", mg_pattern_match_at(&match, 0), MG_PATTERN_SPENT);
        mg_expect_u64("fewer", match.steps_left, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_as_the_manual_says),
        cmocka_unit_test(classes_hold_what_the_manual_says),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(hostile_patterns_run_out),
        cmocka_unit_test(long_sets_cost_what_they_are_long),
        cmocka_unit_test(random_patterns_match_as_in_lua),
        cmocka_unit_test(steps_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
