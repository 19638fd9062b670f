/* forwarded.h - who the client is, and how it reached this server, where a trusted proxy says
 * so: X-Forwarded-For, -Proto and -Host, or Forwarded (RFC 7239).
 *
 * One family of fields is read, the one that the operator says the proxies set: the other one
 * passes through them as the client wrote it.
 */
#ifndef MG_SERVER_FORWARDED_H
#define MG_SERVER_FORWARDED_H

#include "http/head.h"
#include "server/options.h"

struct mg_exchange;

/* What the fields of a trusted peer tell. */
struct mg_forwarded {
    int family;              /* of the client: AF_INET, AF_INET6, AF_UNIX; 0: not told */
    unsigned char bytes[16]; /* its address, 4 or 16 of them */
    struct mg_str scheme;    /* "http" or "https"; empty: not told */
    struct mg_str host;      /* a slice of the head; empty: not told */
};

/* Read the fields of `head`, whose sender is trusted. Addresses count from the last on; the
 * first that is no trusted proxy's is the client's, and what stands before it, or before
 * anything that is no address, is hearsay. */
void mg_forwarded_read(const struct mg_server_options *options, const struct mg_head *head,
                       struct mg_forwarded *out);

/* The index of the first field of `head` with no malformed line of Forwarded at it or behind
 * it. What stands before such a line cannot be told from what its sender made up: an open quote
 * takes in what others have appended. */
unsigned mg_forwarded_sound_from(const struct mg_head *head);

/* "http" or "https" for `value`, ws and wss counting as those; empty for anything else. */
struct mg_str mg_forwarded_scheme(struct mg_str value);

/* Whether the exchange's peer is a trusted proxy. */
bool mg_forwarded_is_trusted(const struct mg_exchange *exchange);

/* Set the exchange's remote address, scheme and host: the connection's own and the target's,
 * or what a trusted proxy tells. */
void mg_forwarded_apply(struct mg_exchange *exchange);

#endif
