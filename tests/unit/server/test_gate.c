/* test_gate.c - the engine without sockets gives the answers the server gives. */
#include <stdlib.h>
#include <unistd.h>

#include "expect.h"
#include "plugin/plugin.h"
#include "server/gate.h"
#include "server/gate_browser.h"

static const char POLICY[] =
    "resource '/orders/{id}' {\n"
    "  methods = { 'GET', 'PUT' },\n"
    "  cors = { origins = { 'https://app.example' }, headers = { 'X-A' }, max_age = 5 },\n"
    "  handler = respond { status = 200, body = 'order' },\n"
    "}\n"
    "resource '/echo' { handler = 'echo', cors = { origins = '*' } }\n";

struct fixture {
    struct mg_policy_set *set;
    struct mg_gate *gate;
};

static int open_gate(void **state)
{
    char path[] = "/tmp/moongate-gate-XXXXXX.lua";
    const char *paths[] = {path};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct mg_server_options options;
    struct mg_errs errs;
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, POLICY, sizeof(POLICY) - 1), (ssize_t)sizeof(POLICY) - 1);
    close(fd);
    mg_errs_init(&errs);
    fixture->set =
        mg_policy_set_load(&(struct mg_policy_options){.paths = paths, .path_count = 1}, &errs);
    mg_errs_print(&errs, stderr);
    unlink(path);
    assert_non_null(fixture->set);
    mg_server_options_init(&options);
    fixture->gate = mg_gate_new(&options, fixture->set, &errs);
    mg_errs_fini(&errs);
    assert_non_null(fixture->gate);
    *state = fixture;
    return 0;
}

static int close_gate(void **state)
{
    struct fixture *fixture = *state;
    mg_gate_free(fixture->gate);
    mg_policy_set_free(fixture->set);
    free(fixture);
    return 0;
}

static void answers_carry_status_reason_and_resource(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *desc;
        const char *request;
        unsigned status;
        const char *reason;
        int line;
        const char *has;
    } rows[] = {
        {"an allowed preflight",
         "OPTIONS /orders/1 HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
         "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a\r\n\r\n",
         204, "preflight-allowed", 1, "Access-Control-Allow-Headers: X-A\r\n"},
        {"a denied origin",
         "OPTIONS /orders/1 HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\n"
         "Access-Control-Request-Method: PUT\r\n\r\n",
         403, "origin-denied", 1, "Vary: Origin, "},
        {"an actual request",
         "GET /orders/1 HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n\r\n", 200,
         "simple-allowed", 1, "\r\n\r\norder"},
        {"content", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200,
         "no-origin", 6, "\"body\": \"abc\""},
        {"no resource", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404, "no-resource", 0,
         "404 Not Found"},
        {"a malformed head", "GET / HTTP/1.1\r\n\r\n", 400, "host-missing", 0,
         "Connection: close\r\n"},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_gate_answer answer;
        mg_expect_true(rows[i].desc,
                       mg_gate_ask(fixture->gate, mg_str_from(rows[i].request), &answer));
        mg_expect_int(rows[i].desc, answer.status, rows[i].status);
        mg_expect_text(rows[i].desc, answer.reason, rows[i].reason);
        mg_expect_int(rows[i].desc, answer.resource == NULL ? 0 : answer.resource->line,
                      rows[i].line);
        mg_expect_true(rows[i].desc, memmem(answer.bytes.ptr, answer.bytes.len, rows[i].has,
                                            strlen(rows[i].has)) != NULL);
    }
}

static void half_a_head_is_no_request(void **state)
{
    struct fixture *fixture = *state;
    struct mg_gate_answer answer;
    assert_false(mg_gate_ask(fixture->gate, MG_STR("GET / HTTP/1.1\r\nHost: a\r\n"), &answer));
}

static struct mg_policy_set *load_text(const char *text)
{
    const struct mg_policy_options options = {.has_upstream = true};
    struct mg_errs errs;
    mg_errs_init(&errs);
    struct mg_policy_set *set =
        mg_policy_set_load_text("policy.lua", mg_str_from(text), &options, &errs);
    mg_errs_print(&errs, stderr);
    mg_errs_fini(&errs);
    assert_non_null(set);
    return set;
}

static const char GET[] = "GET /orders/1 HTTP/1.1\r\nHost: a\r\n\r\n";

static void swaps_sets_whole(void **state)
{
    struct fixture *fixture = *state;
    struct mg_gate_answer answer;
    struct mg_errs errs;
    struct mg_policy_set *other = load_text("resource '/orders/{id}' { methods = { 'GET' }, "
                                            "cors = { origins = function() return {} end }, "
                                            "handler = respond { status = 418 } }");
    mg_errs_init(&errs);
    assert_true(mg_gate_swap(fixture->gate, other, &errs));
    mg_errs_fini(&errs);
    assert_true(mg_gate_ask(fixture->gate, mg_str_from(GET), &answer));
    mg_expect_int("the new set answers", answer.status, 418);
    mg_expect_true("in a state of its own", mg_gate_runtime(fixture->gate) != NULL);
    mg_errs_init(&errs);
    assert_true(mg_gate_swap(fixture->gate, fixture->set, &errs));
    mg_errs_fini(&errs);
    mg_expect_true("which the old one does not need", mg_gate_runtime(fixture->gate) == NULL);
    assert_true(mg_gate_ask(fixture->gate, mg_str_from(GET), &answer));
    mg_expect_int("the old set answers", answer.status, 200);
    mg_policy_set_free(other);
}

/* mg_gate_upstream_fn: answers what the content says, and the peer. */
static bool answer_upstream(void *context, struct mg_exchange *exchange, struct mg_str content,
                            struct mg_gate_upstream_answer *answer)
{
    char *body = context;
    if (mg_str_equal(content, MG_STR("fail"))) {
        return false;
    }
    mg_err_set(body, 64, "%.*s from %.*s", MG_STR_ARG(content),
               MG_STR_ARG(mg_exchange_remote(exchange)));
    answer->head.status = 201;
    answer->body = mg_str_from(body);
    return true;
}

static void a_function_stands_for_upstreams(void **state)
{
    struct fixture *fixture = *state;
    struct mg_gate_answer answer;
    struct mg_errs errs;
    char body[64];
    struct mg_policy_set *set = load_text("resource '/' { handler = 'proxy' }");
    mg_errs_init(&errs);
    assert_true(mg_gate_swap(fixture->gate, set, &errs));
    mg_errs_fini(&errs);
    static const char POST[] =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n";
    assert_true(mg_gate_ask(fixture->gate, mg_str_from(POST), &answer));
    mg_expect_true("an empty 200 at first", answer.is_stand_in && answer.status == 200);
    mg_gate_set_upstream(fixture->gate, answer_upstream, body);
    assert_true(
        mg_gate_ask_from(fixture->gate, mg_str_from(POST), MG_STR("192.0.2.7"), &answer));
    mg_expect_int("its status", answer.status, 201);
    mg_expect_true("its own", !answer.is_stand_in);
    mg_expect_text("content and peer", body, "abc from 192.0.2.7");
    assert_true(mg_gate_ask(
        fixture->gate, MG_STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfail"),
        &answer));
    mg_expect_int("it cannot answer", answer.status, 502);
    mg_expect_text("and why", answer.reason, "upstream-failed");
    mg_gate_set_upstream(fixture->gate, NULL, NULL);
    assert_true(mg_gate_ask(fixture->gate, mg_str_from(POST), &answer));
    mg_expect_int("gone again", answer.status, 200);
    mg_errs_init(&errs);
    assert_true(mg_gate_swap(fixture->gate, fixture->set, &errs));
    mg_errs_fini(&errs);
    mg_policy_set_free(set);
}

static void replies_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *bytes;
        const char *status_line;
        size_t fields;
        const char *body;
    } rows[] = {
        {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA:  b \r\n\r\nok",
         "HTTP/1.1 200 OK", 2, "ok"},
        {"chunks",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
         "HTTP/1.1 200 OK", 1, "abcde"},
        {"a chunk that breaks off",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n9\r\nde",
         "HTTP/1.1 200 OK", 1, "abc"},
        {"nothing behind the head", "HTTP/1.1 204 No Content\r\n\r\n",
         "HTTP/1.1 204 No Content", 0, ""},
        {"nothing at all", "", "", 0, ""},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_arena arena;
        struct mg_gate_reply reply = {.status_line = {NULL, 0}};
        mg_arena_init(&arena, NULL, 0, 1 << 16);
        mg_expect_true(rows[i].desc,
                       mg_gate_read_reply(mg_str_from(rows[i].bytes), &arena, &reply));
        mg_expect_str(rows[i].desc, reply.status_line, mg_str_from(rows[i].status_line));
        mg_expect_int(rows[i].desc, reply.response.field_count, rows[i].fields);
        mg_expect_str(rows[i].desc, reply.body, mg_str_from(rows[i].body));
        mg_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_carry_status_reason_and_resource, open_gate,
                                        close_gate),
        cmocka_unit_test_setup_teardown(half_a_head_is_no_request, open_gate, close_gate),
        cmocka_unit_test_setup_teardown(swaps_sets_whole, open_gate, close_gate),
        cmocka_unit_test_setup_teardown(a_function_stands_for_upstreams, open_gate, close_gate),
        cmocka_unit_test(replies_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
