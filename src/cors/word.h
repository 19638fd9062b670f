/* word.h - text eight bytes at a time, in plain integers: the first byte is the lowest, on any
 * machine. What a search finds is marked in bit 7 of each byte.
 *
 * Threads:   pure; any thread. Nothing outside the given bytes is read.
 */
#ifndef MG_CORS_WORD_H
#define MG_CORS_WORD_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/str.h"

enum {
    MG_WORD_BYTES = 8
};

/* A byte in all eight places. */
#define MG_WORD_OF(byte) (UINT64_C(0x0101010101010101) * (unsigned char)(byte))
#define MG_WORD_HIGH     MG_WORD_OF(0x80)
#define MG_WORD_LOW      MG_WORD_OF(0x7f)

/* The eight bytes at `from`. */
static inline uint64_t mg_word_load(const char *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof(word));
    return le64toh(word);
}

static inline uint64_t mg_word_load_half(const char *from)
{
    uint32_t half;
    memcpy(&half, from, sizeof(half));
    return le32toh(half);
}

/* The `size` bytes at `from`, less than eight, with zeros behind them. Pieces that overlap
 * agree, so that no length needs a loop. */
static inline uint64_t mg_word_load_part(const char *from, size_t size)
{
    if (size >= 4) {
        return mg_word_load_half(from) | mg_word_load_half(from + size - 4) << (size - 4) * 8;
    }
    if (size == 0) {
        return 0;
    }
    const unsigned char *bytes = (const unsigned char *)from;
    return bytes[0] | (uint64_t)bytes[size / 2] << size / 2 * 8 |
           (uint64_t)bytes[size - 1] << (size - 1) * 8;
}

/* Up to eight bytes of `text` from `at` on, with zeros behind its end. */
static inline uint64_t mg_word_at(struct mg_str text, size_t at)
{
    size_t left = text.len - at;
    if (left >= MG_WORD_BYTES) {
        return mg_word_load(text.ptr + at);
    }
    return left == 0 ? 0 : mg_word_load_part(text.ptr + at, left);
}

/* The lowest `size` bytes of a word, less than eight. */
static inline uint64_t mg_word_keep(uint64_t word, size_t size)
{
    return word & (((uint64_t)1 << size * 8) - 1);
}

/* Mark the first byte that is `c`, and maybe others behind it. */
static inline uint64_t mg_word_find_first(uint64_t word, char c)
{
    uint64_t differs = word ^ MG_WORD_OF((unsigned char)c);
    return (differs - MG_WORD_OF(1)) & ~differs & MG_WORD_HIGH;
}

/* Mark the bytes from `first` to `last`, ASCII characters. */
static inline uint64_t mg_word_find_range(uint64_t word, char first, char last)
{
    uint64_t low = word & MG_WORD_LOW;
    uint64_t reaches_first = low + MG_WORD_OF(0x80 - first);
    uint64_t passes_last = low + MG_WORD_OF(0x7f - last);
    return reaches_first & ~passes_last & ~word & MG_WORD_HIGH;
}

/* Gather the marks: bit n for byte n. */
static inline unsigned mg_word_gather(uint64_t marks)
{
    return (unsigned)((marks >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

/* Which byte is the first marked one. Needs: there is one. */
static inline size_t mg_word_first(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) / 8;
}

/* Whether `len` bytes are equal: what memcmp says, without the call that short texts cannot
 * make up for. */
static inline bool mg_word_equal(const char *a, const char *b, size_t len)
{
    if (len < MG_WORD_BYTES) {
        return mg_word_load_part(a, len) == mg_word_load_part(b, len);
    }
    for (size_t at = 0; at < len - MG_WORD_BYTES; at += MG_WORD_BYTES) {
        if (mg_word_load(a + at) != mg_word_load(b + at)) {
            return false;
        }
    }
    return mg_word_load(a + len - MG_WORD_BYTES) == mg_word_load(b + len - MG_WORD_BYTES);
}

#endif
