/* wheel.h - many coarse timers: a hashed wheel with lazy extension.
 *
 * Shape:     SLOTS lists, one a tick of MG_WHEEL_TICK_MS; a timer is filed under the tick in
 *            which it is due, or the farthest slot when it is due beyond one turn of the wheel.
 *            A bit a slot tells the next one that is not empty.
 * Laziness:  moving a deadline later only stores it; the timer is filed anew when its old slot
 *            comes up. A connection that pushes its idle deadline on with every request touches
 *            no list.
 * Accuracy:  never early; late by less than a tick, and by what the caller is late to advance.
 * Ownership: timers are the caller's, linked while set. Time is given by the caller.
 * Threads:   one owner.
 */
#ifndef MG_NET_WHEEL_H
#define MG_NET_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MG_WHEEL_TICK_SHIFT = 7,
    MG_WHEEL_TICK_MS = 1 << MG_WHEEL_TICK_SHIFT,
    MG_WHEEL_SLOTS = 512 /* one turn is 65 s, longer than the usual idle deadline */
};

/* The caller owns the struct; zeroed is unset. */
struct mg_timer {
    struct mg_timer *prev, *next;
    uint64_t deadline_ms;
    uint64_t slot_ms; /* the time its slot comes up; 0: not set */
    void (*fire)(struct mg_timer *timer);
};

struct mg_wheel {
    uint64_t tick; /* the last one that was worked off */
    uint64_t occupied[MG_WHEEL_SLOTS / 64];
    struct mg_timer *slots[MG_WHEEL_SLOTS];
};

/* Begin empty at `now_ms`. */
void mg_wheel_init(struct mg_wheel *wheel, uint64_t now_ms);

/* Set `timer` to fire when `deadline_ms` has come, or move it there; keeps it until it fires or
 * is cancelled. O(1). Returns: whether it was filed under another slot than before. */
bool mg_wheel_set(struct mg_wheel *wheel, struct mg_timer *timer, uint64_t deadline_ms);

/* Unset `timer`; nothing happens when it is not set. O(1). */
void mg_wheel_cancel(struct mg_wheel *wheel, struct mg_timer *timer);

static inline bool mg_timer_is_set(const struct mg_timer *timer)
{
    return timer->slot_ms != 0;
}

/* Fire every timer due at `now_ms`, in the order of their slots. A timer is unset when its
 * `fire` is called, which may set or cancel any timer, its own too. */
void mg_wheel_advance(struct mg_wheel *wheel, uint64_t now_ms);

/* When the next slot that is not empty comes up; 0: there is none. */
uint64_t mg_wheel_next_ms(const struct mg_wheel *wheel);

#endif
