/* test_relay.c - a relay by itself: what its caller is told, also when it holds the answer
 * back. Faults and retries are tested over the wire (tests/wire/p002).
 */
#include "../net/harness.h"
#include "proxy/counters.h"
#include "proxy/relay.h"

static struct mg_proxy *proxy;
static struct mg_group *group;
static struct mg_relay relay;

static struct {
    atomic_int steps, heads, ends, faults, entered, left;
    atomic_size_t octets;
    atomic_bool pauses; /* each piece holds the answer back */
} told;

static void enter(void *user)
{
    (void)user;
    atomic_fetch_add(&told.entered, 1);
}

static void leave(void *user)
{
    (void)user;
    atomic_fetch_add(&told.left, 1);
}

static void write_head(void *user, struct mg_str authority, struct mg_buf *out)
{
    (void)user;
    mg_buf_printf(out, "GET / HTTP/1.1\r\nHost: %.*s\r\n\r\n", MG_STR_ARG(authority));
}

static void on_ready(void *user)
{
    (void)user;
    mg_relay_send_end(&relay, MG_STR(""));
}

static void on_drained(void *user)
{
    (void)user;
}

static void on_interim(void *user, const struct mg_response_head *head)
{
    (void)user;
    (void)head;
}

static void on_head(void *user, const struct mg_response_head *head)
{
    (void)user;
    atomic_fetch_add(&told.heads, head->status == 200);
}

static void on_data(void *user, struct mg_str data)
{
    (void)user;
    if (atomic_load(&told.pauses)) {
        mg_relay_pause(&relay);
    }
    atomic_fetch_add(&told.octets, data.len);
}

static void on_end(void *user, struct mg_str trailers)
{
    (void)user;
    (void)trailers;
    atomic_fetch_add(&told.ends, 1);
}

static void on_fault(void *user, enum mg_relay_fault fault)
{
    (void)user;
    (void)fault;
    atomic_fetch_add(&told.faults, 1);
}

static const struct mg_relay_caller caller = {
    .enter = enter,
    .leave = leave,
    .write_head = write_head,
    .on_ready = on_ready,
    .on_drained = on_drained,
    .on_interim = on_interim,
    .on_head = on_head,
    .on_data = on_data,
    .on_half_closed = on_drained,
    .on_end = on_end,
    .on_fault = on_fault,
};

/* ---- a worker that has a proxy, and a server ---- */

static char server_url[64];

static void *make_proxy(struct mg_worker *worker, void *shared)
{
    static const struct mg_proxy_limits limits = {.connect_ms = 5000,
                                                  .response_ms = 5000,
                                                  .idle_ms = 5000,
                                                  .keep_ms = 5000,
                                                  .tunnel_ms = 5000,
                                                  .max_connections = 8,
                                                  .max_idle = 8,
                                                  .head_bytes = 4096,
                                                  .head_fields = 32};
    static struct mg_proxy_counters counters;
    struct mg_str servers[] = {mg_str_from(server_url)};
    const struct mg_group_spec spec = {
        .key = 1, .name = MG_STR("test"), .servers = servers, .server_count = 1};
    (void)shared;
    proxy = mg_proxy_new(worker, &limits, &counters);
    group = mg_proxy_add(proxy, &spec);
    return proxy;
}

static void free_proxy(struct mg_worker *worker, void *state)
{
    (void)worker;
    mg_proxy_free(state);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is the net layer's */
static size_t ignore(struct mg_conn *conn, char *bytes, size_t count)
{
    (void)conn;
    (void)bytes;
    return count;
}
static const struct mg_protocol protocol = {.on_bytes = ignore};

static void begin(struct mg_worker *worker, void *argument)
{
    static const struct mg_relay_options options = {.may_repeat = true};
    (void)worker;
    (void)argument;
    if (mg_relay_begin(&relay, proxy, group, &options, &caller, NULL)) {
        on_ready(NULL);
    }
    atomic_fetch_add(&told.steps, 1);
}

static void resume(struct mg_worker *worker, void *argument)
{
    (void)worker;
    (void)argument;
    mg_relay_resume(&relay);
    atomic_fetch_add(&told.steps, 1);
}

static void step(struct rig *rig, void (*task)(struct mg_worker *, void *))
{
    int before = atomic_load(&told.steps);
    assert_int_equal(mg_workers_post(rig->workers, task, NULL), 1);
    WAIT_UNTIL(atomic_load(&told.steps) == before + 1);
}

static int listen_here(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(fd, (struct sockaddr *)&address, length), errno);
    assert_return_code(listen(fd, 8), errno);
    assert_return_code(getsockname(fd, (struct sockaddr *)&address, &length), errno);
    (void)snprintf(server_url, sizeof(server_url), "http://127.0.0.1:%u",
                   (unsigned)ntohs(address.sin_port));
    return fd;
}

/* Limits of the rig are kept. */
static void start(struct rig *rig)
{
    memset(&told, 0, sizeof(told));
    rig->options = (struct mg_workers_options){.protocol = &protocol,
                                               .limits = rig->options.limits,
                                               .on_start = make_proxy,
                                               .on_end = free_proxy};
    rig_start(rig);
}

/* Accept and read the request. */
static int take(int listener)
{
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    char want[128];
    assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
    int fd = accept(listener, NULL, NULL);
    assert_return_code(fd, errno);
    (void)snprintf(want, sizeof(want), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
                   server_url + strlen("http://"));
    expect_text(fd, want);
    return fd;
}

static void answers_are_told(void **state)
{
    (void)state;
    struct rig rig = {0};
    int listener = listen_here();
    start(&rig);
    step(&rig, begin);
    int fd = take(listener);
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    WAIT_UNTIL(atomic_load(&told.ends) == 1);
    assert_int_equal(atomic_load(&told.heads), 1);
    assert_int_equal(atomic_load(&told.octets), 3);
    /* The connection was kept: the next request comes on it. */
    step(&rig, begin);
    char want[128];
    (void)snprintf(want, sizeof(want), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
                   server_url + strlen("http://"));
    expect_text(fd, want);
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    WAIT_UNTIL(atomic_load(&told.ends) == 2);
    WAIT_UNTIL(atomic_load(&told.left) == atomic_load(&told.entered));
    assert_int_equal(atomic_load(&told.faults), 0);
    (void)close(fd);
    (void)close(listener);
    rig_stop(&rig);
}

/* The caller holds the answer back at its last octet: no byte would come later to tell its end.
 * */
static void the_end_is_told_though_the_answer_is_held_back(void **state)
{
    (void)state;
    struct rig rig = {0};
    int listener = listen_here();
    start(&rig);
    atomic_store(&told.pauses, true);
    step(&rig, begin);
    int fd = take(listener);
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    WAIT_UNTIL(atomic_load(&told.ends) == 1);
    (void)close(fd);
    (void)close(listener);
    rig_stop(&rig);
}

static void held_back_octets_come_when_they_are_wanted(void **state)
{
    (void)state;
    struct rig rig = {0};
    int listener = listen_here();
    start(&rig);
    atomic_store(&told.pauses, true);
    step(&rig, begin);
    int fd = take(listener);
    send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n");
    for (size_t count = 1; count <= 3; count++) {
        WAIT_UNTIL(atomic_load(&told.octets) == count);
        assert_int_equal(atomic_load(&told.ends), 0);
        step(&rig, resume);
    }
    WAIT_UNTIL(atomic_load(&told.ends) == 1);
    (void)close(fd);
    (void)close(listener);
    rig_stop(&rig);
}

/* The request could be repeated, since the connection was kept; but there is no time. */
static void the_stop_timeout_ends_a_relay_and_begins_none(void **state)
{
    (void)state;
    struct rig rig = {.options.limits.stop_ms = 200};
    int listener = listen_here();
    start(&rig);
    step(&rig, begin);
    int fd = take(listener);
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    WAIT_UNTIL(atomic_load(&told.left) == 1);
    step(&rig, begin);
    rig_stop(&rig);
    struct pollfd another = {.fd = listener, .events = POLLIN};
    assert_int_equal(poll(&another, 1, 0), 0);
    assert_int_equal(atomic_load(&told.faults), 0);
    (void)close(fd);
    (void)close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_told),
        cmocka_unit_test(the_end_is_told_though_the_answer_is_held_back),
        cmocka_unit_test(held_back_octets_come_when_they_are_wanted),
        cmocka_unit_test(the_stop_timeout_ends_a_relay_and_begins_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
