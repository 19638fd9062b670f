/* swap.h - change the policy set of a running server: build a generation beside the active one,
 * publish it by one store, let the old one drain, and take it back.
 *
 * Shape:     a control thread takes requests and watches files; a builder thread reads, checks
 *            and builds under SCHED_IDLE; a reaper thread frees under SCHED_IDLE. Workers see
 *            one atomic pointer (server/generation.h).
 * Live:      at most three generations are built at once: the active one, the one before it,
 *            which is kept for rollback, and one that is being built or drains, or the shadow.
 *            A build waits until there is room, at most the drain limit.
 * Errors:    a request that is refused changes nothing; why is in its outcome, in the log, in
 *            the status and in a counter.
 * Threads:   any; requests wait for their outcome, the rest returns at once.
 */
#ifndef MG_SERVER_SWAP_H
#define MG_SERVER_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "server/swap_status.h"

struct mg_server;
struct mg_swap;

struct mg_swap_request {
    enum mg_swap_trigger trigger;
    /* Files and directories to read in place of those the server uses, copied; count 0: the
     * same as before. Once such a set is active, triggers read and watch these. Relative ones
     * are relative to the server's directory, so a client sends absolute ones. */
    const char *const *paths;
    size_t path_count;
    bool force;          /* also a revision that was rejected, or is active already */
    bool confirms_wider; /* --guard widen does not hold it back */
    bool is_shadow;      /* load it beside the active one and compare decisions */
};

struct mg_swap_outcome {
    enum mg_swap_result result;
    uint64_t generation;                /* active now; for a shadow, its own; never 0 */
    char revision[MG_REVISION_SIZE];    /* of what was read or published; "" where none was */
    char summary[MG_SWAP_SUMMARY_SIZE]; /* what changes for whom, one line; "" where nothing is
                                           known of it */
    bool is_wider;                      /* it allows more than before */
    uint64_t build_us;                  /* reading, checking, building */
    uint64_t publish_us;                /* from the store to the last worker's word */
    char message[256];   /* one sentence for people: what happened, or what to do instead */
    struct mg_errs errs; /* warnings and notes too; free with mg_swap_outcome_fini */
};
void mg_swap_outcome_fini(struct mg_swap_outcome *outcome);

/* ---- life; the server's own ---- */

/* Load the first generation of `server` and make it active: from its files or, where those are
 * broken, missing, rejected or not what was pinned, from the state directory. Returns: NULL
 * after a fault; warnings go to `errs` too. */
struct mg_swap *mg_swap_new(struct mg_server *server, struct mg_errs *errs);
/* Start the threads, once the workers run. Returns: false after a fault. */
bool mg_swap_start(struct mg_swap *swap, struct mg_errs *errs);
/* No more swaps: who waits gets MG_SWAP_BUSY. Returns at once. */
void mg_swap_stop(struct mg_swap *swap);
/* Wait for the threads, and free every generation. After the workers have ended. NULL is fine.
 * Returns: false when the machine has given a thread no time to end within ten seconds: it goes
 * on with whatever it has of the server, and nothing was freed. */
bool mg_swap_free(struct mg_swap *swap);

/* ---- requests; each waits for its outcome, which the caller frees where there is one ---- */

/* Read, check, build and publish. Waits until every worker has acknowledged, or it was
 * refused. A request for the server's own paths that waits while another one waits gets the
 * same build; one that comes while a build runs gets a build of its own after it, for the
 * files may have changed since. */
void mg_swap_run(struct mg_swap *swap, const struct mg_swap_request *request,
                 struct mg_swap_outcome *outcome);

/* Make `generation` the active one again (0: the one before the active one). At once: nothing
 * is built. The revision that was active is remembered as rejected; a build that runs is
 * dropped. Pinned or not. */
void mg_swap_rollback(struct mg_swap *swap, uint64_t generation,
                      struct mg_swap_outcome *outcome);

/* Make the shadow the active generation, with dictionaries of the server's; or drop it.
 * `force`, `confirms_wider`: as in struct mg_swap_request. */
void mg_swap_promote(struct mg_swap *swap, bool force, bool confirms_wider,
                     struct mg_swap_outcome *outcome);
void mg_swap_discard(struct mg_swap *swap, struct mg_swap_outcome *outcome);

/* Pin the active generation: file changes, signals and commands swap nothing until it is
 * unpinned. A file change meanwhile is made good at unpinning. Waits until the state directory
 * has it, or two seconds. */
void mg_swap_pin(struct mg_swap *swap, bool is_pinned);

/* ---- without waiting ---- */

/* Have a swap made as soon as may be; the log tells what came of it. */
void mg_swap_trigger(struct mg_swap *swap, enum mg_swap_trigger trigger);

/* ---- status ---- */

/* A snapshot, freed with mg_swap_status_free. Returns: NULL when memory is out. */
struct mg_swap_status *mg_swap_status(struct mg_swap *swap);
void mg_swap_status_free(struct mg_swap_status *status);

#endif
