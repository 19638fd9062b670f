/* origin_set.h - any number of origin patterns with a lookup that costs the length of the host.
 *
 * Shape:     built once from patterns, then read-only and shared by all workers. Memory beside
 *            the patterns' text is below 100 bytes a pattern.
 * Ownership: the set lives in the arena given to _build; pattern texts are copied there.
 * Threads:   building on one thread, look-ups on any.
 */
#ifndef MG_CORS_ORIGIN_SET_H
#define MG_CORS_ORIGIN_SET_H

#include "core/arena.h"
#include "cors/pattern.h"

struct mg_origin_set;

/* A pattern to be put into a set, with a number of the caller's choice to speak of it in
 * reports (its place in the list, or its line in a file). */
struct mg_origin_entry {
    struct mg_pattern pattern;
    uint32_t tag;
};

/* Told of each entry that another makes superfluous: `tag` is equal to or covered by `by`.
 * is_equal: the same pattern twice. */
typedef void (*mg_origin_redundant_fn)(void *context, uint32_t tag, uint32_t by, bool is_equal);

/* Build a set of `count` entries; the array is reordered. `report` may be NULL. Redundant
 * entries are left out. While it builds it takes up to 33 bytes an entry of the arena's bound
 * and gives them back.
 * Returns: NULL when the arena is full, or there are more than INT32_MAX entries. Complexity:
 * O(total bytes); a million in well below 2 s. */
const struct mg_origin_set *mg_origin_set_build(struct mg_origin_entry *entries, size_t count,
                                                struct mg_arena *arena,
                                                mg_origin_redundant_fn report, void *context);

/* Whether a pattern of the set matches `origin`, which mg_origin_parse made. O(length of the
 * host), no allocation. */
bool mg_origin_set_contains(const struct mg_origin_set *set, const struct mg_origin *origin);

/* Whether the set keeps exactly this pattern, be it or not that others cover it. O(length of
 * the pattern), no allocation. */
bool mg_origin_set_lists(const struct mg_origin_set *set, const struct mg_pattern *pattern);

/* Whether the set is exactly { "*" } (a "*" among others makes all others redundant). */
bool mg_origin_set_is_any(const struct mg_origin_set *set);
/* Number of patterns kept. */
size_t mg_origin_set_count(const struct mg_origin_set *set);
/* The kept pattern `index`, in an order of the set's own. */
struct mg_pattern mg_origin_set_get(const struct mg_origin_set *set, size_t index);

#endif
