/* bytes.h - a bounded queue of bytes in one heap block that exists only while it holds any.
 *
 * Shape:     struct mg_bytes *queue = NULL is the empty queue; taking the last byte frees it,
 *            so that an idle connection pays a pointer.
 * Ownership: the holder of the pointer owns the block; mg_bytes_free ends it.
 * Threads:   one owner.
 */
#ifndef MG_NET_BYTES_H
#define MG_NET_BYTES_H

#include "core/str.h"

struct mg_bytes {
    size_t start; /* first byte not taken */
    size_t end;
    size_t capacity;
    char at[];
};

static inline size_t mg_bytes_count(const struct mg_bytes *queue)
{
    return queue == NULL ? 0 : queue->end - queue->start;
}

/* The bytes, until the next call on the queue. The queue is not empty. */
static inline char *mg_bytes_front(struct mg_bytes *queue)
{
    return queue->at + queue->start;
}

/* Make room for at least `room` bytes behind the last one, `max_bytes` in all.
 * Returns: where they go (mg_bytes_commit afterwards) with *free_bytes there, or NULL beyond
 * the maximum or without memory; the queue is then as it was. */
char *mg_bytes_reserve(struct mg_bytes **queue, size_t room, size_t max_bytes,
                       size_t *free_bytes);
void mg_bytes_commit(struct mg_bytes *queue, size_t count);

/* Append a copy of `bytes`. Returns: false beyond `max_bytes` in all or without memory. */
bool mg_bytes_append(struct mg_bytes **queue, struct mg_str bytes, size_t max_bytes);

/* Take `count` bytes off the front; frees the block with the last. */
void mg_bytes_take(struct mg_bytes **queue, size_t count);

/* Drop all. */
void mg_bytes_free(struct mg_bytes **queue);

#endif
