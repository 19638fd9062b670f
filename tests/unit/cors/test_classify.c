/* test_classify.c - kinds of requests, and what "same-origin" rests on. */
#include "fixture.h"

struct row {
    const char *desc;
    const char *method;
    const char *origin;
    const char *acrm;
    const char *content_type;
    const char *second_type;
    const char *site;
    const char *scheme; /* NULL: https */
    const char *host;   /* NULL: api.example */
    const char *public_origin;
    bool rejects;
    enum mg_kind kind;
};

static void check(const struct row *row)
{
    struct mg_str origin;
    struct mg_str acrm;
    struct mg_str public_origin;
    struct mg_str types[2] = {mg_str_from(row->content_type), mg_str_from(row->second_type)};
    size_t type_count = (row->content_type != NULL) + (size_t)(row->second_type != NULL);
    struct mg_cors_request request = {
        .method = mg_str_from(row->method),
        .origin = fixture_line(&origin, row->origin),
        .acrm = fixture_line(&acrm, row->acrm),
        .content_type = {types, type_count},
        .site = mg_str_from(row->site),
        .scheme = mg_str_from(row->scheme == NULL ? "https" : row->scheme),
        .host = mg_str_from(row->host == NULL ? "api.example" : row->host),
        .public_origins = fixture_line(&public_origin, row->public_origin),
    };
    mg_expect_text(row->desc, mg_kind_name(mg_cors_classify(&request, row->rejects)),
                   mg_kind_name(row->kind));
}

#define ROW(text, verb, kind_name, ...)                                            \
    {                                                                              \
        .desc = (text), .method = (verb), .kind = MG_KIND_##kind_name, __VA_ARGS__ \
    }
#define APP .origin = "https://app.example"

static void classify_names_the_kind(void **state)
{
    static const struct row rows[] = {
        ROW("no Origin", "GET", NONE, .site = "cross-site"),
        ROW("no Origin, PUT", "PUT", NONE, .content_type = "application/json"),
        ROW("preflight", "OPTIONS", PREFLIGHT, APP, .acrm = "PUT"),
        ROW("preflight with an empty method", "OPTIONS", PREFLIGHT, APP, .acrm = ""),
        ROW("OPTIONS with a method only", "OPTIONS", OPTIONS, .acrm = "PUT"),
        ROW("OPTIONS with Origin only", "OPTIONS", OPTIONS, APP),
        ROW("OPTIONS alone", "OPTIONS", OPTIONS, .host = ""),
        ROW("options is another method", "options", PREFLIGHTED, APP, .acrm = "PUT"),
        ROW("GET with a requested method", "GET", SIMPLE, APP, .acrm = "PUT"),
        ROW("GET", "GET", SIMPLE, APP),
        ROW("HEAD", "HEAD", SIMPLE, APP),
        ROW("form POST", "POST", SIMPLE, APP,
            .content_type = "application/x-www-form-urlencoded"),
        ROW("form POST with charset", "POST", SIMPLE, APP,
            .content_type = "Text/Plain;charset=utf-8"),
        ROW("PUT", "PUT", PREFLIGHTED, APP),
        ROW("get in lower case", "get", PREFLIGHTED, APP),
        ROW("an unknown method", "BREW", PREFLIGHTED, APP),
        ROW("JSON POST", "POST", PREFLIGHTED, APP, .content_type = "application/json"),
        ROW("an empty type", "POST", PREFLIGHTED, APP, .content_type = ""),
        ROW("two JSON types", "POST", PREFLIGHTED, APP, .content_type = "application/json",
            .second_type = "application/json"),
        ROW("two types, one of a form", "POST", SIMPLE, APP, .content_type = "application/json",
            .second_type = "text/plain"),
        ROW("a report needs no preflight", "POST", SIMPLE, APP,
            .content_type = "application/csp-report"),
        ROW("a report in another case", "POST", SIMPLE, APP,
            .content_type = "Application/CSP-Report ; charset=utf-8"),
        ROW("a ping needs no preflight", "POST", SIMPLE, APP, .content_type = "text/ping"),
        ROW("nearly a ping", "POST", PREFLIGHTED, APP, .content_type = "text/pings"),
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        check(&rows[i]);
    }
}

static void classify_knows_the_same_origin(void **state)
{
    static const struct row rows[] = {
        ROW("a public origin", "POST", SAME_ORIGIN, APP, .public_origin = "https://app.example",
            .rejects = true, .site = "cross-site"),
        ROW("another public origin", "POST", SIMPLE, APP,
            .public_origin = "https://other.example", .host = "app.example"),
        ROW("the browser says so", "POST", SAME_ORIGIN, APP, .site = "same-origin",
            .rejects = true),
        ROW("the browser says so of null", "POST", SAME_ORIGIN, .origin = "null",
            .site = "same-origin"),
        ROW("the browser does not send this", "POST", SIMPLE, .origin = "https://app.example/",
            .site = "same-origin"),
        ROW("the browser denies it", "POST", SIMPLE, .origin = "https://api.example",
            .site = "same-site"),
        ROW("Host equals", "POST", SAME_ORIGIN, .origin = "https://api.example"),
        ROW("Host equals in another case", "PUT", SAME_ORIGIN, .origin = "https://api.example",
            .host = "API.Example"),
        ROW("Host proves nothing where requests are rejected", "POST", SIMPLE,
            .origin = "https://api.example", .rejects = true),
        ROW("TLS ends before us", "POST", SAME_ORIGIN, .origin = "https://api.example",
            .scheme = "http"),
        ROW("an http page of an https host", "POST", SIMPLE, .origin = "http://api.example"),
        ROW("http on both sides", "POST", SAME_ORIGIN, .origin = "http://api.example",
            .scheme = "http"),
        ROW("Host with the default port", "POST", SAME_ORIGIN, .origin = "https://api.example",
            .host = "api.example:443"),
        ROW("Host with the port", "POST", SAME_ORIGIN, .origin = "http://localhost:3000",
            .scheme = "http", .host = "localhost:3000"),
        ROW("Host with another port", "POST", SIMPLE, .origin = "http://localhost:3000",
            .scheme = "http", .host = "localhost:8080"),
        ROW("Host without the port", "POST", SIMPLE, .origin = "http://localhost:3000",
            .scheme = "http", .host = "localhost"),
        ROW("Host goes on", "POST", SIMPLE, .origin = "https://api.example",
            .host = "api.example.evil"),
        ROW("Origin goes on", "POST", SIMPLE, .origin = "https://api.example.evil"),
        ROW("IPv6", "POST", SAME_ORIGIN, .origin = "http://[::1]:8080", .scheme = "http",
            .host = "[::1]:8080"),
        ROW("a bad port in Host", "POST", SIMPLE, .origin = "https://api.example",
            .host = "api.example:0443"),
        ROW("no Host", "POST", SIMPLE, .origin = "https://api.example", .host = ""),
        ROW("null is nobody", "POST", SIMPLE, .origin = "null", .host = ""),
        ROW("a malformed Origin", "POST", SIMPLE, .origin = "https://API.example"),
        ROW("an extension", "POST", SIMPLE, .origin = "chrome-extension://api.example"),
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        check(&rows[i]);
    }
}

static void classify_takes_two_origins_for_foreign(void **state)
{
    struct mg_str origins[] = {MG_STR("https://api.example"), MG_STR("https://api.example")};
    struct mg_cors_request request = {.method = MG_STR("POST"),
                                      .origin = {origins, 2},
                                      .site = MG_STR("same-origin"),
                                      .scheme = MG_STR("https"),
                                      .host = MG_STR("api.example")};
    (void)state;
    mg_expect_int("two Origin lines", mg_cors_classify(&request, false), MG_KIND_SIMPLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classify_names_the_kind),
        cmocka_unit_test(classify_knows_the_same_origin),
        cmocka_unit_test(classify_takes_two_origins_for_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
