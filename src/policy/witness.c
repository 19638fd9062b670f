/* witness.c - see the header. Files are dated by ticks of the kernel's clock, and an inode that
 * was freed is soon given away again: a file that changes twice within one tick looks
 * unchanged. What had just changed when it was noted is therefore marked.
 */
#include "policy/witness.h"

#include <stdlib.h>
#include <time.h>

#include "core/alloc.h"

enum {
    FRESH_NS = 20 * 1000000 /* two ticks of the slowest kernel */
};

void mg_witness_init(struct mg_witness *witness)
{
    *witness = (struct mg_witness){0};
}

void mg_witness_fini(struct mg_witness *witness)
{
    for (size_t i = 0; i < witness->count; i++) {
        free(witness->items[i].path);
    }
    free(witness->items);
    mg_witness_init(witness);
}

static struct mg_witness_item *append(struct mg_witness *witness, const char *path)
{
    if (witness->count == witness->capacity) {
        size_t capacity = witness->capacity == 0 ? 16 : witness->capacity * 2;
        struct mg_witness_item *items =
            mg_realloc(witness->items, capacity * sizeof(*witness->items));
        if (items == NULL) {
            witness->is_incomplete = true;
            return NULL;
        }
        witness->items = items;
        witness->capacity = capacity;
    }
    size_t size = strlen(path) + 1;
    char *copy = mg_malloc(size);
    if (copy == NULL) {
        witness->is_incomplete = true;
        return NULL;
    }
    memcpy(copy, path, size);
    struct mg_witness_item *item = &witness->items[witness->count++];
    *item = (struct mg_witness_item){.path = copy, .kind = MG_WITNESS_NOTHING};
    return item;
}

static void describe(struct mg_witness_item *item, const struct stat *status)
{
    item->kind = MG_WITNESS_FILE;
    item->device = status->st_dev;
    item->inode = status->st_ino;
    item->size = status->st_size;
    item->modified = status->st_mtim;
    item->changed = status->st_ctim;
}

static bool is_fresh(struct timespec changed)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t age_ns =
        ((int64_t)now.tv_sec - changed.tv_sec) * 1000000000 + (now.tv_nsec - changed.tv_nsec);
    return age_ns > -FRESH_NS && age_ns < FRESH_NS;
}

void mg_witness_note(struct mg_witness *witness, const char *path, const struct stat *status)
{
    struct mg_witness_item *item = witness == NULL ? NULL : append(witness, path);
    if (item != NULL) {
        describe(item, status);
        item->is_fresh = is_fresh(status->st_ctim);
    }
}

/* What cannot be read may stand there all the same: it is described, so that a change of its
 * mode is one. */
void mg_witness_note_missing(struct mg_witness *witness, const char *path)
{
    struct stat status;
    struct mg_witness_item *item = witness == NULL ? NULL : append(witness, path);
    if (item != NULL && stat(path, &status) == 0) {
        describe(item, &status);
    }
}

void mg_witness_note_directory(struct mg_witness *witness, const char *path, uint64_t names)
{
    struct mg_witness_item *item = witness == NULL ? NULL : append(witness, path);
    if (item != NULL) {
        item->kind = MG_WITNESS_DIRECTORY;
        item->names = names;
    }
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool item_holds(const struct mg_witness_item *item, uint64_t (*hash_names)(const char *))
{
    struct stat status;
    if (item->kind == MG_WITNESS_DIRECTORY) {
        return hash_names(item->path) == item->names;
    }
    if (stat(item->path, &status) != 0) {
        return item->kind == MG_WITNESS_NOTHING;
    }
    struct mg_witness_item now = {0};
    describe(&now, &status);
    return item->kind == MG_WITNESS_FILE && now.device == item->device &&
           now.inode == item->inode && now.size == item->size &&
           same_time(now.modified, item->modified) && same_time(now.changed, item->changed);
}

bool mg_witness_holds(const struct mg_witness *witness,
                      uint64_t (*hash_names)(const char *path))
{
    for (size_t i = 0; i < witness->count; i++) {
        if (!item_holds(&witness->items[i], hash_names)) {
            return false;
        }
    }
    return !witness->is_incomplete;
}

bool mg_witness_is_fresh(const struct mg_witness *witness)
{
    bool is_any_fresh = false;
    for (size_t i = 0; i < witness->count; i++) {
        is_any_fresh = is_any_fresh || witness->items[i].is_fresh;
    }
    return is_any_fresh;
}
