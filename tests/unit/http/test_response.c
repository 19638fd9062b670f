/* test_response.c - response heads byte for byte, and what cannot get into one. */
#include "expect.h"
#include "http/response.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

struct row {
    const char *desc;
    unsigned status;
    enum mg_response_framing framing;
    uint64_t length;
    enum mg_response_connection connection;
    const char *want; /* NULL: refused */
};

#define OK "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nX: y\r\n"

static const struct row ROWS[] = {
    {"nothing in a 200", 200, MG_RESPONSE_EMPTY, 0, 0, OK "Content-Length: 0\r\n\r\n"},
    {"a length", 200, MG_RESPONSE_LENGTH, 1234567890, 0,
     OK "Content-Length: 1234567890\r\n\r\n"},
    {"the greatest length", 200, MG_RESPONSE_LENGTH, UINT64_MAX, MG_CONNECTION_KEEP_ALIVE,
     OK "Content-Length: 18446744073709551615\r\nConnection: keep-alive\r\n\r\n"},
    {"a length of 0", 200, MG_RESPONSE_LENGTH, 0, MG_CONNECTION_CLOSE,
     OK "Content-Length: 0\r\nConnection: close\r\n\r\n"},
    {"chunks", 200, MG_RESPONSE_CHUNKED, 0, MG_CONNECTION_KEEP_ALIVE,
     OK "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"},
    {"until the connection ends", 200, MG_RESPONSE_CLOSE, 0, 0, OK "Connection: close\r\n\r\n"},
    {"until the connection ends, kept alive", 200, MG_RESPONSE_CLOSE, 0,
     MG_CONNECTION_KEEP_ALIVE, OK "Connection: close\r\n\r\n"},
    {"the head alone", 200, MG_RESPONSE_HEAD, 0, 0, OK "\r\n"},
    {"204", 204, MG_RESPONSE_EMPTY, 0, MG_CONNECTION_CLOSE,
     "HTTP/1.1 204 No Content\r\nDate: " DATE "\r\nX: y\r\nConnection: close\r\n\r\n"},
    {"304", 304, MG_RESPONSE_EMPTY, 0, 0,
     "HTTP/1.1 304 Not Modified\r\nDate: " DATE "\r\nX: y\r\n\r\n"},
    {"103", 103, MG_RESPONSE_EMPTY, 0, 0,
     "HTTP/1.1 103 Early Hints\r\nDate: " DATE "\r\nX: y\r\n\r\n"},
    {"a status without phrase", 299, MG_RESPONSE_HEAD, 0, 0,
     "HTTP/1.1 299 \r\nDate: " DATE "\r\nX: y\r\n\r\n"},
    {"the greatest status", 599, MG_RESPONSE_HEAD, 0, 0,
     "HTTP/1.1 599 \r\nDate: " DATE "\r\nX: y\r\n\r\n"},
    {"204 with a length", 204, MG_RESPONSE_LENGTH, 0, 0, NULL},
    {"204 with chunks", 204, MG_RESPONSE_CHUNKED, 0, 0, NULL},
    {"304 until the end", 304, MG_RESPONSE_CLOSE, 0, 0, NULL},
    {"100 with a length", 100, MG_RESPONSE_LENGTH, 1, 0, NULL},
    {"status 99", 99, MG_RESPONSE_EMPTY, 0, 0, NULL},
    {"status 600", 600, MG_RESPONSE_EMPTY, 0, 0, NULL},
    {"status 65736, 200 in 16 bits", 65736, MG_RESPONSE_EMPTY, 0, 0, NULL},
};

static void writes_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct mg_buf out;
        struct mg_response response;
        mg_buf_init(&out, 4096);
        mg_buf_add(&out, MG_STR("before"));
        mg_response_begin(&response, &out, ROWS[i].status, MG_STR(DATE));
        mg_response_field(&response, MG_STR("X"), MG_STR("y"));
        bool written =
            mg_response_end(&response, ROWS[i].framing, ROWS[i].length, ROWS[i].connection);
        mg_expect_int(ROWS[i].desc, written, ROWS[i].want != NULL);
        mg_expect_str(ROWS[i].desc, ((struct mg_str){out.ptr, 6}), MG_STR("before"));
        mg_expect_str(ROWS[i].desc, mg_str_from_offset(mg_buf_str(&out), 6),
                      mg_str_from(ROWS[i].want));
        mg_buf_fini(&out);
    }
}

static void interim_answers_need_no_date(void **state)
{
    (void)state;
    struct mg_buf out;
    struct mg_response response;
    mg_buf_init(&out, 4096);
    mg_response_begin(&response, &out, 100, MG_STR(""));
    mg_expect_true("100", mg_response_end(&response, MG_RESPONSE_EMPTY, 0, 0));
    mg_expect_str("100", mg_buf_str(&out), MG_STR("HTTP/1.1 100 Continue\r\n\r\n"));
    mg_buf_fini(&out);
}

struct field_row {
    const char *desc;
    struct mg_str name;
    struct mg_str value;
    bool valid;
};

#define FIELD(desc, name, value, valid)                                   \
    {                                                                     \
        desc, {name, sizeof(name) - 1}, {value, sizeof(value) - 1}, valid \
    }

static const struct field_row FIELDS[] = {
    FIELD("plain", "X-A", "b", true),
    FIELD("an empty value", "X", "", true),
    FIELD("white space inside", "X", "a \t b", true),
    FIELD("obs-text", "X", "\xc3\xa4\xff", true),
    FIELD("every kind of token byte", "!#$%&'*+-.^_`|~09azAZ", "a", true),
    FIELD("a name that begins like an owned one", "Content-Lengths", "5", true),
    FIELD("Upgrade", "Upgrade", "h2c", true),
    FIELD("CR LF in the value", "X", "a\r\nSet-Cookie: b", false),
    FIELD("LF in the value", "X", "a\nb", false),
    FIELD("CR in the value", "X", "a\rb", false),
    FIELD("LF at the end of a long value", "X", "0123456789abcdef0123456789abcdef\n", false),
    FIELD("NUL in the value", "X", "a\0b", false),
    FIELD("ESC in the value", "X", "\x1b", false),
    FIELD("DEL in the value", "X", "\x7f", false),
    FIELD("a space before the value", "X", " a", false),
    FIELD("a tab behind the value", "X", "a\t", false),
    FIELD("no name", "", "a", false),
    FIELD("a space in the name", "X Y", "a", false),
    FIELD("a colon in the name", "X:", "a", false),
    FIELD("CR LF in the name", "X: a\r\nY", "b", false),
    FIELD("NUL in the name", "X\0", "b", false),
    FIELD("a high byte in the name", "X\xe4", "b", false),
    FIELD("Content-Length", "Content-Length", "5", false),
    FIELD("content-length", "content-length", "5", false),
    FIELD("Transfer-Encoding", "TRANSFER-encoding", "chunked", false),
    FIELD("Connection", "connection", "close", false),
    FIELD("Date", "DATE", DATE, false),
};

static void fields_cannot_be_injected(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(FIELDS); i++) {
        const struct field_row *row = &FIELDS[i];
        struct mg_buf out;
        struct mg_response response;
        mg_buf_init(&out, 4096);
        mg_response_begin(&response, &out, 200, MG_STR(DATE));
        mg_response_field(&response, row->name, row->value);
        mg_response_field(&response, MG_STR("Y"), MG_STR("z"));
        bool written = mg_response_end(&response, MG_RESPONSE_EMPTY, 0, 0);
        mg_expect_int(row->desc, written, row->valid);
        mg_expect_int(row->desc, mg_field_is_valid(row->name, row->value), row->valid);
        mg_expect_int(row->desc, out.len > 0, row->valid);
        mg_buf_fini(&out);
    }
}

static void lines_are_whole(void **state)
{
    static const struct {
        const char *lines;
        bool valid;
    } rows[] = {
        {"", true},      {"A: b\r\n", true},      {"A: b\r\nC: d\r\n", true},
        {"A: b", false}, {"A: b\r", false},       {"A: b\n", false},
        {"\r\n", false}, {"\r\nA: b\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_buf out;
        struct mg_response response;
        mg_buf_init(&out, 4096);
        mg_response_begin(&response, &out, 200, MG_STR(DATE));
        mg_response_lines(&response, mg_str_from(rows[i].lines));
        mg_expect_int(rows[i].lines, mg_response_end(&response, MG_RESPONSE_HEAD, 0, 0),
                      rows[i].valid);
        mg_buf_fini(&out);
    }
}

/* At every bound a head is there as a whole or not at all, and the buffer is usable after. */
static void an_overflow_takes_the_head_back(void **state)
{
    (void)state;
    for (size_t max = 6; max < 300; max++) {
        struct mg_buf out;
        struct mg_response response;
        mg_buf_init(&out, max);
        mg_buf_add(&out, MG_STR("before"));
        mg_response_begin(&response, &out, 200, MG_STR(DATE));
        mg_response_field(&response, MG_STR("X"), MG_STR("y"));
        mg_response_lines(&response, MG_STR("Z: 1\r\n"));
        bool written = mg_response_end(&response, MG_RESPONSE_CHUNKED, 0, MG_CONNECTION_CLOSE);
        mg_expect_int("written", written, out.len > 6);
        mg_expect_true("not overflowed", !out.overflowed);
        mg_expect_true("whole",
                       !written || mg_str_ends_with(mg_buf_str(&out), MG_STR("\r\n\r\n")));
        mg_buf_fini(&out);
    }
    struct mg_buf out = {.overflowed = true, .max_bytes = 4096};
    struct mg_response response;
    mg_response_begin(&response, &out, 200, MG_STR(DATE));
    mg_expect_true("an overflow from before",
                   !mg_response_end(&response, MG_RESPONSE_EMPTY, 0, 0));
    mg_expect_true("an overflow from before stays", out.overflowed);
}

static void writes_chunks(void **state)
{
    (void)state;
    static const char data[300] = {0};
    struct mg_buf out;
    mg_buf_init(&out, 1024);
    mg_response_chunk(&out, MG_STR("hello"));
    mg_response_chunk(&out, MG_STR(""));
    mg_response_last_chunk(&out, MG_STR(""));
    mg_expect_str("chunks", mg_buf_str(&out), MG_STR("5\r\nhello\r\n0\r\n\r\n"));
    mg_buf_clear(&out);
    mg_response_chunk(&out, (struct mg_str){data, sizeof(data)});
    mg_expect_str("hexadecimal size", ((struct mg_str){out.ptr, 5}), MG_STR("12c\r\n"));
    mg_expect_int("size", out.len, 5 + sizeof(data) + 2);
    mg_buf_fini(&out);
    mg_buf_init(&out, 305);
    mg_response_chunk(&out, (struct mg_str){data, sizeof(data)});
    mg_expect_int("no half of a chunk", out.len, 0);
    mg_expect_true("no half of a chunk", out.overflowed);
    mg_buf_fini(&out);
}

static void knows_statuses(void **state)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } rows[] = {
        {99, ""},
        {100, "Continue"},
        {103, "Early Hints"},
        {104, ""},
        {200, "OK"},
        {204, "No Content"},
        {304, "Not Modified"},
        {306, ""},
        {403, "Forbidden"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {501, "Not Implemented"},
        {505, "HTTP Version Not Supported"},
        {511, "Network Authentication Required"},
        {512, ""},
        {1000, ""},
    };
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        mg_expect_str(rows[i].phrase, mg_status_phrase(rows[i].status),
                      mg_str_from(rows[i].phrase));
    }
    unsigned phrases = 0;
    for (unsigned status = 0; status < 700; status++) {
        bool bodiless = status / 100 == 1 || status == 204 || status == 304;
        mg_expect_int("bodiless", mg_status_is_bodiless(status), bodiless);
        phrases += mg_status_phrase(status).len > 0;
    }
    mg_expect_int("registered statuses", phrases, 61);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_heads),
        cmocka_unit_test(interim_answers_need_no_date),
        cmocka_unit_test(fields_cannot_be_injected),
        cmocka_unit_test(lines_are_whole),
        cmocka_unit_test(an_overflow_takes_the_head_back),
        cmocka_unit_test(writes_chunks),
        cmocka_unit_test(knows_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
