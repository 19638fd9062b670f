/* origin_set_layout.h - how a set lies in memory, for the files that build and read it.
 *
 *   hash of a pattern -> its group -> the group's nudge -> its slot, which no other has
 *
 *   nudges   a byte for each group of about four patterns: small enough to stay in the cache
 *   slots    [ header | "app.example.com:8443" ]     a cache line each, where texts are usual
 *   header   fingerprint, sort, scheme, length
 *
 * A lookup waits for one cache line, however many patterns there are, and all that may match
 * are loaded side by side. Equal headers mean equal fingerprints, sorts, schemes and lengths;
 * the bytes are compared all the same.
 */
#ifndef MG_CORS_ORIGIN_SET_LAYOUT_H
#define MG_CORS_ORIGIN_SET_LAYOUT_H

#include "cors/origin_hash.h"
#include "cors/origin_set.h"

/* Which depths, 0 to 127 dots, hold patterns. */
struct mg_depth_bits {
    uint64_t words[2];
};

struct mg_origin_set {
    uint64_t seed;
    const uint8_t *nudges;
    const char *slots;
    uint32_t group_count;
    uint32_t slot_count;
    uint32_t slot_bytes;
    const char *long_texts;    /* of records that are longer than a slot */
    const uint32_t *positions; /* the slots in use, for _get */
    size_t record_count;
    bool is_any;
    bool has_null;
    bool has_exact;
    bool has_any_port;            /* exact but for the port, ":*" */
    struct mg_depth_bits wild[2]; /* "*." patterns with a port of their own, with ":*" */
    unsigned wild_least;          /* the lowest depth of both */
    unsigned wild_limit;          /* one above the deepest of both, 0 when there is none */
};

enum {
    MG_ORIGIN_HEADER_BYTES = 8, /* fingerprint << 32 | kind; 0 only in a free slot */
};

/* Which of `count` a hash says, by its upper half. */
static inline size_t mg_origin_choose(uint64_t hash, uint32_t count)
{
    return (size_t)((hash >> 32) * count >> 32);
}

/* Where a hash goes that is nudged so. */
static inline size_t mg_origin_position(uint64_t hash, unsigned nudge, uint32_t slot_count)
{
    return mg_origin_choose(mg_origin_mix(hash ^ nudge, 0xa0761d6478bd642fULL), slot_count);
}

/* The slot of what has this hash. */
static inline const char *mg_origin_slot_of(const struct mg_origin_set *set, uint64_t hash)
{
    unsigned nudge = set->nudges[mg_origin_choose(hash, set->group_count)];
    return set->slots + mg_origin_position(hash, nudge, set->slot_count) * set->slot_bytes;
}

/* The text of the record in a slot, behind its scheme where it has one. */
static inline const char *mg_origin_slot_text(const struct mg_origin_set *set, const char *slot,
                                              uint64_t header)
{
    const char *text = slot + MG_ORIGIN_HEADER_BYTES;
    size_t len = mg_origin_scheme_length(header) + mg_origin_text_length(header);
    if (len > set->slot_bytes - MG_ORIGIN_HEADER_BYTES) {
        uint32_t offset;
        memcpy(&offset, text, sizeof(offset));
        text = set->long_texts + offset;
    }
    return text;
}

/* The header of a record. */
static inline uint64_t mg_origin_header(uint64_t hash, uint32_t kind)
{
    return hash << 32 | kind;
}

static inline bool mg_depth_has(const struct mg_depth_bits *bits, unsigned depth)
{
    return (bits->words[depth >> 6 & 1] >> (depth & 63) & 1) != 0;
}

#endif
