/* fuzz_vary.c - Vary fields, lines parted by LF.
 *
 * Beyond not crashing: the result is "*" or a list of distinct field names that has ours, and
 * merging it again gives it back.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cors/decide.h"

enum {
    MAX_LINES = 32,
    OUT_BYTES = 1 << 20
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

static bool has_member(struct mg_str list, struct mg_str name)
{
    struct mg_list_cursor cursor = mg_list_begin(list);
    struct mg_str element;
    while (mg_list_next(&cursor, &element)) {
        if (mg_str_equal_nocase(element, name)) {
            return true;
        }
    }
    return false;
}

static void check_merged(struct mg_str merged)
{
    struct mg_list_cursor cursor = mg_list_begin(merged);
    struct mg_str element;
    if (mg_str_equal(merged, MG_STR("*"))) {
        return;
    }
    require(has_member(merged, MG_STR("Origin")));
    while (mg_list_next(&cursor, &element)) {
        require(mg_str_is_token(element) && !mg_str_equal(element, MG_STR("*")));
        require(cursor.done || !has_member(cursor.rest, element));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct mg_str texts[MAX_LINES];
    struct mg_lines lines = {texts, 0};
    struct mg_str rest = {(const char *)bytes, size};
    while (rest.len > 0 && lines.count < MAX_LINES) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        texts[lines.count] =
            (struct mg_str){rest.ptr, end == NULL ? rest.len : (size_t)(end - rest.ptr)};
        rest = mg_str_from_offset(rest, texts[lines.count++].len + 1);
    }
    struct mg_buf merged;
    struct mg_buf again;
    mg_buf_init(&merged, OUT_BYTES);
    mg_buf_init(&again, OUT_BYTES);
    mg_vary_merge(lines, MG_STR("Origin"), &merged);
    struct mg_str first = mg_buf_str(&merged);
    check_merged(first);
    mg_vary_merge((struct mg_lines){&first, 1}, MG_STR("Origin"), &again);
    require(!merged.overflowed && mg_str_equal(mg_buf_str(&again), first));
    mg_buf_fini(&merged);
    mg_buf_fini(&again);
    return 0;
}
