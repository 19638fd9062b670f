/* test_body.c - the chunk decoder and content by length. Every row is decoded whole, byte by
 * byte, and cut in two at every place: one result.
 */
#include <stdio.h>

#include "expect.h"
#include "guard.h"
#include "http/body.h"
#include "prng.h"

enum {
    MAX_CONTENT = 1 << 17
};

struct outcome {
    enum mg_body_result result;
    const char *reason;
    size_t used;
    size_t content_len;
    char content[MAX_CONTENT];
};

/* Decode one piece; what is left of it belongs to the next request. */
static void decode_piece(struct mg_body *body, struct mg_str piece, struct outcome *out)
{
    struct mg_guard guard = {NULL, 0};
    struct mg_str rest = mg_guard_str(&guard, piece);
    do {
        struct mg_str content;
        size_t used = 0;
        out->result = mg_body_decode(body, rest, &used, &content);
        if (out->result == MG_BODY_DATA) {
            assert_true(content.len > 0 && out->content_len + content.len <= MAX_CONTENT);
            memcpy(out->content + out->content_len, content.ptr, content.len);
            out->content_len += content.len;
        }
        assert_true(used <= rest.len);
        out->used += used;
        rest = mg_str_from_offset(rest, used);
    } while (out->result == MG_BODY_DATA);
    mg_guard_free(&guard);
}

/* Decode `bytes` cut at `cut`, and from there on in pieces of `step` bytes. */
static void decode(const struct mg_head *head, struct mg_str bytes, size_t cut, size_t step,
                   struct outcome *out)
{
    struct mg_body body;
    mg_body_init(&body, head);
    *out = (struct outcome){.result = MG_BODY_MORE};
    size_t at = 0;
    size_t len = cut;
    do {
        len = len < bytes.len - at ? len : bytes.len - at;
        decode_piece(&body, (struct mg_str){bytes.ptr + at, len}, out);
        at += len;
        len = step;
    } while (out->result == MG_BODY_MORE && at < bytes.len);
    out->reason = body.reason;
}

struct row {
    const char *desc;
    struct mg_str bytes;
    enum mg_body_result result;
    const char *content; /* what came out, refused or not */
    const char *reason;
    size_t rest; /* bytes behind the end */
};

#define ENDS(desc, bytes, content, rest)                                   \
    {                                                                      \
        desc, {bytes, sizeof(bytes) - 1}, MG_BODY_END, content, NULL, rest \
    }
#define MORE(desc, bytes, content)                                       \
    {                                                                    \
        desc, {bytes, sizeof(bytes) - 1}, MG_BODY_MORE, content, NULL, 0 \
    }
#define REFUSED(desc, bytes, content, reason)                                 \
    {                                                                         \
        desc, {bytes, sizeof(bytes) - 1}, MG_BODY_REFUSED, content, reason, 0 \
    }

static struct outcome got;

static void expect_row(const struct row *row, const struct mg_head *head, size_t cut,
                       size_t step)
{
    decode(head, row->bytes, cut, step, &got);
    mg_expect_int(row->desc, got.result, row->result);
    mg_expect_text(row->desc, got.reason, row->reason);
    mg_expect_str(row->desc, ((struct mg_str){got.content, got.content_len}),
                  mg_str_from(row->content));
    if (row->result == MG_BODY_END) {
        mg_expect_int(row->desc, got.used, row->bytes.len - row->rest);
    }
}

static void expect_rows(const struct row *rows, size_t count, const struct mg_head *head)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t cut = 0; cut <= rows[i].bytes.len; cut++) {
            expect_row(&rows[i], head, cut, SIZE_MAX);
        }
        expect_row(&rows[i], head, 1, 1);
    }
}

static const struct mg_head CHUNKED = {.framing = MG_FRAMING_CHUNKED};

static void accepts_the_grammar(void **state)
{
    static const struct row rows[] = {
        ENDS("no content", "0\r\n\r\n", "", 0),
        ENDS("one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", 0),
        ENDS("two chunks", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!", 0),
        ENDS("the next request", "1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n", "a", 16),
        ENDS("digits in both cases", "0000000A\r\n0123456789\r\n00a\r\n0123456789\r\n0\r\n\r\n",
             "01234567890123456789", 0),
        ENDS("sixteen digits", "0000000000000001\r\na\r\n0000000000000000\r\n\r\n", "a", 0),
        ENDS("CR LF in data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", 0),
        ENDS("an extension", "1;a=b\r\nx\r\n0\r\n\r\n", "x", 0),
        ENDS("extensions of all kinds", "1;a=b;c=\"d e\";f\r\nx\r\n0;g\r\n\r\n", "x", 0),
        ENDS("an escaped quote", "1;a=\"\\\"\\\\;\"\r\nx\r\n0\r\n\r\n", "x", 0),
        ENDS("an empty quoted value", "1;a=\"\"\r\nx\r\n0\r\n\r\n", "x", 0),
        ENDS("a high byte in a quoted value", "1;a=\"\xe4\"\r\nx\r\n0\r\n\r\n", "x", 0),
        ENDS("bad white space", "1 \t; a\t = b ; c = \"d\" ;e\r\nx\r\n0\r\n\r\n", "x", 0),
        ENDS("trailers", "1\r\nx\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", "x", 0),
        ENDS("a trailer with a high byte", "0\r\nX: \xe4\t\r\n\r\n", "", 0),
        ENDS("a trailer that begins like a framing field", "0\r\nContent-Lengths: 1\r\n\r\n",
             "", 0),
        ENDS("a trailer with a long name",
             "0\r\nTransfer-Encoding-Transfer-Encoding: 1\r\n\r\n", "", 0),
        MORE("a size without its line end", "5", ""),
        MORE("a part of a chunk", "5\r\nhe", "he"),
        MORE("a chunk without its line end", "2\r\nhe", "he"),
        MORE("no last CR LF", "2\r\nhe\r\n0\r\n", "he"),
        MORE("half of the last CR LF", "0\r\n\r", ""),
    };
    (void)state;
    expect_rows(rows, MG_COUNT(rows), &CHUNKED);
}

static void refuses_what_is_not_the_grammar(void **state)
{
    static const struct row rows[] = {
        REFUSED("no size", "\r\nx\r\n", "", "chunk-size-malformed"),
        REFUSED("no size but an extension", ";a\r\n", "", "chunk-size-malformed"),
        REFUSED("a space before the size", " 1\r\nx\r\n", "", "chunk-size-malformed"),
        REFUSED("a sign", "+1\r\nx\r\n", "", "chunk-size-malformed"),
        REFUSED("a minus sign", "-1\r\nx\r\n", "", "chunk-size-malformed"),
        REFUSED("0x", "0x1\r\nx\r\n", "", "chunk-size-malformed"),
        REFUSED("an underscore", "1_0\r\nx\r\n", "", "chunk-size-malformed"),
        REFUSED("a letter", "g\r\n", "", "chunk-size-malformed"),
        REFUSED("NUL behind the size", "1\0\r\nx\r\n", "", "chunk-size-malformed"),
        REFUSED("a comma behind the size", "1,1\r\nx\r\n", "", "chunk-size-malformed"),
        REFUSED("a vertical tab behind the size", "1\x0b\r\nx\r\n", "", "chunk-size-malformed"),
        REFUSED("2^60 + 1", "1000000000000001\r\n", "", "chunk-size-too-large"),
        REFUSED("2^64 - 1", "ffffffffffffffff\r\n", "", "chunk-size-too-large"),
        REFUSED("2^64 + 1", "10000000000000001\r\n", "", "chunk-size-too-large"),
        REFUSED("seventeen digits", "00000000000000001\r\nx\r\n", "", "chunk-size-too-large"),
        REFUSED("white space behind the size", "1 \r\nx\r\n", "", "chunk-extension-malformed"),
        REFUSED("a second size", "1 1\r\nx\r\n", "", "chunk-extension-malformed"),
        REFUSED("LF behind the size", "1\nx\r\n", "", "bare-lf"),
        REFUSED("LF LF", "0\n\n", "", "bare-lf"),
        REFUSED("CR alone behind the size", "1\rx\r\n", "", "bare-cr"),
        REFUSED("CR CR LF behind the size", "1\r\r\nx\r\n", "", "bare-cr"),
        REFUSED("LF in an extension", "1;a\nx\r\n", "", "bare-lf"),
        REFUSED("LF in a quoted value", "1;a=\"\n\"\r\nx\r\n", "", "bare-lf"),
        REFUSED("CR in a quoted value", "1;a=\"\r\n\"\r\nx\r\n", "",
                "chunk-extension-malformed"),
        REFUSED("an escaped CR", "1;a=\"\\\r\n\"\r\nx", "", "chunk-extension-malformed"),
        REFUSED("CR alone behind a name", "1;a\r;b\r\nx\r\n", "", "bare-cr"),
        REFUSED("no extension name", "1;\r\nx\r\n", "", "chunk-extension-malformed"),
        REFUSED("two semicolons", "1;;a\r\nx\r\n", "", "chunk-extension-malformed"),
        REFUSED("a value without name", "1;=b\r\nx\r\n", "", "chunk-extension-malformed"),
        REFUSED("a name without value", "1;a=\r\nx\r\n", "", "chunk-extension-malformed"),
        REFUSED("two values", "1;a=b=c\r\nx\r\n", "", "chunk-extension-malformed"),
        REFUSED("a value behind a quoted one", "1;a=\"b\"c\r\nx\r\n", "",
                "chunk-extension-malformed"),
        REFUSED("white space behind a name", "1;a \r\nx\r\n", "", "chunk-extension-malformed"),
        REFUSED("white space behind a value", "1;a=b\t\r\nx\r\n", "",
                "chunk-extension-malformed"),
        REFUSED("two names", "1;a b\r\nx\r\n", "", "chunk-extension-malformed"),
        REFUSED("NUL in a quoted value", "1;a=\"\0\"\r\nx\r\n", "",
                "chunk-extension-malformed"),
        REFUSED("data longer than its size", "1\r\nxy\r\n", "x", "chunk-data-malformed"),
        REFUSED("data shorter than its size", "3\r\nx\r\n0\r\n\r\n", "x\r\n",
                "chunk-data-malformed"),
        REFUSED("LF behind the data", "1\r\nx\n0\r\n\r\n", "x", "chunk-data-malformed"),
        REFUSED("CR alone behind the data", "1\r\nx\r0\r\n\r\n", "x", "chunk-data-malformed"),
        REFUSED("a trailer without colon", "0\r\nX\r\n\r\n", "", "trailer-malformed"),
        REFUSED("a trailer without name", "0\r\n: a\r\n\r\n", "", "trailer-malformed"),
        REFUSED("space before a trailer's colon", "0\r\nX : a\r\n\r\n", "",
                "trailer-malformed"),
        REFUSED("a folded trailer", "0\r\nX: a\r\n b\r\n\r\n", "", "trailer-malformed"),
        REFUSED("NUL in a trailer", "0\r\nX: \0\r\n\r\n", "", "trailer-malformed"),
        REFUSED("LF ends a trailer", "0\r\nX: a\n\r\n", "", "bare-lf"),
        REFUSED("LF ends the trailer section", "0\r\nX: a\r\n\n", "", "bare-lf"),
        REFUSED("CR in a trailer", "0\r\nX: a\rb\r\n\r\n", "", "bare-cr"),
        REFUSED("CR X at the end", "0\r\n\rX", "", "bare-cr"),
        REFUSED("a request line for a trailer", "0\r\nGET / HTTP/1.1\r\n\r\n", "",
                "trailer-malformed"),
        REFUSED("a length in the trailers", "0\r\ncontent-Length: 5\r\n\r\n", "",
                "trailer-forbidden"),
        REFUSED("a coding in the trailers", "0\r\nTransfer-Encoding: chunked\r\n\r\n", "",
                "trailer-forbidden"),
        REFUSED("a Host in the trailers", "0\r\nX: y\r\nHOST: a\r\n\r\n", "",
                "trailer-forbidden"),
    };
    (void)state;
    expect_rows(rows, MG_COUNT(rows), &CHUNKED);
}

static void frames_by_length(void **state)
{
    static const struct row rows[] = {
        ENDS("all and the next request", "helloGET", "hello", 3),
        ENDS("no more than it", "hello", "hello", 0),
        MORE("a part", "hell", "hell"),
        ENDS("what looks like chunks", "5\r\nhe0\r\n", "5\r\nhe", 3),
    };
    static const struct row nothing[] = {
        ENDS("no octet", "", "", 0),
        ENDS("the next request", "GET", "", 3),
    };
    static const struct mg_head five = {.framing = MG_FRAMING_LENGTH, .content_length = 5};
    static const struct mg_head zero = {.framing = MG_FRAMING_LENGTH};
    static const struct mg_head none = {.framing = MG_FRAMING_NONE};
    (void)state;
    expect_rows(rows, MG_COUNT(rows), &five);
    expect_rows(nothing, MG_COUNT(nothing), &zero);
    expect_rows(nothing, MG_COUNT(nothing), &none);
}

/* The result stays: a connection that is read on past the end or a refusal learns nothing new.
 */
static void stays_where_it_ended(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum mg_body_result result;
    } rows[] = {{"0\r\n\r\n", MG_BODY_END}, {"x", MG_BODY_REFUSED}};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_body body;
        struct mg_str content;
        size_t used = 0;
        mg_body_init(&body, &CHUNKED);
        mg_expect_int(rows[i].bytes,
                      mg_body_decode(&body, mg_str_from(rows[i].bytes), &used, &content),
                      rows[i].result);
        mg_expect_int(rows[i].bytes,
                      mg_body_decode(&body, MG_STR("5\r\nhello"), &used, &content),
                      rows[i].result);
        mg_expect_int(rows[i].bytes, used, 0);
    }
}

static char long_body[1 << 20];

/* `head`, then `count` times `fill`, then `tail`, in long_body. */
static struct mg_str build(const char *head, size_t count, char fill, const char *tail)
{
    char filler[MG_BODY_MAX_TRAILERS + 64];
    memset(filler, fill, count);
    int len =
        snprintf(long_body, sizeof(long_body), "%s%.*s%s", head, (int)count, filler, tail);
    return (struct mg_str){long_body, (size_t)len};
}

static void expect_bound(const char *desc, struct mg_str bytes, const char *reason)
{
    decode(&CHUNKED, bytes, bytes.len, 1, &got);
    mg_expect_text(desc, got.reason, reason);
    mg_expect_int(desc, got.result, reason == NULL ? MG_BODY_END : MG_BODY_REFUSED);
    decode(&CHUNKED, bytes, 7, 4000, &got);
    mg_expect_text(desc, got.reason, reason);
}

static void bounds_lines_and_trailers(void **state)
{
    (void)state;
    const size_t line = MG_BODY_MAX_CHUNK_LINE - strlen("0;\r\n");
    expect_bound("the longest chunk line", build("0;", line, 'a', "\r\n\r\n"), NULL);
    expect_bound("one byte more", build("0;", line + 1, 'a', "\r\n\r\n"),
                 "chunk-line-too-long");
    expect_bound("bad white space", build("0", line + 1, ' ', ";a\r\n\r\n"),
                 "chunk-line-too-long");
    const size_t trailers = MG_BODY_MAX_TRAILERS - strlen("X:\r\n\r\n");
    expect_bound("the longest trailer section", build("0\r\nX:", trailers, 'a', "\r\n\r\n"),
                 NULL);
    expect_bound("one byte more", build("0\r\nX:", trailers + 1, 'a', "\r\n\r\n"),
                 "trailers-too-large");
    expect_bound("a long name", build("0\r\n", trailers + 3, 'a', ":\r\n\r\n"),
                 "trailers-too-large");
}

/* `chunks` chunks of `octets` octets, each with an extension of `extension` bytes. */
static struct mg_str build_chunks(int chunks, int octets, int extension)
{
    size_t len = 0;
    for (int i = 0; i < chunks; i++) {
        len += (size_t)snprintf(long_body + len, sizeof(long_body) - len, "%x;%0*d\r\n%0*d\r\n",
                                (unsigned)octets, extension - 1, 0, octets, 0);
    }
    len += (size_t)snprintf(long_body + len, sizeof(long_body) - len, "0\r\n\r\n");
    return (struct mg_str){long_body, len};
}

/* Four chunks of one octet leave 4 * 4089 octets of extensions unpaid; the last chunk may add
 * what is missing to the bound. */
static void the_bound_of_extensions_is_exact(void **state)
{
    (void)state;
    const int left = MG_BODY_MAX_OVERHEAD - 4 * 4089;
    for (int more = 0; more < 2; more++) {
        struct mg_str chunks = build_chunks(4, 1, 4090);
        size_t len = chunks.len - strlen("0\r\n\r\n");
        len += (size_t)snprintf(long_body + len, sizeof(long_body) - len, "0;%0*d\r\n\r\n",
                                left - 1 + more, 0);
        expect_bound("the bound", (struct mg_str){long_body, len},
                     more == 0 ? NULL : "chunk-extensions-too-large");
    }
}

/* Small chunks with large extensions would let a peer send for ever without content; chunks
 * that are signed one by one are fine however many. */
static void bounds_extensions_by_content(void **state)
{
    (void)state;
    expect_bound("a flood of extensions", build_chunks(100, 1, 1000),
                 "chunk-extensions-too-large");
    expect_bound("a flood of small extensions", build_chunks(10000, 1, 10),
                 "chunk-extensions-too-large");
    expect_bound("a signature for each chunk", build_chunks(300, 200, 86), NULL);
    size_t len = 0;
    for (int i = 0; i < 3000; i++) {
        len += (size_t)snprintf(long_body + len, sizeof(long_body) - len, "%016d\r\nx\r\n", 1);
    }
    len += (size_t)snprintf(long_body + len, sizeof(long_body) - len, "0\r\n\r\n");
    expect_bound("sizes are no extensions", (struct mg_str){long_body, len}, NULL);
    expect_bound("extensions below the bound", build_chunks(16, 1, 1000), NULL);
}

/* Property: any bytes near the grammar, in any pieces, give one result. */
static void pieces_do_not_matter(void **state)
{
    static const struct mg_str parts[] = {
        {"1\r\nx\r\n", 6}, {"3;a=\"b\"\r\nxyz\r\n", 14},
        {"0\r\n", 3},      {"\r\n", 2},
        {"X: y\r\n", 6},   {"2 ;b\r\n\r\n\r\n", 10},
        {"\n", 1},         {"a", 1},
        {"0\r\n\r\n", 5},  {";", 1},
        {"5", 1},
    };
    (void)state;
    struct mg_prng prng = mg_property_begin("pieces_do_not_matter");
    for (unsigned long left = mg_property_cases(3000); left > 0; left--) {
        char bytes[256];
        size_t len = 0;
        for (uint64_t i = mg_prng_below(&prng, 12); i > 0; i--) {
            struct mg_str part = parts[mg_prng_below(&prng, MG_COUNT(parts))];
            memcpy(bytes + len, part.ptr, part.len);
            len += part.len;
        }
        static struct outcome whole;
        struct mg_str text = {bytes, len};
        decode(&CHUNKED, text, len, len, &whole);
        decode(&CHUNKED, text, (size_t)mg_prng_below(&prng, len + 1),
               1 + (size_t)mg_prng_below(&prng, 5), &got);
        mg_expect_int("result", got.result, whole.result);
        mg_expect_text("reason", got.reason, whole.reason);
        mg_expect_int("used", got.used, whole.used);
        mg_expect_str("content", ((struct mg_str){got.content, got.content_len}),
                      ((struct mg_str){whole.content, whole.content_len}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_grammar),
        cmocka_unit_test(refuses_what_is_not_the_grammar),
        cmocka_unit_test(frames_by_length),
        cmocka_unit_test(stays_where_it_ended),
        cmocka_unit_test(bounds_lines_and_trailers),
        cmocka_unit_test(bounds_extensions_by_content),
        cmocka_unit_test(the_bound_of_extensions_is_exact),
        cmocka_unit_test(pieces_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
