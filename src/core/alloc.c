/* alloc.c - the counter is the process's one, read once; release builds compile it away. */
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

#else

#include <stdatomic.h>
#include <stdbool.h>

static atomic_long countdown = 0;
static atomic_bool is_armed = false;

static bool fails_now(void)
{
    if (!atomic_load_explicit(&is_armed, memory_order_relaxed)) {
        const char *at = getenv("MG_ALLOC_FAIL_AT");
        atomic_store(&countdown, at == NULL ? 0 : strtol(at, NULL, 10));
        atomic_store(&is_armed, true);
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
