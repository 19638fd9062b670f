/* notify.c - a name that begins with '@' is abstract: its first byte is NUL on the wire, and
 * its length, not a NUL, ends it (unix(7)).
 */
#include "net/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool mg_notify(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = name == NULL ? 0 : strlen(name);
    if (length < 2 || length >= sizeof(address.sun_path) ||
        (name[0] != '/' && name[0] != '@')) {
        return false;
    }
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    socklen_t address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    size_t bytes = strlen(state);
    ssize_t sent = sendto(fd, state, bytes, MSG_NOSIGNAL, (const struct sockaddr *)&address,
                          address_bytes);
    (void)close(fd);
    return sent == (ssize_t)bytes;
}
