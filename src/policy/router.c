/* router.c - the search for the most specific pattern.
 *
 * At each node the literal edge is tried first, then {name}, then the rest. Where no two
 * patterns conflict, that order is "the most specific wins": what a literal edge leads to is
 * narrower at this segment than what lies behind the wildcard, so it cannot be wider anywhere
 * else. Alternatives not taken wait on a stack of at most two a depth. A pattern has at most
 * MG_ROUTE_MAX_SEGMENTS segments, and so has the stack a fixed size, whatever the path.
 */
#include "policy/router.h"

#include <stdint.h>

#include "policy/router_tree.h"

/* The literal child of `parent` with the text `text`, or 0. */
static inline uint32_t find_child(const struct mg_router *router, uint32_t parent,
                                  struct mg_str text)
{
    const struct mg_route_node *node = &router->nodes[parent];
    if (node->literal_count > 1) {
        return mg_route_find_in_table(router, parent, text);
    }
    uint32_t child = node->last_literal;
    return child != 0 && mg_str_equal(mg_route_node_text(&router->nodes[child]), text) ? child
                                                                                       : 0;
}

/* The segments of a path, cut as far as the search has come. Segment d is the bytes from
 * start[d] up to start[d + 1] - 1; start[d] is behind the path's end when there is no
 * segment d. */
struct walk {
    struct mg_str path;
    size_t start[MG_ROUTE_MAX_SEGMENTS + 1];
};

/* What to try when a branch fails: a node with the depth of its first segment, or a target. */
struct choice {
    uint32_t node;
    uint32_t depth;
    uint32_t target;
};

struct choices {
    size_t count;
    struct choice items[2 * (MG_ROUTE_MAX_SEGMENTS + 1)];
};

/* The segment at `depth`; sets where the next one starts. */
static inline struct mg_str cut_segment(struct walk *walk, uint32_t depth)
{
    const char *from = walk->path.ptr + walk->start[depth];
    size_t left = walk->path.len - walk->start[depth];
    const char *slash = left == 0 ? NULL : memchr(from, '/', left);
    size_t len = slash == NULL ? left : (size_t)(slash - from);
    if (depth < MG_ROUTE_MAX_SEGMENTS) {
        walk->start[depth + 1] = walk->start[depth] + len + 1;
    }
    return (struct mg_str){from, len};
}

/* Take one step down from `at`; alternatives go to `choices`. Returns: the target when the path
 * ends here, else 0 with at->node the next node, or 0 where this branch fails. */
static uint32_t step(const struct mg_router *router, struct walk *walk, struct choice *at,
                     struct choices *choices)
{
    const struct mg_route_node *node = &router->nodes[at->node];
    if (walk->start[at->depth] > walk->path.len) {
        at->node = 0;
        return node->exact;
    }
    struct mg_str segment = cut_segment(walk, at->depth);
    if (node->rest != 0) {
        choices->items[choices->count++] = (struct choice){.target = node->rest};
    }
    if (segment.len == 0 && walk->start[at->depth] == walk->path.len) {
        at->node = 0;
        return node->end;
    }
    if (node->wild != 0 && segment.len > 0) {
        choices->items[choices->count++] =
            (struct choice){.node = node->wild, .depth = at->depth + 1};
    }
    at->node = find_child(router, at->node, segment);
    at->depth++;
    return 0;
}

/* Search below the root `root`. Returns: 1 + target, or 0. */
static uint32_t search(const struct mg_router *router, uint32_t root, struct walk *walk)
{
    struct choices choices;
    struct choice at = {.node = root};
    uint32_t target;
    choices.count = 0;
    walk->start[0] = 1;
    target = step(router, walk, &at, &choices);
    while (target == 0) {
        if (at.node == 0) {
            if (choices.count == 0) {
                return 0;
            }
            at = choices.items[--choices.count];
        }
        target = at.target != 0 ? at.target : step(router, walk, &at, &choices);
    }
    return target;
}

/* The root of `host`, or 0 when no pattern names it. */
static uint32_t find_host(const struct mg_router *router, struct mg_str host)
{
    char lower[MG_ROUTE_MAX_HOST_BYTES];
    if (!router->has_hosts || host.len == 0) {
        return 0;
    }
    if (host.ptr[host.len - 1] == '.') {
        host.len--;
    }
    if (host.len > sizeof(lower)) {
        return 0;
    }
    for (size_t i = 0; i < host.len; i++) {
        lower[i] = mg_ascii_lower(host.ptr[i]);
    }
    return mg_route_find_in_table(router, MG_ROUTE_HOSTS, (struct mg_str){lower, host.len});
}

static void fill_route(const struct mg_route_target *target, const struct walk *walk,
                       struct mg_route *route)
{
    route->resource = target->resource;
    route->param_count = target->capture_count;
    for (uint32_t i = 0; i < target->capture_count; i++) {
        const struct mg_route_capture *capture = &target->captures[i];
        size_t from = walk->start[capture->segment];
        size_t end = capture->rest ? walk->path.len : walk->start[capture->segment + 1] - 1;
        route->params[i] = (struct mg_param){.name = {capture->name, capture->name_len},
                                             .value = {walk->path.ptr + from, end - from}};
    }
}

bool mg_router_match(const struct mg_router *router, struct mg_str host, struct mg_str path,
                     struct mg_route *route)
{
    struct walk walk;
    uint32_t target = 0;
    route->resource = NULL;
    route->param_count = 0;
    if (path.len == 0 || path.ptr[0] != '/') {
        return false;
    }
    walk.path = path;
    uint32_t root = find_host(router, host);
    if (root != 0) {
        target = search(router, root, &walk);
    }
    if (target == 0) {
        target = search(router, MG_ROUTE_ROOT, &walk);
    }
    if (target == 0) {
        return false;
    }
    const char *at = router->targets + (size_t)(target - 1) * MG_ROUTE_TARGET_UNIT;
    fill_route((const struct mg_route_target *)(const void *)at, &walk, route);
    return true;
}
