/* slab.c - blocks of OBJECTS_A_BLOCK objects behind a header; free objects are a linked
 * list. */
#include "net/slab.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(at, size)   ASAN_POISON_MEMORY_REGION((at), (size))
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION((at), (size))
#else
#define POISON(at, size)   ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

enum {
    OBJECTS_A_BLOCK = 64,
    ALIGNMENT = alignof(max_align_t)
};

/* A link to the next free object, or to the next block. */
struct link {
    alignas(ALIGNMENT) struct link *next;
};

void mg_slab_init(struct mg_slab *slab, size_t object_bytes)
{
    size_t rounded = (object_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *slab = (struct mg_slab){.object_bytes =
                                 rounded < sizeof(struct link) ? sizeof(struct link) : rounded};
}

void mg_slab_fini(struct mg_slab *slab)
{
    struct link *block = slab->blocks;
    while (block != NULL) {
        struct link *next = block->next;
        UNPOISON(block, sizeof(struct link) + slab->object_bytes * OBJECTS_A_BLOCK);
        free(block);
        block = next;
    }
    slab->blocks = NULL;
    slab->free_objects = NULL;
}

void mg_slab_put(struct mg_slab *slab, void *object)
{
    struct link *link = object;
    link->next = slab->free_objects;
    slab->free_objects = link;
    POISON(object, slab->object_bytes);
}

/* Add a block, its objects linked in the order of their addresses. Without memory nothing
 * happens.
 */
static void add_block(struct mg_slab *slab)
{
    char *block = mg_malloc(sizeof(struct link) + slab->object_bytes * OBJECTS_A_BLOCK);
    if (block == NULL) {
        return;
    }
    ((struct link *)(void *)block)->next = slab->blocks;
    slab->blocks = block;
    char *objects = block + sizeof(struct link);
    for (size_t i = OBJECTS_A_BLOCK; i > 0; i--) {
        mg_slab_put(slab, objects + (i - 1) * slab->object_bytes);
    }
}

void *mg_slab_take(struct mg_slab *slab)
{
    if (slab->free_objects == NULL) {
        add_block(slab);
    }
    struct link *object = slab->free_objects;
    if (object == NULL) {
        return NULL;
    }
    UNPOISON(object, slab->object_bytes);
    slab->free_objects = object->next;
    memset(object, 0, slab->object_bytes);
    return object;
}
