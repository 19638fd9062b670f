/* accept.c - from listening sockets to connections.
 *
 * A wake accepts a bounded batch, so that a flood of connections does not starve those that are
 * open. Out of descriptors or memory the loop would spin on a listener that stays readable:
 * accepting is then paused for a moment, counted and logged now and then.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/log.h"
#include "net/conn_internal.h"

enum {
    BATCH = 64,
    STOP_BATCH = 8192, /* more than a backlog holds: only a flood that never ends is cut off */
    PAUSE_MS = 100,
    GRACE_MS = 100, /* for handshakes that were under way when a stop began */
    LOG_INTERVAL_MS = 10000
};

enum accepted {
    ACCEPT_NEXT, /* one was taken, or went away before: try the next */
    ACCEPT_NONE, /* nothing waits */
    ACCEPT_SHORTAGE
};

/* Best effort: one receive, one send, never waiting. */
static void answer_busy(struct mg_worker *worker, int fd)
{
    mg_count(&worker->counters.refused, 1);
    /* What the peer has sent is read first: closing with unread input would reset the
     * connection and destroy the answer. */
    ssize_t ignored = recv(fd, worker->read_buffer, MG_READ_BUFFER_BYTES, 0);
    struct mg_str answer = worker->workers->options.busy_answer;
    if (answer.len > 0) {
        ignored = send(fd, answer.ptr, answer.len, MSG_NOSIGNAL);
    }
    (void)ignored;
    (void)close(fd);
}

/* Accept and serve one. The connection begins with a read, since with deferred accept, and
 * often without, its first bytes are there already. */
static enum accepted accept_one(struct mg_acceptor *acceptor)
{
    struct mg_worker *worker = acceptor->worker;
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    peer.ss_family = AF_UNSPEC;
    int fd =
        accept4(acceptor->fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        switch (errno) {
        case EAGAIN:
            return ACCEPT_NONE;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return ACCEPT_SHORTAGE;
        default:
            /* ECONNABORTED, EINTR, and network errors of the new connection that Linux reports
             * here: they concern that one alone. */
            return ACCEPT_NEXT;
        }
    }
    if (atomic_load_explicit(&worker->counters.open, memory_order_relaxed) >=
        worker->limits.max_connections) {
        answer_busy(worker, fd);
    } else {
        mg_conn_begin(worker, fd, acceptor->index, (const struct sockaddr *)&peer);
    }
    return ACCEPT_NEXT;
}

/* ---- pause ---- */

static void on_pause_over(struct mg_timer *timer)
{
    struct mg_worker *worker =
        (struct mg_worker *)(void *)((char *)timer - offsetof(struct mg_worker, accept_timer));
    for (size_t i = 0; i < worker->acceptor_count; i++) {
        (void)event_add(&worker->acceptors[i].event, NULL);
    }
}

static void pause_accepting(struct mg_worker *worker, int error)
{
    mg_count(&worker->counters.accept_errors, 1);
    for (size_t i = 0; i < worker->acceptor_count; i++) {
        (void)event_del(&worker->acceptors[i].event);
    }
    mg_timer_set(worker, &worker->accept_timer, PAUSE_MS);
    if (worker->accept_logged_ms == 0 ||
        worker->now_ms - worker->accept_logged_ms >= LOG_INTERVAL_MS) {
        worker->accept_logged_ms = worker->now_ms;
        char text[128];
        MG_LOG(MG_LOG_WARNING, "accepting paused",
               {"error", mg_str_from(strerror_r(error, text, sizeof(text)))},
               {"hint", MG_STR("raise the limit of open files (ulimit -n, LimitNOFILE=)")});
    }
}

/* Not drained to EAGAIN beyond the batch: the event is level triggered and comes again. */
static void on_acceptable(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct mg_acceptor *acceptor = argument;
    mg_worker_refresh_clock(acceptor->worker);
    for (int i = 0; i < BATCH; i++) {
        enum accepted result = accept_one(acceptor);
        if (result == ACCEPT_SHORTAGE) {
            pause_accepting(acceptor->worker, errno);
        }
        if (result != ACCEPT_NEXT) {
            return;
        }
    }
}

/* ---- start and stop ---- */

/* No new handshake begins any more, and those under way are over: what waits is all there
 * is. */
static void on_grace_over(struct mg_timer *timer)
{
    struct mg_worker *worker =
        (struct mg_worker *)(void *)((char *)timer - offsetof(struct mg_worker, accept_timer));
    size_t count = worker->acceptor_count;
    worker->acceptor_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct mg_acceptor *acceptor = &worker->acceptors[i];
        enum accepted result = ACCEPT_NEXT;
        for (int n = 0; n < STOP_BATCH && result == ACCEPT_NEXT; n++) {
            result = accept_one(acceptor);
        }
        (void)event_del(&acceptor->event);
        mg_listeners_release(worker->workers->options.listeners, acceptor->index,
                             worker->index);
    }
    mg_worker_stop_conns(worker);
}

bool mg_accept_start(struct mg_worker *worker)
{
    struct mg_listeners *listeners = worker->workers->options.listeners;
    size_t count = mg_listeners_count(listeners);
    worker->accept_timer.fire = on_pause_over;
    worker->acceptors = mg_calloc(count, sizeof(*worker->acceptors));
    if (worker->acceptors == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct mg_acceptor *acceptor = &worker->acceptors[i];
        acceptor->worker = worker;
        acceptor->index = i;
        acceptor->fd = mg_listeners_fd(listeners, i, worker->index);
        if (event_assign(&acceptor->event, worker->base, acceptor->fd, EV_READ | EV_PERSIST,
                         on_acceptable, acceptor) != 0 ||
            event_add(&acceptor->event, NULL) != 0) {
            return false;
        }
        worker->acceptor_count = i + 1;
    }
    return true;
}

void mg_accept_stop(struct mg_worker *worker)
{
    for (size_t i = 0; i < worker->acceptor_count; i++) {
        mg_listeners_withdraw(worker->workers->options.listeners, i, worker->index);
    }
    worker->accept_timer.fire = on_grace_over;
    mg_timer_set(worker, &worker->accept_timer, GRACE_MS);
}

void mg_accept_fini(struct mg_worker *worker)
{
    for (size_t i = 0; i < worker->acceptor_count; i++) {
        (void)event_del(&worker->acceptors[i].event);
    }
    free(worker->acceptors);
    worker->acceptors = NULL;
    worker->acceptor_count = 0;
}
