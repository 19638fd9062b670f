/* test_origin_ip.c - the serialized forms of IP addresses. */
#include "cors/origin_ip.h"
#include "expect.h"
#include "guard.h"

static void ipv4_canonical_follows_the_url_standard(void **state)
{
    static const struct {
        const char *in;
        const char *out; /* "" is none */
    } rows[] = {
        {"1.2.3.4", "1.2.3.4"},
        {"1.2.3.4.", "1.2.3.4"},
        {"0xff000000", "255.0.0.0"},
        {"127.1", "127.0.0.1"},
        {"127.0.1", "127.0.0.1"},
        {"2130706433", "127.0.0.1"},
        {"0177.0.0.1", "127.0.0.1"},
        {"0x7f.0x0.0.0X1", "127.0.0.1"},
        {"0", "0.0.0.0"},
        {"0x", "0.0.0.0"},
        {"1.65535", "1.0.255.255"},
        {"4294967295", "255.255.255.255"},
        {"4294967296", ""},
        {"1.16777216", ""},
        {"256.1.1.1", ""},
        {"1.2.3.256", ""},
        {"1.2.3.4.5", ""},
        {"1..2", ""},
        {"08.1.1.1", ""},
        {"", ""},
        {".", ""},
        {"a.1", ""},
        {"99999999999999999999", ""},
    };
    struct mg_guard guard = {0};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char out[MG_IP_TEXT_SIZE];
        struct mg_str in = mg_guard_str(&guard, mg_str_from(rows[i].in));
        size_t len = mg_ipv4_canonical(in, out);
        struct mg_str got = {out, len};
        mg_expect_str(rows[i].in, got, mg_str_from(rows[i].out));
        bool is_same = len > 0 && mg_str_equal(in, got);
        mg_expect_int(rows[i].in, mg_ipv4_is_canonical(in), is_same);
    }
    mg_guard_free(&guard);
}

static void ipv6_canonical_is_short_and_lower_case(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"[::1]", "[::1]"},
        {"[::]", "[::]"},
        {"[1::]", "[1::]"},
        {"[0:0:0:0:0:0:0:1]", "[::1]"},
        {"[2001:DB8::A]", "[2001:db8::a]"},
        {"[2001:0db8:0:0:0:0:0:1]", "[2001:db8::1]"},
        {"[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"},
        {"[1:0:0:2:3:0:0:4]", "[1::2:3:0:0:4]"},
        {"[1:0:2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]"},
        {"[1::2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]"},
        {"[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]"},
        {"[1:2:3:4:5:6:0:0]", "[1:2:3:4:5:6::]"},
        {"[::ffff:1.2.3.4]", "[::ffff:102:304]"},
        {"[1:20:300:ffff:f:ff:fff:0]", "[1:20:300:ffff:f:ff:fff:0]"},
        {"[fe80::1%25eth0]", ""},
        {"[]", ""},
        {"[:]", ""},
        {"[::1", ""},
        {"::1]", ""},
        {"[1:2:3]", ""},
        {"[g::]", ""},
        {"[1:2:3:4:5:6:7:8:9]", ""},
        {"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", ""},
    };
    struct mg_guard guard = {0};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char out[MG_IP_TEXT_SIZE];
        struct mg_str in = mg_guard_str(&guard, mg_str_from(rows[i].in));
        size_t len = mg_ipv6_canonical(in, out);
        struct mg_str got = {out, len};
        mg_expect_str(rows[i].in, got, mg_str_from(rows[i].out));
        bool is_same = len > 0 && mg_str_equal(in, got);
        mg_expect_int(rows[i].in, mg_ipv6_is_canonical(in), is_same);
    }
    mg_guard_free(&guard);
}

static void ip_label_is_number_as_urls_see_it(void **state)
{
    static const struct {
        const char *label;
        bool number;
    } rows[] = {{"0", true},    {"255", true}, {"09", true},  {"0x", true}, {"0xFf", true},
                {"0Xg", false}, {"1a", false}, {"x1", false}, {"", false},  {"-1", false}};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        mg_expect_int(rows[i].label, mg_ip_label_is_number(mg_str_from(rows[i].label)),
                      rows[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_canonical_follows_the_url_standard),
        cmocka_unit_test(ipv6_canonical_is_short_and_lower_case),
        cmocka_unit_test(ip_label_is_number_as_urls_see_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
