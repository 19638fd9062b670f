/* test_access_ring.c - the queue keeps order and bytes, refuses when full, and works
 * between two threads. */
#include <pthread.h>
#include <sched.h>

#include "expect.h"
#include "prng.h"
#include "server/access_ring.h"

enum {
    SIZE = 256,
    RECORDS = 200000
};

static void refuses_when_full_and_takes_again_after_a_release(void **state)
{
    (void)state;
    struct byte_ring ring;
    size_t size = 0;
    unsigned taken = 0;
    assert_true(mg_ring_init(&ring, SIZE));
    while (mg_ring_reserve(&ring, 24) != NULL) {
        mg_ring_publish(&ring, 24);
        taken++;
    }
    mg_expect_int("records of a word and 24 bytes", taken, SIZE / 32);
    assert_non_null(mg_ring_peek(&ring, &size));
    mg_expect_int("size of the oldest", size, 24);
    mg_ring_release(&ring);
    assert_non_null(mg_ring_reserve(&ring, 24));
    assert_null(mg_ring_reserve(&ring, SIZE));
    mg_ring_fini(&ring);
}

static void a_reservation_that_is_not_published_leaves_no_record(void **state)
{
    (void)state;
    struct byte_ring ring;
    size_t size = 0;
    assert_true(mg_ring_init(&ring, SIZE));
    assert_non_null(mg_ring_reserve(&ring, 16));
    assert_null(mg_ring_peek(&ring, &size));
    mg_ring_fini(&ring);
}

static void *produce(void *argument)
{
    struct byte_ring *ring = argument;
    for (uint32_t i = 0; i < RECORDS; i++) {
        size_t size = sizeof(i) * (1 + i % 9);
        uint32_t *to;
        while ((to = mg_ring_reserve(ring, size)) == NULL) {
            sched_yield();
        }
        for (size_t word = 0; word < size / sizeof(i); word++) {
            to[word] = i;
        }
        mg_ring_publish(ring, size);
    }
    return NULL;
}

static void records_of_every_size_cross_threads_whole_and_in_order(void **state)
{
    (void)state;
    struct byte_ring ring;
    pthread_t producer;
    assert_true(mg_ring_init(&ring, SIZE));
    assert_int_equal(pthread_create(&producer, NULL, produce, &ring), 0);
    for (uint32_t i = 0; i < RECORDS; i++) {
        size_t size = 0;
        const uint32_t *from;
        while ((from = mg_ring_peek(&ring, &size)) == NULL) {
            sched_yield();
        }
        if (size != sizeof(i) * (1 + i % 9) || from[0] != i ||
            from[size / sizeof(i) - 1] != i) {
            fail_msg("record %u: got size %zu, first word %u", i, size, from[0]);
        }
        mg_ring_release(&ring);
    }
    (void)pthread_join(producer, NULL);
    mg_ring_fini(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_when_full_and_takes_again_after_a_release),
        cmocka_unit_test(a_reservation_that_is_not_published_leaves_no_record),
        cmocka_unit_test(records_of_every_size_cross_threads_whole_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
