/* test_bytes.c - byte classes against their grammars, byte by byte; the search for control
 * bytes against one that looks at each. */
#include <ctype.h>

#include "expect.h"
#include "guard.h"
#include "http/bytes.h"
#include "prng.h"

static bool among(int c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static void classes_follow_their_grammars(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char desc[] = {'b', 'y', 't', 'e', ' ', (char)(c < 0x20 || c > 0x7e ? '?' : c), '\0'};
        bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool unreserved = alphanumeric || among(c, "-._~");
        bool pchar = unreserved || among(c, "!$&'()*+,;=:@");
        mg_expect_int(desc, mg_byte_is((char)c, MG_BYTE_TOKEN),
                      alphanumeric || among(c, "!#$%&'*+-.^_`|~"));
        mg_expect_int(desc, mg_byte_is((char)c, MG_BYTE_UNRESERVED), unreserved);
        mg_expect_int(desc, mg_byte_is((char)c, MG_BYTE_PATH),
                      (pchar && c != '.') || among(c, "/[]^|"));
        mg_expect_int(desc, mg_byte_is((char)c, MG_BYTE_TARGET),
                      c > 0x20 && c < 0x7f && !among(c, "\"#<>\\"));
    }
}

static void a_slice_is_of_a_class_when_every_byte_is(void **state)
{
    (void)state;
    mg_expect_true("empty", mg_bytes_are(MG_STR(""), MG_BYTE_TOKEN));
    mg_expect_true("all", mg_bytes_are(MG_STR("abc"), MG_BYTE_TOKEN));
    mg_expect_true("first", !mg_bytes_are(MG_STR(" bc"), MG_BYTE_TOKEN));
    mg_expect_true("last", !mg_bytes_are(MG_STR("ab "), MG_BYTE_TOKEN));
    mg_expect_true("other classes", !mg_bytes_are(MG_STR("/"), MG_BYTE_TOKEN));
}

static void finds_the_first_control_byte(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("finds_the_first_control_byte");
    struct mg_guard guard = {NULL, 0};
    for (int c = 0; c < 256; c++) {
        char text[48];
        bool control = (c < 0x20 && c != '\t') || c == 0x7f;
        size_t len = (size_t)mg_prng_below(&prng, sizeof(text)) + 1;
        for (size_t at = 0; at < len; at++) {
            mg_prng_fill(&prng, MG_STR("\t az~\x80\xff"), text, len);
            text[at] = (char)c;
            struct mg_str s = mg_guard_str(&guard, (struct mg_str){text, len});
            const char *found = mg_bytes_find_control(s.ptr, s.ptr + len);
            mg_expect_int("place", found - s.ptr, control ? at : len);
        }
    }
    mg_guard_free(&guard);
}

static void skips_a_token(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("skips_a_token");
    struct mg_guard guard = {NULL, 0};
    for (int c = 0; c < 256; c++) {
        char text[48];
        size_t len = (size_t)mg_prng_below(&prng, sizeof(text)) + 1;
        for (size_t at = 0; at < len; at++) {
            mg_prng_fill(&prng, MG_STR("-azAZ09_!~"), text, len);
            text[at] = (char)c;
            struct mg_str s = mg_guard_str(&guard, (struct mg_str){text, len});
            const char *end = mg_bytes_skip_token(s.ptr, s.ptr + len);
            mg_expect_int("place", end - s.ptr, mg_is_tchar((char)c) ? len : at);
        }
    }
    mg_guard_free(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_follow_their_grammars),
        cmocka_unit_test(a_slice_is_of_a_class_when_every_byte_is),
        cmocka_unit_test(finds_the_first_control_byte),
        cmocka_unit_test(skips_a_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
