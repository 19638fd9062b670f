/* test_slab.c - objects are apart, aligned, cleared, and used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/slab.h"

enum {
    COUNT = 200 /* several blocks */
};

static void expect_filled(const unsigned char *object, size_t size, size_t value)
{
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(object[i], (unsigned char)value);
    }
}

static void check_size(size_t size)
{
    struct mg_slab slab;
    unsigned char *objects[COUNT];
    mg_slab_init(&slab, size);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            objects[i] = mg_slab_take(&slab);
            assert_non_null(objects[i]);
            assert_int_equal((uintptr_t)objects[i] % _Alignof(max_align_t), 0);
            expect_filled(objects[i], size, 0);
            memset(objects[i], (int)(i + 1), size);
        }
        for (size_t i = 0; i < COUNT; i++) {
            expect_filled(objects[i], size, i + 1);
            mg_slab_put(&slab, objects[i]);
        }
    }
    mg_slab_fini(&slab);
}

static void slab_objects_are_apart_aligned_and_cleared(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 8, 15, 16, 17, 320, 1000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        check_size(sizes[i]);
    }
}

static void slab_gives_the_last_freed_first(void **state)
{
    (void)state;
    struct mg_slab slab;
    mg_slab_init(&slab, 100);
    void *first = mg_slab_take(&slab);
    void *second = mg_slab_take(&slab);
    assert_ptr_not_equal(first, second);
    mg_slab_put(&slab, first);
    assert_ptr_equal(mg_slab_take(&slab), first);
    mg_slab_fini(&slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slab_objects_are_apart_aligned_and_cleared),
        cmocka_unit_test(slab_gives_the_last_freed_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
