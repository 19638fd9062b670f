/* wheel.c - the wheel.
 *
 *      tick ──▶ t+1   t+2   t+3   …   t+511
 *              ┌────┬─────┬─────┬───┬──────┐
 *              │    │ A C │     │ B │  D   │    D is due later than t+511: its slot comes up
 *              └────┴─────┴─────┴───┴──────┘    too early and files it anew
 *
 * Invariant: every filed timer is in a slot of the ticks tick+1 … tick+511, so the slot being
 * worked off never gains a timer and emptying it ends.
 */
#include "net/wheel.h"

#include <stddef.h>
#include <string.h>

enum {
    SLOT_MASK = MG_WHEEL_SLOTS - 1,
    WORD_BITS = 64,
    WORDS = MG_WHEEL_SLOTS / WORD_BITS
};

void mg_wheel_init(struct mg_wheel *wheel, uint64_t now_ms)
{
    memset(wheel, 0, sizeof(*wheel));
    wheel->tick = now_ms >> MG_WHEEL_TICK_SHIFT;
}

static size_t slot_of(const struct mg_timer *timer)
{
    return (size_t)(timer->slot_ms >> MG_WHEEL_TICK_SHIFT) & SLOT_MASK;
}

static void file(struct mg_wheel *wheel, struct mg_timer *timer)
{
    uint64_t tick = (timer->deadline_ms >> MG_WHEEL_TICK_SHIFT) +
                    ((timer->deadline_ms & (MG_WHEEL_TICK_MS - 1)) != 0);
    if (tick <= wheel->tick) {
        tick = wheel->tick + 1;
    } else if (tick > wheel->tick + SLOT_MASK) {
        tick = wheel->tick + SLOT_MASK;
    }
    timer->slot_ms = tick << MG_WHEEL_TICK_SHIFT;
    size_t slot = slot_of(timer);
    timer->prev = NULL;
    timer->next = wheel->slots[slot];
    if (timer->next != NULL) {
        timer->next->prev = timer;
    }
    wheel->slots[slot] = timer;
    wheel->occupied[slot / WORD_BITS] |= UINT64_C(1) << (slot % WORD_BITS);
}

bool mg_wheel_set(struct mg_wheel *wheel, struct mg_timer *timer, uint64_t deadline_ms)
{
    timer->deadline_ms = deadline_ms;
    if (mg_timer_is_set(timer)) {
        /* A slot that comes up before the deadline stays right; a later one would fire late. */
        if (timer->slot_ms < deadline_ms + MG_WHEEL_TICK_MS) {
            return false;
        }
        mg_wheel_cancel(wheel, timer);
    }
    file(wheel, timer);
    return true;
}

void mg_wheel_cancel(struct mg_wheel *wheel, struct mg_timer *timer)
{
    if (!mg_timer_is_set(timer)) {
        return;
    }
    size_t slot = slot_of(timer);
    if (timer->next != NULL) {
        timer->next->prev = timer->prev;
    }
    if (timer->prev != NULL) {
        timer->prev->next = timer->next;
    } else {
        wheel->slots[slot] = timer->next;
        if (timer->next == NULL) {
            wheel->occupied[slot / WORD_BITS] &= ~(UINT64_C(1) << (slot % WORD_BITS));
        }
    }
    timer->prev = NULL;
    timer->next = NULL;
    timer->slot_ms = 0;
}

/* The first tick after wheel->tick whose slot is not empty; 0: none. */
static uint64_t next_tick(const struct mg_wheel *wheel)
{
    size_t first = (size_t)(wheel->tick + 1) & SLOT_MASK;
    /* One word more than there are: the word of `first` is looked at twice, its upper part at
     * the start and its lower part after the wrap. */
    for (size_t i = 0; i <= WORDS; i++) {
        size_t word = (first / WORD_BITS + i) % WORDS;
        uint64_t bits = wheel->occupied[word];
        if (i == 0) {
            bits &= UINT64_MAX << (first % WORD_BITS);
        }
        if (bits != 0) {
            size_t slot = word * WORD_BITS + (size_t)__builtin_ctzll(bits);
            return wheel->tick + 1 + ((slot - first) & SLOT_MASK);
        }
    }
    return 0;
}

void mg_wheel_advance(struct mg_wheel *wheel, uint64_t now_ms)
{
    uint64_t target = now_ms >> MG_WHEEL_TICK_SHIFT;
    while (wheel->tick < target) {
        uint64_t tick = next_tick(wheel);
        if (tick == 0 || tick > target) {
            wheel->tick = target;
            return;
        }
        wheel->tick = tick;
        struct mg_timer **slot = &wheel->slots[(size_t)tick & SLOT_MASK];
        while (*slot != NULL) {
            struct mg_timer *timer = *slot;
            mg_wheel_cancel(wheel, timer);
            if (timer->deadline_ms <= now_ms) {
                timer->fire(timer);
            } else {
                file(wheel, timer);
            }
        }
    }
}

uint64_t mg_wheel_next_ms(const struct mg_wheel *wheel)
{
    return next_tick(wheel) << MG_WHEEL_TICK_SHIFT;
}
