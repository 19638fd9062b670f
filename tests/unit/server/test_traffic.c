/* test_traffic.c - tables of counters by name, and the rows of resources: both bounded. */
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "server/series.h"
#include "server/traffic.h"

static struct mg_name_counters counters;

static uint64_t count_of(const char *name)
{
    for (unsigned i = 0; i < atomic_load(&counters.used); i++) {
        if (strcmp(counters.items[i].name, name) == 0) {
            return atomic_load(&counters.items[i].count);
        }
    }
    return 0;
}

static void names_are_counted_until_the_table_is_full(void **state)
{
    (void)state;
    memset(&counters, 0, sizeof(counters));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MG_COUNTED_NAMES + 10; i++) {
            char name[32];
            (void)snprintf(name, sizeof(name), "name-%d", i);
            mg_name_counters_add(&counters, mg_str_from(name));
        }
    }
    mg_expect_u64("names", atomic_load(&counters.used), MG_COUNTED_NAMES);
    mg_expect_u64("the first", count_of("name-0"), 2);
    mg_expect_u64("the last that fits", count_of("name-63"), 2);
    mg_expect_u64("the next", count_of("name-64"), 0);
    mg_expect_u64("the others", atomic_load(&counters.others), 20);
}

static void names_are_told_apart_as_far_as_they_are_kept(void **state)
{
    (void)state;
    char longer[MG_COUNTED_NAME_BYTES + 20];
    memset(&counters, 0, sizeof(counters));
    memset(longer, 'a', sizeof(longer));
    mg_name_counters_add(&counters, (struct mg_str){longer, sizeof(longer)});
    mg_name_counters_add(&counters, (struct mg_str){longer, sizeof(longer) - 1});
    mg_name_counters_add(&counters, (struct mg_str){longer, MG_COUNTED_NAME_BYTES - 2});
    mg_name_counters_add(&counters, MG_STR("a"));
    mg_name_counters_add(&counters, MG_STR("ab"));
    mg_name_counters_add(&counters, MG_STR("a"));
    mg_name_counters_add(&counters, MG_STR(""));
    mg_expect_u64("names", atomic_load(&counters.used), 4);
    mg_expect_u64("cut", atomic_load(&counters.items[0].count), 2);
    mg_expect_u64("a", count_of("a"), 2);
    mg_expect_u64("no name", atomic_load(&counters.others), 1);
}

/* ---- rows ---- */

enum {
    RESOURCES = MG_SERIES_MAX + 40
};

static struct mg_resource resources[RESOURCES];
static const struct mg_resource *pointers[RESOURCES];
static char patterns[RESOURCES][16];

/* A set of `count` resources whose patterns begin at number `first`. */
static struct mg_policy_set make_set(size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(patterns[i], sizeof(patterns[i]), "/p%zu", first + i);
        resources[i] =
            (struct mg_resource){.id = (uint32_t)i, .pattern = mg_str_from(patterns[i])};
        pointers[i] = &resources[i];
    }
    return (struct mg_policy_set){.resources = pointers, .resource_count = count};
}

static void rows_go_with_the_pattern_through_generations(void **state)
{
    (void)state;
    struct mg_series *series = mg_series_new();
    struct mg_policy_set set = make_set(0, 4); /* p0 to p3 */
    uint16_t *rows = mg_series_assign(series, &set);
    set = make_set(2, 4); /* p2 to p5 */
    uint16_t *later = mg_series_assign(series, &set);
    mg_expect_u64("p2", later[0], rows[2]);
    mg_expect_u64("p3", later[1], rows[3]);
    mg_expect_u64("given out", mg_series_count(series), 6);
    assert_string_equal(mg_series_pattern(series, later[3]), "/p5");
    free(rows);
    free(later);
    mg_series_free(series);
}

static void rows_beyond_the_last_are_shared(void **state)
{
    (void)state;
    struct mg_series *series = mg_series_new();
    struct mg_policy_set set = make_set(0, RESOURCES);
    uint16_t *rows = mg_series_assign(series, &set);
    mg_expect_u64("the last of its own", rows[MG_SERIES_MAX - 1], MG_SERIES_MAX - 1);
    for (size_t i = MG_SERIES_MAX; i < RESOURCES; i++) {
        mg_expect_u64("shared", rows[i], MG_SERIES_OTHERS);
    }
    mg_expect_u64("given out", mg_series_count(series), MG_SERIES_MAX);
    uint16_t *again = mg_series_assign(series, &set);
    assert_memory_equal(rows, again, RESOURCES * sizeof(*rows));
    free(rows);
    free(again);
    mg_series_free(series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_counted_until_the_table_is_full),
        cmocka_unit_test(names_are_told_apart_as_far_as_they_are_kept),
        cmocka_unit_test(rows_go_with_the_pattern_through_generations),
        cmocka_unit_test(rows_beyond_the_last_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
