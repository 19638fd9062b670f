/* harness.h - workers on a free port, and clients that wait with a deadline. */
#ifndef MG_TESTS_NET_HARNESS_H
#define MG_TESTS_NET_HARNESS_H

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "net/worker.h"

enum {
    DEADLINE_MS = 60000 /* of anything that must happen: sanitizers are slow, machines too */
};

/* Wait until `condition` holds, looking at it every millisecond; fail after the deadline. */
#define WAIT_UNTIL(condition)                                                     \
    for (uint64_t wait_end = mg_clock_coarse_ms() + DEADLINE_MS; !(condition);) { \
        wait_a_little(wait_end, #condition);                                      \
    }

static inline void wait_a_little(uint64_t end_ms, const char *condition)
{
    if (mg_clock_coarse_ms() > end_ms) {
        fail_msg("waited %d ms for: %s", DEADLINE_MS, condition);
    }
    (void)poll(NULL, 0, 1);
}

struct rig {
    struct mg_workers_options
        options;         /* protocol, limits, count, hooks: set before rig_start */
    const char *address; /* NULL: 127.0.0.1:0 */
    unsigned defer_accept_s;
    struct mg_listeners *listeners;
    struct mg_workers *workers;
    struct mg_errs errs;
    uint16_t port;
};

static inline uint16_t port_of(const struct mg_listeners *listeners, size_t index)
{
    const char *colon = strrchr(mg_listeners_address(listeners, index), ':');
    return (uint16_t)strtoul(colon + 1, NULL, 10);
}

static inline void rig_start(struct rig *rig)
{
    const char *address = rig->address == NULL ? "127.0.0.1:0" : rig->address;
    if (rig->options.count == 0) {
        rig->options.count = 1;
    }
    mg_errs_init(&rig->errs);
    rig->listeners =
        mg_listeners_open(&(struct mg_listen_options){.addresses = &address,
                                                      .address_count = 1,
                                                      .workers = rig->options.count,
                                                      .defer_accept_s = rig->defer_accept_s},
                          &rig->errs);
    if (rig->listeners == NULL) {
        mg_errs_print(&rig->errs, stderr);
        fail();
    }
    rig->port = port_of(rig->listeners, 0);
    rig->options.listeners = rig->listeners;
    rig->workers = mg_workers_start(&rig->options, &rig->errs);
    if (rig->workers == NULL) {
        mg_errs_print(&rig->errs, stderr);
        fail();
    }
}

static inline void rig_join(struct rig *rig)
{
    mg_workers_join(rig->workers);
    mg_listeners_close(rig->listeners);
    mg_errs_fini(&rig->errs);
}

static inline void rig_stop(struct rig *rig)
{
    mg_workers_stop(rig->workers);
    rig_join(rig);
}

/* Sum of one counter over all workers. */
#define RIG_COUNT(rig, field) \
    rig_sum((rig)->workers, offsetof(struct mg_worker_counters, field))

static inline unsigned long long rig_sum(const struct mg_workers *workers, size_t offset)
{
    unsigned long long sum = 0;
    for (unsigned i = 0; i < mg_workers_count(workers); i++) {
        const char *counters = (const char *)mg_workers_counters(workers, i);
        sum += atomic_load((const atomic_ullong *)(const void *)(counters + offset));
    }
    return sum;
}

/* ---- clients ---- */

static inline void dial_with(int fd, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_return_code(connect(fd, (const struct sockaddr *)&to, sizeof(to)), errno);
}

static inline int dial(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(fd, errno);
    dial_with(fd, port);
    return fd;
}

static inline void send_bytes(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        assert_return_code(sent, errno);
        bytes += sent;
        count -= (size_t)sent;
    }
}

static inline void send_text(int fd, const char *text)
{
    send_bytes(fd, text, strlen(text));
}

/* One read within the deadline. Returns: as recv. */
static inline ssize_t receive(int fd, char *to, size_t room)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
    return recv(fd, to, room, 0);
}

/* Read exactly `count` bytes. */
static inline void receive_exactly(int fd, char *to, size_t count)
{
    while (count > 0) {
        ssize_t got = receive(fd, to, count);
        if (got <= 0) {
            fail_msg("connection ended (%s) with %zu bytes to come",
                     got == 0 ? "end of input" : strerror(errno), count);
        }
        to += got;
        count -= (size_t)got;
    }
}

static inline void expect_text(int fd, const char *text)
{
    char got[512] = "";
    size_t length = strlen(text);
    assert_true(length < sizeof(got));
    receive_exactly(fd, got, length);
    got[length] = '\0';
    assert_string_equal(got, text);
}

/* The peer has closed in order: end of input, no reset. */
static inline void expect_end(int fd)
{
    char byte;
    ssize_t got = receive(fd, &byte, 1);
    if (got != 0) {
        fail_msg("expected the end of input, got %s", got > 0 ? "a byte" : strerror(errno));
    }
}

/* Close so that the peer gets a reset. */
static inline void reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    assert_return_code(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), errno);
    (void)close(fd);
}

#endif
