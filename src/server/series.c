/* series.c - a list of patterns behind a lock, looked up by a table of twice as many places.
 * The lock is held while a generation is built or metrics are asked for, never for a request.
 */
#include "server/series.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/alloc.h"

enum {
    PLACES = MG_SERIES_MAX * 2 /* a power of two */
};

struct mg_series {
    pthread_mutex_t lock;
    unsigned count;
    char *patterns[MG_SERIES_MAX];
    uint16_t places[PLACES]; /* row + 1; 0: free */
};

struct mg_series *mg_series_new(void)
{
    struct mg_series *series = mg_calloc(1, sizeof(*series));
    if (series != NULL) {
        (void)pthread_mutex_init(&series->lock, NULL);
    }
    return series;
}

void mg_series_free(struct mg_series *series)
{
    if (series == NULL) {
        return;
    }
    for (unsigned i = 0; i < series->count; i++) {
        free(series->patterns[i]);
    }
    (void)pthread_mutex_destroy(&series->lock);
    free(series);
}

/* The place where the row of `pattern` stands, or is to stand: half of them are always free. */
static unsigned find_place(const struct mg_series *series, struct mg_str pattern)
{
    unsigned place = (unsigned)mg_str_hash(pattern, 0) % PLACES;
    while (series->places[place] != 0 &&
           !mg_str_equal(mg_str_from(series->patterns[series->places[place] - 1]), pattern)) {
        place = (place + 1) % PLACES;
    }
    return place;
}

/* What cannot be given a row of its own is counted among the others. */
static uint16_t row_of(struct mg_series *series, struct mg_str pattern)
{
    unsigned place = find_place(series, pattern);
    if (series->places[place] != 0) {
        return (uint16_t)(series->places[place] - 1);
    }
    char *copy = series->count == MG_SERIES_MAX ? NULL : mg_malloc(pattern.len + 1);
    if (copy == NULL) {
        return MG_SERIES_OTHERS;
    }
    memcpy(copy, pattern.ptr, pattern.len);
    copy[pattern.len] = '\0';
    series->patterns[series->count] = copy;
    series->places[place] = (uint16_t)++series->count;
    return (uint16_t)(series->count - 1);
}

uint16_t *mg_series_assign(struct mg_series *series, const struct mg_policy_set *set)
{
    uint16_t *rows = mg_malloc((set->resource_count + 1) * sizeof(*rows));
    if (rows == NULL) {
        return NULL;
    }
    (void)pthread_mutex_lock(&series->lock);
    for (size_t i = 0; i < set->resource_count; i++) {
        rows[set->resources[i]->id] = row_of(series, set->resources[i]->pattern);
    }
    (void)pthread_mutex_unlock(&series->lock);
    return rows;
}

unsigned mg_series_count(struct mg_series *series)
{
    (void)pthread_mutex_lock(&series->lock);
    unsigned count = series->count;
    (void)pthread_mutex_unlock(&series->lock);
    return count;
}

const char *mg_series_pattern(struct mg_series *series, unsigned row)
{
    (void)pthread_mutex_lock(&series->lock);
    const char *pattern = series->patterns[row];
    (void)pthread_mutex_unlock(&series->lock);
    return pattern;
}
