/* test_explain_fix.c - what is told to be changed, by policies and by raw answers. */
#include <stdio.h>

#include "cli/explain_fix.h"
#include "expect.h"
#include "prng.h"

#define APP "https://app.example"

static const char POLICY[] =
    "resource '/orders/{id}' {\n"
    "  methods = { 'GET', 'PUT' },\n"
    "  cors = { origins = { '" APP "' }, methods = { 'GET' }, headers = { 'X-A' } },\n"
    "  handler = respond { status = 200 },\n"
    "}\n"
    "resource '/public' { cors = { origins = '*' }, handler = 'echo' }\n"
    "resource '/closed' { methods = { 'GET' }, handler = 'echo' }\n"
    "resource '/off' { cors = false, handler = 'echo' }\n"
    "resource '/cookies' { cors = { origins = { '" APP "' }, credentials = true,\n"
    "  headers = '*' }, handler = 'echo' }\n"
    "resource '/proxied' { cors = { origins = { '" APP "' } }, handler = 'proxy' }\n"
    "resource '/away' { cors = { origins = { '" APP "' } }, handler = respond {\n"
    "  status = 307, fields = { Location = 'https://b.example/orders/1' } } }\n"
    "upstream 'default' { 'http://127.0.0.1:1' }\n";

/* A fetch, and who answers. */
struct world {
    struct mg_arena arena;
    struct mg_explain_input input;
    struct mg_explain_report report;
    struct mg_policy_set *set;
    struct mg_gate *gate;
    struct mg_server_options options;
};

static void open_world(struct world *world)
{
    struct mg_errs errs;
    mg_errs_init(&errs);
    mg_server_options_init(&world->options);
    world->set = mg_policy_set_load_text("p.lua", mg_str_from(POLICY),
                                         &(struct mg_policy_options){.path_count = 0}, &errs);
    mg_errs_print(&errs, stderr);
    assert_non_null(world->set);
    world->gate = mg_gate_new(&world->options, world->set, &errs);
    mg_errs_fini(&errs);
    assert_non_null(world->gate);
}

static void close_world(struct world *world)
{
    mg_gate_free(world->gate);
    mg_policy_set_free(world->set);
}

static void begin(struct world *world)
{
    mg_arena_init(&world->arena, NULL, 0, 16 << 20);
    mg_explain_input_init(&world->input, &world->arena);
    world->input.spec.origin = MG_STR(APP);
}

/* Headers written "Name: value\nName: value". */
static void add_headers(struct world *world, const char *lines)
{
    struct mg_str rest = mg_str_from(lines);
    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        struct mg_str line = {rest.ptr, end == NULL ? rest.len : (size_t)(end - rest.ptr)};
        const char *colon = memchr(line.ptr, ':', line.len);
        struct mg_str name = {line.ptr, (size_t)(colon - line.ptr)};
        assert_true(
            mg_explain_add_header(&world->input, name, mg_str_from_offset(line, name.len + 1)));
        rest = mg_str_from_offset(rest, line.len + 1);
    }
}

/* Run it. Returns: the verdict, the outcome and the fixes, each on a line. */
static struct mg_str run(struct world *world, const struct mg_explain_source *source)
{
    struct mg_explain_report *report = &world->report;
    assert_true(mg_explain_run(report, &world->input, source));
    mg_explain_fix(report);
    struct mg_str shown =
        mg_arena_printf(&world->arena, "%s %s", mg_fetch_verdict_name(report->fetch.verdict),
                        mg_explain_outcome(report, mg_explain_last(report)));
    for (size_t i = 0; i < report->fix_count; i++) {
        shown = mg_arena_printf(&world->arena, "%.*s\n%.*s", MG_STR_ARG(shown),
                                MG_STR_ARG(report->fixes[i]));
    }
    return shown;
}

struct row {
    const char *desc;
    const char *method;
    const char *url;
    const char *headers;
    const char *answers; /* "": the policies answer */
    const char *want;
    const char *origin; /* NULL: APP */
    enum mg_browser_credentials credentials;
    enum mg_browser_mode mode;
};

static size_t read_answers(struct world *world, const char *text,
                           struct mg_explain_answer *answers)
{
    struct mg_answer_file file;
    struct mg_answer_fault fault;
    assert_true(mg_answer_file_parse(mg_str_from(text), &world->arena, &file, &fault));
    for (size_t i = 0; i < file.count; i++) {
        answers[i] = mg_explain_answer_from(&file.answers[i], "a.txt", &world->arena);
    }
    return file.count;
}

static void check(struct world *world, const struct row *row)
{
    struct mg_explain_answer answers[8];
    struct mg_explain_source source = {.gate = world->gate,
                                       .public_origins = &world->options.public_origins};
    begin(world);
    if (row->origin != NULL) {
        world->input.spec.origin = mg_str_from(row->origin);
    }
    world->input.spec.method = mg_str_from(row->method);
    world->input.spec.url = mg_str_from(row->url);
    world->input.spec.credentials = row->credentials;
    world->input.spec.mode = row->mode;
    add_headers(world, row->headers);
    if (row->answers[0] != '\0') {
        source.gate = NULL;
        source.answers = answers;
        source.answer_count = read_answers(world, row->answers, answers);
    }
    mg_expect_str(row->desc, run(world, &source), mg_str_from(row->want));
    mg_arena_fini(&world->arena);
}

static void check_rows(const struct row *rows, size_t count)
{
    static struct world world;
    open_world(&world);
    for (size_t i = 0; i < count; i++) {
        check(&world, &rows[i]);
    }
    close_world(&world);
}

#define ORDER "https://api.example/orders/1"

static void policies_are_mended_by_line(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"nothing to mend", "GET", ORDER, "", "", "readable ok", .origin = APP},
        {"another origin", "GET", ORDER, "", "",
         "blocked acao-missing\nadd \"https://b.example\" to cors.origins in p.lua:1",
         .origin = "https://b.example"},
        {"an opaque origin", "GET", ORDER, "", "",
         "blocked acao-missing\nadd \"null\" to cors.origins in p.lua:1", .origin = "null"},
        {"a header, as the script writes it", "GET", ORDER, "X-A: 1\nX-Token: 2\nX-More: 3", "",
         "blocked header-denied\nadd \"X-More\", \"X-Token\" to cors.headers in p.lua:1",
         .origin = APP},
        {"a method that the resource has", "PUT", ORDER, "", "",
         "blocked method-denied\nadd \"PUT\" to cors.methods in p.lua:1", .origin = APP},
        {"one that it lacks", "DELETE", ORDER, "", "",
         "blocked method-denied\nadd \"DELETE\" to methods, and to cors.methods if it is set, "
         "in p.lua:1",
         .origin = APP},
        {"patch is not PATCH", "patch", ORDER, "", "",
         "blocked method-denied\nwrite the method PATCH in the script: browsers send patch as "
         "it is",
         .origin = APP},
        {"all that is missing at once", "PUT", ORDER, "X-B: 1", "",
         "blocked acao-missing\nadd \"https://b.example\" to cors.origins in p.lua:1\nset "
         "cors.credentials = true in p.lua:1, or fetch without credentials\nadd \"PUT\" to "
         "cors.methods in p.lua:1\nadd \"X-B\" to cors.headers in p.lua:1",
         .origin = "https://b.example", .credentials = MG_CREDENTIALS_INCLUDE},
        {"credentials", "GET", ORDER, "", "",
         "blocked acac-not-true\nset cors.credentials = true in p.lua:1, or fetch without "
         "credentials",
         .credentials = MG_CREDENTIALS_INCLUDE},
        {"credentials of a public rule", "GET", "https://api.example/public", "", "",
         "blocked acao-wildcard-credentials\nname \"" APP
         "\" in cors.origins in place of \"*\" "
         "and set cors.credentials = true in p.lua:6, or fetch without credentials",
         .credentials = MG_CREDENTIALS_INCLUDE},
        {"no rule", "PUT", "https://api.example/closed", "X-A: 1", "",
         "blocked acao-missing\ngive the resource a rule: cors = { origins = { \"" APP
         "\" }, headers = { \"X-A\" }, credentials = true } in p.lua:7\nadd \"PUT\" to methods "
         "in p.lua:7",
         .credentials = MG_CREDENTIALS_INCLUDE},
        {"no rule for a simple request", "GET", "https://api.example/closed", "", "",
         "blocked acao-missing\ngive the resource a rule: cors = { origins = { \"" APP
         "\" } } in p.lua:7",
         .origin = APP},
        {"cors = false", "GET", "https://api.example/off", "", "",
         "blocked acao-missing\np.lua:8 says cors = false: its handler has to send the CORS "
         "fields by itself, or give it a rule",
         .origin = APP},
        {"no resource", "GET", "https://api.example/nowhere?x", "", "",
         "blocked acao-missing\ndeclare a resource for /nowhere?x with a rule that allows "
         "\"" APP "\": no policy answers there (no-resource)",
         .origin = APP},
        {"Authorization, which * lacks", "GET", "https://api.example/cookies",
         "Authorization: 1\nX-Z: 1", "",
         "blocked authorization-not-listed\nadd \"Authorization\" to cors.headers in p.lua:9",
         .origin = APP},
        {"a handler that is elsewhere", "GET", "https://api.example/proxied", "", "",
         "readable ok", .origin = APP},
        {"one that is denied", "GET", "https://api.example/proxied", "", "",
         "blocked acao-missing\nadd \"https://b.example\" to cors.origins in p.lua:11",
         .origin = "https://b.example"},
        {"a redirect that took the origin", "GET", "https://api.example/away", "", "",
         "blocked acao-missing\nlet the page ask for https://b.example/orders/1 itself: a "
         "redirect from one foreign origin to another makes Origin \"null\"\nadd \"null\" to "
         "cors.origins in p.lua:1",
         .origin = APP},
        {"same origin", "DELETE", "https://api.example/closed", "", "", "readable ok",
         .origin = "https://api.example"},
        {"opaque", "GET", "https://api.example/closed", "", "",
         "opaque ok\nto read the answer, fetch with mode \"cors\" and redirect \"follow\"",
         .mode = MG_MODE_NO_CORS},
        {"refused before it is sent", "TRACE", ORDER, "", "",
         "error forbidden\nuse another method: scripts may not send this one", .origin = APP},
        {"not to another origin", "GET", ORDER, "", "",
         "error forbidden\nuse mode \"cors\" for another origin", .mode = MG_MODE_SAME_ORIGIN},
    };
    check_rows(ROWS, MG_COUNT(ROWS));
}

#define OK    "HTTP/1.1 204 X\nAccess-Control-Allow-Origin: *\n"
#define WHOSE "the answer to OPTIONS /orders/1 (a.txt)"
#define NAMED "HTTP/1.1 204 X\nAccess-Control-Allow-Origin: " APP "\n"

static void answers_are_mended_by_field(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"nothing to mend", "GET", ORDER, "", OK, "readable ok", .origin = APP},
        {"no origin", "GET", ORDER, "", "HTTP/1.1 200 X\n",
         "blocked acao-missing\nsend one Access-Control-Allow-Origin: " APP
         " with the answer to GET /orders/1 (a.txt), and Vary: Origin",
         .origin = APP},
        {"* with credentials", "GET", ORDER, "", OK,
         "blocked acao-wildcard-credentials\nsend one Access-Control-Allow-Origin: " APP
         " with the answer to GET /orders/1 (a.txt), and Vary: Origin\nsend "
         "Access-Control-Allow-Credentials: true with the answer to GET /orders/1 (a.txt), or "
         "fetch without credentials",
         .credentials = MG_CREDENTIALS_INCLUDE},
        {"credentials not allowed", "GET", ORDER, "", NAMED,
         "blocked acac-not-true\nsend Access-Control-Allow-Credentials: true with the answer "
         "to GET /orders/1 (a.txt), or fetch without credentials",
         .credentials = MG_CREDENTIALS_INCLUDE},
        {"all of a preflight", "PUT", ORDER, "X-A: 1", "HTTP/1.1 404 X\n",
         "blocked acao-missing\nsend one Access-Control-Allow-Origin: " APP " with " WHOSE
         ", and Vary: Origin\nanswer OPTIONS /orders/1 with a status from 200 to 299, not "
         "404\nlist PUT in Access-Control-Allow-Methods of " WHOSE
         "\nlist \"X-A\" in Access-Control-Allow-Headers of " WHOSE,
         .origin = APP},
        {"a preflight's redirect", "PUT", ORDER, "",
         "HTTP/1.1 301 X\nLocation: /y\nAccess-Control-Allow-Methods: *\n",
         "blocked acao-missing\nsend one Access-Control-Allow-Origin: " APP " with " WHOSE
         ", and Vary: Origin\nanswer OPTIONS /orders/1 with a status from 200 "
         "to 299, not 301: preflights are not redirected",
         .origin = APP},
        {"a list that is none", "PUT", ORDER, "", OK "Access-Control-Allow-Methods: PUT;\n",
         "blocked acam-unparseable\nlist PUT in Access-Control-Allow-Methods of " WHOSE,
         .origin = APP},
        {"* is no wildcard with credentials", "PUT", ORDER, "",
         NAMED "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Methods: *\n",
         "blocked method-denied\nlist PUT in Access-Control-Allow-Methods of " WHOSE
         " (with credentials * is no wildcard)",
         .credentials = MG_CREDENTIALS_INCLUDE},
        {"the next answer is missing", "PUT", ORDER, "",
         OK "Access-Control-Allow-Methods: PUT\n",
         "error answer-missing\ngive the answer to PUT " ORDER " too: --answer FILE",
         .origin = APP},
        {"a redirect with a user name", "GET", ORDER, "",
         "HTTP/1.1 302 X\nAccess-Control-Allow-Origin: *\nLocation: https://u:p@b.example/\n",
         "blocked redirect-credentials\nsend a Location without user name and password",
         .origin = APP},
        {"a redirect to no URL", "GET", ORDER, "",
         "HTTP/1.1 302 X\nAccess-Control-Allow-Origin: *\nLocation: https://[\n",
         "error redirect-location\nsend one Location field with a valid URL", .origin = APP},
    };
    check_rows(ROWS, MG_COUNT(ROWS));
}

static const char *pick(struct mg_prng *prng, const char *const *from, size_t count)
{
    return from[mg_prng_below(prng, count)];
}

/* What fails has a fix, what is readable has none; and a policy's fix names its line. */
static void whatever_fails_has_a_fix(void **state)
{
    (void)state;
    static const char *const METHODS[] = {"GET", "PUT", "DELETE", "patch", "TRACE", "BREW"};
    static const char *const URLS[] = {ORDER,
                                       "https://api.example/public",
                                       "https://api.example/closed",
                                       "https://api.example/off",
                                       "https://api.example/cookies",
                                       "https://api.example/proxied",
                                       "https://api.example/x",
                                       "https://api.example/away",
                                       "ftp://a/",
                                       "/x"};
    static const char *const HEADERS[] = {"", "X-A: 1", "Authorization: 1\nX-B: 1", "X A: 1",
                                          "Content-Type: text/plain;a=\"b\""};
    static const char *const ORIGINS[] = {APP, "https://b.example", "null", "https://b/",
                                          "https://api.example"};
    static struct world world;
    struct mg_prng prng = mg_property_begin("fixes");
    unsigned long cases = mg_property_cases(3000);
    open_world(&world);
    for (unsigned long i = 0; i < cases; i++) {
        struct mg_explain_source source = {.gate = world.gate,
                                           .public_origins = &world.options.public_origins};
        begin(&world);
        struct mg_browser_spec *spec = &world.input.spec;
        spec->origin = mg_str_from(pick(&prng, ORIGINS, MG_COUNT(ORIGINS)));
        spec->method = mg_str_from(pick(&prng, METHODS, MG_COUNT(METHODS)));
        spec->url = mg_str_from(pick(&prng, URLS, MG_COUNT(URLS)));
        spec->browser = (enum mg_browser)mg_prng_below(&prng, 4);
        spec->credentials = (enum mg_browser_credentials)mg_prng_below(&prng, 3);
        spec->mode = (enum mg_browser_mode)mg_prng_below(&prng, 3);
        spec->redirect = (enum mg_browser_redirect)mg_prng_below(&prng, 3);
        spec->body = (enum mg_browser_body)mg_prng_below(&prng, MG_BODY_STREAM + 1);
        add_headers(&world, pick(&prng, HEADERS, MG_COUNT(HEADERS)));
        struct mg_str shown = run(&world, &source);
        const struct mg_explain_report *report = &world.report;
        const struct mg_explain_exchange *last = mg_explain_last(report);
        bool is_readable = report->fetch.verdict == MG_FETCH_READABLE;
        if (is_readable != (report->fix_count == 0)) {
            mg_expect_str("a fix, or readable", shown, MG_STR("either"));
        }
        bool is_blocked =
            report->fetch.verdict == MG_FETCH_BLOCKED && last != NULL &&
            last->resource != NULL &&
            report->fetch.judgement.outcome <= MG_OUTCOME_AUTHORIZATION_NOT_LISTED &&
            !mg_str_equal(spec->method, MG_STR("patch"));
        if (is_blocked && memmem(shown.ptr, shown.len, "p.lua:", 6) == NULL) {
            mg_expect_str("a line of the policy", shown, MG_STR("p.lua:LINE"));
        }
        mg_arena_fini(&world.arena);
    }
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_mended_by_line),
        cmocka_unit_test(answers_are_mended_by_field),
        cmocka_unit_test(whatever_fails_has_a_fix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
