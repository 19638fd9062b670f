/* test_huge_pages.c - advice changes nothing that a program could read. */
#include <stdlib.h>

#include "core/huge_pages.h"
#include "expect.h"

static void huge_pages_leave_the_table_as_it_is(void **state)
{
    enum {
        SIZE = 9 << 20
    };
    static const size_t sizes[] = {0, 1, 4096, (4 << 20) - 1, 4 << 20, SIZE - 1};
    unsigned char *memory = malloc(SIZE);
    (void)state;
    assert_non_null(memory);
    for (size_t i = 0; i < SIZE; i++) {
        memory[i] = (unsigned char)(i * 7 >> 3);
    }
    for (size_t n = 0; n < MG_COUNT(sizes); n++) {
        mg_huge_pages_advise(memory + 1, sizes[n]);
    }
    size_t changed = 0;
    for (size_t i = 0; i < SIZE; i++) {
        changed += memory[i] != (unsigned char)(i * 7 >> 3);
    }
    mg_expect_int("bytes changed", changed, 0);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(huge_pages_leave_the_table_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
