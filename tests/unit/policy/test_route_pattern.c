/* test_route_pattern.c - parsing, and relations against the plain definition of matching. */
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "guard.h"
#include "policy/route_pattern.h"
#include "policy/set.h"

enum {
    ARENA_BYTES = 1 << 24
};

struct fixture {
    struct mg_arena arena;
    struct mg_guard guard;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (f == NULL) {
        return -1;
    }
    mg_arena_init(&f->arena, NULL, 0, ARENA_BYTES);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    mg_guard_free(&f->guard);
    mg_arena_fini(&f->arena);
    free(f);
    return 0;
}

static struct mg_route_pattern parse(struct fixture *f, const char *text)
{
    struct mg_route_pattern pattern = {0};
    struct mg_err fault;
    if (!mg_route_pattern_parse(mg_guard_str(&f->guard, mg_str_from(text)), &f->arena, &pattern,
                                &fault)) {
        fail_msg("'%s' is refused: %s [%s]", text, fault.message, fault.code);
    }
    return pattern;
}

/* A pattern as text: the host, then a letter and the text of each segment. */
static struct mg_str dump(struct fixture *f, const struct mg_route_pattern *pattern)
{
    struct mg_str out = pattern->host;
    for (unsigned i = 0; i < pattern->segment_count; i++) {
        out = mg_arena_printf(&f->arena, "%.*s %c:%.*s", MG_STR_ARG(out),
                              "LWER"[pattern->segments[i].kind],
                              MG_STR_ARG(pattern->segments[i].text));
    }
    return out;
}

static void parse_takes_patterns_apart(void **state)
{
    static const struct {
        const char *desc, *text, *want;
        unsigned params;
        bool encoded_slash;
    } rows[] = {
        {"the root subtree", "/", " R:", 0, false},
        {"only the root", "/{$}", " E:", 0, false},
        {"one literal", "/a", " L:a", 0, false},
        {"two literals", "/a/b", " L:a L:b", 0, false},
        {"a subtree", "/a/", " L:a R:", 0, false},
        {"a subtree's own path", "/a/{$}", " L:a E:", 0, false},
        {"a wildcard", "/{x}", " W:x", 1, false},
        {"a wildcard inside", "/a/{x}/b", " L:a W:x L:b", 1, false},
        {"wildcard, then subtree", "/{x}/", " W:x R:", 1, false},
        {"the rest", "/a/{r...}", " L:a R:r", 1, false},
        {"everything, named", "/{rest...}", " R:rest", 1, false},
        {"names have digits and underscores", "/{_a1}/{B2_...}", " W:_a1 R:B2_", 2, false},
        {"a wildcard named as a literal", "/x/{x}", " L:x W:x", 1, false},
        {"a host", "a.example/b", "a.example L:b", 0, false},
        {"a lone host", "a.example/", "a.example R:", 0, false},
        {"a host in upper case", "A.Example/B", "a.example L:B", 0, false},
        {"an IPv4 host", "127.0.0.1/", "127.0.0.1 R:", 0, false},
        {"an IPv6 host", "[2001:DB8::1]/", "[2001:db8::1] R:", 0, false},
        {"an empty segment", "/a//b", " L:a L: L:b", 0, false},
        {"an empty segment first", "//b", " L: L:b", 0, false},
        {"a subtree below an empty segment", "/a//", " L:a L: R:", 0, false},
        {"unreserved octets are decoded", "/%61%2Db%7E", " L:a-b~", 0, false},
        {"hexadecimal digits are raised", "/%c3%a9", " L:%C3%A9", 0, false},
        {"an encoded slash stays in its segment", "/a%2fb/c", " L:a%2Fb L:c", 0, true},
        {"an encoded brace is a literal", "/%7bx%7D", " L:%7Bx%7D", 0, false},
        {"sub-delimiters, colon and at are literal", "/a:b/@c;d=e,f", " L:a:b L:@c;d=e,f", 0,
         false},
        {"another router's wildcards are literal", "/*/:id", " L:* L::id", 0, false},
        {"dots in a longer segment", "/.well-known/...", " L:.well-known L:...", 0, false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_route_pattern pattern = parse(f, rows[i].text);
        mg_expect_str(rows[i].desc, dump(f, &pattern), mg_str_from(rows[i].want));
        mg_expect_str(rows[i].desc, pattern.text, mg_str_from(rows[i].text));
        mg_expect_int(rows[i].desc, pattern.param_count, rows[i].params);
        mg_expect_int(rows[i].desc, pattern.encoded_slash, rows[i].encoded_slash);
    }
}

static void parse_says_what_is_wrong(void **state)
{
    /* `hint`: a part that shows which advice was given. */
    static const struct {
        const char *desc, *text, *code, *hint;
    } rows[] = {
        {"nothing", "", "pattern-empty", "/orders/{id}"},
        {"no slash", "orders", "pattern-no-slash", "begin"},
        {"a lone host without its slash", "a.example", "pattern-no-slash", "lone host"},
        {"a method", "GET /a", "pattern-method", "methods = {"},
        {"a space before the path", " /a", "pattern-method", "methods"},
        {"a scheme", "https://a.example/", "pattern-host", "scheme"},
        {"a port", "a.example:80/", "pattern-host", "port"},
        {"an IPv6 address with a port", "[::1]:80/", "pattern-host", "port"},
        {"a host wildcard", "*.example/", "pattern-host", "wildcards"},
        {"a host in braces, or a slash forgotten", "{x}/a", "pattern-host", "begin it with"},
        {"a host in Unicode",
         "b\xc3\xbc"
         "cher.example/",
         "pattern-host", "xn--"},
        {"a host with a last dot", "a.example./", "pattern-host", "last dot"},
        {"a host with an empty label", "a..example/", "pattern-host", "host name"},
        {"a host with a user", "me@a.example/", "pattern-host", "host name"},
        {"a query", "/a?b=1", "pattern-query", "req.query"},
        {"a fragment", "/a#b", "pattern-query", "path alone"},
        {"a wildcard that does not begin its segment", "/a{x}", "pattern-brace", "%7B"},
        {"a wildcard that does not end its segment", "/{x}a", "pattern-brace", "whole"},
        {"two wildcards in a segment", "/{x}{y}", "pattern-brace", "whole"},
        {"an open brace", "/{x", "pattern-brace", "whole"},
        {"an open brace alone", "/{", "pattern-brace", "whole"},
        {"a closing brace", "/x}", "pattern-brace", "whole"},
        {"a closing brace alone", "/}", "pattern-brace", "whole"},
        {"a slash in braces", "/{x/y}", "pattern-brace", "whole"},
        {"nested braces", "/{{x}}", "pattern-brace", "whole"},
        {"no name", "/{}", "pattern-wildcard-name", "letters"},
        {"no name for the rest", "/{...}", "pattern-wildcard-name", "letters"},
        {"a digit first", "/{1}", "pattern-wildcard-name", "digit"},
        {"a hyphen in a name", "/{a-b}", "pattern-wildcard-name", "letters"},
        {"a name in Unicode", "/{\xc3\xa9}", "pattern-wildcard-name", "letters"},
        {"two dots", "/{x..}", "pattern-wildcard-name", "letters"},
        {"a pattern of another router", "/{id:[0-9]+}", "pattern-wildcard-name", "letters"},
        {"the same name twice", "/{x}/{x}", "pattern-duplicate-name", "of its own"},
        {"the same name for the rest", "/{x}/{x...}", "pattern-duplicate-name", "of its own"},
        {"the rest before the end", "/{x...}/a", "pattern-rest-not-last", "last"},
        {"the rest before a slash", "/{x...}/", "pattern-rest-not-last", "last"},
        {"the end before the end", "/{$}/a", "pattern-end-not-last", "last"},
        {"the end before a slash", "/{$}/", "pattern-end-not-last", "last"},
        {"a dot segment", "/a/./b", "pattern-dot-segment", ".."},
        {"two dots as a segment", "/a/../b", "pattern-dot-segment", ".."},
        {"two dots last", "/a/..", "pattern-dot-segment", ".."},
        {"encoded dots", "/a/%2e%2E/b", "pattern-dot-segment", ".."},
        {"a dot and an encoded one", "/.%2e", "pattern-dot-segment", ".."},
        {"a space in a segment", "/a b", "pattern-segment", "%XX"},
        {"Unicode in a segment", "/caf\xc3\xa9", "pattern-segment", "caf%C3%A9"},
        {"a bad percent triple", "/a%2", "pattern-segment", "%XX"},
        {"a backslash", "/a\\b", "pattern-segment", "%XX"},
        {"an encoded NUL", "/a%00", "pattern-segment", "%XX"},
        {"17 wildcards", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}",
         "pattern-too-many-params", "rest"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_route_pattern pattern = {.param_count = 77};
        struct mg_err fault = {0};
        bool parsed = mg_route_pattern_parse(mg_guard_str(&f->guard, mg_str_from(rows[i].text)),
                                             &f->arena, &pattern, &fault);
        mg_expect_int(rows[i].desc, parsed, false);
        mg_expect_text(rows[i].desc, fault.code, rows[i].code);
        mg_expect_int(rows[i].desc, fault.severity, MG_ERROR);
        mg_expect_text(rows[i].desc, fault.where, rows[i].text);
        mg_expect_true(rows[i].desc, fault.message[0] != '\0');
        if (strstr(fault.hint, rows[i].hint) == NULL) {
            mg_expect_text(rows[i].desc, fault.hint, rows[i].hint);
        }
        mg_expect_int("out is untouched", pattern.param_count, 77);
    }
}

/* "/a/a/…" of `count` segments. */
static struct mg_str repeat(struct fixture *f, size_t count)
{
    struct mg_str text = MG_STR("");
    for (size_t i = 0; i < count; i++) {
        text = mg_arena_printf(&f->arena, "%.*s/a", MG_STR_ARG(text));
    }
    return text;
}

static void parse_holds_its_limits(void **state)
{
    struct fixture *f = *state;
    struct mg_route_pattern pattern;
    struct mg_err fault;
    struct mg_str fits = repeat(f, MG_ROUTE_MAX_SEGMENTS);
    struct mg_str over = repeat(f, MG_ROUTE_MAX_SEGMENTS + 1);
    mg_expect_int("64 segments", mg_route_pattern_parse(fits, &f->arena, &pattern, &fault),
                  true);
    mg_expect_int("64 segments", pattern.segment_count, MG_ROUTE_MAX_SEGMENTS);
    mg_expect_int("65 segments", mg_route_pattern_parse(over, &f->arena, &pattern, &fault),
                  false);
    mg_expect_text("65 segments", fault.code, "pattern-too-many-segments");
    char longest[MG_ROUTE_PATTERN_MAX_BYTES + 1];
    for (size_t i = 0; i < sizeof(longest); i++) {
        longest[i] = (char)(i == 0 ? '/' : 'a');
    }
    mg_expect_int("the longest pattern",
                  mg_route_pattern_parse((struct mg_str){longest, sizeof(longest) - 1},
                                         &f->arena, &pattern, &fault),
                  true);
    mg_expect_int("a byte more",
                  mg_route_pattern_parse((struct mg_str){longest, sizeof(longest)}, &f->arena,
                                         &pattern, &fault),
                  false);
    mg_expect_text("a byte more", fault.code, "pattern-too-long");
    struct mg_route_pattern most =
        parse(f, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}");
    mg_expect_int("16 wildcards", most.param_count, MG_MAX_PARAMS);
}

static void parse_survives_every_full_arena(void **state)
{
    (void)state;
    struct mg_str text = MG_STR("a.example/orders/{id}/{rest...}");
    char storage[1024];
    size_t refused = 0;
    for (size_t size = 0; size <= sizeof(storage); size += 16) {
        struct mg_arena arena;
        struct mg_route_pattern pattern;
        struct mg_err fault;
        mg_arena_init(&arena, storage, size, 0);
        if (!mg_route_pattern_parse(text, &arena, &pattern, &fault)) {
            mg_expect_text("a full arena", fault.code, "out-of-memory");
            refused++;
        }
        mg_arena_fini(&arena);
    }
    mg_expect_true("small arenas refuse", refused >= 5);
    mg_expect_true("large ones do not", refused < sizeof(storage) / 16);
}

static void doubtful_patterns_are_named(void **state)
{
    static const struct {
        const char *desc, *text, *code;
    } rows[] = {
        {"a plain pattern", "/a/{x}/b/", NULL},
        {"a star within a segment", "/a*", NULL},
        {"a colon within a segment", "/v1/orders:batch", NULL},
        {"a trailing slash", "/a/", NULL},
        {"a star", "/a/*", "pattern-foreign-wildcard"},
        {"two stars", "/a/**", "pattern-foreign-wildcard"},
        {"a colon", "/a/:id/b", "pattern-foreign-wildcard"},
        {"two slashes", "/a//b", "pattern-empty-segment"},
        {"two slashes last", "/a//", "pattern-empty-segment"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_route_pattern pattern = parse(f, rows[i].text);
        struct mg_err fault = {0};
        bool doubtful = mg_route_pattern_is_doubtful(&pattern, &fault);
        mg_expect_int(rows[i].desc, doubtful, rows[i].code != NULL);
        mg_expect_text(rows[i].desc, fault.code, rows[i].code);
        if (doubtful) {
            mg_expect_int(rows[i].desc, fault.severity, MG_WARNING);
            mg_expect_text(rows[i].desc, fault.where, rows[i].text);
        }
    }
}

static enum mg_route_relation inverse(enum mg_route_relation relation)
{
    return relation == MG_ROUTE_MORE_SPECIFIC   ? MG_ROUTE_LESS_SPECIFIC
           : relation == MG_ROUTE_LESS_SPECIFIC ? MG_ROUTE_MORE_SPECIFIC
                                                : relation;
}

static void relations_are_as_documented(void **state)
{
    static const struct {
        const char *desc, *a, *b;
        enum mg_route_relation want;
    } rows[] = {
        {"equal literals", "/a", "/a", MG_ROUTE_EQUAL},
        {"names do not count", "/{x}/a", "/{y}/a", MG_ROUTE_EQUAL},
        {"a subtree and a named rest", "/a/", "/a/{r...}", MG_ROUTE_EQUAL},
        {"a literal under a wildcard", "/a", "/{x}", MG_ROUTE_MORE_SPECIFIC},
        {"a literal in a subtree", "/a/b", "/a/", MG_ROUTE_MORE_SPECIFIC},
        {"a subtree in a subtree", "/a/b/", "/a/", MG_ROUTE_MORE_SPECIFIC},
        {"a wildcard in a rest", "/{x}", "/{r...}", MG_ROUTE_MORE_SPECIFIC},
        {"the end in a subtree", "/a/{$}", "/a/", MG_ROUTE_MORE_SPECIFIC},
        {"a wildcard has a segment, the end none", "/a/{x}", "/a/{$}", MG_ROUTE_DISJOINT},
        {"a subtree does not hold its name", "/a", "/a/", MG_ROUTE_DISJOINT},
        {"different literals", "/a", "/b", MG_ROUTE_DISJOINT},
        {"different lengths", "/{x}", "/{x}/{y}", MG_ROUTE_DISJOINT},
        {"different literals behind a wildcard", "/{x}/a", "/b/c", MG_ROUTE_DISJOINT},
        {"an empty segment is no wildcard's", "/{x}/b", "//b", MG_ROUTE_DISJOINT},
        {"an empty segment is in a subtree", "//b", "/", MG_ROUTE_MORE_SPECIFIC},
        {"crossed wildcards", "/a/{x}", "/{x}/b", MG_ROUTE_OVERLAPS},
        {"a subtree beside a wildcard", "/a/", "/{x}/b", MG_ROUTE_OVERLAPS},
        {"a subtree beside a longer path", "/a/", "/{x}/b/c", MG_ROUTE_OVERLAPS},
        {"a subtree beside the end", "/a/", "/{x}/{$}", MG_ROUTE_OVERLAPS},
        {"both subtrees", "/a/{x}/", "/{x}/b/", MG_ROUTE_OVERLAPS},
        {"the same host", "h.example/a", "H.example/a", MG_ROUTE_EQUAL},
        {"different hosts", "g.example/a", "h.example/a", MG_ROUTE_DISJOINT},
        {"a host wins over a better path", "h.example/", "/a/b", MG_ROUTE_MORE_SPECIFIC},
        {"a host wins over crossed wildcards", "h.example/a/{x}", "/{x}/b",
         MG_ROUTE_MORE_SPECIFIC},
        {"a host with another path", "h.example/a", "/b", MG_ROUTE_DISJOINT},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_route_pattern a = parse(f, rows[i].a);
        struct mg_route_pattern b = parse(f, rows[i].b);
        mg_expect_int(rows[i].desc, mg_route_pattern_compare(&a, &b), rows[i].want);
        mg_expect_int(rows[i].desc, mg_route_pattern_compare(&b, &a), inverse(rows[i].want));
    }
}

static void patterns_match_as_documented(void **state)
{
    static const struct {
        const char *desc, *pattern, *path;
        bool want;
    } rows[] = {
        {"itself", "/a/b", "/a/b", true},
        {"no trailing slash", "/a", "/a/", false},
        {"no redirect", "/a/", "/a", false},
        {"a subtree's root", "/a/", "/a/", true},
        {"a subtree's depth", "/a/", "/a/b//c/", true},
        {"a subtree takes empty segments", "/a/", "/a//", true},
        {"the end", "/a/{$}", "/a/", true},
        {"not below the end", "/a/{$}", "/a/b", false},
        {"not an empty segment at the end", "/a/{$}", "/a//", false},
        {"one segment", "/{x}", "/a", true},
        {"no empty segment", "/{x}", "/", false},
        {"no empty segment inside", "/{x}/b", "//b", false},
        {"an empty literal", "//b", "//b", true},
        {"an encoded slash does not split", "/{x}", "/a%2Fb", true},
        {"bytes, not characters", "/a", "/A", false},
        {"asterisk-form", "/", "*", false},
        {"no path", "/", "", false},
        {"a wildcard and a subtree", "/{x}/", "/a/", true},
        {"a wildcard without its subtree's slash", "/{x}/", "/a", false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_route_pattern pattern = parse(f, rows[i].pattern);
        struct mg_str path = mg_guard_str(&f->guard, mg_str_from(rows[i].path));
        mg_expect_int(rows[i].desc, mg_route_pattern_matches(&pattern, MG_STR(""), path),
                      rows[i].want);
    }
}

/* All patterns and paths of up to three and four segments over a small alphabet. That decides
 * every relation: a segment outside the patterns' literals ("c") tells wildcards from literals,
 * a fourth one tells a subtree from what fits in it. */
enum {
    PATH_SEGMENTS = 4,
    MAX_PATTERNS = 128,
    MAX_PATHS = 512
};

struct universe {
    struct mg_route_pattern patterns[MAX_PATTERNS];
    size_t pattern_count;
    struct mg_str paths[MAX_PATHS];
    size_t path_count;
    bool matches[MAX_PATTERNS][MAX_PATHS];
};

static void add_paths(struct fixture *f, struct universe *u, struct mg_str prefix, int left)
{
    static const char *const SEGMENTS[] = {"a", "b", "c", ""};
    for (size_t i = 0; i < MG_COUNT(SEGMENTS); i++) {
        struct mg_str path =
            mg_arena_printf(&f->arena, "%.*s/%s", MG_STR_ARG(prefix), SEGMENTS[i]);
        u->paths[u->path_count++] = path;
        if (left > 1) {
            add_paths(f, u, path, left - 1);
        }
    }
}

static void add_patterns(struct fixture *f, struct universe *u, const char *prefix, int left)
{
    static const char *const INNER[] = {"a", "b", "", "{x}"};
    static const char *const LAST[] = {"a", "b", "{last}", "{$}", "{r...}"};
    for (size_t i = 0; i < MG_COUNT(LAST); i++) {
        struct mg_str text = mg_arena_printf(&f->arena, "%s/%s", prefix, LAST[i]);
        u->patterns[u->pattern_count++] = parse(f, text.ptr);
    }
    for (size_t i = 0; left > 1 && i < MG_COUNT(INNER); i++) {
        /* Each depth has a name of its own; names do not count in relations. */
        struct mg_str text = INNER[i][0] == '{'
                                 ? mg_arena_printf(&f->arena, "%s/{x%d}", prefix, left)
                                 : mg_arena_printf(&f->arena, "%s/%s", prefix, INNER[i]);
        add_patterns(f, u, text.ptr, left - 1);
    }
}

static enum mg_route_relation relation_by_force(const struct universe *u, size_t a, size_t b)
{
    bool both = false;
    bool only_a = false;
    bool only_b = false;
    for (size_t i = 0; i < u->path_count; i++) {
        both |= u->matches[a][i] && u->matches[b][i];
        only_a |= u->matches[a][i] && !u->matches[b][i];
        only_b |= !u->matches[a][i] && u->matches[b][i];
    }
    if (!both) {
        return MG_ROUTE_DISJOINT;
    }
    if (only_a) {
        return only_b ? MG_ROUTE_OVERLAPS : MG_ROUTE_LESS_SPECIFIC;
    }
    return only_b ? MG_ROUTE_MORE_SPECIFIC : MG_ROUTE_EQUAL;
}

static void check_pair(const struct universe *u, size_t a, size_t b)
{
    const struct mg_route_pattern *pa = &u->patterns[a];
    const struct mg_route_pattern *pb = &u->patterns[b];
    enum mg_route_relation want = relation_by_force(u, a, b);
    enum mg_route_relation got = mg_route_pattern_compare(pa, pb);
    if (got != want) {
        fail_msg("%.*s to %.*s: relation is %d, want %d", MG_STR_ARG(pa->text),
                 MG_STR_ARG(pb->text), (int)got, (int)want);
    }
    if (want != MG_ROUTE_DISJOINT) {
        char path[64];
        mg_route_pattern_common_path(pa, pb, path, sizeof(path));
        if (!mg_route_pattern_matches(pa, pa->host, mg_str_from(path)) ||
            !mg_route_pattern_matches(pb, pb->host, mg_str_from(path))) {
            fail_msg("%.*s and %.*s do not both match %s", MG_STR_ARG(pa->text),
                     MG_STR_ARG(pb->text), path);
        }
    }
}

static void relations_hold_for_all_small_patterns(void **state)
{
    struct fixture *f = *state;
    struct universe *u = calloc(1, sizeof(*u));
    assert_non_null(u);
    add_patterns(f, u, "", 3);
    add_paths(f, u, MG_STR(""), PATH_SEGMENTS);
    mg_expect_int("patterns", u->pattern_count, 5 + 4 * 5 + 16 * 5);
    mg_expect_int("paths", u->path_count, 4 + 16 + 64 + 256);
    for (size_t i = 0; i < u->pattern_count; i++) {
        for (size_t k = 0; k < u->path_count; k++) {
            u->matches[i][k] =
                mg_route_pattern_matches(&u->patterns[i], MG_STR(""), u->paths[k]);
        }
    }
    for (size_t a = 0; a < u->pattern_count; a++) {
        for (size_t b = 0; b < u->pattern_count; b++) {
            check_pair(u, a, b);
        }
    }
    free(u);
}

static void common_path_is_cut_to_its_room(void **state)
{
    struct fixture *f = *state;
    struct mg_route_pattern a = parse(f, "/orders/{id}");
    struct mg_route_pattern b = parse(f, "/{kind}/archive");
    for (size_t size = 1; size < 24; size++) {
        char *room =
            mg_guard_copy(&f->guard, (struct mg_str){"????????????????????????", size});
        mg_route_pattern_common_path(&a, &b, room, size);
        struct mg_str want = MG_STR("/orders/archive");
        want.len = want.len < size ? want.len : size - 1;
        mg_expect_str("cut and terminated", mg_str_from(room), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parse_takes_patterns_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parse_says_what_is_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parse_holds_its_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parse_survives_every_full_arena, set_up, tear_down),
        cmocka_unit_test_setup_teardown(doubtful_patterns_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(relations_are_as_documented, set_up, tear_down),
        cmocka_unit_test_setup_teardown(patterns_match_as_documented, set_up, tear_down),
        cmocka_unit_test_setup_teardown(relations_hold_for_all_small_patterns, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(common_path_is_cut_to_its_room, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
