/* test_answer_file.c - raw responses as curl prints them. */
#include <stdio.h>

#include "cli/answer_file.h"
#include "core/buf.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"

/* What was read: "STATUS@LINE version phrase name=value|...;" for each answer, or the fault. */
static struct mg_str show(struct mg_str text, struct mg_arena *arena)
{
    struct mg_answer_file file;
    struct mg_answer_fault fault;
    struct mg_str shown = {NULL, 0};
    if (!mg_answer_file_parse(text, arena, &file, &fault)) {
        return mg_arena_printf(arena, "%zu: %s", fault.line, fault.message);
    }
    for (size_t i = 0; i < file.count; i++) {
        const struct mg_raw_answer *a = &file.answers[i];
        shown = mg_arena_printf(arena, "%.*s%u@%zu %.*s %.*s", MG_STR_ARG(shown), a->status,
                                a->line, MG_STR_ARG(a->version), MG_STR_ARG(a->phrase));
        for (size_t j = 0; j < a->field_count; j++) {
            shown =
                mg_arena_printf(arena, "%.*s|%.*s=%.*s", MG_STR_ARG(shown),
                                MG_STR_ARG(a->fields[j].name), MG_STR_ARG(a->fields[j].value));
        }
        shown = mg_arena_printf(arena, "%.*s;", MG_STR_ARG(shown));
    }
    return shown;
}

static void responses_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *text;
        const char *want;
    } ROWS[] = {
        {"a head", "HTTP/1.1 200 OK\r\nA: 1\r\nB:2 \r\n\r\n", "200@1 HTTP/1.1 OK|A=1|B=2;"},
        {"lines that end in LF", "HTTP/1.1 200 OK\nA: 1\n\n", "200@1 HTTP/1.1 OK|A=1;"},
        {"no empty line at the end", "HTTP/1.1 200 OK\nA: 1", "200@1 HTTP/1.1 OK|A=1;"},
        {"a status line alone", "HTTP/1.1 204", "204@1 HTTP/1.1 ;"},
        {"HTTP/2", "HTTP/2 204 \naccess-control-allow-origin: *\n",
         "204@1 HTTP/2 |access-control-allow-origin=*;"},
        {"content", "HTTP/1.1 200 OK\nA: 1\n\nB: 2\n", "200@1 HTTP/1.1 OK|A=1;"},
        {"empty lines and a byte order mark before", "\xef\xbb\xbf\r\n\nHTTP/1.1 200 OK\n\n",
         "200@3 HTTP/1.1 OK;"},
        {"interim responses",
         "HTTP/1.1 100 Continue\n\nHTTP/1.1 103 X\nA: 1\n\nHTTP/1.1 200 OK\n",
         "200@6 HTTP/1.1 OK;"},
        {"a proxy's answer to CONNECT",
         "HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 204\r\n\r\n", "204@3 HTTP/2 ;"},
        {"a chain", "HTTP/1.1 302 Found\nLocation: /x\n\nHTTP/1.1 200 OK\nA: 1\n\ntext",
         "302@1 HTTP/1.1 Found|Location=/x;200@4 HTTP/1.1 OK|A=1;"},
        {"a chain with content between",
         "HTTP/1.1 302 Found\nContent-Length: 5\n\na\nb\nHHTTP/1.1 200 OK\n",
         "302@1 HTTP/1.1 Found|Content-Length=5;200@6 HTTP/1.1 OK;"},
        {"content that is a head",
         "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc\nHTTP/1.1 500 X\n",
         "200@1 HTTP/1.1 OK|Content-Length=3;"},
        {"a continued line", "HTTP/1.1 200 OK\nA: 1\n\t2\n  3\nB:\n",
         "200@1 HTTP/1.1 OK|A=1 2 "
         "3|B=;"},
        {"continued by white space", "HTTP/1.1 200 OK\nA: 1\n \nB:\n\t2\n",
         "200@1 HTTP/1.1 OK|A=1|B=2;"},
        {"one name twice", "HTTP/1.1 200 OK\nA: 1\nA: 2\n", "200@1 HTTP/1.1 OK|A=1|A=2;"},
        {"nothing", "", "1: expected a status line, such as 'HTTP/1.1 200 OK'"},
        {"text", "\nhello\n", "2: expected a status line, such as 'HTTP/1.1 200 OK'"},
        {"four digits", "HTTP/1.1 2000 OK\n",
         "1: expected a status line, such as 'HTTP/1.1 200 OK'"},
        {"a status of 600", "HTTP/1.1 600 OK\n", "1: a status is a number from 100 to 599"},
        {"a status of 099", "HTTP/1.1 099 OK\n", "1: a status is a number from 100 to 599"},
        {"interim only", "HTTP/1.1 100 Continue\n\n",
         "3: only interim responses (1xx): the final one is missing"},
        {"no colon", "HTTP/1.1 200 OK\nA: 1\nB\n",
         "3: a line of a head without a colon (an empty line ends the head)"},
        {"a name that is no token", "HTTP/1.1 200 OK\nA B: 1\n",
         "2: what stands before the colon is no field name"},
        {"no name", "HTTP/1.1 200 OK\n: 1\n",
         "2: what stands before the colon is no field name"},
        {"white space before the first field", "HTTP/1.1 200 OK\n A: 1\n",
         "2: what stands before the colon is no field name"},
        {"a fault in the second head", "HTTP/1.1 302 X\n\nHTTP/1.1 200 OK\nA\n",
         "4: a line of a head without a colon (an empty line ends the head)"},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_arena arena;
        struct mg_guard guard = {NULL, 0};
        mg_arena_init(&arena, NULL, 0, 8 << 20);
        mg_expect_str(ROWS[i].desc,
                      show(mg_guard_str(&guard, mg_str_from(ROWS[i].text)), &arena),
                      mg_str_from(ROWS[i].want));
        mg_arena_fini(&arena);
        mg_guard_free(&guard);
    }
}

static void a_nul_in_a_head_is_a_fault(void **state)
{
    (void)state;
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, 8 << 20);
    mg_expect_str("in a value", show(MG_STR("HTTP/1.1 200 OK\nA: \0\n"), &arena),
                  MG_STR("2: a NUL byte in a head"));
    mg_expect_str("in a phrase", show(MG_STR("HTTP/2 204 a\0b\nA: 1\n"), &arena),
                  MG_STR("1: a NUL byte in a head"));
    mg_expect_str("in content it is content", show(MG_STR("HTTP/1.1 200 OK\n\n\0"), &arena),
                  MG_STR("200@1 HTTP/1.1 OK;"));
    mg_arena_fini(&arena);
}

static void counts_are_bounded(void **state)
{
    (void)state;
    struct mg_arena arena;
    struct mg_buf text;
    mg_arena_init(&arena, NULL, 0, 64 << 20);
    mg_buf_init(&text, 1 << 20);
    mg_buf_add(&text, MG_STR("HTTP/1.1 200 OK\n"));
    for (int i = 0; i <= MG_ANSWER_MAX_FIELDS; i++) {
        mg_buf_add(&text, MG_STR("A: 1\n"));
    }
    mg_expect_str("fields", show(mg_buf_str(&text), &arena),
                  MG_STR("514: too many fields in one head"));
    mg_buf_clear(&text);
    for (int i = 0; i <= MG_ANSWER_MAX_HEADS; i++) {
        mg_buf_add(&text, MG_STR("HTTP/2 302\n\n"));
    }
    mg_expect_str("heads", show(mg_buf_str(&text), &arena),
                  MG_STR("2049: too many heads in one file"));
    mg_buf_fini(&text);
    mg_arena_fini(&arena);
}

/* A chain written from random fields is read as it was written, with any line ends. */
static void what_is_written_is_read(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("answer files");
    unsigned long cases = mg_property_cases(500);
    for (unsigned long i = 0; i < cases; i++) {
        struct mg_arena arena;
        struct mg_buf text;
        struct mg_str want = {NULL, 0};
        size_t line = 1;
        mg_arena_init(&arena, NULL, 0, 8 << 20);
        mg_buf_init(&text, 1 << 16);
        for (uint64_t heads = 1 + mg_prng_below(&prng, 4); heads > 0; heads--) {
            unsigned status = 200 + (unsigned)mg_prng_below(&prng, 400);
            const char *end = mg_prng_below(&prng, 2) == 0 ? "\n" : "\r\n";
            mg_buf_printf(&text, "HTTP/1.1 %u X%s", status, end);
            want = mg_arena_printf(&arena, "%.*s%u@%zu HTTP/1.1 X", MG_STR_ARG(want), status,
                                   line++);
            for (uint64_t fields = mg_prng_below(&prng, 5); fields > 0; fields--, line++) {
                char name[4] = "";
                char value[9] = "";
                mg_prng_fill(&prng, MG_STR("abX-_9"), name, 3);
                mg_prng_fill(&prng, MG_STR("a:\" ,\t\xff"), value, mg_prng_below(&prng, 8));
                struct mg_str trimmed = mg_str_trim_ows(mg_str_from(value));
                mg_buf_printf(&text, "%s:%s%s", name, value, end);
                want = mg_arena_printf(&arena, "%.*s|%s=%.*s", MG_STR_ARG(want), name,
                                       MG_STR_ARG(trimmed));
            }
            mg_buf_printf(&text, "%s", end);
            want = mg_arena_printf(&arena, "%.*s;", MG_STR_ARG(want));
            line++;
        }
        mg_expect_str("a chain", show(mg_buf_str(&text), &arena), want);
        mg_buf_fini(&text);
        mg_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_are_read),
        cmocka_unit_test(a_nul_in_a_head_is_a_fault),
        cmocka_unit_test(counts_are_bounded),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
