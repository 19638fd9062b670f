/* origin_set_layout.h - how a set lies in memory, for the files that build and read it.
 *
 *   block    [ spill | used | record | record | record | free ]   one of equal size for 2 to 3
 *   record   [ fingerprint | length | sort | "https://app.example.com" ]         patterns each
 *   spill    [ next | record ] -> [ next | record ]               what found its block full
 *
 * A pattern's hash says its block, so a lookup waits for memory once, however many patterns
 * there are. Blocks are at most half full on average: few records are spilled. Equal headers
 * mean equal fingerprints, lengths and sorts; the bytes are compared all the same.
 *
 * Exact patterns are hashed as text, so that they are found before the origin is even parsed.
 * The others are hashed by scheme, labels from the right and port: one walk over an origin's
 * host gives the hash of each parent domain. `wild` says at which depths, counted in dots, "*."
 * patterns exist at all.
 */
#ifndef MG_CORS_ORIGIN_SET_LAYOUT_H
#define MG_CORS_ORIGIN_SET_LAYOUT_H

#include "cors/origin_set.h"

/* Which depths, 0 to 127 dots, hold patterns. */
struct mg_depth_bits {
    uint64_t words[2];
};

struct mg_origin_set {
    uint64_t seed;
    const char *blocks;
    uint32_t block_bytes;
    uint32_t block_count;
    const char *spill;
    const char *const *records; /* all of them, for _get */
    size_t record_count;
    bool is_any;
    bool has_null;
    bool has_exact;
    bool has_any_port;            /* exact but for the port, ":*" */
    struct mg_depth_bits wild[2]; /* "*." patterns with a port of their own, with ":*" */
    unsigned wild_limit;          /* one above the deepest of both, 0 when there is none */
};

/* What each block begins with. */
struct mg_origin_block {
    uint32_t spill; /* 1 + offset of the first spilled record's link, or 0 */
    uint32_t used;  /* bytes, this header included */
};

/* What each record begins with, as one number:
 * fingerprint 32 bits | sort 8 | scheme length 8, 0 of exact patterns | text length 16 */
enum {
    MG_ORIGIN_HEADER_BYTES = 8
};

/* The sort of a pattern; 0 is exact. */
enum {
    MG_ORIGIN_SUBDOMAINS = 1,
    MG_ORIGIN_ANY_PORT = 2,
};

/* What a record is looked up by: its text begins with `start`, and has `rest` behind `skip`
 * bytes; all else follows from the header. */
struct mg_origin_key {
    const char *block;
    uint64_t header;
    struct mg_str start;
    struct mg_str rest;
    size_t skip;
};

static inline uint64_t mg_origin_load(const char *from, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, from, size);
    return word;
}

/* Fold the 128-bit product. */
static inline uint64_t mg_origin_mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Words at the ends overlap, so that no length needs a loop over bytes. Every word is mixed
 * with what is secret before it meets a constant. */
static inline uint64_t mg_origin_hash(uint64_t seed, struct mg_str s)
{
    const uint64_t odd = 0x9fb21c651e98df25ULL;
    const char *end = s.ptr + s.len;
    uint64_t hash = seed ^ s.len;
    if (s.len >= 8) {
        for (const char *at = s.ptr; end - at > 8; at += 8) {
            hash = mg_origin_mix(hash ^ mg_origin_load(at, 8), odd);
        }
        hash ^= mg_origin_load(end - 8, 8);
    } else if (s.len >= 4) {
        hash ^= mg_origin_load(s.ptr, 4) << 32 | mg_origin_load(end - 4, 4);
    } else if (s.len > 0) {
        hash ^= mg_origin_load(s.ptr, 1) << 32 | mg_origin_load(s.ptr + s.len / 2, 1) << 16 |
                mg_origin_load(end - 1, 1);
    }
    return mg_origin_mix(hash, odd);
}

/* The block of what has this hash. */
static inline const char *mg_origin_block_of(const struct mg_origin_set *set, uint64_t hash)
{
    return set->blocks + ((hash >> 32) * set->block_count >> 32) * set->block_bytes;
}

/* Hash of the other patterns. `host_hash`: mg_origin_hash of the scheme, seeded by the set,
 * then of the labels from the right, each seeded by what is right of it. */
static inline uint64_t mg_origin_hash_sort(uint64_t host_hash, uint32_t port, unsigned sort)
{
    return mg_origin_mix(host_hash ^ ((uint64_t)sort << 32 | port), 0xd6e8feb86659fd93ULL);
}

static inline uint64_t mg_origin_header(uint64_t hash, unsigned sort, size_t scheme_len,
                                        size_t text_len)
{
    return hash << 32 | (uint64_t)sort << 24 | (uint64_t)scheme_len << 16 | text_len;
}

static inline bool mg_depth_has(const struct mg_depth_bits *bits, unsigned depth)
{
    return (bits->words[depth >> 6 & 1] >> (depth & 63) & 1) != 0;
}

#endif
