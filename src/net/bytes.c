/* bytes.c - taken bytes leave a gap at the front; it is closed only when room is needed, so
 * that a long queue which drains in small pieces is not moved with each of them.
 */
#include "net/bytes.h"

#include <stdlib.h>

#include "core/alloc.h"

void mg_bytes_free(struct mg_bytes **queue)
{
    free(*queue);
    *queue = NULL;
}

/* The capacity for `needed` bytes: doubled from what there is, so that growth is linear in all,
 * and exact for a first small piece. */
static size_t grown(const struct mg_bytes *queue, size_t needed, size_t max_bytes)
{
    size_t doubled = queue == NULL ? 0 : queue->capacity * 2;
    if (doubled < needed) {
        return needed;
    }
    return doubled > max_bytes ? max_bytes : doubled;
}

char *mg_bytes_reserve(struct mg_bytes **queue, size_t room, size_t max_bytes,
                       size_t *free_bytes)
{
    struct mg_bytes *block = *queue;
    size_t count = mg_bytes_count(block);
    if (count > max_bytes || room > max_bytes - count) {
        return NULL;
    }
    if (block != NULL && block->start > 0 && block->capacity - block->end < room) {
        memmove(block->at, block->at + block->start, count);
        block->start = 0;
        block->end = count;
    }
    if (block == NULL || block->capacity - block->end < room) {
        size_t capacity = grown(block, count + room, max_bytes);
        block = mg_realloc(block, sizeof(*block) + capacity);
        if (block == NULL) {
            return NULL;
        }
        if (*queue == NULL) {
            block->start = 0;
            block->end = 0;
        }
        block->capacity = capacity;
        *queue = block;
    }
    *free_bytes = block->capacity - block->end;
    return block->at + block->end;
}

void mg_bytes_commit(struct mg_bytes *queue, size_t count)
{
    queue->end += count;
}

bool mg_bytes_append(struct mg_bytes **queue, struct mg_str bytes, size_t max_bytes)
{
    size_t free_bytes = 0;
    char *to = mg_bytes_reserve(queue, bytes.len, max_bytes, &free_bytes);
    if (to == NULL) {
        return false;
    }
    memcpy(to, bytes.ptr, bytes.len);
    mg_bytes_commit(*queue, bytes.len);
    return true;
}

void mg_bytes_take(struct mg_bytes **queue, size_t count)
{
    (*queue)->start += count;
    if ((*queue)->start == (*queue)->end) {
        mg_bytes_free(queue);
    }
}
