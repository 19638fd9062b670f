/* pool.c - see the header. */
#include "script/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum {
    CHUNK_BYTES = 32 << 10
};

struct mg_pool_chunk {
    struct mg_pool_chunk *older;
    _Alignas(max_align_t) char bytes[];
};

static bool is_small(size_t size)
{
#ifdef __SANITIZE_ADDRESS__
    (void)size;
    return false;
#else
    return size - 1 < MG_POOL_MAX_BYTES;
#endif
}

static size_t class_of(size_t size)
{
    return (size - 1) / MG_POOL_CLASS_BYTES;
}

/* Put a block on its class's list. */
static void give(struct mg_pool *pool, void *block, size_t class)
{
    memcpy(block, &pool->free[class], sizeof(pool->free[class]));
    pool->free[class] = block;
}

/* The rest of the newest chunk becomes free blocks, so that nothing of it is lost. */
static void cut_rest(struct mg_pool *pool)
{
    while (pool->end - pool->next >= MG_POOL_CLASS_BYTES) {
        size_t left = (size_t)(pool->end - pool->next);
        size_t size = left < MG_POOL_MAX_BYTES ? left & ~(size_t)(MG_POOL_CLASS_BYTES - 1)
                                               : MG_POOL_MAX_BYTES;
        give(pool, pool->next, class_of(size));
        pool->next += size;
    }
}

static void *take(struct mg_pool *pool, size_t class)
{
    void *block = pool->free[class];
    if (block != NULL) {
        memcpy(&pool->free[class], block, sizeof(pool->free[class]));
        return block;
    }
    size_t size = (class + 1) * MG_POOL_CLASS_BYTES;
    if ((size_t)(pool->end - pool->next) < size) {
        struct mg_pool_chunk *chunk = mg_malloc(CHUNK_BYTES);
        if (chunk == NULL) {
            return NULL;
        }
        cut_rest(pool);
        chunk->older = pool->chunks;
        pool->chunks = chunk;
        pool->next = chunk->bytes;
        pool->end = (char *)chunk + CHUNK_BYTES;
    }
    block = pool->next;
    pool->next += size;
    return block;
}

static void drop(struct mg_pool *pool, void *block, size_t size)
{
    if (block != NULL && is_small(size)) {
        give(pool, block, class_of(size));
    } else {
        free(block);
    }
}

void *mg_pool_resize(struct mg_pool *pool, void *block, size_t old_size, size_t new_size)
{
    if (new_size == 0) {
        drop(pool, block, old_size);
        return NULL;
    }
    if (block == NULL) {
        return is_small(new_size) ? take(pool, class_of(new_size)) : mg_malloc(new_size);
    }
    if (!is_small(old_size) && !is_small(new_size)) {
        return mg_realloc(block, new_size);
    }
    if (is_small(old_size) && is_small(new_size) && class_of(old_size) == class_of(new_size)) {
        return block;
    }
    void *moved = is_small(new_size) ? take(pool, class_of(new_size)) : mg_malloc(new_size);
    if (moved != NULL) {
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
        drop(pool, block, old_size);
    }
    return moved;
}

void mg_pool_fini(struct mg_pool *pool)
{
    while (pool->chunks != NULL) {
        struct mg_pool_chunk *chunk = pool->chunks;
        pool->chunks = chunk->older;
        free(chunk);
    }
    *pool = (struct mg_pool){.next = NULL};
}
