/* test_capability.c - what plugins can reach: what they declare and are granted, and nothing
 * else.
 */
#include <fcntl.h>
#include <unistd.h>

#include "core/log.h"
#include "reading.h"

#define PLUGIN(capabilities, hook)                                                           \
    "return { name = 'demo', version = '1', api = 1, capabilities = { " capabilities " },\n" \
    "log = function()\n" hook "\nend }"

static const struct mg_plugin_clock noon = {.wall_ms = 1500, .monotonic_ms = 250};

/* What a hook does with its capabilities. */
static const struct {
    const char *desc;
    const char *text;
    const char *said;
    const char *code; /* of what it raises, at line 3 */
} rows[] = {
    {"clock", PLUGIN("'clock'", "say(clock.now(), clock.monotonic())"), "1.5 0.25", NULL},
    {"a dictionary keeps values",
     PLUGIN("'dict:d:16KB'",
            "local d = dict 'd' d:set('s', 'x') d:set('i', 5) d:set('f', 0.5) d:set('b', false)"
            " say(d:get('s'), d:get('i'), math.type(d:get('i')), d:get('f'), d:get('b'),"
            " d:get('none'))"),
     "x 5 integer 0.5 false nil", NULL},
    {"setting nil, and deleting",
     PLUGIN("'dict:d:16KB'",
            "local d = dict 'd' d:set('s', 'x') d:set('s', nil) d:set('t', 1) d:delete('t')"
            " say(d:get('s'), d:get('t'))"),
     "nil nil", NULL},
    {"incr from nothing", PLUGIN("'dict:d:16KB'", "say(dict('d'):incr('k'))"), "1 nil", NULL},
    {"incr with all it takes",
     PLUGIN("'dict:d:16KB'",
            "local d = dict 'd' d:incr('k', 2, { start = 5, ttl = 0.5 }) say(d:incr('k', -1))"),
     "6 0.5", NULL},
    {"a ttl rounds up to a millisecond",
     PLUGIN("'dict:d:16KB'", "say(dict('d'):incr('k', 1, { ttl = 0.0001 }))"), "1 0.001", NULL},
    {"a long text",
     PLUGIN("'dict:d:256KB'",
            "local d = dict 'd' d:set('k', ('x'):rep(60000)) say(#d:get('k'))"),
     "60000", NULL},
    {"keys with any bytes",
     PLUGIN("'dict:d:16KB'", "local d = dict 'd' d:set('a\\0b', 1) say(d:get('a'), "
                             "d:get('a\\0b'))"),
     "nil 1", NULL},
    {"the same object each time",
     PLUGIN("'dict:d:16KB'", "say(dict 'd' == dict 'd', type(dict 'd'), tostring(dict 'd'))"),
     "true userdata userdata", NULL},
    {"a dictionary that is not declared", PLUGIN("'dict:hits:16KB'", "dict 'hist'"), "",
     "capability-missing"},
    {"a name that is none", PLUGIN("'dict:hits:16KB'", "dict {}"), "", "dict-call"},
    {"a method without colon", PLUGIN("'dict:d:16KB'", "dict('d').get('k')"), "", "dict-call"},
    {"a method of somebody else", PLUGIN("'dict:d:16KB', 'clock'", "dict('d').get(clock, 'k')"),
     "", "dict-call"},
    {"a key that is no string", PLUGIN("'dict:d:16KB'", "dict('d'):get(5)"), "", "dict-call"},
    {"a key too long", PLUGIN("'dict:d:16KB'", "dict('d'):set(('k'):rep(1025), 1)"), "",
     "dict-too-large"},
    {"a value too long", PLUGIN("'dict:d:16KB'", "dict('d'):set('k', ('v'):rep(30000))"), "",
     "dict-too-large"},
    {"a value of no use", PLUGIN("'dict:d:16KB'", "dict('d'):set('k', {})"), "", "dict-call"},
    {"incr of a text", PLUGIN("'dict:d:16KB'", "local d = dict 'd' d:set('k', 'x') d:incr 'k'"),
     "", "dict-type"},
    {"incr beyond the range",
     PLUGIN("'dict:d:16KB'", "local d = dict 'd' d:set('k', math.maxinteger) d:incr 'k'"), "",
     "dict-type"},
    {"incr by a fraction", PLUGIN("'dict:d:16KB'", "dict('d'):incr('k', 0.5)"), "",
     "dict-call"},
    {"options that are none", PLUGIN("'dict:d:16KB'", "dict('d'):incr('k', 1, 60)"), "",
     "dict-call"},
    {"an unknown option", PLUGIN("'dict:d:16KB'", "dict('d'):incr('k', 1, { tll = 60 })"), "",
     "dict-call"},
    {"an option of another method",
     PLUGIN("'dict:d:16KB'", "dict('d'):set('k', 1, { start = 60 })"), "", "dict-call"},
    {"a ttl of nothing", PLUGIN("'dict:d:16KB'", "dict('d'):set('k', 1, { ttl = 0 })"), "",
     "dict-call"},
    {"a ttl that is no number", PLUGIN("'dict:d:16KB'", "dict('d'):set('k', 1, { ttl = 0/0 })"),
     "", "dict-call"},
    {"a ttl without end", PLUGIN("'dict:d:16KB'", "dict('d'):set('k', 1, { ttl = 1e300 })"), "",
     "dict-call"},
    {"assigning to a dictionary", PLUGIN("'dict:d:16KB'", "dict('d').get = 1"), "",
     "dict-call"},
    {"assigning to a capability", PLUGIN("'clock'", "clock.now = 1"), "", "capability-write"},
    {"clock without asking", PLUGIN("", "say(clock.now())"), "", "capability-missing"},
    {"log without asking", PLUGIN("", "log 'x'"), "", "capability-missing"},
    {"a method of log without asking", PLUGIN("", "log.warn 'x'"), "", "capability-missing"},
    {"dict without asking", PLUGIN("", "dict 'd'"), "", "capability-missing"},
    {"assigning to what is not there", PLUGIN("", "log.x = 1"), "", "capability-missing"},
    {"what policies declare with", PLUGIN("'log'", "resource('/x')"), "", "capability-missing"},
    {"what nobody has", PLUGIN("", "x = os"), "", "global-undefined"},
};

static void hooks_reach_what_they_declare(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct reading reading = {.text = rows[i].text, .clock = &noon};
        reading_run(&reading);
        reading_expect(rows[i].desc, &reading, "");
        mg_expect_text(rows[i].desc, reading.fault.err.message, "");
        reading_seal(&reading);
        mg_expect_text(rows[i].desc, reading_call(&reading), rows[i].code);
        mg_expect_text(rows[i].desc, last_said, rows[i].said);
        if (rows[i].code != NULL) {
            mg_expect_int(rows[i].desc, reading.fault.err.line, 3);
            mg_expect_text(rows[i].desc, reading.fault.err.file, "plugins/demo/plugin.lua");
        }
        reading_end(&reading);
    }
}

/* What else a hint has to say. */
static void messages_say_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has_grant;
        const char *message;
        const char *hint;
    } cases[] = {
        {PLUGIN("'log'", "clock.now()"), false,
         "the plugin's manifest does not declare the capability 'clock'",
         "capabilities = { \"clock\" }"},
        {PLUGIN("'log'", "dict 'd'"), false,
         "the plugin's manifest does not declare the capability 'dict'",
         "capabilities = { \"dict:NAME:SIZE\" }"},
        {PLUGIN("'clock'", "clock.now()"), true, "api.lua:7 does not grant the plugin 'clock'",
         "grant = { \"clock\" }"},
        {PLUGIN("'dict:hits:16KB'", "dict 'hist'"), false,
         "the plugin has no dictionary 'hist': its manifest does not declare it, or the policy "
         "does not grant it",
         "did you mean 'hits'?"},
        {PLUGIN("'dict:hits:16KB'", "dict 'quota'"), false,
         "the plugin has no dictionary 'quota': its manifest does not declare it, or the "
         "policy "
         "does not grant it",
         "capabilities = { \"dict:quota:1MB\" }"},
        {PLUGIN("", "resource '/x'"), false, "'resource' is for policies, not for plugins",
         "policies declare resources"},
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct reading reading = {.text = cases[i].text, .has_grant = cases[i].has_grant};
        reading_run(&reading);
        reading_expect(cases[i].text, &reading, "");
        reading_seal(&reading);
        mg_expect_text(cases[i].text, reading_call(&reading), "capability-missing");
        mg_expect_text(cases[i].text, reading.fault.err.message, cases[i].message);
        mg_expect_text(cases[i].text, reading.fault.err.hint, cases[i].hint);
        reading_end(&reading);
    }
}

/* ---- grants ---- */

static const struct {
    const char *desc;
    const char *grants[READING_MAX_GRANTS];
    unsigned capabilities;
    const char *dicts; /* NAME=BYTES and a space each */
    const char *faults;
} grants[] = {
    {"nothing", {NULL}, 0, "", ""},
    {"some", {"log"}, MG_CAPABILITY_LOG, "", ""},
    {"all dictionaries", {"dict"}, MG_CAPABILITY_DICT, "a=65536 b=1048576 ", ""},
    {"one dictionary", {"dict:b"}, MG_CAPABILITY_DICT, "b=1048576 ", ""},
    {"a smaller one", {"dict:b:64KB"}, MG_CAPABILITY_DICT, "b=65536 ", ""},
    {"a larger one", {"dict:b:1GB"}, MG_CAPABILITY_DICT, "b=1048576 ", ""},
    {"a smaller one among all",
     {"dict:a", "dict:b:32KB"},
     MG_CAPABILITY_DICT,
     "a=65536 b=32768 ",
     ""},
    {"what is not asked for",
     {"clock", "log"},
     MG_CAPABILITY_LOG,
     "",
     "api.lua:7: warning: plugin demo grant[1]: grants 'clock', which the plugin does not ask "
     "for [plugin-grant]\n"},
    {"no capability",
     {"lgo", "dict:"},
     0,
     "",
     "use: grant[1]: 'lgo' is no capability (did you mean 'log'?) "
     "[plugin-grant]\n"
     "use: grant[2]: 'dict:' names no dictionary: small letters, "
     "digits, \"-\" and \"_\", at most 64 (\"dict:hits:1MB\") [plugin-grant]\n"},
};

static void grants_narrow(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(grants); i++) {
        struct reading reading = {
            .text = PLUGIN("'log', 'dict:a:64KB', 'dict:b:1MB', 'respond'", ""),
            .has_grant = true};
        memcpy(reading.grants, grants[i].grants, sizeof(reading.grants));
        reading_run(&reading);
        reading_expect(grants[i].desc, &reading, grants[i].faults);
        mg_expect_int(grants[i].desc, reading.plugin.capabilities, grants[i].capabilities);
        char dicts[128] = "";
        for (size_t j = 0; j < reading.plugin.dict_count; j++) {
            size_t used = strlen(dicts);
            (void)snprintf(dicts + used, sizeof(dicts) - used, "%.*s=%zu ",
                           MG_STR_ARG(reading.plugin.dicts[j].name),
                           reading.plugin.dicts[j].max_bytes);
        }
        mg_expect_text(grants[i].desc, dicts, grants[i].dicts);
        reading_end(&reading);
    }
}

/* ---- dictionaries ---- */

/* Two states, as two workers have them, meet in the dictionaries of the server. */
static void dictionaries_are_shared_by_name(void **state)
{
    (void)state;
    struct mg_dicts *dicts = mg_dicts_new();
    const char *text = PLUGIN("'dict:hits:16KB'", "say(dict('hits'):incr('k'))");
    struct reading first = {.text = text, .dicts = dicts};
    struct reading second = {.text = text, .dicts = dicts};
    struct reading alone = {.text = text};
    struct reading *all[] = {&first, &second, &alone};
    static const char *const said[] = {"1 nil", "2 nil", "1 nil"};
    for (size_t i = 0; i < MG_COUNT(all); i++) {
        reading_run(all[i]);
        reading_seal(all[i]);
        mg_expect_text(said[i], reading_call(all[i]), NULL);
        mg_expect_text(said[i], last_said, said[i]);
    }
    struct mg_dict *dict = mg_dicts_open(dicts, MG_STR("demo/hits"), 16 << 10);
    struct mg_dict_value value;
    mg_expect_int("under the plugin's name", mg_dict_get(dict, MG_STR("k"), NULL, 0, 1, &value),
                  MG_DICT_OK);
    mg_expect_int("its count", value.integer, 2);
    for (size_t i = 0; i < MG_COUNT(all); i++) {
        reading_end(all[i]);
    }
    mg_dicts_free(dicts);
}

/* What was made in load serves hooks, options that are frozen too. */
static void objects_of_load_serve_hooks(void **state)
{
    (void)state;
    static struct mg_plugin_clock clock = {.monotonic_ms = 1000};
    struct reading reading = {.text = "local hits\nlocal life = { ttl = 10 }\n"
                                      "return { name = 'demo', version = '1', api = 1,\n"
                                      "capabilities = { 'dict:hits:16KB' },\n"
                                      "load = function() hits = dict 'hits' end,\n"
                                      "log = function() say(hits:incr('k', 1, life)) end }",
                              .clock = &clock};
    reading_run(&reading);
    reading_expect("no fault", &reading, "");
    reading_seal(&reading);
    static const struct {
        uint64_t at_ms;
        const char *said;
    } calls[] = {{1000, "1 10.0"}, {5000, "2 6.0"}, {10999, "3 0.001"}, {11000, "1 10.0"}};
    for (size_t i = 0; i < MG_COUNT(calls); i++) {
        clock.monotonic_ms = calls[i].at_ms;
        mg_expect_text(calls[i].said, reading_call(&reading), NULL);
        mg_expect_text(calls[i].said, last_said, calls[i].said);
    }
    reading_end(&reading);
}

/* Steps are charged by the bytes that a call moves, so that a budget bounds it. */
static void calls_are_charged(void **state)
{
    (void)state;
    static const struct {
        const char *hook;
        uint64_t least;
    } cases[] = {
        {"dict('d'):get('k')", 40},
        {"dict('d'):set('k', text)", 20 + 20 + 32000 / 16},
        {"dict('d'):set('k', text) dict('d'):get('k')", 2ULL * (20 + 20 + 32000 / 16)},
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text),
                       "local text = ('x'):rep(32000)\n"
                       "return { name = 'demo', version = '1', api = 1,\n"
                       "capabilities = { 'dict:d:256KB' }, log = function() %s end }",
                       cases[i].hook);
        struct reading reading = {.text = text};
        reading_run(&reading);
        reading_expect(cases[i].hook, &reading, "");
        reading_seal(&reading);
        mg_expect_text(cases[i].hook, reading_call(&reading), NULL);
        uint64_t steps = mg_script_last_steps(reading.script);
        mg_expect_true(cases[i].hook, steps >= cases[i].least);
        mg_expect_true(cases[i].hook, steps < cases[i].least + 600 + 32000 / 16);
        reading_end(&reading);
    }
}

/* ---- log ---- */

/* Everything that is written to the log meanwhile. */
static size_t read_log(int fd, char *out, size_t size)
{
    ssize_t length = pread(fd, out, size - 1, 0);
    assert_true(length >= 0);
    out[length] = '\0';
    return (size_t)length;
}

static void lines_name_plugin_and_place(void **state)
{
    (void)state;
    char path[] = "/tmp/moongate-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, fd);
    struct reading reading = {
        .text = PLUGIN("'log'", "log('a', 1, 2.5, nil, true, {}) log.warn('b\\nc') log.info()\n"
                                "log(('x'):rep(5000))")};
    reading_run(&reading);
    reading_seal(&reading);
    mg_expect_text("no error", reading_call(&reading), NULL);
    static char text[16384];
    (void)read_log(fd, text, sizeof(text));
    static const char *const wanted[] = {
        (" info plugin plugin=demo message=\"a 1 2.5 nil true table\" "
         "at=plugins/demo/plugin.lua:3\n"),
        " warning plugin plugin=demo message=\"b\\nc\" at=plugins/demo/plugin.lua:3\n",
        " info plugin plugin=demo message=\"\" at=plugins/demo/plugin.lua:3\n",
        "x at=plugins/demo/plugin.lua:4\n",
    };
    for (size_t i = 0; i < MG_COUNT(wanted); i++) {
        if (strstr(text, wanted[i]) == NULL) {
            mg_expect_text(wanted[i], text, wanted[i]);
        }
    }
    const char *run = strstr(text, "message=xxx");
    assert_non_null(run);
    mg_expect_int("a long text is cut", strspn(run + strlen("message="), "x"), 1024);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, STDERR_FILENO);
    reading_end(&reading);
    (void)close(fd);
}

/* A flood is cut short, and the log says so; each turn of the second lets as many pass
 * again. */
static void floods_are_cut(void **state)
{
    (void)state;
    char path[] = "/tmp/moongate-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, fd);
    struct reading reading = {.text = PLUGIN("'log'", "for i = 1, 500 do log(i) end")};
    reading_run(&reading);
    reading_seal(&reading);
    for (int i = 0; i < 10; i++) {
        mg_expect_text("no error", reading_call(&reading), NULL);
    }
    static char text[1 << 20];
    size_t length = read_log(fd, text, sizeof(text));
    int lines = 0;
    for (size_t i = 0; i < length; i++) {
        lines += text[i] == '\n';
    }
    mg_expect_true("some are written", lines >= 1000);
    mg_expect_true("most are not", lines <= 3000);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, STDERR_FILENO);
    reading_end(&reading);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hooks_reach_what_they_declare),
        cmocka_unit_test(messages_say_what_to_do),
        cmocka_unit_test(grants_narrow),
        cmocka_unit_test(dictionaries_are_shared_by_name),
        cmocka_unit_test(objects_of_load_serve_hooks),
        cmocka_unit_test(calls_are_charged),
        cmocka_unit_test(lines_name_plugin_and_place),
        cmocka_unit_test(floods_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
