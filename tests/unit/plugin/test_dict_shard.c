/* test_dict_shard.c - a dictionary of one shard against a model in the plainest code: values,
 * lives, and who goes first when there is no room.
 */
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "plugin/dict.h"
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

/* The definition in the plainest code: a list in order of use, newest last. Blocks are counted
 * as the dictionary counts them, by measuring an entry of that size in another dictionary. */
enum {
    MODEL_MAX = 400,
    MODEL_KEYS = 200
};
struct model_entry {
    unsigned key;
    enum mg_dict_type type;
    int64_t integer;
    size_t length;
    uint64_t expires_ms;
};
struct model {
    struct model_entry entries[MODEL_MAX];
    size_t count;
    size_t max_bytes;
};

static size_t key_name(unsigned key, char out[64])
{
    /* Keys of 1 to 33 bytes. */
    int length =
        snprintf(out, 64, "%u%.*s", key, (int)(key % 31), "abcdefghijklmnopqrstuvwxyzabcdef");
    return (size_t)length;
}

/* What an entry takes, measured. */
static size_t entry_bytes(struct mg_dict *scale, unsigned key, size_t length)
{
    char name[64];
    char text[1024] = {0};
    struct mg_str key_text = {name, key_name(key, name)};
    struct mg_dict_value value = text_value((struct mg_str){text, length});
    assert_int_equal(mg_dict_set(scale, key_text, &value, 0, 1), MG_DICT_OK);
    struct mg_dict_stats stats;
    mg_dict_stats(scale, &stats);
    assert_int_equal(mg_dict_delete(scale, key_text), MG_DICT_OK);
    return stats.bytes;
}

static void model_remove(struct model *model, size_t at)
{
    memmove(model->entries + at, model->entries + at + 1,
            (model->count - at - 1) * sizeof(*model->entries));
    model->count--;
}

static size_t model_find(const struct model *model, unsigned key)
{
    size_t at = 0;
    while (at < model->count && model->entries[at].key != key) {
        at++;
    }
    return at;
}

/* The live entry of a key, now the newest, or NULL. */
static struct model_entry *model_use(struct model *model, unsigned key, uint64_t now_ms)
{
    size_t at = model_find(model, key);
    if (at == model->count) {
        return NULL;
    }
    struct model_entry entry = model->entries[at];
    model_remove(model, at);
    if (entry.expires_ms <= now_ms) {
        return NULL;
    }
    model->entries[model->count++] = entry;
    return &model->entries[model->count - 1];
}

static void model_set(struct model *model, const struct model_entry *entry, uint64_t now_ms,
                      struct mg_dict *scale)
{
    size_t at = model_find(model, entry->key);
    if (at < model->count) {
        model_remove(model, at);
    }
    for (;;) {
        size_t bytes = entry_bytes(scale, entry->key, entry->length);
        size_t first = 0; /* to go */
        for (size_t i = 0; i < model->count; i++) {
            const struct model_entry *other = &model->entries[i];
            bytes += entry_bytes(scale, other->key, other->length);
            const struct model_entry *worst = &model->entries[first];
            if (other->expires_ms <= now_ms && other->expires_ms < worst->expires_ms) {
                first = i;
            }
        }
        if (bytes <= model->max_bytes) {
            break;
        }
        model_remove(model, first);
    }
    model->entries[model->count++] = *entry;
}

static void compare_all(struct mg_dict *dict, const struct model *model, uint64_t now_ms,
                        const char *desc)
{
    struct mg_dict_stats stats;
    mg_dict_stats(dict, &stats);
    mg_expect_u64(desc, stats.entries, model->count);
    for (size_t i = 0; i < model->count; i++) { /* in order of use, which so stays */
        const struct model_entry *entry = &model->entries[i];
        char name[64];
        char text[1024];
        struct mg_str key = {name, key_name(entry->key, name)};
        struct mg_dict_value got;
        bool lives = entry->expires_ms > now_ms;
        if (!lives) {
            continue; /* looking would remove it */
        }
        mg_expect_int(desc, mg_dict_get(dict, key, text, sizeof(text), now_ms, &got),
                      MG_DICT_OK);
        mg_expect_int(desc, got.type, entry->type);
        mg_expect_int(desc, got.integer, entry->integer);
        mg_expect_int(desc, got.text.len, entry->length);
    }
}

/* Looking at all live entries in order puts them behind the expired ones; the model follows. */
static void model_looked(struct model *model, uint64_t now_ms)
{
    struct model looked = {.max_bytes = model->max_bytes};
    for (int lives = 0; lives < 2; lives++) {
        for (size_t i = 0; i < model->count; i++) {
            if ((model->entries[i].expires_ms > now_ms) == (lives == 1)) {
                looked.entries[looked.count++] = model->entries[i];
            }
        }
    }
    *model = looked;
}

static void model_step(struct mg_prng *prng, struct mg_dict *dict, struct model *model,
                       struct mg_dict *scale, uint64_t now_ms)
{
    char name[64];
    char text[1024] = {0};
    unsigned key = (unsigned)mg_prng_below(prng, MODEL_KEYS);
    struct mg_str key_text = {name, key_name(key, name)};
    uint64_t ttl_ms = mg_prng_below(prng, 3) == 0 ? 1 + mg_prng_below(prng, 40ULL << 32) : 0;
    uint64_t expires_ms = ttl_ms == 0 ? UINT64_MAX : now_ms + ttl_ms;
    struct mg_dict_value got;
    switch (mg_prng_below(prng, 4)) {
    case 0: {
        size_t length = mg_prng_below(prng, 2) == 0 ? 0 : mg_prng_below(prng, 600);
        struct mg_dict_value value = text_value((struct mg_str){text, length});
        struct model_entry entry = {key, MG_DICT_STRING, 0, length, expires_ms};
        mg_expect_int("set", mg_dict_set(dict, key_text, &value, ttl_ms, now_ms), MG_DICT_OK);
        model_set(model, &entry, now_ms, scale);
        break;
    }
    case 1: {
        struct mg_dict_increment increment = {.by = 3, .start = 1, .ttl_ms = ttl_ms};
        enum mg_dict_result result = mg_dict_increment(dict, key_text, &increment, now_ms);
        struct model_entry *entry = model_use(model, key, now_ms);
        if (entry == NULL) {
            struct model_entry made = {key, MG_DICT_INTEGER, 4, 0, expires_ms};
            model_set(model, &made, now_ms, scale);
            mg_expect_int("a new number", increment.result, 4);
        } else if (entry->type == MG_DICT_INTEGER) {
            entry->integer += 3;
            mg_expect_int("an old number", increment.result, entry->integer);
        } else {
            mg_expect_int("no number", result, MG_DICT_TYPE);
        }
        break;
    }
    case 2: {
        size_t at = model_find(model, key);
        bool is_there = at < model->count;
        mg_expect_int("delete", mg_dict_delete(dict, key_text),
                      is_there ? MG_DICT_OK : MG_DICT_MISSING);
        if (is_there) {
            model_remove(model, at);
        }
        break;
    }
    default: {
        enum mg_dict_result result =
            mg_dict_get(dict, key_text, text, sizeof(text), now_ms, &got);
        const struct model_entry *entry = model_use(model, key, now_ms);
        mg_expect_int("get", result, entry == NULL ? MG_DICT_MISSING : MG_DICT_OK);
        break;
    }
    }
}

static void dictionaries_are_what_the_model_says(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("dict");
    unsigned long cases = mg_property_cases(20);
    struct mg_dicts *dicts = mg_dicts_new();
    struct mg_dict *scale = mg_dicts_open(dicts, MG_STR("scale"), 64 << 10);
    for (unsigned long i = 0; i < cases; i++) {
        struct mg_dicts *own = mg_dicts_new();
        struct mg_dict *dict = open_dict(own, MG_DICT_MIN_BYTES);
        struct mg_dict_stats stats;
        mg_dict_stats(dict, &stats);
        /* How much entries may take: filled with the smallest ones. */
        struct mg_dict_value one = integer_value(1);
        for (unsigned key = 0; key < 1000; key++) {
            char name[16];
            (void)snprintf(name, sizeof(name), "%u", key);
            (void)mg_dict_set(dict, mg_str_from(name), &one, 1, 0);
        }
        mg_dict_stats(dict, &stats);
        mg_expect_true("the bound holds",
                       stats.bytes < stats.max_bytes && stats.max_bytes <= MG_DICT_MIN_BYTES);
        mg_expect_true("and is used", stats.evictions > 0 && stats.bytes > 10000);
        struct model *model = calloc(1, sizeof(*model));
        assert_non_null(model);
        model->max_bytes = stats.bytes;
        for (unsigned key = 0; key < 1000; key++) {
            char name[16];
            (void)snprintf(name, sizeof(name), "%u", key);
            (void)mg_dict_delete(dict, mg_str_from(name));
        }
        uint64_t now_ms = 1000;
        for (int step = 0; step < 1500; step++) {
            now_ms += mg_prng_below(&prng, 3ULL << 32); /* so wide that no two expire at once */
            model_step(&prng, dict, model, scale, now_ms);
            if (step % 50 == 0) {
                compare_all(dict, model, now_ms, "after some steps");
                model_looked(model, now_ms);
            }
        }
        free(model);
        mg_dicts_free(own);
    }
    mg_dicts_free(dicts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dictionaries_are_what_the_model_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
