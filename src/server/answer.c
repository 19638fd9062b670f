/* answer.c - see the header. Everything is appended to the worker's output buffer; the
 * turn's end, or the call itself when no turn runs, hands it to the connection in one
 * write.
 */
#include "server/answer.h"

#include "http/response.h"
#include "net/worker.h"
#include "server/error_body.h"
#include "server/exchange.h"
#include "server/generation.h"
#include "server/hooks.h"
#include "server/http_conn.h"
#include "server/worker_state.h"

enum {
    MAX_VARY_LINES = 17 + MG_REQUEST_MAX_READS,
    DRAIN_MAX_BYTES =
        64 << 10, /* of content not yet here that is worth reading to keep the connection */
    DIRECT_BYTES = 8 << 10, /* of content: more is not copied to be gathered, but sent */
    SETTLING_MAX_AGE_S = 5, /* what browsers take where there is no Max-Age */
};

/* ---- output ---- */

static void flush_to(struct server_worker *worker, struct mg_conn *conn)
{
    if (conn == NULL) {
        return; /* a gate: whoever asked takes the output himself */
    }
    if (worker->out.overflowed) {
        mg_conn_abort(conn, "out-of-memory");
    } else if (worker->out.len > 0) {
        mg_conn_write(conn, mg_buf_str(&worker->out));
    }
    mg_buf_clear(&worker->out);
    if (worker->out.capacity > OUT_KEEP_BYTES) {
        mg_buf_fini(&worker->out);
    }
}

void mg_answer_flush(struct server_worker *worker)
{
    if (worker->turn != NULL) {
        flush_to(worker, worker->turn);
    }
}

void mg_answer_set_turn(struct server_worker *worker, struct mg_conn *conn)
{
    mg_answer_flush(worker);
    worker->turn = conn;
}

/* Where output for `conn` is appended. What another connection's turn has gathered leaves
 * first: one answer's bytes never reach another's connection. */
static struct mg_buf *output_for(struct server_worker *worker, struct mg_conn *conn)
{
    if (worker->turn != conn) {
        mg_answer_flush(worker);
    }
    return &worker->out;
}

/* Output is gathered while the connection's own turn runs; outside of it, it leaves at once. */
static void sent(struct mg_exchange *exchange)
{
    struct server_worker *worker = exchange->worker;
    if (worker->turn != exchange->conn || worker->out.len >= OUT_FLUSH_BYTES ||
        worker->out.overflowed) {
        flush_to(worker, exchange->conn);
    }
}

/* ---- heads ---- */

static struct mg_str now_date(struct server_worker *worker)
{
    return mg_date_at(&worker->date, server_wall_s(worker));
}

/* Whether the engine owns the CORS fields of this answer: a resource was found that has not
 * said `cors = false`. */
static bool owns_cors(const struct mg_exchange *exchange)
{
    const struct mg_resource *resource = exchange->route.resource;
    return resource != NULL && resource->cors_mode != MG_CORS_OFF;
}

static bool is_cors_field(struct mg_str name)
{
    static const struct mg_str prefix = {"access-control-", sizeof("access-control-") - 1};
    struct mg_str start = {name.ptr, name.len < prefix.len ? name.len : prefix.len};
    return mg_str_equal_nocase(start, prefix) ||
           mg_str_equal_nocase(name, MG_STR("timing-allow-origin"));
}

static void write_field(struct mg_response *response, const struct mg_answer *answer,
                        const struct mg_answer_field *field)
{
    if (answer->is_checked) {
        mg_response_field_checked(response, field->name, field->value);
    } else if (answer->has_odd_bytes) {
        mg_response_field_as_is(response, field->name, field->value);
    } else {
        mg_response_field(response, field->name, field->value);
    }
}

/* Copy the handler's fields, but for those the engine owns; its Vary lines are gathered in
 * `vary`. */
static void write_fields(struct mg_response *response, const struct mg_answer *answer,
                         struct mg_str *vary, size_t *vary_count)
{
    for (size_t i = 0; i < answer->field_count; i++) {
        const struct mg_answer_field *field = &answer->fields[i];
        if (is_cors_field(field->name)) {
            continue;
        }
        if (mg_str_equal_nocase(field->name, MG_STR("vary")) && *vary_count < MAX_VARY_LINES) {
            vary[(*vary_count)++] = field->value;
            continue;
        }
        write_field(response, answer, field);
    }
}

static void write_vary(struct mg_response *response, struct mg_lines given, struct mg_str ours)
{
    if (given.count == 0 && ours.len == 0) {
        return;
    }
    mg_buf_add(response->out, MG_STR("Vary: "));
    if (given.count == 0) {
        mg_buf_add(response->out, ours);
    } else {
        mg_vary_merge(given, ours, response->out);
    }
    mg_buf_add(response->out, MG_STR("\r\n"));
}

static enum mg_response_connection connection_field(const struct mg_exchange *exchange)
{
    if (!exchange->keep_alive) {
        return MG_CONNECTION_CLOSE;
    }
    return exchange->head->minor == 0 ? MG_CONNECTION_KEEP_ALIVE : MG_CONNECTION_DEFAULT;
}

/* An answer before the end of the content: the rest is read and dropped where that is
 * little, else the connection ends. */
static void settle_keep_alive(struct mg_exchange *exchange)
{
    bool drains = exchange->body.framing == MG_FRAMING_NONE ||
                  (exchange->body.framing == MG_FRAMING_LENGTH &&
                   exchange->body.remaining <= DRAIN_MAX_BYTES && !exchange->awaits_continue);
    if ((!exchange->body_done && !drains) || server_is_stopping(exchange->worker)) {
        exchange->keep_alive = false;
    }
}

/* Whether the answer is a preflight's, and its generation so new that browsers are not to keep
 * the answer for long. */
static bool is_settling(const struct mg_exchange *exchange)
{
    const struct server_worker *worker = exchange->worker;
    if (exchange->decision.kind != MG_KIND_PREFLIGHT || worker->worker == NULL) {
        return false;
    }
    return mg_worker_now_ms(worker->worker) <
           atomic_load_explicit(&exchange->generation->settles_until_ms, memory_order_relaxed);
}

static bool write_head(struct mg_exchange *exchange, const struct mg_answer *answer,
                       int64_t length)
{
    struct server_worker *worker = exchange->worker;
    struct mg_response response;
    struct mg_str vary[MAX_VARY_LINES + 1];
    size_t vary_count = 0;
    struct mg_answer edited;
    settle_keep_alive(exchange);
    if (exchange->runtime != NULL && !exchange->skips_hooks) {
        edited = *answer;
        answer = &edited;
        if (!mg_hooks_response(exchange, &edited)) {
            exchange->skips_hooks = true;
            return false;
        }
    }
    struct mg_buf *out = output_for(worker, exchange->conn);
    size_t start = out->len;
    mg_response_begin(&response, out, answer->status,
                      answer->date.len > 0 ? answer->date : now_date(worker));
    if (answer->lines.len > 0) {
        mg_response_lines(&response, answer->lines);
    }
    if (answer->allow.ptr != NULL) {
        mg_buf_add(out, MG_STR("Allow: "));
        mg_buf_add(out, answer->allow);
        mg_buf_add(out, MG_STR("\r\n"));
    }
    if (answer->vary.len > 0) {
        vary[vary_count++] = answer->vary;
    }
    if (owns_cors(exchange) && !answer->keeps_cors) {
        write_fields(&response, answer, vary, &vary_count);
        size_t fields_start = out->len;
        mg_cors_write_fields(&exchange->decision, out);
        if (is_settling(exchange)) {
            mg_cors_clamp_max_age(out, fields_start, SETTLING_MAX_AGE_S);
        }
        vary_count += mg_hooks_vary(exchange, vary + vary_count, MAX_VARY_LINES - vary_count);
        write_vary(&response, (struct mg_lines){vary, vary_count},
                   mg_cors_vary(&exchange->decision));
    } else {
        for (size_t i = 0; i < answer->field_count; i++) {
            write_field(&response, answer, &answer->fields[i]);
        }
        write_vary(&response, (struct mg_lines){vary, vary_count}, (struct mg_str){NULL, 0});
    }
    if (worker->server->options.shows_revision) {
        mg_buf_add(out, MG_STR("Moongate-Revision: "));
        mg_buf_add(out, exchange->set->revision);
        mg_buf_add(out, MG_STR("\r\n"));
    }
    bool ok = mg_response_end(&response, exchange->framing, length < 0 ? 0 : (uint64_t)length,
                              connection_field(exchange));
    if (ok) {
        exchange->status = answer->status;
    }
    exchange->bytes_out += out->len - start;
    return ok;
}

static enum mg_response_framing choose_framing(const struct mg_exchange *exchange,
                                               unsigned status, int64_t length)
{
    if (mg_status_is_bodiless(status)) {
        return MG_RESPONSE_EMPTY;
    }
    if (length != MG_LENGTH_UNKNOWN) {
        return length == 0 ? MG_RESPONSE_EMPTY : MG_RESPONSE_LENGTH;
    }
    if (exchange->is_head) {
        return MG_RESPONSE_HEAD;
    }
    return exchange->head->minor == 0 ? MG_RESPONSE_CLOSE : MG_RESPONSE_CHUNKED;
}

/* When a handler's fields cannot be sent, its answer becomes a 500 that can. Returns: the
 * length that is now meant. */
static bool begin_answer(struct mg_exchange *exchange, const struct mg_answer *answer,
                         int64_t length)
{
    exchange->framing = choose_framing(exchange, answer->status, length);
    if (exchange->framing == MG_RESPONSE_CLOSE) {
        exchange->keep_alive = false;
    }
    exchange->length_left = length;
    return write_head(exchange, answer, length);
}

/* Whether no octet of content is to come, also where nobody has looked for its end. */
static bool has_no_more_content(const struct mg_exchange *exchange)
{
    const struct mg_body *body = &exchange->body;
    return body->framing == MG_FRAMING_NONE ||
           (body->framing == MG_FRAMING_LENGTH && body->remaining == 0);
}

static void finish(struct mg_exchange *exchange)
{
    exchange->answer = ANSWER_DONE;
    exchange->body_done = exchange->body_done || has_no_more_content(exchange);
    exchange->body_is_paused = false; /* what is left of the content is drained */
    sent(exchange);
    if (exchange->worker->turn != exchange->conn) {
        mg_http_conn_advance(exchange->conn);
    }
}

/* The body of an answer of the engine, and its field lines; none where it is silent. */
static struct mg_str engine_body(struct mg_exchange *exchange, unsigned status,
                                 struct mg_str *lines)
{
    *lines = (struct mg_str){NULL, 0};
    bool is_silent = status < 400 || exchange->decision.kind == MG_KIND_PREFLIGHT;
    return is_silent ? *lines : mg_error_body(exchange, status, lines);
}

static bool needs_allow(const struct mg_exchange *exchange, unsigned status)
{
    enum mg_kind kind = exchange->decision.kind;
    return status == 405 || kind == MG_KIND_PREFLIGHT || kind == MG_KIND_OPTIONS;
}

static void respond_engine(struct mg_exchange *exchange, unsigned status)
{
    struct mg_str lines;
    struct mg_str body = engine_body(exchange, status, &lines);
    const struct mg_resource *resource = exchange->route.resource;
    struct mg_str allow = resource != NULL ? resource->allow : exchange->set->allow;
    struct mg_answer answer = {
        .status = status,
        .lines = lines,
        .allow = needs_allow(exchange, status) ? allow : (struct mg_str){NULL, 0},
    };
    bool could_hook = !exchange->skips_hooks;
    bool has_begun = begin_answer(exchange, &answer, (int64_t)body.len);
    if (!has_begun && could_hook && exchange->skips_hooks) {
        exchange->reason = mg_reason_code(MG_REASON_SCRIPT_ERROR);
        body = engine_body(exchange, 500, &answer.lines);
        answer.status = 500;
        has_begun = begin_answer(exchange, &answer, (int64_t)body.len);
    }
    if (!has_begun) {
        flush_to(exchange->worker, exchange->conn);
        if (exchange->conn != NULL) {
            mg_conn_abort(exchange->conn, "out-of-memory");
        }
        return;
    }
    if (!exchange->is_head) {
        mg_buf_add(&exchange->worker->out, body);
        exchange->bytes_out += body.len;
    }
    finish(exchange);
}

/* An answer that cannot be sent: a field of its handler is invalid, or a response hook
 * failed. */
static void refuse_answer(struct mg_exchange *exchange)
{
    exchange->reason = exchange->skips_hooks ? mg_reason_code(MG_REASON_SCRIPT_ERROR)
                                             : "handler-field-invalid";
    exchange->skips_hooks = true;
    respond_engine(exchange, 500);
}

void mg_exchange_refuse(struct mg_exchange *exchange, unsigned status, const char *reason)
{
    exchange->handler = NULL;
    exchange->reason = reason;
    respond_engine(exchange, status);
}

void mg_answer_engine(struct mg_exchange *exchange, unsigned status)
{
    respond_engine(exchange, status);
}

void mg_exchange_respond(struct mg_exchange *exchange, const struct mg_answer *answer,
                         struct mg_str body)
{
    if (!begin_answer(exchange, answer, (int64_t)body.len)) {
        refuse_answer(exchange);
        return;
    }
    if (!exchange->is_head && !mg_status_is_bodiless(answer->status)) {
        mg_buf_add(&exchange->worker->out, body);
        exchange->bytes_out += body.len;
    }
    finish(exchange);
}

void mg_exchange_head(struct mg_exchange *exchange, const struct mg_answer *answer,
                      int64_t length)
{
    if (!begin_answer(exchange, answer, length)) {
        refuse_answer(exchange);
        return;
    }
    exchange->answer = ANSWER_STREAMING;
    sent(exchange);
    mg_exchange_settle(exchange);
}

/* Send much content as it lies, behind what is gathered, in one call. */
static void write_direct(struct mg_exchange *exchange, struct mg_str data)
{
    struct mg_buf *out = &exchange->worker->out;
    bool is_chunked = exchange->framing == MG_RESPONSE_CHUNKED;
    size_t start = out->len;
    if (is_chunked) {
        mg_response_chunk_line(out, data.len);
    }
    exchange->bytes_out += out->len - start + data.len + (is_chunked ? 2 : 0);
    if (out->overflowed) {
        flush_to(exchange->worker, exchange->conn);
        return;
    }
    const struct mg_str parts[] = {mg_buf_str(out), data, MG_STR("\r\n")};
    mg_conn_write_parts(exchange->conn, parts, is_chunked ? 3 : 2);
    mg_buf_clear(out);
}

void mg_exchange_write(struct mg_exchange *exchange, struct mg_str data)
{
    struct mg_buf *out = output_for(exchange->worker, exchange->conn);
    if (exchange->answer != ANSWER_STREAMING || exchange->is_head || data.len == 0 ||
        exchange->framing == MG_RESPONSE_EMPTY || exchange->framing == MG_RESPONSE_HEAD) {
        return;
    }
    if (exchange->framing == MG_RESPONSE_LENGTH) {
        data.len = (uint64_t)exchange->length_left < data.len ? (size_t)exchange->length_left
                                                              : data.len;
        exchange->length_left -= (int64_t)data.len;
    }
    if (data.len >= DIRECT_BYTES && exchange->conn != NULL) {
        write_direct(exchange, data);
        return;
    }
    size_t start = out->len;
    if (exchange->framing == MG_RESPONSE_CHUNKED) {
        mg_response_chunk(out, data);
    } else {
        mg_buf_add(out, data);
    }
    exchange->bytes_out += out->len - start;
    sent(exchange);
}

size_t mg_exchange_unsent(const struct mg_exchange *exchange)
{
    const struct server_worker *worker = exchange->worker;
    size_t gathered = worker->turn == exchange->conn ? worker->out.len : 0;
    size_t pending = exchange->conn == NULL ? 0 : mg_conn_pending(exchange->conn);
    return pending + gathered;
}

bool mg_exchange_is_blocked(const struct mg_exchange *exchange)
{
    return mg_exchange_unsent(exchange) >=
           exchange->worker->server->options.limits.unsent_bytes;
}

void mg_exchange_end(struct mg_exchange *exchange)
{
    mg_exchange_end_trailers(exchange, (struct mg_str){NULL, 0});
}

void mg_exchange_end_trailers(struct mg_exchange *exchange, struct mg_str trailers)
{
    if (exchange->answer != ANSWER_STREAMING) {
        return;
    }
    if (exchange->framing == MG_RESPONSE_CHUNKED && !exchange->is_head) {
        struct mg_buf *out = output_for(exchange->worker, exchange->conn);
        size_t start = out->len;
        mg_response_last_chunk(out, trailers);
        exchange->bytes_out += out->len - start;
    }
    if (exchange->framing == MG_RESPONSE_LENGTH && exchange->length_left > 0 &&
        !exchange->is_head) {
        /* The client counts on octets that will not come: only the end of the connection
         * can tell it. */
        exchange->keep_alive = false;
    }
    finish(exchange);
}

void mg_exchange_break(struct mg_exchange *exchange, const char *reason)
{
    exchange->keep_alive = false;
    if (exchange->conn != NULL) {
        (void)output_for(exchange->worker, exchange->conn);
        flush_to(exchange->worker, exchange->conn);
        mg_conn_close(exchange->conn, reason);
    }
}

void mg_exchange_interim(struct mg_exchange *exchange, const struct mg_answer *answer)
{
    struct mg_response response;
    if (exchange->answer != ANSWER_NONE || exchange->head->minor == 0) {
        return;
    }
    struct mg_buf *out = output_for(exchange->worker, exchange->conn);
    size_t start = out->len;
    mg_response_begin(&response, out, answer->status, (struct mg_str){NULL, 0});
    for (size_t i = 0; i < answer->field_count; i++) {
        if (!is_cors_field(answer->fields[i].name)) {
            write_field(&response, answer, &answer->fields[i]);
        }
    }
    (void)mg_response_end(&response, MG_RESPONSE_EMPTY, 0, MG_CONNECTION_DEFAULT);
    exchange->bytes_out += out->len - start;
    sent(exchange);
}

void mg_exchange_upgrade(struct mg_exchange *exchange, const struct mg_answer *answer)
{
    exchange->skips_hooks = true; /* they know no head that has Connection in it */
    mg_exchange_head(exchange, answer, 0);
    if (exchange->answer != ANSWER_STREAMING) {
        return;
    }
    exchange->framing = MG_RESPONSE_CLOSE; /* bytes go as they are */
    exchange->is_tunnel = true;
    exchange->keep_alive = false;
    exchange->body_done = false;
    mg_body_begin(&exchange->body, MG_FRAMING_LENGTH, MG_BODY_UNTIL_CLOSE);
    mg_conn_set_duplex(exchange->conn);
}

void mg_answer_continue(struct mg_exchange *exchange)
{
    if (exchange->awaits_continue) {
        exchange->awaits_continue = false;
        mg_buf_add(output_for(exchange->worker, exchange->conn),
                   MG_STR("HTTP/1.1 100 Continue\r\n\r\n"));
        sent(exchange);
    }
}

void mg_answer_refusal(struct server_worker *worker, struct mg_conn *conn, unsigned status,
                       const char *reason)
{
    static const char plain[] = "Content-Type: text/plain; charset=utf-8\r\n";
    struct mg_response response;
    char body[128];
    struct mg_str phrase = mg_status_phrase(status);
    int length =
        snprintf(body, sizeof(body), "%u %.*s: %s\n", status, MG_STR_ARG(phrase), reason);
    struct mg_buf *out = output_for(worker, conn);
    mg_response_begin(&response, out, status, now_date(worker));
    mg_response_lines(&response, MG_STR(plain));
    if (mg_response_end(&response, MG_RESPONSE_LENGTH, (uint64_t)length, MG_CONNECTION_CLOSE)) {
        mg_buf_add(out, (struct mg_str){body, (size_t)length});
    }
    flush_to(worker, conn);
    if (conn != NULL) {
        mg_conn_close_lingering(conn, reason);
    }
}
