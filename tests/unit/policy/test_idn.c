/* test_idn.c - the ASCII form of patterns with Unicode in their host. */
#include "expect.h"
#include "guard.h"
#include "policy/check.h"

static const struct {
    const char *desc;
    const char *text;
    const char *ascii; /* NULL: none */
} rows[] = {
    {"a name", "https://bücher.example", "https://xn--bcher-kva.example"},
    {"a name in capitals", "https://BÜCHER.example", "https://xn--bcher-kva.example"},
    {"sharp s stays itself", "https://faß.example", "https://xn--fa-hia.example"},
    {"names below it", "https://*.bücher.example", "https://*.xn--bcher-kva.example"},
    {"a port", "https://bücher.example:8443", "https://xn--bcher-kva.example:8443"},
    {"any port", "https://*.bücher.example:*", "https://*.xn--bcher-kva.example:*"},
    {"another script", "https://例え.example", "https://xn--r8jz45g.example"},
    {"a wide full stop", "https://a。example", "https://a.example"},
    {"a path stays a fault", "https://bücher.example/x", NULL},
    {"no scheme", "bücher.example", NULL},
    {"no host", "https://", NULL},
    {"no UTF-8", "https://b\xff.example", NULL},
    {"nothing", "", NULL},
};

static void patterns_get_their_ascii_form(void **state)
{
    (void)state;
    struct mg_guard guard = {0};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char out[256] = "";
        struct mg_str text = mg_guard_str(&guard, mg_str_from(rows[i].text));
        bool has_form = mg_pattern_to_ascii(text, out, sizeof(out));
        mg_expect_int(rows[i].desc, has_form, rows[i].ascii != NULL);
        if (has_form) {
            mg_expect_text(rows[i].desc, out, rows[i].ascii);
        }
    }
    mg_guard_free(&guard);
}

static void long_hosts_have_none(void **state)
{
    (void)state;
    char text[4096];
    char out[256];
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://", 8);
    mg_expect_true("no form",
                   !mg_pattern_to_ascii((struct mg_str){text, sizeof(text)}, out, sizeof(out)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_get_their_ascii_form),
        cmocka_unit_test(long_hosts_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
