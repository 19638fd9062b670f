/* test_check_origins.c - origins of rules, from lists; the neutral vectors of
 * configurations. */
#include <stdlib.h>

#include <jansson.h>

#include "core/buf.h"
#include "cors/origin.h"
#include "load.h"
#include "vectors.h"

#define RULE(fields)      "resource '/a' { handler = 'none', cors = { " fields " } }"
#define ORIGINS(list)     RULE("origins = { " list " }")
#define CREDENTIALS(list) RULE("credentials = true, origins = { " list " }")

static const struct fault_row rows[] = {
    {"no origins", RULE(""), "origins-missing", MG_ERROR, 1, "/a cors.origins", NULL},
    {"an empty list", ORIGINS(""), "origins-missing", MG_ERROR, 1, "/a cors.origins", NULL},
    {"a trailing slash", ORIGINS("'https://a.example', 'https://b.example/'"),
     "origin-trailing-slash", MG_ERROR, 1, "/a cors.origins[2]", "https://b.example"},
    {"no scheme", ORIGINS("'a.example'"), "origin-no-scheme", MG_ERROR, 1, "/a cors.origins[1]",
     NULL},
    {"a path", ORIGINS("'https://a.example/app'"), "origin-path", MG_ERROR, 1,
     "/a cors.origins[1]", NULL},
    {"a query", ORIGINS("'https://a.example?x'"), "origin-query", MG_ERROR, 1,
     "/a cors.origins[1]", NULL},
    {"user info", ORIGINS("'https://me@a.example'"), "origin-userinfo", MG_ERROR, 1,
     "/a cors.origins[1]", NULL},
    {"the default port", ORIGINS("'https://a.example:443'"), "origin-default-port", MG_ERROR, 1,
     "/a cors.origins[1]", "https://a.example"},
    {"a port out of range", ORIGINS("'https://a.example:65536'"), "origin-port-range", MG_ERROR,
     1, "/a cors.origins[1]", NULL},
    {"upper case", ORIGINS("'https://A.example'"), "origin-upper-case", MG_ERROR, 1,
     "/a cors.origins[1]", "https://a.example"},
    {"a short form of IPv4", ORIGINS("'http://127.1'"), "origin-ip-form", MG_ERROR, 1,
     "/a cors.origins[1]", NULL},
    {"file:", ORIGINS("'file:///x'"), "origin-file", MG_ERROR, 1, "/a cors.origins[1]", NULL},
    {"two origins in a string", ORIGINS("'https://a.example, https://b.example'"),
     "origin-list-in-string", MG_ERROR, 1, "/a cors.origins[1]", NULL},
    {"no origin at all", ORIGINS("'https://'"), "origin-invalid", MG_ERROR, 1,
     "/a cors.origins[1]", NULL},
    {"a star within a label", ORIGINS("'https://*example.com'"), "pattern-invalid", MG_ERROR, 1,
     "/a cors.origins[1]", NULL},
    {"* with credentials", CREDENTIALS("'*'"), "wildcard-credentials", MG_ERROR, 1,
     "/a cors.origins[1]", NULL},
    {"* alone with credentials", RULE("credentials = true, origins = '*'"),
     "wildcard-credentials", MG_ERROR, 1, "/a cors.origins", NULL},
    {"null with credentials", CREDENTIALS("'null'"), "origin-null-credentials", MG_ERROR, 1,
     "/a cors.origins[1]", NULL},
    {"null", ORIGINS("'https://a.example', 'null'"), "origin-null", MG_WARNING, 1,
     "/a cors.origins[2]", NULL},
    {"http with credentials", CREDENTIALS("'http://a.example'"), "origin-insecure-credentials",
     MG_ERROR, 1, "/a cors.origins[1]", NULL},
    {"http that only looks like loopback", CREDENTIALS("'http://localhost.example'"),
     "origin-insecure-credentials", MG_ERROR, 1, "/a cors.origins[1]", NULL},
    {"http below a domain with credentials", CREDENTIALS("'http://*.a.example'"),
     "origin-insecure-credentials", MG_ERROR, 1, "/a cors.origins[1]", NULL},
    {"a public suffix with credentials", CREDENTIALS("'https://*.github.io'"),
     "pattern-public-suffix", MG_ERROR, 1, "/a cors.origins[1]", NULL},
    {"a top-level domain with credentials", CREDENTIALS("'https://*.com'"),
     "pattern-public-suffix", MG_ERROR, 1, "/a cors.origins[1]", NULL},
    {"a public suffix of two labels", ORIGINS("'https://*.co.uk'"), "pattern-public-suffix",
     MG_WARNING, 1, "/a cors.origins[1]", NULL},
    {"a public suffix with a trailing dot", CREDENTIALS("'https://*.github.io.'"),
     "pattern-public-suffix", MG_ERROR, 1, "/a cors.origins[1]", NULL},
    {"a public suffix in punycode", ORIGINS("'https://*.xn--p1ai'"), "pattern-public-suffix",
     MG_WARNING, 1, "/a cors.origins[1]", NULL},
    {"an origin twice", ORIGINS("'https://a.example', 'https://a.example'"), "origin-duplicate",
     MG_WARNING, 1, "/a cors.origins[2]", NULL},
    {"an origin that a pattern covers", ORIGINS("'https://a.b.example', 'https://*.b.example'"),
     "origin-redundant", MG_WARNING, 1, "/a cors.origins[1]", NULL},
    {"an origin beside the star", ORIGINS("'*', 'https://a.example'"), "origin-redundant",
     MG_WARNING, 1, "/a cors.origins[2]", NULL},
};

static void bad_origins_are_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        expect_fault(&rows[i], NULL);
    }
}

static const struct {
    const char *desc;
    const char *text;
} good[] = {
    {"https with credentials", CREDENTIALS("'https://a.example', 'https://*.b.example:*'")},
    {"loopback with credentials",
     CREDENTIALS("'http://localhost:3000', 'http://127.0.0.1:*', 'http://[::1]:5173', "
                 "'http://*.localhost'")},
    {"http with credentials, on purpose",
     RULE("credentials = true, insecure = true, origins = { 'http://a.example' }")},
    {"http without credentials", ORIGINS("'http://a.example'")},
    {"a public suffix without a star", CREDENTIALS("'https://github.io'")},
    {"below a registered domain", CREDENTIALS("'https://*.example.co.uk'")},
    {"a private top-level domain", CREDENTIALS("'https://*.corp'")},
    {"an extension's origin", CREDENTIALS("'chrome-extension://abcdefghijklmnop'")},
    {"the star alone", RULE("origins = '*'")},
};

static void good_origins_are_quiet(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(good); i++) {
        mg_policy_set_free(load_good(good[i].desc, good[i].text, NULL));
    }
}

static void unicode_gets_its_ascii_form(void **state)
{
    (void)state;
    struct fault_row row = {"Unicode",
                            ORIGINS("'https://bücher.example'"),
                            "origin-unicode",
                            MG_ERROR,
                            1,
                            "/a cors.origins[1]",
                            NULL};
    row.hint = "https://xn--bcher-kva.example";
    expect_fault(&row, NULL);
}

/* A list with very many faults tells some and counts the rest. */
static void many_faults_are_counted(void **state)
{
    (void)state;
    struct mg_errs errs;
    struct mg_policy_set *set =
        load_text("local t = { 'https://fine.example' }\n"
                  "for i = 1, 1000 do t[#t + 1] = 'https://a' .. i .. '.example/' end\n"
                  "resource '/a' { handler = 'none', cors = { origins = t } }",
                  &errs, NULL);
    mg_expect_true("refused", set == NULL);
    mg_expect_int("told", errs.count, 51);
    mg_expect_text("the last", errs.items[0].code, "list-more-faults");
    mg_expect_text("how many", errs.items[0].message,
                   "950 more faults in this list are not shown");
    mg_expect_int("as an error", errs.items[0].severity, MG_ERROR);
    mg_errs_fini(&errs);
}

/* ---- the neutral vectors ---- */

/* Write `value` as a Lua value. */
static void add_lua(struct mg_buf *out, const json_t *value)
{
    if (json_is_string(value)) {
        /* JSON's escapes of the vectors' strings are Lua's too. */
        mg_buf_add_json(out,
                        (struct mg_str){json_string_value(value), json_string_length(value)});
    } else if (json_is_array(value)) {
        mg_buf_add(out, MG_STR("{ "));
        for (size_t i = 0; i < json_array_size(value); i++) {
            add_lua(out, json_array_get(value, i));
            mg_buf_add(out, MG_STR(", "));
        }
        mg_buf_add(out, MG_STR("}"));
    } else {
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        mg_buf_add(out, mg_str_from(text));
        free(text);
    }
}

/* Write a vector's policy as one of ours: a resource with every method the rule names. */
static void add_policy(struct mg_buf *out, json_t *policy)
{
    const char *key;
    json_t *value;
    mg_buf_add(out, MG_STR("resource '/a' { handler = 'none', "));
    const json_t *methods = json_object_get(policy, "methods");
    if (json_array_size(methods) == 1 &&
        strcmp(json_string_value(json_array_get(methods, 0)), "patch") == 0) {
        mg_buf_add(out, MG_STR("methods = { 'GET', 'patch' }, "));
    }
    mg_buf_add(out, MG_STR("cors = { "));
    json_object_foreach(policy, key, value)
    {
        mg_buf_printf(out, "%s = ", key);
        add_lua(out, value);
        mg_buf_add(out, MG_STR(", "));
    }
    mg_buf_add(out, MG_STR("} }"));
}

static const struct mg_err *find_code(const struct mg_errs *errs, const char *code)
{
    for (size_t i = 0; i < errs->count; i++) {
        if (strcmp(errs->items[i].code, code) == 0) {
            return &errs->items[i];
        }
    }
    return NULL;
}

static enum mg_severity worst_of(const struct mg_errs *errs)
{
    enum mg_severity worst = MG_NOTE;
    for (size_t i = 0; i < errs->count; i++) {
        worst = errs->items[i].severity > worst ? errs->items[i].severity : worst;
    }
    return worst;
}

/* "ok" and "note": served without a word, or with a note. */
static void check_vector(json_t *vector)
{
    struct mg_buf text;
    struct mg_errs errs;
    mg_buf_init(&text, 1 << 16);
    json_t *expect = json_object_get(vector, "expect");
    const char *name = json_string_value(json_object_get(vector, "name"));
    const char *outcome = json_string_value(json_object_get(expect, "outcome"));
    const char *code = json_string_value(json_object_get(expect, "code"));
    add_policy(&text, json_object_get(vector, "policy"));
    mg_buf_add_char(&text, '\0');
    mg_errs_init(&errs);
    struct mg_policy_set *set = load_text(text.ptr, &errs, NULL);
    mg_errs_print(&errs, stderr);
    if (strcmp(code, "-") != 0) {
        mg_expect_true(name, find_code(&errs, code) != NULL);
    }
    bool is_quiet = strcmp(outcome, "ok") == 0 || strcmp(outcome, "note") == 0;
    mg_expect_text(name, mg_severity_name(worst_of(&errs)), is_quiet ? "note" : outcome);
    mg_expect_int(name, set == NULL, strcmp(outcome, "error") == 0);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
    mg_buf_fini(&text);
}

static void vectors_of_configurations(void **state)
{
    (void)state;
    json_t *file = mg_vectors_load("cors.json");
    json_t *group = mg_vectors_group(file, "config");
    size_t checked = 0;
    for (size_t i = 0; i < json_array_size(group); i++) {
        json_t *vector = json_array_get(group, i);
        const char *name = json_string_value(json_object_get(vector, "name"));
        if (strcmp(name, "regex with unescaped dot") == 0) {
            continue; /* the language has no regular expressions for origins */
        }
        check_vector(vector);
        checked++;
    }
    mg_expect_int("all but one", checked, json_array_size(group) - 1);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_origins_are_reported),
        cmocka_unit_test(good_origins_are_quiet),
        cmocka_unit_test(unicode_gets_its_ascii_form),
        cmocka_unit_test(many_faults_are_counted),
        cmocka_unit_test(vectors_of_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
