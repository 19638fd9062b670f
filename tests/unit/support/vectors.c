/* vectors.c - repeats are expanded in place, depth first; the files are ours, so recursion is
 * as deep as they are. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

/* The string a {"$repeat"} object stands for, or NULL when `value` is none. */
static json_t *repeated(const json_t *value)
{
    const json_t *unit = json_object_get(value, "$repeat");
    if (unit == NULL) {
        return NULL;
    }
    const json_t *prefix = json_object_get(value, "$prefix");
    size_t prefix_len = json_string_length(prefix); /* 0 when absent */
    size_t unit_len = json_string_length(unit);
    size_t times = (size_t)json_integer_value(json_object_get(value, "times"));
    size_t len = prefix_len + unit_len * times;
    char *text = test_malloc(len + 1);
    if (prefix_len > 0) {
        memcpy(text, json_string_value(prefix), prefix_len);
    }
    for (size_t i = 0; i < times; i++) {
        memcpy(text + prefix_len + i * unit_len, json_string_value(unit), unit_len);
    }
    json_t *string = json_stringn(text, len);
    test_free(text);
    assert_non_null(string);
    return string;
}

static void expand(json_t *value)
{
    if (json_is_object(value)) {
        const char *key;
        json_t *child;
        json_object_foreach(value, key, child)
        {
            json_t *string = json_is_object(child) ? repeated(child) : NULL;
            if (string != NULL) {
                (void)json_object_set_new(value, key, string);
            } else {
                expand(child);
            }
        }
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            json_t *child = json_array_get(value, i);
            json_t *string = json_is_object(child) ? repeated(child) : NULL;
            if (string != NULL) {
                (void)json_array_set_new(value, i, string);
            } else {
                expand(child);
            }
        }
    }
}

json_t *mg_vectors_load(const char *name)
{
    char path[256];
    json_error_t error;
    (void)snprintf(path, sizeof(path), "tests/vectors/%s", name);
    json_t *file = json_load_file(path, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (file == NULL) {
        fail_msg("%s:%d: %s", path, error.line, error.text);
    }
    expand(file);
    return file;
}

json_t *mg_vectors_group(json_t *file, const char *group)
{
    json_t *rows = json_object_get(file, group);
    if (json_array_size(rows) == 0) {
        fail_msg("no vectors in group '%s'", group);
    }
    return rows;
}

struct mg_str mg_vectors_str(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value)) {
        return (struct mg_str){"", 0};
    }
    if (!json_is_string(value)) {
        fail_msg("vector: '%s' is not a string", key);
    }
    return (struct mg_str){json_string_value(value), json_string_length(value)};
}
