/* handler_proxy.c - "proxy": the exchange goes to an upstream, and its answer comes back by the
 * one way out, which replaces the upstream's CORS fields by ours.
 *
 * Content passes in pieces both ways. When a side takes no more, the other is not read: what
 * lies here between them is at most what one read has brought.
 *
 * Of the policy set only what was decided is used, and only until the head of the answer: the
 * group of endpoints, its health and its connections are the worker's.
 */
#include "proxy/forward.h"
#include "proxy/relay.h"
#include "server/answer.h"
#include "server/exchange.h"
#include "server/forwarded.h"
#include "server/handlers.h"
#include "server/http_conn.h"
#include "server/upstreams.h"
#include "server/worker_state.h"

enum {
    BLOCK_BYTES = 64 << 10,  /* unsent to the client: the upstream is not read meanwhile */
    TRAILER_BYTES = 4 << 10, /* of a request; larger trailer sections are dropped */
};

struct proxied {
    struct mg_relay relay;
    struct mg_exchange *exchange;
    struct mg_group *group;
    struct mg_buf trailers; /* of the request, in the exchange's arena */
    struct mg_forward forward;
    bool keeps_cors;
    bool is_upgrade;
    bool has_upgraded; /* in the read at hand */
};

/* ---- the request ---- */

static bool is_idempotent(enum mg_method method)
{
    switch (method) {
    case MG_METHOD_GET:
    case MG_METHOD_HEAD:
    case MG_METHOD_PUT:
    case MG_METHOD_DELETE:
    case MG_METHOD_OPTIONS:
        return true;
    case MG_METHOD_OTHER:
    case MG_METHOD_POST:
    case MG_METHOD_CONNECT:
    case MG_METHOD_TRACE:
    case MG_METHOD_PATCH:
        break;
    }
    return false;
}

static bool has_content(const struct mg_head *head)
{
    return head->framing == MG_FRAMING_CHUNKED || head->content_length > 0;
}

static void write_head(void *user, struct mg_str authority, struct mg_buf *out)
{
    struct proxied *proxied = user;
    struct mg_exchange *exchange = proxied->exchange;
    struct mg_forward *forward = &proxied->forward;
    const struct mg_upstream *upstream = exchange->route.resource->handler.upstream;
    struct mg_str host = upstream->host.len > 0 ? upstream->host : exchange->target.authority;
    int family = AF_UNIX;
    const unsigned char *bytes;
    if (exchange->conn != NULL) {
        family = mg_conn_peer_bytes(exchange->conn, &bytes);
    }
    /* The head may have moved since: slices are taken anew. */
    forward->head = exchange->head;
    forward->path = exchange->target.path;
    forward->query = exchange->target.query;
    forward->has_query = exchange->target.has_query;
    forward->host = host.len > 0 ? host : authority;
    forward->peer = family == AF_UNIX ? MG_STR("") : mg_conn_peer(exchange->conn);
    forward->scheme = exchange->scheme;
    forward->seen_host = exchange->host;
    bool is_trusted = mg_forwarded_is_trusted(exchange);
    bool by_forwarded = exchange->worker->server->options.trusted_fields == MG_TRUST_FORWARDED;
    forward->trusts_forwarded = is_trusted && by_forwarded;
    forward->forwarded_from =
        forward->trusts_forwarded ? mg_forwarded_sound_from(exchange->head) : 0;
    forward->trusts_x_forwarded = is_trusted && !by_forwarded;
    forward->is_upgrade = proxied->is_upgrade;
    mg_forward_write(forward, out);
}

/* The number of a Max-Forwards; more than we count is the most we do. Returns: whether it is
 * one. */
static bool read_max_forwards(struct mg_str value, unsigned long long *number)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!mg_ascii_is_digit(value.ptr[i])) {
            return false;
        }
    }
    if (value.len > 0 && !mg_str_to_u64(value, UINT32_MAX, number)) {
        *number = UINT32_MAX;
    }
    return value.len > 0;
}

/* RFC 9110 7.6.2: an OPTIONS that may go no further is answered here. Returns: whether it was.
 * */
static bool ends_here(struct mg_exchange *exchange, struct mg_forward *forward)
{
    unsigned at = 0;
    const struct mg_head *head = exchange->head;
    const struct mg_field *field = head->method == MG_METHOD_OPTIONS
                                       ? mg_head_next(head, MG_STR("max-forwards"), &at)
                                       : NULL;
    unsigned long long number;
    if (field == NULL || !read_max_forwards(field->value, &number)) {
        return false;
    }
    if (number == 0) {
        mg_exchange_refuse(exchange, 204, "max-forwards");
        return true;
    }
    forward->has_max_forwards = true;
    forward->max_forwards = number - 1;
    return false;
}

/* What is settled before an upstream is asked. Returns: whether the exchange was answered. */
static bool is_refused(struct mg_exchange *exchange, struct proxied *proxied)
{
    if (mg_forward_is_crowded(exchange->head)) {
        mg_exchange_refuse(exchange, 400, "connection-options");
        return true;
    }
    proxied->is_upgrade = mg_forward_asks_websocket(exchange->head);
    if (proxied->is_upgrade && exchange->decision.verdict == MG_VERDICT_DENY) {
        /* No CORS field can keep a script from a WebSocket's bytes: the origin is refused at
         * the handshake, whatever the rule does with denied origins elsewhere. */
        mg_exchange_refuse(exchange, 403, exchange->decision.reason);
        return true;
    }
    return ends_here(exchange, &proxied->forward);
}

static const struct mg_relay_caller relay_caller;

static void proxy_begin(struct mg_exchange *exchange)
{
    const struct mg_head *head = exchange->head;
    struct proxied *proxied = mg_arena_calloc(&exchange->arena, 1, sizeof(*proxied));
    if (proxied == NULL) {
        mg_exchange_refuse(exchange, 500, "out-of-memory");
        return;
    }
    proxied->exchange = exchange;
    proxied->relay.state = MG_RELAY_OVER;
    if (is_refused(exchange, proxied)) {
        return;
    }
    const struct mg_upstream *upstream = exchange->route.resource->handler.upstream;
    proxied->group = mg_upstreams_group(exchange->worker, upstream);
    proxied->keeps_cors = upstream->keeps_cors;
    if (proxied->group == NULL) {
        mg_exchange_refuse(exchange, 500, "out-of-memory");
        return;
    }
    if (head->framing == MG_FRAMING_CHUNKED) {
        char *storage = mg_arena_alloc(&exchange->arena, TRAILER_BYTES);
        if (storage != NULL) {
            mg_buf_init_fixed(&proxied->trailers, storage, TRAILER_BYTES);
            exchange->body.trailers = &proxied->trailers;
        }
    }
    mg_exchange_set_state(exchange, proxied);
    const struct mg_relay_options options = {
        .is_head = exchange->is_head,
        .may_repeat = is_idempotent(head->method) && !has_content(head),
        .asks_upgrade = proxied->is_upgrade,
        .framing = head->framing,
    };
    bool is_ready = mg_relay_begin(&proxied->relay, exchange->worker->proxy, proxied->group,
                                   &options, &relay_caller, proxied);
    if (!is_ready && mg_relay_is_running(&proxied->relay)) {
        mg_exchange_pause_body(exchange);
    }
}

static void proxy_body(struct mg_exchange *exchange, struct mg_str data)
{
    struct proxied *proxied = mg_exchange_state(exchange);
    mg_relay_send(&proxied->relay, data);
    if (mg_relay_is_blocked(&proxied->relay)) {
        mg_exchange_pause_body(exchange);
    }
}

static void proxy_body_end(struct mg_exchange *exchange)
{
    struct proxied *proxied = mg_exchange_state(exchange);
    char storage[TRAILER_BYTES];
    struct mg_buf trailers;
    mg_buf_init_fixed(&trailers, storage, sizeof(storage));
    if (proxied == NULL) {
        return;
    }
    if (!exchange->is_tunnel && proxied->trailers.len > 0 && !proxied->trailers.overflowed) {
        mg_forward_trailers(mg_buf_str(&proxied->trailers), &trailers);
    }
    mg_relay_send_end(&proxied->relay, mg_buf_str(&trailers));
}

static void proxy_writable(struct mg_exchange *exchange)
{
    struct proxied *proxied = mg_exchange_state(exchange);
    mg_relay_resume(&proxied->relay);
}

static void proxy_abort(struct mg_exchange *exchange)
{
    struct proxied *proxied = mg_exchange_state(exchange);
    if (proxied != NULL) {
        mg_relay_abort(&proxied->relay);
    }
}

const struct mg_handler mg_handler_proxy = {
    .name = "proxy",
    .begin = proxy_begin,
    .body = proxy_body,
    .body_end = proxy_body_end,
    .writable = proxy_writable,
    .abort = proxy_abort,
    .continues = true,
};

/* ---- the answer ---- */

/* What one read brings leaves in one write: the turn is the client's meanwhile. */
static void enter(void *user)
{
    struct proxied *proxied = user;
    mg_answer_set_turn(proxied->exchange->worker, proxied->exchange->conn);
}

static void leave(void *user)
{
    struct proxied *proxied = user;
    struct mg_exchange *exchange = proxied->exchange;
    struct mg_conn *conn = exchange->conn;
    bool goes_on = exchange->answer == ANSWER_DONE || proxied->has_upgraded;
    proxied->has_upgraded = false;
    mg_answer_set_turn(exchange->worker, NULL);
    if (goes_on) {
        mg_http_conn_advance(conn);
    }
}

static void on_ready(void *user)
{
    struct proxied *proxied = user;
    mg_exchange_resume_body(proxied->exchange);
}

static void on_interim(void *user, const struct mg_response_head *head)
{
    struct proxied *proxied = user;
    struct mg_exchange *exchange = proxied->exchange;
    struct mg_answer answer;
    if (!mg_upstreams_answer(exchange, head, &answer)) {
        return;
    }
    if (head->status == 100) {
        exchange->awaits_continue = false;
    }
    mg_exchange_interim(exchange, &answer); /* asked for or not: RFC 9110 15.2 */
}

/* The length that the client is told. */
static int64_t length_of(const struct mg_response_head *head, bool is_head)
{
    if (head->has_length && (is_head || head->body == MG_BODY_LENGTH)) {
        return (int64_t)head->content_length;
    }
    return head->body == MG_BODY_NONE && !is_head ? 0 : MG_LENGTH_UNKNOWN;
}

static void on_head(void *user, const struct mg_response_head *head)
{
    struct proxied *proxied = user;
    struct mg_exchange *exchange = proxied->exchange;
    struct mg_answer answer;
    if (!mg_upstreams_answer(exchange, head, &answer)) {
        mg_relay_abort(&proxied->relay);
        mg_exchange_refuse(exchange, 500, "out-of-memory");
        return;
    }
    answer.keeps_cors = proxied->keeps_cors;
    mg_upstreams_note_cors(exchange, proxied->group, head, proxied->keeps_cors);
    if (head->status == 101) {
        answer.lines = MG_STR("Connection: Upgrade\r\nUpgrade: websocket\r\n");
        mg_exchange_upgrade(exchange, &answer);
        proxied->has_upgraded = true;
    } else {
        mg_exchange_head(exchange, &answer, length_of(head, exchange->is_head));
    }
    if (exchange->answer != ANSWER_STREAMING) {
        mg_relay_abort(&proxied->relay); /* a response hook has failed */
    }
}

static void on_data(void *user, struct mg_str data)
{
    struct proxied *proxied = user;
    mg_exchange_write(proxied->exchange, data);
    if (mg_exchange_unsent(proxied->exchange) >= BLOCK_BYTES) {
        mg_relay_pause(&proxied->relay);
    }
}

static void on_half_closed(void *user)
{
    const struct proxied *proxied = user;
    mg_conn_finish(proxied->exchange->conn);
}

static void on_drained(void *user)
{
    struct proxied *proxied = user;
    mg_exchange_resume_body(proxied->exchange);
}

static void on_end(void *user, struct mg_str trailers)
{
    struct proxied *proxied = user;
    char storage[MG_BODY_MAX_TRAILERS];
    struct mg_buf filtered;
    mg_buf_init_fixed(&filtered, storage, sizeof(storage));
    mg_forward_trailers(trailers, &filtered);
    mg_exchange_end_trailers(proxied->exchange, mg_buf_str(&filtered));
}

static void on_fault(void *user, enum mg_relay_fault fault)
{
    struct proxied *proxied = user;
    struct mg_exchange *exchange = proxied->exchange;
    const char *reason = mg_relay_fault_reason(fault);
    if (exchange->answer == ANSWER_NONE) {
        mg_exchange_refuse(exchange, mg_relay_fault_status(fault), reason);
    } else {
        mg_exchange_break(exchange, reason);
    }
}

static const struct mg_relay_caller relay_caller = {
    .enter = enter,
    .leave = leave,
    .write_head = write_head,
    .on_ready = on_ready,
    .on_drained = on_drained,
    .on_interim = on_interim,
    .on_head = on_head,
    .on_data = on_data,
    .on_half_closed = on_half_closed,
    .on_end = on_end,
    .on_fault = on_fault,
};
