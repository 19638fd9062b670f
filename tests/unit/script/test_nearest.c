/* test_nearest.c - which name is near to one that is not known. */
#include "expect.h"
#include "script/nearest.h"

static const struct {
    const char *desc;
    const char *wanted;
    const char *names[4];
    const char *best;
} rows[] = {
    {"a letter too few", "origin", {"origins", "methods"}, "origins"},
    {"two letters swapped", "heaedrs", {"headers", "methods"}, "headers"},
    {"another case", "Origins", {"origins"}, "origins"},
    {"nothing near", "colour", {"origins", "methods", "headers"}, ""},
    {"a short name differs by one at most", "fil", {"file"}, "file"},
    {"a short name that differs by two", "fo", {"file"}, ""},
    {"the nearer of two", "expse", {"expect", "expose"}, "expose"},
    {"of two as near, the first in order", "x1", {"xb", "xa"}, "xa"},
    {"an empty name", "", {"a"}, ""},
    {"a name beyond 64 bytes",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
     ""},
};

static void nearest_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_nearest nearest = mg_nearest_begin(mg_str_from(rows[i].wanted));
        for (size_t j = 0; j < MG_COUNT(rows[i].names) && rows[i].names[j] != NULL; j++) {
            mg_nearest_offer(&nearest, mg_str_from(rows[i].names[j]));
        }
        mg_expect_str(rows[i].desc, nearest.best, mg_str_from(rows[i].best));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nearest_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
