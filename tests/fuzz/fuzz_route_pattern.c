/* fuzz_route_pattern.c - resource patterns, their relations, and the router.
 *
 * Input: lines; the last is a path, the one before a host, those before are patterns. Beyond
 * not crashing: relations are each other's inverse; what is not disjoint has a common path; the
 * check finds exactly the pairs whose relation is a conflict; and where there is none, the
 * router gives the pattern that matches and is more specific than all others that do.
 */
#include <stdint.h>
#include <stdlib.h>

#include "http/target.h"
#include "policy/router.h"

enum {
    MAX_PATTERNS = 16,
    MAX_INPUT_BYTES = 4096,
    ARENA_BYTES = 1 << 22
};

/* The name is libFuzzer's. */
/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct world {
    struct mg_arena arena;
    struct mg_route_pattern patterns[MAX_PATTERNS];
    struct mg_resource resources[MAX_PATTERNS];
    size_t count;
    struct mg_str host; /* lower case, no last dot */
    struct mg_str path; /* normal form */
};

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static struct mg_str take_line(struct mg_str *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    struct mg_str line = {rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
    *rest = mg_str_from_offset(*rest, line.len + 1);
    return line;
}

static void add_pattern(struct world *w, struct mg_str text)
{
    struct mg_err fault = {0};
    struct mg_route_pattern *pattern = &w->patterns[w->count];
    if (w->count == MAX_PATTERNS) {
        return;
    }
    if (!mg_route_pattern_parse(text, &w->arena, pattern, &fault)) {
        require(fault.code != NULL && fault.message[0] != '\0' && fault.hint[0] != '\0');
        return;
    }
    (void)mg_route_pattern_is_doubtful(pattern, &fault);
    w->resources[w->count] = (struct mg_resource){.id = (uint32_t)w->count, .file = "f"};
    w->count++;
}

static struct mg_str lower_host(struct world *w, struct mg_str text)
{
    char *host = mg_arena_alloc(&w->arena, text.len + 1);
    require(host != NULL);
    for (size_t i = 0; i < text.len; i++) {
        host[i] = mg_ascii_lower(text.ptr[i]);
    }
    return (struct mg_str){host, text.len - (text.len > 0 && host[text.len - 1] == '.')};
}

/* Read the lines. Returns: whether the last is a path that a request can have. */
static bool read_world(struct world *w, struct mg_str input, struct mg_str *host)
{
    struct mg_str path = {0};
    while (input.len > 0) {
        if (path.ptr != NULL) {
            if (host->ptr != NULL) {
                add_pattern(w, *host);
            }
            *host = path;
        }
        path = take_line(&input);
    }
    char *normal = mg_arena_alloc(&w->arena, path.len + 1);
    bool encoded_slash;
    const char *reason;
    require(normal != NULL);
    w->host = lower_host(w, *host);
    w->path.ptr = normal;
    return mg_str_starts_with(path, MG_STR("/")) &&
           mg_path_normalise(path, normal, &w->path.len, &encoded_slash, &reason);
}

static bool is_conflict(enum mg_route_relation relation)
{
    return relation == MG_ROUTE_EQUAL || relation == MG_ROUTE_OVERLAPS;
}

/* Check one pair. Returns: whether it is a conflict. */
static bool check_pair(const struct mg_route_pattern *a, const struct mg_route_pattern *b)
{
    char common[2 * MG_ROUTE_PATTERN_MAX_BYTES];
    enum mg_route_relation relation = mg_route_pattern_compare(a, b);
    enum mg_route_relation back = mg_route_pattern_compare(b, a);
    bool ordered = relation == MG_ROUTE_MORE_SPECIFIC || relation == MG_ROUTE_LESS_SPECIFIC;
    require(ordered ? back != relation &&
                          (back == MG_ROUTE_MORE_SPECIFIC || back == MG_ROUTE_LESS_SPECIFIC)
                    : back == relation);
    if (relation != MG_ROUTE_DISJOINT) {
        struct mg_str host = a->host.len > 0 ? a->host : b->host;
        mg_route_pattern_common_path(a, b, common, sizeof(common));
        require(mg_route_pattern_matches(a, host, mg_str_from(common)));
        require(mg_route_pattern_matches(b, host, mg_str_from(common)));
    }
    return is_conflict(relation);
}

static bool count_conflict(void *context, const struct mg_router_conflict *conflict)
{
    struct mg_err fault;
    size_t *count = context;
    require(is_conflict(conflict->relation));
    mg_router_conflict_describe(conflict, &fault);
    (*count)++;
    return true;
}

static void check_route(const struct world *w, const struct mg_router *router,
                        struct mg_str host, bool has_conflict)
{
    struct mg_route route;
    bool matched = mg_router_match(router, host, w->path, &route);
    if (matched) {
        const struct mg_route_pattern *got = &w->patterns[route.resource->id];
        require(mg_route_pattern_matches(got, w->host, w->path));
        require(route.param_count == got->param_count);
    }
    for (size_t i = 0; i < w->count; i++) {
        const struct mg_route_pattern *other = &w->patterns[i];
        if (!mg_route_pattern_matches(other, w->host, w->path)) {
            continue;
        }
        require(matched);
        require(has_conflict || i == route.resource->id ||
                mg_route_pattern_compare(&w->patterns[route.resource->id], other) ==
                    MG_ROUTE_MORE_SPECIFIC);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct world w;
    struct mg_router_builder builder;
    struct mg_str host = {0};
    size_t want = 0;
    size_t found = 0;
    if (size > MAX_INPUT_BYTES) {
        return 0;
    }
    w.count = 0;
    mg_arena_init(&w.arena, NULL, 0, ARENA_BYTES);
    mg_router_builder_init(&builder);
    bool has_path = read_world(&w, (struct mg_str){(const char *)bytes, size}, &host);
    for (size_t i = 0; i < w.count; i++) {
        require(mg_router_builder_add(&builder, &w.patterns[i], &w.resources[i]));
        for (size_t k = 0; k < i; k++) {
            want += check_pair(&w.patterns[k], &w.patterns[i]);
        }
    }
    require(mg_router_builder_check(&builder, count_conflict, &found) == MG_ROUTER_CHECKED);
    require(found == want);
    const struct mg_router *router = mg_router_build(&builder, &w.arena);
    require(router != NULL);
    if (has_path) {
        check_route(&w, router, host, want > 0);
    }
    mg_router_builder_fini(&builder);
    mg_arena_fini(&w.arena);
    return 0;
}
