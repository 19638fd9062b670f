/* inherit.c - LISTEN_PID is compared because the variables survive an exec by a wrapper that
 * kept the descriptors to itself.
 */
#include "net/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"

enum {
    INHERITED_MAX = 1024
};

static char *copy_of(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = mg_malloc(bytes);
    if (copy != NULL) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

/* What the variables say, before they are removed. */
static bool read_environment(struct mg_inherited *inherited, struct mg_errs *errs)
{
    struct mg_str pid = mg_str_from(getenv("LISTEN_PID"));
    struct mg_str count = mg_str_from(getenv("LISTEN_FDS"));
    const char *names = getenv("LISTEN_FDNAMES");
    unsigned long long number = 0;
    if (pid.ptr == NULL || count.ptr == NULL || !mg_str_to_u64(pid, INT32_MAX, &number) ||
        number != (unsigned long long)getpid()) {
        return true;
    }
    if (!mg_str_to_u64(count, INHERITED_MAX, &number)) {
        mg_errs_fail(errs, "listen-inherited", "unset LISTEN_FDS to listen on own addresses",
                     "LISTEN_FDS is not a number from 0 to %d: '%.*s'", INHERITED_MAX,
                     MG_STR_ARG(count));
        return false;
    }
    inherited->count = (unsigned)number;
    inherited->names = names == NULL ? NULL : copy_of(names);
    return true;
}

bool mg_inherit_begin(struct mg_inherited *inherited, struct mg_errs *errs)
{
    *inherited = (struct mg_inherited){0};
    bool is_fine = read_environment(inherited, errs);
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return is_fine;
}

void mg_inherit_end(struct mg_inherited *inherited)
{
    free(inherited->names);
    inherited->names = NULL;
}

struct mg_str mg_inherit_name(const struct mg_inherited *inherited, unsigned index)
{
    const char *at = inherited->names == NULL ? "" : inherited->names;
    for (unsigned i = 0; i < index && at != NULL; i++) {
        const char *colon = strchr(at, ':');
        at = colon == NULL ? NULL : colon + 1;
    }
    return at == NULL ? MG_STR("") : (struct mg_str){at, strcspn(at, ":")};
}

/* Whether the socket option is `wanted`; false for what is not a socket. */
static bool has_option(int fd, int option, int wanted)
{
    int value = -1;
    socklen_t length = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 && value == wanted;
}

int mg_inherit_socket(unsigned index, struct mg_address *address, struct mg_errs *errs)
{
    int fd = MG_INHERIT_FIRST_FD + (int)index;
    *address = (struct mg_address){.length = sizeof(address->storage)};
    const char *hint = "in the .socket unit use ListenStream= and Accept=no";
    if (!has_option(fd, SO_TYPE, SOCK_STREAM) || !has_option(fd, SO_ACCEPTCONN, 1)) {
        mg_errs_fail(errs, "listen-inherited", hint,
                     "inherited descriptor %d is not a listening stream socket", fd);
        return -1;
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        getsockname(fd, &address->any, &address->length) != 0) {
        char text[128];
        mg_errs_fail(errs, "listen-inherited", hint, "inherited descriptor %d: %s", fd,
                     strerror_r(errno, text, sizeof(text)));
        return -1;
    }
    return fd;
}
