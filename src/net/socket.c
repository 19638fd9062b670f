/* socket.c - listening sockets.
 *
 * A port in use: two programs that both set SO_REUSEPORT share a port without noticing. So the
 * first socket of an address is bound without it, which fails where anyone listens, and gets it
 * only then; the other workers' sockets join it. The port is held throughout.
 * TCP_NODELAY and TCP_DEFER_ACCEPT are set on the listener, since what it accepts inherits the
 * first: no call a connection.
 */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    DEFAULT_BACKLOG = 4096,
    DEFAULT_UNIX_MODE = 0666,
    LOCK_TRIES = 1000, /* a millisecond each */
};

static int switch_on(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof(on));
}

static int backlog_of(const struct mg_listen_options *options)
{
    return options->backlog > 0 ? options->backlog : DEFAULT_BACKLOG;
}

static int defer_accept(int fd, unsigned seconds)
{
    int value = seconds > INT16_MAX ? INT16_MAX : (int)seconds;
    return value == 0 ? 0
                      : setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &value, sizeof(value));
}

/* ---- TCP ---- */

/* Set up, bind and listen. Returns: 0, or -1 with errno. */
static int listen_tcp(int fd, struct mg_address *address,
                      const struct mg_listen_options *options, bool is_first)
{
    bool is_v6 = address->any.sa_family == AF_INET6;
    if (switch_on(fd, SOL_SOCKET, SO_REUSEADDR) != 0 ||
        switch_on(fd, IPPROTO_TCP, TCP_NODELAY) != 0 ||
        (is_v6 && switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 0) ||
        (!is_first && switch_on(fd, SOL_SOCKET, SO_REUSEPORT) != 0) ||
        bind(fd, &address->any, address->length) != 0 ||
        (is_first && options->workers > 1 && switch_on(fd, SOL_SOCKET, SO_REUSEPORT) != 0) ||
        defer_accept(fd, options->defer_accept_s) != 0 ||
        listen(fd, backlog_of(options)) != 0) {
        return -1;
    }
    return getsockname(fd, &address->any, &address->length);
}

static void close_all(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        (void)close(fds[i]);
    }
}

int mg_socket_open_tcp(struct mg_address *address, const struct mg_listen_options *options,
                       int *fds)
{
    struct mg_address bound = *address;
    for (unsigned i = 0; i < options->workers; i++) {
        fds[i] = socket(bound.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fds[i] < 0 || listen_tcp(fds[i], &bound, options, i == 0) != 0) {
            int error = errno;
            close_all(fds, fds[i] < 0 ? i : i + 1);
            return error;
        }
    }
    *address = bound;
    return 0;
}

/* ---- Unix ---- */

/* Lock the directory of a socket from bind to listen: a server that starts at the same moment
 * would take the socket in between for a stale one. Who holds the lock for long is no server
 * that starts, and is not waited for. Returns: a descriptor to close, or -1. */
static int lock_directory(const struct mg_address *address)
{
    char path[sizeof(address->un.sun_path)];
    const struct timespec pause = {.tv_nsec = 1000000};
    const char *slash = strrchr(address->un.sun_path, '/');
    int length = slash == NULL ? 0 : (int)(slash - address->un.sun_path) + 1;
    (void)snprintf(path, sizeof(path), "%.*s", length, address->un.sun_path);
    int fd = open(length == 0 ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && i < LOCK_TRIES; i++) {
        (void)nanosleep(&pause, NULL);
    }
    return fd;
}

/* After bind said EADDRINUSE: remove the file of a server that ended without doing so. Returns:
 * 0 when the path is free now, or why not. */
static int remove_stale(const struct mg_address *address)
{
    struct stat status;
    if (lstat(address->un.sun_path, &status) != 0) {
        return errno == ENOENT ? 0 : errno;
    }
    if (!S_ISSOCK(status.st_mode)) {
        return ENOTSOCK;
    }
    /* Non-blocking: a live server whose backlog is full answers EAGAIN. */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    bool is_stale = connect(fd, &address->any, address->length) != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    if (!is_stale) {
        return EADDRINUSE;
    }
    return unlink(address->un.sun_path) == 0 ? 0 : errno;
}

static int bind_unix(int fd, const struct mg_address *address)
{
    if (bind(fd, &address->any, address->length) == 0) {
        return 0;
    }
    if (errno != EADDRINUSE) {
        return errno;
    }
    int error = remove_stale(address);
    if (error != 0) {
        return error;
    }
    return bind(fd, &address->any, address->length) == 0 ? 0 : errno;
}

int mg_socket_open_unix(const struct mg_address *address,
                        const struct mg_listen_options *options, int *fd)
{
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        return errno;
    }
    mode_t mode = options->unix_mode == 0 ? DEFAULT_UNIX_MODE : (mode_t)options->unix_mode;
    int lock = lock_directory(address);
    int error = bind_unix(*fd, address);
    /* Nobody can connect before listen, so the mode is in force for everyone. */
    if (error == 0 &&
        (chmod(address->un.sun_path, mode) != 0 || listen(*fd, backlog_of(options)) != 0)) {
        error = errno;
        (void)unlink(address->un.sun_path);
    }
    if (lock >= 0) {
        (void)close(lock);
    }
    if (error != 0) {
        (void)close(*fd);
    }
    return error;
}

/* ---- faults ---- */

static void unix_fault(struct mg_errs *errs, const char *path, int error)
{
    char text[128];
    switch (error) {
    case EADDRINUSE:
        mg_errs_fail(errs, "listen-in-use", "stop the other program, or choose another path",
                     "another program listens on %s", path);
        return;
    case ENOTSOCK:
        mg_errs_fail(errs, "listen-path", "remove it, or choose another path",
                     "%s exists and is not a socket", path);
        return;
    case EACCES:
    case EPERM:
    case EROFS:
        mg_errs_fail(errs, "listen-permission",
                     "choose a directory this user may write, or change its owner",
                     "no permission to make a socket at %s", path);
        return;
    case ENOENT:
    case ENOTDIR:
        mg_errs_fail(errs, "listen-path", "make the directory, or choose another path",
                     "the directory of %s does not exist", path);
        return;
    default:
        mg_errs_fail(errs, "listen-failed", NULL, "cannot listen on %s: %s", path,
                     strerror_r(error, text, sizeof(text)));
    }
}

static void tcp_fault(struct mg_errs *errs, const struct mg_address *address, int error)
{
    char text[MG_ADDRESS_TEXT_BYTES];
    char cause[128];
    unsigned port = mg_address_port(address);
    mg_address_format(address, text);
    struct mg_str host = {text, (size_t)(strrchr(text, ':') - text)};
    switch (error) {
    case EADDRINUSE:
        mg_errs_fail(errs, "listen-in-use",
                     "stop the other program, or choose another port with --listen",
                     "port %u on %.*s is in use", port, MG_STR_ARG(host));
        return;
    case EACCES:
    case EPERM:
        mg_errs_fail(errs, "listen-permission",
                     "choose a port from 1024 on, or give the program CAP_NET_BIND_SERVICE",
                     "no permission to listen on port %u of %.*s", port, MG_STR_ARG(host));
        return;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        mg_errs_fail(errs, "listen-address", "choose an address that `ip address` lists",
                     "this machine has no address %.*s", MG_STR_ARG(host));
        return;
    case EMFILE:
    case ENFILE:
        mg_errs_fail(errs, "listen-failed", "raise the limit of open files (ulimit -n)",
                     "too many open files to listen on %s", text);
        return;
    default:
        mg_errs_fail(errs, "listen-failed", NULL, "cannot listen on %s: %s", text,
                     strerror_r(error, cause, sizeof(cause)));
    }
}

void mg_socket_refuse_handshakes(int fd)
{
    enum {
        FLAGS_OFFSET = 13, /* of the TCP header, which the filter begins with */
        SYN = 0x02,
        ACK = 0x10,
        WHOLE = 0xffff
    };
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_OFFSET),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN | ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, WHOLE),
    };
    struct sock_fprog filter = {.len = sizeof(program) / sizeof(program[0]), .filter = program};
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

void mg_socket_fault(struct mg_errs *errs, const struct mg_address *address, int error)
{
    if (address->any.sa_family == AF_UNIX) {
        unix_fault(errs, address->un.sun_path, error);
    } else {
        tcp_fault(errs, address, error);
    }
}
