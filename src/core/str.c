/* str.c - slices. Everything compares bytes; case means ASCII case. */
#include "core/str.h"

#include <stdint.h>

/* tchar of RFC 9110 5.6.2: "!#$%&'*+-.^_`|~", digits and letters; a bit for each byte value. */
static const uint32_t TCHAR_BITS[8] = {0x00000000, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff,
                                       0,          0,          0,          0};

int mg_ascii_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = mg_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mg_str_equal_nocase(struct mg_str a, struct mg_str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] != b.ptr[i] && mg_ascii_lower(a.ptr[i]) != mg_ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

int mg_str_compare(struct mg_str a, struct mg_str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool mg_str_starts_with(struct mg_str s, struct mg_str prefix)
{
    return s.len >= prefix.len &&
           (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool mg_str_ends_with(struct mg_str s, struct mg_str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

struct mg_str mg_str_trim_ows(struct mg_str s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) {
        s.len--;
    }
    return s;
}

bool mg_list_next(struct mg_list_cursor *cursor, struct mg_str *element)
{
    if (cursor->done) {
        return false;
    }
    const char *comma = memchr(cursor->rest.ptr, ',', cursor->rest.len);
    size_t len = comma == NULL ? cursor->rest.len : (size_t)(comma - cursor->rest.ptr);
    *element = mg_str_trim_ows((struct mg_str){cursor->rest.ptr, len});
    cursor->done = comma == NULL;
    if (comma != NULL) {
        cursor->rest.ptr += len + 1;
        cursor->rest.len -= len + 1;
    }
    return true;
}

bool mg_str_to_u64(struct mg_str s, unsigned long long max, unsigned long long *out)
{
    unsigned long long value = 0;
    if (s.len == 0) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!mg_ascii_is_digit(s.ptr[i])) {
            return false;
        }
        unsigned digit = (unsigned)(s.ptr[i] - '0');
        if (value > (max - digit) / 10 || max < digit) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool mg_is_tchar(char c)
{
    unsigned char byte = (unsigned char)c;
    return (TCHAR_BITS[byte >> 5] >> (byte & 31) & 1) != 0;
}

bool mg_str_is_token(struct mg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!mg_is_tchar(s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0;
}

/* Multiply-mix over 8-byte words (the construction of wyhash and its kin): two loads a round,
 * no table. */
static unsigned long long mix(unsigned long long a, unsigned long long b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (unsigned long long)product ^ (unsigned long long)(product >> 64);
}

unsigned long long mg_str_hash(struct mg_str s, unsigned long long seed)
{
    const unsigned long long k0 = 0xa0761d6478bd642fULL;
    const unsigned long long k1 = 0xe7037ed1a0b428dbULL;
    unsigned long long hash = seed ^ k0 ^ s.len;
    const char *p = s.ptr;
    size_t left = s.len;
    unsigned long long word;
    while (left >= sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        hash = mix(hash ^ word, k1);
        p += sizeof(word);
        left -= sizeof(word);
    }
    word = 0;
    if (left > 0) {
        memcpy(&word, p, left);
    }
    return mix(hash ^ word, k0 ^ left);
}

size_t mg_str_distance(struct mg_str a, struct mg_str b)
{
    enum {
        MAX_NAME = 64
    };
    if (a.len > MAX_NAME || b.len > MAX_NAME) {
        return SIZE_MAX;
    }
    size_t rows[3][MAX_NAME + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];
    for (size_t j = 0; j <= b.len; j++) {
        above[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            bool swapped =
                i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1];
            if (swapped && before[j - 2] + 1 < best) {
                best = before[j - 2] + 1;
            }
            row[j] = best;
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b.len];
}
