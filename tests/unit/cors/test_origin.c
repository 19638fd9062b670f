/* test_origin.c - what is a serialized origin and what is not. */
#include <stdio.h>

#include "cors/origin.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"

static void origin_parse_accepts_what_browsers_send(void **state)
{
    static const struct {
        const char *text;
        const char *scheme;
        const char *host;
        int port;
        enum mg_host_kind kind;
    } rows[] = {
        {"https://app.example", "https", "app.example", 443, MG_HOST_NAME},
        {"http://app.example", "http", "app.example", 80, MG_HOST_NAME},
        {"https://app.example:8443", "https", "app.example", 8443, MG_HOST_NAME},
        {"http://app.example:443", "http", "app.example", 443, MG_HOST_NAME},
        {"https://app.example:65535", "https", "app.example", 65535, MG_HOST_NAME},
        {"http://localhost:1", "http", "localhost", 1, MG_HOST_NAME},
        {"https://a.example.", "https", "a.example.", 443, MG_HOST_NAME},
        {"https://my_host.example", "https", "my_host.example", 443, MG_HOST_NAME},
        {"https://-a.example", "https", "-a.example", 443, MG_HOST_NAME},
        {"https://xn--bcher-kva.example", "https", "xn--bcher-kva.example", 443, MG_HOST_NAME},
        {"https://1.2.3.4a", "https", "1.2.3.4a", 443, MG_HOST_NAME},
        {"https://4.example", "https", "4.example", 443, MG_HOST_NAME},
        {"https://a.0y", "https", "a.0y", 443, MG_HOST_NAME},
        {"http://192.168.1.5:8080", "http", "192.168.1.5", 8080, MG_HOST_IPV4},
        {"http://0.0.0.0", "http", "0.0.0.0", 80, MG_HOST_IPV4},
        {"http://255.255.255.255", "http", "255.255.255.255", 80, MG_HOST_IPV4},
        {"http://[::1]:9090", "http", "[::1]", 9090, MG_HOST_IPV6},
        {"https://[2001:db8::a]", "https", "[2001:db8::a]", 443, MG_HOST_IPV6},
        {"chrome-extension://abcdefghijklmnop", "chrome-extension", "abcdefghijklmnop", 0,
         MG_HOST_NAME},
        {"app+x.y-1://h:80", "app+x.y-1", "h", 80, MG_HOST_NAME},
    };
    struct mg_guard guard = {0};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_origin origin;
        struct mg_str text = mg_guard_str(&guard, mg_str_from(rows[i].text));
        mg_expect_int(rows[i].text, mg_origin_parse(text, &origin), true);
        mg_expect_int(rows[i].text, origin.is_null, false);
        mg_expect_str(rows[i].text, origin.text, text);
        mg_expect_str(rows[i].text, origin.scheme, mg_str_from(rows[i].scheme));
        mg_expect_str(rows[i].text, origin.host, mg_str_from(rows[i].host));
        mg_expect_int(rows[i].text, origin.port, rows[i].port);
        mg_expect_int(rows[i].text, origin.host_kind, rows[i].kind);
    }
    mg_guard_free(&guard);
}

static void origin_parse_knows_null(void **state)
{
    struct mg_origin origin = {.port = 1};
    (void)state;
    mg_expect_int("null", mg_origin_parse(MG_STR("null"), &origin), true);
    mg_expect_int("null", origin.is_null, true);
    mg_expect_int("null has no port", origin.port, 0);
    mg_expect_int("null has no host", origin.host.len, 0);
}

/* Near misses, foreign forms, and what attackers try. */
static const char *const NO_ORIGINS[] = {
    "",
    "NULL",
    "Null",
    " null",
    "null ",
    "null,null",
    "nul",
    "http",
    "http:",
    "http:/",
    "http://",
    "https:///",
    "//a",
    "://a",
    "a",
    "app.example",
    "https:app.example",
    "https:/app.example",
    "HTTPS://app.example",
    "https://App.example",
    "1http://a",
    "-http://a",
    "https ://a",
    "https://a:",
    "https://a:0",
    "https://a:00",
    "https://a:+1",
    "https://a:-1",
    "https://a:1a",
    "https://a: 1",
    "https://a:080",
    "https://a:65536",
    "https://a:100000",
    "https://a:443",
    "http://a:80",
    "https://a:443:443",
    "https://a/",
    "https://a/x",
    "https://a?x",
    "https://a#x",
    "https://a\\b",
    "https://u@a",
    "https://u:p@a",
    "https://a%2eb",
    "https://a.b\t",
    " https://a.b",
    "https://a.b ",
    "https://a,https://b",
    "https://a, https://b",
    "https://a https://b",
    "https://a b",
    "https://*.example.com",
    "https://*",
    "*",
    "https://x/.example.com",
    "https://x?.example.com",
    "https://x#.example.com",
    "https://a..example",
    "https://.example",
    "https://.",
    "https://..",
    "https://a.example..",
    "https://a.example.com`.evil.net",
    "https://\xc3\xbcn.example",
    "https://a\x80",
    "https://a\xff",
    "https://[::1",
    "https://::1",
    "https://[::1]x",
    "https://[::1].",
    "https://[]",
    "https://[::ffff:1.2.3.4]",
    "https://[::1.2.3.4]",
    "https://[fe80::1%25eth0]",
    "https://[fe80::1%eth0]",
    "https://[2001:DB8::A]",
    "https://[0:0:0:0:0:0:0:1]",
    "https://[2001:db8:0::1]",
    "https://[2001:0db8::1]",
    "https://[1::2::3]",
    "https://[1::2:0:0:0:0]",
    "https://[::2:0:0:0:0:0:1]",
    "https://[1:2:3:4:5:6:7::]",
    "https://[1:2:3:4:5:6:7:8:9]",
    "https://1.2.3",
    "https://1.2.3.4.",
    "https://1.2.3.4.5",
    "https://01.2.3.4",
    "https://1.2.3.04",
    "https://256.1.1.1",
    "https://1.2.3.256",
    "https://1.2.3.",
    "https://1..3.4",
    "https://0x7f000001",
    "https://0x7f.1",
    "https://a.0x",
    "https://a.0x1f",
    "https://a.123",
    "https://2130706433",
    "https://0",
    "file://",
    "file:///x",
};

static void origin_parse_rejects_everything_else(void **state)
{
    struct mg_guard guard = {0};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(NO_ORIGINS); i++) {
        struct mg_origin origin = {.port = 4711};
        struct mg_str text = mg_guard_str(&guard, mg_str_from(NO_ORIGINS[i]));
        mg_expect_int(NO_ORIGINS[i], mg_origin_parse(text, &origin), false);
        mg_expect_int("untouched", origin.port, 4711);
    }
    mg_expect_int("a NUL in the host",
                  mg_origin_parse(MG_STR("https://a\0b.example"), &(struct mg_origin){0}),
                  false);
    mg_guard_free(&guard);
}

/* Fill with `len` bytes of host: labels of `label` bytes. */
static struct mg_str make_host(char *out, size_t len, size_t label)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = i % (label + 1) == label ? '.' : 'a';
    }
    return (struct mg_str){out, len};
}

static void origin_parse_bounds_each_part(void **state)
{
    static const struct {
        const char *desc;
        size_t scheme;
        size_t host;
        size_t label;
        const char *tail;
        bool ok;
    } rows[] = {
        {"scheme of 64", 64, 5, 9, "", true},
        {"scheme of 65", 65, 5, 9, "", false},
        {"label of 63", 1, 63, 63, "", true},
        {"label of 64", 1, 64, 64, "", false},
        {"a last label of 64", 1, 66, 64, "", false},
        {"host of 253", 1, 253, 63, "", true},
        {"host of 254", 1, 254, 63, "", false},
        {"host of 253 and a dot", 1, 253, 62, ".", true},
        {"host of 127 labels", 1, 253, 1, "", true},
        {"host of 127 labels and a dot", 1, 253, 1, ".", true},
        {"host of 128 labels", 1, 255, 1, "", false},
        {"the longest origin", 64, 253, 62, ".:65535", true},
        {"one byte more", 64, 253, 62, ".:655350", false},
    };
    struct mg_guard guard = {0};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char text[512];
        char host[300];
        struct mg_origin origin;
        memset(text, 's', rows[i].scheme);
        struct mg_str name = make_host(host, rows[i].host, rows[i].label);
        int len = snprintf(text + rows[i].scheme, sizeof(text) - rows[i].scheme, "://%.*s%s",
                           MG_STR_ARG(name), rows[i].tail);
        struct mg_str whole = {text, rows[i].scheme + (size_t)len};
        mg_expect_int(rows[i].desc, mg_origin_parse(mg_guard_str(&guard, whole), &origin),
                      rows[i].ok);
    }
    mg_guard_free(&guard);
}

static void origin_parse_refuses_a_mebibyte(void **state)
{
    enum {
        SIZE = 1 << 20
    };
    static char text[SIZE];
    struct mg_origin origin;
    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://", 8);
    mg_expect_int("1 MiB of host",
                  mg_origin_parse((struct mg_str){text, sizeof(text)}, &origin), false);
}

static void origin_is_loopback_by_host(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } rows[] = {
        {"http://localhost", true},       {"http://localhost.:3000", true},
        {"http://app.localhost", true},   {"http://a.b.localhost.", true},
        {"http://127.0.0.1:3000", true},  {"http://127.255.0.9", true},
        {"http://[::1]", true},           {"http://[::2]", false},
        {"http://128.0.0.1", false},      {"http://12.7.0.1", false},
        {"http://127.0.0.1.evil", false}, {"http://notlocalhost", false},
        {"http://localhost.evil", false}, {"null", false},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_origin origin;
        mg_expect_int(rows[i].text, mg_origin_parse(mg_str_from(rows[i].text), &origin), true);
        mg_expect_int(rows[i].text, mg_origin_is_loopback(&origin), rows[i].loopback);
    }
}

/* Whatever parses is put together again from its parts, byte for byte: nothing is dropped or
 * read in two ways. Inputs are legal origins with a few bytes changed. */
static void origin_parts_make_up_the_text(void **state)
{
    static const char *const seeds[] = {"https://app.example:8443",
                                        "http://a.b.example.",
                                        "http://[2001:db8::a]:80",
                                        "https://192.168.1.5",
                                        "null",
                                        "x-y://h_1-2.example:1"};
    struct mg_prng prng = mg_property_begin("origin parts");
    unsigned long cases = mg_property_cases(10000);
    unsigned long accepted = 0;
    (void)state;
    for (unsigned long n = 0; n < cases; n++) {
        char text[64];
        struct mg_str seed = mg_str_from(seeds[mg_prng_below(&prng, MG_COUNT(seeds))]);
        memcpy(text, seed.ptr, seed.len);
        for (uint64_t changes = mg_prng_below(&prng, 3); changes > 0; changes--) {
            mg_prng_fill(&prng, MG_STR("aA0159:.[]/-_* \xff"),
                         text + mg_prng_below(&prng, seed.len), 1);
        }
        struct mg_str in = {text, seed.len};
        struct mg_origin origin;
        if (!mg_origin_parse(in, &origin)) {
            continue;
        }
        char again[96] = "null";
        bool writes_port = origin.port != mg_scheme_default_port(origin.scheme);
        if (!origin.is_null) {
            int len = snprintf(again, sizeof(again), "%.*s://%.*s", MG_STR_ARG(origin.scheme),
                               MG_STR_ARG(origin.host));
            if (writes_port) {
                (void)snprintf(again + len, sizeof(again) - (size_t)len, ":%u",
                               (unsigned)origin.port);
            }
        }
        mg_expect_str("origin from its parts", mg_str_from(again), in);
        accepted++;
    }
    mg_expect_true("some are origins", accepted > cases / 10);
}

/* A name by the plainest reading: labels of 1 to 63 bytes, one dot more at the end. */
static bool is_name(struct mg_str text, unsigned *dot_count)
{
    size_t label = 0;
    *dot_count = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool is_dot = text.ptr[i] == '.';
        bool is_inside = (text.ptr[i] >= 'a' && text.ptr[i] <= 'z') || text.ptr[i] == '-' ||
                         text.ptr[i] == '_' || mg_ascii_is_digit(text.ptr[i]);
        if ((is_dot && label == 0) || (!is_dot && (!is_inside || label == 63))) {
            return false;
        }
        label = is_dot ? 0 : label + 1;
        *dot_count += is_dot;
    }
    return text.len > 0 && text.len - (label == 0) <= MG_HOST_MAX_BYTES;
}

/* Names of any length are read as one byte after the other would be, whatever stands where in a
 * machine's words. */
static void origin_host_is_read_as_by_bytes(void **state)
{
    static const char odd[] = ".._AZ`{@[/:\x7f\x80\xe1\xff\0 ";
    struct mg_prng prng = mg_property_begin("origin host");
    unsigned long cases = mg_property_cases(20000);
    unsigned long names = 0;
    struct mg_guard guard = {0};
    (void)state;
    for (unsigned long n = 0; n < cases; n++) {
        char text[300];
        size_t len = 1 + mg_prng_below(&prng, mg_prng_below(&prng, 8) == 0 ? 280 : 80);
        mg_prng_fill(&prng, MG_STR("abz09-_"), text, len);
        for (size_t dot = 0; dot < len; dot += 1 + mg_prng_below(&prng, 64)) {
            text[dot] = dot == 0 ? 'a' : '.';
        }
        if (mg_prng_below(&prng, 3) == 0) {
            mg_prng_fill(&prng, (struct mg_str){odd, sizeof(odd) - 1},
                         text + mg_prng_below(&prng, len), 1);
        }
        if (mg_prng_below(&prng, 4) != 0) {
            text[len - 1] = mg_prng_below(&prng, 2) == 0 ? 'a' : '.';
        }
        enum mg_host_kind kind;
        unsigned dot_count;
        struct mg_str host = mg_guard_str(&guard, (struct mg_str){text, len});
        bool expected = is_name(host, &dot_count);
        /* What ends in a number is an address: another test's matter. */
        if (mg_origin_parse_host(host, &kind) != expected) {
            const char *last = memrchr(host.ptr, '.', len - (host.ptr[len - 1] == '.'));
            mg_expect_true("only numbers differ",
                           expected && mg_ascii_is_digit(last == NULL ? text[0] : last[1]));
            continue;
        }
        names += expected;
        char origin_text[320];
        int whole = snprintf(origin_text, sizeof(origin_text), "https://%.*s", (int)len, text);
        struct mg_origin origin;
        struct mg_str copy = {origin_text, (size_t)whole};
        if (expected && kind == MG_HOST_NAME && mg_origin_parse(copy, &origin)) {
            mg_expect_int(origin_text, origin.dot_count, dot_count);
        }
    }
    mg_expect_true("both occur", names > cases / 10 && names < cases - cases / 10);
    mg_guard_free(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origin_parse_accepts_what_browsers_send),
        cmocka_unit_test(origin_parse_knows_null),
        cmocka_unit_test(origin_parse_rejects_everything_else),
        cmocka_unit_test(origin_parse_bounds_each_part),
        cmocka_unit_test(origin_parse_refuses_a_mebibyte),
        cmocka_unit_test(origin_is_loopback_by_host),
        cmocka_unit_test(origin_parts_make_up_the_text),
        cmocka_unit_test(origin_host_is_read_as_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
