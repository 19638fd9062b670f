/* router_tree.h - how a built router lies in memory; for router_build.c and router.c alone.
 *
 *   root of any host ----"orders"----> node ---{id}---> node (exact: /orders/{id}) root of
 * a.example --"orders"-----> node (rest: a.example/orders/)
 *
 *   slots:   hash(parent, text) -> node     open addressing, at most half full; an only
 * child
 *            has no slot, since its parent names it
 *   nodes:   64 bytes; a short text is in its node, so that a step costs two cache lines at
 * most targets: the resource and the wildcards to fill in, side by side
 *
 * The hash is seeded at random: which segments collide cannot be worked out from outside.
 */
#ifndef MG_POLICY_ROUTER_TREE_H
#define MG_POLICY_ROUTER_TREE_H

#include <stdint.h>

#include "policy/router.h"

enum {
    MG_ROUTE_NODE_BYTES = 64,
    MG_ROUTE_NODE_INLINE_BYTES = 32,
    MG_ROUTE_ROOT = 0, /* the node of patterns without a host */
};

/* The parent of every host's root; no node has this index. */
#define MG_ROUTE_HOSTS UINT32_MAX

struct mg_route_node {
    uint32_t parent;
    uint16_t text_len;
    bool has_text;  /* a literal or a host */
    uint32_t wild;  /* child behind {name}; 0: none, since the root is nobody's child */
    uint32_t exact; /* 1 + target of a path that ends here; 0: none, as below */
    uint32_t end;   /* 1 + target of a path that ends behind the slash: {$} */
    uint32_t rest;  /* 1 + target of everything below */
    uint32_t literal_count;
    uint32_t last_literal; /* the newest literal child; looked at where it is the only one */
    union {
        char inside[MG_ROUTE_NODE_INLINE_BYTES];
        const char *outside; /* the pattern's bytes, when they do not fit */
    } text;
};
_Static_assert(sizeof(struct mg_route_node) == MG_ROUTE_NODE_BYTES, "a node is a cache line");
_Static_assert(MG_ROUTE_PATTERN_MAX_BYTES <= UINT16_MAX, "a text's length fits");

struct mg_route_slot {
    uint32_t tag;  /* upper half of the hash */
    uint32_t node; /* 0: free */
};

/* A named wildcard of a pattern. */
struct mg_route_capture {
    const char *name;
    uint16_t name_len;
    uint16_t segment; /* where it stands */
    bool rest;
};

/* A pattern's end. Targets lie one behind another; a target's number is its offset in units. */
struct mg_route_target {
    const struct mg_resource *resource;
    uint32_t capture_count;
    struct mg_route_capture captures[];
};
enum {
    MG_ROUTE_TARGET_UNIT = 16
};
_Static_assert(sizeof(struct mg_route_target) == MG_ROUTE_TARGET_UNIT &&
                   sizeof(struct mg_route_capture) == MG_ROUTE_TARGET_UNIT,
               "a target is one unit and one for each capture");

struct mg_router {
    const struct mg_route_node *nodes;
    const struct mg_route_slot *slots;
    const char *targets; /* in units */
    uint64_t seed;
    uint32_t slot_mask;
    bool has_hosts;
};

static inline struct mg_str mg_route_node_text(const struct mg_route_node *node)
{
    const char *bytes =
        node->text_len <= MG_ROUTE_NODE_INLINE_BYTES ? node->text.inside : node->text.outside;
    return (struct mg_str){bytes, node->text_len};
}

static inline uint64_t mg_route_hash_edge(uint64_t seed, uint32_t parent, struct mg_str text)
{
    return mg_str_hash(text, seed + parent * 0x9e3779b97f4a7c15ULL);
}

/* The node below `parent` with the text `text`, by the table, or 0. */
static inline uint32_t mg_route_find_in_table(const struct mg_router *router, uint32_t parent,
                                              struct mg_str text)
{
    uint64_t hash = mg_route_hash_edge(router->seed, parent, text);
    uint32_t tag = (uint32_t)(hash >> 32);
    for (uint32_t i = (uint32_t)hash & router->slot_mask;; i = (i + 1) & router->slot_mask) {
        const struct mg_route_slot *slot = &router->slots[i];
        if (slot->node == 0) {
            return 0;
        }
        const struct mg_route_node *node = &router->nodes[slot->node];
        if (slot->tag == tag && node->parent == parent &&
            mg_str_equal(mg_route_node_text(node), text)) {
            return slot->node;
        }
    }
}

#endif
