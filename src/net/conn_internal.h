/* conn_internal.h - a connection's struct and what the files of net/ share about it.
 *
 * Life:   open ──close──▶ closing ──output gone──▶ [lingering ──▶] gone
 *            └──────abort, error, write timeout──────────────────▶ gone
 * One struct event serves reading and writing: it is assigned anew when the interest changes,
 * which on the usual way (answers that fit the socket) is never.
 */
#ifndef MG_NET_CONN_INTERNAL_H
#define MG_NET_CONN_INTERNAL_H

#include <assert.h>

#include "net/bytes.h"
#include "net/worker_internal.h"

enum mg_conn_flags {
    MG_CONN_IN_CALLBACK = 1 << 0, /* a callback runs and settles afterwards */
    MG_CONN_SCHEDULED = 1 << 1,   /* in the worker's turn list, which alone may free it now */
    MG_CONN_CLOSING = 1 << 2,     /* a close was asked for */
    MG_CONN_LINGERS = 1 << 3,     /* ... a lingering one */
    MG_CONN_SHUT = 1 << 4,        /* writing is shut down, input is being dropped */
    MG_CONN_DEAD = 1 << 5,        /* to be freed as soon as nothing holds it */
    MG_CONN_PAUSED = 1 << 6,
    MG_CONN_READ_OFF = 1 << 7, /* bytes arrived while paused: the read event is out */
    MG_CONN_RESUMED = 1 << 8,  /* kept bytes are to be given again */
    MG_CONN_EOF = 1 << 9,
    MG_CONN_STOPPED = 1 << 10 /* was told that the server stops */
};

struct mg_conn {
    struct event event;
    struct mg_worker *worker;
    struct mg_conn *prev, *next; /* the worker's list of all */
    struct mg_conn *turn_next;
    struct mg_bytes *in;  /* not taken by on_bytes */
    struct mg_bytes *out; /* not taken by the socket */
    const char *reason;
    struct mg_timer timer;   /* for the earlier of the two below; 0: none */
    uint64_t deadline_ms;    /* the protocol's */
    uint64_t io_deadline_ms; /* of write progress, then of lingering */
    uint32_t linger_bytes;   /* that may still be dropped */
    int fd;
    uint16_t flags;
    uint16_t peer_port;
    uint16_t listener; /* index of the address it came by */
    uint8_t interest;  /* EV_READ, EV_WRITE as added to the loop */
    uint8_t peer_family;
    alignas(max_align_t) unsigned char peer_address[16];
    /* The protocol's bytes follow. */
};

/* With 48 user bytes and the 40 to 48 that libevent and its table of descriptors take, an idle
 * connection stays below 400. */
static_assert(sizeof(struct mg_conn) <= 288, "the budget of an idle connection");
static_assert(sizeof(struct mg_conn) % alignof(max_align_t) == 0, "user bytes are aligned");

static inline bool mg_conn_has(const struct mg_conn *conn, unsigned flags)
{
    return (conn->flags & flags) != 0;
}

static inline void mg_conn_raise(struct mg_conn *conn, enum mg_conn_flags flag)
{
    conn->flags = (uint16_t)(conn->flags | flag);
}

static inline void mg_conn_lower(struct mg_conn *conn, enum mg_conn_flags flag)
{
    conn->flags = (uint16_t)(conn->flags & ~(unsigned)flag);
}

/* Neither closing nor failed: callbacks other than on_close may come. */
static inline bool mg_conn_is_open(const struct mg_conn *conn)
{
    return !mg_conn_has(conn, MG_CONN_CLOSING | MG_CONN_DEAD);
}

/* conn.c */
/* Take the socket `fd` (closed on failure) that listener `listener` has accepted: on_open, and
 * what it has to read. The connection may already be gone when this returns. */
void mg_conn_begin(struct mg_worker *worker, int fd, size_t listener,
                   const struct sockaddr *peer);
/* Call a callback that takes only the connection; where the protocol has none, close with
 * `close_reason` unless that is NULL. */
void mg_conn_call(struct mg_conn *conn, void (*callback)(struct mg_conn *),
                  const char *close_reason);
/* Call on_stop; what follows from it happens in this turn, so that the worker's list of
 * connections is not changed by this call. */
void mg_conn_stop(struct mg_conn *conn);
/* Mark as failed, now with this reason. */
void mg_conn_fail(struct mg_conn *conn, const char *reason);
/* Do what the state asks for after anything has happened: end the connection, begin to linger,
 * or follow with the event. `conn` may be gone afterwards. */
void mg_conn_settle(struct mg_conn *conn);
/* Set the timer for the earlier deadline. */
void mg_conn_rearm(struct mg_conn *conn);
/* The callback of worker->turn_event. */
void mg_conn_turn(evutil_socket_t fd, short what, void *argument);

/* conn_io.c */
/* The callback of conn->event. */
void mg_conn_on_event(evutil_socket_t fd, short what, void *argument);
/* One read, given to the protocol. */
void mg_conn_read(struct mg_conn *conn);
/* Give the kept bytes again. */
void mg_conn_give_kept(struct mg_conn *conn);
/* Send what is kept. */
void mg_conn_flush(struct mg_conn *conn);

#endif
