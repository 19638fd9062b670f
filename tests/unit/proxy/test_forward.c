/* test_forward.c - the head that goes to an upstream, field by field. What the wire tests show
 * of one server is here for every form of a peer and for trailers.
 */
#include <stdio.h>

#include "expect.h"
#include "proxy/forward.h"

static struct mg_head head;

/* Parse a request and forward it. Returns: the bytes, in `out`. */
static struct mg_str forward_text(const char *request, struct mg_forward forward,
                                  struct mg_buf *out)
{
    static const struct mg_head_limits limits = {4096, 1024, 100};
    struct mg_head_scan scan = {0};
    mg_expect_int(request, mg_head_parse(mg_str_from(request), &limits, &scan, &head),
                  MG_HEAD_COMPLETE);
    forward.head = &head;
    mg_buf_clear(out);
    mg_forward_write(&forward, out);
    return mg_buf_str(out);
}

static const struct {
    const char *desc;
    const char *peer;
    const char *fields;
    const char *want;
    bool trusts_peer;
} peers[] = {
    {"IPv4", "10.0.0.1", "",
     "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h:1\r\n"
     "Forwarded: for=10.0.0.1;host=\"h:1\";proto=http\r\n",
     false},
    {"IPv6", "::1", "",
     "X-Forwarded-For: ::1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h:1\r\n"
     "Forwarded: for=\"[::1]\";host=\"h:1\";proto=http\r\n",
     false},
    {"a Unix socket", "", "",
     "X-Forwarded-Proto: http\r\nX-Forwarded-Host: h:1\r\n"
     "Forwarded: for=unknown;host=\"h:1\";proto=http\r\n",
     false},
    {"a trusted peer", "10.0.0.1",
     "X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\nForwarded: for=1.1.1.1\r\n"
     "X-Forwarded-For: 3.3.3.3\r\n",
     "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.1\r\nX-Forwarded-Proto: http\r\n"
     "X-Forwarded-Host: h:1\r\n"
     "Forwarded: for=1.1.1.1, for=10.0.0.1;host=\"h:1\";proto=http\r\n",
     true},
    {"a trusted peer without an address", "", "X-Forwarded-For: 1.1.1.1\r\n",
     "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h:1\r\n"
     "Forwarded: for=unknown;host=\"h:1\";proto=http\r\n",
     true},
    {"a peer that is not trusted", "10.0.0.1",
     "X-Forwarded-For: 1.1.1.1\r\nForwarded: for=1.1.1.1\r\nX-Forwarded-Host: x\r\n",
     "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h:1\r\n"
     "Forwarded: for=10.0.0.1;host=\"h:1\";proto=http\r\n",
     false},
};

static void peers_are_told(void **state)
{
    (void)state;
    struct mg_buf out;
    mg_buf_init(&out, 65536);
    for (size_t i = 0; i < MG_COUNT(peers); i++) {
        char request[512];
        char want[1024];
        (void)snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: h:1\r\n%s\r\n",
                       peers[i].fields);
        (void)snprintf(want, sizeof(want),
                       "GET /p HTTP/1.1\r\nHost: u\r\n%sVia: 1.1 moongate\r\n\r\n",
                       peers[i].want);
        const struct mg_forward forward = {.path = MG_STR("/p"),
                                           .host = MG_STR("u"),
                                           .peer = mg_str_from(peers[i].peer),
                                           .scheme = MG_STR("http"),
                                           .seen_host = MG_STR("h:1"),
                                           .trusts_x_forwarded = peers[i].trusts_peer,
                                           .trusts_forwarded = peers[i].trusts_peer};
        mg_expect_str(peers[i].desc, forward_text(request, forward, &out), mg_str_from(want));
    }
    mg_buf_fini(&out);
}

static const struct {
    const char *desc;
    const char *fields;
    bool is_websocket;
} upgrades[] = {
    {"a handshake", "Connection: Upgrade\r\nUpgrade: websocket\r\n", true},
    {"among others, in any case",
     "Connection: keep-alive, upgrade\r\nUpgrade: h2c, WebSocket\r\n", true},
    {"without Connection", "Upgrade: websocket\r\n", false},
    {"without Upgrade", "Connection: upgrade\r\n", false},
    {"of something else", "Connection: upgrade\r\nUpgrade: h2c\r\n", false},
    {"of a connection that closes", "Connection: upgrade, close\r\nUpgrade: websocket\r\n",
     false},
    {"with content", "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n",
     false},
};

static void handshakes_are_known(void **state)
{
    (void)state;
    struct mg_buf out;
    mg_buf_init(&out, 65536);
    for (size_t i = 0; i < MG_COUNT(upgrades); i++) {
        char request[512];
        (void)snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n",
                       upgrades[i].fields);
        (void)forward_text(request, (struct mg_forward){.path = MG_STR("/")}, &out);
        mg_expect_int(upgrades[i].desc, mg_forward_asks_websocket(&head),
                      upgrades[i].is_websocket);
    }
    mg_buf_fini(&out);
}

static void crowded_connection_is_noticed(void **state)
{
    (void)state;
    struct mg_buf out;
    char request[1024];
    mg_buf_init(&out, 65536);
    int at = snprintf(request, sizeof(request),
                      "GET / HTTP/1.1\r\nHost: h\r\nConnection: close, keep-alive");
    for (int i = 0; i < 16; i++) {
        at += snprintf(request + at, sizeof(request) - (size_t)at, ", x%d", i);
    }
    char more[1100];
    (void)snprintf(more, sizeof(more), "%s, y\r\n\r\n", request);
    (void)snprintf(request + at, sizeof(request) - (size_t)at, "\r\n\r\n");
    (void)forward_text(request, (struct mg_forward){.path = MG_STR("/")}, &out);
    mg_expect_true("16 names", !mg_forward_is_crowded(&head));
    (void)forward_text(more, (struct mg_forward){.path = MG_STR("/")}, &out);
    mg_expect_true("17 names", mg_forward_is_crowded(&head));
    mg_buf_fini(&out);
}

/* The reservation for a head holds whatever the fields are: the smallest lines grow most. */
static void smallest_fields_fit(void **state)
{
    (void)state;
    struct mg_buf out;
    char request[1024];
    mg_buf_init(&out, 65536);
    int at = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost:h\r\n");
    for (int i = 0; i < 90; i++) {
        at += snprintf(request + at, sizeof(request) - (size_t)at, "a:\r\n");
    }
    (void)snprintf(request + at, sizeof(request) - (size_t)at, "\r\n");
    struct mg_str text = forward_text(request, (struct mg_forward){.path = MG_STR("/")}, &out);
    mg_expect_true("all are there", mg_str_ends_with(text, MG_STR("\r\n\r\n")));
    mg_expect_true("nothing overflowed", !out.overflowed);
    mg_buf_fini(&out);
}

static void trailers_are_filtered(void **state)
{
    (void)state;
    struct mg_buf out;
    mg_buf_init(&out, 4096);
    mg_forward_trailers(
        MG_STR("X-Sum: 1\r\nContent-Length: 3\r\naccess-control-allow-origin: *\r\n"
               "Timing-Allow-Origin: *\r\nCookie: a\r\nTransfer-Encoding: x\r\nTE: x\r\n"
               "grpc-status:0\r\nHost: x\r\n"),
        &out);
    mg_expect_str("those that may trail", mg_buf_str(&out),
                  MG_STR("X-Sum: 1\r\ngrpc-status:0\r\n"));
    mg_buf_clear(&out);
    mg_forward_trailers(MG_STR(""), &out);
    mg_expect_int("none", out.len, 0);
    mg_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers_are_told),
        cmocka_unit_test(handshakes_are_known),
        cmocka_unit_test(crowded_connection_is_noticed),
        cmocka_unit_test(smallest_fields_fit),
        cmocka_unit_test(trailers_are_filtered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
