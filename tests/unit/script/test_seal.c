/* test_seal.c - sealed states: what loading made reads as before and cannot be changed. */
#include "prng.h"
#include "sealed_state.h"

static const struct mg_script_budget counting = {.counts = true, .max_steps = 1000000};

/* Hooks that read what was made while loading, and what they say. */
static const struct {
    const char *desc;
    const char *text;
    const char *said;
} reads[] = {
    {"a field", "local t = { a = 'x' } hook(function() say(t.a) end)", "x"},
    {"a field that is not there", "local t = {} hook(function() say(tostring(t.a)) end)",
     "nil"},
    {"a field that is false", "local t = { a = false } hook(function() say(tostring(t.a)) end)",
     "false"},
    {"a nested field", "local t = { a = { b = { 'x' } } } hook(function() say(t.a.b[1]) end)",
     "x"},
    {"the length", "local t = { 1, 2, 3 } hook(function() say(#t .. '') end)", "3"},
    {"an empty table",
     "local t = {} hook(function() say(#t .. tostring(next(t)) .. type(t)) end)", "0niltable"},
    {"a float as a key",
     "local t = { [1.5] = 'x', [2] = 'y' } hook(function() say(t[1.5] .. t[2.0]) end)", "xy"},
    {"ipairs",
     "local t = { 'a', 'b' } hook(function() local s = '' for i, v in ipairs(t) do\n"
     "s = s .. i .. v end say(s) end)",
     "1a2b"},
    {"pairs",
     "local t = { 'a', x = 'b' } hook(function() local s = {} for k, v in pairs(t) do\n"
     "table.insert(s, k .. v) end table.sort(s) say(table.concat(s, ',')) end)",
     "1a,xb"},
    {"next goes on from a key",
     "local t = { 'a', 'b' } hook(function() say(next(t, 1) .. select(2, next(t, 1))) end)",
     "2b"},
    {"pairs gives next",
     "local t = {} hook(function() local f, s, k = pairs(t)\n"
     "say(tostring(f == next and s == t and k == nil)) end)",
     "true"},
    {"its type", "local t = {} hook(function() say(type(t)) end)", "table"},
    {"tostring shows no address", "local t = {} hook(function() say(tostring(t)) end)",
     "table"},
    {"format shows no address", "local t = {} hook(function() say(('%s'):format(t)) end)",
     "table"},
    {"table.concat", "local t = { 1, 'b' } hook(function() say(table.concat(t, '-')) end)",
     "1-b"},
    {"table.unpack",
     "local t = { 'a', 'b' } hook(function() say(table.concat({\n"
     "table.unpack(t) })) end)",
     "ab"},
    {"table.move out of it",
     "local t = { 'a', { 'b' } } hook(function() local own = table.move(t, 1, 2, 1, {})\n"
     "own[1] = 'x' say(own[1] .. t[1] .. own[2][1]) end)",
     "xab"},
    {"a table for gsub",
     "local t = { a = 'x' } hook(function() say((('a-b'):gsub('%a', t))) end)", "x-b"},
    {"one table found twice is one",
     "local a = {} local t = { a, a, { a } } hook(function()\n"
     "say(tostring(t[1] == t[2] and t[3][1] == a)) end)",
     "true"},
    {"two tables are two",
     "local t = { {}, {} } hook(function() say(tostring(t[1] == t[2])) end)", "false"},
    {"a cycle", "local t = {} t.me = { t } hook(function() say(tostring(t.me[1] == t)) end)",
     "true"},
    {"a table as a key",
     "local key = {} local t = { [key] = 'x' } hook(function() say(t[key]) end)", "x"},
    {"a table as a key of itself",
     "local t = {} t[t] = t hook(function() say(tostring(t[t][t] == t)) end)", "true"},
    {"many tables as keys",
     "local t, keys = {}, {} for i = 1, 100 do keys[i] = { i } t[keys[i]] = i end\n"
     "hook(function() local sum = 0 for k, v in pairs(t) do\n"
     "sum = sum + (k[1] == v and v or 0) end say(sum .. '') end)",
     "5050"},
    {"a function as a key",
     "local function f() end local t = { [f] = 'x' } hook(function() say(t[f]) end)", "x"},
    {"a method",
     "local t = { name = 'x' } function t:get() return self.name end\n"
     "hook(function() say(t:get()) end)",
     "x"},
    {"a function of a table reads another",
     "local names = { 'x' } local t = { get = function() return names[1] end }\n"
     "hook(function() say(t.get()) end)",
     "x"},
    {"a global", "x = 'v' hook(function() say(x) end)", "v"},
    {"a global table", "x = { y = 'v' } hook(function() say(x.y .. _ENV.x.y) end)",
     "v"
     "v"},
    {"a global function", "function f() return 'v' end hook(function() say(f()) end)", "v"},
    {"a global that shadows",
     "function tostring() return 'own' end hook(function() say(tostring(1)) end)", "own"},
    {"pairs of the environment gives its own names",
     "x = 'v' hook(function() local s = '' for k, v in pairs(_ENV) do s = s .. k .. v end\n"
     "say(s) end)",
     "xv"},
    {"an environment is itself",
     "local e = _ENV hook(function() say(tostring(e == _ENV) .. type(e)) end)", "truetable"},
    {"an environment of one's own",
     "local _ENV = { say = say, hook = hook, x = 'v' } hook(function() say(x) end)", "v"},
    {"a library", "hook(function() say(type(string) .. type(next(string))) end)",
     "tablestring"},
    {"tables of one's own change",
     "hook(function() local t = { 1 } t.x = 'y' table.insert(t, 'z') t[1] = nil\n"
     "say(t.x .. t[2]) end)",
     "yz"},
    {"variables of one's own change",
     "hook(function() local n = 1 local function f() n = n + 1 end f() f() say(n .. '') end)",
     "3"},
    {"a variable that is put back by the hook itself",
     "local n = 1 hook(function() n = 2 say(n .. '') n = 1 end)", "2"},
};

static void frozen_tables_read_as_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(reads); i++) {
        struct mg_script *script = sealed(reads[i].text, NULL, &counting);
        for (int turn = 0; turn < 2; turn++) {
            expect_works(reads[i].desc, script, 1, reads[i].said);
        }
        mg_script_free(script);
    }
}

/* Hooks that try to change what outlives them. */
static const struct {
    const char *desc;
    const char *text;
    int line;
    const char *message; /* a part of it */
} refusals[] = {
    {"a new field", "local t = {}\nhook(function()\nt.x = 1 end)", 3, "field 'x'"},
    {"a field that is there", "local t = { x = 1 }\nhook(function()\nt.x = 1 end)", 3,
     "field 'x'"},
    {"clearing a field", "local t = { x = 1 }\nhook(function()\nt.x = nil end)", 3,
     "field 'x'"},
    {"an element", "local t = { 1 }\nhook(function()\nt[1] = 2 end)", 3, "cannot be changed"},
    {"a table as a new key", "local t = {}\nhook(function()\nt[{}] = 2 end)", 3,
     "cannot be changed"},
    {"appending", "local t = {}\nhook(function()\nt[#t + 1] = 2 end)", 3, "cannot be changed"},
    {"a nested table", "local t = { a = { b = {} } }\nhook(function()\nt.a.b.x = 1 end)", 3,
     "field 'x'"},
    {"a table that is a key",
     "local t = { [{}] = 1 }\nhook(function()\nfor k in pairs(t) do k.x = 1 end end)", 3,
     "field 'x'"},
    {"a table that pairs gives",
     "local t = { {} }\nhook(function()\nfor _, v in pairs(t) do v.x = 1 end end)", 3,
     "field 'x'"},
    {"a table that ipairs gives",
     "local t = { {} }\nhook(function()\nfor _, v in ipairs(t) do v.x = 1 end end)", 3,
     "field 'x'"},
    {"a table that next gives",
     "local t = { {} }\nhook(function()\nlocal _, v = next(t) v.x = 1 end)", 3, "field 'x'"},
    {"a table that unpack gives",
     "local t = { {} }\nhook(function()\ntable.unpack(t).x = 1 end)", 3, "field 'x'"},
    {"a table that move gives",
     "local t = { {} }\nhook(function()\ntable.move(t, 1, 1, 1, {})[1].x = 1 end)", 3,
     "field 'x'"},
    {"a table that a function gives",
     "local t = {}\nlocal function get() return t end\nhook(function()\nget().x = 1 end)", 4,
     "field 'x'"},
    {"a table by its method",
     "local t = {}\nfunction t:set()\nself.x = 1 end\nhook(function() t:set() end)", 3,
     "field 'x'"},
    {"a function defined in a table", "local t = {}\nhook(function()\nfunction t.f() end end)",
     3, "field 'f'"},
    {"a table far down a chain of functions",
     "local t = {}\nlocal function a()\nt.x = 1 end\nlocal function b() a() end\n"
     "local c = { { f = function() b() end } }\nhook(function() c[1].f() end)",
     3, "field 'x'"},
    {"a table of a function that is a key",
     "local t = {}\nlocal fs = { [function()\nt.x = 1 end] = true }\n"
     "hook(function() for f in pairs(fs) do f() end end)",
     3, "field 'x'"},
    {"table.insert", "local t = {}\nhook(function()\ntable.insert(t, 1) end)", 3,
     "cannot be changed"},
    {"table.insert at a place", "local t = { 1 }\nhook(function()\ntable.insert(t, 1, 1) end)",
     3, "cannot be changed"},
    {"table.remove", "local t = { 1 }\nhook(function()\ntable.remove(t) end)", 3,
     "cannot be changed"},
    {"table.sort", "local t = { 2, 1 }\nhook(function()\ntable.sort(t) end)", 3,
     "cannot be changed"},
    {"table.move into it",
     "local t = { 1 }\nhook(function()\ntable.move({ 1 }, 1, 1, 1, t) end)", 3,
     "cannot be changed"},
    {"table.move within it", "local t = { 1 }\nhook(function()\ntable.move(t, 1, 1, 2) end)", 3,
     "cannot be changed"},
    {"a new global", "hook(function()\n\nx = 1 end)", 3, "'x'"},
    {"a global that is there", "x = 1\nhook(function()\nx = 2 end)", 3, "'x'"},
    {"clearing a global", "x = 1\nhook(function()\nx = nil end)", 3, "'x'"},
    {"a global function", "hook(function()\n\nfunction f() end end)", 3, "'f'"},
    {"a name of the library", "hook(function()\n\npairs = 1 end)", 3, "'pairs'"},
    {"a global by _ENV", "hook(function()\n\n_ENV.x = 1 end)", 3, "'x'"},
    {"a global by _ENV in a variable", "local e = _ENV\nhook(function()\ne.x = 1 end)", 3,
     "'x'"},
    {"an element of _ENV", "hook(function()\n\n_ENV[1] = 1 end)", 3, "globals"},
    {"table.insert into _ENV", "hook(function()\n\ntable.insert(_ENV, 1) end)", 3, "globals"},
    {"table.sort of _ENV", "hook(function()\n\ntable.sort(_ENV) end)", 3, "globals"},
    {"the environment of another function",
     "local f\ndo local _ENV = { x = 1 }\nf = function() x = 2 end end\n"
     "hook(function() f() end)",
     3, "field 'x'"},
    {"a frozen table as an environment",
     "local t = {}\nhook(function()\nlocal _ENV = t x = 1 end)", 3, "field 'x'"},
    {"a variable", "local n = 0\nhook(function()\nn = n + 1 end)", 3, "'n'"},
    {"a variable of a function that is called",
     "local n = 0\nlocal function count()\nn = n + 1 end\nhook(function() count() end)", 3,
     "'n'"},
    {"a variable of a function in a table",
     "local n = 0\nlocal t = { count = function()\nn = n + 1 end }\n"
     "hook(function() t.count() end)",
     3, "'n'"},
    {"a variable of a global function",
     "local n = 0\nfunction count()\nn = n + 1 end\nhook(function() count() end)", 3, "'n'"},
    {"a variable that a function in the hook assigns",
     "local n = 0\nhook(function() local function f()\nn = n + 1 end f() end)", 3, "'n'"},
    {"a variable that a function in a function in the hook assigns",
     "local n = 0\nhook(function() (function() (function()\nn = n + 1 end)() end)() end)", 3,
     "'n'"},
    {"a variable of an outer block",
     "do local n = 0\nfunction count()\nn = n + 1 end end\nhook(function() count() end)", 3,
     "'n'"},
    {"a variable that had no value", "local kept\nhook(function()\nkept = {} end)", 3,
     "'kept'"},
    {"a variable that loses its value", "local kept = {}\nhook(function()\nkept = nil end)", 3,
     "'kept'"},
    {"a function in a variable", "local kept\nhook(function()\nkept = function() end end)", 3,
     "'kept'"},
    {"a parameter of a function at load",
     "local function make(n) return function()\n\nn = n + 1 end end\nhook(make(1))", 3, "'n'"},
    {"an integer that becomes a float", "local n = 1\nhook(function()\nn = 1.0 end)", 3, "'n'"},
    {"a zero that becomes negative", "local n = 0.0\nhook(function()\nn = -0.0 end)", 3, "'n'"},
    {"a NaN that becomes a number", "local n = 0 / 0\nhook(function()\nn = 1 end)", 3, "'n'"},
    {"the environment itself", "hook(function()\n\n_ENV = {} end)", 3, "'_ENV'"},
    {"the environment, by a table that reads on",
     "hook(function()\n\n_ENV = { say = say } x = 1 end)", 3, "'_ENV'"},
    {"a recursive local function", "local f\nf = function()\nf = nil end\nhook(f)", 3, "'f'"},
    {"the place of an iterator",
     "local words = ('a b c'):gmatch('%a')\nhook(function()\nsay(words()) end)", 3, "gmatch"},
};

static void changes_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(refusals); i++) {
        struct mg_script *script = sealed(refusals[i].text, NULL, &counting);
        for (int turn = 0; turn < 2; turn++) { /* the second time is as the first */
            struct mg_script_fault fault = {0};
            mg_expect_int(refusals[i].desc, run_slot(script, 1, &fault), false);
            mg_expect_text(refusals[i].desc, fault.err.code, "state-kept");
            mg_expect_text(refusals[i].desc, fault.err.file, "dir/policy.lua");
            mg_expect_int(refusals[i].desc, fault.err.line, refusals[i].line);
            mg_expect_true(refusals[i].desc, fault.err.hint[0] != '\0');
            if (strstr(fault.err.message, refusals[i].message) == NULL) {
                mg_expect_text(refusals[i].desc, fault.err.message, refusals[i].message);
            }
        }
        mg_script_free(script);
    }
}

/* What scripts get to see of the machinery: nothing. Each hook says what it found. */
static const struct {
    const char *desc;
    const char *text;
    const char *said;
} walls[] = {
    {"the metatable by name",
     "local t = {} hook(function() say(tostring(t.__index) .. tostring(t.__metatable)\n"
     ".. tostring(t.__newindex) .. tostring(t.__name)) end)",
     "nilnilnilnil"},
    {"the metatable of the environment",
     "hook(function() say(tostring(pcall(function() return _ENV.__index end))) end)", "false"},
    {"fields of marks",
     "local t = { 1 } hook(function() local n = 0 for k, v in pairs(t) do\n"
     "n = n + 1 end say(n .. '') end)",
     "1"},
    {"pairs gives what can be written",
     "local t = {} hook(function() local _, s = pairs(t)\n"
     "say(tostring(pcall(function() s.x = 1 end))) end)",
     "false"},
    {"ipairs gives what can be written",
     "local t = {} hook(function() local _, s = ipairs(t)\n"
     "say(tostring(pcall(function() s.x = 1 end))) end)",
     "false"},
    {"the result of move",
     "local t = { 1 } hook(function() say(tostring(pcall(table.move, t, 1, 0, 1))) end)",
     "false"},
    {"an argument error names no hidden table",
     "local t = {} hook(function() local _, e = pcall(function() return #t + t end) say(e)\n"
     "end)",
     "dir/policy.lua:1: attempt to perform arithmetic on a table value (upvalue 't')"},
    {"calling", "local t = {} hook(function() say((select(2, pcall(t)))) end)",
     "attempt to call a table value"},
    {"comparing",
     "local t = {} hook(function() say(tostring(pcall(function() return t < t end))) end)",
     "false"},
    {"joining",
     "local t = {} hook(function() say(tostring(pcall(function() return t .. t end))) end)",
     "false"},
    {"closing",
     "local t = {} hook(function() say(tostring(pcall(function() local x <close> = t end)))\n"
     "end)",
     "false"},
    {"next with a strange key",
     "local t = {} hook(function() say(tostring(pcall(next, t, 'x'))) end)", "false"},
    {"next of what is no table", "hook(function() say(tostring(pcall(next, 'x'))) end)",
     "false"},
    {"a global that is nowhere",
     "partners = {} hook(function() say((select(2, pcall(function() return partnres end))))\n"
     "end)",
     "dir/policy.lua:1: neither this policy nor Moongate defines 'partnres'"},
    {"a number as a global", "hook(function() say(tostring(_ENV[1])) end)", "nil"},
    {"names of Lua that are not offered",
     "hook(function() local n = 0 for _, name in ipairs { 'getmetatable', 'setmetatable',\n"
     "'rawget', 'rawset', 'rawequal', 'rawlen', 'load', 'debug', 'coroutine', '_G' } do\n"
     "n = n + (pcall(function() return _ENV[name] end) and 1 or 0) end say(n .. '') end)",
     "0"},
};

static void nothing_of_the_machinery_shows(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(walls); i++) {
        struct mg_script *script = sealed(walls[i].text, NULL, &counting);
        expect_works(walls[i].desc, script, 1, walls[i].said);
        mg_script_free(script);
    }
}

static void unknown_globals_get_a_hint(void **state)
{
    (void)state;
    struct mg_script_fault fault;
    struct mg_script *script = sealed("partners = {}\nhook(function() return partnres end)\n"
                                      "hook(function() return tostrin end)",
                                      NULL, &counting);
    mg_expect_int("one of its own", run_slot(script, 1, &fault), false);
    mg_expect_text("one of its own", fault.err.code, "global-undefined");
    mg_expect_text("one of its own", fault.err.hint, "did you mean 'partners'?");
    mg_expect_int("one of the library", run_slot(script, 2, &fault), false);
    mg_expect_text("one of the library", fault.err.hint, "did you mean 'tostring'?");
    mg_script_free(script);
}

/* ---- properties ---- */

/* A text that depends on everything that can be read of a table. The length counts only where
 * the table is a sequence: else Lua may give another one at any time. */
static const char describe[] =
    "local function describe(v, seen)\n"
    "  if type(v) ~= 'table' then return type(v) == 'function' and 'f' or tostring(v) end\n"
    "  if seen[v] then return '#' .. seen[v] end\n"
    "  seen.n = seen.n + 1 seen[v] = seen.n\n"
    "  local list, integers, first = {}, 0, 0\n"
    "  for k, x in pairs(v) do\n"
    "    integers = integers + (math.type(k) == 'integer' and 1 or 0)\n"
    "    table.insert(list, { type(k) == 'table' and 'key' .. k[1] or tostring(k), x })\n"
    "  end\n"
    "  for i in ipairs(v) do first = i end\n"
    "  table.sort(list, function(a, b) return a[1] < b[1] end)\n"
    "  for i, pair in ipairs(list) do list[i] = pair[1] .. '=' .. describe(pair[2], seen) end\n"
    "  list[#list + 1] = integers == first and #v .. '' or 'holes'\n"
    "  return '{' .. table.concat(list, ',') .. '}'\n"
    "end\n";

/* Append a chunk that builds a random graph of tables in `t`. */
static size_t write_graph(struct mg_prng *prng, char *out, size_t size)
{
    size_t length = (size_t)snprintf(out, size, "%slocal t, n = { {} }, 0\n", describe);
    unsigned nodes = 1 + (unsigned)mg_prng_below(prng, 8);
    for (unsigned i = 2; i <= nodes; i++) {
        length += (size_t)snprintf(out + length, size - length, "t[%u] = {}\n", i);
    }
    for (unsigned i = 0; i < 4 * nodes; i++) {
        static const char *const forms[] = {
            "t[%u].a%u = t[%u]\n", "t[%u][%u] = t[%u]\n",
            "t[%u].b%u = %u\n",    "table.insert(t[%u], %u * %u)\n",
            "t[%u].s%u = 'x%u'\n", "n = n + 1 t[%u][{ n }] = { %u, t[%u] }\n"};
        const char *form = forms[mg_prng_below(prng, MG_COUNT(forms))];
        unsigned a = 1 + (unsigned)mg_prng_below(prng, nodes);
        unsigned b = 1 + (unsigned)mg_prng_below(prng, nodes);
        unsigned c = 1 + (unsigned)mg_prng_below(prng, nodes);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        length += (size_t)snprintf(out + length, size - length, form, a, b, c);
#pragma GCC diagnostic pop
    }
    length += (size_t)snprintf(out + length, size - length,
                               "local before = describe(t, { n = 0 })\n"
                               "hook(function() local now = describe(t, { n = 0 })\n"
                               "say(now == before and 'same' or before .. ' ' .. now) end)\n");
    assert_true(length < size);
    return length;
}

static void graphs_read_as_before(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("graphs_read_as_before");
    unsigned long cases = mg_property_cases(300);
    for (unsigned long i = 0; i < cases; i++) {
        char text[8192];
        (void)write_graph(&prng, text, sizeof(text));
        struct mg_script *script = sealed(text, NULL, &counting);
        expect_works(strstr(text, "local t, n"), script, 1, "same");
        mg_script_free(script);
    }
}

/* Deep structures are walked without recursion in C. */
static void depth_does_not_matter(void **state)
{
    (void)state;
    struct mg_script *script =
        sealed("local t = 'end' for i = 1, 1e5 do t = { t } end\n"
               "local f = function() return 'end' end\n"
               "for i = 1, 1e4 do local inner = f f = function() return inner end end\n"
               "hook(function() local n = 0 local v = t\n"
               "while type(v) == 'table' do v = v[1] n = n + 1 end\n"
               "say(n .. v .. type(f)) end)",
               &(struct mg_script_limits){.max_bytes = 128 << 20},
               &(struct mg_script_budget){.counts = true, .max_steps = 10000000});
    expect_works("a deep table", script, 1, "100000endfunction");
    mg_script_free(script);
}

/* Wherever memory runs out, sealing fails or the state works. */
static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    struct mg_str chunk = MG_STR("local t, n = { {}, [{}] = 1 }, 0 x = { t }\n"
                                 "hook(function() say(#t .. n .. #x) n = n end)");
    unsigned failures = 0;
    bool is_sealed = false;
    for (size_t bytes = 8 << 10; !is_sealed; bytes += 32) {
        struct mg_script_fault fault;
        struct mg_script_limits limits = {.max_bytes = bytes};
        struct mg_script *script = mg_script_new(&limits, globals, NULL);
        if (script != NULL && mg_script_call(script, load_chunk, &chunk, &fault)) {
            is_sealed = mg_script_seal(script, &counting, NULL, NULL, NULL, &fault);
            failures += !is_sealed;
            mg_expect_true("why it failed",
                           is_sealed || strcmp(fault.err.code, "policy-memory") == 0);
        }
        mg_script_free(script);
        assert_true(bytes < 1 << 20);
    }
    mg_expect_true("failures in between", failures > 10);
}

/* ---- texts ---- */

enum {
    LONGEST_TEXT = MG_SEAL_MAX_TEXT_BYTES
};

/* A text of one byte more than may be kept is S, where a hook can reach it. */
static void longer_texts_are_not_kept(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
        const char *message; /* a part of it, or NULL: it is kept */
    } rows[] = {
        {"local S = (...)\nhook(function() return S end)", 2, "the variable 'S' has a text of"},
        {"local t = { long = (...) } hook(function() return t end)", 0, "the field 'long' has"},
        {"local t = { { (...) } } hook(function() return t end)", 0, "the field '[…]' has"},
        {"local t = { [(...)] = 1 } hook(function() return t end)", 0, "the field 'xxxx"},
        {"S = (...) hook(function() return S end)", 0, "the field 'S' has"},
        {"local S = (...) hook(function() return function() return S end end)", 1, "'S'"},
        {"local S = (...):sub(2) hook(function() return S end)", 0, NULL},
        {"local S = (...) S = #S hook(function() return S end)", 0, NULL},
        {"S = (...) hook(function() end)", 0, NULL},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char text[256];
        struct mg_script_fault fault = {.err.code = "no fault"};
        const char *rest = strstr(rows[i].text, "(...)");
        (void)snprintf(text, sizeof(text), "%.*s(('x'):rep(%d))%s", (int)(rest - rows[i].text),
                       rows[i].text, LONGEST_TEXT + 1, rest + strlen("(...)"));
        struct mg_str chunk = mg_str_from(text);
        struct mg_script *script = mg_script_new(&(struct mg_script_limits){0}, globals, NULL);
        mg_expect_true(text, mg_script_call(script, load_chunk, &chunk, &fault));
        fault.err.code = "no fault";
        bool is_kept = mg_script_seal(script, &counting, NULL, NULL, NULL, &fault);
        mg_expect_int(text, is_kept, rows[i].message == NULL);
        if (!is_kept) {
            mg_expect_text(text, fault.err.code, "policy-memory");
            mg_expect_int(text, fault.err.line, rows[i].line);
            mg_expect_text(text, fault.err.file, rows[i].line == 0 ? "" : "dir/policy.lua");
            mg_expect_true(text, strstr(fault.err.message, rows[i].message) != NULL);
            mg_expect_true(text, strstr(fault.err.hint, "file \"") != NULL);
        }
        mg_script_free(script);
    }
}

/* Whatever a script calls a field, the message says what is wrong with it. */
static void messages_show_the_front_of_a_long_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message; /* a part of it */
    } rows[] = {
        {"local t = {} hook(function() t[('x'):rep(1000000)] = 1 end)", "x' cannot be set"},
        {"hook(function() _ENV[('x'):rep(1000000)] = 1 end)", "x' cannot be set once"},
        {"hook(function() return _ENV[('x'):rep(1000000)] end)", "defines 'xxx"},
        {"hook(function() error(('x'):rep(1000000), 0) end)", "xxx..."},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_script_fault fault = {.err.code = "no fault"};
        struct mg_script *script = sealed(rows[i].text, NULL, &counting);
        mg_expect_true(rows[i].text, !run_slot(script, 1, &fault));
        mg_expect_true(rows[i].text, strstr(fault.err.message, rows[i].message) != NULL);
        mg_script_free(script);
    }
}

/* Going on from a key takes long where keys collide: each field is charged for. */
static void sealing_looks_at_the_bounds_with_each_field(void **state)
{
    (void)state;
    struct mg_script_fault fault;
    uint64_t steps[2];
    for (int with = 0; with < 2; with++) {
        struct mg_str chunk =
            with == 0 ? MG_STR("local t = { k1 = 1 } hook(function() return t end)")
                      : MG_STR("local t = {} for i = 1, 1000 do t['k' .. i] = 1 end\n"
                               "hook(function() return t end)");
        struct mg_script *script = mg_script_new(&(struct mg_script_limits){0}, globals, NULL);
        assert_true(mg_script_call(script, load_chunk, &chunk, &fault));
        uint64_t before = mg_script_steps(script);
        assert_true(mg_script_seal(script, &counting, NULL, NULL, NULL, &fault));
        steps[with] = mg_script_steps(script) - before;
        mg_script_free(script);
    }
    mg_expect_true("999 more fields", steps[1] - steps[0] >= 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_tables_read_as_tables),
        cmocka_unit_test(changes_are_refused),
        cmocka_unit_test(nothing_of_the_machinery_shows),
        cmocka_unit_test(unknown_globals_get_a_hint),
        cmocka_unit_test(graphs_read_as_before),
        cmocka_unit_test(depth_does_not_matter),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(longer_texts_are_not_kept),
        cmocka_unit_test(messages_show_the_front_of_a_long_name),
        cmocka_unit_test(sealing_looks_at_the_bounds_with_each_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
