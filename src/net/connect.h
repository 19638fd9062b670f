/* connect.h - connections that this program makes: TCP over IPv4 and IPv6, and Unix sockets.
 *
 * From mg_conn_connect on it is a connection like an accepted one (conn.h), with a protocol of
 * its own: on_open tells that it is there, on_close with a "connect-…" reason that it never
 * came to be. It reads and writes independently of one another.
 * Threads:   the worker's thread only.
 */
#ifndef MG_NET_CONNECT_H
#define MG_NET_CONNECT_H

#include "net/address.h"
#include "net/conn.h"

/* Begin to connect; bytes written before on_open wait for it. `protocol` is kept as long as the
 * connection. Neither counts as an accepted one nor against their limit; the worker ends only
 * when it is gone. Returns: NULL with errno when that fails at once (no callback then). */
struct mg_conn *mg_conn_connect(struct mg_worker *worker, const struct mg_protocol *protocol,
                                const struct mg_address *address);

/* Whether the connection is open and has, as far as the loop has been told, nothing to read: no
 * bytes and no end wait. Costs no system call. */
bool mg_conn_is_quiet(const struct mg_conn *conn);
/* The same by a look at the socket now, which costs one. */
bool mg_conn_is_silent(const struct mg_conn *conn);

/* Whether the peer has closed altogether: what is written is dropped. */
bool mg_conn_is_mute(const struct mg_conn *conn);

#endif
