/* test_fetch_call.c - pasted calls of fetch() and what they ask for. */
#include "cli/fetch_call.h"
#include "paste.h"

#define PLAIN " none \"\" cors same-origin follow from  []"

static void calls_are_read(void **state)
{
    (void)state;
    static const struct paste_row ROWS[] = {
        {"a URL", "fetch('https://a/')", " https://a/" PLAIN},
        {"awaited, of the window", "await window.fetch(`https://a/`,);", " https://a/" PLAIN},
        {"new URL", "fetch(new URL('x', \"https://a/b/\"))", " https://a/b/x" PLAIN},
        {"no options", "fetch('https://a/', undefined)", " https://a/" PLAIN},
        {"empty options", "fetch('https://a/', {})", " https://a/" PLAIN},
        {"every mode",
         "fetch('/x', { method: 'put', mode: 'same-origin', credentials: 'omit', redirect: "
         "'manual', })",
         "put /x none \"\" same-origin omit manual from  []"},
        {"modes that are null", "fetch('/x', { method: undefined, mode: null })", " /x" PLAIN},
        {"comments", "fetch(/* a */ '/x' // b\n, { /* c */ method /**/ : 'PUT' })",
         "PUT /x" PLAIN},
        {"headers of an object",
         "fetch('/x', { headers: { 'X-A': '1', X_B: `2`, 'c': 3, d: true } })",
         " /x none \"\" cors same-origin follow from  [X-A: 1, X_B: 2, c: 3, d: true]"},
        {"headers of pairs", "fetch('/x', { headers: [['X-A', '1',], ['X-A', '2'],] })",
         " /x none \"\" cors same-origin follow from  [X-A: 1, X-A: 2]"},
        {"new Headers", "fetch('/x', { headers: new Headers({ 'X-A': '1' }) })",
         " /x none \"\" cors same-origin follow from  [X-A: 1]"},
        {"new Headers of nothing", "fetch('/x', { headers: new Headers() })", " /x" PLAIN},
        {"a Latin-1 value", "fetch('/x', { headers: { a: 'caf\\u00e9' } })",
         " /x none \"\" cors same-origin follow from  [a: caf\xe9]"},
        {"escapes", "fetch('/\\x41\\u0042\\u{43}\\n\\\\\\'\\\nd')", " /ABC\n\\'d" PLAIN},
        {"surrogates", "fetch('/\\ud83d\\ude00\\ud83d')", " /\U0001f600\ufffd" PLAIN},
        {"a string body", "fetch('/x', { method: 'POST', body: 'a' })",
         "POST /x string \"a\" cors same-origin follow from  []"},
        {"a body of null", "fetch('/x', { body: null })", " /x" PLAIN},
        {"JSON.stringify",
         "fetch('/x', { method: 'POST', body: JSON.stringify({ a: 1, 'b': [true, null, -1.5, "
         "{ c: \"d\\\"\" },], }, null, 2) })",
         "POST /x string \"{\"a\":1,\"b\":[true,null,-1.5,{\"c\":\"d\\\"\"}]}\" cors "
         "same-origin follow from  []"},
        {"JSON.stringify of a variable",
         "fetch('/x', { method: 'POST', body: JSON.stringify(order.toJSON({ a: ')' })) })",
         "POST /x string \"\" cors same-origin follow from  []"},
        {"URLSearchParams",
         "fetch('/x', { method: 'POST', body: new URLSearchParams({ a: 1 }) })",
         "POST /x params \"\" cors same-origin follow from  []"},
        {"FormData", "fetch('/x', { method: 'POST', body: new FormData(form) })",
         "POST /x form \"\" cors same-origin follow from  []"},
        {"what a script may not set, which the browser is left to drop",
         "fetch('/x', { headers: { Cookie: 'a=b', Via: 'c', 'User-Agent': 'd' } })",
         " /x none \"\" cors same-origin follow from  [Cookie: a=b, Via: c, User-Agent: d]"},
        {"a Blob with options beside its type",
         "fetch('/x', { method: 'POST', body: new Blob([a], { endings: 'native', type: 'b/c', "
         "}) })",
         "POST /x blob \"\" cors same-origin follow from  []"},
        {"a Blob with no options", "fetch('/x', { method: 'POST', body: new Blob([a], {}) })",
         "POST /x blob \"\" cors same-origin follow from  []"},
        {"a typed Blob",
         "fetch('/x', { method: 'POST', body: new Blob([a, '{}'], { type: 'b/c' }) })",
         "POST /x blob \"\" cors same-origin follow from  []"},
        {"a stream",
         "fetch('/x', { method: 'POST', body: new ReadableStream({ pull(c) {} }), "
         "duplex: 'half' })",
         "POST /x stream \"\" cors same-origin follow from  []"},
        {"options that CORS does not see",
         "fetch('/x', { signal: AbortSignal.timeout(5), cache: 'no-cache', keepalive: true })",
         " /x" PLAIN},
        {"an option that is none", "fetch('/x', { json: (a) => { return [a, ','] } })",
         " /x" PLAIN},
        {"the referrer is the page", "fetch('/x', { referrer: 'https://app.example/p?q' })",
         " /x none \"\" cors same-origin follow from https://app.example []"},
    };
    paste_check(mg_fetch_call_parse, ROWS, MG_COUNT(ROWS));
}

static void faults_have_a_place(void **state)
{
    (void)state;
    static const struct paste_row ROWS[] = {
        {"nothing", "", "1:1: expected 'fetch' (explain reads literals, no expressions)"},
        {"another call", "axios('/x')",
         "1:1: expected 'fetch' (explain reads literals, no expressions)"},
        {"a longer name", "fetcher('/x')",
         "1:1: expected 'fetch' (explain reads literals, no expressions)"},
        {"a variable", "fetch(url)", "1:7: expected the URL as a string literal"},
        {"an expression", "fetch('/x' + y)",
         "1:12: expected ',' or ')' (explain reads literals, no expressions)"},
        {"a template with a value", "fetch(`/x/${id}`)",
         "1:11: ${...} in a template: write its value"},
        {"a string that does not end", "fetch('/x\n')", "1:7: a string that does not end"},
        {"an escape", "fetch('/\\xg0')", "1:11: a malformed \\x escape"},
        {"shorthand", "fetch('/x', { method })",
         "1:22: 'method' stands for a variable: write its value"},
        {"a spread", "fetch('/x', { ...options })",
         "1:15: expected a property's name (explain reads literals only)"},
        {"a computed method", "fetch('/x', {\n  method: verb })",
         "2:11: expected the option's value as a string literal"},
        {"a computed header", "fetch('/x', { headers: { a: 'b' + token } })",
         "1:33: expected ',' or '}' (explain reads literals, no expressions)"},
        {"a header that is a variable", "fetch('/x', { headers: { a: token } })",
         "1:29: the value of a header has to be a literal: write it as a string"},
        {"headers that are a variable", "fetch('/x', { headers })",
         "1:23: 'headers' stands for a variable: write its value"},
        {"headers of a function", "fetch('/x', { headers: auth() })",
         "1:24: headers are an object, an array of pairs, or new Headers(...) of one: no "
         "variables"},
        {"a value beyond Latin-1", "fetch('/x', { headers: { a: '\\u20ac' } })",
         "1:37: the header above has a character beyond U+00FF: fetch() throws a TypeError"},
        {"a body that is a variable", "fetch('/x', { body: data })",
         "1:21: the body is no literal, and what it is decides its Content-Type: write a "
         "string, JSON.stringify(...), null, or new URLSearchParams, FormData, Blob, "
         "Uint8Array"},
        {"a mode that there is not", "fetch('/x', { mode: 'open' })",
         "1:21: 'open' is no mode that fetch() takes: it throws a TypeError"},
        {"mode navigate", "fetch('/x', { mode: 'navigate' })",
         "1:21: 'navigate' is no mode that fetch() takes: it throws a TypeError"},
        {"a call that does not end", "fetch('/x', { signal: a(", "1:25: the call does not end"},
        {"a bracket that does not fit", "fetch('/x', { body: new FormData(]) })",
         "1:34: a bracket that does not fit"},
        {"new URL that throws", "fetch(new URL('/x'))",
         "1:19: new URL(...) throws here: url-relative"},
    };
    paste_check(mg_fetch_call_parse, ROWS, MG_COUNT(ROWS));
}

/* As Chromium's network panel copies it. */
static const char RECORDED[] = "fetch(\"https://api.example/orders/1\", {\n"
                               "  \"headers\": {\n"
                               "    \"accept\": \"*/*\",\n"
                               "    \"accept-language\": \"en-US,en;q=0.9\",\n"
                               "    \"content-type\": \"application/json\",\n"
                               "    \"priority\": \"u=1, i\",\n"
                               "    \"sec-ch-ua\": \"\\\"Chromium\\\";v=\\\"156\\\"\",\n"
                               "    \"sec-fetch-dest\": \"empty\",\n"
                               "    \"sec-fetch-mode\": \"cors\",\n"
                               "    \"sec-fetch-site\": \"cross-site\"\n"
                               "  },\n"
                               "  \"referrer\": \"https://app.example/\",\n"
                               "  \"body\": \"{\\\"a\\\":1}\",\n"
                               "  \"method\": \"PUT\",\n"
                               "  \"mode\": \"cors\",\n"
                               "  \"credentials\": \"include\"\n"
                               "});";

static void what_chromium_copies_is_read(void **state)
{
    (void)state;
    struct paste paste;
    paste_read(&paste, mg_fetch_call_parse, mg_str_from(RECORDED));
    mg_expect_str("as the script made it", paste_show(&paste),
                  MG_STR("PUT https://api.example/orders/1 string \"{\"a\":1}\" cors include "
                         "follow from https://app.example [accept: */*, accept-language: "
                         "en-US,en;q=0.9, content-type: application/json]"));
    mg_expect_true("what was left out is told",
                   paste_notes(&paste.input, "priority, sec-ch-ua, sec-fetch-dest"));
    paste_free(&paste);
}

static void what_is_not_read_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *note;
    } ROWS[] = {
        {"fetch('/x').then((r) => r.json())", "what follows the call is not read"},
        {"fetch('/x', { jsn: 1 })", "the option 'jsn' is not one of fetch()"},
        {"fetch('/x', { body: JSON.stringify(a) })", "JSON.stringify(...) is not known"},
        {"fetch('/x', { body: new FormData() })", "new FormData(...) is not read"},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct paste paste;
        paste_read(&paste, mg_fetch_call_parse, mg_str_from(ROWS[i].text));
        mg_expect_true(ROWS[i].text, paste.ok && paste_notes(&paste.input, ROWS[i].note));
        paste_free(&paste);
    }
}

static void nesting_is_bounded_not_recursive(void **state)
{
    (void)state;
    char text[20000] = "fetch('/x',{method:'POST',body:JSON.stringify(";
    size_t front = strlen(text);
    struct paste paste;
    memset(text + front, '[', 8000);
    memset(text + front + 8000, ']', 8000);
    memcpy(text + front + 16000, ")})", 4);
    paste_read(&paste, mg_fetch_call_parse, mg_str_from(text));
    mg_expect_true("8000 brackets", paste.ok && paste.input.content.len == 0);
    mg_expect_true("are told of", paste_notes(&paste.input, "is not known"));
    paste_free(&paste);
}

static void any_text_is_read_or_refused(void **state)
{
    (void)state;
    paste_property("fetch calls", mg_fetch_call_parse,
                   MG_STR("fetch('\"`,{}[]():/*\\u0x$ \nnewHeadersbodyJSON.stringify\xc3"),
                   MG_STR("await fetch(\"/x\", { headers: { 'a': `b\\u0041`, }, body: "
                          "JSON.stringify({ c: [1, 'd'] }), method: 'PUT' /* e */ })"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_read),
        cmocka_unit_test(faults_have_a_place),
        cmocka_unit_test(what_chromium_copies_is_read),
        cmocka_unit_test(what_is_not_read_is_told),
        cmocka_unit_test(nesting_is_bounded_not_recursive),
        cmocka_unit_test(any_text_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
