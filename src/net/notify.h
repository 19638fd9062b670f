/* notify.h - tell the service manager what state the server is in (the protocol of
 * sd_notify(3): a datagram to the socket named by NOTIFY_SOCKET).
 *
 * Threads:   any.
 */
#ifndef MG_NET_NOTIFY_H
#define MG_NET_NOTIFY_H

#include <stdbool.h>

/* Send `state`: "READY=1", "STOPPING=1", "STATUS=…"; several are lines of one text. Returns:
 * false when nobody asked for it (no NOTIFY_SOCKET) or it could not be sent, which is never a
 * reason to stop. */
bool mg_notify(const char *state);

#endif
