/* lines.h - a protocol of one-letter commands, a line each, that exercises the calls of conn.h;
 * what happened to its connections is kept in `seen`.
 */
#ifndef MG_TESTS_NET_LINES_H
#define MG_TESTS_NET_LINES_H

#include "harness.h"
#include "net/conn.h"

/* What the protocol does beside obeying: close in a callback. */
enum phase {
    NOWHERE,
    ON_OPEN,
    ON_BYTES,
    ON_EOF,
    ON_TIMEOUT,
    ON_DRAINED,
    ON_STOP
};
enum way {
    CLOSE,
    LINGER,
    ABORT
};

static struct {
    atomic_int opened, closed, eofs, drained, timeouts, stops;
    atomic_int phase, way;
    _Atomic(struct mg_conn *) last; /* opened */
    _Atomic(const char *) reason;   /* of the last on_close */
    atomic_ullong timeout_ms;       /* when on_timeout last came */
} seen;

struct line_user {
    struct mg_conn *conn;
    struct mg_timer timer;
    bool is_open;
};

static inline void end_at(struct mg_conn *conn, enum phase phase)
{
    if (atomic_load(&seen.phase) != (int)phase) {
        return;
    }
    mg_conn_write(conn, MG_STR("bye\n"));
    switch ((enum way)atomic_load(&seen.way)) {
    case CLOSE:
        mg_conn_close(conn, "test-close");
        break;
    case LINGER:
        mg_conn_close_lingering(conn, "test-close");
        break;
    case ABORT:
        mg_conn_abort(conn, "test-close");
        break;
    }
    /* All without effect now. */
    assert(mg_conn_is_closing(conn));
    mg_conn_write(conn, MG_STR("never\n"));
    mg_conn_close(conn, "never");
    mg_conn_set_deadline(conn, 1);
    mg_conn_pause(conn);
    mg_conn_resume(conn);
}

static inline void line_open(struct mg_conn *conn)
{
    struct line_user *user = mg_conn_user(conn);
    assert(mg_conn_from_user(user) == conn && !user->is_open);
    user->is_open = true;
    user->conn = conn;
    atomic_store(&seen.last, conn);
    atomic_fetch_add(&seen.opened, 1);
    end_at(conn, ON_OPEN);
}

static inline void on_resume_timer(struct mg_timer *timer)
{
    struct line_user *user =
        (struct line_user *)(void *)((char *)timer - offsetof(struct line_user, timer));
    mg_conn_write(user->conn, MG_STR("resumed\n"));
    mg_conn_resume(user->conn);
}

static inline void on_close_timer(struct mg_timer *timer)
{
    struct line_user *user =
        (struct line_user *)(void *)((char *)timer - offsetof(struct line_user, timer));
    mg_conn_write(user->conn, MG_STR("late\n"));
    mg_conn_close(user->conn, "asked-late");
    mg_conn_close_lingering(user->conn, "never");
    mg_conn_set_deadline(user->conn, 1);
}

/* Write `count` bytes whose values tell their place. */
static inline void write_pattern(struct mg_conn *conn, size_t count)
{
    char *bytes = malloc(count + 1);
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (char)(i % 251);
    }
    mg_conn_write(conn, (struct mg_str){bytes, count});
    free(bytes);
}

static inline void write_peer(struct mg_conn *conn)
{
    const unsigned char *bytes;
    char line[128];
    struct mg_str text = mg_conn_peer(conn);
    int family = mg_conn_peer_bytes(conn, &bytes);
    int length =
        snprintf(line, sizeof(line), "%.*s %s %u %d\n", MG_STR_ARG(text),
                 family == AF_INET    ? "v4"
                 : family == AF_INET6 ? "v6"
                                      : "unix",
                 (unsigned)mg_conn_peer_port(conn), bytes == NULL ? -1 : (int)bytes[0]);
    mg_conn_write(conn, (struct mg_str){line, (size_t)length});
}

/* Obey one line. Returns: false when nothing more is to be taken now. */
static inline bool obey(struct mg_conn *conn, char command, struct mg_str rest)
{
    struct line_user *user = mg_conn_user(conn);
    unsigned long long number = 0;
    (void)mg_str_to_u64(rest, UINT32_MAX, &number);
    switch (command) {
    case 'e':
        mg_conn_write(conn, (struct mg_str){rest.ptr, rest.len + 1});
        return true;
    case 'b':
        write_pattern(conn, (size_t)number);
        return true;
    case 'c':
        mg_conn_write(conn, MG_STR("bye\n"));
        mg_conn_close(conn, "asked");
        return false;
    case 'l':
        write_pattern(conn, (size_t)number);
        mg_conn_close_lingering(conn, "asked-linger");
        return false;
    case 'a':
        mg_conn_abort(conn, "asked-abort");
        return false;
    case 'p': /* pause; resume by a timer */
        mg_conn_pause(conn);
        user->timer.fire = on_resume_timer;
        mg_timer_set(mg_conn_worker(conn), &user->timer, number);
        return false;
    case 'k': /* close from outside of the connection's callbacks */
        user->timer.fire = on_close_timer;
        mg_timer_set(mg_conn_worker(conn), &user->timer, number);
        return true;
    case 'P': /* pause for good */
        mg_conn_pause(conn);
        mg_conn_write(conn, MG_STR("paused\n"));
        return false;
    case 'r': /* pause and resume in one callback */
        mg_conn_pause(conn);
        mg_conn_resume(conn);
        return false;
    case 'd':
        mg_conn_set_deadline(conn, number);
        return true;
    case 'i':
        write_peer(conn);
        return true;
    default:
        mg_conn_abort(conn, "unknown command");
        return false;
    }
}

static inline size_t line_bytes(struct mg_conn *conn, char *bytes, size_t count)
{
    size_t taken = 0;
    end_at(conn, ON_BYTES);
    while (taken < count) {
        char *end = memchr(bytes + taken, '\n', count - taken);
        if (end == NULL) {
            break;
        }
        size_t length = (size_t)(end - bytes) - taken;
        struct mg_str rest = {bytes + taken + 1, length - 1};
        char command = bytes[taken];
        taken += length + 1;
        if (!obey(conn, command, rest)) {
            break;
        }
    }
    return taken;
}

static inline void line_eof(struct mg_conn *conn)
{
    atomic_fetch_add(&seen.eofs, 1);
    end_at(conn, ON_EOF);
    mg_conn_write(conn, MG_STR("eof\n"));
    mg_conn_close(conn, "peer-closed");
}

static inline void line_drained(struct mg_conn *conn)
{
    atomic_fetch_add(&seen.drained, 1);
    end_at(conn, ON_DRAINED);
}

static inline void line_timeout(struct mg_conn *conn)
{
    atomic_fetch_add(&seen.timeouts, 1);
    atomic_store(&seen.timeout_ms, mg_clock_us() / 1000);
    end_at(conn, ON_TIMEOUT);
    mg_conn_write(conn, MG_STR("timeout\n"));
}

static inline void line_stop(struct mg_conn *conn)
{
    atomic_fetch_add(&seen.stops, 1);
    end_at(conn, ON_STOP);
    mg_conn_close(conn, "stopped");
}

static inline void line_close(struct mg_conn *conn, const char *reason)
{
    struct line_user *user = mg_conn_user(conn);
    assert(user->is_open);
    user->is_open = false;
    mg_timer_cancel(mg_conn_worker(conn), &user->timer);
    mg_conn_write(conn, MG_STR("never\n"));
    mg_conn_abort(conn, "never");
    mg_conn_resume(conn);
    atomic_store(&seen.reason, reason);
    atomic_fetch_add(&seen.closed, 1);
}

static const struct mg_protocol line_protocol = {
    .user_bytes = sizeof(struct line_user),
    .on_open = line_open,
    .on_bytes = line_bytes,
    .on_eof = line_eof,
    .on_drained = line_drained,
    .on_timeout = line_timeout,
    .on_stop = line_stop,
    .on_close = line_close,
};

static inline void start(struct rig *rig)
{
    atomic_store(&seen.opened, 0);
    atomic_store(&seen.closed, 0);
    atomic_store(&seen.eofs, 0);
    atomic_store(&seen.drained, 0);
    atomic_store(&seen.timeouts, 0);
    atomic_store(&seen.stops, 0);
    atomic_store(&seen.phase, NOWHERE);
    atomic_store(&seen.reason, NULL);
    if (rig->options.protocol == NULL) {
        rig->options.protocol = &line_protocol;
    }
    rig_start(rig);
}

static inline void expect_closed(int count, const char *reason)
{
    WAIT_UNTIL(atomic_load(&seen.closed) == count);
    assert_string_equal(atomic_load(&seen.reason), reason);
}

static inline void expect_pattern(int fd, size_t count)
{
    char bytes[65536];
    size_t at = 0;
    while (at < count) {
        size_t wanted = count - at < sizeof(bytes) ? count - at : sizeof(bytes);
        ssize_t got = receive(fd, bytes, wanted);
        if (got <= 0) {
            fail_msg("the answer ended after %zu of %zu bytes: %s", at, count,
                     got == 0 ? "end" : strerror(errno));
        }
        size_t right = 0;
        while (right < (size_t)got && bytes[right] == (char)((at + right) % 251)) {
            right++;
        }
        at += right;
        if (right < (size_t)got) {
            fail_msg("byte %zu of the answer is wrong", at);
        }
    }
}

/* Small buffers on the client's side, so that output does not fit. */
static inline int dial_narrow(uint16_t port)
{
    int small = 4096;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(fd, errno);
    assert_return_code(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), errno);
    dial_with(fd, port);
    return fd;
}

#endif
