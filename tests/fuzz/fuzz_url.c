/* fuzz_url.c - URLs, alone and relative to a base.
 *
 * Input: one line is a URL; of two, the first is the base. Beyond not crashing: what is printed
 * parses to itself and is printable ASCII; the parts make the whole; the origin is what the
 * strict parser of origins reads, where that one accepts it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cors/browser_url.h"
#include "cors/origin.h"

enum {
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

static void check_url(const struct mg_browser_url *url, struct mg_arena *arena)
{
    struct mg_browser_url again;
    struct mg_origin origin;
    for (size_t i = 0; i < url->href.len; i++) {
        require(url->href.ptr[i] > ' ' && url->href.ptr[i] < 0x7f);
    }
    struct mg_str whole = mg_arena_printf(arena, "%.*s%.*s%.*s", MG_STR_ARG(url->origin),
                                          MG_STR_ARG(url->target), MG_STR_ARG(url->fragment));
    require(mg_str_equal(whole, url->href));
    require(mg_str_starts_with(url->target, MG_STR("/")));
    require(mg_str_starts_with(url->target, url->path));
    require(mg_str_starts_with(url->authority, url->host));
    require(mg_browser_url_parse(url->href, NULL, arena, &again) == NULL);
    require(mg_str_equal(again.href, url->href) && again.port == url->port);
    require(mg_str_equal(again.origin, url->origin) && !again.has_credentials);
    require(mg_browser_url_is_valid(url->href, arena));
    if (mg_origin_parse(url->origin, &origin)) {
        require(mg_str_equal(origin.scheme, url->scheme));
        require(mg_str_equal(origin.host, url->host) && origin.port == url->port);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct mg_arena arena;
    struct mg_browser_url base;
    struct mg_browser_url url;
    struct mg_str text = {(const char *)bytes, size < MAX_INPUT_BYTES ? size : MAX_INPUT_BYTES};
    mg_arena_init(&arena, NULL, 0, ARENA_BYTES);
    const char *newline = text.len == 0 ? NULL : memchr(text.ptr, '\n', text.len);
    size_t base_len = newline == NULL ? 0 : (size_t)(newline - text.ptr);
    bool has_base = newline != NULL && mg_browser_url_parse((struct mg_str){text.ptr, base_len},
                                                            NULL, &arena, &base) == NULL;
    struct mg_str relative = newline == NULL ? text : mg_str_from_offset(text, base_len + 1);
    if (has_base) {
        check_url(&base, &arena);
    }
    (void)mg_browser_url_is_valid(relative, &arena);
    if (mg_browser_url_parse(relative, has_base ? &base : NULL, &arena, &url) == NULL) {
        check_url(&url, &arena);
    }
    require(!mg_arena_overflowed(&arena));
    mg_arena_fini(&arena);
    return 0;
}
