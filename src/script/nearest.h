/* nearest.h - "did you mean": the known name that is nearest to one that is not known.
 *
 * Use:       begin with the unknown name, offer every known one, ask.
 * Ownership: borrows all names.
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_SCRIPT_NEAREST_H
#define MG_SCRIPT_NEAREST_H

#include "core/str.h"

struct mg_nearest {
    struct mg_str wanted;
    struct mg_str best; /* empty: none is near */
    size_t distance;
};

static inline struct mg_nearest mg_nearest_begin(struct mg_str wanted)
{
    return (struct mg_nearest){.wanted = wanted, .distance = (size_t)-1};
}

/* Consider `name`. A name is near when at most a third of its letters, and at least one,
 * differ; case counts for nothing. Of two that are as near, the first in byte order stays, so
 * that the answer does not depend on the order of offers. */
void mg_nearest_offer(struct mg_nearest *nearest, struct mg_str name);

#endif
