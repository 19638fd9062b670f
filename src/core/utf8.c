/* utf8.c - see the header. */
#include "core/utf8.h"

static bool is_continuation(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

size_t mg_utf8_sequence(struct mg_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (s.len == 0) {
        return 0;
    }
    unsigned char c = p[0];
    if (c < 0x80) {
        return 1;
    }
    size_t length = c >= 0xc2 && c <= 0xdf   ? 2
                    : (c & 0xf0) == 0xe0     ? 3
                    : c >= 0xf0 && c <= 0xf4 ? 4
                                             : 0;
    if (length == 0 || s.len < length) {
        return 0;
    }
    unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (!is_continuation(p[1], low, high)) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (!is_continuation(p[i], 0x80, 0xbf)) {
            return 0;
        }
    }
    return length;
}

bool mg_utf8_is_valid(struct mg_str s)
{
    while (s.len > 0) {
        size_t length = mg_utf8_sequence(s);
        if (length == 0) {
            return false;
        }
        s = mg_str_from_offset(s, length);
    }
    return true;
}
