/* dict_hash.c - see the header. The words of the input are read byte by byte, so that the hash
 * is the same on every machine; compilers make one load of it.
 */
#include "plugin/dict_hash.h"

struct sip {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
};

static inline uint64_t rotate(uint64_t word, unsigned by)
{
    return word << by | word >> (64 - by);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

/* The first `count` bytes at `bytes`, at most 8, little-endian. */
static inline uint64_t load(const char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++) {
        word |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    }
    return word;
}

uint64_t mg_dict_hash(struct mg_str text, const struct mg_dict_secret *secret)
{
    /* The constants are the paper's: "somepseudorandomlygeneratedbytes". */
    struct sip s = {
        .v0 = secret->low ^ 0x736f6d6570736575ULL,
        .v1 = secret->high ^ 0x646f72616e646f6dULL,
        .v2 = secret->low ^ 0x6c7967656e657261ULL,
        .v3 = secret->high ^ 0x7465646279746573ULL,
    };
    size_t whole = text.len / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        sip_word(&s, load(text.ptr + i, 8));
    }
    struct mg_str rest = mg_str_from_offset(text, whole);
    sip_word(&s, load(rest.ptr, text.len - whole) | (uint64_t)(text.len & 0xff) << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++) {
        sip_round(&s);
    }
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
