/* origin_ip.c - an address is canonical when parsing and serializing it gives it back; for IPv4
 * the plain form is checked directly, since that is done for each request. */
#include "cors/origin_ip.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>

enum {
    IPV4_PARTS = 4,
    IPV6_PIECES = 8
};

bool mg_ip_label_is_number(struct mg_str label)
{
    bool is_hex = label.len >= 2 && label.ptr[0] == '0' && mg_ascii_lower(label.ptr[1]) == 'x';
    for (size_t i = is_hex ? 2 : 0; i < label.len; i++) {
        if (is_hex ? mg_ascii_hex(label.ptr[i]) < 0 : !mg_ascii_is_digit(label.ptr[i])) {
            return false;
        }
    }
    return label.len > 0;
}

/* Length of the number of 0 to 255 without leading zeros that `s` begins with, or 0. */
static size_t byte_length(struct mg_str s)
{
    size_t len = 0;
    unsigned value = 0;
    while (len < s.len && len < 4 && mg_ascii_is_digit(s.ptr[len])) {
        value = value * 10 + (unsigned)(s.ptr[len] - '0');
        len++;
    }
    bool has_leading_zero = len > 1 && s.ptr[0] == '0';
    return value > 255 || has_leading_zero ? 0 : len;
}

bool mg_ipv4_is_canonical(struct mg_str host)
{
    struct mg_str rest = host;
    for (int part = 0; part < IPV4_PARTS; part++) {
        size_t len = byte_length(rest);
        bool is_last = part == IPV4_PARTS - 1;
        if (len == 0 || (is_last ? rest.len != len : rest.len == len || rest.ptr[len] != '.')) {
            return false;
        }
        rest = mg_str_from_offset(rest, len + 1);
    }
    return true;
}

/* WHATWG URL, IPv4 number parser: decimal, octal behind 0, hexadecimal behind 0x; at most 32
 * bits. */
static bool parse_ipv4_number(struct mg_str text, uint64_t *out)
{
    unsigned base = 10;
    size_t at = 0;
    if (text.len == 0) {
        return false;
    }
    if (text.len >= 2 && text.ptr[0] == '0') {
        base = mg_ascii_lower(text.ptr[1]) == 'x' ? 16 : 8;
        at = base == 16 ? 2 : 1;
    }
    uint64_t value = 0;
    for (; at < text.len; at++) {
        int digit = mg_ascii_hex(text.ptr[at]);
        if (digit < 0 || (unsigned)digit >= base) {
            return false;
        }
        value = value * base + (unsigned)digit;
        if (value > UINT32_MAX) {
            return false;
        }
    }
    *out = value;
    return true;
}

size_t mg_ipv4_canonical(struct mg_str host, char out[static MG_IP_TEXT_SIZE])
{
    if (mg_str_ends_with(host, MG_STR("."))) {
        host.len--;
    }
    uint64_t parts[IPV4_PARTS] = {0};
    size_t count = 0;
    bool done = false;
    while (!done) {
        const char *dot = host.len == 0 ? NULL : memchr(host.ptr, '.', host.len);
        struct mg_str part = {host.ptr, dot == NULL ? host.len : (size_t)(dot - host.ptr)};
        if (count == IPV4_PARTS || !parse_ipv4_number(part, &parts[count])) {
            return 0;
        }
        count++;
        done = dot == NULL;
        host = mg_str_from_offset(host, part.len + 1);
    }
    /* The last number fills all bytes that the others leave. */
    uint64_t address = parts[count - 1];
    if (address >> (8 * (IPV4_PARTS + 1 - count)) != 0) {
        return 0;
    }
    for (size_t i = 0; i + 1 < count; i++) {
        if (parts[i] > 255) {
            return 0;
        }
        address |= parts[i] << (8 * (IPV4_PARTS - 1 - i));
    }
    return (size_t)snprintf(out, MG_IP_TEXT_SIZE, "%u.%u.%u.%u", (unsigned)(address >> 24),
                            (unsigned)(address >> 16 & 255), (unsigned)(address >> 8 & 255),
                            (unsigned)(address & 255));
}

/* Where the first longest run of two or more zero pieces begins, and its length; length 0 when
 * there is none. */
static size_t find_zeros(const uint16_t pieces[static IPV6_PIECES], size_t *length)
{
    size_t start = 0;
    *length = 0;
    for (size_t i = 0; i < IPV6_PIECES; i++) {
        size_t end = i;
        while (end < IPV6_PIECES && pieces[end] == 0) {
            end++;
        }
        if (end - i > *length && end - i > 1) {
            start = i;
            *length = end - i;
        }
        i = end;
    }
    return start;
}

/* Write `piece` in lower-case hexadecimal without leading zeros. Returns: its length. */
static size_t put_hex(uint16_t piece, char *out)
{
    size_t len = 0;
    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = (unsigned)piece >> shift & 15U;
        if (digit != 0 || len > 0 || shift == 0) {
            out[len++] = "0123456789abcdef"[digit];
        }
    }
    return len;
}

size_t mg_ipv6_canonical(struct mg_str host, char out[static MG_IP_TEXT_SIZE])
{
    char text[MG_IP_TEXT_SIZE];
    unsigned char bytes[2 * IPV6_PIECES];
    if (host.len < 4 || host.len - 1 > sizeof(text) || host.ptr[0] != '[' ||
        host.ptr[host.len - 1] != ']') {
        return 0;
    }
    memcpy(text, host.ptr + 1, host.len - 2);
    text[host.len - 2] = '\0';
    if (strlen(text) != host.len - 2 || inet_pton(AF_INET6, text, bytes) != 1) {
        return 0;
    }
    uint16_t pieces[IPV6_PIECES];
    for (size_t i = 0; i < IPV6_PIECES; i++) {
        pieces[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    }
    size_t zeros;
    size_t zeros_at = find_zeros(pieces, &zeros);
    size_t len = 0;
    out[len++] = '[';
    for (size_t i = 0; i < IPV6_PIECES; i++) {
        if (zeros > 0 && i == zeros_at) {
            out[len++] = ':';
            i += zeros - 1;
            if (i == IPV6_PIECES - 1) {
                out[len++] = ':';
            }
            continue;
        }
        if (i > 0) {
            out[len++] = ':';
        }
        len += put_hex(pieces[i], out + len);
    }
    out[len++] = ']';
    return len;
}

bool mg_ipv6_is_canonical(struct mg_str host)
{
    char canonical[MG_IP_TEXT_SIZE];
    size_t len = mg_ipv6_canonical(host, canonical);
    return len > 0 && mg_str_equal(host, (struct mg_str){canonical, len});
}
