/* clock.c - RFC 3339 text; the clocks themselves are inline in the header. */
#include "core/clock.h"

#include <stdio.h>

void mg_clock_rfc3339(uint64_t wall_us, char out[static MG_CLOCK_RFC3339_SIZE])
{
    const uint64_t last_second =
        253402300799; /* 9999-12-31T23:59:59Z, the last with 4 digits */
    uint64_t since_epoch = wall_us / 1000000;
    time_t seconds = (time_t)(since_epoch < last_second ? since_epoch : last_second);
    struct tm utc;
    char date[sizeof("2026-11-21T09:30:00")];
    (void)gmtime_r(&seconds, &utc);
    (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(out, MG_CLOCK_RFC3339_SIZE, "%s.%06uZ", date, (unsigned)(wall_us % 1000000));
}
