/* test_router_check.c - conflicts against the plain definition: compare every pattern with
 * every other. */
#include <stdlib.h>

#include "core/alloc.h"
#include "policy/router.h"
#include "router_world.h"

/* The patterns of the ServeMux documentation's own example stand together. */
static void precedence_examples_stand_together(void **state)
{
    struct world *w = *state;
    add_all(w, "/ /images/ /images/thumbnails/ /b/{bucket}/o/{objectname...} /items/{$} "
               "example.com/ /posts/{id} /posts/latest");
    mg_expect_int("no conflict", count_conflicts(w), 0);
}

struct found {
    struct world *w;
    struct mg_str text;
};

static bool note_conflict(void *context, const struct mg_router_conflict *conflict)
{
    struct found *found = context;
    found->text = mg_arena_printf(
        &found->w->arena, "%.*s%zu%c%zu ", MG_STR_ARG(found->text), conflict->first,
        conflict->relation == MG_ROUTE_EQUAL ? '=' : 'x', conflict->second);
    return true;
}

static void conflicts_are_found(void **state)
{
    static const struct {
        const char *desc, *patterns, *want;
    } rows[] = {
        {"none", "/a /b /{x} /a/", ""},
        {"a single pattern", "/a", ""},
        {"the same", "/a /a", "0=1 "},
        {"the same three times", "/a /a /a", "0=1 1=2 0=2 "},
        {"other names", "/{x}/a /{y}/a", "0=1 "},
        {"a subtree and a rest", "/a/ /a/{r...}", "0=1 "},
        {"crossed", "/a/{x} /{x}/b", "0x1 "},
        {"crossed even where a third is narrower", "/a/{x} /{x}/b /a/b", "0x1 "},
        {"a subtree and a longer path", "/a/ /{x}/b/c", "0x1 "},
        {"two subtrees", "/a/{x}/ /{x}/b/", "0x1 "},
        {"crossed behind the same literals", "/v/{x}/b/c /v/a/{y}/c /v/a/{y}/d", "0x1 "},
        {"crossed on one host", "h.example/a/{x} h.example/{x}/b /a/{x}", "0x1 "},
        {"crossed on two hosts", "h.example/a/{x} g.example/{x}/b", ""},
        {"crossed with and without host", "h.example/a/{x} /{x}/b", ""},
        {"the end against a wildcard", "/a/{x}/{$} /{x}/b/{y}", ""},
        {"the end against the end", "/a/{x}/{$} /{x}/b/{$}", "0x1 "},
        {"empty against empty", "/a//{x} /{x}//b", "0x1 "},
        {"empty against wildcard", "/a//{x} /{x}/{y}/b", ""},
        {"empty against the end", "/a/{$} /{x}//b", ""},
    };
    struct world *w = *state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        clear(w);
        add_all(w, rows[i].patterns);
        struct found found = {.w = w};
        assert_int_equal(mg_router_builder_check(&w->builder, note_conflict, &found),
                         MG_ROUTER_CHECKED);
        mg_expect_str(rows[i].desc, found.text, mg_str_from(rows[i].want));
    }
}

static bool stop_at_three(void *context, const struct mg_router_conflict *conflict)
{
    size_t *count = context;
    (void)conflict;
    return ++*count < 3;
}

static void report_can_stop(void **state)
{
    struct world *w = *state;
    size_t within_shape = 0;
    size_t across_shapes = 0;
    add_all(w, "/a /a /a /a /a /a");
    assert_int_equal(mg_router_builder_check(&w->builder, stop_at_three, &within_shape),
                     MG_ROUTER_CHECKED);
    mg_expect_int("stopped among equals", within_shape, 3);
    clear(w);
    add_all(w, "/a/{x} /b/{x} /c/{x} /{x}/a /{x}/b /{x}/c");
    assert_int_equal(mg_router_builder_check(&w->builder, stop_at_three, &across_shapes),
                     MG_ROUTER_CHECKED);
    mg_expect_int("stopped among crossed ones", across_shapes, 3);
}

static bool keep_conflict(void *context, const struct mg_router_conflict *conflict)
{
    *(struct mg_router_conflict *)context = *conflict;
    return true;
}

static void conflicts_are_described(void **state)
{
    static const struct {
        const char *desc, *patterns, *want;
    } rows[] = {
        {"crossed", "/a/{x} /{y}/b",
         "policies/a.lua:11: error: /{y}/b: conflicts with /a/{x} at policies/a.lua:10: both "
         "match /a/b, and neither is more specific (make one of them match only what the other "
         "does, or give one a host) [pattern-conflict]"},
        {"equal", "/a/{x} /a/{y}",
         "policies/a.lua:11: error: /a/{y}: matches the same requests as /a/{x} at "
         "policies/a.lua:10 (declare the resource once, or give one of them a host) "
         "[pattern-duplicate]"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_router_conflict conflict;
        struct mg_err fault;
        char line[1024];
        clear(w);
        add_all(w, rows[i].patterns);
        assert_int_equal(mg_router_builder_check(&w->builder, keep_conflict, &conflict),
                         MG_ROUTER_CHECKED);
        mg_router_conflict_describe(&conflict, &fault);
        mg_err_format(&fault, line, sizeof(line));
        mg_expect_text(rows[i].desc, line, rows[i].want);
    }
}

struct pairs {
    bool found[MAX_PATTERNS][MAX_PATTERNS];
};

static bool note_pair(void *context, const struct mg_router_conflict *conflict)
{
    struct pairs *pairs = context;
    mg_expect_true("first before second", conflict->first < conflict->second);
    mg_expect_true("told once", !pairs->found[conflict->first][conflict->second]);
    pairs->found[conflict->first][conflict->second] = true;
    return true;
}

static void compare_pairs(const struct world *w, const struct pairs *pairs)
{
    for (size_t i = 0; i < w->count * w->count; i++) {
        size_t a = i / w->count;
        size_t b = i % w->count;
        bool want = a < b && in_conflict(&w->patterns[a], &w->patterns[b]);
        if (pairs->found[a][b] != want) {
            fail_msg("%s and %s: conflict found is %d", w->patterns[a].text.ptr,
                     w->patterns[b].text.ptr, (int)pairs->found[a][b]);
        }
    }
}

static void check_equals_all_pairs(void **state)
{
    struct world *w = *state;
    struct mg_prng prng = mg_property_begin("check_equals_all_pairs");
    unsigned long cases = mg_property_cases(10000);
    for (unsigned long i = 0; i < cases; i++) {
        clear(w);
        size_t count = 1 + mg_prng_below(&prng, MAX_PATTERNS);
        while (w->count < count) {
            add(w, random_pattern(w, &prng));
        }
        struct pairs pairs = {0};
        assert_int_equal(mg_router_builder_check(&w->builder, note_pair, &pairs),
                         MG_ROUTER_CHECKED);
        compare_pairs(w, &pairs);
    }
}

static void every_failed_allocation_is_told(void **state)
{
    struct world *w = *state;
    long failures = 0;
    if (!mg_alloc_fail_at(0)) {
        skip();
    }
    add_all(w, "/a/{x} /{r...} h.example/a");
    for (long n = 1;; n++) {
        size_t conflicts = 0;
        struct mg_arena arena;
        mg_arena_init(&arena, NULL, 0, ARENA_BYTES);
        (void)mg_alloc_fail_at(n);
        bool checked = mg_router_builder_check(&w->builder, count_conflict, &conflicts) ==
                       MG_ROUTER_CHECKED;
        const struct mg_router *router = mg_router_build(&w->builder, &arena);
        (void)mg_alloc_fail_at(0);
        mg_arena_fini(&arena);
        if (checked && router != NULL) {
            break;
        }
        mg_expect_true("only one of both failed", checked || router != NULL);
        failures++;
    }
    mg_expect_true("check, build and arena have failed each", failures >= 9);
}

static void adding_fails_without_memory(void **state)
{
    struct world *w = *state;
    if (!mg_alloc_fail_at(0)) {
        skip();
    }
    add(w, MG_STR("/"));
    struct mg_router_builder builder;
    mg_router_builder_init(&builder);
    (void)mg_alloc_fail_at(1);
    mg_expect_int("the first entry needs memory",
                  mg_router_builder_add(&builder, &w->patterns[0], &w->resources[0]), false);
    (void)mg_alloc_fail_at(0);
    mg_expect_int("afterwards it works",
                  mg_router_builder_add(&builder, &w->patterns[0], &w->resources[0]), true);
    mg_router_builder_fini(&builder);
}

/* Patterns of many services beside as many of one tenant wildcard: every pair fits but for its
 * last segment, the case that comparing in pairs or walking branches cannot do. */
static void many_patterns_are_checked_and_routed(void **state)
{
    enum {
        EACH = 20000
    };
    struct world *w = *state;
    struct mg_route_pattern *patterns = calloc(2 * EACH + 1, sizeof(*patterns));
    struct mg_resource *resources = calloc(2 * EACH + 1, sizeof(*resources));
    struct mg_err fault;
    assert_non_null(patterns);
    assert_non_null(resources);
    for (uint32_t i = 0; i <= 2 * EACH; i++) {
        struct mg_str text =
            i < EACH       ? mg_arena_printf(&w->arena, "/service-%u/{id}/left-%u", i, i)
            : i < 2 * EACH ? mg_arena_printf(&w->arena, "/{tenant}/resource-%u/right-%u", i, i)
                           : MG_STR("/service-7/{id}/right-30000");
        resources[i].id = i;
        assert_true(mg_route_pattern_parse(text, &w->arena, &patterns[i], &fault));
        assert_true(mg_router_builder_add(&w->builder, &patterns[i], &resources[i]));
    }
    struct mg_router_conflict conflict = {0};
    assert_int_equal(mg_router_builder_check(&w->builder, keep_conflict, &conflict),
                     MG_ROUTER_CHECKED);
    mg_expect_int("the one conflict", conflict.first, 30000);
    mg_expect_int("the one conflict", conflict.second, 2 * EACH);
    mg_expect_int("no other", count_conflicts(w), 1);
    w->builder.count--;
    const struct mg_router *router = mg_router_build(&w->builder, &w->arena);
    assert_non_null(router);
    for (uint32_t i = 0; i < EACH; i++) {
        struct mg_route route;
        struct mg_str path = mg_arena_printf(&w->arena, "/service-%u/resource-%u/right-%u", i,
                                             i + EACH, i + EACH);
        assert_true(mg_router_match(router, MG_STR("h.example"), path, &route));
        mg_expect_int("found behind the literal branch", route.resource->id, i + EACH);
    }
    free(resources);
    free(patterns);
}

/* Patterns of fourteen segments, each a literal of its own or a wildcard: as many shapes. */
static void add_shapes(struct world *w, unsigned count, struct mg_route_pattern *patterns,
                       struct mg_resource *resources)
{
    for (unsigned i = 0; i < count; i++) {
        char text[256] = "";
        size_t len = 0;
        struct mg_err fault;
        for (unsigned bit = 0; bit < 14; bit++) {
            len += (size_t)snprintf(text + len, sizeof(text) - len,
                                    i >> bit & 1U ? "/{w%u}" : "/s%u-%u", bit, i);
        }
        assert_true(mg_route_pattern_parse(mg_arena_dup(&w->arena, mg_str_from(text)),
                                           &w->arena, &patterns[i], &fault));
        assert_true(mg_router_builder_add(&w->builder, &patterns[i], &resources[i]));
    }
}

static void too_many_shapes_are_told_at_once(void **state)
{
    enum {
        FEW = 600,
        MANY = 12000
    };
    struct world *w = *state;
    struct mg_route_pattern *patterns = calloc(MANY, sizeof(*patterns));
    struct mg_resource *resources = calloc(MANY, sizeof(*resources));
    size_t conflicts = 0;
    assert_non_null(patterns);
    assert_non_null(resources);
    add_shapes(w, MANY, patterns, resources);
    mg_expect_int("many", mg_router_builder_check(&w->builder, count_conflict, &conflicts),
                  MG_ROUTER_CHECK_TOO_VARIED);
    w->builder.count = FEW;
    mg_expect_int("few", mg_router_builder_check(&w->builder, count_conflict, &conflicts),
                  MG_ROUTER_CHECKED);
    free(resources);
    free(patterns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(precedence_examples_stand_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conflicts_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(report_can_stop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conflicts_are_described, set_up, tear_down),
        cmocka_unit_test_setup_teardown(check_equals_all_pairs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_failed_allocation_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(adding_fails_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_shapes_are_told_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_patterns_are_checked_and_routed, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
