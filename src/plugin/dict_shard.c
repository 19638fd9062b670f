/* dict_shard.c - see the header.
 *
 *   buckets            blocks of 128 bytes
 *   +---+     +---------------------------------+      +----------------+
 *   | 3-+---> | head: chain, use, expiry | key … | ---> | … key, text …  | ---> …
 *   +---+     +---------------------------------+      +----------------+
 *
 * An entry is a chain of blocks: a head, then the bytes of key and text one after the other. A
 * block that is free is in a list, or was never touched. Nothing is allocated after the shard
 * was made, and no sequence of operations can fragment it: what is lost is less than a block an
 * entry.
 *
 * Three structures run through the heads: hash chains, a list in order of use, and a binary
 * heap by expiry, in which every entry knows its place. So finding, evicting and expiring cost
 * no search.
 */
#include "plugin/dict_shard.h"

#include <stdlib.h>

#include "core/alloc.h"

struct mg_shard_entry {
    uint32_t next_block; /* must be first: as in every block */
    uint32_t chain;      /* next entry of the bucket */
    uint32_t older;
    uint32_t newer;
    uint32_t heap_place; /* + 1; 0: never expires */
    uint32_t hash;
    uint32_t text_len;
    uint16_t key_len;
    uint8_t type; /* of enum mg_dict_type */
    bool boolean;
    uint64_t expires_ms;
    union {
        int64_t integer;
        double number;
    } value;
};

enum {
    HEAD_BYTES = sizeof(struct mg_shard_entry),
    LINK_BYTES = sizeof(uint32_t),
    FIRST_BYTES = MG_SHARD_BLOCK_BYTES - HEAD_BYTES, /* of key and text in the first block */
    OTHER_BYTES = MG_SHARD_BLOCK_BYTES - LINK_BYTES, /* and in every other */
    /* What a block costs beside itself: its place in the heap, and a bucket at most. */
    INDEX_BYTES = 2 * sizeof(uint32_t),
};
_Static_assert(HEAD_BYTES <= 56, "short keys have to fit behind the head");

/* ---- blocks ---- */

static char *block_at(const struct mg_shard *shard, uint32_t block)
{
    return shard->blocks + (size_t)(block - 1) * MG_SHARD_BLOCK_BYTES;
}

/* Blocks are aligned as calloc aligns, and begin with an entry's head or a link. */
static struct mg_shard_entry *entry_at(const struct mg_shard *shard, uint32_t block)
{
    return (struct mg_shard_entry *)(void *)block_at(shard, block);
}

static uint32_t *link_of(const struct mg_shard *shard, uint32_t block)
{
    return (uint32_t *)(void *)block_at(shard, block);
}

static size_t blocks_for(size_t bytes)
{
    return bytes <= FIRST_BYTES ? 1 : 1 + (bytes - FIRST_BYTES + OTHER_BYTES - 1) / OTHER_BYTES;
}

/* One block. The caller knows that there is one. */
static uint32_t take_block(struct mg_shard *shard)
{
    shard->free_count--;
    uint32_t block = shard->free_list;
    if (block != 0) {
        shard->free_list = *link_of(shard, block);
    } else {
        block = ++shard->untouched;
    }
    *link_of(shard, block) = 0;
    return block;
}

static void give_blocks(struct mg_shard *shard, uint32_t block)
{
    while (block != 0) {
        uint32_t *link = link_of(shard, block);
        uint32_t next = *link;
        *link = shard->free_list;
        shard->free_list = block;
        shard->free_count++;
        block = next;
    }
}

/* A place in the bytes of an entry. */
struct cursor {
    uint32_t block;
    size_t offset; /* in the block */
};

/* Call for each run of bytes that lies in one block: at most `wanted` bytes from the cursor on,
 * which moves behind them. */
static char *next_run(const struct mg_shard *shard, struct cursor *cursor, size_t wanted,
                      size_t *run)
{
    if (cursor->offset == MG_SHARD_BLOCK_BYTES) {
        cursor->block = *link_of(shard, cursor->block);
        cursor->offset = LINK_BYTES;
    }
    size_t here = MG_SHARD_BLOCK_BYTES - cursor->offset;
    *run = wanted < here ? wanted : here;
    char *bytes = block_at(shard, cursor->block) + cursor->offset;
    cursor->offset += *run;
    return bytes;
}

static void write_bytes(const struct mg_shard *shard, struct cursor *cursor, struct mg_str from)
{
    for (size_t done = 0, run = 0; done < from.len; done += run) {
        char *to = next_run(shard, cursor, from.len - done, &run);
        memcpy(to, from.ptr + done, run);
    }
}

static void read_bytes(const struct mg_shard *shard, struct cursor *cursor, char *to,
                       size_t count)
{
    for (size_t done = 0, run = 0; done < count; done += run) {
        const char *from = next_run(shard, cursor, count - done, &run);
        memcpy(to + done, from, run);
    }
}

/* Whether the bytes at the cursor are those of `text`, behind which it moves if they are. */
static bool match_bytes(const struct mg_shard *shard, struct cursor *cursor, struct mg_str text)
{
    for (size_t done = 0, run = 0; done < text.len; done += run) {
        const char *at = next_run(shard, cursor, text.len - done, &run);
        if (memcmp(at, text.ptr + done, run) != 0) {
            return false;
        }
    }
    return true;
}

/* ---- the heap of those that expire ---- */

static void heap_put(struct mg_shard *shard, uint32_t place, uint32_t block)
{
    shard->heap[place] = block;
    entry_at(shard, block)->heap_place = place + 1;
}

static uint64_t heap_time(const struct mg_shard *shard, uint32_t place)
{
    return entry_at(shard, shard->heap[place])->expires_ms;
}

/* Move what is at `place` to where its time belongs. */
static void heap_settle(struct mg_shard *shard, uint32_t place)
{
    uint32_t block = shard->heap[place];
    uint64_t time = entry_at(shard, block)->expires_ms;
    while (place > 0 && time < heap_time(shard, (place - 1) / 2)) {
        heap_put(shard, place, shard->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (uint32_t child = 2 * place + 1; child < shard->heap_count; child = 2 * place + 1) {
        if (child + 1 < shard->heap_count &&
            heap_time(shard, child + 1) < heap_time(shard, child)) {
            child++;
        }
        if (time <= heap_time(shard, child)) {
            break;
        }
        heap_put(shard, place, shard->heap[child]);
        place = child;
    }
    heap_put(shard, place, block);
}

static void heap_add(struct mg_shard *shard, uint32_t block)
{
    shard->heap[shard->heap_count++] = block;
    heap_settle(shard, shard->heap_count - 1);
}

static void heap_remove(struct mg_shard *shard, struct mg_shard_entry *entry)
{
    uint32_t place = entry->heap_place - 1;
    entry->heap_place = 0;
    shard->heap_count--;
    if (place < shard->heap_count) {
        shard->heap[place] = shard->heap[shard->heap_count];
        heap_settle(shard, place);
    }
}

/* ---- the list in order of use ---- */

static void use_remove(struct mg_shard *shard, const struct mg_shard_entry *entry)
{
    uint32_t *from_older =
        entry->older != 0 ? &entry_at(shard, entry->older)->newer : &shard->oldest;
    uint32_t *from_newer =
        entry->newer != 0 ? &entry_at(shard, entry->newer)->older : &shard->newest;
    *from_older = entry->newer;
    *from_newer = entry->older;
}

static void use_add(struct mg_shard *shard, uint32_t block)
{
    struct mg_shard_entry *entry = entry_at(shard, block);
    entry->older = shard->newest;
    entry->newer = 0;
    *(shard->newest != 0 ? &entry_at(shard, shard->newest)->newer : &shard->oldest) = block;
    shard->newest = block;
}

/* ---- entries ---- */

static uint32_t *bucket_of(const struct mg_shard *shard, uint32_t hash)
{
    return &shard->buckets[hash & shard->bucket_mask];
}

static void remove_entry(struct mg_shard *shard, uint32_t block)
{
    struct mg_shard_entry *entry = entry_at(shard, block);
    uint32_t *link = bucket_of(shard, entry->hash);
    while (*link != block) {
        link = &entry_at(shard, *link)->chain;
    }
    *link = entry->chain;
    use_remove(shard, entry);
    if (entry->heap_place != 0) {
        heap_remove(shard, entry);
    }
    shard->entry_count--;
    give_blocks(shard, block);
}

/* The entry of a key with the cursor behind the key, or 0. */
static uint32_t find_any(const struct mg_shard *shard, struct mg_shard_key key,
                         struct cursor *cursor)
{
    for (uint32_t block = *bucket_of(shard, key.hash); block != 0;
         block = entry_at(shard, block)->chain) {
        const struct mg_shard_entry *entry = entry_at(shard, block);
        *cursor = (struct cursor){block, HEAD_BYTES};
        if (entry->hash == key.hash && entry->key_len == key.text.len &&
            match_bytes(shard, cursor, key.text)) {
            return block;
        }
    }
    return 0;
}

/* The same, but an expired entry is removed and not found, and a live one is used now. */
static uint32_t find(struct mg_shard *shard, struct mg_shard_key key, uint64_t now_ms,
                     struct cursor *cursor)
{
    uint32_t block = find_any(shard, key, cursor);
    if (block == 0) {
        return 0;
    }
    struct mg_shard_entry *entry = entry_at(shard, block);
    if (entry->expires_ms <= now_ms) {
        shard->expirations++;
        remove_entry(shard, block);
        return 0;
    }
    if (shard->newest != block) {
        use_remove(shard, entry);
        use_add(shard, block);
    }
    return block;
}

/* Free blocks until there are `wanted`, which are at most all. */
static void make_room(struct mg_shard *shard, size_t wanted, uint64_t now_ms)
{
    while (shard->free_count < wanted) {
        if (shard->heap_count > 0 && heap_time(shard, 0) <= now_ms) {
            shard->expirations++;
            remove_entry(shard, shard->heap[0]);
        } else {
            shard->evictions++;
            remove_entry(shard, shard->oldest);
        }
    }
}

static void add_entry(struct mg_shard *shard, struct mg_shard_key key,
                      const struct mg_dict_value *value, uint64_t expires_ms)
{
    struct mg_str text = value->type == MG_DICT_STRING ? value->text : (struct mg_str){NULL, 0};
    uint32_t block = take_block(shard);
    uint32_t last = block;
    for (size_t more = blocks_for(key.text.len + text.len) - 1; more > 0; more--) {
        uint32_t next = take_block(shard);
        *link_of(shard, last) = next;
        last = next;
    }
    struct mg_shard_entry *entry = entry_at(shard, block);
    uint32_t *bucket = bucket_of(shard, key.hash);
    *entry = (struct mg_shard_entry){
        .next_block = entry->next_block,
        .chain = *bucket,
        .hash = key.hash,
        .text_len = (uint32_t)text.len,
        .key_len = (uint16_t)key.text.len,
        .type = (uint8_t)value->type,
        .boolean = value->type == MG_DICT_BOOLEAN && value->boolean,
        .expires_ms = expires_ms,
    };
    if (value->type == MG_DICT_NUMBER) {
        entry->value.number = value->number;
    } else {
        entry->value.integer = value->type == MG_DICT_INTEGER ? value->integer : 0;
    }
    *bucket = block;
    struct cursor cursor = {block, HEAD_BYTES};
    write_bytes(shard, &cursor, key.text);
    write_bytes(shard, &cursor, text);
    use_add(shard, block);
    if (expires_ms != UINT64_MAX) {
        heap_add(shard, block);
    }
    shard->entry_count++;
}

/* ---- what dict.c calls ---- */

bool mg_shard_init(struct mg_shard *shard, size_t max_bytes)
{
    *shard = (struct mg_shard){
        .block_count = (uint32_t)(max_bytes / (MG_SHARD_BLOCK_BYTES + INDEX_BYTES))};
    uint32_t buckets = 1;
    while (buckets <= shard->block_count / 2) {
        buckets *= 2;
    }
    /* Zeroed memory from the kernel is taken page by page, when it is first written. */
    shard->blocks = mg_calloc(shard->block_count, MG_SHARD_BLOCK_BYTES);
    shard->buckets = mg_calloc(buckets, sizeof(*shard->buckets));
    shard->heap = mg_calloc(shard->block_count, sizeof(*shard->heap));
    if (shard->blocks == NULL || shard->buckets == NULL || shard->heap == NULL) {
        mg_shard_fini(shard);
        return false;
    }
    shard->bytes = (size_t)shard->block_count * (MG_SHARD_BLOCK_BYTES + sizeof(*shard->heap)) +
                   buckets * sizeof(*shard->buckets);
    shard->bucket_mask = buckets - 1;
    shard->free_count = shard->block_count;
    return true;
}

void mg_shard_fini(struct mg_shard *shard)
{
    free(shard->blocks);
    free(shard->buckets);
    free(shard->heap);
    *shard = (struct mg_shard){0};
}

enum mg_dict_result mg_shard_set(struct mg_shard *shard, struct mg_shard_key key,
                                 const struct mg_dict_value *value, uint64_t expires_ms,
                                 uint64_t now_ms)
{
    if (value->type == MG_DICT_NIL) {
        (void)mg_shard_delete(shard, key);
        return MG_DICT_OK;
    }
    size_t text_len = value->type == MG_DICT_STRING ? value->text.len : 0;
    size_t wanted = blocks_for(key.text.len + text_len);
    if (key.text.len > MG_DICT_MAX_KEY_BYTES || text_len > MG_DICT_MAX_VALUE_BYTES ||
        wanted > shard->block_count) {
        shard->refusals++;
        return MG_DICT_TOO_LARGE;
    }
    struct cursor cursor;
    uint32_t before = find_any(shard, key, &cursor);
    if (before != 0) {
        shard->expirations += entry_at(shard, before)->expires_ms <= now_ms;
        remove_entry(shard, before);
    }
    make_room(shard, wanted, now_ms);
    add_entry(shard, key, value, expires_ms);
    return MG_DICT_OK;
}

/* Fill *value from an entry without its text. */
static void read_value(const struct mg_shard_entry *entry, struct mg_dict_value *value)
{
    *value = (struct mg_dict_value){.type = (enum mg_dict_type)entry->type,
                                    .boolean = entry->boolean};
    if (value->type == MG_DICT_NUMBER) {
        value->number = entry->value.number;
    } else {
        value->integer = entry->value.integer;
    }
}

enum mg_dict_result mg_shard_get(struct mg_shard *shard, struct mg_shard_key key, char *buffer,
                                 size_t size, uint64_t now_ms, struct mg_dict_value *value)
{
    *value = (struct mg_dict_value){.type = MG_DICT_NIL};
    struct cursor cursor;
    uint32_t block = find(shard, key, now_ms, &cursor);
    if (block == 0) {
        return MG_DICT_MISSING;
    }
    const struct mg_shard_entry *entry = entry_at(shard, block);
    read_value(entry, value);
    if (value->type == MG_DICT_STRING) {
        value->text = (struct mg_str){buffer, entry->text_len};
        if (entry->text_len > size) {
            return MG_DICT_TOO_LARGE;
        }
        read_bytes(shard, &cursor, buffer, entry->text_len);
    }
    return MG_DICT_OK;
}

enum mg_dict_result mg_shard_delete(struct mg_shard *shard, struct mg_shard_key key)
{
    struct cursor cursor;
    uint32_t block = find_any(shard, key, &cursor);
    if (block == 0) {
        return MG_DICT_MISSING;
    }
    remove_entry(shard, block);
    return MG_DICT_OK;
}

enum mg_dict_result mg_shard_increment(struct mg_shard *shard, struct mg_shard_key key,
                                       struct mg_dict_increment *increment, uint64_t now_ms)
{
    struct cursor cursor;
    uint32_t block = find(shard, key, now_ms, &cursor);
    struct mg_shard_entry *entry = block == 0 ? NULL : entry_at(shard, block);
    if (entry != NULL && entry->type != MG_DICT_INTEGER) {
        return MG_DICT_TYPE;
    }
    int64_t before = entry != NULL ? entry->value.integer : increment->start;
    if (__builtin_add_overflow(before, increment->by, &increment->result)) {
        return MG_DICT_TYPE;
    }
    uint64_t expires_ms;
    if (entry != NULL) {
        entry->value.integer = increment->result;
        expires_ms = entry->expires_ms;
    } else {
        struct mg_dict_value value = {.type = MG_DICT_INTEGER, .integer = increment->result};
        expires_ms = mg_dict_expiry(increment->ttl_ms, now_ms);
        enum mg_dict_result result = mg_shard_set(shard, key, &value, expires_ms, now_ms);
        if (result != MG_DICT_OK) {
            return result;
        }
    }
    increment->ttl_left_ms = expires_ms == UINT64_MAX ? 0 : expires_ms - now_ms;
    return MG_DICT_OK;
}

bool mg_shard_next(const struct mg_shard *shard, uint32_t *at, struct mg_shard_copy *copy)
{
    *at = *at == 0 ? shard->oldest : entry_at(shard, *at)->newer;
    if (*at == 0) {
        return false;
    }
    const struct mg_shard_entry *entry = entry_at(shard, *at);
    struct cursor cursor = {*at, HEAD_BYTES};
    read_value(entry, &copy->value);
    read_bytes(shard, &cursor, copy->bytes, (size_t)entry->key_len + entry->text_len);
    copy->key = (struct mg_str){copy->bytes, entry->key_len};
    if (copy->value.type == MG_DICT_STRING) {
        copy->value.text = (struct mg_str){copy->bytes + entry->key_len, entry->text_len};
    }
    copy->expires_ms = entry->expires_ms;
    return true;
}
