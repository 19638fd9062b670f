/* relay.c - the state of a relay is what it waits for:
 *
 *   CONNECTING --there--> HEAD --1xx--> HEAD --final--> BODY --end--> OVER
 *        |                  |             '----101----> TUNNEL ------> OVER
 *        '-failed: another  '-ended before a byte, kept connection, may be repeated: anew
 *
 * Callbacks of the connection find the relay through the link, and none once it is detached:
 * what comes then on the connection belongs to nobody, and ends it.
 */
#include "proxy/relay.h"

#include <errno.h>
#include <stdio.h>

#include "core/counter.h"
#include "net/connect.h"
#include "proxy/relay_internal.h"

enum {
    MAX_ATTEMPTS = 3,       /* connections tried for one request */
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
struct mg_conn *mg_relay_detach(struct mg_relay *relay)
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

void mg_relay_end(struct mg_relay *relay, unsigned result)
{
    if (relay->group->row != NULL) {
        mg_counter_add(&relay->group->row->results[result], 1);
    }
    if (relay->state == MG_RELAY_TUNNEL) {
        mg_counter_take(&relay->proxy->counters->tunnels, 1);
    }
    relay->state = MG_RELAY_OVER;
    relay->group->users--;
}

/* The end, without an answer or within it. */
void mg_relay_fail(struct mg_relay *relay, enum mg_relay_fault fault)
{
    struct mg_conn *conn = mg_relay_detach(relay);
    if (conn != NULL) {
        mg_conn_abort(conn, FAULTS[fault].reason);
    }
    mg_buf_fini(&relay->trailers);
    mg_relay_end(relay, fault);
    relay->caller->on_fault(relay->user, fault);
}

/* The same where it is the endpoint's fault. */
void mg_relay_fail_endpoint(struct mg_relay *relay, enum mg_relay_fault fault,
                            const char *detail)
{
    mg_endpoint_failed(relay->endpoint, FAULTS[fault].reason, detail);
    mg_relay_fail(relay, fault);
}

/* ---- finding a connection ---- */

void mg_relay_send_head(struct mg_relay *relay)
{
    struct mg_buf *head = &relay->proxy->head;
    mg_buf_clear(head);
    relay->caller->write_head(relay->user, relay->endpoint->authority, head);
    relay->state = MG_RELAY_HEAD;
    relay->scan = (struct mg_response_head_scan){0};
    /* The time counts from the end of the content, which a retry has behind it. */
    mg_conn_set_deadline(relay->conn,
                         relay->has_sent_all ? relay->proxy->limits.response_ms : 0);
    mg_conn_write(relay->conn, mg_buf_str(head));
}

static struct mg_conn *connect_to(struct mg_endpoint *endpoint)
{
    const struct mg_address *address =
        &endpoint->addresses[endpoint->next_address++ % endpoint->address_count];
    struct mg_conn *conn = mg_conn_connect(endpoint->proxy->worker, &mg_link_protocol, address);
    if (conn != NULL) {
        struct mg_link *link = mg_conn_user(conn);
        link->endpoint = endpoint;
        endpoint->refs++;
        endpoint->connections++;
        mg_conn_set_deadline(conn, endpoint->proxy->limits.connect_ms);
    }
    return conn;
}

/* Returns: whether another endpoint, or another address of the only one, is to be tried, which
 * is counted. */
static bool may_try_on(struct mg_relay *relay)
{
    bool may = ++relay->attempts < MAX_ATTEMPTS &&
               (relay->group->endpoint_count > 1 || relay->endpoint->address_count > 1);
    mg_counter_add(&relay->proxy->counters->retries_connect, may);
    return may;
}

static void find_connection(struct mg_relay *relay)
{
    const struct mg_endpoint *failed = relay->attempts > 0 ? relay->endpoint : NULL;
    enum mg_relay_fault fault = MG_FAULT_CONNECT;
    do {
        struct mg_endpoint *endpoint = mg_group_choose(relay->group, failed);
        if (endpoint == NULL) {
            mg_relay_fail(relay, MG_FAULT_DOWN);
            return;
        }
        relay->endpoint = endpoint;
        struct mg_conn *conn =
            relay->is_fresh_only ? NULL
                                 : mg_endpoint_take_idle(endpoint, !relay->options.may_repeat);
        if (conn != NULL) {
            mg_counter_add(&relay->proxy->counters->connections_reused, 1);
            attach(relay, endpoint, conn);
            mg_relay_send_head(relay);
            return;
        }
        if (endpoint->connections - endpoint->idle_count >=
            relay->proxy->limits.max_connections) {
            mg_relay_fail(relay, MG_FAULT_BUSY);
            return;
        }
        enum mg_resolving resolving = mg_endpoint_resolve(endpoint);
        if (resolving == MG_RESOLVING) {
            relay->state = MG_RELAY_RESOLVING;
            relay->next_waiting = endpoint->waiting;
            endpoint->waiting = relay;
            return;
        }
        if (resolving == MG_NOT_RESOLVED) {
            fault = MG_FAULT_RESOLVE;
            mg_endpoint_failed(endpoint, FAULTS[fault].reason, "the name has no address");
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
    mg_relay_fail(relay, fault);
}

/* Look for another connection, out of the caller's sight: where one was kept, its content may
 * be sent at once. */
static void find_another(struct mg_relay *relay)
{
    find_connection(relay);
    if (relay->state == MG_RELAY_HEAD) {
        relay->caller->on_ready(relay->user);
    }
}

void mg_relay_resolved(struct mg_relay *relay)
{
    relay->state = MG_RELAY_CONNECTING;
    if (relay->options.ends_at_stop && mg_worker_is_stopping(relay->proxy->worker)) {
        mg_relay_abort(relay);
        return;
    }
    find_another(relay);
}

/* Wait no more. */
static void stop_waiting(struct mg_relay *relay)
{
    struct mg_relay **at = &relay->endpoint->waiting;
    while (*at != relay) {
        at = &(*at)->next_waiting;
    }
    *at = relay->next_waiting;
}

void mg_relay_connect_failed(struct mg_relay *relay, enum mg_relay_fault fault,
                             const char *detail)
{
    mg_endpoint_failed(relay->endpoint, FAULTS[fault].reason, detail);
    if (!may_try_on(relay)) {
        mg_relay_fail(relay, fault);
        return;
    }
    mg_conn_abort(mg_relay_detach(relay), FAULTS[fault].reason);
    find_another(relay);
}

/* The connection has ended while the head was waited for. */
void mg_relay_closed_early(struct mg_relay *relay, const char *detail)
{
    const struct mg_link *link = mg_conn_user(relay->conn);
    bool was_kept = link->served > 0;
    relay->endpoint->breaks++;
    if (relay->has_seen_bytes || !was_kept || relay->is_fresh_only ||
        !relay->options.may_repeat) {
        mg_relay_fail_endpoint(relay, MG_FAULT_CLOSED, detail);
        return;
    }
    mg_conn_abort(mg_relay_detach(relay), "stale");
    relay->is_fresh_only = true;
    mg_counter_add(&relay->proxy->counters->retries_stale, 1);
    find_another(relay);
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

static void send_into_tunnel(struct mg_relay *relay, struct mg_str data)
{
    mg_relay_wait_for_more(relay);
    mg_conn_write(relay->conn, data);
    if (relay->has_eof && mg_conn_is_mute(relay->conn)) {
        mg_relay_finish(relay, false); /* no end of input will come that could tell it */
    }
}

static void end_tunnel(struct mg_relay *relay)
{
    if (relay->has_eof) {
        mg_relay_finish(relay, false);
        return;
    }
    relay->has_left = true;
    mg_conn_finish(relay->conn);
    mg_relay_wait_for_more(relay);
}

void mg_relay_send(struct mg_relay *relay, struct mg_str data)
{
    char line[24];
    if (relay->conn == NULL || data.len == 0) {
        return;
    }
    if (relay->state == MG_RELAY_TUNNEL) {
        send_into_tunnel(relay, data);
        return;
    }
    if (relay->options.framing == MG_FRAMING_CHUNKED) {
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
        end_tunnel(relay);
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

void mg_relay_wait_for_more(struct mg_relay *relay)
{
    const struct mg_proxy_limits *limits = &relay->proxy->limits;
    bool is_open = relay->state == MG_RELAY_TUNNEL && !relay->has_left && !relay->has_eof;
    mg_conn_set_deadline(relay->conn, is_open ? limits->tunnel_ms : limits->idle_ms);
}

void mg_relay_resume(struct mg_relay *relay)
{
    if (relay->conn != NULL && relay->is_paused) {
        relay->is_paused = false;
        mg_relay_wait_for_more(relay);
        mg_conn_resume(relay->conn);
    }
}

void mg_relay_abort(struct mg_relay *relay)
{
    if (relay->state == MG_RELAY_OVER) {
        return;
    }
    if (relay->state == MG_RELAY_RESOLVING) {
        stop_waiting(relay);
    }
    struct mg_conn *conn = mg_relay_detach(relay);
    if (conn != NULL) {
        mg_conn_abort(conn, "client-gone");
    }
    mg_buf_fini(&relay->trailers);
    mg_relay_end(relay, MG_RESULT_ABORTED);
}
