/* test_state.c - the door and its bounds: what scripts try, and what becomes of it. */
#include <lualib.h>

#include "expect.h"
#include "script/state.h"
#include "script/value.h"

static const struct mg_script_limits small = {
    .max_bytes = 8 << 20, .max_steps = 2000000, .max_cpu_ms = 2000};

static char last_said[256];

/* say(…): notes its first argument, so that a script can tell the test something. */
static int say(lua_State *L)
{
    mg_err_set(last_said, sizeof(last_said), "%s", luaL_checkstring(L, 1));
    return 0;
}

static int fail_with_code(lua_State *L)
{
    return mg_script_raise(L, "my-code", "my hint", "went %s", "wrong");
}

static int value(lua_State *L)
{
    mg_value_push(L, "kind", NULL);
    return 1;
}

static const luaL_Reg globals[] = {
    {"say", say}, {"fail", fail_with_code}, {"value", value}, {NULL, NULL}};

struct chunk {
    const char *name;
    struct mg_str text;
};

static int run_chunk(lua_State *L)
{
    const struct chunk *chunk = lua_touserdata(L, 1);
    mg_script_push_chunk(L, chunk->name, chunk->text);
    lua_callk(L, 0, 0, 0, NULL); /* below the door of mg_script_call */
    return 0;
}

static bool run(struct mg_script *script, struct mg_str text, struct mg_script_fault *fault)
{
    struct chunk chunk = {"dir/policy.lua", text};
    last_said[0] = '\0';
    return mg_script_call(script, run_chunk, &chunk, fault);
}

#define TEN(x)     x x x x x x x x x x
#define HUNDRED(x) TEN(TEN(x))

/* Chunks that must not get away with it. */
static const struct {
    const char *desc;
    const char *text;
    const char *code;
    int line;
    bool is_final;
} attacks[] = {
    {"a loop without end", "\nwhile true do end", "policy-timeout", 2, true},
    {"a loop of goto", "::a::\ngoto a", "policy-timeout", 2, true},
    {"a loop in a pcall loop", "while true do pcall(function() while true do end end) end",
     "policy-timeout", 1, true},
    {"nested pcalls that each loop",
     "local function f(n)\nif n == 0 then while true do end end\n"
     "pcall(f, n - 1)\nwhile true do end end\nf(100)",
     "policy-timeout", 2, true},
    {"pcall of pcall of a loop", "pcall(pcall, function() while true do end end)\nsay 'after'",
     "policy-timeout", 1, true},
    {"recursion without end", "local function f() return 1 + f() end\nf()", "policy-memory", 1,
     true},
    {"recursion through pcall",
     "local function f() return pcall(f) end\nf()\nwhile true do end", "policy-timeout", 3,
     true},
    {"rep of nothing", "say(tostring(#(''):rep(1 << 60)))\nfail()", "my-code", 2, false},
    {"parentheses without end", "\nlocal x = " HUNDRED("((") "1", "policy-syntax", 2, false},
    {"blocks without end", "\n" HUNDRED("do do "), "policy-syntax", 2, false},
    {"rep of much", "local s = ('x'):rep(1 << 40)", "policy-error", 1, false},
    {"rep whose size overflows", "local s = ('xx'):rep(1 << 62, 'abc')", "policy-error", 1,
     false},
    {"doubling a string", "local s = 'x'\nwhile true do s = s .. s end", "policy-memory", 2,
     true},
    {"doubling in a pcall loop",
     "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
     "policy-memory", 1, true},
    {"a table without end", "local t = {}\nfor i = 1, 1e9 do t[i] = i end", "policy-memory", 2,
     true},
    {"table.move of much", "table.move({}, 1, 1 << 62, 2)", "policy-error", 1, false},
    {"table.move from the least integer", "table.move({}, math.mininteger, 0, 1)",
     "policy-error", 1, false},
    {"table.concat of nothing much", "table.concat({}, 'x', 1, 1 << 62)", "policy-error", 1,
     false},
    {"table.unpack of much", "table.unpack({}, 1, 1e8)", "policy-error", 1, false},
    {"inserting at the front for ever",
     "local t = {}\nfor i = 1, 1e9 do table.insert(t, 1, i) end", "policy-timeout", 2, true},
    {"sorting much",
     "local t = {}\nfor i = 1, 2e4 do t[i] = (i * 7919) % 104729 end\n"
     "while true do\ntable.sort(t) end",
     "policy-timeout", 4, true},
    {"an exponential pattern", "string.find(('a'):rep(200), '.-.-.-.-b')", "policy-timeout", 1,
     true},
    {"a pattern of stars", "local s = ('a'):rep(8000)\ns:find('a*a*example')", "policy-timeout",
     2, true},
    {"a gsub over much", "('a'):rep(3e6):gsub('.-b', '')", "policy-timeout", 1, true},
    {"many patterns that are cheap alone",
     "local s = ('a'):rep(9000)\nwhile true do s:find('a-b') end", "policy-timeout", 2, true},
    {"format of addresses", "string.format('%p', {})", "policy-error", 1, false},
    {"format of addresses with a width", "string.format('%-20p', {})", "policy-error", 1,
     false},
    {"writing into the string library", "string.rep = nil", "policy-error", 1, false},
    {"table.insert into a library", "table.insert(string, 1)", "policy-error", 1, false},
    {"writing through a string", "('').x = 1", "policy-error", 1, false},
    {"load", "load 'x = 1'", "global-undefined", 1, false},
    {"loadstring", "loadstring 'x = 1'", "global-undefined", 1, false},
    {"dofile", "dofile '/etc/passwd'", "global-undefined", 1, false},
    {"loadfile", "loadfile '/etc/passwd'", "global-undefined", 1, false},
    {"require", "require 'os'", "global-undefined", 1, false},
    {"package", "package.loadlib()", "global-undefined", 1, false},
    {"os", "os.exit()", "global-undefined", 1, false},
    {"io", "io.open '/etc/passwd'", "global-undefined", 1, false},
    {"debug", "debug.getregistry()", "global-undefined", 1, false},
    {"coroutine", "coroutine.wrap(function() end)", "global-undefined", 1, false},
    {"setmetatable", "setmetatable({}, { __gc = function() end })", "global-undefined", 1,
     false},
    {"getmetatable", "getmetatable('').__index = {}", "global-undefined", 1, false},
    {"rawset", "rawset(string, 'rep', 1)", "global-undefined", 1, false},
    {"rawget", "rawget(string, 'rep')", "global-undefined", 1, false},
    {"rawequal", "rawequal(1, 1)", "global-undefined", 1, false},
    {"rawlen", "rawlen {}", "global-undefined", 1, false},
    {"collectgarbage", "collectgarbage 'stop'", "global-undefined", 1, false},
    {"xpcall", "xpcall(error, function() while true do end end)", "global-undefined", 1, false},
    {"print", "print 'x'", "global-undefined", 1, false},
    {"warn", "warn '@on'", "global-undefined", 1, false},
    {"_G", "_G.x = 1", "global-undefined", 1, false},
    {"string.dump", "string.dump(function() end)", "policy-error", 1, false},
    {"string.pack", "string.pack('z', 'x')", "policy-error", 1, false},
    {"math.random", "math.random()", "policy-error", 1, false},
    {"a method of strings that is gone", "('x'):dump()", "policy-error", 1, false},
    {"calling a value", "value()()", "policy-error", 1, false},
    {"indexing a value", "return value().x", "policy-error", 1, false},
    {"an error that is a table", "\nerror {}", "policy-error", 2, false},
    {"an error that is nil", "error()", "policy-error", 1, false},
    {"an error of another level", "local function f()\nerror('x', 2)\nend\nf()", "policy-error",
     4, false},
    {"an error without place", "\n\nerror('x', 0)", "policy-error", 3, false},
    {"indexing nil", "local t\nt.x = 1", "policy-error", 2, false},
    {"a syntax error", "x = = 1", "policy-syntax", 1, false},
    {"an unfinished string", "\n\nx = 'abc", "policy-syntax", 3, false},
    {"brackets without end", "\nx = ((((((((", "policy-syntax", 2, false},
};

static void attacks_are_contained(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(attacks); i++) {
        struct mg_script_fault fault;
        struct mg_script *script = mg_script_new(&small, globals, NULL);
        bool succeeded = run(script, mg_str_from(attacks[i].text), &fault);
        mg_expect_int(attacks[i].desc, succeeded, false);
        mg_expect_text(attacks[i].desc, fault.err.code, attacks[i].code);
        mg_expect_text(attacks[i].desc, fault.err.file, "dir/policy.lua");
        mg_expect_int(attacks[i].desc, fault.err.line, attacks[i].line);
        mg_expect_int(attacks[i].desc, fault.is_final, attacks[i].is_final);
        mg_expect_true(attacks[i].desc, fault.err.message[0] != '\0');
        mg_expect_text(attacks[i].desc, strstr(fault.err.message, "dir/policy.lua:"), NULL);
        if (!attacks[i].is_final) {
            /* The state is as good as new. */
            mg_expect_true(attacks[i].desc, run(script, MG_STR("say(('x'):rep(2))"), &fault));
            mg_expect_text(attacks[i].desc, last_said, "xx");
        } else {
            mg_expect_int(attacks[i].desc, run(script, MG_STR("say 'x'"), &fault), false);
            mg_expect_text(attacks[i].desc, fault.err.code, attacks[i].code);
            mg_expect_text(attacks[i].desc, last_said, "");
        }
        mg_script_free(script);
    }
}

static void texts_with_nul_are_refused(void **state)
{
    (void)state;
    struct mg_script_fault fault;
    struct mg_script *script = mg_script_new(&small, globals, NULL);
    mg_expect_int("NUL in the text", run(script, MG_STR("x = 1 \0 y"), &fault), false);
    mg_expect_text("NUL in the text", fault.err.code, "policy-syntax");
    mg_script_free(script);
}

static void bytecode_is_refused(void **state)
{
    (void)state;
    /* A dumped chunk is made by a Lua of the test's own. */
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    luaL_requiref(L, "string", luaopen_string, 1);
    assert_int_equal(luaL_loadstring(L, "return string.dump(function() return 1 end)"), LUA_OK);
    assert_int_equal(lua_pcall(L, 0, 1, 0), LUA_OK);
    struct mg_str dumped;
    dumped.ptr = lua_tolstring(L, -1, &dumped.len);
    struct mg_script_fault fault;
    struct mg_script *script = mg_script_new(&small, globals, NULL);
    mg_expect_int("a dumped chunk", run(script, dumped, &fault), false);
    mg_expect_text("a dumped chunk", fault.err.code, "policy-bytecode");
    mg_expect_int("its first byte alone", run(script, MG_STR("\x1b"), &fault), false);
    mg_expect_text("its first byte alone", fault.err.code, "policy-bytecode");
    mg_script_free(script);
    lua_close(L);
}

/* Chunks that work, and what they say. */
static const struct {
    const char *desc;
    const char *text;
    const char *said;
} rows[] = {
    {"pcall gives results",
     "local ok, a, b = pcall(function() return 'x', 'y' end)\n"
     "say(tostring(ok) .. a .. b)",
     "truexy"},
    {"pcall catches a string", "local ok, e = pcall(error, 'msg', 0) say(tostring(ok) .. e)",
     "falsemsg"},
    {"pcall gives a sentence for a table", "local _, e = pcall(error, {}) say(e)",
     "the error is a table"},
    {"pcall gives a sentence for our errors", "\nlocal _, e = pcall(fail) say(e)",
     "dir/policy.lua:2: went wrong"},
    {"an unknown global can be caught",
     "local ok = pcall(function() return nothing end)\n"
     "say(tostring(ok))",
     "false"},
    {"tostring shows no address",
     "say(tostring({}) .. tostring(say) .. tostring(1) .. tostring(nil) .. tostring(value()))",
     "tablefunction1niluserdata"},
    {"format shows no address", "say(string.format('%s %s %5.1f %q', {}, say, 1, 'x'))",
     "table function   1.0 \"x\""},
    {"strings have methods", "say(('abc'):upper():rep(2, '-'))", "ABC-ABC"},
    {"string methods are the safe ones", "say(tostring((''):rep(1 << 60) == ''))", "true"},
    {"the metatable of strings is sealed",
     "say(tostring(pcall(function() ('').__index = 1 end)))", "false"},
    {"patterns work", "say((('https://a.b.example'):match('^https://(.-)%.(.-)%.example$')))",
     "a"},
    {"gmatch works",
     "local n = 0 for w in ('a b c'):gmatch('%a+') do n = n + 1 end say(n .. '')", "3"},
    {"gsub works", "say((('a.b'):gsub('%.', '-')))", "a-b"},
    {"find in plain text works", "say(('a.b'):find('.', 1, true) .. '')", "2"},
    {"globals of a chunk are its own", "x = 'mine' say(x)", "mine"},
    {"globals may shadow", "tostring = function() return 'shadow' end say(tostring(1))",
     "shadow"},
    {"tables work",
     "local t = { 3, 1, 2 } table.sort(t) table.insert(t, 4)\n"
     "table.insert(t, 1, 0) table.remove(t, 1) say(table.concat(t, ','))",
     "1,2,3,4"},
    {"sort with a function",
     "local t = { 1, 2 } table.sort(t, function(a, b) return a > b end)\n"
     "say(table.concat(t))",
     "21"},
    {"move and unpack",
     "say(table.concat({ table.unpack(table.move({ 'a', 'b' }, 1, 2, 2)) }))", "aab"},
    {"utf8 works", "say(utf8.char(228) .. utf8.len('ä'))", "ä1"},
    {"math works", "say(math.max(1, 2) .. math.type(1))", "2integer"},
    {"an environment of one's own", "local _ENV = { say = say } x = 1 say(x .. '')", "1"},
    {"select and ipairs", "for i in ipairs { 1 } do say(select('#', i, i) .. '') end", "2"},
    {"a close variable is just refused a metamethod",
     "say(tostring(pcall(function() local x <close> = {} end)))", "false"},
};

static void scripts_can_do_their_work(void **state)
{
    (void)state;
    struct mg_script *script = mg_script_new(&small, globals, NULL);
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_script_fault fault;
        if (!run(script, mg_str_from(rows[i].text), &fault)) {
            mg_expect_text(rows[i].desc, fault.err.message, "no fault");
        }
        mg_expect_text(rows[i].desc, last_said, rows[i].said);
    }
    mg_script_free(script);
}

static void chunks_do_not_see_one_anothers_globals(void **state)
{
    (void)state;
    struct mg_script_fault fault;
    struct mg_script *script = mg_script_new(&small, globals, NULL);
    mg_expect_true("the first sets", run(script, MG_STR("shared = 1 string_ = 2"), &fault));
    mg_expect_int("the second reads", run(script, MG_STR("return shared"), &fault), false);
    mg_expect_text("the second reads", fault.err.code, "global-undefined");
    mg_script_free(script);
}

static const struct {
    const char *desc;
    const char *text;
    const char *hint;
} unknown_names[] = {
    {"a misspelt library", "strinc.rep('x', 2)", "did you mean 'string'?"},
    {"a misspelt word of the host", "saay 'x'", "did you mean 'say'?"},
    {"a misspelt global of its own", "partners = {}\nreturn partnres",
     "did you mean 'partners'?"},
    {"something far from all", "return quux_something", ""},
    {"something of Lua that is not there", "print 'x'", "write log(…)"},
    {"another", "require 'x'", "write include \"_file.lua\""},
};

static void unknown_globals_get_a_hint(void **state)
{
    (void)state;
    struct mg_script *script = mg_script_new(&small, globals, NULL);
    for (size_t i = 0; i < MG_COUNT(unknown_names); i++) {
        struct mg_script_fault fault;
        mg_expect_int(unknown_names[i].desc,
                      run(script, mg_str_from(unknown_names[i].text), &fault), false);
        mg_expect_text(unknown_names[i].desc, fault.err.hint, unknown_names[i].hint);
    }
    mg_script_free(script);
}

static void faults_carry_code_and_hint(void **state)
{
    (void)state;
    struct mg_script_fault fault;
    struct mg_script *script = mg_script_new(&small, globals, NULL);
    mg_expect_int("raise", run(script, MG_STR("\n\n\nfail()"), &fault), false);
    mg_expect_text("code", fault.err.code, "my-code");
    mg_expect_text("message", fault.err.message, "went wrong");
    mg_expect_text("hint", fault.err.hint, "my hint");
    mg_expect_int("line", fault.err.line, 4);
    mg_script_free(script);
}

static void long_names_are_whole_in_faults(void **state)
{
    (void)state;
    struct mg_script_fault fault;
    const char *name = "a/very/long/path/of/a/policy/that/is/longer/than/what/lua/keeps/x.lua";
    struct mg_script *script = mg_script_new(&small, globals, NULL);
    struct chunk run_time = {name, MG_STR("\nlocal t\nt.x = 1")};
    mg_expect_int("at run time", mg_script_call(script, run_chunk, &run_time, &fault), false);
    mg_expect_text("at run time", fault.err.file, name);
    mg_expect_int("at run time", fault.err.line, 3);
    struct chunk syntax = {name, MG_STR("\n\nx = = 1")};
    mg_expect_int("syntax", mg_script_call(script, run_chunk, &syntax, &fault), false);
    mg_expect_text("syntax", fault.err.file, name);
    mg_expect_int("syntax", fault.err.line, 3);
    mg_script_free(script);
}

static void cpu_time_is_bounded_without_steps(void **state)
{
    (void)state;
    struct mg_script_fault fault;
    struct mg_script_limits limits = {.max_steps = UINT64_MAX, .max_cpu_ms = 50};
    struct mg_script *script = mg_script_new(&limits, globals, NULL);
    mg_expect_int("50 ms", run(script, MG_STR("\n\nwhile true do end"), &fault), false);
    mg_expect_text("50 ms", fault.err.code, "policy-timeout");
    mg_expect_int("50 ms", fault.err.line, 3);
    mg_script_free(script);
}

static void steps_do_not_depend_on_the_machine(void **state)
{
    (void)state;
    uint64_t taken[2];
    for (int i = 0; i < 2; i++) {
        struct mg_script_fault fault;
        struct mg_script *script = mg_script_new(&small, globals, NULL);
        uint64_t before = mg_script_steps(script);
        mg_expect_true("loop", run(script, MG_STR("for i = 1, 1e5 do end"), &fault));
        taken[i] = mg_script_steps(script) - before;
        mg_script_free(script);
    }
    mg_expect_true("a step for each turn", taken[0] >= 100000 && taken[0] < 200000);
    mg_expect_u64("the same each time", taken[0] / 100, taken[1] / 100);
}

static void memory_is_counted_and_given_back(void **state)
{
    (void)state;
    struct mg_script_fault fault;
    struct mg_script *script = mg_script_new(&small, globals, NULL);
    size_t before = mg_script_bytes(script);
    mg_expect_true("held", run(script, MG_STR("local s = ('x'):rep(1 << 20)"), &fault));
    mg_expect_true("counted", mg_script_bytes(script) >= before);
    mg_expect_true("bounded", mg_script_bytes(script) <= small.max_bytes);
    mg_script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks_are_contained),
        cmocka_unit_test(texts_with_nul_are_refused),
        cmocka_unit_test(bytecode_is_refused),
        cmocka_unit_test(scripts_can_do_their_work),
        cmocka_unit_test(chunks_do_not_see_one_anothers_globals),
        cmocka_unit_test(unknown_globals_get_a_hint),
        cmocka_unit_test(faults_carry_code_and_hint),
        cmocka_unit_test(long_names_are_whole_in_faults),
        cmocka_unit_test(cpu_time_is_bounded_without_steps),
        cmocka_unit_test(steps_do_not_depend_on_the_machine),
        cmocka_unit_test(memory_is_counted_and_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
