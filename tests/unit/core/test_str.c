/* test_str.c - slices: comparison, lists, numbers, tokens, hash, distance. Inputs end at a
 * guard page. */
#include <stdio.h>

#include "core/str.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"

static struct mg_guard left;
static struct mg_guard right;

static int free_guards(void **state)
{
    (void)state;
    mg_guard_free(&left);
    mg_guard_free(&right);
    return 0;
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void from_slices_a_c_string(void **state)
{
    (void)state;
    mg_expect_str("a text", mg_str_from("abc"), MG_STR("abc"));
    mg_expect_int("NULL is empty", mg_str_from(NULL).len, 0);
    mg_expect_int("no bytes", mg_str_from("").len, 0);
    mg_expect_str("a literal keeps its NUL bytes", MG_STR("a\0b"),
                  ((struct mg_str){"a\0b", 3}));
}

static void arg_prints_what_is_not_terminated(void **state)
{
    (void)state;
    char text[16];
    (void)snprintf(text, sizeof(text), "<%.*s>",
                   MG_STR_ARG(mg_guard_str(&left, MG_STR("abc"))));
    mg_expect_text("a guarded slice", text, "<abc>");
    (void)snprintf(text, sizeof(text), "<%.*s>", MG_STR_ARG(((struct mg_str){0})));
    mg_expect_text("a null slice", text, "<>");
}

static void hex_values_every_byte(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdef";
    for (int byte = 0; byte < 256; byte++) {
        char desc[32];
        (void)snprintf(desc, sizeof(desc), "byte 0x%02x", (unsigned)byte);
        int lower = byte >= 'A' && byte <= 'F' ? byte + 32 : byte;
        const char *at = byte == 0 ? NULL : strchr(digits, lower);
        mg_expect_int(desc, mg_ascii_hex((char)byte), at == NULL ? -1 : (int)(at - digits));
        mg_expect_int(desc, mg_ascii_is_digit((char)byte), byte >= '0' && byte <= '9');
        mg_expect_int(desc, (unsigned char)mg_ascii_lower((char)byte),
                      byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
    }
}

static void comparisons_agree_with_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        struct mg_str a, b;
        int order;
        bool equal_nocase, starts, ends; /* a starts with b, a ends with b */
    } rows[] = {
        {"both empty", {"", 0}, {"", 0}, 0, true, true, true},
        {"both null", {NULL, 0}, {NULL, 0}, 0, true, true, true},
        {"equal", {"abc", 3}, {"abc", 3}, 0, true, true, true},
        {"differ in case", {"aBc", 3}, {"Abc", 3}, 1, true, false, false},
        {"b is empty", {"abc", 3}, {NULL, 0}, 1, false, true, true},
        {"a is empty", {NULL, 0}, {"abc", 3}, -1, false, false, false},
        {"b is a prefix", {"abc", 3}, {"ab", 2}, 1, false, true, false},
        {"b is a suffix", {"abc", 3}, {"bc", 2}, -1, false, false, true},
        {"a is a prefix of b", {"ab", 2}, {"abc", 3}, -1, false, false, false},
        {"NUL bytes count", {"a\0b", 3}, {"a\0c", 3}, -1, false, false, false},
        {"bytes are unsigned", {"\xff", 1}, {"a", 1}, 1, false, false, false},
        {"@ and ` are no letters", {"@", 1}, {"`", 1}, -1, false, false, false},
        {"[ and { are no letters", {"[", 1}, {"{", 1}, -1, false, false, false},
        {"Latin-1 letters have no case", {"\xc4", 1}, {"\xe4", 1}, -1, false, false, false},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_str a = rows[i].a.ptr == NULL ? rows[i].a : mg_guard_str(&left, rows[i].a);
        struct mg_str b = rows[i].b.ptr == NULL ? rows[i].b : mg_guard_str(&right, rows[i].b);
        mg_expect_int(rows[i].desc, sign(mg_str_compare(a, b)), rows[i].order);
        mg_expect_int(rows[i].desc, sign(mg_str_compare(b, a)), -rows[i].order);
        mg_expect_int(rows[i].desc, mg_str_equal(a, b), rows[i].order == 0);
        mg_expect_int(rows[i].desc, mg_str_equal_nocase(a, b), rows[i].equal_nocase);
        mg_expect_int(rows[i].desc, mg_str_equal_nocase(b, a), rows[i].equal_nocase);
        mg_expect_int(rows[i].desc, mg_str_starts_with(a, b), rows[i].starts);
        mg_expect_int(rows[i].desc, mg_str_ends_with(a, b), rows[i].ends);
    }
}

static void from_offset_never_leaves_the_slice(void **state)
{
    (void)state;
    struct mg_str abc = mg_guard_str(&left, MG_STR("abc"));
    mg_expect_str("from the start", mg_str_from_offset(abc, 0), abc);
    mg_expect_str("from within", mg_str_from_offset(abc, 2), MG_STR("c"));
    mg_expect_str("from the end", mg_str_from_offset(abc, 3), MG_STR(""));
    mg_expect_str("from past the end", mg_str_from_offset(abc, SIZE_MAX), MG_STR(""));
    mg_expect_true("past the end points to the end",
                   mg_str_from_offset(abc, 9).ptr == abc.ptr + 3);
    mg_expect_int("of a null slice", mg_str_from_offset((struct mg_str){0}, 4).len, 0);
}

static void trim_takes_spaces_and_tabs_only(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        struct mg_str in, want;
    } rows[] = {
        {"nothing to trim", {"a", 1}, {"a", 1}},
        {"both ends", {" \ta b\t ", 7}, {"a b", 3}},
        {"only white space", {" \t\t ", 4}, {"", 0}},
        {"empty", {"", 0}, {"", 0}},
        {"CR, LF, VT, FF, NUL stay", {"\r\na\v\f\0", 6}, {"\r\na\v\f\0", 6}},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        mg_expect_str(rows[i].desc, mg_str_trim_ows(mg_guard_str(&left, rows[i].in)),
                      rows[i].want);
    }
}

static void list_gives_each_element(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        struct mg_str in;
        const char *joined; /* the elements, each followed by ; */
    } rows[] = {
        {"no element", {"", 0}, ""},
        {"null", {NULL, 0}, ""},
        {"one", {"a", 1}, "a;"},
        {"two", {"a,b", 3}, "a;b;"},
        {"white space around", {" a ,\tb\t", 7}, "a;b;"},
        {"white space within stays", {"a b, c", 6}, "a b;c;"},
        {"a comma at the end has an empty element behind it", {"a,", 2}, "a;;"},
        {"a comma at the start has one before it", {",a", 2}, ";a;"},
        {"a comma alone has two", {",", 1}, ";;"},
        {"only white space is one empty element", {" ", 1}, ";"},
        {"only white space between commas", {" , ,", 4}, ";;;"},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_str in =
            rows[i].in.ptr == NULL ? rows[i].in : mg_guard_str(&left, rows[i].in);
        struct mg_list_cursor cursor = mg_list_begin(in);
        struct mg_str element;
        char joined[64] = "";
        size_t len = 0;
        while (mg_list_next(&cursor, &element)) {
            len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%.*s;",
                                    MG_STR_ARG(element));
            assert_true(len < sizeof(joined));
        }
        mg_expect_text(rows[i].desc, joined, rows[i].joined);
        mg_expect_int("a finished list stays finished", mg_list_next(&cursor, &element), false);
    }
}

static void u64_reads_digits_up_to_the_maximum(void **state)
{
    (void)state;
    const unsigned long long top = 0xffffffffffffffffULL;
    const unsigned long long untouched = 77;
    const struct {
        const char *text;
        unsigned long long max;
        bool ok;
        unsigned long long want;
    } rows[] = {
        {"0", 0, true, 0},
        {"1", 0, false, untouched},
        {"9", 8, false, untouched},
        {"8", 8, true, 8},
        {"10", 9, false, untouched},
        {"10", 10, true, 10},
        {"19", 18, false, untouched},
        {"00000000000000000000000000000007", 7, true, 7},
        {"65535", 65535, true, 65535},
        {"65536", 65535, false, untouched},
        {"18446744073709551615", top, true, top},
        {"18446744073709551616", top, false, untouched},
        {"18446744073709551615", top - 1, false, untouched},
        {"99999999999999999999", top, false, untouched},
        {"184467440737095516150", top, false, untouched},
        {"", top, false, untouched},
        {"-1", top, false, untouched},
        {"+1", top, false, untouched},
        {" 1", top, false, untouched},
        {"1 ", top, false, untouched},
        {"1a", top, false, untouched},
        {"0x1", top, false, untouched},
        {"1.0", top, false, untouched},
        {"\xb2", top, false, untouched}, /* superscript two in Latin-1 */
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        unsigned long long out = untouched;
        char desc[96];
        (void)snprintf(desc, sizeof(desc), "'%s' up to %llu", rows[i].text, rows[i].max);
        struct mg_str in = mg_guard_str(&left, mg_str_from(rows[i].text));
        mg_expect_int(desc, mg_str_to_u64(in, rows[i].max, &out), rows[i].ok);
        mg_expect_u64(desc, out, rows[i].want);
    }
    unsigned long long out = untouched;
    mg_expect_int("a NUL byte is no digit", mg_str_to_u64(MG_STR("1\0"), top, &out), false);
}

static void u64_agrees_with_printf_around_the_maximum(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("str u64");
    for (unsigned long n = mg_property_cases(20000); n > 0; n--) {
        unsigned long long number = mg_prng_next(&prng) >> mg_prng_below(&prng, 64);
        unsigned long long max = number + mg_prng_below(&prng, 3) - 1;
        char digits[24];
        (void)snprintf(digits, sizeof(digits), "%llu", number);
        unsigned long long out = ~number;
        bool ok = mg_str_to_u64(mg_str_from(digits), max, &out);
        mg_expect_int(digits, ok, number <= max);
        mg_expect_u64(digits, out, ok ? number : ~number);
    }
}

static void tchar_is_the_set_of_rfc_9110(void **state)
{
    (void)state;
    static const char tchars[] = "!#$%&'*+-.^_`|~0123456789"
                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int byte = 0; byte < 256; byte++) {
        char desc[32];
        (void)snprintf(desc, sizeof(desc), "byte 0x%02x", (unsigned)byte);
        mg_expect_int(desc, mg_is_tchar((char)byte), byte != 0 && strchr(tchars, byte) != NULL);
    }
    mg_expect_int("a token", mg_str_is_token(mg_guard_str(&left, MG_STR("x-Trace_1"))), true);
    mg_expect_int("an empty one", mg_str_is_token(MG_STR("")), false);
    mg_expect_int("a space at its end", mg_str_is_token(MG_STR("a ")), false);
    mg_expect_int("a colon at its start", mg_str_is_token(MG_STR(":a")), false);
    mg_expect_int("a NUL within", mg_str_is_token(MG_STR("a\0b")), false);
}

static void hash_depends_on_every_bit(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("str hash");
    char bytes[40];
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        mg_prng_fill(&prng, (struct mg_str){0}, bytes, len);
        struct mg_str s = mg_guard_str(&left, (struct mg_str){bytes, len});
        char *copy = mg_guard_copy(&right, s);
        struct mg_str t = {copy, len};
        uint64_t hash = mg_str_hash(s, 1);
        mg_expect_u64("equal bytes hash alike wherever they lie", mg_str_hash(t, 1), hash);
        mg_expect_true("the seed counts", mg_str_hash(s, 2) != hash);
        for (size_t bit = 0; bit < len * 8; bit++) {
            copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));
            mg_expect_true("a flipped bit counts", mg_str_hash(t, 1) != hash);
            copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));
        }
    }
    const char zeros[32] = {0};
    for (size_t len = 1; len < sizeof(zeros); len++) {
        mg_expect_true("the length counts, even of zeros",
                       mg_str_hash((struct mg_str){zeros, len}, 0) !=
                           mg_str_hash((struct mg_str){zeros, len - 1}, 0));
    }
}

static void hash_fills_buckets_evenly(void **state)
{
    (void)state;
    enum {
        BUCKETS = 256,
        KEYS = BUCKETS * 64
    };
    static unsigned low[BUCKETS];
    static unsigned high[BUCKETS];
    for (unsigned i = 0; i < KEYS; i++) {
        char key[48];
        int len = snprintf(key, sizeof(key), "https://tenant-%u.example.com", i);
        uint64_t hash = mg_str_hash((struct mg_str){key, (size_t)len}, 42);
        low[hash % BUCKETS]++;
        high[hash >> 56]++;
    }
    /* 64 are expected in each; 9 standard deviations (of 8) either way is no accident. */
    for (unsigned i = 0; i < BUCKETS; i++) {
        mg_expect_true("low bits", low[i] > 0 && low[i] < 64 + 72);
        mg_expect_true("high bits", high[i] > 0 && high[i] < 64 + 72);
    }
}

static void distance_counts_edits(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t want;
    } rows[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "abc", 0},
        {"abc", "abd", 1},
        {"abc", "ac", 1},
        {"abc", "abxc", 1},
        {"abc", "acb", 1}, /* neighbours swapped */
        {"ca", "abc", 3},  /* a swapped pair is not edited again */
        {"orgins", "origins", 1},
        {"credentails", "credentials", 1},
        {"methods", "headers", 5},
        {"kitten", "sitting", 3},
        {"a", "bcdefgh", 7},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_str a = mg_guard_str(&left, mg_str_from(rows[i].a));
        struct mg_str b = mg_guard_str(&right, mg_str_from(rows[i].b));
        mg_expect_int(rows[i].a, mg_str_distance(a, b), rows[i].want);
        mg_expect_int(rows[i].b, mg_str_distance(b, a), rows[i].want);
    }
}

static void distance_takes_names_of_64_bytes(void **state)
{
    (void)state;
    char name[65];
    memset(name, 'x', sizeof(name));
    struct mg_str longest = mg_guard_str(&left, (struct mg_str){name, 64});
    mg_expect_int("64 bytes", mg_str_distance(longest, MG_STR("")), 64);
    mg_expect_int("64 equal bytes", mg_str_distance(longest, longest), 0);
    struct mg_str longer = mg_guard_str(&right, (struct mg_str){name, 65});
    mg_expect_u64("65 bytes", mg_str_distance(longer, longest), SIZE_MAX);
    mg_expect_u64("65 bytes as the second", mg_str_distance(longest, longer), SIZE_MAX);
}

static void shown_is_the_front_in_whole_characters(void **state)
{
    (void)state;
    char text[MG_STR_SHOWN_BYTES + 2];
    memset(text, 'x', sizeof(text));
    for (size_t len = MG_STR_SHOWN_BYTES - 1; len <= sizeof(text); len++) {
        struct mg_str shown = mg_str_shown(mg_guard_str(&left, (struct mg_str){text, len}));
        mg_expect_u64("ascii", shown.len, len < MG_STR_SHOWN_BYTES ? len : MG_STR_SHOWN_BYTES);
    }
    memcpy(text + MG_STR_SHOWN_BYTES - 1, "\xe2\x80\xa6", 3);
    struct mg_str whole = mg_guard_str(&left, (struct mg_str){text, sizeof(text)});
    mg_expect_u64("a character is left out", mg_str_shown(whole).len, MG_STR_SHOWN_BYTES - 1);
    memset(text, '\x80', sizeof(text));
    whole = mg_guard_str(&left, (struct mg_str){text, sizeof(text)});
    mg_expect_u64("no character at all", mg_str_shown(whole).len, 0);
    mg_expect_u64("nothing", mg_str_shown(MG_STR("")).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_slices_a_c_string),
        cmocka_unit_test(arg_prints_what_is_not_terminated),
        cmocka_unit_test(hex_values_every_byte),
        cmocka_unit_test(comparisons_agree_with_the_table),
        cmocka_unit_test(from_offset_never_leaves_the_slice),
        cmocka_unit_test(trim_takes_spaces_and_tabs_only),
        cmocka_unit_test(list_gives_each_element),
        cmocka_unit_test(u64_reads_digits_up_to_the_maximum),
        cmocka_unit_test(u64_agrees_with_printf_around_the_maximum),
        cmocka_unit_test(tchar_is_the_set_of_rfc_9110),
        cmocka_unit_test(hash_depends_on_every_bit),
        cmocka_unit_test(hash_fills_buckets_evenly),
        cmocka_unit_test(shown_is_the_front_in_whole_characters),
        cmocka_unit_test(distance_counts_edits),
        cmocka_unit_test(distance_takes_names_of_64_bytes),
    };
    return cmocka_run_group_tests_name("core/str", tests, NULL, free_guards);
}
