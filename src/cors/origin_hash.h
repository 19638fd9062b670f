/* origin_hash.h - kinds and hashes of origin patterns.
 *
 * But for scheme and marks, a pattern is the end of every origin that it matches: host and
 * port, what follows one of the host's dots, or either without the port. So an origin is hashed
 * once, from the right, and the state after each word is kept: the hash of whatever ends there
 * is one step from one of them.
 *
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_CORS_ORIGIN_HASH_H
#define MG_CORS_ORIGIN_HASH_H

#include "cors/origin.h"
#include "cors/word.h"

/* What kind of pattern a record is: its text's length, the code of its scheme, its sort. */
enum {
    MG_ORIGIN_SCHEME_SHIFT = 16,
    MG_ORIGIN_HTTPS = 0 << MG_ORIGIN_SCHEME_SHIFT,
    MG_ORIGIN_HTTP = 1 << MG_ORIGIN_SCHEME_SHIFT,
    MG_ORIGIN_OTHER = 2, /* from here on: the length of a scheme that is in front of the text */

    MG_ORIGIN_EXACT = 0,
    MG_ORIGIN_SUBDOMAINS = 1 << 24,
    MG_ORIGIN_ANY_PORT = 1 << 25,
};

static inline size_t mg_origin_text_length(uint64_t kind)
{
    return kind & UINT16_MAX;
}

static inline size_t mg_origin_scheme_length(uint64_t kind)
{
    size_t code = kind >> MG_ORIGIN_SCHEME_SHIFT & UINT8_MAX;
    return code > MG_ORIGIN_OTHER ? code - MG_ORIGIN_OTHER : 0;
}

/* The scheme's part of a kind. */
static inline uint32_t mg_origin_scheme_kind(struct mg_str scheme)
{
    if (scheme.len == 5 && memcmp(scheme.ptr, "https", 5) == 0) {
        return MG_ORIGIN_HTTPS;
    }
    if (scheme.len == 4 && memcmp(scheme.ptr, "http", 4) == 0) {
        return MG_ORIGIN_HTTP;
    }
    return (uint32_t)(MG_ORIGIN_OTHER + scheme.len) << MG_ORIGIN_SCHEME_SHIFT;
}

/* A host, with its port or without, hashed from the right: states[n] is behind n words. */
struct mg_origin_chain {
    const char *end;
    uint64_t states[MG_ORIGIN_MAX_BYTES / MG_WORD_BYTES + 1];
};

/* Fold the 128-bit product. */
static inline uint64_t mg_origin_mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Every word is mixed with what is secret before it meets a constant. */
static inline uint64_t mg_origin_mix_word(uint64_t state, uint64_t word)
{
    return mg_origin_mix(state ^ word, 0x9fb21c651e98df25ULL);
}

/* Hash `text`, of at most MG_ORIGIN_MAX_BYTES. Borrows it. */
static inline void mg_origin_chain_init(struct mg_origin_chain *chain, uint64_t seed,
                                        struct mg_str text)
{
    uint64_t state = seed;
    chain->end = text.ptr + text.len;
    chain->states[0] = state;
    for (size_t n = 1; n <= text.len / MG_WORD_BYTES; n++) {
        state = mg_origin_mix_word(state, mg_word_load(chain->end - n * MG_WORD_BYTES));
        chain->states[n] = state;
    }
}

/* Hash of the pattern of this kind whose text is at the chain's end. `scheme` is looked at only
 * where the kind has its length. */
static inline uint64_t mg_origin_hash(const struct mg_origin_chain *chain, uint32_t kind,
                                      const char *scheme)
{
    struct mg_str prefix = {scheme, mg_origin_scheme_length(kind)};
    size_t len = mg_origin_text_length(kind);
    /* That the first word may overlap the next one does no harm: the length is hashed too. */
    uint64_t first = mg_word_at((struct mg_str){chain->end - len, len}, 0);
    uint64_t state = chain->states[len / MG_WORD_BYTES] ^ first;
    if (prefix.len > 0) {
        /* Else one byte in the scheme and one in the text could make up for each other. */
        state = mg_origin_mix_word(state, 0);
    }
    for (size_t at = 0; at < prefix.len; at += MG_WORD_BYTES) {
        state = mg_origin_mix_word(state, mg_word_at(prefix, at));
    }
    /* A kind changes the factor all over: texts and kinds cannot make up for each other. */
    return mg_origin_mix(state, 0xd6e8feb86659fd93ULL ^ kind * 0x9e3779b97f4a7c15ULL);
}

#endif
