/* admin.h - the interface of a running server for those who operate it: HTTP/1.1 with JSON on a
 * Unix socket that its user alone may use, or on loopback TCP with a bearer token. What it
 * answers is told in docs/admin.md.
 *
 * Shape:     a thread with a loop of its own: no request of the server's clients ever waits for
 *            it. What can take long (a swap) runs on a thread made for it, and is answered when
 *            it is done; other questions are answered meanwhile.
 * Errors:    codes admin-address, admin-in-use, admin-listen, admin-token.
 * Threads:   the program's main thread opens, starts and stops; the rest is its own.
 */
#ifndef MG_SERVER_ADMIN_H
#define MG_SERVER_ADMIN_H

#include <stdbool.h>

#include "core/err.h"
#include "core/str.h"

struct mg_admin;
struct mg_server;

enum {
    MG_ADMIN_MAX_ADDRESS_BYTES = 512,
    MG_ADMIN_MAX_ADDRESSES = 8,
    MG_ADMIN_MAX_TOKEN_BYTES = 256,
    MG_ADMIN_MIN_TOKEN_BYTES = 16,
};

/* Where a server's admin interface is, and `status` and its kin look for it, unless told: the
 * address "unix:/run/moongate.sock" for root, "unix:$XDG_RUNTIME_DIR/moongate.sock" for others.
 * Returns: false where neither is there. */
bool mg_admin_default_address(char out[static MG_ADMIN_MAX_ADDRESS_BYTES]);

/* Bring what --admin takes into the form of net/address.h: a path, with or without "unix:"
 * before it, or loopback with a port. Returns: NULL, or what is wrong with it, in words; valid
 * until the next call on this thread. */
const char *mg_admin_read_address(const char *text,
                                  char out[static MG_ADMIN_MAX_ADDRESS_BYTES]);

/* Read a bearer token (RFC 6750 2.1) of MG_ADMIN_MIN_TOKEN_BYTES or more from a file, where
 * white space may follow it. Returns: whether it is one; else the fault is in `errs`. */
bool mg_admin_read_token(const char *path, char out[static MG_ADMIN_MAX_TOKEN_BYTES + 1],
                         struct mg_errs *errs);

/* Open the sockets that the server's options name, before anything serves. Where they name
 * none, and where the default place cannot be had, *out is NULL and the result true. Returns:
 * false after a fault. */
bool mg_admin_open(struct mg_server *server, struct mg_admin **out, struct mg_errs *errs);

/* Start answering; the server's workers run. Returns: false after a fault. */
bool mg_admin_start(struct mg_admin *admin, struct mg_errs *errs);

/* Answer what was asked, stop, and free it. The server's workers may have ended, but what they
 * counted must still be there; commands that wait must have been told that the server stops.
 * NULL is allowed. */
void mg_admin_stop(struct mg_admin *admin);

/* Address `index` as listened on; NULL beyond the last, and for NULL. */
const char *mg_admin_address(const struct mg_admin *admin, size_t index);

#endif
