/* listener.c - the set of bound addresses. A TCP address has a socket a worker; a Unix or
 * inherited one has a single socket that every worker waits on, closed when the last of them
 * has given it up.
 */
#include "net/listener.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "net/address.h"
#include "net/inherit.h"
#include "net/socket.h"

enum {
    /* Another program may take the port that was chosen for one family in the other one. */
    PORT_TRIES = 8
};

struct listener {
    char address[MG_ADDRESS_TEXT_BYTES];
    char name[64]; /* systemd's */
    int option;    /* index in the options' addresses; -1: inherited */
    bool is_loopback;
    bool is_shared;
    atomic_uint holders; /* workers that wait on a shared socket */
    int *fds;            /* one a worker, or one */
    char path[108];      /* of a Unix socket bound here; "" otherwise */
    atomic_flag is_file_gone;
    dev_t device; /* which file it was, since another server may have replaced it */
    ino_t inode;
};

struct mg_listeners {
    struct listener **items;
    size_t count;
    size_t capacity;
    unsigned workers;
};

/* ---- the set ---- */

/* The file of a Unix socket is removed only while it is the very one that was made here: a
 * server started since may have put its own in place. */
static void remove_file(struct listener *listener)
{
    struct stat status;
    if (listener->path[0] != '\0' && !atomic_flag_test_and_set(&listener->is_file_gone) &&
        lstat(listener->path, &status) == 0 && status.st_dev == listener->device &&
        status.st_ino == listener->inode) {
        (void)unlink(listener->path);
    }
}

static void listener_free(struct listener *listener, unsigned workers)
{
    unsigned count = listener->is_shared ? 1 : workers;
    for (unsigned i = 0; i < count; i++) {
        if (listener->fds[i] >= 0) {
            (void)close(listener->fds[i]);
        }
    }
    remove_file(listener);
    free(listener->fds);
    free(listener);
}

/* Append a listener without sockets (-1). Returns: NULL after a fault: out of memory. */
static struct listener *add(struct mg_listeners *all, bool is_shared, struct mg_errs *errs)
{
    if (all->count == all->capacity) {
        size_t capacity = all->capacity == 0 ? 8 : all->capacity * 2;
        struct listener **items = mg_realloc(all->items, capacity * sizeof(struct listener *));
        if (items != NULL) {
            all->items = items;
            all->capacity = capacity;
        }
    }
    unsigned fd_count = is_shared ? 1 : all->workers;
    struct listener *listener = mg_calloc(1, sizeof(*listener));
    int *fds = mg_malloc(fd_count * sizeof(int));
    if (listener == NULL || fds == NULL || all->count == all->capacity) {
        free(listener);
        free(fds);
        mg_errs_fail(errs, "listen-failed", NULL, "out of memory");
        return NULL;
    }
    for (unsigned i = 0; i < fd_count; i++) {
        fds[i] = -1;
    }
    listener->fds = fds;
    listener->is_shared = is_shared;
    listener->option = -1;
    atomic_init(&listener->holders, all->workers);
    atomic_flag_clear(&listener->is_file_gone);
    all->items[all->count++] = listener;
    return listener;
}

static void drop_last(struct mg_listeners *all)
{
    all->count--;
    listener_free(all->items[all->count], all->workers);
}

static void describe(struct listener *listener, const struct mg_address *address)
{
    mg_address_format(address, listener->address);
    listener->is_loopback = mg_address_is_loopback(address);
}

/* ---- opening ---- */

/* The file's identity is taken down at once, for listener_free. */
static void open_unix(struct mg_listeners *all, const struct mg_address *address,
                      const struct mg_listen_options *options, struct mg_errs *errs)
{
    struct listener *listener = add(all, true, errs);
    if (listener == NULL) {
        return;
    }
    int fd = -1;
    int error = mg_socket_open_unix(address, options, &fd);
    if (error != 0) {
        mg_socket_fault(errs, address, error);
        drop_last(all);
        return;
    }
    listener->fds[0] = fd;
    describe(listener, address);
    struct stat status;
    if (lstat(address->un.sun_path, &status) == 0) {
        memcpy(listener->path, address->un.sun_path, sizeof(listener->path));
        listener->device = status.st_dev;
        listener->inode = status.st_ino;
    }
}

static int open_tcp(struct mg_listeners *all, struct mg_address *address,
                    const struct mg_listen_options *options, struct mg_errs *errs)
{
    struct listener *listener = add(all, false, errs);
    if (listener == NULL) {
        return ENOMEM;
    }
    int error = mg_socket_open_tcp(address, options, listener->fds);
    if (error != 0) {
        for (unsigned i = 0; i < all->workers; i++) {
            listener->fds[i] = -1; /* closed already */
        }
        drop_last(all);
        return error;
    }
    describe(listener, address);
    return 0;
}

static bool is_absent(int error)
{
    return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

/* Open every address in `targets` on one port. Where there are several, those of a family that
 * this machine lacks are left out. Returns: 0, or the error of target *failed with nothing
 * opened.
 */
static int open_group(struct mg_listeners *all, struct mg_address *targets, size_t count,
                      const struct mg_listen_options *options, struct mg_errs *errs,
                      size_t *failed)
{
    size_t before = all->count;
    uint16_t port = mg_address_port(&targets[0]);
    int error = 0;
    for (size_t i = 0; i < count; i++) {
        struct mg_address address = targets[i];
        mg_address_set_port(&address, port);
        int result = open_tcp(all, &address, options, errs);
        if (result == 0) {
            port = mg_address_port(&address);
            continue;
        }
        error = result;
        *failed = i;
        if (!is_absent(result)) {
            while (all->count > before) {
                drop_last(all);
            }
            return result;
        }
    }
    return all->count > before ? 0 : error;
}

/* Open what one option names; every fault of it is reported, none ends the others. */
static void open_address(struct mg_listeners *all, const char *text,
                         const struct mg_listen_options *options, struct mg_errs *errs)
{
    struct mg_address targets[MG_ADDRESSES_MAX];
    size_t count = mg_address_parse(text, targets, errs);
    if (count == 0) {
        return;
    }
    if (targets[0].any.sa_family == AF_UNIX) {
        open_unix(all, &targets[0], options, errs);
        return;
    }
    bool picks_port = mg_address_port(&targets[0]) == 0;
    size_t failed = 0;
    int error = EADDRINUSE;
    for (int i = 0; i < PORT_TRIES && error == EADDRINUSE; i++) {
        error = open_group(all, targets, count, options, errs, &failed);
        if (!picks_port) {
            break;
        }
    }
    if (error != 0 && error != ENOMEM) {
        mg_socket_fault(errs, &targets[failed], error);
    }
}

/* Take the inherited sockets; the manager keeps its own descriptors of them, and a Unix one's
 * file stays when they are closed. */
static void adopt(struct mg_listeners *all, const struct mg_inherited *inherited,
                  struct mg_errs *errs)
{
    for (unsigned i = 0; i < inherited->count; i++) {
        struct mg_address address;
        struct listener *listener = add(all, true, errs);
        int fd = listener == NULL ? -1 : mg_inherit_socket(i, &address, errs);
        if (fd >= 0) {
            listener->fds[0] = fd;
            describe(listener, &address);
            mg_err_set(listener->name, sizeof(listener->name), "%.*s",
                       MG_STR_ARG(mg_inherit_name(inherited, i)));
        }
    }
}

struct mg_listeners *mg_listeners_open(const struct mg_listen_options *options,
                                       struct mg_errs *errs)
{
    size_t errors_before = errs->error_count;
    struct mg_listeners *all = mg_calloc(1, sizeof(*all));
    if (all == NULL) {
        mg_errs_fail(errs, "listen-failed", NULL, "out of memory");
        return NULL;
    }
    all->workers = options->workers;
    struct mg_inherited inherited;
    if (mg_inherit_begin(&inherited, errs) && inherited.count > 0) {
        adopt(all, &inherited, errs);
    } else {
        for (size_t i = 0; i < options->address_count; i++) {
            size_t first = all->count;
            open_address(all, options->addresses[i], options, errs);
            for (size_t opened = first; opened < all->count; opened++) {
                all->items[opened]->option = (int)i;
            }
        }
    }
    mg_inherit_end(&inherited);
    if (errs->error_count == errors_before && all->count == 0) {
        mg_errs_fail(errs, "listen-address", "give one with --listen",
                     "no address to listen on");
    }
    if (errs->error_count != errors_before) {
        mg_listeners_close(all);
        return NULL;
    }
    return all;
}

void mg_listeners_close(struct mg_listeners *listeners)
{
    if (listeners == NULL) {
        return;
    }
    while (listeners->count > 0) {
        drop_last(listeners);
    }
    free(listeners->items);
    free(listeners);
}

/* ---- what is open ---- */

size_t mg_listeners_count(const struct mg_listeners *listeners)
{
    return listeners->count;
}

const char *mg_listeners_address(const struct mg_listeners *listeners, size_t index)
{
    return listeners->items[index]->address;
}

const char *mg_listeners_name(const struct mg_listeners *listeners, size_t index)
{
    return listeners->items[index]->name;
}

int mg_listeners_option(const struct mg_listeners *listeners, size_t index)
{
    return listeners->items[index]->option;
}

bool mg_listeners_is_loopback(const struct mg_listeners *listeners, size_t index)
{
    return listeners->items[index]->is_loopback;
}

unsigned mg_listeners_workers(const struct mg_listeners *listeners)
{
    return listeners->workers;
}

int mg_listeners_fd(const struct mg_listeners *listeners, size_t index, unsigned worker)
{
    const struct listener *listener = listeners->items[index];
    return listener->fds[listener->is_shared ? 0 : worker];
}

void mg_listeners_withdraw(struct mg_listeners *listeners, size_t index, unsigned worker)
{
    struct listener *listener = listeners->items[index];
    remove_file(listener);
    if (!listener->is_shared) {
        mg_socket_refuse_handshakes(listener->fds[worker]);
    }
}

void mg_listeners_release(struct mg_listeners *listeners, size_t index, unsigned worker)
{
    struct listener *listener = listeners->items[index];
    if (listener->is_shared && atomic_fetch_sub(&listener->holders, 1) > 1) {
        return;
    }
    int *fd = &listener->fds[listener->is_shared ? 0 : worker];
    (void)close(*fd);
    *fd = -1;
}
