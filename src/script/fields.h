/* fields.h - how many fields a table may have, told from the blocks that Lua asks for.
 *
 * When the hash part of a table grows, Lua puts all fields into a new one: one instruction,
 * which nothing interrupts, and whose time goes by the square of their number where a script
 * has chosen numbers that collide. So that part is bounded, by the allocator. It knows it by
 * its size: a power of two of fields, of 24 bytes each. A list (1, 2, 3) is none of these.
 */
#ifndef MG_SCRIPT_FIELDS_H
#define MG_SCRIPT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    MG_FIELD_BYTES = 24,
    MG_LOAD_MAX_FIELDS = 16 << 10, /* of a table, while loading, */
    MG_CALL_MAX_FIELDS = 8 << 10,  /* and of one that a call of a sealed state makes */
};

/* Whether a block of `size` bytes may be a hash part. */
static inline bool mg_fields_may_be(size_t size)
{
    size_t count = size / MG_FIELD_BYTES;
    return size % MG_FIELD_BYTES == 0 && (count & (count - 1)) == 0;
}

/* What to add to the bytes of a buffer, or to the elements of a list, that a script has asked
 * for in one piece, so that they are not taken for a hash part: 0 or 1. */
static inline size_t mg_fields_spare_bytes(size_t bytes)
{
    return mg_fields_may_be(bytes);
}

static inline size_t mg_fields_spare_elements(size_t count)
{
    return mg_fields_may_be(count * 16);
}

#endif
