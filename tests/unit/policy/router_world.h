/* router_world.h - what the tests of routing share: a set of patterns whose resources' ids are
 * the patterns' numbers, random patterns, and the plain definition of a conflict. */
#ifndef MG_TEST_ROUTER_WORLD_H
#define MG_TEST_ROUTER_WORLD_H

#include <stdlib.h>

#include "expect.h"
#include "policy/router.h"
#include "prng.h"

enum {
    ARENA_BYTES = 1 << 28,
    MAX_PATTERNS = 32
};

/* Patterns with a resource each, whose id is the pattern's number. */
struct world {
    struct mg_arena arena;
    struct mg_router_builder builder;
    struct mg_route_pattern patterns[MAX_PATTERNS];
    struct mg_resource resources[MAX_PATTERNS];
    size_t count;
};

static inline int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    if (w == NULL) {
        return -1;
    }
    mg_arena_init(&w->arena, NULL, 0, ARENA_BYTES);
    mg_router_builder_init(&w->builder);
    *state = w;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *w = *state;
    mg_router_builder_fini(&w->builder);
    mg_arena_fini(&w->arena);
    free(w);
    return 0;
}

/* Forget all patterns. */
static inline void clear(struct world *w)
{
    w->count = 0;
    w->builder.count = 0;
    mg_arena_reset(&w->arena);
}

static inline void add(struct world *w, struct mg_str text)
{
    struct mg_err fault;
    assert_true(w->count < MAX_PATTERNS);
    if (!mg_route_pattern_parse(text, &w->arena, &w->patterns[w->count], &fault)) {
        fail_msg("'%.*s' is refused: %s", MG_STR_ARG(text), fault.message);
    }
    w->resources[w->count] = (struct mg_resource){
        .id = (uint32_t)w->count, .file = "policies/a.lua", .line = 10 + (int)w->count};
    assert_true(
        mg_router_builder_add(&w->builder, &w->patterns[w->count], &w->resources[w->count]));
    w->count++;
}

/* Add patterns separated by spaces. */
static inline void add_all(struct world *w, const char *texts)
{
    while (*texts != '\0') {
        size_t len = strcspn(texts, " ");
        add(w, (struct mg_str){texts, len});
        texts += len + (texts[len] == ' ');
    }
}

static inline bool count_conflict(void *context, const struct mg_router_conflict *conflict)
{
    size_t *count = context;
    (void)conflict;
    (*count)++;
    return true;
}

static inline size_t count_conflicts(const struct world *w)
{
    size_t conflicts = 0;
    mg_expect_int("there is memory to check",
                  mg_router_builder_check(&w->builder, count_conflict, &conflicts),
                  MG_ROUTER_CHECKED);
    return conflicts;
}

/* A random segment or its end; few texts, so that patterns meet. */
static const char *pick(struct mg_prng *prng, const char *const *from, size_t count)
{
    return from[mg_prng_below(prng, count)];
}

static inline struct mg_str random_pattern(struct world *w, struct mg_prng *prng)
{
    static const char *const HOSTS[] = {"", "", "", "h.example", "g.example"};
    static const char *const INNER[] = {"a", "b", "{", "{", ""};
    static const char *const LAST[] = {"a", "b", "{last}", "{$}", "", "{r...}"};
    struct mg_str text = mg_arena_printf(&w->arena, "%s", pick(prng, HOSTS, MG_COUNT(HOSTS)));
    size_t inner = mg_prng_below(prng, 4);
    for (size_t i = 0; i < inner; i++) {
        const char *segment = pick(prng, INNER, MG_COUNT(INNER));
        text = segment[0] == '{'
                   ? mg_arena_printf(&w->arena, "%.*s/{x%zu}", MG_STR_ARG(text), i)
                   : mg_arena_printf(&w->arena, "%.*s/%s", MG_STR_ARG(text), segment);
    }
    return mg_arena_printf(&w->arena, "%.*s/%s", MG_STR_ARG(text),
                           pick(prng, LAST, MG_COUNT(LAST)));
}

static inline bool in_conflict(const struct mg_route_pattern *a,
                               const struct mg_route_pattern *b)
{
    enum mg_route_relation relation = mg_route_pattern_compare(a, b);
    return relation == MG_ROUTE_EQUAL || relation == MG_ROUTE_OVERLAPS;
}

#endif
