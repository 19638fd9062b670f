/* test_state_run.c - the door of a sealed state: what passes through it, and what its faults
 * say.
 */
#include <string.h>

#include "sealed_state.h"

/* For calls that succeed on any machine, and for those that do not. */
static const struct mg_script_budget ample = {.max_cpu_ms = 600000, .max_wall_ms = 600000};
static const struct mg_script_budget by_default;

/* ---- kept values, host ---- */

static int keep_ten(lua_State *L)
{
    for (int i = 1; i <= 10; i++) {
        lua_pushinteger(L, 100 + i);
        mg_expect_int("a slot", mg_script_keep(L), i);
        mg_expect_int("it is popped", lua_gettop(L), 1);
    }
    mg_expect_int("not sealed yet", mg_script_is_sealed(L), false);
    mg_expect_text("the loader's host", mg_script_host(L), "loading");
    return 0;
}

static int push_ten(lua_State *L)
{
    const char *argument = lua_touserdata(L, 1);
    mg_expect_int("the argument alone", lua_gettop(L), 1);
    mg_expect_text("the argument", argument, "argument");
    for (int i = 1; i <= 10; i++) {
        mg_script_push_kept(L, i);
        mg_expect_int("a kept value", lua_tointeger(L, -1), 100 + i);
    }
    mg_expect_int("sealed", mg_script_is_sealed(L), true);
    mg_expect_text("the other host", mg_script_host(L), "running");
    /* A sealed state keeps on. */
    lua_pushliteral(L, "late");
    mg_script_push_kept(L, mg_script_keep(L));
    mg_expect_text("kept late", lua_tostring(L, -1), "late");
    return 3; /* dropped */
}

static void what_is_kept_stays(void **state)
{
    (void)state;
    char loading[] = "loading";
    char running[] = "running";
    char argument[] = "argument";
    struct mg_script_limits limits = {0};
    struct mg_script_fault fault = {.err.message = "no fault"};
    struct mg_script *script = mg_script_new(&limits, globals, loading);
    assert_true(mg_script_call(script, keep_ten, NULL, &fault));
    assert_true(mg_script_seal(script, &ample, running, NULL, NULL, &fault));
    for (int i = 0; i < 3; i++) {
        mg_expect_true("run", mg_script_run(script, push_ten, argument, &fault));
        mg_expect_int("nothing is left on the stack", lua_gettop(mg_script_lua(script)), 1);
    }
    mg_script_free(script);
}

static void references_do_not_meet_what_is_kept(void **state)
{
    (void)state;
    struct mg_script *script = sealed("hook(function() say 'first' end)", NULL, &ample);
    lua_State *L = mg_script_lua(script);
    lua_pushliteral(L, "referred to");
    int reference = luaL_ref(L, LUA_REGISTRYINDEX);
    struct mg_script_fault fault;
    mg_expect_true("run", run_slot(script, 1, &fault));
    mg_expect_text("run", last_said, "first");
    lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
    mg_expect_text("the reference", lua_tostring(L, -1), "referred to");
    lua_pop(L, 1);
    mg_script_free(script);
}

/* ---- faults ---- */

static const char fails[] = "local function deepest(x)\n"                             /* 1 */
                            "  return x.y\n"                                          /* 2 */
                            "end\n"                                                   /* 3 */
                            "local function deep(x)\n"                                /* 4 */
                            "  local y = deepest(x)\n"                                /* 5 */
                            "  return y\n"                                            /* 6 */
                            "end\n"                                                   /* 7 */
                            "hook(function() local y = deep() end)\n"                 /* 8 */
                            "hook(function() fail() end)\n"                           /* 9 */
                            "hook(function() error { 1 } end)\n"                      /* 10 */
                            "hook(function() error('plain', 0) end)\n"                /* 11 */
                            "hook(function() return nothing end)\n"                   /* 12 */
                            "hook(function() local t = {}\n"                          /* 13 */
                            "t['a\\nb'] = deepest t['a\\nb']() end)\n"                /* 14 */
                            "hook(function() local ok, m = pcall(fail)\n"             /* 15 */
                            "error(m, 0) end)\n"                                      /* 16 */
                            "hook(function()\n"                                       /* 17 */
                            "  while true do end\n"                                   /* 18 */
                            "end)\n"                                                  /* 19 */
                            "hook(function() local function f(n)\n"                   /* 20 */
                            "  if n > 0 then local r = f(n - 1) return r end\n"       /* 21 */
                            "  error('far down') end f(30) end)\n"                    /* 22 */
                            "hook(function() local function f() return f() + 1 end\n" /* 23 */
                            "  return ('x'):gsub('x', function(x) return f() end) end)\n"
                            "hook(function()\n"                              /* 25 */
                            "  error('dir/policy.lua:7: made up', 0) end)\n" /* 26 */
                            "local function blame() error('yours', 2) end\n" /* 27 */
                            "hook(function()\n"                              /* 28 */
                            "  blame() end)\n"                               /* 29 */
                            "hook(function()\n"                              /* 30 */
                            "  ('x'):rep({}) end)\n";                        /* 31 */

static const struct {
    const char *desc;
    int slot;
    const char *code;
    int line;
    const char *message;
    const char *hint;
    const char *traceback;
} faults[] = {
    {"an error of Lua's", 1, "script-error", 2, "attempt to index a nil value (local 'x')", "",
     "dir/policy.lua:2: in function 'deepest'\n"
     "dir/policy.lua:5: in function 'deep'\n"
     "dir/policy.lua:8: in the function of line 8\n"},
    {"a code of ours", 2, "my-code", 9, "went wrong", "my hint",
     "[C]: in function 'fail'\n"
     "dir/policy.lua:9: in the function of line 9\n"},
    {"an error that is a table", 3, "script-error", 10,
     "the script raised an error that is a table", "",
     "[C]: in function 'error'\n"
     "dir/policy.lua:10: in the function of line 10\n"},
    {"an error without place", 4, "script-error", 11, "plain", "",
     "[C]: in function 'error'\n"
     "dir/policy.lua:11: in the function of line 11\n"},
    {"an unknown global", 5, "global-undefined", 12,
     "neither this policy nor Moongate defines 'nothing'", "",
     "[C]: in metamethod 'index'\n"
     "dir/policy.lua:12: in the function of line 12\n"},
    {"a function whose name would break the line", 6, "script-error", 2,
     "attempt to index a nil value (local 'x')", "",
     "dir/policy.lua:2: in function 'a?b'\n"
     "dir/policy.lua:14: in the function of line 13\n"},
    {"a code of ours caught and raised again is text, with its place", 7, "script-error", 16,
     "dir/policy.lua:15: went wrong", "",
     "[C]: in function 'error'\n"
     "dir/policy.lua:16: in the function of line 15\n"},
    {"a passed bound", 8, "budget-time", 18,
     "one call took more than 3 ms of CPU time, and was stopped here",
     "look for a loop that is long or does not end",
     "dir/policy.lua:18: in the function of line 17\n"},
    {"many levels: the innermost", 9, "script-error", 22, "far down", "",
     "[C]: in function 'error'\n"
     "dir/policy.lua:22: in function 'f'\n"
     "dir/policy.lua:21: in function 'f'\n"
     "dir/policy.lua:21: in function 'f'\n"
     "dir/policy.lua:21: in function 'f'\n"
     "dir/policy.lua:21: in function 'f'\n"
     "dir/policy.lua:21: in function 'f'\n"
     "dir/policy.lua:21: in function 'f'\n"},
    {"a place that the script made up", 11, "script-error", 26, "dir/policy.lua:7: made up", "",
     "[C]: in function 'error'\n"
     "dir/policy.lua:26: in the function of line 25\n"},
    {"the place of the caller", 12, "script-error", 29, "yours", "",
     "[C]: in function 'error'\n"
     "dir/policy.lua:27: in function 'blame'\n"
     "dir/policy.lua:29: in the function of line 28\n"},
    {"an error of the library", 13, "script-error", 31,
     "bad argument #1 to 'rep' (number expected, got table)", "",
     "[C]: in function 'rep'\n"
     "dir/policy.lua:31: in the function of line 30\n"},
};

static void faults_say_what_and_where(void **state)
{
    (void)state;
    struct mg_script_budget budget = {.max_cpu_ms = 3, .max_wall_ms = 600000};
    struct mg_script *script = sealed(fails, NULL, &budget);
    for (size_t i = 0; i < MG_COUNT(faults); i++) {
        struct mg_script_fault fault;
        memset(&fault, 'x', sizeof(fault));
        mg_expect_int(faults[i].desc, run_slot(script, faults[i].slot, &fault), false);
        mg_expect_text(faults[i].desc, fault.err.code, faults[i].code);
        mg_expect_text(faults[i].desc, fault.err.file, "dir/policy.lua");
        mg_expect_int(faults[i].desc, fault.err.line, faults[i].line);
        mg_expect_text(faults[i].desc, fault.err.where, "");
        mg_expect_text(faults[i].desc, fault.err.message, faults[i].message);
        mg_expect_text(faults[i].desc, fault.err.hint, faults[i].hint);
        mg_expect_text(faults[i].desc, fault.traceback, faults[i].traceback);
        mg_expect_int(faults[i].desc, fault.is_final, false);
        mg_expect_int(faults[i].desc, fault.bound,
                      strcmp(faults[i].code, "budget-time") == 0 ? MG_BOUND_TIME
                                                                 : MG_BOUND_NONE);
    }
    mg_script_free(script);
}

/* Lua takes these words for its own error, and asks no message handler. */
static void scripts_may_speak_of_memory(void **state)
{
    (void)state;
    struct mg_script *script =
        sealed("hook(function() error('not enough memory', 0) end)\n"
               "hook(function() local _, e = pcall(error, 'not enough memory', 0) say(e) end)",
               NULL, &ample);
    struct mg_script_fault fault;
    mg_expect_int("raised", run_slot(script, 1, &fault), false);
    mg_expect_text("raised", fault.err.code, "script-error");
    mg_expect_text("raised", fault.err.message, "not enough memory");
    mg_expect_int("raised", fault.bound, MG_BOUND_NONE);
    mg_expect_true("caught", run_slot(script, 2, &fault));
    mg_expect_text("caught", last_said, "not enough memory");
    mg_script_free(script);
}

static int overflow_c_stack(lua_State *L)
{
    lua_pushcfunction(L, overflow_c_stack);
    lua_callk(L, 0, 0, 0, NULL); /* below the door of mg_script_run */
    return 0;
}

static void calls_nested_too_deeply_are_a_fault(void **state)
{
    (void)state;
    struct mg_script *script = sealed("hook(function() say 'x' end)", NULL, &ample);
    for (int i = 0; i < 3; i++) {
        struct mg_script_fault fault;
        mg_expect_int("C calls", mg_script_run(script, overflow_c_stack, NULL, &fault), false);
        mg_expect_text("C calls", fault.err.code, "script-error");
        mg_expect_true("C calls", fault.err.message[0] != '\0');
        mg_expect_int("C calls", fault.bound, MG_BOUND_NONE);
        mg_expect_true("afterwards", run_slot(script, 1, &fault));
        mg_expect_text("afterwards", last_said, "x");
    }
    mg_script_free(script);
}

static void a_success_does_not_touch_the_fault(void **state)
{
    (void)state;
    struct mg_script *script = sealed("hook(function() pcall(error, 'x') end)\n"
                                      "hook(function() local t = {}\n"
                                      "for i = 1, 2e4 do t[i % 10] = { i } end end)",
                                      NULL, &ample);
    union {
        struct mg_script_fault fault;
        unsigned char bytes[sizeof(struct mg_script_fault)];
    } got;
    memset(got.bytes, 'x', sizeof(got.bytes));
    mg_expect_true("a caught error", run_slot(script, 1, &got.fault));
    mg_expect_int("no collector", lua_gc(mg_script_lua(script), LUA_GCISRUNNING), 0);
    mg_expect_true("a call that collects", run_slot(script, 2, &got.fault));
    mg_expect_int("no collector", lua_gc(mg_script_lua(script), LUA_GCISRUNNING), 0);
    size_t touched = 0;
    for (size_t i = 0; i < sizeof(got.bytes); i++) {
        touched += got.bytes[i] != 'x';
    }
    mg_expect_u64("bytes written", touched, 0);
    mg_script_free(script);
}

/* ---- bounds of a call's own ---- */

static const struct {
    const char *desc;
    struct mg_script_budget whole; /* the state's */
    struct mg_script_budget own;
    const char *text;
    const char *code; /* within its own; "no fault" */
    const char *message;
    bool passes_both; /* the state's bounds too */
} bounds[] = {
    {"steps",
     {0},
     {.max_steps = 100},
     "charge(101)",
     "budget-steps",
     "more than 100 steps",
     false},
    {"as many steps as there are",
     {0},
     {.max_steps = 100},
     "charge(100)",
     "no fault",
     "",
     false},
    {"steps beyond the state's",
     {.max_steps = 1000},
     {.max_steps = 5000},
     "charge(1001)",
     "budget-steps",
     "more than 1000 steps",
     true},
    {"steps that are not said",
     {.max_steps = 1000},
     {.max_cpu_ms = 600000, .max_wall_ms = 600000, .max_bytes = 64 << 20},
     "charge(1001)",
     "budget-steps",
     "more than 1000 steps",
     true},
    {"CPU time",
     {.max_cpu_ms = 600000, .max_wall_ms = 600000},
     {.max_cpu_ms = 2},
     "while own() do end",
     "budget-time",
     "more than 2 ms of CPU time",
     false},
    {"wall time",
     {.max_cpu_ms = 600000, .max_wall_ms = 600000},
     {.max_wall_ms = 3},
     "while own() do end",
     "budget-time",
     "more than 3 ms,",
     false},
    {"CPU time beyond the state's",
     {.max_cpu_ms = 4, .max_wall_ms = 600000},
     {.max_cpu_ms = 600000},
     "while own() do end",
     "budget-time",
     "more than 4 ms of CPU time",
     true},
    {"bytes",
     {.max_cpu_ms = 600000, .max_wall_ms = 600000},
     {.max_bytes = 64 << 10},
     "local t = {} for i = 1, 10000 do t[i] = i end",
     "budget-memory",
     "more than 65536 bytes",
     false},
    {"bytes beyond the state's",
     {.max_cpu_ms = 600000, .max_wall_ms = 600000, .max_bytes = 1 << 20},
     {.max_bytes = 64 << 20},
     "if own() then local t = {} for i = 1, 100000 do t[i] = i end end",
     "budget-memory",
     "more than 1048576 bytes",
     true},
    {"steps of a state that counts",
     {.counts = true},
     {.max_steps = 1000},
     "for i = 1, 1000 do end",
     "budget-steps",
     "more than 1000 steps",
     false},
};

static bool is_within_own; /* what own() gives */

static int own(lua_State *L)
{
    lua_pushboolean(L, is_within_own);
    return 1;
}

/* Each is bounded while it runs, and the next call as the state is: what passes only the bounds
 * of its own works there. */
static void a_call_may_have_bounds_of_its_own(void **state)
{
    (void)state;
    static const luaL_Reg with_own[] = {
        {"hook", hook}, {"charge", charge}, {"own", own}, {NULL, NULL}};
    for (size_t i = 0; i < MG_COUNT(bounds); i++) {
        const char *desc = bounds[i].desc;
        char text[256];
        int slot = 1;
        struct mg_script_fault fault = {.err.code = "no fault"};
        (void)snprintf(text, sizeof(text), "hook(function() %s end)", bounds[i].text);
        struct mg_script *script = sealed_with(text, with_own, NULL, &bounds[i].whole);
        bool succeeds = strcmp(bounds[i].code, "no fault") == 0;
        for (int round = 0; round < 2; round++) {
            is_within_own = true;
            (void)lua_gc(mg_script_lua(script), LUA_GCCOLLECT); /* garbage is room */
            mg_expect_int(
                desc, mg_script_run_within(script, &bounds[i].own, call_slot, &slot, &fault),
                succeeds);
            mg_expect_text(desc, fault.err.code, bounds[i].code);
            if (strstr(fault.err.message, bounds[i].message) == NULL) {
                mg_expect_text(desc, fault.err.message, bounds[i].message);
            }
            is_within_own = bounds[i].passes_both;
            mg_expect_int(desc, mg_script_run(script, call_slot, &slot, &fault),
                          !bounds[i].passes_both);
        }
        mg_script_free(script);
    }
}

/* ---- what outlives a call ---- */

static void assignments_that_outlive_a_call_are_undone(void **state)
{
    (void)state;
    struct mg_script *script =
        sealed("local count = 0\n"
               "hook(function() count = count + 1 say(count .. '') end)\n"
               "hook(function() count = 7 error 'x' end)\n"
               "hook(function() say(count .. '') end)\n"
               "hook(function() count = 8 while true do end end)",
               NULL, &by_default);
    static const char *const codes[] = {"state-kept", "script-error", "no fault",
                                        "budget-time"};
    for (int i = 0; i < 8; i++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        int slot = i % (int)MG_COUNT(codes);
        (void)run_slot(script, slot + 1, &fault);
        mg_expect_text(codes[slot], fault.err.code, codes[slot]);
        mg_expect_text("what the third sees", slot == 2 ? last_said : "0", "0");
    }
    mg_script_free(script);
}

static void count_reports(void *context, const char *file, int line, const char *name)
{
    int *count = context;
    mg_expect_text("file", file, "dir/policy.lua");
    mg_expect_int("line", line, 2);
    mg_expect_text("name", name, "seen");
    (*count)++;
}

static void sealing_reports_such_assignments(void **state)
{
    (void)state;
    int count = 0;
    struct mg_script_limits limits = {0};
    struct mg_script_fault fault;
    struct mg_str text = MG_STR("local seen = 0\nhook(function() seen = 1 end)");
    struct mg_script *script = mg_script_new(&limits, globals, NULL);
    assert_true(mg_script_call(script, load_chunk, &text, &fault));
    assert_true(mg_script_seal(script, &ample, NULL, count_reports, &count, &fault));
    mg_expect_int("reports", count, 1);
    mg_script_free(script);
}

static void sealing_may_fail(void **state)
{
    (void)state;
    struct mg_script_limits limits = {.max_bytes = 1 << 20};
    struct mg_script_fault fault = {.err.code = "no fault"};
    struct mg_str text = MG_STR("local big = {}\nfor i = 1, 11000 do big[i] = {} end\n"
                                "hook(function() return big end)");
    struct mg_script *script = mg_script_new(&limits, globals, NULL);
    mg_expect_true("loading", mg_script_call(script, load_chunk, &text, &fault));
    mg_expect_int("sealing", mg_script_seal(script, &ample, NULL, NULL, NULL, &fault), false);
    mg_expect_text("sealing", fault.err.code, "policy-memory");
    mg_expect_int("sealing", fault.is_final, true);
    mg_script_free(script);
}

/* ---- the collector ---- */

static void garbage_waits_for_idle(void **state)
{
    (void)state;
    struct mg_script *script = sealed("hook(function() local t = {}\n"
                                      "for i = 1, 100 do t[i] = { i } end end)",
                                      NULL, &ample);
    struct mg_script_fault fault;
    size_t before = mg_script_bytes(script);
    mg_expect_true("run", run_slot(script, 1, &fault));
    size_t of_one = mg_script_bytes(script) - before;
    mg_expect_true("a call leaves garbage", of_one > 2000);
    mg_script_idle(script);
    mg_expect_u64("too little to collect", mg_script_bytes(script), before + of_one);
    size_t most = 0;
    for (int i = 0; i < 1000; i++) {
        mg_expect_true("run", run_slot(script, 1, &fault));
        mg_script_idle(script);
        most = mg_script_bytes(script) > most ? mg_script_bytes(script) : most;
    }
    mg_expect_true("what gathers is bounded", most < before + (512 << 10));
    mg_script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_stays),
        cmocka_unit_test(references_do_not_meet_what_is_kept),
        cmocka_unit_test(faults_say_what_and_where),
        cmocka_unit_test(scripts_may_speak_of_memory),
        cmocka_unit_test(calls_nested_too_deeply_are_a_fault),
        cmocka_unit_test(a_success_does_not_touch_the_fault),
        cmocka_unit_test(a_call_may_have_bounds_of_its_own),
        cmocka_unit_test(assignments_that_outlive_a_call_are_undone),
        cmocka_unit_test(sealing_reports_such_assignments),
        cmocka_unit_test(sealing_may_fail),
        cmocka_unit_test(garbage_waits_for_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
