/* generation.h - a published policy set: immutable, numbered, with what each worker needs of
 * it.
 *
 *   server->active ──> generation ── set, dictionaries of its own, or none
 *                          └ slots[worker] ── Lua state, exchanges that hold it
 *
 * Pinning:   an exchange holds the generation that was active when its head was complete, and
 *            lets go when it is over or, for a body that goes on, when its head is sent and
 *            what the log needs is copied. The counts are the worker's own.
 * Freed:     by the reaper, once every worker has said that no exchange of its holds it.
 * Threads:   built on any thread; slots are their worker's; the rest is read-only, but for what
 *            is atomic.
 */
#ifndef MG_SERVER_GENERATION_H
#define MG_SERVER_GENERATION_H

#include <stdatomic.h>

#include "core/buf.h"
#include "policy/set.h"
#include "script/lines.h"
#include "server/swap.h"

struct mg_dicts;
struct mg_plugin_clock;
struct mg_runtime;
struct mg_runtime_totals;
struct mg_series;
struct mg_witness;
struct server_worker;

/* One worker's part: a cache line of its own. */
struct mg_generation_slot {
    _Alignas(64) struct mg_runtime *runtime; /* NULL: the set runs no Lua */
    atomic_uint in_flight; /* written by the worker alone, with plain stores */
    bool is_draining;      /* to be told when in_flight is 0 */
};

struct mg_generation {
    uint64_t id; /* 0 until it is published */
    struct mg_policy_set *set;
    bool borrows_set;
    struct mg_dicts *dicts; /* its own; NULL: the server's */
    struct mg_buf bundle;   /* of a shadow: the state directory keeps it if it is promoted */
    uint16_t *rows;         /* by resource: where decisions are counted (series.h); or NULL */
    char revision[MG_REVISION_SIZE];
    enum mg_swap_trigger trigger;
    uint64_t loaded_ms; /* wall clock */
    uint64_t build_us;
    atomic_ullong settles_until_ms; /* of the workers' clock; Max-Age is clamped before */
    atomic_bool is_expired;         /* the drain limit has passed: exchanges are to let go */
    atomic_uint holders;            /* workers that have not let go, while it drains */
    enum mg_generation_state state; /* swap.c's, under its lock */
    bool is_rejected;               /* likewise */
    uint64_t drain_deadline_ms;     /* likewise */
    bool owes_drain;                /* likewise: memory was out when workers were to be told */
    struct mg_generation *next;     /* of swap.c's list */
    unsigned slot_count;
    struct mg_generation_slot slots[];
};

/* What a generation is made of. */
struct mg_generation_plan {
    const struct mg_server_options *options;
    const struct mg_strings *paths; /* policies to read */
    struct mg_str bundle;      /* in their place: a set that was kept; else a NULL pointer */
    struct mg_policy_set *set; /* in place of both: a set that is there; borrowed */
    enum mg_swap_trigger trigger;
    struct mg_dicts *dicts; /* the server's; NULL: it gets dictionaries of its own */
    const struct mg_plugin_clock *clock; /* of plugins, borrowed; NULL: the machine's */
    mg_line_fn line_fn;                  /* told of the lines of scripts; NULL: nobody */
    void *line_context;
    struct mg_series *series;         /* to count its decisions by; or NULL */
    struct mg_runtime_totals *totals; /* of the workers, one each; or NULL: a shadow's calls are
                                         not counted */
    struct mg_witness *witness; /* begun; filled with what was seen of the files; or NULL */
    struct mg_buf *bundle_out;  /* begun; filled with the set as it was read; or NULL */
    /* A revision that needs no building: where it was read, *is_known is set and NULL returned.
     * Both may be NULL. */
    const char *known_revision;
    bool *is_known;
};

/* Read, check and build: the set, and a Lua state for each of options->workers. Files that
 * changed meanwhile are read again. Returns: NULL after an error in `errs`, where warnings go
 * too. */
struct mg_generation *mg_generation_build(const struct mg_generation_plan *plan,
                                          struct mg_errs *errs);
void mg_generation_free(struct mg_generation *generation);

/* Give the set, which it borrowed, to the generation. */
void mg_generation_own_set(struct mg_generation *generation);

/* The last exchange of `worker` that held a generation which drains has let go of it. */
void mg_generation_drained(struct server_worker *worker, struct mg_generation *generation);

/* Hold the generation for an exchange. The worker's thread. */
static inline void mg_generation_pin(struct mg_generation *generation, unsigned worker)
{
    struct mg_generation_slot *slot = &generation->slots[worker];
    unsigned count = atomic_load_explicit(&slot->in_flight, memory_order_relaxed);
    atomic_store_explicit(&slot->in_flight, count + 1, memory_order_relaxed);
}

/* Let go. Returns: whether mg_generation_drained is to be called. */
static inline bool mg_generation_unpin(struct mg_generation *generation, unsigned worker)
{
    struct mg_generation_slot *slot = &generation->slots[worker];
    unsigned count = atomic_load_explicit(&slot->in_flight, memory_order_relaxed) - 1;
    atomic_store_explicit(&slot->in_flight, count, memory_order_relaxed);
    return count == 0 && slot->is_draining;
}

#endif
