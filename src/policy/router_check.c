/* router_check.c - finding conflicts among 100,000 patterns.
 *
 * Comparing all pairs is out of reach, and walking a tree is no better when a wildcard sits
 * beside many literals. So patterns are grouped by shape: which positions are literal and which
 * are wildcards, without the texts. Whether two shapes can conflict at all is a few operations
 * on masks. If they can, two of their patterns do conflict exactly if they have the same host
 * and the same texts where both shapes are literal, and that is a hash join:
 *
 *   /{x}/b/c   shape .L L      common literals: position 2
 *   /a/{y}/c   shape L . L     key of both: "c"  -> a conflict
 *   /a/{y}/d                   key "d"           -> none
 *
 * Every pair a join finds is confirmed with mg_route_pattern_compare, the definition.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "policy/router.h"

/* Work, in units of looking at two shapes, which takes about 2 ns. Every pair of shapes may
 * have to be joined: 11,000 shapes of one pattern each pass, or 1,300 among 100,000
 * patterns. */
static const uint64_t MAX_WORK = (uint64_t)1 << 31;
enum {
    ITEM_WORK = 16 /* to put an item into a join */
};

/* A shape's masks have a bit a position; the rest, always last, has none. */
struct shape {
    uint64_t literal; /* literals with at least a byte */
    uint64_t wild;
    uint64_t empty; /* empty literals and {$}: what no {name} matches */
    unsigned fixed; /* positions but for the rest */
    bool rest;
};

struct item {
    struct shape shape;
    size_t entry;           /* in the builder */
    const uint64_t *hashes; /* of each segment's text */
    uint64_t host_hash;
};

/* Items of one shape: a run of the sorted array. */
struct group {
    const struct item *items;
    size_t count;
};

/* The two groups of a join and what they are joined with. */
struct join {
    const struct mg_router_builder *builder;
    uint64_t common; /* positions where both shapes have a text */
    uint32_t *heads; /* a power of two of chains: 1 + index into `next`; 0 ends a chain */
    uint32_t *next;
    uint64_t *keys; /* of the table's items */
    size_t head_mask;
    mg_router_conflict_fn report;
    void *context;
};

static const uint64_t HASH_SEED = 0x9e3779b97f4a7c15ULL;

static struct shape shape_of(const struct mg_route_pattern *pattern)
{
    struct shape shape = {0};
    for (unsigned i = 0; i < pattern->segment_count; i++) {
        const struct mg_route_segment *segment = &pattern->segments[i];
        uint64_t bit = (uint64_t)1 << i;
        if (segment->kind == MG_SEGMENT_REST) {
            shape.rest = true;
            return shape;
        }
        shape.fixed++;
        if (segment->kind == MG_SEGMENT_WILD) {
            shape.wild |= bit;
        } else if (segment->text.len > 0) {
            shape.literal |= bit;
        } else {
            shape.empty |= bit;
        }
    }
    return shape;
}

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_shapes(const struct shape *a, const struct shape *b)
{
    int by = order(a->fixed, b->fixed);
    by = by != 0 ? by : order(a->rest, b->rest);
    by = by != 0 ? by : order(a->literal, b->literal);
    by = by != 0 ? by : order(a->wild, b->wild);
    return by != 0 ? by : order(a->empty, b->empty);
}

/* By shape, then in the order of adding, so that reports do not depend on the sort. */
static int compare_items(const void *left, const void *right)
{
    const struct item *a = left;
    const struct item *b = right;
    int by = compare_shapes(&a->shape, &b->shape);
    return by != 0 ? by : order(a->entry, b->entry);
}

/* Whether patterns of two different shapes can overlap with neither more specific; `b` is not
 * the shorter, as sorted. The same reasoning as mg_route_pattern_compare, on all positions at
 * once; sets *common. */
static bool can_conflict(const struct shape *a, const struct shape *b, uint64_t *common)
{
    uint64_t mask = a->fixed >= 64 ? UINT64_MAX : ((uint64_t)1 << a->fixed) - 1;
    bool b_is_longer = a->fixed < b->fixed;
    bool fits = b_is_longer ? a->rest : a->rest == b->rest;
    uint64_t apart = (a->empty & (b->wild | b->literal)) | (b->empty & (a->wild | a->literal));
    bool a_narrower = (a->literal & b->wild & mask) != 0;
    bool b_narrower = (b->literal & a->wild & mask) != 0 || b_is_longer;
    *common = ((a->literal & b->literal) | (a->empty & b->empty)) & mask;
    return fits && (apart & mask) == 0 && a_narrower && b_narrower;
}

/* Hash the host and the texts at the common positions. */
static uint64_t key_of(const struct item *item, uint64_t common)
{
    uint64_t key = item->host_hash;
    while (common != 0) {
        unsigned position = (unsigned)__builtin_ctzll(common);
        key = (key ^ item->hashes[position]) * HASH_SEED;
        key ^= key >> 32;
        common &= common - 1;
    }
    return key;
}

/* Report two items if they conflict. Returns: whether to go on. */
static bool report_pair(const struct join *join, const struct item *a, const struct item *b)
{
    size_t first = a->entry < b->entry ? a->entry : b->entry;
    size_t second = a->entry < b->entry ? b->entry : a->entry;
    struct mg_router_conflict conflict = {.first = first,
                                          .second = second,
                                          .first_entry = join->builder->entries[first],
                                          .second_entry = join->builder->entries[second]};
    conflict.relation =
        mg_route_pattern_compare(conflict.first_entry.pattern, conflict.second_entry.pattern);
    if (conflict.relation != MG_ROUTE_EQUAL && conflict.relation != MG_ROUTE_OVERLAPS) {
        return true;
    }
    return join->report(join->context, &conflict);
}

/* Report `item` with each item of the table that has its key. */
static bool probe(const struct join *join, const struct group *table, const struct item *item)
{
    uint64_t key = key_of(item, join->common);
    uint32_t at = join->heads[key & join->head_mask];
    while (at != 0) {
        if (join->keys[at - 1] == key && !report_pair(join, &table->items[at - 1], item)) {
            return false;
        }
        at = join->next[at - 1];
    }
    return true;
}

static void clear_table(struct join *join, size_t count)
{
    size_t heads = 1;
    while (heads < count) {
        heads *= 2;
    }
    join->head_mask = heads - 1;
    memset(join->heads, 0, heads * sizeof(*join->heads));
}

static void insert(struct join *join, const struct group *table, size_t index)
{
    uint64_t key = key_of(&table->items[index], join->common);
    uint32_t *head = &join->heads[key & join->head_mask];
    join->keys[index] = key;
    join->next[index] = *head;
    *head = (uint32_t)index + 1;
}

static bool join_groups(struct join *join, const struct group *a, const struct group *b)
{
    const struct group *table = a->count < b->count ? a : b;
    const struct group *probes = table == a ? b : a;
    clear_table(join, table->count);
    for (size_t i = 0; i < table->count; i++) {
        insert(join, table, i);
    }
    for (size_t i = 0; i < probes->count; i++) {
        if (!probe(join, table, &probes->items[i])) {
            return false;
        }
    }
    return true;
}

/* Within one shape two patterns are equal or disjoint. */
static bool join_itself(struct join *join, const struct group *group)
{
    join->common = group->items[0].shape.literal | group->items[0].shape.empty;
    clear_table(join, group->count);
    for (size_t i = 0; i < group->count; i++) {
        if (!probe(join, group, &group->items[i])) {
            return false;
        }
        insert(join, group, i);
    }
    return true;
}

static void join_all(struct join *join, const struct group *groups, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!join_itself(join, &groups[i])) {
            return;
        }
        for (size_t j = i + 1; j < count; j++) {
            if (can_conflict(&groups[i].items[0].shape, &groups[j].items[0].shape,
                             &join->common) &&
                !join_groups(join, &groups[i], &groups[j])) {
                return;
            }
        }
    }
}

static size_t count_segments(const struct mg_router_builder *builder)
{
    size_t total = 0;
    for (size_t i = 0; i < builder->count; i++) {
        total += builder->entries[i].pattern->segment_count;
    }
    return total;
}

/* Fill `items`, sorted by shape; `hashes` has room for every segment. */
static void fill_items(const struct mg_router_builder *builder, struct item *items,
                       uint64_t *hashes)
{
    for (size_t i = 0; i < builder->count; i++) {
        const struct mg_route_pattern *pattern = builder->entries[i].pattern;
        items[i] = (struct item){.shape = shape_of(pattern),
                                 .entry = i,
                                 .hashes = hashes,
                                 .host_hash = mg_str_hash(pattern->host, HASH_SEED)};
        for (unsigned k = 0; k < pattern->segment_count; k++) {
            *hashes++ = mg_str_hash(pattern->segments[k].text, HASH_SEED + k);
        }
    }
    qsort(items, builder->count, sizeof(*items), compare_items);
}

/* Cut the sorted items into groups. Returns: how many. */
static size_t fill_groups(const struct item *items, size_t count, struct group *groups)
{
    size_t group_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_shapes(&items[i - 1].shape, &items[i].shape) != 0) {
            groups[group_count++] = (struct group){&items[i], 0};
        }
        groups[group_count - 1].count++;
    }
    return group_count;
}

/* At most how much work it is to join every two groups: each item is in as many joins as there
 * are other groups. */
static uint64_t work_of(size_t items, size_t groups)
{
    uint64_t others = groups - 1;
    return others * groups / 2 + ITEM_WORK * others * items;
}

enum mg_router_check mg_router_builder_check(const struct mg_router_builder *builder,
                                             mg_router_conflict_fn report, void *context)
{
    size_t count = builder->count;
    if (count < 2) {
        return MG_ROUTER_CHECKED;
    }
    if (count >= UINT32_MAX) {
        return MG_ROUTER_CHECK_NO_MEMORY;
    }
    struct join join = {.builder = builder, .report = report, .context = context};
    struct item *items = mg_calloc(count, sizeof(*items));
    struct group *groups = mg_calloc(count, sizeof(*groups));
    uint64_t *hashes = mg_calloc(count_segments(builder), sizeof(*hashes));
    join.heads = mg_calloc(count * 2, sizeof(*join.heads));
    join.next = mg_calloc(count, sizeof(*join.next));
    join.keys = mg_calloc(count, sizeof(*join.keys));
    bool have_memory = items != NULL && groups != NULL && hashes != NULL &&
                       join.heads != NULL && join.next != NULL && join.keys != NULL;
    bool is_too_varied = false;
    if (have_memory) {
        fill_items(builder, items, hashes);
        size_t group_count = fill_groups(items, count, groups);
        is_too_varied = work_of(count, group_count) > MAX_WORK;
        if (!is_too_varied) {
            join_all(&join, groups, group_count);
        }
    }
    free(join.keys);
    free(join.next);
    free(join.heads);
    free(hashes);
    free(groups);
    free(items);
    if (!have_memory) {
        return MG_ROUTER_CHECK_NO_MEMORY;
    }
    return is_too_varied ? MG_ROUTER_CHECK_TOO_VARIED : MG_ROUTER_CHECKED;
}

void mg_router_conflict_describe(const struct mg_router_conflict *conflict,
                                 struct mg_err *fault)
{
    const struct mg_router_entry *first = &conflict->first_entry;
    const struct mg_router_entry *second = &conflict->second_entry;
    bool equal = conflict->relation == MG_ROUTE_EQUAL;
    char path[80];
    mg_route_pattern_common_path(first->pattern, second->pattern, path, sizeof(path));
    *fault = (struct mg_err){.severity = MG_ERROR,
                             .code = equal ? "pattern-duplicate" : "pattern-conflict",
                             .line = second->resource->line};
    MG_ERR_SET(fault->file, "%s", second->resource->file);
    MG_ERR_SET(fault->where, "%.*s", MG_STR_ARG(second->pattern->text));
    MG_ERR_SET(fault->message,
               equal ? "matches the same requests as %.*s at %s:%d"
                     : "conflicts with %.*s at %s:%d: both match %s, and neither is more "
                       "specific",
               MG_STR_ARG(first->pattern->text), first->resource->file, first->resource->line,
               path);
    MG_ERR_SET(fault->hint, "%s",
               equal ? "declare the resource once, or give one of them a host"
                     : "make one of them match only what the other does, or give one a host");
}
