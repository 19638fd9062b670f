/* socket.h - make one listening socket, or one a worker.
 *
 * Errors:  an errno value; EADDRINUSE where another program listens there, ENOTSOCK where the
 *          path of a Unix socket is another kind of file.
 * Threads: one, at start.
 */
#ifndef MG_NET_SOCKET_H
#define MG_NET_SOCKET_H

#include "net/address.h"
#include "net/listener.h"

/* Open a TCP socket for every worker on `address`, whose port 0 is replaced by the one chosen.
 * Gives options->workers descriptors, non-blocking and listening. Returns: 0, or the error and
 * none. */
int mg_socket_open_tcp(struct mg_address *address, const struct mg_listen_options *options,
                       int *fds);

/* Open one Unix socket; a socket file nobody listens on is replaced. Returns: 0 with *fd, or
 * the error. */
int mg_socket_open_unix(const struct mg_address *address,
                        const struct mg_listen_options *options, int *fd);

/* Let the listening TCP socket `fd` begin no new handshake, while those under way end and what
 * waits can be accepted. Best effort. */
void mg_socket_refuse_handshakes(int fd);

/* Report `error` of opening `address` with what to do about it. */
void mg_socket_fault(struct mg_errs *errs, const struct mg_address *address, int error);

#endif
