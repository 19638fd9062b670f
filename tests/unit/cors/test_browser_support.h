/* test_browser_support.h - what the tests of the browser's side share: an arena, short ways to
 * write requests and responses, and random ones.
 */
#ifndef MG_TEST_BROWSER_SUPPORT_H
#define MG_TEST_BROWSER_SUPPORT_H

#include "cors/browser.h"
#include "expect.h"
#include "prng.h"

enum {
    TEST_ARENA_BYTES = 1 << 16,
    TEST_ARENA_MAX_BYTES = 1 << 22,
    TEST_MAX_FIELDS = 16
};

/* The arena of the running test; reset it for each row. */
static struct mg_arena test_arena;
static char test_storage[TEST_ARENA_BYTES];

static inline int set_up_arena(void **state)
{
    (void)state;
    mg_arena_init(&test_arena, test_storage, sizeof(test_storage), TEST_ARENA_MAX_BYTES);
    return 0;
}

static inline int tear_down_arena(void **state)
{
    (void)state;
    mg_arena_fini(&test_arena);
    return 0;
}

/* A head of a response, written "Name: value\nName: value". */
struct test_response {
    struct mg_browser_field fields[TEST_MAX_FIELDS];
    struct mg_browser_response head;
};

/* Take the text up to `stop` off the front of *rest, and the stop with it. */
static inline struct mg_str take_until(struct mg_str *rest, char stop)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, stop, rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    struct mg_str taken = {rest->ptr, len};
    *rest = mg_str_from_offset(*rest, len + 1);
    return taken;
}

/* Read lines "Name: value" into `fields`. Returns: how many. */
static inline size_t read_fields(const char *text, struct mg_browser_field *fields)
{
    struct mg_str rest = mg_str_from(text);
    size_t count = 0;
    while (rest.len > 0) {
        struct mg_str line = take_until(&rest, '\n');
        assert_true(count < TEST_MAX_FIELDS);
        fields[count].name = take_until(&line, ':');
        fields[count].value = mg_str_trim_ows(line);
        count++;
    }
    return count;
}

static inline const struct mg_browser_response *make_response(struct test_response *response,
                                                              unsigned status,
                                                              const char *lines)
{
    size_t count = read_fields(lines, response->fields);
    response->head = (struct mg_browser_response){status, response->fields, count};
    return &response->head;
}

/* Names joined with ",", to compare with a C string. */
static inline struct mg_str joined(struct mg_browser_names names)
{
    return mg_browser_join_names(names, &test_arena);
}

/* One of `count` C strings. */
static inline struct mg_str pick(struct mg_prng *prng, const char *const *choices, size_t count)
{
    return mg_str_from(choices[mg_prng_below(prng, count)]);
}

/* `text` with each letter in a random case, in the arena. */
static inline struct mg_str shuffle_case(struct mg_prng *prng, struct mg_str text)
{
    char *out = mg_arena_alloc(&test_arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        char lower = mg_ascii_lower(text.ptr[i]);
        bool upper = lower >= 'a' && lower <= 'z' && mg_prng_below(prng, 2) == 0;
        out[i] = (char)(upper ? lower - 32 : lower);
    }
    return (struct mg_str){out, text.len};
}

#endif
