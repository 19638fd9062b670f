/* conn.c - the life of a connection: begin, settle, end, and the calls of the protocol.
 *
 * The calls only note what is wanted (flags, queues, deadlines). mg_conn_settle makes it so: at
 * the end of the event whose callback made the calls, or, for calls from elsewhere (another
 * connection's callback, a task, a timer), in the worker's turn list, which runs before the
 * loop waits again. So no callback is entered from another one, and none returns to a freed
 * struct.
 */
#include "net/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include "net/conn_internal.h"

void *mg_conn_user(struct mg_conn *conn)
{
    return conn + 1;
}

struct mg_conn *mg_conn_from_user(void *user)
{
    return (struct mg_conn *)user - 1;
}

struct mg_worker *mg_conn_worker(struct mg_conn *conn)
{
    return conn->worker;
}

/* ---- peer ---- */

static void keep_peer(struct mg_conn *conn, const struct sockaddr *peer)
{
    conn->peer_family = AF_UNIX;
    if (peer->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)peer;
        conn->peer_family = AF_INET;
        conn->peer_port = ntohs(in->sin_port);
        memcpy(conn->peer_address, &in->sin_addr, sizeof(in->sin_addr));
    } else if (peer->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)peer;
        conn->peer_port = ntohs(in6->sin6_port);
        /* An inherited socket may serve both families: ::ffff:a.b.c.d is an IPv4 peer (RFC 4291
         * 2.5.5.2) and must match IPv4 networks. */
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
        conn->peer_family = is_mapped ? AF_INET : AF_INET6;
        memcpy(conn->peer_address, in6->sin6_addr.s6_addr + (is_mapped ? 12 : 0),
               is_mapped ? 4 : 16);
    }
}

struct mg_str mg_conn_peer(const struct mg_conn *conn)
{
    char *text = conn->worker->peer_text;
    if (conn->peer_family == AF_UNIX ||
        inet_ntop(conn->peer_family, conn->peer_address, text, INET6_ADDRSTRLEN) == NULL) {
        return MG_STR("unix");
    }
    return mg_str_from(text);
}

int mg_conn_peer_bytes(const struct mg_conn *conn, const unsigned char **bytes)
{
    *bytes = conn->peer_family == AF_UNIX ? NULL : conn->peer_address;
    return conn->peer_family;
}

size_t mg_conn_listener(const struct mg_conn *conn)
{
    return conn->listener;
}

uint16_t mg_conn_peer_port(const struct mg_conn *conn)
{
    return conn->peer_port;
}

/* ---- begin and end ---- */

static void on_timer(struct mg_timer *timer);

void mg_conn_begin(struct mg_worker *worker, int fd, size_t listener,
                   const struct sockaddr *peer)
{
    struct mg_conn *conn = mg_slab_take(&worker->slab);
    if (conn == NULL) {
        mg_count(&worker->counters.accept_errors, 1);
        (void)close(fd);
        return;
    }
    conn->worker = worker;
    conn->fd = fd;
    conn->listener = (uint16_t)listener;
    conn->timer.fire = on_timer;
    keep_peer(conn, peer);
    conn->next = worker->conns;
    if (conn->next != NULL) {
        conn->next->prev = conn;
    }
    worker->conns = conn;
    mg_count(&worker->counters.accepted, 1);
    mg_count(&worker->counters.open, 1);
    mg_conn_call(conn, worker->protocol->on_open, NULL);
    /* The first bytes are often there already; a connection that ends with its first answer
     * then never enters the loop. */
    if (mg_conn_is_open(conn) && !mg_conn_has(conn, MG_CONN_PAUSED) && conn->out == NULL) {
        mg_conn_read(conn);
    }
    mg_conn_settle(conn);
}

/* Follow with the loop's event. Removing and adding are two system calls in place of one
 * modification; this is off the usual way, and a second struct event would cost every idle
 * connection 128 bytes. */
static void set_interest(struct mg_conn *conn, int interest)
{
    if (interest == conn->interest) {
        return;
    }
    if (conn->interest != 0) {
        (void)event_del(&conn->event);
    }
    conn->interest = (uint8_t)interest;
    if (interest != 0 &&
        (event_assign(&conn->event, conn->worker->base, conn->fd,
                      (short)(interest | EV_PERSIST), mg_conn_on_event, conn) != 0 ||
         event_add(&conn->event, NULL) != 0)) {
        conn->interest = 0;
        mg_conn_fail(conn, "no-memory");
    }
}

/* Free the connection. The descriptor goes before on_close, so that the peer need not wait for
 * what the protocol still has to tidy up. */
static void end(struct mg_conn *conn)
{
    struct mg_worker *worker = conn->worker;
    set_interest(conn, 0);
    mg_wheel_cancel(&worker->wheel, &conn->timer);
    if (mg_conn_has(conn, MG_CONN_SCHEDULED)) {
        mg_conn_raise(conn, MG_CONN_DEAD);
        return; /* the turn list holds a pointer and will come here again */
    }
    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        worker->conns = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    }
    (void)close(conn->fd);
    mg_bytes_free(&conn->in);
    mg_bytes_free(&conn->out);
    mg_count(&worker->counters.open, -1ULL);
    if (worker->protocol->on_close != NULL) {
        /* What the protocol calls on a connection that is over has no effect. */
        conn->flags = MG_CONN_DEAD | MG_CONN_IN_CALLBACK;
        worker->protocol->on_close(conn, conn->reason);
    }
    mg_slab_put(&worker->slab, conn);
    mg_worker_end_when_idle(worker);
}

/* Shut down writing, so that the peer sees the end of the answer, and wait for its end.
 * Returns: false when there is nothing to wait for. */
static bool begin_lingering(struct mg_conn *conn)
{
    if (shutdown(conn->fd, SHUT_WR) != 0) {
        return false;
    }
    mg_conn_raise(conn, MG_CONN_SHUT);
    conn->io_deadline_ms = conn->worker->now_ms + conn->worker->limits.linger_ms;
    mg_conn_rearm(conn);
    return true;
}

/* Whether a closing connection has nothing left to do. */
static bool is_finished(struct mg_conn *conn)
{
    if (!mg_conn_has(conn, MG_CONN_CLOSING) || conn->out != NULL) {
        return false;
    }
    if (!mg_conn_has(conn, MG_CONN_LINGERS) || mg_conn_has(conn, MG_CONN_EOF) ||
        conn->linger_bytes == 0) {
        return true;
    }
    return !mg_conn_has(conn, MG_CONN_SHUT) && !begin_lingering(conn);
}

/* What the loop should wait for: room for output before anything else, so that a peer which
 * does not read its answers cannot make more of them; nothing once the input has ended or bytes
 * wait behind a pause. */
static int wanted_interest(const struct mg_conn *conn)
{
    if (conn->out != NULL) {
        /* While a lingering peer still sends, its input is dropped even before the answer is
         * out, or both sides would wait for the other to read. */
        bool drops = mg_conn_has(conn, MG_CONN_LINGERS) && !mg_conn_has(conn, MG_CONN_EOF) &&
                     conn->linger_bytes > 0;
        return drops ? EV_READ | EV_WRITE : EV_WRITE;
    }
    return mg_conn_has(conn, MG_CONN_EOF | MG_CONN_READ_OFF) ? 0 : EV_READ;
}

/* Put into the worker's turn list. An active event runs in this pass of the loop, after those
 * that are active already, and costs no system call. */
static void schedule(struct mg_conn *conn)
{
    if (mg_conn_has(conn, MG_CONN_SCHEDULED)) {
        return;
    }
    struct mg_worker *worker = conn->worker;
    mg_conn_raise(conn, MG_CONN_SCHEDULED);
    conn->turn_next = NULL;
    if (worker->turn_first == NULL) {
        worker->turn_first = conn;
        event_active(&worker->turn_event, EV_TIMEOUT, 1);
    } else {
        worker->turn_last->turn_next = conn;
    }
    worker->turn_last = conn;
}

void mg_conn_settle(struct mg_conn *conn)
{
    bool is_over = mg_conn_has(conn, MG_CONN_DEAD) || is_finished(conn);
    if (!is_over) {
        set_interest(conn, wanted_interest(conn));
        is_over = mg_conn_has(conn, MG_CONN_DEAD); /* the loop could not take it */
    }
    if (is_over) {
        end(conn);
        return;
    }
    if (mg_conn_has(conn, MG_CONN_RESUMED)) {
        if (conn->in != NULL) {
            schedule(conn);
        } else {
            mg_conn_lower(conn, MG_CONN_RESUMED);
        }
    }
}

void mg_conn_turn(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct mg_worker *worker = argument;
    mg_worker_refresh_clock(worker);
    struct mg_conn *conn = worker->turn_first;
    worker->turn_first = NULL; /* what is scheduled from here on has its own turn */
    while (conn != NULL) {
        struct mg_conn *next = conn->turn_next;
        mg_conn_lower(conn, MG_CONN_SCHEDULED);
        if (mg_conn_has(conn, MG_CONN_RESUMED)) {
            mg_conn_lower(conn, MG_CONN_RESUMED);
            if (mg_conn_is_open(conn) && conn->in != NULL) {
                mg_conn_give_kept(conn);
            }
        }
        mg_conn_settle(conn);
        conn = next;
    }
}

/* Have what was just noted done: by the event at hand, or in this turn. */
static void touch(struct mg_conn *conn)
{
    if (!mg_conn_has(conn, MG_CONN_IN_CALLBACK)) {
        schedule(conn);
    }
}

void mg_conn_call(struct mg_conn *conn, void (*callback)(struct mg_conn *),
                  const char *close_reason)
{
    mg_conn_raise(conn, MG_CONN_IN_CALLBACK);
    if (callback != NULL) {
        callback(conn);
    } else if (close_reason != NULL) {
        mg_conn_close(conn, close_reason);
    }
    mg_conn_lower(conn, MG_CONN_IN_CALLBACK);
}

void mg_conn_stop(struct mg_conn *conn)
{
    mg_conn_call(conn, conn->worker->protocol->on_stop, "stopping");
    schedule(conn);
}

void mg_conn_fail(struct mg_conn *conn, const char *reason)
{
    mg_conn_raise(conn, MG_CONN_DEAD);
    conn->reason = reason;
}

/* ---- deadlines ---- */

void mg_conn_rearm(struct mg_conn *conn)
{
    uint64_t at = conn->deadline_ms;
    if (conn->io_deadline_ms != 0 && (at == 0 || conn->io_deadline_ms < at)) {
        at = conn->io_deadline_ms;
    }
    if (at == 0) {
        mg_wheel_cancel(&conn->worker->wheel, &conn->timer);
    } else if (mg_wheel_set(&conn->worker->wheel, &conn->timer, at)) {
        mg_worker_arm_tick(conn->worker);
    }
}

/* One timer serves both deadlines; which of them has passed is told by their times. */
static void on_timer(struct mg_timer *timer)
{
    struct mg_conn *conn =
        (struct mg_conn *)(void *)((char *)timer - offsetof(struct mg_conn, timer));
    uint64_t now_ms = conn->worker->now_ms;
    if (mg_conn_has(conn, MG_CONN_DEAD)) {
        return; /* aborted in this turn, and scheduled */
    }
    if (conn->io_deadline_ms != 0 && conn->io_deadline_ms <= now_ms) {
        /* The answer is out where it is lingering that ends: the reason stays that of the
         * close.
         */
        mg_conn_fail(conn, mg_conn_has(conn, MG_CONN_SHUT) ? conn->reason : "write-timeout");
    } else {
        if (conn->deadline_ms != 0 && conn->deadline_ms <= now_ms) {
            conn->deadline_ms = 0;
            mg_conn_call(conn, conn->worker->protocol->on_timeout, "timeout");
        }
        mg_conn_rearm(conn);
    }
    mg_conn_settle(conn);
}

void mg_conn_set_deadline(struct mg_conn *conn, uint64_t ms)
{
    if (!mg_conn_is_open(conn)) {
        return;
    }
    conn->deadline_ms = ms == 0 ? 0 : conn->worker->now_ms + ms;
    mg_conn_rearm(conn);
}

/* ---- calls of the protocol ---- */

size_t mg_conn_pending(const struct mg_conn *conn)
{
    return mg_bytes_count(conn->out);
}

/* Keep what the socket did not take. */
static void keep_output(struct mg_conn *conn, struct mg_str rest)
{
    size_t max_bytes = conn->worker->limits.max_pending_bytes;
    bool was_empty = conn->out == NULL;
    if (!mg_bytes_append(&conn->out, rest, max_bytes)) {
        bool is_over = rest.len > max_bytes - mg_bytes_count(conn->out);
        mg_conn_fail(conn, is_over ? "output-overflow" : "no-memory");
    } else if (was_empty) {
        conn->io_deadline_ms = conn->worker->now_ms + conn->worker->limits.write_progress_ms;
        mg_conn_rearm(conn);
    }
    touch(conn);
}

void mg_conn_write(struct mg_conn *conn, struct mg_str bytes)
{
    if (!mg_conn_is_open(conn) || bytes.len == 0) {
        return;
    }
    ssize_t sent = 0;
    if (conn->out == NULL) {
        do {
            sent = send(conn->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        } while (sent < 0 && errno == EINTR);
        if (sent < 0 && errno != EAGAIN) {
            mg_conn_fail(conn, "peer-reset");
            touch(conn);
            return;
        }
        sent = sent < 0 ? 0 : sent;
        mg_count(&conn->worker->counters.bytes_out, (unsigned long long)sent);
    }
    if ((size_t)sent < bytes.len) {
        keep_output(conn, mg_str_from_offset(bytes, (size_t)sent));
    }
}

void mg_conn_pause(struct mg_conn *conn)
{
    mg_conn_raise(conn, MG_CONN_PAUSED);
    mg_conn_lower(conn, MG_CONN_RESUMED);
}

void mg_conn_resume(struct mg_conn *conn)
{
    /* Inside on_bytes what is not taken is kept only afterwards: settle looks at the flag
     * then. */
    bool has_work = conn->in != NULL || mg_conn_has(conn, MG_CONN_READ_OFF);
    mg_conn_lower(conn, MG_CONN_PAUSED);
    mg_conn_lower(conn, MG_CONN_READ_OFF);
    if (!mg_conn_is_open(conn)) {
        return;
    }
    if (has_work || mg_conn_has(conn, MG_CONN_IN_CALLBACK)) {
        mg_conn_raise(conn, MG_CONN_RESUMED);
        touch(conn);
    }
}

void mg_conn_close(struct mg_conn *conn, const char *reason)
{
    if (!mg_conn_is_open(conn)) {
        return;
    }
    mg_conn_raise(conn, MG_CONN_CLOSING);
    conn->reason = reason;
    conn->deadline_ms = 0;
    touch(conn);
}

void mg_conn_close_lingering(struct mg_conn *conn, const char *reason)
{
    if (!mg_conn_is_open(conn)) {
        return;
    }
    conn->linger_bytes = conn->worker->limits.linger_bytes;
    mg_conn_raise(conn, MG_CONN_LINGERS);
    mg_conn_lower(conn, MG_CONN_READ_OFF); /* a pause no longer matters */
    mg_conn_close(conn, reason);
}

void mg_conn_abort(struct mg_conn *conn, const char *reason)
{
    if (mg_conn_has(conn, MG_CONN_DEAD)) {
        return;
    }
    mg_conn_raise(conn, MG_CONN_DEAD);
    if (!mg_conn_has(conn, MG_CONN_CLOSING)) {
        conn->reason = reason;
    }
    touch(conn);
}

bool mg_conn_is_closing(const struct mg_conn *conn)
{
    return !mg_conn_is_open(conn);
}
