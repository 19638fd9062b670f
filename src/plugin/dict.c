/* dict.c - dictionaries by name, and their shards.
 *
 * An operation locks one shard. How many shards there are changes only with all of them locked
 * (resizing), so an operation that has its lock looks whether the number is still the one it
 * chose the shard by, and chooses again where it is not.
 */
#include "plugin/dict.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/alloc.h"
#include "plugin/dict_hash.h"
#include "plugin/dict_shard.h"

enum {
    MAX_SHARDS = 16,
    SHARD_STEP_BYTES = 256 << 10,
};

struct locked_shard {
    pthread_mutex_t lock;
    struct mg_shard shard;
};

struct mg_dict {
    struct locked_shard shards[MAX_SHARDS];
    atomic_uint shard_count; /* a power of two */
    struct mg_dict_secret secret;
    size_t max_bytes;
    struct mg_dict *next;
    char name[MG_DICT_MAX_NAME_BYTES];
    size_t name_len;
};

struct mg_dicts {
    pthread_mutex_t lock; /* of the list and of opening */
    struct mg_dict *first;
    unsigned count;
    struct mg_dict_secret secret;
};

/* ---- shards of a dictionary ---- */

/* A mutex of the default kind fails only where it was never made. */
static void lock(pthread_mutex_t *mutex)
{
    (void)pthread_mutex_lock(mutex);
}

static void unlock(pthread_mutex_t *mutex)
{
    (void)pthread_mutex_unlock(mutex);
}

static unsigned shards_for(size_t max_bytes)
{
    unsigned count = 1;
    while (count < MAX_SHARDS && max_bytes / count >= (size_t)2 * SHARD_STEP_BYTES) {
        count *= 2;
    }
    return count;
}

static struct mg_shard_key key_of(const struct mg_dict *dict, struct mg_str text,
                                  unsigned *shard_bits)
{
    uint64_t hash = mg_dict_hash(text, &dict->secret);
    *shard_bits = (unsigned)(hash >> 32);
    return (struct mg_shard_key){text, (uint32_t)hash};
}

/* The shard of a key, locked. */
static struct locked_shard *lock_shard(struct mg_dict *dict, unsigned shard_bits)
{
    for (;;) {
        unsigned count = atomic_load_explicit(&dict->shard_count, memory_order_relaxed);
        struct locked_shard *locked = &dict->shards[shard_bits & (count - 1)];
        lock(&locked->lock);
        if (atomic_load_explicit(&dict->shard_count, memory_order_relaxed) == count) {
            return locked;
        }
        unlock(&locked->lock);
    }
}

/* Move an entry of `dict` to where it belongs among `count` new shards. */
static void move_entry(const struct mg_dict *dict, const struct mg_shard_copy *copy,
                       struct mg_shard *shards, unsigned count)
{
    unsigned shard_bits;
    struct mg_shard_key key = key_of(dict, copy->key, &shard_bits);
    /* What is too large for the new shard is dropped: it does not fit. Nothing has expired at
     * the time 0, so that no clock is needed. */
    (void)mg_shard_set(&shards[shard_bits & (count - 1)], key, &copy->value, copy->expires_ms,
                       0);
}

/* Move all entries to `count` new shards. The old shards are walked side by side, so that they
 * come to their newest entries together: what does not fit is what each has used longest ago.
 */
static void move_entries(struct mg_dict *dict, struct mg_shard *shards, unsigned count,
                         struct mg_shard_copy *copy)
{
    uint32_t at[MAX_SHARDS] = {0};
    uint32_t most = 0;
    for (unsigned i = 0; i < MAX_SHARDS; i++) {
        uint32_t entries = dict->shards[i].shard.entry_count;
        most = entries > most ? entries : most;
    }
    for (uint32_t left = most; left > 0; left--) {
        for (unsigned i = 0; i < MAX_SHARDS; i++) {
            const struct mg_shard *shard = &dict->shards[i].shard;
            if (shard->entry_count >= left && mg_shard_next(shard, &at[i], copy)) {
                move_entry(dict, copy, shards, count);
            }
        }
    }
}

/* Make `count` shards of a dictionary of `max_bytes`. */
static bool make_shards(struct mg_shard *shards, unsigned count, size_t max_bytes)
{
    size_t each = (max_bytes - sizeof(struct mg_dict)) / count;
    for (unsigned i = 0; i < count; i++) {
        if (!mg_shard_init(&shards[i], each)) {
            while (i > 0) {
                mg_shard_fini(&shards[--i]);
            }
            return false;
        }
    }
    return true;
}

static bool resize(struct mg_dict *dict, size_t max_bytes)
{
    struct mg_shard shards[MAX_SHARDS] = {{0}};
    unsigned count = shards_for(max_bytes);
    struct mg_shard_copy *copy = mg_malloc(sizeof(*copy));
    if (copy == NULL || !make_shards(shards, count, max_bytes)) {
        free(copy);
        return false;
    }
    for (unsigned i = 0; i < MAX_SHARDS; i++) {
        lock(&dict->shards[i].lock);
    }
    move_entries(dict, shards, count, copy);
    for (unsigned i = 0; i < MAX_SHARDS; i++) {
        struct mg_shard old = dict->shards[i].shard;
        dict->shards[i].shard = shards[i];
        shards[i] = old;
        /* Counters stay with the dictionary. */
        dict->shards[i].shard.evictions += old.evictions;
        dict->shards[i].shard.expirations += old.expirations;
        dict->shards[i].shard.refusals = old.refusals;
    }
    atomic_store_explicit(&dict->shard_count, count, memory_order_relaxed);
    dict->max_bytes = max_bytes;
    for (unsigned i = 0; i < MAX_SHARDS; i++) {
        unlock(&dict->shards[i].lock);
    }
    for (unsigned i = 0; i < MAX_SHARDS; i++) {
        mg_shard_fini(&shards[i]);
    }
    free(copy);
    return true;
}

/* ---- all dictionaries ---- */

static void free_dict(struct mg_dict *dict)
{
    for (unsigned i = 0; i < MAX_SHARDS; i++) {
        (void)pthread_mutex_destroy(&dict->shards[i].lock);
        mg_shard_fini(&dict->shards[i].shard);
    }
    free(dict);
}

static struct mg_dict *make_dict(const struct mg_dicts *dicts, struct mg_str name,
                                 size_t max_bytes)
{
    struct mg_dict *dict = mg_calloc(1, sizeof(*dict));
    struct mg_shard shards[MAX_SHARDS] = {{0}};
    unsigned count = shards_for(max_bytes);
    if (dict == NULL || !make_shards(shards, count, max_bytes)) {
        free(dict);
        return NULL;
    }
    for (unsigned i = 0; i < MAX_SHARDS; i++) {
        (void)pthread_mutex_init(&dict->shards[i].lock, NULL);
        dict->shards[i].shard = shards[i];
    }
    atomic_init(&dict->shard_count, count);
    dict->secret = dicts->secret;
    dict->max_bytes = max_bytes;
    memcpy(dict->name, name.ptr, name.len);
    dict->name_len = name.len;
    return dict;
}

struct mg_dicts *mg_dicts_new(void)
{
    struct mg_dicts *dicts = mg_calloc(1, sizeof(*dicts));
    if (dicts == NULL) {
        return NULL;
    }
    if (getrandom(&dicts->secret, sizeof(dicts->secret), 0) != (ssize_t)sizeof(dicts->secret)) {
        free(dicts);
        return NULL;
    }
    (void)pthread_mutex_init(&dicts->lock, NULL);
    return dicts;
}

void mg_dicts_free(struct mg_dicts *dicts)
{
    if (dicts == NULL) {
        return;
    }
    while (dicts->first != NULL) {
        struct mg_dict *dict = dicts->first;
        dicts->first = dict->next;
        free_dict(dict);
    }
    (void)pthread_mutex_destroy(&dicts->lock);
    free(dicts);
}

static struct mg_dict *find_dict(const struct mg_dicts *dicts, struct mg_str name)
{
    struct mg_dict *dict = dicts->first;
    while (dict != NULL && !mg_str_equal((struct mg_str){dict->name, dict->name_len}, name)) {
        dict = dict->next;
    }
    return dict;
}

struct mg_dict *mg_dicts_open(struct mg_dicts *dicts, struct mg_str name, size_t max_bytes)
{
    size_t least = MG_DICT_MIN_BYTES;
    size_t most = MG_DICT_MAX_BYTES;
    max_bytes = max_bytes < least ? least : max_bytes > most ? most : max_bytes;
    if (name.len > MG_DICT_MAX_NAME_BYTES) {
        return NULL;
    }
    lock(&dicts->lock);
    struct mg_dict *dict = find_dict(dicts, name);
    if (dict == NULL && dicts->count < MG_DICTS_MAX) {
        dict = make_dict(dicts, name, max_bytes);
        if (dict != NULL) {
            dict->next = dicts->first;
            dicts->first = dict;
            dicts->count++;
        }
    } else if (dict != NULL && dict->max_bytes != max_bytes && !resize(dict, max_bytes)) {
        dict = NULL;
    }
    unlock(&dicts->lock);
    return dict;
}

size_t mg_dicts_list(struct mg_dicts *dicts, struct mg_dict **out, size_t space)
{
    size_t count = 0;
    lock(&dicts->lock);
    for (struct mg_dict *dict = dicts->first; dict != NULL && count < space;
         dict = dict->next) {
        out[count++] = dict;
    }
    unlock(&dicts->lock);
    return count;
}

struct mg_str mg_dict_name(const struct mg_dict *dict)
{
    return (struct mg_str){dict->name, dict->name_len};
}

/* ---- operations ---- */

enum mg_dict_result mg_dict_set(struct mg_dict *dict, struct mg_str key,
                                const struct mg_dict_value *value, uint64_t ttl_ms,
                                uint64_t now_ms)
{
    unsigned shard_bits;
    struct mg_shard_key hashed = key_of(dict, key, &shard_bits);
    struct locked_shard *locked = lock_shard(dict, shard_bits);
    enum mg_dict_result result =
        mg_shard_set(&locked->shard, hashed, value, mg_dict_expiry(ttl_ms, now_ms), now_ms);
    unlock(&locked->lock);
    return result;
}

enum mg_dict_result mg_dict_get(struct mg_dict *dict, struct mg_str key, char *buffer,
                                size_t size, uint64_t now_ms, struct mg_dict_value *value)
{
    unsigned shard_bits;
    struct mg_shard_key hashed = key_of(dict, key, &shard_bits);
    struct locked_shard *locked = lock_shard(dict, shard_bits);
    enum mg_dict_result result =
        mg_shard_get(&locked->shard, hashed, buffer, size, now_ms, value);
    unlock(&locked->lock);
    return result;
}

enum mg_dict_result mg_dict_delete(struct mg_dict *dict, struct mg_str key)
{
    unsigned shard_bits;
    struct mg_shard_key hashed = key_of(dict, key, &shard_bits);
    struct locked_shard *locked = lock_shard(dict, shard_bits);
    enum mg_dict_result result = mg_shard_delete(&locked->shard, hashed);
    unlock(&locked->lock);
    return result;
}

enum mg_dict_result mg_dict_increment(struct mg_dict *dict, struct mg_str key,
                                      struct mg_dict_increment *increment, uint64_t now_ms)
{
    unsigned shard_bits;
    struct mg_shard_key hashed = key_of(dict, key, &shard_bits);
    struct locked_shard *locked = lock_shard(dict, shard_bits);
    enum mg_dict_result result = mg_shard_increment(&locked->shard, hashed, increment, now_ms);
    unlock(&locked->lock);
    return result;
}

void mg_dict_stats(struct mg_dict *dict, struct mg_dict_stats *stats)
{
    *stats = (struct mg_dict_stats){.max_bytes = sizeof(*dict)};
    for (unsigned i = 0; i < MAX_SHARDS; i++) {
        struct locked_shard *locked = &dict->shards[i];
        lock(&locked->lock);
        const struct mg_shard *shard = &locked->shard;
        stats->entries += shard->entry_count;
        stats->bytes +=
            (uint64_t)(shard->block_count - shard->free_count) * MG_SHARD_BLOCK_BYTES;
        stats->max_bytes += shard->bytes;
        stats->evictions += shard->evictions;
        stats->expirations += shard->expirations;
        stats->refusals += shard->refusals;
        unlock(&locked->lock);
    }
}
