/* test_vary.c - merged Vary fields. */
#include <stdio.h>

#include "fixture.h"
#include "prng.h"

static struct mg_str merge(struct mg_buf *buf, const char *const *lines, const char *extra)
{
    struct mg_str items[8];
    struct mg_lines all = {items, 0};
    while (all.count < MG_COUNT(items) && lines[all.count] != NULL) {
        items[all.count] = mg_str_from(lines[all.count]);
        all.count++;
    }
    mg_buf_clear(buf);
    mg_vary_merge(all, mg_str_from(extra), buf);
    return mg_buf_str(buf);
}

static void vary_merge_lists_each_member_once(void **state)
{
    static const struct {
        const char *desc;
        const char *lines[4];
        const char *extra;
        const char *want;
    } rows[] = {
        {"nothing", {NULL}, "", ""},
        {"ours alone", {NULL}, "Origin", "Origin"},
        {"the handler's alone", {"Accept-Encoding"}, "", "Accept-Encoding"},
        {"both", {"Accept-Encoding"}, "Origin", "Accept-Encoding, Origin"},
        {"ours is there already", {"origin , ORIGIN"}, "Origin", "origin"},
        {"several lines", {"A", "B,a", "C"}, "B", "A, B, C"},
        {"empty elements", {",, A ,,"}, "", "A"},
        {"any", {"A", "*"}, "Origin", "*"},
        {"any first", {"*, A"}, "Origin", "*"},
        {"no field names", {"a b, \"x\", A"}, "Origin", "A, Origin"},
        {"a preflight's three",
         {"Accept"},
         "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
         "Accept, Origin, Access-Control-Request-Method, Access-Control-Request-Headers"},
    };
    struct mg_buf buf;
    (void)state;
    mg_buf_init(&buf, 4096);
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        mg_expect_str(rows[i].desc, merge(&buf, rows[i].lines, rows[i].extra),
                      mg_str_from(rows[i].want));
    }
    mg_buf_fini(&buf);
}

static void vary_merge_bounds_its_members(void **state)
{
    char line[1024];
    struct mg_buf buf;
    (void)state;
    mg_buf_init(&buf, 4096);
    for (size_t members = MG_VARY_MAX_MEMBERS - 1; members <= MG_VARY_MAX_MEMBERS; members++) {
        size_t len = 0;
        for (size_t i = 0; i < members; i++) {
            len += (size_t)snprintf(line + len, sizeof(line) - len, "x-%zu,", i);
        }
        struct mg_str merged = merge(&buf, (const char *const[]){line, line, NULL}, "Origin");
        bool fits = members < MG_VARY_MAX_MEMBERS;
        mg_expect_int("too many are any", mg_str_equal(merged, MG_STR("*")), !fits);
    }
    mg_buf_fini(&buf);
}

/* Merging what was merged changes nothing; every member is a token, each once; ours are there.
 */
static void vary_merge_is_idempotent(void **state)
{
    struct mg_prng prng = mg_property_begin("vary");
    unsigned long cases = mg_property_cases(10000);
    struct mg_buf first;
    struct mg_buf second;
    (void)state;
    mg_buf_init(&first, 4096);
    mg_buf_init(&second, 4096);
    for (unsigned long n = 0; n < cases; n++) {
        char text[2][24];
        struct mg_str lines[2];
        for (size_t i = 0; i < 2; i++) {
            lines[i] = (struct mg_str){text[i], mg_prng_below(&prng, sizeof(text[i]))};
            mg_prng_fill(&prng, MG_STR("abAB,, \t;*"), text[i], lines[i].len);
        }
        mg_buf_clear(&first);
        mg_vary_merge((struct mg_lines){lines, 2}, MG_STR("Origin"), &first);
        struct mg_str merged = mg_buf_str(&first);
        mg_buf_clear(&second);
        mg_vary_merge((struct mg_lines){&merged, 1}, MG_STR("Origin"), &second);
        mg_expect_str("merged twice", mg_buf_str(&second), merged);
        if (mg_str_equal(merged, MG_STR("*"))) {
            continue;
        }
        mg_expect_true("Origin", fixture_contains(merged, MG_STR("origin"), true));
        struct mg_list_cursor cursor = mg_list_begin(merged);
        struct mg_str member;
        while (mg_list_next(&cursor, &member)) {
            mg_expect_true("a token", mg_str_is_token(member));
            mg_expect_true("once", !fixture_contains(cursor.done ? MG_STR("") : cursor.rest,
                                                     member, true));
        }
    }
    mg_buf_fini(&first);
    mg_buf_fini(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vary_merge_lists_each_member_once),
        cmocka_unit_test(vary_merge_bounds_its_members),
        cmocka_unit_test(vary_merge_is_idempotent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
