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

struct server_worker;

enum exchange_answer {
    ANSWER_NONE,
    ANSWER_STREAMING,
    ANSWER_DONE
};

enum {
    EXCHANGE_STORAGE_BYTES = 2048
};

struct mg_exchange {
    struct mg_conn *conn;
    struct server_worker *worker;
    const struct mg_policy_set *set;  /* the generation it began with */
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
    enum exchange_answer answer;
    enum mg_response_framing framing;
    int64_t length_left; /* of a declared body */
    uint64_t bytes_out;
    uint64_t started_us; /* 0 where nobody logs */
    bool is_kept;
    bool skips_hooks; /* a response hook failed: the answer that says so goes without */
    bool has_begun;   /* the handler has */
    bool body_done;
    bool body_is_dropped; /* refused or not wanted */
    bool body_is_paused;
    bool awaits_continue; /* 100 (Continue) is still owed */
    bool keep_alive;
    bool is_head; /* HEAD: no body goes out */

    struct mg_arena arena;
    struct mg_arena_mark empty; /* of the arena */
    struct mg_exchange *next_free;
    _Alignas(max_align_t) char storage[EXCHANGE_STORAGE_BYTES];
};

/* Take an exchange out of the worker's pool. Returns: NULL when memory is out. */
struct mg_exchange *mg_exchange_new(struct server_worker *worker, struct mg_conn *conn);
/* Put it back. */
void mg_exchange_free(struct mg_exchange *exchange);
/* Give the pool back to malloc. */
void mg_exchange_pool_free(struct server_worker *worker);

/* Move what the exchange points to out of the read buffer, before that is used again.
 * Returns: false when memory is out; the caller then drops the connection. */
bool mg_exchange_keep(struct mg_exchange *exchange);

/* The field lines of one name as an array, in the exchange's arena when there are several. */
struct mg_lines mg_exchange_lines(struct mg_exchange *exchange, enum mg_field_id id);

#endif
