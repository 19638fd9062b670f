/* fuzz_response_head.c - heads of responses.
 *
 * Input: a byte that says how the rest is cut into pieces and whether the request was HEAD,
 * then what an upstream sends. Beyond not crashing: the verdict, its reason and the head do not
 * depend on the cut; a complete head is its lines and nothing else; its framing is one that
 * every recipient reads alike.
 */
#include <stdint.h>
#include <stdlib.h>

#include "http/response.h"
#include "http/response_head.h"

enum {
    MAX_INPUT_BYTES = 4096
};

static const struct mg_response_head_limits LIMITS = {.head_bytes = 2048, .fields = 24};

/* The name is libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct parsed {
    enum mg_head_result result;
    struct mg_response_head_scan scan;
    struct mg_response_head head;
    char *bytes; /* what the last call was given, of exactly its size */
};

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Parse `input`, `step` bytes more each time, each time from a block of exactly its size. */
static void parse(struct mg_str input, size_t step, bool is_head, struct parsed *out)
{
    size_t len = step < input.len ? step : input.len;
    out->scan = (struct mg_response_head_scan){0};
    out->bytes = NULL;
    for (;;) {
        free(out->bytes);
        out->bytes = malloc(len + 1);
        require(out->bytes != NULL);
        char *at = out->bytes + 1; /* an odd address, and not NULL for no bytes */
        if (len > 0) {
            memcpy(at, input.ptr, len);
        }
        out->result = mg_response_head_parse((struct mg_str){at, len}, &LIMITS, is_head,
                                             &out->scan, &out->head);
        if (out->result != MG_HEAD_PARTIAL || len == input.len) {
            return;
        }
        len = input.len - len < step ? input.len : len + step;
    }
}

static void require_same(struct mg_str a, const char *from_a, struct mg_str b,
                         const char *from_b)
{
    require(a.len == b.len && a.ptr - from_a == b.ptr - from_b);
}

static void require_same_head(const struct parsed *a, const struct parsed *b)
{
    const struct mg_response_head *x = &a->head;
    const struct mg_response_head *y = &b->head;
    require(x->status == y->status && x->minor == y->minor && x->body == y->body);
    require(x->has_length == y->has_length && x->content_length == y->content_length);
    require(x->keep_alive == y->keep_alive && x->size == y->size);
    require(x->field_count == y->field_count);
    for (unsigned i = 0; i < x->field_count; i++) {
        require_same(x->fields[i].name, a->bytes, y->fields[i].name, b->bytes);
        require_same(x->fields[i].value, a->bytes, y->fields[i].value, b->bytes);
        require(x->fields[i].id == y->fields[i].id);
    }
}

/* Every line is a field's, and all its bytes are accounted for. */
static void require_all_bytes(const struct parsed *parsed)
{
    const struct mg_response_head *head = &parsed->head;
    const char *at = memchr(parsed->bytes + 1, '\n', head->size);
    require(at != NULL);
    at++;
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct mg_field *field = &head->fields[i];
        require(field->name.ptr == at && mg_str_is_token(field->name));
        at += field->name.len;
        while (*at == ' ' || *at == '\t') {
            at++;
        }
        require(*at++ == ':');
        while (*at == ' ' || *at == '\t') {
            at++;
        }
        require(field->value.len == 0 || field->value.ptr == at);
        for (size_t n = 0; n < field->value.len; n++) {
            unsigned char c = (unsigned char)field->value.ptr[n];
            require(c == '\t' || (c >= 0x20 && c != 0x7f));
        }
        at += field->value.len;
        while (*at == ' ' || *at == '\t') {
            at++;
        }
        require(at[0] == '\r' && at[1] == '\n');
        at += 2;
    }
    require(at[0] == '\r' && at[1] == '\n' && at + 2 == parsed->bytes + 1 + head->size);
}

static void require_framing(const struct mg_response_head *head, bool is_head)
{
    unsigned lengths = 0;
    unsigned codings = 0;
    for (unsigned i = 0; i < head->field_count; i++) {
        lengths += head->fields[i].id == MG_FIELD_CONTENT_LENGTH;
        codings += head->fields[i].id == MG_FIELD_TRANSFER_ENCODING;
    }
    bool is_bodiless = is_head || mg_status_is_bodiless(head->status);
    require(head->status >= 100 && head->status <= 599);
    require(lengths + codings <= 1 && head->has_length == (lengths == 1));
    require(codings == 0 || head->minor == 1);
    require((head->body == MG_BODY_NONE) == is_bodiless);
    require(head->body != MG_BODY_LENGTH || lengths == 1);
    require(head->body != MG_BODY_CHUNKED || codings == 1);
    require(head->body != MG_BODY_CLOSE || !head->keep_alive);
    require(head->content_length <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct parsed whole;
    static struct parsed cut;
    if (size == 0 || size > MAX_INPUT_BYTES) {
        return 0;
    }
    struct mg_str input = {(const char *)bytes + 1, size - 1};
    bool is_head = (bytes[0] & 0x80) != 0;
    parse(input, input.len, is_head, &whole);
    parse(input, (size_t)bytes[0] % 64 + 1, is_head, &cut);
    require(whole.result == cut.result && whole.scan.reason == cut.scan.reason);
    require((whole.scan.reason != NULL) == (whole.result == MG_HEAD_REFUSED));
    if (whole.result == MG_HEAD_COMPLETE) {
        require_same_head(&whole, &cut);
        require_all_bytes(&whole);
        require_framing(&whole.head, is_head);
    }
    free(whole.bytes);
    free(cut.bytes);
    return 0;
}
