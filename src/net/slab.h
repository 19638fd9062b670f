/* slab.h - objects of one size in blocks: no heap overhead an object, and what was freed last
 * is given first, while it is still in the cache.
 *
 * Ownership: the slab owns all its memory and gives none back before _fini, so a worker keeps
 *            the memory of its busiest hour, bounded by its limit of connections.
 * Checks:    under AddressSanitizer what is free is poisoned.
 * Threads:   one owner.
 */
#ifndef MG_NET_SLAB_H
#define MG_NET_SLAB_H

#include <stddef.h>

struct mg_slab {
    size_t object_bytes;
    void *free_objects; /* each begins with a pointer to the next */
    void *blocks;       /* so does each block */
};

/* Begin with objects of `object_bytes`, rounded up so that each is aligned for any type. */
void mg_slab_init(struct mg_slab *slab, size_t object_bytes);
void mg_slab_fini(struct mg_slab *slab);

/* Give a cleared object, or NULL without memory. Give it back with mg_slab_put. */
void *mg_slab_take(struct mg_slab *slab);
void mg_slab_put(struct mg_slab *slab, void *object);

#endif
