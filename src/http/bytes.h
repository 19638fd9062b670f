/* bytes.h - byte classes of HTTP/1.1 and URLs, and the search for control bytes: what the scan
 * of a head spends its time on. Private to src/http. MG_PLAIN_BYTES takes the form for
 * processors without SSE2 (tests).
 *
 * Threads:   pure; any thread.
 */
#ifndef MG_HTTP_BYTES_H
#define MG_HTTP_BYTES_H

#include <stdint.h>
#if defined(__SSE2__) && !defined(MG_PLAIN_BYTES)
#include <emmintrin.h>
#endif

#include "core/str.h"

enum {
    /* tchar, RFC 9110 5.6.2. */
    MG_BYTE_TOKEN = 1,
    /* May stand in a request target: VCHAR without " # < > and backslash. Wider than RFC 3986
     * by { | } ^ ` [ ], which browsers send as they are in queries (URL standard, query
     * percent-encode set). */
    MG_BYTE_TARGET = 2,
    /* Stands for itself in a path of normal form, the slash too: pchar without "%" and ".",
     * which want a closer look, and [ ] ^ | as browsers send them (URL standard, path
     * percent-encode set). */
    MG_BYTE_PATH = 4,
    /* unreserved, RFC 3986 2.3. */
    MG_BYTE_UNRESERVED = 8,
};

extern const uint8_t mg_byte_classes[256];

/* Whether `c` is in any of the classes of `mask`. */
static inline bool mg_byte_is(char c, unsigned mask)
{
    return (mg_byte_classes[(unsigned char)c] & mask) != 0;
}

/* Whether every byte of `s` is in a class of `mask`; true of the empty slice. */
static inline bool mg_bytes_are(struct mg_str s, unsigned mask)
{
    unsigned common = mask;
    for (size_t i = 0; i < s.len; i++) {
        common &= mg_byte_classes[(unsigned char)s.ptr[i]];
    }
    return common == mask;
}

/* The first byte from `at` on that no field value may hold (RFC 9110 5.5): a control byte other
 * than HTAB; CR and LF are such. Returns: `end` where there is none. */
static inline const char *mg_bytes_find_control(const char *at, const char *end)
{
#if defined(__SSE2__) && !defined(MG_PLAIN_BYTES)
    const __m128i last_control = _mm_set1_epi8(0x1f);
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i delete = _mm_set1_epi8(0x7f);
    for (; end - at >= (ptrdiff_t)sizeof(__m128i); at += sizeof(__m128i)) {
        __m128i block = _mm_loadu_si128((const __m128i *)at);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
        __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(block, tab), low),
                                   _mm_cmpeq_epi8(block, delete));
        int found = _mm_movemask_epi8(bad);
        if (found != 0) {
            return at + __builtin_ctz((unsigned)found);
        }
    }
#endif
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return at;
        }
    }
    return end;
}

/* The first byte from `at` on that is not of a token. Returns: `end` where there is none. */
static inline const char *mg_bytes_skip_token(const char *at, const char *end)
{
#if defined(__SSE2__) && !defined(MG_PLAIN_BYTES)
    /* Letters, digits and "-" are all of most field names; the table knows the others. */
    const __m128i lower = _mm_set1_epi8(0x20);
    for (; end - at >= (ptrdiff_t)sizeof(__m128i); at += sizeof(__m128i)) {
        __m128i block = _mm_loadu_si128((const __m128i *)at);
        __m128i letter = _mm_sub_epi8(_mm_or_si128(block, lower), _mm_set1_epi8('a'));
        __m128i digit = _mm_sub_epi8(block, _mm_set1_epi8('0'));
        __m128i usual = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
                         _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit)),
            _mm_cmpeq_epi8(block, _mm_set1_epi8('-')));
        unsigned others = ~(unsigned)_mm_movemask_epi8(usual) & 0xffffU;
        if (others != 0) {
            at += __builtin_ctz(others);
            break;
        }
    }
#endif
    while (at < end && mg_byte_is(*at, MG_BYTE_TOKEN)) {
        at++;
    }
    return at;
}

#endif
