/* access_ring.h - a bounded queue of records between one writing and one reading thread,
 * without locks.
 *
 * Shape:     a power-of-two array of bytes with two positions that only grow; a record is its
 *            size and its bytes and never wraps (the tail end that is too short for it is
 *            skipped).
 * Threads:   one producer, one consumer.
 */
#ifndef MG_SERVER_ACCESS_RING_H
#define MG_SERVER_ACCESS_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct byte_ring {
    char *bytes;
    size_t size;
    _Alignas(64) atomic_size_t head; /* next byte to write; the producer's */
    size_t reserved_at;
    _Alignas(64) atomic_size_t tail; /* next byte to read; the consumer's */
};

/* `size` is a power of two. Returns: whether memory was there. */
_Bool mg_ring_init(struct byte_ring *ring, size_t size);
void mg_ring_fini(struct byte_ring *ring);

/* Producer: room for a record of `size` bytes, or NULL when the ring is full. Publish makes
 * it visible. */
void *mg_ring_reserve(struct byte_ring *ring, size_t size);
void mg_ring_publish(struct byte_ring *ring, size_t size);

/* Consumer: the oldest record and its size, or NULL. Release gives its room back. */
void *mg_ring_peek(struct byte_ring *ring, size_t *size);
void mg_ring_release(struct byte_ring *ring);

#endif
