/* test_field_list.c - names of Access-Control-Request-Headers, and sets of names. */
#include <stdio.h>
#include <stdlib.h>

#include "cors/field_list.h"
#include "cors/name_set.h"
#include "expect.h"
#include "guard.h"
#include "prng.h"

enum {
    MAX_LINES = 4
};

static void field_list_gives_names_in_order(void **state)
{
    static const struct {
        const char *desc;
        const char *lines[MAX_LINES];
        const char *names; /* joined by '|' */
        size_t empty;
    } rows[] = {
        {"no line", {NULL}, "", 0},
        {"an empty line", {""}, "", 1},
        {"a line of spaces", {" \t "}, "", 1},
        {"one name", {"x-a"}, "x-a", 0},
        {"two names", {"x-a,x-b"}, "x-a|x-b", 0},
        {"any case and order", {"X-B,x-A"}, "X-B|x-A", 0},
        {"spaces and tabs", {" x-a\t ,\t x-b "}, "x-a|x-b", 0},
        {"empty elements", {",x-a,,"}, "x-a", 3},
        {"only commas", {",,"}, "", 3},
        {"several lines", {"x-a", "x-b, x-c"}, "x-a|x-b|x-c", 0},
        {"an empty line between", {"x-a", "", "x-b"}, "x-a|x-b", 1},
        {"no tokens are given all the same", {"x-a;q=1, \"x\", a b"}, "x-a;q=1|\"x\"|a b", 0},
    };
    struct mg_guard guards[MAX_LINES] = {{0}};
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_str lines[MAX_LINES];
        struct mg_lines all = {lines, 0};
        while (all.count < MAX_LINES && rows[i].lines[all.count] != NULL) {
            lines[all.count] =
                mg_guard_str(&guards[all.count], mg_str_from(rows[i].lines[all.count]));
            all.count++;
        }
        struct mg_field_list_cursor cursor = mg_field_list_begin(all);
        struct mg_field_name name;
        char got[128] = "";
        size_t len = 0;
        while (mg_field_list_next(&cursor, &name)) {
            len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%.*s", len > 0 ? "|" : "",
                                    MG_STR_ARG(name.text));
        }
        mg_expect_text(rows[i].desc, got, rows[i].names);
        mg_expect_int(rows[i].desc, cursor.empty_count, rows[i].empty);
        mg_expect_int(rows[i].desc, cursor.is_too_large, false);
    }
    for (size_t i = 0; i < MAX_LINES; i++) {
        mg_guard_free(&guards[i]);
    }
}

/* `count` times `unit`, as one line. */
static struct mg_str repeat(char *out, const char *unit, size_t count)
{
    size_t len = strlen(unit);
    for (size_t i = 0; i < count; i++) {
        memcpy(out + i * len, unit, len);
    }
    return (struct mg_str){out, count * len};
}

static void field_list_stops_at_its_bounds(void **state)
{
    static const struct {
        const char *desc;
        const char *unit;
        size_t count;
        bool fits;
        bool too_large;
    } rows[] = {
        {"256 names", "a,", 256, true, false},
        {"257 names", "a,", 257, true, true},
        {"64 empty elements", ",", 63, true, false},
        {"65 empty elements", ",", 64, true, true},
        {"8192 bytes", "aaaaaaaa", 1024, true, false},
        {"8193 bytes", "aaaaaaaab", 911, false, false},
        {"1 MiB of commas", ",", 1 << 20, false, true},
        {"1 MiB of spaces", " ", 1 << 20, false, false},
    };
    static char bytes[1 << 20];
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_str line = repeat(bytes, rows[i].unit, rows[i].count);
        struct mg_lines lines = {&line, 1};
        struct mg_field_list_cursor cursor = mg_field_list_begin(lines);
        struct mg_field_name name;
        size_t names = 0;
        while (mg_field_list_next(&cursor, &name)) {
            names++;
        }
        mg_expect_int(rows[i].desc, mg_field_list_fits(lines), rows[i].fits);
        mg_expect_int(rows[i].desc, cursor.is_too_large, rows[i].too_large);
        mg_expect_true(rows[i].desc, names <= MG_FIELD_LIST_MAX_NAMES);
    }
}

static void field_list_bounds_all_lines_together(void **state)
{
    struct mg_str lines[1024];
    struct mg_lines all = {lines, MG_COUNT(lines)};
    struct mg_field_name name;
    (void)state;
    for (size_t i = 0; i < MG_COUNT(lines); i++) {
        lines[i] = MG_STR("");
    }
    struct mg_field_list_cursor cursor = mg_field_list_begin(all);
    mg_expect_int("no name in empty lines", mg_field_list_next(&cursor, &name), false);
    mg_expect_int("1024 empty lines", cursor.is_too_large, true);
    for (size_t i = 0; i < MG_COUNT(lines); i++) {
        lines[i] = MG_STR("12345678");
    }
    mg_expect_int("8192 bytes in 1024 lines", mg_field_list_fits(all), true);
    lines[0] = MG_STR("123456789");
    mg_expect_int("8193 bytes in 1024 lines", mg_field_list_fits(all), false);
}

static void field_name_hash_sees_no_case(void **state)
{
    struct mg_prng prng = mg_property_begin("field name hash");
    unsigned long cases = mg_property_cases(10000);
    struct mg_guard guards[2] = {{0}};
    (void)state;
    for (unsigned long n = 0; n < cases; n++) {
        char name[40];
        char other[40];
        size_t len = 1 + mg_prng_below(&prng, sizeof(name) - 1);
        mg_prng_fill(&prng, MG_STR("abcXYZ019-_!^~`"), name, len);
        for (size_t i = 0; i < len; i++) {
            bool is_letter = mg_ascii_lower(name[i]) >= 'a' && mg_ascii_lower(name[i]) <= 'z';
            other[i] =
                (char)(is_letter && mg_prng_below(&prng, 2) == 0 ? name[i] ^ 0x20 : name[i]);
        }
        struct mg_str a = mg_guard_str(&guards[0], (struct mg_str){name, len});
        struct mg_str b = mg_guard_str(&guards[1], (struct mg_str){other, len});
        mg_expect_u64("hash", mg_field_name_hash(a), mg_field_name_hash(b));
    }
    mg_guard_free(&guards[0]);
    mg_guard_free(&guards[1]);
}

static void name_set_is_a_linear_search(void **state)
{
    struct mg_prng prng = mg_property_begin("name set");
    unsigned long cases = mg_property_cases(10000);
    unsigned long found = 0;
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, 1 << 20);
    for (unsigned long n = 0; n < cases; n += 16) {
        char texts[48][8];
        struct mg_str names[48];
        struct mg_name_set set;
        size_t given = mg_prng_below(&prng, 32);
        for (size_t i = 0; i < MG_COUNT(names); i++) {
            names[i] = (struct mg_str){texts[i], 1 + mg_prng_below(&prng, 3)};
            mg_prng_fill(&prng, MG_STR("abAB-"), texts[i], names[i].len);
        }
        mg_expect_true("built", mg_name_set_build(&set, names, given, &arena));
        for (size_t i = 32; i < MG_COUNT(names); i++) {
            bool expected = false;
            for (size_t k = 0; k < given; k++) {
                expected |= mg_str_equal_nocase(names[i], names[k]);
            }
            found += expected;
            mg_expect_int("contains",
                          mg_name_set_contains(&set, names[i], mg_field_name_hash(names[i])),
                          expected);
        }
        mg_arena_reset(&arena);
    }
    mg_expect_true("some names are found", found > cases / 20);
    mg_arena_fini(&arena);
}

static void name_set_keeps_case_and_order(void **state)
{
    const struct mg_str names[] = {MG_STR("X-B"), MG_STR("x-a"), MG_STR("x-b"), MG_STR("X-C")};
    struct mg_name_set set;
    struct mg_arena arena;
    (void)state;
    mg_arena_init(&arena, NULL, 0, 1 << 20);
    mg_expect_true("built", mg_name_set_build(&set, names, MG_COUNT(names), &arena));
    mg_expect_int("each once", set.count, 3);
    mg_expect_str("first", set.names[0], MG_STR("X-B"));
    mg_expect_str("second", set.names[1], MG_STR("x-a"));
    mg_expect_str("third", set.names[2], MG_STR("X-C"));
    mg_arena_fini(&arena);
    mg_arena_init(&arena, NULL, 0, 16);
    mg_expect_int("a full arena", mg_name_set_build(&set, names, 3, &arena), false);
    mg_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field_list_gives_names_in_order),
        cmocka_unit_test(field_list_stops_at_its_bounds),
        cmocka_unit_test(field_list_bounds_all_lines_together),
        cmocka_unit_test(field_name_hash_sees_no_case),
        cmocka_unit_test(name_set_is_a_linear_search),
        cmocka_unit_test(name_set_keeps_case_and_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
