/* test_runtime_decide.c - functions and hooks decide: what each may say, and what comes of it.
 * */
#include "runtime_world.h"

#define A               "https://a.example"
#define ORIGIN          "Origin: " A "\r\n"
#define FROM(origin)    "Origin: " origin "\r\n"
#define ASKS(method)    "Access-Control-Request-Method: " method "\r\n"
#define ASKS_FOR(names) "Access-Control-Request-Headers: " names "\r\n"
#define JSON            "Content-Type: application/json\r\n"
#define ACAO            "Access-Control-Allow-Origin: "
#define ALL             "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n"

/* A policy, a request, and the outcome. */
struct row {
    const char *desc;
    const char *text;
    const char *line;
    const char *fields;
    enum mg_verdict verdict;
    unsigned status;
    const char *reason;
    const char *answer; /* its CORS fields; NULL: any */
};

#define R(fields) "resource '/a' { handler = 'none', " fields " }"

static const struct row functions[] = {
    {"origins: a list with the origin",
     R("cors = { origins = function() return { 'https://b.example', '" A "' } end }"), "GET /a",
     ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO A "\r\n"},
    {"origins: a list without it",
     R("cors = { origins = function() return { 'https://b.example' } end }"), "GET /a", ORIGIN,
     MG_VERDICT_DENY, 0, "origin-denied", ""},
    {"origins: no list of any", R("cors = { origins = function() return { } end }"), "GET /a",
     ORIGIN, MG_VERDICT_DENY, 0, "origin-denied", ""},
    {"origins: a pattern",
     R("cors = { origins = function() return { 'https://*.example' } end }"), "GET /a", ORIGIN,
     MG_VERDICT_ALLOW, 0, "simple-allowed", NULL},
    {"origins: everybody", R("cors = { origins = function() return '*' end }"), "GET /a",
     ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO A "\r\n"},
    {"origins: everybody, and out of form", R("cors = { origins = function() return '*' end }"),
     "GET /a", FROM("https://a.example/"), MG_VERDICT_DENY, 0, "origin-malformed", ""},
    {"origins: null is not in the list",
     R("cors = { origins = function() return { '" A "' } end }"), "GET /a", FROM("null"),
     MG_VERDICT_DENY, 0, "origin-null-denied", ""},
    {"origins: null is in the list", R("cors = { origins = function() return { 'null' } end }"),
     "GET /a", FROM("null"), MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO "null\r\n"},
    {"origins: a preflight",
     R("cors = { credentials = true, max_age = 5, origins = function() return { '" A
       "' } end }"),
     "OPTIONS /a", ORIGIN ASKS("PUT"), MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO A "\r\nAccess-Control-Allow-Credentials: true\r\n" ALL
            "Access-Control-Max-Age: 5\r\n"},
    {"origins: a denied preflight", R("cors = { origins = function() return { } end }"),
     "OPTIONS /a", ORIGIN ASKS("PUT"), MG_VERDICT_DENY, 403, "origin-denied", ""},
    {"origins: rejected",
     R("cors = { on_denied = 'reject', origins = function() return { } end }"), "GET /a",
     ORIGIN, MG_VERDICT_DENY, 403, "origin-denied", ""},
    {"origins: plain OPTIONS", R("cors = { origins = function() return { '" A "' } end }"),
     "OPTIONS /a", ORIGIN, MG_VERDICT_ALLOW, 0, "options-discovery", ACAO A "\r\n"},
    {"origins: same-origin is asked too, since Host is a guess",
     R("cors = { origins = function() return { 'https://api.example' } end }"), "GET /a",
     FROM("https://api.example"), MG_VERDICT_NOT_CORS, 0, "same-origin",
     ACAO "https://api.example\r\n"},
    {"origins: no Origin asks nobody", R("cors = { origins = function() error('asked') end }"),
     "GET /a", "", MG_VERDICT_NOT_CORS, 0, "no-origin", ""},
    {"origins: out of form asks nobody",
     R("cors = { origins = function() error('asked') end }"), "GET /a", FROM("x"),
     MG_VERDICT_DENY, 0, "origin-malformed", ""},
    {"origins: two Origins ask nobody", R("cors = { origins = function() error('asked') end }"),
     "GET /a", ORIGIN ORIGIN, MG_VERDICT_DENY, 0, "origin-malformed", ""},
    {"origins: a bad preflight asks nobody",
     R("cors = { origins = function() error('asked') end }"), "OPTIONS /a", ORIGIN ASKS("a b"),
     MG_VERDICT_DENY, 400, "acrm-malformed", ""},
    {"origins: by a parameter",
     "local tenants = { acme = { '" A "' } }\n"
     "resource '/t/{t}' { handler = 'none', cors = { credentials = true,\n"
     "  origins = function(req) return tenants[req.params.t] or {} end } }",
     "GET /t/acme", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed",
     ACAO A "\r\nAccess-Control-Allow-Credentials: true\r\n"},
    {"origins: by a parameter, of nobody",
     "local tenants = { acme = { '" A "' } }\n"
     "resource '/t/{t}' { handler = 'none', cors = { credentials = true,\n"
     "  origins = function(req) return tenants[req.params.t] or {} end } }",
     "GET /t/evil", ORIGIN, MG_VERDICT_DENY, 0, "origin-denied", ""},

    {"methods: what is asked for",
     R("cors = { origins = '*', methods = function() return { 'PUT' } end }"), "OPTIONS /a",
     ORIGIN ASKS("PUT"), MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO "*\r\nAccess-Control-Allow-Methods: PUT, GET, HEAD, POST\r\n"},
    {"methods: something else",
     R("cors = { origins = '*', methods = function() return { 'PATCH' } end }"), "OPTIONS /a",
     ORIGIN ASKS("PUT"), MG_VERDICT_DENY, 204, "method-denied",
     ACAO "*\r\nAccess-Control-Allow-Methods: PATCH, GET, HEAD, POST\r\n"},
    {"methods: any", R("cors = { origins = '*', methods = function() return '*' end }"),
     "OPTIONS /a", ORIGIN ASKS("BREW"), MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO "*\r\nAccess-Control-Allow-Methods: *\r\n"},
    {"methods: any, with credentials",
     R("cors = { origins = { '" A "' }, credentials = true, methods = function() return '*' "
       "end }"),
     "OPTIONS /a", ORIGIN ASKS("BREW"), MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO A "\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Methods: GET, "
            "HEAD, POST, PUT, PATCH, DELETE, BREW\r\n"},
    {"methods: a denied origin asks nobody",
     R("cors = { origins = { 'https://b.example' }, methods = function() error('asked') end }"),
     "OPTIONS /a", ORIGIN ASKS("PUT"), MG_VERDICT_DENY, 403, "origin-denied", ""},
    {"methods: an actual request asks nobody",
     R("cors = { origins = '*', methods = function() error('asked') end }"), "PUT /a", ORIGIN,
     MG_VERDICT_ALLOW, 0, "simple-allowed", NULL},
    {"methods: under reject an actual request is judged",
     R("cors = { origins = { '" A "' }, on_denied = 'reject', methods = function() return { "
       "'PATCH' } end }"),
     "PUT /a", ORIGIN, MG_VERDICT_DENY, 403, "method-denied", NULL},
    {"methods: under reject an actual request is allowed",
     R("cors = { origins = { '" A "' }, on_denied = 'reject', methods = function() return { "
       "'PUT' } end }"),
     "PUT /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed", NULL},
    {"methods: under reject GET asks nobody",
     R("cors = { origins = { '" A "' }, on_denied = 'reject', methods = function() "
       "error('asked') end }"),
     "GET /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed", NULL},

    {"headers: what is asked for",
     R("cors = { origins = '*', methods = { 'GET', 'POST' }, headers = function(req) return { "
       "'X-A', 'X-' .. req.params.x } end },"
       " methods = { 'GET', 'POST' } }\nresource '/{x}' { handler = 'none', methods = { 'GET' "
       "}, cors = { origins = '*', headers = function(req) return { 'X-' .. req.params.x } end "
       "}"),
     "OPTIONS /b", ORIGIN ASKS("GET") ASKS_FOR("x-b"), MG_VERDICT_ALLOW, 204,
     "preflight-allowed",
     ACAO "*\r\nAccess-Control-Allow-Methods: GET, HEAD\r\nAccess-Control-Allow-Headers: "
          "X-b\r\n"},
    {"headers: something else",
     R("methods = { 'GET' }, cors = { origins = '*', headers = function() return { 'X-A' } end "
       "}"),
     "OPTIONS /a", ORIGIN ASKS("GET") ASKS_FOR("x-b"), MG_VERDICT_DENY, 204, "header-denied",
     ACAO "*\r\nAccess-Control-Allow-Methods: GET, HEAD\r\nAccess-Control-Allow-Headers: "
          "X-A\r\n"},
    {"all three",
     R("methods = { 'GET', 'PUT' }, cors = { credentials = true,\n"
       "  origins = function() return { '" A "' } end,\n"
       "  methods = function() return { 'PUT' } end,\n"
       "  headers = function() return { 'X-A' } end }"),
     "OPTIONS /a", ORIGIN ASKS("PUT") ASKS_FOR("x-a"), MG_VERDICT_ALLOW, 204,
     "preflight-allowed",
     ACAO A "\r\nAccess-Control-Allow-Credentials: true\r\n"
            "Access-Control-Allow-Methods: PUT, GET, HEAD\r\n"
            "Access-Control-Allow-Headers: X-A\r\n"},
};

#define LISTED "cors = { origins = { '" A "' } }, "
#define PUBLIC "cors = { origins = '*' }, "

static const struct row hooks[] = {
    {"nil leaves it to the rule", R(LISTED "simple = function() end"), "GET /a", ORIGIN,
     MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO A "\r\n"},
    {"simple denies", R(LISTED "simple = function() return deny 'must-be-preflighted' end"),
     "POST /a", ORIGIN, MG_VERDICT_DENY, 403, "must-be-preflighted", ""},
    {"simple is not asked of preflighted requests",
     R(LISTED "simple = function() return deny 'x' end"), "POST /a", ORIGIN JSON,
     MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO A "\r\n"},
    {"simple is not asked of preflights", R(LISTED "simple = function() return deny 'x' end"),
     "OPTIONS /a", ORIGIN ASKS("PUT"), MG_VERDICT_ALLOW, 204, "preflight-allowed", NULL},
    {"simple is not asked without Origin", R(LISTED "simple = function() return deny 'x' end"),
     "GET /a", "", MG_VERDICT_NOT_CORS, 0, "no-origin", ""},
    {"simple is not asked of same-origin requests",
     R(LISTED "simple = function() return deny 'x' end"), "GET /a", FROM("https://api.example"),
     MG_VERDICT_NOT_CORS, 0, "same-origin", ""},
    {"simple is asked whatever the origin", R(LISTED "simple = function() return deny 'x' end"),
     "GET /a", FROM("https://evil.example"), MG_VERDICT_DENY, 403, "x", ""},
    {"simple is asked of an Origin out of form",
     R(LISTED "simple = function() return deny 'x' end"), "GET /a", FROM("nonsense"),
     MG_VERDICT_DENY, 403, "x", ""},
    {"simple denies for everybody", R(PUBLIC "simple = function() return deny 'x' end"),
     "GET /a", ORIGIN, MG_VERDICT_DENY, 403, "x", ""},
    {"simple denies without a rule", R("simple = function() return deny 'x' end"), "POST /a",
     ORIGIN, MG_VERDICT_DENY, 403, "x", ""},
    {"without a rule nil is no rule", R("simple = function() end"), "POST /a", ORIGIN,
     MG_VERDICT_DENY, 0, "no-rule", ""},
    {"preflighted denies", R(LISTED "preflighted = function() return deny 'x' end"), "PUT /a",
     ORIGIN, MG_VERDICT_DENY, 403, "x", ""},
    {"preflighted is not asked of simple requests",
     R(LISTED "preflighted = function() return deny 'x' end"), "GET /a", ORIGIN,
     MG_VERDICT_ALLOW, 0, "simple-allowed", NULL},
    {"preflight denies", R(LISTED "preflight = function() return deny 'tenant-frozen' end"),
     "OPTIONS /a", ORIGIN ASKS("PUT"), MG_VERDICT_DENY, 403, "tenant-frozen", ""},
    {"preflight is not asked of plain OPTIONS",
     R(LISTED "preflight = function() return deny 'x' end"), "OPTIONS /a", ORIGIN,
     MG_VERDICT_ALLOW, 0, "options-discovery", NULL},
    {"preflight is not asked of what is out of form",
     R(LISTED "preflight = function() return deny 'x' end"), "OPTIONS /a",
     ORIGIN ASKS("PUT") ASKS_FOR("a b"), MG_VERDICT_DENY, 400, "acrh-malformed", ""},
    {"a reason that the engine gives for denials",
     R(LISTED "simple = function() return deny 'origin-denied' end"), "GET /a", ORIGIN,
     MG_VERDICT_DENY, 403, "origin-denied", ""},
    {"a reason with digits", R(LISTED "simple = function() return deny 'tier-2-only' end"),
     "GET /a", ORIGIN, MG_VERDICT_DENY, 403, "tier-2-only", ""},

    {"allow without a word is the rule", R(LISTED "simple = function() return allow {} end"),
     "GET /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO A "\r\n"},
    {"allow without a word does not widen", R(LISTED "simple = function() return allow {} end"),
     "GET /a", FROM("https://evil.example"), MG_VERDICT_DENY, 0, "origin-denied", ""},
    {"allow origins",
     R(LISTED "simple = function() return allow { origins = { "
              "'https://b.example' } } end"),
     "GET /a", FROM("https://b.example"), MG_VERDICT_ALLOW, 0, "simple-allowed",
     ACAO "https://b.example\r\n"},
    {"allow origins takes the place of the rule's",
     R(LISTED "simple = function() return allow { origins = { 'https://b.example' } } end"),
     "GET /a", ORIGIN, MG_VERDICT_DENY, 0, "origin-denied", ""},
    {"allow origins of a public rule narrows it",
     R(PUBLIC "simple = function() return allow { origins = { 'https://b.example' } } end"),
     "GET /a", ORIGIN, MG_VERDICT_DENY, 0, "origin-denied", ""},
    {"allow origins of a public rule echoes",
     R(PUBLIC "simple = function() return allow { origins = { '" A "' } } end"), "GET /a",
     ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO A "\r\n"},
    {"allow everybody", R(LISTED "simple = function() return allow { origins = '*' } end"),
     "GET /a", FROM("https://b.example"), MG_VERDICT_ALLOW, 0, "simple-allowed",
     ACAO "https://b.example\r\n"},
    {"allow origins where there is no rule",
     R("simple = function() return allow { origins = { '" A "' } } end"), "GET /a", ORIGIN,
     MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO A "\r\n"},
    {"allow something else where there is no rule",
     R("simple = function() return allow { expose = { 'ETag' } } end"), "GET /a", ORIGIN,
     MG_VERDICT_DENY, 0, "origin-denied", ""},
    {"allow nothing where there is no rule", R("simple = function() return allow {} end"),
     "GET /a", ORIGIN, MG_VERDICT_DENY, 0, "origin-denied", ""},
    {"allow methods",
     R(LISTED "preflight = function() return allow { methods = { 'PUT' } } end"), "OPTIONS /a",
     ORIGIN ASKS("PUT"), MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO A "\r\nAccess-Control-Allow-Methods: PUT, GET, HEAD, POST\r\n"},
    {"allow methods without the one asked for",
     R(LISTED "preflight = function() return allow { methods = { 'PUT' } } end"), "OPTIONS /a",
     ORIGIN ASKS("DELETE"), MG_VERDICT_DENY, 204, "method-denied",
     ACAO A "\r\nAccess-Control-Allow-Methods: PUT, GET, HEAD, POST\r\n"},
    {"allow headers",
     R(LISTED "preflight = function() return allow { headers = { 'X-A' } } end"), "OPTIONS /a",
     ORIGIN ASKS("PUT") ASKS_FOR("x-a"), MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO A "\r\n" ALL "Access-Control-Allow-Headers: X-A\r\n"},
    {"allow headers without the one asked for",
     R(LISTED "preflight = function() return allow { headers = { 'X-B' } } end"), "OPTIONS /a",
     ORIGIN ASKS("PUT") ASKS_FOR("x-a"), MG_VERDICT_DENY, 204, "header-denied", NULL},
    {"allow expose", R(LISTED "simple = function() return allow { expose = { 'ETag' } } end"),
     "GET /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed",
     ACAO A "\r\nAccess-Control-Expose-Headers: ETag\r\n"},
    {"allow credentials",
     R(LISTED "simple = function() return allow { credentials = true } end"), "GET /a", ORIGIN,
     MG_VERDICT_ALLOW, 0, "simple-allowed",
     ACAO A "\r\nAccess-Control-Allow-Credentials: true\r\n"},
    {"allow no credentials",
     R("cors = { origins = { '" A "' }, credentials = true },"
       " simple = function() return allow { credentials = false } end"),
     "GET /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO A "\r\n"},
    {"allow max_age", R(LISTED "preflight = function() return allow { max_age = 9 } end"),
     "OPTIONS /a", ORIGIN ASKS("PUT"), MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO A "\r\n" ALL "Access-Control-Max-Age: 9\r\n"},
    {"allow status", R(LISTED "preflight = function() return allow { status = 200 } end"),
     "OPTIONS /a", ORIGIN ASKS("PUT"), MG_VERDICT_ALLOW, 200, "preflight-allowed", NULL},
    {"allow several with credentials for listed origins",
     R("simple = function() return allow { origins = { '" A "' }, credentials = true, expose = "
       "{ 'ETag' } } end"),
     "GET /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed",
     ACAO A "\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: "
            "ETag\r\n"},
    {"allow leaves on_denied as it is",
     R("cors = { origins = { '" A "' }, on_denied = 'reject' }, simple = function() return "
       "allow { expose = { 'ETag' } } end"),
     "GET /a", FROM("https://b.example"), MG_VERDICT_DENY, 403, "origin-denied", ""},
    {"allow and the other functions: origins stays a function",
     R("cors = { origins = function() return { '" A "' } end }, simple = function() return "
       "allow { credentials = true } end"),
     "GET /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed",
     ACAO A "\r\nAccess-Control-Allow-Credentials: true\r\n"},
    {"allow and the other functions: what is named is not asked",
     R("cors = { origins = function() error('asked') end, headers = function() error('asked') "
       "end }, preflight = function() return allow { origins = { '" A
       "' }, headers = { 'X-A' } } end"),
     "OPTIONS /a", ORIGIN ASKS("GET") ASKS_FOR("x-a"), MG_VERDICT_ALLOW, 204,
     "preflight-allowed", NULL},
    {"allow a table that was made at load",
     "local answer = { origins = { '" A
     "' }, credentials = true }\n" R("simple = function() return allow(answer) end"),
     "GET /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed",
     ACAO A "\r\nAccess-Control-Allow-Credentials: true\r\n"},
    {"allow with lists that were made at load",
     "local names = { 'PUT', 'GET', 'POST' }\n" R(
         LISTED "preflight = function() return allow { methods = names, headers = names } end"),
     "OPTIONS /a", ORIGIN ASKS("PUT") ASKS_FOR("get"), MG_VERDICT_ALLOW, 204,
     "preflight-allowed",
     ACAO A "\r\nAccess-Control-Allow-Methods: PUT, GET, POST, HEAD\r\n"
            "Access-Control-Allow-Headers: PUT, GET, POST\r\n"},
    {"deny wins over an allow that was made before",
     R(LISTED "simple = function() local v = allow {} return deny 'x' end"), "GET /a", ORIGIN,
     MG_VERDICT_DENY, 403, "x", ""},
    {"hooks share what an exchange holds",
     R("cors = { origins = function(req) return { req.ctx.who } end }, simple = function(req) "
       "req.ctx.who = '" A "' end"),
     "GET /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed", ACAO A "\r\n"},
    {"a hook sees the kind",
     R(LISTED "preflighted = function(req) return deny('kind-' .. req.kind) end"), "PUT /a",
     ORIGIN, MG_VERDICT_DENY, 403, "kind-preflighted", ""},
    {"a misuse that is caught",
     R(LISTED "simple = function(req) local ok = pcall(deny, 5) if not ok then return deny "
              "'caught' end end"),
     "GET /a", ORIGIN, MG_VERDICT_DENY, 403, "caught", ""},

    {"classify leaves it", R(LISTED "classify = function() end"), "GET /a", ORIGIN,
     MG_VERDICT_ALLOW, 0, "simple-allowed", NULL},
    {"classify says what it is", R(LISTED "classify = function(req) return req.kind end"),
     "GET /a", ORIGIN, MG_VERDICT_ALLOW, 0, "simple-allowed", NULL},
    {"same-origin becomes simple",
     R(LISTED "classify = function() return 'simple' end, simple = function(req) return "
              "deny('is-' .. req.kind) end"),
     "GET /a", FROM("https://api.example"), MG_VERDICT_DENY, 403, "is-simple", ""},
    {"simple becomes preflighted",
     R(LISTED "classify = function() return 'preflighted' end, preflighted = function() return "
              "deny 'x' end"),
     "GET /a", ORIGIN, MG_VERDICT_DENY, 403, "x", ""},
    {"preflighted becomes simple",
     R(LISTED
       "classify = function() return 'simple' end, simple = function() return deny 'x' end"),
     "PUT /a", ORIGIN, MG_VERDICT_DENY, 403, "x", ""},
    {"preflight becomes options",
     R(LISTED "classify = function() return 'options' end, preflight = function() return deny "
              "'x' end"),
     "OPTIONS /a", ORIGIN ASKS("PUT"), MG_VERDICT_ALLOW, 0, "options-discovery", ACAO A "\r\n"},
    {"classify is not asked without Origin", R(LISTED "classify = function() error('x') end"),
     "GET /a", "", MG_VERDICT_NOT_CORS, 0, "no-origin", ""},
    {"classify is not asked of plain OPTIONS", R(LISTED "classify = function() error('x') end"),
     "OPTIONS /a", ORIGIN, MG_VERDICT_ALLOW, 0, "options-discovery", NULL},
};

static void expect_row(const struct row *row)
{
    struct world world;
    world_open(&world, row->desc, row->text);
    world_decide(&world, row->line, row->fields);
    world_expect(&world, row->verdict, row->status, row->reason);
    if (row->answer != NULL) {
        mg_expect_text(row->desc, world.fields, row->answer);
    }
    mg_expect_true(row->desc, world.decision.varies);
    mg_expect_int(row->desc, world.request.kind, world.decision.kind);
    world_close(&world);
}

static void lists_come_of_functions(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(functions); i++) {
        expect_row(&functions[i]);
    }
}

static void hooks_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(hooks); i++) {
        expect_row(&hooks[i]);
    }
}

static void what_functions_have_a_part_in_varies_by_origin(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "vary", R(PUBLIC "simple = function() end"));
    world_decide(&world, "GET /a", "");
    mg_expect_str("public, without Origin", mg_cors_vary(&world.decision), MG_STR("Origin"));
    world_decide(&world, "OPTIONS /a", ORIGIN ASKS("PUT"));
    mg_expect_str("preflight", mg_cors_vary(&world.decision),
                  MG_STR("Origin, Access-Control-Request-Method, "
                         "Access-Control-Request-Headers"));
    world_close(&world);
    world_open(&world, "vary", R("simple = function() return deny 'x' end"));
    world_decide(&world, "GET /a", ORIGIN);
    mg_expect_str("no rule", mg_cors_vary(&world.decision), MG_STR("Origin"));
    world_close(&world);
}

static void a_decision_has_its_line(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "lines",
               "local function no()\n"
               "  return deny 'x'\n"
               "end\n"
               "resource '/deny' { simple = function()\n"
               "  return no()\n"
               "end, handler = 'none' }\n"
               "resource '/allow' { simple = function()\n"
               "  local x = 1\n"
               "  return allow { origins = '*' }\n"
               "end, handler = 'none' }\n"
               "resource '/rule' { handler = 'none', simple = function() end,\n"
               "  cors = { origins = '*' } }\n"
               "resource '/function' { handler = 'none',\n"
               "  cors = { origins = function() return '*' end } }\n"
               "resource '/error' { simple = function()\n"
               "  error('x') end, handler = 'none' }\n"
               "resource '/list' { handler = 'none',\n"
               "  cors = { origins = function() return { 'x' } end } }\n");
    static const struct {
        const char *line;
        const char *file;
        int at;
    } rows[] = {
        {"GET /deny", "p.lua", 2},      {"GET /allow", "p.lua", 9},  {"GET /rule", NULL, 0},
        {"GET /function", "p.lua", 13}, {"GET /error", "p.lua", 16}, {"GET /list", "p.lua", 17},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        world_decide(&world, rows[i].line, ORIGIN);
        mg_expect_text(rows[i].line, world.at.file, rows[i].file);
        mg_expect_int(rows[i].line, world.at.line, rows[i].at);
    }
    world_close(&world);
}

static void functions_may_be_shared(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "shared",
               "local function who(req) return { 'https://' .. req.params.who .. '.example' } "
               "end\n"
               "for _, name in ipairs { 'x', 'y' } do\n"
               "  resource('/' .. name .. '/{who}') { handler = 'none',\n"
               "    cors = { origins = who }, simple = name == 'x' and function() return deny "
               "'x' end or nil }\n"
               "end\n"
               "default { handler = 'none', cors = { origins = '*' } }\n");
    world_decide(&world, "GET /y/a", ORIGIN);
    world_expect(&world, MG_VERDICT_ALLOW, 0, "simple-allowed");
    world_decide(&world, "GET /x/a", ORIGIN);
    world_expect(&world, MG_VERDICT_DENY, 403, "x");
    world_decide(&world, "PUT /x/b", ORIGIN);
    world_expect(&world, MG_VERDICT_DENY, 0, "origin-denied");
    struct mg_route route;
    mg_policy_set_route(world.set, MG_STR("h"), MG_STR("/z"), &route);
    mg_expect_int("without functions", route.resource->functions, 0);
    mg_expect_true("without functions", route.resource->base == NULL);
    mg_expect_u64("calls", mg_runtime_counters(world.runtime).calls, 3);
    mg_expect_u64("errors", mg_runtime_counters(world.runtime).errors, 0);
    world_close(&world);
}

static void a_set_without_functions_needs_no_lua(void **state)
{
    (void)state;
    struct mg_policy_set *set = load_good("plain", R(PUBLIC), NULL);
    mg_expect_true("plain", !mg_policy_set_needs_lua(set));
    mg_policy_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_come_of_functions),
        cmocka_unit_test(hooks_decide),
        cmocka_unit_test(what_functions_have_a_part_in_varies_by_origin),
        cmocka_unit_test(a_decision_has_its_line),
        cmocka_unit_test(functions_may_be_shared),
        cmocka_unit_test(a_set_without_functions_needs_no_lua),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
