/* address.c - the host is taken apart here and not by getaddrinfo, which would read "127.1" or
 * "0x7f000001" as addresses that no one meant to write.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/str.h"

enum {
    HOST_MAX_BYTES = 253 /* RFC 1035 2.3.4, as text */
};

static const char forms[] = "write HOST:PORT, [IPV6]:PORT, :PORT or unix:/PATH";

/* ---- Unix ---- */

static size_t parse_unix(const char *path, struct mg_address *out, struct mg_errs *errs)
{
    size_t length = strlen(path);
    *out = (struct mg_address){.un.sun_family = AF_UNIX};
    if (length == 0) {
        mg_errs_fail(errs, "listen-malformed", forms, "unix: has no path");
        return 0;
    }
    if (length >= sizeof(out->un.sun_path)) {
        mg_errs_fail(errs, "listen-path-too-long", "choose a shorter path",
                     "the path of a Unix socket has at most %zu bytes, this one has %zu: %s",
                     sizeof(out->un.sun_path) - 1, length, path);
        return 0;
    }
    memcpy(out->un.sun_path, path, length);
    out->length = sizeof(out->un);
    return 1;
}

/* ---- hosts ---- */

/* Two sockets in place of a dual one, so that IPv4 peers show as such and a machine without
 * IPv6 only lacks one of them. */
static size_t any_of_both_families(struct mg_address *out)
{
    out[0] = (struct mg_address){.in = {.sin_family = AF_INET}, .length = sizeof(out->in)};
    out[1] = (struct mg_address){.in6 = {.sin6_family = AF_INET6}, .length = sizeof(out->in6)};
    return 2;
}

/* Resolvers repeat an address when several lines of /etc/hosts name it. */
static bool is_known(const struct mg_address *addresses, size_t count,
                     const struct addrinfo *found)
{
    for (size_t i = 0; i < count; i++) {
        if (addresses[i].length == found->ai_addrlen &&
            memcmp(&addresses[i].storage, found->ai_addr, found->ai_addrlen) == 0) {
            return true;
        }
    }
    return false;
}

/* All addresses of `host` that `flags` and `family` allow. Returns: how many, or 0 with the
 * cause at *error. */
static size_t resolve(const char *host, int family, int flags, struct mg_address *out,
                      const char **error)
{
    struct addrinfo hints = {
        .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found = NULL;
    int status = getaddrinfo(host, NULL, &hints, &found);
    if (status != 0) {
        *error = gai_strerror(status);
        return 0;
    }
    size_t count = 0;
    for (const struct addrinfo *at = found; at != NULL && count < MG_ADDRESSES_MAX;
         at = at->ai_next) {
        bool is_ip = at->ai_family == AF_INET || at->ai_family == AF_INET6;
        if (is_ip && !is_known(out, count, at)) {
            out[count] = (struct mg_address){.length = at->ai_addrlen};
            memcpy(&out[count].storage, at->ai_addr, at->ai_addrlen);
            count++;
        }
    }
    freeaddrinfo(found);
    *error = "it has no IPv4 or IPv6 address";
    return count;
}

/* Whether `host` can only be meant as an IPv4 address: digits and dots. */
static bool looks_like_ipv4(struct mg_str host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] != '.' && !mg_ascii_is_digit(host.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* The host part, brackets included. Returns: as resolve. */
static size_t parse_host(struct mg_str host, struct mg_address *out, const char **error)
{
    char name[HOST_MAX_BYTES + 1];
    bool is_bracketed = host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    struct mg_str inner = is_bracketed ? (struct mg_str){host.ptr + 1, host.len - 2} : host;
    if (host.len == 0) {
        return any_of_both_families(out);
    }
    if (inner.len > HOST_MAX_BYTES) {
        *error = "the name is too long";
        return 0;
    }
    memcpy(name, inner.ptr, inner.len);
    name[inner.len] = '\0';
    if (is_bracketed) {
        return resolve(name, AF_INET6, AI_NUMERICHOST, out, error);
    }
    if (memchr(inner.ptr, ':', inner.len) != NULL) {
        *error = "an IPv6 address needs brackets";
        return 0;
    }
    if (looks_like_ipv4(inner)) {
        out[0] = (struct mg_address){.in = {.sin_family = AF_INET}, .length = sizeof(out->in)};
        *error = "it is not an IPv4 address";
        return inet_pton(AF_INET, name, &out[0].in.sin_addr) == 1;
    }
    return resolve(name, AF_UNSPEC, 0, out, error);
}

size_t mg_address_parse(const char *text, struct mg_address out[static MG_ADDRESSES_MAX],
                        struct mg_errs *errs)
{
    struct mg_str all = mg_str_from(text);
    if (mg_str_starts_with(all, MG_STR("unix:"))) {
        return parse_unix(text + strlen("unix:"), out, errs);
    }
    const char *colon = strrchr(text, ':');
    unsigned long long port = 0;
    if (colon == NULL || !mg_str_to_u64(mg_str_from(colon + 1), UINT16_MAX, &port)) {
        mg_errs_fail(errs, "listen-malformed", forms, "'%s' has no port from 0 to 65535", text);
        return 0;
    }
    const char *error = NULL;
    size_t count = parse_host((struct mg_str){text, (size_t)(colon - text)}, out, &error);
    if (count == 0) {
        mg_errs_fail(errs, "listen-malformed", forms, "cannot listen on '%s': %s", text, error);
    }
    for (size_t i = 0; i < count; i++) {
        mg_address_set_port(&out[i], (uint16_t)port);
    }
    return count;
}

/* ---- the other way ---- */

uint16_t mg_address_port(const struct mg_address *address)
{
    switch (address->any.sa_family) {
    case AF_INET:
        return ntohs(address->in.sin_port);
    case AF_INET6:
        return ntohs(address->in6.sin6_port);
    default:
        return 0;
    }
}

void mg_address_set_port(struct mg_address *address, uint16_t port)
{
    if (address->any.sa_family == AF_INET) {
        address->in.sin_port = htons(port);
    } else if (address->any.sa_family == AF_INET6) {
        address->in6.sin6_port = htons(port);
    }
}

void mg_address_format(const struct mg_address *address, char out[static MG_ADDRESS_TEXT_BYTES])
{
    char host[NI_MAXHOST];
    if (address->any.sa_family == AF_UNIX) {
        /* Only a bound path is set; a socket without one, or an abstract one, has no text. */
        size_t start = offsetof(struct sockaddr_un, sun_path);
        size_t length = address->length <= start
                            ? 0
                            : strnlen(address->un.sun_path, address->length - start);
        (void)snprintf(out, MG_ADDRESS_TEXT_BYTES, "unix:%.*s", (int)length,
                       address->un.sun_path);
        return;
    }
    if (getnameinfo(&address->any, address->length, host, sizeof(host), NULL, 0,
                    NI_NUMERICHOST) != 0) {
        (void)snprintf(host, sizeof(host), "?");
    }
    bool is_v6 = address->any.sa_family == AF_INET6;
    (void)snprintf(out, MG_ADDRESS_TEXT_BYTES, "%s%.100s%s:%u", is_v6 ? "[" : "", host,
                   is_v6 ? "]" : "", (unsigned)mg_address_port(address));
}

bool mg_address_is_loopback(const struct mg_address *address)
{
    switch (address->any.sa_family) {
    case AF_INET:
        return ntohl(address->in.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr);
    default:
        return address->any.sa_family == AF_UNIX;
    }
}
