/* test_safelist.c - the lists of names and the value rules, at their edges. Inputs end at a
 * guard page. */
#include <stdio.h>

#include "cors/safelist.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"

static struct mg_guard name_guard;
static struct mg_guard value_guard;

static int free_guards(void **state)
{
    (void)state;
    mg_guard_free(&name_guard);
    mg_guard_free(&value_guard);
    return 0;
}

#define A32  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A128 A32 A32 A32 A32

static void methods_are_sorted_into_their_lists(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *normalized;
        bool safelisted;
        bool forbidden;
    } ROWS[] = {
        {"GET", "GET", true, false},
        {"HEAD", "HEAD", true, false},
        {"POST", "POST", true, false},
        {"get", "GET", false, false},
        {"pOsT", "POST", false, false},
        {"put", "PUT", false, false},
        {"delete", "DELETE", false, false},
        {"Options", "OPTIONS", false, false},
        {"patch", "patch", false, false},
        {"PATCH", "PATCH", false, false},
        {"Query", "Query", false, false},
        {"CONNECT", "CONNECT", false, true},
        {"trace", "trace", false, true},
        {"TrAcK", "TrAcK", false, true},
        {"", "", false, false},
        {"GETS", "GETS", false, false},
        {"GE", "GE", false, false},
        {"TRACER", "TRACER", false, false},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_str method = mg_guard_str(&name_guard, mg_str_from(ROWS[i].method));
        mg_expect_str(ROWS[i].method, mg_method_normalize(method),
                      mg_str_from(ROWS[i].normalized));
        mg_expect_int(ROWS[i].method, mg_method_is_safelisted(method), ROWS[i].safelisted);
        mg_expect_int(ROWS[i].method, mg_method_is_forbidden(method), ROWS[i].forbidden);
    }
}

static void forbidden_request_headers_cannot_be_set(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *value;
        bool forbidden;
    } ROWS[] = {
        {"Accept-Charset", "", true},
        {"accept-encoding", "", true},
        {"Access-Control-Request-Headers", "", true},
        {"ACCESS-CONTROL-REQUEST-METHOD", "", true},
        {"Connection", "", true},
        {"Content-Length", "", true},
        {"Cookie", "", true},
        {"Cookie2", "", true},
        {"Date", "", true},
        {"DNT", "", true},
        {"Expect", "", true},
        {"Host", "", true},
        {"Keep-Alive", "", true},
        {"Origin", "", true},
        {"Referer", "", true},
        {"Set-Cookie", "", true},
        {"TE", "", true},
        {"Trailer", "", true},
        {"Transfer-Encoding", "", true},
        {"Upgrade", "", true},
        {"Via", "", true},
        {"Proxy-", "", true},
        {"proxy-authorization", "", true},
        {"Sec-", "", true},
        {"SEC-Fetch-Site", "", true},
        {"Proxy", "", false},
        {"Sec", "", false},
        {"Security", "", false},
        {"Set-Cookie2", "", false},
        {"User-Agent", "x", false},
        {"Accept", "", false},
        {"Authorization", "x", false},
        {"Upgrade-Insecure-Requests", "1", false},
        {"Access-Control-Allow-Origin", "*", false},
        {"X-HTTP-Method", "TRACE", true},
        {"x-http-method-override", "get, connect", true},
        {"X-Method-Override", "\ttrack ,", true},
        {"X-HTTP-Method", "GET", false},
        {"X-HTTP-Method", "", false},
        {"X-HTTP-Method", "TRACES", false},
        {"X-HTTP-Method", "\"a, trace\"", false},
        {"X-HTTP-Method", "\"a\\\", trace", false},
        {"X-HTTP-Method", "\"a\", trace", true},
        {"X-HTTP-Method", "a,,trace", true},
        {"X-Method", "TRACE", false},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        mg_expect_int(
            ROWS[i].name,
            mg_header_is_forbidden(mg_guard_str(&name_guard, mg_str_from(ROWS[i].name)),
                                   mg_guard_str(&value_guard, mg_str_from(ROWS[i].value))),
            ROWS[i].forbidden);
    }
}

static void response_headers_are_sorted_into_their_lists(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool safelisted;
        bool forbidden;
    } ROWS[] = {
        {"Cache-Control", true, false},  {"content-language", true, false},
        {"Content-Length", true, false}, {"CONTENT-TYPE", true, false},
        {"Expires", true, false},        {"Last-Modified", true, false},
        {"Pragma", true, false},         {"ETag", false, false},
        {"Set-Cookie", false, true},     {"set-cookie2", false, true},
        {"Set-Cookie3", false, false},   {"", false, false},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_str name = mg_guard_str(&name_guard, mg_str_from(ROWS[i].name));
        mg_expect_int(ROWS[i].name, mg_response_header_is_safelisted(name), ROWS[i].safelisted);
        mg_expect_int(ROWS[i].name, mg_response_header_is_forbidden(name), ROWS[i].forbidden);
    }
}

static const struct {
    const char *name;
    const char *value;
    bool safelisted;
} VALUES[] = {
    {"Accept", "", true},
    {"accept", "text/html;q=0.9, */*", true},
    {"Accept", "a\tb", true},
    {"Accept", "caf\xe9", true},
    {"Accept", "a\x7f", false},
    {"Accept", "a\x01", false},
    {"Accept", "a\"b", false},
    {"Accept", "(", false},
    {"Accept", ")", false},
    {"Accept", ":", false},
    {"Accept", "<", false},
    {"Accept", ">", false},
    {"Accept", "?", false},
    {"Accept", "@", false},
    {"Accept", "[", false},
    {"Accept", "\\", false},
    {"Accept", "]", false},
    {"Accept", "{", false},
    {"Accept", "}", false},
    {"Accept", A128, true},
    {"Accept", A128 "a", false},
    {"Accept-Language", "en-US,en;q=0.9 *", true},
    {"Accept-Language", "en_US", false},
    {"Accept-Language", "en/US", false},
    {"Content-Language", "en\t", false},
    {"Content-Language", "\xe9", false},
    {"Content-Language", "", true},
    {"Content-Language", A128 "a", false},
    {"Content-Type", "text/plain", true},
    {"Content-Type", "TEXT/Plain;charset=x", true},
    {"Content-Type", " text/plain ; a", true},
    {"Content-Type", "text/plain ;", true},
    {"Content-Type", "multipart/form-data; boundary=x", true},
    {"Content-Type", "application/x-www-form-urlencoded", true},
    {"Content-Type", "application/json", false},
    {"Content-Type", "text/plain; application/json", true},
    {"Content-Type", "text/plain, application/json", false},
    {"Content-Type", "text/plain; charset=utf-8, x", true},
    {"Content-Type", "text/plain; a=\"b\"", false},
    {"Content-Type", "text/plain/x", false},
    {"Content-Type", "text /plain", false},
    {"Content-Type", "text/ plain", false},
    {"Content-Type", "text", false},
    {"Content-Type", "/plain", false},
    {"Content-Type", "text/", false},
    {"Content-Type", "", false},
    {"Content-Type", ";", false},
    {"Range", "bytes=0-0", true},
    {"Range", "bytes=5-", true},
    {"Range", "bytes=007-8", true},
    {"Range", "bytes=99999999999999999999998-99999999999999999999999", true},
    {"Range", "bytes=99999999999999999999999-99999999999999999999998", false},
    {"Range", "bytes=9-10", true},
    {"Range", "bytes=10-9", false},
    {"Range", "bytes=-5", false},
    {"Range", "bytes=", false},
    {"Range", "bytes=5", false},
    {"Range", "bytes=-", false},
    {"Range", "bytes= 0-1", false},
    {"Range", "bytes=0 -1", false},
    {"Range", "bytes=0-1 ", false},
    {"Range", "bytes=0-1,2-3", false},
    {"Range", "Bytes=0-1", false},
    {"Range", "bytes 0-1", false},
    {"Range", "lines=0-1", false},
    {"X-A", "1", false},
    {"DPR", "2", false},
    {"Save-Data", "on", false},
    {"Authorization", "x", false},
    {"", "", false},
};

static void request_header_values_are_held_to_their_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(VALUES); i++) {
        char desc[200];
        struct mg_str name = mg_guard_str(&name_guard, mg_str_from(VALUES[i].name));
        struct mg_str value = mg_guard_str(&value_guard, mg_str_from(VALUES[i].value));
        (void)snprintf(desc, sizeof(desc), "%s: %s", VALUES[i].name, VALUES[i].value);
        mg_expect_int(desc, mg_request_header_is_safelisted(name, value), VALUES[i].safelisted);
        if (mg_str_equal_nocase(name, MG_STR("content-type"))) {
            mg_expect_int(desc, mg_content_type_is_safelisted(value), VALUES[i].safelisted);
        }
    }
}

static void nul_is_an_unsafe_byte(void **state)
{
    (void)state;
    struct mg_str nul = {"a\0b", 3};
    mg_expect_int("in Accept", mg_request_header_is_safelisted(MG_STR("accept"), nul), false);
    mg_expect_int("in Accept-Language",
                  mg_request_header_is_safelisted(MG_STR("accept-language"), nul), false);
}

/* What is safelisted has a name that may be, and stays safelisted in any case of the name. */
static void safelisting_is_blind_to_the_case_of_names(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"accept",       "accept-language", "content-language",
                                        "content-type", "range",           "x-a",
                                        "accep",        "ranges"};
    struct mg_prng prng = mg_property_begin("safelisting is blind to the case of names");
    for (unsigned long i = mg_property_cases(10000); i > 0; i--) {
        char value[12];
        char upper[20];
        struct mg_str name = mg_str_from(NAMES[mg_prng_below(&prng, MG_COUNT(NAMES))]);
        size_t len = (size_t)mg_prng_below(&prng, sizeof(value));
        mg_prng_fill(&prng, MG_STR("bytes=0123-,; /ax\"(\t_"), value, len);
        for (size_t j = 0; j < name.len; j++) {
            char c = name.ptr[j];
            upper[j] = (char)(c >= 'a' && mg_prng_below(&prng, 2) == 0 ? c - 32 : c);
        }
        struct mg_str text = mg_guard_str(&value_guard, (struct mg_str){value, len});
        bool safelisted = mg_request_header_is_safelisted(name, text);
        mg_expect_int("another case",
                      mg_request_header_is_safelisted((struct mg_str){upper, name.len}, text),
                      safelisted);
        mg_expect_true("the name may be",
                       !safelisted || mg_request_header_name_may_be_safelisted(name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_are_sorted_into_their_lists),
        cmocka_unit_test(forbidden_request_headers_cannot_be_set),
        cmocka_unit_test(response_headers_are_sorted_into_their_lists),
        cmocka_unit_test(request_header_values_are_held_to_their_rule),
        cmocka_unit_test(nul_is_an_unsafe_byte),
        cmocka_unit_test(safelisting_is_blind_to_the_case_of_names),
    };
    return cmocka_run_group_tests_name("safelist", tests, NULL, free_guards);
}
