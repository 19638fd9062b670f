/* test_conn_close.c - how connections end: closes inside callbacks, lingering, half-close,
 * reset, deadlines, and what a protocol may leave out.
 */
#include "lines.h"

/* ---- ends ---- */

struct close_row {
    const char *desc;
    const char *request;
    enum phase phase;
    bool half_closes;
    bool stops; /* the workers stop */
};

static void close_in_callback(const struct close_row *row, enum way way)
{
    struct rig rig = {.options.limits.linger_ms = 100};
    start(&rig);
    atomic_store(&seen.way, (int)way);
    atomic_store(&seen.phase, (int)row->phase);
    int fd = dial_narrow(rig.port);
    /* The server may be gone before this is sent. */
    (void)!send(fd, row->request, strlen(row->request), MSG_NOSIGNAL);
    if (row->half_closes) {
        (void)shutdown(fd, SHUT_WR);
    }
    if (row->stops) {
        WAIT_UNTIL(RIG_COUNT(&rig, bytes_in) > 0);
        mg_workers_stop(rig.workers);
    }
    if (row->phase == ON_DRAINED) {
        /* A reader on another core can take as fast as one send(2) gives; then nothing would
         * ever have to drain. */
        WAIT_UNTIL(RIG_COUNT(&rig, bytes_out) > 0);
    }
    char got[65536];
    while (receive(fd, got, sizeof(got)) > 0) {
    }
    WAIT_UNTIL(atomic_load(&seen.closed) == 1);
    (void)close(fd);
    rig_stop(&rig);
    const char *reason = atomic_load(&seen.reason);
    int opened = atomic_load(&seen.opened);
    int closed = atomic_load(&seen.closed);
    if (strcmp(reason, "test-close") != 0 || opened != 1 || closed != 1) {
        fail_msg("%s, way %d: closed %d times of %d, last with %s", row->desc, (int)way, closed,
                 opened, reason);
    }
}

static void conn_may_be_closed_in_any_callback(void **state)
{
    (void)state;
    static const struct close_row rows[] = {
        {"open", "ex\n", ON_OPEN, false, false},
        {"bytes", "ex\nex\n", ON_BYTES, false, false},
        {"eof", "ex\n", ON_EOF, true, false},
        {"timeout", "d1\n", ON_TIMEOUT, false, false},
        {"drained", "b9000000\n", ON_DRAINED, false, false},
        {"stop", "ex\n", ON_STOP, false, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        close_in_callback(&rows[i], CLOSE);
        close_in_callback(&rows[i], LINGER);
        close_in_callback(&rows[i], ABORT);
    }
}

static void conn_may_be_closed_from_elsewhere(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int fd = dial(rig.port);
    send_text(fd, "k1\n");
    expect_text(fd, "late\n");
    expect_end(fd);
    expect_closed(1, "asked-late");
    (void)close(fd);
    /* With output that waits. */
    fd = dial_narrow(rig.port);
    send_text(fd, "k1\nb5000000\n");
    WAIT_UNTIL(RIG_COUNT(&rig, bytes_out) > 1000);
    (void)poll(NULL, 0, 2 * MG_WHEEL_TICK_MS);
    expect_pattern(fd, 5000000);
    expect_text(fd, "late\n");
    expect_end(fd);
    expect_closed(2, "asked-late");
    (void)close(fd);
    rig_stop(&rig);
}

static atomic_bool is_held, may_go;

static void hold(struct mg_worker *worker, void *argument)
{
    (void)worker;
    (void)argument;
    atomic_store(&is_held, true);
    while (!atomic_load(&may_go)) {
        (void)poll(NULL, 0, 1);
    }
}

static void end_from_task(struct mg_worker *worker, void *argument)
{
    (void)worker;
    struct mg_conn *conn = atomic_load(&seen.last);
    switch (*(const enum way *)argument) {
    case CLOSE:
        mg_conn_close(conn, "asked-late");
        break;
    case LINGER:
        mg_conn_close_lingering(conn, "asked-late");
        break;
    case ABORT:
        mg_conn_abort(conn, "asked-late");
        break;
    }
}

/* A task ends the connection while the same pass of the loop has an event of it in hand: bytes,
 * or a reset. */
static void end_while_event_waits(struct rig *rig, enum way way, bool resets)
{
    int fd = dial(rig->port);
    int count = atomic_load(&seen.closed) + 1;
    send_text(fd, "ex\n");
    expect_text(fd, "x\n");
    atomic_store(&is_held, false);
    atomic_store(&may_go, false);
    assert_int_equal(mg_workers_post(rig->workers, hold, NULL), 1);
    WAIT_UNTIL(atomic_load(&is_held));
    /* Ready in this order. */
    assert_int_equal(mg_workers_post(rig->workers, end_from_task, &way), 1);
    if (resets) {
        reset(fd);
    } else {
        send_text(fd, "ex\n");
    }
    atomic_store(&may_go, true);
    if (!resets) {
        WAIT_UNTIL(atomic_load(&seen.closed) == count || way == LINGER);
        (void)close(fd);
    }
    WAIT_UNTIL(atomic_load(&seen.closed) == count);
}

static void conn_may_be_closed_while_its_event_waits(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    for (enum way way = CLOSE; way <= ABORT; way++) {
        end_while_event_waits(&rig, way, false);
        end_while_event_waits(&rig, way, true);
    }
    rig_stop(&rig);
    assert_int_equal(atomic_load(&seen.closed), 6);
}

static void conn_lingering_close_lets_the_answer_through(void **state)
{
    (void)state;
    enum {
        ANSWER = 16000000,
        JUNK = 16000000 /* each more than the buffers of both sockets */
    };
    struct rig rig = {.options.limits.linger_bytes = 2 * JUNK};
    start(&rig);
    int fd = dial_narrow(rig.port);
    char *junk = test_calloc(1, JUNK);
    /* The peer sends everything before it reads anything: without dropping this, both would
     * wait, and a close with unread input would reset what the peer has yet to read. */
    send_text(fd, "l16000000\n");
    send_bytes(fd, junk, JUNK);
    expect_pattern(fd, ANSWER);
    send_bytes(fd, junk, 1000);
    expect_end(fd);
    (void)close(fd);
    expect_closed(1, "asked-linger");
    test_free(junk);
    rig_stop(&rig);
}

static void conn_lingering_is_bounded(void **state)
{
    (void)state;
    struct rig rig = {.options.limits = {.linger_ms = 150, .linger_bytes = 200000}};
    start(&rig);
    /* In time: the peer neither sends nor closes. */
    int fd = dial(rig.port);
    uint64_t begin = mg_clock_us() / 1000;
    send_text(fd, "l10\n");
    expect_closed(1, "asked-linger");
    uint64_t took = mg_clock_us() / 1000 - begin;
    assert_in_range(took, 145, DEADLINE_MS);
    (void)close(fd);
    /* In bytes: the peer never stops. */
    fd = dial(rig.port);
    char junk[10000] = {0};
    send_text(fd, "l10\n");
    while (send(fd, junk, sizeof(junk), MSG_NOSIGNAL) > 0) {
    }
    expect_closed(2, "asked-linger");
    (void)close(fd);
    rig_stop(&rig);
}

static void conn_half_close_still_gets_answers(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int fd = dial_narrow(rig.port);
    send_text(fd, "ea\nb4000000\n");
    (void)shutdown(fd, SHUT_WR);
    expect_text(fd, "a\n");
    expect_pattern(fd, 4000000);
    expect_text(fd, "eof\n");
    expect_end(fd);
    expect_closed(1, "peer-closed");
    assert_int_equal(atomic_load(&seen.eofs), 1);
    (void)close(fd);
    rig_stop(&rig);
}

static void conn_reset_frees_at_once(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int fd = dial(rig.port);
    send_text(fd, "ehi\n");
    expect_text(fd, "hi\n");
    reset(fd);
    expect_closed(1, "peer-reset");
    assert_int_equal(atomic_load(&seen.eofs), 0);
    /* While output waits. */
    fd = dial_narrow(rig.port);
    send_text(fd, "b20000000\n");
    WAIT_UNTIL(RIG_COUNT(&rig, bytes_out) > 1000);
    reset(fd);
    expect_closed(2, "peer-reset");
    rig_stop(&rig);
}

static void conn_abort_drops_output(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int fd = dial_narrow(rig.port);
    send_text(fd, "b20000000\na\n");
    expect_closed(1, "asked-abort");
    (void)close(fd);
    rig_stop(&rig);
}

/* ---- deadlines, addresses, defaults ---- */

static void conn_deadline_comes_once_and_not_early(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int fd = dial(rig.port);
    uint64_t begin = mg_clock_us() / 1000;
    send_text(fd, "d5000\nd200\n");
    expect_text(fd, "timeout\n");
    uint64_t took = atomic_load(&seen.timeout_ms) - begin;
    assert_in_range(took, 190, 4900); /* the coarse clock's step; and not the first one's */
    /* Pushed on again and again it does not come; taken away neither. */
    for (int i = 0; i < 10; i++) {
        send_text(fd, "d250\nex\n");
        expect_text(fd, "x\n");
        (void)poll(NULL, 0, 50);
    }
    assert_int_equal(atomic_load(&seen.timeouts), 1);
    send_text(fd, "d0\nex\n");
    expect_text(fd, "x\n");
    send_text(fd, "p400\n");
    expect_text(fd, "resumed\n");
    assert_int_equal(atomic_load(&seen.timeouts), 1);
    (void)close(fd);
    rig_stop(&rig);
}

static void expect_peer(const char *address, const char *text, const char *family, int first)
{
    struct rig rig = {.address = address};
    start(&rig);
    struct sockaddr_in6 to = {
        .sin6_family = AF_INET6, .sin6_port = htons(rig.port), .sin6_addr = in6addr_loopback};
    bool is_v6 = address[0] == '[';
    int fd = is_v6 ? socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) : dial(rig.port);
    if (is_v6) {
        assert_return_code(connect(fd, (const struct sockaddr *)&to, sizeof(to)), errno);
    }
    struct sockaddr_in6 own = {.sin6_port = 0};
    socklen_t length = sizeof(own);
    assert_return_code(getsockname(fd, (struct sockaddr *)&own, &length), errno);
    char line[128];
    /* The port is at the same place in both kinds of address. */
    (void)snprintf(line, sizeof(line), "%s %s %u %d\n", text, family,
                   (unsigned)ntohs(own.sin6_port), first);
    send_text(fd, "i\n");
    expect_text(fd, line);
    (void)close(fd);
    rig_stop(&rig);
}

static void conn_tells_its_peer(void **state)
{
    (void)state;
    expect_peer("127.0.0.1:0", "127.0.0.1", "v4", 127);
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    if (probe >= 0 && bind(probe, (const struct sockaddr *)&any, sizeof(any)) == 0) {
        expect_peer("[::1]:0", "::1", "v6", 0);
    }
    (void)close(probe);
}

static void conn_over_unix_sockets_is_shared_by_the_workers(void **state)
{
    (void)state;
    char address[64];
    (void)snprintf(address, sizeof(address), "unix:/tmp/mg-conn-%d.sock", (int)getpid());
    struct rig rig = {.address = address, .options.count = 3};
    start(&rig);
    for (int i = 0; i < 50; i++) {
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        memcpy(to.sun_path, address + 5, strlen(address + 5));
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_return_code(connect(fd, (const struct sockaddr *)&to, sizeof(to)), errno);
        send_text(fd, "i\nl10\n");
        expect_text(fd, "unix unix 0 -1\n");
        expect_pattern(fd, 10);
        expect_end(fd);
        (void)close(fd);
    }
    expect_closed(50, "asked-linger");
    rig_stop(&rig);
    assert_int_equal(access(address + 5, F_OK), -1);
}

/* An inherited IPv6 socket that takes both families gives IPv4 peers as ::ffff:127.0.0.1. */
static void conn_ipv4_peer_of_a_dual_socket_is_ipv4(void **state)
{
    (void)state;
    int off = 0;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    int dual = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (dual < 0 || setsockopt(dual, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
        bind(dual, (const struct sockaddr *)&any, sizeof(any)) != 0) {
        skip(); /* no IPv6 here */
    }
    assert_return_code(listen(dual, 8), errno);
    int before = fcntl(3, F_DUPFD_CLOEXEC, 10); /* whatever is at the place of the first */
    assert_return_code(dup2(dual, 3), errno);
    char pid[16];
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_return_code(setenv("LISTEN_PID", pid, 1), errno);
    assert_return_code(setenv("LISTEN_FDS", "1", 1), errno);
    struct rig rig = {.options.count = 2};
    start(&rig);
    int fd = dial(rig.port);
    struct sockaddr_in own = {.sin_port = 0};
    socklen_t length = sizeof(own);
    assert_return_code(getsockname(fd, (struct sockaddr *)&own, &length), errno);
    char line[64];
    (void)snprintf(line, sizeof(line), "127.0.0.1 v4 %u 127\n", (unsigned)ntohs(own.sin_port));
    send_text(fd, "i\n");
    expect_text(fd, line);
    (void)close(fd);
    rig_stop(&rig);
    if (before >= 0) {
        (void)dup2(before, 3);
        (void)close(before);
    }
    if (dual != 3) {
        (void)close(dual);
    }
}

static void conn_needs_only_on_bytes(void **state)
{
    (void)state;
    /* The callbacks left out are not called: line_open would have set is_open. */
    static const struct mg_protocol bare = {.user_bytes = sizeof(struct line_user),
                                            .on_bytes = line_bytes};
    struct rig rig = {.options.protocol = &bare};
    start(&rig);
    int fd = dial(rig.port);
    send_text(fd, "ex\n");
    expect_text(fd, "x\n");
    (void)shutdown(fd, SHUT_WR);
    expect_end(fd);
    (void)close(fd);
    fd = dial(rig.port);
    send_text(fd, "d50\n");
    expect_end(fd);
    (void)close(fd);
    fd = dial(rig.port);
    send_text(fd, "ex\n");
    expect_text(fd, "x\n");
    mg_workers_stop(rig.workers);
    expect_end(fd);
    (void)close(fd);
    rig_join(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conn_may_be_closed_in_any_callback),
        cmocka_unit_test(conn_may_be_closed_from_elsewhere),
        cmocka_unit_test(conn_may_be_closed_while_its_event_waits),
        cmocka_unit_test(conn_lingering_close_lets_the_answer_through),
        cmocka_unit_test(conn_lingering_is_bounded),
        cmocka_unit_test(conn_half_close_still_gets_answers),
        cmocka_unit_test(conn_reset_frees_at_once),
        cmocka_unit_test(conn_abort_drops_output),
        cmocka_unit_test(conn_deadline_comes_once_and_not_early),
        cmocka_unit_test(conn_tells_its_peer),
        cmocka_unit_test(conn_over_unix_sockets_is_shared_by_the_workers),
        cmocka_unit_test(conn_ipv4_peer_of_a_dual_socket_is_ipv4),
        cmocka_unit_test(conn_needs_only_on_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
