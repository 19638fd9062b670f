/* hop.h - fields that belong to one connection and are not forwarded (RFC 9110 7.6.1).
 *
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_HTTP_HOP_H
#define MG_HTTP_HOP_H

#include "http/head.h"

enum {
    MG_HOP_MAX_NAMED = 16 /* options of Connection that name fields; a head with more is odd */
};

/* The fields that Connection names in one head. */
struct mg_hop {
    struct mg_str named[MG_HOP_MAX_NAMED];
    unsigned count;
    bool is_crowded; /* it names more */
};

/* Gather what the Connection lines among `fields` name, "close" and "keep-alive" aside. */
void mg_hop_init(struct mg_hop *hop, const struct mg_field *fields, unsigned count);

/* Whether the field goes no further: Connection, Keep-Alive, Proxy-Connection, TE,
 * Transfer-Encoding, Upgrade, Proxy-Authenticate's request side (Proxy-Authorization), and what
 * Connection names. Content-Length is not one, but framing is the forwarder's own all the same:
 * it counts as one here. */
bool mg_hop_ends(const struct mg_hop *hop, const struct mg_field *field);

#endif
