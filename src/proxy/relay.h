/* relay.h - one request to an upstream and its answer, as it comes.
 *
 * Shape:     begin, then the request's content in pieces, then its end; the answer is told by
 *            callbacks as it arrives: interim heads, the head, content, the end, or a fault.
 *            Each way has its own back-pressure.
 * Retries:   a connection that could not be made is tried at other endpoints, since nothing was
 *            sent. A request that may be repeated (RFC 9110 9.2.2: idempotent; and without
 *            content) is sent once more on a new connection when a kept one ended before a byte
 *            of the answer. Nothing else is ever sent twice.
 * Ownership: the caller owns the struct and keeps it until on_end, on_fault or mg_relay_abort.
 * Stopping:  once the worker's stop timeout has passed a relay ends without a word, as with
 *            mg_relay_abort: the same moment ends the connections of whoever would be told.
 * Threads:   the worker's.
 */
#ifndef MG_PROXY_RELAY_H
#define MG_PROXY_RELAY_H

#include "core/buf.h"
#include "http/body.h"
#include "http/response_head.h"
#include "proxy/proxy.h"

struct mg_conn;
struct mg_endpoint;
struct mg_relay;

enum mg_relay_fault {
    MG_FAULT_CONNECT,         /* no connection could be made */
    MG_FAULT_CONNECT_TIMEOUT, /* ... in time */
    MG_FAULT_RESOLVE,         /* the server's name has no address */
    MG_FAULT_BUSY,            /* as many connections as there may be are in use */
    MG_FAULT_DOWN,            /* checks say that no server is up */
    MG_FAULT_CLOSED,          /* the connection ended before the head of the answer */
    MG_FAULT_TIMEOUT,         /* no head in time */
    MG_FAULT_MALFORMED,       /* what came is no HTTP answer, or an ambiguous one */
    MG_FAULT_CUT_OFF,         /* the content of the answer broke off */
    MG_FAULT_STALLED,         /* ... or did not go on in time */
    MG_FAULT_MEMORY,
};
/* "upstream-connect", "upstream-timeout" …: the reason in answers and logs. */
const char *mg_relay_fault_reason(enum mg_relay_fault fault);
/* 502, 503 or 504, or 500 without memory. */
unsigned mg_relay_fault_status(enum mg_relay_fault fault);

/* What a relay calls; `user` is the caller's. Between `enter` and `leave` stands whatever one
 * read from the upstream leads to. */
struct mg_relay_caller {
    void (*enter)(void *user);
    void (*leave)(void *user);
    /* Append the head of the request. `authority` is the server's. */
    void (*write_head)(void *user, struct mg_str authority, struct mg_buf *out);
    /* There is a connection: content may be sent. Not called when mg_relay_begin says so. */
    void (*on_ready)(void *user);
    /* What had piled up of the content has left. */
    void (*on_drained)(void *user);
    /* A head of 100 to 199 but 101. Slices live as long as the call, here and below. */
    void (*on_interim)(void *user, const struct mg_response_head *head);
    /* The head. A 101 makes a tunnel of the exchange: on_data then tells its bytes. */
    void (*on_head)(void *user, const struct mg_response_head *head);
    void (*on_data)(void *user, struct mg_str data);
    /* In a tunnel: the server will send no more, but takes what comes until the caller ends. */
    void (*on_half_closed)(void *user);
    /* The answer is over; `trailers` are lines that were checked. The relay is free. */
    void (*on_end)(void *user, struct mg_str trailers);
    /* It will not be. The relay is free. */
    void (*on_fault)(void *user, enum mg_relay_fault fault);
};

struct mg_relay_options {
    bool is_head;            /* HEAD: the answer has no content */
    bool may_repeat;         /* idempotent, without content */
    bool asks_upgrade;       /* 101 may come */
    bool ends_at_stop;       /* without a word, when the worker begins to stop */
    enum mg_framing framing; /* of the request's content */
};

enum mg_relay_state {
    MG_RELAY_RESOLVING,
    MG_RELAY_CONNECTING,
    MG_RELAY_HEAD,
    MG_RELAY_BODY,
    MG_RELAY_TUNNEL,
    MG_RELAY_OVER
};

/* Private but for its size. */
struct mg_relay {
    struct mg_proxy *proxy;
    struct mg_group *group;
    struct mg_endpoint *endpoint;
    struct mg_conn *conn;
    struct mg_relay *next_waiting; /* for the addresses of the endpoint */
    const struct mg_relay_caller *caller;
    void *user;
    struct mg_relay_options options;
    enum mg_relay_state state;
    struct mg_response_head_scan scan;
    struct mg_body body;
    struct mg_buf trailers;
    unsigned attempts; /* connections that could not be made */
    unsigned interims;
    unsigned status;     /* of the answer; 0: no head yet */
    uint32_t keep_ms;    /* the server's own bound of an idle connection; 0: none told */
    bool is_fresh_only;  /* a kept connection has failed: make a new one */
    bool has_sent_all;   /* the request, its content too */
    bool has_seen_bytes; /* of the answer */
    bool is_paused;
    bool ends_at_close;
    bool can_keep; /* the connection, by the answer's head */
    bool has_left; /* a tunnel: the caller's side has ended, */
    bool has_eof;  /* the server's side */
};

/* Send a request to an endpoint of `group`. Returns: whether its content may be sent now;
 * otherwise on_ready, or on_fault, comes, the latter perhaps before this returns. */
bool mg_relay_begin(struct mg_relay *relay, struct mg_proxy *proxy, struct mg_group *group,
                    const struct mg_relay_options *options,
                    const struct mg_relay_caller *caller, void *user);

/* Whether the relay has neither ended nor failed. */
static inline bool mg_relay_is_running(const struct mg_relay *relay)
{
    return relay->state != MG_RELAY_OVER;
}

/* Send content, framed as the options said; in a tunnel, bytes as they are. Afterwards ask
 * mg_relay_is_blocked before sending more: on_drained tells when to go on. In a tunnel on_end
 * may come before this returns. */
void mg_relay_send(struct mg_relay *relay, struct mg_str data);
bool mg_relay_is_blocked(const struct mg_relay *relay);
/* The content has ended; `trailers` are whole lines for chunked content, or empty. In a tunnel:
 * no more bytes will come; on_end comes before this returns where the server has ended too. */
void mg_relay_send_end(struct mg_relay *relay, struct mg_str trailers);

/* Stop asking the upstream for more, and ask again. */
void mg_relay_pause(struct mg_relay *relay);
void mg_relay_resume(struct mg_relay *relay);

/* Give up: nothing is called back any more, and the connection ends. */
void mg_relay_abort(struct mg_relay *relay);

/* The server that the relay uses, for messages: "http://10.0.0.1:80", or empty. */
struct mg_str mg_relay_server(const struct mg_relay *relay);

#endif
