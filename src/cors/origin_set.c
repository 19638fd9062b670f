/* origin_set.c - look-ups; origin_set_layout.h has the picture. */
#include "cors/origin_set.h"

#include "cors/origin_lookup.h"
#include "cors/origin_set_build.h"

static inline uint64_t load_header(const char *slot)
{
    uint64_t header;
    memcpy(&header, slot, sizeof(header));
    return header;
}

static inline bool is_there(const struct mg_origin_set *set, const struct mg_origin_key *key)
{
    if (load_header(key->slot) != key->header) {
        return false;
    }
    size_t scheme_len = mg_origin_scheme_length(key->header);
    const char *scheme = mg_origin_slot_text(set, key->slot, key->header);
    return mg_word_equal(scheme + scheme_len, key->text, mg_origin_text_length(key->header)) &&
           (scheme_len == 0 || memcmp(scheme, key->scheme, scheme_len) == 0);
}

/* Add a pattern whose text is the last `len` bytes of `chain`, and load the slot where it
 * would be. When there is no room, all keys so far are looked up. */
static inline void add_key(struct mg_origin_lookup *lookup, const struct mg_origin_chain *chain,
                           size_t len, uint32_t kind, const char *scheme)
{
    const struct mg_origin_set *set = lookup->set;
    kind |= (uint32_t)len;
    uint64_t hash = mg_origin_hash(chain, kind, scheme);
    const char *slot = mg_origin_slot_of(set, hash);
    __builtin_prefetch(slot);
    if (lookup->key_count == MG_ORIGIN_LOOKUP_KEYS) {
        lookup->found = mg_origin_lookup_end(lookup);
        lookup->key_count = 0;
    }
    lookup->keys[lookup->key_count++] =
        (struct mg_origin_key){slot, mg_origin_header(hash, kind), chain->end - len, scheme};
}

/* Hash host and port, and add the exact pattern. */
static inline void begin(struct mg_origin_lookup *lookup, struct mg_str text, uint32_t kind,
                         const char *scheme)
{
    mg_origin_chain_init(&lookup->chain, lookup->set->seed, text);
    lookup->has_begun = true;
    if (lookup->set->has_exact) {
        add_key(lookup, &lookup->chain, text.len, MG_ORIGIN_EXACT | kind, scheme);
    }
}

void mg_origin_lookup_begin(struct mg_origin_lookup *lookup, const struct mg_origin_set *set,
                            struct mg_str text)
{
    struct mg_str https = MG_STR("https" MG_SCHEME_DELIMITER);
    lookup->set = set;
    lookup->found = set->is_any;
    lookup->has_begun = false;
    lookup->key_count = 0;
    bool may_be_origin = text.len > https.len && text.len <= MG_ORIGIN_MAX_BYTES;
    if (may_be_origin && set->record_count > 0 && memcmp(text.ptr, https.ptr, 8) == 0) {
        begin(lookup, mg_str_from_offset(text, https.len), MG_ORIGIN_HTTPS, text.ptr);
    }
}

/* The "*." patterns that have a parent domain of the host. Walks the labels from the right, no
 * further than patterns go. `any_port`: the chain that ends in front of the port. */
static void add_parents(struct mg_origin_lookup *lookup, const struct mg_origin *origin,
                        const struct mg_origin_chain *any_port, uint32_t kind)
{
    const struct mg_origin_set *set = lookup->set;
    struct mg_str host = origin->host;
    const char *host_end = host.ptr + host.len;
    for (unsigned depth = 0; depth < set->wild_limit; depth++) {
        const char *dot = memrchr(host.ptr, '.', host.len);
        if (dot == NULL || dot == host.ptr) {
            return;
        }
        host.len = (size_t)(dot - host.ptr);
        size_t len = (size_t)(host_end - dot) - 1;
        kind |= MG_ORIGIN_SUBDOMAINS;
        if (mg_depth_has(&set->wild[1], depth)) {
            add_key(lookup, any_port, len, kind | MG_ORIGIN_ANY_PORT, origin->scheme.ptr);
        }
        if (mg_depth_has(&set->wild[0], depth)) {
            len = (size_t)(lookup->chain.end - dot) - 1;
            add_key(lookup, &lookup->chain, len, kind, origin->scheme.ptr);
        }
    }
}

void mg_origin_lookup_add(struct mg_origin_lookup *lookup, const struct mg_origin *origin)
{
    const struct mg_origin_set *set = lookup->set;
    struct mg_str host = origin->host;
    if (origin->is_null || set->record_count == 0) {
        lookup->found = lookup->found || (origin->is_null && set->has_null);
        return;
    }
    uint32_t kind = mg_origin_scheme_kind(origin->scheme);
    if (!lookup->has_begun) {
        size_t offset = (size_t)(host.ptr - origin->text.ptr);
        begin(lookup, mg_str_from_offset(origin->text, offset), kind, origin->scheme.ptr);
    }
    bool may_have_parent = origin->host_kind == MG_HOST_NAME && set->wild_limit > 0 &&
                           origin->dot_count > set->wild_least;
    if (!set->has_any_port && !may_have_parent) {
        return;
    }
    const struct mg_origin_chain *any_port = &lookup->chain;
    struct mg_origin_chain without_port;
    if (host.ptr + host.len != lookup->chain.end) {
        mg_origin_chain_init(&without_port, set->seed, host);
        any_port = &without_port;
    }
    if (set->has_any_port) {
        add_key(lookup, any_port, host.len, MG_ORIGIN_ANY_PORT | kind, origin->scheme.ptr);
    }
    if (may_have_parent) {
        add_parents(lookup, origin, any_port, kind);
    }
}

bool mg_origin_lookup_end(const struct mg_origin_lookup *lookup)
{
    bool found = lookup->found;
    for (unsigned i = 0; i < lookup->key_count && !found; i++) {
        found = is_there(lookup->set, &lookup->keys[i]);
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

bool mg_origin_set_lists(const struct mg_origin_set *set, const struct mg_pattern *pattern)
{
    struct mg_origin_record record;
    if (pattern->is_any || pattern->is_null) {
        return pattern->is_any ? set->is_any : set->has_null;
    }
    if (set->record_count == 0) {
        return false;
    }
    mg_origin_record_of(pattern, &record);
    uint64_t hash = mg_origin_record_hash(set, &record);
    struct mg_origin_key key = {mg_origin_slot_of(set, hash),
                                mg_origin_header(hash, record.kind), record.text.ptr,
                                record.scheme.ptr};
    return is_there(set, &key);
}

bool mg_origin_set_is_any(const struct mg_origin_set *set)
{
    return set->is_any;
}

size_t mg_origin_set_count(const struct mg_origin_set *set)
{
    return set->record_count + set->is_any + set->has_null;
}

/* Take the record in a slot apart. */
static void read_slot(const struct mg_origin_set *set, const char *slot,
                      struct mg_pattern *pattern)
{
    uint64_t header = load_header(slot);
    uint32_t scheme_kind = header & (uint32_t)UINT8_MAX << MG_ORIGIN_SCHEME_SHIFT;
    size_t scheme_len = mg_origin_scheme_length(header);
    const char *scheme = mg_origin_slot_text(set, slot, header);
    struct mg_str text = {scheme + scheme_len, mg_origin_text_length(header)};
    pattern->scheme = scheme_kind == MG_ORIGIN_HTTPS  ? MG_STR("https")
                      : scheme_kind == MG_ORIGIN_HTTP ? MG_STR("http")
                                                      : (struct mg_str){scheme, scheme_len};
    pattern->is_subdomains = (header & MG_ORIGIN_SUBDOMAINS) != 0;
    const char *bracket = memchr(text.ptr, ']', text.len); /* of an IPv6 address */
    const char *name = bracket == NULL ? text.ptr : bracket;
    const char *colon = memchr(name, ':', text.len - (size_t)(name - text.ptr));
    pattern->host =
        (struct mg_str){text.ptr, colon == NULL ? text.len : (size_t)(colon - text.ptr)};
    (void)mg_origin_parse_host(pattern->host, &pattern->host_kind);
    uint16_t port = mg_scheme_default_port(pattern->scheme);
    if (colon != NULL) {
        (void)mg_origin_parse_port(mg_str_from_offset(text, pattern->host.len + 1), &port);
    }
    pattern->port = (header & MG_ORIGIN_ANY_PORT) != 0 ? MG_PORT_ANY : port;
}

struct mg_pattern mg_origin_set_get(const struct mg_origin_set *set, size_t index)
{
    struct mg_pattern pattern = {.is_any = false};
    if (index < set->record_count) {
        read_slot(set, set->slots + (size_t)set->positions[index] * set->slot_bytes, &pattern);
    } else {
        pattern.is_any = set->is_any;
        pattern.is_null = set->has_null;
    }
    return pattern;
}
