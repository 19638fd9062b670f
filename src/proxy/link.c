/* link.c - what the net layer calls on a connection to an endpoint. The relay that uses it is
 * found through the link; where there is none, whatever comes ends the connection.
 */
#include "core/counter.h"
#include "net/connect.h"
#include "proxy/relay_internal.h"

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
    size_t taken = mg_relay_take(relay, (struct mg_str){bytes, count});
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
    if (relay->state == MG_RELAY_TUNNEL && !relay->has_left) {
        relay->has_eof = true;
        mg_relay_wait_for_more(relay);
        caller->on_half_closed(user);
        caller->leave(user);
        return;
    }
    if (relay->state == MG_RELAY_HEAD) {
        mg_relay_closed_early(relay, relay->has_seen_bytes ? "in the head" : "before the head");
    } else if (relay->state == MG_RELAY_TUNNEL || relay->ends_at_close) {
        mg_relay_finish(relay, false);
    } else {
        link->endpoint->breaks++;
        mg_relay_fail_endpoint(relay, MG_FAULT_CUT_OFF, "the connection ended");
    }
    caller->leave(user);
    mg_conn_close(conn, "peer-closed");
}

static void on_open(struct mg_conn *conn)
{
    struct mg_link *link = mg_conn_user(conn);
    struct mg_relay *relay = link->relay;
    struct mg_proxy_counters *counters = link->endpoint->proxy->counters;
    link->is_open = true;
    mg_counter_add(&counters->connections_made, 1);
    mg_counter_add(&counters->connections_open, 1);
    if (relay != NULL) {
        mg_relay_send_head(relay);
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
        mg_relay_connect_failed(relay, MG_FAULT_CONNECT_TIMEOUT, "no connection in time");
        break;
    case MG_RELAY_HEAD:
        mg_relay_fail_endpoint(relay, MG_FAULT_TIMEOUT, "no answer in time");
        break;
    case MG_RELAY_BODY:
        mg_relay_fail_endpoint(relay, MG_FAULT_STALLED, "the answer does not go on");
        break;
    case MG_RELAY_TUNNEL:
        mg_relay_fail(relay, MG_FAULT_STALLED);
        break;
    case MG_RELAY_RESOLVING:
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
    } else if (link->relay->options.ends_at_stop) {
        mg_relay_abort(link->relay);
    }
}

static void on_close(struct mg_conn *conn, const char *reason)
{
    struct mg_link *link = mg_conn_user(conn);
    struct mg_relay *relay = link->relay;
    struct mg_endpoint *endpoint = link->endpoint;
    mg_endpoint_forget_idle(link);
    endpoint->connections--;
    if (link->is_open) {
        mg_counter_take(&endpoint->proxy->counters->connections_open, 1);
    }
    if (relay != NULL && strcmp(reason, "stopping") == 0) {
        mg_relay_abort(relay); /* not for the endpoint to answer for, nor to be tried again */
    } else if (relay != NULL) {
        bool is_late = strcmp(reason, "write-timeout") == 0;
        switch (relay->state) {
        case MG_RELAY_CONNECTING:
            mg_relay_connect_failed(relay, MG_FAULT_CONNECT, reason);
            break;
        case MG_RELAY_HEAD:
            if (is_late) {
                mg_relay_fail_endpoint(relay, MG_FAULT_TIMEOUT, reason);
            } else {
                mg_relay_closed_early(relay, reason);
            }
            break;
        case MG_RELAY_BODY:
            endpoint->breaks += !is_late;
            mg_relay_fail_endpoint(relay, is_late ? MG_FAULT_STALLED : MG_FAULT_CUT_OFF,
                                   reason);
            break;
        case MG_RELAY_TUNNEL:
            mg_relay_fail(relay, MG_FAULT_CUT_OFF);
            break;
        case MG_RELAY_RESOLVING:
        case MG_RELAY_OVER:
            break;
        }
    }
    mg_endpoint_release(endpoint);
}

const struct mg_protocol mg_link_protocol = {
    .user_bytes = sizeof(struct mg_link),
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_eof = on_eof,
    .on_drained = on_drained,
    .on_timeout = on_timeout,
    .on_stop = on_stop,
    .on_close = on_close,
};
