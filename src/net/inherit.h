/* inherit.h - sockets handed over by the service manager (the protocol of sd_listen_fds(3)):
 * descriptors from 3 on, LISTEN_FDS of them, meant for the process LISTEN_PID, with names in
 * LISTEN_FDNAMES.
 *
 * Threads: one, at start: the environment is changed.
 */
#ifndef MG_NET_INHERIT_H
#define MG_NET_INHERIT_H

#include "core/err.h"
#include "net/address.h"

enum {
    MG_INHERIT_FIRST_FD = 3
};

struct mg_inherited {
    unsigned count;
    char *names; /* as LISTEN_FDNAMES had them; NULL: none */
};

/* Read the three variables and remove them, so that no child takes them for its own. Errors: a
 * fault when they are meant for this process but malformed; count is then 0. */
bool mg_inherit_begin(struct mg_inherited *inherited, struct mg_errs *errs);
void mg_inherit_end(struct mg_inherited *inherited);

/* Name `index` of LISTEN_FDNAMES, or the empty slice. */
struct mg_str mg_inherit_name(const struct mg_inherited *inherited, unsigned index);

/* Take descriptor `index` into use: checks that it is a listening stream socket, makes it
 * non-blocking and close-on-exec. Returns: the descriptor with its address, or -1 after a
 * fault.
 */
int mg_inherit_socket(unsigned index, struct mg_address *address, struct mg_errs *errs);

#endif
