/* diff_world.h - small policy sets that are alike, and requests that they meet; for the
 * properties of comparisons. Everything is drawn from short lists, so that patterns, origins
 * and names overlap, cover each other and conflict all the time.
 */
#ifndef MG_TEST_DIFF_WORLD_H
#define MG_TEST_DIFF_WORLD_H

#include <stdio.h>

#include "core/buf.h"
#include "expect.h"
#include "policy/set.h"
#include "prng.h"

enum {
    WORLD_MAX_RESOURCES = 5,
    WORLD_TEXT_BYTES = 16 << 10,
    WORLD_PATH_BYTES = 32,
    WORLD_MAX_PATHS = 2048,
    WORLD_FULL_DEPTH = 3, /* up to here with every segment, then with one or none more */
};

static const char *const WORLD_PATTERNS[] = {
    "/a",         "/a/",          "/a/{$}", "/a/{x}",       "/a/b",
    "/a/{x}/c",   "/a/{x}/{y}",   "/{x}/b", "/{x}",         "/{rest...}",
    "/a/{r...}",  "/a/b/",        "/a//c",  "/{x}/b/{y}",   "h.example/a/{x}",
    "h.example/", "h.example/a/", "/a/%2F", "/{x}/{y}/{z}", "k.example/{x}/b",
};
static const char *const WORLD_HOSTS[] = {"", "h.example", "k.example", "z.example"};
/* What paths are put together of: all that patterns name, what none names, and nothing. */
static const char *const WORLD_SEGMENTS[] = {"a", "b", "c", "q", "", "%2F", "q%2F"};
/* What patterns may name, and an origin for each way to be matched or missed. */
static const char *const WORLD_ORIGIN_PATTERNS[] = {
    "https://a.example",    "https://*.a.example",   "https://*.b.a.example",
    "https://x.a.example",  "https://a.example:*",   "https://*.a.example:*",
    "http://localhost:*",   "http://localhost:3000", "http://127.0.0.1",
    "https://c.example:81", "https://x.a.example:*", "app://one",
};
static const char *const WORLD_ORIGINS[] = {
    "https://a.example",
    "https://a.example:81",
    "https://x.a.example",
    "https://x.a.example:81",
    "https://q.a.example",
    "https://q.a.example:81",
    "https://b.a.example",
    "https://x.b.a.example",
    "https://q.b.a.example:81",
    "https://x.x.a.example",
    "http://localhost",
    "http://localhost:3000",
    "http://localhost:81",
    "http://127.0.0.1",
    "https://c.example:81",
    "https://c.example",
    "https://nobody.example",
    "http://a.example",
    "null",
    "app://one",
    "https://xa.example",
};
static const char *const WORLD_METHODS[] = {"GET",    "HEAD", "POST",    "PUT",  "PATCH",
                                            "DELETE", "LOCK", "OPTIONS", "QUERY"};
static const char *const WORLD_HEADERS[] = {"Authorization", "X-A", "x-b", "Content-Type",
                                            "X-Nobody"};
static const char *const WORLD_EXPOSED[] = {"ETag", "X-A", "x-b", "Content-Type", "X-Nobody"};

enum {
    /* How many of the lists' items a policy may name; the rest are for requests alone. */
    NAMED_METHODS = 8,
    NAMED_HEADERS = 4,
    NAMED_EXPOSED = 4,
};

/* Every path of a few segments. */
struct world_paths {
    char items[WORLD_MAX_PATHS][WORLD_PATH_BYTES];
    size_t count;
};

static inline void world_add_paths(struct world_paths *paths, const char *above, unsigned depth)
{
    char path[WORLD_PATH_BYTES];
    bool is_full = depth < WORLD_FULL_DEPTH;
    for (size_t i = 0; i < MG_COUNT(WORLD_SEGMENTS); i++) {
        bool is_plain = strcmp(WORLD_SEGMENTS[i], "q") == 0 || WORLD_SEGMENTS[i][0] == '\0';
        if (is_full || is_plain) {
            assert_true(paths->count < WORLD_MAX_PATHS);
            int len = snprintf(path, sizeof(path), "%s/%s", above, WORLD_SEGMENTS[i]);
            assert_in_range(len, 1, (int)sizeof(path) - 1);
            memcpy(paths->items[paths->count++], path, sizeof(path));
        }
        if (is_full) {
            world_add_paths(paths, path, depth + 1);
        }
    }
}

/* A resource, as bits of the lists above. */
struct world_resource {
    unsigned pattern;
    unsigned methods;      /* 0: none are declared */
    unsigned mode;         /* 0: rule, 1: none, 2: off */
    unsigned origins;      /* with bit 30 "null", 31 "*" */
    unsigned rule_methods; /* 0: none; bit 31 "*" */
    unsigned headers;      /* bit 31 "*" */
    unsigned exposed;      /* bit 31 "*" */
    bool credentials;
    bool timing;
    bool rejects;
    unsigned max_age; /* of a short list */
    bool status_200;
    bool encoded_slash;
    bool forwards;
    unsigned handler;
};

struct world_set {
    struct world_resource resources[WORLD_MAX_RESOURCES];
    unsigned count;
};

enum {
    WORLD_NULL = 1U << 30
};
static const unsigned WORLD_STAR = 1U << 31;

/* Some bits of `count`, one at least; few of them. */
static inline unsigned world_bits(struct mg_prng *prng, size_t count)
{
    unsigned bits = 1U << mg_prng_below(prng, count);
    for (uint64_t more = mg_prng_below(prng, 4); more > 0; more--) {
        bits |= 1U << mg_prng_below(prng, count);
    }
    return bits;
}

static inline bool world_chance(struct mg_prng *prng, unsigned one_in)
{
    return mg_prng_below(prng, one_in) == 0;
}

static inline void world_draw_methods(struct mg_prng *prng, struct world_resource *r)
{
    r->methods = world_chance(prng, 3) ? 0 : world_bits(prng, NAMED_METHODS);
    /* A rule may name methods of the resource alone. */
    r->rule_methods = r->methods & (unsigned)mg_prng_next(prng);
    if (world_chance(prng, 5)) {
        r->rule_methods = WORLD_STAR;
    }
}

/* Draw one property of a resource anew. */
static inline void world_mutate(struct mg_prng *prng, struct world_resource *r)
{
    switch (mg_prng_below(prng, 14)) {
    case 0:
    case 1:
    case 2:
        r->origins = world_bits(prng, MG_COUNT(WORLD_ORIGIN_PATTERNS));
        r->origins |= world_chance(prng, 8) ? WORLD_NULL : 0;
        r->origins = world_chance(prng, 6) ? WORLD_STAR : r->origins;
        break;
    case 3:
        world_draw_methods(prng, r);
        break;
    case 4:
        r->headers = world_chance(prng, 3) ? 0 : world_bits(prng, NAMED_HEADERS);
        r->headers |= world_chance(prng, 4) ? WORLD_STAR : 0;
        break;
    case 5:
        r->exposed = world_chance(prng, 3) ? 0 : world_bits(prng, NAMED_EXPOSED);
        r->exposed |= world_chance(prng, 5) ? WORLD_STAR : 0;
        break;
    case 6:
        r->credentials = !r->credentials;
        break;
    case 7:
        r->timing = !r->timing;
        break;
    case 8:
        r->rejects = !r->rejects;
        break;
    case 9:
        r->max_age = (unsigned)mg_prng_below(prng, 3);
        break;
    case 10:
        r->mode = world_chance(prng, 3) ? (unsigned)mg_prng_below(prng, 3) : 0;
        break;
    case 11:
        r->encoded_slash = !r->encoded_slash;
        break;
    case 12:
        r->status_200 = !r->status_200;
        r->forwards = !r->forwards;
        break;
    default:
        r->handler = (unsigned)mg_prng_below(prng, 3);
        break;
    }
}

static inline struct world_resource world_draw_resource(struct mg_prng *prng)
{
    struct world_resource r = {.origins = 1};
    r.pattern = (unsigned)mg_prng_below(prng, MG_COUNT(WORLD_PATTERNS));
    for (int i = 0; i < 12; i++) {
        world_mutate(prng, &r);
    }
    return r;
}

static inline struct world_set world_draw_set(struct mg_prng *prng)
{
    struct world_set set = {.count = 1 + (unsigned)mg_prng_below(prng, 4)};
    for (unsigned i = 0; i < set.count; i++) {
        set.resources[i] = world_draw_resource(prng);
    }
    return set;
}

/* A set that is much like another. */
static inline struct world_set world_draw_like(struct mg_prng *prng,
                                               const struct world_set *from)
{
    struct world_set set = *from;
    for (uint64_t changes = mg_prng_below(prng, 4); changes > 0; changes--) {
        unsigned at = (unsigned)mg_prng_below(prng, set.count);
        switch (mg_prng_below(prng, 6)) {
        case 0:
            if (set.count < WORLD_MAX_RESOURCES) { /* the same under another pattern */
                set.resources[set.count] = set.resources[at];
                set.resources[set.count++].pattern =
                    (unsigned)mg_prng_below(prng, MG_COUNT(WORLD_PATTERNS));
            }
            break;
        case 1:
            if (set.count > 1) {
                set.resources[at] = set.resources[--set.count];
            }
            break;
        case 2:
            set.resources[at].pattern = (unsigned)mg_prng_below(prng, MG_COUNT(WORLD_PATTERNS));
            break;
        default:
            world_mutate(prng, &set.resources[at]);
            break;
        }
    }
    return set;
}

/* ---- as a policy ---- */

/* Write a list, beginning at any of its items: order is to make no difference. */
static inline void world_write_list(struct mg_prng *prng, struct mg_buf *out, const char *name,
                                    const char *const *items, size_t count, unsigned bits)
{
    size_t start = (size_t)mg_prng_below(prng, count);
    if (bits == WORLD_STAR) {
        mg_buf_printf(out, "%s = \"*\", ", name);
        return;
    }
    mg_buf_printf(out, "%s = { ", name);
    for (size_t i = 0; i < count; i++) {
        size_t at = (start + i) % count;
        if ((bits >> at & 1U) != 0) {
            mg_buf_printf(out, "\"%s\", ", items[at]);
        }
    }
    mg_buf_printf(out, "%s%s}, ", (bits & WORLD_NULL) != 0 ? "\"null\", " : "",
                  (bits & WORLD_STAR) != 0 ? "\"*\", " : "");
}

static inline void world_write_rule(struct mg_prng *prng, const struct world_resource *r,
                                    struct mg_buf *out)
{
    static const char *const ages[] = {"", "max_age = 60, ", "max_age = 600, "};
    unsigned origins = r->origins;
    unsigned exposed = r->exposed;
    if (r->credentials) { /* what goes with credentials */
        origins &= ~(WORLD_STAR | (unsigned)WORLD_NULL);
        origins = origins == 0 ? 1 : origins;
        exposed &= ~WORLD_STAR;
    }
    mg_buf_add(out, MG_STR("cors = { insecure = true, "));
    world_write_list(prng, out, "origins", WORLD_ORIGIN_PATTERNS,
                     MG_COUNT(WORLD_ORIGIN_PATTERNS), origins);
    if (r->rule_methods != 0) {
        world_write_list(prng, out, "methods", WORLD_METHODS, NAMED_METHODS, r->rule_methods);
    }
    if (r->headers != 0) {
        world_write_list(prng, out, "headers", WORLD_HEADERS, NAMED_HEADERS, r->headers);
    }
    if (exposed != 0) {
        world_write_list(prng, out, "expose", WORLD_EXPOSED, NAMED_EXPOSED, exposed);
    }
    mg_buf_printf(
        out, "%s%s%s%s%s}, ", ages[r->max_age], r->credentials ? "credentials = true, " : "",
        r->timing ? "timing = true, " : "", r->rejects ? "on_denied = \"reject\", " : "",
        r->status_200 ? "status = 200, " : "");
}

static inline void world_write(struct mg_prng *prng, const struct world_set *set,
                               struct mg_buf *out)
{
    static const char *const handlers[] = {"none", "echo", "none"};
    mg_buf_clear(out);
    for (unsigned i = 0; i < set->count; i++) {
        const struct world_resource *r = &set->resources[i];
        mg_buf_printf(out, "resource \"%s\" { ", WORLD_PATTERNS[r->pattern]);
        if (r->methods != 0) {
            world_write_list(prng, out, "methods", WORLD_METHODS, NAMED_METHODS, r->methods);
        }
        if (r->mode == 0) {
            world_write_rule(prng, r, out);
        } else if (r->mode == 2) {
            mg_buf_add(out, MG_STR("cors = false, "));
        }
        mg_buf_printf(out, "%s%shandler = \"%s\" }\n",
                      r->encoded_slash ? "encoded_slash = true, " : "",
                      r->forwards ? "options = \"forward\", " : "", handlers[r->handler]);
    }
    assert_false(out->overflowed);
}

/* Load a set, or NULL where its patterns conflict. */
static inline struct mg_policy_set *world_load(const struct mg_buf *text)
{
    static const struct mg_policy_options options = {.has_public_origin = true};
    struct mg_errs errs;
    mg_errs_init(&errs);
    struct mg_policy_set *set =
        mg_policy_set_load_text("p.lua", mg_buf_str(text), &options, &errs);
    for (size_t i = 0; set == NULL && i < errs.count; i++) {
        bool is_expected = errs.items[i].severity != MG_ERROR ||
                           strncmp(errs.items[i].code, "pattern-", 8) == 0;
        if (!is_expected) {
            mg_errs_print(&errs, stderr);
            (void)fprintf(stderr, "%.*s\n", MG_STR_ARG(mg_buf_str(text)));
        }
        mg_expect_true("a drawn policy has no fault but patterns that conflict", is_expected);
    }
    mg_errs_fini(&errs);
    return set;
}

#endif
