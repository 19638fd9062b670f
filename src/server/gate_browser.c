/* gate_browser.c - see the header. The answers are the engine's own, so reading them leaves out
 * the checks that strangers' answers need.
 */
#include "server/gate_browser.h"

#include "core/buf.h"

enum {
    MAX_REQUEST_BYTES = 64 << 20
};

bool mg_browser_request_complete(struct mg_browser_request *request, struct mg_str content,
                                 struct mg_arena *arena)
{
    struct mg_str method = request->method;
    bool has_length = request->has_body || mg_str_equal(method, MG_STR("POST")) ||
                      mg_str_equal(method, MG_STR("PUT"));
    struct mg_browser_field *fields =
        mg_arena_calloc(arena, request->field_count + 1, sizeof(*fields));
    size_t count = 0;
    if (fields == NULL) {
        return false;
    }
    for (size_t i = 0; i < request->field_count; i++) {
        fields[count++] = request->fields[i];
        if (has_length && mg_str_equal(request->fields[i].name, MG_STR("Connection"))) {
            fields[count++] = (struct mg_browser_field){
                MG_STR("Content-Length"),
                mg_arena_printf(arena, "%zu", request->has_body ? content.len : 0)};
        }
    }
    request->fields = fields;
    request->field_count = count;
    return !mg_arena_overflowed(arena);
}

static void write_request(const struct mg_browser_request *request, struct mg_str content,
                          struct mg_buf *out)
{
    mg_buf_printf(out, "%.*s %.*s HTTP/1.1\r\n", MG_STR_ARG(request->method),
                  MG_STR_ARG(request->url->target));
    for (size_t i = 0; i < request->field_count; i++) {
        mg_buf_add(out, request->fields[i].name);
        mg_buf_add(out, MG_STR(": "));
        mg_buf_add(out, request->fields[i].value);
        mg_buf_add(out, MG_STR("\r\n"));
    }
    mg_buf_add(out, MG_STR("\r\n"));
    if (request->has_body) {
        mg_buf_add(out, content);
    }
}

/* Take a line off the front, without its CRLF. */
static struct mg_str take_line(struct mg_str *rest)
{
    const char *end = rest->len == 0 ? NULL : memmem(rest->ptr, rest->len, "\r\n", 2);
    struct mg_str line = *rest;
    if (end != NULL) {
        line.len = (size_t)(end - rest->ptr);
    }
    *rest = mg_str_from_offset(*rest, line.len + 2);
    return line;
}

static size_t count_lines(struct mg_str head)
{
    size_t count = 0;
    while (take_line(&head).len > 0) {
        count++;
    }
    return count;
}

static bool is_chunked(const struct mg_gate_reply *reply, struct mg_arena *arena)
{
    struct mg_str coding;
    return mg_browser_response_get(&reply->response, MG_STR("Transfer-Encoding"), arena,
                                   &coding);
}

/* Join the chunks (RFC 9112 7.1) that `text` is. */
static struct mg_str join_chunks(struct mg_str text, struct mg_arena *arena)
{
    char *out = mg_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    while (out != NULL && text.len > 0) {
        struct mg_str line = take_line(&text);
        size_t size = 0;
        for (size_t i = 0; i < line.len && mg_ascii_hex(line.ptr[i]) >= 0; i++) {
            size = size * 16 + (size_t)mg_ascii_hex(line.ptr[i]);
        }
        if (size == 0 || size > text.len) {
            break;
        }
        memcpy(out + len, text.ptr, size);
        len += size;
        text = mg_str_from_offset(text, size + 2);
    }
    return (struct mg_str){out, len};
}

bool mg_gate_read_reply(struct mg_str bytes, struct mg_arena *arena,
                        struct mg_gate_reply *reply)
{
    struct mg_str rest = mg_arena_dup(arena, bytes);
    size_t most = count_lines(rest) + 1;
    struct mg_browser_field *fields = mg_arena_calloc(arena, most, sizeof(*fields));
    if (fields == NULL || rest.len != bytes.len) {
        return false;
    }
    reply->status_line = take_line(&rest);
    size_t count = 0;
    for (struct mg_str line = take_line(&rest); line.len > 0; line = take_line(&rest)) {
        const char *colon = memchr(line.ptr, ':', line.len);
        size_t name_len = colon == NULL ? line.len : (size_t)(colon - line.ptr);
        fields[count].name = (struct mg_str){line.ptr, name_len};
        fields[count++].value = mg_str_trim_ows(mg_str_from_offset(line, name_len + 1));
    }
    reply->response = (struct mg_browser_response){reply->answer.status, fields, count};
    reply->body = is_chunked(reply, arena) ? join_chunks(rest, arena) : rest;
    return !mg_arena_overflowed(arena);
}

bool mg_gate_send(struct mg_gate *gate, const struct mg_browser_request *request,
                  struct mg_str content, struct mg_arena *arena, struct mg_gate_reply *reply)
{
    struct mg_buf bytes;
    mg_buf_init(&bytes, MAX_REQUEST_BYTES);
    write_request(request, content, &bytes);
    bool ok = !bytes.overflowed && mg_gate_ask(gate, mg_buf_str(&bytes), &reply->answer);
    mg_buf_fini(&bytes);
    if (!ok) {
        return false;
    }
    struct mg_gate_answer *answer = &reply->answer;
    answer->reason = mg_arena_dup(arena, mg_str_from(answer->reason)).ptr;
    answer->file =
        answer->file == NULL ? NULL : mg_arena_dup(arena, mg_str_from(answer->file)).ptr;
    return mg_gate_read_reply(answer->bytes, arena, reply);
}
