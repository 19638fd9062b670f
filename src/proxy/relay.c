/* relay.c - the state of a relay is what it waits for:
 *
 *   CONNECTING --there--> HEAD --1xx--> HEAD --final--> BODY --end--> OVER
 *        |                  |             '----101----> TUNNEL ------> OVER
 *        '-failed: another  '-ended before a byte, kept connection, may be repeated: anew
 *
 * Callbacks of the connection find the relay through the link, and none once it is detached: what
 * comes then on the connection belongs to nobody, and ends it.
 */
#include "proxy/relay.h"

#include <errno.h>
#include <stdio.h>

#include "net/connect.h"
#include "proxy/pool.h"

enum {
    MAX_ATTEMPTS = 3,       /* connections tried for one request */
    MAX_INTERIMS = 32,      /* heads of 1xx before the final one */
    BLOCK_BYTES = 64 << 10, /* content on its way to the upstream before the client is held */
    TRAILERS_MAX_BYTES = 8192, /* as the decoder's bound */
};

static const struct {
    const char *reason;
    unsigned status;
} FAULTS[] = {
    [MG_FAULT_CONNECT] = {"upstream-connect", 502},
    [MG_FAULT_CONNECT_TIMEOUT] = {"upstream-connect-timeout", 504},
    [MG_FAULT_RESOLVE] = {"upstream-resolve", 502},
    [MG_FAULT_BUSY] = {"upstream-busy", 503},
    [MG_FAULT_DOWN] = {"upstream-down", 503},
    [MG_FAULT_CLOSED] = {"upstream-closed", 502},
    [MG_FAULT_TIMEOUT] = {"upstream-timeout", 504},
    [MG_FAULT_MALFORMED] = {"upstream-malformed", 502},
    [MG_FAULT_CUT_OFF] = {"upstream-cut-off", 502},
    [MG_FAULT_STALLED] = {"upstream-stalled", 504},
    [MG_FAULT_MEMORY] = {"out-of-memory", 500},
};

const char *mg_relay_fault_reason(enum mg_relay_fault fault)
{
    return FAULTS[fault].reason;
}

unsigned mg_relay_fault_status(enum mg_relay_fault fault)
{
    return FAULTS[fault].status;
}

/* ---- the connection of a relay ---- */

static void attach(struct mg_relay *relay, struct mg_endpoint *endpoint, struct mg_conn *conn)
{
    struct mg_link *link = mg_conn_user(conn);
    link->relay = relay;
    relay->conn = conn;
    relay->endpoint = endpoint;
    endpoint->busy++;
}

/* Returns: the connection, which no longer knows the relay; NULL: it had none. */
static struct mg_conn *detach(struct mg_relay *relay)
{
    struct mg_conn *conn = relay->conn;
    if (conn != NULL) {
        struct mg_link *link = mg_conn_user(conn);
        link->relay = NULL;
        relay->conn = NULL;
        relay->endpoint->busy--;
    }
    return conn;
}

static void end_relay(struct mg_relay *relay)
{
    relay->state = MG_RELAY_OVER;
    relay->group->users--;
}

/* The end, without an answer or within it. */
static void fail(struct mg_relay *relay, enum mg_relay_fault fault)
{
    struct mg_conn *conn = detach(relay);
    if (conn != NULL) {
        mg_conn_abort(conn, FAULTS[fault].reason);
    }
    mg_buf_fini(&relay->trailers);
    end_relay(relay);
    relay->caller->on_fault(relay->user, fault);
}

/* The same where it is the endpoint's fault. */
static void fail_endpoint(struct mg_relay *relay, enum mg_relay_fault fault, const char *detail)
{
    mg_endpoint_failed(relay->endpoint, FAULTS[fault].reason, detail);
    fail(relay, fault);
}

/* ---- finding a connection ---- */

static const struct mg_protocol link_protocol;

static void send_head(struct mg_relay *relay)
{
    struct mg_buf *head = &relay->proxy->head;
    mg_buf_clear(head);
    relay->caller->write_head(relay->user, relay->endpoint->authority, head);
    relay->state = MG_RELAY_HEAD;
    relay->scan = (struct mg_response_head_scan){0};
    mg_conn_set_deadline(relay->conn, 0); /* counts from the end of the content */
    mg_conn_write(relay->conn, mg_buf_str(head));
}

static struct mg_conn *connect_to(struct mg_endpoint *endpoint)
{
    const struct mg_address *address =
        &endpoint->addresses[endpoint->next_address++ % endpoint->address_count];
    struct mg_conn *conn = mg_conn_connect(endpoint->proxy->worker, &link_protocol, address);
    if (conn != NULL) {
        struct mg_link *link = mg_conn_user(conn);
        link->endpoint = endpoint;
        endpoint->refs++;
        endpoint->connections++;
        mg_conn_set_deadline(conn, endpoint->proxy->limits.connect_ms);
    }
    return conn;
}

/* Returns: whether another endpoint, or another address of the only one, should be tried. */
static bool may_try_on(struct mg_relay *relay)
{
    return ++relay->attempts < MAX_ATTEMPTS &&
           (relay->group->endpoint_count > 1 || relay->endpoint->address_count > 1);
}

static void find_connection(struct mg_relay *relay)
{
    const struct mg_endpoint *failed = relay->attempts > 0 ? relay->endpoint : NULL;
    enum mg_relay_fault fault = MG_FAULT_CONNECT;
    do {
        struct mg_endpoint *endpoint = mg_group_choose(relay->group, failed);
        if (endpoint == NULL) {
            fail(relay, MG_FAULT_DOWN);
            return;
        }
        relay->endpoint = endpoint;
        struct mg_conn *conn =
            relay->is_fresh_only ? NULL
                                 : mg_endpoint_take_idle(endpoint, !relay->options.may_repeat);
        if (conn != NULL) {
            attach(relay, endpoint, conn);
            send_head(relay);
            return;
        }
        if (endpoint->connections - endpoint->idle_count >=
            relay->proxy->limits.max_connections) {
            fail(relay, MG_FAULT_BUSY);
            return;
        }
        if (!mg_endpoint_resolve(endpoint)) {
            fault = MG_FAULT_RESOLVE;
            mg_endpoint_failed(endpoint, FAULTS[fault].reason, "no address");
        } else if ((conn = connect_to(endpoint)) != NULL) {
            attach(relay, endpoint, conn);
            relay->state = MG_RELAY_CONNECTING;
            return;
        } else {
            char text[128];
            fault = MG_FAULT_CONNECT;
            mg_endpoint_failed(endpoint, FAULTS[fault].reason,
                               strerror_r(errno, text, sizeof(text)));
        }
        failed = endpoint;
    } while (may_try_on(relay));
    fail(relay, fault);
}

static void connect_failed(struct mg_relay *relay, enum mg_relay_fault fault,
                           const char *detail)
{
    mg_endpoint_failed(relay->endpoint, FAULTS[fault].reason, detail);
    if (!may_try_on(relay)) {
        fail(relay, fault);
        return;
    }
    mg_conn_abort(detach(relay), FAULTS[fault].reason);
    find_connection(relay);
}

/* The connection has ended while the head was waited for. */
static void closed_early(struct mg_relay *relay, const char *detail)
{
    const struct mg_link *link = mg_conn_user(relay->conn);
    bool was_kept = link->served > 0;
    if (relay->has_seen_bytes || !was_kept || relay->is_fresh_only ||
        !relay->options.may_repeat) {
        fail_endpoint(relay, MG_FAULT_CLOSED, detail);
        return;
    }
    mg_conn_abort(detach(relay), "stale");
    relay->is_fresh_only = true;
    bool has_sent_all = relay->has_sent_all;
    find_connection(relay);
    if (has_sent_all && relay->state == MG_RELAY_HEAD) {
        mg_conn_set_deadline(relay->conn, relay->proxy->limits.response_ms);
    }
}

bool mg_relay_begin(struct mg_relay *relay, struct mg_proxy *proxy, struct mg_group *group,
                    const struct mg_relay_options *options,
                    const struct mg_relay_caller *caller, void *user)
{
    *relay = (struct mg_relay){.proxy = proxy,
                               .group = group,
                               .caller = caller,
                               .user = user,
                               .options = *options,
                               .state = MG_RELAY_CONNECTING};
    mg_buf_init(&relay->trailers, TRAILERS_MAX_BYTES);
    group->users++;
    find_connection(relay);
    return relay->state == MG_RELAY_HEAD;
}

struct mg_str mg_relay_server(const struct mg_relay *relay)
{
    return mg_str_from(relay->endpoint == NULL ? NULL : relay->endpoint->url);
}

/* ---- the request ---- */

void mg_relay_send(struct mg_relay *relay, struct mg_str data)
{
    char line[24];
    if (relay->conn == NULL || data.len == 0) {
        return;
    }
    if (relay->state == MG_RELAY_TUNNEL) {
        mg_conn_set_deadline(relay->conn, relay->proxy->limits.tunnel_ms);
    } else if (relay->options.framing == MG_FRAMING_CHUNKED) {
        int size = snprintf(line, sizeof(line), "%zx\r\n", data.len);
        const struct mg_str parts[] = {{line, (size_t)size}, data, MG_STR("\r\n")};
        mg_conn_write_parts(relay->conn, parts, 3);
        return;
    }
    mg_conn_write(relay->conn, data);
}

bool mg_relay_is_blocked(const struct mg_relay *relay)
{
    return relay->conn != NULL && mg_conn_pending(relay->conn) >= BLOCK_BYTES;
}

void mg_relay_send_end(struct mg_relay *relay, struct mg_str trailers)
{
    if (relay->conn == NULL) {
        return;
    }
    if (relay->state == MG_RELAY_TUNNEL) {
        mg_conn_finish(relay->conn);
        mg_conn_set_deadline(relay->conn, relay->proxy->limits.idle_ms);
        return;
    }
    if (relay->options.framing == MG_FRAMING_CHUNKED) {
        const struct mg_str parts[] = {MG_STR("0\r\n"), trailers, MG_STR("\r\n")};
        mg_conn_write_parts(relay->conn, parts, 3);
    }
    relay->has_sent_all = true;
    if (relay->state == MG_RELAY_HEAD) {
        mg_conn_set_deadline(relay->conn, relay->proxy->limits.response_ms);
    }
}

void mg_relay_pause(struct mg_relay *relay)
{
    if (relay->conn != NULL && !relay->is_paused) {
        relay->is_paused = true;
        mg_conn_set_deadline(relay->conn, 0);
        mg_conn_pause(relay->conn);
    }
}

static void wait_for_more(struct mg_relay *relay)
{
    const struct mg_proxy_limits *limits = &relay->proxy->limits;
    mg_conn_set_deadline(relay->conn,
                         relay->state == MG_RELAY_TUNNEL ? limits->tunnel_ms : limits->idle_ms);
}

void mg_relay_resume(struct mg_relay *relay)
{
    if (relay->conn != NULL && relay->is_paused) {
        relay->is_paused = false;
        wait_for_more(relay);
        mg_conn_resume(relay->conn);
    }
}

void mg_relay_abort(struct mg_relay *relay)
{
    if (relay->state == MG_RELAY_OVER) {
        return;
    }
    struct mg_conn *conn = detach(relay);
    if (conn != NULL) {
        mg_conn_abort(conn, "client-gone");
    }
    mg_buf_fini(&relay->trailers);
    end_relay(relay);
}

/* ---- the answer ---- */

/* The answer is whole. `has_more`: bytes came behind it, which answer nothing. */
static void finish(struct mg_relay *relay, bool has_more)
{
    struct mg_endpoint *endpoint = relay->endpoint;
    struct mg_buf trailers = relay->trailers;
    uint32_t keep_ms = relay->keep_ms != 0 ? relay->keep_ms : relay->proxy->limits.keep_ms;
    bool keeps = relay->can_keep && relay->has_sent_all && !has_more &&
                 mg_conn_pending(relay->conn) == 0;
    struct mg_conn *conn = detach(relay);
    ((struct mg_link *)mg_conn_user(conn))->served++;
    if (has_more) {
        mg_endpoint_failed(endpoint, "upstream-extra-bytes",
                           "bytes behind an answer: the connection is given up");
    }
    if (keeps) {
        mg_endpoint_put_idle(endpoint, conn, keep_ms);
    } else {
        mg_conn_abort(conn, "not-kept");
    }
    end_relay(relay);
    relay->caller->on_end(relay->user, mg_buf_str(&trailers));
    mg_buf_fini(&trailers);
}

/* Keep-Alive: timeout=5: the server closes then; a second before it is the time to stop using
 * the connection. */
static uint32_t told_keep_ms(const struct mg_response_head *head, uint32_t limit_ms)
{
    for (unsigned i = 0; i < head->field_count; i++) {
        if (!mg_str_equal_nocase(head->fields[i].name, MG_STR("keep-alive"))) {
            continue;
        }
        struct mg_list_cursor items = mg_list_begin(head->fields[i].value);
        struct mg_str item;
        unsigned long long seconds;
        while (mg_list_next(&items, &item)) {
            if (mg_str_starts_with(item, MG_STR("timeout=")) &&
                mg_str_to_u64(mg_str_from_offset(item, 8), UINT32_MAX, &seconds)) {
                uint64_t ms = seconds > 1 ? (seconds - 1) * 1000 : 500;
                return ms < limit_ms ? (uint32_t)ms : limit_ms;
            }
        }
    }
    return 0;
}

static bool is_websocket(const struct mg_response_head *head)
{
    const struct mg_field *upgrade = mg_response_head_first(head, MG_FIELD_UPGRADE);
    return upgrade != NULL && mg_str_equal_nocase(upgrade->value, MG_STR("websocket"));
}

static void begin_body(struct mg_relay *relay, const struct mg_response_head *head)
{
    relay->state = MG_RELAY_BODY;
    relay->can_keep = head->keep_alive;
    relay->ends_at_close = head->body == MG_BODY_CLOSE;
    relay->keep_ms = told_keep_ms(head, relay->proxy->limits.keep_ms);
    enum mg_framing framing = head->body == MG_BODY_CHUNKED ? MG_FRAMING_CHUNKED
                              : head->body == MG_BODY_NONE  ? MG_FRAMING_NONE
                                                            : MG_FRAMING_LENGTH;
    mg_body_begin(&relay->body, framing,
                  relay->ends_at_close ? MG_BODY_UNTIL_CLOSE : head->content_length);
    relay->body.trailers = &relay->trailers;
}

/* A whole head. Returns: whether the relay goes on. */
static bool take_head(struct mg_relay *relay, const struct mg_response_head *head)
{
    bool is_upgrade = head->status == 101;
    if (is_upgrade && (!relay->options.asks_upgrade || !is_websocket(head))) {
        fail_endpoint(relay, MG_FAULT_MALFORMED, "upgrade-unasked");
        return false;
    }
    if (head->status < 200 && !is_upgrade) {
        if (++relay->interims > MAX_INTERIMS) {
            fail_endpoint(relay, MG_FAULT_MALFORMED, "too-many-interim-answers");
            return false;
        }
        relay->caller->on_interim(relay->user, head);
        return true;
    }
    mg_endpoint_succeeded(relay->endpoint);
    if (is_upgrade) {
        relay->state = MG_RELAY_TUNNEL;
    } else {
        begin_body(relay, head);
    }
    relay->caller->on_head(relay->user, head);
    return mg_relay_is_running(relay);
}

/* Returns: bytes of the head taken; 0: it is not whole, or refused. */
static size_t read_head(struct mg_relay *relay, struct mg_str bytes)
{
    struct mg_response_head *head = &relay->proxy->response_head;
    const struct mg_response_head_limits limits = {
        .head_bytes = relay->proxy->limits.head_bytes,
        .fields = relay->proxy->limits.head_fields,
    };
    relay->has_seen_bytes = true;
    switch (
        mg_response_head_parse(bytes, &limits, relay->options.is_head, &relay->scan, head)) {
    case MG_HEAD_PARTIAL:
        return 0;
    case MG_HEAD_REFUSED:
        fail_endpoint(relay, MG_FAULT_MALFORMED, relay->scan.reason);
        return 0;
    case MG_HEAD_COMPLETE:
        break;
    }
    size_t size = head->size;
    relay->scan = (struct mg_response_head_scan){0};
    (void)take_head(relay, head);
    return size;
}

/* Decode content. Returns: bytes taken; the relay may be over or paused afterwards. */
static size_t read_body(struct mg_relay *relay, struct mg_str bytes)
{
    size_t taken = 0;
    while (mg_relay_is_running(relay) && !relay->is_paused) {
        struct mg_str data;
        size_t used = 0;
        enum mg_body_result result =
            mg_body_decode(&relay->body, mg_str_from_offset(bytes, taken), &used, &data);
        taken += used;
        if (result == MG_BODY_DATA) {
            relay->caller->on_data(relay->user, data);
        } else if (result == MG_BODY_END) {
            finish(relay, taken < bytes.len);
        } else if (result == MG_BODY_REFUSED) {
            fail_endpoint(relay, MG_FAULT_CUT_OFF, relay->body.reason);
        } else {
            break;
        }
    }
    return taken;
}

static size_t take_bytes(struct mg_relay *relay, struct mg_str bytes)
{
    size_t taken = 0;
    while (relay->state == MG_RELAY_HEAD && taken < bytes.len) {
        size_t size = read_head(relay, mg_str_from_offset(bytes, taken));
        if (size == 0) {
            return taken;
        }
        taken += size;
    }
    if (relay->state == MG_RELAY_BODY) {
        taken += read_body(relay, mg_str_from_offset(bytes, taken));
    } else if (relay->state == MG_RELAY_TUNNEL && taken < bytes.len) {
        relay->caller->on_data(relay->user, mg_str_from_offset(bytes, taken));
        taken = bytes.len;
    }
    if (mg_relay_is_running(relay) && relay->conn != NULL && !relay->is_paused &&
        relay->state != MG_RELAY_HEAD) {
        wait_for_more(relay);
    }
    return taken;
}

/* ---- callbacks of the connection ---- */

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is the net layer's */
static size_t on_bytes(struct mg_conn *conn, char *bytes, size_t count)
{
    struct mg_link *link = mg_conn_user(conn);
    struct mg_relay *relay = link->relay;
    if (relay == NULL) {
        /* An answer that nobody asked for must not become somebody's. */
        mg_endpoint_forget_idle(link);
        mg_endpoint_failed(link->endpoint, "upstream-extra-bytes", "bytes without a request");
        mg_conn_abort(conn, "unasked-bytes");
        return count;
    }
    void *user = relay->user;
    const struct mg_relay_caller *caller = relay->caller;
    caller->enter(user);
    size_t taken = take_bytes(relay, (struct mg_str){bytes, count});
    caller->leave(user);
    return link->relay == NULL ? count : taken;
}

static void on_eof(struct mg_conn *conn)
{
    struct mg_link *link = mg_conn_user(conn);
    struct mg_relay *relay = link->relay;
    if (relay == NULL) {
        mg_conn_close(conn, "peer-closed");
        return;
    }
    void *user = relay->user;
    const struct mg_relay_caller *caller = relay->caller;
    caller->enter(user);
    relay->can_keep = false;
    if (relay->state == MG_RELAY_HEAD) {
        closed_early(relay, relay->has_seen_bytes ? "in the head" : "before the head");
    } else if (relay->state == MG_RELAY_TUNNEL || relay->ends_at_close) {
        finish(relay, false);
    } else {
        fail_endpoint(relay, MG_FAULT_CUT_OFF, "the connection ended");
    }
    caller->leave(user);
    mg_conn_close(conn, "peer-closed");
}

static void on_open(struct mg_conn *conn)
{
    struct mg_link *link = mg_conn_user(conn);
    struct mg_relay *relay = link->relay;
    link->is_open = true;
    if (relay != NULL) {
        send_head(relay);
        relay->caller->on_ready(relay->user);
    }
}

static void on_drained(struct mg_conn *conn)
{
    const struct mg_link *link = mg_conn_user(conn);
    if (link->relay != NULL) {
        link->relay->caller->on_drained(link->relay->user);
    }
}

static void on_timeout(struct mg_conn *conn)
{
    struct mg_link *link = mg_conn_user(conn);
    struct mg_relay *relay = link->relay;
    if (relay == NULL) {
        mg_endpoint_forget_idle(link);
        mg_conn_close(conn, "idle");
        return;
    }
    switch (relay->state) {
    case MG_RELAY_CONNECTING:
        connect_failed(relay, MG_FAULT_CONNECT_TIMEOUT, "no connection in time");
        break;
    case MG_RELAY_HEAD:
        fail_endpoint(relay, MG_FAULT_TIMEOUT, "no answer in time");
        break;
    case MG_RELAY_BODY:
        fail_endpoint(relay, MG_FAULT_STALLED, "the answer does not go on");
        break;
    case MG_RELAY_TUNNEL:
        fail(relay, MG_FAULT_STALLED);
        break;
    case MG_RELAY_OVER:
        break;
    }
}

static void on_stop(struct mg_conn *conn)
{
    struct mg_link *link = mg_conn_user(conn);
    if (link->relay == NULL) {
        mg_endpoint_forget_idle(link);
        mg_conn_close(conn, "stopping");
    }
}

static void on_close(struct mg_conn *conn, const char *reason)
{
    struct mg_link *link = mg_conn_user(conn);
    struct mg_relay *relay = link->relay;
    struct mg_endpoint *endpoint = link->endpoint;
    mg_endpoint_forget_idle(link);
    endpoint->connections--;
    if (relay != NULL) {
        bool is_late = strcmp(reason, "write-timeout") == 0;
        switch (relay->state) {
        case MG_RELAY_CONNECTING:
            connect_failed(relay, MG_FAULT_CONNECT, reason);
            break;
        case MG_RELAY_HEAD:
            if (is_late) {
                fail_endpoint(relay, MG_FAULT_TIMEOUT, reason);
            } else {
                closed_early(relay, reason);
            }
            break;
        case MG_RELAY_BODY:
            fail_endpoint(relay, is_late ? MG_FAULT_STALLED : MG_FAULT_CUT_OFF, reason);
            break;
        case MG_RELAY_TUNNEL:
            fail(relay, MG_FAULT_CUT_OFF);
            break;
        case MG_RELAY_OVER:
            break;
        }
    }
    mg_endpoint_release(endpoint);
}

static const struct mg_protocol link_protocol = {
    .user_bytes = sizeof(struct mg_link),
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_eof = on_eof,
    .on_drained = on_drained,
    .on_timeout = on_timeout,
    .on_stop = on_stop,
    .on_close = on_close,
};
