/* test_dict.c - dictionaries: values, bounds, order of eviction, expiry, many threads. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "expect.h"
#include "plugin/dict.h"
#include "plugin/dict_hash.h"
#include "prng.h"

static struct mg_dict *open_dict(struct mg_dicts *dicts, size_t bytes)
{
    struct mg_dict *dict = mg_dicts_open(dicts, MG_STR("d"), bytes);
    assert_non_null(dict);
    return dict;
}

static struct mg_dict_value text_value(struct mg_str text)
{
    return (struct mg_dict_value){.type = MG_DICT_STRING, .text = text};
}

static struct mg_dict_value integer_value(int64_t integer)
{
    return (struct mg_dict_value){.type = MG_DICT_INTEGER, .integer = integer};
}

/* The numbers of the paper's reference vectors: key 00 01 … 0f, input of that many bytes
 * 00 01 …, read as little-endian. */
static void hashes_are_siphash(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        uint64_t want;
    } rows[] = {
        {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
        {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5},
    };
    static const struct mg_dict_secret secret = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    char bytes[16];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)i;
    }
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char desc[32];
        (void)snprintf(desc, sizeof(desc), "%zu bytes", rows[i].length);
        mg_expect_u64(desc, mg_dict_hash((struct mg_str){bytes, rows[i].length}, &secret),
                      rows[i].want);
    }
}

static void values_come_back(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        struct mg_dict_value value;
    } rows[] = {
        {"a string", {.type = MG_DICT_STRING, .text = {"abc\0def", 7}}},
        {"an empty string", {.type = MG_DICT_STRING, .text = {"", 0}}},
        {"an integer", {.type = MG_DICT_INTEGER, .integer = INT64_MIN}},
        {"a number", {.type = MG_DICT_NUMBER, .number = -0.5}},
        {"true", {.type = MG_DICT_BOOLEAN, .boolean = true}},
        {"false", {.type = MG_DICT_BOOLEAN, .boolean = false}},
    };
    struct mg_dicts *dicts = mg_dicts_new();
    struct mg_dict *dict = open_dict(dicts, MG_DICT_MIN_BYTES);
    char buffer[64];
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        const struct mg_dict_value *want = &rows[i].value;
        struct mg_dict_value got;
        mg_expect_int(rows[i].desc, mg_dict_set(dict, MG_STR("k"), want, 0, 5), MG_DICT_OK);
        mg_expect_int(rows[i].desc,
                      mg_dict_get(dict, MG_STR("k"), buffer, sizeof(buffer), 5, &got),
                      MG_DICT_OK);
        mg_expect_int(rows[i].desc, got.type, want->type);
        mg_expect_str(rows[i].desc, got.text, want->text);
        mg_expect_int(rows[i].desc, got.integer, want->integer);
        mg_expect_true(rows[i].desc, got.number == want->number);
        mg_expect_int(rows[i].desc, got.boolean, want->boolean);
    }
    struct mg_dict_value nil = {.type = MG_DICT_NIL};
    struct mg_dict_value got;
    mg_expect_int("nil deletes", mg_dict_set(dict, MG_STR("k"), &nil, 0, 5), MG_DICT_OK);
    mg_expect_int("it is gone", mg_dict_get(dict, MG_STR("k"), NULL, 0, 5, &got),
                  MG_DICT_MISSING);
    mg_expect_int("a missing one is nil", got.type, MG_DICT_NIL);
    mg_expect_int("deleting again", mg_dict_delete(dict, MG_STR("k")), MG_DICT_MISSING);
    mg_dicts_free(dicts);
}

static void long_texts_span_blocks(void **state)
{
    (void)state;
    struct mg_dicts *dicts = mg_dicts_new();
    struct mg_dict *dict = open_dict(dicts, 512 << 10);
    char *text = malloc(MG_DICT_MAX_VALUE_BYTES + 1);
    char *back = malloc(MG_DICT_MAX_VALUE_BYTES);
    char key[MG_DICT_MAX_KEY_BYTES + 1];
    assert_non_null(text);
    assert_non_null(back);
    struct mg_prng prng = {7};
    mg_prng_fill(&prng, MG_STR(""), text, MG_DICT_MAX_VALUE_BYTES + 1);
    mg_prng_fill(&prng, MG_STR(""), key, sizeof(key));
    static const size_t lengths[] = {0,   1,   60,  72,   73,   74,   75,    80,   81,
                                     123, 124, 125, 1023, 1024, 4000, 65535, 65536};
    for (size_t i = 0; i < MG_COUNT(lengths); i++) {
        for (size_t j = 0; j < MG_COUNT(lengths) && lengths[j] <= MG_DICT_MAX_KEY_BYTES; j++) {
            char desc[64];
            (void)snprintf(desc, sizeof(desc), "key of %zu, text of %zu bytes", lengths[j],
                           lengths[i]);
            struct mg_str name = {key, lengths[j]};
            struct mg_dict_value value = text_value((struct mg_str){text, lengths[i]});
            struct mg_dict_value got;
            mg_expect_int(desc, mg_dict_set(dict, name, &value, 0, 1), MG_DICT_OK);
            mg_expect_int(desc, mg_dict_get(dict, name, back, MG_DICT_MAX_VALUE_BYTES, 1, &got),
                          MG_DICT_OK);
            mg_expect_int(desc, got.text.len, value.text.len);
            mg_expect_true(desc, memcmp(got.text.ptr, text, got.text.len) == 0);
            if (lengths[i] > 0) {
                mg_expect_int(desc, mg_dict_get(dict, name, back, lengths[i] - 1, 1, &got),
                              MG_DICT_TOO_LARGE);
                mg_expect_int(desc, got.text.len, lengths[i]);
            }
        }
    }
    struct mg_dict_value large = text_value((struct mg_str){text, MG_DICT_MAX_VALUE_BYTES + 1});
    mg_expect_int("a value too large", mg_dict_set(dict, MG_STR("v"), &large, 0, 1),
                  MG_DICT_TOO_LARGE);
    struct mg_dict_value one = integer_value(1);
    mg_expect_int("a key too large",
                  mg_dict_set(dict, (struct mg_str){key, sizeof(key)}, &one, 0, 1),
                  MG_DICT_TOO_LARGE);
    struct mg_dict *tiny = mg_dicts_open(dicts, MG_STR("tiny"), MG_DICT_MIN_BYTES);
    struct mg_dict_value half = text_value((struct mg_str){text, 20000});
    mg_expect_int("before", mg_dict_set(tiny, MG_STR("v"), &one, 0, 1), MG_DICT_OK);
    mg_expect_int("more than the dictionary", mg_dict_set(tiny, MG_STR("v"), &half, 0, 1),
                  MG_DICT_TOO_LARGE);
    struct mg_dict_value got;
    mg_expect_int("a refused value leaves the old",
                  mg_dict_get(tiny, MG_STR("v"), NULL, 0, 1, &got), MG_DICT_OK);
    struct mg_dict_stats stats;
    mg_dict_stats(dict, &stats);
    mg_expect_u64("refusals are counted", stats.refusals, 2);
    free(text);
    free(back);
    mg_dicts_free(dicts);
}

static void increments(void **state)
{
    (void)state;
    struct mg_dicts *dicts = mg_dicts_new();
    struct mg_dict *dict = open_dict(dicts, MG_DICT_MIN_BYTES);
    struct mg_dict_value text = text_value(MG_STR("1"));
    assert_int_equal(mg_dict_set(dict, MG_STR("text"), &text, 0, 1), MG_DICT_OK);
    static const struct {
        const char *desc;
        const char *key;
        uint64_t now_ms;
        struct mg_dict_increment in;
        enum mg_dict_result want;
        int64_t result;
        uint64_t left_ms;
    } rows[] = {
        {"missing: start and by",
         "n",
         100,
         {.by = 1, .start = 5, .ttl_ms = 50},
         MG_DICT_OK,
         6,
         50},
        {"there: its life goes on",
         "n",
         120,
         {.by = 2, .start = 9, .ttl_ms = 99},
         MG_DICT_OK,
         8,
         30},
        {"down", "n", 149, {.by = -8, .start = 9, .ttl_ms = 99}, MG_DICT_OK, 0, 1},
        {"expired: from start",
         "n",
         150,
         {.by = 1, .start = 0, .ttl_ms = 10},
         MG_DICT_OK,
         1,
         10},
        {"without life", "m", 150, {.by = 1, .start = INT64_MAX - 1}, MG_DICT_OK, INT64_MAX, 0},
        {"beyond the range", "m", 151, {.by = 1}, MG_DICT_TYPE, 0, 0},
        {"unchanged by it", "m", 152, {.by = 0}, MG_DICT_OK, INT64_MAX, 0},
        {"beyond the range at once",
         "x",
         152,
         {.by = -1, .start = INT64_MIN},
         MG_DICT_TYPE,
         0,
         0},
        {"of a text", "text", 152, {.by = 1}, MG_DICT_TYPE, 0, 0},
        {"a life without end", "e", 152, {.by = 1, .ttl_ms = UINT64_MAX}, MG_DICT_OK, 1, 0},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_dict_increment increment = rows[i].in;
        mg_expect_int(
            rows[i].desc,
            mg_dict_increment(dict, mg_str_from(rows[i].key), &increment, rows[i].now_ms),
            rows[i].want);
        if (rows[i].want == MG_DICT_OK) {
            mg_expect_int(rows[i].desc, increment.result, rows[i].result);
            mg_expect_u64(rows[i].desc, increment.ttl_left_ms, rows[i].left_ms);
        }
    }
    mg_dicts_free(dicts);
}

static void names_are_shared_and_bounded(void **state)
{
    (void)state;
    struct mg_dicts *dicts = mg_dicts_new();
    struct mg_dict *first = mg_dicts_open(dicts, MG_STR("a"), MG_DICT_MIN_BYTES);
    mg_expect_true("the same name",
                   mg_dicts_open(dicts, MG_STR("a"), MG_DICT_MIN_BYTES) == first);
    mg_expect_true("another name", mg_dicts_open(dicts, MG_STR("b"), 0) != first);
    char name[MG_DICT_MAX_NAME_BYTES + 1] = {0};
    mg_expect_true("a name too long",
                   mg_dicts_open(dicts, (struct mg_str){name, sizeof(name)}, 0) == NULL);
    for (int i = 2; i < MG_DICTS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "name %d", i);
        mg_expect_true(name, mg_dicts_open(dicts, mg_str_from(name), 0) != NULL);
    }
    mg_expect_true("one too many", mg_dicts_open(dicts, MG_STR("more"), 0) == NULL);
    mg_expect_true("those that are there", mg_dicts_open(dicts, MG_STR("a"), 0) == first);
    mg_dicts_free(dicts);
    mg_dicts_free(NULL);
}

static void resizing_keeps_what_fits(void **state)
{
    (void)state;
    static const size_t sizes[] = {MG_DICT_MIN_BYTES, 8 << 20, 600 << 10, 20000, 1 << 20};
    struct mg_dicts *dicts = mg_dicts_new();
    struct mg_dict *dict = open_dict(dicts, 64 << 10);
    struct mg_dict_value value = integer_value(0);
    char key[32];
    for (int i = 0; i < 50; i++) {
        (void)snprintf(key, sizeof(key), "key %d", i);
        value.integer = i;
        assert_int_equal(mg_dict_set(dict, mg_str_from(key), &value, i == 7 ? 100 : 0, 1),
                         MG_DICT_OK);
    }
    for (size_t i = 0; i < MG_COUNT(sizes); i++) {
        char desc[32];
        (void)snprintf(desc, sizeof(desc), "%zu bytes", sizes[i]);
        mg_expect_true(desc, mg_dicts_open(dicts, MG_STR("d"), sizes[i]) == dict);
        struct mg_dict_stats stats;
        mg_dict_stats(dict, &stats);
        mg_expect_u64(desc, stats.entries, 50);
        mg_expect_true(desc, stats.max_bytes <= sizes[i]);
        struct mg_dict_value got;
        mg_expect_int(desc, mg_dict_get(dict, MG_STR("key 49"), NULL, 0, 1, &got), MG_DICT_OK);
        mg_expect_int(desc, got.integer, 49);
    }
    struct mg_dict_value got;
    mg_expect_int("lives go on", mg_dict_get(dict, MG_STR("key 7"), NULL, 0, 100, &got),
                  MG_DICT_OK);
    mg_expect_int("and end", mg_dict_get(dict, MG_STR("key 7"), NULL, 0, 101, &got),
                  MG_DICT_MISSING);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof(key), "more %d", i);
        assert_int_equal(mg_dict_set(dict, mg_str_from(key), &value, 0, 1), MG_DICT_OK);
    }
    mg_expect_true("smaller", mg_dicts_open(dicts, MG_STR("d"), MG_DICT_MIN_BYTES) == dict);
    mg_expect_int("the newest stays", mg_dict_get(dict, MG_STR("more 999"), NULL, 0, 1, &got),
                  MG_DICT_OK);
    mg_expect_int("the oldest goes", mg_dict_get(dict, MG_STR("key 1"), NULL, 0, 1, &got),
                  MG_DICT_MISSING);
    mg_dicts_free(dicts);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    if (!mg_alloc_fail_at(0)) {
        skip();
    }
    int made = 0;
    for (long n = 1; made < 2; n++) {
        mg_alloc_fail_at(n);
        made = 0;
        struct mg_dicts *dicts = mg_dicts_new();
        struct mg_dict *dict =
            dicts == NULL ? NULL : mg_dicts_open(dicts, MG_STR("d"), 1 << 20);
        if (dict != NULL) {
            made++;
            made += mg_dicts_open(dicts, MG_STR("d"), 2 << 20) == dict;
        }
        mg_alloc_fail_at(0);
        if (dict != NULL) {
            struct mg_dict_value one = integer_value(1);
            mg_expect_int("usable", mg_dict_set(dict, MG_STR("k"), &one, 0, 1), MG_DICT_OK);
        }
        mg_dicts_free(dicts);
        assert_true(n < 100);
    }
}

/* ---- many threads ---- */

enum {
    THREADS = 4,
    TURNS = 3000
};
struct stress {
    struct mg_dicts *dicts;
    struct mg_dict *dict;
    uint64_t seed;
};

static void *stress_thread(void *argument)
{
    const struct stress *stress = argument;
    struct mg_prng prng = {stress->seed};
    for (int i = 0; i < TURNS; i++) {
        struct mg_dict_increment increment = {.by = 1};
        (void)mg_dict_increment(stress->dict, MG_STR("hits"), &increment, (uint64_t)i);
        char key[32];
        char text[200];
        int length = snprintf(key, sizeof(key), "%u", (unsigned)mg_prng_below(&prng, 5000));
        struct mg_str name = {key, (size_t)length};
        mg_prng_fill(&prng, name, text, sizeof(text));
        struct mg_dict_value value =
            text_value((struct mg_str){text, mg_prng_below(&prng, sizeof(text))});
        (void)mg_dict_set(stress->dict, name, &value, mg_prng_below(&prng, 50), (uint64_t)i);
        (void)mg_dict_get(stress->dict, name, text, sizeof(text), (uint64_t)i, &value);
        (void)mg_dict_delete(stress->dict, name);
        if (i % 500 == 0) {
            (void)mg_dicts_open(stress->dicts, MG_STR("d"),
                                (size_t)(1 + mg_prng_below(&prng, 4)) << 20);
            struct mg_dict_stats stats;
            mg_dict_stats(stress->dict, &stats);
        }
    }
    return NULL;
}

static void threads_lose_no_increment(void **state)
{
    (void)state;
    struct mg_dicts *dicts = mg_dicts_new();
    struct stress stress[THREADS];
    pthread_t threads[THREADS];
    struct mg_dict *dict = open_dict(dicts, 4 << 20);
    for (int i = 0; i < THREADS; i++) {
        stress[i] = (struct stress){dicts, dict, (uint64_t)i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, stress_thread, &stress[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    struct mg_dict_value got;
    mg_expect_int("hits", mg_dict_get(dict, MG_STR("hits"), NULL, 0, TURNS, &got), MG_DICT_OK);
    mg_expect_int("hits", got.integer, THREADS * TURNS);
    mg_dicts_free(dicts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_siphash),
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(long_texts_span_blocks),
        cmocka_unit_test(increments),
        cmocka_unit_test(names_are_shared_and_bounded),
        cmocka_unit_test(resizing_keeps_what_fits),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(threads_lose_no_increment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
