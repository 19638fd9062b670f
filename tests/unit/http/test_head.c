/* test_head.c - heads that are accepted, and what is read from them; whole and byte by byte.
 * What is refused is in test_head_refused.c.
 */
#include <stdio.h>

#include "expect.h"
#include "guard.h"
#include "http/head.h"

static const struct mg_head_limits LIMITS = {
    .head_bytes = 16384, .target_bytes = 8192, .fields = 100};

static const char CHROME[] =
    "OPTIONS /orders/17?expand=lines HTTP/1.1\r\n"
    "Host: api.example.com\r\n"
    "Connection: keep-alive\r\n"
    "Accept: */*\r\n"
    "Access-Control-Request-Method: PUT\r\n"
    "Access-Control-Request-Headers: authorization,content-type\r\n"
    "Origin: https://app.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Site: same-site\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    "Referer: https://app.example.com/\xc3\xa4\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "\r\n";

/* Parse `bytes` from a guarded page, whole or growing byte by byte; what is before the last
 * byte must be partial. The head's slices live until the next call. */
static enum mg_head_result parse(const char *desc, struct mg_str bytes, bool in_pieces,
                                 struct mg_head *head)
{
    static struct mg_guard guard;
    struct mg_head_scan scan = {0};
    for (size_t len = in_pieces ? 0 : bytes.len; len < bytes.len; len++) {
        struct mg_str piece = mg_guard_str(&guard, (struct mg_str){bytes.ptr, len});
        mg_expect_int(desc, mg_head_parse(piece, &LIMITS, &scan, head), MG_HEAD_PARTIAL);
    }
    return mg_head_parse(mg_guard_str(&guard, bytes), &LIMITS, &scan, head);
}

static void expect_preflight(const char *desc, const struct mg_head *head)
{
    unsigned at = 0;
    mg_expect_int(desc, head->method, MG_METHOD_OPTIONS);
    mg_expect_str(desc, head->method_token, MG_STR("OPTIONS"));
    mg_expect_str(desc, head->target, MG_STR("/orders/17?expand=lines"));
    mg_expect_int(desc, head->minor, 1);
    mg_expect_int(desc, head->framing, MG_FRAMING_NONE);
    mg_expect_true(desc, head->keep_alive);
    mg_expect_int(desc, head->size, sizeof(CHROME) - 1);
    mg_expect_int(desc, head->field_count, 12);
    mg_expect_str(desc, mg_head_value(head, MG_FIELD_ORIGIN),
                  MG_STR("https://app.example.com"));
    mg_expect_str(desc, mg_head_value(head, MG_FIELD_ACRM), MG_STR("PUT"));
    mg_expect_str(desc, mg_head_value(head, MG_FIELD_ACRH),
                  MG_STR("authorization,content-type"));
    mg_expect_str(desc, mg_head_value(head, MG_FIELD_SEC_FETCH_SITE), MG_STR("same-site"));
    mg_expect_str(desc, mg_head_value(head, MG_FIELD_COOKIE), MG_STR(""));
    mg_expect_true(desc, mg_head_first(head, MG_FIELD_COOKIE) == NULL);
    mg_expect_int(desc, head->lines[MG_FIELD_OTHER], 3);
    const struct mg_field *referer = mg_head_next(head, MG_STR("referer"), &at);
    assert_non_null(referer);
    mg_expect_str(desc, referer->value, MG_STR("https://app.example.com/\xc3\xa4"));
    mg_expect_int(desc, at, 11);
}

static void reads_a_preflight(void **state)
{
    (void)state;
    struct mg_head head;
    const struct mg_str bytes = {CHROME, sizeof(CHROME) - 1};
    mg_expect_int("whole", parse("whole", bytes, false, &head), MG_HEAD_COMPLETE);
    expect_preflight("whole", &head);
    mg_expect_int("bytewise", parse("bytewise", bytes, true, &head), MG_HEAD_COMPLETE);
    expect_preflight("bytewise", &head);
}

/* What follows the head is not looked at and not counted: content, the next request, rubbish.
 */
static void stops_at_the_end_of_the_head(void **state)
{
    static const char *behind[] = {"GET /2 HTTP/1.1\r\n\r\n", "\n\n", "\r\r", "5\r\n"};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(behind); i++) {
        char bytes[sizeof(CHROME) + 64];
        int len = snprintf(bytes, sizeof(bytes), "%s%s", CHROME, behind[i]);
        struct mg_head head;
        mg_expect_int(behind[i],
                      parse(behind[i], (struct mg_str){bytes, (size_t)len}, false, &head),
                      MG_HEAD_COMPLETE);
        expect_preflight(behind[i], &head);
    }
}

struct row {
    const char *desc;
    const char *bytes;
    enum mg_method method;
    uint8_t minor;
    uint8_t framing;
    uint64_t length;
    bool keep_alive;
    bool expects_continue;
};

#define HOST "Host: a\r\n"

static const struct row ROWS[] = {
    {"HTTP/1.1 keeps alive", "GET / HTTP/1.1\r\n" HOST "\r\n", MG_METHOD_GET, 1, 0, 0, true,
     false},
    {"HTTP/1.0 does not", "GET / HTTP/1.0\r\n\r\n", MG_METHOD_GET, 0, 0, 0, false, false},
    {"HTTP/1.0 does when asked", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
     MG_METHOD_GET, 0, 0, 0, true, false},
    {"HTTP/1.9 is taken for 1.1", "GET / HTTP/1.9\r\n" HOST "\r\n", MG_METHOD_GET, 1, 0, 0,
     true, false},
    {"close in HTTP/1.1", "GET / HTTP/1.1\r\n" HOST "Connection: CLOSE\r\n\r\n", MG_METHOD_GET,
     1, 0, 0, false, false},
    {"close in a list", "GET / HTTP/1.1\r\n" HOST "Connection: x ,\tclose , y\r\n\r\n",
     MG_METHOD_GET, 1, 0, 0, false, false},
    {"close wins over keep-alive", "GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n",
     MG_METHOD_GET, 0, 0, 0, false, false},
    {"close on a later line wins",
     "GET / HTTP/1.1\r\n" HOST "Connection: keep-alive\r\nX: y\r\nConnection: close\r\n\r\n",
     MG_METHOD_GET, 1, 0, 0, false, false},
    {"an option that begins with close", "GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n",
     MG_METHOD_GET, 1, 0, 0, true, false},
    {"an empty Connection", "GET / HTTP/1.1\r\n" HOST "Connection:\r\n\r\n", MG_METHOD_GET, 1,
     0, 0, true, false},
    {"Upgrade is a field like any",
     "GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
     MG_METHOD_GET, 1, 0, 0, true, false},
    {"a length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 42\r\n\r\n", MG_METHOD_POST, 1,
     MG_FRAMING_LENGTH, 42, true, false},
    {"a length with white space around",
     "POST / HTTP/1.1\r\n" HOST "content-length: \t42  \r\n\r\n", MG_METHOD_POST, 1,
     MG_FRAMING_LENGTH, 42, true, false},
    {"a length with tabs behind it",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 42\t \t\r\nExpect: 100-continue\r\n\r\n",
     MG_METHOD_POST, 1, MG_FRAMING_LENGTH, 42, true, true},
    {"a length with a tab behind it, of a method that llhttp has not",
     "QUERY / HTTP/1.1\r\nContent-Length:7\t\r\n" HOST "\r\n", MG_METHOD_OTHER, 1,
     MG_FRAMING_LENGTH, 7, true, false},
    {"chunked with a tab behind it",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\tchunked\t\r\n\r\n", MG_METHOD_POST, 1,
     MG_FRAMING_CHUNKED, 0, true, false},
    {"a length without white space", "POST / HTTP/1.1\r\n" HOST "Content-Length:42\r\n\r\n",
     MG_METHOD_POST, 1, MG_FRAMING_LENGTH, 42, true, false},
    {"a length of 0", "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", MG_METHOD_GET, 1,
     MG_FRAMING_LENGTH, 0, true, false},
    {"a length of 2^63 - 1",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775807\r\n\r\n", MG_METHOD_POST,
     1, MG_FRAMING_LENGTH, INT64_MAX, true, false},
    {"chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", MG_METHOD_POST,
     1, MG_FRAMING_CHUNKED, 0, true, false},
    {"chunked in any case", "POST / HTTP/1.1\r\n" HOST "TRANSFER-ENCODING: Chunked \r\n\r\n",
     MG_METHOD_POST, 1, MG_FRAMING_CHUNKED, 0, true, false},
    {"an expectation with a length",
     "PUT / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
     MG_METHOD_PUT, 1, MG_FRAMING_LENGTH, 1, true, true},
    {"an expectation in two lines",
     "PUT / HTTP/1.1\r\n" HOST "Expect:\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
     MG_METHOD_PUT, 1, MG_FRAMING_LENGTH, 1, true, true},
    {"an expectation with chunks",
     "PUT / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
     MG_METHOD_PUT, 1, MG_FRAMING_CHUNKED, 0, true, true},
    {"an expectation without content", "GET / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n",
     MG_METHOD_GET, 1, 0, 0, true, false},
    {"an expectation of HTTP/1.0 is none",
     "PUT / HTTP/1.0\r\nExpect: x\r\nContent-Length: 1\r\n\r\n", MG_METHOD_PUT, 0,
     MG_FRAMING_LENGTH, 1, false, false},
    {"empty lines first", "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", MG_METHOD_GET, 1, 0, 0,
     true, false},
    {"a method in lower case", "patch / HTTP/1.1\r\n" HOST "\r\n", MG_METHOD_OTHER, 1, 0, 0,
     true, false},
    {"a method that llhttp has not", "QUERY / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n",
     MG_METHOD_OTHER, 1, MG_FRAMING_LENGTH, 3, true, false},
    {"a method of other servers", "PROPFIND / HTTP/1.1\r\n" HOST "\r\n", MG_METHOD_OTHER, 1, 0,
     0, true, false},
    {"a method of RTSP", "PLAY / HTTP/1.1\r\n" HOST "\r\n", MG_METHOD_OTHER, 1, 0, 0, true,
     false},
    {"the method PRI", "PRI * HTTP/1.1\r\n" HOST "\r\n", MG_METHOD_OTHER, 1, 0, 0, true, false},
    {"a method of all kinds of bytes", "!#$%&'*+-.^_`|~09aZ / HTTP/1.1\r\n" HOST "\r\n",
     MG_METHOD_OTHER, 1, 0, 0, true, false},
    {"CONNECT is left to the server", "CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n",
     MG_METHOD_CONNECT, 1, 0, 0, true, false},
    {"TRACE is left to the server", "TRACE / HTTP/1.1\r\n" HOST "\r\n", MG_METHOD_TRACE, 1, 0,
     0, true, false},
    {"asterisk-form", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", MG_METHOD_OPTIONS, 1, 0, 0, true,
     false},
    {"absolute-form", "GET http://b?c HTTP/1.1\r\n" HOST "\r\n", MG_METHOD_GET, 1, 0, 0, true,
     false},
    {"what browsers leave as it is", "GET /[a]^|?{a}`|^[]%zz HTTP/1.1\r\n" HOST "\r\n",
     MG_METHOD_GET, 1, 0, 0, true, false},
};

static void reads_framing_and_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * MG_COUNT(ROWS); i++) {
        const struct row *row = &ROWS[i / 2];
        struct mg_head head;
        struct mg_str bytes = mg_str_from(row->bytes);
        mg_expect_int(row->desc, parse(row->desc, bytes, i % 2 == 1, &head), MG_HEAD_COMPLETE);
        mg_expect_int(row->desc, head.method, row->method);
        mg_expect_int(row->desc, head.minor, row->minor);
        mg_expect_int(row->desc, head.framing, row->framing);
        mg_expect_u64(row->desc, head.content_length, row->length);
        mg_expect_int(row->desc, head.keep_alive, row->keep_alive);
        mg_expect_int(row->desc, head.expects_continue, row->expects_continue);
        mg_expect_int(row->desc, head.size, bytes.len);
    }
}

static void trims_values_only_at_their_ends(void **state)
{
    static const struct {
        const char *line;
        const char *value;
    } rows[] = {
        {"X:a", "a"},      {"X: a", "a"},           {"X:\ta \t", "a"},
        {"X: a b", "a b"}, {"X: a\t\tb", "a\t\tb"}, {"X:", ""},
        {"X: ", ""},       {"X: \t ", ""},          {"X: a:b", "a:b"},
        {"X::", ":"},      {"X: \xff", "\xff"},     {"X: a, ", "a,"},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char bytes[128];
        int len = snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\n%s\r\nHost: a\r\n\r\n",
                           rows[i].line);
        struct mg_head head;
        mg_expect_int(rows[i].line,
                      parse(rows[i].line, (struct mg_str){bytes, (size_t)len}, true, &head),
                      MG_HEAD_COMPLETE);
        mg_expect_str(rows[i].line, head.fields[0].name, MG_STR("X"));
        mg_expect_str(rows[i].line, head.fields[0].value, mg_str_from(rows[i].value));
    }
}

static void holds_as_many_fields_as_it_says(void **state)
{
    (void)state;
    static char bytes[8192];
    const struct mg_head_limits limits = {sizeof(bytes), 8192, 100000};
    size_t len = (size_t)snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\n");
    for (unsigned i = 1; i < MG_HEAD_MAX_FIELDS; i++) {
        len += (size_t)snprintf(bytes + len, sizeof(bytes) - len, "X-%u: a\r\n", i);
    }
    len += (size_t)snprintf(bytes + len, sizeof(bytes) - len, "Host: a\r\n\r\n");
    struct mg_head_scan scan = {0};
    struct mg_head head;
    mg_expect_int("255 fields",
                  mg_head_parse((struct mg_str){bytes, len}, &limits, &scan, &head),
                  MG_HEAD_COMPLETE);
    mg_expect_int("255 fields", head.field_count, MG_HEAD_MAX_FIELDS);
    mg_expect_str("the last of them", mg_head_value(&head, MG_FIELD_HOST), MG_STR("a"));
    (void)snprintf(bytes + len - 2, sizeof(bytes) - len, "Y: a\r\n\r\n");
    scan = (struct mg_head_scan){0};
    mg_expect_int("256 fields",
                  mg_head_parse((struct mg_str){bytes, len + 6}, &limits, &scan, &head),
                  MG_HEAD_REFUSED);
    mg_expect_text("256 fields", scan.reason, "too-many-fields");
}

/* A limit lets through exactly what it names. */
static void limits_are_exact(void **state)
{
    (void)state;
    const struct mg_str bytes = MG_STR("GET /abc HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
    const struct mg_head_limits exact = {bytes.len, 4, 2};
    for (int less = 0; less < 4; less++) {
        struct mg_head_limits limits = exact;
        limits.head_bytes -= less == 1;
        limits.target_bytes -= less == 2;
        limits.fields -= less == 3;
        static const unsigned statuses[] = {0, 431, 414, 431};
        struct mg_head_scan scan = {0};
        struct mg_head head;
        (void)mg_head_parse(bytes, &limits, &scan, &head);
        mg_expect_int("one less than needed", scan.status, statuses[less]);
    }
}

static void rebases_every_slice(void **state)
{
    (void)state;
    static char elsewhere[sizeof(CHROME)];
    struct mg_head head;
    struct mg_head_scan scan = {0};
    (void)mg_head_parse((struct mg_str){CHROME, sizeof(CHROME) - 1}, &LIMITS, &scan, &head);
    memcpy(elsewhere, CHROME, sizeof(CHROME));
    mg_head_rebase(&head, CHROME, elsewhere);
    expect_preflight("rebased", &head);
    const char *end = elsewhere + sizeof(elsewhere);
    mg_expect_true("target", head.target.ptr > elsewhere && head.target.ptr < end);
    for (unsigned i = 0; i < head.field_count; i++) {
        const char *name = head.fields[i].name.ptr;
        const char *value = head.fields[i].value.ptr;
        mg_expect_true("name and value", name > elsewhere && name < value && value < end);
    }
}

static void walks_fields_by_name(void **state)
{
    (void)state;
    struct mg_head head;
    unsigned at = 0;
    (void)parse("walk", MG_STR("GET / HTTP/1.1\r\nA: 1\r\nHost: h\r\na: 2\r\nB: 3\r\n\r\n"),
                false, &head);
    mg_expect_str("first", mg_head_next(&head, MG_STR("a"), &at)->value, MG_STR("1"));
    mg_expect_str("second", mg_head_next(&head, MG_STR("A"), &at)->value, MG_STR("2"));
    head.fields[head.field_count] = head.fields[0]; /* of an older head */
    mg_expect_true("no third", mg_head_next(&head, MG_STR("A"), &at) == NULL);
}

static void head_tells_of_expectations_nobody_can_meet(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *fields;
        bool is_unsupported;
    } rows[] = {
        {"another expectation", "Expect: 200-ok\r\n", true},
        {"an expectation beside 100-continue", "Expect: 100-continue, x\r\n", true},
        {"two expectations", "Expect: 100-continue\r\nExpect: x\r\n", true},
        {"an empty list of expectations", "Expect: ,\r\n", false},
        {"100-continue twice", "Expect: 100-continue, 100-Continue\r\n", false},
        {"another in a second line", "Expect: 100-continue\r\nX: a\r\nexpect: y\r\n", true},
        {"a parameter", "Expect: 100-continue;a=b\r\n", true},
        {"100-continue", "Expect: 100-continue\r\n", false},
        {"none", "", false},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char text[256];
        struct mg_head head;
        struct mg_head_scan scan = {0};
        (void)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n",
                       rows[i].fields);
        mg_expect_int(rows[i].desc, mg_head_parse(mg_str_from(text), &LIMITS, &scan, &head),
                      MG_HEAD_COMPLETE);
        mg_expect_int(rows[i].desc, head.expectation_unsupported, rows[i].is_unsupported);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_tells_of_expectations_nobody_can_meet),
        cmocka_unit_test(reads_a_preflight),
        cmocka_unit_test(stops_at_the_end_of_the_head),
        cmocka_unit_test(reads_framing_and_connection),
        cmocka_unit_test(trims_values_only_at_their_ends),
        cmocka_unit_test(holds_as_many_fields_as_it_says),
        cmocka_unit_test(limits_are_exact),
        cmocka_unit_test(rebases_every_slice),
        cmocka_unit_test(walks_fields_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
