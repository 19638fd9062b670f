/* alloc.h - malloc with a seam: MG_ALLOC_FAIL_AT=n in the environment fails the n-th allocation
 * of a debug build, so that a test can walk n over a whole start and request and see every
 * failure handled. Builds with NDEBUG have plain malloc.
 *
 * Threads:   any; the count is the process's.
 */
#ifndef MG_CORE_ALLOC_H
#define MG_CORE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* As malloc. The caller frees with free(). */
void *mg_malloc(size_t size) __attribute__((malloc, warn_unused_result));
/* As calloc. */
void *mg_calloc(size_t count, size_t size) __attribute__((malloc, warn_unused_result));
/* As realloc; on NULL the old block is still the caller's. */
void *mg_realloc(void *block, size_t size) __attribute__((warn_unused_result));

/* Fail the n-th allocation from now, and no other; 0: none. In place of MG_ALLOC_FAIL_AT, for
 * tests that walk n within one process. Returns: false in a build with NDEBUG, where nothing
 * will fail. */
bool mg_alloc_fail_at(long n);

#endif
