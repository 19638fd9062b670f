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
    bool has_own_paths;          /* other ones than the server's so far */
    struct mg_generation *base;  /* the active one when it began */
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
    struct mg_generation *shadow; /* or NULL */
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

/* Have the control thread look. Any thread. */
void mg_swap_wake(struct mg_swap *swap);

/* ---- swap.c ---- */

bool mg_swap_copy_paths(struct swap_paths *to, const char *const *paths, size_t count);
void mg_swap_free_paths(struct swap_paths *paths);
/* Watch what the active set and the last attempt have seen; `newest` is the one of both that
 * was seen last: where it does not hold any more, a change is wanted at once. */
void mg_swap_watch(struct mg_swap *swap, const struct mg_witness *newest);

/* ---- swap_build.c; under the lock ---- */

/* Begin a build if one is wanted and there is room. */
void mg_swap_begin_build(struct mg_swap *swap);
/* Judge a build that the builder has done; publish it, or refuse it. */
void mg_swap_conclude_build(struct mg_swap *swap);
/* End the build that was published, once every worker has acknowledged. */
void mg_swap_end_build(struct mg_swap *swap, enum mg_swap_result result, const char *message);
void mg_swap_free_build(struct swap_build *build);

/* ---- swap_publish.c; under the lock ---- */

/* Put a generation that was built into the list, with the next id. */
void mg_swap_link(struct mg_swap *swap, struct mg_generation *generation,
                  enum mg_generation_state state);
/* Make it the active one; the one that was so far is kept for rollback, and the one that was
 * kept for it drains. Returns: the ticket that every worker will say. */
uint64_t mg_swap_publish(struct mg_swap *swap, struct mg_generation *generation);
/* Set the shadow, or take it away (NULL); the one that was drains. */
uint64_t mg_swap_set_shadow(struct mg_swap *swap, struct mg_generation *shadow);
bool mg_swap_is_acknowledged(const struct mg_swap *swap, uint64_t ticket);
/* Free generations that have drained, expire those that do not. Returns: ms until the next
 * deadline, or -1. */
int mg_swap_drain(struct mg_swap *swap);
/* Hand a generation that nobody holds to the reaper. */
void mg_swap_reap(struct mg_swap *swap, struct mg_generation *generation);

/* Let the counters of the shadow begin at 0. */
void mg_swap_count_shadow(struct mg_swap *swap);

bool mg_swap_is_rejected(const struct mg_swap *swap, const char *revision);
void mg_swap_reject(struct mg_swap *swap, const char *revision);
void mg_swap_forgive(struct mg_swap *swap, const char *revision);

/* ---- swap_state.c; under the lock ---- */

/* Have the state directory, if there is one, keep the set `bundle` of `revision` and write what
 * a restart has to know. The bundle is taken; NULL: there is no new one. */
void mg_swap_keep(struct mg_swap *swap, struct mg_buf *bundle, const char *revision);
/* Whether all that was asked for is written, or has failed. */
bool mg_swap_is_kept(const struct mg_swap *swap);
/* Take the error of the newest write. */
void mg_swap_note_state(struct mg_swap *swap);
/* Load the first generation; not under the lock, before the threads. Returns: false after a
 * fault. */
bool mg_swap_load_first(struct mg_swap *swap, struct mg_errs *errs);

/* ---- swap_log.c ---- */

void mg_swap_log_done(const struct mg_swap *swap, const struct swap_build *build,
                      uint64_t publish_us);
void mg_swap_log_refusal(const struct swap_build *build, enum mg_swap_result result,
                         const char *message);
void mg_swap_log_faults(const struct mg_errs *errs, enum mg_severity least);
void mg_swap_log_rollback(const struct mg_generation *from, const struct mg_generation *to);

/* ---- swap_difference.c ---- */

/* What changes from one set to the other: `summary` in words, and whether anything is allowed
 * that was not, as far as can be told. */
bool mg_swap_compare(const struct mg_policy_set *from, const struct mg_policy_set *to,
                     char summary[static MG_SWAP_SUMMARY_SIZE]);

#endif
