/* test_read.c - fields of the wrong name or type, in every constructor. */
#include "load.h"

/* What each policy needs to be whole. */
#define OK           "handler = 'none' }"
#define RULE(fields) "resource '/a' { cors = { " fields " }, " OK
#define ANY          "origins = '*', "

static const struct fault_row rows[] = {
    {"an unknown field", "resource '/a' { method = { 'GET' }, " OK, "field-unknown", MG_ERROR,
     1, "/a", "did you mean 'methods'?"},
    {"an unknown field that is near to none", "resource '/a' { xyzzy = 1, " OK, "field-unknown",
     MG_ERROR, 1, "/a", ""},
    {"an unknown field of cors", RULE(ANY "origin = '*'"), "field-unknown", MG_ERROR, 1,
     "/a cors", "did you mean 'origins'?"},
    {"a field without a name", "resource '/a' { 'GET', " OK, "field-unknown", MG_ERROR, 1, "/a",
     "write name = value"},
    {"an unknown field of respond", "resource '/a' {\nhandler = respond {\nstatsu = 200 } }",
     "field-unknown", MG_ERROR, 2, "respond", "did you mean 'status'?"},
    {"an unknown field of an upstream",
     "resource '/a' { " OK "\nupstream 'x' { 'http://h', balanc = 'random' }", "field-unknown",
     MG_ERROR, 2, "upstream x", "did you mean 'balance'?"},
    {"cors is a string", "resource '/a' { cors = '*', " OK, "field-type", MG_ERROR, 1,
     "/a cors", NULL},
    {"cors is true", "resource '/a' { cors = true, " OK, "field-type", MG_ERROR, 1, "/a cors",
     NULL},
    {"methods is a number", "resource '/a' { methods = 1, " OK, "field-type", MG_ERROR, 1,
     "/a methods", NULL},
    {"methods is a string", "resource '/a' { methods = 'GET', " OK, "field-type", MG_ERROR, 1,
     "/a methods", "{ \"GET\" }"},
    {"methods is a function", "resource '/a' { methods = function() end, " OK, "field-type",
     MG_ERROR, 1, "/a methods", NULL},
    {"expose is a function", RULE(ANY "expose = function() end"), "field-type", MG_ERROR, 1,
     "/a cors.expose", NULL},
    {"origins is a function of the library", RULE("origins = tostring"), "field-type", MG_ERROR,
     1, "/a cors.origins", "function(req) … end"},
    {"a hook that is a string", "resource '/a' { simple = 'x', " OK, "field-type", MG_ERROR, 1,
     "/a simple", "function(req) … end"},
    {"a hook that is a word of the language", "resource '/a' { preflight = deny, " OK,
     "field-type", MG_ERROR, 1, "/a preflight", "function(req) … end"},
    {"a handler that is a function", "resource '/a' { handler = function() end }", "field-type",
     MG_ERROR, 1, "/a handler", NULL},
    {"a method is a number", "resource '/a' { methods = { 'GET', 5 }, " OK, "field-type",
     MG_ERROR, 1, "/a methods[2]", NULL},
    {"a list has gaps", "resource '/a' { methods = { 'GET', nil, nil, 'PUT', x = 1 }, " OK,
     "list-invalid", MG_ERROR, 1, "/a methods", NULL},
    {"a list has names", "resource '/a' { methods = { GET = true }, " OK, "list-invalid",
     MG_ERROR, 1, "/a methods", NULL},
    {"a list is too long",
     "local t = {}\nfor i = 1, 257 do t[i] = 'X-' .. i end\n" RULE(ANY "headers = t"),
     "list-too-long", MG_ERROR, 3, "/a cors.headers", NULL},
    {"credentials is a string", RULE(ANY "credentials = 'yes'"), "field-type", MG_ERROR, 1,
     "/a cors.credentials", "true or false"},
    {"timing is a number", RULE(ANY "timing = 1"), "field-type", MG_ERROR, 1, "/a cors.timing",
     "true or false"},
    {"insecure is nil's opposite", RULE(ANY "insecure = {}"), "field-type", MG_ERROR, 1,
     "/a cors.insecure", "true or false"},
    {"reflect is a string", RULE(ANY "reflect = ''"), "field-type", MG_ERROR, 1,
     "/a cors.reflect", "true or false"},
    {"encoded_slash is a string", "resource '/a' { encoded_slash = 'yes', " OK, "field-type",
     MG_ERROR, 1, "/a encoded_slash", "true or false"},
    {"options is another word", "resource '/a' { options = 'pass', " OK, "value-unknown",
     MG_ERROR, 1, "/a options", "\"answer\" or \"forward\""},
    {"options is a boolean", "resource '/a' { options = true, " OK, "field-type", MG_ERROR, 1,
     "/a options", "\"answer\" or \"forward\""},
    {"on_denied is another word", RULE(ANY "on_denied = 'refuse'"), "value-unknown", MG_ERROR,
     1, "/a cors.on_denied", "\"withhold\" or \"reject\""},
    {"balance is another word",
     "resource '/a' { " OK "\nupstream 'x' { 'http://h', balance = 'fair' }", "value-unknown",
     MG_ERROR, 2, "upstream x balance",
     "\"round-robin\" or \"least-connections\" or \"random\""},
    {"cors of an upstream is another word",
     "resource '/a' { " OK "\nupstream 'x' { 'http://h', cors = 'drop' }", "value-unknown",
     MG_ERROR, 2, "upstream x cors", "\"replace\" or \"keep\""},
    {"max_age is a string", RULE(ANY "max_age = '600'"), "max-age-type", MG_ERROR, 1,
     "/a cors.max_age", NULL},
    {"max_age is a fraction", RULE(ANY "max_age = 1.5"), "max-age-type", MG_ERROR, 1,
     "/a cors.max_age", NULL},
    {"max_age is infinite", RULE(ANY "max_age = math.huge"), "max-age-type", MG_ERROR, 1,
     "/a cors.max_age", NULL},
    {"max_age is negative", RULE(ANY "max_age = -1"), "max-age-negative", MG_ERROR, 1,
     "/a cors.max_age", NULL},
    {"status is no answer to a preflight", RULE(ANY "status = 201"), "preflight-status",
     MG_ERROR, 1, "/a cors.status", "204 or 200"},
    {"status is a string", RULE(ANY "status = '204'"), "preflight-status", MG_ERROR, 1,
     "/a cors.status", "204 or 200"},
    {"an unknown handler", "resource '/a' { handler = 'ecko' }", "handler-unknown", MG_ERROR, 1,
     "/a handler", "did you mean \"echo\"?"},
    {"a handler that is near to none", "resource '/a' { handler = 'wonderful' }",
     "handler-unknown", MG_ERROR, 1, "/a handler",
     "\"proxy\", \"echo\", \"none\", proxy \"NAME\" or respond { … }"},
    {"a handler that is a table", "resource '/a' { handler = { status = 200 } }", "field-type",
     MG_ERROR, 1, "/a handler", NULL},
    {"a handler that is a file", "resource '/a' { handler = proxy }", "field-type", MG_ERROR, 1,
     "/a handler", NULL},
    {"origins as a string", RULE("origins = 'https://a.example'"), "field-type", MG_ERROR, 1,
     "/a cors.origins", "{ \"https://a.example\" }"},
    {"origins in one string", RULE("origins = 'https://a.example, https://b.example'"),
     "origin-list-in-string", MG_ERROR, 1, "/a cors.origins", NULL},
    {"an answer as origins", RULE("origins = respond { }"), "field-type", MG_ERROR, 1,
     "/a cors.origins", NULL},
};

static void wrong_fields_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        expect_fault(&rows[i], NULL);
    }
}

static void one_star_in_a_list_is_the_star(void **state)
{
    (void)state;
    struct mg_policy_set *set = load_good(
        "star", RULE("origins = { '*' }, headers = { '*' }, methods = { '*' }"), NULL);
    mg_expect_true("public", mg_rule_is_public(set->resources[0]->rule));
    mg_policy_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_fields_are_named),
        cmocka_unit_test(one_star_in_a_list_is_the_star),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
