/* name_set.c - linear probing over (hash, index) pairs; the names are touched only when the
 * hashes agree. */
#include "cors/name_set.h"

#include "cors/field_list.h"

struct mg_name_slot {
    uint32_t hash;
    uint32_t number; /* index + 1; 0 is a free slot */
};

static bool is_name(const struct mg_name_set *set, size_t index, struct mg_str name)
{
    return mg_str_equal(set->lower[index], name) ||
           mg_str_equal_nocase(set->lower[index], name);
}

/* The slot that holds `name`, or the free one where it belongs. */
static size_t find(const struct mg_name_set *set, struct mg_str name, uint32_t hash)
{
    size_t at = hash & set->slot_mask;
    while (set->slots[at].number != 0) {
        const struct mg_name_slot *slot = &set->slots[at];
        if (slot->hash == hash && is_name(set, slot->number - 1, name)) {
            break;
        }
        at = (at + 1) & set->slot_mask;
    }
    return at;
}

static struct mg_str dup_lower(struct mg_arena *arena, struct mg_str text)
{
    char *lower = mg_arena_alloc(arena, text.len + 1);
    if (lower == NULL) {
        return (struct mg_str){"", 0};
    }
    for (size_t i = 0; i < text.len; i++) {
        lower[i] = mg_ascii_lower(text.ptr[i]);
    }
    return (struct mg_str){lower, text.len};
}

bool mg_name_set_build(struct mg_name_set *set, const struct mg_str *names, size_t count,
                       struct mg_arena *arena)
{
    size_t slot_count = 2;
    if (count > UINT32_MAX / 4) {
        return false;
    }
    while (slot_count < 2 * count) {
        slot_count *= 2;
    }
    struct mg_str *kept = mg_arena_calloc(arena, count + 1, sizeof(*kept));
    struct mg_str *lower = mg_arena_calloc(arena, count + 1, sizeof(*lower));
    struct mg_name_slot *slots = mg_arena_calloc(arena, slot_count, sizeof(*slots));
    if (kept == NULL || lower == NULL || slots == NULL) {
        return false;
    }
    *set = (struct mg_name_set){
        .names = kept, .lower = lower, .slots = slots, .slot_mask = (uint32_t)(slot_count - 1)};
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = mg_field_name_hash(names[i]);
        size_t at = find(set, names[i], hash);
        if (slots[at].number == 0) {
            lower[set->count] = dup_lower(arena, names[i]);
            kept[set->count++] = mg_arena_dup(arena, names[i]);
            slots[at] = (struct mg_name_slot){hash, (uint32_t)set->count};
        }
    }
    return !mg_arena_overflowed(arena);
}

bool mg_name_set_contains(const struct mg_name_set *set, struct mg_str name, uint32_t hash)
{
    return set->count > 0 && set->slots[find(set, name, hash)].number != 0;
}
