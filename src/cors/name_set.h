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

struct mg_name_slot;

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

/* Whether `name` is in the set; `hash` is its mg_field_name_hash. */
bool mg_name_set_contains(const struct mg_name_set *set, struct mg_str name, uint32_t hash);

#endif
