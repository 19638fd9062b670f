/* exchange.c - the pool, and the one move an exchange may make: from the worker's read
 * buffer to its own arena. */
#include "server/exchange.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "server/content.h"
#include "server/generation.h"
#include "server/hooks.h"
#include "server/series.h"
#include "server/shadow.h"
#include "server/worker_state.h"

enum {
    EXCHANGE_ARENA_MAX_BYTES = 4 << 20
};

struct mg_exchange *mg_exchange_new(struct server_worker *worker, struct mg_conn *conn)
{
    return mg_exchange_new_on(
        worker, conn, atomic_load_explicit(&worker->server->active, memory_order_acquire));
}

struct mg_exchange *mg_exchange_new_on(struct server_worker *worker, struct mg_conn *conn,
                                       struct mg_generation *generation)
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
    mg_generation_pin(generation, worker->index);
    exchange->generation = generation;
    exchange->set = generation->set;
    exchange->runtime = generation->slots[worker->index].runtime;
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
    exchange->decided_status = 0;
    exchange->is_kept = false;
    exchange->was_shadowed = false;
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

/* ---- those that outlive their turn ---- */

static void link_kept(struct server_worker *worker, struct mg_exchange *exchange)
{
    exchange->next_kept = worker->kept_exchanges;
    exchange->previous_kept = NULL;
    if (worker->kept_exchanges != NULL) {
        worker->kept_exchanges->previous_kept = exchange;
    }
    worker->kept_exchanges = exchange;
}

static void unlink_kept(struct server_worker *worker, struct mg_exchange *exchange)
{
    if (exchange->next_kept != NULL) {
        exchange->next_kept->previous_kept = exchange->previous_kept;
    }
    if (exchange->previous_kept != NULL) {
        exchange->previous_kept->next_kept = exchange->next_kept;
    } else {
        worker->kept_exchanges = exchange->next_kept;
    }
}

/* ---- the generation ---- */

unsigned mg_exchange_series(const struct mg_exchange *exchange)
{
    const struct mg_generation *generation = exchange->generation;
    const struct mg_resource *resource = exchange->route.resource;
    if (generation == NULL) {
        return exchange->place.series;
    }
    return generation->rows == NULL || resource == NULL ? MG_SERIES_ROWS
                                                        : generation->rows[resource->id];
}

struct exchange_place mg_exchange_place(const struct mg_exchange *exchange)
{
    const struct mg_generation *generation = exchange->generation;
    const struct mg_resource *resource = exchange->route.resource;
    if (generation == NULL) {
        return exchange->place;
    }
    struct exchange_place place = {.generation = generation->id,
                                   .revision = mg_str_from(generation->revision),
                                   .series = mg_exchange_series(exchange)};
    if (resource != NULL) {
        place.pattern = resource->pattern;
        place.file = resource->file;
        place.line = resource->line;
    }
    if (exchange->decided_at.file != NULL) {
        place.file = exchange->decided_at.file;
        place.line = exchange->decided_at.line;
    }
    return place;
}

void mg_exchange_let_go(struct mg_exchange *exchange)
{
    struct mg_generation *generation = exchange->generation;
    struct server_worker *worker = exchange->worker;
    if (generation == NULL) {
        return;
    }
    exchange->generation = NULL;
    exchange->set = NULL;
    exchange->runtime = NULL;
    exchange->route.resource = NULL;
    if (mg_generation_unpin(generation, worker->index)) {
        mg_generation_drained(worker, generation);
    }
}

/* Copy what the log needs, and let go. */
static void detach(struct mg_exchange *exchange)
{
    struct exchange_place place = mg_exchange_place(exchange);
    place.pattern = mg_arena_dup(&exchange->arena, place.pattern);
    place.revision = mg_arena_dup(&exchange->arena, place.revision);
    place.file =
        place.file == NULL ? NULL : mg_arena_dup(&exchange->arena, mg_str_from(place.file)).ptr;
    exchange->place = place;
    mg_shadow_judge(exchange);
    mg_exchange_let_go(exchange);
}

void mg_exchange_settle(struct mg_exchange *exchange)
{
    if (exchange->generation != NULL && !mg_hooks_are_due(exchange)) {
        mg_hooks_forget(exchange);
        detach(exchange);
    }
}

static struct mg_exchange *find_expired(const struct server_worker *worker)
{
    struct mg_exchange *exchange = worker->kept_exchanges;
    while (exchange != NULL &&
           (exchange->generation == NULL || !atomic_load(&exchange->generation->is_expired))) {
        exchange = exchange->next_kept;
    }
    return exchange;
}

unsigned mg_exchange_expire(struct server_worker *worker)
{
    struct mg_exchange *exchange;
    unsigned count = 0;
    /* From the front each time: an answer may end any number of exchanges. */
    while ((exchange = find_expired(worker)) != NULL) {
        count++;
        if (exchange->answer != ANSWER_NONE) {
            mg_hooks_end(exchange);
            detach(exchange);
            continue;
        }
        mg_content_refuse(exchange, 503, "generation-drained");
        if (find_expired(worker) == exchange) {
            mg_hooks_end(exchange);
            detach(exchange);
        }
    }
    return count;
}

void mg_exchange_free(struct mg_exchange *exchange)
{
    struct server_worker *worker = exchange->worker;
    if (exchange->is_kept) {
        unlink_kept(worker, exchange);
    }
    mg_exchange_let_go(exchange);
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
    link_kept(exchange->worker, exchange);
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
