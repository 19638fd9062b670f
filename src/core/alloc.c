/* alloc.c - the countdown is the process's, read from the environment at the first allocation;
 * builds with NDEBUG have none of it. */
#include "core/alloc.h"

#include <stdlib.h>

#ifdef NDEBUG

void *mg_malloc(size_t size)
{
    return malloc(size);
}

void *mg_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void *mg_realloc(void *block, size_t size)
{
    return realloc(block, size);
}

bool mg_alloc_fail_at(long n)
{
    (void)n;
    return false;
}

#else

#include <stdatomic.h>

/* How many allocations are left until the one that fails; at 0 and below none does. */

static atomic_long countdown = 0;
static atomic_bool is_armed = false;

bool mg_alloc_fail_at(long n)
{
    atomic_store(&countdown, n);
    atomic_store(&is_armed, true);
    return true;
}

static bool fails_now(void)
{
    if (!atomic_load_explicit(&is_armed, memory_order_relaxed)) {
        const char *at = getenv("MG_ALLOC_FAIL_AT");
        (void)mg_alloc_fail_at(at == NULL ? 0 : strtol(at, NULL, 10));
    }
    return atomic_fetch_sub_explicit(&countdown, 1, memory_order_relaxed) == 1;
}

void *mg_malloc(size_t size)
{
    return fails_now() ? NULL : malloc(size);
}

void *mg_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : calloc(count, size);
}

void *mg_realloc(void *block, size_t size)
{
    return fails_now() ? NULL : realloc(block, size);
}

#endif
