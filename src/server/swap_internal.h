/* swap_internal.h - what the files of hot swap share: swap.c has the control thread and the
 * requests, swap_build.c builds and judges what was built, swap_publish.c publishes, drains and
 * rolls back, swap_state.c keeps the state directory, swap_log.c tells, swap_status.c answers
 * who asks. Private to them.
 *
 * Locks:     `lock` guards everything but what is atomic; no worker and no idle thread ever
 *            takes it. Workers and idle threads write to `wake_fd`, and the control thread
 *            looks what they have done.
 */
#ifndef MG_SERVER_SWAP_INTERNAL_H
#define MG_SERVER_SWAP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/buf.h"
#include "policy/witness.h"
#include "server/generation.h"
#include "server/idle_thread.h"
#include "server/server.h"
#include "server/state_dir.h"
#include "server/watch.h"

enum {
    MAX_PATH_BYTES = 4096,
};

/* A request that somebody waits for; on the stack of who waits. */
struct swap_waiter {
    struct swap_waiter *next;
    const struct mg_swap_request *request;
    struct mg_swap_outcome *outcome;
    bool is_over;
};

/* Policies that are read, copied. */
struct swap_paths {
    struct mg_strings strings;
    char *text;
};

enum swap_phase {
    PHASE_BUILDING,   /* the builder has it */
    PHASE_PUBLISHING, /* workers are to acknowledge */
};

/* A build, and what becomes of it. */
struct swap_build {
    struct mg_idle_job job;
    struct mg_swap *swap;
    enum swap_phase phase;
    enum mg_swap_trigger trigger;
    bool force;
    bool confirms_wider;
    bool is_shadow;
    bool answers_signal; /* the service manager waits for it */
    bool is_superseded;  /* by a rollback */
    struct swap_paths paths;
    bool has_own_paths;           /* other ones than the server's so far */
    struct mg_generation *base;   /* the active one when it began */
    struct mg_generation *shadow; /* to be promoted, or NULL */
    struct swap_waiter *waiters;
    uint64_t began_ms; /* wall clock */
    uint64_t published_us;
    uint64_t ticket; /* of its publication */
    /* Written by the builder, before is_done. */
    struct mg_generation *generation;
    struct mg_errs errs;
    struct mg_witness witness;
    struct mg_buf bundle;
    bool is_unchanged; /* the revision is that of the base */
    char revision[MG_REVISION_SIZE];
    char summary[MG_SWAP_SUMMARY_SIZE];
    bool is_wider;
    atomic_bool is_done;
};

/* What a worker has said last. */
struct swap_seen {
    _Alignas(64) atomic_ullong ticket;
    atomic_ullong generation;
};

/* A generation on its way to the reaper. */
struct swap_reaping {
    struct mg_idle_job job;
    struct mg_swap *swap;
    struct mg_generation *generation;
};

struct mg_swap {
    struct mg_server *server;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t control;
    bool has_control;
    int wake_fd;
    bool is_stopping;

    struct mg_idle_thread *builder;
    struct mg_idle_thread *reaper;
    struct mg_idle_thread *keeper; /* writes sets to the state directory */

    /* Generations: those that are linked, newest first; `live` also counts what is being built
     * and what the reaper has not freed. */
    struct mg_generation *generations;
    struct mg_generation *active;
    struct mg_generation *shadow;                /* or NULL */
    _Atomic(struct mg_generation *) shadow_seen; /* what workers are to take for it */
    uint64_t shadow_base[4]; /* counters when the shadow came: they count from the start */
    atomic_uint live;
    uint64_t last_id;

    /* Publication: workers take `active` and `shadow_seen` and then say the ticket. */
    atomic_ullong ticket;
    struct swap_seen *seen; /* one a worker */
    bool owes_refresh;      /* memory was out when the workers were to be told */

    struct swap_build *build; /* or NULL */
    struct swap_waiter *first_waiter;
    struct swap_waiter *last_waiter;
    bool wanted[MG_TRIGGER_COUNT]; /* without anybody who waits */
    struct swap_paths paths;

    struct mg_watch *watch; /* NULL: files are not watched */
    bool is_watching;
    struct mg_witness seen_good; /* of the active set */
    struct mg_witness seen_last; /* of the last attempt, where that failed */
    uint64_t quiet_at_ms;        /* when what was heard has settled; 0: nothing was */
    uint64_t heard_ms;           /* when it began */

    bool is_pinned;
    struct mg_state_dir *state_dir; /* NULL: none */
    struct mg_buf first_bundle; /* of the set that the server began with, until it is kept */
    char previous[MG_REVISION_SIZE]; /* the other one that was active last, or "" */
    bool is_from_state;
    char state_error[MG_STATE_WHY_SIZE];
    struct swap_keeping *keeping; /* the newest write, until its outcome is noted */
    char rejected[MG_SWAP_MAX_REJECTED][MG_REVISION_SIZE];
    size_t rejected_count;

    uint64_t last_error_ms;
    enum mg_swap_result last_error;
    enum mg_swap_trigger last_error_trigger;
    char last_error_message[256];
    struct mg_errs last_faults;
    uint64_t swaps[MG_TRIGGER_COUNT][MG_SWAP_RESULT_COUNT];
};

#endif
