/* test_budget.c - each bound of a call ends each kind of runaway, and the next call of the same
 * state works.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"
#include "script/watchdog.h"
#include "sealed_state.h"

/* ThreadSanitizer keeps a stack of each allocation, and takes minutes for what is a second. */
enum {
#ifdef MG_SCRIPT_COUNTING_HOOK
    FAILING_CALLS = 600,
#else
    FAILING_CALLS = 10000,
#endif
};

/* Bounds that one kind of runaway cannot help but pass first, on any machine. */
static const struct mg_script_budget for_time = {
    .max_cpu_ms = 2, .max_steps = UINT64_MAX, .max_bytes = 32 << 20};
static const struct mg_script_budget for_steps = {
    .max_cpu_ms = 600000, .max_wall_ms = 600000, .max_steps = 20000, .max_bytes = 256 << 10};
static const struct mg_script_budget for_memory = {
    .max_cpu_ms = 600000, .max_wall_ms = 600000, .max_steps = UINT64_MAX, .max_bytes = 1 << 20};
static const struct mg_script_budget counting = {
    .max_steps = 20000, .max_bytes = 256 << 10, .counts = true};

/* Bodies of functions; line 1 is the one after `hook(function()`. */
struct runaway {
    const char *desc;
    const char *body;
    int line; /* where it is stopped; 0: it depends */
};

static const struct runaway endless[] = {
    {"a loop", "while true do end", 2},
    {"a loop of goto", "::a::\ngoto a", 3},
    {"a repeat", "repeat until false", 2},
    {"a long for", "for i = 1, 1 << 60 do end", 2},
    {"a loop in a pcall", "pcall(function() while true do end end) say 'after'", 2},
    {"a loop in a pcall loop", "while true do pcall(function() while true do end end) end", 2},
    {"pcalls that fail", "while true do pcall(error, 'x', 0) end", 2},
    {"pcalls that raise tables", "while true do pcall(error, {}) end", 2},
    {"pcall of pcall of a loop", "pcall(pcall, function() while true do end end)", 2},
    {"180 nested pcalls that each loop",
     "local function f(n)\nif n == 0 then while true do end end\n"
     "pcall(f, n - 1)\nwhile true do end\nend\nf(180)",
     3},
    {"nested pcalls that each swallow",
     "local function f(n)\nif n > 0 then while true do pcall(f, n - 1) end end\n"
     "while true do end\nend\nf(20)",
     0},
    {"tail calls", "local function f() return f() end\nf()", 0},
    {"recursion caught and begun again",
     "local function f() return pcall(f) end\nwhile true do f() end", 0},
    {"a comparison that loops", "table.sort({ 1, 2, 3 }, function()\nwhile true do end end)",
     3},
    {"a replacement that loops", "string.gsub('abc', '.', function()\nwhile true do end end)",
     3},
    {"a loop with many arguments", "while true do select('#', 1, 2, 3, 4, 5, 6, 7, 8) end", 2},
};

static const struct runaway working[] = {
    {"doing what is charged for", "while true do charge(10) end", 2},
    {"one huge charge", "charge(1 << 62)", 2},
    {"charges that are caught", "while true do pcall(charge, 1 << 62) end", 2},
    {"charges whose sum overflows",
     "pcall(charge, math.maxinteger) pcall(charge, math.maxinteger) say 'after'", 2},
    {"turning texts around", "local s = ('x'):rep(1000)\nwhile true do s:reverse() end", 3},
    {"joining without end",
     "local t = {}\nfor i = 1, 1000 do t[i] = 'a' end\nwhile true do table.concat(t) end", 4},
    {"many matches", "local s = ('a'):rep(900)\nwhile true do s:find('a-b') end", 3},
    {"throwing tables away", "while true do local t = { 1, 2, 3 } end", 2},
    {"throwing texts away", "local i = 0\nwhile true do i = i + 1 local s = 'x' .. i end", 3},
    {"throwing functions away", "while true do local f = function() return f end end", 2},
    {"throwing away in pcalls",
     "while true do pcall(function() local t = {} t[1] = {} error(t) end) end", 2},
};

static const struct runaway growing[] = {
    {"a table", "local t = {}\nfor i = 1, 1e9 do t[i] = i end", 3},
    {"a table of texts", "local t = {}\nfor i = 1, 1e9 do t[i] = 'x' .. i end", 3},
    {"nested tables", "local t = {}\nwhile true do t = { t } end", 3},
    {"doubling a text", "local s = 'x'\nwhile true do s = s .. s end", 3},
    {"doubling in a pcall loop",
     "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end", 2},
    {"one huge text", "local s = ('x'):rep(8 << 20)", 2},
    {"a huge text in a pcall loop", "while true do pcall(string.rep, 'x', 8 << 20) end", 2},
    {"a huge text in a pcall, then more", "pcall(string.rep, 'x', 8 << 20) say 'after'", 2},
    {"huge texts joined",
     "local t = {}\nfor i = 1, 100 do t[i] = ('x'):rep(9000) end\n"
     "local s = table.concat(t, ('y'):rep(9000))",
     4},
    {"recursion", "local function f() return 1 + f() end\nf()", 2},
    {"recursion in a pcall loop",
     "local function f() return 1 + f() end\nwhile true do pcall(f) end", 2},
    {"unpacking much",
     "local t = {}\nfor i = 1, 30000 do t[i] = i end\n"
     "local function f(...) return select('#', ...) + f(0, ...) end\n"
     "f(table.unpack(t))",
     0},
    {"closures", "local f\nwhile true do local g = f f = function() return g end end", 3},
};

static struct mg_script *sealed_runaway(const struct runaway *runaway,
                                        const struct mg_script_budget *budget)
{
    char text[1024];
    (void)snprintf(text, sizeof(text),
                   "hook(function()\n%s\nend)\n"
                   "hook(function() local t = {} for i = 1, 10 do t[i] = 'x' .. i end\n"
                   "say(table.concat(t, '', 9)) end)",
                   runaway->body);
    return sealed(text, NULL, budget);
}

static void expect_stopped(const struct runaway *runaway, const struct mg_script_budget *budget,
                           const char *code, enum mg_script_bound bound)
{
    struct mg_script *script = sealed_runaway(runaway, budget);
    for (int round = 0; round < 2; round++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        mg_expect_int(runaway->desc, run_slot(script, 1, &fault), false);
        mg_expect_text(runaway->desc, fault.err.code, code);
        mg_expect_int(runaway->desc, fault.bound, bound);
        mg_expect_text(runaway->desc, fault.err.file, "dir/policy.lua");
        mg_expect_true(runaway->desc, fault.err.line >= 2);
        if (runaway->line != 0) {
            mg_expect_int(runaway->desc, fault.err.line, runaway->line);
        }
        mg_expect_int(runaway->desc, fault.is_final, false);
        mg_expect_true(runaway->desc, fault.err.message[0] != '\0');
        mg_expect_true(runaway->desc, fault.traceback[0] != '\0');
        mg_expect_text(runaway->desc, last_said, "");
        /* The state is as good as new. */
        expect_works(runaway->desc, script, 2, "x9x10");
        mg_script_idle(script);
    }
    mg_script_free(script);
}

static void time_ends_what_loops(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(endless); i++) {
        expect_stopped(&endless[i], &for_time, "budget-time", MG_BOUND_TIME);
    }
}

static void steps_end_what_loops_where_instructions_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(endless); i++) {
        expect_stopped(&endless[i], &counting, "budget-steps", MG_BOUND_STEPS);
    }
}

static void steps_end_what_works_in_c(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(working); i++) {
        expect_stopped(&working[i], &for_steps, "budget-steps", MG_BOUND_STEPS);
    }
    for (size_t i = 0; i < MG_COUNT(working); i++) {
        expect_stopped(&working[i], &counting, "budget-steps", MG_BOUND_STEPS);
    }
}

static void memory_ends_what_grows(void **state)
{
    (void)state;
    struct mg_script_budget counted = for_memory;
    counted.counts = true;
    for (size_t i = 0; i < MG_COUNT(growing); i++) {
        expect_stopped(&growing[i], &for_memory, "budget-memory", MG_BOUND_MEMORY);
        expect_stopped(&growing[i], &counted, "budget-memory", MG_BOUND_MEMORY);
    }
}

/* A call may fill and drop several times what it may hold. */
static void garbage_alone_fails_no_call(void **state)
{
    (void)state;
    struct mg_script_budget budget = for_memory;
    budget.max_bytes = 512 << 10;
    static const char *const texts[] = {
        "hook(function() for i = 1, 30 do local s = ('x'):rep(60000 + i) end say 'done' end)",
        "hook(function() for i = 1, 30000 do local t = { i } end say 'done' end)",
        "hook(function() local s = ('x'):rep(50000)\n"
        "for i = 1, 15 do local u = s:upper() .. i end say 'done' end)",
        "hook(function() local p = { ('x'):rep(30000), ('y'):rep(30000) }\n"
        "for i = 1, 15 do p[3] = '' .. i local u = table.concat(p) end say 'done' end)",
    };
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        struct mg_script *script = sealed(texts[i], NULL, &budget);
        for (int round = 0; round < 4; round++) {
            struct mg_script_fault fault = {.err.code = "no fault"};
            (void)run_slot(script, 1, &fault);
            mg_expect_text(texts[i], fault.err.code, "no fault");
            mg_expect_text(texts[i], last_said, "done");
        }
        mg_script_free(script);
    }
}

/* A luaL_Buffer asks the allocator itself, and once. */
static int fill_buffer(lua_State *L)
{
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    for (int i = 0; i < 4096; i++) {
        luaL_addstring(&buffer, "0123456789abcdef0123456789abcdef");
    }
    luaL_pushresult(&buffer);
    return 0;
}

static int fill_buffer_in_pcall(lua_State *L)
{
    lua_pushcfunction(L, fill_buffer);
    (void)mg_script_pcall(L, 0);
    (void)say(L); /* not reached */
    return 0;
}

static void a_buffer_that_cannot_grow_is_out_of_memory(void **state)
{
    (void)state;
    struct mg_script_budget budget = for_memory;
    budget.max_bytes = 64 << 10;
    struct mg_script *script = sealed("hook(function() say 'x' end)", NULL, &budget);
    const lua_CFunction functions[] = {fill_buffer, fill_buffer_in_pcall};
    for (size_t i = 0; i < MG_COUNT(functions); i++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        mg_expect_int("fill", mg_script_run(script, functions[i], NULL, &fault), false);
        mg_expect_text("fill", fault.err.code, "budget-memory");
        expect_works("afterwards", script, 1, "x");
    }
    mg_script_free(script);
}

static void the_bound_of_the_state_stays(void **state)
{
    (void)state;
    struct mg_script_limits limits = {.max_bytes = 512 << 10};
    struct mg_script *script = sealed("hook(function() local t = {}\n"
                                      "for i = 1, 1e9 do t[i] = i end end)",
                                      &limits, &for_memory);
    struct mg_script_fault fault;
    mg_expect_int("the state's", run_slot(script, 1, &fault), false);
    mg_expect_text("the state's", fault.err.code, "budget-memory");
    mg_expect_true("the state's", strstr(fault.err.message, "524288") != NULL);
    mg_expect_true("the state's", mg_script_bytes(script) <= limits.max_bytes);
    mg_script_free(script);
}

/* What fails leaves nothing behind. */
static void memory_is_flat_over_failing_calls(void **state)
{
    (void)state;
    struct mg_script_budget budget = for_memory;
    budget.max_bytes = 16 << 10;
    budget.max_steps = 2000;
    struct mg_script *script =
        sealed("hook(function() local t = {} while true do t[#t + 1] = {} end end)\n"
               "hook(function() error('x' .. #tostring(1)) end)\n"
               "hook(function() local s = ('y'):rep(100) while true do s:reverse() end end)\n"
               "hook(function() while true do local t = {} end end)\n"
               "hook(function() fail() end)\n"
               "hook(function() error {} end)\n",
               NULL, &budget);
    static const char *const codes[] = {"budget-memory", "script-error", "budget-steps",
                                        "budget-steps",  "my-code",      "script-error"};
    size_t after_some = 0;
    for (int round = 0; round < FAILING_CALLS; round++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        int slot = round % (int)MG_COUNT(codes);
        mg_expect_int(codes[slot], run_slot(script, slot + 1, &fault), false);
        mg_expect_text(codes[slot], fault.err.code, codes[slot]);
        mg_script_idle(script);
        after_some = round == 100 ? mg_script_bytes(script) : after_some;
        mg_expect_true(codes[slot], round <= 100 || mg_script_bytes(script) <
                                                        after_some + 3 * budget.max_bytes);
    }
    mg_script_free(script);
}

static int expect_steps_left(lua_State *L)
{
    uint64_t before = mg_script_steps_left(L);
    mg_script_charge(L, 100);
    mg_expect_u64("after 100 of them", mg_script_steps_left(L), before - 100);
    mg_script_charge(L, before - 100);
    mg_expect_u64("after all of them", mg_script_steps_left(L), 0);
    return 0;
}

static void steps_left_are_what_may_be_charged(void **state)
{
    (void)state;
    struct mg_script_budget budget = {.max_steps = 1000};
    struct mg_script *script = sealed("", NULL, &budget);
    struct mg_script_fault fault = {.err.code = "no fault"};
    (void)mg_script_run(script, expect_steps_left, NULL, &fault);
    mg_expect_text("all of them", fault.err.code, "no fault");
    mg_expect_u64("all of them", mg_script_last_steps(script), 1000);
    mg_script_free(script);
}

static void steps_do_not_add_up_over_calls(void **state)
{
    (void)state;
    struct mg_script_budget budget = {.max_steps = 1000};
    struct mg_script *script = sealed("hook(function() charge(900) end)", NULL, &budget);
    uint64_t before = mg_script_steps(script);
    for (int i = 0; i < 5; i++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        (void)run_slot(script, 1, &fault);
        mg_expect_text("900 of 1000", fault.err.code, "no fault");
        mg_expect_u64("900 of 1000", mg_script_last_steps(script), 900);
    }
    mg_expect_u64("in all", mg_script_steps(script) - before, 4500);
    mg_script_free(script);
}

/* ---- steps are the same each time ---- */

static const char costly[] = "local words = { a = 1, b = 2, c = 3, d = 4 }\n"
                             "hook(function()\n"
                             "local n = 0\n"
                             "for k, v in pairs(words) do n = n + v end\n"
                             "local t = {}\n"
                             "for i = 1, 100 do t[i] = ('w' .. i % 7):upper() end\n"
                             "table.sort(t)\n"
                             "say(table.concat(t, ',') .. n)\n"
                             "pcall(function() local u = nil u.x = 1 end)\n"
                             "end)\n"
                             "hook(function() local t = {}\n"
                             "for i = 1, 2000 do t[i] = { i } end end)";

static uint64_t count_steps(int calls_before)
{
    struct mg_script_budget budget = {.counts = true};
    struct mg_script *script = sealed(costly, NULL, &budget);
    struct mg_script_fault fault = {.err.message = "no fault"};
    for (int i = 0; i < calls_before; i++) {
        (void)run_slot(script, i % 2 + 1, &fault);
        mg_script_idle(script);
    }
    (void)run_slot(script, 1, &fault);
    mg_expect_text("costly", fault.err.message, "no fault");
    uint64_t steps = mg_script_last_steps(script);
    mg_script_free(script);
    return steps;
}

/* What count_steps gives in another process. */
static uint64_t count_steps_elsewhere(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    char program[] = "/proc/self/exe";
    char argument[] = "steps";
    char *arguments[] = {program, argument, NULL};
    pid_t pid;
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, arguments, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    char text[32] = "";
    size_t used = 0;
    ssize_t got;
    while (used + 1 < sizeof(text) && (got = read(ends[0], text + used, 1)) > 0) {
        used += (size_t)got;
    }
    (void)close(ends[0]);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    mg_expect_int("the other process", status, 0);
    return strtoull(text, NULL, 10);
}

static void the_same_call_takes_the_same_steps(void **state)
{
    (void)state;
    uint64_t steps = count_steps(0);
    mg_expect_true("each instruction is one", steps > 1000 && steps < 20000);
    for (int calls = 1; calls < 8; calls++) {
        mg_expect_u64("in another state, later", count_steps(calls), steps);
    }
    for (int i = 0; i < 3; i++) {
        mg_expect_u64("in another process", count_steps_elsewhere(), steps);
    }
}

static void steps_of_a_loop_are_its_turns(void **state)
{
    (void)state;
    struct mg_script_budget budget = {.counts = true};
    struct mg_script *script = sealed("hook(function() for i = 1, 1000 do end end)\n"
                                      "hook(function() for i = 1, 3000 do end end)",
                                      NULL, &budget);
    struct mg_script_fault fault;
    mg_expect_true("1000", run_slot(script, 1, &fault));
    uint64_t steps = mg_script_last_steps(script);
    mg_expect_true("3000", run_slot(script, 2, &fault));
    mg_expect_u64("2000 more", mg_script_last_steps(script) - steps, 2000);
    mg_script_free(script);
}

/* ---- tables of many fields ---- */

/* Numbers that all stand in one place of a table of 2^bits fields. */
#define COLLIDING(bits) \
    "local t = {} for i = 1, (1 << " bits ") - 1 do t[i * ((1 << " bits ") - 1)] = i end"

static void a_call_makes_no_table_of_too_many_fields(void **state)
{
    (void)state;
    static const struct mg_script_budget budget = {.max_cpu_ms = 600000,
                                                   .max_wall_ms = 600000,
                                                   .max_steps = UINT64_MAX,
                                                   .max_bytes = 32 << 20};
    static const struct {
        const char *body;
        bool is_too_large;
    } rows[] = {
        {"local t = {} for i = 1, 8192 do t['k' .. i] = i end", false},
        {"local t = {} for i = 1, 8193 do t['k' .. i] = i end", true},
        {"local t = {} for i = 1, 8193 do pcall(function() t[i + 0.5] = i end) end", true},
        {COLLIDING("13"), false},
        {COLLIDING("14"), true},
        {COLLIDING("16"), true},
        /* Lists and texts of as many bytes as a hash part of such a table has. */
        {"local t = {} for i = 1, 100000 do t[i] = i end", false},
        {"local t = {} for i = 1, 24576 do t[i] = i end table.sort(t) "
         "table.pack(table.unpack(t))",
         false},
        {"for bits = 13, 17 do local n = 24 << bits local s = ('x'):rep(n)\n"
         "s = s:upper():reverse() assert(#s == n) end",
         false},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char text[512];
        struct mg_script_fault fault = {.err.code = "no fault"};
        (void)snprintf(text, sizeof(text), "hook(function() %s end)", rows[i].body);
        struct mg_script *script = sealed(text, NULL, &budget);
        (void)run_slot(script, 1, &fault);
        mg_expect_text(rows[i].body, fault.err.code,
                       rows[i].is_too_large ? "budget-memory" : "no fault");
        mg_expect_true(rows[i].body,
                       !rows[i].is_too_large || strstr(fault.err.message, "8192 fields"));
        mg_script_free(script);
    }
}

static void a_policy_makes_no_table_of_too_many_fields(void **state)
{
    (void)state;
    struct mg_script_limits limits = {0};
    struct mg_script_fault fault;
    struct mg_script *script = mg_script_new(&limits, globals, NULL);
    struct mg_str fine = MG_STR("local t = {} for i = 1, 16384 do t['k' .. i] = i end");
    struct mg_str large = MG_STR("local t = {} for i = 1, 16385 do t['k' .. i] = i end");
    mg_expect_true("16384 fields", mg_script_call(script, load_chunk, &fine, &fault));
    mg_expect_true("one more", !mg_script_call(script, load_chunk, &large, &fault));
    mg_expect_text("one more", fault.err.code, "policy-memory");
    mg_expect_true("one more", strstr(fault.err.message, "16384 fields") != NULL);
    mg_script_free(script);
}

/* What is collected between and in calls is bounded, and so is the time that it takes. */
static void more_than_half_of_the_memory_is_not_kept(void **state)
{
    (void)state;
    static const struct mg_script_limits limits = {.max_bytes = 4 << 20};
    static const struct mg_script_budget budget = {0};
    struct mg_script_fault fault;
    struct mg_script *script = mg_script_new(&limits, globals, NULL);
    struct mg_str text =
        MG_STR("local t = {} for i = 1, 5 do t[i] = ('x'):rep(500000) .. i end "
               "hook(function() return t end)");
    mg_expect_true("loading", mg_script_call(script, load_chunk, &text, &fault));
    mg_expect_true("sealing", !mg_script_seal(script, &budget, NULL, NULL, NULL, &fault));
    mg_expect_text("sealing", fault.err.code, "policy-memory");
    mg_script_free(script);
}

/* ---- work in C that one call does ---- */

static void texts_that_are_compared_or_read_as_numbers_are_charged_for(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "local s = ('x'):rep(1000000) table.sort { s .. 1, s .. 2, s .. 1, s .. 2 }",
        "local s = ('1'):rep(1000000) math.max(s, s, s, s)",
        "local s = ('0'):rep(1000000) .. '65' utf8.char(s, s, s, s)",
        "local s = ('0'):rep(1000000) .. '65' string.char(s, s, s, s)",
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char text[256];
        struct mg_script_fault fault = {.err.code = "no fault"};
        (void)snprintf(text, sizeof(text), "hook(function() %s end)", rows[i]);
        static const struct mg_script_budget wide = {.max_cpu_ms = 600000,
                                                     .max_bytes = 32 << 20};
        struct mg_script *script = sealed(text, NULL, &wide);
        mg_expect_true(rows[i], run_slot(script, 1, &fault));
        mg_expect_true(rows[i], mg_script_last_steps(script) > 4 * 1000000 / 16);
        mg_script_free(script);
    }
}

/* What reads a whole text to see what to do has been paid for by then. */
static void texts_are_charged_for_before_they_are_read(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "('x'):find(('x'):rep(1000000))",
        "('x'):find(('x'):rep(1000000) .. '%')",
        "string.format(('%%'):rep(500000) .. '%p')",
    };
    static const struct mg_script_budget few = {
        .max_cpu_ms = 600000, .max_steps = 100000, .max_bytes = 32 << 20};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char text[256];
        struct mg_script_fault fault = {.err.code = "no fault"};
        (void)snprintf(text, sizeof(text), "hook(function() %s end)", rows[i]);
        struct mg_script *script = sealed(text, NULL, &few);
        mg_expect_true(rows[i], !run_slot(script, 1, &fault));
        mg_expect_text(rows[i], fault.err.code, "budget-steps");
        mg_script_free(script);
    }
}

/* ---- the machine out of memory ---- */

static void failing_allocations_fail_only_the_call(void **state)
{
    (void)state;
    struct mg_script *script = sealed("hook(function() local t = {}\n"
                                      "for i = 1, 20 do t[i] = ('x'):rep(2000 + i) end\n"
                                      "say(table.concat(t, '', 1, 2):sub(1, 1)) end)",
                                      NULL, &for_memory);
    for (long n = 1; n < 60; n++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        if (!mg_alloc_fail_at(n)) {
            skip();
        }
        bool succeeded = run_slot(script, 1, &fault);
        (void)mg_alloc_fail_at(0);
        mg_expect_text("while one fails", fault.err.code,
                       succeeded ? "no fault" : "budget-memory");
        fault.err.code = "no fault";
        (void)run_slot(script, 1, &fault);
        mg_expect_text("afterwards", fault.err.code, "no fault");
        mg_expect_text("afterwards", last_said, "x");
    }
    mg_script_free(script);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "steps") == 0) {
        (void)printf("%llu\n", (unsigned long long)count_steps(0));
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_ends_what_loops),
        cmocka_unit_test(steps_end_what_loops_where_instructions_count),
        cmocka_unit_test(steps_end_what_works_in_c),
        cmocka_unit_test(memory_ends_what_grows),
        cmocka_unit_test(garbage_alone_fails_no_call),
        cmocka_unit_test(a_buffer_that_cannot_grow_is_out_of_memory),
        cmocka_unit_test(the_bound_of_the_state_stays),
        cmocka_unit_test(memory_is_flat_over_failing_calls),
        cmocka_unit_test(steps_left_are_what_may_be_charged),
        cmocka_unit_test(steps_do_not_add_up_over_calls),
        cmocka_unit_test(the_same_call_takes_the_same_steps),
        cmocka_unit_test(steps_of_a_loop_are_its_turns),
        cmocka_unit_test(a_call_makes_no_table_of_too_many_fields),
        cmocka_unit_test(a_policy_makes_no_table_of_too_many_fields),
        cmocka_unit_test(more_than_half_of_the_memory_is_not_kept),
        cmocka_unit_test(texts_that_are_compared_or_read_as_numbers_are_charged_for),
        cmocka_unit_test(texts_are_charged_for_before_they_are_read),
        cmocka_unit_test(failing_allocations_fail_only_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
