/* diff.c - keep, count and order what a comparison finds.
 *
 * Changes that widen and all others are kept apart while they come, each up to the bound, so
 * that a flood of the others hides none that matters.
 */
#include "policy/diff.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "policy/diff_layout.h"

enum {
    MAX_ARENA_BYTES = INT32_MAX,
    DEFAULT_STEPS = 4 << 20,
    DEFAULT_COMPARES = 16 << 20,
};

/* ---- names ---- */

#define KIND_NAME(name, word) word,
const char *mg_diff_kind_name(enum mg_diff_kind kind)
{
    static const char *const NAMES[] = {MG_DIFF_KINDS(KIND_NAME)};
    return NAMES[kind];
}

const char *mg_diff_effect_name(enum mg_diff_effect effect)
{
    static const char *const NAMES[] = {"gains", "loses", "changes", "unknown"};
    return NAMES[effect];
}

static bool widens(enum mg_diff_effect effect)
{
    return effect == MG_DIFF_GAINS || effect == MG_DIFF_UNKNOWN;
}

/* ---- keeping ---- */

static void keep_text(struct mg_differ *differ, struct mg_str *text)
{
    *text = mg_arena_dup(differ->arena, *text);
}

static void keep_place(struct mg_differ *differ, struct mg_diff_place *place)
{
    keep_text(differ, &place->pattern);
    keep_text(differ, &place->file);
}

static void keep_list(struct mg_differ *differ, struct mg_diff_list *list)
{
    struct mg_str *items = mg_arena_calloc(differ->arena, list->count + 1, sizeof(*items));
    for (size_t i = 0; items != NULL && i < list->count; i++) {
        items[i] = mg_arena_dup(differ->arena, list->items[i]);
    }
    list->items = items;
}

static void keep(struct mg_differ *differ, struct mg_diff_change *change)
{
    keep_place(differ, &change->old_place);
    keep_place(differ, &change->new_place);
    keep_text(differ, &change->example);
    keep_list(differ, &change->origins);
    keep_list(differ, &change->methods);
    keep_list(differ, &change->headers);
    keep_list(differ, &change->exposed);
    keep_text(differ, &change->before);
    keep_text(differ, &change->after);
}

/* Room for one more. Returns: NULL when the bound is reached, or memory is out. */
static struct mg_diff_change *next_place(struct mg_differ *differ, struct mg_diff_heap *heap)
{
    if (heap->count == heap->capacity && heap->count < differ->max_changes) {
        size_t capacity = heap->capacity == 0 ? 16 : heap->capacity * 2;
        struct mg_diff_change *items = mg_realloc(heap->items, capacity * sizeof(*items));
        differ->is_out_of_memory = differ->is_out_of_memory || items == NULL;
        if (items == NULL) {
            return NULL;
        }
        heap->items = items;
        heap->capacity = capacity;
    }
    return heap->count < differ->max_changes ? &heap->items[heap->count++] : NULL;
}

void mg_diff_add(struct mg_differ *differ, const struct mg_diff_change *change)
{
    struct mg_policy_diff *diff = differ->diff;
    diff->total++;
    diff->counts[change->effect]++;
    struct mg_diff_change *kept =
        next_place(differ, widens(change->effect) ? &differ->widening : &differ->others);
    if (kept != NULL) {
        *kept = *change;
        keep(differ, kept);
    }
}

/* ---- order ---- */

static int compare_places(const struct mg_diff_place *a, const struct mg_diff_place *b)
{
    int order = mg_str_compare(a->pattern, b->pattern);
    order = order != 0 ? order : mg_str_compare(a->file, b->file);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static const struct mg_diff_place *shown_place(const struct mg_diff_change *change)
{
    return change->new_place.pattern.len > 0 ? &change->new_place : &change->old_place;
}

static struct mg_str first_of(const struct mg_diff_list *list)
{
    return list->count > 0 ? list->items[0] : MG_STR("");
}

/* By resource, then what comes first for a reader. */
static int compare_changes(const void *left, const void *right)
{
    const struct mg_diff_change *a = left;
    const struct mg_diff_change *b = right;
    int order = mg_str_compare(shown_place(a)->pattern, shown_place(b)->pattern);
    order = order != 0 ? order : compare_places(&a->old_place, &b->old_place);
    order = order != 0 ? order : compare_places(&a->new_place, &b->new_place);
    order = order != 0 ? order : (a->kind > b->kind) - (a->kind < b->kind);
    order = order != 0 ? order : (a->effect > b->effect) - (a->effect < b->effect);
    order = order != 0 ? order : a->function_origins - b->function_origins;
    return order != 0 ? order : mg_str_compare(first_of(&a->origins), first_of(&b->origins));
}

/* Make the result of both heaps: all that widens, and what else there is room for. */
static void gather(struct mg_differ *differ)
{
    struct mg_policy_diff *diff = differ->diff;
    size_t count = differ->widening.count;
    size_t room = differ->max_changes - count;
    size_t others = differ->others.count < room ? differ->others.count : room;
    struct mg_diff_change *changes =
        mg_arena_calloc(differ->arena, count + others + 1, sizeof(*changes));
    if (changes == NULL) {
        differ->is_out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        changes[i] = differ->widening.items[i];
    }
    for (size_t i = 0; i < others; i++) {
        changes[count + i] = differ->others.items[i];
    }
    qsort(changes, count + others, sizeof(*changes), compare_changes);
    diff->changes = changes;
    diff->change_count = count + others;
}

/* ---- the whole ---- */

static void run(struct mg_differ *differ)
{
    mg_diff_walk(differ);
    if (differ->diff->is_incomplete) {
        const struct mg_diff_change change = {.kind = MG_DIFF_TANGLE,
                                              .effect = MG_DIFF_UNKNOWN};
        mg_diff_add(differ, &change);
    }
    gather(differ);
}

/* A diff with an arena of its own, in which it lives. */
static struct mg_policy_diff *new_diff(void)
{
    struct mg_arena *arena = mg_calloc(1, sizeof(*arena));
    if (arena == NULL) {
        return NULL;
    }
    mg_arena_init(arena, NULL, 0, MAX_ARENA_BYTES);
    struct mg_policy_diff *diff = mg_arena_calloc(arena, 1, sizeof(*diff));
    if (diff == NULL) {
        free(arena);
        return NULL;
    }
    diff->arena = arena;
    return diff;
}

struct mg_policy_diff *mg_policy_diff_new(const struct mg_policy_set *old_set,
                                          const struct mg_policy_set *new_set,
                                          const struct mg_policy_diff_options *options)
{
    struct mg_policy_diff *diff = new_diff();
    struct mg_differ *differ = mg_calloc(1, sizeof(*differ));
    if (diff == NULL || differ == NULL) {
        mg_policy_diff_free(diff);
        free(differ);
        return NULL;
    }
    size_t max_changes = options == NULL ? 0 : options->max_changes;
    size_t max_steps = options == NULL ? 0 : options->max_steps;
    differ->sets[MG_DIFF_OLD] = old_set;
    differ->sets[MG_DIFF_NEW] = new_set;
    differ->diff = diff;
    differ->arena = diff->arena;
    differ->max_changes = max_changes == 0 ? MG_DIFF_MAX_CHANGES : max_changes;
    differ->steps_left = max_steps == 0 ? DEFAULT_STEPS : max_steps;
    differ->compares_left = DEFAULT_COMPARES;
    mg_arena_init(&differ->walk, NULL, 0, MAX_ARENA_BYTES);
    mg_arena_init(&differ->scratch, NULL, 0, MAX_ARENA_BYTES);
    run(differ);
    bool is_out_of_memory = differ->is_out_of_memory || mg_arena_overflowed(differ->arena) ||
                            mg_arena_overflowed(&differ->walk);
    mg_arena_fini(&differ->walk);
    mg_arena_fini(&differ->scratch);
    free(differ->widening.items);
    free(differ->others.items);
    free(differ);
    if (is_out_of_memory) {
        mg_policy_diff_free(diff);
        return NULL;
    }
    return diff;
}

void mg_policy_diff_free(struct mg_policy_diff *diff)
{
    if (diff != NULL) {
        struct mg_arena *arena = diff->arena; /* the diff lives in it */
        mg_arena_fini(arena);
        free(arena);
    }
}

bool mg_policy_diff_widens(const struct mg_policy_diff *diff)
{
    return diff->counts[MG_DIFF_GAINS] > 0 || diff->counts[MG_DIFF_UNKNOWN] > 0 ||
           diff->is_incomplete;
}
