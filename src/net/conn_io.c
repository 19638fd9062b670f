/* conn_io.c - what happens when a socket is ready. On the usual way one receive and, inside
 * on_bytes, one send: a short read is not followed by another one, since readiness is level
 * triggered and the loop comes again if there is more.
 */
#include <errno.h>

#include "net/conn_outbound.h"

enum {
    /* Least room to read into where bytes are kept: small, since it stays allocated as long as
     * a slow head is incomplete. */
    KEPT_ROOM_BYTES = 4096
};

/* Errors after which the event comes again. */
static bool is_transient(int error)
{
    return error == EAGAIN || error == EINTR;
}

/* ---- reading ---- */

/* Give `count` bytes. Returns: how many were taken. */
static size_t give(struct mg_conn *conn, char *bytes, size_t count)
{
    mg_conn_raise(conn, MG_CONN_IN_CALLBACK);
    size_t taken = mg_conn_protocol(conn)->on_bytes(conn, bytes, count);
    mg_conn_lower(conn, MG_CONN_IN_CALLBACK);
    assert(taken <= count);
    return taken;
}

void mg_conn_give_kept(struct mg_conn *conn)
{
    size_t taken = give(conn, mg_bytes_front(conn->in), mg_bytes_count(conn->in));
    mg_bytes_take(&conn->in, taken);
}

/* The peer will send no more. Kept bytes that a pause holds back come first. */
static void on_end_of_input(struct mg_conn *conn)
{
    mg_conn_raise(conn, MG_CONN_EOF);
    mg_conn_call(conn, mg_conn_protocol(conn)->on_eof, "peer-closed");
    mg_bytes_free(&conn->in);
}

/* Receive into `to`. Returns: bytes, 0 when there is nothing to go on with: end of input, an
 * error or nothing there yet. */
static size_t receive(struct mg_conn *conn, char *to, size_t room)
{
    ssize_t count = recv(conn->fd, to, room, 0);
    if (count > 0) {
        mg_conn_count_in(conn, (size_t)count);
        return (size_t)count;
    }
    if (count == 0) {
        on_end_of_input(conn);
    } else if (!is_transient(errno)) {
        mg_conn_fail(conn, "peer-reset");
    }
    return 0;
}

/* Read behind the kept bytes and give them all. */
static void read_behind_kept(struct mg_conn *conn)
{
    size_t room = 0;
    bool is_full = mg_bytes_count(conn->in) + KEPT_ROOM_BYTES > MG_CONN_MAX_KEPT_BYTES;
    char *to = mg_bytes_reserve(&conn->in, KEPT_ROOM_BYTES, MG_CONN_MAX_KEPT_BYTES, &room);
    if (to == NULL) {
        mg_conn_fail(conn, is_full ? "input-overflow" : "no-memory");
        return;
    }
    size_t count = receive(conn, to, room);
    if (count > 0) {
        mg_bytes_commit(conn->in, count);
        mg_conn_give_kept(conn);
    }
}

/* The worker's buffer serves all its connections: what on_bytes leaves is copied out of it
 * before anything else reads. */
void mg_conn_read(struct mg_conn *conn)
{
    if (conn->in != NULL) {
        read_behind_kept(conn);
        return;
    }
    char *buffer = conn->worker->read_buffer;
    size_t count = receive(conn, buffer, MG_READ_BUFFER_BYTES);
    if (count == 0) {
        return;
    }
    size_t taken = give(conn, buffer, count);
    if (taken < count && mg_conn_is_open(conn)) {
        struct mg_str rest = {buffer + taken, count - taken};
        if (!mg_bytes_append(&conn->in, rest, MG_CONN_MAX_KEPT_BYTES)) {
            mg_conn_fail(conn, "no-memory");
        }
    }
}

/* Readable while paused: a level-triggered event would come again and again, so it is taken
 * out. Looking at the first byte tells bytes, which wait, from the end of a peer that has
 * gone. */
static void peek(struct mg_conn *conn)
{
    char byte;
    ssize_t count = recv(conn->fd, &byte, 1, MSG_PEEK);
    if (count < 0) {
        if (!is_transient(errno)) {
            mg_conn_fail(conn, "peer-reset");
        }
    } else if (count == 0 && conn->in == NULL) {
        on_end_of_input(conn);
    } else {
        mg_conn_raise(conn, MG_CONN_READ_OFF);
    }
}

/* Drop input of a lingering close. */
static void drop_input(struct mg_conn *conn)
{
    ssize_t count = recv(conn->fd, conn->worker->read_buffer, MG_READ_BUFFER_BYTES, 0);
    if (count > 0) {
        mg_conn_count_in(conn, (size_t)count);
        conn->linger_bytes -=
            (size_t)count < conn->linger_bytes ? (uint32_t)count : conn->linger_bytes;
    } else if (count == 0) {
        mg_conn_raise(conn, MG_CONN_EOF);
    } else if (!is_transient(errno)) {
        mg_conn_fail(conn, conn->out == NULL ? conn->reason : "peer-reset");
    }
}

/* ---- writing ---- */

void mg_conn_flush(struct mg_conn *conn)
{
    struct mg_worker *worker = conn->worker;
    ssize_t sent =
        send(conn->fd, mg_bytes_front(conn->out), mg_bytes_count(conn->out), MSG_NOSIGNAL);
    if (sent < 0) {
        if (!is_transient(errno)) {
            mg_conn_send_failed(conn, errno);
        }
        return;
    }
    mg_conn_count_out(conn, (size_t)sent);
    mg_bytes_take(&conn->out, (size_t)sent);
    bool is_drained = conn->out == NULL;
    conn->io_deadline_ms = is_drained ? 0 : worker->now_ms + worker->limits.write_progress_ms;
    mg_conn_rearm(conn);
    if (is_drained && mg_conn_is_open(conn)) {
        mg_conn_call(conn, mg_conn_protocol(conn)->on_drained, NULL);
    }
}

/* ---- events ---- */

static void on_readable(struct mg_conn *conn)
{
    if (mg_conn_has(conn, MG_CONN_CLOSING)) {
        drop_input(conn);
    } else if (mg_conn_has(conn, MG_CONN_PAUSED)) {
        peek(conn);
    } else if (!mg_conn_has(conn, MG_CONN_RESUMED) || conn->in == NULL) {
        mg_conn_read(conn);
    } /* else the turn gives the kept bytes first: behind them an end may be waiting */
}

void mg_conn_on_event(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    struct mg_conn *conn = argument;
    mg_worker_refresh_clock(conn->worker);
    if (mg_conn_has(conn, MG_CONN_CONNECTING)) {
        mg_conn_connected(conn);
        mg_conn_settle(conn);
        return;
    }
    if ((what & EV_WRITE) != 0 && conn->out != NULL && !mg_conn_has(conn, MG_CONN_DEAD)) {
        mg_conn_flush(conn);
    }
    if ((what & EV_READ) != 0 && !mg_conn_has(conn, MG_CONN_DEAD)) {
        on_readable(conn);
    }
    mg_conn_settle(conn);
}
