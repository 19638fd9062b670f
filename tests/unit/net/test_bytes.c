/* test_bytes.c - the byte queue against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/bytes.h"

static void bytes_empty_queue_has_no_block(void **state)
{
    (void)state;
    struct mg_bytes *queue = NULL;
    assert_int_equal(mg_bytes_count(queue), 0);
    assert_true(mg_bytes_append(&queue, MG_STR("abc"), 10));
    mg_bytes_take(&queue, 2);
    assert_memory_equal(mg_bytes_front(queue), "c", 1);
    mg_bytes_take(&queue, 1);
    assert_null(queue);
    mg_bytes_free(&queue);
}

static void bytes_maximum_is_kept(void **state)
{
    (void)state;
    struct mg_bytes *queue = NULL;
    size_t room = 0;
    assert_false(mg_bytes_append(&queue, MG_STR("12345"), 4));
    assert_null(queue);
    assert_true(mg_bytes_append(&queue, MG_STR("1234"), 4));
    assert_false(mg_bytes_append(&queue, MG_STR("5"), 4));
    assert_null(mg_bytes_reserve(&queue, SIZE_MAX, SIZE_MAX - 1, &room));
    assert_int_equal(mg_bytes_count(queue), 4);
    mg_bytes_take(&queue, 1);
    assert_true(mg_bytes_append(&queue, MG_STR("5"), 4)); /* in the gap at the front */
    assert_memory_equal(mg_bytes_front(queue), "2345", 4);
    mg_bytes_free(&queue);
}

/* Property: what is taken is what was appended, in order, and the capacity obeys the
 *           maximum. */
static void bytes_keep_order_under_any_mix(void **state)
{
    (void)state;
    enum {
        STEPS = 20000,
        MAX_BYTES = 5000
    };
    struct mg_bytes *queue = NULL;
    unsigned char next_in = 0;
    unsigned char next_out = 0;
    unsigned seed = 7;
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1103515245 + 12345;
        size_t amount = (seed >> 12) % 700;
        if ((seed >> 8) % 2 == 0) {
            char piece[700];
            for (size_t i = 0; i < amount; i++) {
                piece[i] = (char)(unsigned char)(next_in + i);
            }
            size_t before = mg_bytes_count(queue);
            bool fits = before + amount <= MAX_BYTES;
            assert_int_equal(mg_bytes_append(&queue, (struct mg_str){piece, amount}, MAX_BYTES),
                             fits);
            next_in = (unsigned char)(next_in + (fits ? amount : 0));
        } else if (queue != NULL) {
            size_t count = mg_bytes_count(queue);
            amount = amount < count ? amount : count;
            for (size_t i = 0; i < amount; i++) {
                assert_int_equal((unsigned char)mg_bytes_front(queue)[i],
                                 (unsigned char)(next_out + i));
            }
            next_out = (unsigned char)(next_out + amount);
            mg_bytes_take(&queue, amount);
        }
        assert_true(queue == NULL || queue->capacity <= MAX_BYTES);
    }
    mg_bytes_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_empty_queue_has_no_block),
        cmocka_unit_test(bytes_maximum_is_kept),
        cmocka_unit_test(bytes_keep_order_under_any_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
