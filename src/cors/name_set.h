/* name_set.h - an immutable set of field names, compared without ASCII case.
 *
 * Ownership: built into an arena, with copies of the names; read-only afterwards.
 * Threads:   look-ups on any thread. Complexity: O(length of the name asked for).
 */
#ifndef MG_CORS_NAME_SET_H
#define MG_CORS_NAME_SET_H

#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"
#include "cors/word.h"

struct mg_name_slot {
    uint32_t hash;
    uint32_t number; /* index + 1; 0 is a free slot */
};

struct mg_name_set {
    const struct mg_str *names; /* in the order given, each once */
    const struct mg_str *lower; /* the same in lower case, as browsers ask for them */
    size_t count;
    const struct mg_name_slot *slots; /* open addressing; at most half full */
    uint32_t slot_mask;
};

/* Build from `count` tokens; duplicates are dropped. Returns: false when the arena is full. */
bool mg_name_set_build(struct mg_name_set *set, const struct mg_str *names, size_t count,
                       struct mg_arena *arena);

/* The slot that holds `name`, or the free one where it belongs. Names are touched only when the
 * hashes agree. */
static inline size_t mg_name_set_find(const struct mg_name_set *set, struct mg_str name,
                                      uint32_t hash)
{
    size_t at = hash & set->slot_mask;
    for (; set->slots[at].number != 0; at = (at + 1) & set->slot_mask) {
        const struct mg_str *lower = &set->lower[set->slots[at].number - 1];
        if (set->slots[at].hash == hash && lower->len == name.len &&
            (mg_word_equal(lower->ptr, name.ptr, name.len) ||
             mg_str_equal_nocase(*lower, name))) {
            break;
        }
    }
    return at;
}

/* Whether `name` is in the set; `hash` is its mg_field_name_hash. */
static inline bool mg_name_set_contains(const struct mg_name_set *set, struct mg_str name,
                                        uint32_t hash)
{
    return set->slots[mg_name_set_find(set, name, hash)].number != 0;
}

#endif
