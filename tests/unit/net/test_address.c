/* test_address.c - listening addresses, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/address.h"

struct address_row {
    const char *desc, *text;
    const char *formatted; /* the first of them; NULL: refused */
    const char *code;      /* then with this */
    size_t count;
    bool is_loopback;
};

static void check_row(const struct address_row *row)
{
    struct mg_address out[MG_ADDRESSES_MAX];
    char text[MG_ADDRESS_TEXT_BYTES] = "";
    struct mg_errs errs;
    mg_errs_init(&errs);
    size_t count = mg_address_parse(row->text, out, &errs);
    if (count != row->count) {
        fail_msg("%s: '%s' gave %zu addresses, expected %zu", row->desc, row->text, count,
                 row->count);
    }
    const char *code = errs.count == 0 ? "" : errs.items[0].code;
    if (strcmp(code, row->code == NULL ? "" : row->code) != 0 || errs.count > 1) {
        fail_msg("%s: code '%s', expected '%s'", row->desc, code,
                 row->code == NULL ? "" : row->code);
    }
    if (count > 0) {
        bool is_loopback = mg_address_is_loopback(&out[0]);
        mg_address_format(&out[0], text);
        if (strcmp(text, row->formatted) != 0 || is_loopback != row->is_loopback) {
            fail_msg("%s: formatted as '%s', expected '%s'; loopback %d", row->desc, text,
                     row->formatted, is_loopback);
        }
    }
    mg_errs_fini(&errs);
}

static void address_accepts_and_rejects(void **state)
{
    (void)state;
    char long_path[128] = "unix:/";
    char longest_path[] =
        "unix:/2345678901234567890123456789012345678901234567890123456789012345678"
        "90123456789012345678901234567890123456";
    memset(long_path + 6, 'p', 107);
    char long_name[300];
    memset(long_name, 'n', sizeof(long_name));
    memcpy(long_name + sizeof(long_name) - 4, ":80", 4);
    const struct address_row rows[] = {
        {"IPv4", "127.0.0.1:8080", "127.0.0.1:8080", NULL, 1, true},
        {"IPv4, all of 127/8", "127.9.9.9:1", "127.9.9.9:1", NULL, 1, true},
        {"IPv4, not loopback", "128.0.0.1:80", "128.0.0.1:80", NULL, 1, false},
        {"IPv4, any", "0.0.0.0:80", "0.0.0.0:80", NULL, 1, false},
        {"IPv6", "[::1]:65535", "[::1]:65535", NULL, 1, true},
        {"IPv6, any", "[::]:80", "[::]:80", NULL, 1, false},
        {"IPv6, shortened on the way back", "[2001:db8:0:0:0:0:0:1]:80", "[2001:db8::1]:80",
         NULL, 1, false},
        {"all addresses of both families", ":80", "0.0.0.0:80", NULL, 2, false},
        {"port 0", "127.0.0.1:0", "127.0.0.1:0", NULL, 1, true},
        {"a path", "unix:/run/m.sock", "unix:/run/m.sock", NULL, 1, true},
        {"a relative path", "unix:m.sock", "unix:m.sock", NULL, 1, true},
        {"a path with a colon", "unix:/a:b", "unix:/a:b", NULL, 1, true},
        {"the longest path", longest_path, longest_path, NULL, 1, true},
        {"one byte more", long_path, NULL, "listen-path-too-long", 0, false},
        {"no path", "unix:", NULL, "listen-malformed", 0, false},
        {"nothing", "", NULL, "listen-malformed", 0, false},
        {"a port alone", "8080", NULL, "listen-malformed", 0, false},
        {"no port", "127.0.0.1:", NULL, "listen-malformed", 0, false},
        {"a port too high", "127.0.0.1:65536", NULL, "listen-malformed", 0, false},
        {"a negative port", "127.0.0.1:-1", NULL, "listen-malformed", 0, false},
        {"a named port", "127.0.0.1:http", NULL, "listen-malformed", 0, false},
        {"IPv6 without brackets", "::1:80", NULL, "listen-malformed", 0, false},
        {"an open bracket", "[::1:80", NULL, "listen-malformed", 0, false},
        {"IPv4 in brackets", "[127.0.0.1]:80", NULL, "listen-malformed", 0, false},
        {"nothing in brackets", "[]:80", NULL, "listen-malformed", 0, false},
        {"IPv4 with three parts", "127.0.1:80", NULL, "listen-malformed", 0, false},
        {"IPv4 as one number", "2130706433:80", NULL, "listen-malformed", 0, false},
        {"IPv4 with a part too high", "127.0.0.256:80", NULL, "listen-malformed", 0, false},
        {"a name that is too long", long_name, NULL, "listen-malformed", 0, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_row(&rows[i]);
    }
}

static void address_localhost_is_loopback(void **state)
{
    (void)state;
    struct mg_address out[MG_ADDRESSES_MAX];
    struct mg_errs errs;
    mg_errs_init(&errs);
    size_t count = mg_address_parse("localhost:8080", out, &errs);
    assert_in_range(count, 1, 2);
    for (size_t i = 0; i < count; i++) {
        assert_true(mg_address_is_loopback(&out[i]));
        assert_int_equal(mg_address_port(&out[i]), 8080);
    }
    mg_errs_fini(&errs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_accepts_and_rejects),
        cmocka_unit_test(address_localhost_is_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
