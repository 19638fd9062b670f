/* handler.h - what answers an actual request, and what it may do with its exchange.
 *
 * Asynchronous from end to end: `begin` is called when the head is decided; content follows
 * in pieces; the answer is written at any later time on the worker's thread, whole or in
 * pieces, with back-pressure both ways.
 *
 * Shape:     begin -> body* -> body_end, and in any of them or later: respond, or
 *            head -> write* -> end.
 * Ownership: an exchange belongs to its connection. A handler may use it until it has ended
 *            its answer or `abort` was called. Slices from the accessors are valid for the
 *            running callback: the head may move between two.
 * Threads:   the worker's thread only.
 */
#ifndef MG_SERVER_HANDLER_H
#define MG_SERVER_HANDLER_H

#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"
#include "cors/decide.h"
#include "http/head.h"
#include "policy/set.h"

struct mg_exchange;
struct mg_worker;

struct mg_handler {
    const char *name;
    /* Content beyond this many octets is refused with 413 before or while it arrives; 0: no
     * bound, the handler streams. */
    size_t (*body_limit)(const struct mg_exchange *exchange);
    /* The head is complete and the request may be handled. */
    void (*begin)(struct mg_exchange *exchange);
    /* Octets of content. May be NULL: content is read and dropped. */
    void (*body)(struct mg_exchange *exchange, struct mg_str data);
    /* The content has ended; called once, also for requests without any. */
    void (*body_end)(struct mg_exchange *exchange);
    /* Output that had piled up has left; may be NULL. */
    void (*writable)(struct mg_exchange *exchange);
    /* The client is gone or the content broke off: the last call; free what is not in the
     * arena. May be NULL. */
    void (*abort)(struct mg_exchange *exchange);
    /* The handler sends 100 (Continue) itself, where it is owed. */
    bool continues;
};

/* A field of an answer. */
struct mg_answer_field {
    struct mg_str name;
    struct mg_str value;
};

/* The head of an answer as its handler wants it. What the engine owns (framing, Connection,
 * Date, Access-Control-*, Vary's merge) is not the handler's. */
struct mg_answer {
    unsigned status;
    const struct mg_answer_field *fields; /* checked one by one */
    size_t field_count;
    bool has_odd_bytes;  /* values may hold any byte but CR, LF and NUL: a plugin's */
    bool is_checked;     /* the fields come from a head that was parsed */
    bool keeps_cors;     /* CORS fields are the handler's, and ours are not set */
    struct mg_str date;  /* when the answer was made; empty: now */
    struct mg_str lines; /* or lines checked at load, without CORS, Vary and framing fields */
    struct mg_str vary;  /* value of Vary that goes with `lines` */
    struct mg_str allow; /* value of Allow, checked at load; a NULL pointer: none */
};

enum {
    MG_LENGTH_UNKNOWN = -1
};

/* Have the engine answer in the handler's stead: `status` and a line of text that names
 * `reason` (a string literal). The exchange is over afterwards. */
void mg_exchange_refuse(struct mg_exchange *exchange, unsigned status, const char *reason);

/* Answer with a whole body. HEAD sends the head alone. The exchange is over afterwards. */
void mg_exchange_respond(struct mg_exchange *exchange, const struct mg_answer *answer,
                         struct mg_str body);

/* Begin a streamed answer of `length` octets, or MG_LENGTH_UNKNOWN (chunked, or by closing
 * for HTTP/1.0). */
void mg_exchange_head(struct mg_exchange *exchange, const struct mg_answer *answer,
                      int64_t length);
/* Send octets of the body. After it, ask mg_exchange_is_blocked before making more:
 * `writable` tells when to go on. */
void mg_exchange_write(struct mg_exchange *exchange, struct mg_str data);
bool mg_exchange_is_blocked(const struct mg_exchange *exchange);
/* End a streamed answer; the exchange is over afterwards. A body shorter than its declared
 * length ends the connection. */
void mg_exchange_end(struct mg_exchange *exchange);
/* The same with trailer fields, whole lines that were checked; they go only where the framing
 * has a place for them. */
void mg_exchange_end_trailers(struct mg_exchange *exchange, struct mg_str trailers);
/* The streamed answer cannot be completed: what was written leaves, then the connection ends.
 * `reason` is a string literal for the log. */
void mg_exchange_break(struct mg_exchange *exchange, const char *reason);
/* An interim answer (1xx, not 101), for clients that know such; before the head. */
void mg_exchange_interim(struct mg_exchange *exchange, const struct mg_answer *answer);
/* Answer 101 to a WebSocket's handshake: from here on `body` and mg_exchange_write have the
 * bytes of both sides as they are, until one of them ends. */
void mg_exchange_upgrade(struct mg_exchange *exchange, const struct mg_answer *answer);
/* Octets written that have not left yet. */
size_t mg_exchange_unsent(const struct mg_exchange *exchange);

/* Stop asking for content, and ask again: the client is held back meanwhile. */
void mg_exchange_pause_body(struct mg_exchange *exchange);
void mg_exchange_resume_body(struct mg_exchange *exchange);

/* What the exchange is about. */
const struct mg_head *mg_exchange_request(const struct mg_exchange *exchange);
struct mg_str mg_exchange_path(const struct mg_exchange *exchange);
struct mg_str mg_exchange_query(const struct mg_exchange *exchange);
struct mg_str mg_exchange_host(const struct mg_exchange *exchange);
/* "http" or "https", as the client sees it where a trusted proxy says so. */
struct mg_str mg_exchange_scheme(const struct mg_exchange *exchange);
/* The client's address, behind trusted proxies too. */
struct mg_str mg_exchange_remote(const struct mg_exchange *exchange);
const struct mg_route *mg_exchange_route(const struct mg_exchange *exchange);
const struct mg_decision *mg_exchange_decision(const struct mg_exchange *exchange);
struct mg_worker *mg_exchange_worker(const struct mg_exchange *exchange);
/* Memory that lives as long as the exchange, bounded. */
struct mg_arena *mg_exchange_arena(struct mg_exchange *exchange);
/* The handler's own state, NULL at begin. */
void *mg_exchange_state(const struct mg_exchange *exchange);
void mg_exchange_set_state(struct mg_exchange *exchange, void *state);

#endif
