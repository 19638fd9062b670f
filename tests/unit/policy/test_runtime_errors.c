/* test_runtime_errors.c - functions that fail, or give what no policy may declare: each is
 * refused as script-error, and the log says why.
 */
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "policy/runtime_layout.h"
#include "runtime_world.h"

#define A      "https://a.example"
#define ORIGIN "Origin: " A "\r\n"
#define PUT    ORIGIN "Access-Control-Request-Method: PUT\r\n"

/* What is logged while a test runs. */
static FILE *log_file;

static void begin_log(void)
{
    log_file = tmpfile();
    assert_non_null(log_file);
    mg_log_configure(MG_LOG_JSON, MG_LOG_INFO, fileno(log_file));
}

/* What was logged; in a buffer of its own. */
static const char *end_log(void)
{
    static char text[64 << 10];
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, STDERR_FILENO);
    rewind(log_file);
    size_t length = fread(text, 1, sizeof(text) - 1, log_file);
    text[length] = '\0';
    (void)fclose(log_file);
    return text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

struct row {
    const char *desc;
    const char *text;
    const char *fields; /* of the request: GET /a, or a preflight of it */
    const char *code;   /* NULL: it is fine after all */
};

#define R(fields)       "resource '/a' { handler = 'none', " fields " }"
#define ORIGINS(result) R("cors = { origins = function(req) return " result " end }")
#define TRUSTED(result) \
    R("cors = { credentials = true, origins = function(req) return " result " end }")
#define SIMPLE(body) R("cors = { origins = '*' }, simple = function(req) " body " end")
#define LISTED(body) R("cors = { origins = { '" A "' } }, simple = function(req) " body " end")
#define CREDENTIALED(body)                                                                 \
    R("cors = { credentials = true, origins = { '" A "' } }, simple = function(req) " body \
      " end")
#define CLASSIFY(body) R("cors = { origins = '*' }, classify = function(req) " body " end")

static const struct row rows[] = {
    /* lists */
    {"origins: nil", ORIGINS("nil"), ORIGIN, "hook-result"},
    {"origins: a number", ORIGINS("5"), ORIGIN, "field-type"},
    {"origins: true", ORIGINS("true"), ORIGIN, "field-type"},
    {"origins: a string", ORIGINS("'" A "'"), ORIGIN, "field-type"},
    {"origins: several in a string", ORIGINS("'" A ", https://b.example'"), ORIGIN,
     "origin-list-in-string"},
    {"origins: a function", ORIGINS("function() end"), ORIGIN, "field-type"},
    {"origins: a word of the language", ORIGINS("deny"), ORIGIN, "field-type"},
    {"origins: the request", ORIGINS("req"), ORIGIN, "field-type"},
    {"origins: a number in the list", ORIGINS("{ 5 }"), ORIGIN, "field-type"},
    {"origins: a table in the list", ORIGINS("{ {} }"), ORIGIN, "field-type"},
    {"origins: a list with names", ORIGINS("{ a = '" A "' }"), ORIGIN, "list-invalid"},
    {"origins: a list with a gap", ORIGINS("{ '" A "', nil, nil, x = 1 }"), ORIGIN,
     "list-invalid"},
    {"origins: a slash", ORIGINS("{ '" A "/' }"), ORIGIN, "origin-trailing-slash"},
    {"origins: no scheme", ORIGINS("{ 'a.example' }"), ORIGIN, "origin-no-scheme"},
    {"origins: upper case", ORIGINS("{ 'https://A.example' }"), ORIGIN, "origin-upper-case"},
    {"origins: a fault behind a match", ORIGINS("{ '" A "', 'x' }"), ORIGIN,
     "origin-no-scheme"},
    {"origins: too many",
     "local many = {}\nfor i = 1, 1001 do many[i] = 'https://a' .. i .. '.example' "
     "end\n" ORIGINS("many"),
     ORIGIN, "list-too-long"},
    {"origins: as many as may be",
     "local many = {}\nfor i = 1, 1000 do many[i] = 'https://a' .. i .. '.example' "
     "end\n" ORIGINS("many"),
     ORIGIN, NULL},
    {"origins: a verdict", ORIGINS("allow {}"), ORIGIN, "call-invalid"},
    {"origins: an answer", "local r = respond {}\n" ORIGINS("r"), ORIGIN, "field-type"},
    {"methods: nil", R("cors = { origins = '*', methods = function() end }"), PUT,
     "hook-result"},
    {"methods: TRACE",
     R("cors = { origins = '*', methods = function() return { 'TRACE' } end }"), PUT,
     "method-forbidden"},
    {"methods: two in one",
     R("cors = { origins = '*', methods = function() return { 'PUT, GET' } end }"), PUT,
     "method-invalid"},
    {"methods: too many",
     R("cors = { origins = '*', methods = function() local t = {} for i = 1, 257 do t[i] = 'M' "
       ".. i end return t end }"),
     PUT, "list-too-long"},
    {"headers: Cookie",
     R("cors = { origins = '*', headers = function() return { 'Cookie' } end }"), PUT,
     "header-forbidden"},
    {"headers: a response's",
     R("cors = { origins = '*', headers = function() return { 'Access-Control-Allow-Origin' } "
       "end }"),
     PUT, "header-response-only"},
    {"headers: a line break",
     R("cors = { origins = '*', headers = function() return { 'X\\r\\nY: z' } end }"), PUT,
     "header-invalid"},
    {"headers: a string", R("cors = { origins = '*', headers = function() return 'X-A' end }"),
     PUT, "field-type"},

    /* lists with credentials */
    {"credentials: everybody", TRUSTED("'*'"), ORIGIN, "wildcard-credentials"},
    {"credentials: everybody in a list", TRUSTED("{ '" A "', '*' }"), ORIGIN,
     "wildcard-credentials"},
    {"credentials: null", TRUSTED("{ 'null' }"), ORIGIN, "origin-null-credentials"},
    {"credentials: http", TRUSTED("{ 'http://a.example' }"), ORIGIN,
     "origin-insecure-credentials"},
    {"credentials: http of this machine", TRUSTED("{ 'http://localhost:3000', '" A "' }"),
     ORIGIN, NULL},
    {"credentials: http where the rule says so",
     R("cors = { credentials = true, insecure = true, origins = function() return { "
       "'http://a.example' } end }"),
     ORIGIN, NULL},
    {"credentials: a public suffix", TRUSTED("{ 'https://*.github.io' }"), ORIGIN,
     "pattern-public-suffix"},
    {"credentials: the origin itself", TRUSTED("{ req.origin }"), ORIGIN, "origin-reflected"},
    {"credentials: the origin by its field", TRUSTED("{ req:header('Origin') }"), ORIGIN,
     "origin-reflected"},
    {"credentials: the origin out of Referer",
     TRUSTED("{ (req:header('referer'):match('^https://[^/]*')) }"),
     ORIGIN "Referer: " A "/page\r\n", "origin-reflected"},
    {"credentials: the origin in pieces",
     TRUSTED("{ 'https://' .. req.origin:match('//(.*)') }"), ORIGIN, "origin-reflected"},
    {"credentials: the origin by way of another function",
     R("cors = { credentials = true, origins = function(req) return { req.ctx.o } end }, "
       "classify = function(req) req.ctx.o = req.origin end"),
     ORIGIN, "origin-reflected"},
    {"credentials: the origin by way of a variable that is put back",
     "local o\n" R("cors = { credentials = true, origins = function(req) local v = o o = nil "
                   "return { v } end }, classify = function(req) o = req.origin end"),
     ORIGIN, "origin-reflected"},
    {"credentials: a list made anew, after another function looked at the origin",
     R("cors = { credentials = true, origins = function(req) return { '" A
       "' } end }, classify = function(req) local o = req.origin end"),
     ORIGIN, NULL},
    {"credentials: the origin, as the rule says",
     R("cors = { credentials = true, reflect = true, origins = function(req) return { "
       "req.origin } end }"),
     ORIGIN, NULL},
    {"without credentials: the origin itself", ORIGINS("{ req.origin }"), ORIGIN, NULL},
    {"credentials: a list made at load, after a look at the origin",
     "local known = { '" A "' }\n" TRUSTED("req.origin == '" A "' and known or {}"), ORIGIN,
     NULL},
    {"credentials: a list made without a look at the origin", TRUSTED("{ '" A "' }"), ORIGIN,
     NULL},

    /* what hooks return */
    {"a hook gives true", SIMPLE("return true"), ORIGIN, "hook-result"},
    {"a hook gives false", SIMPLE("return false"), ORIGIN, "hook-result"},
    {"a hook gives a string", SIMPLE("return 'deny'"), ORIGIN, "hook-result"},
    {"a hook gives a table", SIMPLE("return { origins = '*' }"), ORIGIN, "hook-result"},
    {"a hook gives the function", SIMPLE("return deny"), ORIGIN, "hook-result"},
    {"a hook gives the request", SIMPLE("return req"), ORIGIN, "hook-result"},
    {"a deny without return", SIMPLE("deny 'x'"), ORIGIN, "verdict-lost"},
    {"an allow without return", SIMPLE("allow {}"), ORIGIN, "verdict-lost"},
    {"a deny that an allow follows", SIMPLE("deny 'x' return allow {}"), ORIGIN,
     "verdict-lost"},
    {"a caught deny", SIMPLE("pcall(deny, 'x')"), ORIGIN, "verdict-lost"},
    {"too many verdicts", SIMPLE("local v for i = 1, 9 do v = deny 'x' end return v"), ORIGIN,
     "call-invalid"},
    {"classify: a kind that is looser", CLASSIFY("return 'none'"), ORIGIN, "hook-result"},
    {"classify: same-origin", CLASSIFY("return 'same-origin'"), ORIGIN, "hook-result"},
    {"classify: a preflight", CLASSIFY("return 'preflight'"), ORIGIN, "hook-result"},
    {"classify: no kind", CLASSIFY("return 'cors'"), ORIGIN, "hook-result"},
    {"classify: a number", CLASSIFY("return 1"), ORIGIN, "hook-result"},
    {"classify: a preflight as simple", CLASSIFY("return 'simple'"), PUT, "hook-result"},
    {"classify: same-origin as preflighted", CLASSIFY("return 'preflighted'"),
     "Origin: https://api.example\r\n", "hook-result"},
    {"classify: a verdict", CLASSIFY("return deny 'x'"), ORIGIN, "call-invalid"},

    /* deny */
    {"deny: no reason", SIMPLE("return deny()"), ORIGIN, "call-invalid"},
    {"deny: a number", SIMPLE("return deny(5)"), ORIGIN, "call-invalid"},
    {"deny: two reasons", SIMPLE("return deny('a', 'b')"), ORIGIN, "call-invalid"},
    {"deny: an empty reason", SIMPLE("return deny ''"), ORIGIN, "reason-invalid"},
    {"deny: upper case", SIMPLE("return deny 'Frozen'"), ORIGIN, "reason-invalid"},
    {"deny: a space", SIMPLE("return deny 'a b'"), ORIGIN, "reason-invalid"},
    {"deny: a line break", SIMPLE("return deny 'a\\r\\nb'"), ORIGIN, "reason-invalid"},
    {"deny: a hyphen in front", SIMPLE("return deny '-a'"), ORIGIN, "reason-invalid"},
    {"deny: a hyphen behind", SIMPLE("return deny 'a-'"), ORIGIN, "reason-invalid"},
    {"deny: two hyphens", SIMPLE("return deny 'a--b'"), ORIGIN, "reason-invalid"},
    {"deny: a digit in front", SIMPLE("return deny '2a'"), ORIGIN, "reason-invalid"},
    {"deny: 65 bytes", SIMPLE("return deny(('a'):rep(65))"), ORIGIN, "reason-invalid"},
    {"deny: the engine's reason", SIMPLE("return deny 'no-rule'"), ORIGIN, "reason-taken"},
    {"deny: the reason of allowed requests", SIMPLE("return deny 'simple-allowed'"), ORIGIN,
     "reason-taken"},
    {"deny: the reason of failed scripts", SIMPLE("return deny 'script-error'"), ORIGIN,
     "reason-taken"},

    /* allow */
    {"allow: nothing", SIMPLE("return allow()"), ORIGIN, "call-invalid"},
    {"allow: a string", SIMPLE("return allow '*'"), ORIGIN, "call-invalid"},
    {"allow: two tables", SIMPLE("return allow({}, {})"), ORIGIN, "call-invalid"},
    {"allow: an unknown field", SIMPLE("return allow { origin = '*' }"), ORIGIN,
     "field-unknown"},
    {"allow: a value without a name", SIMPLE("return allow { '*' }"), ORIGIN, "field-unknown"},
    {"allow: on_denied", SIMPLE("return allow { on_denied = 'withhold' }"), ORIGIN,
     "field-unknown"},
    {"allow: insecure", SIMPLE("return allow { insecure = true }"), ORIGIN, "field-unknown"},
    {"allow: reflect", SIMPLE("return allow { reflect = true }"), ORIGIN, "field-unknown"},
    {"allow: timing", SIMPLE("return allow { timing = true }"), ORIGIN, "field-unknown"},
    {"allow: origins is a function", SIMPLE("return allow { origins = function() end }"),
     ORIGIN, "field-type"},
    {"allow: credentials is a string", SIMPLE("return allow { credentials = 'yes' }"), ORIGIN,
     "field-type"},
    {"allow: max_age is negative", SIMPLE("return allow { max_age = -1 }"), ORIGIN,
     "max-age-negative"},
    {"allow: max_age is a fraction", SIMPLE("return allow { max_age = 1.5 }"), ORIGIN,
     "max-age-type"},
    {"allow: another status", SIMPLE("return allow { status = 201 }"), ORIGIN,
     "preflight-status"},
    {"allow: methods", SIMPLE("return allow { methods = { 'CONNECT' } }"), ORIGIN,
     "method-forbidden"},
    {"allow: headers", SIMPLE("return allow { headers = { 'Host' } }"), ORIGIN,
     "header-forbidden"},
    {"allow: expose", SIMPLE("return allow { expose = { 'Set-Cookie' } }"), ORIGIN,
     "expose-forbidden"},
    {"allow: origins out of form", SIMPLE("return allow { origins = { 'x' } }"), ORIGIN,
     "origin-no-scheme"},
    {"allow: everybody with credentials",
     LISTED("return allow { origins = '*', credentials = true }"), ORIGIN,
     "wildcard-credentials"},
    {"allow: everybody where there are credentials",
     CREDENTIALED("return allow { origins = '*' }"), ORIGIN, "wildcard-credentials"},
    {"allow: http where there are credentials",
     CREDENTIALED("return allow { origins = { 'http://a.example' } }"), ORIGIN,
     "origin-insecure-credentials"},
    {"allow: null where there are credentials",
     CREDENTIALED("return allow { origins = { 'null' } }"), ORIGIN, "origin-null-credentials"},
    {"allow: a public suffix where there are credentials",
     CREDENTIALED("return allow { origins = { 'https://*.co.uk' } }"), ORIGIN,
     "pattern-public-suffix"},
    {"allow: the origin itself where there are credentials",
     CREDENTIALED("return allow { origins = { req.origin } }"), ORIGIN, "origin-reflected"},
    {"allow: the origin itself with credentials",
     LISTED("return allow { credentials = true, origins = { req.origin } }"), ORIGIN,
     "origin-reflected"},
    {"allow: the origin itself without credentials any more",
     CREDENTIALED("return allow { credentials = false, origins = { req.origin } }"), ORIGIN,
     NULL},
    {"allow: credentials for everybody", SIMPLE("return allow { credentials = true }"), ORIGIN,
     "wildcard-credentials"},
    {"allow: credentials for declared http",
     R("cors = { origins = { 'http://a.example' } }, simple = function() return allow { "
       "credentials = true } end"),
     ORIGIN, "origin-insecure-credentials"},
    {"allow: credentials for declared http that is insecure",
     R("cors = { insecure = true, origins = { 'http://a.example' } }, simple = function() "
       "return allow { credentials = true } end"),
     ORIGIN, NULL},
    {"allow: credentials for what a function gives",
     R("cors = { origins = function() return '*' end }, simple = function() return allow { "
       "credentials = true } end"),
     ORIGIN, "wildcard-credentials"},
    {"allow: credentials and expose everything",
     LISTED("return allow { credentials = true, expose = '*' }"), ORIGIN,
     "expose-wildcard-credentials"},
    {"allow: credentials where everything is exposed",
     R("cors = { origins = { '" A "' }, expose = '*' }, simple = function() return allow { "
       "credentials = true } end"),
     ORIGIN, "expose-wildcard-credentials"},

    /* words of loading */
    {"resource in a hook", SIMPLE("resource '/b' { }"), ORIGIN, "declared-late"},
    {"default in a hook", SIMPLE("default { }"), ORIGIN, "declared-late"},
    {"upstream in a hook", SIMPLE("upstream 'x' { }"), ORIGIN, "declared-late"},
    {"plugin in a hook", SIMPLE("plugin 'x' { }"), ORIGIN, "declared-late"},
    {"include in a hook", SIMPLE("include '_x.lua'"), ORIGIN, "declared-late"},
    {"file in a hook", SIMPLE("file 'x.txt'"), ORIGIN, "declared-late"},
    {"proxy in a hook", SIMPLE("proxy 'x'"), ORIGIN, "declared-late"},
    {"respond in a hook", SIMPLE("respond { }"), ORIGIN, "declared-late"},
    {"a declaration that load began",
     "local late = resource '/b'\nlate { handler = 'none' }\n" SIMPLE("late { }"), ORIGIN,
     "declared-late"},
    {"an upstream that load began",
     "local late = upstream 'b'\nlate { 'http://h' }\n" SIMPLE("late { }"), ORIGIN,
     "declared-late"},

    /* errors and bounds */
    {"an error", SIMPLE("error('x')"), ORIGIN, "script-error"},
    {"an error that is a table", SIMPLE("error({})"), ORIGIN, "script-error"},
    {"nil is indexed", SIMPLE("local t t.x = 1"), ORIGIN, "script-error"},
    {"an unknown name", SIMPLE("return denny 'x'"), ORIGIN, "global-undefined"},
    {"a loop without end", SIMPLE("while true do end"), ORIGIN, "budget-steps"},
    {"a loop that catches", SIMPLE("while true do pcall(error) end"), ORIGIN, "budget-steps"},
    {"work without end", SIMPLE("('a'):rep(300):find('.-.-.-.-b')"), ORIGIN, "budget-steps"},
    {"memory without end", SIMPLE("local s = 'x' while true do s = s .. s end"), ORIGIN,
     "budget-memory"},
    {"writing a table of the policy", "local t = {}\n" SIMPLE("t.x = 1"), ORIGIN, "state-kept"},
    {"writing a global", SIMPLE("x = 1"), ORIGIN, "state-kept"},
    {"assigning a variable of the policy", "local n = 0\n" SIMPLE("n = n + 1"), ORIGIN,
     "state-kept"},
};

static void what_functions_must_not_give_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct world world;
        world_open(&world, row->desc, row->text);
        bool is_preflight = strstr(row->fields, "Request-Method") != NULL;
        begin_log();
        world_decide(&world, is_preflight ? "OPTIONS /a" : "GET /a", row->fields);
        const char *log = end_log();
        if (row->code == NULL) {
            mg_expect_text(row->desc, log, "");
            mg_expect_true(row->desc, strcmp(world.decision.reason, "script-error") != 0);
        } else {
            char code[80];
            (void)snprintf(code, sizeof(code), "\"code\":\"%s\"", row->code);
            if (strstr(log, code) == NULL) {
                print_error("%s: %s\n", row->desc, log);
            }
            mg_expect_int(row->desc, count_of(log, code), 1);
            world_expect_script_error(&world);
            mg_expect_true(row->desc, world.at.file != NULL && world.at.line > 0);
            mg_expect_u64(row->desc, mg_runtime_counters(world.runtime).errors, 1);
            mg_expect_u64(row->desc, mg_runtime_counters(world.runtime).budget_kills,
                          strncmp(row->code, "budget-", 7) == 0);
        }
        world_close(&world);
    }
}

/* As it is in a server: what is bounded is time. */
static void a_loop_is_ended_by_the_clock(void **state)
{
    (void)state;
    struct world world;
    world_open_with(&world, "clock", SIMPLE("while true do pcall(error) end"),
                    &(const struct mg_script_budget){.max_cpu_ms = 2});
    begin_log();
    world_decide(&world, "GET /a", ORIGIN);
    const char *log = end_log();
    world_expect_script_error(&world);
    mg_expect_int("its code", count_of(log, "\"code\":\"budget-time\""), 1);
    mg_expect_u64("counted", mg_runtime_counters(world.runtime).budget_kills, 1);
    world_close(&world);
}

/* A rule without its functions' results must not be what decides after they failed. */
static void a_failure_is_refused_each_time_and_told_once(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "again",
               "resource '/a' { handler = 'none', cors = { origins = '*' },\n"
               "  simple = function(req)\n"
               "    error('a') end }\n");
    begin_log();
    for (int i = 0; i < 5; i++) {
        world_decide(&world, "GET /a", ORIGIN);
        world_expect_script_error(&world);
    }
    const char *log = end_log();
    mg_expect_int("told once", count_of(log, "hook failed"), 1);
    mg_expect_int("with its traceback", count_of(log, "p.lua:3"), 1);
    mg_expect_u64("counted", mg_runtime_counters(world.runtime).errors, 5);
    world_close(&world);
}

/* A place in front of a message is the script's word, and here the client's. */
static void clients_choose_no_causes(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "chosen", SIMPLE("error('p.lua:' .. req:header('X-Line') .. ': x', 0)"));
    begin_log();
    for (int i = 2; i <= 9; i++) {
        char fields[96];
        (void)snprintf(fields, sizeof(fields), ORIGIN "X-Line: %d\r\n", i);
        world_decide(&world, "GET /a", fields);
        world_expect_script_error(&world);
    }
    const char *log = end_log();
    mg_expect_int("told once", count_of(log, "hook failed"), 1);
    mg_expect_int("where it is", count_of(log, "\"line\":\"1\""), 1);
    mg_expect_int("what it says", count_of(log, "\"message\":\"p.lua:2: x\""), 1);
    world_close(&world);
}

/* Faults of different lines are different causes. */
static void many_causes_are_each_told(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "causes", R("cors = { origins = '*' }, simple = function() end"));
    begin_log();
    enum {
        CAUSES = 60 /* fewer than are remembered */
    };
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CAUSES; i++) {
            struct mg_script_fault fault = {.err = {.code = "script-error", .line = i + 1}};
            mg_runtime_report(world.runtime, "simple", &fault);
        }
    }
    const char *log = end_log();
    mg_expect_int("each once", count_of(log, "hook failed"), CAUSES);
    world_close(&world);
}

/* More causes than are told apart, in turn, so that each pushes out one that comes again. */
static void lines_of_faults_are_bounded(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "many", R("cors = { origins = '*' }, simple = function() end"));
    begin_log();
    enum {
        CAUSES = MG_RUNTIME_LOG_CAUSES + 6,
        ROUNDS = 30
    };
    struct mg_script_fault fault = {.err = {.code = "script-error"}};
    for (int i = 0; i < CAUSES * ROUNDS; i++) {
        fault.err.line = i % CAUSES + 1;
        mg_runtime_report(world.runtime, "simple", &fault);
    }
    /* An interval later. */
    world.runtime->logger.faults.interval_ms -= MG_RUNTIME_LOG_INTERVAL_MS;
    fault.err.line = CAUSES + 1;
    mg_runtime_report(world.runtime, "simple", &fault);
    const char *log = end_log();
    mg_expect_int("lines", count_of(log, "hook failed"), MG_RUNTIME_FAULT_LINES + 1);
    /* Six of each round, and what the cause that had to go has kept back. */
    char left_out[40];
    (void)snprintf(left_out, sizeof(left_out), "\"left_out\":\"%d\"",
                   (CAUSES - MG_RUNTIME_LOG_CAUSES) * ROUNDS + ROUNDS - 1);
    mg_expect_int("what was left out", count_of(log, "left_out"), 1);
    mg_expect_int("what was left out", count_of(log, left_out), 1);
    world_close(&world);
}

/* A list that a function gives is paid for by its bytes too. */
static void long_texts_cost(void **state)
{
    (void)state;
    uint64_t steps[2];
    for (int i = 0; i < 2; i++) {
        struct world world;
        world_open(&world, "long",
                   i == 0 ? "local s = 'x'\n" ORIGINS("{ s, s, s }")
                          : "local s = ('x'):rep(16000)\n" ORIGINS("{ s, s, s }"));
        begin_log();
        world_decide(&world, "GET /a", ORIGIN);
        (void)end_log();
        world_expect_script_error(&world);
        steps[i] = world.at.steps;
        world_close(&world);
    }
    mg_expect_true("three thousand more, twice read", steps[1] >= steps[0] + 6000);
}

static void log_lines_of_hooks_are_bounded(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "log",
               R("cors = { origins = '*' }, simple = function(req)\n"
                 "  for i = 1, 50 do log('line', i, req.path, true, nil, {}) end end"));
    begin_log();
    world_decide(&world, "GET /a", ORIGIN);
    world_decide(&world, "GET /a", ORIGIN);
    const char *log = end_log();
    world_expect(&world, MG_VERDICT_ALLOW, 0, "simple-allowed");
    mg_expect_int("twenty lines", count_of(log, "policy says"), 20);
    mg_expect_int("what is said", count_of(log, "\"message\":\"line 7 /a true nil table\""), 1);
    mg_expect_int("where", count_of(log, "\"line\":\"2\""), 20);
    world_close(&world);
}

/* What one exchange did, whatever it was, is not there for the next. */
static void nothing_passes_to_the_next_exchange(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "state",
               "local seen\nlocal list = { '" A "' }\n"
               "resource '/assign' { handler = 'none', simple = function() seen = 'x' end }\n"
               "resource '/look' { handler = 'none', simple = function()\n"
               "  if seen then return deny 'seen' end end }\n"
               "resource '/ctx' { handler = 'none', simple = function(req)\n"
               "  if req.ctx.seen then return deny 'seen' end req.ctx.seen = true end }\n"
               "resource '/list' { handler = 'none', cors = { origins = function(req)\n"
               "  pcall(function() list[2] = req.origin end) return list end } }\n");
    for (int i = 0; i < 2; i++) {
        world_decide(&world, "GET /assign", ORIGIN);
        world_expect_script_error(&world);
        world_decide(&world, "GET /look", ORIGIN);
        world_expect(&world, MG_VERDICT_DENY, 0, "no-rule");
        world_decide(&world, "GET /ctx", ORIGIN);
        world_expect(&world, MG_VERDICT_DENY, 0, "no-rule");
        world_decide(&world, "GET /list", "Origin: https://b.example\r\n");
        world_expect(&world, MG_VERDICT_DENY, 0, "origin-denied");
    }
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_functions_must_not_give_is_refused),
        cmocka_unit_test(a_loop_is_ended_by_the_clock),
        cmocka_unit_test(a_failure_is_refused_each_time_and_told_once),
        cmocka_unit_test(clients_choose_no_causes),
        cmocka_unit_test(many_causes_are_each_told),
        cmocka_unit_test(lines_of_faults_are_bounded),
        cmocka_unit_test(long_texts_cost),
        cmocka_unit_test(log_lines_of_hooks_are_bounded),
        cmocka_unit_test(nothing_passes_to_the_next_exchange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
