/* browser_cache.c - a linear cache: tens of entries in a simulated browser, looked at once for
 * each name of a request.
 *
 * One point where the standard's text is not followed: a "*" that was stored with credentials
 * matches no other name. The preflight itself takes it for a plain name, and so do browsers.
 */
#include "cors/browser_cache.h"

#include "cors/safelist.h"

void mg_preflight_cache_init(struct mg_preflight_cache *cache,
                             struct mg_preflight_entry *entries, size_t capacity,
                             struct mg_arena *text)
{
    *cache =
        (struct mg_preflight_cache){.entries = entries, .capacity = capacity, .text = text};
}

static bool is_of_url(const struct mg_preflight_entry *entry, struct mg_str origin,
                      const struct mg_browser_url *url)
{
    return mg_str_equal(entry->origin, origin) && mg_str_starts_with(entry->url, url->origin) &&
           mg_str_equal(mg_str_from_offset(entry->url, url->origin.len), url->target);
}

static bool is_name(const struct mg_preflight_entry *entry, struct mg_str name)
{
    if (mg_str_equal(entry->name, MG_STR("*")) && !entry->include) {
        return entry->is_method || !mg_str_equal_nocase(name, MG_STR("authorization"));
    }
    return entry->is_method ? mg_str_equal(entry->name, name)
                            : mg_str_equal_nocase(entry->name, name);
}

/* The entry that matches a method or a header name, or NULL (Fetch, method and header-name
 * cache entry match). */
static struct mg_preflight_entry *find(const struct mg_preflight_cache *cache,
                                       const struct mg_browser_check *check,
                                       const struct mg_browser_url *url, bool is_method,
                                       struct mg_str name)
{
    for (size_t i = 0; i < cache->count; i++) {
        struct mg_preflight_entry *entry = &cache->entries[i];
        if (entry->is_method == is_method && (entry->include || !check->include) &&
            is_of_url(entry, check->origin, url) && is_name(entry, name)) {
            return entry;
        }
    }
    return NULL;
}

static bool is_fresh(const struct mg_preflight_entry *entry, uint64_t now_ms)
{
    return entry != NULL && entry->expires_ms > now_ms;
}

bool mg_preflight_cache_covers(const struct mg_preflight_cache *cache,
                               const struct mg_browser_check *check,
                               const struct mg_browser_url *url, uint64_t now_ms)
{
    bool needs_method = check->forced || !mg_method_is_safelisted(check->method);
    if (needs_method && !is_fresh(find(cache, check, url, true, check->method), now_ms)) {
        return false;
    }
    for (size_t i = 0; i < check->unsafe_names.count; i++) {
        if (!is_fresh(find(cache, check, url, false, check->unsafe_names.items[i]), now_ms)) {
            return false;
        }
    }
    return true;
}

/* Remove the entries that have expired; their text stays in the arena. */
static void expire(struct mg_preflight_cache *cache, uint64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < cache->count; i++) {
        if (is_fresh(&cache->entries[i], now_ms)) {
            cache->entries[kept++] = cache->entries[i];
        }
    }
    cache->count = kept;
}

void mg_preflight_cache_drop(struct mg_preflight_cache *cache, struct mg_str origin,
                             const struct mg_browser_url *url)
{
    size_t kept = 0;
    for (size_t i = 0; i < cache->count; i++) {
        if (!is_of_url(&cache->entries[i], origin, url)) {
            cache->entries[kept++] = cache->entries[i];
        }
    }
    cache->count = kept;
}

/* A store under way: what all its entries share. */
struct store {
    struct mg_preflight_cache *cache;
    const struct mg_browser_check *check;
    const struct mg_browser_url *url;
    uint64_t expires_ms;
};

/* Append a new entry. Returns: false when it does not fit. */
static bool append(const struct store *store, bool is_method, struct mg_str name)
{
    struct mg_preflight_cache *cache = store->cache;
    if (cache->count == cache->capacity) {
        return false;
    }
    cache->entries[cache->count] = (struct mg_preflight_entry){
        .origin = mg_arena_dup(cache->text, store->check->origin),
        .url = mg_arena_printf(cache->text, "%.*s%.*s", MG_STR_ARG(store->url->origin),
                               MG_STR_ARG(store->url->target)),
        .name = mg_arena_dup(cache->text, name),
        .is_method = is_method,
        .include = store->check->include,
        .expires_ms = store->expires_ms,
    };
    bool fits = !mg_arena_overflowed(cache->text);
    cache->count += fits;
    return fits;
}

static void remember(const struct store *store, bool is_method, struct mg_str name)
{
    struct mg_preflight_entry *entry =
        find(store->cache, store->check, store->url, is_method, name);
    if (entry != NULL) {
        entry->expires_ms = store->expires_ms;
        return;
    }
    if (!append(store, is_method, name)) {
        store->cache->count = 0;
        mg_arena_reset(store->cache->text);
        (void)append(store, is_method, name);
    }
}

static void remember_list(const struct store *store, const struct mg_browser_response *response,
                          bool is_method)
{
    struct mg_str field = is_method ? MG_STR("access-control-allow-methods")
                                    : MG_STR("access-control-allow-headers");
    struct mg_str line;
    struct mg_str item;
    for (size_t nth = 0; mg_browser_response_line(response, field, nth, &line); nth++) {
        struct mg_list_cursor cursor = mg_list_begin(line);
        while (mg_list_next(&cursor, &item)) {
            if (item.len > 0) {
                remember(store, is_method, item);
            }
        }
    }
}

void mg_preflight_cache_store(struct mg_preflight_cache *cache,
                              const struct mg_browser_check *check,
                              const struct mg_browser_url *url,
                              const struct mg_browser_response *response, uint64_t now_ms)
{
    uint64_t seconds = mg_browser_max_age(check->browser, response);
    uint64_t left_ms = UINT64_MAX - now_ms;
    uint64_t age_ms = seconds > left_ms / 1000 ? left_ms : seconds * 1000;
    struct store store = {cache, check, url, now_ms + age_ms};
    struct mg_str line;
    expire(cache, now_ms);
    if (mg_browser_profile(check->browser)->cache_replaces) {
        mg_preflight_cache_drop(cache, check->origin, url);
    }
    remember_list(&store, response, true);
    remember_list(&store, response, false);
    if (check->forced &&
        !mg_browser_response_line(response, MG_STR("access-control-allow-methods"), 0, &line)) {
        remember(&store, true, check->method);
    }
    expire(cache, now_ms);
}
