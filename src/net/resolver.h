/* resolver.h - addresses of names, asked of the name servers without waiting: the hosts file
 * first, then A and AAAA, with how long the answer holds.
 *
 * Ownership: one a worker that needs it; freed after the worker's loop, before the worker.
 * Errors:    a name without an address, or whose servers say nothing, has no addresses.
 * Threads:   the worker's.
 */
#ifndef MG_NET_RESOLVER_H
#define MG_NET_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/address.h"

struct mg_resolver;
struct mg_worker;

enum {
    MG_RESOLVER_MIN_S = 1,    /* an answer holds at least so long */
    MG_RESOLVER_MAX_S = 3600, /* ... and at most */
    MG_RESOLVER_HOSTS_S = 60, /* one of the hosts file */
    MG_RESOLVER_FAILED_S = 1, /* "no addresses" */
};

/* Told once for each question, perhaps before mg_resolver_ask returns. The addresses have no
 * port and live as long as the call. */
typedef void (*mg_resolved)(void *user, const struct mg_address *addresses, size_t count,
                            uint32_t holds_s);

/* Ask `servers`, `count` numeric addresses with a port or not, or where there are none those of
 * /etc/resolv.conf. Returns: NULL without memory. */
struct mg_resolver *mg_resolver_new(struct mg_worker *worker, const char *const *servers,
                                    size_t count);
/* Questions that are open are told nothing. */
void mg_resolver_free(struct mg_resolver *resolver);

/* Ask for the addresses of `host`, which is copied. `user` stays until told. Returns: false
 * without memory: nothing will be told. */
bool mg_resolver_ask(struct mg_resolver *resolver, const char *host, mg_resolved told,
                     void *user);

#endif
