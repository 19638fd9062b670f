/* dict_shard.h - one shard of a dictionary: entries in blocks of fixed size, so that memory
 * stays what it was made with, whatever comes and goes. For dict.c only.
 *
 * Threads:   the caller holds the shard's lock.
 */
#ifndef MG_PLUGIN_DICT_SHARD_H
#define MG_PLUGIN_DICT_SHARD_H

#include "plugin/dict.h"

enum {
    MG_SHARD_BLOCK_BYTES = 128
};

/* A block is known by its number from 1; 0 is none. */
struct mg_shard {
    char *blocks;
    uint32_t *buckets; /* first entry of each chain */
    uint32_t *heap;    /* entries that expire, the earliest at index 0 */
    size_t bytes;      /* of the three */
    uint32_t block_count;
    uint32_t bucket_mask;
    uint32_t heap_count;
    uint32_t untouched; /* first block that was never used: later ones are not in memory yet */
    uint32_t free_list;
    uint32_t free_count; /* untouched ones too */
    uint32_t newest;     /* ends of the list in order of use */
    uint32_t oldest;
    uint32_t entry_count;
    uint64_t evictions;
    uint64_t expirations;
    uint64_t refusals;
};

/* A key with its hash. */
struct mg_shard_key {
    struct mg_str text;
    uint32_t hash;
};

/* Make an empty shard of at most `max_bytes`. Returns: false when memory is out; `shard` is
 * then zeros, which _fini takes. */
bool mg_shard_init(struct mg_shard *shard, size_t max_bytes);
void mg_shard_fini(struct mg_shard *shard);

/* When what is set now with a life of `ttl_ms` expires. */
static inline uint64_t mg_dict_expiry(uint64_t ttl_ms, uint64_t now_ms)
{
    return ttl_ms == 0 || ttl_ms >= UINT64_MAX - now_ms ? UINT64_MAX : now_ms + ttl_ms;
}

/* As the functions of dict.h; `expires_ms` is UINT64_MAX for what never does. */
enum mg_dict_result mg_shard_set(struct mg_shard *shard, struct mg_shard_key key,
                                 const struct mg_dict_value *value, uint64_t expires_ms,
                                 uint64_t now_ms);
enum mg_dict_result mg_shard_get(struct mg_shard *shard, struct mg_shard_key key, char *buffer,
                                 size_t size, uint64_t now_ms, struct mg_dict_value *value);
enum mg_dict_result mg_shard_delete(struct mg_shard *shard, struct mg_shard_key key);
enum mg_dict_result mg_shard_increment(struct mg_shard *shard, struct mg_shard_key key,
                                       struct mg_dict_increment *increment, uint64_t now_ms);

/* An entry as mg_shard_next gives it. */
struct mg_shard_copy {
    struct mg_str key;
    struct mg_dict_value value;
    uint64_t expires_ms;
    char bytes[MG_DICT_MAX_KEY_BYTES + MG_DICT_MAX_VALUE_BYTES];
};

/* Walk from the entry used longest ago to the newest: *at is 0 before the first. Returns: false
 * behind the last. */
bool mg_shard_next(const struct mg_shard *shard, uint32_t *at, struct mg_shard_copy *copy);

#endif
