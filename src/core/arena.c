/* arena.c - blocks linked from newest to oldest:
 *
 *   storage (the caller's) <- block 1 <- block 2 <- arena->block
 *
 * Blocks double up to BLOCK_MAX_BYTES, so that a big load takes few mallocs and a small one
 * little memory.
 */
#include "core/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"

enum {
    BLOCK_MIN_BYTES = 4096,
    BLOCK_MAX_BYTES = 1 << 20,
};

struct mg_arena_block {
    struct mg_arena_block *older;
    size_t size; /* of `bytes` */
    _Alignas(max_align_t) char bytes[];
};

static void use_storage(struct mg_arena *arena)
{
    arena->block = NULL;
    arena->next = arena->storage;
    arena->end = arena->storage == NULL ? NULL : arena->storage + arena->storage_bytes;
}

void mg_arena_init(struct mg_arena *arena, void *storage, size_t storage_bytes,
                   size_t max_bytes)
{
    *arena = (struct mg_arena){
        .storage = storage, .storage_bytes = storage_bytes, .max_bytes = max_bytes};
    use_storage(arena);
}

static void drop_newest(struct mg_arena *arena)
{
    struct mg_arena_block *block = arena->block;
    arena->block = block->older;
    arena->taken_bytes -= block->size;
    free(block);
}

void mg_arena_reset(struct mg_arena *arena)
{
    while (arena->block != NULL) {
        drop_newest(arena);
    }
    use_storage(arena);
    arena->overflowed = false;
}

void mg_arena_fini(struct mg_arena *arena)
{
    mg_arena_reset(arena);
}

static bool grow(struct mg_arena *arena, size_t need)
{
    size_t left = arena->max_bytes - arena->taken_bytes;
    size_t size = arena->block == NULL ? BLOCK_MIN_BYTES : arena->block->size * 2;
    size = size > BLOCK_MAX_BYTES ? BLOCK_MAX_BYTES : size;
    size = size < need ? need : size;
    size = size > left ? left : size;
    if (size < need) {
        return false;
    }
    struct mg_arena_block *block = mg_malloc(sizeof(*block) + size);
    if (block == NULL) {
        return false;
    }
    block->older = arena->block;
    block->size = size;
    arena->block = block;
    arena->taken_bytes += size;
    arena->next = block->bytes;
    arena->end = block->bytes + size;
    return true;
}

void *mg_arena_alloc(struct mg_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    size_t gap = (size_t)(-(uintptr_t)arena->next & (align - 1));
    if (arena->next == NULL || (size_t)(arena->end - arena->next) < gap ||
        (size_t)(arena->end - arena->next) - gap < size) {
        if (size > SIZE_MAX / 2 || !grow(arena, size)) {
            arena->overflowed = true;
            return NULL;
        }
        gap = 0;
    }
    char *given = arena->next + gap;
    arena->next = given + size;
    return given;
}

void *mg_arena_calloc(struct mg_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        arena->overflowed = true;
        return NULL;
    }
    void *given = mg_arena_alloc(arena, bytes);
    return given == NULL ? NULL : memset(given, 0, bytes);
}

struct mg_str mg_arena_dup(struct mg_arena *arena, struct mg_str text)
{
    char *copy = mg_arena_alloc(arena, text.len + 1);
    if (copy == NULL) {
        return (struct mg_str){"", 0};
    }
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    copy[text.len] = '\0';
    return (struct mg_str){copy, text.len};
}

struct mg_str mg_arena_printf(struct mg_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int needed = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = needed < 0 ? NULL : mg_arena_alloc(arena, (size_t)needed + 1);
    if (text == NULL) {
        arena->overflowed = true;
        return (struct mg_str){"", 0};
    }
    va_start(args, format);
    (void)vsnprintf(text, (size_t)needed + 1, format, args);
    va_end(args);
    return (struct mg_str){text, (size_t)needed};
}

struct mg_arena_mark mg_arena_snapshot(const struct mg_arena *arena)
{
    return (struct mg_arena_mark){arena->block, arena->next, arena->overflowed};
}

void mg_arena_rewind(struct mg_arena *arena, struct mg_arena_mark mark)
{
    while (arena->block != mark.block) {
        drop_newest(arena);
    }
    arena->next = mark.next;
    arena->end = mark.block != NULL       ? mark.block->bytes + mark.block->size
                 : arena->storage != NULL ? arena->storage + arena->storage_bytes
                                          : NULL;
    arena->overflowed = mark.overflowed;
}
