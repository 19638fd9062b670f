/* test_runtime.c - a set's functions in states of their own: that each declares the same, what
 * is said of what it keeps, files that are gone by then, and memory that runs out.
 */
#include "core/alloc.h"
#include "files.h"
#include "runtime_world.h"

#define A      "https://a.example"
#define ORIGIN "Origin: " A "\r\n"
#define NONE   "handler = 'none'"
#define HOOK   "simple = function() end"

static const struct fault_row rows[] = {
    {"a variable that a hook assigns",
     "local n = 0\nresource '/a' { " NONE ", simple = function()\n  n = n + 1 end }",
     "state-kept", MG_WARNING, 3, "", "use req.ctx, or a plugin's dict"},
    {"a variable that a function of a hook assigns",
     "local n\nlocal function set() n = 1 end\nresource '/a' { " NONE
     ", simple = function() set() end }",
     "state-kept", MG_WARNING, 2, "", NULL},
    {"more variables than are put back",
     "local t = {}\nfor i = 1, 1001 do local n = 0\n  t[i] = function() n = n + 1 end end\n"
     "resource '/a' { " NONE ", simple = function() return t.x end }",
     "policy-variables", MG_ERROR, 3, "", NULL},
    {"a hook where the engine stays out", "resource '/a' { " NONE ", cors = false, " HOOK " }",
     "hook-unused", MG_ERROR, 1, "/a simple", NULL},
    {"a constant with a field that is none",
     "resource '/a' { " NONE " }\nlocal g = allow { methods_x = { 'PUT' } }", "field-unknown",
     MG_ERROR, 2, "allow", "did you mean 'methods'?"},
    {"a constant with a method that is none",
     "resource '/a' { " NONE " }\nlocal g = allow { methods = { 'PUT', 'A B' } }",
     "method-invalid", MG_ERROR, 2, "allow.methods[2]", NULL},
    {"a constant with an origin that is none",
     "resource '/a' { " NONE " }\nlocal g = allow { origins = { 'a.example' } }",
     "origin-no-scheme", MG_ERROR, 2, "allow.origins[1]", NULL},
    {"a constant for everybody, with credentials",
     "resource '/a' { " NONE " }\nlocal g = allow { origins = '*', credentials = true }",
     "wildcard-credentials", MG_ERROR, 2, "allow.origins", NULL},
    {"a constant of two tables", "resource '/a' { " NONE " }\nlocal g = allow({ }, { })",
     "call-invalid", MG_ERROR, 2, "", "local GRANT = allow { max_age = 600 }"},
    {"a constant as a handler", "resource '/a' { handler = allow { } }", "field-type", MG_ERROR,
     1, "/a handler", NULL},
    {"deny while loading", "resource '/a' { " NONE " }\ndeny 'x'", "decided-early", MG_ERROR, 2,
     "", "return deny \"tenant-frozen\""},
    {"origins is a function, and more is wrong",
     "resource '/a' { " NONE ", cors = { origins = function() end, max_age = -1 } }",
     "max-age-negative", MG_ERROR, 1, "/a cors.max_age", NULL},
    {"origins are not missing, but empty",
     "resource '/a' { " NONE ", cors = { origins = { } }, " HOOK " }", "origins-missing",
     MG_ERROR, 1, "/a cors.origins", NULL},
};

static void what_is_wrong_with_functions_is_told_at_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        expect_fault(&rows[i], NULL);
    }
}

/* Fine, though: what a hook may hold, and what a policy may do while it loads. */
static void what_is_fine_is_fine(void **state)
{
    (void)state;
    static const char *const good[] = {
        "resource '/a' { " NONE ", simple = function() local n = 0 n = n + 1 end }",
        "local n = 0 local function count() n = n + 1 return n end count()\n"
        "resource '/a' { " NONE ", simple = function() end }",
        "names = { 'a' } local t = {} for i, n in ipairs(names) do t[n] = i end\n"
        "resource '/a' { " NONE ", simple = function(req) return t[req.path] and nil end }",
        "local t = { b = 1, a = 2, d = 3, c = 4, e = 5 }\n"
        "for name in pairs(t) do resource('/' .. name) { " NONE
        ", cors = { origins = function(req) return { 'https://' .. name .. '.example' } end } "
        "} end",
        "resource '/a' { " NONE ", cors = { origins = { 'null' }, reflect = false,"
        " insecure = true, credentials = false } }",
    };
    for (size_t i = 0; i < MG_COUNT(good) - 1; i++) {
        mg_policy_set_free(load_good(good[i], good[i], NULL));
    }
}

/* Functions declared in a loop over a table: each state walks it in its own order, and each
 * resource gets its own function all the same. */
static void functions_find_their_resources_in_any_order(void **state)
{
    (void)state;
    enum {
        STATES = 5,
        NAMES = 200
    };
    struct world world;
    world_open(&world, "pairs",
               "local t = {} for i = 1, 200 do t['n' .. i] = i end\n"
               "for name in pairs(t) do\n"
               "  resource('/' .. name) { handler = 'none',\n"
               "    cors = { origins = function() return { 'https://' .. name .. '.example' } "
               "end } }\n"
               "end\n");
    for (int s = 0; s < STATES; s++) {
        const struct mg_runtime_options options = {.dicts = NULL};
        mg_runtime_free(world.runtime);
        world.runtime = mg_runtime_new(world.set, &options, &world.errs);
        mg_expect_true("a state more", world.runtime != NULL);
        for (int i = 1; i <= NAMES; i++) {
            char line[32];
            char origin[64];
            (void)snprintf(line, sizeof(line), "GET /n%d", i);
            (void)snprintf(origin, sizeof(origin), "Origin: https://n%d.example\r\n", i);
            world_decide(&world, line, origin);
            mg_expect_text(line, world.decision.reason, "simple-allowed");
        }
    }
    world_close(&world);
}

/* Load a policy that begins with the order of walking a table. Returns: whether it was refused,
 * for that and for nothing else. */
static bool is_refused(const char *declared, int attempt)
{
    static const char first[] =
        "local t = {} for i = 1, 64 do t['n%d' .. i] = i end\n"
        "local order = {} for _, i in pairs(t) do order[#order + 1] = i end\n";
    char text[1024];
    struct mg_errs errs;
    int length = snprintf(text, sizeof(text), first, attempt);
    (void)snprintf(text + length, sizeof(text) - (size_t)length, "%s", declared);
    struct mg_policy_set *set = load_text(text, &errs, NULL);
    for (size_t i = 0; i < errs.count; i++) {
        if (errs.items[i].severity == MG_ERROR) {
            mg_expect_text(declared, errs.items[i].code, "policy-not-deterministic");
        }
    }
    bool refused = set == NULL;
    mg_expect_int(declared, errs.error_count, refused);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
    return refused;
}

/* Policies in which the order that `pairs` takes decides something. Each state hashes names by
 * a seed of its own; one try may come out equal, and the next one has other names. */
static void what_depends_on_the_order_of_pairs_is_refused(void **state)
{
    (void)state;
    enum {
        ATTEMPTS = 64
    };
    static const char *const declared[] = {
        "resource('/' .. order[1]) { handler = 'none', " HOOK " }",
        "resource '/a' { handler = 'none', " HOOK
        ", cors = { origins = { 'https://a' .. order[1] .. '.example' } } }",
        "resource '/a' { handler = 'none', " HOOK
        ", cors = { origins = '*', max_age = order[1] "
        "} }",
        "resource '/a' { handler = 'none', " HOOK ", methods = { 'GET', 'M' .. order[1] } }",
        "resource '/a' { handler = respond { body = 'x' .. order[1] }, " HOOK " }",
        "resource '/a' { handler = 'none', " HOOK " }\n"
        "upstream 'u' { 'http://h' .. order[1] }",
        "resource '/a' { handler = 'none', simple = order[1] < order[2]\n"
        "  and function() return nil end\n"
        "  or function() return deny 'x' end }",
        "resource '/a' { handler = 'none', " HOOK " }\n"
        "for i = 1, order[1] do resource('/more' .. i) { handler = 'none' } end",
    };
    for (size_t i = 0; i < MG_COUNT(declared); i++) {
        int attempt = 0;
        while (attempt < ATTEMPTS && !is_refused(declared[i], attempt)) {
            attempt++;
        }
        mg_expect_true(declared[i], attempt < ATTEMPTS);
    }
}

/* A runtime is made of what was read at load, whatever has become of the files. */
static void files_are_read_once(void **state)
{
    (void)state;
    write_file("a.lua", "local who = include '_who.lua'\n"
                        "pcall(include, '_gone.lua')\n"
                        "resource '/a' { handler = 'none', cors = { origins = who } }\n"
                        "resource '/b' { handler = 'none', simple = function() end,\n"
                        "  cors = { origins = file 'b.txt' } }\n");
    write_file("_who.lua", "return function(req) return { '" A "' } end");
    write_file("b.txt", A "\n");
    struct world world = {.desc = "files"};
    world.set = load_root(&world.errs);
    mg_errs_print(&world.errs, stderr);
    mg_expect_int("faults", world.errs.count, 0);
    write_file("_who.lua", "return {}");
    write_file("_gone.lua", "error 'here again'");
    write_file("a.lua", "x");
    remove_tree(root);
    const struct mg_runtime_options options = {.dicts = NULL};
    world.runtime = mg_runtime_new(world.set, &options, &world.errs);
    mg_errs_print(&world.errs, stderr);
    mg_expect_true("made", world.runtime != NULL);
    mg_arena_init(&world.arena, NULL, 0, WORLD_ARENA_BYTES);
    world_decide(&world, "GET /a", ORIGIN);
    world_expect(&world, MG_VERDICT_ALLOW, 0, "simple-allowed");
    world_decide(&world, "GET /b", ORIGIN);
    world_expect(&world, MG_VERDICT_ALLOW, 0, "simple-allowed");
    world_close(&world);
}

/* What is wrong with the declared origins once there are credentials is known of files too. */
static void credentials_for_a_file_of_origins(void **state)
{
    (void)state;
    write_file("a.lua", "resource '/a' { handler = 'none', cors = { origins = file 'a.txt' },\n"
                        "  simple = function() return allow { credentials = true } end }\n"
                        "resource '/b' { handler = 'none', cors = { origins = file 'b.txt' },\n"
                        "  simple = function() return allow { credentials = true } end }\n"
                        "local list = file 'a.txt'\n"
                        "resource '/c' { handler = 'none',\n"
                        "  cors = { origins = function() return list end } }\n");
    write_file("a.txt", A "\n");
    write_file("b.txt", A "\nhttp://b.example\n");
    struct world world = {.desc = "credentials"};
    world.set = load_root(&world.errs);
    mg_errs_print(&world.errs, stderr);
    const struct mg_runtime_options options = {.dicts = NULL};
    world.runtime = mg_runtime_new(world.set, &options, &world.errs);
    mg_expect_true("made", world.runtime != NULL);
    mg_arena_init(&world.arena, NULL, 0, WORLD_ARENA_BYTES);
    world_decide(&world, "GET /a", ORIGIN);
    world_expect(&world, MG_VERDICT_ALLOW, 0, "simple-allowed");
    world_decide(&world, "GET /b", ORIGIN);
    world_expect_script_error(&world);
    world_decide(&world, "GET /c", ORIGIN);
    world_expect_script_error(&world);
    world_close(&world);
}

static const char whole[] =
    "upstream 'u' { 'http://h' }\n"
    "local list = { '" A "' }\n"
    "resource '/a/{x}' { handler = proxy 'u', methods = { 'GET', 'PUT' }, cors = {\n"
    "  origins = function() return list end, headers = function() return { 'X-A' } end,\n"
    "  credentials = true },\n"
    "  preflight = function() return allow { max_age = 9, origins = { '" A "' } } end }\n"
    "resource '/b' { handler = 'none', cors = { origins = { 'http://b.example' } },\n"
    "  simple = function() return allow { expose = { 'ETag' } } end }\n";

/* Fails each allocation in turn, over load, runtime and a decision. */
static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    if (!mg_alloc_fail_at(0)) {
        skip();
    }
    long failed = 0;
    for (long n = 1; n < 100000; n += 1 + n / 50) {
        struct world world = {.desc = "memory"};
        const struct mg_policy_options options = {0};
        const struct mg_runtime_options runtime_options = {.dicts = NULL};
        mg_errs_init(&world.errs);
        (void)mg_alloc_fail_at(n);
        world.set = mg_policy_set_load_text("p.lua", mg_str_from(whole), &options, &world.errs);
        mg_expect_int("a set or an error", world.set == NULL, world.errs.error_count > 0);
        if (world.set != NULL) {
            world.runtime = mg_runtime_new(world.set, &runtime_options, &world.errs);
            mg_expect_int("a runtime or an error", world.runtime == NULL,
                          world.errs.error_count > 0);
        }
        failed += world.runtime == NULL;
        mg_arena_init(&world.arena, NULL, 0, WORLD_ARENA_BYTES);
        if (world.runtime != NULL) {
            world_decide(&world, "OPTIONS /a/b",
                         ORIGIN "Access-Control-Request-Method: PUT\r\n"
                                "Access-Control-Request-Headers: x-a\r\n");
            bool is_fine = strcmp(world.decision.reason, "preflight-allowed") == 0;
            mg_expect_true(world.decision.reason,
                           is_fine || strcmp(world.decision.reason, "script-error") == 0);
        }
        (void)mg_alloc_fail_at(0);
        bool is_through = world.runtime != NULL && n > 3000;
        world_close(&world);
        if (is_through) {
            break;
        }
    }
    mg_expect_true("some failed", failed > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_with_functions_is_told_at_load),
        cmocka_unit_test(what_is_fine_is_fine),
        cmocka_unit_test(functions_find_their_resources_in_any_order),
        cmocka_unit_test(what_depends_on_the_order_of_pairs_is_refused),
        cmocka_unit_test_setup_teardown(files_are_read_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(credentials_for_a_file_of_origins, set_up, tear_down),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
