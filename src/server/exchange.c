/* exchange.c - the pool, and the one move an exchange may make: from the worker's read
 * buffer to its own arena. */
#include "server/exchange.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "server/worker_state.h"

enum {
    EXCHANGE_ARENA_MAX_BYTES = 4 << 20
};

struct mg_exchange *mg_exchange_new(struct server_worker *worker, struct mg_conn *conn)
{
    struct mg_exchange *exchange = worker->free_exchanges;
    if (exchange != NULL) {
        worker->free_exchanges = exchange->next_free;
        worker->free_exchange_count--;
    } else {
        exchange = mg_malloc(sizeof(*exchange));
        if (exchange == NULL) {
            return NULL;
        }
    }
    /* Only what is read before it is written: the storage and the route's parameters stay
     * as they are. */
    exchange->conn = conn;
    exchange->worker = worker;
    exchange->set = worker->server->set;
    exchange->mode =
        conn == NULL ? MG_LISTEN_SERVE : worker->server->listen_modes[mg_conn_listener(conn)];
    exchange->handler = NULL;
    exchange->handler_state = NULL;
    exchange->head = &worker->head;
    exchange->route.resource = NULL;
    exchange->route.param_count = 0;
    exchange->decision = (struct mg_decision){0};
    exchange->decided_at.file = NULL;
    exchange->decided_at.steps = 0;
    exchange->script = NULL;
    exchange->skips_hooks = false;
    exchange->reason = NULL;
    exchange->remote = (struct mg_str){NULL, 0};
    exchange->body_octets = 0;
    exchange->body_limit = 0;
    exchange->status = 0;
    exchange->answer = ANSWER_NONE;
    exchange->bytes_out = 0;
    exchange->started_us = 0;
    exchange->is_kept = false;
    exchange->has_begun = false;
    exchange->body_done = false;
    exchange->body_is_dropped = false;
    exchange->body_is_paused = false;
    exchange->awaits_continue = false;
    exchange->keep_alive = false;
    exchange->is_head = false;
    mg_arena_init(&exchange->arena, exchange->storage, sizeof(exchange->storage),
                  EXCHANGE_ARENA_MAX_BYTES);
    exchange->empty = mg_arena_snapshot(&exchange->arena);
    return exchange;
}

void mg_exchange_free(struct mg_exchange *exchange)
{
    struct server_worker *worker = exchange->worker;
    mg_arena_fini(&exchange->arena);
    if (worker->free_exchange_count >= MAX_FREE_EXCHANGES) {
        free(exchange);
        return;
    }
    exchange->next_free = worker->free_exchanges;
    worker->free_exchanges = exchange;
    worker->free_exchange_count++;
}

void mg_exchange_pool_free(struct server_worker *worker)
{
    while (worker->free_exchanges != NULL) {
        struct mg_exchange *exchange = worker->free_exchanges;
        worker->free_exchanges = exchange->next_free;
        free(exchange);
    }
    worker->free_exchange_count = 0;
}

/* A move of `size` bytes from one place to another; slices outside of it stay. */
struct move {
    const char *from;
    const char *to;
    size_t size;
};

static void follow(const struct move *move, struct mg_str *slice)
{
    if (slice->ptr != NULL && slice->ptr >= move->from &&
        slice->ptr <= move->from + move->size) {
        slice->ptr = move->to + (slice->ptr - move->from);
    }
}

static bool follow_lines(const struct move *move, struct mg_arena *arena,
                         struct mg_lines *lines)
{
    if (lines->count == 0) {
        return true;
    }
    /* A single line is a slice of the head's table, which moves with the head: copy the
     * array. */
    struct mg_str *items = mg_arena_alloc(arena, lines->count * sizeof(*items));
    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < lines->count; i++) {
        items[i] = lines->items[i];
        follow(move, &items[i]);
    }
    lines->items = items;
    return true;
}

bool mg_exchange_keep(struct mg_exchange *exchange)
{
    if (exchange->is_kept) {
        return true;
    }
    const struct mg_head *head = exchange->head;
    size_t head_size =
        offsetof(struct mg_head, fields) + head->field_count * sizeof(head->fields[0]);
    struct mg_head *kept = mg_arena_alloc(&exchange->arena, head_size);
    struct mg_str bytes =
        mg_arena_dup(&exchange->arena, (struct mg_str){exchange->head_bytes, head->size});
    struct move move = {exchange->head_bytes, bytes.ptr, head->size};
    if (mg_arena_overflowed(&exchange->arena) ||
        !follow_lines(&move, &exchange->arena, &exchange->decision.acrh)) {
        return false;
    }
    memcpy(kept, head, head_size);
    mg_head_rebase(kept, move.from, move.to);
    exchange->head = kept;
    exchange->head_bytes = bytes.ptr;
    follow(&move, &exchange->remote);
    follow(&move, &exchange->target.scheme);
    follow(&move, &exchange->target.authority);
    follow(&move, &exchange->target.path);
    follow(&move, &exchange->target.query);
    follow(&move, &exchange->scheme);
    follow(&move, &exchange->host);
    follow(&move, &exchange->decision.origin);
    follow(&move, &exchange->decision.method);
    for (unsigned i = 0; i < exchange->route.param_count; i++) {
        follow(&move, &exchange->route.params[i].value);
    }
    exchange->is_kept = true;
    return true;
}

struct mg_lines mg_exchange_lines(struct mg_exchange *exchange, enum mg_field_id id)
{
    const struct mg_head *head = exchange->head;
    unsigned count = head->lines[id];
    if (count == 0) {
        return (struct mg_lines){NULL, 0};
    }
    if (count == 1) {
        return (struct mg_lines){&mg_head_first(head, id)->value, 1};
    }
    struct mg_str *items = mg_arena_alloc(&exchange->arena, count * sizeof(*items));
    if (items == NULL) {
        return (struct mg_lines){&mg_head_first(head, id)->value, 1};
    }
    size_t found = 0;
    for (unsigned i = head->first[id] - 1u; i < head->field_count && found < count; i++) {
        if (head->fields[i].id == id) {
            items[found++] = head->fields[i].value;
        }
    }
    return (struct mg_lines){items, found};
}

const struct mg_head *mg_exchange_request(const struct mg_exchange *exchange)
{
    return exchange->head;
}

struct mg_str mg_exchange_path(const struct mg_exchange *exchange)
{
    return exchange->target.path;
}

struct mg_str mg_exchange_query(const struct mg_exchange *exchange)
{
    return exchange->target.query;
}

struct mg_str mg_exchange_host(const struct mg_exchange *exchange)
{
    return exchange->host;
}

struct mg_str mg_exchange_scheme(const struct mg_exchange *exchange)
{
    return exchange->scheme;
}

struct mg_str mg_exchange_remote(const struct mg_exchange *exchange)
{
    /* Made when asked for: most requests are never asked, and writing an address costs as
     * much as deciding one. */
    return exchange->remote.ptr != NULL ? exchange->remote : mg_conn_peer(exchange->conn);
}

const struct mg_route *mg_exchange_route(const struct mg_exchange *exchange)
{
    return &exchange->route;
}

const struct mg_decision *mg_exchange_decision(const struct mg_exchange *exchange)
{
    return &exchange->decision;
}

struct mg_worker *mg_exchange_worker(const struct mg_exchange *exchange)
{
    return exchange->worker->worker;
}

struct mg_arena *mg_exchange_arena(struct mg_exchange *exchange)
{
    return &exchange->arena;
}

void *mg_exchange_state(const struct mg_exchange *exchange)
{
    return exchange->handler_state;
}

void mg_exchange_set_state(struct mg_exchange *exchange, void *state)
{
    exchange->handler_state = state;
}
