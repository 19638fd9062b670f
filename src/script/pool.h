/* pool.h - small blocks for a Lua state: a hook makes and drops strings and tables by the
 * dozen, and a free list is a fraction of malloc's cost.
 *
 * Shape:     sizes up to MG_POOL_MAX_BYTES are rounded up to classes of 16 bytes, each with a
 *            list of free blocks that are cut from chunks; larger ones are malloc's. What is
 *            given back is used again and goes back to the system with the pool. Under ASan all
 *            blocks are malloc's, so that a use after free shows.
 * Threads:   one owner at a time.
 */
#ifndef MG_SCRIPT_POOL_H
#define MG_SCRIPT_POOL_H

#include <stddef.h>

enum {
    MG_POOL_CLASS_BYTES = 16,
    MG_POOL_MAX_BYTES = 256,
    MG_POOL_CLASSES = MG_POOL_MAX_BYTES / MG_POOL_CLASS_BYTES,
};

struct mg_pool_chunk;

/* Zeroed before its first use. */
struct mg_pool {
    void *free[MG_POOL_CLASSES]; /* each block begins with the next one's address */
    char *next;                  /* of the newest chunk: what is not cut yet */
    char *end;
    struct mg_pool_chunk *chunks;
};

/* As realloc, where the caller knows the block's size: `block` is NULL or was given for
 * `old_size`; `new_size` 0 gives it back. Returns: NULL when memory is out (the block then
 * stays as it is), or for `new_size` 0. */
void *mg_pool_resize(struct mg_pool *pool, void *block, size_t old_size, size_t new_size);

/* Give all chunks back: no small block may be in use. */
void mg_pool_fini(struct mg_pool *pool);

#endif
