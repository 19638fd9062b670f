/* test_conn.c - reading, writing, pausing, as the other end of the socket sees them. */
#include "lines.h"

/* ---- reading and writing ---- */

static void conn_echoes_across_workers(void **state)
{
    (void)state;
    enum {
        CLIENTS = 32,
        ROUNDS = 20
    };
    struct rig rig = {.options.count = 3};
    start(&rig);
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(rig.port);
    }
    unsigned long long in = 0;
    unsigned long long out = 0;
    for (int round = 0; round < ROUNDS; round++) {
        char line[64];
        for (int i = 0; i < CLIENTS; i++) {
            int length = snprintf(line, sizeof(line), "eround %d of %d\n", round, i);
            send_text(fds[i], line);
            in += (unsigned)length;
            out += (unsigned)length - 1;
        }
        for (int i = 0; i < CLIENTS; i++) {
            (void)snprintf(line, sizeof(line), "round %d of %d\n", round, i);
            expect_text(fds[i], line);
        }
    }
    assert_int_equal(RIG_COUNT(&rig, accepted), CLIENTS);
    assert_int_equal(RIG_COUNT(&rig, open), CLIENTS);
    assert_int_equal(RIG_COUNT(&rig, bytes_in), in);
    WAIT_UNTIL(RIG_COUNT(&rig, bytes_out) == out); /* counted once it was sent */
    for (int i = 0; i < CLIENTS; i++) {
        (void)close(fds[i]);
    }
    expect_closed(CLIENTS, "peer-closed");
    WAIT_UNTIL(RIG_COUNT(&rig, open) == 0);
    rig_stop(&rig);
}

static void conn_keeps_partial_lines(void **state)
{
    (void)state;
    static const char lines[] = "eone\netwo\nethree\n";
    struct rig rig = {0};
    start(&rig);
    /* Cut at every place, and into single bytes. */
    for (size_t cut = 1; cut < sizeof(lines) - 1; cut++) {
        int fd = dial(rig.port);
        send_bytes(fd, lines, cut);
        WAIT_UNTIL(RIG_COUNT(&rig, bytes_in) >= cut + (cut - 1) * (sizeof(lines) - 1));
        send_bytes(fd, lines + cut, sizeof(lines) - 1 - cut);
        expect_text(fd, "one\ntwo\nthree\n");
        (void)close(fd);
    }
    int fd = dial(rig.port);
    unsigned long long before = RIG_COUNT(&rig, bytes_in);
    for (size_t i = 0; i < sizeof(lines) - 1; i++) {
        send_bytes(fd, lines + i, 1);
        WAIT_UNTIL(RIG_COUNT(&rig, bytes_in) == before + i + 1);
    }
    expect_text(fd, "one\ntwo\nthree\n");
    (void)close(fd);
    rig_stop(&rig);
}

static void conn_takes_lines_longer_than_the_read_buffer(void **state)
{
    (void)state;
    enum {
        LENGTH = 200 * 1024
    };
    struct rig rig = {0};
    start(&rig);
    char *line = test_malloc(LENGTH + 1);
    memset(line, 'x', LENGTH);
    line[0] = 'e';
    line[LENGTH] = '\n';
    int fd = dial(rig.port);
    send_bytes(fd, line, LENGTH + 1);
    char *got = test_malloc(LENGTH);
    receive_exactly(fd, got, LENGTH);
    assert_memory_equal(got, line + 1, LENGTH);
    /* What is never taken does not grow without bound. */
    for (;;) {
        if (send(fd, line + 1, LENGTH - 1, MSG_NOSIGNAL) < 0) {
            break;
        }
    }
    expect_closed(1, "input-overflow");
    (void)close(fd);
    test_free(got);
    test_free(line);
    rig_stop(&rig);
}

static void conn_slow_reader_gets_everything(void **state)
{
    (void)state;
    enum {
        LENGTH = 12 * 1000 * 1000
    };
    struct rig rig = {0};
    start(&rig);
    int fd = dial_narrow(rig.port);
    /* The second line is read only after the first one's output has drained. */
    send_text(fd, "b12000000\n");
    WAIT_UNTIL(RIG_COUNT(&rig, bytes_out) > 0);
    assert_int_equal(atomic_load(&seen.drained), 0);
    send_text(fd, "eafter\n");
    expect_pattern(fd, LENGTH);
    expect_text(fd, "after\n");
    assert_int_equal(atomic_load(&seen.drained), 1);
    assert_int_equal(RIG_COUNT(&rig, bytes_out), LENGTH + 6);
    (void)close(fd);
    rig_stop(&rig);
}

static void conn_close_waits_for_output(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int fd = dial_narrow(rig.port);
    send_text(fd, "b3000000\nc\n");
    WAIT_UNTIL(RIG_COUNT(&rig, bytes_out) > 0);
    assert_int_equal(atomic_load(&seen.closed), 0);
    expect_pattern(fd, 3000000);
    expect_text(fd, "bye\n");
    expect_end(fd);
    expect_closed(1, "asked");
    assert_int_equal(atomic_load(&seen.drained), 0); /* closing: only on_close follows */
    (void)close(fd);
    rig_stop(&rig);
}

static void conn_write_timeout_ends_a_peer_that_does_not_read(void **state)
{
    (void)state;
    struct rig rig = {.options.limits.write_progress_ms = 150};
    start(&rig);
    int fd = dial_narrow(rig.port);
    uint64_t begin = mg_clock_us() / 1000;
    send_text(fd, "b20000000\n");
    expect_closed(1, "write-timeout");
    assert_true(mg_clock_us() / 1000 - begin >= 145); /* the coarse clock's step */
    (void)close(fd);
    /* The same when a close waits for the output. */
    fd = dial_narrow(rig.port);
    send_text(fd, "b20000000\nc\n");
    expect_closed(2, "write-timeout");
    (void)close(fd);
    rig_stop(&rig);
}

static void conn_output_is_bounded(void **state)
{
    (void)state;
    struct rig rig = {.options.limits.max_pending_bytes = 100000};
    start(&rig);
    int fd = dial_narrow(rig.port);
    send_text(fd, "b30000000\n");
    expect_closed(1, "output-overflow");
    (void)close(fd);
    rig_stop(&rig);
}

/* ---- pause and resume ---- */

static void conn_pause_holds_bytes_back(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int fd = dial(rig.port);
    /* Kept at the pause, and arriving during it. */
    send_text(fd, "p300\nekept\n");
    WAIT_UNTIL(RIG_COUNT(&rig, bytes_in) == 11);
    send_text(fd, "elater\n");
    expect_text(fd, "resumed\nkept\nlater\n");
    assert_int_equal(RIG_COUNT(&rig, bytes_in), 18);
    (void)close(fd);
    rig_stop(&rig);
}

/* Nothing in this process uses the processor for a while: no event comes again and again. */
static void expect_no_spinning(void)
{
    enum {
        WATCHED_MS = 200
    };
    struct timespec before;
    struct timespec after;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    (void)poll(NULL, 0, WATCHED_MS);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    int64_t used_us =
        (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
    assert_in_range(used_us, 0, WATCHED_MS * 1000 / 10);
}

static void conn_pause_pushes_back_on_the_peer(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int fd = dial(rig.port);
    send_text(fd, "P\n");
    expect_text(fd, "paused\n");
    assert_return_code(fcntl(fd, F_SETFL, O_NONBLOCK), errno);
    char junk[65536];
    memset(junk, 'j', sizeof(junk));
    size_t sent = 0;
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    while (poll(&writable, 1, 50) == 1) {
        ssize_t count = send(fd, junk, sizeof(junk), MSG_NOSIGNAL);
        sent += count > 0 ? (size_t)count : 0;
        assert_true(sent < 100000000);
    }
    assert_int_equal(RIG_COUNT(&rig, bytes_in), 2);
    expect_no_spinning();
    (void)close(fd);
    /* Kept bytes and the end behind them wait as quietly. */
    fd = dial(rig.port);
    send_text(fd, "P\nkept");
    expect_text(fd, "paused\n");
    (void)shutdown(fd, SHUT_WR);
    expect_no_spinning();
    assert_int_equal(atomic_load(&seen.eofs), 0);
    (void)close(fd);
    rig_stop(&rig);
}

static void conn_resume_in_the_same_callback_gives_the_rest(void **state)
{
    (void)state;
    enum {
        LINES = 5000 /* deep enough to overflow the stack if each were a call in the other */
    };
    struct rig rig = {0};
    start(&rig);
    int fd = dial(rig.port);
    for (int i = 0; i < LINES; i++) {
        send_text(fd, "r\nr\n");
    }
    send_text(fd, "eend\n");
    expect_text(fd, "end\n");
    (void)close(fd);
    rig_stop(&rig);
}

static void conn_paused_sees_the_peer_go(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int fd = dial(rig.port);
    send_text(fd, "P\n");
    expect_text(fd, "paused\n");
    (void)shutdown(fd, SHUT_WR);
    expect_text(fd, "eof\n");
    expect_end(fd);
    expect_closed(1, "peer-closed");
    (void)close(fd);

    fd = dial(rig.port);
    send_text(fd, "P\n");
    expect_text(fd, "paused\n");
    reset(fd);
    expect_closed(2, "peer-reset");

    /* With bytes before its end the end waits for them. */
    fd = dial(rig.port);
    send_text(fd, "p300\nekept\n");
    (void)shutdown(fd, SHUT_WR);
    expect_text(fd, "resumed\nkept\neof\n");
    expect_end(fd);
    (void)close(fd);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conn_echoes_across_workers),
        cmocka_unit_test(conn_keeps_partial_lines),
        cmocka_unit_test(conn_takes_lines_longer_than_the_read_buffer),
        cmocka_unit_test(conn_slow_reader_gets_everything),
        cmocka_unit_test(conn_close_waits_for_output),
        cmocka_unit_test(conn_write_timeout_ends_a_peer_that_does_not_read),
        cmocka_unit_test(conn_output_is_bounded),
        cmocka_unit_test(conn_pause_holds_bytes_back),
        cmocka_unit_test(conn_pause_pushes_back_on_the_peer),
        cmocka_unit_test(conn_resume_in_the_same_callback_gives_the_rest),
        cmocka_unit_test(conn_paused_sees_the_peer_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
