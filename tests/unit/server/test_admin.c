/* test_admin.c - where an admin interface may be, and what counts as a token. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "expect.h"
#include "server/admin.h"

static void addresses_are_paths_or_loopback(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *text;
        const char *wanted; /* NULL: refused */
    } rows[] = {
        {"a path", "/run/moongate.sock", "unix:/run/moongate.sock"},
        {"a relative path", "./moongate.sock", "unix:./moongate.sock"},
        {"with unix: before it", "unix:/run/m.sock", "unix:/run/m.sock"},
        {"IPv4", "127.0.0.1:9090", "127.0.0.1:9090"},
        {"another loopback address", "127.8.0.1:9090", "127.8.0.1:9090"},
        {"IPv6", "[::1]:9090", "[::1]:9090"},
        {"all addresses", ":9090", NULL},
        {"IPv4's all", "0.0.0.0:9090", NULL},
        {"IPv6's all", "[::]:9090", NULL},
        {"another machine's", "192.0.2.1:9090", NULL},
        {"a port alone", "9090", NULL},
        {"no port", "127.0.0.1", NULL},
        {"a word", "moongate", NULL},
        {"nothing", "", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[MG_ADMIN_MAX_ADDRESS_BYTES] = "";
        const char *wrong = mg_admin_read_address(rows[i].text, out);
        mg_expect_int(rows[i].desc, wrong == NULL, rows[i].wanted != NULL);
        if (rows[i].wanted != NULL) {
            mg_expect_str(rows[i].desc, mg_str_from(out), mg_str_from(rows[i].wanted));
        }
    }
    char longer[MG_ADMIN_MAX_ADDRESS_BYTES + 1];
    char out[MG_ADMIN_MAX_ADDRESS_BYTES];
    memset(longer, '/', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_non_null(mg_admin_read_address(longer, out));
}

static void default_place_is_the_users(void **state)
{
    (void)state;
    char out[MG_ADMIN_MAX_ADDRESS_BYTES];
    assert_return_code(setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1), 0);
    assert_true(mg_admin_default_address(out));
    assert_string_equal(out, geteuid() == 0 ? "unix:/run/moongate.sock"
                                            : "unix:/run/user/1000/moongate.sock");
    assert_return_code(unsetenv("XDG_RUNTIME_DIR"), 0);
    assert_int_equal(mg_admin_default_address(out), geteuid() == 0);
}

static void tokens_are_long_and_of_one_word(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *text;
        const char *wanted; /* NULL: refused */
    } rows[] = {
        {"of 16 characters", "0123456789abcdef", "0123456789abcdef"},
        {"with a newline", "0123456789abcdef\n", "0123456789abcdef"},
        {"with CR LF and blanks", "0123456789abcdef \t\r\n\n", "0123456789abcdef"},
        {"base64", "ab+/AB-._~09abcdef==", "ab+/AB-._~09abcdef=="},
        {"of 15", "0123456789abcde\n", NULL},
        {"empty", "", NULL},
        {"of two lines", "0123456789abcdef\n0123456789abcdef\n", NULL},
        {"with a blank before it", " 0123456789abcdef", NULL},
        {"with a quote", "\"0123456789abcdef\"", NULL},
        {"of other letters", "0123456789abcd\xc3\xa4", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char path[] = "/tmp/mg-token-XXXXXX";
        char out[MG_ADMIN_MAX_TOKEN_BYTES + 1] = "";
        struct mg_errs errs;
        mg_errs_init(&errs);
        int fd = mkstemp(path);
        assert_return_code(fd, 0);
        assert_int_equal(write(fd, rows[i].text, strlen(rows[i].text)),
                         (ssize_t)strlen(rows[i].text));
        mg_expect_int(rows[i].desc, mg_admin_read_token(path, out, &errs),
                      rows[i].wanted != NULL);
        mg_expect_u64(rows[i].desc, errs.error_count, rows[i].wanted == NULL);
        if (rows[i].wanted != NULL) {
            mg_expect_str(rows[i].desc, mg_str_from(out), mg_str_from(rows[i].wanted));
        }
        (void)close(fd);
        (void)unlink(path);
        mg_errs_fini(&errs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_paths_or_loopback),
        cmocka_unit_test(default_place_is_the_users),
        cmocka_unit_test(tokens_are_long_and_of_one_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
