/* test_support.c - what the other tests lean on: a guard page that guards, vectors that are
 * read as they are meant, properties that can be repeated. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "guard.h"
#include "prng.h"
#include "vectors.h"

/* Whether reading byte `at` of `bytes` ends a process of its own. */
static bool read_is_fatal(const volatile char *bytes, size_t at)
{
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGSEGV, SIG_DFL); /* cmocka and sanitizers handle it otherwise */
        char byte = bytes[at];
        _exit(byte == 'x' ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
}

static void a_byte_past_the_copy_is_fatal(void **state)
{
    (void)state;
    static char source[3 * 4096];
    memset(source, 'x', sizeof(source));
    static const size_t lengths[] = {1, 2, 4095, 4096, 4097, 8192, sizeof(source)};
    struct mg_guard guard = {0};
    for (size_t i = 0; i < MG_COUNT(lengths); i++) {
        struct mg_str copy = mg_guard_str(&guard, (struct mg_str){source, lengths[i]});
        mg_expect_str("the copy", copy, ((struct mg_str){source, lengths[i]}));
        mg_expect_int("its last byte", read_is_fatal(copy.ptr, copy.len - 1), false);
        mg_expect_int("the byte past it", read_is_fatal(copy.ptr, copy.len), true);
    }
    const char *nothing = mg_guard_copy(&guard, (struct mg_str){0});
    mg_expect_int("no byte of an empty copy", read_is_fatal(nothing, 0), true);
    mg_guard_free(&guard);
    mg_guard_free(&guard);
}

static void vectors_are_expanded(void **state)
{
    (void)state;
    json_t *file = mg_vectors_load("cors.json");
    size_t rows = 0;
    const char *key;
    json_t *group;
    json_object_foreach(file, key, group)
    {
        rows += json_array_size(group);
    }
    mg_expect_true("all groups are there", rows > 250);
    const json_t *longest = NULL;
    size_t i;
    json_t *row;
    json_array_foreach(mg_vectors_group(file, "browser_classification"), i, row)
    {
        if (mg_str_equal(mg_vectors_str(row, "name"),
                         MG_STR("unsafe values do not count towards the 1024"))) {
            const json_t *fields = json_object_get(json_object_get(row, "fetch"), "headers");
            longest = json_array_get(json_array_get(fields, 0), 1);
        }
    }
    mg_expect_int("a repeat of 5000", json_string_length(longest), 5000);
    bool has_wide = false;
    json_array_foreach(mg_vectors_group(file, "max_age"), i, row)
    {
        const json_t *seconds = json_object_get(json_object_get(row, "expect"), "spec_seconds");
        has_wide = has_wide || json_real_value(seconds) > 9.9e19;
    }
    mg_expect_true("an integer of 20 digits is a real", has_wide);
    json_decref(file);
}

static void properties_repeat_by_their_seed(void **state)
{
    (void)state;
    (void)setenv("MG_PROPERTY_SEED", "0x7", 1);
    struct mg_prng a = mg_property_begin("first");
    struct mg_prng b = mg_property_begin("second");
    mg_expect_u64("the seed", a.state, 7);
    for (int i = 0; i < 100; i++) {
        mg_expect_u64("the same numbers", mg_prng_next(&a), mg_prng_next(&b));
        mg_expect_true("below the bound", mg_prng_below(&a, 3) < 3 && mg_prng_below(&b, 3) < 3);
    }
    char text[64];
    mg_prng_fill(&a, MG_STR("ab"), text, sizeof(text));
    for (size_t i = 0; i < sizeof(text); i++) {
        mg_expect_true("of the alphabet", text[i] == 'a' || text[i] == 'b');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_past_the_copy_is_fatal),
        cmocka_unit_test(vectors_are_expanded),
        cmocka_unit_test(properties_repeat_by_their_seed),
    };
    return cmocka_run_group_tests_name("support", tests, NULL, NULL);
}
