/* test_handler.c - the handler interface is asynchronous: a real server in this process,
 * with handlers of the test's own that answer after a timer, stream a mebibyte under
 * back-pressure, take content in pieces, and are aborted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "expect.h"
#include "net/worker.h"
#include "server/exchange.h"
#include "server/handler.h"
#include "server/server.h"

enum {
    STREAM_BYTES = 1 << 20,
    FLOOD_BYTES = 32 << 20, /* more than the buffers of both sockets hold */
    PIECE_BYTES = 16 << 10,
    DEADLINE_MS = 60000
};

static atomic_int aborted;
static atomic_int blocked;

/* ---- a handler that answers 20 ms later ---- */

struct late {
    struct mg_timer timer;
    struct mg_exchange *exchange;
};

static void late_fire(struct mg_timer *timer)
{
    struct late *late = (struct late *)(void *)timer;
    const struct mg_answer answer = {.status = 200};
    mg_exchange_respond(late->exchange, &answer, mg_exchange_path(late->exchange));
}

static void late_begin(struct mg_exchange *exchange)
{
    struct late *late = mg_arena_calloc(mg_exchange_arena(exchange), 1, sizeof(*late));
    late->exchange = exchange;
    late->timer.fire = late_fire;
    mg_exchange_set_state(exchange, late);
}

static void late_body_end(struct mg_exchange *exchange)
{
    struct late *late = mg_exchange_state(exchange);
    mg_timer_set(mg_exchange_worker(exchange), &late->timer, 20);
}

static void late_abort(struct mg_exchange *exchange)
{
    struct late *late = mg_exchange_state(exchange);
    mg_timer_cancel(mg_exchange_worker(exchange), &late->timer);
    atomic_fetch_add(&aborted, 1);
}

static const struct mg_handler late_handler = {
    .name = "late", .begin = late_begin, .body_end = late_body_end, .abort = late_abort};

/* ---- a handler that streams as fast as the client reads ---- */

static void stream_more(struct mg_exchange *exchange)
{
    static char piece[PIECE_BYTES];
    size_t *left = mg_exchange_state(exchange);
    memset(piece, 's', sizeof(piece));
    while (*left > 0) {
        if (mg_exchange_is_blocked(exchange)) {
            atomic_fetch_add(&blocked, 1);
            return;
        }
        *left -= sizeof(piece);
        mg_exchange_write(exchange, (struct mg_str){piece, sizeof(piece)});
    }
    mg_exchange_end(exchange);
}

static void stream_begin(struct mg_exchange *exchange)
{
    size_t *left = mg_arena_alloc(mg_exchange_arena(exchange), sizeof(*left));
    *left = mg_exchange_query(exchange).len > 0 ? FLOOD_BYTES : STREAM_BYTES;
    mg_exchange_set_state(exchange, left);
}

static void stream_body_end(struct mg_exchange *exchange)
{
    const struct mg_answer answer = {.status = 200};
    mg_exchange_head(exchange, &answer, MG_LENGTH_UNKNOWN);
    stream_more(exchange);
}

static void count_abort(struct mg_exchange *exchange)
{
    (void)exchange;
    atomic_fetch_add(&aborted, 1);
}

static const struct mg_handler stream_handler = {.name = "stream",
                                                 .begin = stream_begin,
                                                 .body_end = stream_body_end,
                                                 .writable = stream_more,
                                                 .abort = count_abort};

/* ---- a handler that holds the client back after each piece and counts octets ---- */

struct slow {
    struct mg_timer timer;
    struct mg_exchange *exchange;
    size_t octets;
};

static void slow_fire(struct mg_timer *timer)
{
    struct slow *slow = (struct slow *)(void *)timer;
    mg_exchange_resume_body(slow->exchange);
}

static void slow_begin(struct mg_exchange *exchange)
{
    struct slow *slow = mg_arena_calloc(mg_exchange_arena(exchange), 1, sizeof(*slow));
    slow->exchange = exchange;
    slow->timer.fire = slow_fire;
    mg_exchange_set_state(exchange, slow);
}

static void slow_body(struct mg_exchange *exchange, struct mg_str data)
{
    struct slow *slow = mg_exchange_state(exchange);
    slow->octets += data.len;
    mg_exchange_pause_body(exchange);
    mg_timer_set(mg_exchange_worker(exchange), &slow->timer, 1);
}

static void slow_body_end(struct mg_exchange *exchange)
{
    struct slow *slow = mg_exchange_state(exchange);
    mg_timer_cancel(mg_exchange_worker(exchange), &slow->timer);
    struct mg_str text = mg_arena_printf(mg_exchange_arena(exchange), "%zu", slow->octets);
    const struct mg_answer answer = {.status = 200};
    mg_exchange_respond(exchange, &answer, text);
}

static void slow_abort(struct mg_exchange *exchange)
{
    struct slow *slow = mg_exchange_state(exchange);
    mg_timer_cancel(mg_exchange_worker(exchange), &slow->timer);
    atomic_fetch_add(&aborted, 1);
}

static const struct mg_handler slow_handler = {.name = "slow",
                                               .begin = slow_begin,
                                               .body = slow_body,
                                               .body_end = slow_body_end,
                                               .abort = slow_abort};

/* ---- a handler whose fields HTTP does not allow ---- */

static void bad_begin(struct mg_exchange *exchange)
{
    (void)exchange;
}

static void bad_body_end(struct mg_exchange *exchange)
{
    static const struct mg_answer_field fields[] = {
        {{"X-Split", 7}, {"a\r\nSet-Cookie: b", 16}}};
    const struct mg_answer answer = {.status = 200, .fields = fields, .field_count = 1};
    mg_exchange_respond(exchange, &answer, MG_STR("never"));
}

static const struct mg_handler bad_handler = {
    .name = "bad", .begin = bad_begin, .body_end = bad_body_end};

/* ---- a handler that says what is not its business ---- */

static void greedy_body_end(struct mg_exchange *exchange)
{
    static const struct mg_answer_field fields[] = {
        {{"Access-Control-Allow-Origin", 27}, {"*", 1}},
        {{"ACCESS-CONTROL-ALLOW-CREDENTIALS", 32}, {"true", 4}},
        {{"Timing-Allow-Origin", 19}, {"*", 1}},
        {{"Vary", 4}, {"Accept-Encoding, origin", 23}},
        {{"X-Kept", 6}, {"yes", 3}},
    };
    const struct mg_answer answer = {
        .status = 201, .fields = fields, .field_count = MG_COUNT(fields)};
    mg_exchange_respond(exchange, &answer, MG_STR("made"));
}

static const struct mg_handler greedy_handler = {
    .name = "greedy", .begin = bad_begin, .body_end = greedy_body_end};

/* ---- a handler that answers an exchange of another connection in the middle of its own
 * turn ---- */

static struct mg_exchange *parked;
static atomic_int parked_count;

static void meet_body_end(struct mg_exchange *exchange)
{
    const struct mg_answer answer = {.status = 200};
    if (parked == NULL) {
        parked = exchange;
        atomic_store(&parked_count, 1);
        return;
    }
    mg_exchange_head(exchange, &answer, 6);
    mg_exchange_write(exchange, MG_STR("sec"));
    struct mg_exchange *other = parked;
    parked = NULL;
    mg_exchange_respond(other, &answer, MG_STR("first"));
    mg_exchange_write(exchange, MG_STR("ond"));
    mg_exchange_end(exchange);
}

static const struct mg_handler meet_handler = {
    .name = "meet", .begin = bad_begin, .body_end = meet_body_end};

/* ---- a handler whose connection breaks in the middle of its turn ---- */

static char broken_method[16];
static char broken_path[64];

static void break_body_end(struct mg_exchange *exchange)
{
    const struct mg_answer answer = {.status = 200};
    mg_exchange_head(exchange, &answer, MG_LENGTH_UNKNOWN);
    mg_conn_abort(exchange->conn, "test-break");
}

static void copy_text(char *to, size_t size, struct mg_str from)
{
    size_t i = 0;
    for (; i < from.len && i < size - 1; i++) {
        to[i] = from.ptr[i];
    }
    to[i] = '\0';
}

static void break_abort(struct mg_exchange *exchange)
{
    copy_text(broken_method, sizeof(broken_method),
              mg_exchange_request(exchange)->method_token);
    copy_text(broken_path, sizeof(broken_path), mg_exchange_path(exchange));
    atomic_fetch_add(&aborted, 1);
}

static const struct mg_handler break_handler = {
    .name = "break", .begin = bad_begin, .body_end = break_body_end, .abort = break_abort};

/* ---- harness ---- */

struct fixture {
    struct mg_server *server;
    uint16_t port;
    char path[64];
};

static int start(void **state)
{
    static const struct mg_handler *const handlers[] = {
        &late_handler,   &stream_handler, &slow_handler,  &bad_handler,
        &greedy_handler, &meet_handler,   &break_handler, NULL};
    static const char policy[] =
        "local names = { 'late', 'stream', 'slow', 'bad', 'greedy', 'meet', 'break' }\n"
        "for _, name in ipairs(names) do\n"
        "  resource('/' .. name) { handler = name,\n"
        "    cors = { origins = { 'https://app.example' } } }\n"
        "end\n";
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct mg_server_options options;
    struct mg_errs errs;
    char url[128];
    (void)snprintf(fixture->path, sizeof(fixture->path), "/tmp/moongate-test-XXXXXX.lua");
    int fd = mkstemps(fixture->path, 4);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, policy, sizeof(policy) - 1), (ssize_t)sizeof(policy) - 1);
    close(fd);
    mg_server_options_init(&options);
    mg_errs_init(&errs);
    options.listen = (struct mg_strings){{"127.0.0.1:0"}, 1};
    options.policies = (struct mg_strings){{fixture->path}, 1};
    options.workers = 1;
    options.handlers = handlers;
    fixture->server = mg_server_start(&options, &errs);
    mg_errs_print(&errs, stderr);
    mg_errs_fini(&errs);
    assert_non_null(fixture->server);
    assert_non_null(mg_server_url(fixture->server, 0, url, sizeof(url)));
    fixture->port = (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10);
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    mg_server_stop(fixture->server);
    mg_server_join(fixture->server);
    unlink(fixture->path);
    free(fixture);
    return 0;
}

static int dial(const struct fixture *fixture, int receive_bytes)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(fixture->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (receive_bytes > 0) {
        assert_int_equal(
            setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes)), 0);
    }
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Read until the peer closes, at most `max` bytes into `out`; all bytes are counted. */
static size_t read_all(int fd, char *out, size_t max)
{
    size_t total = 0;
    char buffer[65536];
    while (true) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, DEADLINE_MS) != 1) {
            fail_msg("no more bytes after %zu", total);
        }
        ssize_t got = read(fd, buffer, sizeof(buffer));
        assert_true(got >= 0);
        if (got == 0) {
            break;
        }
        for (ssize_t i = 0; i < got; i++, total++) {
            if (total < max - 1) {
                out[total] = buffer[i];
            }
        }
    }
    out[total < max - 1 ? total : max - 1] = '\0';
    close(fd);
    return total;
}

static void wait_for(const char *what, atomic_int *counter, int value)
{
    for (int i = 0; i < DEADLINE_MS; i++) {
        if (atomic_load(counter) >= value) {
            return;
        }
        (void)poll(NULL, 0, 1);
    }
    fail_msg("%s: got %d, want %d", what, atomic_load(counter), value);
}

/* ---- tests ---- */

static void answers_after_a_timer_and_keeps_the_order_of_pipelined_requests(void **state)
{
    char answer[4096];
    int fd = dial(*state, 0);
    say(fd, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n"
            "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n"
            "GET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    read_all(fd, answer, sizeof(answer));
    char *first = strstr(answer, "/late");
    char *second = strstr(answer, "404 Not Found");
    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    assert_non_null(strstr(second, "/late"));
}

static void what_the_head_said_is_still_there_after_the_turn(void **state)
{
    char answer[4096];
    int fd = dial(*state, 0);
    say(fd, "GET /late HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
            "Connection: close\r\n\r\n");
    read_all(fd, answer, sizeof(answer));
    assert_non_null(strstr(answer, "Access-Control-Allow-Origin: https://app.example\r\n"));
    assert_non_null(strstr(answer, "Vary: Origin\r\n"));
}

static size_t body_bytes(int fd)
{
    char start_of[512];
    size_t total = read_all(fd, start_of, sizeof(start_of));
    char *body = strstr(start_of, "\r\n\r\n");
    assert_non_null(body);
    return total - (size_t)(body + 4 - start_of);
}

static void streams_a_mebibyte(void **state)
{
    int fd = dial(*state, 0);
    say(fd, "GET /stream HTTP/1.0\r\n\r\n");
    mg_expect_int("octets of the body", body_bytes(fd), STREAM_BYTES);
}

static void holds_a_stream_back_for_a_slow_reader(void **state)
{
    atomic_store(&blocked, 0);
    int fd = dial(*state, 4096);
    say(fd, "GET /stream?flood HTTP/1.0\r\n\r\n");
    wait_for("the handler was held back", &blocked, 1);
    mg_expect_int("octets of the body", body_bytes(fd), FLOOD_BYTES);
}

static void aborts_a_stream_whose_reader_has_gone(void **state)
{
    atomic_store(&aborted, 0);
    atomic_store(&blocked, 0);
    int fd = dial(*state, 4096);
    say(fd, "GET /stream?flood HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for("the handler was held back", &blocked, 1);
    close(fd);
    wait_for("the handler was aborted", &aborted, 1);
}

static void aborts_a_waiting_handler_when_its_content_is_cut_off(void **state)
{
    atomic_store(&aborted, 0);
    int fd = dial(*state, 0);
    say(fd, "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    close(fd);
    wait_for("the handler was aborted", &aborted, 1);
}

static void holds_the_client_back_piece_by_piece(void **state)
{
    char answer[4096];
    char piece[4096];
    int fd = dial(*state, 0);
    say(fd,
        "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 16384\r\nConnection: close\r\n\r\n");
    memset(piece, 'p', sizeof(piece));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(write(fd, piece, sizeof(piece)), sizeof(piece));
    }
    read_all(fd, answer, sizeof(answer));
    assert_non_null(strstr(answer, "\r\n\r\n16384"));
}

static void a_field_that_would_split_the_answer_becomes_a_500(void **state)
{
    char answer[4096];
    int fd = dial(*state, 0);
    say(fd, "GET /bad HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    read_all(fd, answer, sizeof(answer));
    assert_memory_equal(answer, "HTTP/1.1 500 ", 13);
    assert_null(strstr(answer, "Set-Cookie"));
    assert_null(strstr(answer, "never"));
}

static void cors_fields_of_a_handler_never_leave(void **state)
{
    char answer[4096];
    int fd = dial(*state, 0);
    say(fd, "GET /greedy HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\n"
            "Connection: close\r\n\r\n");
    read_all(fd, answer, sizeof(answer));
    assert_memory_equal(answer, "HTTP/1.1 201 ", 13);
    assert_null(strcasestr(answer, "access-control"));
    assert_null(strcasestr(answer, "timing-allow"));
    assert_non_null(strstr(answer, "X-Kept: yes\r\n"));
    assert_non_null(strstr(answer, "Vary: Accept-Encoding, origin\r\n"));
}

static void answers_of_two_connections_never_mix(void **state)
{
    static const char request[] = "GET /meet HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    char first[4096];
    char second[4096];
    atomic_store(&parked_count, 0);
    int waiting = dial(*state, 0);
    say(waiting, request);
    wait_for("the first request is held", &parked_count, 1);
    int coming = dial(*state, 0);
    say(coming, request);
    read_all(waiting, first, sizeof(first));
    read_all(coming, second, sizeof(second));
    assert_non_null(strstr(first, "\r\n\r\nfirst"));
    assert_non_null(strstr(second, "\r\n\r\nsecond"));
    assert_null(strstr(first, "ond"));
}

static void a_broken_connection_leaves_the_head_readable_to_the_end(void **state)
{
    struct fixture *fixture = *state;
    atomic_store(&aborted, 0);
    int fd = dial(fixture, 0);
    say(fd, "GET /break HTTP/1.1\r\nHo");
    /* The second piece follows when the first has been read: the head is kept between. */
    const struct mg_worker_counters *counters =
        mg_workers_counters(fixture->server->workers, 0);
    for (int i = 0; i < DEADLINE_MS && atomic_load(&counters->bytes_in) == 0; i++) {
        (void)poll(NULL, 0, 1);
    }
    say(fd, "st: a\r\n\r\n");
    wait_for("the handler was aborted", &aborted, 1);
    close(fd);
    mg_expect_text("the method", broken_method, "GET");
    mg_expect_text("the path", broken_path, "/break");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            answers_after_a_timer_and_keeps_the_order_of_pipelined_requests, start, stop),
        cmocka_unit_test_setup_teardown(what_the_head_said_is_still_there_after_the_turn, start,
                                        stop),
        cmocka_unit_test_setup_teardown(streams_a_mebibyte, start, stop),
        cmocka_unit_test_setup_teardown(holds_a_stream_back_for_a_slow_reader, start, stop),
        cmocka_unit_test_setup_teardown(aborts_a_stream_whose_reader_has_gone, start, stop),
        cmocka_unit_test_setup_teardown(aborts_a_waiting_handler_when_its_content_is_cut_off,
                                        start, stop),
        cmocka_unit_test_setup_teardown(holds_the_client_back_piece_by_piece, start, stop),
        cmocka_unit_test_setup_teardown(a_field_that_would_split_the_answer_becomes_a_500,
                                        start, stop),
        cmocka_unit_test_setup_teardown(cors_fields_of_a_handler_never_leave, start, stop),
        cmocka_unit_test_setup_teardown(answers_of_two_connections_never_mix, start, stop),
        cmocka_unit_test_setup_teardown(a_broken_connection_leaves_the_head_readable_to_the_end,
                                        start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
