/* test_browser_vectors.h - the neutral vectors of the browser's groups.
 *
 * One of them has an integer beyond 64 bits, at which jansson gives up unless integers are
 * read as reals; so the groups here are loaded that way, and numbers are read with
 * json_number_value.
 */
#ifndef MG_TEST_BROWSER_VECTORS_H
#define MG_TEST_BROWSER_VECTORS_H

#include <jansson.h>

#include "test_browser_support.h"

static inline json_t *load_browser_vectors(void)
{
    json_error_t error;
    json_t *file = json_load_file("tests/vectors/cors.json",
                                  JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    if (file == NULL) {
        fail_msg("tests/vectors/cors.json:%d: %s", error.line, error.text);
    }
    return file;
}

/* A group, which has rows: an empty one would test nothing. */
static inline const json_t *vector_group(const json_t *file, const char *name)
{
    const json_t *rows = json_object_get(file, name);
    assert_true(json_array_size(rows) > 0);
    return rows;
}

/* A string, or {"$prefix", "$repeat", "times"} for a long one; empty for null and absent. */
static inline struct mg_str vector_text(const json_t *value)
{
    const json_t *unit = json_object_get(value, "$repeat");
    if (unit == NULL) {
        return (struct mg_str){json_string_value(value), json_string_length(value)};
    }
    const json_t *prefix = json_object_get(value, "$prefix");
    size_t times = (size_t)json_number_value(json_object_get(value, "times"));
    size_t unit_len = json_string_length(unit);
    size_t len = json_string_length(prefix);
    char *text = mg_arena_alloc(&test_arena, len + unit_len * times + 1);
    assert_non_null(text);
    memcpy(text, len == 0 ? "" : json_string_value(prefix), len);
    for (size_t i = 0; i < times; i++) {
        memcpy(text + len, json_string_value(unit), unit_len);
        len += unit_len;
    }
    return (struct mg_str){text, len};
}

static inline struct mg_str vector_member(const json_t *object, const char *key)
{
    return vector_text(json_object_get(object, key));
}

static inline struct mg_str vector_item(const json_t *array, size_t index)
{
    return vector_text(json_array_get(array, index));
}

/* Pairs [name, value], at most `capacity`. Returns: how many. */
static inline size_t vector_fields(const json_t *pairs, struct mg_browser_field *fields,
                                   size_t capacity)
{
    size_t count = json_array_size(pairs);
    assert_true(count <= capacity);
    for (size_t i = 0; i < count; i++) {
        fields[i].name = vector_item(json_array_get(pairs, i), 0);
        fields[i].value = vector_item(json_array_get(pairs, i), 1);
    }
    return count;
}

/* An array of names, in the arena. */
static inline struct mg_browser_names vector_names(const json_t *array)
{
    size_t count = json_array_size(array);
    struct mg_str *items = mg_arena_calloc(&test_arena, count + 1, sizeof(*items));
    assert_non_null(items);
    for (size_t i = 0; i < count; i++) {
        items[i] = vector_item(array, i);
    }
    return (struct mg_browser_names){items, count};
}

#endif
