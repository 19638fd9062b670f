/* test_language.c - the words of the policy language: how they are called, which line is
 * theirs, and that a policy which fails leaves the others whole.
 */
#include "load.h"
#include "policy/language.h"

#define OK "default { handler = 'none' }\n"

static const struct fault_row rows[] = {
    {"resource without a pattern", OK "resource { }", "call-invalid", MG_ERROR, 2, "",
     "resource \"/path\" { … }"},
    {"resource with both at once", OK "resource('/a', { })", "call-invalid", MG_ERROR, 2, "",
     NULL},
    {"resource with a number", OK "resource(5)", "call-invalid", MG_ERROR, 2, "", NULL},
    {"a resource's table is a string",
     OK "local r = resource '/b' { handler = 'none' }\n"
        "default 'x'",
     "call-invalid", MG_ERROR, 3, "", NULL},
    {"default without a table", OK "default()", "call-invalid", MG_ERROR, 2, "", NULL},
    {"a resource declared twice",
     "local r = resource '/a'\nr { handler = 'none' }\n"
     "r { handler = 'none' }",
     "call-invalid", MG_ERROR, 3, "", NULL},
    {"an upstream declared twice",
     OK "local u = upstream 'a'\nu { 'http://h' }\nu { 'http://h' }", "call-invalid", MG_ERROR,
     4, "", NULL},
    {"upstream without a name", OK "upstream { }", "call-invalid", MG_ERROR, 2, "", NULL},
    {"upstream without a table", OK "upstream 'x' 'http://h'", "call-invalid", MG_ERROR, 2, "",
     NULL},
    {"proxy with a table", OK "proxy { }", "call-invalid", MG_ERROR, 2, "", NULL},
    {"respond with a string", OK "respond 'x'", "call-invalid", MG_ERROR, 2, "", NULL},
    {"file with a table", OK "file { }", "call-invalid", MG_ERROR, 2, "", NULL},
    {"include with nothing", OK "include()", "call-invalid", MG_ERROR, 2, "", NULL},
    {"include from a policy that is no file", OK "include '_x.lua'", "path-not-found", MG_ERROR,
     2, "", NULL},
    {"an included name out of form", OK "include 'x.lua'", "path-invalid", MG_ERROR, 2, "",
     NULL},
    {"file from a policy that is no file", OK "file 'x.txt'", "path-not-found", MG_ERROR, 2,
     "file", NULL},
    {"a syntax error", OK "resource = = 1", "policy-syntax", MG_ERROR, 2, "", NULL},
    {"a compiled chunk", "\x1bLua", "policy-bytecode", MG_ERROR, 1, "", NULL},
    {"an error at run time", OK "\nlocal t\nt.x = 1", "policy-error", MG_ERROR, 4, "", NULL},
    {"an error of the policy's own", OK "error('no tenants')", "policy-error", MG_ERROR, 2, "",
     NULL},
    {"an unknown word", OK "resourze '/a' { }", "global-undefined", MG_ERROR, 2, "",
     "did you mean 'resource'?"},
    {"a loop without end", OK "while true do end", "policy-timeout", MG_ERROR, 2, "", NULL},
    {"memory without end", OK "local s = 'x'\nwhile true do s = s .. s end", "policy-memory",
     MG_ERROR, 3, "", NULL},
    {"a pattern without bound", OK "local s = ('a'):rep(300)\ns:find('.-.-.-.-b')",
     "policy-timeout", MG_ERROR, 3, "", NULL},
    {"an unknown name within a table", OK "resource '/a' {\n  cors = nothing }",
     "global-undefined", MG_ERROR, 3, "", NULL},
    {"no resource", "local x = 1", "set-empty", MG_ERROR, 0, "", NULL},
};

static void calls_and_scripts_that_fail(void **state)
{
    (void)state;
    const struct mg_policy_options options = {.max_script_bytes = 8 << 20,
                                              .max_script_steps = 1000000};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct fault_row row = rows[i];
        struct mg_errs errs;
        struct mg_policy_set *set = load_text(row.text, &errs, &options);
        if (errs.count != 1) {
            mg_errs_print(&errs, stderr);
        }
        mg_expect_true(row.desc, set == NULL);
        mg_expect_int(row.desc, errs.count, 1);
        mg_expect_text(row.desc, errs.items[0].code, row.code);
        mg_expect_text(row.desc, errs.items[0].file, row.line == 0 ? "" : "p.lua");
        mg_expect_text(row.desc, errs.items[0].where, row.where);
        bool has_line = strcmp(row.code, "policy-bytecode") != 0;
        mg_expect_int(row.desc, errs.items[0].line, has_line ? row.line : 0);
        if (row.hint != NULL) {
            mg_expect_text(row.desc, errs.items[0].hint, row.hint);
        }
        mg_errs_fini(&errs);
    }
}

static void lines_are_those_of_the_call(void **state)
{
    (void)state;
    struct mg_policy_set *set = load_good("lines",
                                          "resource '/a' {\n"
                                          "  handler = 'none',\n"
                                          "}\n"
                                          "local function declare(path)\n"
                                          "  resource(path) { handler = 'none' }\n"
                                          "end\n"
                                          "declare '/b'\n"
                                          "default\n"
                                          "{ handler = 'none' }\n",
                                          NULL);
    mg_expect_int("a table over several lines", set->resources[0]->line, 1);
    mg_expect_int("in a function of the policy's", set->resources[1]->line, 5);
    mg_expect_int("default", set->resources[2]->line, 8);
    mg_policy_set_free(set);
}

static void all_faults_are_told_at_once(void **state)
{
    (void)state;
    static const char *const codes[] = {
        "origin-trailing-slash", "wildcard-credentials", "header-forbidden", "max-age-negative",
        "field-unknown",         "method-forbidden",     "handler-unknown",  "global-undefined",
    };
    struct mg_errs errs;
    struct mg_policy_set *set =
        load_text("resource '/a' {\n"
                  "  cors = { origins = { 'https://a.example/' } },\n"
                  "  handler = 'none' }\n"
                  "resource '/b' { handler = 'none', cors = {\n"
                  "  origins = '*', credentials = true,\n"
                  "  headers = { 'Cookie' }, max_age = -1, foo = 1 } }\n"
                  "resource '/c' { methods = { 'TRACE' },\n"
                  "  handler = 'whatever' }\n"
                  "nothing()\n",
                  &errs, NULL);
    mg_expect_true("refused", set == NULL);
    mg_expect_int("count", errs.count, MG_COUNT(codes));
    for (size_t i = 0; i < MG_COUNT(codes); i++) {
        bool is_there = false;
        for (size_t j = 0; j < errs.count; j++) {
            is_there = is_there || strcmp(errs.items[j].code, codes[i]) == 0;
        }
        mg_expect_true(codes[i], is_there);
    }
    for (size_t i = 1; i < errs.count; i++) {
        mg_expect_true("in the order of lines", errs.items[i].line >= errs.items[i - 1].line);
    }
    mg_errs_fini(&errs);
}

static void a_caught_error_is_no_fault(void **state)
{
    (void)state;
    mg_policy_set_free(load_good("pcall", "pcall(include, 'x') pcall(resource, 5)\n" OK, NULL));
}

static void a_spent_budget_cannot_be_caught(void **state)
{
    (void)state;
    const struct mg_policy_options options = {.max_script_steps = 100000};
    const struct fault_row row = {"pcall",
                                  "pcall(function() while true do end end)\n" OK,
                                  "policy-timeout",
                                  MG_ERROR,
                                  1,
                                  "",
                                  NULL};
    expect_fault(&row, &options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_and_scripts_that_fail),
        cmocka_unit_test(lines_are_those_of_the_call),
        cmocka_unit_test(all_faults_are_told_at_once),
        cmocka_unit_test(a_caught_error_is_no_fault),
        cmocka_unit_test(a_spent_budget_cannot_be_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
