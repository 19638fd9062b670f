/* origin_set.c - look-ups; origin_set_layout.h has the picture. */
#include "cors/origin_set.h"

#include "cors/origin_lookup.h"

enum {
    CACHE_LINE_BYTES = 64,
    PREFETCHED_BYTES = 2 * CACHE_LINE_BYTES, /* where the records of most blocks are */
};

static inline bool is_record(const char *record, const struct mg_origin_key *key)
{
    const char *text = record + MG_ORIGIN_HEADER_BYTES;
    return mg_origin_load(record, MG_ORIGIN_HEADER_BYTES) == key->header &&
           memcmp(text, key->start.ptr, key->start.len) == 0 &&
           (key->rest.len == 0 || memcmp(text + key->skip, key->rest.ptr, key->rest.len) == 0);
}

static inline size_t text_length(const char *record)
{
    return mg_origin_load(record, MG_ORIGIN_HEADER_BYTES) & UINT16_MAX;
}

static bool has_record(const struct mg_origin_set *set, const struct mg_origin_key *key)
{
    struct mg_origin_block block;
    memcpy(&block, key->block, sizeof(block));
    const char *at = key->block + sizeof(block);
    const char *end = key->block + block.used;
    while (at < end) {
        if (is_record(at, key)) {
            return true;
        }
        at += MG_ORIGIN_HEADER_BYTES + text_length(at);
    }
    uint32_t link = block.spill;
    while (link != 0) {
        at = set->spill + link - 1;
        if (is_record(at + sizeof(link), key)) {
            return true;
        }
        memcpy(&link, at, sizeof(link));
    }
    return false;
}

/* Room for the next key, whose hash says the block to load. When there is none, all keys so far
 * are looked up. */
static struct mg_origin_key *next_key(struct mg_origin_lookup *lookup, uint64_t hash)
{
    if (lookup->key_count == MG_ORIGIN_LOOKUP_KEYS) {
        lookup->found = mg_origin_lookup_end(lookup);
        lookup->key_count = 0;
    }
    struct mg_origin_key *key = &lookup->keys[lookup->key_count++];
    key->block = mg_origin_block_of(lookup->set, hash);
    for (size_t at = 0; at < PREFETCHED_BYTES; at += CACHE_LINE_BYTES) {
        __builtin_prefetch(key->block + at);
    }
    return key;
}

void mg_origin_lookup_begin(struct mg_origin_lookup *lookup, const struct mg_origin_set *set,
                            struct mg_str text)
{
    lookup->set = set;
    lookup->found = set->is_any;
    lookup->key_count = 0;
    if (set->has_exact && text.len <= MG_ORIGIN_MAX_BYTES) {
        uint64_t hash = mg_origin_hash(set->seed, text);
        struct mg_origin_key *key = next_key(lookup, hash);
        key->header = mg_origin_header(hash, 0, 0, text.len);
        key->start = text;
        key->rest = (struct mg_str){text.ptr, 0};
        key->skip = 0;
    }
}

/* Add a pattern that is not exact. `host`: without "*.", with the port where the pattern has
 * one of its own. */
static void add_sort(struct mg_origin_lookup *lookup, uint64_t host_hash,
                     const struct mg_origin *origin, struct mg_str host, unsigned sort)
{
    bool any_port = (sort & MG_ORIGIN_ANY_PORT) != 0;
    uint64_t hash = mg_origin_hash_sort(host_hash, any_port ? MG_PORT_ANY : origin->port, sort);
    struct mg_origin_key *key = next_key(lookup, hash);
    key->skip = origin->scheme.len + sizeof(MG_SCHEME_DELIMITER) - 1 +
                ((sort & MG_ORIGIN_SUBDOMAINS) != 0 ? 2 : 0);
    key->start = origin->scheme;
    key->rest = host;
    key->header = mg_origin_header(hash, sort, origin->scheme.len,
                                   key->skip + host.len + (any_port ? 2 : 0));
}

/* The "*." patterns that have a parent domain of the host. Walks the labels from the right, no
 * further than patterns go. */
static void add_parents(struct mg_origin_lookup *lookup, const struct mg_origin *origin,
                        uint64_t hash)
{
    const struct mg_origin_set *set = lookup->set;
    struct mg_str host = origin->host;
    size_t port_len = (size_t)(origin->text.ptr + origin->text.len - (host.ptr + host.len));
    size_t end = host.len; /* of the label that is being read */
    for (unsigned depth = 0; depth < set->wild_limit; depth++) {
        const char *dot = memrchr(host.ptr, '.', end);
        if (dot == NULL || dot == host.ptr) {
            return;
        }
        size_t at = (size_t)(dot - host.ptr);
        struct mg_str parent = mg_str_from_offset(host, at + 1);
        hash = mg_origin_hash(hash, (struct mg_str){parent.ptr, end - at - 1});
        if (mg_depth_has(&set->wild[1], depth)) {
            add_sort(lookup, hash, origin, parent, MG_ORIGIN_SUBDOMAINS | MG_ORIGIN_ANY_PORT);
        }
        if (mg_depth_has(&set->wild[0], depth)) {
            parent.len += port_len;
            add_sort(lookup, hash, origin, parent, MG_ORIGIN_SUBDOMAINS);
        }
        end = at;
    }
}

void mg_origin_lookup_add(struct mg_origin_lookup *lookup, const struct mg_origin *origin)
{
    const struct mg_origin_set *set = lookup->set;
    if (origin->is_null) {
        lookup->found = lookup->found || set->has_null;
        return;
    }
    bool may_have_parent = set->wild_limit > 0 && origin->host_kind == MG_HOST_NAME;
    if (!set->has_any_port && !may_have_parent) {
        return;
    }
    uint64_t hash = mg_origin_hash(set->seed, origin->scheme);
    if (set->has_any_port) {
        add_sort(lookup, mg_origin_hash(hash, origin->host), origin, origin->host,
                 MG_ORIGIN_ANY_PORT);
    }
    if (may_have_parent) {
        add_parents(lookup, origin, hash);
    }
}

bool mg_origin_lookup_end(const struct mg_origin_lookup *lookup)
{
    bool found = lookup->found;
    for (unsigned i = 0; i < lookup->key_count && !found; i++) {
        found = has_record(lookup->set, &lookup->keys[i]);
    }
    return found;
}

bool mg_origin_set_contains(const struct mg_origin_set *set, const struct mg_origin *origin)
{
    struct mg_origin_lookup lookup;
    mg_origin_lookup_begin(&lookup, set, origin->text);
    mg_origin_lookup_add(&lookup, origin);
    return mg_origin_lookup_end(&lookup);
}

bool mg_origin_set_is_any(const struct mg_origin_set *set)
{
    return set->is_any;
}

size_t mg_origin_set_count(const struct mg_origin_set *set)
{
    return set->record_count + set->is_any + set->has_null;
}

struct mg_pattern mg_origin_set_get(const struct mg_origin_set *set, size_t index)
{
    struct mg_pattern pattern = {.is_any = set->is_any, .is_null = set->has_null};
    if (index < set->record_count) {
        const char *record = set->records[index];
        struct mg_str text = {record + MG_ORIGIN_HEADER_BYTES, text_length(record)};
        (void)mg_pattern_parse(text, &pattern, NULL);
    }
    return pattern;
}
