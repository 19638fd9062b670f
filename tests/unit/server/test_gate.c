/* test_gate.c - the engine without sockets gives the answers the server gives. */
#include <stdlib.h>
#include <unistd.h>

#include "expect.h"
#include "server/gate.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_carry_status_reason_and_resource, open_gate,
                                        close_gate),
        cmocka_unit_test_setup_teardown(half_a_head_is_no_request, open_gate, close_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
