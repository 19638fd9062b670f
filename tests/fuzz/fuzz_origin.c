/* fuzz_origin.c - request origins.
 *
 * Beyond not crashing: what parses is made up of its parts, and what is refused leaves the
 * result alone; where the origin is a pattern too, a set of that pattern has it, and does not
 * have it with a bit changed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cors/origin_set.h"

enum {
    ARENA_BYTES = 1 << 16
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

static void check_parts(const struct mg_origin *origin, struct mg_str text)
{
    char again[MG_ORIGIN_MAX_BYTES + 1] = "null";
    if (!origin->is_null) {
        int len = snprintf(again, sizeof(again), "%.*s://%.*s", MG_STR_ARG(origin->scheme),
                           MG_STR_ARG(origin->host));
        if (origin->port != mg_scheme_default_port(origin->scheme)) {
            (void)snprintf(again + len, sizeof(again) - (size_t)len, ":%u",
                           (unsigned)origin->port);
        }
    }
    require(mg_str_equal(mg_str_from(again), text) && mg_str_equal(origin->text, text));
}

/* A set of the one pattern that the text is. */
static void check_set(const struct mg_origin *origin, struct mg_str text)
{
    char storage[4096];
    struct mg_arena arena;
    struct mg_origin_entry entry = {.tag = 0};
    if (!mg_pattern_parse(text, &entry.pattern, NULL)) {
        return;
    }
    mg_arena_init(&arena, storage, sizeof(storage), ARENA_BYTES);
    const struct mg_origin_set *set = mg_origin_set_build(&entry, 1, &arena, NULL, NULL);
    require(set != NULL && mg_origin_set_contains(set, origin));
    char changed[MG_ORIGIN_MAX_BYTES];
    memcpy(changed, text.ptr, text.len);
    for (size_t i = 0; i < text.len; i++) {
        struct mg_origin other;
        changed[i] ^= 1;
        require(!mg_origin_parse((struct mg_str){changed, text.len}, &other) ||
                !mg_origin_set_contains(set, &other));
        changed[i] ^= 1;
    }
    mg_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct mg_str text = {(const char *)bytes, size};
    struct mg_origin origin = {.port = 4711};
    if (!mg_origin_parse(text, &origin)) {
        require(origin.port == 4711);
        return 0;
    }
    check_parts(&origin, text);
    (void)mg_origin_is_loopback(&origin);
    check_set(&origin, text);
    return 0;
}
