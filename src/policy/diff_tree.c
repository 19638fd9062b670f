/* diff_tree.c - see the header. Literal children are found by a table of (parent, text), and
 * walked through as a list in the order in which they came.
 */
#include "policy/diff_tree.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "policy/route_pattern.h"

static size_t slot_of(const struct mg_diff_tree *tree, uint32_t parent, struct mg_str text)
{
    size_t mask = tree->slot_count - 1;
    size_t at = mg_str_hash(text, parent * 0x9e3779b97f4a7c15ULL) & mask;
    while (tree->slots[at] != 0 && (tree->nodes[tree->slots[at]].parent != parent ||
                                    !mg_str_equal(tree->nodes[tree->slots[at]].text, text))) {
        at = (at + 1) & mask;
    }
    return at;
}

uint32_t mg_diff_tree_child(const struct mg_diff_tree *tree, uint32_t parent,
                            struct mg_str text)
{
    return tree->nodes[parent].first == 0 ? 0 : tree->slots[slot_of(tree, parent, text)];
}

/* Returns: the new node, or 0 when memory is out. */
static uint32_t add_node(struct mg_diff_tree *tree, uint32_t parent)
{
    if (tree->node_count == tree->node_capacity) {
        uint32_t capacity = tree->node_capacity == 0 ? 1024 : tree->node_capacity * 2;
        struct mg_diff_node *nodes = mg_realloc(tree->nodes, capacity * sizeof(*nodes));
        if (nodes == NULL) {
            tree->differ->is_out_of_memory = true;
            return 0;
        }
        tree->nodes = nodes;
        tree->node_capacity = capacity;
    }
    tree->nodes[tree->node_count] = (struct mg_diff_node){.parent = parent};
    return tree->node_count++;
}

/* Make the table of literal children twice as large as it needs to be. */
static bool grow_slots(struct mg_diff_tree *tree)
{
    size_t count = tree->slot_count == 0 ? 2048 : tree->slot_count * 2;
    uint32_t *slots = mg_calloc(count, sizeof(*slots));
    if (slots == NULL) {
        tree->differ->is_out_of_memory = true;
        return false;
    }
    free(tree->slots);
    tree->slots = slots;
    tree->slot_count = count;
    for (uint32_t i = MG_DIFF_ROOT + 1; i < tree->node_count; i++) {
        const struct mg_diff_node *node = &tree->nodes[i];
        if (node->text.ptr != NULL) {
            tree->slots[slot_of(tree, node->parent, node->text)] = i;
        }
    }
    return true;
}

static uint32_t literal_child(struct mg_diff_tree *tree, uint32_t parent, struct mg_str text)
{
    uint32_t child = mg_diff_tree_child(tree, parent, text);
    if (child != 0) {
        return child;
    }
    if ((size_t)tree->node_count * 2 >= tree->slot_count && !grow_slots(tree)) {
        return 0;
    }
    child = add_node(tree, parent);
    struct mg_str copy = mg_arena_dup(&tree->differ->walk, text);
    if (child == 0 || copy.ptr == NULL) {
        return 0;
    }
    struct mg_diff_node *above = &tree->nodes[parent];
    tree->nodes[child].text = copy;
    if (above->first == 0) {
        above->first = child;
    } else {
        tree->nodes[above->last].next = child;
    }
    above->last = child;
    tree->slots[slot_of(tree, parent, copy)] = child;
    return child;
}

static uint32_t wild_child(struct mg_diff_tree *tree, uint32_t parent)
{
    if (tree->nodes[parent].wild == 0) {
        uint32_t child = add_node(tree, parent);
        tree->nodes[parent].wild = child; /* the array may have moved */
    }
    return tree->nodes[parent].wild;
}

/* Put a pattern into the tree. Returns: false when memory is out. */
static bool add_pattern(struct mg_diff_tree *tree, const struct mg_route_pattern *pattern,
                        enum mg_diff_age age, uint32_t number)
{
    uint32_t node = pattern->host.len == 0 ? MG_DIFF_ROOT
                                           : literal_child(tree, MG_DIFF_HOSTS, pattern->host);
    enum mg_diff_end end = MG_DIFF_END_EXACT;
    for (unsigned i = 0; i < pattern->segment_count; i++) {
        const struct mg_route_segment *segment = &pattern->segments[i];
        if (segment->kind == MG_SEGMENT_LITERAL) {
            node = literal_child(tree, node, segment->text);
        } else if (segment->kind == MG_SEGMENT_WILD) {
            node = wild_child(tree, node);
        } else {
            end = segment->kind == MG_SEGMENT_END ? MG_DIFF_END_SLASH : MG_DIFF_END_REST;
        }
        if (node == 0) {
            return false;
        }
    }
    tree->nodes[node].resources[end][age] = number + 1;
    return true;
}

static bool add_set(struct mg_diff_tree *tree, enum mg_diff_age age)
{
    const struct mg_policy_set *set = tree->differ->sets[age];
    struct mg_arena *scratch = &tree->differ->scratch;
    bool is_fine = true;
    for (size_t i = 0; is_fine && i < set->resource_count; i++) {
        struct mg_arena_mark mark = mg_arena_snapshot(scratch);
        struct mg_route_pattern pattern;
        struct mg_err fault = {0};
        is_fine =
            mg_route_pattern_parse(set->resources[i]->pattern, scratch, &pattern, &fault) &&
            add_pattern(tree, &pattern, age, (uint32_t)i);
        mg_arena_rewind(scratch, mark);
    }
    tree->differ->is_out_of_memory = tree->differ->is_out_of_memory || !is_fine;
    return is_fine;
}

static const struct mg_resource *resource_of(const struct mg_diff_tree *tree,
                                             enum mg_diff_age age, uint32_t number)
{
    return number == 0 ? NULL : tree->differ->sets[age]->resources[number - 1];
}

/* Whether both sets have other things at an end of a node. */
static bool end_differs(const struct mg_diff_tree *tree, const struct mg_diff_node *node,
                        enum mg_diff_end end)
{
    const struct mg_resource *a = resource_of(tree, MG_DIFF_OLD, node->resources[end][0]);
    const struct mg_resource *b = resource_of(tree, MG_DIFF_NEW, node->resources[end][1]);
    if (a == NULL || b == NULL) {
        return a != b;
    }
    struct mg_arena_mark mark = mg_arena_snapshot(&tree->differ->scratch);
    bool is_same = mg_diff_same(tree->differ, a, b);
    mg_arena_rewind(&tree->differ->scratch, mark);
    return !is_same;
}

/* Find what differs, and tell it upwards: children are behind their parents in the array. */
static void mark_differences(struct mg_diff_tree *tree)
{
    for (uint32_t i = tree->node_count - 1; i > MG_DIFF_HOSTS; i--) {
        struct mg_diff_node *node = &tree->nodes[i];
        for (int end = 0; end < MG_DIFF_END_COUNT; end++) {
            const uint32_t *resources = node->resources[end];
            bool differs = end_differs(tree, node, (enum mg_diff_end)end);
            node->sets |= (unsigned char)((resources[0] != 0) | (resources[1] != 0) << 1);
            node->differs = node->differs || differs;
            node->rest_differs = end == MG_DIFF_END_REST && differs;
        }
        tree->nodes[node->parent].sets |= node->sets;
        tree->nodes[node->parent].differs = tree->nodes[node->parent].differs || node->differs;
    }
}

/* Find a segment that no pattern has. */
static void choose_fresh(struct mg_diff_tree *tree)
{
    bool is_taken = true;
    for (unsigned n = 0; is_taken; n++) {
        (void)snprintf(tree->fresh, sizeof(tree->fresh), n == 0 ? "other" : "other%u", n);
        struct mg_str fresh = mg_str_from(tree->fresh);
        is_taken = false;
        for (uint32_t i = 0; i < tree->node_count && !is_taken; i++) {
            is_taken = mg_str_equal(tree->nodes[i].text, fresh);
        }
    }
}

bool mg_diff_tree_build(struct mg_diff_tree *tree, struct mg_differ *differ)
{
    *tree = (struct mg_diff_tree){.differ = differ};
    (void)add_node(tree, MG_DIFF_HOSTS); /* itself */
    (void)add_node(tree, MG_DIFF_HOSTS); /* MG_DIFF_ROOT */
    bool has_roots = tree->node_count == MG_DIFF_ROOT + 1 && grow_slots(tree);
    if (!has_roots || !add_set(tree, MG_DIFF_OLD) || !add_set(tree, MG_DIFF_NEW)) {
        return false;
    }
    mark_differences(tree);
    choose_fresh(tree);
    return true;
}

void mg_diff_tree_free(struct mg_diff_tree *tree)
{
    free(tree->nodes);
    free(tree->slots);
}
