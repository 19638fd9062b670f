/* bench_router.c - the cost of routing with 10, 1,000 and 100,000 resources.
 *
 * Prints a line for each size: processor nanoseconds a match that finds a resource and one that
 * finds none, in the best of several rounds over paths in random order, and milliseconds to
 * parse, check and build. The resources are of the kinds that services have: collections, their
 * members, subtrees, and a few wildcards beside the literals.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "policy/router.h"

enum {
    ARENA_BYTES = 1 << 30,
    PATHS = 1 << 16,
    ROUNDS = 20
};

struct bench {
    struct mg_arena arena;
    struct mg_router_builder builder;
    struct mg_route_pattern *patterns;
    struct mg_resource *resources;
    struct mg_str hits[PATHS];
    struct mg_str misses[PATHS];
    uint64_t random;
};

static uint32_t next_random(struct bench *b, uint32_t below)
{
    b->random = b->random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)((b->random >> 33) % below);
}

/* A pattern, or with `id` a path that it matches. */
static struct mg_str make_text(struct bench *b, uint32_t i, const char *id)
{
    static const char *const FORMS[] = {
        "/api/v1/service-%u/items",         "/api/v1/service-%u/items/%s",
        "/api/v1/service-%u/items/%s/tags", "/assets/bundle-%u/",
        "/{tenant}/report-%u/%s",
    };
    const char *form = FORMS[i % 5];
    if (i % 5 == 4 && id[0] != '{') {
        form = "/acme/report-%u/%s";
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return mg_arena_printf(&b->arena, form, i / 5, id);
#pragma GCC diagnostic pop
}

static bool refuse(void *context, const struct mg_router_conflict *conflict)
{
    (void)context;
    (void)conflict;
    (void)fprintf(stderr, "the benchmark's patterns conflict\n");
    exit(1);
}

/* Of this thread alone, so that a busy machine disturbs little. */
static double cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Nanoseconds a match, in the best of several rounds. */
static double match_all(const struct mg_router *router, const struct mg_str *paths,
                        uint64_t *found)
{
    struct mg_route route;
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_ns();
        for (size_t i = 0; i < PATHS; i++) {
            *found += mg_router_match(router, MG_STR("api.example.com"), paths[i], &route);
        }
        double ns = (cpu_ns() - start) / PATHS;
        best = ns < best ? ns : best;
    }
    return best;
}

static void run(struct bench *b, uint32_t count)
{
    struct mg_err fault;
    uint64_t found = 0;
    uint64_t times[4];
    mg_arena_init(&b->arena, NULL, 0, ARENA_BYTES);
    mg_router_builder_init(&b->builder);
    b->patterns = calloc(count, sizeof(*b->patterns));
    b->resources = calloc(count, sizeof(*b->resources));
    times[0] = mg_clock_us();
    for (uint32_t i = 0; i < count; i++) {
        if (!mg_route_pattern_parse(make_text(b, i, "{id}"), &b->arena, &b->patterns[i],
                                    &fault) ||
            !mg_router_builder_add(&b->builder, &b->patterns[i], &b->resources[i])) {
            (void)fprintf(stderr, "a pattern is refused\n");
            exit(1);
        }
    }
    times[1] = mg_clock_us();
    (void)mg_router_builder_check(&b->builder, refuse, NULL);
    times[2] = mg_clock_us();
    const struct mg_router *router = mg_router_build(&b->builder, &b->arena);
    times[3] = mg_clock_us();
    for (size_t i = 0; i < PATHS; i++) {
        uint32_t of = next_random(b, count);
        b->hits[i] = make_text(b, of, "1234567");
        b->misses[i] = mg_arena_printf(&b->arena, "/api/v1/service-%u/none", of / 5);
    }
    double hit = match_all(router, b->hits, &found);
    double miss = match_all(router, b->misses, &found);
    (void)printf("router %6" PRIu32 " resources: hit %.0f ns, miss %.0f ns; parse %.1f ms, "
                 "check %.1f ms, build %.1f ms; %" PRIu64 " found\n",
                 count, hit, miss, (double)(times[1] - times[0]) / 1000,
                 (double)(times[2] - times[1]) / 1000, (double)(times[3] - times[2]) / 1000,
                 found);
    free(b->resources);
    free(b->patterns);
    mg_router_builder_fini(&b->builder);
    mg_arena_fini(&b->arena);
}

int main(void)
{
    struct bench *b = calloc(1, sizeof(*b));
    if (b == NULL) {
        return 1;
    }
    b->random = 1;
    run(b, 10);
    run(b, 1000);
    run(b, 100000);
    free(b);
    return 0;
}
