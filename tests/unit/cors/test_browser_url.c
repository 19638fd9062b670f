/* test_browser_url.c - URLs as browsers print them; the rows with a base were printed by a real
 * one. Inputs end at a guard page. */
#include "cors/browser_url.h"
#include "guard.h"
#include "test_browser_support.h"

static struct mg_guard guard;

static struct mg_browser_url parse_base(void)
{
    struct mg_browser_url base;
    const char *fault = mg_browser_url_parse(MG_STR("http://api.site.test:8000/c/d?id=1#old"),
                                             NULL, &test_arena, &base);
    mg_expect_text("the base parses", fault, NULL);
    return base;
}

static void urls_are_brought_into_their_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *href;
    } ROWS[] = {
        {"https://a.example", "https://a.example/"},
        {"HTTPS://A.Example:443/B", "https://a.example/B"},
        {"http://a:80", "http://a/"},
        {"http://a:443/", "http://a:443/"},
        {"http://a:00080/", "http://a/"},
        {"http://a:0/", "http://a:0/"},
        {"http://a:/", "http://a/"},
        {"http:a", "http://a/"},
        {"http:/a", "http://a/"},
        {"http:\\\\a\\b", "http://a/b"},
        {"http:////a", "http://a/"},
        {"  http://a/ \n", "http://a/"},
        {"ht\ntp://a\t/b\r", "http://a/b"},
        {"http://a/./b/../c/.", "http://a/c/"},
        {"http://a/..", "http://a/"},
        {"http://a/../../b", "http://a/b"},
        {"http://a/b/%2e%2E/c", "http://a/c"},
        {"http://a/b/.%2e", "http://a/"},
        {"http://a/...", "http://a/..."},
        {"http://a/b//c", "http://a/b//c"},
        {"http://a?b", "http://a/?b"},
        {"http://a#b", "http://a/#b"},
        {"http://a/?", "http://a/?"},
        {"http://a/b%zz", "http://a/b%zz"},
        {"http://a/\xc3\xa9?\xc3\xa9#\xc3\xa9", "http://a/%C3%A9?%C3%A9#%C3%A9"},
        {"http://a/ \"<>^`{|}?'\"<> #<> `", "http://a/%20%22%3C%3E%5E%60%7B%7C%7D?%27%22%3C%3E"
                                            "%20#%3C%3E%20%60"},
        {"http://0x7f.1/", "http://127.0.0.1/"},
        {"http://1.2.3.4.", "http://1.2.3.4/"},
        {"http://[::FFFF:1.2.3.4]:8", "http://[::ffff:102:304]:8/"},
        {"http://[0:0::1]/", "http://[::1]/"},
        {"http://a%62/", "http://ab/"},
        {"http://a_b.c./", "http://a_b.c./"},
        {"http://1.a/", "http://1.a/"},
        {"http://u:p@a/", "http://a/"},
        {"http://u@v@a/", "http://a/"},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_browser_url url;
        mg_arena_reset(&test_arena);
        const char *fault = mg_browser_url_parse(
            mg_guard_str(&guard, mg_str_from(ROWS[i].text)), NULL, &test_arena, &url);
        mg_expect_text(ROWS[i].text, fault, NULL);
        mg_expect_str(ROWS[i].text, url.href, mg_str_from(ROWS[i].href));
    }
}

static void locations_are_resolved(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *href;
    } ROWS[] = {
        {"//other.test:8000/x/../y", "http://other.test:8000/y"},
        {"z?k", "http://api.site.test:8000/c/z?k"},
        {"../z", "http://api.site.test:8000/z"},
        {".", "http://api.site.test:8000/c/"},
        {"?k2", "http://api.site.test:8000/c/d?k2"},
        {"#frag", "http://api.site.test:8000/c/d?id=1#frag"},
        {"", "http://api.site.test:8000/c/d?id=1"},
        {"http:rel", "http://api.site.test:8000/c/rel"},
        {"http:/abs", "http://api.site.test:8000/abs"},
        {"http://b", "http://b/"},
        {"\\\\other.test\\bs", "http://other.test/bs"},
        {"/\\other.test", "http://other.test/"},
        {"https:rel", "https://rel/"},
        {"///x", "http://x/"},
        {"/a\tb", "http://api.site.test:8000/ab"},
        {"/..//../x", "http://api.site.test:8000/x"},
        {"/a//b/./c/..", "http://api.site.test:8000/a//b/"},
        {"a:b", NULL},
        {"./a:b", "http://api.site.test:8000/c/a:b"},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_browser_url url;
        mg_arena_reset(&test_arena);
        struct mg_browser_url base = parse_base();
        const char *fault = mg_browser_url_parse(
            mg_guard_str(&guard, mg_str_from(ROWS[i].text)), &base, &test_arena, &url);
        mg_expect_text(ROWS[i].text, fault, ROWS[i].href == NULL ? "url-scheme" : NULL);
        if (ROWS[i].href != NULL) {
            mg_expect_str(ROWS[i].text, url.href, mg_str_from(ROWS[i].href));
        }
    }
}

static void what_is_no_url_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *fault;
    } ROWS[] = {
        {"", "url-relative"},
        {"/a", "url-relative"},
        {"a.example", "url-relative"},
        {"1http://a", "url-relative"},
        {"ftp://a/", "url-scheme"},
        {"a.example:8000", "url-scheme"},
        {"mailto:x", "url-scheme"},
        {"http:", "url-host-missing"},
        {"http://", "url-host-missing"},
        {"http://:80", "url-host-missing"},
        {"http://u:p@/", "url-host-missing"},
        {"http://a b/", "url-host-invalid"},
        {"http://a|b/", "url-host-invalid"},
        {"http://a%zz/", "url-host-invalid"},
        {"http://a%2fb/", "url-host-invalid"},
        {"http://a%00b/", "url-host-invalid"},
        {"http://a[b/", "url-host-invalid"},
        {"http://[::1", "url-host-invalid"},
        {"http://[::1]x", "url-host-invalid"},
        {"http://[x]", "url-host-invalid"},
        {"http://256.1.1.1/", "url-host-invalid"},
        {"http://1.2.3.4.5/", "url-host-invalid"},
        {"http://a.08/", "url-host-invalid"},
        {"http://\xc3\x9f.test/", "url-host-not-ascii"},
        {"http://%C3%9F.test/", "url-host-not-ascii"},
        {"http://a:65536/", "url-port"},
        {"http://a:x/", "url-port"},
        {"http://a:-1/", "url-port"},
        {"http://a:*", "url-port"},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_browser_url url;
        mg_arena_reset(&test_arena);
        mg_expect_text(ROWS[i].text,
                       mg_browser_url_parse(mg_guard_str(&guard, mg_str_from(ROWS[i].text)),
                                            NULL, &test_arena, &url),
                       ROWS[i].fault);
    }
}

static void parts_are_told_apart(void **state)
{
    (void)state;
    struct mg_browser_url url;
    mg_expect_text("parses",
                   mg_browser_url_parse(MG_STR("HTTPS://u@A.example:8443/b/c?d=e#f"), NULL,
                                        &test_arena, &url),
                   NULL);
    mg_expect_str("href", url.href, MG_STR("https://a.example:8443/b/c?d=e#f"));
    mg_expect_str("scheme", url.scheme, MG_STR("https"));
    mg_expect_str("host", url.host, MG_STR("a.example"));
    mg_expect_int("port", url.port, 8443);
    mg_expect_str("authority", url.authority, MG_STR("a.example:8443"));
    mg_expect_str("origin", url.origin, MG_STR("https://a.example:8443"));
    mg_expect_str("path", url.path, MG_STR("/b/c"));
    mg_expect_str("target", url.target, MG_STR("/b/c?d=e"));
    mg_expect_str("fragment", url.fragment, MG_STR("#f"));
    mg_expect_true("user name", url.has_credentials);
}

static void user_info_counts_where_it_has_a_name_or_password(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has;
    } ROWS[] = {{"http://u@a/", true},  {"http://u:p@a/", true}, {"http://:p@a/", true},
                {"http://u:@a/", true}, {"http://@a/", false},   {"http://:@a/", false},
                {"http://a/", false},   {"http://a/u@b", false}};
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_browser_url url;
        mg_expect_text(ROWS[i].text,
                       mg_browser_url_parse(mg_str_from(ROWS[i].text), NULL, &test_arena, &url),
                       NULL);
        mg_expect_int(ROWS[i].text, url.has_credentials, ROWS[i].has);
    }
}

/* What a real browser's console called an invalid value, and what not. */
static void validity_is_chromiums(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } ROWS[] = {
        {"http://a", true},
        {"http://*.site.test", true},
        {"http://a{b", true},
        {"app.site.test:8000", true},
        {"ftp:x", true},
        {"http:app.site.test", true},
        {"foo:", true},
        {"http:////x", true},
        {"localhost:3000", true},
        {"http://a%41.example", true},
        {"http://*", true},
        {"file://", true},
        {"http://a;http://b", true},
        {"http://a..b", true},
        {"http://u:p@b", true},
        {"blob:x", true},
        {"http://\xc3\xbc.example", true},
        {"", false},
        {"app.site.test", false},
        {"*.site.test", false},
        {"http://", false},
        {"http://a:99999", false},
        {"\"http://a\"", false},
        {"true", false},
        {"http://1.2.3.999", false},
        {"://x", false},
        {"http://a%zz.example", false},
        {"<origin>", false},
        {"127.0.0.1:3000", false},
        {"//x.example", false},
        {"http://localhost:*", false},
        {"ws://", false},
        {"http", false},
        {"/\\.example$/", false},
        {"[http://a]", false},
        {"$http_origin", false},
        {"http://[::1", false},
        {"1http://x", false},
        {"**", false},
        {"NULL", false},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        mg_arena_reset(&test_arena);
        mg_expect_int(ROWS[i].text,
                      mg_browser_url_is_valid(mg_guard_str(&guard, mg_str_from(ROWS[i].text)),
                                              &test_arena),
                      ROWS[i].valid);
    }
}

/* Printing is a fixed point of parsing, and the parts are cut out of what is printed. */
static void what_is_printed_parses_to_itself(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("what is printed parses to itself");
    unsigned long parsed = 0;
    for (unsigned long i = mg_property_cases(10000); i > 0; i--) {
        static const char *const STARTS[] = {"http://", "https://a", "HTTP:", "//", "/", ""};
        char tail[16];
        struct mg_browser_url url;
        struct mg_browser_url again;
        mg_arena_reset(&test_arena);
        struct mg_browser_url base = parse_base();
        size_t len = (size_t)mg_prng_below(&prng, sizeof(tail));
        mg_prng_fill(&prng, MG_STR("aB.:/\\?#%2e@[]|09 \t<'\xc3x-"), tail, len);
        struct mg_str start = pick(&prng, STARTS, MG_COUNT(STARTS));
        struct mg_str text =
            mg_arena_printf(&test_arena, "%.*s%.*s", MG_STR_ARG(start), (int)len, tail);
        bool relative = mg_prng_below(&prng, 2) == 0;
        text = mg_guard_str(&guard, text);
        if (mg_browser_url_parse(text, relative ? &base : NULL, &test_arena, &url) != NULL) {
            continue;
        }
        parsed++;
        mg_expect_text("again", mg_browser_url_parse(url.href, NULL, &test_arena, &again),
                       NULL);
        mg_expect_str("href", again.href, url.href);
        mg_expect_str("origin", again.origin, url.origin);
        mg_expect_str("target", again.target, url.target);
        mg_expect_int("port", again.port, url.port);
        mg_expect_true("no user info is printed", !again.has_credentials);
        mg_expect_str("the parts make the whole",
                      mg_arena_printf(&test_arena, "%.*s%.*s%.*s", MG_STR_ARG(url.origin),
                                      MG_STR_ARG(url.target), MG_STR_ARG(url.fragment)),
                      url.href);
    }
    mg_expect_true("some texts were URLs", parsed > 0);
}

static int tear_down(void **state)
{
    mg_guard_free(&guard);
    return tear_down_arena(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_brought_into_their_one_form),
        cmocka_unit_test(locations_are_resolved),
        cmocka_unit_test(what_is_no_url_says_why),
        cmocka_unit_test(parts_are_told_apart),
        cmocka_unit_test(user_info_counts_where_it_has_a_name_or_password),
        cmocka_unit_test(validity_is_chromiums),
        cmocka_unit_test(what_is_printed_parses_to_itself),
    };
    return cmocka_run_group_tests_name("browser_url", tests, set_up_arena, tear_down);
}
