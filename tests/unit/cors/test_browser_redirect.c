/* test_browser_redirect.c - fetches that are redirected: Origin, method and headers at each
 * hop, and what a browser does not follow. The rows of Chromium's profile, and most others,
 * were seen in a real one. */
#include "cors/browser_fetch.h"
#include "test_browser_scenario.h"
#include "test_browser_vectors.h"

static const struct scenario FOLLOWED[] = {
    {.desc = "between two foreign origins Origin becomes null, and stays it at home",
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO("https://b.example/x")},
                   {"GET https://b.example/x null", 302, ANY TO(APP "/y")},
                   {"GET " APP "/y null", 200, "Access-Control-Allow-Origin: null"}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "from abroad straight home it is null as well",
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO(APP "/y")},
                   {"GET " APP "/y null", 200, "Access-Control-Allow-Origin: " APP}},
     .verdict = "blocked",
     .outcome = "acao-mismatch",
     .console = "at 'https://app.example/y' (redirected from 'https://api.example/r') from "
                "origin 'https://app.example' has been blocked by CORS policy: The "
                "'Access-Control-Allow-Origin' header has a value 'https://app.example' "
                "that is not equal to the supplied origin. Have the server send the header "
                "with a valid value."},
    {.desc = "every answer on the way is checked",
     .exchanges = {{"GET " API "/r " APP, 302, TO("/x")}},
     .verdict = "blocked",
     .outcome = "acao-missing",
     .console = "at 'https://api.example/r' from origin 'https://app.example' has been "
                "blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present "
                "on the requested resource."},
    {.desc = "but not at home",
     .spec = {.url = {APP "/x", 21}},
     .exchanges = {{"GET " APP "/x -", 302, TO(APP "/y")},
                   {"GET " APP "/y -", 302, TO(API "/r")},
                   {"GET " API "/r " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "307 keeps the method: a preflight for each hop",
     .spec = {.method = {"PUT", 3}},
     .exchanges = {{"OPTIONS " API "/r " APP " PUT []", 204, ANY ALLOW},
                   {"PUT " API "/r " APP, 307, ANY TO("https://b.example/")},
                   {"OPTIONS https://b.example/ null PUT []", 204, ""}},
     .verdict = "blocked",
     .outcome = "acao-missing",
     .console = "Response to preflight request doesn't pass access control check: No "
                "'Access-Control-Allow-Origin' header is present on the requested "
                "resource."},
    {.desc = "from home abroad the preflight comes with the second hop",
     .spec = {.url = {APP "/x", 21}, .method = {"PUT", 3}},
     .headers = "X-A: 1",
     .exchanges = {{"PUT " APP "/x " APP, 307, TO(API "/r")},
                   {"OPTIONS " API "/r " APP " PUT [x-a]", 204, ANY ALLOW},
                   {"PUT " API "/r " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "302 makes POST a GET without Content-Type",
     .spec = {.method = {"POST", 4}, .body = MG_BODY_STRING},
     .headers = "Content-Type: application/json\nContent-Language: en\nX-A: 1",
     .exchanges = {{"OPTIONS " API "/r " APP " POST [content-type,x-a]", 204, ANY ALLOW},
                   {"POST " API "/r " APP, 302, ANY TO("/x")},
                   {"OPTIONS " API "/x " APP " GET [x-a]", 204, ANY ALLOW},
                   {"GET " API "/x " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "301 keeps PUT",
     .spec = {.method = {"PUT", 3}},
     .exchanges = {{"OPTIONS " API "/r " APP " PUT []", 204, ANY ALLOW},
                   {"PUT " API "/r " APP, 301, ANY TO("/x")},
                   {"OPTIONS " API "/x " APP " PUT []", 204, ANY ALLOW},
                   {"PUT " API "/x " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "303 makes PUT a GET",
     .spec = {.method = {"PUT", 3}},
     .exchanges = {{"OPTIONS " API "/r " APP " PUT []", 204, ANY ALLOW},
                   {"PUT " API "/r " APP, 303, ANY TO("/x")},
                   {"GET " API "/x " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "but leaves HEAD",
     .spec = {.method = {"HEAD", 4}},
     .exchanges = {{"HEAD " API "/r " APP, 303, ANY TO("/x")},
                   {"HEAD " API "/x " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "Authorization does not go to another origin",
     .headers = "Authorization: b",
     .exchanges = {{"OPTIONS " API "/r " APP " GET [authorization]", 204, ANY ALLOW},
                   {"GET " API "/r " APP, 302, ANY TO("https://b.example/")},
                   {"GET https://b.example/ null", 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "client hints do not outlive a redirect in Chromium",
     .spec = {.url = {APP "/x", 21}, .browser = MG_BROWSER_CHROMIUM},
     .headers = "DPR: x\nX-A: 1",
     .exchanges = {{"GET " APP "/x -", 302, TO(API "/r")},
                   {"OPTIONS " API "/r " APP " GET [x-a]", 204, ANY ALLOW},
                   {"GET " API "/r " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "Authorization goes to the same origin",
     .headers = "Authorization: b",
     .exchanges = {{"OPTIONS " API "/r " APP " GET [authorization]", 204, ANY ALLOW},
                   {"GET " API "/r " APP, 302, ANY TO("/x")},
                   {"OPTIONS " API "/x " APP " GET [authorization]", 204, ANY ALLOW},
                   {"GET " API "/x " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "the fragment goes along",
     .spec = {.url = {API "/r#f", 23}},
     .exchanges = {{"GET " API "/r#f " APP, 302, ANY TO("/x")},
                   {"GET " API "/x#f " APP, 302, ANY TO("/y#g")},
                   {"GET " API "/y#g " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "no-cors POST between foreign origins",
     .spec = {.mode = MG_MODE_NO_CORS, .method = {"POST", 4}},
     .exchanges = {{"POST " API "/r " APP, 307, TO("https://b.example/")},
                   {"POST https://b.example/ null", 200, ""}},
     .verdict = "opaque",
     .outcome = "ok"},
};

static void redirects_change_origin_method_and_headers(void **state)
{
    (void)state;
    run_scenarios(FOLLOWED, MG_COUNT(FOLLOWED));
}

static const struct scenario REFUSED[] = {
    {.desc = "with user info",
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO("https://u:p@api.example/")}},
     .verdict = "blocked",
     .outcome = "redirect-credentials",
     .console = "at 'https://api.example/r' from origin 'https://app.example' has been "
                "blocked by CORS policy: Redirect location '' contains a username and "
                "password, which is disallowed for cross-origin requests."},
    {.desc = "with user info, from abroad home",
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO("https://u@app.example/")}},
     .verdict = "blocked",
     .outcome = "redirect-credentials",
     .console = "disallowed for cross-origin requests."},
    {.desc = "with user info, from home abroad",
     .spec = {.url = {APP "/x", 21}},
     .exchanges = {{"GET " APP "/x -", 302, TO("https://u@api.example/")}},
     .verdict = "blocked",
     .outcome = "redirect-credentials",
     .console = "disallowed for cross-origin requests."},
    {.desc = "user info at home is fine",
     .spec = {.url = {APP "/x", 21}},
     .exchanges = {{"GET " APP "/x -", 302, TO("https://u@app.example/y")},
                   {"GET " APP "/y -", 200, ""}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "but not for Chromium's fetch(), and no console says so",
     .spec = {.url = {APP "/x", 21}, .browser = MG_BROWSER_CHROMIUM},
     .exchanges = {{"GET " APP "/x -", 302, TO("https://u@app.example/y")}},
     .verdict = "error",
     .outcome = "redirect-credentials"},
    {.desc = "to another scheme",
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO("ftp://api.example/")}},
     .verdict = "blocked",
     .outcome = "redirect-scheme",
     .console = "Access to fetch at 'ftp://api.example/' (redirected from "
                "'https://api.example/r') from origin 'https://app.example' has been "
                "blocked by CORS policy: Cross origin requests are only supported for "
                "protocol schemes: chrome, chrome-experimental-site-token-provider, "
                "chrome-extension, chrome-untrusted, data, http, https, isolated-app."},
    {.desc = "to what is no URL",
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO("http://a:99999/")}},
     .verdict = "error",
     .outcome = "redirect-location"},
    {.desc = "to two locations",
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO("/a") TO("/b")}},
     .verdict = "error",
     .outcome = "redirect-location"},
    {.desc = "with a stream for a body",
     .spec = {.method = {"POST", 4}, .body = MG_BODY_STREAM},
     .exchanges = {{"OPTIONS " API "/r " APP " POST []", 204, ANY},
                   {"POST " API "/r " APP, 307, ANY TO("/x")}},
     .verdict = "error",
     .outcome = "redirect-stream"},
    {.desc = "303 lets the stream go; the flag stays",
     .spec = {.method = {"POST", 4}, .body = MG_BODY_STREAM},
     .exchanges = {{"OPTIONS " API "/r " APP " POST []", 204, ANY},
                   {"POST " API "/r " APP, 303, ANY TO("/x")},
                   {"OPTIONS " API "/x " APP " GET []", 204, ANY},
                   {"GET " API "/x " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "in redirect mode error",
     .spec = {.redirect = MG_REDIRECT_ERROR},
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO("/x")}},
     .verdict = "error",
     .outcome = "redirect-refused"},
    {.desc = "the CORS check comes first there",
     .spec = {.redirect = MG_REDIRECT_ERROR},
     .exchanges = {{"GET " API "/r " APP, 302, TO("/x")}},
     .verdict = "blocked",
     .outcome = "acao-missing",
     .console = "is present on the requested resource."},
    {.desc = "redirect mode manual gives an opaque response",
     .spec = {.redirect = MG_REDIRECT_MANUAL},
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO("/x")}},
     .verdict = "opaque",
     .outcome = "ok"},
    {.desc = "mode same-origin, from home abroad",
     .spec = {.url = {APP "/x", 21}, .mode = MG_MODE_SAME_ORIGIN},
     .exchanges = {{"GET " APP "/x -", 302, TO(API "/r")}},
     .verdict = "error",
     .outcome = "same-origin-mode"},
    {.desc = "without Location it is an answer",
     .exchanges = {{"GET " API "/r " APP, 302, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "an empty Location is the same URL again",
     .exchanges = {{"GET " API "/r " APP, 302, ANY "Location:"},
                   {"GET " API "/r " APP, 200, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "but not in Chromium",
     .spec = {.browser = MG_BROWSER_CHROMIUM},
     .exchanges = {{"GET " API "/r " APP, 302, ANY "Location:"}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "there it is an answer in redirect mode error as well",
     .spec = {.browser = MG_BROWSER_CHROMIUM, .redirect = MG_REDIRECT_ERROR},
     .exchanges = {{"GET " API "/r " APP, 302, ANY}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "and an opaque one in redirect mode manual",
     .spec = {.browser = MG_BROWSER_CHROMIUM, .redirect = MG_REDIRECT_MANUAL},
     .exchanges = {{"GET " API "/r " APP, 302, ANY}},
     .verdict = "opaque",
     .outcome = "ok"},
    {.desc = "in redirect mode error the standard refuses it",
     .spec = {.redirect = MG_REDIRECT_ERROR},
     .exchanges = {{"GET " API "/r " APP, 302, ANY}},
     .verdict = "error",
     .outcome = "redirect-refused"},
    {.desc = "Chromium's XMLHttpRequest follows user info at home",
     .spec = {.url = {APP "/x", 21},
              .browser = MG_BROWSER_CHROMIUM,
              .initiator = MG_INITIATOR_XHR},
     .exchanges = {{"GET " APP "/x -", 302, TO("https://u@app.example/y")},
                   {"GET " APP "/y -", 200, ""}},
     .verdict = "readable",
     .outcome = "ok"},
    {.desc = "to what is no URL, before Chromium's CORS check",
     .spec = {.browser = MG_BROWSER_CHROMIUM},
     .exchanges = {{"GET " API "/r " APP, 302, TO("http://a:99999/")}},
     .verdict = "error",
     .outcome = "redirect-location"},
    {.desc = "to a scheme that CORS has no sentence for",
     .exchanges = {{"GET " API "/r " APP, 302, ANY TO("Data:,x")}},
     .verdict = "error",
     .outcome = "redirect-scheme"},
    {.desc = "a fragment goes to another scheme too",
     .spec = {.url = {API "/r#f", 23}},
     .exchanges = {{"GET " API "/r#f " APP, 302, ANY TO("ftp://a/")}},
     .verdict = "blocked",
     .outcome = "redirect-scheme",
     .console = "Access to fetch at 'ftp://a/#f' (redirected from 'https://api.example/r#f') "
                "from origin 'https://app.example' has been blocked by CORS policy: Cross "
                "origin requests are only supported for protocol schemes: chrome, "
                "chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, "
                "data, http, https, isolated-app."},
    {.desc = "a preflight's redirect",
     .spec = {.browser = MG_BROWSER_CHROMIUM, .method = {"PUT", 3}},
     .exchanges = {{"OPTIONS " API "/r " APP " PUT []", 301, TO("/x")}},
     .verdict = "blocked",
     .outcome = "preflight-redirect",
     .console = "Redirect is not allowed for a preflight request."},
};

static void redirects_are_refused(void **state)
{
    (void)state;
    run_scenarios(REFUSED, MG_COUNT(REFUSED));
}

static void chains_of_the_vectors_send_their_origins(void **state)
{
    (void)state;
    json_t *file = load_browser_vectors();
    size_t index;
    const json_t *row;
    json_array_foreach(vector_group(file, "browser_redirects"), index, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const json_t *chain = json_object_get(row, "chain");
        const json_t *origins =
            json_object_get(json_object_get(row, "expect"), "origin_headers");
        struct mg_browser_fetch fetch;
        mg_arena_reset(&test_arena);
        struct mg_browser_spec spec = {.origin = vector_member(row, "origin"),
                                       .url = vector_item(chain, 0)};
        enum mg_turn turn = mg_browser_fetch_begin(&fetch, &spec, &test_arena, NULL, 0);
        for (size_t i = 0; turn == MG_TURN_SEND; i++) {
            struct mg_browser_field fields[2] = {
                {MG_STR("Access-Control-Allow-Origin"), MG_STR("*")},
                {MG_STR("Location"), vector_item(chain, i + 1)}};
            bool is_last = i + 1 == json_array_size(chain);
            struct mg_browser_response response = {is_last ? 200 : 302, fields,
                                                   is_last ? 1 : 2};
            turn = mg_browser_fetch_answer(&fetch, &response, 0);
        }
        mg_expect_text(name, mg_fetch_verdict_name(fetch.verdict), "readable");
        mg_expect_int(name, fetch.hop_count, json_array_size(origins));
        for (size_t i = 0; i < fetch.hop_count; i++) {
            struct mg_str want = vector_item(origins, i);
            mg_expect_str(name, fetch.hops[i].origin,
                          mg_str_equal(want, MG_STR("-")) ? MG_STR("") : want);
        }
    }
    json_decref(file);
}

static void twenty_redirects_are_followed(void **state)
{
    (void)state;
    struct test_response response;
    struct mg_browser_fetch fetch;
    struct mg_browser_spec spec = {.origin = MG_STR(APP), .url = MG_STR(API "/r")};
    enum mg_turn turn = mg_browser_fetch_begin(&fetch, &spec, &test_arena, NULL, 0);
    int sent = 0;
    for (; turn == MG_TURN_SEND; sent++) {
        turn = mg_browser_fetch_answer(&fetch, make_response(&response, 302, ANY TO("/r")), 0);
    }
    mg_expect_int("requests", sent, 21);
    mg_expect_text("outcome", mg_outcome_name(fetch.judgement.outcome), "redirect-limit");
    mg_expect_str("console", fetch.console, MG_STR(""));
    mg_expect_int("a finished fetch stays so",
                  mg_browser_fetch_answer(&fetch, &response.head, 0), MG_TURN_DONE);
    mg_expect_int("a finished fetch stays so", mg_browser_fetch_fail(&fetch), MG_TURN_DONE);
    mg_expect_text("outcome", mg_outcome_name(fetch.judgement.outcome), "redirect-limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirects_change_origin_method_and_headers),
        cmocka_unit_test(redirects_are_refused),
        cmocka_unit_test(chains_of_the_vectors_send_their_origins),
        cmocka_unit_test(twenty_redirects_are_followed),
    };
    return cmocka_run_group_tests_name("browser_redirect", tests, set_up_arena,
                                       tear_down_arena);
}
