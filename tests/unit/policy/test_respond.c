/* test_respond.c - answers that policies prepare. */
#include "load.h"
#include "policy/respond.h"

#define ANSWER(fields) "resource '/a' { handler = respond { " fields " } }"

static const struct fault_row rows[] = {
    {"a status of three digits that is none", ANSWER("status = 600"), "respond-status",
     MG_ERROR, 1, "respond status", NULL},
    {"an interim status", ANSWER("status = 100"), "respond-status", MG_ERROR, 1,
     "respond status", NULL},
    {"a status in words", ANSWER("status = '200'"), "respond-status", MG_ERROR, 1,
     "respond status", NULL},
    {"a status that is a fraction", ANSWER("status = 200.5"), "respond-status", MG_ERROR, 1,
     "respond status", NULL},
    {"a body that is a table", ANSWER("body = { }"), "field-type", MG_ERROR, 1, "respond body",
     NULL},
    {"a body too large", ANSWER("body = ('x'):rep((1 << 20) + 1)"), "respond-body-too-large",
     MG_ERROR, 1, "respond body", NULL},
    {"a body where none may be", ANSWER("status = 204, body = 'x'"), "respond-body-forbidden",
     MG_ERROR, 1, "respond", NULL},
    {"a body of 304", ANSWER("status = 304, body = 'x'"), "respond-body-forbidden", MG_ERROR, 1,
     "respond", NULL},
    {"a body of 205", ANSWER("status = 205, body = 'x'"), "respond-body-forbidden", MG_ERROR, 1,
     "respond", NULL},
    {"fields that are a string", ANSWER("fields = 'X-A: b'"), "field-type", MG_ERROR, 1,
     "respond fields", NULL},
    {"a field that is a number", ANSWER("fields = { ['X-A'] = 1 }"), "field-type", MG_ERROR, 1,
     "respond fields['X-A']", NULL},
    {"a name with a space", ANSWER("fields = { ['X A'] = 'b' }"), "respond-field", MG_ERROR, 1,
     "respond fields['X A']", NULL},
    {"an empty name", ANSWER("fields = { [''] = 'b' }"), "respond-field", MG_ERROR, 1,
     "respond fields['']", NULL},
    {"a line break in a value", ANSWER("fields = { ['X-A'] = 'b\\r\\nSet-Cookie: c' }"),
     "respond-field", MG_ERROR, 1, "respond fields['X-A']", NULL},
    {"a NUL in a value", ANSWER("fields = { ['X-A'] = 'b\\0' }"), "respond-field", MG_ERROR, 1,
     "respond fields['X-A']", NULL},
    {"a space behind a value", ANSWER("fields = { ['X-A'] = 'b ' }"), "respond-field", MG_ERROR,
     1, "respond fields['X-A']", NULL},
    {"a pair of one", ANSWER("fields = { { 'X-A' } }"), "respond-field", MG_ERROR, 1,
     "respond fields[1]", NULL},
    {"a pair without a name", ANSWER("fields = { { 1, 'b' } }"), "respond-field", MG_ERROR, 1,
     "respond fields[1]", NULL},
    {"a field without a name", ANSWER("fields = { 'X-A: b' }"), "respond-field", MG_ERROR, 1,
     "respond fields[1]", NULL},
    {"a CORS field", ANSWER("fields = { ['access-control-Allow-Origin'] = '*' }"),
     "respond-cors-field", MG_ERROR, 1, "/a handler", NULL},
    {"a CORS field beside a rule",
     "local answer = respond { fields = { ['Access-Control-Expose-Headers'] = 'ETag' } }\n"
     "resource '/a' { cors = { origins = '*' }, handler = answer }",
     "respond-cors-field", MG_ERROR, 2, "/a handler", NULL},
    {"the timing field", ANSWER("fields = { ['Timing-Allow-Origin'] = '*' }"),
     "respond-cors-field", MG_ERROR, 1, "/a handler", NULL},
    {"Content-Length", ANSWER("fields = { ['content-length'] = '0' }"), "respond-framing-field",
     MG_ERROR, 1, "respond fields['content-length']", NULL},
    {"Transfer-Encoding", ANSWER("fields = { { 'Transfer-Encoding', 'chunked' } }"),
     "respond-framing-field", MG_ERROR, 1, "respond fields['Transfer-Encoding']", NULL},
    {"Connection", ANSWER("fields = { Connection = 'close' }"), "respond-framing-field",
     MG_ERROR, 1, "respond fields['Connection']", NULL},
    {"too many fields",
     "local t = {}\nfor i = 1, 101 do t[i] = { 'X-' .. i, 'v' } end\n" ANSWER("fields = t"),
     "list-too-long", MG_ERROR, 3, "respond fields['X-101']", NULL},
};

static void bad_answers_are_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        expect_fault(&rows[i], NULL);
    }
}

static const struct {
    const char *desc;
    const char *text;
    unsigned status;
    const char *lines;
    const char *vary;
    const char *body;
} good[] = {
    {"nothing said is an empty 200", ANSWER(""), 200, "", "", ""},
    {"a body is plain text", ANSWER("body = 'hi'"), 200,
     "Content-Type: text/plain; charset=utf-8\r\n", "", "hi"},
    {"a body of a type", ANSWER("body = '{}', fields = { ['content-type'] = 'a/b' }"), 200,
     "content-type: a/b\r\n", "", "{}"},
    {"named fields come in order", ANSWER("fields = { B = '2', A = '1', C = '3' }"), 200,
     "A: 1\r\nB: 2\r\nC: 3\r\n", "", ""},
    {"pairs come as they are, first",
     ANSWER("fields = { A = '0', { 'Set-Cookie', 'b=2' }, { 'Set-Cookie', 'a=1' } }"), 200,
     "Set-Cookie: b=2\r\nSet-Cookie: a=1\r\nA: 0\r\n", "", ""},
    {"Vary is set apart and merged",
     ANSWER("fields = { { 'Vary', 'Accept' }, { 'vary', 'accept, Cookie' } }"), 200, "",
     "Accept, Cookie", ""},
    {"CORS fields where the engine keeps out",
     "resource '/a' { cors = false, handler = respond { fields = { "
     "['Access-Control-Allow-Origin'] = '*', ['Timing-Allow-Origin'] = '*' } } }",
     200, "Access-Control-Allow-Origin: *\r\nTiming-Allow-Origin: *\r\n", "", ""},
    {"a redirect", ANSWER("status = 302, fields = { Location = '/b' }"), 302,
     "Location: /b\r\n", "", ""},
    {"204", ANSWER("status = 204"), 204, "", "", ""},
    {"an empty value", ANSWER("fields = { ['X-A'] = '' }"), 200, "X-A: \r\n", "", ""},
    {"a body with a NUL",
     ANSWER("status = 200, body = 'a\\0b', fields = { ['Content-Type'] = "
            "'application/octet-stream' }"),
     200, "Content-Type: application/octet-stream\r\n", "", "a\0b"},
};

static void good_answers_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(good); i++) {
        struct mg_policy_set *set = load_good(good[i].desc, good[i].text, NULL);
        const struct mg_canned *canned = &set->resources[0]->handler.canned;
        bool has_nul = i == MG_COUNT(good) - 1;
        struct mg_str body = has_nul ? MG_STR("a\0b") : mg_str_from(good[i].body);
        mg_expect_int(good[i].desc, canned->status, good[i].status);
        mg_expect_str(good[i].desc, canned->lines, mg_str_from(good[i].lines));
        mg_expect_str(good[i].desc, canned->vary, mg_str_from(good[i].vary));
        mg_expect_str(good[i].desc, canned->body, body);
        mg_policy_set_free(set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_answers_are_reported),
        cmocka_unit_test(good_answers_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
