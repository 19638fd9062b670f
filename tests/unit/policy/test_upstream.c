/* test_upstream.c - names and servers of upstreams. */
#include "guard.h"
#include "load.h"
#include "policy/upstream.h"

#define WHOLE "resource '/a' { handler = 'none' }\n"

static const struct fault_row rows[] = {
    {"an empty name", WHOLE "upstream '' { 'http://h' }", "upstream-name", MG_ERROR, 2,
     "upstream", NULL},
    {"a name with a space", WHOLE "upstream 'a b' { 'http://h' }", "upstream-name", MG_ERROR, 2,
     "upstream", NULL},
    {"no servers", WHOLE "upstream 'x' { }", "upstream-servers", MG_ERROR, 2, "upstream x",
     NULL},
    {"too many servers",
     WHOLE "local t = {}\nfor i = 1, 257 do t[i] = 'http://h' end\nupstream 'x'(t)",
     "upstream-servers", MG_ERROR, 4, "upstream x", NULL},
    {"a server that is a number", WHOLE "upstream 'x' { 80 }", "field-type", MG_ERROR, 2,
     "upstream x[1]", NULL},
    {"a server with a path", WHOLE "upstream 'x' { 'http://h', 'http://h/p' }", "upstream-url",
     MG_ERROR, 2, "upstream x[2]", NULL},
    {"a host that is a URL", WHOLE "upstream 'x' { 'http://h', host = 'http://h' }",
     "upstream-host", MG_ERROR, 2, "upstream x host", NULL},
    {"a check without a slash", WHOLE "upstream 'x' { 'http://h', check = 'healthz' }",
     "upstream-check", MG_ERROR, 2, "upstream x check", NULL},
    {"a check with a space", WHOLE "upstream 'x' { 'http://h', check = '/a b' }",
     "upstream-check", MG_ERROR, 2, "upstream x check", NULL},
    {"checks without a pause", WHOLE "upstream 'x' { 'http://h', check_every = 0 }",
     "upstream-check", MG_ERROR, 2, "upstream x check_every", NULL},
    {"a host that is none", WHOLE "upstream 'x' { 'http://h', host = false }", "field-type",
     MG_ERROR, 2, "upstream x host", NULL},
};

static void bad_upstreams_are_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        expect_fault(&rows[i], NULL);
    }
}

static const struct {
    const char *url;
    bool is_server;
    bool is_tls;
    const char *host;
    unsigned port;
} urls[] = {
    {"http://h", true, false, "h", 80},
    {"https://h", true, true, "h", 443},
    {"http://h:8080", true, false, "h", 8080},
    {"http://10.0.0.1:1", true, false, "10.0.0.1", 1},
    {"http://[::1]:65535", true, false, "[::1]", 65535},
    {"http://h:", true, false, "h", 80},
    {"unix:/run/a.sock", true, false, "/run/a.sock", 0},
    {"unix:", false, false, NULL, 0},
    {"unix:a.sock", false, false, NULL, 0},
    {"http://", false, false, NULL, 0},
    {"http://:80", false, false, NULL, 0},
    {"http://h:0", false, false, NULL, 0},
    {"http://h:65536", false, false, NULL, 0},
    {"http://h/", false, false, NULL, 0},
    {"http://u@h", false, false, NULL, 0},
    {"http://h?q", false, false, NULL, 0},
    {"HTTP://h", false, false, NULL, 0},
    {"ftp://h", false, false, NULL, 0},
    {"h:80", false, false, NULL, 0},
    {"", false, false, NULL, 0},
};

static void servers_are_parsed(void **state)
{
    (void)state;
    struct mg_guard guard = {0};
    for (size_t i = 0; i < MG_COUNT(urls); i++) {
        struct mg_upstream_server server;
        struct mg_str url = mg_guard_str(&guard, mg_str_from(urls[i].url));
        bool is_server = mg_upstream_server_parse(url, &server);
        mg_expect_int(urls[i].url, is_server, urls[i].is_server);
        if (is_server) {
            mg_expect_str(urls[i].url, server.host, mg_str_from(urls[i].host));
            mg_expect_int(urls[i].url, server.port, urls[i].port);
            mg_expect_int(urls[i].url, server.is_tls, urls[i].is_tls);
        }
    }
    mg_guard_free(&guard);
}

static void names_are_simple(void **state)
{
    (void)state;
    char long_name[66];
    memset(long_name, 'a', sizeof(long_name));
    mg_expect_true("64 bytes", mg_upstream_name_is_valid((struct mg_str){long_name, 64}));
    mg_expect_true("65 bytes", !mg_upstream_name_is_valid((struct mg_str){long_name, 65}));
    mg_expect_true("all kinds", mg_upstream_name_is_valid(MG_STR("Az09_-.")));
    mg_expect_true("a slash", !mg_upstream_name_is_valid(MG_STR("a/b")));
    mg_expect_true("beyond ASCII", !mg_upstream_name_is_valid(MG_STR("ä")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_upstreams_are_reported),
        cmocka_unit_test(servers_are_parsed),
        cmocka_unit_test(names_are_simple),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
