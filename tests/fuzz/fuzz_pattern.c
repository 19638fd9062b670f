/* fuzz_pattern.c - origin patterns, a line each.
 *
 * Beyond not crashing: a pattern without "*" is an origin, which it matches; a fault has code
 * and message, and a hint that parses; a set of all lines answers as its patterns do for every
 * line that is an origin, and tells of redundant ones only truthfully.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cors/origin_set.h"

enum {
    MAX_LINES = 32,
    MAX_INPUT_BYTES = 4096,
    ARENA_BYTES = 1 << 20
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

struct lines {
    struct mg_str texts[MAX_LINES];
    size_t count;
    struct mg_pattern patterns[MAX_LINES]; /* of those that are patterns */
    struct mg_origin_entry entries[MAX_LINES];
    size_t pattern_count;
};

static void check_fault(struct mg_str text)
{
    struct mg_pattern pattern;
    struct mg_pattern_fault fault = {.code = NULL};
    require(!mg_pattern_parse(text, &pattern, &fault));
    require(fault.code != NULL && fault.message[0] != '\0');
    require(fault.hint[0] == '\0' || mg_pattern_parse(mg_str_from(fault.hint), &pattern, NULL));
}

static void check_pattern(const struct mg_pattern *pattern, struct mg_str text)
{
    bool has_star = memchr(text.ptr, '*', text.len) != NULL;
    struct mg_origin origin;
    bool is_origin = mg_origin_parse(text, &origin);
    require(is_origin == !has_star);
    require(!is_origin || mg_pattern_matches(pattern, &origin));
    require(mg_pattern_covers(pattern, pattern));
}

static void read_lines(struct mg_str rest, struct lines *lines)
{
    while (rest.len > 0 && lines->count < MAX_LINES) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        struct mg_str text = {rest.ptr, end == NULL ? rest.len : (size_t)(end - rest.ptr)};
        struct mg_pattern pattern;
        lines->texts[lines->count++] = text;
        if (mg_pattern_parse(text, &pattern, NULL)) {
            check_pattern(&pattern, text);
            lines->entries[lines->pattern_count] =
                (struct mg_origin_entry){pattern, (uint32_t)lines->pattern_count};
            lines->patterns[lines->pattern_count++] = pattern;
        } else {
            check_fault(text);
        }
        rest = mg_str_from_offset(rest, text.len + 1);
    }
}

static void check_report(void *context, uint32_t tag, uint32_t by, bool is_equal)
{
    const struct lines *lines = context;
    require(tag < lines->pattern_count && by < lines->pattern_count && tag != by);
    require(mg_pattern_covers(&lines->patterns[by], &lines->patterns[tag]));
    require(mg_pattern_covers(&lines->patterns[tag], &lines->patterns[by]) == is_equal);
}

static bool some_pattern_matches(const struct lines *lines, const struct mg_origin *origin)
{
    for (size_t i = 0; i < lines->pattern_count; i++) {
        if (mg_pattern_matches(&lines->patterns[i], origin)) {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct lines lines;
    struct mg_arena arena;
    if (size > MAX_INPUT_BYTES) {
        return 0;
    }
    memset(&lines, 0, sizeof(lines));
    read_lines((struct mg_str){(const char *)bytes, size}, &lines);
    mg_arena_init(&arena, NULL, 0, ARENA_BYTES);
    const struct mg_origin_set *set =
        mg_origin_set_build(lines.entries, lines.pattern_count, &arena, check_report, &lines);
    require(set != NULL && mg_origin_set_count(set) <= lines.pattern_count);
    for (size_t i = 0; i < lines.count; i++) {
        struct mg_origin origin;
        if (mg_origin_parse(lines.texts[i], &origin)) {
            require(mg_origin_set_contains(set, &origin) ==
                    some_pattern_matches(&lines, &origin));
        }
    }
    mg_arena_fini(&arena);
    return 0;
}
