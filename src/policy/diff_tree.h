/* diff_tree.h - the patterns of two sets in one tree.
 *
 *   root ----"orders"----> node ---{id}---> node   exact: old resource 3, new resource 5
 *                                                  slash, rest: none
 *
 * Paths that only one set has a pattern for end where it alone has a resource.
 * Ownership: the tree borrows the differ, and has memory of its own.
 * Threads:   one.
 */
#ifndef MG_POLICY_DIFF_TREE_H
#define MG_POLICY_DIFF_TREE_H

#include "policy/diff_layout.h"

enum {
    MG_DIFF_HOSTS = 0, /* the node whose children are the roots of hosts */
    MG_DIFF_ROOT = 1,  /* of patterns without a host */
    MG_DIFF_FRESH_BYTES = 16,
};

enum mg_diff_end {
    MG_DIFF_END_EXACT, /* the path ends at the node */
    MG_DIFF_END_SLASH, /* and a slash behind it */
    MG_DIFF_END_REST,  /* anything behind the slash */
    MG_DIFF_END_COUNT
};

struct mg_diff_node {
    struct mg_str text; /* of a literal or a host */
    uint32_t parent;
    uint32_t first; /* literal children */
    uint32_t next;  /* sibling */
    uint32_t last;  /* child */
    uint32_t wild;
    uint32_t resources[MG_DIFF_END_COUNT][MG_DIFF_AGES]; /* 1 + its number in the set */
    unsigned char sets;                                  /* which have patterns from here on */
    bool differs;                                        /* something does from here on */
    bool rest_differs;
};

struct mg_diff_tree {
    struct mg_differ *differ;
    struct mg_diff_node *nodes;
    uint32_t node_count;
    uint32_t node_capacity;
    uint32_t *slots; /* literal children by parent and text; 0 is free */
    size_t slot_count;
    char fresh[MG_DIFF_FRESH_BYTES]; /* a segment that no pattern has */
};

/* Build the tree of the differ's sets, and mark what differs in it. Returns: false when memory
 * is out, which the differ then knows. The tree is to be freed all the same. */
bool mg_diff_tree_build(struct mg_diff_tree *tree, struct mg_differ *differ);
void mg_diff_tree_free(struct mg_diff_tree *tree);

/* The literal child of a node, or 0. */
uint32_t mg_diff_tree_child(const struct mg_diff_tree *tree, uint32_t parent,
                            struct mg_str text);

#endif
