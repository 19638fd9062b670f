/* guard.h - test inputs that end where readable memory ends.
 *
 * Shape:     the copy lies at the end of a mapping whose last page may not be touched, so that
 * a read or write of one byte past the input is a fault at once, in every build:
 *
 *                [ readable pages ......|input][ no access ]
 *
 * Ownership: one struct holds one input; start from a zeroed struct.
 */
#ifndef MG_TEST_GUARD_H
#define MG_TEST_GUARD_H

#include "core/str.h"

struct mg_guard {
    char *map; /* NULL: holds nothing */
    size_t map_bytes;
};

/* Copy `s` to the end of a mapping of its own; what `guard` held before is freed. The copy may
 * be written to. Returns: the copy, s.len bytes, never NUL-terminated; a failed mmap aborts. */
char *mg_guard_copy(struct mg_guard *guard, struct mg_str s);

/* As mg_guard_copy, as a slice. */
struct mg_str mg_guard_str(struct mg_guard *guard, struct mg_str s);

/* Unmap; `guard` may be used again. */
void mg_guard_free(struct mg_guard *guard);

#endif
