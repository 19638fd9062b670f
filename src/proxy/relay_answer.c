/* relay_answer.c - from the bytes of an upstream to the callbacks of a relay: interim heads,
 * the head, content, the end. What is malformed ends the relay and its connection.
 */
#include "core/counter.h"
#include "http/hop.h"
#include "net/connect.h"
#include "proxy/relay_internal.h"

enum {
    MAX_INTERIMS = 32, /* heads of 1xx before the final one */
};

/* The answer is whole. `has_more`: bytes came behind it, which answer nothing. */
void mg_relay_finish(struct mg_relay *relay, bool has_more)
{
    struct mg_endpoint *endpoint = relay->endpoint;
    struct mg_buf trailers = relay->trailers;
    uint32_t keep_ms = relay->keep_ms != 0 ? relay->keep_ms : relay->proxy->limits.keep_ms;
    bool keeps = relay->can_keep && relay->has_sent_all && !has_more &&
                 mg_conn_pending(relay->conn) == 0;
    struct mg_conn *conn = mg_relay_detach(relay);
    ((struct mg_link *)mg_conn_user(conn))->served++;
    if (has_more) {
        mg_endpoint_failed(endpoint, "upstream-extra-bytes",
                           "bytes behind an answer: the connection is given up");
    }
    if (keeps) {
        mg_endpoint_put_idle(endpoint, conn, keep_ms);
    } else if (relay->state == MG_RELAY_TUNNEL) {
        mg_conn_close(conn, "tunnel-ended"); /* with what is still to be sent */
    } else {
        mg_conn_abort(conn, "not-kept");
    }
    mg_relay_end(relay, MG_RESULT_ANSWER + relay->status / 100 - 1);
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
            struct mg_str name = {item.ptr, item.len < 8 ? item.len : 8};
            if (mg_str_equal_nocase(name, MG_STR("timeout=")) &&
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
    struct mg_hop hop;
    mg_hop_init(&hop, head->fields, head->field_count);
    if (hop.is_crowded) {
        mg_relay_fail_endpoint(relay, MG_FAULT_MALFORMED, "connection-options");
        return false;
    }
    if (is_upgrade && (!relay->options.asks_upgrade || !is_websocket(head))) {
        mg_relay_fail_endpoint(relay, MG_FAULT_MALFORMED, "upgrade-unasked");
        return false;
    }
    if (head->status < 200 && !is_upgrade) {
        if (++relay->interims > MAX_INTERIMS) {
            mg_relay_fail_endpoint(relay, MG_FAULT_MALFORMED, "too-many-interim-answers");
            return false;
        }
        relay->caller->on_interim(relay->user, head);
        return true;
    }
    mg_endpoint_succeeded(relay->endpoint);
    relay->status = head->status; /* 100 to 599: the parser's bounds */
    if (is_upgrade) {
        mg_counter_add(&relay->proxy->counters->tunnels, 1);
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
        mg_relay_fail_endpoint(relay, MG_FAULT_MALFORMED, relay->scan.reason);
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
    while (mg_relay_is_running(relay)) {
        struct mg_str data;
        size_t used = 0;
        /* While paused nothing is taken, but the last octet may have been: nothing would come
         * that could tell it later. */
        struct mg_str rest =
            relay->is_paused ? (struct mg_str){bytes.ptr, 0} : mg_str_from_offset(bytes, taken);
        enum mg_body_result result = mg_body_decode(&relay->body, rest, &used, &data);
        taken += used;
        if (result == MG_BODY_DATA) {
            relay->caller->on_data(relay->user, data);
        } else if (result == MG_BODY_END) {
            mg_relay_finish(relay, taken < bytes.len);
        } else if (result == MG_BODY_REFUSED) {
            mg_relay_fail_endpoint(relay, MG_FAULT_CUT_OFF, relay->body.reason);
        } else {
            break;
        }
    }
    return taken;
}

size_t mg_relay_take(struct mg_relay *relay, struct mg_str bytes)
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
        mg_relay_wait_for_more(relay);
    }
    return taken;
}
