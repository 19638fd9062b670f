/* access_ring.c - every record starts with a word: its size, or SKIP for "continue at the
 * front". Records are aligned to that word, so one always fits before the end.
 */
#include "server/access_ring.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#define SKIP SIZE_MAX

enum {
    WORD = sizeof(size_t)
};

static size_t whole_words(size_t size)
{
    return (size + WORD - 1) & ~(size_t)(WORD - 1);
}

_Bool mg_ring_init(struct byte_ring *ring, size_t size)
{
    memset(ring, 0, sizeof(*ring));
    ring->bytes = mg_malloc(size);
    ring->size = size;
    return ring->bytes != NULL;
}

void mg_ring_fini(struct byte_ring *ring)
{
    free(ring->bytes);
    ring->bytes = NULL;
}

static char *at(struct byte_ring *ring, size_t position)
{
    return ring->bytes + (position & (ring->size - 1));
}

void *mg_ring_reserve(struct byte_ring *ring, size_t size)
{
    size_t need = WORD + whole_words(size);
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    size_t to_end = ring->size - (head & (ring->size - 1));
    size_t skipped = to_end < need ? to_end : 0;
    if (need > ring->size || ring->size - (head - tail) < need + skipped) {
        return NULL;
    }
    if (skipped > 0) {
        const size_t skip = SKIP;
        memcpy(at(ring, head), &skip, WORD);
    }
    ring->reserved_at = head + skipped;
    return at(ring, ring->reserved_at) + WORD;
}

void mg_ring_publish(struct byte_ring *ring, size_t size)
{
    memcpy(at(ring, ring->reserved_at), &size, WORD);
    atomic_store_explicit(&ring->head, ring->reserved_at + WORD + whole_words(size),
                          memory_order_release);
}

/* The position of the oldest record behind a skip mark, or `head` when there is none. */
static size_t oldest(struct byte_ring *ring, size_t head, size_t *size)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (tail == head) {
        return head;
    }
    memcpy(size, at(ring, tail), WORD);
    if (*size == SKIP) {
        tail += ring->size - (tail & (ring->size - 1));
        memcpy(size, at(ring, tail), WORD);
    }
    return tail;
}

void *mg_ring_peek(struct byte_ring *ring, size_t *size)
{
    size_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    size_t tail = oldest(ring, head, size);
    return tail == head ? NULL : at(ring, tail) + WORD;
}

void mg_ring_release(struct byte_ring *ring)
{
    size_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    size_t size = 0;
    size_t tail = oldest(ring, head, &size);
    atomic_store_explicit(&ring->tail, tail + WORD + whole_words(size), memory_order_release);
}
