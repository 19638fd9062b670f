/* state_dir.h - the state directory: the last good set and the one before it, as they were
 * read, and what a restart has to know.
 *
 *   state             which revision is active, which one was before it, pinned, rejected
 *   set-REVISION      a bundle (policy/bundle.h)
 *   lock              held while the server runs
 *   .new-*            being written
 *
 * Writing:   to a new file, which is made durable and then renamed: whoever is killed, or finds
 *            the disk full, leaves what was there.
 * Errors:    a sentence in `why`; the server goes on without.
 * Threads:   any; writers take turns.
 */
#ifndef MG_SERVER_STATE_DIR_H
#define MG_SERVER_STATE_DIR_H

#include "core/buf.h"
#include "core/err.h"
#include "server/swap.h"

struct mg_state_dir;

struct mg_state {
    char active[MG_REVISION_SIZE];
    char previous[MG_REVISION_SIZE]; /* "": none */
    bool is_pinned;
    char rejected[MG_SWAP_MAX_REJECTED][MG_REVISION_SIZE]; /* the oldest first */
    size_t rejected_count;
};

enum {
    MG_STATE_WHY_SIZE = 256
};

/* Make the directory unless it is there (mode 0700), and lock it. Returns: NULL after a fault
 * in `errs`: state-dir-unusable, or state-dir-in-use. */
struct mg_state_dir *mg_state_dir_open(const char *path, struct mg_errs *errs);
void mg_state_dir_close(struct mg_state_dir *dir);

/* Read what was kept. Returns: false where nothing was, or it is spoilt; `why` is "" in the
 * first case. */
bool mg_state_dir_read(struct mg_state_dir *dir, struct mg_state *state,
                       char why[static MG_STATE_WHY_SIZE]);
/* Read the set of a revision into `out`. Returns: whether it is there and whole as far as that
 * can be told before it is loaded: then compare its revision. */
bool mg_state_dir_read_set(struct mg_state_dir *dir, const char *revision, struct mg_buf *out,
                           char why[static MG_STATE_WHY_SIZE]);

/* Keep the set of a revision, in place of one that is there: its bytes may be spoilt. */
bool mg_state_dir_keep_set(struct mg_state_dir *dir, const char *revision, struct mg_str bundle,
                           char why[static MG_STATE_WHY_SIZE]);
/* Write the state, and remove the sets that it does not name. */
bool mg_state_dir_write(struct mg_state_dir *dir, const struct mg_state *state,
                        char why[static MG_STATE_WHY_SIZE]);

#endif
