/* name_set.c - the making of a set: linear probing over (hash, index) pairs. */
#include "cors/name_set.h"

#include "cors/field_list.h"

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
        size_t at = mg_name_set_find(set, names[i], hash);
        if (slots[at].number == 0) {
            lower[set->count] = dup_lower(arena, names[i]);
            kept[set->count++] = mg_arena_dup(arena, names[i]);
            slots[at] = (struct mg_name_slot){hash, (uint32_t)set->count};
        }
    }
    return !mg_arena_overflowed(arena);
}
