/* bench_cors.c - what one CORS decision costs: classify, decide and write the fields.
 *
 *     bench_cors [NUMBER OF ORIGINS]...
 *
 * One line a case: nanoseconds of processor time a decision (the best of several rounds),
 * allocations in all.
 * Origins are asked for in random order over the whole set, so a large set pays for its cache
 * misses; the requests themselves lie in the order they are asked.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/arena.h"
#include "cors/decide.h"
#include "cors/origin_set.h"

enum {
    ROUNDS = 15,
    REQUESTS = 1 << 16,
    HOSTILE_REQUESTS = 1 << 10,
    TEXT_BYTES = 80,
    ACRH_NAMES = 30,
    HOSTILE_BYTES = 1 << 20,
};

static unsigned long allocations;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* glibc's own allocator, under the names that it has for replacements like these. */
/* NOLINTBEGIN(bugprone-reserved-identifier,readability-*) */
extern void *__libc_malloc(size_t size);
extern void *__libc_realloc(void *block, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *realloc(void *block, size_t size)
{
    allocations++;
    return __libc_realloc(block, size);
}
/* NOLINTEND(bugprone-reserved-identifier,readability-*) */
#endif

/* Of this thread alone, so that a busy machine disturbs little. */
static double cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static uint64_t random_state = 0x6d6f6f6e67617465ULL;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* A quarter of the patterns is "*."; `host` is the pattern's, or below it. */
static int put_origin(char *out, size_t number, const char *below)
{
    const char *label = number % 4 == 0 ? below : "";
    return snprintf(out, TEXT_BYTES, "https://%sapp-%zu.customer-%zu.example", label, number,
                    number * 7919 % 100000);
}

struct bench {
    struct mg_arena arena;
    const struct mg_rule *rule;
    char (*texts)[TEXT_BYTES];
    struct mg_str *origins; /* REQUESTS of them */
    struct mg_buf out;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_cors: %s\n", what);
    exit(1);
}

static void make_rule(struct bench *bench, size_t count)
{
    struct mg_origin_entry *entries = calloc(count, sizeof(*entries));
    char(*texts)[TEXT_BYTES] = calloc(count, sizeof(*texts));
    if (entries == NULL || texts == NULL) {
        fail("out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        struct mg_str text = {texts[i], (size_t)put_origin(texts[i], i + 1, "*.")};
        if (!mg_pattern_parse(text, &entries[i].pattern, NULL)) {
            fail("a pattern does not parse");
        }
    }
    double start = cpu_ns();
    const struct mg_origin_set *set =
        mg_origin_set_build(entries, count, &bench->arena, NULL, NULL);
    double took = cpu_ns() - start;
    if (set == NULL || mg_origin_set_count(set) != count) {
        fail("the set was not built");
    }
    size_t text_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        struct mg_pattern pattern = mg_origin_set_get(set, i);
        text_bytes += pattern.scheme.len + pattern.host.len;
    }
    if (count > 1) {
        printf("build %zu origins: %.1f ms, %.1f bytes an origin beside its text\n", count,
               took / 1e6,
               ((double)bench->arena.taken_bytes - (double)text_bytes) / (double)count);
    }
    struct mg_str methods[] = {MG_STR("GET"), MG_STR("PUT"), MG_STR("DELETE")};
    static char names[ACRH_NAMES][16];
    struct mg_str headers[ACRH_NAMES + 2] = {MG_STR("Authorization"), MG_STR("Content-Type")};
    for (size_t i = 0; i < ACRH_NAMES; i++) {
        headers[i + 2] =
            (struct mg_str){names[i], (size_t)snprintf(names[i], 16, "X-Field-%zu", i)};
    }
    struct mg_rule_spec spec = {.origins = set,
                                .resource_methods = {methods, 3},
                                .headers = {headers, ACRH_NAMES + 2},
                                .credentials = true,
                                .max_age = 600,
                                .preflight_status = 204};
    bench->rule = mg_rule_compile(&spec, &bench->arena);
    if (bench->rule == NULL) {
        fail("the rule was not compiled");
    }
    free(entries);
    free(texts);
}

static void make_origins(struct bench *bench, size_t count, bool allowed)
{
    for (size_t i = 0; i < REQUESTS; i++) {
        size_t number = 1 + next_random() % count + (allowed ? 0 : count + 1);
        bench->origins[i] = (struct mg_str){
            bench->texts[i], (size_t)put_origin(bench->texts[i], number, "www.")};
    }
}

/* Decide every request in turn. Returns: nanoseconds a decision. */
static double run(struct bench *bench, struct mg_cors_request *request, size_t count,
                  enum mg_verdict expected)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_ns();
        for (size_t i = 0; i < count; i++) {
            struct mg_decision decision;
            request->origin = (struct mg_lines){&bench->origins[i], 1};
            enum mg_kind kind = mg_cors_classify(request, false);
            mg_cors_decide(bench->rule, request, kind, &decision);
            mg_buf_clear(&bench->out);
            mg_cors_write_fields(&decision, &bench->out);
            if (decision.verdict != expected) {
                fail("another verdict than expected");
            }
        }
        double ns = (cpu_ns() - start) / (double)count;
        best = ns < best ? ns : best;
    }
    return best;
}

static void measure(struct bench *bench, const char *name, struct mg_cors_request request,
                    enum mg_verdict expected)
{
    unsigned long before = allocations;
    double ns = run(bench, &request, REQUESTS, expected);
    printf("%-44s %7.1f ns  %lu allocations\n", name, ns, allocations - before);
}

static void bench_count(size_t count)
{
    struct bench bench = {.texts = malloc(REQUESTS * sizeof(*bench.texts)),
                          .origins = malloc(REQUESTS * sizeof(*bench.origins))};
    if (bench.texts == NULL || bench.origins == NULL) {
        fail("out of memory");
    }
    mg_arena_init(&bench.arena, NULL, 0, (size_t)1 << 32);
    mg_buf_init(&bench.out, 1 << 16);
    (void)mg_buf_reserve(&bench.out, 4096);
    make_rule(&bench, count);
    printf("%zu origins:\n", count);

    struct mg_str put = MG_STR("PUT");
    struct mg_str three = MG_STR("authorization,content-type,x-field-7");
    char names[ACRH_NAMES * 16];
    struct mg_str thirty = {names, 0};
    for (size_t i = 0; i < ACRH_NAMES; i++) {
        thirty.len += (size_t)snprintf(names + thirty.len, sizeof(names) - thirty.len,
                                       "%sx-field-%zu", i > 0 ? "," : "", i);
    }
    struct mg_cors_request actual = {.method = MG_STR("GET"),
                                     .site = MG_STR("cross-site"),
                                     .scheme = MG_STR("https"),
                                     .host = MG_STR("api.example")};
    struct mg_cors_request preflight = actual;
    preflight.method = MG_STR("OPTIONS");
    preflight.acrm = (struct mg_lines){&put, 1};
    preflight.acrh = (struct mg_lines){&three, 1};
    struct mg_cors_request long_preflight = preflight;
    long_preflight.acrh = (struct mg_lines){&thirty, 1};

    make_origins(&bench, count, true);
    measure(&bench, "  actual, allowed", actual, MG_VERDICT_ALLOW);
    measure(&bench, "  preflight, 3 headers, allowed", preflight, MG_VERDICT_ALLOW);
    measure(&bench, "  preflight, 30 headers, allowed", long_preflight, MG_VERDICT_ALLOW);
    make_origins(&bench, count, false);
    measure(&bench, "  actual, denied", actual, MG_VERDICT_DENY);
    measure(&bench, "  preflight, 3 headers, denied", preflight, MG_VERDICT_DENY);

    mg_buf_fini(&bench.out);
    mg_arena_fini(&bench.arena);
    free(bench.texts);
    free(bench.origins);
}

/* Access-Control-Request-Headers at the bound, and far beyond it. */
static void bench_hostile(void)
{
    static char bytes[HOSTILE_BYTES];
    struct bench bench = {.texts = malloc(REQUESTS * sizeof(*bench.texts)),
                          .origins = malloc(REQUESTS * sizeof(*bench.origins))};
    if (bench.texts == NULL || bench.origins == NULL) {
        fail("out of memory");
    }
    mg_arena_init(&bench.arena, NULL, 0, (size_t)1 << 32);
    make_rule(&bench, 1);
    make_origins(&bench, 1, true);
    struct mg_str put = MG_STR("PUT");
    const struct {
        const char *name;
        char odd;
        size_t len;
    } cases[] = {{"ACRH of 8 KiB, \"a,a,...\"", ',', 8192},
                 {"ACRH of 8 KiB, one name", 'a', 8192},
                 {"ACRH of 1 MiB, \"a,a,...\"", ',', HOSTILE_BYTES}};
    printf("hostile:\n");
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        for (size_t i = 0; i < cases[c].len; i++) {
            bytes[i] = i % 2 == 0 ? 'a' : cases[c].odd;
        }
        struct mg_str acrh = {bytes, cases[c].len};
        struct mg_cors_request request = {.method = MG_STR("OPTIONS"),
                                          .site = MG_STR("cross-site"),
                                          .acrm = {&put, 1},
                                          .acrh = {&acrh, 1}};
        double ns = run(&bench, &request, HOSTILE_REQUESTS, MG_VERDICT_DENY);
        printf("  %-42s %7.1f ns, %.4f ns a byte\n", cases[c].name, ns,
               ns / (double)cases[c].len);
    }
    mg_arena_fini(&bench.arena);
    free(bench.texts);
    free(bench.origins);
}

int main(int argc, char **argv)
{
    const size_t counts[] = {1, 100, 10000, 1000000};
    for (int i = 1; i < argc; i++) {
        size_t count = strtoul(argv[i], NULL, 10);
        if (count == 0) {
            fail("a number of origins is a number above 0");
        }
        bench_count(count);
    }
    for (size_t i = 0; argc == 1 && i < sizeof(counts) / sizeof(counts[0]); i++) {
        bench_count(counts[i]);
    }
    bench_hostile();
    return 0;
}
