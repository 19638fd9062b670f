/* test_utf8.c - every sequence of up to three bytes, and the edges of four, against a decoder
 * that is written from the definition: decode freely, then refuse what is overlong, a surrogate
 * or too high. */
#include <stdio.h>

#include "core/utf8.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"

/* The length of the sequence at the front of `s`, from the definition. */
static size_t by_definition(const unsigned char *s, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (len == 0) {
        return 0;
    }
    size_t ones = 0; /* leading one bits of the first byte */
    while (ones < 8 && (s[0] << ones & 0x80) != 0) {
        ones++;
    }
    if (ones == 0) {
        return 1;
    }
    if (ones == 1 || ones > 4 || len < ones) {
        return 0;
    }
    uint32_t code = s[0] & (0x7fU >> ones);
    for (size_t i = 1; i < ones; i++) {
        if (s[i] >> 6 != 2) {
            return 0;
        }
        code = code << 6 | (s[i] & 0x3fU);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least[ones] || is_surrogate || code > 0x10ffff ? 0 : ones;
}

/* Compare without the cost of an assertion's arguments; these run millions of times. */
static void compare(const unsigned char *bytes, size_t len)
{
    size_t got = mg_utf8_sequence((struct mg_str){(const char *)bytes, len});
    size_t want = by_definition(bytes, len);
    if (got != want) {
        char desc[64];
        (void)snprintf(desc, sizeof(desc), "%02x %02x %02x %02x, %zu bytes of them", bytes[0],
                       bytes[1], bytes[2], bytes[3], len);
        mg_expect_int(desc, got, want);
    }
}

static void sequences_of_three_bytes(void **state)
{
    (void)state;
    unsigned char bytes[4] = {0};
    for (uint32_t n = 0; n < 1U << 24; n++) {
        bytes[0] = (unsigned char)(n >> 16);
        bytes[1] = (unsigned char)(n >> 8);
        bytes[2] = (unsigned char)n;
        compare(bytes, 3);
    }
}

static void sequences_of_other_lengths(void **state)
{
    (void)state;
    enum {
        EDGES = 10
    };
    static const unsigned char edges[EDGES] = {0x00, 0x7f, 0x80, 0x8f, 0x90,
                                               0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    unsigned char bytes[4] = {0};
    for (unsigned first = 0; first < 256; first++) {
        bytes[0] = (unsigned char)first;
        compare(bytes, 0);
        compare(bytes, 1);
        for (unsigned second = 0; second < 256; second++) {
            bytes[1] = (unsigned char)second;
            compare(bytes, 2);
            for (unsigned i = 0; i < EDGES * EDGES; i++) {
                bytes[2] = edges[i / EDGES];
                bytes[3] = edges[i % EDGES];
                compare(bytes, 4);
            }
        }
    }
}

static void reads_no_byte_past_the_slice(void **state)
{
    (void)state;
    static const char *const cut[] = {"\xc3", "\xe2",     "\xe2\x82",
                                      "\xf0", "\xf0\x9f", "\xf0\x9f\x8c"};
    struct mg_guard guard = {0};
    for (size_t i = 0; i < MG_COUNT(cut); i++) {
        struct mg_str s = mg_guard_str(&guard, mg_str_from(cut[i]));
        mg_expect_int("a cut sequence", mg_utf8_sequence(s), 0);
        mg_expect_int("a cut text", mg_utf8_is_valid(s), false);
    }
    mg_guard_free(&guard);
}

static void texts_are_valid_when_all_sequences_are(void **state)
{
    (void)state;
    mg_expect_int("empty", mg_utf8_is_valid(MG_STR("")), true);
    mg_expect_int("null", mg_utf8_is_valid((struct mg_str){0}), true);
    mg_expect_int("NUL is a character", mg_utf8_is_valid(MG_STR("a\0b")), true);
    mg_expect_int("mixed", mg_utf8_is_valid(MG_STR("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\x99")),
                  true);
    struct mg_prng prng = mg_property_begin("utf8");
    static const char alphabet[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\x99\xed";
    for (unsigned long n = mg_property_cases(50000); n > 0; n--) {
        char bytes[8];
        size_t len = mg_prng_below(&prng, sizeof(bytes) + 1);
        mg_prng_fill(&prng, MG_STR(alphabet), bytes, len);
        size_t at = 0;
        size_t step = 1;
        while (at < len && step > 0) {
            step = by_definition((const unsigned char *)bytes + at, len - at);
            at += step;
        }
        mg_expect_int("as its sequences", mg_utf8_is_valid((struct mg_str){bytes, len}),
                      at == len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_of_three_bytes),
        cmocka_unit_test(sequences_of_other_lengths),
        cmocka_unit_test(reads_no_byte_past_the_slice),
        cmocka_unit_test(texts_are_valid_when_all_sequences_are),
    };
    return cmocka_run_group_tests_name("core/utf8", tests, NULL, NULL);
}
