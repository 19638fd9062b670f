/* fuzz_acrh.c - Access-Control-Request-Headers, lines parted by LF, as a whole preflight.
 *
 * Beyond not crashing: the reason is what a plain reading of the bounds and of each element
 * comes to, and the answer to a rule with "*" and credentials lists the names that were asked
 * for, all of them tokens.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cors/decide.h"
#include "cors/origin_set.h"

enum {
    MAX_LINES = 100,
    ARENA_BYTES = 1 << 16,
    OUT_BYTES = 1 << 16
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

static const struct mg_rule *make_rule(struct mg_arena *arena, bool any_header)
{
    static const struct mg_str methods[] = {{"PUT", 3}};
    static const struct mg_str names[] = {{"X-A", 3}, {"Content-Type", 12}};
    struct mg_origin_entry entry = {.tag = 0};
    require(mg_pattern_parse(MG_STR("https://a.example"), &entry.pattern, NULL));
    struct mg_rule_spec spec = {.origins = mg_origin_set_build(&entry, 1, arena, NULL, NULL),
                                .resource_methods = {methods, 1},
                                .headers = {names, any_header ? 0 : 2},
                                .any_header = any_header,
                                .credentials = any_header,
                                .max_age = MG_MAX_AGE_ABSENT,
                                .preflight_status = 204};
    const struct mg_rule *rule = mg_rule_compile(&spec, arena);
    require(rule != NULL);
    return rule;
}

/* The reason by the plainest reading, for the rule with names. */
static const char *expected_reason(struct mg_lines lines)
{
    size_t bytes = 0;
    size_t names = 0;
    size_t empty = 0;
    bool is_malformed = false;
    bool is_denied = false;
    for (size_t i = 0; i < lines.count; i++) {
        struct mg_list_cursor cursor = mg_list_begin(lines.items[i]);
        struct mg_str element;
        bytes += lines.items[i].len;
        empty += lines.items[i].len == 0;
        while (mg_list_next(&cursor, &element)) {
            bool is_listed = mg_str_equal_nocase(element, MG_STR("x-a")) ||
                             mg_str_equal_nocase(element, MG_STR("content-type"));
            empty += element.len == 0;
            names += element.len > 0;
            is_malformed |= element.len > 0 && !mg_str_is_token(element);
            is_denied |= element.len > 0 && !is_listed;
        }
    }
    if (bytes > MG_FIELD_LIST_MAX_BYTES || names > MG_FIELD_LIST_MAX_NAMES ||
        empty > MG_FIELD_LIST_MAX_EMPTY) {
        return "acrh-too-large";
    }
    if (is_malformed) {
        return "acrh-malformed";
    }
    return is_denied ? "header-denied" : "preflight-allowed";
}

/* Every value of the answer is made of tokens. */
static void check_fields(struct mg_str rest)
{
    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '\r', rest.len);
        require(end != NULL && end + 1 < rest.ptr + rest.len && end[1] == '\n');
        struct mg_str line = {rest.ptr, (size_t)(end - rest.ptr)};
        const char *colon = memchr(line.ptr, ':', line.len);
        require(colon != NULL);
        struct mg_str value = mg_str_from_offset(line, (size_t)(colon - line.ptr) + 2);
        struct mg_list_cursor cursor = mg_list_begin(value);
        struct mg_str element;
        while (mg_list_next(&cursor, &element)) {
            require(mg_str_is_token(element) ||
                    mg_str_starts_with(element, MG_STR("https://")));
        }
        rest = mg_str_from_offset(rest, line.len + 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct mg_str texts[MAX_LINES];
    struct mg_lines lines = {texts, 0};
    struct mg_str rest = {(const char *)bytes, size};
    while (rest.len > 0 && lines.count < MAX_LINES) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        texts[lines.count] =
            (struct mg_str){rest.ptr, end == NULL ? rest.len : (size_t)(end - rest.ptr)};
        rest = mg_str_from_offset(rest, texts[lines.count++].len + 1);
    }
    struct mg_str origin = MG_STR("https://a.example");
    struct mg_str method = MG_STR("PUT");
    struct mg_cors_request request = {.method = MG_STR("OPTIONS"),
                                      .origin = {&origin, 1},
                                      .acrm = {&method, 1},
                                      .acrh = lines};
    struct mg_arena arena;
    struct mg_buf out;
    struct mg_decision decision;
    mg_arena_init(&arena, NULL, 0, ARENA_BYTES);
    mg_buf_init(&out, OUT_BYTES);
    mg_cors_decide(make_rule(&arena, false), &request, MG_KIND_PREFLIGHT, &decision);
    require(strcmp(decision.reason, expected_reason(lines)) == 0);
    mg_cors_decide(make_rule(&arena, true), &request, MG_KIND_PREFLIGHT, &decision);
    mg_cors_write_fields(&decision, &out);
    require(!out.overflowed);
    check_fields(out.len == 0 ? MG_STR("") : mg_buf_str(&out));
    mg_buf_fini(&out);
    mg_arena_fini(&arena);
    return 0;
}
