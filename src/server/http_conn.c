/* http_conn.c - the state of a connection is its exchange:
 *
 *   no exchange, nothing read    idle              deadline: idle timeout (the first time:
 * head timeout) no exchange, part of a head  reading a head    deadline: head timeout from
 * its first byte exchange, content to come    reading content   deadline: body timeout
 * since the last byte exchange, content read       being answered    no deadline here; the
 * handler and the write progress have theirs
 *
 * A turn is one callback of the net layer: what it answers is gathered and leaves in one
 * write at its end.
 */
#include "server/http_conn.h"

#include "core/clock.h"
#include "http/response.h"
#include "net/worker.h"
#include "server/access_log.h"
#include "server/answer.h"
#include "server/content.h"
#include "server/exchange.h"
#include "server/hooks.h"
#include "server/shadow.h"
#include "server/worker_state.h"

enum {
    STOP_IDLE_MS = 1000
}; /* an idle connection's last chance to send a request while the server stops */

/* mg_conn_user of every connection. */
struct http_conn {
    struct mg_exchange *exchange;
    struct mg_head_scan scan; /* of a head that has arrived in part */
    bool is_in_head;
    bool has_eof;
};

static struct server_worker *worker_of(struct mg_conn *conn)
{
    return mg_worker_state(mg_conn_worker(conn));
}

static const struct mg_limits *limits_of(const struct server_worker *worker)
{
    return &worker->server->options.limits;
}

static void wait_for_request(struct mg_conn *conn)
{
    struct server_worker *worker = worker_of(conn);
    bool is_stopping = server_is_stopping(worker);
    mg_conn_set_deadline(conn, is_stopping ? STOP_IDLE_MS : limits_of(worker)->idle_timeout);
}

/* ---- the end of an exchange ---- */

static void log_exchange(struct mg_exchange *exchange, const char *close_reason)
{
    struct server_worker *worker = exchange->worker;
    mg_traffic_count(&worker->traffic, exchange);
    if (worker->log != NULL && !mg_access_log_add(worker->log, exchange, close_reason)) {
        server_count(&worker->counters.log_dropped, 1);
    }
}

static void drop_exchange(struct http_conn *http, const char *close_reason)
{
    struct mg_exchange *exchange = http->exchange;
    http->exchange = NULL;
    log_exchange(exchange, close_reason);
    mg_hooks_end(exchange);
    mg_shadow_judge(exchange);
    mg_exchange_free(exchange);
}

static const char *close_reason_of(const struct mg_exchange *exchange)
{
    if (exchange->keep_alive) {
        return NULL;
    }
    if (server_is_stopping(exchange->worker)) {
        return "stopping";
    }
    if (exchange->is_tunnel) {
        return "tunnel-ended";
    }
    return exchange->body_done && !exchange->head->keep_alive ? "client-asked"
                                                              : "content-unread";
}

/* `has_more`: bytes behind the request have come. Closing a socket with unread bytes resets the
 * connection, which may cost the client its answer (RFC 9112 9.6).
 * Returns: whether the connection goes on with another request. */
static bool finish_exchange(struct mg_conn *conn, struct http_conn *http, bool has_more)
{
    struct mg_exchange *exchange = http->exchange;
    const char *close_reason = close_reason_of(exchange);
    bool is_whole = exchange->body_done || exchange->is_tunnel;
    bool is_last = is_whole && !has_more && exchange->head->method != MG_METHOD_CONNECT;
    drop_exchange(http, close_reason);
    if (close_reason == NULL && !http->has_eof) {
        wait_for_request(conn);
        return true;
    }
    mg_answer_flush(worker_of(conn));
    const char *reason = close_reason != NULL ? close_reason : "peer-closed";
    if (is_last) {
        mg_conn_close(conn, reason);
    } else {
        mg_conn_close_lingering(conn, reason);
    }
    return false;
}

static void abort_exchange(struct http_conn *http, const char *reason)
{
    struct mg_exchange *exchange = http->exchange;
    if (exchange->has_begun && exchange->answer != ANSWER_DONE && exchange->handler != NULL &&
        exchange->handler->abort != NULL) {
        exchange->handler->abort(exchange);
    }
    drop_exchange(http, reason);
}

/* ---- heads ---- */

static void refuse_head(struct mg_conn *conn, struct http_conn *http, unsigned status,
                        const char *reason)
{
    struct server_worker *worker = worker_of(conn);
    http->is_in_head = false;
    mg_traffic_count_refusal(&worker->traffic, status, reason);
    if (worker->log != NULL) {
        struct access_refusal refusal = {mg_conn_peer(conn), status, reason,
                                         status == 408 ? NULL : &worker->head};
        if (!mg_access_log_refusal(worker->log, &refusal)) {
            server_count(&worker->counters.log_dropped, 1);
        }
    }
    mg_answer_refusal(worker, conn, status, reason);
}

/* Read a head from the front of `bytes`. Returns: its size, with the exchange begun; 0 when
 * it is not whole, or was refused. */
static size_t read_head(struct mg_conn *conn, struct http_conn *http, struct mg_str bytes)
{
    struct server_worker *worker = worker_of(conn);
    const struct mg_limits *limits = limits_of(worker);
    const struct mg_head_limits head_limits = {
        .head_bytes = limits->head_bytes,
        .target_bytes = limits->target_bytes,
        .fields = (unsigned)limits->fields,
    };
    switch (mg_head_parse(bytes, &head_limits, &http->scan, &worker->head)) {
    case MG_HEAD_PARTIAL:
        if (!http->is_in_head) {
            http->is_in_head = true;
            mg_conn_set_deadline(conn, limits->head_timeout);
        }
        return 0;
    case MG_HEAD_REFUSED:
        refuse_head(conn, http, http->scan.status, http->scan.reason);
        return 0;
    case MG_HEAD_COMPLETE:
        break;
    }
    http->is_in_head = false;
    http->scan = (struct mg_head_scan){0};
    struct mg_exchange *exchange = mg_exchange_new(worker, conn);
    if (exchange == NULL) {
        mg_conn_abort(conn, "out-of-memory");
        return 0;
    }
    exchange->head_bytes = bytes.ptr;
    exchange->started_us = mg_clock_us();
    http->exchange = exchange;
    mg_content_begin(exchange);
    return worker->head.size;
}

/* ---- a turn ---- */

static bool is_full(struct mg_conn *conn, unsigned answered)
{
    struct server_worker *worker = worker_of(conn);
    const struct mg_limits *limits = limits_of(worker);
    if (answered >= limits->pipelined) {
        server_count(&worker->traffic.turns_given_up, 1);
        return true;
    }
    if (mg_conn_pending(conn) + worker->out.len > limits->unsent_bytes) {
        server_count(&worker->traffic.reads_held_back, 1);
        return true;
    }
    return false;
}

/* Let the others have their turn, or let the client read first. */
static void hold_back(struct mg_conn *conn)
{
    mg_conn_pause(conn);
    if (mg_conn_pending(conn) == 0) {
        mg_conn_resume(conn);
    }
}

static size_t run_turn(struct mg_conn *conn, struct http_conn *http, struct mg_str bytes)
{
    size_t taken = 0;
    unsigned answered = 0;
    while (!mg_conn_is_closing(conn)) {
        if (http->exchange == NULL) {
            if (taken == bytes.len) {
                break;
            }
            if (is_full(conn, answered)) {
                mg_answer_flush(worker_of(conn));
                hold_back(conn);
                break;
            }
            size_t size = read_head(conn, http, mg_str_from_offset(bytes, taken));
            taken += size;
            if (size == 0) {
                break;
            }
        }
        taken += mg_content_feed(http->exchange, mg_str_from_offset(bytes, taken));
        bool is_over = http->exchange->answer == ANSWER_DONE &&
                       (http->exchange->body_done || !http->exchange->keep_alive);
        if (!is_over || !finish_exchange(conn, http, taken < bytes.len)) {
            break;
        }
        answered++;
    }
    return taken;
}

/* An exchange that outlives its turn: keep what it points to, ask for its content, hold
 * back what is not its own. */
static void suspend(struct mg_conn *conn, struct http_conn *http)
{
    struct mg_exchange *exchange = http->exchange;
    /* Also where the connection is already lost: on_close comes after these bytes have gone. */
    if (!mg_exchange_keep(exchange)) {
        abort_exchange(http, "out-of-memory");
        mg_conn_abort(conn, "out-of-memory");
        return;
    }
    if (exchange->answer != ANSWER_NONE) {
        mg_exchange_settle(exchange);
    }
    if (mg_conn_is_closing(conn)) {
        return;
    }
    if (mg_content_is_wanted(exchange)) {
        if (exchange->handler == NULL || !exchange->handler->continues) {
            mg_answer_continue(exchange);
        }
        mg_conn_set_deadline(
            conn, exchange->is_tunnel ? 0 : limits_of(exchange->worker)->body_timeout);
    } else {
        mg_conn_set_deadline(conn, 0);
        mg_conn_pause(conn);
    }
}

/* Turns nest when one connection's handler answers on another's: each has its own output. */
static size_t take_turn(struct mg_conn *conn, struct mg_str bytes)
{
    struct http_conn *http = mg_conn_user(conn);
    struct server_worker *worker = worker_of(conn);
    struct mg_conn *outer = worker->turn;
    mg_answer_set_turn(worker, conn);
    size_t taken = run_turn(conn, http, bytes);
    if (http->exchange != NULL) {
        suspend(conn, http);
    }
    mg_answer_set_turn(worker, outer);
    return taken;
}

static void on_open(struct mg_conn *conn)
{
    mg_conn_set_deadline(conn, limits_of(worker_of(conn))->head_timeout);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is the net layer's */
static size_t on_bytes(struct mg_conn *conn, char *bytes, size_t count)
{
    return take_turn(conn, (struct mg_str){bytes, count});
}

void mg_http_conn_advance(struct mg_conn *conn)
{
    struct http_conn *http = mg_conn_user(conn);
    if (mg_conn_is_closing(conn)) {
        return;
    }
    /* Without bytes: the content may have ended, or the answer. What is kept comes with the
     * resume. */
    (void)take_turn(conn, MG_STR(""));
    if (http->exchange == NULL || mg_content_is_wanted(http->exchange)) {
        mg_conn_resume(conn);
    }
}

/* The client will send no more; what the upstream still has to say goes out. */
static void end_tunnel(struct mg_conn *conn, struct mg_exchange *exchange)
{
    exchange->body_done = true;
    mg_answer_set_turn(exchange->worker, conn);
    exchange->handler->body_end(exchange);
    mg_answer_set_turn(exchange->worker, NULL);
    if (exchange->answer == ANSWER_DONE) { /* the upstream had ended before */
        mg_http_conn_advance(conn);
    }
}

static void on_eof(struct mg_conn *conn)
{
    struct http_conn *http = mg_conn_user(conn);
    http->has_eof = true;
    if (http->exchange == NULL) {
        mg_conn_close(conn, "peer-closed");
    } else if (http->exchange->is_tunnel) {
        end_tunnel(conn, http->exchange);
    } else if (!http->exchange->body_done) {
        mg_conn_abort(conn, "content-cut-off");
    }
}

static void on_drained(struct mg_conn *conn)
{
    struct http_conn *http = mg_conn_user(conn);
    struct mg_exchange *exchange = http->exchange;
    if (exchange == NULL) {
        mg_conn_resume(conn);
    } else if (exchange->answer == ANSWER_STREAMING && exchange->handler->writable != NULL) {
        exchange->handler->writable(exchange);
    }
}

static void on_timeout(struct mg_conn *conn)
{
    struct http_conn *http = mg_conn_user(conn);
    struct mg_exchange *exchange = http->exchange;
    if (exchange != NULL) {
        if (exchange->answer == ANSWER_NONE) {
            mg_content_refuse(exchange, 408, "content-timeout");
        } else {
            mg_conn_abort(conn, "content-timeout");
        }
    } else if (http->is_in_head) {
        refuse_head(conn, http, 408, "head-timeout");
    } else {
        mg_conn_close(conn, "idle-timeout");
    }
}

static void on_stop(struct mg_conn *conn)
{
    struct http_conn *http = mg_conn_user(conn);
    if (http->exchange == NULL && !http->is_in_head) {
        wait_for_request(conn);
    }
}

static void on_close(struct mg_conn *conn, const char *reason)
{
    struct http_conn *http = mg_conn_user(conn);
    if (http->exchange != NULL) {
        abort_exchange(http, reason);
    }
    mg_name_counters_add(&worker_of(conn)->traffic.closed, mg_str_from(reason));
}

const struct mg_protocol mg_http_protocol = {
    .user_bytes = sizeof(struct http_conn),
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_eof = on_eof,
    .on_drained = on_drained,
    .on_timeout = on_timeout,
    .on_stop = on_stop,
    .on_close = on_close,
};

void mg_exchange_pause_body(struct mg_exchange *exchange)
{
    exchange->body_is_paused = true;
}

void mg_exchange_resume_body(struct mg_exchange *exchange)
{
    if (exchange->body_is_paused) {
        exchange->body_is_paused = false;
        if (exchange->worker->turn != exchange->conn) {
            mg_http_conn_advance(exchange->conn);
        }
    }
}
