/* fuzz_gate.c - the whole engine: what a client sends, through head, target, router,
 * decision and handler, to the bytes that go back.
 *
 * Input: one request. Beyond not crashing: the answer is one well-formed response; at most
 * one Access-Control-Allow-Origin, which is "*" or the bytes of the request's one Origin
 * line; credentials never go with "*"; nothing of the request but that Origin, the asked
 * method and the asked names comes back in a CORS field; 204 has no framing.
 */
#include <stdint.h>
#include <stdlib.h>

#include "server/gate.h"

static const char POLICY[] =
    "resource '/orders/{id}' { methods = { 'GET', 'PUT' }, cors = {\n"
    "    origins = { 'https://app.example', 'https://*.p.example:*' }, credentials = true,\n"
    "    headers = { 'X-A', 'Content-Type' }, expose = { 'ETag' }, max_age = 5,\n"
    "    timing = true },\n"
    "  handler = respond { status = 200, fields = { Vary = 'Accept' }, body = 'order' } }\n"
    "resource '/any' { cors = { origins = { 'https://app.example' }, methods = '*',\n"
    "  headers = '*', credentials = true }, handler = 'echo' }\n"
    "resource '/public' { cors = { origins = '*', headers = '*' }, handler = 'echo' }\n"
    "resource '/reject' { cors = { origins = { 'https://app.example' },\n"
    "  on_denied = 'reject' } }\n"
    "resource '/off' { cors = false, handler = 'echo' }\n"
    "resource 'b/own' { handler = 'none' }\n";

/* The name is libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static struct mg_gate *open_gate(void)
{
    struct mg_errs errs;
    struct mg_server_options options;
    mg_errs_init(&errs);
    struct mg_policy_set *set = mg_policy_set_load_text("fuzz.lua", mg_str_from(POLICY),
                                                        &(struct mg_policy_options){0}, &errs);
    mg_errs_print(&errs, stderr);
    require(set != NULL);
    mg_server_options_init(&options);
    options.limits.body_bytes = 512;
    struct mg_gate *gate = mg_gate_new(&options, set, &errs);
    mg_errs_fini(&errs);
    require(gate != NULL);
    return gate;
}

/* What the CORS fields of an answer said. */
struct seen {
    unsigned allow_origins;
    struct mg_str allow_origin;
    bool has_credentials;
    bool has_framing;
};

static void note_field(struct seen *seen, struct mg_str name, struct mg_str value)
{
    if (mg_str_equal(name, MG_STR("Access-Control-Allow-Origin"))) {
        seen->allow_origins++;
        seen->allow_origin = value;
    } else if (mg_str_equal(name, MG_STR("Access-Control-Allow-Credentials"))) {
        require(mg_str_equal(value, MG_STR("true")));
        seen->has_credentials = true;
    } else if (mg_str_equal(name, MG_STR("Content-Length")) ||
               mg_str_equal(name, MG_STR("Transfer-Encoding"))) {
        require(!seen->has_framing);
        seen->has_framing = true;
    }
}

/* Walk the head of the answer: every line is a field, every byte one that a field may hold. */
static void check_head(struct mg_str answer, struct seen *seen)
{
    const char *end = memmem(answer.ptr, answer.len, "\r\n\r\n", 4);
    require(end != NULL && answer.len > 12 && memcmp(answer.ptr, "HTTP/1.1 ", 9) == 0);
    const char *line = (const char *)memchr(answer.ptr, '\n', answer.len) + 1;
    while (line < end) {
        const char *stop = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
        require(stop != NULL);
        const char *colon = memchr(line, ':', (size_t)(stop - line));
        require(colon != NULL && colon[1] == ' ');
        struct mg_str name = {line, (size_t)(colon - line)};
        struct mg_str value = {colon + 2, (size_t)(stop - colon) - 2};
        require(mg_str_is_token(name));
        for (size_t i = 0; i < value.len; i++) {
            unsigned char c = (unsigned char)value.ptr[i];
            require((c >= 0x20 || c == '\t') && c != 0x7f);
        }
        note_field(seen, name, value);
        line = stop + 2;
    }
}

static bool has_origin_line(struct mg_str request, struct mg_str value)
{
    for (size_t i = 0; i + value.len + 7 <= request.len; i++) {
        struct mg_str name = {request.ptr + i, 7};
        if (mg_str_equal_nocase(name, MG_STR("origin:"))) {
            const char *at = memmem(request.ptr + i, request.len - i, value.ptr, value.len);
            return at != NULL;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct mg_gate *gate;
    if (gate == NULL) {
        gate = open_gate();
    }
    char *copy = malloc(size + 1);
    require(copy != NULL);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    struct mg_str request = {copy, size};
    struct mg_gate_answer answer;
    if (mg_gate_ask(gate, request, &answer) && answer.status != 0) {
        struct mg_str out = answer.bytes;
        static const char again[] = "HTTP/1.1 100 Continue\r\n\r\n";
        struct seen seen = {0};
        require(!mg_str_starts_with(out, MG_STR(again)));
        check_head(out, &seen);
        require(seen.allow_origins <= 1);
        bool is_any = mg_str_equal(seen.allow_origin, MG_STR("*"));
        require(seen.allow_origins == 0 || is_any ||
                has_origin_line(request, seen.allow_origin));
        require(!seen.has_credentials || (seen.allow_origins == 1 && !is_any));
        require(answer.status != 204 || !seen.has_framing);
        require(answer.resource != NULL || seen.allow_origins == 0);
    }
    free(copy);
    return 0;
}
