/* test_method.c - methods are bytes: case and length count. */
#include "expect.h"
#include "http/method.h"

static void names_and_ids_agree(void **state)
{
    (void)state;
    for (int id = MG_METHOD_GET; id <= MG_METHOD_PATCH; id++) {
        struct mg_str name = mg_method_name((enum mg_method)id);
        mg_expect_true("a name", name.len >= 3);
        mg_expect_int(name.ptr, mg_method_from(name), id);
    }
    mg_expect_int("no name", mg_method_name(MG_METHOD_OTHER).len, 0);
}

static void everything_else_is_other(void **state)
{
    static const char *rows[] = {"",        "get",    "Get",  "GET ",    "GE",     "GETS",
                                 "PUR",     "HEAR",   "POSX", "TRACK",   "PATCh",  "patch",
                                 "DELETES", "DELETF", "COPY", "CONNECS", "OPTION", "OPTIONs",
                                 "QUERY",   "BREW",   "PRI"};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        mg_expect_int(rows[i], mg_method_from(mg_str_from(rows[i])), MG_METHOD_OTHER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_ids_agree),
        cmocka_unit_test(everything_else_is_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
