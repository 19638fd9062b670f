/* test_date.c - IMF-fixdate, against known dates and against the C library's own. */
#include "expect.h"
#include "http/date.h"
#include "prng.h"

static void formats_known_dates(void **state)
{
    static const struct {
        time_t second;
        const char *want;
    } rows[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {253402300800, "Thu, 01 Jan 1970 00:00:00 GMT"},
    };
    (void)state;
    struct mg_date date = {0};
    for (size_t i = 0; i < 2 * MG_COUNT(rows); i++) {
        /* Twice each: made, and kept. */
        mg_expect_str(rows[i / 2].want, mg_date_at(&date, rows[i / 2].second),
                      mg_str_from(rows[i / 2].want));
    }
}

static void agrees_with_the_c_library(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("agrees_with_the_c_library");
    struct mg_date date = {0};
    for (unsigned long left = mg_property_cases(20000); left > 0; left--) {
        time_t second = (time_t)mg_prng_below(&prng, 253402300800ULL);
        char want[64];
        struct tm tm;
        assert_non_null(gmtime_r(&second, &tm));
        size_t len = strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        mg_expect_str("date", mg_date_at(&date, second), ((struct mg_str){want, len}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_known_dates),
        cmocka_unit_test(agrees_with_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
