/* clock.h - the clocks. Monotonic times are for timers and durations, wall times for logs and
 * Date, CPU times for bounds.
 *
 * Threads:   any.
 */
#ifndef MG_CORE_CLOCK_H
#define MG_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Monotonic microseconds since an arbitrary start. */
static inline uint64_t mg_clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Monotonic milliseconds, as coarse as the kernel's tick (1 to 10 ms) and several times
 * cheaper. */
static inline uint64_t mg_clock_coarse_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* CPU time of the calling thread, microseconds since it began. A system call. */
static inline uint64_t mg_clock_thread_cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Wall time, microseconds since 1970-01-01 UTC. */
static inline uint64_t mg_clock_wall_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Seconds of wall time, coarse. */
static inline time_t mg_clock_wall_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec;
}

/* Write `wall_us` as RFC 3339 UTC with microseconds, 27 bytes and a NUL:
 * 2026-11-21T09:30:00.123456Z. What is after the year 9999 is written as its last second. */
enum {
    MG_CLOCK_RFC3339_SIZE = 28
};
void mg_clock_rfc3339(uint64_t wall_us, char out[static MG_CLOCK_RFC3339_SIZE]);

#endif
