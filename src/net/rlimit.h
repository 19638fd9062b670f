/* rlimit.h - as many open files as the system allows this process.
 *
 * Threads:   any; the limit is the process's.
 */
#ifndef MG_NET_RLIMIT_H
#define MG_NET_RLIMIT_H

#include <stdint.h>

/* Raise the soft limit of open files (RLIMIT_NOFILE) to the hard one. Returns: the soft limit
 * afterwards, which is the old one where the system refuses; 0 when it cannot be read. */
uint64_t mg_net_raise_open_files(void);

#endif
