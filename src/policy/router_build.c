/* router_build.c - the builder, and the making of the tree of router_tree.h.
 *
 * The tree first grows in arrays as large as the patterns could need, then is copied to the
 * arena at the size it turned out to have: patterns share most of their segments.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/huge_pages.h"
#include "policy/router_tree.h"

/* The tree while it grows; arrays of malloc, as large as the patterns can need. */
struct tree {
    struct mg_route_node *nodes;
    struct mg_route_slot *slots;
    uint32_t node_count;
    uint32_t slot_mask;
    uint64_t seed;
};

void mg_router_builder_init(struct mg_router_builder *builder)
{
    *builder = (struct mg_router_builder){0};
}

void mg_router_builder_fini(struct mg_router_builder *builder)
{
    free(builder->entries);
    *builder = (struct mg_router_builder){0};
}

bool mg_router_builder_add(struct mg_router_builder *builder,
                           const struct mg_route_pattern *pattern,
                           const struct mg_resource *resource)
{
    if (builder->count == builder->capacity) {
        size_t capacity = builder->capacity == 0 ? 16 : builder->capacity * 2;
        struct mg_router_entry *moved = mg_realloc(builder->entries, capacity * sizeof(*moved));
        if (moved == NULL) {
            return false;
        }
        builder->entries = moved;
        builder->capacity = capacity;
    }
    builder->entries[builder->count++] = (struct mg_router_entry){pattern, resource};
    return true;
}

/* Put a node that is not yet there into a table with room. */
static void place(struct mg_route_slot *slots, uint32_t mask, uint64_t hash, uint32_t node)
{
    uint32_t i = (uint32_t)hash & mask;
    while (slots[i].node != 0) {
        i = (i + 1) & mask;
    }
    slots[i] = (struct mg_route_slot){(uint32_t)(hash >> 32), node};
}

static uint32_t add_literal(struct tree *tree, uint32_t parent, struct mg_str text)
{
    const struct mg_router view = {.nodes = tree->nodes,
                                   .slots = tree->slots,
                                   .seed = tree->seed,
                                   .slot_mask = tree->slot_mask};
    uint32_t child = mg_route_find_in_table(&view, parent, text);
    if (child != 0) {
        return child;
    }
    child = tree->node_count++;
    struct mg_route_node *node = &tree->nodes[child];
    *node = (struct mg_route_node){
        .parent = parent, .text_len = (uint16_t)text.len, .has_text = true};
    if (text.len > MG_ROUTE_NODE_INLINE_BYTES) {
        node->text.outside = text.ptr;
    } else if (text.len > 0) {
        memcpy(node->text.inside, text.ptr, text.len);
    }
    if (parent != MG_ROUTE_HOSTS) {
        tree->nodes[parent].literal_count++;
        tree->nodes[parent].last_literal = child;
    }
    place(tree->slots, tree->slot_mask, mg_route_hash_edge(tree->seed, parent, text), child);
    return child;
}

static uint32_t add_wild(struct tree *tree, uint32_t parent)
{
    if (tree->nodes[parent].wild == 0) {
        tree->nodes[parent].wild = tree->node_count;
        tree->nodes[tree->node_count++] = (struct mg_route_node){.parent = parent};
    }
    return tree->nodes[parent].wild;
}

/* Add a pattern whose target has the number `target` - 1. */
static void add_pattern(struct tree *tree, const struct mg_route_pattern *pattern,
                        uint32_t target)
{
    uint32_t at = pattern->host.len == 0 ? MG_ROUTE_ROOT
                                         : add_literal(tree, MG_ROUTE_HOSTS, pattern->host);
    for (unsigned i = 0; i < pattern->segment_count; i++) {
        const struct mg_route_segment *segment = &pattern->segments[i];
        switch (segment->kind) {
        case MG_SEGMENT_LITERAL:
            at = add_literal(tree, at, segment->text);
            break;
        case MG_SEGMENT_WILD:
            at = add_wild(tree, at);
            break;
        case MG_SEGMENT_END:
            tree->nodes[at].end = target;
            return;
        case MG_SEGMENT_REST:
            tree->nodes[at].rest = target;
            return;
        }
    }
    tree->nodes[at].exact = target;
}

/* The least power of two that leaves a table of `count` at most half full. */
static size_t table_size(size_t count)
{
    size_t size = 4;
    while (size < count * 2) {
        size *= 2;
    }
    return size;
}

static uint64_t random_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed)) {
        seed = mg_clock_us() * 0x9e3779b97f4a7c15ULL;
    }
    return seed;
}

/* Memory for all of a tree, cleared. Nodes come first, each a cache line. */
static char *alloc_tree(struct mg_arena *arena, size_t bytes)
{
    char *given = mg_arena_alloc(arena, bytes + MG_ROUTE_NODE_BYTES);
    if (given == NULL) {
        return NULL;
    }
    char *start = given + (-(uintptr_t)given & (MG_ROUTE_NODE_BYTES - 1));
    mg_huge_pages_advise(start, bytes);
    memset(start, 0, bytes);
    return start;
}

/* How many units the target of `pattern` takes. */
static uint32_t target_units(const struct mg_route_pattern *pattern)
{
    return 1 + pattern->param_count;
}

static size_t all_target_units(const struct mg_router_builder *builder)
{
    size_t units = 0;
    for (size_t i = 0; i < builder->count; i++) {
        units += target_units(builder->entries[i].pattern);
    }
    return units;
}

/* Lay the targets of all patterns out, in the order of adding, in which they were numbered. */
static void copy_targets(const struct mg_router_builder *builder, char *next)
{
    for (size_t i = 0; i < builder->count; i++) {
        const struct mg_route_pattern *pattern = builder->entries[i].pattern;
        struct mg_route_target *target = (struct mg_route_target *)(void *)next;
        target->resource = builder->entries[i].resource;
        for (unsigned k = 0; k < pattern->segment_count; k++) {
            const struct mg_route_segment *segment = &pattern->segments[k];
            bool rest = segment->kind == MG_SEGMENT_REST;
            if (segment->kind == MG_SEGMENT_WILD || (rest && segment->text.len > 0)) {
                target->captures[target->capture_count++] =
                    (struct mg_route_capture){.name = segment->text.ptr,
                                              .name_len = (uint16_t)segment->text.len,
                                              .segment = (uint16_t)k,
                                              .rest = rest};
            }
        }
        next += (size_t)target_units(pattern) * MG_ROUTE_TARGET_UNIT;
    }
}

/* Whether the search looks for this node in the table: not where its parent names it. */
static bool needs_slot(const struct mg_route_node *nodes, uint32_t index)
{
    uint32_t parent = nodes[index].parent;
    return nodes[index].has_text &&
           (parent == MG_ROUTE_HOSTS || nodes[parent].literal_count > 1);
}

/* Copy the grown tree to the arena, at the size it turned out to have. */
static const struct mg_router *freeze(const struct tree *tree,
                                      const struct mg_router_builder *builder,
                                      struct mg_arena *arena)
{
    size_t slot_count = 0;
    for (uint32_t i = 1; i < tree->node_count; i++) {
        slot_count += needs_slot(tree->nodes, i);
    }
    size_t size = table_size(slot_count);
    size_t node_bytes = tree->node_count * sizeof(struct mg_route_node);
    size_t slot_bytes = size * sizeof(struct mg_route_slot);
    size_t target_bytes = all_target_units(builder) * MG_ROUTE_TARGET_UNIT;
    struct mg_router *router = mg_arena_calloc(arena, 1, sizeof(*router));
    char *memory = alloc_tree(arena, node_bytes + slot_bytes + target_bytes);
    if (router == NULL || memory == NULL) {
        return NULL;
    }
    struct mg_route_node *nodes = (struct mg_route_node *)(void *)memory;
    struct mg_route_slot *slots = (struct mg_route_slot *)(void *)(memory + node_bytes);
    char *targets = memory + node_bytes + slot_bytes;
    memcpy(nodes, tree->nodes, node_bytes);
    copy_targets(builder, targets);
    *router = (struct mg_router){.nodes = nodes,
                                 .slots = slots,
                                 .targets = targets,
                                 .seed = tree->seed,
                                 .slot_mask = (uint32_t)size - 1};
    for (uint32_t i = 1; i < tree->node_count; i++) {
        if (needs_slot(nodes, i)) {
            uint64_t hash =
                mg_route_hash_edge(tree->seed, nodes[i].parent, mg_route_node_text(&nodes[i]));
            place(slots, router->slot_mask, hash, i);
            router->has_hosts |= nodes[i].parent == MG_ROUTE_HOSTS;
        }
    }
    return router;
}

const struct mg_router *mg_router_build(const struct mg_router_builder *builder,
                                        struct mg_arena *arena)
{
    const struct mg_router *router = NULL;
    struct tree tree = {.node_count = 1, .seed = random_seed()};
    size_t most = 1;
    for (size_t i = 0; i < builder->count; i++) {
        most += 1 + builder->entries[i].pattern->segment_count;
    }
    if (most > UINT32_MAX / 4) {
        return NULL;
    }
    tree.slot_mask = (uint32_t)table_size(most) - 1;
    tree.nodes = mg_calloc(most, sizeof(*tree.nodes));
    tree.slots = mg_calloc((size_t)tree.slot_mask + 1, sizeof(*tree.slots));
    if (tree.nodes != NULL && tree.slots != NULL) {
        uint32_t target = 1;
        for (size_t i = 0; i < builder->count; i++) {
            add_pattern(&tree, builder->entries[i].pattern, target);
            target += target_units(builder->entries[i].pattern);
        }
        router = freeze(&tree, builder, arena);
    }
    free(tree.slots);
    free(tree.nodes);
    return router;
}
