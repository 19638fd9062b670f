/* test_schema.c - schemas of configurations: what a manifest may say, what a policy may give,
 * and what the plugin gets of it.
 */
#include "plugin/measure.h"
#include "reading.h"

/* The start of a plugin whose load tells what it got; its schema and the end follow. */
#define PLUGIN(schema)                                                             \
    "return { name = 'demo', version = '1', api = 1, log = function() end,\n"      \
    "load = function(config)\n"                                                    \
    "  local function show(v)\n"                                                   \
    "    if type(v) ~= 'table' then return math.type(v) == 'float' and v .. 'f'\n" \
    "      or tostring(v) end\n"                                                   \
    "    local keys, parts = {}, {}\n"                                             \
    "    for k in pairs(v) do keys[#keys + 1] = k end\n"                           \
    "    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)\n"  \
    "    for i, k in ipairs(keys) do parts[i] = k .. '=' .. show(v[k]) end\n"      \
    "    return '{' .. table.concat(parts, ',') .. '}'\n"                          \
    "  end\n"                                                                      \
    "  say(show(config)) end,\n"                                                   \
    "config = " schema " }"

static const struct {
    const char *desc;
    const char *schema;
    const char *config;
    const char *got; /* as the plugin shows it; NULL: there are faults */
    const char *faults;
} rows[] = {
    {"no configuration at all", PLUGIN("{}"), NULL, "{}", ""},
    {"an empty one", PLUGIN("{}"), "{}", "{}", ""},
    {"scalars",
     PLUGIN("{ s = 'string', i = 'integer', n = 'number', b = 'boolean', a = 'any' }"),
     "{ s = 'x', i = 10.0, n = 0.5, b = false, a = 'y' }", "{a=y,b=false,i=10,n=0.5f,s=x}", ""},
    {"measures", PLUGIN("{ d = 'duration', e = 'duration', f = 'duration', s = 'size' }"),
     "{ d = '10s', e = '250ms', f = '2h', s = '64KB' }", "{d=10,e=0.25f,f=7200,s=65536}", ""},
    {"terms of HTTP",
     PLUGIN("{ m = 'method', ms = 'methods', h = 'header', hs = 'headers', p = 'path', o = "
            "'origin', os = 'origins', all = 'origins' }"),
     "{ m = 'GET', ms = { 'POST', 'QUERY' }, h = 'X-A', hs = {}, p = '/a/b', all = '*', o = "
     "'https://a.example', os = { 'https://*.a.example', 'http://localhost:*' } }",
     "{all={1=*},h=X-A,hs={},m=GET,ms={1=POST,2=QUERY},o=https://a.example,os={1=https://*.a."
     "example,2=http://localhost:*},p=/a/b}",
     ""},
    {"defaults",
     PLUGIN("{ a = { type = 'duration', default = '1m' }, b = { type = 'list', of = 'string', "
            "default = { 'x' } }, c = { type = 'table', default = {}, fields = { d = { type = "
            "'boolean', default = false } } }, e = 'string' }"),
     "{}", "{a=60,b={1=x},c={d=false}}", ""},
    {"given in place of defaults",
     PLUGIN("{ a = { type = 'duration', default = '1m' }, b = { type = 'boolean', default = "
            "true } }"),
     "{ a = '2s', b = false }", "{a=2,b=false}", ""},
    {"enum", PLUGIN("{ e = { type = 'enum', values = { 'drop', 'keep' } } }"), "{ e = 'keep' }",
     "{e=keep}", ""},
    {"lists and maps in one another",
     PLUGIN("{ l = { type = 'list', of = { type = 'table', fields = { n = 'integer' } } }, m = "
            "{ type = 'table', of = { type = 'list', of = 'size' } } }"),
     "{ l = { { n = 1 }, { n = 2 } }, m = { x = { '1KB' }, y = {} } }",
     "{l={1={n=1},2={n=2}},m={x={1=1024},y={}}}", ""},
    {"any, deep", PLUGIN("{ a = 'any' }"), "{ a = { 1, { x = { true } } } }",
     "{a={1=1,2={x={1=true}}}}", ""},
    {"wrong types",
     PLUGIN(
         "{ s = 'string', i = 'integer', n = 'number', b = 'boolean', d = 'duration', z = "
         "'size', e = { type = 'enum', values = { 'x', 'y' } }, o = 'origin', os = "
         "'origins', m = 'method', ms = 'methods', h = 'header', hs = 'headers', p = 'path', "
         "l = { type = 'list', of = 'string' }, t = { type = 'table', fields = { a = "
         "'string' } }, a = 'any' }"),
     "{ s = 1, i = '1', n = '1', b = 1, d = 10, z = 10, e = 1, o = 1, os = 'https://a.example',"
     " m = 1, ms = 'GET', h = 1, hs = 'X', p = 1, l = 'x', t = 'x', a = function() end }",
     NULL,
     "use: config.a: is a function, not data (strings, numbers, booleans and "
     "tables of them) [config-type]\n"
     "use: config.b: is a number, not a boolean (true or false) "
     "[config-type]\n"
     "use: config.d: is a number, not a duration (write \"500ms\", \"10s\", "
     "\"2m\", \"1h\" or \"7d\") [config-type]\n"
     "use: config.e: is a number, not a word (\"x\" or \"y\") [config-type]\n"
     "use: config.h: is a number, not a header name (\"Content-Type\") "
     "[config-type]\n"
     "use: config.hs: is a string, not a list of header names ({ "
     "\"Content-Type\" }) [config-type]\n"
     "use: config.i: is a string, not a whole number [config-type]\n"
     "use: config.l: is a string, not a list ({ …, … }) [config-type]\n"
     "use: config.m: is a number, not a method (\"GET\") [config-type]\n"
     "use: config.ms: is a string, not a list of methods ({ \"GET\", "
     "\"POST\" }) [config-type]\n"
     "use: config.n: is a string, not a number [config-type]\n"
     "use: config.o: is a number, not an origin "
     "(\"https://app.example.com\") [config-type]\n"
     "use: config.os: is a string, not a list of origins ({ "
     "\"https://app.example.com\" }) [config-type]\n"
     "use: config.p: is a number, not a path (\"/login\") [config-type]\n"
     "use: config.s: is a number, not a string [config-type]\n"
     "use: config.t: is a string, not a table ({ name = value }) "
     "[config-type]\n"
     "use: config.z: is a number, not a size (write \"512B\", \"64KB\", "
     "\"1MB\" or \"1GB\") [config-type]\n"},
    {"wrong values",
     PLUGIN("{ i = 'integer', n = 'number', d = 'duration', z = 'size', e = { type = 'enum', "
            "values = { 'drop', 'keep' } }, o = 'origin', os = 'origins', m = 'method', ms = "
            "'methods', h = 'header', p = 'path', l = { type = 'list', of = 'string' } }"),
     "{ i = 1.5, n = 0/0, d = '10', z = '10kb', e = 'kep', o = 'https://a.example/', os = { "
     "'https://a.example', 'a.example' }, m = 'get', ms = { 'TRACE', 'A B' }, h = 'X Y', p = "
     "'a?b', l = { 'x', 2, y = 3 } }",
     NULL,
     "use: config.d: '10' is no duration (write \"500ms\", \"10s\", \"2m\", "
     "\"1h\" or \"7d\") [config-value]\n"
     "use: config.e: 'kep' is none of its words (did you mean 'keep'?) "
     "[config-value]\n"
     "use: config.h: 'X Y' is no header name (\"Content-Type\") "
     "[config-value]\n"
     "use: config.i: is 1.5, not a whole number [config-value]\n"
     "use: config.l: is not a list: it has keys that are names, or gaps ({ "
     "…, … }) [config-type]\n"
     "use: config.m: 'get' is not upper case, and methods are case-sensitive "
     "(GET) [config-value]\n"
     "use: config.ms[1]: 'TRACE' is a method that no browser sends "
     "[config-value]\n"
     "use: config.ms[2]: 'A B' is no method (\"GET\") [config-value]\n"
     "use: config.n: is no finite number [config-value]\n"
     "use: config.o: 'https://a.example/' has a trailing slash "
     "(https://a.example) [config-value]\n"
     "use: config.os[2]: 'a.example' has no scheme (https://a.example) "
     "[config-value]\n"
     "use: config.p: 'a?b' is no path (\"/login\") [config-value]\n"
     "use: config.z: '10kb' is no size (write \"512B\", \"64KB\", \"1MB\" or "
     "\"1GB\") [config-value]\n"},
    {"ranges",
     PLUGIN(
         "{ i = { type = 'integer', min = 1, max = 3 }, j = { type = 'integer', min = 1, max "
         "= 3 }, n = { type = 'number', min = 0.5 }, d = { type = 'duration', min = '1s', max "
         "= '1h' }, z = { type = 'size', max = '1MB' }, s = { type = 'string', min = 1 }, l = "
         "{ type = 'list', of = 'string', max = 1 }, o = { type = 'origins', min = 1 }, m = "
         "{ type = 'table', of = 'string', min = 1 } }"),
     "{ i = 0, j = 4, n = 0.25, d = '500ms', z = '2MB', s = '', l = { 'a', 'b' }, o = {}, m = "
     "{} }",
     NULL,
     "use: config.d: is 0.5 seconds; the least is 1 [config-range]\n"
     "use: config.i: is 0; the least is 1 [config-range]\n"
     "use: config.j: is 4; the most is 3 [config-range]\n"
     "use: config.l: is 2 elements long; the most is 1 [config-range]\n"
     "use: config.m: is 0 elements long; the least is 1 [config-range]\n"
     "use: config.n: is 0.25; the least is 0.5 [config-range]\n"
     "use: config.o: is 0 elements long; the least is 1 [config-range]\n"
     "use: config.s: is 0 bytes long; the least is 1 [config-range]\n"
     "use: config.z: is 2097152 bytes; the most is 1048576 [config-range]\n"},
    {"ranges hold their ends",
     PLUGIN(
         "{ i = { type = 'integer', min = 1, max = 3 }, j = { type = 'integer', min = 1, max "
         "= 3 }, d = { type = 'duration', min = '1s' } }"),
     "{ i = 1, j = 3, d = '1s' }", "{d=1,i=1,j=3}", ""},
    {"unknown and missing settings",
     PLUGIN(
         "{ limit = 'integer', window = { type = 'duration', required = true }, t = { type = "
         "'table', fields = { inner = 'string' } } }"),
     "{ limt = 5, 7, t = { iner = 'x' } }", NULL,
     "use: config.t: there is no setting 'iner' (did you mean 'inner'?) "
     "[config-unknown]\n"
     "use: config.window: is missing: the plugin needs it (duration) "
     "[config-missing]\n"
     "use: config: has a value without a name (write name = value) "
     "[config-unknown]\n"
     "use: config: there is no setting 'limt' (did you mean 'limit'?) "
     "[config-unknown]\n"},
    {"places in lists and maps",
     PLUGIN("{ l = { type = 'list', of = { type = 'table', fields = { n = 'integer' } } }, m = "
            "{ type = 'table', of = 'integer' } }"),
     "{ l = { { n = 1 }, { n = 'x' } }, m = { a = 1, b = 'y', 5 } }", NULL,
     "use: config.l[2].n: is a string, not a whole number [config-type]\n"
     "use: config.m.b: is a string, not a whole number [config-type]\n"
     "use: config.m: has a value without a name (write name = value) "
     "[config-type]\n"},
    {"any is data alone, and not without end", PLUGIN("{ a = 'any', b = 'any' }"),
     "{ a = { x = { say } }, b = (function() local t = {} t.t = t return t end)() }", NULL,

     "use: config.a: is a function, not data (strings, numbers, booleans and "
     "tables of them) [config-type]\n"
     "use: config.b: has more than 16 tables in one another "
     "[config-value]\n"},
    {"schemas that are none",
     PLUGIN(
         "{ a = 'strng', b = 5, c = {}, d = { type = 'enum' }, e = { type = 'list' }, f = { "
         "type = 'table' }, g = { type = 'integer', min = 'x' }, h = { type = 'boolean', min "
         "= 1 }, i = { type = 'integer', min = 3, max = 2 }, j = { type = 'integer', default "
         "= 'x' }, k = { type = 'integer', default = 1, required = true }, l = { type = "
         "'string', values = { 'x' } }, m = { type = 'string', of = 'string' }, n = { type = "
         "'string', fields = {} }, o = { type = 'string', defaults = 'x' }, ['p-q'] = 'string',"
         " r = { type = 'table', of = 'string', fields = {} }, s = { type = 'duration', max = "
         "5 }, t = { type = 'string', required = 1 }, u = { type = 'string', description = 1 "
         "}, v = { type = 'enum', values = { 'x', 2 } }, w = { type = 'list', of = 'lst' } }"),
     "{}", NULL,
     "lua:13: config.a: there is no type 'strng' (did you mean 'string'?) [plugin-schema]\n"
     "lua:13: config.b: is a number, not a schema ({ type = \"string\" }) [plugin-schema]\n"
     "lua:13: config.c: has no type (type = \"string\") [plugin-schema]\n"
     "lua:13: config.d: an enum needs values (values = { \"drop\", \"keep\" }) "
     "[plugin-schema]\n"
     "lua:13: config.e: a list needs its `of` (of = \"string\") [plugin-schema]\n"
     "lua:13: config.f: a table needs either `fields` or `of` (fields = { name = \"string\" } "
     "for known names, of = \"string\" for any) [plugin-schema]\n"
     "lua:13: config.g.min: is a string, not a whole number [config-type]\n"
     "lua:13: config.h.min: a boolean has no bounds [plugin-schema]\n"
     "lua:13: config.i: min is above max [plugin-schema]\n"
     "lua:13: config.j.default: is a string, not a whole number [config-type]\n"
     "lua:13: config.k.default: what has a default is not required [plugin-schema]\n"
     "lua:13: config.l.values: only an enum has values (type = \"enum\") [plugin-schema]\n"
     "lua:13: config.m.of: only a list or a table is of something (type = \"list\") "
     "[plugin-schema]\n"
     "lua:13: config.n.fields: only a table has fields (type = \"table\") [plugin-schema]\n"
     "lua:13: config.o.defaults: there is no such field (did you mean 'default'?) "
     "[plugin-schema]\n"
     "lua:13: config.p-q: the name of a setting is letters, digits and \"_\" (limit = "
     "\"integer\") [plugin-schema]\n"
     "lua:13: config.r: a table needs either `fields` or `of` (fields = { name = \"string\" } "
     "for known names, of = \"string\" for any) [plugin-schema]\n"
     "lua:13: config.s.max: is a number, not a duration (write \"500ms\", \"10s\", \"2m\", "
     "\"1h\" or \"7d\") [config-type]\n"
     "lua:13: config.t.required: is a number, not a boolean (true or false) [plugin-schema]\n"
     "lua:13: config.u.description: is a number, not a string (\"requests a window\") "
     "[plugin-schema]\n"
     "lua:13: config.v.values[2]: is a number, not a string ({ \"drop\", \"keep\" }) "
     "[plugin-schema]\n"
     "lua:13: config.w.of: there is no type 'lst' (did you mean 'list'?) [plugin-schema]\n"},
    {"a schema that is no table", PLUGIN("5"), "{}", NULL,
     "lua:13: config: is a number, not a table of fields ({ limit = \"integer\" }) "
     "[plugin-schema]\n"},
    {"a schema that is too deep",
     PLUGIN("(function() local t = { type = 'list' } t.of = t return { a = t } end)()"), "{}",
     NULL,
     "lua:13: config.a.of.of.of.of.of.of.of.of.of: is deeper than 8 tables and lists in one "
     "another [plugin-schema]\n"},
};

static void configurations_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct reading reading = {.text = rows[i].schema, .config = rows[i].config};
        reading_run(&reading);
        mg_expect_text(rows[i].desc, reading.fault.err.message, "");
        reading_expect(rows[i].desc, &reading, rows[i].faults);
        mg_expect_int(rows[i].desc, reading.is_fine, rows[i].got != NULL);
        mg_expect_text(rows[i].desc, last_said, rows[i].got == NULL ? "" : rows[i].got);
        reading_end(&reading);
    }
}

/* What the plugin does to its configuration does not reach the policy's tables. */
static void tables_are_copies(void **state)
{
    (void)state;
    struct reading reading = {
        .text = "return { name = 'demo', version = '1', api = 1, log = function() end,\n"
                "config = { list = { type = 'list', of = 'string', default = { 'x' } }, a = "
                "'any', back = 'any' },\n"
                "load = function(config) config.a.x = 2 config.list[1] = 'y'\n"
                "  say(config.back.x, config.a.x, config.list[1]) end }",
        .config = "(function() local t = { x = 1 } return { a = t, back = t } end)()"};
    reading_run(&reading);
    reading_expect("no fault", &reading, "");
    mg_expect_text("the policy's table is as it was", last_said, "1 2 y");
    reading_end(&reading);
}

static const struct {
    const char *text;
    bool is_duration;
    int64_t want; /* -1: refused */
} measures[] = {
    {"0s", true, 0},
    {"1ms", true, 1},
    {"10s", true, 10000},
    {"2m", true, 120000},
    {"1h", true, 3600000},
    {"3650d", true, 315360000000},
    {"3651d", true, -1},
    {"", true, -1},
    {"s", true, -1},
    {"10", true, -1},
    {"-1s", true, -1},
    {"1.5s", true, -1},
    {"1 s", true, -1},
    {"1S", true, -1},
    {"99999999999999999999s", true, -1},
    {"0B", false, 0},
    {"1KB", false, 1024},
    {"1MB", false, 1048576},
    {"1024GB", false, 1LL << 40},
    {"1025GB", false, -1},
    {"1kb", false, -1},
    {"1KiB", false, -1},
    {"KB", false, -1},
    {"1", false, -1},
};

static void measures_are_strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(measures); i++) {
        uint64_t got = 77;
        struct mg_str text = mg_str_from(measures[i].text);
        bool is_read = measures[i].is_duration ? mg_measure_duration(text, &got)
                                               : mg_measure_size(text, &got);
        mg_expect_int(measures[i].text, is_read, measures[i].want >= 0);
        mg_expect_u64(measures[i].text, got,
                      measures[i].want >= 0 ? (uint64_t)measures[i].want : 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configurations_are_checked),
        cmocka_unit_test(tables_are_copies),
        cmocka_unit_test(measures_are_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
