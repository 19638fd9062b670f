/* huge_pages.c - madvise of the whole pages within a table. */
#include "core/huge_pages.h"

#include <stdint.h>
#include <sys/mman.h>

enum {
    PAGE_BYTES = 4096,
    WORTH_BYTES = 4 << 20, /* two huge pages of amd64: one of them is whole */
};

void mg_huge_pages_advise(void *table, size_t size)
{
    uintptr_t start = ((uintptr_t)table + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
    uintptr_t end = ((uintptr_t)table + size) & ~(uintptr_t)(PAGE_BYTES - 1);
    if (size >= WORTH_BYTES) {
        (void)madvise((char *)table + (start - (uintptr_t)table), end - start, MADV_HUGEPAGE);
    }
}
