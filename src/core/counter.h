/* counter.h - counters that one thread writes and any thread reads.
 *
 * Threads:   the writer uses no locked instruction, since nobody else writes; readers load
 *            relaxed and may see a value of a moment ago.
 */
#ifndef MG_CORE_COUNTER_H
#define MG_CORE_COUNTER_H

#include <stdatomic.h>

/* Add to a counter. The one writer's thread. */
static inline void mg_counter_add(atomic_ullong *counter, unsigned long long by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

/* Take from a counter of what is there now. Likewise. */
static inline void mg_counter_take(atomic_ullong *counter, unsigned long long by)
{
    mg_counter_add(counter, 0 - by);
}

#endif
