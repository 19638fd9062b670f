/* fuzz_body.c - content by its framing.
 *
 * Input: a byte that says how the rest is cut into pieces, one for a length (255: chunked),
 * then what a client sends. Beyond not crashing: result, reason, octets taken and content do
 * not depend on the cut; the end is found at its last byte and not sooner; and what is sent is
 * bounded by the content that it brings.
 */
#include <stdint.h>
#include <stdlib.h>

#include "http/body.h"

enum {
    MAX_INPUT_BYTES = 65536,
    CHUNKED = 255,
    /* A chunk of one octet: 16 digits, its two line ends, and as many octets of extensions as
     * content makes up for. */
    MAX_BYTES_AN_OCTET = 16 + 2 + 1 + 2 + 1,
    MAX_BYTES_BESIDE =
        MG_BODY_MAX_OVERHEAD + MG_BODY_MAX_CHUNK_LINE + MG_BODY_MAX_TRAILERS + 64,
};

/* The name is libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct decoded {
    enum mg_body_result result;
    const char *reason;
    size_t used;
    size_t content_len;
    char content[MAX_INPUT_BYTES];
};

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Decode a piece from a block of exactly its size. */
static void decode_piece(struct mg_body *body, struct mg_str piece, struct decoded *out)
{
    char *block = malloc(piece.len + 1);
    require(block != NULL);
    memcpy(block + 1, piece.ptr, piece.len);
    struct mg_str rest = {block + 1, piece.len};
    do {
        struct mg_str content;
        size_t used = 0;
        out->result = mg_body_decode(body, rest, &used, &content);
        require(used <= rest.len);
        require((content.len > 0) == (out->result == MG_BODY_DATA));
        require(out->result != MG_BODY_MORE || used == rest.len);
        if (content.len > 0) {
            require(content.ptr >= rest.ptr && content.ptr + content.len == rest.ptr + used);
            memcpy(out->content + out->content_len, content.ptr, content.len);
            out->content_len += content.len;
        }
        out->used += used;
        rest = mg_str_from_offset(rest, used);
    } while (out->result == MG_BODY_DATA);
    free(block);
}

static void decode(const struct mg_head *head, struct mg_str input, size_t step,
                   struct decoded *out)
{
    struct mg_body body;
    size_t at = 0;
    mg_body_init(&body, head);
    out->used = 0;
    out->content_len = 0;
    do {
        size_t len = input.len - at < step ? input.len - at : step;
        decode_piece(&body, (struct mg_str){input.ptr + at, len}, out);
        at += len;
    } while (out->result == MG_BODY_MORE && at < input.len);
    out->reason = body.reason;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct decoded whole;
    static struct decoded cut;
    if (size < 2 || size > MAX_INPUT_BYTES) {
        return 0;
    }
    struct mg_head head = {.framing = MG_FRAMING_LENGTH, .content_length = bytes[1]};
    if (bytes[1] == CHUNKED) {
        head = (struct mg_head){.framing = MG_FRAMING_CHUNKED};
    }
    struct mg_str input = {(const char *)bytes + 2, size - 2};
    decode(&head, input, input.len + 1, &whole);
    decode(&head, input, (size_t)bytes[0] % 64 + 1, &cut);
    require(whole.result == cut.result && whole.reason == cut.reason);
    require(whole.used == cut.used && whole.content_len == cut.content_len);
    require(memcmp(whole.content, cut.content, whole.content_len) == 0);
    require((whole.result == MG_BODY_REFUSED) == (whole.reason != NULL));
    require(whole.used <= whole.content_len * MAX_BYTES_AN_OCTET + MAX_BYTES_BESIDE);
    if (whole.result == MG_BODY_END && whole.used > 0) {
        decode(&head, (struct mg_str){input.ptr, whole.used - 1}, SIZE_MAX, &cut);
        require(cut.result == MG_BODY_MORE);
    }
    return 0;
}
