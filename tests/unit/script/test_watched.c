/* test_watched.c - nothing passes from one call to the next, and who would have passed it is
 * reported.
 */
#include "script/upvalues.h"
#include "sealed_state.h"

static const struct mg_script_budget counting = {.counts = true, .max_steps = 1000000};

/* Hooks that hide their tries in pcall, or fail on purpose behind them. What they say has to be
 * the same each time, whatever becomes of the call. */
static const struct {
    const char *desc;
    const char *text;
    const char *said;
} leaks[] = {
    {"a field, caught",
     "local t = { n = 0 } hook(function() say(t.n .. '') pcall(function() t.n = t.n + 1 end)\n"
     "end)",
     "0"},
    {"a global, caught",
     "n = 0 hook(function() say(n .. '') pcall(function() n = n + 1 end) end)", "0"},
    {"a variable, caught",
     "local n = 0 hook(function() say(n .. '') pcall(function() n = n + 1 end) end)", "0"},
    {"a variable, and an error behind it",
     "local n = 0 hook(function() say(n .. '') n = n + 1 error 'x' end)", "0"},
    {"a variable, and a passed bound behind it",
     "local n = 0 hook(function() say(n .. '') n = n + 1 while true do end end)", "0"},
    {"a variable, and a bound passed in C behind it",
     "local n = 0 hook(function() say(n .. '') n = n + 1 charge(1 << 40) end)", "0"},
    {"a variable, and no memory behind it",
     "local n = 0 hook(function() say(n .. '') n = n + 1\n"
     "local s = ('x'):rep(1 << 20) while true do s = s .. s end end)",
     "0"},
    {"a variable, and too deep a call behind it",
     "local n = 0 local function deep() return 1 + deep() end\n"
     "hook(function() say(n .. '') n = n + 1 deep() end)",
     "0"},
    {"a table in a variable",
     "local t hook(function() say(tostring(t)) t = t or {} t.n = (t.n or 0) + 1 end)", "nil"},
    {"a closure in a variable",
     "local f hook(function() say(f and f() or 'none')\n"
     "local n = 0 f = function() n = n + 1 return n .. '' end end)",
     "none"},
    {"the environment",
     "n = 0 hook(function() say(n .. '') _ENV = { say = say, n = n + 1 } end)", "0"},
    {"the environment, caught",
     "n = 0 hook(function() say(n .. '') pcall(function() _ENV = { say = say, n = 1 } end)\n"
     "end)",
     "0"},
    {"the environment of another function",
     "n = 0 local function swap() _ENV = { n = 1 } end\n"
     "hook(function() say(n .. '') swap() end)",
     "0"},
    {"the order of a list",
     "local t = { 3, 1, 2 } hook(function() say(table.concat(t)) pcall(table.sort, t)\n"
     "pcall(table.sort, t, function(a, b) return a < b end) end)",
     "312"},
    {"a list as the target of everything",
     "local t = { 1, 2 } hook(function() say(table.concat(t))\n"
     "pcall(table.insert, t, 3) pcall(table.remove, t) pcall(table.move, t, 1, 2, 2)\n"
     "pcall(table.move, { 9 }, 1, 1, 1, t) end)",
     "12"},
    {"a library",
     "hook(function() say(type(string.rep)) pcall(function() string.rep = nil end)\n"
     "pcall(table.insert, string, 1) end)",
     "function"},
    {"the methods of strings",
     "hook(function() say(type((''):rep(1))) pcall(function() (''): x() end)\n"
     "pcall(function() ('').rep = nil end) end)",
     "string"},
    {"a key that is a table",
     "local key = { n = 0 } local t = { [key] = 1 }\n"
     "hook(function() say(key.n .. '') for k in pairs(t) do\n"
     "pcall(function() k.n = 1 end) end end)",
     "0"},
    {"two hooks share a variable",
     "local n = 0 hook(function() say(n .. '') n = 1 end)\n"
     "hook(function() n = 2 error 'x' end)",
     "0"},
    {"a variable of a function that is made anew",
     "local n = 0 local function make() return function() n = n + 1 end end\n"
     "hook(function() say(n .. '') make()() end)",
     "0"},
    {"a variable by a sorting order",
     "local n = 0 hook(function() say(n .. '') table.sort({ 2, 1 }, function() n = n + 1 end)\n"
     "end)",
     "0"},
    {"a variable by gsub",
     "local n = 0 hook(function() say(n .. '') (''):gsub('', function() n = n + 1 end) end)",
     "0"},
    {"a variable by many hands",
     "local t = {} do local n = 0 for i = 1, 300 do t[i] = function() n = n + i return n end\n"
     "end t.get = function() return n end end\n"
     "hook(function() say(t.get() .. '') for i = 1, 300 do pcall(t[i]) end end)",
     "0"},
    {"a variable in a loop each",
     "local t = {} for i = 1, 9 do local n = 0\n"
     "t[i] = { add = function() n = n + 1 end, get = function() return n end } end\n"
     "hook(function() local s = '' for i = 1, 9 do s = s .. t[i].get() t[i].add() end\n"
     "say(s) end)",
     "000000000"},
};

static void nothing_passes_from_call_to_call(void **state)
{
    (void)state;
    struct mg_script_budget budget = counting;
    budget.max_bytes = 2 << 20;
    for (size_t i = 0; i < MG_COUNT(leaks); i++) {
        struct mg_script *script = sealed(leaks[i].text, NULL, &budget);
        for (int turn = 0; turn < 3; turn++) {
            struct mg_script_fault fault;
            (void)run_slot(script, 1, &fault);
            mg_expect_text(leaks[i].desc, last_said, leaks[i].said);
        }
        mg_script_free(script);
    }
}

static void hooks_share_nothing(void **state)
{
    (void)state;
    struct mg_script_fault fault;
    struct mg_script *script =
        sealed("local n = 0 hook(function() say(n .. '') end) hook(function() n = 2 end)", NULL,
               &counting);
    mg_expect_int("the one that assigns", run_slot(script, 2, &fault), false);
    expect_works("what the other finds", script, 1, "0");
    mg_script_free(script);
}

/* ---- reports ---- */

struct reports {
    char text[256];
    size_t length;
};

static void report(void *context, const char *file, int line, const char *name)
{
    struct reports *reports = context;
    mg_expect_text("the file", file, "dir/policy.lua");
    int got = snprintf(reports->text + reports->length, sizeof(reports->text) - reports->length,
                       "%d %s;", line, name);
    reports->length += (size_t)got;
    assert_true(reports->length < sizeof(reports->text));
}

static int distrust(lua_State *L)
{
    mg_upvalues_distrust(L);
    return 0;
}

/* As `sealed`, with what was reported. */
static struct mg_script *sealed_with_reports(const char *text, bool is_trusted,
                                             struct reports *reports)
{
    static const struct mg_script_limits none;
    struct mg_script_fault fault;
    struct mg_str chunk = mg_str_from(text);
    struct mg_script *script = mg_script_new(&none, globals, NULL);
    assert_non_null(script);
    *reports = (struct reports){.length = 0};
    mg_expect_true(text, is_trusted || mg_script_call(script, distrust, NULL, &fault));
    mg_expect_true(text, mg_script_call(script, load_chunk, &chunk, &fault));
    mg_expect_true(text, mg_script_seal(script, &counting, NULL, report, reports, &fault));
    return script;
}

static const struct {
    const char *desc;
    const char *text;
    const char *reported;
} report_rows[] = {
    {"nothing to report", "local t, n = {}, 1 hook(function() return t, n end)", ""},
    {"a counter", "local n = 0\nhook(function()\nn = n + 1\nend)", "3 n;"},
    {"the first of several lines", "local n = 0\nhook(function()\nn = 1\nn = 2\nend)", "3 n;"},
    {"one variable of two functions",
     "local n = 0\nhook(function() n = 1 end)\nhook(function() n = 2 end)", "2 n;"},
    {"two variables in order",
     "local b, a\nhook(function() b = 1\na = 1 end)\nhook(function() b = 2 end)", "2 b;3 a;"},
    {"in order of line, not of discovery",
     "local a, b\nlocal function f()\nb = 1 end\nhook(function()\na = 1 end) hook(f)",
     "3 b;5 a;"},
    {"instances of one variable",
     "for i = 1, 3 do local n = 0\nhook(function() n = n + 1 end) end", "2 n;"},
    {"an assignment that runs only while loading",
     "local n = 0\nlocal function add() n = n + 1 end\nadd()\nhook(function() return n end)",
     ""},
    {"an assignment in a function that no hook can reach",
     "local n = 0\nlocal t = { add = function() n = n + 1 end }\nlocal read = t.read\n"
     "hook(function() return n, read end)",
     ""},
    {"an assignment in a global function that no hook can reach",
     "local n = 0 function add() n = n + 1 end hook(function() end)", ""},
    {"an assignment in a global function that a hook can reach",
     "local n = 0\nfunction add() n = n + 1 end hook(function() return x end)", "2 n;"},
    {"the environment", "hook(function()\n_ENV = {} end)", "2 _ENV;"},
    {"a variable of the hook's own",
     "hook(function() local n = 0 local function f() n = 1 end f() end)", ""},
    {"a field is no variable", "local t = {}\nhook(function() t.x = 1 end)", ""},
};

static void assignments_are_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(report_rows); i++) {
        struct reports reports;
        mg_script_free(sealed_with_reports(report_rows[i].text, true, &reports));
        mg_expect_text(report_rows[i].desc, reports.text, report_rows[i].reported);
    }
}

/* A Lua whose code is not understood: everything is compared, nothing is reported. */
static void unknown_code_is_not_trusted(void **state)
{
    (void)state;
    struct reports reports;
    struct mg_script_fault fault;
    struct mg_script *script =
        sealed_with_reports("local n, t = 0, {}\nhook(function() say(n .. '')\nn = n + 1 end)\n"
                            "hook(function() say(tostring(t)) end)\n"
                            "hook(function() (function() n = n + 1 end)() end)",
                            false, &reports);
    mg_expect_text("reports", reports.text, "");
    for (int turn = 0; turn < 2; turn++) {
        mg_expect_int("an assignment", run_slot(script, 1, &fault), false);
        mg_expect_text("an assignment", fault.err.code, "state-kept");
        mg_expect_int("the line of the function", fault.err.line, 2);
        mg_expect_text("what it finds", last_said, "0");
        mg_expect_int("by a function inside", run_slot(script, 3, &fault), false);
        expect_works("none", script, 2, "table");
    }
    mg_script_free(script);
}

/* Each call of the state pays for each variable, so there are only so many. */
static void variables_are_bounded(void **state)
{
    (void)state;
    struct reports reports;
    for (int more = 0; more <= 1; more++) {
        static const struct mg_script_limits none;
        struct mg_script_fault fault;
        char text[256];
        /* Twice as many functions, and as many variables that none assigns. */
        (void)snprintf(text, sizeof(text),
                       "local t = {}\n"
                       "for i = 1, %d do local n, m = 0, 0\n"
                       "t[2 * i] = function() n = n + 1 end\n"
                       "t[2 * i + 1] = function() n = m end end\n"
                       "hook(function() return t end)",
                       MG_SEAL_MAX_VARIABLES + more);
        struct mg_str chunk = mg_str_from(text);
        struct mg_script *script = mg_script_new(&none, globals, NULL);
        reports = (struct reports){.length = 0};
        assert_non_null(script);
        mg_expect_true(text, mg_script_call(script, load_chunk, &chunk, &fault));
        bool succeeded = mg_script_seal(script, &counting, NULL, report, &reports, &fault);
        mg_expect_int(text, succeeded, more == 0);
        mg_expect_text(text, reports.text, more == 0 ? "3 n;" : "");
        if (!succeeded) {
            mg_expect_text(text, fault.err.code, "policy-variables");
            mg_expect_text(text, fault.err.file, "dir/policy.lua");
            mg_expect_int(text, fault.err.line, 3);
            mg_expect_text(text, fault.err.message,
                           "functions can assign 1001 variables that outlive a call; at most "
                           "1000 are put back after each");
            mg_expect_text(text, fault.err.hint, MG_SEAL_HINT);
        }
        mg_script_free(script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_passes_from_call_to_call),
        cmocka_unit_test(hooks_share_nothing),
        cmocka_unit_test(assignments_are_reported),
        cmocka_unit_test(unknown_code_is_not_trusted),
        cmocka_unit_test(variables_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
