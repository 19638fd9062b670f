/* listener.h - listening sockets: TCP over IPv4 and IPv6, Unix sockets, and sockets
 * inherited from systemd.
 *
 * Addresses: "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses), "localhost:8080",
 *            "unix:/path", port 0 picks one.
 * TCP:       each address is bound once without SO_REUSEPORT, so that a port in use is an
 *            error; then a socket a worker with it. Unix and inherited sockets are shared by
 *            all workers.
 */
#ifndef MG_NET_LISTENER_H
#define MG_NET_LISTENER_H

#include <stdint.h>

#include "core/err.h"
#include "core/str.h"

struct mg_listeners;

struct mg_listen_options {
    const char *const *addresses;
    size_t address_count;
    unsigned workers;
    unsigned defer_accept_s;
    unsigned unix_mode; /* permissions of a Unix socket's file, default 0666 */
    int backlog;        /* default 4096, cut by the kernel to net.core.somaxconn */
};

/* Open all; sockets handed over by systemd (LISTEN_PID, LISTEN_FDS) are used in place of
 * addresses when there are any. Errors say what to do: port in use, no permission below 1024,
 * no such address, path too long. Returns: NULL after one. */
struct mg_listeners *mg_listeners_open(const struct mg_listen_options *options,
                                       struct mg_errs *errs);
/* Close all; unlink Unix sockets this process bound. */
void mg_listeners_close(struct mg_listeners *listeners);

/* Number of addresses (not of sockets), and the bound address of one as text, port 0 resolved:
 * "127.0.0.1:41234". */
size_t mg_listeners_count(const struct mg_listeners *listeners);
const char *mg_listeners_address(const struct mg_listeners *listeners, size_t index);
/* Whether every peer that can reach the address is on this machine: loopback or Unix. */
bool mg_listeners_is_loopback(const struct mg_listeners *listeners, size_t index);

#endif
