/* test_router.c - routing against the plain definition: try every pattern on every path. */
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "expect.h"
#include "guard.h"
#include "policy/router.h"
#include "router_world.h"

enum {
    PATHS_A_SET = 12
};

/* The matched pattern and its parameters: "/a/{x} x=1". Empty: none. */
static struct mg_str route_text(struct world *w, const struct mg_router *router,
                                const char *host, struct mg_str path)
{
    struct mg_route route;
    if (!mg_router_match(router, mg_str_from(host), path, &route)) {
        mg_expect_true("nothing matched, no resource", route.resource == NULL);
        return MG_STR("");
    }
    struct mg_str out = w->patterns[route.resource->id].text;
    for (unsigned i = 0; i < route.param_count; i++) {
        out = mg_arena_printf(&w->arena, "%.*s %.*s=%.*s", MG_STR_ARG(out),
                              MG_STR_ARG(route.params[i].name),
                              MG_STR_ARG(route.params[i].value));
    }
    return out;
}

static void most_specific_pattern_wins(void **state)
{
    static const struct {
        const char *desc, *patterns, *host, *path, *want;
    } rows[] = {
        {"nothing declared", "", "", "/", ""},
        {"exactly", "/a /b", "", "/b", "/b"},
        {"no other path", "/a /b", "", "/c", ""},
        {"no prefix", "/a", "", "/ab", ""},
        {"the root subtree takes all", "/", "", "/a/b", "/"},
        {"the root alone", "/{$}", "", "/", "/{$}"},
        {"the root alone takes no more", "/{$}", "", "/a", ""},
        {"literal before wildcard", "/{x} /a", "", "/a", "/a"},
        {"wildcard after literal", "/{x} /a", "", "/b", "/{x} x=b"},
        {"the longer subtree", "/ /a/ /a/b/", "", "/a/b/c", "/a/b/"},
        {"back to the shorter subtree", "/ /a/ /a/b/", "", "/a/c", "/a/"},
        {"back to the root", "/ /a/ /a/b/", "", "/a", "/"},
        {"back from a literal to a wildcard", "/a/b /{x}/c", "", "/a/c", "/{x}/c x=a"},
        {"back over two levels", "/a/b/c /a/{x}/d /{x}/{y}/e", "", "/a/b/e",
         "/{x}/{y}/e x=a y=b"},
        {"back to the rest", "/a/b/c /{r...}", "", "/a/b/d", "/{r...} r=a/b/d"},
        {"the deeper rest first", "/a/{r...} /{r...}", "", "/a/b", "/a/{r...} r=b"},
        {"the end before the rest", "/a/{$} /a/", "", "/a/", "/a/{$}"},
        {"the rest beside the end", "/a/{$} /a/", "", "/a/b", "/a/"},
        {"a wildcard beside the end", "/a/{$} /a/{x}", "", "/a/b", "/a/{x} x=b"},
        {"parameters in order", "/t/{b}/{a}/{c...}", "", "/t/1/2/3/4",
         "/t/{b}/{a}/{c...} b=1 a=2 c=3/4"},
        {"an empty rest", "/a/{r...}", "", "/a/", "/a/{r...} r="},
        {"a rest with a trailing slash", "/a/{r...}", "", "/a/b/", "/a/{r...} r=b/"},
        {"a rest of empty segments", "/a/{r...}", "", "/a///", "/a/{r...} r=//"},
        {"a wildcard takes no empty segment", "/{x}/b /{r...}", "", "//b", "/{r...} r=/b"},
        {"an empty literal segment", "/a//b /a/{x}/b", "", "/a//b", "/a//b"},
        {"values stay encoded", "/{x}/{y}", "", "/a%2Fb/%C3%A9", "/{x}/{y} x=a%2Fb y=%C3%A9"},
        {"an encoded slash is a literal", "/a%2fb /a/b", "", "/a%2Fb", "/a%2fb"},
        {"no redirect to a slash", "/tree/", "", "/tree", ""},
        {"no redirect from a slash", "/tree", "", "/tree/", ""},
        {"paths tell case apart", "/a", "", "/A", ""},
        {"asterisk-form", "/", "", "*", ""},
        {"an empty path", "/", "", "", ""},
        {"a host", "h.example/a /a", "h.example", "/a", "h.example/a"},
        {"another host", "h.example/a /a", "g.example", "/a", "/a"},
        {"no host", "h.example/a /a", "", "/a", "/a"},
        {"hosts have no case", "h.example/a /a", "H.EXAMPLE", "/a", "h.example/a"},
        {"a host's last dot", "h.example/a /a", "h.example.", "/a", "h.example/a"},
        {"only one last dot", "h.example/a /a", "h.example..", "/a", "/a"},
        {"a host of a dot", "h.example/a /a", ".", "/a", "/a"},
        {"a host beats a better path", "h.example/ /a/b", "h.example", "/a/b", "h.example/"},
        {"back from the host", "h.example/a /{x}", "h.example", "/b", "/{x} x=b"},
        {"an IPv6 host", "[2001:DB8::1]/ /", "[2001:db8::1]", "/", "[2001:DB8::1]/"},
        {"a literal longer than a node", "/0123456789012345678901234567890123456789 /{x}", "",
         "/0123456789012345678901234567890123456789",
         "/0123456789012345678901234567890123456789"},
        {"one byte off in a long literal", "/0123456789012345678901234567890123456789 /{x}", "",
         "/0123456789012345678901234567890123456780",
         "/{x} x=0123456789012345678901234567890123456780"},
    };
    struct world *w = *state;
    struct mg_guard guard = {0};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        clear(w);
        add_all(w, rows[i].patterns);
        mg_expect_int(rows[i].desc, count_conflicts(w), 0);
        const struct mg_router *router = mg_router_build(&w->builder, &w->arena);
        assert_non_null(router);
        mg_expect_str(rows[i].desc,
                      route_text(w, router, rows[i].host,
                                 mg_guard_str(&guard, mg_str_from(rows[i].path))),
                      mg_str_from(rows[i].want));
    }
    mg_guard_free(&guard);
}

static struct mg_str random_path(struct world *w, struct mg_prng *prng)
{
    static const char *const SEGMENTS[] = {"a", "b", "a", "b", "c", ""};
    struct mg_str path = MG_STR("");
    size_t count = 1 + mg_prng_below(prng, 5);
    for (size_t i = 0; i < count; i++) {
        path = mg_arena_printf(&w->arena, "%.*s/%s", MG_STR_ARG(path),
                               pick(prng, SEGMENTS, MG_COUNT(SEGMENTS)));
    }
    return path;
}

/* The definition: of all that match, the one more specific than each other. */
static const struct mg_route_pattern *best_by_definition(const struct world *w,
                                                         struct mg_str host, struct mg_str path)
{
    const struct mg_route_pattern *best = NULL;
    for (size_t i = 0; i < w->count; i++) {
        const struct mg_route_pattern *pattern = &w->patterns[i];
        if (!mg_route_pattern_matches(pattern, host, path)) {
            continue;
        }
        if (best == NULL || mg_route_pattern_compare(pattern, best) == MG_ROUTE_MORE_SPECIFIC) {
            best = pattern;
        } else {
            mg_expect_int("one of two that match is more specific",
                          mg_route_pattern_compare(best, pattern), MG_ROUTE_MORE_SPECIFIC);
        }
    }
    return best;
}

/* What the parameters are by definition: the pattern's wildcards against the path's
 * segments. */
static void check_params(const struct mg_route_pattern *pattern, struct mg_str path,
                         const struct mg_route *route)
{
    unsigned param = 0;
    for (unsigned i = 0; i < pattern->segment_count; i++) {
        const struct mg_route_segment *segment = &pattern->segments[i];
        struct mg_str left = mg_str_from_offset(path, 1);
        const char *slash = segment->kind == MG_SEGMENT_REST || left.ptr == NULL
                                ? NULL
                                : memchr(left.ptr, '/', left.len);
        size_t len = slash == NULL ? left.len : (size_t)(slash - left.ptr);
        if (segment->kind == MG_SEGMENT_WILD ||
            (segment->kind == MG_SEGMENT_REST && segment->text.len > 0)) {
            mg_expect_str("name", route->params[param].name, segment->text);
            struct mg_str value = {left.ptr, len};
            mg_expect_str("value", route->params[param].value, value);
            param++;
        }
        path = mg_str_from_offset(left, len);
    }
    mg_expect_int("parameters", route->param_count, param);
}

static void check_route(struct world *w, const struct mg_router *router, struct mg_prng *prng)
{
    static const char *const HOSTS[] = {"", "h.example", "g.example", "f.example"};
    struct mg_str host = mg_str_from(pick(prng, HOSTS, MG_COUNT(HOSTS)));
    struct mg_str path = random_path(w, prng);
    const struct mg_route_pattern *want = best_by_definition(w, host, path);
    struct mg_route route;
    bool matched = mg_router_match(router, host, path, &route);
    const struct mg_route_pattern *got = matched ? &w->patterns[route.resource->id] : NULL;
    if (got != want) {
        fail_msg("%.*s%.*s: got %s, want %s", MG_STR_ARG(host), MG_STR_ARG(path),
                 got == NULL ? "none" : got->text.ptr, want == NULL ? "none" : want->text.ptr);
    }
    if (got != NULL) {
        check_params(got, path, &route);
    }
}

static bool last_conflicts(const struct world *w)
{
    for (size_t i = 0; i + 1 < w->count; i++) {
        if (in_conflict(&w->patterns[i], &w->patterns[w->count - 1])) {
            return true;
        }
    }
    return false;
}

/* Add random patterns, but those that conflict with one that is there. */
static void add_without_conflict(struct world *w, struct mg_prng *prng)
{
    size_t tries = 1 + mg_prng_below(prng, MAX_PATTERNS);
    for (size_t i = 0; i < tries; i++) {
        add(w, random_pattern(w, prng));
        if (last_conflicts(w)) {
            w->count--;
            w->builder.count--;
        }
    }
}

static void router_equals_the_definition(void **state)
{
    struct world *w = *state;
    struct mg_prng prng = mg_property_begin("router_equals_the_definition");
    unsigned long cases = mg_property_cases(10000);
    unsigned long matched_sets = 0;
    for (unsigned long i = 0; i < cases; i++) {
        clear(w);
        add_without_conflict(w, &prng);
        mg_expect_int("a set without conflicts", count_conflicts(w), 0);
        const struct mg_router *router = mg_router_build(&w->builder, &w->arena);
        assert_non_null(router);
        for (size_t k = 0; k < PATHS_A_SET; k++) {
            check_route(w, router, &prng);
        }
        matched_sets += w->count > 3;
    }
    mg_expect_true("most sets have several patterns", matched_sets * 2 > cases);
}

/* "/a/a/…" of `count` segments, each `segment`. */
static struct mg_str repeat(struct world *w, const char *segment, size_t count)
{
    struct mg_str text = MG_STR("");
    for (size_t i = 0; i < count; i++) {
        text = mg_arena_printf(&w->arena, "%.*s/%s", MG_STR_ARG(text), segment);
    }
    return text;
}

static void depth_has_no_effect(void **state)
{
    struct world *w = *state;
    struct mg_route route;
    add(w, repeat(w, "a", MG_ROUTE_MAX_SEGMENTS));
    add(w, mg_arena_printf(&w->arena, "%.*s/{r...}",
                           MG_STR_ARG(repeat(w, "a", MG_ROUTE_MAX_SEGMENTS - 1))));
    add(w, MG_STR("/"));
    /* Every depth has a wildcard and a rest beside its literal: the stack is as full as it
     * gets. */
    for (size_t depth = 1; depth < 15; depth++) {
        struct mg_str prefix = repeat(w, "a", depth);
        add(w, mg_arena_printf(&w->arena, "%.*s/{x}/b%zu", MG_STR_ARG(prefix), depth));
        add(w, mg_arena_printf(&w->arena, "%.*s/", MG_STR_ARG(prefix)));
    }
    const struct mg_router *router = mg_router_build(&w->builder, &w->arena);
    assert_non_null(router);
    static const struct {
        const char *desc;
        size_t segments;
        uint32_t want;
    } rows[] = {
        {"as deep as patterns go", MG_ROUTE_MAX_SEGMENTS, 0},
        {"one deeper", MG_ROUTE_MAX_SEGMENTS + 1, 1},
        {"far deeper", 5000, 1},
        {"one less", MG_ROUTE_MAX_SEGMENTS - 1, 30},
        {"none as shallow but the root", 1, 2},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_str path = repeat(w, "a", rows[i].segments);
        mg_expect_int(rows[i].desc, mg_router_match(router, MG_STR(""), path, &route), true);
        mg_expect_int(rows[i].desc, route.resource->id, rows[i].want);
    }
}

static void long_hosts_are_no_danger(void **state)
{
    struct world *w = *state;
    char host[1000];
    struct mg_guard guard = {0};
    struct mg_route route;
    memset(host, 'a', sizeof(host));
    for (size_t i = 50; i < sizeof(host); i += 50) {
        host[i] = '.';
    }
    struct mg_str longest = {host, MG_ROUTE_MAX_HOST_BYTES};
    add(w, mg_arena_printf(&w->arena, "%.*s/", MG_STR_ARG(longest)));
    add(w, MG_STR("/"));
    const struct mg_router *router = mg_router_build(&w->builder, &w->arena);
    assert_non_null(router);
    for (size_t len = 0; len <= sizeof(host); len++) {
        struct mg_str given = mg_guard_str(&guard, (struct mg_str){host, len});
        assert_true(mg_router_match(router, given, MG_STR("/"), &route));
        mg_expect_int("only the pattern's host", route.resource->id,
                      len == MG_ROUTE_MAX_HOST_BYTES ? 0 : 1);
    }
    mg_guard_free(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(most_specific_pattern_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(router_equals_the_definition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(depth_has_no_effect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_hosts_are_no_danger, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
