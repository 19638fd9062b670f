/* address.h - listening addresses as text and as sockaddr.
 *
 * Accepts: "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80", ":80", "name:80", "unix:/path".
 * Rejects: a port alone, IPv6 without brackets, IPv4 in odd forms ("127.1"), empty or too long
 *          paths, ports above 65535.
 * Threads: any; names are resolved by getaddrinfo, which may wait for a server.
 */
#ifndef MG_NET_ADDRESS_H
#define MG_NET_ADDRESS_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/err.h"

struct mg_address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
        struct sockaddr_storage storage;
    };
    socklen_t length;
};

enum {
    MG_ADDRESSES_MAX = 16, /* of one name */
    MG_ADDRESS_TEXT_BYTES = 128
};

/* Parse `text` into what it stands for: one address, or several for ":port" and names. Returns:
 * how many; 0 after a fault in `errs`. */
size_t mg_address_parse(const char *text, struct mg_address out[static MG_ADDRESSES_MAX],
                        struct mg_errs *errs);

/* Write `address` as the text that parses to it. */
void mg_address_format(const struct mg_address *address,
                       char out[static MG_ADDRESS_TEXT_BYTES]);

/* The port; 0 for a Unix address, where setting it does nothing. */
uint16_t mg_address_port(const struct mg_address *address);
void mg_address_set_port(struct mg_address *address, uint16_t port);

/* Whether only this machine can reach it: 127.0.0.0/8, ::1, Unix. */
bool mg_address_is_loopback(const struct mg_address *address);

#endif
