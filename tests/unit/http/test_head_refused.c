/* test_head_refused.c - what is not one request to every reader: each row is a head that
 * strict llhttp, or some server or proxy, once took for something else. Every row is fed
 * whole and byte by byte, each piece against a page that may not be read: one verdict.
 */
#include "expect.h"
#include "guard.h"
#include "http/head.h"

static const struct mg_head_limits LIMITS = {
    .head_bytes = 400, .target_bytes = 64, .fields = 6};

struct row {
    const char *desc;
    struct mg_str bytes;
    unsigned status;
    const char *reason;
};

/* A row of a static table, where the bytes may hold NUL. */
#define ROW(desc, bytes, status, reason)                 \
    {                                                    \
        desc, {bytes, sizeof(bytes) - 1}, status, reason \
    }
#define GET  "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define END  "Host: a\r\n\r\n"

static void expect_refused(const struct row *row, bool in_pieces)
{
    struct mg_guard guard = {NULL, 0};
    struct mg_head_scan scan = {0};
    struct mg_head head;
    enum mg_head_result result = MG_HEAD_PARTIAL;
    size_t len = in_pieces ? 0 : row->bytes.len;
    do {
        result = mg_head_parse(mg_guard_str(&guard, (struct mg_str){row->bytes.ptr, len}),
                               &LIMITS, &scan, &head);
    } while (result == MG_HEAD_PARTIAL && ++len <= row->bytes.len);
    mg_expect_int(row->desc, result, MG_HEAD_REFUSED);
    mg_expect_text(row->desc, scan.reason, row->reason);
    mg_expect_int(row->desc, scan.status, row->status);
    mg_guard_free(&guard);
}

static void expect_all_refused(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        expect_refused(&rows[i], false);
        expect_refused(&rows[i], true);
    }
}

static void refuses_malformed_request_lines(void **state)
{
    static const struct row rows[] = {
        ROW("a method alone", "GET\r\n" END, 400, "request-line-malformed"),
        ROW("HTTP/0.9: no version", "GET /\r\n" END, 400, "version-missing"),
        ROW("HTTP/0.9 by its name", "GET / HTTP/0.9\r\n" END, 505, "version-unsupported"),
        ROW("HTTP/2.0", "GET / HTTP/2.0\r\n" END, 505, "version-unsupported"),
        ROW("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505,
            "version-unsupported"),
        ROW("a version of two digits", "GET / HTTP/1.10\r\n" END, 400, "version-malformed"),
        ROW("a version without minor", "GET / HTTP/1\r\n" END, 400, "version-malformed"),
        ROW("a version with a comma", "GET / HTTP/1,1\r\n" END, 400, "version-malformed"),
        ROW("a version in lower case", "GET / http/1.1\r\n" END, 400, "version-malformed"),
        ROW("a version of RTSP", "GET / RTSP/1.0\r\n" END, 400, "version-malformed"),
        ROW("a version of ICE", "SOURCE / ICE/1.0\r\n" END, 400, "version-malformed"),
        ROW("a letter for a version digit", "GET / HTTP/1.x\r\n" END, 400, "version-malformed"),
        ROW("two spaces before the target", "GET  / HTTP/1.1\r\n" END, 400,
            "request-line-spaces"),
        ROW("two spaces before the version", "GET /  HTTP/1.1\r\n" END, 400,
            "request-line-spaces"),
        ROW("a space behind the version", "GET / HTTP/1.1 \r\n" END, 400,
            "request-line-spaces"),
        ROW("a space within the target", "GET /a b HTTP/1.1\r\n" END, 400,
            "request-line-spaces"),
        ROW("a space before the method", " GET / HTTP/1.1\r\n" END, 400, "method-malformed"),
        ROW("a tab for the first space", "GET\t/ HTTP/1.1\r\n" END, 400, "method-malformed"),
        ROW("a tab for the second space", "GET /\tHTTP/1.1\r\n" END, 400, "version-missing"),
        ROW("a tab within the version", "GET / HTTP/1.1\t\r\n" END, 400, "version-malformed"),
        ROW("a colon in the method", "GE:T / HTTP/1.1\r\n" END, 400, "method-malformed"),
        ROW("a high byte in the method", "G\xc3\x8bT / HTTP/1.1\r\n" END, 400,
            "method-malformed"),
        ROW("the hello of TLS", "\x16\x03\x01\x02", 400, "control-byte"),
        ROW("a fragment in the target", "GET /a#b HTTP/1.1\r\n" END, 400, "target-malformed"),
        ROW("a backslash in the target", "GET /a\\b HTTP/1.1\r\n" END, 400, "target-malformed"),
        ROW("a backslash in the query", "GET /?\\ HTTP/1.1\r\n" END, 400, "target-malformed"),
        ROW("a quotation mark in the target", "GET /\"x HTTP/1.1\r\n" END, 400,
            "target-malformed"),
        ROW("angle brackets in the query", "GET /?<script> HTTP/1.1\r\n" END, 400,
            "target-malformed"),
        ROW("a high byte in the target", "GET /\xe4 HTTP/1.1\r\n" END, 400, "target-malformed"),
        ROW("a control byte in the target", "GET /\x01 HTTP/1.1\r\n" END, 400, "control-byte"),
        ROW("DEL in the target", "GET /\x7f HTTP/1.1\r\n" END, 400, "control-byte"),
        ROW("NUL in the target", "GET /\0 HTTP/1.1\r\n" END, 400, "control-byte"),
        ROW("a target that is a name", "GET index.html HTTP/1.1\r\n" END, 400,
            "target-malformed"),
        ROW("a target that is a query", "GET ?a HTTP/1.1\r\n" END, 400, "target-malformed"),
    };
    (void)state;
    expect_all_refused(rows, MG_COUNT(rows));
}

static void refuses_malformed_lines(void **state)
{
    static const struct row rows[] = {
        ROW("LF ends the request line", "GET / HTTP/1.1\n" END, 400, "bare-lf"),
        ROW("LF ends a field line", GET "Host: a\n\r\n", 400, "bare-lf"),
        ROW("LF ends the head", GET "Host: a\r\n\n", 400, "bare-lf"),
        ROW("LF before the request line", "\nGET / HTTP/1.1\r\n" END, 400, "bare-lf"),
        ROW("CR before the request line", "\rGET / HTTP/1.1\r\n" END, 400, "bare-cr"),
        ROW("CR ends the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400, "bare-cr"),
        ROW("CR in a value", GET "Host: a\r\nX: a\rb\r\n\r\n", 400, "bare-cr"),
        ROW("CR ends a field line", GET "Host: a\r\nX: a\rY: b\r\n\r\n", 400, "bare-cr"),
        ROW("CR CR LF ends a field line", GET "Host: a\r\r\n\r\n", 400, "bare-cr"),
        ROW("CR X LF ends the head", GET "Host: a\r\n\rX\n", 400, "bare-cr"),
        ROW("LF CR", GET "Host: a\n\rX: a\r\n\r\n", 400, "bare-lf"),
        ROW("NUL in a name", GET "X\0Y: a\r\n" END, 400, "control-byte"),
        ROW("NUL in a value", GET "X: a\0b\r\n" END, 400, "control-byte"),
        ROW("ESC in a value", GET "X: \x1b[31m\r\n" END, 400, "control-byte"),
        ROW("DEL in a value", GET "X: \x7f\r\n" END, 400, "control-byte"),
        ROW("a fold of a value", GET "X: a\r\n b\r\n" END, 400, "obs-fold"),
        ROW("a fold by a tab", GET "X: a\r\n\tb\r\n" END, 400, "obs-fold"),
        ROW("a fold of a framing field", POST "Transfer-Encoding:\r\n chunked\r\n\r\n", 400,
            "obs-fold"),
        ROW("a fold that hides a field", POST "X: a\r\n Content-Length: 5\r\n\r\n", 400,
            "obs-fold"),
        ROW("white space before the first field", GET " X: a\r\n" END, 400, "obs-fold"),
        ROW("a line of white space alone", GET "Host: a\r\n \r\n\r\n", 400, "obs-fold"),
        ROW("space before the colon", POST "Transfer-Encoding : chunked\r\n\r\n", 400,
            "space-before-colon"),
        ROW("tab before the colon", POST "Content-Length\t: 5\r\n\r\n", 400,
            "space-before-colon"),
        ROW("space within a name", GET "X Y: a\r\n" END, 400, "space-before-colon"),
        ROW("vertical tab before the colon", POST "Transfer-Encoding\x0b: chunked\r\n\r\n", 400,
            "control-byte"),
        ROW("no name", GET ": a\r\n" END, 400, "field-name-empty"),
        ROW("no colon", GET "X\r\n" END, 400, "colon-missing"),
        ROW("a second request line", GET "GET / HTTP/1.1\r\n" END, 400, "space-before-colon"),
        ROW("a high byte in a name", GET "X\xe4: a\r\n" END, 400, "field-name-malformed"),
        ROW("brackets in a name", GET "X[0]: a\r\n" END, 400, "field-name-malformed"),
        ROW("quotes around a name", GET "\"X\": a\r\n" END, 400, "field-name-malformed"),
        ROW("a slash in a name", GET "X/Y: a\r\n" END, 400, "field-name-malformed"),
    };
    (void)state;
    expect_all_refused(rows, MG_COUNT(rows));
}

static void refuses_lengths(void **state)
{
    static const struct row rows[] = {
        ROW("length, then coding",
            POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
            "length-with-transfer-encoding"),
        ROW("coding, then length",
            POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400,
            "length-with-transfer-encoding"),
        ROW("a length of 0 with a coding",
            POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
            "length-with-transfer-encoding"),
        ROW("a length with an unknown coding",
            POST "Content-Length: 5\r\nTransfer-Encoding: x\r\n\r\n", 400,
            "length-with-transfer-encoding"),
        ROW("a malformed length with a coding",
            POST "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n", 400,
            "length-with-transfer-encoding"),
        ROW("two lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400,
            "content-length-repeated"),
        ROW("two equal lengths", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400,
            "content-length-repeated"),
        ROW("two lengths of different case",
            POST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", 400,
            "content-length-repeated"),
        ROW("a list of lengths", POST "Content-Length: 5, 5\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("a length with +", POST "Content-Length: +5\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("a length with -", POST "Content-Length: -5\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("a hexadecimal length", POST "Content-Length: 0x5\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("a length with a space inside", POST "Content-Length: 5 0\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("a length with a fraction", POST "Content-Length: 5.0\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("an empty length", POST "Content-Length:\r\n\r\n", 400, "content-length-malformed"),
        ROW("a blank length", POST "Content-Length: \t \r\n\r\n", 400,
            "content-length-malformed"),
        ROW("a length with a tab inside", POST "Content-Length: 5\t5\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("two lengths with tabs behind them",
            POST "Content-Length: 5\t\r\nContent-Length: 5\t\r\n\r\n", 400,
            "content-length-repeated"),
        ROW("a length with a tab behind it, and a coding",
            POST "Content-Length: 5\t\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
            "length-with-transfer-encoding"),
        ROW("a length in quotes", POST "Content-Length: \"5\"\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("a length of 2^63", POST "Content-Length: 9223372036854775808\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("a length of 2^64", POST "Content-Length: 18446744073709551616\r\n\r\n", 400,
            "content-length-malformed"),
        ROW("a length of 2^64 + 5", POST "Content-Length: 18446744073709551621\r\n\r\n", 400,
            "content-length-malformed"),
    };
    (void)state;
    expect_all_refused(rows, MG_COUNT(rows));
}

static void refuses_other_codings(void **state)
{
    static const struct row rows[] = {
        ROW("a coding before chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501,
            "transfer-coding-unsupported"),
        ROW("a coding after chunked", POST "Transfer-Encoding: chunked, identity\r\n\r\n", 400,
            "transfer-encoding-malformed"),
        ROW("chunked twice", POST "Transfer-Encoding: chunked, chunked\r\n\r\n", 400,
            "transfer-encoding-malformed"),
        ROW("chunked and a comma", POST "Transfer-Encoding: chunked,\r\n\r\n", 400,
            "transfer-encoding-malformed"),
        ROW("a coding with a parameter before chunked",
            POST "Transfer-Encoding: x;a=b, chunked\r\n\r\n", 501,
            "transfer-coding-unsupported"),
        ROW("chunked and something behind it", POST "Transfer-Encoding: chunked x\r\n\r\n", 400,
            "transfer-encoding-malformed"),
        ROW("identity", POST "Transfer-Encoding: identity\r\n\r\n", 501,
            "transfer-coding-unsupported"),
        ROW("gzip", POST "Transfer-Encoding: gzip\r\n\r\n", 501, "transfer-coding-unsupported"),
        ROW("a name that ends in chunked", POST "Transfer-Encoding: xchunked\r\n\r\n", 501,
            "transfer-coding-unsupported"),
        ROW("a name that begins with chunked", POST "Transfer-Encoding: chunkedx\r\n\r\n", 501,
            "transfer-coding-unsupported"),
        ROW("chunked with a parameter", POST "Transfer-Encoding: chunked;q=1\r\n\r\n", 400,
            "transfer-encoding-malformed"),
        ROW("chunked in quotes", POST "Transfer-Encoding: \"chunked\"\r\n\r\n", 400,
            "transfer-encoding-malformed"),
        ROW("no coding", POST "Transfer-Encoding:\r\n\r\n", 400, "transfer-encoding-malformed"),
        ROW("vertical tab before chunked",
            POST "Transfer-Encoding: \x0b"
                 "chunked\r\n\r\n",
            400, "control-byte"),
        ROW("NUL behind chunked", POST "Transfer-Encoding: chunked\0\r\n\r\n", 400,
            "control-byte"),
        ROW("a high byte behind chunked", POST "Transfer-Encoding: chunked\xa0\r\n\r\n", 400,
            "transfer-encoding-malformed"),
        ROW("two lines of codings",
            POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
            "transfer-encoding-repeated"),
        ROW("chunked, then another line",
            POST "Transfer-Encoding: chunked\r\nTransfer-encoding: x\r\n\r\n", 400,
            "transfer-encoding-repeated"),
        ROW("another line, then chunked",
            POST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
            "transfer-encoding-repeated"),
        ROW("a coding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            400, "transfer-encoding-in-http-1-0"),
        ROW("a coding in HTTP/1.0 kept alive",
            "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
            400, "transfer-encoding-in-http-1-0"),
    };
    (void)state;
    expect_all_refused(rows, MG_COUNT(rows));
}

static void refuses_hosts(void **state)
{
    static const struct row rows[] = {
        ROW("no Host", GET "\r\n", 400, "host-missing"),
        ROW("no Host in HTTP/1.2", "GET / HTTP/1.2\r\n\r\n", 400, "host-missing"),
        ROW("no Host with absolute-form", "GET http://a/ HTTP/1.1\r\n\r\n", 400,
            "host-missing"),
        ROW("two Hosts", GET "Host: a\r\nHost: b\r\n\r\n", 400, "host-repeated"),
        ROW("two equal Hosts", GET "Host: a\r\nhost: a\r\n\r\n", 400, "host-repeated"),
        ROW("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400,
            "host-repeated"),
        ROW("an empty Host", GET "Host:\r\n\r\n", 400, "host-malformed"),
        ROW("a Host with userinfo", GET "Host: u@a\r\n\r\n", 400, "host-malformed"),
        ROW("a list of Hosts", GET "Host: a, b\r\n\r\n", 400, "host-malformed"),
        ROW("a Host with a path", GET "Host: a/b\r\n\r\n", 400, "host-malformed"),
        ROW("a malformed Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400,
            "host-malformed"),
    };
    (void)state;
    expect_all_refused(rows, MG_COUNT(rows));
}

#define X8  "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8

static void refuses_what_passes_a_limit(void **state)
{
    static const struct row rows[] = {
        ROW("a target of 65 bytes", "GET /" X64 " HTTP/1.1\r\n" END, 414, "target-too-long"),
        ROW("a target that has not ended", "GET /" X64, 414, "target-too-long"),
        ROW("a long target in a line that LF ends", "GET /" X64 "\n", 414, "target-too-long"),
        ROW("a long target with a malformed byte", "GET /#" X64 " HTTP/1.1\r\n" END, 414,
            "target-too-long"),
        ROW("a method without end", X64 X64 X64 X64 X64 X64 X64 " / HTTP/1.1\r\n" END, 431,
            "head-too-large"),
        ROW("a field without end", GET "X: " X64 X64 X64 X64 X64 X64 X64 "\r\n" END, 431,
            "head-too-large"),
        ROW("many fields", GET "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\n" END, 431,
            "too-many-fields"),
        ROW("many equal fields", GET "A:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\n" END, 431,
            "too-many-fields"),
    };
    (void)state;
    expect_all_refused(rows, MG_COUNT(rows));
    char lines[512];
    for (size_t i = 0; i < sizeof(lines); i++) {
        lines[i] = i % 2 == 0 ? '\r' : '\n';
    }
    struct row empty_lines = {
        "nothing but empty lines", {lines, sizeof(lines)}, 431, "head-too-large"};
    expect_refused(&empty_lines, false);
    expect_refused(&empty_lines, true);
}

/* The request that is refused still is logged as far as it was understood. */
static void keeps_the_request_line_of_a_refused_head(void **state)
{
    (void)state;
    struct mg_head_scan scan = {0};
    struct mg_head head;
    (void)mg_head_parse(MG_STR("PUT /x HTTP/1.1\r\nX : a\r\n"), &LIMITS, &scan, &head);
    mg_expect_str("method of a refused head", head.method_token, MG_STR("PUT"));
    mg_expect_str("target of a refused head", head.target, MG_STR("/x"));
    scan = (struct mg_head_scan){0};
    (void)mg_head_parse(MG_STR("\x80"), &LIMITS, &scan, &head);
    mg_expect_str("method of a head without one", head.method_token, MG_STR(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_malformed_request_lines),
        cmocka_unit_test(refuses_malformed_lines),
        cmocka_unit_test(refuses_lengths),
        cmocka_unit_test(refuses_other_codings),
        cmocka_unit_test(refuses_hosts),
        cmocka_unit_test(refuses_what_passes_a_limit),
        cmocka_unit_test(keeps_the_request_line_of_a_refused_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
