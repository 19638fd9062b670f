/* forward.h - the head of a request as it goes to an upstream.
 *
 * Nothing of the request's framing is copied: the request line and the framing fields are
 * written anew from what was understood. Fields of one connection end here (RFC 9110 7.6.1);
 * Via, Forwarded and X-Forwarded-* tell whom the request came from.
 * Threads:   pure; any thread.
 */
#ifndef MG_PROXY_FORWARD_H
#define MG_PROXY_FORWARD_H

#include "core/buf.h"
#include "http/head.h"

struct mg_forward {
    const struct mg_head *head;
    struct mg_str path; /* normal form */
    struct mg_str query;
    bool has_query;
    struct mg_str host;   /* Host to send */
    struct mg_str peer;   /* whom the request came from; empty: no address */
    struct mg_str scheme; /* "http" or "https", and host, as the client sees them */
    struct mg_str seen_host;
    bool trusts_x_forwarded; /* what X-Forwarded-For says of those before it is passed on */
    bool trusts_forwarded;   /* what Forwarded says, */
    unsigned forwarded_from; /* of its lines, those among the fields from this index on */
    bool is_upgrade;         /* to a WebSocket */
    bool has_max_forwards;   /* of OPTIONS: */
    unsigned long long max_forwards; /* as it goes on */
};

/* Whether the request asks to become a WebSocket (RFC 6455 4.1): a GET of HTTP/1.1 without
 * content that keeps its connection, with Upgrade: websocket and Connection: Upgrade. */
bool mg_forward_asks_websocket(const struct mg_head *head);

/* Whether Connection names more fields than can be kept apart: such a request is refused. */
bool mg_forward_is_crowded(const struct mg_head *head);

/* Append the head. */
void mg_forward_write(const struct mg_forward *forward, struct mg_buf *out);

/* Append those of `trailers`, whole lines, that may go on: not what frames, routes, controls
 * the connection, or has to be known before the content (RFC 9110 6.5.1), and neither CORS
 * fields nor Moongate-Revision. */
void mg_forward_trailers(struct mg_str trailers, struct mg_buf *out);

#endif
