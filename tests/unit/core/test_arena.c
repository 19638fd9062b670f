/* test_arena.c - what is given out is aligned, disjoint and bounded, and overflow is latched.
 * */
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "expect.h"
#include "prng.h"

enum {
    ONE_MIB = 1 << 20
};

static void gives_aligned_disjoint_memory(void **state)
{
    (void)state;
    enum {
        GIVEN = 400
    };
    static unsigned char *blocks[GIVEN];
    static size_t sizes[GIVEN];
    _Alignas(max_align_t) char storage[256 + 1];
    struct mg_prng prng = mg_property_begin("arena");
    struct mg_arena arena;
    /* Storage that begins off any alignment. */
    mg_arena_init(&arena, storage + 1, 256, ONE_MIB);
    for (unsigned i = 0; i < GIVEN; i++) {
        sizes[i] = (size_t)(mg_prng_next(&prng) >> (52 + mg_prng_below(&prng, 12)));
        blocks[i] = mg_arena_alloc(&arena, sizes[i]);
        assert_non_null(blocks[i]);
        mg_expect_int("aligned", (uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        if (sizes[i] > 0) {
            memset(blocks[i], (int)(i & 0xff), sizes[i]);
        }
    }
    for (unsigned i = 0; i < GIVEN; i++) {
        for (size_t at = 0; at < sizes[i]; at++) {
            mg_expect_int("nobody else wrote here", blocks[i][at], i & 0xff);
        }
    }
    mg_expect_int("nothing overflowed", mg_arena_overflowed(&arena), false);
    mg_arena_fini(&arena);
}

static void uses_storage_before_malloc(void **state)
{
    (void)state;
    _Alignas(max_align_t) char storage[64];
    struct mg_arena arena;
    mg_arena_init(&arena, storage, sizeof(storage), 0);
    mg_expect_true("all of it", mg_arena_alloc(&arena, sizeof(storage)) == (void *)storage);
    mg_expect_int("no more", mg_arena_alloc(&arena, 1) == NULL, true);
    mg_expect_int("own blocks", arena.taken_bytes, 0);
    mg_arena_reset(&arena);
    mg_expect_true("again after a reset", mg_arena_alloc(&arena, 1) == (void *)storage);
    mg_arena_fini(&arena);
}

static void overflow_is_sticky(void **state)
{
    (void)state;
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, 10000);
    assert_non_null(mg_arena_alloc(&arena, 10));
    mg_expect_true("over the maximum", mg_arena_alloc(&arena, 10001) == NULL);
    mg_expect_int("latched", mg_arena_overflowed(&arena), true);
    assert_non_null(mg_arena_alloc(&arena, 10));
    mg_expect_int("still latched after one that fits", mg_arena_overflowed(&arena), true);
    mg_arena_reset(&arena);
    mg_expect_int("until the reset", mg_arena_overflowed(&arena), false);
    mg_expect_true("sizes near the top of size_t",
                   mg_arena_alloc(&arena, SIZE_MAX - 8) == NULL);
    mg_expect_int("are an overflow", mg_arena_overflowed(&arena), true);
    mg_arena_fini(&arena);
}

static void keeps_to_its_maximum(void **state)
{
    (void)state;
    for (size_t max = 0; max < 20000; max += 777) {
        struct mg_arena arena;
        mg_arena_init(&arena, NULL, 0, max);
        size_t given = 0;
        while (mg_arena_alloc(&arena, 16) != NULL) {
            given += 16;
            assert_true(given <= max);
        }
        mg_expect_true("own blocks stay within it", arena.taken_bytes <= max);
        mg_expect_true("and it can be used up", given + 15 >= max);
        mg_arena_fini(&arena);
    }
}

static void calloc_clears_and_checks_the_product(void **state)
{
    (void)state;
    static const char zeros[512];
    _Alignas(max_align_t) char storage[512];
    memset(storage, 'x', sizeof(storage));
    struct mg_arena arena;
    mg_arena_init(&arena, storage, sizeof(storage), 0);
    char *block = mg_arena_calloc(&arena, 8, 64);
    assert_non_null(block);
    assert_memory_equal(block, zeros, 512);
    mg_expect_int("so far fine", mg_arena_overflowed(&arena), false);
    mg_expect_true("a product past size_t",
                   mg_arena_calloc(&arena, SIZE_MAX / 2 + 1, 2) == NULL);
    mg_expect_int("is an overflow", mg_arena_overflowed(&arena), true);
    mg_arena_fini(&arena);
}

static void dup_and_printf_terminate(void **state)
{
    (void)state;
    _Alignas(max_align_t) char storage[64];
    memset(storage, 'x', sizeof(storage));
    struct mg_arena arena;
    mg_arena_init(&arena, storage, sizeof(storage), 0);
    struct mg_str copy = mg_arena_dup(&arena, MG_STR("a\0b"));
    mg_expect_str("a copy", copy, MG_STR("a\0b"));
    mg_expect_int("has a NUL behind it", copy.ptr[3], 0);
    struct mg_str empty = mg_arena_dup(&arena, (struct mg_str){0});
    mg_expect_int("so has an empty one", empty.ptr[0], 0);
    struct mg_str text = mg_arena_printf(&arena, "%d-%s", 42, "x");
    mg_expect_str("formatted", text, MG_STR("42-x"));
    mg_expect_int("has a NUL behind it too", text.ptr[4], 0);
    mg_expect_int("all fitted", mg_arena_overflowed(&arena), false);

    struct mg_str none = mg_arena_printf(&arena, "%0100d", 1);
    mg_expect_str("a text too long is empty", none, MG_STR(""));
    mg_expect_int("and latches", mg_arena_overflowed(&arena), true);
    char big[65] = {0};
    none = mg_arena_dup(&arena, (struct mg_str){big, sizeof(big)});
    mg_expect_str("a copy too long is empty", none, MG_STR(""));
    mg_arena_fini(&arena);
}

static void dup_and_printf_take_the_text_and_a_nul(void **state)
{
    (void)state;
    _Alignas(max_align_t) char storage[16];
    struct mg_arena arena;
    mg_arena_init(&arena, storage, sizeof(storage), 0);
    mg_expect_int("15 bytes are copied into 16",
                  mg_arena_dup(&arena, MG_STR("123456789012345")).len, 15);
    mg_arena_reset(&arena);
    mg_expect_int("and formatted", mg_arena_printf(&arena, "%015d", 1).len, 15);
    mg_arena_reset(&arena);
    mg_expect_int("16 are not copied", mg_arena_dup(&arena, MG_STR("1234567890123456")).len, 0);
    mg_arena_reset(&arena);
    mg_expect_int("nor formatted", mg_arena_printf(&arena, "%016d", 1).len, 0);
    mg_arena_fini(&arena);
}

static void nothing_is_an_allocation_too(void **state)
{
    (void)state;
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, 100);
    mg_expect_true("of a fresh arena", mg_arena_alloc(&arena, 0) != NULL);
    mg_expect_true("of one in use", mg_arena_alloc(&arena, 0) != NULL);
    mg_expect_int("is no overflow", mg_arena_overflowed(&arena), false);
    mg_arena_fini(&arena);
}

static void rewind_gives_back_what_came_after(void **state)
{
    (void)state;
    _Alignas(max_align_t) char storage[64];
    struct mg_arena arena;
    mg_arena_init(&arena, storage, sizeof(storage), ONE_MIB);
    struct mg_arena_mark start = mg_arena_snapshot(&arena);
    char *kept = mg_arena_alloc(&arena, 16);
    memcpy(kept, "kept", 5);
    struct mg_arena_mark in_storage = mg_arena_snapshot(&arena);
    char *second = mg_arena_alloc(&arena, 16);
    assert_non_null(mg_arena_alloc(&arena, 2000));
    struct mg_arena_mark in_block = mg_arena_snapshot(&arena);
    char *third = mg_arena_alloc(&arena, 100);
    assert_non_null(mg_arena_alloc(&arena, 50000));

    mg_arena_rewind(&arena, in_block);
    mg_expect_true("within a block", mg_arena_alloc(&arena, 100) == (void *)third);
    mg_arena_rewind(&arena, in_storage);
    mg_expect_int("own blocks are freed", arena.taken_bytes, 0);
    mg_expect_true("within storage", mg_arena_alloc(&arena, 16) == (void *)second);
    mg_expect_text("what came before stays", kept, "kept");
    assert_non_null(mg_arena_alloc(&arena, 33));
    mg_expect_true("storage ends where it did", arena.taken_bytes > 0);
    mg_arena_rewind(&arena, start);
    mg_expect_true("to the start", mg_arena_alloc(&arena, 16) == (void *)kept);
    mg_arena_fini(&arena);
}

static void rewind_forgets_only_later_overflows(void **state)
{
    (void)state;
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, 100);
    struct mg_arena_mark before = mg_arena_snapshot(&arena);
    assert_null(mg_arena_alloc(&arena, 101));
    struct mg_arena_mark after = mg_arena_snapshot(&arena);
    mg_arena_rewind(&arena, after);
    mg_expect_int("one from before the mark stays", mg_arena_overflowed(&arena), true);
    mg_arena_rewind(&arena, before);
    mg_expect_int("one from after it goes", mg_arena_overflowed(&arena), false);
    mg_arena_fini(&arena);
}

static void allocation_failure_is_an_overflow(void **state)
{
    (void)state;
    if (!mg_alloc_fail_at(1)) {
        skip();
    }
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, ONE_MIB);
    mg_expect_true("NULL", mg_arena_alloc(&arena, 8) == NULL);
    mg_expect_int("latched", mg_arena_overflowed(&arena), true);
    mg_expect_true("the next try may work", mg_arena_alloc(&arena, 8) != NULL);
    mg_arena_reset(&arena);
    (void)mg_alloc_fail_at(1);
    mg_expect_str("printf gives an empty text", mg_arena_printf(&arena, "abc"), MG_STR(""));
    mg_arena_fini(&arena);
    (void)mg_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_disjoint_memory),
        cmocka_unit_test(uses_storage_before_malloc),
        cmocka_unit_test(overflow_is_sticky),
        cmocka_unit_test(keeps_to_its_maximum),
        cmocka_unit_test(calloc_clears_and_checks_the_product),
        cmocka_unit_test(dup_and_printf_terminate),
        cmocka_unit_test(dup_and_printf_take_the_text_and_a_nul),
        cmocka_unit_test(nothing_is_an_allocation_too),
        cmocka_unit_test(rewind_gives_back_what_came_after),
        cmocka_unit_test(rewind_forgets_only_later_overflows),
        cmocka_unit_test(allocation_failure_is_an_overflow),
    };
    return cmocka_run_group_tests_name("core/arena", tests, NULL, NULL);
}
