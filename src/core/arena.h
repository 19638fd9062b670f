/* arena.h - bump allocation with one lifetime, and an overflow that stays until reset.
 *
 * Shape:     a chain of blocks; the first may be the caller's storage, later ones come from
 *            malloc until `max_bytes` in all. Nothing is freed alone.
 * Ownership: the arena owns its own blocks; what is allocated dies with a reset or a rewind
 *            past it, or with _fini.
 * Errors:    allocation gives NULL and latches `overflowed`, so that a whole answer can be
 *            built and asked about once.
 * Threads:   one owner at a time.
 */
#ifndef MG_CORE_ARENA_H
#define MG_CORE_ARENA_H

#include "core/str.h"

struct mg_arena_block;

struct mg_arena {
    struct mg_arena_block *block; /* the newest; blocks link back to older ones */
    char *next;                   /* first free byte of `block` or of the caller's storage */
    char *end;
    char *storage; /* the caller's first block, or NULL */
    size_t storage_bytes;
    size_t taken_bytes; /* in own blocks */
    size_t max_bytes;   /* bound of taken_bytes */
    bool overflowed;
};

/* A point to go back to. */
struct mg_arena_mark {
    struct mg_arena_block *block;
    char *next;
    bool overflowed;
};

/* Begin with `storage` (may be NULL, 0) as the first block and at most `max_bytes` of own
 * blocks. Keeps `storage` until _fini. */
void mg_arena_init(struct mg_arena *arena, void *storage, size_t storage_bytes,
                   size_t max_bytes);

/* Free the arena's own blocks. */
void mg_arena_fini(struct mg_arena *arena);

/* Give `size` bytes aligned for any object, not cleared. Returns: NULL when it does not fit
 * (and latches). */
void *mg_arena_alloc(struct mg_arena *arena, size_t size);

/* As mg_arena_alloc, for `count` objects of `size` bytes, cleared; an overflowing product is an
 * overflow. */
void *mg_arena_calloc(struct mg_arena *arena, size_t count, size_t size);

/* Copy `text`, NUL-terminated behind its length. Returns: the copy, or an empty slice on
 * overflow. */
struct mg_str mg_arena_dup(struct mg_arena *arena, struct mg_str text);

/* Format as printf does. Returns: the text (NUL-terminated behind its length), or an empty
 * slice on overflow. */
struct mg_str mg_arena_printf(struct mg_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Where the arena stands now. Valid until a reset, or a rewind to an earlier mark. */
struct mg_arena_mark mg_arena_snapshot(const struct mg_arena *arena);

/* Give back all that was allocated after `mark`; `overflowed` is again what it was then, so
 * that an overflow from before the mark is not forgotten. */
void mg_arena_rewind(struct mg_arena *arena, struct mg_arena_mark mark);

/* Give back everything; frees own blocks. Clears `overflowed`. */
void mg_arena_reset(struct mg_arena *arena);

/* Whether an allocation failed since the last reset. */
static inline bool mg_arena_overflowed(const struct mg_arena *arena)
{
    return arena->overflowed;
}

#endif
