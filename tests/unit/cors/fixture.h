/* fixture.h - rules and requests for the tests of cors/, written as comma lists. */
#ifndef MG_TEST_CORS_FIXTURE_H
#define MG_TEST_CORS_FIXTURE_H

#include <stdlib.h>

#include "cors/decide.h"
#include "cors/origin_set.h"
#include "expect.h"
#include "vectors.h"

enum {
    FIXTURE_ARENA_BYTES = 64 << 20
};

/* Split `text` at commas into `arena`; "" is an empty list. */
static inline struct mg_name_list fixture_list(struct mg_arena *arena, const char *text)
{
    struct mg_str whole = mg_str_from(text);
    struct mg_str *items = mg_arena_calloc(arena, whole.len + 1, sizeof(*items));
    struct mg_list_cursor cursor = mg_list_begin(whole);
    size_t count = 0;
    assert_non_null(items);
    while (mg_list_next(&cursor, &items[count])) {
        count++;
    }
    return (struct mg_name_list){items, count};
}

/* A set of the patterns in `text`; each has to parse. */
static inline const struct mg_origin_set *fixture_set(struct mg_arena *arena, const char *text)
{
    struct mg_name_list list = fixture_list(arena, text);
    struct mg_origin_entry *entries = mg_arena_calloc(arena, list.count + 1, sizeof(*entries));
    assert_non_null(entries);
    for (size_t i = 0; i < list.count; i++) {
        mg_expect_int(text, mg_pattern_parse(list.items[i], &entries[i].pattern, NULL), true);
        entries[i].tag = (uint32_t)i;
    }
    const struct mg_origin_set *set =
        mg_origin_set_build(entries, list.count, arena, NULL, NULL);
    assert_non_null(set);
    return set;
}

/* A rule in text; what is not named is empty, false or absent. */
struct fixture_rule {
    const char *origins;
    const char *resource_methods; /* NULL: GET, HEAD, POST, PUT, PATCH, DELETE */
    const char *methods;          /* NULL: the resource's; "*" */
    const char *headers;          /* with "*" among them */
    const char *expose;
    bool credentials;
    long long max_age; /* 0: absent */
    bool rejects;
    bool timing;
    unsigned status; /* 0: 204 */
};

static inline bool fixture_has_star(struct mg_name_list list)
{
    for (size_t i = 0; i < list.count; i++) {
        if (mg_str_equal(list.items[i], MG_STR("*"))) {
            return true;
        }
    }
    return false;
}

static inline const struct mg_rule *fixture_compile(struct mg_arena *arena,
                                                    const struct fixture_rule *text)
{
    const char *all = "GET,HEAD,POST,PUT,PATCH,DELETE";
    struct mg_rule_spec spec = {
        .origins = fixture_set(arena, text->origins),
        .resource_methods =
            fixture_list(arena, text->resource_methods == NULL ? all : text->resource_methods),
        .has_methods = text->methods != NULL,
        .methods = fixture_list(arena, text->methods),
        .headers = fixture_list(arena, text->headers),
        .expose = fixture_list(arena, text->expose),
        .credentials = text->credentials,
        .max_age = text->max_age == 0 ? MG_MAX_AGE_ABSENT : text->max_age,
        .preflight_status = text->status == 0 ? 204 : text->status,
        .on_denied = text->rejects ? MG_ON_DENIED_REJECT : MG_ON_DENIED_WITHHOLD,
        .timing = text->timing,
    };
    spec.any_method = fixture_has_star(spec.methods);
    spec.any_header = fixture_has_star(spec.headers);
    spec.expose_any = fixture_has_star(spec.expose);
    const struct mg_rule *rule = mg_rule_compile(&spec, arena);
    assert_non_null(rule);
    return rule;
}

/* One line of a field; NULL is none. */
static inline struct mg_lines fixture_line(struct mg_str *line, const char *text)
{
    *line = mg_str_from(text);
    return (struct mg_lines){line, text != NULL};
}

/* Classify and decide as the server does. */
static inline struct mg_decision fixture_decide(const struct mg_rule *rule,
                                                const struct mg_cors_request *request)
{
    struct mg_decision decision;
    bool rejects = rule != NULL && mg_rule_rejects(rule);
    mg_cors_decide(rule, request, mg_cors_classify(request, rejects), &decision);
    return decision;
}

/* tests/vectors/cors.json, numbers as reals: one of them is beyond 64 bits. Gives: json_decref
 * it. The groups used here have no "$repeat". */
static inline json_t *fixture_vectors(void)
{
    json_error_t error;
    json_t *file = json_load_file("tests/vectors/cors.json",
                                  JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    if (file == NULL) {
        fail_msg("tests/vectors/cors.json:%d: %s", error.line, error.text);
    }
    return file;
}

/* How many lines of `fields` have the name, and the value of the last. */
static inline size_t fixture_field(struct mg_str fields, const char *name, struct mg_str *value)
{
    size_t found = 0;
    struct mg_str wanted = mg_str_from(name);
    *value = MG_STR("");
    while (fields.len > 0) {
        const char *end = memchr(fields.ptr, '\r', fields.len);
        assert_non_null(end);
        struct mg_str line = {fields.ptr, (size_t)(end - fields.ptr)};
        struct mg_str field = {line.ptr, wanted.len};
        if (line.len > wanted.len + 1 && mg_str_equal_nocase(field, wanted) &&
            line.ptr[wanted.len] == ':') {
            *value = mg_str_trim_ows(mg_str_from_offset(line, wanted.len + 1));
            found++;
        }
        fields = mg_str_from_offset(fields, line.len + 2);
    }
    return found;
}

/* Whether a comma list has the item; `nocase` compares without ASCII case. */
static inline bool fixture_contains(struct mg_str list, struct mg_str item, bool nocase)
{
    struct mg_list_cursor cursor = mg_list_begin(list);
    struct mg_str element;
    while (mg_list_next(&cursor, &element)) {
        if (nocase ? mg_str_equal_nocase(element, item) : mg_str_equal(element, item)) {
            return true;
        }
    }
    return false;
}

#endif
