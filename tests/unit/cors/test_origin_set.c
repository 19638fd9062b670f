/* test_origin_set.c - a set is the same as asking its patterns one by one. */
#include <stdio.h>
#include <stdlib.h>

#include "cors/origin_set.h"
#include "fixture.h"
#include "prng.h"

static bool set_has(const struct mg_origin_set *set, const char *text)
{
    struct mg_origin origin;
    mg_expect_true(text, mg_origin_parse(mg_str_from(text), &origin));
    return mg_origin_set_contains(set, &origin);
}

static void origin_set_matches_as_its_patterns_do(void **state)
{
    static const struct {
        const char *desc;
        const char *patterns;
        const char *origin;
        bool allowed;
    } rows[] = {
        {"two hosts do not join", "https://foo.com,https://bar.com", "https://barfoo.com",
         false},
        {"a host is no suffix", "https://a.com,https://ba.com", "https://cba.com", false},
        {"a shared suffix", "https://a.com,https://ba.com", "https://ba.com", true},
        {"the shorter of them", "https://ba.com,https://a.com", "https://a.com", true},
        {"between two of them", "https://a.example.com,https://c.example.com",
         "https://b.example.com", false},
        {"apex and pattern", "https://example.com,https://*.example.com", "https://example.com",
         true},
        {"below both", "https://example.com,https://*.example.com", "https://a.example.com",
         true},
        {"pattern without apex", "https://*.example.com", "https://example.com", false},
        {"deep below", "https://*.example.com", "https://a.b.c.d.example.com", true},
        {"deeper pattern", "https://*.b.example.com", "https://a.example.com", false},
        {"two depths, the upper", "https://*.b.example.com,http://*.example.com",
         "http://a.example.com", true},
        {"two depths, other scheme", "https://*.b.example.com,http://*.example.com",
         "https://a.example.com", false},
        {"a port of its own", "https://a.com:1,https://a.com:3", "https://a.com:2", false},
        {"among ports", "https://a.com:1,https://a.com:3", "https://a.com:3", true},
        {"any port", "https://a.com:*", "https://a.com:65535", true},
        {"any port, default", "https://a.com:*", "https://a.com", true},
        {"any port, other host", "https://a.com:*", "https://b.com:1", false},
        {"pattern and any port", "https://*.a.com:*", "https://b.a.com:8443", true},
        {"pattern with port", "https://*.a.com:8443", "https://b.a.com:8443", true},
        {"pattern with another port", "https://*.a.com:8443", "https://b.a.com", false},
        {"null", "null,https://a.com", "null", true},
        {"no null", "https://a.com", "null", false},
        {"IPv6 any port", "http://[::1]:*", "http://[::1]:3000", true},
        {"IPv4", "http://127.0.0.1:3000", "http://127.0.0.1:3000", true},
        {"an address is under no pattern", "http://*.a", "http://1.2.3.4", false},
        {"a trailing dot", "https://*.example.com.", "https://a.example.com.", true},
        {"no trailing dot", "https://*.example.com.", "https://a.example.com", false},
        {"an extension", "chrome-extension://abc", "chrome-extension://abc", true},
        {"an extension's port", "chrome-extension://abc:*", "chrome-extension://abc:1", true},
        {"scheme and host differ alike", "app://app,web://web", "web://web", true},
        {"scheme and host differ alike, crosswise", "app://app,web://web", "app://web", false},
        {"scheme and port differ alike", "v000001://a.b.c:1,v000002://a.b.c:2",
         "v000002://a.b.c:2", true},
        {"everything", "*,https://a.com", "null", true},
        {"nothing", "", "https://a.com", false},
    };
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        const struct mg_origin_set *set = fixture_set(&arena, rows[i].patterns);
        mg_expect_int(rows[i].desc, set_has(set, rows[i].origin), rows[i].allowed);
    }
    mg_arena_fini(&arena);
}

/* A small world of labels, so that everything overlaps. */
static size_t random_origin(struct mg_prng *prng, bool is_pattern, char out[static 96])
{
    static const char *const labels[] = {"a", "b", "ab", "a-b"};
    static const char *const ports[] = {"", "", "", ":1"};
    static const char *const schemes[] = {"https", "https", "https", "http", "x-app"};
    char host[64];
    size_t len = 0;
    if (mg_prng_below(prng, 64) == 0) {
        return (size_t)snprintf(out, 96, "null");
    }
    for (uint64_t dots = mg_prng_below(prng, 4), i = 0; i <= dots; i++) {
        len += (size_t)snprintf(host + len, sizeof(host) - len, "%s%s", i > 0 ? "." : "",
                                labels[mg_prng_below(prng, MG_COUNT(labels))]);
    }
    if (mg_prng_below(prng, 16) == 0) {
        (void)snprintf(host, sizeof(host), mg_prng_below(prng, 2) == 0 ? "[::1]" : "1.2.3.4");
    }
    bool is_name = host[0] >= 'a';
    bool is_wild = is_pattern && is_name && mg_prng_below(prng, 2) == 0;
    bool any_port = is_pattern && mg_prng_below(prng, 4) == 0;
    return (size_t)snprintf(out, 96, "%s://%s%s%s",
                            schemes[mg_prng_below(prng, MG_COUNT(schemes))],
                            is_wild ? "*." : "", host,
                            any_port ? ":*" : ports[mg_prng_below(prng, MG_COUNT(ports))]);
}

enum {
    MAX_PATTERNS = 24,
    ORIGINS_A_SET = 40
};

struct world {
    char texts[MAX_PATTERNS][96];
    struct mg_origin_entry entries[MAX_PATTERNS];
    struct mg_pattern patterns[MAX_PATTERNS]; /* as they were before the build */
    size_t count;
    bool is_redundant[MAX_PATTERNS];
};

static void check_report(void *context, uint32_t tag, uint32_t by, bool is_equal)
{
    struct world *world = context;
    const char *desc = world->texts[tag];
    mg_expect_true(desc, tag < world->count && by < world->count && tag != by);
    mg_expect_int(desc, world->is_redundant[tag], false);
    mg_expect_true(desc, mg_pattern_covers(&world->patterns[by], &world->patterns[tag]));
    mg_expect_int(desc, mg_pattern_covers(&world->patterns[tag], &world->patterns[by]),
                  is_equal);
    world->is_redundant[tag] = true;
}

static void make_world(struct mg_prng *prng, struct world *world)
{
    memset(world, 0, sizeof(*world));
    world->count = mg_prng_below(prng, MAX_PATTERNS + 1);
    for (size_t i = 0; i < world->count; i++) {
        size_t len = random_origin(prng, true, world->texts[i]);
        mg_expect_true(world->texts[i], mg_pattern_parse((struct mg_str){world->texts[i], len},
                                                         &world->patterns[i], NULL));
        world->entries[i] = (struct mg_origin_entry){world->patterns[i], (uint32_t)i};
    }
}

static bool some_pattern_matches(const struct world *world, const struct mg_origin *origin)
{
    for (size_t i = 0; i < world->count; i++) {
        if (mg_pattern_matches(&world->patterns[i], origin)) {
            return true;
        }
    }
    return false;
}

/* A set lists exactly those of the given patterns that it keeps. */
static void check_lists(const struct world *world, const struct mg_origin_set *set)
{
    for (size_t k = 0; k < world->count; k++) {
        bool is_kept = false;
        for (size_t i = 0; i < mg_origin_set_count(set); i++) {
            struct mg_pattern kept = mg_origin_set_get(set, i);
            is_kept |= mg_pattern_covers(&kept, &world->patterns[k]) &&
                       mg_pattern_covers(&world->patterns[k], &kept);
        }
        mg_expect_int(world->texts[k], mg_origin_set_lists(set, &world->patterns[k]), is_kept);
    }
}

/* No kept pattern covers another, and together with the redundant ones they are all. */
static void check_kept(const struct world *world, const struct mg_origin_set *set)
{
    check_lists(world, set);
    size_t redundant = 0;
    for (size_t i = 0; i < world->count; i++) {
        redundant += world->is_redundant[i];
    }
    mg_expect_int("kept and redundant", mg_origin_set_count(set) + redundant, world->count);
    for (size_t i = 0; i < mg_origin_set_count(set); i++) {
        struct mg_pattern kept = mg_origin_set_get(set, i);
        bool was_given = false;
        for (size_t k = 0; k < world->count; k++) {
            was_given |= mg_pattern_covers(&kept, &world->patterns[k]) &&
                         mg_pattern_covers(&world->patterns[k], &kept);
        }
        mg_expect_true("a kept pattern was given", was_given);
        for (size_t k = 0; k < i; k++) {
            struct mg_pattern other = mg_origin_set_get(set, k);
            mg_expect_true("kept patterns do not cover one another",
                           !mg_pattern_covers(&kept, &other) &&
                               !mg_pattern_covers(&other, &kept));
        }
    }
}

static void origin_set_is_a_linear_matcher(void **state)
{
    struct mg_prng prng = mg_property_begin("origin set");
    unsigned long cases = mg_property_cases(10000);
    unsigned long allowed = 0;
    unsigned long asked = 0;
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    while (asked < cases) {
        struct world world;
        make_world(&prng, &world);
        const struct mg_origin_set *set =
            mg_origin_set_build(world.entries, world.count, &arena, check_report, &world);
        assert_non_null(set);
        check_kept(&world, set);
        for (int i = 0; i < ORIGINS_A_SET; i++) {
            char text[96];
            struct mg_origin origin;
            size_t len = random_origin(&prng, false, text);
            mg_expect_true(text, mg_origin_parse((struct mg_str){text, len}, &origin));
            bool expected = some_pattern_matches(&world, &origin);
            mg_expect_int(text, mg_origin_set_contains(set, &origin), expected);
            allowed += expected;
            asked++;
        }
        mg_arena_reset(&arena);
    }
    mg_expect_true("both answers occur", allowed > asked / 20 && allowed < asked - asked / 20);
    mg_arena_fini(&arena);
}

/* Adding a pattern never takes an origin away. */
static void origin_set_is_monotonic(void **state)
{
    struct mg_prng prng = mg_property_begin("origin set, monotonic");
    unsigned long cases = mg_property_cases(10000) / ORIGINS_A_SET + 1;
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (unsigned long n = 0; n < cases; n++) {
        struct world world;
        make_world(&prng, &world);
        size_t fewer = world.count == 0 ? 0 : world.count - 1;
        struct mg_origin_entry entries[MAX_PATTERNS];
        memcpy(entries, world.entries, sizeof(entries));
        const struct mg_origin_set *small =
            mg_origin_set_build(entries, fewer, &arena, NULL, NULL);
        const struct mg_origin_set *large =
            mg_origin_set_build(world.entries, world.count, &arena, NULL, NULL);
        assert_true(small != NULL && large != NULL);
        for (int i = 0; i < ORIGINS_A_SET; i++) {
            char text[96];
            struct mg_origin origin;
            size_t len = random_origin(&prng, false, text);
            mg_expect_true(text, mg_origin_parse((struct mg_str){text, len}, &origin));
            mg_expect_true(text, !mg_origin_set_contains(small, &origin) ||
                                     mg_origin_set_contains(large, &origin));
        }
        mg_arena_reset(&arena);
    }
    mg_arena_fini(&arena);
}

static void origin_set_keeps_only_any(void **state)
{
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    const struct mg_origin_set *any = fixture_set(&arena, "https://a.com,*,null,*");
    mg_expect_int("any", mg_origin_set_is_any(any), true);
    mg_expect_int("any alone", mg_origin_set_count(any), 1);
    mg_expect_int("the one pattern", mg_origin_set_get(any, 0).is_any, true);
    const struct mg_origin_set *some = fixture_set(&arena, "https://a.com,null,null");
    mg_expect_int("not any", mg_origin_set_is_any(some), false);
    mg_expect_int("null is kept once", mg_origin_set_count(some), 2);
    mg_expect_int("null comes last", mg_origin_set_get(some, 1).is_null, true);
    mg_expect_int("an empty set", mg_origin_set_count(fixture_set(&arena, "")), 0);
    mg_arena_fini(&arena);
}

/* Patterns at every depth, asked for with the deepest host there is. */
static void origin_set_bounds_deep_hosts(void **state)
{
    enum {
        LABELS = 126
    };
    static char texts[LABELS + 1][512];
    struct mg_origin_entry entries[LABELS];
    struct mg_arena arena;
    char deepest[512] = "https://a";
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (size_t i = 0; i < LABELS; i++) {
        /* The pattern below i + 1 labels "a", each with a port of its own. */
        size_t len = (size_t)snprintf(texts[i], sizeof(texts[i]), "https://*");
        for (size_t k = 0; k <= i; k++) {
            len += (size_t)snprintf(texts[i] + len, sizeof(texts[i]) - len, ".a");
        }
        len += (size_t)snprintf(texts[i] + len, sizeof(texts[i]) - len, ":%zu", i + 1);
        mg_expect_true(texts[i], mg_pattern_parse((struct mg_str){texts[i], len},
                                                  &entries[i].pattern, NULL));
    }
    const struct mg_origin_set *set = mg_origin_set_build(entries, LABELS, &arena, NULL, NULL);
    assert_non_null(set);
    mg_expect_int("all are kept", mg_origin_set_count(set), LABELS);
    size_t len = strlen(deepest);
    for (size_t k = 0; k < LABELS; k++) {
        len += (size_t)snprintf(deepest + len, sizeof(deepest) - len, ".a");
    }
    for (size_t port = 1; port <= LABELS + 1; port++) {
        (void)snprintf(deepest + len, sizeof(deepest) - len, ":%zu", port);
        mg_expect_int(deepest, set_has(set, deepest), port <= LABELS);
    }
    mg_arena_fini(&arena);
}

/* Long and short texts side by side: some records do not fit their slot. */
static void origin_set_holds_long_and_short_texts(void **state)
{
    enum {
        COUNT = 3000
    };
    static char texts[COUNT][300];
    static struct mg_origin_entry entries[COUNT];
    static bool was_kept[COUNT];
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (size_t i = 0; i < COUNT; i++) {
        int width = i % 100 == 0 ? 60 : 1;
        const char *scheme = i % 3 == 0 ? "x-app" : "https";
        int len = snprintf(texts[i], sizeof(texts[i]), "%s://a%0*zu.%0*d.%0*d.example", scheme,
                           width, i, width, 1, width, 2);
        struct mg_str text = {texts[i], (size_t)len};
        mg_expect_true(texts[i], mg_pattern_parse(text, &entries[i].pattern, NULL));
    }
    const struct mg_origin_set *set = mg_origin_set_build(entries, COUNT, &arena, NULL, NULL);
    assert_non_null(set);
    mg_expect_int("all are kept", mg_origin_set_count(set), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        struct mg_pattern kept = mg_origin_set_get(set, i);
        size_t number = strtoul(kept.host.ptr + 1, NULL, 10);
        mg_expect_true("a kept pattern is one that was given, once",
                       number < COUNT && !was_kept[number]);
        was_kept[number] = true;
        struct mg_str given = mg_str_from(texts[number]);
        mg_expect_str(texts[number], kept.scheme, ((struct mg_str){given.ptr, 5}));
        mg_expect_str(texts[number], kept.host, mg_str_from_offset(given, 8));
    }
    for (size_t i = 0; i < COUNT; i++) {
        mg_expect_int(texts[i], set_has(set, texts[i]), true);
        texts[i][8] = 'x';
        mg_expect_int(texts[i], set_has(set, texts[i]), false);
    }
    mg_arena_fini(&arena);
}

/* Sets of every size up to a few hundred: each pattern finds a slot of its own. */
static void origin_set_places_any_number(void **state)
{
    enum {
        MOST = 300
    };
    static char texts[MOST][32];
    static struct mg_origin_entry entries[MOST];
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (size_t count = 0; count <= MOST; count++) {
        for (size_t i = 0; i < count; i++) {
            int len = snprintf(texts[i], sizeof(texts[i]), "https://%zu.example", i);
            struct mg_str text = {texts[i], (size_t)len};
            mg_expect_true(texts[i], mg_pattern_parse(text, &entries[i].pattern, NULL));
        }
        const struct mg_origin_set *set =
            mg_origin_set_build(entries, count, &arena, NULL, NULL);
        assert_non_null(set);
        mg_expect_int("all are kept", mg_origin_set_count(set), count);
        for (size_t i = 0; i < count; i++) {
            mg_expect_int(texts[i], set_has(set, texts[i]), true);
        }
        mg_expect_int("one more", set_has(set, "https://300.example"), false);
        mg_arena_reset(&arena);
    }
    mg_arena_fini(&arena);
}

/* What _get gives is the pattern that was put in, part for part. */
static void origin_set_gives_patterns_back(void **state)
{
    static const char *const texts[] = {
        "https://a.example",       "http://a.example",     "https://a.example:8443",
        "http://localhost:*",      "https://*.b.example",  "https://*.b.example:8443",
        "https://*.c.example:*",   "http://[::1]",         "http://[2001:db8::a]:8080",
        "https://[::1]:*",         "http://127.0.0.1",     "http://10.0.0.1:8080",
        "chrome-extension://abc",  "x-app://a.example:1",  "x-app://*.a.example",
        "x-app://*.d.example:*",   "httpx://a.example",    "htt://a.example",
        "https://*.e.example.:44", "http://f_g-h.example",
    };
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        struct mg_origin_entry entry = {.tag = 0};
        mg_expect_true(texts[i], mg_pattern_parse(mg_str_from(texts[i]), &entry.pattern, NULL));
        struct mg_pattern given = entry.pattern;
        const struct mg_origin_set *set = mg_origin_set_build(&entry, 1, &arena, NULL, NULL);
        assert_non_null(set);
        struct mg_pattern got = mg_origin_set_get(set, 0);
        mg_expect_str(texts[i], got.scheme, given.scheme);
        mg_expect_str(texts[i], got.host, given.host);
        mg_expect_int(texts[i], got.host_kind, given.host_kind);
        mg_expect_int(texts[i], got.port, given.port);
        mg_expect_int(texts[i], got.is_subdomains, given.is_subdomains);
        mg_expect_int(texts[i], got.is_any || got.is_null, false);
    }
    mg_arena_fini(&arena);
}

/* Hashes alone never allow: with a byte of the stored text changed, what was there is gone. */
static void origin_set_compares_bytes(void **state)
{
    static const struct {
        const char *pattern;
        const char *origin;
        const char *stored; /* what does not follow from the pattern's sort */
    } rows[] = {
        {"https://a.example.com", "https://a.example.com", "a.example.com"},
        {"http://a.b", "http://a.b", "a.b"},
        {"https://*.example.com", "https://a.example.com", "example.com"},
        {"https://*.example.com:8443", "https://a.example.com:8443", "example.com:8443"},
        {"http://localhost:*", "http://localhost:3000", "localhost"},
        {"x-app://a.example.com", "x-app://a.example.com", "x-appa.example.com"},
        {"https://averylonglabel.of-a-very-long-host-name.example.com",
         "https://averylonglabel.of-a-very-long-host-name.example.com",
         "averylonglabel.of-a-very-long-host-name.example.com"},
    };
    static char storage[8192];
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        size_t len = strlen(rows[i].stored);
        for (size_t at = 0; at < len; at++) {
            struct mg_origin_entry entry = {.tag = 0};
            struct mg_arena arena;
            memset(storage, 0, sizeof(storage));
            mg_arena_init(&arena, storage, sizeof(storage), 0);
            (void)mg_pattern_parse(mg_str_from(rows[i].pattern), &entry.pattern, NULL);
            const struct mg_origin_set *set =
                mg_origin_set_build(&entry, 1, &arena, NULL, NULL);
            mg_expect_true(rows[i].pattern, set != NULL && set_has(set, rows[i].origin));
            char *stored = memmem(storage, sizeof(storage), rows[i].stored, len);
            assert_non_null(stored);
            stored[at] ^= 1;
            mg_expect_int(rows[i].pattern, set_has(set, rows[i].origin), false);
            mg_arena_fini(&arena);
        }
    }
}

static void origin_set_is_small(void **state)
{
    enum {
        COUNT = 50000
    };
    struct mg_arena arena;
    size_t text_bytes = 0;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    char(*texts)[64] = calloc(COUNT, sizeof(*texts));
    struct mg_origin_entry *entries = calloc(COUNT, sizeof(*entries));
    assert_true(texts != NULL && entries != NULL);
    for (size_t i = 0; i < COUNT; i++) {
        int len = snprintf(texts[i], sizeof(texts[i]), "https://%sapp-%zu.customer.example",
                           i % 2 == 0 ? "*." : "", i);
        struct mg_str text = {texts[i], (size_t)len};
        text_bytes += text.len;
        mg_expect_true(texts[i], mg_pattern_parse(text, &entries[i].pattern, NULL));
    }
    assert_non_null(mg_origin_set_build(entries, COUNT, &arena, NULL, NULL));
    mg_expect_true("less than 100 bytes beside the text",
                   arena.taken_bytes < text_bytes + (size_t)COUNT * 100);
    free(texts);
    free(entries);
    mg_arena_fini(&arena);
}

/* With any bound of the arena there is a whole set or none. */
static void origin_set_survives_a_full_arena(void **state)
{
    bool was_built = false;
    (void)state;
    for (size_t bytes = 0; bytes < 16384; bytes += 64) {
        struct mg_arena arena;
        struct mg_origin_entry entries[2];
        (void)mg_pattern_parse(MG_STR("https://a.com"), &entries[0].pattern, NULL);
        (void)mg_pattern_parse(MG_STR("https://*.b.com"), &entries[1].pattern, NULL);
        mg_arena_init(&arena, NULL, 0, bytes);
        const struct mg_origin_set *set = mg_origin_set_build(entries, 2, &arena, NULL, NULL);
        mg_expect_true("once there is room, there is", set != NULL || !was_built);
        mg_expect_int("none: the arena says so", set == NULL, mg_arena_overflowed(&arena));
        was_built = set != NULL;
        mg_expect_true("a set is whole", set == NULL || set_has(set, "https://x.b.com"));
        mg_arena_fini(&arena);
    }
    mg_expect_true("there was room at last", was_built);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origin_set_matches_as_its_patterns_do),
        cmocka_unit_test(origin_set_is_a_linear_matcher),
        cmocka_unit_test(origin_set_is_monotonic),
        cmocka_unit_test(origin_set_keeps_only_any),
        cmocka_unit_test(origin_set_bounds_deep_hosts),
        cmocka_unit_test(origin_set_holds_long_and_short_texts),
        cmocka_unit_test(origin_set_places_any_number),
        cmocka_unit_test(origin_set_gives_patterns_back),
        cmocka_unit_test(origin_set_compares_bytes),
        cmocka_unit_test(origin_set_is_small),
        cmocka_unit_test(origin_set_survives_a_full_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
