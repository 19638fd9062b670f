/* base64.c - see the header. */
#include "server/base64.h"

#include <stdint.h>

size_t mg_base64_encode(struct mg_str octets, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *to = out;
    for (size_t i = 0; i < octets.len; i += 3) {
        uint32_t group = (uint32_t)(unsigned char)octets.ptr[i] << 16;
        group |= i + 1 < octets.len ? (uint32_t)(unsigned char)octets.ptr[i + 1] << 8 : 0;
        group |= i + 2 < octets.len ? (uint32_t)(unsigned char)octets.ptr[i + 2] : 0;
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[group >> 12 & 63];
        *to++ = i + 1 < octets.len ? alphabet[group >> 6 & 63] : '=';
        *to++ = i + 2 < octets.len ? alphabet[group & 63] : '=';
    }
    return (size_t)(to - out);
}
