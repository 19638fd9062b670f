/* test_lib_string.c - the string library as scripts see it: the same as Lua's own on ordinary
 * calls, bounded on others.
 */
#include <lualib.h>

#include "expect.h"
#include "prng.h"
#include "script/state.h"

/* ---- the same chunk in both ---- */

/* Each is called as `function() return … end`; what it gives or raises has to be the same. */
static const char *const expressions[] = {
    /* substrings */
    "('hello'):sub(2)",
    "('hello'):sub(-3, -2)",
    "('hello'):sub(0)",
    "('hello'):sub(2, 100)",
    "('hello'):sub(math.mininteger, math.maxinteger)",
    "('hello'):sub(4, 2)",
    "(''):sub(1)",
    "('hello'):sub(-100, 2)",
    "('hello'):sub()",
    "('hello'):sub('x')",
    "('hello'):sub(1.5)",
    "('hello'):byte()",
    "('hello'):byte(-1)",
    "('hello'):byte(1, -1)",
    "('hello'):byte(0)",
    "('hello'):byte(10)",
    "('\\255'):byte()",
    "string.byte()",
    "('x'):rep(2e6):byte(1, -1)",
    /* making strings */
    "string.char()",
    "string.char(72, 105, 0, 255)",
    "string.char(256)",
    "string.char(-1)",
    "string.char('x')",
    "string.char(65, {})",
    "('ab'):rep(3)",
    "('ab'):rep(3, ', ')",
    "('ab'):rep(1, ', ')",
    "('ab'):rep(0)",
    "('ab'):rep(-1)",
    "(''):rep(5, '-')",
    "(''):rep(5)",
    "('x'):rep(1 << 60)",
    "('xx'):rep(1 << 62, 'abc')",
    "('x'):rep()",
    "('x'):rep(1.5)",
    "('abc'):rep(7, '')",
    "(12):rep(2)",
    "string.rep(12, 2, 3)",
    "('aBc1\\xe4\\0d'):upper()",
    "('AbC1\\xc4\\0D'):lower()",
    "('abc'):reverse()",
    "(''):reverse()",
    "#('a\\0b')",
    "('a\\0b'):len()",
    "string.len({})",
    "string.len(12)",
    "('x'):upper(1)",
    "string.lower()",
    "string.reverse(nil)",
    /* find */
    "('hello'):find('l')",
    "('hello'):find('l', 4)",
    "('hello'):find('l', 5)",
    "('hello'):find('', 6)",
    "('hello'):find('', 7)",
    "('hello'):find('', -100)",
    "('hello'):find('xyz')",
    "('a.b'):find('.', 1, true)",
    "('a.b'):find('.b', 1, true)",
    "('a.b'):find('.', 2, 0)",
    "('a)b'):find('a)')",
    "('a]b'):find(']')",
    "('a\\0b'):find('\\0')",
    "('a\\0b'):find('\\0b', 1, true)",
    "('hello'):find('(l)(l)()')",
    "('hello'):find('h', math.mininteger)",
    "('hello'):find('h', 'x')",
    "('hello'):find()",
    "('hello'):find('^l')",
    "('hello'):find('^h')",
    "('hello'):find('^l', 3)",
    "('hello'):find(12)",
    "(12):find(2)",
    "('hello'):find('l', nil, true)",
    "('aXb'):find('%u')",
    "('a'):rep(30):find('aab', 1, true)",
    "(('a'):rep(30) .. 'b'):find('aab', 1, true)",
    "('ababab'):find('abc', 1, true)",
    "('aaaaaaaab'):find('ab')",
    "('aaaaaaaaab'):find('ab')",
    "('aaaaaaaaaab'):find('ab')",
    "('aaaaaaaa'):find('ab')",
    "('ab'):find('abc', 1, true)",
    "('xab'):find('ab', 2)",
    "('xab'):find('ab', 3)",
    "('a\\0a\\0b'):find('\\0b', 1, true)",
    /* match */
    "('key = value'):match('^(%w+)%s*=%s*(%w+)$')",
    "('abc'):match('b')",
    "('abc'):match('()b()')",
    "('abc'):match('x')",
    "('abc'):match('a)')",
    "('abc'):match('(b', 2)",
    "('abc'):match('%')",
    "('abc'):match('[a')",
    "('abc'):match('%1')",
    "('abc'):match(('(a?)'):rep(33))",
    "('abc'):match(('('):rep(33))",
    "('a'):rep(300):match(('a?'):rep(199)) ~= nil",
    "('a'):rep(300):match(('a?'):rep(200))",
    "('a'):rep(300):match(('a-'):rep(200))",
    "('abc'):match(nil)",
    "('THE (quick) fox'):match('%((%a+)%)')",
    "('  x  '):match('^%s*(.-)%s*$')",
    "('f(a(b)c)d'):match('%b()')",
    "('THE (quick) fox'):match('%f[%a]%a+', 5)",
    "('\"it\\'s\"'):match('([\"\\'])(.-)%1')",
    /* gmatch */
    "all(('one two'):gmatch('%a+'))",
    "all(('abc'):gmatch(''))",
    "all(('abc'):gmatch('()'))",
    "all(('k=v, a=b'):gmatch('(%w+)=(%w+)'))",
    "all(('aaa'):gmatch('a-'))",
    "all(('^a^a'):gmatch('^a'))",
    "all(('abc'):gmatch('b*'))",
    "all(('abc'):gmatch('.', 2))",
    "all(('abc'):gmatch('.', -1))",
    "all(('abc'):gmatch('.', 9))",
    "all(('abc'):gmatch('', 4))",
    "all(('abc'):gmatch('['))",
    "('abc'):gmatch()",
    "('abc'):gmatch('a', {})",
    "all((12):gmatch(1))",
    "all(('abc'):gmatch('(b'))",
    /* gsub */
    "('hello'):gsub('l', 'L')",
    "('hello'):gsub('l', 'L', 1)",
    "('hello'):gsub('l', 'L', 0)",
    "('hello'):gsub('l', 'L', -1)",
    "('hello'):gsub('', '-')",
    "('hello'):gsub('l*', 'x')",
    "('hello'):gsub('^h', 'x')",
    "('hello'):gsub('^', 'x')",
    "('hello'):gsub('(l)(.)', '%2%1')",
    "('hello'):gsub('l', '%0%0')",
    "('hello'):gsub('l', '%%')",
    "('hello'):gsub('l', '%1')",
    "('hello'):gsub('l', '%2')",
    "('hello'):gsub('l', '%')",
    "('hello'):gsub('l', '%x')",
    "('hello'):gsub('(l', 'x')",
    "('hello'):gsub('(l', '%1')",
    "('hello'):gsub('()l', '%1')",
    "('hello'):gsub('l', 5)",
    "('hello'):gsub('l', { l = 'L' })",
    "('hello'):gsub('.', { l = 1 })",
    "('hello'):gsub('l', { l = false })",
    "('hello'):gsub('l', { l = {} })",
    "('hello'):gsub('l', { l = true })",
    "('hello'):gsub('(l)(.)', { l = 'x' })",
    "('hello'):gsub('()', { 'x' })",
    "('hello'):gsub('l', function() end)",
    "('hello'):gsub('.', function(c) return c:upper() end)",
    "('hello'):gsub('(.)(.)', function(a, b) return b .. a end)",
    "('hello'):gsub('l', function() return {} end)",
    "('hello'):gsub('l', function() error('x', 0) end)",
    "('hello'):gsub('l', function(c) return (c:gsub('l', 'm')) end)",
    "('hello'):gsub('(l', function() end)",
    "('hello'):gsub('l', true)",
    "('hello'):gsub('l')",
    "('hello'):gsub('l', 'x', {})",
    "('hello'):gsub('l', nil, {})",
    "('hello'):gsub()",
    "('a\\0b'):gsub('%z', '\\0\\0')",
    "('a\\0b'):gsub('b', '\\0%0')",
    "('abc'):gsub('%w', '%%%0')",
    "('x'):rep(5000):gsub('x', ('y'):rep(3))",
    "('x'):gsub('x', '%9')",
    /* format */
    "('%d %5.2f %s %q'):format(3, 1.5, 'x', 'a\\nb')",
    "('%s %s'):format(nil, true)",
    "('%5s|%-5s|'):format('a', 'b')",
    "('%x %X %o %c'):format(255, 255, 8, 65)",
    "('%%'):format()",
    "('%d'):format('x')",
    "('%d'):format({})",
    "('%d'):format()",
    "('%y'):format(1)",
    "('%'):format(1)",
    "('%100d'):format(1)",
    "('%q'):format({})",
    "('%q'):format(1 / 3)",
    "('%a'):format(1)",
    "('%i'):format(3.5)",
    "('%s'):format()",
    "('a\\0%d'):format(1)",
    "('%.3s'):format('abcdef')",
    "('%.20s'):format('a\\0b')",
    "('%s'):format('a\\0b')",
    "('% %d'):format(1)",
    "('%99.99f'):format(1e308)",
    "('%q %s %d'):format('x', 'y', 1)",
    "string.format()",
    "string.format({})",
};

/* `…` of the chunk: the results of the function, rendered. */
static const char *const prelude =
    "local function all(next, ...)\n"
    "  local found = {}\n"
    "  for a, b in next, ... do found[#found + 1] = tostring(a) .. ':' .. tostring(b) end\n"
    "  return table.concat(found, ' ')\n"
    "end\n"
    "local function render(...)\n"
    "  local shown = {}\n"
    "  for i = 1, select('#', ...) do\n"
    "    local value = select(i, ...)\n"
    "    shown[i] = type(value) .. ' ' .. tostring(value)\n"
    "  end\n"
    "  return table.concat(shown, ', ')\n"
    "end\n";

static char said[2][8192];

/* Globals of both: told(text) notes it. */
static void note(lua_State *L, char *out)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    length = length < sizeof(said[0]) - 1 ? length : sizeof(said[0]) - 1;
    for (size_t i = 0; i < length; i++) {
        out[i] = (char)(text[i] == '\0' ? '0' : text[i]);
    }
    out[length] = '\0';
}

static int say_ours(lua_State *L)
{
    note(L, said[0]);
    return 0;
}

static int say_stock(lua_State *L)
{
    note(L, said[1]);
    return 0;
}

static const luaL_Reg globals[] = {{"say", say_ours}, {NULL, NULL}};

static int run_chunk(lua_State *L)
{
    mg_script_push_chunk(L, "chunk", mg_str_from(lua_touserdata(L, 1)));
    lua_callk(L, 0, 0, 0, NULL); /* below the door of mg_script_call */
    return 0;
}

/* Run `text` in ours; a fault is a failure of the test. */
static void run_ours(struct mg_script *script, const char *desc, char *text)
{
    struct mg_script_fault fault;
    said[0][0] = '\0';
    if (!mg_script_call(script, run_chunk, text, &fault)) {
        mg_expect_text(desc, fault.err.message, "no fault");
    }
}

static void run_stock(lua_State *L, const char *desc, const char *text)
{
    said[1][0] = '\0';
    if (luaL_loadbufferx(L, text, strlen(text), "@chunk", "t") != LUA_OK ||
        lua_pcall(L, 0, 0, 0) != LUA_OK) {
        mg_expect_text(desc, lua_tostring(L, -1), "no error");
    }
}

static lua_State *open_stock(void)
{
    lua_State *L = luaL_newstate();
    luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
    lua_pushcfunction(L, say_stock);
    lua_setglobal(L, "say");
    lua_settop(L, 0);
    return L;
}

static void expressions_give_what_they_give_in_lua(void **state)
{
    (void)state;
    lua_State *stock = open_stock();
    struct mg_script *script = mg_script_new(&(struct mg_script_limits){0}, globals, NULL);
    for (size_t i = 0; i < MG_COUNT(expressions); i++) {
        char text[2048];
        (void)snprintf(text, sizeof(text), "%ssay(render(pcall(function()\nreturn %s\nend)))",
                       prelude, expressions[i]);
        run_ours(script, expressions[i], text);
        run_stock(stock, expressions[i], text);
        mg_expect_true(expressions[i], said[1][0] != '\0');
        mg_expect_text(expressions[i], said[0], said[1]);
    }
    mg_script_free(script);
    lua_close(stock);
}

/* ---- random calls ---- */

static void add_number(struct mg_prng *prng, char *out, size_t size, size_t *used)
{
    static const char *const far[] = {"math.mininteger", "math.maxinteger", "-1e3", "1e3"};
    int added;
    if (mg_prng_below(prng, 10) == 0) {
        added = snprintf(out + *used, size - *used, ", %s", far[mg_prng_below(prng, 4)]);
    } else {
        added = snprintf(out + *used, size - *used, ", %d", (int)mg_prng_below(prng, 24) - 12);
    }
    *used += (size_t)added;
}

static void random_calls_give_what_they_give_in_lua(void **state)
{
    (void)state;
    static const char *const names[] = {"sub", "byte", "upper", "lower", "reverse", "len"};
    struct mg_prng prng = mg_property_begin("random_calls_give_what_they_give_in_lua");
    unsigned long cases = mg_property_cases(10000) / 50 + 1;
    lua_State *stock = open_stock();
    struct mg_script_limits limits = {.max_steps = UINT64_MAX / 2, .max_cpu_ms = UINT32_MAX};
    struct mg_script *script = mg_script_new(&limits, globals, NULL);
    for (unsigned long i = 0; i < cases; i++) {
        char text[8000];
        size_t used = (size_t)snprintf(text, sizeof(text), "%ssay(render(", prelude);
        for (int k = 0; k < 50; k++) {
            char subject[12];
            size_t length = mg_prng_below(&prng, sizeof(subject));
            mg_prng_fill(&prng, MG_STR("abXYZ09{`@["), subject, length);
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s(string.%s('%.*s'",
                                     k == 0 ? "" : ", ", names[mg_prng_below(&prng, 6)],
                                     (int)length, subject);
            add_number(&prng, text, sizeof(text), &used);
            add_number(&prng, text, sizeof(text), &used);
            used += (size_t)snprintf(text + used, sizeof(text) - used, "))");
        }
        (void)snprintf(text + used, sizeof(text) - used, "))");
        run_ours(script, text, text);
        run_stock(stock, text, text);
        mg_expect_text(text, said[0], said[1]);
    }
    mg_script_free(script);
    lua_close(stock);
}

/* ---- what differs from Lua's own ---- */

static const struct {
    const char *desc;
    const char *text;
    const char *said;
} safe[] = {
    {"rep of nothing, often", "say(#(''):rep(1 << 60) .. '')", "0"},
    {"rep of much", "say(#('x'):rep(16 << 20) .. '')", "16777216"},
    {"rep beyond the bound", "say(select(2, pcall(string.rep, 'x', (64 << 20) + 1)))",
     "resulting string too large"},
    {"format refuses addresses", "say(select(2, pcall(string.format, '%p', 'x')))",
     "bad argument #1 to '?' ('%p' is not offered)"},
    {"format refuses addresses with a width",
     "say(tostring(pcall(string.format, '%-20p', 'x')))", "false"},
    {"format refuses addresses behind a zero byte",
     "say(tostring(pcall(string.format, '\\0%p', 'x')))", "false"},
    {"format refuses addresses behind what is out of form",
     "say(tostring(pcall(string.format, '%5%%p', 'x')))", "false"},
    {"an escaped p is plain", "say(('%%p'):format())", "%p"},
    {"format shows no address", "say(('%s %s %s'):format({}, say, string.find))",
     "table function function"},
    {"of a table with a width", "say(('%8s|'):format({}))", "   table|"},
    {"letters of ASCII alone", "say(('\\xe4'):upper() == '\\xe4' and 'same' or 'other')",
     "same"},
    {"gsub by a frozen table", "say(select(2, pcall(string.gsub, 'len', '%a+', string)))",
     "invalid replacement value (a function)"},
    {"no dump, pack, packsize, unpack",
     "say(tostring(string.dump or string.pack or string.packsize or string.unpack))", "nil"},
};

static void safety_does_not_cost_use(void **state)
{
    (void)state;
    struct mg_script *script = mg_script_new(&(struct mg_script_limits){0}, globals, NULL);
    for (size_t i = 0; i < MG_COUNT(safe); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text), "%s", safe[i].text);
        run_ours(script, safe[i].desc, text);
        mg_expect_text(safe[i].desc, said[0], safe[i].said);
    }
    mg_script_free(script);
}

/* Each would run for minutes, or for ever, in Lua's own. */
static const struct {
    const char *desc;
    const char *text;
} endless[] = {
    {"find", "\n('a'):rep(2000):find('.-.-.-.-b')"},
    {"match", "\n('a'):rep(2000):match('(.*)(.*)(.*)(.*)b')"},
    {"gmatch", "\nfor x in ('a'):rep(2000):gmatch('a*a*a*a*b') do end"},
    {"gsub", "\n('a'):rep(2000):gsub('.-.-.-.-b', '')"},
    {"gsub by a function", "\n('a'):rep(2000):gsub('a.-.-.-.-b', function() end)"},
    {"within pcall", "\npcall(string.find, ('a'):rep(2000), '.-.-.-.-b') say 'after'"},
    {"again and again", "local s = ('a'):rep(100)\nwhile true do pcall(s.find, s, 'a-b') end"},
    {"long replacements", "local s, r = ('a'):rep(100), ('b'):rep(100000)\n"
                          "while true do s:gsub('a', r) end"},
    {"long texts found by their letters",
     "local s, p = ('a'):rep(1e6), ('a'):rep(1000) .. 'b'\n"
     "while true do s:find(p, 1, true) end"},
    {"bytes", "local s = ('a'):rep(1e5)\nwhile true do s:byte(1, -1) end"},
    {"copies", "local s = ('a'):rep(1e6)\nwhile true do s:upper() s:lower() s:reverse() end"},
    {"formats", "local f, t = ('%99.99f'):rep(100), {} for i = 1, 100 do t[i] = 1e308 end\n"
                "while true do f:format(table.unpack(t)) end"},
};

static void endless_work_ends_with_the_budget(void **state)
{
    (void)state;
    static const struct mg_script_limits limits = {
        .max_bytes = 64 << 20, .max_steps = 10000000, .max_cpu_ms = UINT32_MAX};
    for (size_t i = 0; i < MG_COUNT(endless); i++) {
        struct mg_script_fault fault = {0};
        char text[512];
        (void)snprintf(text, sizeof(text), "%s", endless[i].text);
        struct mg_script *script = mg_script_new(&limits, globals, NULL);
        said[0][0] = '\0';
        mg_expect_int(endless[i].desc, mg_script_call(script, run_chunk, text, &fault), false);
        mg_expect_text(endless[i].desc, fault.err.code, "policy-timeout");
        mg_expect_int(endless[i].desc, fault.err.line, 2);
        mg_expect_text(endless[i].desc, said[0], "");
        mg_script_free(script);
    }
}

/* ---- after sealing ---- */

static int keep_chunk(lua_State *L)
{
    mg_script_push_chunk(L, "chunk", mg_str_from(lua_touserdata(L, 1)));
    lua_callk(L, 0, 1, 0, NULL); /* below the door of mg_script_call */
    (void)mg_script_keep(L);
    return 0;
}

static int run_kept(lua_State *L)
{
    mg_script_push_kept(L, 1);
    lua_callk(L, 0, 0, 0, NULL); /* below the door of mg_script_run */
    return 0;
}

/* Load `text`, whose result is a function; seal; run that. Returns: as mg_script_run. */
static bool run_sealed(char *text, struct mg_script_fault *fault)
{
    static const struct mg_script_budget budget = {.max_wall_ms = 60000, .max_cpu_ms = 60000};
    struct mg_script *script = mg_script_new(&(struct mg_script_limits){0}, globals, NULL);
    said[0][0] = '\0';
    mg_expect_true("loads", mg_script_call(script, keep_chunk, text, fault));
    mg_expect_true("seals", mg_script_seal(script, &budget, NULL, NULL, NULL, fault));
    bool succeeded = mg_script_run(script, run_kept, NULL, fault);
    mg_script_free(script);
    return succeeded;
}

static void a_frozen_table_replaces(void **state)
{
    (void)state;
    struct mg_script_fault fault = {0};
    char text[] = "local names = { a = 'x', b = {} } return function()\n"
                  "say(('abc'):gsub('[ac]', names) .. ' ' .. ('%s'):format(names) .. ' ' ..\n"
                  "select(2, pcall(string.gsub, 'b', 'b', names))) end";
    mg_expect_true("runs", run_sealed(text, &fault));
    mg_expect_text("reads as the table", said[0],
                   "xbc table invalid replacement value (a table)");
}

static void an_iterator_does_not_outlive_loading(void **state)
{
    (void)state;
    struct mg_script_fault fault = {0};
    char kept[] = "local words = ('a b'):gmatch('%a') return function()\nsay(words()) end";
    mg_expect_int("made while loading", run_sealed(kept, &fault), false);
    mg_expect_text("made while loading", fault.err.code, "state-kept");
    mg_expect_int("made while loading", fault.err.line, 2);
    char own[] =
        "return function() local words = ('a b'):gmatch('%a') words() say(words()) end";
    mg_expect_true("made by the call", run_sealed(own, &fault));
    mg_expect_text("made by the call", said[0], "b");
}

static void a_call_ends_with_its_own_budget(void **state)
{
    (void)state;
    struct mg_script_fault fault = {0};
    char text[] = "return function()\npcall(string.find, ('a'):rep(200), '.-.-.-.-b') end";
    mg_expect_int("ends", run_sealed(text, &fault), false);
    mg_expect_int("by its steps", fault.bound, MG_BOUND_STEPS);
    mg_expect_int("where it stood", fault.err.line, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_give_what_they_give_in_lua),
        cmocka_unit_test(random_calls_give_what_they_give_in_lua),
        cmocka_unit_test(safety_does_not_cost_use),
        cmocka_unit_test(endless_work_ends_with_the_budget),
        cmocka_unit_test(a_frozen_table_replaces),
        cmocka_unit_test(an_iterator_does_not_outlive_loading),
        cmocka_unit_test(a_call_ends_with_its_own_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
