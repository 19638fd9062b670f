/* fuzz_head.c - request heads.
 *
 * Input: a byte that says how the rest is cut into pieces, then what a client sends. Beyond not
 * crashing: the verdict, its reason and the head do not depend on the cut; a head that is
 * complete is its request line and its fields line by line, nothing more and nothing less; its
 * framing is one that every recipient reads alike; and llhttp, given all of its lines, has
 * nothing against it.
 */
#include <stdint.h>
#include <stdlib.h>

#include <llhttp.h>

#include "http/head.h"
#include "http/target.h"

enum {
    MAX_INPUT_BYTES = 4096
};

static const struct mg_head_limits LIMITS = {
    .head_bytes = 2048, .target_bytes = 256, .fields = 24};

/* The name is libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct parsed {
    enum mg_head_result result;
    struct mg_head_scan scan;
    struct mg_head head;
    char *bytes; /* what the last call was given, of exactly its size */
};

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Parse `input`, `step` bytes more each time, each time from a block of exactly its size. */
static void parse(struct mg_str input, size_t step, struct parsed *out)
{
    size_t len = step < input.len ? step : input.len;
    out->scan = (struct mg_head_scan){0};
    out->bytes = NULL;
    for (;;) {
        free(out->bytes);
        out->bytes = malloc(len + 1);
        require(out->bytes != NULL);
        char *at = out->bytes + 1; /* an odd address, and not NULL for no bytes */
        if (len > 0) {
            memcpy(at, input.ptr, len);
        }
        out->result = mg_head_parse((struct mg_str){at, len}, &LIMITS, &out->scan, &out->head);
        if (out->result != MG_HEAD_PARTIAL || len == input.len) {
            break;
        }
        len = input.len - len < step ? input.len : len + step;
    }
    /* So that two parses can be compared by their places. */
    mg_head_rebase(&out->head, out->bytes + 1, input.ptr);
}

static void require_same(struct mg_str a, struct mg_str b)
{
    require(a.len == b.len && a.ptr == b.ptr);
}

static void require_same_head(const struct mg_head *a, const struct mg_head *b)
{
    require_same(a->method_token, b->method_token);
    require_same(a->target, b->target);
    require(a->method == b->method && a->minor == b->minor && a->framing == b->framing);
    require(a->content_length == b->content_length && a->size == b->size);
    require(a->keep_alive == b->keep_alive && a->expects_continue == b->expects_continue);
    require(a->expectation_unsupported == b->expectation_unsupported);
    require(a->field_count == b->field_count);
    require(memcmp(a->first, b->first, sizeof(a->first)) == 0);
    require(memcmp(a->lines, b->lines, sizeof(a->lines)) == 0);
    for (unsigned i = 0; i < a->field_count; i++) {
        require_same(a->fields[i].name, b->fields[i].name);
        require_same(a->fields[i].value, b->fields[i].value);
        require(a->fields[i].id == b->fields[i].id);
    }
}

/* Whether what is at `at` is `text`, and move behind it. */
static bool take(const char **at, struct mg_str text)
{
    bool same = memcmp(*at, text.ptr, text.len) == 0;
    *at += text.len;
    return same;
}

static void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\t') {
        (*at)++;
    }
}

/* Write down the head again from its slices, in place: nothing may be left over. */
static void require_all_bytes(struct mg_str input, const struct mg_head *head)
{
    const char *at = input.ptr;
    while (*at == '\r') {
        require(take(&at, MG_STR("\r\n")));
    }
    require(head->method_token.ptr == at && mg_str_is_token(head->method_token));
    at += head->method_token.len;
    require(take(&at, MG_STR(" ")) && head->target.ptr == at && head->target.len > 0);
    at += head->target.len;
    require(take(&at, MG_STR(" HTTP/1.")));
    require(head->minor == (*at == '0' ? 0 : 1));
    at++;
    require(take(&at, MG_STR("\r\n")));
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct mg_field *field = &head->fields[i];
        require(field->name.ptr == at && mg_str_is_token(field->name));
        require(field->id == mg_field_id_from(field->name));
        at += field->name.len;
        require(take(&at, MG_STR(":")));
        skip_blanks(&at);
        require(take(&at, field->value));
        skip_blanks(&at);
        require(take(&at, MG_STR("\r\n")));
        for (size_t j = 0; j < field->value.len; j++) {
            unsigned char c = (unsigned char)field->value.ptr[j];
            require(c == '\t' || (c >= 0x20 && c != 0x7f));
        }
    }
    require(take(&at, MG_STR("\r\n")));
    require(head->size == (size_t)(at - input.ptr));
}

static void require_framing(const struct mg_head *head)
{
    unsigned lengths = head->lines[MG_FIELD_CONTENT_LENGTH];
    unsigned codings = head->lines[MG_FIELD_TRANSFER_ENCODING];
    struct mg_str coding = mg_head_value(head, MG_FIELD_TRANSFER_ENCODING);
    require(lengths + codings <= 1);
    require((head->framing == MG_FRAMING_CHUNKED) == (codings == 1));
    require((head->framing == MG_FRAMING_LENGTH) == (lengths == 1));
    require(codings == 0 || head->minor == 1);
    require(codings == 0 || mg_str_equal_nocase(coding, MG_STR("chunked")));
    require(head->content_length <= INT64_MAX);
    require(head->lines[MG_FIELD_HOST] <= 1);
    require(head->lines[MG_FIELD_HOST] == 1 || head->minor == 0);
    require(head->lines[MG_FIELD_HOST] == 0 ||
            mg_authority_is_valid(mg_head_value(head, MG_FIELD_HOST)));
    require(!head->expects_continue || head->framing != MG_FRAMING_NONE);
}

static int pause_parser(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

/* Every line, but the request line where it is one that llhttp has another grammar for, or
 * none; and without the white space behind values, of which it knows spaces alone. */
static void require_llhttp(const struct mg_head *head)
{
    static const llhttp_settings_t settings = {.on_headers_complete = pause_parser};
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    const char *version = head->target.ptr + head->target.len + 1;
    bool is_known = head->method != MG_METHOD_OTHER && head->method != MG_METHOD_CONNECT &&
                    version[7] <= '1';
    struct mg_str line = MG_STR("GET / HTTP/1.1\r\n");
    if (is_known) {
        line.ptr = head->method_token.ptr;
        line.len = (size_t)(version + sizeof("HTTP/1.1\r\n") - 1 - line.ptr);
    }
    require(llhttp_execute(&parser, line.ptr, line.len) == HPE_OK);
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct mg_field *field = &head->fields[i];
        const char *end = field->value.ptr + field->value.len;
        size_t len = (size_t)(end - field->name.ptr);
        require(llhttp_execute(&parser, field->name.ptr, len) == HPE_OK);
        require(llhttp_execute(&parser, "\r\n", 2) == HPE_OK);
    }
    require(llhttp_execute(&parser, "\r\n", 2) == HPE_PAUSED);
}

static void require_target(const struct mg_head *head)
{
    char scratch[257];
    const char *reason = NULL;
    struct mg_target target;
    bool valid = mg_target_parse(head, scratch, &target, &reason);
    require(valid == (reason == NULL));
    require(!valid || target.authority.len == 0 || mg_authority_is_valid(target.authority));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct parsed whole;
    static struct parsed cut;
    if (size == 0 || size > MAX_INPUT_BYTES) {
        return 0;
    }
    struct mg_str input = {(const char *)bytes + 1, size - 1};
    parse(input, input.len, &whole);
    parse(input, (size_t)bytes[0] % 64 + 1, &cut);
    require(whole.result == cut.result && whole.scan.status == cut.scan.status);
    require(whole.scan.reason == cut.scan.reason);
    require((whole.scan.reason != NULL) == (whole.result == MG_HEAD_REFUSED));
    if (whole.result == MG_HEAD_COMPLETE) {
        require_same_head(&whole.head, &cut.head);
        require_all_bytes(input, &whole.head);
        require_framing(&whole.head);
        require_llhttp(&whole.head);
        require_target(&whole.head);
    }
    free(whole.bytes);
    free(cut.bytes);
    return 0;
}
