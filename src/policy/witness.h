/* witness.h - what a load of policies saw of the file system, so that one can tell afterwards
 * whether it all stood at one moment, and where to watch for changes.
 *
 * Shape:     a list of paths as they were asked for, before symbolic links were followed, with
 *            what stood there: a file by device, inode, size and times, a directory of policies
 *            by a hash of the names that count, or nothing.
 * Ownership: mg_witness_fini frees the list.
 * Threads:   one owner at a time.
 */
#ifndef MG_POLICY_WITNESS_H
#define MG_POLICY_WITNESS_H

#include <stdint.h>
#include <sys/stat.h>

#include "core/str.h"

enum mg_witness_kind {
    MG_WITNESS_FILE,
    MG_WITNESS_DIRECTORY,
    MG_WITNESS_NOTHING,
};

struct mg_witness_item {
    char *path;
    enum mg_witness_kind kind;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
    struct timespec changed;
    uint64_t names; /* of a directory: a hash */
    bool is_fresh;  /* it had just changed when it was noted */
};

struct mg_witness {
    struct mg_witness_item *items;
    size_t count;
    size_t capacity;
    bool is_incomplete; /* memory was out: it does not hold */
};

void mg_witness_init(struct mg_witness *witness);
void mg_witness_fini(struct mg_witness *witness);

/* Note the file of `status` at `path`, or that nothing could be read there. `witness` may be
 * NULL: nobody wants to know. */
void mg_witness_note(struct mg_witness *witness, const char *path, const struct stat *status);
void mg_witness_note_missing(struct mg_witness *witness, const char *path);
/* Note the directory of policies at `path`, whose names hash to `names`. */
void mg_witness_note_directory(struct mg_witness *witness, const char *path, uint64_t names);

/* Whether all of it still stands as it was noted. `hash_names` tells the hash of a directory's
 * names now. Complexity: a stat an item. */
bool mg_witness_holds(const struct mg_witness *witness,
                      uint64_t (*hash_names)(const char *path));

/* Whether some file had changed within a tick of the clock that files are dated by: a second
 * change within that tick cannot be told from none. */
bool mg_witness_is_fresh(const struct mg_witness *witness);

#endif
