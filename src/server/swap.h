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

struct mg_server;
struct mg_swap;

enum {
    MG_REVISION_SIZE = 33,      /* 32 hexadecimal digits and NUL */
    MG_SWAP_SUMMARY_SIZE = 512, /* of a difference, in words */
    MG_SWAP_MAX_REJECTED = 16,  /* revisions remembered; the oldest is forgotten first */
    MG_SWAP_MAX_LIVE = 3,       /* generations, the shadow among them */
};

/* Who asks for a swap. */
enum mg_swap_trigger {
    MG_TRIGGER_START,    /* the set the server began with */
    MG_TRIGGER_FILE,     /* a file changed */
    MG_TRIGGER_SIGNAL,   /* SIGHUP */
    MG_TRIGGER_COMMAND,  /* moongate swap */
    MG_TRIGGER_ROLLBACK, /* moongate rollback */
    MG_TRIGGER_PROMOTE,  /* a shadow became the active one */
    MG_TRIGGER_COUNT
};
/* "start", "file", "signal", "command", "rollback" or "promote". */
const char *mg_swap_trigger_name(enum mg_swap_trigger trigger);

/* What became of it. */
enum mg_swap_result {
    MG_SWAP_DONE,       /* every worker uses it; or, for a shadow, evaluates it */
    MG_SWAP_UNCHANGED,  /* what was read is the active set: nothing to do */
    MG_SWAP_INVALID,    /* the set has errors: they are in the outcome */
    MG_SWAP_WIDENS,     /* --guard widen, and nobody confirmed it */
    MG_SWAP_PINNED,     /* the active set is pinned; force does not help: unpin */
    MG_SWAP_REJECTED,   /* this revision was rolled back; force swaps all the same */
    MG_SWAP_SUPERSEDED, /* a rollback came while it was built */
    MG_SWAP_BUSY,       /* old generations did not drain, or the server stops */
    MG_SWAP_NOTHING,    /* no such generation to go back to, no shadow to promote */
    MG_SWAP_FAILED,     /* memory or threads are out */
    MG_SWAP_RESULT_COUNT
};
/* "done", "unchanged", "invalid", "widens", "pinned", "rejected", "superseded", "busy",
 * "nothing" or "failed". */
const char *mg_swap_result_name(enum mg_swap_result result);

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
/* Wait for the threads, and free every generation. After the workers have ended. NULL is
 * fine. */
void mg_swap_free(struct mg_swap *swap);

/* ---- requests; each waits for its outcome, which the caller frees ---- */

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

/* Make the shadow the active generation, with dictionaries of the server's; or drop it. */
void mg_swap_promote(struct mg_swap *swap, bool confirms_wider,
                     struct mg_swap_outcome *outcome);
void mg_swap_discard(struct mg_swap *swap, struct mg_swap_outcome *outcome);

/* ---- without waiting ---- */

/* Have a swap made as soon as may be; the log tells what came of it. */
void mg_swap_trigger(struct mg_swap *swap, enum mg_swap_trigger trigger);

/* Pin the active generation: file changes, signals and commands swap nothing until it is
 * unpinned. A file change meanwhile is made good at unpinning. The state directory remembers
 * it. */
void mg_swap_pin(struct mg_swap *swap, bool is_pinned);

/* ---- status ---- */

enum mg_generation_state {
    MG_GENERATION_BUILDING,
    MG_GENERATION_ACTIVE,
    MG_GENERATION_RETIRED,  /* kept for rollback */
    MG_GENERATION_DRAINING, /* freed with its last exchange */
    MG_GENERATION_SHADOW,
};
const char *mg_generation_state_name(enum mg_generation_state state);

struct mg_swap_generation {
    uint64_t id;                     /* 1 is the first; 0 while it is being built */
    char revision[MG_REVISION_SIZE]; /* "" while it is being built */
    enum mg_generation_state state;
    enum mg_swap_trigger trigger;
    uint64_t loaded_ms; /* wall clock, since 1970; when its build began, while it runs */
    uint64_t build_us;
    uint64_t resources;
    bool is_rejected;
    const uint64_t *in_flight; /* exchanges that hold it, one number a worker */
};

struct mg_swap_worker {
    uint64_t generation; /* that it acknowledged last */
    char revision[MG_REVISION_SIZE];
};

struct mg_swap_shadow {
    uint64_t sampled;   /* exchanges it was evaluated for */
    uint64_t differing; /* of those */
    uint64_t wider;     /* of those: allowed by the shadow, denied by the active one */
    uint64_t narrower;  /* the other way round */
    uint64_t one_in;    /* of how many exchanges one is evaluated */
};

struct mg_swap_status {
    uint64_t uptime_ms;
    unsigned worker_count;
    const struct mg_swap_worker *workers;
    const struct mg_swap_generation *generations; /* newest first; the active one among them */
    size_t generation_count;
    bool is_pinned;
    bool has_shadow;
    struct mg_swap_shadow shadow;
    bool is_watching;       /* files are watched */
    bool is_from_state;     /* the active set came from the state directory: the source was
                                broken or missing, or its revision rejected */
    char state_error[256];  /* why the state directory could not be written last, or "" */
    uint64_t last_error_ms; /* wall clock of the newest refusal; 0: none, or it was made good */
    enum mg_swap_result last_error;
    enum mg_swap_trigger last_error_trigger;
    char last_error_message[256];
    struct mg_errs last_faults; /* of that refusal */
    char rejected[MG_SWAP_MAX_REJECTED][MG_REVISION_SIZE];
    size_t rejected_count;
    uint64_t swaps[MG_TRIGGER_COUNT][MG_SWAP_RESULT_COUNT]; /* since the start */
    uint64_t drained_by_force; /* exchanges that the drain limit ended */
};

/* A snapshot, freed with mg_swap_status_free. Returns: NULL when memory is out. */
struct mg_swap_status *mg_swap_status(struct mg_swap *swap);
void mg_swap_status_free(struct mg_swap_status *status);

#endif
