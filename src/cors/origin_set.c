/* origin_set.c - look-ups; origin_set_layout.h has the picture. */
#include "cors/origin_set.h"

#include "cors/origin_lookup.h"

enum {
    CACHE_LINE_BYTES = 64,
    PREFETCHED_BYTES = 3 * CACHE_LINE_BYTES, /* as far as the records of most blocks go */
};

static inline bool is_record(const char *record, const struct mg_origin_key *key)
{
    const char *text = record + sizeof(key->header);
    return memcmp(record, &key->header, sizeof(key->header)) == 0 &&
           memcmp(text, key->start.ptr, key->start.len) == 0 &&
           memcmp(text + key->skip, key->rest.ptr, key->rest.len) == 0;
}

static size_t record_size(const char *record)
{
    struct mg_origin_header header;
    memcpy(&header, record, sizeof(header));
    return sizeof(header) + header.text_len;
}

static bool has_record(const struct mg_origin_set *set, const struct mg_origin_key *key)
{
    const char *start = mg_origin_block_of(set, key->hash);
    struct mg_origin_block block;
    memcpy(&block, start, sizeof(block));
    const char *end = start + block.used;
    for (const char *at = start + sizeof(block); at < end; at += record_size(at)) {
        if (is_record(at, key)) {
            return true;
        }
    }
    uint32_t link = block.spill;
    while (link != 0) {
        const char *at = set->spill + link - 1;
        if (is_record(at + sizeof(link), key)) {
            return true;
        }
        memcpy(&link, at, sizeof(link));
    }
    return false;
}

static void add_key(struct mg_origin_lookup *lookup, const struct mg_origin_key *key)
{
    if (lookup->key_count == MG_ORIGIN_LOOKUP_KEYS) {
        lookup->found = lookup->found || has_record(lookup->set, key);
        return;
    }
    const char *block = mg_origin_block_of(lookup->set, key->hash);
    for (size_t at = 0; at < PREFETCHED_BYTES; at += CACHE_LINE_BYTES) {
        __builtin_prefetch(block + at);
    }
    lookup->keys[lookup->key_count++] = *key;
}

void mg_origin_lookup_begin(struct mg_origin_lookup *lookup, const struct mg_origin_set *set,
                            struct mg_str text)
{
    lookup->set = set;
    lookup->found = set->is_any;
    lookup->key_count = 0;
    if (set->has_exact && text.len <= MG_ORIGIN_MAX_BYTES) {
        struct mg_origin_key key = mg_origin_key_exact(set->seed, text);
        add_key(lookup, &key);
    }
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
    unsigned depth = 0;    /* dots in what has been read */
    for (size_t at = end; at-- > 1 && depth < set->wild_limit;) {
        if (host.ptr[at] != '.') {
            continue;
        }
        struct mg_str parent = mg_str_from_offset(host, at + 1);
        hash = mg_origin_hash(hash, (struct mg_str){parent.ptr, end - at - 1});
        if (mg_depth_has(&set->wild[1], depth)) {
            struct mg_origin_key key =
                mg_origin_key_sort(hash, origin->scheme, parent, MG_PORT_ANY,
                                   MG_ORIGIN_SUBDOMAINS | MG_ORIGIN_ANY_PORT);
            add_key(lookup, &key);
        }
        if (mg_depth_has(&set->wild[0], depth)) {
            parent.len += port_len;
            struct mg_origin_key key = mg_origin_key_sort(hash, origin->scheme, parent,
                                                          origin->port, MG_ORIGIN_SUBDOMAINS);
            add_key(lookup, &key);
        }
        end = at;
        depth++;
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
        struct mg_origin_key key =
            mg_origin_key_sort(mg_origin_hash(hash, origin->host), origin->scheme, origin->host,
                               MG_PORT_ANY, MG_ORIGIN_ANY_PORT);
        add_key(lookup, &key);
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
        struct mg_str text = {record + sizeof(struct mg_origin_header), record_size(record)};
        text.len -= sizeof(struct mg_origin_header);
        (void)mg_pattern_parse(text, &pattern, NULL);
    }
    return pattern;
}
