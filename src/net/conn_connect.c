/* conn_connect.c - a connection in the making waits for being writable, which tells that it is
 * there or has failed (connect(2), EINPROGRESS). Unix sockets connect at once and are told of
 * in the same way, so that nothing is called back from within mg_conn_connect.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "net/conn_outbound.h"
#include "net/connect.h"

static const char *reason_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return "connect-refused";
    case ETIMEDOUT:
        return "connect-timeout";
    case EHOSTUNREACH:
    case ENETUNREACH:
        return "connect-unreachable";
    case ENOENT:
        return "connect-no-socket";
    case EACCES:
    case EPERM:
        return "connect-permission";
    default:
        return "connect-failed";
    }
}

/* Returns: the descriptor, connecting or connected, or -1 with errno. */
static int begin_to_connect(const struct mg_address *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0) {
        return -1;
    }
    if (address->any.sa_family != AF_UNIX) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (connect(fd, &address->any, address->length) != 0 && errno != EINPROGRESS) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

struct mg_conn *mg_conn_connect(struct mg_worker *worker, const struct mg_protocol *protocol,
                                const struct mg_address *address)
{
    struct mg_outbound *outbound = mg_calloc(1, sizeof(*outbound) + protocol->user_bytes);
    if (outbound == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    struct mg_conn *conn = &outbound->conn;
    outbound->protocol = protocol;
    conn->fd = begin_to_connect(address);
    if (conn->fd < 0) {
        int error = errno;
        free(outbound);
        errno = error;
        return NULL;
    }
    conn->worker = worker;
    conn->peer_family = AF_UNIX;
    mg_conn_raise(conn, MG_CONN_OUTBOUND);
    mg_conn_raise(conn, MG_CONN_CONNECTING);
    mg_conn_raise(conn, MG_CONN_DUPLEX);
    mg_conn_enlist(conn);
    mg_conn_touch(conn);
    return conn;
}

void mg_conn_connected(struct mg_conn *conn)
{
    int error = 0;
    socklen_t length = sizeof(error);
    if (mg_conn_has(conn, MG_CONN_DEAD)) {
        return;
    }
    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
        error = errno;
    }
    if (error != 0) {
        mg_conn_fail(conn, reason_of(error));
        return;
    }
    mg_conn_lower(conn, MG_CONN_CONNECTING);
    if (mg_conn_is_open(conn)) {
        mg_conn_call(conn, mg_conn_protocol(conn)->on_open, NULL);
    }
    if (conn->out != NULL && !mg_conn_has(conn, MG_CONN_DEAD)) {
        mg_conn_flush(conn);
    }
}

bool mg_conn_is_quiet(const struct mg_conn *conn)
{
    bool is_told = (conn->event.ev_evcallback.evcb_flags & EVLIST_ACTIVE) != 0;
    return mg_conn_is_open(conn) && !is_told && conn->in == NULL &&
           !mg_conn_has(conn, MG_CONN_EOF | MG_CONN_READ_OFF);
}

bool mg_conn_is_silent(const struct mg_conn *conn)
{
    char byte;
    return mg_conn_is_quiet(conn) && recv(conn->fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

bool mg_conn_is_mute(const struct mg_conn *conn)
{
    return mg_conn_has(conn, MG_CONN_MUTE);
}
