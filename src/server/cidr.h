/* cidr.h - address ranges (RFC 4632, RFC 4291 2.3): "10.0.0.0/8", "::1/128", a bare address.
 *
 * Threads:   pure; any thread.
 */
#ifndef MG_SERVER_CIDR_H
#define MG_SERVER_CIDR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"

struct mg_cidr {
    int family;              /* AF_INET, AF_INET6, or AF_UNIX for "unix" */
    unsigned char bytes[16]; /* 4 or 16 used */
    unsigned prefix;         /* bits */
};

/* Parse a range. Returns: false when `text` is none, or has bits set behind its prefix. */
bool mg_cidr_parse(struct mg_str text, struct mg_cidr *out);

/* Whether a range of `list` holds the address. IPv4-mapped IPv6 addresses count as their
 * IPv4 address. */
bool mg_cidr_list_contains(const struct mg_cidr *list, size_t count, int family,
                           const unsigned char *bytes);

/* Parse an address as X-Forwarded-For has it: IPv4, IPv6 with or without brackets, either
 * with a port or not (one that is a name, as RFC 7239 6.3 allows, is none), or "unix:", which
 * nginx writes for the peer of a Unix socket. An IPv4-mapped address is given as IPv4.
 * Returns the family with 4, 16 or 0 bytes in `bytes`, or 0. */
int mg_cidr_address(struct mg_str text, unsigned char bytes[static 16]);

#endif
