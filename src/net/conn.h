/* conn.h - one accepted connection: bytes in, bytes out, deadlines, a clean end. Knows nothing
 * of HTTP.
 *
 * Reading:   one persistent level-triggered read event for the connection's whole life; each
 *            readiness is one read into the worker's buffer, given to on_bytes. What on_bytes
 *            does not take is kept in a buffer of the connection and given again with more; an
 *            idle connection keeps none.
 * Writing:   at once from the caller's buffer; what the socket does not take is kept (bounded),
 *            and until it has drained the connection waits for that in place of reading.
 * Ownership: the worker owns its connections; `user` bytes behind the struct are the
 *            protocol's.
 * Re-entry:  no mg_conn_* function calls a callback. What follows from one happens when the
 *            callback it was called from has returned, or else in the same turn of the loop;
 *            the connection stays valid until then.
 * Threads:   the worker's thread only.
 */
#ifndef MG_NET_CONN_H
#define MG_NET_CONN_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/buf.h"
#include "core/str.h"

struct mg_conn;
struct mg_worker;

enum {
    /* Bytes kept while on_bytes does not take them. A protocol stops before this by taking,
     * pausing or closing; beyond it the connection ends with "input-overflow". */
    MG_CONN_MAX_KEPT_BYTES = 256 * 1024
};

/* The protocol above a connection. Every callback may call any mg_conn_* function on its
 * connection, mg_conn_close too; after a close only on_close follows. Callbacks but on_bytes
 * may be NULL. */
struct mg_protocol {
    size_t user_bytes; /* room behind each connection, zeroed at accept */
    /* Accepted (before any byte is read). */
    void (*on_open)(struct mg_conn *conn);
    /* `bytes` arrived: all that is not yet taken. Returns: how many were taken from the front.
     * Called again with the rest and more when more arrives; with the rest alone after
     * mg_conn_resume. `bytes` may be written to by the callee and dies with the call. */
    size_t (*on_bytes)(struct mg_conn *conn, char *bytes, size_t count);
    /* The peer has shut down its writing side (no more bytes will come); answers can still be
     * written. Bytes never taken are dropped after this. While paused it comes only when no
     * bytes are before it. NULL: closes with "peer-closed". */
    void (*on_eof)(struct mg_conn *conn);
    /* All kept output has gone out, after it had not. */
    void (*on_drained)(struct mg_conn *conn);
    /* The deadline set with mg_conn_set_deadline has passed. NULL: closes with "timeout". */
    void (*on_timeout)(struct mg_conn *conn);
    /* Stopping began: finish what is begun, close what is idle. NULL: closes with
     * "stopping". */
    void (*on_stop)(struct mg_conn *conn);
    /* The connection is gone; free what `user` holds. Called exactly once, never from inside
     * another callback of this connection (a close inside a callback ends the connection when
     * the callback has returned). `reason` is the one given to mg_conn_close, or "peer-closed",
     * "peer-reset", "write-timeout", "input-overflow", "output-overflow", "no-memory",
     * "stopping". */
    void (*on_close)(struct mg_conn *conn, const char *reason);
};

/* The protocol's own bytes of this connection. */
void *mg_conn_user(struct mg_conn *conn);
/* The connection whose mg_conn_user is `user`. */
struct mg_conn *mg_conn_from_user(void *user);
struct mg_worker *mg_conn_worker(struct mg_conn *conn);

/* The peer's address as text without port ("127.0.0.1", "::1", "unix"); valid until the next
 * call on this thread. */
struct mg_str mg_conn_peer(const struct mg_conn *conn);
/* Peer address and family in binary, for CIDR matches: 4 or 16 bytes at *bytes, none for a Unix
 * peer. An IPv4 peer of an IPv6 socket is AF_INET. Returns: AF_INET, AF_INET6 or AF_UNIX. */
int mg_conn_peer_bytes(const struct mg_conn *conn, const unsigned char **bytes);
uint16_t mg_conn_peer_port(const struct mg_conn *conn);
/* The index in the listeners (net/listener.h) of the address it was accepted on. */
size_t mg_conn_listener(const struct mg_conn *conn);

/* Write `bytes`; what the socket does not take at once is copied and sent as it drains. Errors
 * end the connection by themselves (on_close). Pending output has a deadline of its own: no
 * progress for the worker's write timeout closes with "write-timeout". After a close nothing is
 * written. */
void mg_conn_write(struct mg_conn *conn, struct mg_str bytes);

/* Output that has not left yet. */
size_t mg_conn_pending(const struct mg_conn *conn);

/* Stop giving bytes (the socket's own buffer then pushes back on the peer), and give them
 * again. Costs no system call unless bytes arrive in between. Resuming gives the kept bytes
 * again in this turn of the loop, also when the connection was not paused. */
void mg_conn_pause(struct mg_conn *conn);
void mg_conn_resume(struct mg_conn *conn);

/* Ask for on_timeout in `ms` milliseconds from now; replaces the one before. 0: none. O(1);
 * never early, late by at most MG_WHEEL_TICK_MS. */
void mg_conn_set_deadline(struct mg_conn *conn, uint64_t ms);

/* Close once pending output has gone. `reason` is a string literal for the log; that of the
 * first close stays. */
void mg_conn_close(struct mg_conn *conn, const char *reason);
/* The same where input may be unread: shut down writing, then drop what still comes, for at
 * most linger_ms or linger_bytes, so that the peer reads the answer before a reset could
 * destroy it (RFC 9112 9.6). */
void mg_conn_close_lingering(struct mg_conn *conn, const char *reason);
/* Drop the connection and its output at once. */
void mg_conn_abort(struct mg_conn *conn, const char *reason);
/* Whether any of the three was called, or the connection has failed. */
bool mg_conn_is_closing(const struct mg_conn *conn);

#endif
