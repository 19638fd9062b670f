/* test_manifest.c - what a plugin.lua may say, and what is wrong with others: every fault at
 * once, at its line.
 */
#include <stdlib.h>

#include "reading.h"

static const struct {
    const char *desc;
    const char *text;
    const char *faults;
} rows[] = {
    {"the least", "return { name = 'demo', version = '1', api = 1, log = function() end }", ""},
    {"nothing", "",
     "lua:1: a plugin returns its manifest, a table, not a nil (end "
     "the file with return { name = … }) [plugin-error]\n"},
    {"a string", "\n\nreturn 'demo'",
     "lua:3: a plugin returns its manifest, a table, not a string "
     "(end the file with return { name = … }) [plugin-error]\n"},
    {"an empty table", "local x = { return_ = 1 }\nreturn {}",
     "lua:2: api: is missing (api = 1) [plugin-field]\n"
     "lua:2: name: is missing (name = \"demo\") [plugin-field]\n"
     "lua:2: version: is missing (version = \"1.0.0\") "
     "[plugin-field]\n"},
    {"no hooks", "return { name = 'demo', version = '1', api = 1, load = function() end }",
     "lua:1: the plugin has no hooks, so nothing would ever run "
     "(request = function(req) … end) [plugin-field]\n"},
    {"all at once",
     "-- name = 1\n"
     "local text = [==[ name = ]] 2 ]==]\n"
     "return {\n"
     "  name = 'other',\n"
     "  version = '1 2',\n"
     "  api = 2,\n"
     "  after = { 'demo', 'no such' },\n"
     "  before = 'auth',\n"
     "  capabilities = {\n"
     "    'logs', 'dict:hits', 'dict:hits:4KB', 'dict:Hits:1MB', 'clock:x', 'log', 'log', 5 "
     "},\n"
     "  budget = {\n"
     "    cpu_ms = 0,\n"
     "    steps = 'x',\n"
     "    bytes = '1KB',\n"
     "    wall = 1 },\n"
     "  native = '../x.so',\n"
     "  requests = function(req) local load = 1 end,\n"
     "  request = 5,\n"
     "  [1] = 'x',\n"
     "  load = true,\n"
     "}\n",
     "lua:10: capabilities[1]: 'logs' is no capability (did you mean 'log'?) "
     "[plugin-capability]\n"
     "lua:10: capabilities[2]: 'dict:hits' has no size (\"dict:hits:1MB\") "
     "[plugin-capability]\n"
     "lua:10: capabilities[3]: 'dict:hits:4KB' is not between 16KB and 1GB (\"dict:hits:1MB\") "
     "[plugin-capability]\n"
     "lua:10: capabilities[4]: 'dict:Hits:1MB' names no dictionary: small letters, digits, "
     "\"-\" and \"_\", at most 64 (\"dict:hits:1MB\") [plugin-capability]\n"
     "lua:10: capabilities[5]: 'clock:x' has more than a name (clock) [plugin-capability]\n"
     "lua:10: capabilities[7]: 'log' stands twice [plugin-capability]\n"
     "lua:10: capabilities[8]: is a number, not a string ({ \"log\", \"dict:hits:1MB\" }) "
     "[plugin-field]\n"
     "lua:12: budget.cpu_ms: is 0, not between 1 and 1000 (cpu_ms = 5) [plugin-field]\n"
     "lua:13: budget.steps: is a string, not a whole number (steps = 1000000) [plugin-field]\n"
     "lua:14: budget.bytes: is no size between 16KB and 256MB (bytes = \"4MB\") "
     "[plugin-field]\n"
     "lua:15: budget.wall: there is no such field [plugin-field]\n"
     "lua:16: native: is not the name of a shared object in the plugin's folder (native = "
     "\"request-id.so\") [plugin-native]\n"
     "lua:17: requests: there is no such field (did you mean 'request'?) [plugin-field]\n"
     "lua:18: request: is a number, not a function (request = function(req) … end) "
     "[plugin-field]\n"
     "lua:20: load: is a boolean, not a function (load = function(config) … end) "
     "[plugin-field]\n"
     "lua:3: has a value without a field name (write name = value) [plugin-field]\n"
     "lua:4: name: is 'other', but the folder is called 'demo' (name = \"demo\") "
     "[plugin-name]\n"
     "lua:5: version: is no version: 1 to 64 printable characters without spaces (version = "
     "\"1.0.0\") [plugin-field]\n"
     "lua:6: api: is not the plugin interface of this program, which is 1 (api = 1) "
     "[plugin-api]\n"
     "lua:7: after[1]: names the plugin itself [plugin-cycle]\n"
     "lua:7: after[2]: 'no such' is no name of a plugin [plugin-field]\n"
     "lua:8: before: is a string, not a list of strings ({ \"auth\" }) [plugin-field]\n"},
    {"fields of inner tables and functions are not taken for the manifest's",
     "return {\n"
     "  config = {\n    api = 'string',\n    name = 'strng' },\n"
     "  log = function() local t = {\n    version = 1 } ; api = 2 for i = 1, 2 do api = 3 end "
     "end,\n"
     "  version = 1, --[[ api = 3,\n ]] name = 'demo', api = 3 }",
     "lua:4: config.name: there is no type 'strng' (did you mean "
     "'string'?) [plugin-schema]\n"
     "lua:7: version: is a number, not a string (version = "
     "\"1.0.0\") [plugin-field]\n"
     "lua:8: api: is not the plugin interface of this program, "
     "which is 1 (api = 1) [plugin-api]\n"},
    {"a manifest that is put together has the line of its return",
     "local m = { name = 'demo', version = '1', api = 1, log = function() end }\n"
     "m.requests = 1\n\nreturn m",
     "lua:4: requests: there is no such field (did you mean "
     "'request'?) [plugin-field]\n"},
};

static void faults_are_told_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct reading reading = {.text = rows[i].text};
        reading_run(&reading);
        mg_expect_text(rows[i].desc, reading.fault.err.message, "");
        reading_expect(rows[i].desc, &reading, rows[i].faults);
        mg_expect_int(rows[i].desc, reading.is_fine, rows[i].faults[0] == '\0');
        reading_end(&reading);
    }
}

static void a_manifest_is_read(void **state)
{
    (void)state;
    struct reading reading = {
        .text = "return {\n"
                "  name = 'demo', version = '1.2.3-rc.1', api = 1,\n"
                "  after = { 'auth', 'log-it' }, before = { 'audit' },\n"
                "  capabilities = { 'log', 'dict:hits:64KB', 'dict:seen:1MB', 'respond' },\n"
                "  budget = { cpu_ms = 10, steps = 5000, bytes = '1MB' },\n"
                "  load = function(config) say('loaded', type(config)) end,\n"
                "  request = function() end, decision = function() end,\n"
                "  response = function() end, log = function() end, handler = function() end,\n"
                "}"};
    reading_run(&reading);
    const struct mg_plugin *plugin = &reading.plugin;
    reading_expect("faults", &reading, "");
    mg_expect_text("raised", reading.fault.err.message, "");
    mg_expect_text("load ran", last_said, "loaded table");
    mg_expect_str("name", plugin->name, MG_STR("demo"));
    mg_expect_str("version", plugin->version, MG_STR("1.2.3-rc.1"));
    mg_expect_text("file", plugin->file, "plugins/demo/plugin.lua");
    mg_expect_text("used file", plugin->used_file, "api.lua");
    mg_expect_int("used line", plugin->used_line, 7);
    mg_expect_int("after", plugin->after_count, 2);
    mg_expect_str("after[2]", plugin->after[1], MG_STR("log-it"));
    mg_expect_int("before", plugin->before_count, 1);
    mg_expect_str("before[1]", plugin->before[0], MG_STR("audit"));
    mg_expect_int("capabilities", plugin->capabilities,
                  MG_CAPABILITY_LOG | MG_CAPABILITY_DICT | MG_CAPABILITY_RESPOND);
    mg_expect_int("dictionaries", plugin->dict_count, 2);
    mg_expect_str("dictionary", plugin->dicts[1].name, MG_STR("seen"));
    mg_expect_int("its size", plugin->dicts[1].max_bytes, 1 << 20);
    mg_expect_int("cpu", plugin->budget.max_cpu_ms, 10);
    mg_expect_int("steps", plugin->budget.max_steps, 5000);
    mg_expect_int("bytes", plugin->budget.max_bytes, 1 << 20);
    mg_expect_int("hooks", plugin->hooks, (1 << MG_HOOK_COUNT) - 1);
    for (int hook = 0; hook < MG_HOOK_COUNT; hook++) {
        mg_expect_true("a slot for each hook", reading.slots.hooks[hook] != 0);
    }
    mg_expect_true("slot of config", reading.slots.config != 0);
    mg_expect_true("not native", plugin->native == NULL);
    reading_end(&reading);
}

/* What a plugin.lua raises goes through with its own code and line. */
static const struct {
    const char *desc;
    const char *text;
    const char *code;
    int line;
} raised[] = {
    {"syntax", "\nreturn {", "policy-syntax", 2},
    {"an error of its own", "\n\nerror('no')", "policy-error", 3},
    {"bytecode", "\x1bLua", "policy-bytecode", 0},
    {"a loop", "\nwhile true do end", "policy-timeout", 2},
    {"an unknown global", "\nx = resorce", "global-undefined", 2},
    {"what policies have", "\nresource '/x'", "capability-missing", 2},
    {"a capability before the manifest", "\nlocal d = dict 'hits'", "capability-early", 2},
    {"an error in load",
     "return { name = 'demo', version = '1', api = 1, log = function() end,\n"
     "load = function(config)\nerror('no') end }",
     "policy-error", 3},
};

static void errors_go_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(raised); i++) {
        struct reading reading = {.text = raised[i].text};
        reading_run(&reading);
        mg_expect_text(raised[i].desc, reading.fault.err.code, raised[i].code);
        mg_expect_int(raised[i].desc, reading.fault.err.line, raised[i].line);
        mg_expect_int(raised[i].desc, reading.is_fine, false);
        reading_end(&reading);
    }
}

/* Faults keep load from running: it would see a configuration that is not checked. */
static void load_runs_only_without_faults(void **state)
{
    (void)state;
    struct reading reading = {
        .text = "return { name = 'demo', version = '1', api = 1, log = function() end,\n"
                "  config = { limit = { type = 'integer', required = true } },\n"
                "  load = function(config) say('loaded') end }"};
    reading_run(&reading);
    mg_expect_text("a fault of the configuration", reading.faults,
                   "use: config.limit: is missing: the plugin needs it "
                   "(integer) [config-missing]\n");
    mg_expect_text("load did not run", last_said, "");
    mg_expect_int("not fine", reading.is_fine, false);
    reading_end(&reading);
}

/* A manifest can be made large; reading it ends at the bound of loading, in C as in Lua. */
static void huge_manifests_end(void **state)
{
    (void)state;
    enum {
        FIELDS = 16000,
        FIELD_BYTES = 9
    };
    char *text = malloc(FIELDS * FIELD_BYTES + 64);
    assert_non_null(text);
    memcpy(text, "return { ", FIELD_BYTES);
    size_t used = FIELD_BYTES;
    for (int i = 0; i < FIELDS; i++) {
        used += (size_t)snprintf(text + used, FIELD_BYTES + 1, "a%05d=1,", i);
    }
    memcpy(text + used, "}", 2);
    struct reading reading = {.text = text};
    reading_run(&reading);
    mg_expect_text("16,000 unknown fields", reading.fault.err.code, "policy-timeout");
    reading_end(&reading);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_told_at_once),
        cmocka_unit_test(a_manifest_is_read),
        cmocka_unit_test(errors_go_through),
        cmocka_unit_test(load_runs_only_without_faults),
        cmocka_unit_test(huge_manifests_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
