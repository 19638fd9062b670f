/* test_pattern.c - origin patterns, what is wrong with those that are none, and which covers
 * which. */
#include <stdio.h>

#include "cors/pattern.h"
#include "fixture.h"
#include "guard.h"
#include "prng.h"

static void pattern_parse_accepts(void **state)
{
    static const struct {
        const char *text;
        bool subdomains;
        const char *host;
        uint32_t port;
    } rows[] = {
        {"https://app.example", false, "app.example", 443},
        {"https://*.example.com", true, "example.com", 443},
        {"https://*.com", true, "com", 443},
        {"http://localhost:*", false, "localhost", MG_PORT_ANY},
        {"https://*.example.com:*", true, "example.com", MG_PORT_ANY},
        {"https://*.example.com:8443", true, "example.com", 8443},
        {"http://[::1]:*", false, "[::1]", MG_PORT_ANY},
        {"http://127.0.0.1:3000", false, "127.0.0.1", 3000},
        {"https://a.example.", false, "a.example.", 443},
        {"chrome-extension://abcdefghijklmnop", false, "abcdefghijklmnop", 0},
    };
    struct mg_guard guard = {0};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_pattern pattern;
        struct mg_str text = mg_guard_str(&guard, mg_str_from(rows[i].text));
        mg_expect_int(rows[i].text, mg_pattern_parse(text, &pattern, NULL), true);
        mg_expect_int(rows[i].text, pattern.is_any || pattern.is_null, false);
        mg_expect_int(rows[i].text, pattern.is_subdomains, rows[i].subdomains);
        mg_expect_str(rows[i].text, pattern.host, mg_str_from(rows[i].host));
        mg_expect_int(rows[i].text, pattern.port, rows[i].port);
    }
    struct mg_pattern pattern;
    mg_expect_int("*", mg_pattern_parse(MG_STR("*"), &pattern, NULL) && pattern.is_any, true);
    mg_expect_int("null", mg_pattern_parse(MG_STR("null"), &pattern, NULL) && pattern.is_null,
                  true);
    mg_guard_free(&guard);
}

static const struct {
    const char *text;
    const char *code;
    const char *hint;
} FAULTS[] = {
    {"https://app.example/", "origin-trailing-slash", "https://app.example"},
    {"https://APP.example:443/", "origin-trailing-slash", "https://app.example"},
    {"https://app.example/x", "origin-path", "https://app.example"},
    {"https://app.example\\x", "origin-path", "https://app.example"},
    {"https://app.example//", "origin-path", "https://app.example"},
    {"https://app.example?x", "origin-query", "https://app.example"},
    {"https://app.example#x", "origin-query", "https://app.example"},
    {"https://u:p@app.example", "origin-userinfo", "https://app.example"},
    {"https://u@v@app.example", "origin-userinfo", "https://app.example"},
    {"app.example", "origin-no-scheme", "https://app.example"},
    {"//app.example", "origin-no-scheme", "https://app.example"},
    {"*.app.example", "origin-no-scheme", "https://*.app.example"},
    {"localhost:3000", "origin-no-scheme", "http://localhost:3000"},
    {"127.0.0.1", "origin-no-scheme", "http://127.0.0.1"},
    {"://app.example", "origin-no-scheme", "https://app.example"},
    {"https://app.example:443", "origin-default-port", "https://app.example"},
    {"http://app.example:80", "origin-default-port", "http://app.example"},
    {"https://app.example:0", "origin-port-range", "https://app.example"},
    {"https://app.example:65536", "origin-port-range", "https://app.example"},
    {"https://app.example:08443", "origin-port-range", "https://app.example:8443"},
    {"https://app.example:", "origin-port-range", "https://app.example"},
    {"https://app.example:x", "origin-port-range", "https://app.example"},
    {"https://App.example", "origin-upper-case", "https://app.example"},
    {"HTTPS://app.example", "origin-upper-case", "https://app.example"},
    {"NULL", "origin-upper-case", "null"},
    {"https://b\xc3\xbc.example", "origin-unicode", ""},
    {"http://0xFF000000", "origin-ip-form", "http://255.0.0.0"},
    {"http://127.1:3000", "origin-ip-form", "http://127.0.0.1:3000"},
    {"http://1.2.3.4.", "origin-ip-form", "http://1.2.3.4"},
    {"http://1.2.3.4.5", "origin-ip-form", ""},
    {"http://[0:0:0:0:0:0:0:1]:*", "origin-ip-form", "http://[::1]:*"},
    {"http://[2001:DB8::A]", "origin-ip-form", "http://[2001:db8::a]"},
    {"http://[fe80::1%25eth0]", "origin-ip-form", "http://[fe80::1]"},
    {"http://[::1", "origin-ip-form", ""},
    {"file:///home/x", "origin-file", ""},
    {"FILE://host", "origin-file", ""},
    {"https://a.example,https://b.example", "origin-list-in-string", ""},
    {"https://a.example https://b.example", "origin-list-in-string", ""},
    {"https://a.example, b.example", "origin-list-in-string", ""},
    {"https://exa mple.com", "origin-invalid", ""},
    {" https://app.example", "origin-invalid", "https://app.example"},
    {"", "origin-invalid", ""},
    {"https://", "origin-invalid", ""},
    {"https://:8443", "origin-invalid", ""},
    {"https://a..example", "origin-invalid", ""},
    {"https://.example", "origin-invalid", ""},
    {"https://-a.example", "origin-invalid", ""},
    {"https://a-.example", "origin-invalid", ""},
    {"https://a!.example", "origin-invalid", ""},
    {"1https://a.example", "origin-invalid", ""},
    {"https://*example.com", "pattern-invalid", "https://*.example.com"},
    {"https://foo.*.example.com", "pattern-invalid", "https://*.example.com"},
    {"https://*.*.example.com", "pattern-invalid", "https://*.example.com"},
    {"https://example.*", "pattern-invalid", ""},
    {"https://example.com:80*", "pattern-invalid", "https://example.com"},
    {"*://example.com", "pattern-invalid", "https://example.com"},
    {"https://*.1.2.3.4", "pattern-invalid", "https://1.2.3.4"},
    {"https://*.[::1]", "pattern-invalid", "https://[::1]"},
    {"https://*", "pattern-invalid", "*"},
    {"https://*.", "pattern-invalid", ""},
};

static void pattern_parse_names_the_fault(void **state)
{
    struct mg_guard guard = {0};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(FAULTS); i++) {
        struct mg_pattern pattern;
        struct mg_pattern_fault fault;
        struct mg_str text = mg_guard_str(&guard, mg_str_from(FAULTS[i].text));
        mg_expect_int(FAULTS[i].text, mg_pattern_parse(text, &pattern, &fault), false);
        mg_expect_text(FAULTS[i].text, fault.code, FAULTS[i].code);
        mg_expect_text(FAULTS[i].text, fault.hint, FAULTS[i].hint);
        mg_expect_true(FAULTS[i].text, fault.message[0] != '\0');
    }
    mg_guard_free(&guard);
}

/* The faults of one origin alone, without the rule around it. */
static void pattern_parse_agrees_with_the_vectors(void **state)
{
    json_t *file = fixture_vectors();
    json_t *row;
    size_t i;
    size_t seen = 0;
    (void)state;
    json_array_foreach(mg_vectors_group(file, "config"), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        struct mg_str code = mg_vectors_str(json_object_get(row, "expect"), "code");
        bool is_origin = strncmp(name, "origin ", 7) == 0;
        if (!is_origin) {
            continue;
        }
        json_t *origins = json_object_get(json_object_get(row, "policy"), "origins");
        const char *text = json_string_value(json_array_get(origins, 0));
        struct mg_pattern pattern;
        struct mg_pattern_fault fault;
        if (json_array_size(origins) == 1) {
            mg_expect_int(name, mg_pattern_parse(mg_str_from(text), &pattern, &fault), false);
            mg_expect_str(name, mg_str_from(fault.code), code);
            seen++;
        }
    }
    mg_expect_true("origins among the vectors", seen > 15);
    json_decref(file);
}

/* Any bytes: a fault has a known code and a hint that parses. */
static void pattern_faults_always_have_code_and_true_hint(void **state)
{
    static const char *const seeds[] = {
        "https://*.app.example:8443", "http://[2001:db8::a]:80/", "localhost:3000",
        "https://u@192.168.1.5:*", "https://App.example/path?query"};
    struct mg_prng prng = mg_property_begin("pattern faults");
    unsigned long cases = mg_property_cases(10000);
    struct mg_guard guard = {0};
    (void)state;
    for (unsigned long n = 0; n < cases; n++) {
        char text[64];
        struct mg_str seed = mg_str_from(seeds[mg_prng_below(&prng, MG_COUNT(seeds))]);
        memcpy(text, seed.ptr, seed.len);
        for (uint64_t changes = mg_prng_below(&prng, 5); changes > 0; changes--) {
            mg_prng_fill(&prng, MG_STR("aA01:./[]*@?,- \xc3\x01"),
                         text + mg_prng_below(&prng, seed.len), 1);
        }
        size_t len = mg_prng_below(&prng, seed.len + 1);
        struct mg_str in = mg_guard_str(&guard, (struct mg_str){text, len});
        struct mg_pattern pattern;
        struct mg_pattern_fault fault;
        if (mg_pattern_parse(in, &pattern, &fault)) {
            continue;
        }
        struct mg_str code = mg_str_from(fault.code);
        mg_expect_true("code", mg_str_starts_with(code, MG_STR("origin-")) ||
                                   mg_str_equal(code, MG_STR("pattern-invalid")));
        mg_expect_true("hint parses",
                       fault.hint[0] == '\0' ||
                           mg_pattern_parse(mg_str_from(fault.hint), &pattern, NULL));
    }
    mg_guard_free(&guard);
}

static void pattern_survives_long_texts(void **state)
{
    enum {
        SIZE = 1 << 16
    };
    static char text[SIZE];
    static const char *const starts[] = {"https://", "*", "https://*.", "", "https://a:", "@"};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(starts); i++) {
        struct mg_pattern pattern;
        struct mg_pattern_fault fault;
        memset(text, 'a', sizeof(text));
        memcpy(text, starts[i], strlen(starts[i]));
        mg_expect_int(starts[i],
                      mg_pattern_parse((struct mg_str){text, sizeof(text)}, &pattern, &fault),
                      false);
        mg_expect_true(starts[i], strlen(fault.hint) < 16);
    }
}

static void pattern_matches_what_it_says(void **state)
{
    static const struct {
        const char *pattern;
        const char *origin;
        bool matches;
    } rows[] = {
        {"*", "https://a.example", true},
        {"*", "null", true},
        {"null", "null", true},
        {"null", "https://a.example", false},
        {"https://a.example", "null", false},
        {"https://a.example", "https://a.example", true},
        {"https://a.example", "http://a.example", false},
        {"https://a.example", "https://a.example:8443", false},
        {"https://a.example", "https://a.example.", false},
        {"https://*.example.com", "https://a.example.com", true},
        {"https://*.example.com", "https://a.b.example.com", true},
        {"https://*.example.com", "https://example.com", false},
        {"https://*.example.com", "https://evil-example.com", false},
        {"https://*.example.com", "https://evilexample.com", false},
        {"https://*.example.com", "https://a.example.com.evil.net", false},
        {"https://*.example.com", "https://a.example.com:444", false},
        {"https://*.example.com:*", "https://a.example.com:444", true},
        {"https://*.example.com:*", "https://a.example.com", true},
        {"http://localhost:*", "http://localhost", true},
        {"http://localhost:*", "http://localhost:3000", true},
        {"http://localhost:*", "https://localhost:3000", false},
        {"http://localhost:*", "http://127.0.0.1:3000", false},
        {"http://localhost:*", "http://localhost.evil.com:3000", false},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char desc[128];
        struct mg_pattern pattern;
        struct mg_origin origin;
        (void)snprintf(desc, sizeof(desc), "%s matches %s", rows[i].pattern, rows[i].origin);
        mg_expect_true(desc, mg_pattern_parse(mg_str_from(rows[i].pattern), &pattern, NULL));
        mg_expect_true(desc, mg_origin_parse(mg_str_from(rows[i].origin), &origin));
        mg_expect_int(desc, mg_pattern_matches(&pattern, &origin), rows[i].matches);
    }
}

/* A small world in which patterns and origins meet often. */
static int random_text(struct mg_prng *prng, bool is_pattern, char out[static 64])
{
    static const char *const hosts[] = {"a",     "b",       "a.b",  "b.a", "b.b",
                                        "a.b.b", "b.a.b",   "aa.b", "ab",  "a.ab",
                                        "a.b.",  "1.2.3.4", "[::1]"};
    static const char *const ports[] = {"", "", ":1", ":2"};
    uint64_t pick = mg_prng_below(prng, 30);
    if (pick == 0) {
        return snprintf(out, 64, "null");
    }
    if (pick == 1 && is_pattern) {
        return snprintf(out, 64, "*");
    }
    const char *host = hosts[mg_prng_below(prng, MG_COUNT(hosts))];
    bool is_name = host[0] != '1' && host[0] != '[';
    bool is_wild = is_pattern && is_name && mg_prng_below(prng, 2) == 0;
    bool any_port = is_pattern && mg_prng_below(prng, 4) == 0;
    return snprintf(out, 64, "%s://%s%s%s", mg_prng_below(prng, 3) == 0 ? "http" : "https",
                    is_wild ? "*." : "", host,
                    any_port ? ":*" : ports[mg_prng_below(prng, MG_COUNT(ports))]);
}

/* covers(wide, narrow) exactly when no origin matches narrow and not wide; the world is small
 * enough to meet the counter-examples. */
static void pattern_covers_is_inclusion(void **state)
{
    struct mg_prng prng = mg_property_begin("pattern covers");
    unsigned long cases = mg_property_cases(10000);
    (void)state;
    for (unsigned long n = 0; n < cases; n++) {
        char texts[2][64];
        char origin_text[64];
        struct mg_pattern wide;
        struct mg_pattern narrow;
        (void)random_text(&prng, true, texts[0]);
        (void)random_text(&prng, true, texts[1]);
        mg_expect_true(texts[0], mg_pattern_parse(mg_str_from(texts[0]), &wide, NULL));
        mg_expect_true(texts[1], mg_pattern_parse(mg_str_from(texts[1]), &narrow, NULL));
        bool covers = mg_pattern_covers(&wide, &narrow);
        bool has_counter_example = false;
        for (int i = 0; i < 40; i++) {
            struct mg_origin origin;
            (void)random_text(&prng, false, origin_text);
            mg_expect_true(origin_text, mg_origin_parse(mg_str_from(origin_text), &origin));
            has_counter_example |=
                mg_pattern_matches(&narrow, &origin) && !mg_pattern_matches(&wide, &origin);
        }
        if (covers && has_counter_example) {
            fail_msg("'%s' is said to cover '%s', but '%s' shows otherwise", texts[0], texts[1],
                     origin_text);
        }
        mg_expect_true("a pattern covers itself", mg_pattern_covers(&wide, &wide));
    }
}

static void pattern_covers_rows(void **state)
{
    static const struct {
        const char *wide;
        const char *narrow;
        bool covers;
    } rows[] = {
        {"*", "null", true},
        {"*", "https://*.a.b:*", true},
        {"https://*.b:*", "*", false},
        {"https://*.b", "https://a.b", true},
        {"https://*.b", "https://*.a.b", true},
        {"https://*.b", "https://*.b", true},
        {"https://*.b", "https://b", false},
        {"https://*.b", "https://ab", false},
        {"https://*.a.b", "https://*.b", false},
        {"https://a.b", "https://*.a.b", false},
        {"https://a.b:*", "https://a.b", true},
        {"https://a.b:*", "https://a.b:1", true},
        {"https://a.b", "https://a.b:*", false},
        {"https://*.b:1", "https://a.b", false},
        {"http://*.b", "https://a.b", false},
        {"null", "null", true},
        {"null", "https://a.b", false},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_pattern wide;
        struct mg_pattern narrow;
        mg_expect_true(rows[i].wide, mg_pattern_parse(mg_str_from(rows[i].wide), &wide, NULL));
        mg_expect_true(rows[i].narrow,
                       mg_pattern_parse(mg_str_from(rows[i].narrow), &narrow, NULL));
        mg_expect_int(rows[i].narrow, mg_pattern_covers(&wide, &narrow), rows[i].covers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern_parse_accepts),
        cmocka_unit_test(pattern_parse_names_the_fault),
        cmocka_unit_test(pattern_parse_agrees_with_the_vectors),
        cmocka_unit_test(pattern_faults_always_have_code_and_true_hint),
        cmocka_unit_test(pattern_survives_long_texts),
        cmocka_unit_test(pattern_matches_what_it_says),
        cmocka_unit_test(pattern_covers_is_inclusion),
        cmocka_unit_test(pattern_covers_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
