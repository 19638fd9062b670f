/* meter.h - what exchanges take beyond one call: the CPU time of all calls of one, since it is
 * their sum that holds a worker; and the memory that those under way keep between them.
 *
 * Shape:     begun before each call, ended behind it. The first call notes a coarse time; a
 *            later one that comes LONG_MS behind that is timed, and so are those that follow.
 *            Once they have taken two budgets of CPU time no other one begins. So the usual
 *            exchange, which is over in a fraction of a millisecond, pays for a coarse clock
 *            alone.
 * Threads:   as state.h.
 */
#ifndef MG_SCRIPT_METER_H
#define MG_SCRIPT_METER_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

struct mg_script;
struct mg_script_fault;

/* Zeroed when an exchange begins. */
struct mg_script_meter {
    uint64_t first_ms; /* when the first call began, by the coarse clock; 0: none has */
    uint64_t start_us; /* CPU time of the thread when the running call began */
    uint64_t used_us;  /* CPU time of calls that were timed */
    bool is_timed;
};

/* A call is to begin. Returns: false with *fault filled, code budget-time, when the calls
 * before it have taken all that an exchange gets. */
bool mg_script_meter_begin(struct mg_script_meter *meter, const struct mg_script *script,
                           struct mg_script_fault *fault);
/* It has ended. */
void mg_script_meter_end(struct mg_script_meter *meter);

/* Below the door of a sealed state: whether one exchange more may keep something. Those under
 * way get half of what the sealed state leaves of its memory; the other half is for calls,
 * whose exchanges keep nothing. */
bool mg_script_may_keep(lua_State *L);

#endif
