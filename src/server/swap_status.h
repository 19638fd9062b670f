/* swap_status.h - the words of hot swap: who asks, what comes of it, and the snapshot of what
 * there is. swap.h has the requests.
 *
 * Ownership: a snapshot is one block; strings are in it.
 * Threads:   values; any.
 */
#ifndef MG_SERVER_SWAP_STATUS_H
#define MG_SERVER_SWAP_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

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

#endif
