/* test_pool.c - small blocks keep what is written to them, are used again, never overlap. */
#include <stdint.h>
#include <string.h>

#include "expect.h"
#include "script/pool.h"

enum {
    BLOCKS = 400,
    STEPS = 20000
};

struct block {
    unsigned char *at;
    size_t size;
    unsigned char mark;
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void expect_mark(const struct block *block, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (block->at[i] != block->mark) {
            print_error("byte %zu of a block of %zu: %u, not %u\n", i, block->size,
                        block->at[i], block->mark);
            fail();
        }
    }
}

/* Whatever is taken, resized and given back in whatever order, each block has its own bytes. */
static void test_blocks_are_apart(void **state)
{
    (void)state;
    struct mg_pool pool = {.next = NULL};
    struct block blocks[BLOCKS] = {{NULL, 0, 0}};
    uint32_t seed = 20261122;
    for (int step = 0; step < STEPS; step++) {
        struct block *block = &blocks[next_random(&seed) % BLOCKS];
        bool is_large = next_random(&seed) % 8 == 0;
        size_t size = next_random(&seed) % (is_large ? 4 * MG_POOL_MAX_BYTES : 96);
        if (block->at != NULL) {
            expect_mark(block, block->size);
        }
        unsigned char *moved = mg_pool_resize(&pool, block->at, block->size, size);
        if (size == 0) {
            assert_null(moved);
            block->at = NULL;
            block->size = 0;
            continue;
        }
        assert_non_null(moved);
        assert_int_equal((uintptr_t)moved % MG_POOL_CLASS_BYTES, 0);
        size_t kept = block->size < size ? block->size : size;
        block->at = moved;
        expect_mark(block, kept);
        block->size = size;
        block->mark = (unsigned char)next_random(&seed);
        memset(moved, block->mark, size);
    }
    for (int i = 0; i < BLOCKS; i++) {
        (void)mg_pool_resize(&pool, blocks[i].at, blocks[i].size, 0);
    }
    mg_pool_fini(&pool);
}

#ifndef __SANITIZE_ADDRESS__
/* What was given back is what the next one of its class gets: nothing grows. */
static void test_blocks_are_used_again(void **state)
{
    (void)state;
    struct mg_pool pool = {.next = NULL};
    void *first = mg_pool_resize(&pool, NULL, 0, 33);
    assert_null(mg_pool_resize(&pool, first, 33, 0));
    assert_ptr_equal(first, mg_pool_resize(&pool, NULL, 0, 48));
    assert_ptr_equal(first, mg_pool_resize(&pool, first, 48, 40));
    assert_ptr_not_equal(first, mg_pool_resize(&pool, NULL, 0, 48));
    mg_pool_fini(&pool);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_apart),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(test_blocks_are_used_again),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
