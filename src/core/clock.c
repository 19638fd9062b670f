/* clock.c - see the header. */
#include "core/clock.h"

#include <stdio.h>

void mg_clock_rfc3339(uint64_t wall_us, char out[static MG_CLOCK_RFC3339_SIZE])
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm utc;
    char date[sizeof("2026-11-21T09:30:00")];
    (void)gmtime_r(&seconds, &utc);
    (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(out, MG_CLOCK_RFC3339_SIZE, "%s.%06uZ", date, (unsigned)(wall_us % 1000000));
}
