/* test_known.c - constants made by allow { … } while a policy loads, and lists that are known
 * from before: each resource judges them by itself, and the second time says what the first
 * said. */
#include "runtime_world.h"

#define A               "https://a.example"
#define B               "https://b.example"
#define FROM(origin)    "Origin: " origin "\r\n"
#define ASKS(method)    "Access-Control-Request-Method: " method "\r\n"
#define ASKS_FOR(names) "Access-Control-Request-Headers: " names "\r\n"
#define ACAO            "Access-Control-Allow-Origin: "
#define METHODS         "Access-Control-Allow-Methods: "
#define HEADERS         "Access-Control-Allow-Headers: "
#define CREDENTIALS     "Access-Control-Allow-Credentials: true\r\n"

enum {
    ROUNDS = 3 /* the first makes what the others look up */
};

static const char policy[] =
    "local methods, headers = { 'PUT', 'BREW' }, { 'X-A', 'X-B' }\n"
    "local fields = { origins = { '" A "' }, methods = methods, headers = headers,\n"
    "                 credentials = true, max_age = 5 }\n"
    "local GRANT = allow(fields)\n"
    "fields.origins[1], fields.max_age = 'https://evil.example', 9\n"
    "local PLAIN = allow { origins = { 'http://a.example' } }\n"
    "local function grant() return GRANT end\n"
    "local function plain() return PLAIN end\n"
    "local function listed(req) return allow { origins = { '" A "' }, methods = methods } end\n"
    "resource '/one' { handler = 'none', methods = { 'PUT', 'BREW' }, preflight = grant }\n"
    "resource '/two' { handler = 'none', methods = { 'GET', 'POST' }, preflight = grant,\n"
    "  cors = { origins = { '" B "' }, expose = { 'X-C' } } }\n"
    "resource '/l1' { handler = 'none', methods = { 'PUT', 'BREW' }, preflight = listed }\n"
    "resource '/l2' { handler = 'none', methods = { 'GET', 'PUT' }, preflight = listed }\n"
    "resource '/m1' { handler = 'none', methods = { 'GET' },\n"
    "  cors = { origins = '*', methods = function() return methods end } }\n"
    "resource '/m2' { handler = 'none', methods = { 'POST' },\n"
    "  cors = { origins = '*', methods = function() return methods end } }\n"
    "resource '/age/{n}' { handler = 'none', methods = { 'PUT' }, preflight = function(req)\n"
    "  return allow { origins = { '" A "' }, methods = methods,\n"
    "                 max_age = #req.params.n } end }\n"
    "resource '/secure' { handler = 'none', preflight = plain,\n"
    "  cors = { origins = { '" A "' }, credentials = true } }\n"
    "resource '/insecure' { handler = 'none', methods = { 'PUT' }, preflight = plain,\n"
    "  cors = { origins = { '" A "' }, credentials = true, insecure = true } }\n"
    "resource '/lost' { handler = 'none', preflight = function()\n"
    "  local _ = deny 'lost'\n  return GRANT end }\n"
    "resource '/names' { handler = 'none', preflight = function()\n"
    "  return allow { origins = headers } end }\n"
    "resource '/both' { handler = 'none', preflight = function(req)\n"
    "  return allow { origins = { '" A "' }, headers = headers, methods = headers } end }\n";

static const struct {
    const char *desc;
    const char *line;
    const char *fields;
    enum mg_verdict verdict;
    unsigned status;
    const char *reason;
    const char *answer;
} rows[] = {
    {"a constant", "OPTIONS /one", FROM(A) ASKS("PUT") ASKS_FOR("x-a"), MG_VERDICT_ALLOW, 204,
     "preflight-allowed",
     ACAO A "\r\n" CREDENTIALS METHODS "PUT, BREW\r\n" HEADERS
            "X-A, X-B\r\nAccess-Control-Max-Age: 5\r\n"},
    {"a constant, another header", "OPTIONS /one", FROM(A) ASKS("PUT") ASKS_FOR("x-c"),
     MG_VERDICT_DENY, 204, "header-denied",
     ACAO A "\r\n" CREDENTIALS METHODS "PUT, BREW\r\n" HEADERS
            "X-A, X-B\r\nAccess-Control-Max-Age: 5\r\n"},
    {"a constant, another origin", "OPTIONS /one", FROM(B) ASKS("PUT"), MG_VERDICT_DENY, 403,
     "origin-denied", ""},
    {"a constant is what it was when it was made", "OPTIONS /one",
     FROM("https://evil.example") ASKS("PUT"), MG_VERDICT_DENY, 403, "origin-denied", ""},
    {"a constant, a malformed origin", "OPTIONS /one", FROM(A "/") ASKS("PUT"), MG_VERDICT_DENY,
     403, "origin-malformed", ""},
    {"the same constant, methods that the resource lacks", "OPTIONS /two", FROM(A) ASKS("BREW"),
     MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO A "\r\n" CREDENTIALS METHODS "PUT, BREW, GET, POST, HEAD\r\n" HEADERS
            "X-A, X-B\r\nAccess-Control-Max-Age: 5\r\n"},
    {"the same constant in place of the declared origins", "OPTIONS /two", FROM(B) ASKS("GET"),
     MG_VERDICT_DENY, 403, "origin-denied", ""},
    {"a list", "OPTIONS /l1", FROM(A) ASKS("PUT"), MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO A "\r\n" METHODS "PUT, BREW\r\n"},
    {"the same list, another resource", "OPTIONS /l2", FROM(A) ASKS("PUT"), MG_VERDICT_ALLOW,
     204, "preflight-allowed", ACAO A "\r\n" METHODS "PUT, BREW, GET, HEAD\r\n"},
    {"a list of a function", "OPTIONS /m1", FROM(A) ASKS("PUT"), MG_VERDICT_ALLOW, 204,
     "preflight-allowed", ACAO "*\r\n" METHODS "PUT, BREW, GET, HEAD\r\n"},
    {"the same list of another's", "OPTIONS /m2", FROM(A) ASKS("PUT"), MG_VERDICT_ALLOW, 204,
     "preflight-allowed", ACAO "*\r\n" METHODS "PUT, BREW, POST\r\n"},
    {"a constant with http, where that is a fault", "OPTIONS /secure",
     FROM("http://a.example") ASKS("PUT"), MG_VERDICT_DENY, 403, "script-error", ""},
    {"a constant with http, where that is meant", "OPTIONS /insecure",
     FROM("http://a.example") ASKS("PUT"), MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO "http://a.example\r\n" CREDENTIALS METHODS "PUT\r\n"},
    {"a deny is lost for a constant", "OPTIONS /lost", FROM(A) ASKS("PUT"), MG_VERDICT_DENY,
     403, "script-error", ""},
    {"a list of names is no list of origins", "OPTIONS /names", FROM(A) ASKS("PUT"),
     MG_VERDICT_DENY, 403, "script-error", ""},
    {"one list for two fields", "OPTIONS /both", FROM(A) ASKS("X-B") ASKS_FOR("x-b"),
     MG_VERDICT_ALLOW, 204, "preflight-allowed",
     ACAO A "\r\n" METHODS "X-A, X-B, GET, HEAD, POST\r\n" HEADERS "X-A, X-B\r\n"},
};

static void the_second_time_says_what_the_first_said(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "known", policy);
    uint64_t steps[MG_COUNT(rows)] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < MG_COUNT(rows); i++) {
            world.desc = rows[i].desc;
            world_decide(&world, rows[i].line, rows[i].fields);
            world_expect(&world, rows[i].verdict, rows[i].status, rows[i].reason);
            mg_expect_text(rows[i].desc, world.fields, rows[i].answer);
            steps[i] = round == 0 ? world.at.steps : steps[i];
            mg_expect_u64(rows[i].desc, world.at.steps, steps[i]);
        }
    }
    world_close(&world);
}

static void a_constant_decides_at_the_line_that_made_it(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "place", policy);
    for (int round = 0; round < ROUNDS; round++) {
        static const struct {
            const char *line;
            int at;
        } places[] = {{"OPTIONS /one", 4}, {"OPTIONS /two", 4}, {"OPTIONS /secure", 6}};
        for (size_t i = 0; i < MG_COUNT(places); i++) {
            world_decide(&world, places[i].line, FROM(A) ASKS("PUT"));
            mg_expect_text(places[i].line, world.at.file, "p.lua");
            mg_expect_int(places[i].line, world.at.line, places[i].at);
        }
    }
    world_close(&world);
}

/* More different rules than are kept. */
static void what_finds_no_room_is_decided_all_the_same(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, "many", policy);
    for (int round = 0; round < ROUNDS; round++) {
        for (int length = 1; length <= 20; length++) {
            char line[64];
            char answer[256];
            (void)snprintf(line, sizeof(line), "OPTIONS /age/%.*s", length,
                           "aaaaaaaaaaaaaaaaaaaa");
            (void)snprintf(
                answer, sizeof(answer), "%s%d\r\n",
                ACAO A "\r\n" METHODS "PUT, BREW\r\nAccess-Control-Max-Age: ", length);
            world_decide(&world, line, FROM(A) ASKS("BREW"));
            world_expect(&world, MG_VERDICT_ALLOW, 204, "preflight-allowed");
            mg_expect_text(line, world.fields, answer);
        }
    }
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_time_says_what_the_first_said),
        cmocka_unit_test(a_constant_decides_at_the_line_that_made_it),
        cmocka_unit_test(what_finds_no_room_is_decided_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
