/* test_base64.c - the vectors of RFC 4648 10, and bytes above ASCII. */
#include "expect.h"
#include "server/base64.h"

static void encodes_every_remainder(void **state)
{
    (void)state;
    static const struct {
        struct mg_str octets;
        const char *want;
    } rows[] = {
        {{"", 0}, ""},
        {{"f", 1}, "Zg=="},
        {{"fo", 2}, "Zm8="},
        {{"foo", 3}, "Zm9v"},
        {{"foob", 4}, "Zm9vYg=="},
        {{"fooba", 5}, "Zm9vYmE="},
        {{"foobar", 6}, "Zm9vYmFy"},
        {{"\xff\xfe\x00\xfb", 4}, "//4A+w=="},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char out[16];
        size_t length = mg_base64_encode(rows[i].octets, out);
        mg_expect_int(rows[i].want, length, mg_base64_size(rows[i].octets.len));
        mg_expect_str(rows[i].want, ((struct mg_str){out, length}), mg_str_from(rows[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(encodes_every_remainder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
