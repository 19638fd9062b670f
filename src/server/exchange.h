/* exchange.h - one request and its response, as the server's own files see it (handlers see
 * handler.h).
 *
 * Life:      taken from the worker's pool when a head is complete, decided by pipeline.c,
 *            answered by a handler through answer.c, logged, put back. What is done within the
 *            turn that read the head never copies it; an exchange that outlives its turn is
 *            moved to memory of its own (mg_exchange_keep).
 * Ownership: the connection holds at most one exchange; its arena dies with it.
 */
#ifndef MG_SERVER_EXCHANGE_H
#define MG_SERVER_EXCHANGE_H

#include <stdint.h>

#include "core/arena.h"
#include "http/body.h"
#include "http/head.h"
#include "http/response.h"
#include "http/target.h"
#include "net/conn.h"
#include "policy/runtime.h"
#include "server/handler.h"
#include "server/options.h"

struct mg_generation;
struct server_worker;

enum exchange_answer {
    ANSWER_NONE,
    ANSWER_STREAMING,
    ANSWER_DONE
};

enum {
    EXCHANGE_STORAGE_BYTES = 2048
};

/* Where a decision comes from, for the log. */
struct exchange_place {
    struct mg_str pattern;
    const char *file; /* NULL: none */
    int line;
    uint64_t generation;
    struct mg_str revision;
    unsigned series; /* the row in which decisions of its resource are counted (series.h);
                        MG_SERIES_ROWS: it has none */
};

struct mg_exchange {
    struct mg_conn *conn;
    struct server_worker *worker;
    struct mg_generation *generation; /* that it began with; NULL: let go of */
    const struct mg_policy_set *set;  /* of it, like all that follows from the set */
    struct mg_runtime *runtime;       /* of it; NULL: it runs no Lua */
    enum mg_listen_mode mode;         /* of the listener it came by */
    const struct mg_handler *handler; /* NULL: answered by the engine itself */
    void *handler_state;

    struct mg_head *head; /* the worker's, until kept */
    const char *head_bytes;
    struct mg_target target;
    struct mg_route route;
    struct mg_decision decision;
    struct mg_decided_at decided_at; /* by a hook: file is NULL where the rule decided */
    struct mg_request *script;       /* what scripts see; NULL until one is called */
    const char
        *reason; /* the decision's, or the engine's: "no-resource", "method-not-allowed" … */
    struct mg_str remote; /* as a trusted proxy tells; empty: the peer */
    struct mg_str scheme;
    struct mg_str host; /* effective, with port */

    struct mg_body body;
    uint64_t body_octets; /* received */
    uint64_t body_limit;  /* 0: none */
    unsigned
        status; /* answered, or what the engine will answer once the content has been read */
    unsigned decided_status; /* of the engine when the head was decided; 0: the handler's */
    enum exchange_answer answer;
    enum mg_response_framing framing;
    int64_t length_left; /* of a declared body */
    uint64_t bytes_out;
    uint64_t started_us;         /* 0: of a gate or a shadow, that count nothing */
    struct exchange_place place; /* once the generation was let go of */
    bool is_kept;
    bool was_shadowed; /* the shadow has judged it */
    bool skips_hooks;  /* a response hook failed: the answer that says so goes without */
    bool has_begun;    /* the handler has */
    bool body_done;
    bool body_is_dropped; /* refused or not wanted */
    bool body_is_paused;
    bool awaits_continue; /* 100 (Continue) is still owed */
    bool keep_alive;
    bool is_head; /* HEAD: no body goes out */

    struct mg_arena arena;
    struct mg_arena_mark empty; /* of the arena */
    struct mg_exchange *next_free;
    struct mg_exchange *next_kept; /* of the worker's, while is_kept */
    struct mg_exchange *previous_kept;
    _Alignas(max_align_t) char storage[EXCHANGE_STORAGE_BYTES];
};

/* Take an exchange out of the worker's pool. Returns: NULL when memory is out. */
struct mg_exchange *mg_exchange_new(struct server_worker *worker, struct mg_conn *conn);
/* The same on another generation than the active one. */
struct mg_exchange *mg_exchange_new_on(struct server_worker *worker, struct mg_conn *conn,
                                       struct mg_generation *generation);
/* Put it back. */
void mg_exchange_free(struct mg_exchange *exchange);
/* Give the pool back to malloc. */
void mg_exchange_pool_free(struct server_worker *worker);

/* Where its decision comes from; slices live as long as the exchange and its generation. */
struct exchange_place mg_exchange_place(const struct mg_exchange *exchange);

/* Let go of the generation; nothing may look at the resource, the rule or the Lua state of the
 * exchange any more. Harmless when it was done. */
void mg_exchange_let_go(struct mg_exchange *exchange);

/* The head of the answer was sent and the exchange goes on: copy what the log needs and let go
 * of the generation, unless hooks of it are still to run. */
void mg_exchange_settle(struct mg_exchange *exchange);

/* The drain limit of a generation has passed: end what still holds it. Requests that were not
 * answered get 503, `log` hooks of bodies that go on run now. Returns: how many let go. */
unsigned mg_exchange_expire(struct server_worker *worker);

/* Move what the exchange points to out of the read buffer, before that is used again.
 * Returns: false when memory is out; the caller then drops the connection. */
bool mg_exchange_keep(struct mg_exchange *exchange);

/* place.series, without the rest. */
unsigned mg_exchange_series(const struct mg_exchange *exchange);

/* The field lines of one name as an array, in the exchange's arena when there are several. */
struct mg_lines mg_exchange_lines(struct mg_exchange *exchange, enum mg_field_id id);

#endif
