/* test_browser_scenario.h - whole fetches as tables: the requests that have to come, the
 * answers they get, and how it ends.
 */
#ifndef MG_TEST_BROWSER_SCENARIO_H
#define MG_TEST_BROWSER_SCENARIO_H

#include "cors/browser_fetch.h"
#include "test_browser_support.h"

enum {
    MAX_EXCHANGES = 6
};

/* A request as one line: "PUT https://api.example/r https://app.example", "-" for no Origin; a
 * preflight is "OPTIONS URL ORIGIN PUT [x-a,x-b]". */
static inline struct mg_str printed(const struct mg_browser_request *request)
{
    struct mg_str origin = request->origin.len == 0 ? MG_STR("-") : request->origin;
    struct mg_str line =
        mg_arena_printf(&test_arena, "%.*s %.*s %.*s", MG_STR_ARG(request->method),
                        MG_STR_ARG(request->url->href), MG_STR_ARG(origin));
    if (!request->preflight) {
        return line;
    }
    return mg_arena_printf(&test_arena, "%.*s %.*s [%.*s]", MG_STR_ARG(line),
                           MG_STR_ARG(request->acrm), MG_STR_ARG(request->acrh));
}

struct exchange {
    const char *request;
    unsigned status; /* 0: the connection fails */
    const char *lines;
};

struct scenario {
    const char *desc;
    struct mg_browser_spec spec; /* where it has none: origin APP, URL API "/r" */
    const char *headers;
    struct exchange exchanges[MAX_EXCHANGES];
    const char *verdict;
    const char *outcome;
    const char *console; /* its end, "" for none */
};

#define APP "https://app.example"
#define API "https://api.example"
#define ANY "Access-Control-Allow-Origin: *\n"
#define ALLOW \
    "Access-Control-Allow-Methods: *\nAccess-Control-Allow-Headers: *, authorization\n"
#define TO(url) "Location: " url "\n"

static inline void run_scenarios(const struct scenario *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct mg_browser_field headers[TEST_MAX_FIELDS];
        struct mg_browser_spec spec = rows[i].spec;
        struct mg_browser_fetch fetch;
        size_t sent = 0;
        mg_arena_reset(&test_arena);
        spec.headers = headers;
        spec.header_count = rows[i].headers == NULL ? 0 : read_fields(rows[i].headers, headers);
        spec.origin = spec.origin.len > 0 ? spec.origin : MG_STR(APP);
        spec.url = spec.url.len > 0 ? spec.url : MG_STR(API "/r");
        enum mg_turn turn = mg_browser_fetch_begin(&fetch, &spec, &test_arena, NULL, 0);
        for (; turn == MG_TURN_SEND; sent++) {
            struct test_response response;
            assert_true(sent < MAX_EXCHANGES);
            const struct exchange *exchange = &rows[i].exchanges[sent];
            mg_expect_str(rows[i].desc, printed(&fetch.request),
                          mg_str_from(exchange->request));
            turn = exchange->status == 0
                       ? mg_browser_fetch_fail(&fetch)
                       : mg_browser_fetch_answer(
                             &fetch,
                             make_response(&response, exchange->status, exchange->lines), 0);
        }
        mg_expect_true(rows[i].desc,
                       sent == MAX_EXCHANGES || rows[i].exchanges[sent].request == NULL);
        mg_expect_text(rows[i].desc, mg_fetch_verdict_name(fetch.verdict), rows[i].verdict);
        mg_expect_text(rows[i].desc, mg_outcome_name(fetch.judgement.outcome), rows[i].outcome);
        struct mg_str end = mg_str_from(rows[i].console);
        size_t start = fetch.console.len < end.len ? 0 : fetch.console.len - end.len;
        mg_expect_str(rows[i].desc,
                      end.len == 0 ? fetch.console : mg_str_from_offset(fetch.console, start),
                      end);
    }
}

#endif
