/* fuzz_browser_judge.c - whole fetches against any server.
 *
 * Input: a line of option digits (browser, initiator, mode, credentials, redirect, body,
 * listeners), lines with origin, URL and method, the script's headers up to an empty line;
 * then responses, each a status line and fields up to an empty line; the last one repeats.
 * Beyond not crashing: a fetch ends after at most two requests a hop; what is readable
 * across origins was allowed by the last response; what is blocked has a sentence for the
 * console; ACRH is sorted, lower case, unique; an arena of any size ends it in an orderly
 * way.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cors/browser_fetch.h"

enum {
    MAX_INPUT_BYTES = 8192,
    MAX_FIELDS = 32,
    ARENA_BYTES = 1 << 22
};

/* The name is libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static struct mg_str take_line(struct mg_str *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    struct mg_str line = {rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
    *rest = mg_str_from_offset(*rest, line.len + 1);
    return line;
}

/* Read fields up to an empty line. Returns: how many. */
static size_t take_fields(struct mg_str *rest, struct mg_browser_field *fields)
{
    size_t count = 0;
    while (rest->len > 0) {
        struct mg_str line = take_line(rest);
        if (line.len == 0) {
            break;
        }
        const char *colon = memchr(line.ptr, ':', line.len);
        size_t name_len = colon == NULL ? line.len : (size_t)(colon - line.ptr);
        if (count < MAX_FIELDS) {
            fields[count].name = (struct mg_str){line.ptr, name_len};
            fields[count].value = mg_str_from_offset(line, name_len + 1);
            count++;
        }
    }
    return count;
}

static unsigned option(struct mg_str options, size_t index, unsigned count)
{
    return index < options.len ? (unsigned char)options.ptr[index] % count : 0;
}

static struct mg_browser_spec take_spec(struct mg_str *rest, struct mg_browser_field *headers)
{
    struct mg_str options = take_line(rest);
    struct mg_browser_spec spec = {
        .browser = (enum mg_browser)option(options, 0, MG_BROWSER_WEBKIT + 1),
        .initiator = (enum mg_browser_initiator)option(options, 1, MG_INITIATOR_IMAGE + 1),
        .mode = (enum mg_browser_mode)option(options, 2, MG_MODE_SAME_ORIGIN + 1),
        .credentials =
            (enum mg_browser_credentials)option(options, 3, MG_CREDENTIALS_INCLUDE + 1),
        .redirect = (enum mg_browser_redirect)option(options, 4, MG_REDIRECT_MANUAL + 1),
        .body = (enum mg_browser_body)option(options, 5, MG_BODY_STREAM + 1),
        .upload_listeners = option(options, 6, 2) == 1,
        .headers = headers,
        .blob_type = MG_STR("application/json"),
    };
    spec.origin = take_line(rest);
    spec.url = take_line(rest);
    spec.method = take_line(rest);
    spec.header_count = take_fields(rest, headers);
    return spec;
}

/* The next response; where none is left, `response` stays as it is. */
static void take_response(struct mg_str *rest, struct mg_browser_field *fields,
                          struct mg_browser_response *response)
{
    unsigned long long status = 0;
    if (rest->len == 0) {
        return;
    }
    if (!mg_str_to_u64(take_line(rest), 999, &status)) {
        status = 200;
    }
    *response =
        (struct mg_browser_response){(unsigned)status, fields, take_fields(rest, fields)};
}

static void check_request(const struct mg_browser_fetch *fetch)
{
    struct mg_browser_names names = fetch->unsafe_names;
    require(fetch->request.preflight || fetch->request.acrh.len == 0);
    for (size_t i = 0; fetch->request.preflight && i < names.count; i++) {
        require(i == 0 || mg_str_compare(names.items[i - 1], names.items[i]) < 0);
        for (size_t j = 0; j < names.items[i].len; j++) {
            require(mg_ascii_lower(names.items[i].ptr[j]) == names.items[i].ptr[j]);
        }
    }
    for (size_t i = 0; i < fetch->request.field_count; i++) {
        struct mg_str value = fetch->request.fields[i].value;
        require(mg_str_is_token(fetch->request.fields[i].name));
        require(value.len == 0 || (memchr(value.ptr, '\n', value.len) == NULL &&
                                   memchr(value.ptr, '\r', value.len) == NULL));
    }
}

static void check_end(const struct mg_browser_fetch *fetch,
                      const struct mg_browser_response *response, struct mg_arena *arena)
{
    struct mg_str value = {NULL, 0};
    require(fetch->verdict != MG_FETCH_BLOCKED || fetch->console.len > 0);
    require((fetch->judgement.outcome == MG_OUTCOME_OK) ==
            (fetch->verdict == MG_FETCH_READABLE || fetch->verdict == MG_FETCH_OPAQUE));
    require(fetch->steps != NULL);
    require(!mg_browser_fetch_exposes(fetch, response, MG_STR("set-cookie")));
    if (fetch->verdict != MG_FETCH_READABLE || fetch->tainting != MG_TAINTING_CORS) {
        return;
    }
    const struct mg_browser_hop *last = &fetch->hops[fetch->hop_count - 1];
    bool include = fetch->spec->credentials == MG_CREDENTIALS_INCLUDE;
    require(mg_browser_response_get(response, MG_STR("access-control-allow-origin"), arena,
                                    &value));
    require(mg_str_equal(value, last->origin) ||
            (!include && mg_str_equal(value, MG_STR("*"))));
    require(!include ||
            (mg_browser_response_get(response, MG_STR("access-control-allow-credentials"),
                                     arena, &value) &&
             mg_str_equal(value, MG_STR("true"))));
}

/* Run the fetch of the input in an arena of at most `bytes`. */
static void run(struct mg_str rest, size_t bytes)
{
    static struct mg_browser_fetch fetch;
    struct mg_browser_field headers[MAX_FIELDS];
    struct mg_browser_field fields[MAX_FIELDS];
    struct mg_browser_response response = {200, fields, 0};
    struct mg_preflight_entry entries[8];
    struct mg_preflight_cache cache;
    struct mg_arena arena;
    struct mg_arena text;
    size_t sent = 0;
    mg_arena_init(&arena, NULL, 0, bytes);
    mg_arena_init(&text, NULL, 0, 1 << 12);
    mg_preflight_cache_init(&cache, entries, sizeof(entries) / sizeof(entries[0]), &text);
    struct mg_browser_spec spec = take_spec(&rest, headers);
    enum mg_turn turn = mg_browser_fetch_begin(&fetch, &spec, &arena, &cache, 0);
    for (; turn == MG_TURN_SEND; sent++) {
        require(sent < (size_t)2 * MG_BROWSER_MAX_HOPS);
        check_request(&fetch);
        take_response(&rest, fields, &response);
        turn = mg_browser_fetch_answer(&fetch, &response, sent);
    }
    if (fetch.judgement.outcome != MG_OUTCOME_OUT_OF_MEMORY) {
        check_end(&fetch, &response, &arena);
    } else {
        require(fetch.verdict == MG_FETCH_ERROR && bytes < ARENA_BYTES);
    }
    mg_arena_fini(&text);
    mg_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct mg_str text = {(const char *)bytes, size < MAX_INPUT_BYTES ? size : MAX_INPUT_BYTES};
    run(text, ARENA_BYTES);
    run(text, 1 << 13);
    return 0;
}
