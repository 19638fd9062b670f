/* router.h - from host and path to the resource with the most specific pattern.
 *
 * Use:       init a builder, add every resource's pattern, build, fini the builder.
 * Ownership: a built router lives in the arena given to _build and borrows the added patterns
 *            and resources: they have to live as long (the same arena is a good place).
 * Threads:   build on one thread; a built router is read-only, any thread.
 */
#ifndef MG_POLICY_ROUTER_H
#define MG_POLICY_ROUTER_H

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"
#include "policy/route_pattern.h"
#include "policy/set.h"

struct mg_router;

struct mg_router_entry {
    const struct mg_route_pattern *pattern;
    const struct mg_resource *resource; /* its file and line are for messages */
};

/* Two patterns that may not stand together: equal, or overlapping with neither more specific.
 * `first` was added before `second`. */
struct mg_router_conflict {
    size_t first; /* positions in the order of adding */
    size_t second;
    struct mg_router_entry first_entry;
    struct mg_router_entry second_entry;
    enum mg_route_relation relation; /* MG_ROUTE_EQUAL or MG_ROUTE_OVERLAPS */
};

/* Called for each conflict, in no set order. Returns: whether to go on; n patterns can have
 * n * n / 2 conflicts, so stop when enough were told. */
typedef bool (*mg_router_conflict_fn)(void *context, const struct mg_router_conflict *conflict);

struct mg_router_builder {
    struct mg_router_entry *entries;
    size_t count;
    size_t capacity;
};

void mg_router_builder_init(struct mg_router_builder *builder);
void mg_router_builder_fini(struct mg_router_builder *builder);

/* Add a resource under its pattern. Keeps both pointers (see Ownership above).
 * Returns: false when memory is out. */
bool mg_router_builder_add(struct mg_router_builder *builder,
                           const struct mg_route_pattern *pattern,
                           const struct mg_resource *resource);

enum mg_router_check {
    MG_ROUTER_CHECKED, /* whatever was reported */
    MG_ROUTER_CHECK_NO_MEMORY,
    MG_ROUTER_CHECK_TOO_VARIED, /* more shapes than can be compared: nothing was */
};

/* Call `report` for every pair that conflicts. Complexity: O(n * shapes + conflicts), where
 * a shape is an arrangement of literals and wildcards; sets have few, and one with so many
 * that it would take more than some seconds is not checked. Scratch memory is malloc's. */
enum mg_router_check mg_router_builder_check(const struct mg_router_builder *builder,
                                             mg_router_conflict_fn report, void *context);

/* Describe a conflict as an error at the second resource's line that names the first's and a
 * path that both match. Codes: pattern-duplicate, pattern-conflict. */
void mg_router_conflict_describe(const struct mg_router_conflict *conflict,
                                 struct mg_err *fault);

/* Build the router of all that was added. Needs: mg_router_builder_check found no conflict;
 * else one of the conflicting patterns wins by chance.
 * Returns: NULL when memory is out (malloc or `arena`). */
const struct mg_router *mg_router_build(const struct mg_router_builder *builder,
                                        struct mg_arena *arena);

/* Find the resource for `host` (without port, any case, one trailing dot is ignored; empty:
 * none) and `path` (normal form). Fills *route: its resource, and the pattern's named wildcards
 * in order; the names are the pattern's, the values slices of `path`, encoded as there.
 * Returns: whether a pattern matched; else route->resource is NULL. No allocation. Complexity:
 * one table look-up a segment; where literal and wildcard branches both fit, the search goes
 * back, visiting no node of the tree twice. */
bool mg_router_match(const struct mg_router *router, struct mg_str host, struct mg_str path,
                     struct mg_route *route);

#endif
