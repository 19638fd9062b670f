/* diff_layout.h - what the files of a comparison share:
 *
 *   diff_walk.c     finds pairs: an old and a new resource that answer the same paths, with
 *     diff_tree.c      the patterns of both sets
 *   diff_pair.c     turns a pair into changes, with
 *     diff_origins.c   the patterns of origins that only one has, or both
 *     diff_offer.c     what a rule gives an origin it allows, asked of the engine
 *     diff_opaque.c    what cannot be asked: functions, plugins, handlers
 *   diff.c          keeps and orders changes; diff_text.c says them in words
 *
 * Private to them. `scratch` is rewound behind each pair; `walk` lives as long as the
 * comparison.
 */
#ifndef MG_POLICY_DIFF_LAYOUT_H
#define MG_POLICY_DIFF_LAYOUT_H

#include "cors/origin_set.h"
#include "policy/diff.h"

enum mg_diff_age {
    MG_DIFF_OLD,
    MG_DIFF_NEW,
    MG_DIFF_AGES
};

/* ---- origins ---- */

/* The first patterns in order of host, and how many there are. */
struct mg_diff_patterns {
    struct mg_pattern *items;
    size_t count;
    size_t total;
};

/* Two sets of origins compared. */
struct mg_diff_origins {
    struct mg_diff_patterns gained; /* the old set does not allow all that they match */
    struct mg_diff_patterns lost;   /* nor the new */
    struct mg_diff_patterns kept;   /* both allow all that they match */
};

struct mg_diff_known_origins;

/* ---- the whole ---- */

/* Changes of one sort; those that found no room are counted. */
struct mg_diff_heap {
    struct mg_diff_change *items;
    size_t count;
    size_t capacity;
};

struct mg_differ {
    const struct mg_policy_set *sets[MG_DIFF_AGES];
    struct mg_policy_diff *diff;
    struct mg_arena *arena;  /* of the result */
    struct mg_arena walk;    /* the tree of both sets, pairs that were seen, known origins */
    struct mg_arena scratch; /* of one pair */
    size_t max_changes;
    size_t steps_left;
    struct mg_diff_heap widening;
    struct mg_diff_heap others;
    bool is_out_of_memory;

    /* diff_origins.c */
    struct mg_diff_known_origins *known_origins;
    size_t known_bytes;
    struct mg_pattern work[3][MG_DIFF_MAX_LISTED];
    struct mg_diff_origins origins;
    unsigned char ports[(MG_PORT_ANY + 7) / 8]; /* bit p: some pattern names port p */
    size_t compares_left; /* of patterns, where no origin stands for all */

    /* diff_opaque.c: the answer that was given last */
    const char *function_files[MG_DIFF_AGES];
    bool functions_same;
};

/* Keep a copy of `change`, or count it where there is no room. */
void mg_diff_add(struct mg_differ *differ, const struct mg_diff_change *change);

/* ---- the walk ---- */

/* Find every pair of resources that answer the same paths, and give each to mg_diff_pair
 * once. */
void mg_diff_walk(struct mg_differ *differ);

/* ---- pairs ---- */

/* An old and a new resource that answer the same paths; NULL: none does. */
struct mg_diff_pair {
    const struct mg_resource *resources[MG_DIFF_AGES];
    struct mg_str example; /* one of the paths; empty where the patterns match the same */
};

/* Whether both resources do the same, as far as can be seen without asking. False is no proof
 * that they do not. */
bool mg_diff_same(struct mg_differ *differ, const struct mg_resource *old_resource,
                  const struct mg_resource *new_resource);

/* Add the changes of a pair. */
void mg_diff_pair(struct mg_differ *differ, const struct mg_diff_pair *pair);

/* Compare two sets; NULL allows nobody. The result is good until the next call. */
const struct mg_diff_origins *mg_diff_origins(struct mg_differ *differ,
                                              const struct mg_origin_set *old_set,
                                              const struct mg_origin_set *new_set);

/* Write an origin that `pattern` matches. Returns: false when `size` is too small. */
bool mg_diff_origin_of(const struct mg_pattern *pattern, char *out, size_t size);

#endif
