/* test_response_head.c - heads of responses: what is accepted and how it is framed, what is
 * refused and why, and that neither depends on how the bytes were cut.
 */
#include "expect.h"
#include "guard.h"
#include "http/response_head.h"

enum {
    HEAD_BYTES = 512,
    FIELDS = 8
};

static const struct mg_response_head_limits LIMITS = {.head_bytes = HEAD_BYTES,
                                                      .fields = FIELDS};

static struct mg_guard guard;

/* Parse `text`, `step` bytes more each time, each time up against a page that must not be
 * touched. */
static enum mg_head_result parse(struct mg_str text, size_t step, bool is_head,
                                 struct mg_response_head_scan *scan,
                                 struct mg_response_head *head)
{
    enum mg_head_result result = MG_HEAD_PARTIAL;
    *scan = (struct mg_response_head_scan){0};
    for (size_t len = step; result == MG_HEAD_PARTIAL; len += step) {
        struct mg_str piece = {text.ptr, len < text.len ? len : text.len};
        result =
            mg_response_head_parse(mg_guard_str(&guard, piece), &LIMITS, is_head, scan, head);
        if (len >= text.len) {
            break;
        }
    }
    return result;
}

static const struct {
    const char *desc;
    const char *text;
    unsigned status;
    enum mg_response_body body;
    uint64_t length;
    bool is_head;
    bool keep_alive;
} accepted[] = {
    {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", 200, MG_BODY_LENGTH, 12,
     false, true},
    {"no length", "HTTP/1.1 200 OK\r\n\r\n", 200, MG_BODY_CLOSE, 0, false, false},
    {"chunked", "HTTP/1.1 200 OK\r\nTRANSFER-encoding: Chunked\r\n\r\n", 200, MG_BODY_CHUNKED,
     0, false, true},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", 200, MG_BODY_LENGTH, 1, false,
     false},
    {"HTTP/1.0 that is kept",
     "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n", 200,
     MG_BODY_LENGTH, 1, false, true},
    {"close among other options",
     "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\n", 200,
     MG_BODY_LENGTH, 1, false, false},
    {"a 204", "HTTP/1.1 204 No Content\r\n\r\n", 204, MG_BODY_NONE, 0, false, true},
    {"a 304 with a length", "HTTP/1.1 304 X\r\nContent-Length: 7\r\n\r\n", 304, MG_BODY_NONE, 7,
     false, true},
    {"a 100", "HTTP/1.1 100 Continue\r\n\r\n", 100, MG_BODY_NONE, 0, false, true},
    {"HEAD with a length", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", 200, MG_BODY_NONE, 7,
     true, true},
    {"HEAD in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200,
     MG_BODY_NONE, 0, true, true},
    {"no reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, MG_BODY_LENGTH, 0, false,
     true},
    {"no reason and no space", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, MG_BODY_LENGTH,
     0, false, true},
    {"obs-text in the reason", "HTTP/1.1 500 Fehl\xe9r\r\nContent-Length: 0\r\n\r\n", 500,
     MG_BODY_LENGTH, 0, false, true},
    {"white space before a colon", "HTTP/1.1 200 OK\r\nContent-Length \t: 3\r\n\r\n", 200,
     MG_BODY_LENGTH, 3, false, true},
    {"a higher minor version", "HTTP/1.9 200 OK\r\nContent-Length: 3\r\n\r\n", 200,
     MG_BODY_LENGTH, 3, false, true},
};

static void heads_are_accepted(void **state)
{
    (void)state;
    static struct mg_response_head head;
    struct mg_response_head_scan scan;
    for (size_t i = 0; i < MG_COUNT(accepted); i++) {
        struct mg_str text = mg_str_from(accepted[i].text);
        for (size_t step = 1; step <= text.len; step++) {
            const char *desc = accepted[i].desc;
            mg_expect_int(desc, parse(text, step, accepted[i].is_head, &scan, &head),
                          MG_HEAD_COMPLETE);
            mg_expect_int(desc, head.status, accepted[i].status);
            mg_expect_int(desc, head.body, accepted[i].body);
            mg_expect_u64(desc, head.content_length, accepted[i].length);
            mg_expect_int(desc, head.keep_alive, accepted[i].keep_alive);
            mg_expect_int(desc, head.size, text.len);
        }
    }
}

static const struct {
    const char *text;
    const char *reason;
} refused[] = {
    {"garbage\r\n", "status-line-malformed"},
    {"\r\n", "status-line-malformed"},
    {" HTTP/1.1 200 OK\r\n", "status-line-malformed"},
    {"HTTP/11 200 OK\r\n", "status-line-malformed"},
    {"HTTP/1.1\t200 OK\r\n", "status-line-malformed"},
    {"HTTP/1.1 20\r\n", "status-line-malformed"},
    {"HTTP/2.0 200 OK\r\n", "version-unsupported"},
    {"HTTP/0.9 200 OK\r\n", "version-unsupported"},
    {"HTTP/1.1 2000 OK\r\n", "status-malformed"},
    {"HTTP/1.1 20x OK\r\n", "status-malformed"},
    {"HTTP/1.1 200\tOK\r\n", "status-malformed"},
    {"HTTP/1.1 099 OK\r\n", "status-out-of-range"},
    {"HTTP/1.1 600 OK\r\n", "status-out-of-range"},
    {"HTTP/1.1 200 OK\nX: y\r\n\r\n", "bare-lf"},
    {"HTTP/1.1 200 OK\rX: y\r\n\r\n", "bare-cr"},
    {"HTTP/1.1 200 OK\r\r\n\r\n", "bare-cr"},
    {"HTTP/1.1 200 OK\r\nX: \x01\r\n\r\n", "control-byte"},
    {"HTTP/1.1 200 OK\r\nX: \x7f\r\n\r\n", "control-byte"},
    {"HTTP/1.1 200 OK\r\n X: y\r\n\r\n", "obs-fold"},
    {"HTTP/1.1 200 OK\r\nX: y\r\n\tz\r\n\r\n", "obs-fold"},
    {"HTTP/1.1 200 OK\r\n: y\r\n\r\n", "field-name-malformed"},
    {"HTTP/1.1 200 OK\r\nX\r\n\r\n", "field-name-malformed"},
    {"HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n", "field-name-malformed"},
    {"HTTP/1.1 200 OK\r\nX(: z\r\n\r\n", "field-name-malformed"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
     "content-length-repeated"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1,1\r\n\r\n", "content-length-malformed"},
    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "content-length-malformed"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n",
     "content-length-malformed"},
    {"HTTP/1.1 204 OK\r\nContent-Length:\r\n\r\n", "content-length-malformed"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     "length-with-transfer-encoding"},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer-encoding-in-http-1-0"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
     "transfer-coding-unsupported"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", "transfer-coding-unsupported"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n", "transfer-coding-unsupported"},
    {"HTTP/1.1 200 OK\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\n\r\n",
     "too-many-fields"},
};

static void heads_are_refused(void **state)
{
    (void)state;
    static struct mg_response_head head;
    struct mg_response_head_scan scan;
    for (size_t i = 0; i < MG_COUNT(refused); i++) {
        struct mg_str text = mg_str_from(refused[i].text);
        for (size_t step = 1; step <= text.len; step++) {
            mg_expect_int(refused[i].text, parse(text, step, false, &scan, &head),
                          MG_HEAD_REFUSED);
            mg_expect_text(refused[i].text, scan.reason, refused[i].reason);
        }
    }
}

static void heads_have_a_bound(void **state)
{
    (void)state;
    static struct mg_response_head head;
    struct mg_response_head_scan scan;
    char text[HEAD_BYTES + 8] = "HTTP/1.1 200 OK\r\nX: ";
    size_t at = strlen(text);
    memset(text + at, 'a', sizeof(text) - at);
    memcpy(text + HEAD_BYTES - 4, "\r\n\r\n", 4);
    struct mg_str fits = {text, HEAD_BYTES};
    for (size_t step = 1; step <= HEAD_BYTES; step += 7) {
        mg_expect_int("as much as may be", parse(fits, step, false, &scan, &head),
                      MG_HEAD_COMPLETE);
    }
    memset(text + at, 'a', sizeof(text) - at);
    memcpy(text + HEAD_BYTES - 3, "\r\n\r\n", 4);
    for (size_t step = 1; step <= HEAD_BYTES + 1; step += 7) {
        mg_expect_int("a byte more",
                      parse((struct mg_str){text, HEAD_BYTES + 1}, step, false, &scan, &head),
                      MG_HEAD_REFUSED);
        mg_expect_text("a byte more", scan.reason, "head-too-large");
    }
}

static void fields_are_slices(void **state)
{
    (void)state;
    static struct mg_response_head head;
    struct mg_response_head_scan scan;
    struct mg_str text =
        MG_STR("HTTP/1.1 200 OK\r\nX-A:1\r\nx-b :\t two \r\nEmpty:\r\n\r\nbody");
    mg_expect_int("whole", parse(text, text.len, false, &scan, &head), MG_HEAD_COMPLETE);
    mg_expect_int("count", head.field_count, 3);
    mg_expect_str("name", head.fields[1].name, MG_STR("x-b"));
    mg_expect_str("value", head.fields[1].value, MG_STR("two"));
    mg_expect_str("empty", head.fields[2].value, MG_STR(""));
    mg_expect_int("the body is not the head's", head.size, text.len - 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_accepted),
        cmocka_unit_test(heads_are_refused),
        cmocka_unit_test(heads_have_a_bound),
        cmocka_unit_test(fields_are_slices),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mg_guard_free(&guard);
    return failed;
}
