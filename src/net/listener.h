/* listener.h - listening sockets: TCP over IPv4 and IPv6, Unix sockets, and sockets inherited
 * from systemd.
 *
 * Addresses: "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses of both families),
 *            "localhost:8080" (every address the name has), "unix:/path"; port 0 picks one. An
 *            address that stands for several sockets gives them the same port.
 * TCP:       each address is bound once without SO_REUSEPORT, so that a port in use is an
 *            error; then every worker has a socket of its own. Unix and inherited sockets are
 *            shared by all workers.
 * Codes:     listen-in-use, listen-permission, listen-address, listen-path,
 *            listen-path-too-long, listen-inherited, listen-failed.
 * Threads:   open and close: one; the rest: any.
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
    unsigned defer_accept_s; /* TCP_DEFER_ACCEPT of TCP sockets bound here; 0: off */
    unsigned unix_mode;      /* permissions of a Unix socket's file; 0: 0666 */
    int backlog;             /* 0: 4096; cut by the kernel to net.core.somaxconn */
};

/* Open all; sockets handed over by systemd (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; taken out
 * of the environment) are used in place of addresses when there are any. All faults are
 * collected; they say what to do. Returns: NULL after one. */
struct mg_listeners *mg_listeners_open(const struct mg_listen_options *options,
                                       struct mg_errs *errs);
/* Close all; unlink Unix sockets this process bound. NULL is allowed. */
void mg_listeners_close(struct mg_listeners *listeners);

/* Number of bound addresses: one for each option, but as many as ":8080" or a name stands for.
 * Then one of them as text, port 0 resolved: "127.0.0.1:41234", "[::1]:8080", "unix:/path". */
size_t mg_listeners_count(const struct mg_listeners *listeners);
const char *mg_listeners_address(const struct mg_listeners *listeners, size_t index);
/* Which of options->addresses it stands for; -1: inherited. */
int mg_listeners_option(const struct mg_listeners *listeners, size_t index);
/* The name systemd gave an inherited socket; "" for any other. */
const char *mg_listeners_name(const struct mg_listeners *listeners, size_t index);
/* Whether every peer that can reach the address is on this machine: loopback or Unix. */
bool mg_listeners_is_loopback(const struct mg_listeners *listeners, size_t index);

/* For the workers: the socket worker `worker` accepts from, and its giving up of it.
 * Withdrawn, a TCP socket begins no new handshake (a client's SYN goes unanswered), and a
 * Unix socket's file is gone; what an inherited one gets, another process has too. Released,
 * the socket is closed when the last worker that has it gave it up. */
unsigned mg_listeners_workers(const struct mg_listeners *listeners);
int mg_listeners_fd(const struct mg_listeners *listeners, size_t index, unsigned worker);
void mg_listeners_withdraw(struct mg_listeners *listeners, size_t index, unsigned worker);
void mg_listeners_release(struct mg_listeners *listeners, size_t index, unsigned worker);

#endif
