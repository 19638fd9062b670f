/* series.h - which row of the workers' tables a resource is counted in.
 *
 * Shape:     rows are given out by pattern, the first MG_SERIES_MAX of them, and kept for the
 *            life of the server, so that a resource goes on in its row when policies change;
 *            all others share row MG_SERIES_OTHERS.
 * Threads:   any.
 */
#ifndef MG_SERVER_SERIES_H
#define MG_SERVER_SERIES_H

#include <stdint.h>

#include "policy/set.h"

struct mg_series;

enum {
    MG_SERIES_MAX = 512,
    MG_SERIES_OTHERS = MG_SERIES_MAX,
    MG_SERIES_ROWS = MG_SERIES_MAX + 1,
};

/* Returns: NULL when memory is out. */
struct mg_series *mg_series_new(void);
void mg_series_free(struct mg_series *series);

/* The row of each resource of `set`, by its id; the caller frees the array. Returns: NULL when
 * memory is out. */
uint16_t *mg_series_assign(struct mg_series *series, const struct mg_policy_set *set);

/* How many rows are given out, and the pattern of one; it does not change any more. */
unsigned mg_series_count(struct mg_series *series);
const char *mg_series_pattern(struct mg_series *series, unsigned row);

#endif
