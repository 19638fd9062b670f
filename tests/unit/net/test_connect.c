/* test_connect.c - connections that the program makes: there or not, bytes before and after,
 * each direction by itself, and what a server said before it closed.
 */
#include "harness.h"
#include "net/connect.h"

/* What happened to the one outbound connection of a test. */
static struct {
    atomic_int opened, eofs, closed, drained, failed;
    atomic_size_t octets;
    _Atomic(const char *) reason;
    char text[64];
    _Atomic(struct mg_conn *) conn;
    atomic_int steps; /* tasks that ran */
    atomic_bool is_quiet, is_silent;
    atomic_int again; /* connections made in place of one that ended */
} out;

static struct mg_address target;

static void out_open(struct mg_conn *conn)
{
    (void)conn;
    atomic_fetch_add(&out.opened, 1);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is the net layer's */
static size_t out_bytes(struct mg_conn *conn, char *bytes, size_t count)
{
    (void)conn;
    size_t at = atomic_load(&out.octets);
    for (size_t i = 0; i < count && at + i < sizeof(out.text) - 1; i++) {
        out.text[at + i] = bytes[i];
    }
    atomic_fetch_add(&out.octets, count);
    return count;
}

static void out_eof(struct mg_conn *conn)
{
    (void)conn;
    atomic_fetch_add(&out.eofs, 1);
}

static void out_drained(struct mg_conn *conn)
{
    (void)conn;
    atomic_fetch_add(&out.drained, 1);
}

static void out_close(struct mg_conn *conn, const char *reason)
{
    (void)conn;
    atomic_store(&out.reason, reason);
    atomic_fetch_add(&out.closed, 1);
}

static const struct mg_protocol outbound;

/* Its worker stops, and it does not take that for an end. */
static void out_close_again(struct mg_conn *conn, const char *reason)
{
    struct mg_worker *worker = mg_conn_worker(conn);
    out_close(conn, reason);
    if (atomic_load(&out.again) > 0) {
        atomic_fetch_sub(&out.again, 1);
        assert_non_null(mg_conn_connect(worker, &outbound, &target));
    }
}

static const struct mg_protocol outbound = {.user_bytes = 16,
                                            .on_open = out_open,
                                            .on_bytes = out_bytes,
                                            .on_eof = out_eof,
                                            .on_drained = out_drained,
                                            .on_close = out_close_again};

/* Of what is accepted: nothing is, here. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is the net layer's */
static size_t ignore(struct mg_conn *conn, char *bytes, size_t count)
{
    (void)conn;
    (void)bytes;
    return count;
}
static const struct mg_protocol accepted = {.on_bytes = ignore};

/* ---- steps on the worker's thread ---- */

static void connect_now(struct mg_worker *worker, void *argument)
{
    struct mg_conn *conn = mg_conn_connect(worker, &outbound, &target);
    if (conn == NULL) {
        atomic_store(&out.failed, errno);
    } else if (argument != NULL) {
        mg_conn_write(conn, mg_str_from(argument)); /* before it is there */
    }
    atomic_store(&out.conn, conn);
    atomic_fetch_add(&out.steps, 1);
}

static void pause_now(struct mg_worker *worker, void *argument)
{
    (void)worker;
    (void)argument;
    mg_conn_pause(atomic_load(&out.conn));
    atomic_fetch_add(&out.steps, 1);
}

static void resume_now(struct mg_worker *worker, void *argument)
{
    (void)worker;
    (void)argument;
    mg_conn_resume(atomic_load(&out.conn));
    atomic_fetch_add(&out.steps, 1);
}

static void write_parts_now(struct mg_worker *worker, void *argument)
{
    const struct mg_str parts[] = {MG_STR("5\r\n"), MG_STR(""), MG_STR("hello"),
                                   MG_STR("\r\n")};
    (void)worker;
    (void)argument;
    mg_conn_write_parts(atomic_load(&out.conn), parts, 4);
    atomic_fetch_add(&out.steps, 1);
}

enum {
    FLOOD_BYTES = 16 << 20 /* more than the buffers of both sockets hold */
};

static void flood_now(struct mg_worker *worker, void *argument)
{
    char *flood = calloc(1, FLOOD_BYTES);
    (void)worker;
    (void)argument;
    mg_conn_write(atomic_load(&out.conn), (struct mg_str){flood, FLOOD_BYTES});
    free(flood);
    atomic_fetch_add(&out.steps, 1);
}

static void finish_now(struct mg_worker *worker, void *argument)
{
    (void)worker;
    (void)argument;
    mg_conn_finish(atomic_load(&out.conn));
    atomic_fetch_add(&out.steps, 1);
}

static void abort_now(struct mg_worker *worker, void *argument)
{
    (void)worker;
    (void)argument;
    mg_conn_abort(atomic_load(&out.conn), "test-over");
    atomic_fetch_add(&out.steps, 1);
}

static void look_now(struct mg_worker *worker, void *argument)
{
    const struct mg_conn *conn = atomic_load(&out.conn);
    (void)worker;
    (void)argument;
    atomic_store(&out.is_quiet, mg_conn_is_quiet(conn));
    atomic_store(&out.is_silent, mg_conn_is_silent(conn));
    atomic_fetch_add(&out.steps, 1);
}

static void step(struct rig *rig, void (*task)(struct mg_worker *, void *), void *argument)
{
    int before = atomic_load(&out.steps);
    assert_int_equal(mg_workers_post(rig->workers, task, argument), 1);
    WAIT_UNTIL(atomic_load(&out.steps) == before + 1);
}

/* ---- the other side ---- */

static int listen_tcp(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    target = (struct mg_address){.length = sizeof(target.in)};
    target.in.sin_family = AF_INET;
    target.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_return_code(bind(fd, &target.any, target.length), errno);
    assert_return_code(listen(fd, 8), errno);
    assert_return_code(getsockname(fd, &target.any, &target.length), errno);
    return fd;
}

static int accept_one(int listener)
{
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
    int fd = accept(listener, NULL, NULL);
    assert_return_code(fd, errno);
    return fd;
}

static void start(struct rig *rig)
{
    memset(&out, 0, sizeof(out));
    rig->options.protocol = &accepted;
    rig_start(rig);
}

static void connect_tells_that_it_is_there(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int listener = listen_tcp();
    step(&rig, connect_now, "early ");
    int fd = accept_one(listener);
    expect_text(fd, "early ");
    step(&rig, write_parts_now, NULL);
    expect_text(fd, "5\r\nhello\r\n");
    send_text(fd, "answer");
    WAIT_UNTIL(atomic_load(&out.octets) == 6);
    assert_string_equal(out.text, "answer");
    assert_int_equal(atomic_load(&out.opened), 1);
    /* It is no client: neither counted nor its traffic. */
    assert_int_equal(RIG_COUNT(&rig, accepted), 0);
    assert_int_equal(RIG_COUNT(&rig, open), 0);
    assert_int_equal(RIG_COUNT(&rig, bytes_in) + RIG_COUNT(&rig, bytes_out), 0);
    (void)close(fd);
    WAIT_UNTIL(atomic_load(&out.eofs) == 1);
    (void)close(listener);
    rig_stop(&rig);
    assert_int_equal(atomic_load(&out.closed), 1);
}

static void connect_tells_why_it_failed(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    (void)close(listen_tcp()); /* nobody listens there now */
    step(&rig, connect_now, "never");
    WAIT_UNTIL(atomic_load(&out.closed) == 1);
    assert_string_equal(atomic_load(&out.reason), "connect-refused");
    assert_int_equal(atomic_load(&out.opened), 0);
    rig_stop(&rig);
}

static void connect_reaches_unix_sockets(void **state)
{
    (void)state;
    char path[] = "/tmp/moongate-connect-XXXXXX";
    struct rig rig = {0};
    start(&rig);
    assert_non_null(mkdtemp(path));
    target = (struct mg_address){.length = sizeof(target.un)};
    target.un.sun_family = AF_UNIX;
    (void)snprintf(target.un.sun_path, sizeof(target.un.sun_path), "%s/socket", path);
    step(&rig, connect_now, NULL);
    assert_int_equal(atomic_load(&out.failed), ENOENT);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(listener, &target.any, target.length), errno);
    assert_return_code(listen(listener, 8), errno);
    step(&rig, connect_now, "hello");
    int fd = accept_one(listener);
    expect_text(fd, "hello");
    assert_int_equal(atomic_load(&out.opened), 1);
    (void)close(fd);
    (void)close(listener);
    (void)unlink(target.un.sun_path);
    (void)rmdir(path);
    rig_stop(&rig);
}

static void finish_ends_one_direction(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int listener = listen_tcp();
    step(&rig, connect_now, "last");
    int fd = accept_one(listener);
    step(&rig, finish_now, NULL);
    expect_text(fd, "last");
    expect_end(fd);
    send_text(fd, "reply");
    WAIT_UNTIL(atomic_load(&out.octets) == 5);
    assert_int_equal(atomic_load(&out.closed), 0);
    (void)close(fd);
    (void)close(listener);
    rig_stop(&rig);
}

static void reading_goes_on_while_output_waits(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int listener = listen_tcp();
    step(&rig, connect_now, NULL);
    int fd = accept_one(listener);
    WAIT_UNTIL(atomic_load(&out.opened) == 1);
    step(&rig, flood_now, NULL);
    send_text(fd, "enough");
    WAIT_UNTIL(atomic_load(&out.octets) == 6);
    assert_int_equal(atomic_load(&out.drained), 0);
    (void)close(listener);
    step(&rig, abort_now, NULL);
    (void)close(fd);
    rig_stop(&rig);
}

static void what_was_said_before_a_reset_is_read(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int listener = listen_tcp();
    step(&rig, connect_now, "unread");
    int fd = accept_one(listener);
    WAIT_UNTIL(atomic_load(&out.opened) == 1);
    step(&rig, pause_now, NULL);
    send_text(fd, "too large");
    (void)close(fd); /* with input unread: a reset */
    for (int i = 0; i < 3; i++) {
        step(&rig, flood_now, NULL); /* fails, at the latest with the second */
    }
    step(&rig, resume_now, NULL);
    WAIT_UNTIL(atomic_load(&out.octets) == 9);
    assert_string_equal(out.text, "too large");
    (void)close(listener);
    rig_stop(&rig);
}

static void quiet_is_what_the_loop_knows(void **state)
{
    (void)state;
    struct rig rig = {0};
    start(&rig);
    int listener = listen_tcp();
    step(&rig, connect_now, NULL);
    int fd = accept_one(listener);
    WAIT_UNTIL(atomic_load(&out.opened) == 1);
    step(&rig, look_now, NULL);
    assert_true(atomic_load(&out.is_quiet) && atomic_load(&out.is_silent));
    step(&rig, pause_now, NULL);
    send_text(fd, "unasked");
    WAIT_UNTIL((step(&rig, look_now, NULL), !atomic_load(&out.is_silent)));
    (void)close(fd);
    (void)close(listener);
    step(&rig, abort_now, NULL);
    WAIT_UNTIL(atomic_load(&out.closed) == 1);
    rig_stop(&rig);
}

/* Two end as the stop begins and as accepting ends, one when the time is over; one comes after
 * that. */
static void what_connects_while_stopping_ends_too(void **state)
{
    (void)state;
    struct rig rig = {.options.limits.stop_ms = 200};
    start(&rig);
    int listener = listen_tcp();
    step(&rig, connect_now, NULL);
    WAIT_UNTIL(atomic_load(&out.opened) == 1);
    atomic_store(&out.again, 3);
    uint64_t begin = mg_clock_us() / 1000;
    rig_stop(&rig);
    assert_in_range(mg_clock_us() / 1000 - begin, 195, DEADLINE_MS);
    assert_int_equal(atomic_load(&out.closed), 4);
    assert_string_equal(atomic_load(&out.reason), "stopping");
    (void)close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_tells_that_it_is_there),
        cmocka_unit_test(connect_tells_why_it_failed),
        cmocka_unit_test(connect_reaches_unix_sockets),
        cmocka_unit_test(finish_ends_one_direction),
        cmocka_unit_test(reading_goes_on_while_output_waits),
        cmocka_unit_test(what_was_said_before_a_reset_is_read),
        cmocka_unit_test(quiet_is_what_the_loop_knows),
        cmocka_unit_test(what_connects_while_stopping_ends_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
