/* admin_conn.c - a connection of the admin interface: one request at a time, small, and soon.
 *
 *   reading    a head, then content up to ADMIN_MAX_CONTENT_BYTES, both within ADMIN_REQUEST_MS
 *   waiting    for a command on its own thread; nothing is read meanwhile
 *
 * A peer of a Unix socket is whoever may open it. One that came by TCP has to name this machine
 * in Host, so that no page reaches it by a name of its own (DNS rebinding), and to show the
 * token. Pages have no business here at all: a request with Origin is refused.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "http/body.h"
#include "http/response.h"
#include "http/target.h"
#include "net/worker.h"
#include "server/admin_internal.h"
#include "server/worker_state.h"

enum {
    TARGET_MAX_BYTES = 1024,
    HEAD_MAX_BYTES = 8192,
    HEAD_MAX_FIELDS = 64
};

/* mg_conn_user of every connection. */
struct admin_conn {
    struct mg_head_scan scan;
    struct mg_body body;
    struct mg_buf content;
    const struct admin_endpoint *endpoint; /* of the request whose content is read */
    struct admin_job *job;                 /* waited for */
    bool has_begun;                        /* a byte of a request is there */
    bool keep_alive;
    bool is_head;
    bool has_eof;
    bool is_tcp;
};

static struct mg_admin *admin_of(struct mg_conn *conn)
{
    return mg_worker_shared(mg_conn_worker(conn));
}

/* ---- answering ---- */

static void write_head(struct mg_admin *admin, const struct admin_conn *state,
                       const struct admin_reply *reply)
{
    struct mg_response response;
    mg_response_begin(&response, &admin->out, reply->status,
                      mg_date_at(&admin->date, mg_clock_wall_s()));
    mg_response_field(&response, MG_STR("Content-Type"), mg_str_from(reply->content_type));
    mg_response_field(&response, MG_STR("Cache-Control"), MG_STR("no-store"));
    mg_response_field(&response, MG_STR("X-Content-Type-Options"), MG_STR("nosniff"));
    if (reply->status == 401) {
        mg_response_field(&response, MG_STR("WWW-Authenticate"),
                          MG_STR("Bearer realm=\"moongate\""));
    }
    if (reply->status == 405) {
        mg_response_field(&response, MG_STR("Allow"),
                          state->endpoint->answer != NULL ? MG_STR("GET, HEAD")
                                                          : MG_STR("POST"));
    }
    (void)mg_response_end(&response, MG_RESPONSE_LENGTH, reply->body.len,
                          state->keep_alive ? MG_CONNECTION_DEFAULT : MG_CONNECTION_CLOSE);
}

/* Send the reply and free it. Unread content ends the connection. */
static void answer(struct mg_conn *conn, struct admin_reply *reply)
{
    struct mg_admin *admin = admin_of(conn);
    struct admin_conn *state = mg_conn_user(conn);
    bool is_stopping = mg_worker_is_stopping(mg_conn_worker(conn));
    if (reply->body.overflowed) {
        admin_reply_error(reply, 500, "out-of-memory", "the answer does not fit into memory");
    }
    state->keep_alive = state->keep_alive && !state->has_eof && !is_stopping;
    write_head(admin, state, reply);
    if (!state->is_head) {
        mg_buf_add(&admin->out, mg_buf_str(&reply->body));
    }
    server_count(&admin->counters.requests[reply->status / 100 % 6], 1);
    if (admin->out.overflowed) {
        mg_conn_abort(conn, "out-of-memory");
    } else {
        mg_conn_write(conn, mg_buf_str(&admin->out));
    }
    mg_buf_fini(&admin->out);
    admin_reply_fini(reply);
    mg_buf_fini(&state->content);
    state->endpoint = NULL;
    state->has_begun = false;
    state->scan = (struct mg_head_scan){0};
    if (state->keep_alive) {
        mg_conn_set_deadline(conn, ADMIN_IDLE_MS);
    } else {
        mg_conn_close_lingering(conn, "answered");
    }
}

static void refuse(struct mg_conn *conn, unsigned status, const char *code, const char *message)
{
    struct admin_conn *state = mg_conn_user(conn);
    struct admin_reply reply;
    admin_reply_init(&reply);
    admin_reply_error(&reply, status, code, message);
    state->keep_alive = false;
    answer(conn, &reply);
}

void admin_conn_finish(struct mg_conn *conn, struct admin_reply *reply)
{
    struct admin_conn *state = mg_conn_user(conn);
    state->job = NULL;
    answer(conn, reply);
    mg_conn_resume(conn);
}

/* ---- who may ask ---- */

/* Compare in a time that tells nothing of where they differ. */
static bool is_same_secret(struct mg_str given, struct mg_str secret)
{
    unsigned difference = given.len != secret.len;
    for (size_t i = 0; i < given.len; i++) {
        difference |= (unsigned char)given.ptr[i] ^
                      (unsigned char)secret.ptr[secret.len == 0 ? 0 : i % secret.len];
    }
    return difference == 0 && secret.len > 0;
}

/* RFC 6750 2.1; the scheme is compared without case (RFC 9110 11.1). */
static bool has_token(const struct mg_admin *admin)
{
    static const struct mg_str scheme = {"bearer ", sizeof("bearer ") - 1};
    const struct mg_head *head = &admin->head;
    struct mg_str given = mg_head_value(head, MG_FIELD_AUTHORIZATION);
    if (head->lines[MG_FIELD_AUTHORIZATION] != 1 || given.len <= scheme.len ||
        !mg_str_equal_nocase((struct mg_str){given.ptr, scheme.len}, scheme)) {
        return false;
    }
    given = mg_str_trim_ows(mg_str_from_offset(given, scheme.len));
    return is_same_secret(given, mg_str_from(admin->token));
}

static bool names_this_machine(struct mg_str authority)
{
    static const struct mg_str names[] = {{"localhost", 9}, {"127.0.0.1", 9}, {"[::1]", 5}};
    struct mg_str host;
    struct mg_str port;
    mg_authority_split(authority, &host, &port);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (mg_str_equal_nocase(host, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_from_unix(struct mg_conn *conn)
{
    const unsigned char *bytes;
    return mg_conn_peer_bytes(conn, &bytes) == AF_UNIX;
}

/* Whether the request may be looked at; else it has been refused. */
static bool admit(struct mg_conn *conn, const struct mg_target *target, bool is_open)
{
    const struct mg_admin *admin = admin_of(conn);
    if (admin->head.lines[MG_FIELD_ORIGIN] > 0) {
        refuse(conn, 403, "origin-refused", "no page may use the admin interface");
        return false;
    }
    const struct admin_conn *state = mg_conn_user(conn);
    if (!state->is_tcp) {
        return true;
    }
    if (!names_this_machine(target->authority)) {
        refuse(conn, 403, "host-refused",
               "Host has to be localhost, 127.0.0.1 or [::1]: another name may be a page's");
        return false;
    }
    if (!is_open && !has_token(admin)) {
        refuse(conn, 401, "unauthorized",
               "this needs Authorization: Bearer with the token of --admin-token-file");
        return false;
    }
    return true;
}

/* ---- requests ---- */

static bool is_right_method(const struct admin_endpoint *endpoint, enum mg_method method)
{
    return endpoint->answer != NULL ? method == MG_METHOD_GET || method == MG_METHOD_HEAD
                                    : method == MG_METHOD_POST;
}

/* The request is whole: answer it, or have its command carried out. */
static void run(struct mg_conn *conn)
{
    struct mg_admin *admin = admin_of(conn);
    struct admin_conn *state = mg_conn_user(conn);
    struct admin_reply reply;
    if (state->endpoint->answer != NULL) {
        admin_reply_init(&reply);
        state->endpoint->answer(admin, &reply);
        answer(conn, &reply);
        return;
    }
    char fault[256];
    struct admin_order order;
    const char *wrong =
        admin_order_read(state->endpoint, mg_buf_str(&state->content), &order, fault);
    if (wrong != NULL) {
        refuse(conn, 400, "request-malformed", wrong);
        return;
    }
    wrong = admin_job_start(admin, state->endpoint, &order, conn, &state->job);
    if (wrong != NULL) {
        refuse(conn, 503, "busy", wrong);
        return;
    }
    mg_buf_fini(&state->content);
    mg_conn_set_deadline(conn, 0);
    mg_conn_pause(conn);
}

/* A head is complete: find its endpoint. Returns: whether its content is to be read. */
static bool begin_request(struct mg_conn *conn)
{
    struct mg_admin *admin = admin_of(conn);
    struct admin_conn *state = mg_conn_user(conn);
    const struct mg_head *head = &admin->head;
    struct mg_target target;
    char scratch[TARGET_MAX_BYTES + 1];
    const char *reason = NULL;
    state->keep_alive = head->keep_alive && head->minor > 0;
    state->is_head = head->method == MG_METHOD_HEAD;
    if (!mg_target_parse(head, scratch, &target, &reason)) {
        refuse(conn, 400, reason, "the request's target is malformed");
        return false;
    }
    const struct admin_endpoint *endpoint = admin_endpoint_find(target.path);
    if (!admit(conn, &target, endpoint != NULL && endpoint->is_open)) {
        return false;
    }
    if (endpoint == NULL) {
        refuse(conn, 404, "not-found",
               "the admin interface has no such path: docs/admin.md "
               "lists what it has");
        return false;
    }
    state->endpoint = endpoint;
    if (!is_right_method(endpoint, head->method)) {
        refuse(conn, 405, "method-not-allowed", "this path takes the method that Allow names");
        return false;
    }
    if (head->framing == MG_FRAMING_LENGTH && head->content_length > ADMIN_MAX_CONTENT_BYTES) {
        refuse(conn, 413, "content-too-large", "a command has at most 64 KiB of content");
        return false;
    }
    if (head->expects_continue) {
        mg_conn_write(conn, MG_STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    mg_body_init(&state->body, head);
    mg_buf_init(&state->content, ADMIN_MAX_CONTENT_BYTES);
    return true;
}

/* Returns: bytes of the head; 0 when it is not whole, or was refused. */
static size_t read_head(struct mg_conn *conn, struct mg_str bytes)
{
    static const struct mg_head_limits limits = {HEAD_MAX_BYTES, TARGET_MAX_BYTES,
                                                 HEAD_MAX_FIELDS};
    struct mg_admin *admin = admin_of(conn);
    struct admin_conn *state = mg_conn_user(conn);
    if (!state->has_begun) {
        state->has_begun = true;
        mg_conn_set_deadline(conn, ADMIN_REQUEST_MS);
    }
    switch (mg_head_parse(bytes, &limits, &state->scan, &admin->head)) {
    case MG_HEAD_COMPLETE:
        return admin->head.size;
    case MG_HEAD_REFUSED:
        refuse(conn, state->scan.status, state->scan.reason, "the request's head is refused");
        return 0;
    case MG_HEAD_PARTIAL:
        break;
    }
    return 0;
}

/* Read content from the front of `bytes`; the request runs with its end. Returns: how many were
 * taken. */
static size_t read_content(struct mg_conn *conn, struct mg_str bytes)
{
    struct admin_conn *state = mg_conn_user(conn);
    size_t taken = 0;
    while (true) {
        size_t used = 0;
        struct mg_str content;
        enum mg_body_result result =
            mg_body_decode(&state->body, mg_str_from_offset(bytes, taken), &used, &content);
        taken += used;
        switch (result) {
        case MG_BODY_DATA:
            mg_buf_add(&state->content, content);
            if (state->content.overflowed) {
                refuse(conn, 413, "content-too-large",
                       "a command has at most 64 KiB of content");
                return taken;
            }
            break;
        case MG_BODY_END:
            run(conn);
            return taken;
        case MG_BODY_REFUSED:
            refuse(conn, 400, state->body.reason, "the request's content is refused");
            return taken;
        case MG_BODY_MORE:
            return taken;
        }
    }
}

/* ---- the connection ---- */

/* Whoever is on this machine can connect by TCP: that must not take the places of the socket. */
static void on_open(struct mg_conn *conn)
{
    struct mg_admin *admin = admin_of(conn);
    struct admin_conn *state = mg_conn_user(conn);
    state->is_tcp = !is_from_unix(conn);
    admin->tcp_connections += state->is_tcp;
    if (state->is_tcp && admin->tcp_connections > ADMIN_MAX_TCP_CONNECTIONS) {
        mg_conn_abort(conn, "connection-limit");
        return;
    }
    mg_conn_set_deadline(conn, ADMIN_REQUEST_MS);
}

/* One request a turn: whoever sends many gets the next answer when this one is taken, and the
 * other connections have theirs in between. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is the net layer's */
static size_t on_bytes(struct mg_conn *conn, char *bytes, size_t count)
{
    struct admin_conn *state = mg_conn_user(conn);
    struct mg_str all = {bytes, count};
    size_t taken = 0;
    if (state->job != NULL) {
        return 0;
    }
    if (state->endpoint == NULL) {
        taken = read_head(conn, all);
        if (taken == 0 || !begin_request(conn)) {
            return taken;
        }
    }
    taken += read_content(conn, mg_str_from_offset(all, taken));
    if (taken < count && state->job == NULL && state->endpoint == NULL) {
        mg_conn_pause(conn);
        if (mg_conn_pending(conn) == 0) {
            mg_conn_resume(conn);
        }
    }
    return taken;
}

static void on_drained(struct mg_conn *conn)
{
    const struct admin_conn *state = mg_conn_user(conn);
    if (state->job == NULL) {
        mg_conn_resume(conn);
    }
}

/* A client may shut down its side and wait for the answer. */
static void on_eof(struct mg_conn *conn)
{
    struct admin_conn *state = mg_conn_user(conn);
    state->has_eof = true;
    if (state->job == NULL) {
        mg_conn_close(conn, "peer-closed");
    }
}

static void on_timeout(struct mg_conn *conn)
{
    const struct admin_conn *state = mg_conn_user(conn);
    if (state->has_begun) {
        refuse(conn, 408, "request-timeout", "a request has to be sent within 10 s");
    } else {
        mg_conn_close(conn, "idle-timeout");
    }
}

static void on_stop(struct mg_conn *conn)
{
    const struct admin_conn *state = mg_conn_user(conn);
    if (!state->has_begun) {
        mg_conn_close(conn, "stopping");
    }
}

static void on_close(struct mg_conn *conn, const char *reason)
{
    (void)reason;
    struct admin_conn *state = mg_conn_user(conn);
    admin_of(conn)->tcp_connections -= state->is_tcp;
    if (state->job != NULL) {
        admin_job_forget(state->job);
    }
    mg_buf_fini(&state->content);
}

const struct mg_protocol admin_protocol = {
    .user_bytes = sizeof(struct admin_conn),
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_eof = on_eof,
    .on_drained = on_drained,
    .on_timeout = on_timeout,
    .on_stop = on_stop,
    .on_close = on_close,
};
