/* origin_set_place.c - a slot for each record that it shares with none.
 *
 * Records are spread over groups by their hashes. Group by group, the largest first, while most
 * slots are free, a nudge is sought that sends all of the group to free slots. When a group
 * finds none, all begins anew with another seed.
 */
#include "cors/origin_set_build.h"

enum {
    GROUP_RECORDS = 4,    /* on average */
    RECORDS_A_FREE = 2,   /* so many records for each slot that stays free, */
    LEAST_FREE_SLOTS = 4, /* and these for small sets */
    NUDGES = UINT8_MAX + 1,
    MAX_SEEDS = 1000, /* tried; one is mostly enough, so this many mean a broken hash */
};

struct placing {
    const struct mg_origin_set *set; /* seed and counts */
    uint64_t *hashes;                /* group by group */
    uint32_t *ends;                  /* of each group in `hashes` */
    uint32_t *by_size;               /* numbers of the groups, the largest first */
    uint8_t *taken;                  /* a bit for each slot */
    uint8_t *nudges;
};

static uint32_t group_start(const struct placing *placing, uint32_t group)
{
    return group == 0 ? 0 : placing->ends[group - 1];
}

static uint32_t group_size(const struct placing *placing, uint32_t group)
{
    return placing->ends[group] - group_start(placing, group);
}

static uint64_t hash_of(const struct mg_origin_set *set, const struct mg_origin_entry *entry)
{
    struct mg_origin_record record;
    mg_origin_record_of(&entry->pattern, &record);
    return mg_origin_record_hash(set, &record);
}

/* Bring the records' hashes into the order of their groups: a counting sort. */
static void fill_groups(struct placing *placing, const struct mg_origin_entry *entries,
                        size_t count)
{
    uint32_t group_count = placing->set->group_count;
    memset(placing->ends, 0, group_count * sizeof(*placing->ends));
    for (size_t i = 0; i < count; i++) {
        placing->ends[mg_origin_choose(hash_of(placing->set, &entries[i]), group_count)]++;
    }
    uint32_t start = 0;
    for (uint32_t group = 0; group < group_count; group++) {
        uint32_t size = placing->ends[group];
        placing->ends[group] = start; /* filling moves it to the group's end */
        start += size;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = hash_of(placing->set, &entries[i]);
        placing->hashes[placing->ends[mg_origin_choose(hash, group_count)]++] = hash;
    }
}

/* List the groups, the largest first. */
static void sort_groups(struct placing *placing)
{
    uint32_t group_count = placing->set->group_count;
    uint32_t size = 0;
    for (uint32_t group = 0; group < group_count; group++) {
        uint32_t other = group_size(placing, group);
        size = other > size ? other : size;
    }
    for (uint32_t listed = 0; listed < group_count; size--) {
        for (uint32_t group = 0; group < group_count; group++) {
            if (group_size(placing, group) == size) {
                placing->by_size[listed++] = group;
            }
        }
    }
}

/* Take a slot for each of the hashes, or none. Returns: whether all were free. */
static bool take_slots(struct placing *placing, const uint64_t *hashes, uint32_t size,
                       unsigned nudge)
{
    uint32_t slot_count = placing->set->slot_count;
    for (uint32_t i = 0; i < size; i++) {
        size_t at = mg_origin_position(hashes[i], nudge, slot_count);
        if ((placing->taken[at / 8] >> at % 8 & 1) == 0) {
            placing->taken[at / 8] |= (uint8_t)(1U << at % 8);
            continue;
        }
        while (i-- > 0) {
            at = mg_origin_position(hashes[i], nudge, slot_count);
            placing->taken[at / 8] &= (uint8_t) ~(1U << at % 8);
        }
        return false;
    }
    return true;
}

/* Find every group's nudge. Returns: false when one has none. */
static bool find_nudges(struct placing *placing)
{
    const struct mg_origin_set *set = placing->set;
    memset(placing->taken, 0, set->slot_count / 8 + 1);
    for (uint32_t i = 0; i < set->group_count; i++) {
        uint32_t group = placing->by_size[i];
        const uint64_t *hashes = placing->hashes + group_start(placing, group);
        unsigned nudge = 0;
        while (nudge < NUDGES &&
               !take_slots(placing, hashes, group_size(placing, group), nudge)) {
            nudge++;
        }
        if (nudge == NUDGES) {
            return false;
        }
        placing->nudges[group] = (uint8_t)nudge;
    }
    return true;
}

bool mg_origin_set_place(struct mg_origin_set *set, const struct mg_origin_entry *entries,
                         size_t count, struct mg_arena *arena)
{
    set->group_count = (uint32_t)(count / GROUP_RECORDS + 1);
    set->slot_count = (uint32_t)(count + count / RECORDS_A_FREE + LEAST_FREE_SLOTS);
    struct placing placing = {.set = set, .nudges = mg_arena_alloc(arena, set->group_count)};
    struct mg_arena_mark mark = mg_arena_snapshot(arena);
    placing.hashes = mg_arena_calloc(arena, count + 1, sizeof(*placing.hashes));
    placing.ends = mg_arena_calloc(arena, set->group_count, sizeof(*placing.ends));
    placing.by_size = mg_arena_calloc(arena, set->group_count, sizeof(*placing.by_size));
    placing.taken = mg_arena_alloc(arena, set->slot_count / 8 + 1);
    if (mg_arena_overflowed(arena)) {
        return false;
    }
    bool is_placed = false;
    for (unsigned number = 0; number < MAX_SEEDS && !is_placed; number++) {
        set->seed += 0x9e3779b97f4a7c15ULL;
        fill_groups(&placing, entries, count);
        sort_groups(&placing);
        is_placed = find_nudges(&placing);
    }
    set->nudges = placing.nudges;
    mg_arena_rewind(arena, mark);
    return is_placed;
}
