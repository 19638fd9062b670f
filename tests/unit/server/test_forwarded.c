/* test_forwarded.c - what the fields of trusted proxies tell of the client. */
#include <arpa/inet.h>

#include "expect.h"
#include "server/forwarded.h"

struct row {
    const char *desc;
    const char *lines;
    const char *address; /* "": not told */
    const char *scheme;
    const char *host;
};

/* Trusted are 10.0.0.0/8, fd00::/8 and Unix peers. */
static void expect_rows(enum mg_trust_fields fields, const struct row *rows, size_t count)
{
    struct mg_server_options options;
    mg_server_options_init(&options);
    options.trusted_fields = fields;
    static const char *const ranges[] = {"10.0.0.0/8", "fd00::/8", "unix"};
    for (size_t i = 0; i < MG_COUNT(ranges); i++) {
        assert_true(mg_cidr_parse(mg_str_from(ranges[i]), &options.trusted[i]));
    }
    options.trusted_count = MG_COUNT(ranges);
    const struct mg_head_limits limits = {
        .head_bytes = 65536, .target_bytes = 8192, .fields = 100};
    for (size_t i = 0; i < count; i++) {
        char request[8192];
        char address[INET6_ADDRSTRLEN] = "";
        struct mg_head head;
        struct mg_head_scan scan = {0};
        struct mg_forwarded told;
        int length = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n",
                              rows[i].lines);
        assert_int_equal(
            mg_head_parse((struct mg_str){request, (size_t)length}, &limits, &scan, &head),
            MG_HEAD_COMPLETE);
        mg_forwarded_read(&options, &head, &told);
        if (told.family == AF_UNIX) {
            (void)snprintf(address, sizeof(address), "unix");
        } else if (told.family != 0) {
            assert_non_null(inet_ntop(told.family, told.bytes, address, sizeof(address)));
        }
        mg_expect_str(rows[i].desc, mg_str_from(address), mg_str_from(rows[i].address));
        mg_expect_str(rows[i].desc, told.scheme, mg_str_from(rows[i].scheme));
        mg_expect_str(rows[i].desc, told.host, mg_str_from(rows[i].host));
    }
}

static void x_forwarded_is_read_from_its_end(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"nothing", "", "", "", ""},
        {"one hop",
         "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b:8443"
         "\r\n",
         "203.0.113.7", "https", "b:8443"},
        {"what the client wrote stands before it",
         "X-Forwarded-For: 192.0.2.1, 203.0.113.7\r\n", "203.0.113.7", "", ""},
        {"trusted hops are passed over",
         "X-Forwarded-For: 192.0.2.1,203.0.113.7 , 10.0.0.3\r\n", "203.0.113.7", "", ""},
        {"all are trusted: the first", "X-Forwarded-For: 10.0.0.9, 10.0.0.3\r\n", "10.0.0.9",
         "", ""},
        {"several lines are one list",
         "X-Forwarded-For: 192.0.2.1\r\nX-A: b\r\nX-Forwarded-For: 203.0.113.7\r\n"
         "X-Forwarded-For: 10.0.0.3\r\n",
         "203.0.113.7", "", ""},
        {"empty members are none", "X-Forwarded-For: 203.0.113.7, , 10.0.0.3,\r\n",
         "203.0.113.7", "", ""},
        {"an empty line is none", "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For:\r\n",
         "203.0.113.7", "", ""},
        {"unknown ends it", "X-Forwarded-For: 203.0.113.7, unknown, 10.0.0.3\r\n", "10.0.0.3",
         "", ""},
        {"garbage ends it", "X-Forwarded-For: 203.0.113.7, 1.2.3.4.5, 10.0.0.3\r\n", "10.0.0.3",
         "", ""},
        {"garbage alone tells nothing", "X-Forwarded-For: 203.0.113.7 10.0.0.3\r\n", "", "",
         ""},
        {"IPv4 with a port", "X-Forwarded-For: 203.0.113.7:4711\r\n", "203.0.113.7", "", ""},
        {"IPv6", "X-Forwarded-For: 2001:DB8::1, fd00::2\r\n", "2001:db8::1", "", ""},
        {"IPv6 in brackets, with a port", "X-Forwarded-For: [2001:db8::1]:443, [fd00::2]\r\n",
         "2001:db8::1", "", ""},
        {"an IPv4-mapped address is one with its IPv4 form",
         "X-Forwarded-For: ::ffff:203.0.113.7, ::ffff:10.0.0.3\r\n", "203.0.113.7", "", ""},
        {"a zone is none of the client's business", "X-Forwarded-For: fe80::1%eth0\r\n", "", "",
         ""},
        {"the peer of a Unix socket is a hop", "X-Forwarded-For: 203.0.113.7, unix:\r\n",
         "203.0.113.7", "", ""},
        {"a Unix peer alone", "X-Forwarded-For: unix:\r\n", "unix", "", ""},
        {"of several schemes the peer vouches for the last",
         "X-Forwarded-Proto: https, http\r\nX-Forwarded-Proto: https\r\n"
         "X-Forwarded-Host: a, b\r\n",
         "", "https", "b"},
        {"a scheme that is none", "X-Forwarded-Proto: gopher\r\n", "", "", ""},
        {"schemes of WebSockets, in any case", "X-Forwarded-Proto: WSS\r\n", "", "https", ""},
        {"a host that is none", "X-Forwarded-Host: a/b\r\n", "", "", ""},
        {"Forwarded passed as the client wrote it",
         "Forwarded: for=192.0.2.1;proto=https;host=evil\r\nX-Forwarded-For: 203.0.113.7\r\n",
         "203.0.113.7", "", ""},
    };
    expect_rows(MG_TRUST_X_FORWARDED, rows, MG_COUNT(rows));
}

static void forwarded_is_read_from_its_end(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"nothing", "", "", "", ""},
        {"one hop", "Forwarded: for=203.0.113.7;proto=https;host=b.example\r\n", "203.0.113.7",
         "https", "b.example"},
        {"names in any case, values in quotes, an unknown pair",
         "Forwarded: For=\"203.0.113.7:47\"; PROTO=\"HTTPS\" ;Host=\"b:1\";by=_x;secret=1\r\n",
         "203.0.113.7", "https", "b:1"},
        {"what the client wrote stands before it",
         "Forwarded: for=192.0.2.1;proto=https;host=evil, for=203.0.113.7;proto=http\r\n",
         "203.0.113.7", "http", ""},
        {"scheme and host are those of the client's hop",
         "Forwarded: for=203.0.113.7;proto=https;host=b, for=10.0.0.3;proto=http;host=in\r\n",
         "203.0.113.7", "https", "b"},
        {"a hop that does not tell them leaves those nearer",
         "Forwarded: for=203.0.113.7, for=10.0.0.3;proto=https;host=in\r\n", "203.0.113.7",
         "https", "in"},
        {"several lines are one list",
         "Forwarded: for=192.0.2.1\r\nForwarded: for=203.0.113.7;host=b\r\n"
         "Forwarded: for=10.0.0.3\r\n",
         "203.0.113.7", "", "b"},
        {"IPv6", "Forwarded: for=\"[2001:db8::1]:4711\", for=\"[fd00::2]\"\r\n", "2001:db8::1",
         "", ""},
        {"a hop that hides its client ends it, and its own words count",
         "Forwarded: for=192.0.2.1;host=evil, for=_hidden;proto=https, for=10.0.0.3\r\n",
         "10.0.0.3", "https", ""},
        {"so does one that names none", "Forwarded: for=192.0.2.1, proto=https\r\n", "",
         "https", ""},
        {"an open quote tells nothing", "Forwarded: for=\"192.0.2.1, for=203.0.113.7\r\n", "",
         "", ""},
        {"nor what stands before a line that tells nothing",
         "Forwarded: for=192.0.2.1\r\nForwarded: for=\r\n", "", "", ""},
        {"a comma in quotes is no end", "Forwarded: host=\"a,b\";for=203.0.113.7\r\n",
         "203.0.113.7", "", ""},
        {"a pair twice", "Forwarded: for=192.0.2.1;for=203.0.113.7\r\n", "", "", ""},
        {"a value without its name", "Forwarded: =203.0.113.7\r\n", "", "", ""},
        {"a name that is no token", "Forwarded: f r=1;for=203.0.113.7\r\n", "", "", ""},
        {"two values", "Forwarded: for=203.0.113.7 192.0.2.1\r\n", "", "", ""},
        {"an escape", "Forwarded: for=\"203.0.113\\.7\"\r\n", "", "", ""},
        {"empty elements and pairs are none", "Forwarded: , ;for=203.0.113.7;;, ,\r\n",
         "203.0.113.7", "", ""},
        {"X-Forwarded-* passed as the client wrote them",
         "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
         "Forwarded: for=203.0.113.7\r\n",
         "203.0.113.7", "", ""},
    };
    expect_rows(MG_TRUST_FORWARDED, rows, MG_COUNT(rows));
}

/* A line with more elements than any chain of proxies has tells nothing, and one that is full
 * of them is read to its end. */
static void long_lines_are_bounded(void **state)
{
    (void)state;
    static const unsigned counts[] = {64, 65};
    for (size_t i = 0; i < MG_COUNT(counts); i++) {
        char lines[2048] = "Forwarded: for=203.0.113.7";
        size_t used = strlen(lines);
        for (unsigned n = 1; n < counts[i]; n++) {
            used += (size_t)snprintf(lines + used, sizeof(lines) - used, ",for=10.0.0.1");
        }
        (void)snprintf(lines + used, sizeof(lines) - used, "\r\n");
        const struct row row = {"bounded", lines, counts[i] == 64 ? "203.0.113.7" : "", "", ""};
        expect_rows(MG_TRUST_FORWARDED, &row, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x_forwarded_is_read_from_its_end),
        cmocka_unit_test(forwarded_is_read_from_its_end),
        cmocka_unit_test(long_lines_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
