/* cidr.c - see the header. */
#include "server/cidr.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static size_t family_bytes(int family)
{
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

static int parse_plain(struct mg_str text, unsigned char *bytes)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof(copy)) {
        return 0;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, bytes) == 1) {
        return AF_INET;
    }
    return inet_pton(AF_INET6, copy, bytes) == 1 ? AF_INET6 : 0;
}

/* ::ffff:a.b.c.d becomes a.b.c.d, so that one range serves both kinds of socket. */
static int unmap(int family, unsigned char *bytes)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (family == AF_INET6 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        memmove(bytes, bytes + sizeof(mapped), 4);
        return AF_INET;
    }
    return family;
}

static bool prefix_equal(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(a, b, whole) != 0) {
        return false;
    }
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool mg_cidr_parse(struct mg_str text, struct mg_cidr *out)
{
    struct mg_cidr cidr = {0};
    if (mg_str_equal(text, MG_STR("unix"))) {
        cidr.family = AF_UNIX;
        *out = cidr;
        return true;
    }
    const char *slash = memchr(text.ptr, '/', text.len);
    size_t address_len = slash == NULL ? text.len : (size_t)(slash - text.ptr);
    cidr.family = parse_plain((struct mg_str){text.ptr, address_len}, cidr.bytes);
    if (cidr.family == 0) {
        return false;
    }
    unsigned long long prefix = family_bytes(cidr.family) * 8;
    if (slash != NULL &&
        !mg_str_to_u64(mg_str_from_offset(text, address_len + 1), prefix, &prefix)) {
        return false;
    }
    cidr.prefix = (unsigned)prefix;
    unsigned char masked[16] = {0};
    memcpy(masked, cidr.bytes, cidr.prefix / 8);
    if (cidr.prefix % 8 != 0) {
        masked[cidr.prefix / 8] =
            (unsigned char)(cidr.bytes[cidr.prefix / 8] & (0xff << (8 - cidr.prefix % 8)));
    }
    if (memcmp(masked, cidr.bytes, sizeof(masked)) != 0) {
        return false;
    }
    *out = cidr;
    return true;
}

bool mg_cidr_list_contains(const struct mg_cidr *list, size_t count, int family,
                           const unsigned char *bytes)
{
    unsigned char address[16] = {0};
    if (family != AF_UNIX) { /* whose peers have no bytes at all */
        memcpy(address, bytes, family_bytes(family));
    }
    family = unmap(family, address);
    for (size_t i = 0; i < count; i++) {
        if (list[i].family == family &&
            (family == AF_UNIX || prefix_equal(list[i].bytes, address, list[i].prefix))) {
            return true;
        }
    }
    return false;
}

/* Whether `text` is nothing, or ":" and a port. */
static bool is_port(struct mg_str text)
{
    unsigned long long port;
    return text.len == 0 ||
           (text.ptr[0] == ':' && mg_str_to_u64(mg_str_from_offset(text, 1), 65535, &port));
}

int mg_cidr_address(struct mg_str text, unsigned char bytes[static 16])
{
    memset(bytes, 0, 16);
    if (mg_str_equal(text, MG_STR("unix:"))) {
        return AF_UNIX;
    }
    int family = parse_plain(text, bytes);
    if (family != 0 || text.len == 0) {
        return unmap(family, bytes);
    }
    bool has_brackets = text.ptr[0] == '[';
    const char *end = memchr(text.ptr, has_brackets ? ']' : ':', text.len);
    if (end == NULL) {
        return 0;
    }
    size_t start = has_brackets;
    size_t after = (size_t)(end - text.ptr) + start;
    family =
        parse_plain((struct mg_str){text.ptr + start, (size_t)(end - text.ptr) - start}, bytes);
    bool is_whole =
        is_port(mg_str_from_offset(text, after)) && (family == AF_INET6) == has_brackets;
    return is_whole ? unmap(family, bytes) : 0;
}
