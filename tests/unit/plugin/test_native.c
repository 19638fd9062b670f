/* test_native.c - plugins in C: loading, refusing, every hook, and the example that comes with
 * the program. They are compiled here, so that each fault stands beside what it leads to. */
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "plugin/native.h"
#include "reading.h"

enum {
    MAX_ARGUMENTS = 16
};

static char folder[] = "/tmp/moongate-native-XXXXXX";

/* ---- making shared objects ---- */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void path_in_folder(const char *name, char out[64])
{
    (void)snprintf(out, 64, "%s/%s", folder, name);
}

static void compile_file(const char *source, const char *name)
{
    char path[64];
    path_in_folder(name, path);
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "cc -shared -fPIC -fno-builtin -D_GNU_SOURCE -Isrc/plugin -o %s %s", path,
                   source);
    char *arguments[MAX_ARGUMENTS] = {NULL};
    char *rest = NULL;
    char *word = strtok_r(text, " ", &rest);
    for (size_t i = 0; i < MAX_ARGUMENTS - 1 && word != NULL; i++) {
        arguments[i] = word;
        word = strtok_r(NULL, " ", &rest);
    }
    pid_t child;
    int status;
    assert_int_equal(posix_spawnp(&child, "cc", NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    mg_expect_int(source, status, 0);
}

/* Compile `text` into NAME of the folder. */
static void compile(const char *text, const char *name)
{
    char source[64];
    path_in_folder("source.c", source);
    write_file(source, text);
    compile_file(source, name);
}

#define INCLUDE "#include <moongate_plugin.h>\n#include <stdio.h>\n#include <string.h>\n"
#define EXPORT(members)                                                            \
    "const struct moongate_plugin moongate_plugin = {.abi = MOONGATE_PLUGIN_ABI, " \
    ".size = sizeof(moongate_plugin)" members "};\n"
#define MANIFEST(rest) \
    "return { name = 'demo', version = '1', api = 1, native = 'x.so'" rest " }"

/* ---- an exchange ---- */

struct exchange {
    struct mg_head head;
    struct mg_arena arena;
    struct mg_param param;
    struct mg_request request;
};

static struct mg_str remote_addr(void *context)
{
    (void)context;
    return MG_STR("192.0.2.1");
}

static void exchange_begin(struct exchange *exchange, const char *fields)
{
    static char bytes[1024];
    static const struct mg_head_limits limits = {16384, 8192, 100};
    struct mg_head_scan scan = {.status = 0};
    (void)snprintf(bytes, sizeof(bytes), "GET /a/b?q=1 HTTP/1.1\r\nHost: h.example\r\n%s\r\n",
                   fields);
    *exchange = (struct exchange){.param = {MG_STR("id"), MG_STR("b")}};
    assert_int_equal(mg_head_parse(mg_str_from(bytes), &limits, &scan, &exchange->head),
                     MG_HEAD_COMPLETE);
    mg_arena_init(&exchange->arena, NULL, 0, 32 << 20);
    exchange->request = (struct mg_request){.head = &exchange->head,
                                            .path = MG_STR("/a/b"),
                                            .query = MG_STR("q=1"),
                                            .host = MG_STR("h.example"),
                                            .scheme = MG_STR("https"),
                                            .resource = MG_STR("/a/{id}"),
                                            .kind = MG_KIND_SIMPLE,
                                            .params = &exchange->param,
                                            .param_count = 1,
                                            .remote_addr = remote_addr,
                                            .arena = &exchange->arena};
}

static void exchange_end(struct exchange *exchange)
{
    mg_arena_fini(&exchange->arena);
}

/* ---- loading ---- */

static const struct {
    const char *desc;
    const char *source; /* NULL: no file */
    const char *manifest;
    const char *fault; /* how it goes on behind the file's name; or all of it */
} refusals[] = {
    {"no file", NULL, MANIFEST(""), ": No such file or directory"},
    {"no symbol", INCLUDE, MANIFEST(""),
     " exports no 'moongate_plugin' (see moongate_plugin.h)"},
    {"another version",
     INCLUDE "const struct moongate_plugin moongate_plugin = {.abi = 2, .size = "
             "sizeof(moongate_plugin)};\n",
     MANIFEST(""),
     " is built for version 2 of the interface, and this program has version 1: build it anew "
     "with its moongate_plugin.h"},
    {"no size",
     INCLUDE "const struct moongate_plugin moongate_plugin = {.abi = 1, .size = 4};\n",
     MANIFEST(""), " says that its moongate_plugin has 4 bytes"},
    {"a symbol that is nowhere",
     INCLUDE "int nowhere(void *);\nstatic int log(void *i, const struct moongate_record *r)\n"
             "{ (void)r; return nowhere(i); }\n" EXPORT(", .log = log"),
     MANIFEST(""), ": undefined symbol: nowhere"},
    {"an init that fails",
     INCLUDE "static int init(const struct moongate_host *host, const char *config, void **i,\n"
             "char *error, size_t size) { (void)host; (void)i;\n"
             "snprintf(error, size, \"%s\", config); return 1; }\n" EXPORT(", .init = init"),
     MANIFEST(", config = { b = { type = 'list', of = 'any', default = { 1, 0.5, 'x\"\\n', "
              "true, {} } }, a = { type = 'duration', default = '2s' } }"),
     ": init failed: {\"a\":2,\"b\":[1,0.5,\"x\\\"\\n\",true,{}]}"},
    {"an init that fails without a word",
     INCLUDE "static int init(const struct moongate_host *host, const char *config, void **i,\n"
             "char *error, size_t size) { (void)host; (void)i; (void)config; (void)error;\n"
             "(void)size; return -1; }\n" EXPORT(", .init = init"),
     MANIFEST(""), ": init failed: it gave no reason"},
    {"a hook in both",
     INCLUDE "static int log(void *i, const struct moongate_record *r)\n"
             "{ (void)r; return i != NULL; }\n" EXPORT(", .log = log"),
     MANIFEST(", log = function() end"),
     "!the hook 'log' is in the shared object and in plugin.lua"},
    {"a configuration that is too large", INCLUDE EXPORT(""),
     MANIFEST(", config = { a = { type = 'string', default = ('x'):rep(70000) } }"),
     "!the configuration is larger than 64 KiB as JSON"},
};

static void what_cannot_be_used_is_refused(void **state)
{
    (void)state;
    char path[64];
    path_in_folder("x.so", path);
    for (size_t i = 0; i < MG_COUNT(refusals); i++) {
        (void)unlink(path);
        if (refusals[i].source != NULL) {
            compile(refusals[i].source, "x.so");
        }
        struct reading reading = {.text = refusals[i].manifest, .folder = folder};
        reading_run(&reading);
        mg_expect_text(refusals[i].desc, reading.fault.err.message, "");
        mg_expect_int(refusals[i].desc, reading.is_fine, false);
        mg_expect_int(refusals[i].desc, reading.errs.count, 1);
        const struct mg_err *err = reading.errs.items;
        char want[256];
        bool is_whole = refusals[i].fault[0] == '!';
        (void)snprintf(want, sizeof(want), "%s%s", is_whole ? "" : path,
                       refusals[i].fault + is_whole);
        mg_expect_text(refusals[i].desc, err->message, want);
        mg_expect_text(refusals[i].desc, err->code, "plugin-native");
        mg_expect_text(refusals[i].desc, err->where, "native");
        mg_expect_int(refusals[i].desc, err->line, 1);
        reading_end(&reading);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    char path[64];
    path_in_folder("x.so", path);
    for (int turn = 0; turn < 3; turn++) {
        (void)unlink(path);
        if (turn == 0) {
            assert_int_equal(mkfifo(path, 0600), 0);
        } else {
            write_file(path, turn == 1 ? "" : "no shared object at all");
        }
        struct reading reading = {.text = MANIFEST(""), .folder = folder};
        reading_run(&reading);
        mg_expect_int("refused", reading.errs.error_count, 1);
        mg_expect_text("refused", reading.errs.items[0].code, "plugin-native");
        reading_end(&reading);
    }
    (void)unlink(path);
}

/* ---- builds beside one another ---- */

#define COUNTER(version)                                                                 \
    INCLUDE                                                                              \
    "static int made, ended;\n"                                                          \
    "static int init(const struct moongate_host *h, const char *c, void **i, char *e,\n" \
    "size_t s) { (void)h; (void)c; (void)e; (void)s; *i = &made; made++; return 0; }\n"  \
    "static void fini(void *i) { (void)i; ended++; }\n"                                  \
    "static int log(void *i, const struct moongate_record *r)\n"                         \
    "{ (void)i; (void)r; return " version                                                \
    " + 10 * made + ended; }\n" EXPORT(", .init = init, .fini = fini, .log = log")

/* What the hook returned, out of its fault. */
static int call_log(const struct reading *reading)
{
    struct mg_plugin_record record = {.status = 200};
    struct mg_script_fault fault = {.is_final = false};
    mg_expect_int("it fails", mg_native_log(&reading->plugin, &record, &fault), false);
    const char *number = strrchr(fault.err.message, ' ');
    assert_non_null(number);
    return (int)strtol(number, NULL, 10);
}

static void builds_live_beside_one_another(void **state)
{
    (void)state;
    struct reading old = {.text = MANIFEST(""), .folder = folder};
    struct reading same = old;
    struct reading new = old;
    compile(COUNTER("1000"), "x.so");
    reading_run(&old);
    mg_expect_int("the first", call_log(&old), 1010);
    reading_run(&same);
    mg_expect_int("another instance of the same build shares its counters", call_log(&old),
                  1020);
    compile(COUNTER("2000"), "x.so");
    reading_run(&new);
    mg_expect_int("the new build", call_log(&new), 2010);
    mg_expect_int("the old one goes on", call_log(&old), 1020);
    mg_expect_u64("equal bytes have a hash", same.plugin.native_hash, old.plugin.native_hash);
    mg_expect_true("others another", new.plugin.native_hash != old.plugin.native_hash);
    reading_end(&same);
    mg_expect_int("a state that is closed ends its instance", call_log(&old), 1021);
    reading_end(&old);
    mg_expect_int("the new one goes on", call_log(&new), 2010);
    compile(COUNTER("1000"), "x.so");
    reading_run(&old);
    mg_expect_int("an old build begins anew", call_log(&old), 1010);
    reading_end(&old);
    reading_end(&new);
}

/* ---- hooks ---- */

/* Read the plugin of native_hooks.c to do `what`. */
static void hooks_begin(struct reading *reading, int what, bool may_respond,
                        const struct mg_plugin_clock *clock)
{
    char text[256];
    (void)snprintf(text, sizeof(text),
                   MANIFEST(", capabilities = { %s }, config = { w = { type = 'integer', "
                            "default = %d } }"),
                   may_respond ? "'respond'" : "", what);
    *reading = (struct reading){.text = text, .folder = folder, .clock = clock};
    reading_run(reading);
    reading->text = NULL;
    reading_expect("the plugin of all hooks", reading, "");
    mg_expect_int("all hooks", reading->plugin.hooks, (1 << MG_HOOK_COUNT) - 1);
}

static const struct {
    const char *desc;
    int what;
    enum mg_hook hook;
    bool may_respond;
    const char *code; /* of the fault */
    const char *message;
    unsigned status; /* of the answer; 0: none */
} answers[] = {
    {"no answer", 0, MG_HOOK_REQUEST, true, NULL, NULL, 0},
    {"no answer of a handler", 0, MG_HOOK_HANDLER, true, "native-refused",
     "the handler gave no answer", 0},
    {"an answer", 1, MG_HOOK_REQUEST, true, NULL, NULL, 418},
    {"an answer of a handler", 1, MG_HOOK_HANDLER, false, NULL, NULL, 418},
    {"an answer without the capability", 1, MG_HOOK_REQUEST, false, "native-refused",
     "a request hook that answers needs the capability 'respond'", 0},
    {"a framing field", 2, MG_HOOK_REQUEST, true, "native-refused",
     "Content-Length is written by the server alone", 0},
    {"a value of two lines", 3, MG_HOOK_REQUEST, true, "native-refused",
     "the value of X-B has a CR, LF or NUL", 0},
    {"a name that is none", 4, MG_HOOK_REQUEST, true, "native-refused",
     "'X B' is no name of a field", 0},
    {"too many fields", 5, MG_HOOK_REQUEST, true, "native-refused",
     "with X the answer has too many fields", 0},
    {"a body where none may be", 6, MG_HOOK_REQUEST, true, "native-refused",
     "an answer of this status has no content", 0},
    {"no status", 7, MG_HOOK_REQUEST, true, "native-refused",
     "the status of an answer is 200 to 599", 0},
    {"a field before the answer", 8, MG_HOOK_REQUEST, true, "native-refused",
     "A: the answer has not begun", 0},
    {"a hook that fails", 9, MG_HOOK_REQUEST, true, "native-failed",
     "the native hook failed with 7", 0},
};

static void request_hooks_answer(void **state)
{
    (void)state;
    compile_file("tests/unit/plugin/native_hooks.c", "x.so");
    for (size_t i = 0; i < MG_COUNT(answers); i++) {
        struct reading reading;
        struct exchange exchange;
        struct mg_plugin_answer answer = {.is_given = false};
        struct mg_script_fault fault = {.is_final = false};
        hooks_begin(&reading, answers[i].what, answers[i].may_respond, NULL);
        exchange_begin(&exchange, "X-Two: 1\r\nx-two: 2\r\nOrigin: https://o.example\r\n");
        bool succeeded = mg_native_request(&reading.plugin, answers[i].hook, &exchange.request,
                                           MG_STR("BODY"), &answer, &fault);
        mg_expect_int(answers[i].desc, succeeded, answers[i].code == NULL);
        mg_expect_int(answers[i].desc, answer.is_given, answers[i].status != 0);
        mg_expect_int(answers[i].desc, answer.status, answers[i].status);
        if (answers[i].code != NULL) {
            mg_expect_text(answers[i].desc, fault.err.code, answers[i].code);
            mg_expect_text(answers[i].desc, fault.err.message, answers[i].message);
            mg_expect_text(answers[i].desc, fault.err.file, "plugins/demo/plugin.lua");
        }
        if (answers[i].status != 0) {
            mg_expect_str(answers[i].desc, answer.body,
                          answers[i].hook == MG_HOOK_HANDLER
                              ? MG_STR("GET|/a/b|q=1|h.example|https|192.0.2.1|/a/{id}|simple|"
                                       "https://o.example|BODY|nil|nil|1|2|nil|nil|b|nil|")
                              : MG_STR("GET|/a/b|q=1|h.example|https|192.0.2.1|/a/{id}|simple|"
                                       "https://o.example|nil|nil|nil|1|2|nil|nil|b|nil|"));
            mg_expect_int(answers[i].desc, answer.field_count, 2);
            mg_expect_str(answers[i].desc, answer.fields[0].value, MG_STR("1"));
            mg_expect_str(answers[i].desc, answer.fields[1].value, MG_STR("2"));
            mg_expect_int("reads for Vary", exchange.request.read_count, 1);
            mg_expect_str("reads for Vary", exchange.request.reads[0], MG_STR("x-two"));
            mg_expect_true("Origin was read", exchange.request.has_read_origin);
        }
        exchange_end(&exchange);
        reading_end(&reading);
    }
}

static void decision_hooks_narrow(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        int what;
        unsigned status_before;
        const char *message; /* of the fault */
        const char *reason;
        unsigned status;
    } rows[] = {
        {"as it was", 0, 0, NULL, "origin-allowed", 0},
        {"denied", 1, 0, NULL, "quota-spent", 403},
        {"malformed stays malformed", 1, 400, NULL, "origin-allowed", 400},
        {"a reason that is none", 2, 0,
         "'Quota Spent' is no reason: lower-case words joined by hyphens", "origin-allowed", 0},
        {"a hook that fails", 3, 0, "the native hook failed with 1", "origin-allowed", 0},
        {"what a decision tells", 4, 0,
         "'allow|origin-allowed|simple|nil' is no reason: lower-case words joined by hyphens",
         "origin-allowed", 0},
    };
    compile_file("tests/unit/plugin/native_hooks.c", "x.so");
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct reading reading;
        struct exchange exchange;
        struct mg_decision decision = {.kind = MG_KIND_SIMPLE,
                                       .verdict = MG_VERDICT_ALLOW,
                                       .reason = "origin-allowed",
                                       .status = rows[i].status_before,
                                       .allow_origin = MG_ALLOW_ORIGIN_ECHO};
        struct mg_script_fault fault = {.is_final = false};
        hooks_begin(&reading, rows[i].what, false, NULL);
        exchange_begin(&exchange, "");
        bool succeeded =
            mg_native_decision(&reading.plugin, &exchange.request, &decision, &fault);
        mg_expect_int(rows[i].desc, succeeded, rows[i].message == NULL);
        mg_expect_text(rows[i].desc, fault.err.message,
                       rows[i].message == NULL ? "" : rows[i].message);
        mg_expect_text(rows[i].desc, decision.reason, rows[i].reason);
        mg_expect_int(rows[i].desc, decision.status, rows[i].status);
        bool allows = rows[i].status != 403;
        mg_expect_int(rows[i].desc, decision.verdict == MG_VERDICT_ALLOW, allows);
        mg_expect_int(rows[i].desc, decision.allow_origin == MG_ALLOW_ORIGIN_ECHO, allows);
        exchange_end(&exchange);
        reading_end(&reading);
    }
}

static void response_hooks_edit(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        int what;
        const char *message;
        const char *fields; /* "name=value " each */
    } rows[] = {
        {"nothing", 0, NULL, "X-A=1 X-B=2 x-a=3 X-C=4 "},
        {"set, add, remove", 1, NULL, "x-a=new X-B=2 X-B=more X-D=more "},
        {"a CORS field", 2, "Access-Control-Allow-Origin follows from the decision",
         "X-A=1 X-B=2 x-a=3 X-C=4 "},
        {"a framing field", 3, "Transfer-Encoding is written by the server alone",
         "X-A=1 X-B=2 x-a=3 X-C=4 "},
        {"too many lines", 4, "with X-N too much of the answer is edited",
         "X-A=1 X-B=2 x-a=3 X-C=4 "},
        {"a hook that fails", 5, "the native hook failed with -1", "X-A=1 X-B=2 x-a=3 X-C=4 "},
    };
    compile_file("tests/unit/plugin/native_hooks.c", "x.so");
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct reading reading;
        struct exchange exchange;
        struct mg_plugin_field fields[] = {{MG_STR("X-A"), MG_STR("1")},
                                           {MG_STR("X-B"), MG_STR("2")},
                                           {MG_STR("x-a"), MG_STR("3")},
                                           {MG_STR("X-C"), MG_STR("4")}};
        struct mg_script_fault fault = {.is_final = false};
        hooks_begin(&reading, rows[i].what, false, NULL);
        exchange_begin(&exchange, "");
        struct mg_plugin_response response = {.status = 200,
                                              .fields = fields,
                                              .field_count = MG_COUNT(fields),
                                              .arena = &exchange.arena};
        bool succeeded =
            mg_native_response(&reading.plugin, &exchange.request, &response, &fault);
        mg_expect_int(rows[i].desc, succeeded, rows[i].message == NULL);
        mg_expect_text(rows[i].desc, fault.err.message,
                       rows[i].message == NULL ? "" : rows[i].message);
        mg_expect_int(rows[i].desc, response.is_changed, rows[i].what == 1);
        char got[256] = "";
        for (size_t j = 0; j < response.field_count; j++) {
            size_t used = strlen(got);
            (void)snprintf(got + used, sizeof(got) - used, "%.*s=%.*s ",
                           MG_STR_ARG(response.fields[j].name),
                           MG_STR_ARG(response.fields[j].value));
        }
        mg_expect_text(rows[i].desc, got, rows[i].fields);
        mg_expect_str("the caller's fields stay", fields[0].value, MG_STR("1"));
        exchange_end(&exchange);
        reading_end(&reading);
    }
}

static const struct mg_plugin_record seen = {.method = {"GET", 3},
                                             .path = {"/a", 2},
                                             .host = {"h.example", 9},
                                             .remote_addr = {"192.0.2.1", 9},
                                             .kind = MG_KIND_NONE,
                                             .verdict = "not-cors",
                                             .reason = "no-origin",
                                             .status = 200,
                                             .bytes = 30,
                                             .duration_us = 4000,
                                             .wall_ms = 50000};

static void log_hooks_see_records(void **state)
{
    (void)state;
    static const struct mg_plugin_clock clock = {.wall_ms = 600000, .monotonic_ms = 7000000};
    compile_file("tests/unit/plugin/native_hooks.c", "x.so");
    struct reading reading;
    struct mg_script_fault fault = {.is_final = false};
    hooks_begin(&reading, 0, false, &clock);
    mg_expect_int("all numbers", mg_native_log(&reading.plugin, &seen, &fault), false);
    mg_expect_text("all numbers", fault.err.message, "the native hook failed with 7654230");
    reading_end(&reading);
}

static void log_hooks_write_lines(void **state)
{
    (void)state;
    char path[64];
    path_in_folder("log", path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    compile_file("tests/unit/plugin/native_hooks.c", "x.so");
    struct reading reading;
    struct mg_script_fault fault = {.is_final = false};
    hooks_begin(&reading, 1, false, NULL);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, fd);
    bool succeeded = mg_native_log(&reading.plugin, &seen, &fault);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, STDERR_FILENO);
    mg_expect_true("a line", succeeded);
    char text[1024] = "";
    assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
    const char *line = strchr(text, ' '); /* behind the time */
    mg_expect_text("a line", line,
                   " warning plugin plugin=demo message=GET|/a|nil|h.example|nil|192.0.2.1|nil|"
                   "none|nil|nil|not-cors|no-origin|\n");
    (void)close(fd);
    reading_end(&reading);
}

/* ---- the example ---- */

static void read_whole(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = fread(out, 1, size - 1, file);
    assert_int_equal(fclose(file), 0);
    out[length] = '\0';
}

static void the_example_names_requests(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *fields;
        const char *config;
        const char *id; /* NULL: a new one */
    } rows[] = {
        {"none comes in", "", NULL, NULL},
        {"one comes in", "X-Request-Id: abc-1.Z_\r\n", NULL, "abc-1.Z_"},
        {"an empty one", "X-Request-Id:\r\n", NULL, NULL},
        {"one with odd bytes", "X-Request-Id: a b\r\n", NULL, NULL},
        {"one that is too long",
         "X-Request-Id: "
         "0123456789012345678901234567890123456789012345678901234567890123x\r\n",
         NULL, NULL},
        {"one that is not wanted", "X-Request-Id: abc\r\n", "{ keep_incoming = false }", NULL},
    };
    char text[2048];
    read_whole("plugins/request-id/plugin.lua", text, sizeof(text));
    compile_file("plugins/request-id/request_id.c", "request-id.so");
    char last[64] = "";
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct reading reading = {
            .name = "request-id", .text = text, .folder = folder, .config = rows[i].config};
        struct exchange exchange;
        struct mg_script_fault fault = {.is_final = false};
        reading_run(&reading);
        reading_expect(rows[i].desc, &reading, "");
        exchange_begin(&exchange, rows[i].fields);
        struct mg_plugin_response response = {.status = 200, .arena = &exchange.arena};
        mg_expect_true(rows[i].desc, mg_native_response(&reading.plugin, &exchange.request,
                                                        &response, &fault));
        mg_expect_int(rows[i].desc, response.field_count, 1);
        mg_expect_str(rows[i].desc, response.fields[0].name, MG_STR("X-Request-Id"));
        struct mg_str id = response.fields[0].value;
        if (rows[i].id != NULL) {
            mg_expect_str(rows[i].desc, id, mg_str_from(rows[i].id));
        } else {
            mg_expect_int(rows[i].desc, id.len, 32);
            mg_expect_int(rows[i].desc, strspn(id.ptr, "0123456789abcdef"), 32);
            mg_expect_true(rows[i].desc, !mg_str_equal(id, mg_str_from(last)));
            (void)snprintf(last, sizeof(last), "%.*s", MG_STR_ARG(id));
        }
        exchange_end(&exchange);
        reading_end(&reading);
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"x.so", "source.c", "log", "request-id.so"};
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        char path[64];
        path_in_folder(names[i], path);
        (void)unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_used_is_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(builds_live_beside_one_another),
        cmocka_unit_test(request_hooks_answer),
        cmocka_unit_test(decision_hooks_narrow),
        cmocka_unit_test(response_hooks_edit),
        cmocka_unit_test(log_hooks_see_records),
        cmocka_unit_test(log_hooks_write_lines),
        cmocka_unit_test(the_example_names_requests),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
