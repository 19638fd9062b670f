/* test_clock.c - both clocks move forward in their units; times are written as RFC 3339. */
#include <time.h>

#include "core/clock.h"
#include "expect.h"

static void monotonic_clocks_agree(void **state)
{
    (void)state;
    uint64_t last = mg_clock_us();
    for (int i = 0; i < 10000; i++) {
        uint64_t now = mg_clock_us();
        mg_expect_true("never backwards", now >= last);
        last = now;
    }
    uint64_t fine_ms = mg_clock_us() / 1000;
    uint64_t coarse_ms = mg_clock_coarse_ms();
    mg_expect_true("coarse is the same clock, 1 s at most apart",
                   coarse_ms <= mg_clock_us() / 1000 + 1 && coarse_ms + 1000 >= fine_ms);
}

static void microseconds_are_microseconds(void **state)
{
    (void)state;
    const struct timespec pause = {.tv_nsec = 20000000};
    uint64_t start = mg_clock_us();
    (void)nanosleep(&pause, NULL);
    uint64_t passed = mg_clock_us() - start;
    mg_expect_true("20 ms are 20,000 us, and on no machine a minute",
                   passed >= 20000 && passed < 60000000);
}

static void wall_clock_is_the_time_of_day(void **state)
{
    (void)state;
    time_t before = time(NULL);
    time_t fine = (time_t)(mg_clock_wall_us() / 1000000);
    time_t coarse = mg_clock_wall_s();
    mg_expect_true("fine", fine >= before && fine <= before + 60);
    mg_expect_true("coarse", coarse + 1 >= before && coarse <= before + 60);
}

static void rfc3339_writes_utc(void **state)
{
    (void)state;
    static const struct {
        uint64_t wall_us;
        const char *want;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {1, "1970-01-01T00:00:00.000001Z"},
        {951782400ULL * 1000000 + 999999, "2000-02-29T00:00:00.999999Z"},
        {1795253400ULL * 1000000 + 123456, "2026-11-21T09:30:00.123456Z"},
        {4294967296ULL * 1000000, "2106-02-07T06:28:16.000000Z"},
        {253402300799ULL * 1000000, "9999-12-31T23:59:59.000000Z"},
        {253402300800ULL * 1000000 + 5, "9999-12-31T23:59:59.000005Z"},
        {UINT64_MAX, "9999-12-31T23:59:59.551615Z"},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char out[MG_CLOCK_RFC3339_SIZE];
        mg_clock_rfc3339(rows[i].wall_us, out);
        mg_expect_text(rows[i].want, out, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_clocks_agree),
        cmocka_unit_test(microseconds_are_microseconds),
        cmocka_unit_test(wall_clock_is_the_time_of_day),
        cmocka_unit_test(rfc3339_writes_utc),
    };
    return cmocka_run_group_tests_name("core/clock", tests, NULL, NULL);
}
