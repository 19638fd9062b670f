/* vectors.c - repeats are expanded in place, depth first; the files are ours, so recursion is
 * as deep as they are. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
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

/* Append `json` with ".0" behind each integer that a long long may not hold. */
static void add_wide_integers_as_reals(struct mg_buf *out, struct mg_str json)
{
    bool in_string = false;
    size_t digits = 0; /* of the number that ends at i */
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];
        bool ends_integer = digits >= 19 && !mg_ascii_is_digit(c) && strchr(".eE", c) == NULL;
        if (!in_string && ends_integer) {
            mg_buf_add(out, MG_STR(".0"));
        }
        digits = mg_ascii_is_digit(c) ? digits + 1 : 0;
        if (in_string && c == '\\' && i + 1 < json.len) {
            mg_buf_add_char(out, c);
            c = json.ptr[++i];
        } else if (c == '"') {
            in_string = !in_string;
        }
        mg_buf_add_char(out, c);
    }
}

/* The file at `path`, ready for jansson, which refuses integers that it cannot hold. */
static struct mg_buf read_file(const char *path)
{
    enum {
        FILE_MAX_BYTES = 16 << 20
    };
    struct mg_buf text;
    struct mg_buf json;
    mg_buf_init(&text, FILE_MAX_BYTES);
    mg_buf_init(&json, FILE_MAX_BYTES);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s: cannot be opened", path);
    }
    size_t got = 1;
    while (got > 0) {
        char *to = mg_buf_reserve(&text, 65536);
        got = to == NULL ? 0 : fread(to, 1, 65536, file);
        mg_buf_commit(&text, got);
    }
    (void)fclose(file);
    add_wide_integers_as_reals(&json, mg_buf_str(&text));
    if (text.overflowed || json.overflowed) {
        fail_msg("%s: too big", path);
    }
    mg_buf_fini(&text);
    return json;
}

json_t *mg_vectors_load(const char *name)
{
    char path[256];
    json_error_t error;
    (void)snprintf(path, sizeof(path), "tests/vectors/%s", name);
    struct mg_buf json = read_file(path);
    json_t *file =
        json_loadb(json.ptr, json.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    mg_buf_fini(&json);
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
