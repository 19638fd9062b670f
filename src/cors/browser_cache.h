/* browser_cache.h - the preflight cache of one browser (Fetch, CORS-preflight cache).
 *
 * Shape:     entries, each one method or one header name that a preflight allowed for an
 *            origin, a URL and a credentials mode, until a time. They lie in the caller's
 *            array, their text in an arena that is the cache's alone.
 * Bounds:    when entries or arena are full, the cache forgets everything and goes on; the
 *            standard lets a browser forget at any time.
 * Threads:   one owner at a time.
 */
#ifndef MG_CORS_BROWSER_CACHE_H
#define MG_CORS_BROWSER_CACHE_H

#include "cors/browser_judge.h"
#include "cors/browser_url.h"

struct mg_preflight_entry {
    struct mg_str origin;
    struct mg_str url;  /* origin and target of the URL */
    struct mg_str name; /* "*" stands for all of them, unless with credentials */
    bool is_method;
    bool include;
    uint64_t expires_ms;
};

struct mg_preflight_cache {
    struct mg_preflight_entry *entries;
    size_t count;
    size_t capacity;
    struct mg_arena *text;
};

/* Begin an empty cache in `entries` and `text`. Keeps both; resets `text` whenever it is
 * full. */
void mg_preflight_cache_init(struct mg_preflight_cache *cache,
                             struct mg_preflight_entry *entries, size_t capacity,
                             struct mg_arena *text);

/* Whether the request needs no preflight at `now_ms` of the caller's clock: its method has an
 * entry, or is safelisted and not forced, and each unsafe header name has one (Fetch, HTTP
 * fetch). */
bool mg_preflight_cache_covers(const struct mg_preflight_cache *cache,
                               const struct mg_browser_check *check,
                               const struct mg_browser_url *url, uint64_t now_ms);

/* Remember what the answer of a preflight that passed lists, from `now_ms` on for as long as
 * the browser keeps it. */
void mg_preflight_cache_store(struct mg_preflight_cache *cache,
                              const struct mg_browser_check *check,
                              const struct mg_browser_url *url,
                              const struct mg_browser_response *response, uint64_t now_ms);

/* Forget all entries of an origin and a URL: what a browser does after a failure. */
void mg_preflight_cache_drop(struct mg_preflight_cache *cache, struct mg_str origin,
                             const struct mg_browser_url *url);

#endif
