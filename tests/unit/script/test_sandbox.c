/* test_sandbox.c - which names a script has, and what the basic functions say of values. */
#include "sealed_state.h"

static const struct mg_script_budget counting = {.counts = true};

/* Every name there is, in order: what is not here is not offered. */
static const struct {
    const char *library;
    const char *names;
} libraries[] = {
    {"string", "byte char find format gmatch gsub len lower match rep reverse sub upper"},
    {"table", "concat insert move pack remove sort unpack"},
    {"math", "abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min "
             "mininteger modf pi rad sin sqrt tan tointeger type ult"},
    {"utf8", "char charpattern codepoint codes len offset"},
};

/* The chunk `text` says `said` while it loads, and the same as a hook of a sealed state. */
static void expect_said(const char *desc, const char *text, const char *said)
{
    static const struct mg_script_limits none;
    struct mg_script_fault fault;
    struct mg_str chunk = mg_str_from(text);
    struct mg_script *script = mg_script_new(&none, globals, NULL);
    assert_non_null(script);
    last_said[0] = '\0';
    if (!mg_script_call(script, load_chunk, &chunk, &fault)) {
        mg_expect_text(desc, fault.err.message, "no fault");
    }
    mg_expect_text(desc, last_said, said);
    mg_script_free(script);
    char hooked[1024];
    int length = snprintf(hooked, sizeof(hooked), "hook(function() %s\nend)", text);
    assert_true(length > 0 && (size_t)length < sizeof(hooked));
    script = sealed(hooked, NULL, &counting);
    expect_works(desc, script, 1, said);
    mg_script_free(script);
}

static void libraries_have_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(libraries); i++) {
        char text[256];
        (void)snprintf(
            text, sizeof(text),
            "local names = {} for name in pairs(%s) do names[#names + 1] = name end\n"
            "table.sort(names) say(table.concat(names, ' '))",
            libraries[i].library);
        expect_said(libraries[i].library, text, libraries[i].names);
    }
}

/* Names that Lua, or a version of it, has at the top, and whether scripts do. */
static void the_top_has_what_is_allowed(void **state)
{
    (void)state;
    expect_said(
        "names of Lua",
        "local has = {} for _, name in ipairs { '_G', '_VERSION', 'assert', 'arg',\n"
        "'bit32', 'collectgarbage', 'coroutine', 'debug', 'dofile', 'error', 'getfenv',\n"
        "'getmetatable', 'io', 'ipairs', 'load', 'loadfile', 'loadstring', 'math',\n"
        "'module', 'newproxy', 'next', 'os', 'package', 'pairs', 'pcall', 'print',\n"
        "'rawequal', 'rawget', 'rawlen', 'rawset', 'require', 'select', 'setfenv',\n"
        "'setmetatable', 'string', 'table', 'tonumber', 'tostring', 'type', 'unpack',\n"
        "'utf8', 'warn', 'xpcall' } do\n"
        "if pcall(function() return _ENV[name] end) then has[#has + 1] = name end end\n"
        "say(table.concat(has, ' '))",
        "assert error ipairs math next pairs pcall select string table tonumber "
        "tostring type utf8");
}

static const struct {
    const char *desc;
    const char *text;
    const char *said;
} rows[] = {
    {"types",
     "say(type(nil) .. type(1) .. type('') .. type({}) .. type(say) .. type(true) ..\n"
     "type(string))",
     "nilnumberstringtablefunctionbooleantable"},
    {"type of nothing", "say((select(2, pcall(function() type() end))))",
     "dir/policy.lua:1: bad argument #1 to 'type' (value expected)"},
    {"tostring of nothing", "say((select(2, pcall(function() tostring() end))))",
     "dir/policy.lua:1: bad argument #1 to 'tostring' (value expected)"},
    {"tostring shows no address",
     "say(tostring({}) .. tostring(say) .. tostring(string) .. tostring(function() end))",
     "tablefunctiontablefunction"},
    {"tostring of the rest",
     "say(tostring(1) .. tostring(1.5) .. tostring(nil) .. tostring(true))", "11.5niltrue"},
    {"next of nothing", "say((select(2, pcall(function() next() end))))",
     "dir/policy.lua:1: bad argument #1 to 'next' (table expected, got no value)"},
    {"pairs of nothing", "say((select(2, pcall(function() pairs() end))))",
     "dir/policy.lua:1: bad argument #1 to 'pairs' (value expected)"},
    {"pairs of nil", "say((select(2, pcall(function() for _ in pairs(nil) do end end))))",
     "dir/policy.lua:1: bad argument #1 to 'for iterator' (table expected, got nil)"},
    {"clearing a field in pairs",
     "local t = { 1, 2, 3 } for k in pairs(t) do t[k] = nil end say(#t .. '')", "0"},
    {"tonumber", "say(tonumber('0x10') .. tonumber('z', 36) .. tostring(tonumber('x')))",
     "1635nil"},
    {"ipairs stops at nil",
     "local n = 0 for i in ipairs { 1, 2, nil, 4 } do n = i end say(n .. '')", "2"},
    {"select from the end", "say(select(-1, 'a', 'b'))", "b"},
    {"assert gives its arguments", "say(assert('a', 'b'))", "a"},
    {"assert with a message", "say((select(2, pcall(assert, false, 'msg'))))", "msg"},
    {"writing into a library", "say((select(2, pcall(function() string.x = 1 end))))",
     "dir/policy.lua:1: the library is read-only"},
    {"inserting into a library",
     "say((select(2, pcall(function() table.insert(math, 1) end))))",
     "the library is read-only"},
    {"strings and the library are one",
     "say(tostring(('').rep == string.rep and ('').format == string.format))", "true"},
    {"strings have no other methods", "say(tostring(('').dump) .. tostring(('').pack))",
     "nilnil"},
};

static void basic_functions_are_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        expect_said(rows[i].desc, rows[i].text, rows[i].said);
    }
}

/* Work in C on long strings is charged for. */
static void long_strings_cost(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "tonumber(s, 2)",
        "utf8.len(s)",
        "utf8.offset(s, 9)",
        "utf8.codepoint(s)",
    };
    const struct mg_script_budget budget = {.counts = true, .max_steps = 1000000};
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        char text[256];
        struct mg_script_fault fault;
        (void)snprintf(text, sizeof(text),
                       "hook(function() local s = ('1'):rep(1 << 16)\n"
                       "for i = 1, 1e4 do local x = %s end end)",
                       texts[i]);
        struct mg_script *script = sealed(text, NULL, &budget);
        mg_expect_int(texts[i], run_slot(script, 1, &fault), false);
        mg_expect_int(texts[i], fault.bound, MG_BOUND_STEPS);
        mg_script_free(script);
    }
}

/* Looking for a name like it is work in C, of which very many names must not make more. */
static void unknown_globals_among_many_are_told(void **state)
{
    (void)state;
    static const char text[] =
        "for i = 1, 15000 do _ENV[('%064d'):format(i)] = true end\n"
        "hook(function() return _ENV[('1'):rep(64)] end)\n"
        "hook(function() for i = 1, 100 do pcall(function() return _ENV.x end) end end)\n";
    const struct mg_script_budget budget = {.counts = true, .max_steps = 1000000};
    struct mg_script_fault fault;
    struct mg_script *script = sealed(text, NULL, &budget);
    mg_expect_int("one", run_slot(script, 1, &fault), false);
    mg_expect_text("one", fault.err.code, "global-undefined");
    mg_expect_int("a hundred, caught", run_slot(script, 2, &fault), false);
    mg_expect_int("a hundred, caught", fault.bound, MG_BOUND_STEPS);
    mg_script_free(script);

    script = sealed("partners = {} hook(function() return partnres end)\n"
                    "hook(function() return strinc end)",
                    NULL, &budget);
    mg_expect_int("few", run_slot(script, 1, &fault), false);
    mg_expect_text("few", fault.err.hint, "did you mean 'partners'?");
    mg_expect_int("a library", run_slot(script, 2, &fault), false);
    mg_expect_text("a library", fault.err.hint, "did you mean 'string'?");
    mg_script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libraries_have_what_is_allowed),
        cmocka_unit_test(the_top_has_what_is_allowed),
        cmocka_unit_test(basic_functions_are_safe),
        cmocka_unit_test(long_strings_cost),
        cmocka_unit_test(unknown_globals_among_many_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
