/* test_word.c - words say of their bytes what a loop over the bytes would. */
#include "cors/word.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"

static char byte_of(uint64_t word, size_t at)
{
    return (char)(word >> at * 8);
}

static bool has_mark(uint64_t marks, size_t at)
{
    return (marks >> at * 8 & 0x80) != 0;
}

static void check_word(struct mg_str text, size_t at)
{
    uint64_t word = mg_word_at(text, at);
    for (size_t i = at; i < at + MG_WORD_BYTES; i++) {
        char expected = i < text.len ? text.ptr[i] : '\0';
        mg_expect_int("a byte of the text, or zero", byte_of(word, i - at), expected);
    }
}

/* Every length, at the end of readable memory. */
static void word_loads_end_with_the_text(void **state)
{
    static const char bytes[] = {'\x81', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j',
                                 'k',    'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', '\xff'};
    struct mg_guard guard = {0};
    (void)state;
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct mg_str text = mg_guard_str(&guard, (struct mg_str){bytes, len});
        for (size_t at = 0; at <= len; at++) {
            check_word(text, at);
        }
    }
    mg_guard_free(&guard);
}

static void word_searches_see_each_byte(void **state)
{
    struct mg_prng prng = mg_property_begin("word searches");
    unsigned long cases = mg_property_cases(10000);
    (void)state;
    for (unsigned long n = 0; n < cases; n++) {
        char bytes[MG_WORD_BYTES];
        mg_prng_fill(&prng, MG_STR(",-./09:`az{\x2b\xac\xad\xe1\x01\x80\xff"), bytes,
                     sizeof(bytes));
        uint64_t word = mg_word_load(bytes);
        uint64_t letters = mg_word_find_range(word, 'a', 'z');
        uint64_t commas = mg_word_find_first(word, ',');
        const char *first = memchr(bytes, ',', sizeof(bytes));
        unsigned gathered = 0;
        for (size_t i = 0; i < sizeof(bytes); i++) {
            bool is_letter = bytes[i] >= 'a' && bytes[i] <= 'z';
            mg_expect_int("a letter", has_mark(letters, i), is_letter);
            gathered |= (unsigned)is_letter << i;
        }
        mg_expect_int("one bit a letter", mg_word_gather(letters), gathered);
        mg_expect_int("a comma", commas != 0, first != NULL);
        if (first != NULL) {
            mg_expect_int("the first comma", mg_word_first(commas), first - bytes);
        }
        size_t size = mg_prng_below(&prng, MG_WORD_BYTES);
        uint64_t kept = mg_word_keep(word, size);
        mg_expect_u64("the lowest bytes", kept, mg_word_load_part(bytes, size));
    }
}

static void word_equal_is_memcmp(void **state)
{
    struct mg_guard guards[2] = {{0}};
    char bytes[40];
    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        char *a = mg_guard_copy(&guards[0], (struct mg_str){bytes, len});
        char *b = mg_guard_copy(&guards[1], (struct mg_str){bytes, len});
        mg_expect_int("equal", mg_word_equal(a, b, len), true);
        for (size_t at = 0; at < len; at++) {
            b[at] ^= 1;
            mg_expect_int("a byte differs", mg_word_equal(a, b, len), false);
            b[at] ^= 1;
        }
    }
    mg_guard_free(&guards[0]);
    mg_guard_free(&guards[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(word_loads_end_with_the_text),
        cmocka_unit_test(word_searches_see_each_byte),
        cmocka_unit_test(word_equal_is_memcmp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
