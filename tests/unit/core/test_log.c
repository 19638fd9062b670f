/* test_log.c - lines are read back from a pipe: their form, their bound, and that each is
 * whole. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "core/alloc.h"
#include "core/log.h"
#include "core/utf8.h"
#include "expect.h"

enum {
    TIME_BYTES = sizeof("2026-11-21T09:30:00.123456Z") - 1
};

static int ends[2];
static char text[4 * MG_LOG_LINE_MAX];

static int open_pipe(void **state)
{
    (void)state;
    return pipe2(ends, O_NONBLOCK | O_CLOEXEC);
}

static int close_pipe(void **state)
{
    (void)state;
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}

/* What was logged since the last call. */
static struct mg_str logged(void)
{
    ssize_t len = read(ends[0], text, sizeof(text));
    return (struct mg_str){text, len < 0 ? 0 : (size_t)len};
}

/* The same, less the time that begins a text line. */
static struct mg_str logged_text(void)
{
    return mg_str_from_offset(logged(), TIME_BYTES + 1);
}

static void writes_text(void **state)
{
    (void)state;
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, ends[1]);
    MG_LOG(MG_LOG_INFO, "listening", {"address", MG_STR("127.0.0.1:8080")});
    struct mg_str line = logged();
    mg_expect_int("a time", line.ptr[10] == 'T' && line.ptr[TIME_BYTES - 1] == 'Z', true);
    mg_expect_str("the rest", mg_str_from_offset(line, TIME_BYTES),
                  MG_STR(" info listening address=127.0.0.1:8080\n"));
    mg_log(MG_LOG_ERROR, "out of memory", NULL, 0);
    mg_expect_str("no fields", logged_text(), MG_STR("error out of memory\n"));
}

static void quotes_what_would_be_ambiguous(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        struct mg_str value;
        const char *want;
    } rows[] = {
        {"plain", {"a-b/c:1", 7}, "a-b/c:1"},
        {"empty", {"", 0}, "\"\""},
        {"null", {NULL, 0}, "\"\""},
        {"space", {"a b", 3}, "\"a b\""},
        {"newline", {"a\nb", 3}, "\"a\\nb\""},
        {"equals", {"a=b", 3}, "\"a=b\""},
        {"quote", {"a\"b", 3}, "\"a\\\"b\""},
        {"backslash", {"a\\b", 3}, "\"a\\\\b\""},
        {"escape sequence of a terminal", {"\x1b[1m", 4}, "\"\\u001b[1m\""},
        {"delete", {"\x7f", 1}, "\"\\u007f\""},
        {"malformed UTF-8", {"\xff", 1}, "\"\xef\xbf\xbd\""},
    };
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, ends[1]);
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char want[64];
        (void)snprintf(want, sizeof(want), "warning event k=%s\n", rows[i].want);
        MG_LOG(MG_LOG_WARNING, "event", {"k", rows[i].value});
        mg_expect_str(rows[i].desc, logged_text(), mg_str_from(want));
    }
}

static void writes_json(void **state)
{
    (void)state;
    mg_log_configure(MG_LOG_JSON, MG_LOG_DEBUG, ends[1]);
    MG_LOG(MG_LOG_DEBUG, "a \"b\"", {"x", MG_STR("1\n2")}, {"y", MG_STR("")});
    struct mg_str line = logged();
    mg_expect_int("one line", line.ptr[line.len - 1], '\n');
    mg_expect_str("no other newline, and the order of fields",
                  mg_str_from_offset(line, sizeof("{\"time\":\"") - 1 + TIME_BYTES),
                  MG_STR("\",\"level\":\"debug\",\"event\":\"a \\\"b\\\"\","
                         "\"x\":\"1\\n2\",\"y\":\"\"}\n"));
}

static void leaves_out_what_is_below_the_level(void **state)
{
    (void)state;
    for (int least = MG_LOG_DEBUG; least <= MG_LOG_ERROR; least++) {
        mg_log_configure(MG_LOG_TEXT, (enum mg_log_level)least, ends[1]);
        for (int level = MG_LOG_DEBUG; level <= MG_LOG_ERROR; level++) {
            mg_log((enum mg_log_level)level, "x", NULL, 0);
            mg_expect_int(mg_log_level_name((enum mg_log_level)level), logged().len > 0,
                          level >= least);
        }
    }
}

/* Log a line with two values of `len` bytes of `value` and judge it: bounded, one line, and
 * either whole or saying that it is not. */
static void log_and_judge(enum mg_log_format format, const char *value, size_t len)
{
    bool is_text = format == MG_LOG_TEXT;
    struct mg_str part = {value, len};
    mg_log_configure(format, MG_LOG_INFO, ends[1]);
    MG_LOG(MG_LOG_INFO, "event", {"a", part}, {"b", part}, {"last", MG_STR("z")});
    struct mg_str line = logged();
    mg_expect_true("bounded", line.len <= MG_LOG_LINE_MAX);
    mg_expect_true("its only newline is its end",
                   memchr(line.ptr, '\n', line.len) == line.ptr + line.len - 1);
    struct mg_str body = {line.ptr, line.len - 1};
    bool whole =
        mg_str_ends_with(body, is_text ? MG_STR(" last=z") : MG_STR(",\"last\":\"z\"}"));
    bool told = mg_str_ends_with(body, is_text ? MG_STR(" truncated=true")
                                               : MG_STR(",\"truncated\":true}"));
    mg_expect_int("whole, or it says so", whole, !told);
    mg_expect_true("a cut value is told", len <= MG_LOG_VALUE_MAX || told);
    mg_expect_true("what fits is there", len > 300 || whole);
    mg_expect_int("UTF-8", mg_utf8_is_valid(line), true);
    if (!is_text) {
        json_t *object = json_loadb(line.ptr, line.len, 0, NULL);
        mg_expect_true("JSON", object != NULL);
        json_decref(object);
    }
}

static void long_lines_end_and_say_so(void **state)
{
    (void)state;
    static char value[2 * MG_LOG_LINE_MAX];
    memset(value, 'x', sizeof(value));
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, ends[1]);
    MG_LOG(MG_LOG_INFO, "event", {"a", {value, MG_LOG_VALUE_MAX}}, {"last", MG_STR("z")});
    mg_expect_true("the longest value is whole",
                   mg_str_ends_with(logged(), MG_STR(" last=z\n")));
    static const char fills[] = {'x', '\x01', '\xff', '"'};
    for (size_t fill = 0; fill < sizeof(fills); fill++) {
        memset(value, fills[fill], sizeof(value));
        for (size_t len = 0; len <= sizeof(value); len += len < 1900 || len > 4200 ? 97 : 5) {
            log_and_judge(MG_LOG_TEXT, value, len);
            log_and_judge(MG_LOG_JSON, value, len);
        }
    }
}

static void cuts_values_between_characters(void **state)
{
    (void)state;
    static char value[MG_LOG_VALUE_MAX + 3];
    memset(value, 'x', sizeof(value));
    static const char euro[] = {'\xe2', '\x82', '\xac'};
    memcpy(value + MG_LOG_VALUE_MAX - 1, euro, sizeof(euro));
    mg_log_configure(MG_LOG_JSON, MG_LOG_INFO, ends[1]);
    MG_LOG(MG_LOG_INFO, "e", {"k", {value, sizeof(value)}});
    struct mg_str line = logged();
    mg_expect_true("the split character is gone",
                   mg_str_ends_with(line, MG_STR("xxx\",\"truncated\":true}\n")));
}

static void an_event_too_long_is_told(void **state)
{
    (void)state;
    static char event[MG_LOG_LINE_MAX + 1];
    memset(event, 'x', sizeof(event) - 1);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, ends[1]);
    mg_log(MG_LOG_INFO, event, NULL, 0);
    mg_expect_str("text", logged_text(), MG_STR("info  truncated=true\n"));
    mg_log_configure(MG_LOG_JSON, MG_LOG_INFO, ends[1]);
    mg_log(MG_LOG_INFO, event, NULL, 0);
    struct mg_str line = logged();
    mg_expect_true("JSON",
                   mg_str_ends_with(line, MG_STR("\"level\":\"info\",\"truncated\":true}\n")));
}

static void needs_no_memory(void **state)
{
    (void)state;
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, ends[1]);
    if (!mg_alloc_fail_at(1)) {
        skip();
    }
    MG_LOG(MG_LOG_ERROR, "out of memory", {"where", MG_STR("here")});
    (void)mg_alloc_fail_at(0);
    mg_expect_str("logged all the same", logged_text(),
                  MG_STR("error out of memory where=here\n"));
}

/* mg_log_sink_fn */
static void take_line(void *context, enum mg_log_level level, const char *event,
                      const struct mg_log_field *fields, size_t count)
{
    int length =
        snprintf(context, 128, "%s %s %s=%.*s", mg_log_level_name(level), event,
                 count > 0 ? fields[0].key : "", count > 0 ? (int)fields[0].value.len : 0,
                 count > 0 ? fields[0].value.ptr : "");
    assert_in_range(length, 0, 127);
}

static void lines_are_diverted_and_come_back(void **state)
{
    (void)state;
    char taken[128] = "";
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, ends[1]);
    mg_log_divert(take_line, taken);
    MG_LOG(MG_LOG_WARNING, "over there", {"key", MG_STR("value")});
    mg_expect_text("diverted", taken, "warning over there key=value");
    MG_LOG(MG_LOG_DEBUG, "below the level", {"key", MG_STR("value")});
    mg_expect_text("as without", taken, "warning over there key=value");
    mg_expect_int("nothing is written", logged().len, 0);
    mg_log_divert(NULL, NULL);
    mg_log(MG_LOG_INFO, "here again", NULL, 0);
    mg_expect_str("written", logged_text(), MG_STR("info here again\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_text),
        cmocka_unit_test(quotes_what_would_be_ambiguous),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(leaves_out_what_is_below_the_level),
        cmocka_unit_test(long_lines_end_and_say_so),
        cmocka_unit_test(cuts_values_between_characters),
        cmocka_unit_test(an_event_too_long_is_told),
        cmocka_unit_test(needs_no_memory),
        cmocka_unit_test(lines_are_diverted_and_come_back),
    };
    return cmocka_run_group_tests_name("core/log", tests, open_pipe, close_pipe);
}
