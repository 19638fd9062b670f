/* swap_parts.h - what the files of hot swap do for one another. Private to them, like
 * swap_internal.h, which has what they share.
 *
 * Locks:     under mg_swap.lock, where nothing else is said.
 */
#ifndef MG_SERVER_SWAP_PARTS_H
#define MG_SERVER_SWAP_PARTS_H

#include "server/swap_internal.h"

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
