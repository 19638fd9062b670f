/* test_browser_request.c - requests field by field, as a real Chromium sent them. */
#include "cors/browser_request.h"
#include "test_browser_support.h"

/* The fields as lines. */
static struct mg_str printed(const struct mg_browser_request *request)
{
    struct mg_str all = MG_STR("");
    for (size_t i = 0; i < request->field_count; i++) {
        all = mg_arena_printf(&test_arena, "%.*s%.*s: %.*s\n", MG_STR_ARG(all),
                              MG_STR_ARG(request->fields[i].name),
                              MG_STR_ARG(request->fields[i].value));
    }
    return all;
}

struct row {
    const char *desc;
    const char *url;
    struct mg_browser_spec spec;
    struct mg_browser_request request;
    const char *headers;
    const char *fields;
};

static const struct row REQUESTS[] = {
    {"a preflight to a plain origin",
     "http://api.site.test:8000/c",
     {.origin = {"http://app.site.test:8000", 25}, .user_agent = {"UA", 2}},
     {.preflight = true,
      .acrm = {"PUT", 3},
      .acrh = {"x-a,x-b", 7},
      .origin = {"http://app.site.test:8000", 25}},
     "X-B: 1\nX-A: 2",
     "Host: api.site.test:8000\n"
     "Connection: keep-alive\n"
     "Accept: */*\n"
     "Access-Control-Request-Method: PUT\n"
     "Access-Control-Request-Headers: x-a,x-b\n"
     "Origin: http://app.site.test:8000\n"
     "User-Agent: UA\n"
     "Sec-Fetch-Mode: cors\n"
     "Referer: http://app.site.test:8000/\n"
     "Accept-Encoding: gzip, deflate\n"
     "Accept-Language: en-US,en;q=0.9\n"},
    {"a preflight to a trustworthy one, nothing to list",
     "http://localhost:8000/c",
     {.origin = {"http://app.site.test:8000", 25}},
     {.preflight = true,
      .acrm = {"PUT", 3},
      .origin = {"http://app.site.test:8000", 25},
      .site = {"cross-site", 10}},
     "",
     "Host: localhost:8000\n"
     "Connection: keep-alive\n"
     "Accept: */*\n"
     "Access-Control-Request-Method: PUT\n"
     "Origin: http://app.site.test:8000\n"
     "Sec-Fetch-Mode: cors\n"
     "Sec-Fetch-Site: cross-site\n"
     "Sec-Fetch-Dest: empty\n"
     "Referer: http://app.site.test:8000/\n"
     "Accept-Encoding: gzip, deflate, br, zstd\n"
     "Accept-Language: en-US,en;q=0.9\n"},
    {"a request with headers of its own",
     "https://api.example/c",
     {.origin = {"https://app.example", 19}, .user_agent = {"UA", 2}},
     {.origin = {"https://app.example", 19}, .site = {"cross-site", 10}},
     "X-B: 1\nContent-Type: text/plain",
     "Host: api.example\n"
     "Connection: keep-alive\n"
     "X-B: 1\n"
     "Content-Type: text/plain\n"
     "User-Agent: UA\n"
     "Accept: */*\n"
     "Origin: https://app.example\n"
     "Sec-Fetch-Site: cross-site\n"
     "Sec-Fetch-Mode: cors\n"
     "Sec-Fetch-Dest: empty\n"
     "Referer: https://app.example/\n"
     "Accept-Encoding: gzip, deflate, br, zstd\n"
     "Accept-Language: en-US,en;q=0.9\n"},
    {"what the script sets is not set again; a range is not encoded",
     "http://a/",
     {.origin = {"http://b", 8}},
     {.origin = {"http://b", 8}},
     "accept: x\nAccept-Language: de\nRange: bytes=0-1",
     "Host: a\n"
     "Connection: keep-alive\n"
     "accept: x\n"
     "Accept-Language: de\n"
     "Range: bytes=0-1\n"
     "Origin: http://b\n"
     "Referer: http://b/\n"
     "Accept-Encoding: identity\n"},
    {"no Referer from https to http",
     "http://a/",
     {.origin = {"https://b", 9}},
     {.origin = {"https://b", 9}},
     "",
     "Host: a\n"
     "Connection: keep-alive\n"
     "Accept: */*\n"
     "Origin: https://b\n"
     "Accept-Encoding: gzip, deflate\n"
     "Accept-Language: en-US,en;q=0.9\n"},
    {"none from an opaque origin; an image says what it is",
     "https://a/",
     {.origin = {"null", 4}, .initiator = MG_INITIATOR_IMAGE, .mode = MG_MODE_NO_CORS},
     {.site = {"cross-site", 10}},
     "",
     "Host: a\n"
     "Connection: keep-alive\n"
     "Accept: image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8\n"
     "Sec-Fetch-Site: cross-site\n"
     "Sec-Fetch-Mode: no-cors\n"
     "Sec-Fetch-Dest: image\n"
     "Accept-Encoding: gzip, deflate, br, zstd\n"
     "Accept-Language: en-US,en;q=0.9\n"},
};

static void fields_stand_in_chromiums_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(REQUESTS); i++) {
        struct mg_browser_field headers[TEST_MAX_FIELDS];
        struct mg_browser_request request = REQUESTS[i].request;
        struct mg_browser_url url;
        size_t count = read_fields(REQUESTS[i].headers, headers);
        mg_expect_text(
            REQUESTS[i].desc,
            mg_browser_url_parse(mg_str_from(REQUESTS[i].url), NULL, &test_arena, &url), NULL);
        request.url = &url;
        mg_expect_true(REQUESTS[i].desc, mg_browser_request_fill(&request, &REQUESTS[i].spec,
                                                                 headers, count, &test_arena));
        mg_expect_str(REQUESTS[i].desc, printed(&request), mg_str_from(REQUESTS[i].fields));
    }
}

static void loopback_hosts_are_trustworthy(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool trustworthy;
    } ROWS[] = {
        {"https://a/", true},           {"http://localhost/", true},
        {"http://x.localhost/", true},  {"http://127.1.2.3/", true},
        {"http://[::1]:8/", true},      {"http://a/", false},
        {"http://localhost.a/", false}, {"http://a\"b/", false},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_browser_spec spec = {.origin = MG_STR("http://b")};
        struct mg_browser_request request = {.site = MG_STR("cross-site")};
        struct mg_browser_url url;
        mg_expect_text(ROWS[i].url,
                       mg_browser_url_parse(mg_str_from(ROWS[i].url), NULL, &test_arena, &url),
                       NULL);
        request.url = &url;
        mg_expect_true(ROWS[i].url,
                       mg_browser_request_fill(&request, &spec, NULL, 0, &test_arena));
        struct mg_str all = printed(&request);
        mg_expect_int(ROWS[i].url, memmem(all.ptr, all.len, "Sec-Fetch-Site", 14) != NULL,
                      ROWS[i].trustworthy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_stand_in_chromiums_order),
        cmocka_unit_test(loopback_hosts_are_trustworthy),
    };
    return cmocka_run_group_tests_name("browser_request", tests, set_up_arena, tear_down_arena);
}
