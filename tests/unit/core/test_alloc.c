/* test_alloc.c - the n-th allocation fails, and no other. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"
#include "expect.h"

/* A bit for each of six allocations, of all three kinds, that failed. */
static unsigned failures(void)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < 6; i++) {
        void *block = i % 3 == 0   ? mg_malloc(8)
                      : i % 3 == 1 ? mg_calloc(2, 4)
                                   : mg_realloc(NULL, 8);
        failed |= (block == NULL ? 1U : 0U) << i;
        free(block);
    }
    return failed;
}

static void can_fail_in_debug_builds_only(void **state)
{
    (void)state;
#ifdef NDEBUG
    mg_expect_int("with NDEBUG", mg_alloc_fail_at(0), false);
#else
    mg_expect_int("without NDEBUG", mg_alloc_fail_at(0), true);
#endif
}

static void fails_the_nth_and_no_other(void **state)
{
    (void)state;
    if (!mg_alloc_fail_at(0)) {
        skip();
    }
    mg_expect_int("0 fails none", failures(), 0);
    for (int n = 1; n <= 7; n++) {
        char desc[32];
        (void)snprintf(desc, sizeof(desc), "fail at %d of 6", n);
        (void)mg_alloc_fail_at(n);
        mg_expect_int(desc, failures(), n <= 6 ? 1 << (n - 1) : 0);
    }
    (void)mg_alloc_fail_at(0);
}

static void realloc_that_fails_keeps_the_block(void **state)
{
    (void)state;
    if (!mg_alloc_fail_at(2)) {
        skip();
    }
    char *block = mg_malloc(4);
    assert_non_null(block);
    memcpy(block, "abc", 4);
    char *moved = mg_realloc(block, 1 << 20);
    mg_expect_true("it fails", moved == NULL);
    mg_expect_text("the block is as it was", block, "abc");
    (void)mg_alloc_fail_at(0);
    free(block);
}

static void calloc_clears(void **state)
{
    (void)state;
    static const char zeros[64];
    char *block = mg_calloc(8, 8);
    assert_non_null(block);
    assert_memory_equal(block, zeros, sizeof(zeros));
    free(block);
}

/* MG_ALLOC_FAIL_AT is read once a process, so that each value takes a process of its own: this
 * program again, which with an argument exits with failures(). */
static void reads_the_environment_once(void **state)
{
    (void)state;
    if (!mg_alloc_fail_at(0)) {
        skip();
    }
    static const struct {
        const char *value;
        int want;
    } rows[] = {{"1", 1}, {"3", 4}, {"6", 32}, {"7", 0}, {"0", 0}, {"", 0}};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        pid_t child = fork();
        if (child == 0) {
            (void)setenv("MG_ALLOC_FAIL_AT", rows[i].value, 1);
            (void)execl("/proc/self/exe", "test_alloc", "report", (char *)NULL);
            _exit(99);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        mg_expect_int(rows[i].value, WEXITSTATUS(status), rows[i].want);
    }
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        return (int)failures();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(can_fail_in_debug_builds_only),
        cmocka_unit_test(fails_the_nth_and_no_other),
        cmocka_unit_test(realloc_that_fails_keeps_the_block),
        cmocka_unit_test(calloc_clears),
        cmocka_unit_test(reads_the_environment_once),
    };
    return cmocka_run_group_tests_name("core/alloc", tests, NULL, NULL);
}
