/* test_check_names.c - methods and header names that a policy should not list. */
#include "load.h"

#define RULE(fields) "resource '/a' { handler = 'none', cors = { origins = '*', " fields " } }"
#define CREDENTIALS(fields)                                                          \
    "resource '/a' { handler = 'none', cors = { origins = { 'https://a.example' }, " \
    "credentials = true, " fields " } }"
#define METHODS(list) "resource '/a' { handler = 'none', methods = " list " }"

static const struct fault_row rows[] = {
    {"no methods", METHODS("{ }"), "methods-missing", MG_ERROR, 1, "/a methods", NULL},
    {"a method of two words", METHODS("{ 'GET', 'PUT DELETE' }"), "method-invalid", MG_ERROR, 1,
     "/a methods[2]", NULL},
    {"an empty method", METHODS("{ '' }"), "method-invalid", MG_ERROR, 1, "/a methods[1]",
     NULL},
    {"a method with a NUL", METHODS("{ 'A\\0' }"), "method-invalid", MG_ERROR, 1,
     "/a methods[1]", NULL},
    {"a resource's methods have no star", METHODS("'*'"), "method-invalid", MG_ERROR, 1,
     "/a methods", NULL},
    {"CONNECT", METHODS("{ 'CONNECT' }"), "method-forbidden", MG_ERROR, 1, "/a methods[1]",
     NULL},
    {"TRACE", METHODS("{ 'GET', 'TRACE' }"), "method-forbidden", MG_ERROR, 1, "/a methods[2]",
     NULL},
    {"Track", METHODS("{ 'Track' }"), "method-forbidden", MG_ERROR, 1, "/a methods[1]", NULL},
    {"put", METHODS("{ 'put' }"), "method-normalized", MG_WARNING, 1, "/a methods[1]",
     "\"PUT\""},
    {"patch", METHODS("{ 'patch' }"), "method-lower-case", MG_WARNING, 1, "/a methods[1]",
     "\"PATCH\""},
    {"Patch", METHODS("{ 'Patch' }"), "method-lower-case", MG_WARNING, 1, "/a methods[1]",
     "\"PATCH\""},
    {"a method twice", METHODS("{ 'GET', 'GET' }"), "method-duplicate", MG_WARNING, 1,
     "/a methods[2]", NULL},
    {"a rule's forbidden method", RULE("methods = { 'GET', 'POST', 'TRACE' }"),
     "method-forbidden", MG_ERROR, 1, "/a cors.methods[3]", NULL},
    {"a rule's method the resource lacks", RULE("methods = { 'GET', 'POST', 'BREW' }"),
     "method-unsupported", MG_WARNING, 1, "/a cors.methods[3]", NULL},
    {"a rule's OPTIONS", RULE("methods = { 'GET', 'POST', 'OPTIONS' }"), "method-options",
     MG_NOTE, 1, "/a cors.methods[3]", NULL},
    {"a rule that leaves POST out", RULE("methods = { 'GET', 'PUT' }"), "method-safelisted",
     MG_NOTE, 1, "/a cors.methods", NULL},
    {"a rule's method twice", RULE("methods = { 'GET', 'POST', 'POST' }"), "method-duplicate",
     MG_WARNING, 1, "/a cors.methods[3]", NULL},
    {"methods * with credentials", CREDENTIALS("methods = '*'"), "resolve-method", MG_NOTE, 1,
     "/a cors.methods", NULL},

    {"a header of two names", RULE("headers = { 'X-A, X-B' }"), "header-invalid", MG_ERROR, 1,
     "/a cors.headers[1]", NULL},
    {"a header of 129 bytes", RULE("headers = { ('X'):rep(128), ('X'):rep(129) }"),
     "header-invalid", MG_ERROR, 1, "/a cors.headers[2]", "a shorter name"},
    {"an empty header", RULE("headers = { 'X-A', '' }"), "header-invalid", MG_ERROR, 1,
     "/a cors.headers[2]", NULL},
    {"Cookie", RULE("headers = { 'Cookie' }"), "header-forbidden", MG_ERROR, 1,
     "/a cors.headers[1]", NULL},
    {"Sec-Anything", RULE("headers = { 'sec-anything' }"), "header-forbidden", MG_ERROR, 1,
     "/a cors.headers[1]", NULL},
    {"Access-Control-Allow-Origin", RULE("headers = { 'Access-Control-Allow-Origin' }"),
     "header-response-only", MG_ERROR, 1, "/a cors.headers[1]", NULL},
    {"a header twice", RULE("headers = { 'X-A', 'x-a' }"), "header-duplicate", MG_WARNING, 1,
     "/a cors.headers[2]", NULL},
    {"Accept", RULE("headers = { 'accept' }"), "header-safelisted-name", MG_NOTE, 1,
     "/a cors.headers[1]", NULL},
    {"headers * with credentials", CREDENTIALS("headers = '*'"), "resolve-headers", MG_NOTE, 1,
     "/a cors.headers", NULL},

    {"an exposed name that is none", RULE("expose = { 'a b' }"), "expose-invalid", MG_ERROR, 1,
     "/a cors.expose[1]", NULL},
    {"Set-Cookie", RULE("expose = { 'ETag', 'Set-Cookie' }"), "expose-forbidden", MG_ERROR, 1,
     "/a cors.expose[2]", NULL},
    {"an exposed request field", RULE("expose = { 'Origin' }"), "expose-request-only", MG_ERROR,
     1, "/a cors.expose[1]", NULL},
    {"an exposed name twice", RULE("expose = { 'ETag', 'etag' }"), "expose-duplicate",
     MG_WARNING, 1, "/a cors.expose[2]", NULL},
    {"Content-Type needs no exposing", RULE("expose = { 'Content-Type' }"), "expose-safelisted",
     MG_NOTE, 1, "/a cors.expose[1]", NULL},
    {"expose * with credentials", CREDENTIALS("expose = { '*' }"),
     "expose-wildcard-credentials", MG_ERROR, 1, "/a cors.expose", NULL},
};

static void bad_names_are_reported(void **state)
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
    {"no methods of the rule", RULE("headers = { }")},
    {"Authorization beside the star", RULE("headers = { '*', 'Authorization' }")},
    {"Content-Type has its use", RULE("headers = { 'Content-Type', 'Range' }")},
    {"a method of one's own", METHODS("{ 'GET', 'BREW', 'brew' }")},
    {"OPTIONS of the resource", METHODS("{ 'GET', 'OPTIONS' }")},
    {"HEAD where GET is", "resource '/a' { handler = 'none', methods = { 'GET', 'PUT' }, "
                          "cors = { origins = '*', methods = { 'GET', 'HEAD', 'PUT' } } }"},
    {"expose * without credentials", RULE("expose = '*'")},
};

static void good_names_are_quiet(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(good); i++) {
        mg_policy_set_free(load_good(good[i].desc, good[i].text, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_names_are_reported),
        cmocka_unit_test(good_names_are_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
