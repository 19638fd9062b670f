/* meter.c - see the header. */
#include "script/meter.h"

#include "core/clock.h"
#include "script/state_internal.h"

enum {
    LONG_MS = 6,
    MAX_BUDGETS = 2,
};

bool mg_script_meter_begin(struct mg_script_meter *meter, const struct mg_script *script,
                           struct mg_script_fault *fault)
{
    const struct mg_script_budget *budget = mg_script_bounds(script);
    if (budget->counts) {
        return true;
    }
    uint64_t now_ms = mg_clock_coarse_ms();
    if (meter->first_ms == 0) {
        meter->first_ms = now_ms;
        return true;
    }
    meter->is_timed = meter->is_timed || now_ms - meter->first_ms >= LONG_MS;
    if (!meter->is_timed) {
        return true;
    }
    if (meter->used_us < MAX_BUDGETS * 1000ULL * budget->max_cpu_ms) {
        meter->start_us = mg_clock_thread_cpu_us();
        return true;
    }
    *fault = (struct mg_script_fault){
        .err = {.severity = MG_ERROR, .code = "budget-time"},
        .bound = MG_BOUND_TIME,
    };
    MG_ERR_SET(
        fault->err.message,
        "not called: the calls of this exchange took more than %u ms of CPU time together",
        (unsigned)(MAX_BUDGETS * budget->max_cpu_ms));
    MG_ERR_SET(fault->err.hint,
               "look for what is slow before it; a plugin's budget has cpu_ms");
    return false;
}

void mg_script_meter_end(struct mg_script_meter *meter)
{
    if (meter->is_timed) {
        meter->used_us += mg_clock_thread_cpu_us() - meter->start_us;
    }
}

bool mg_script_may_keep(lua_State *L)
{
    const struct mg_script *script = mg_script_of(L);
    size_t kept =
        script->bytes > script->sealed_bytes ? script->bytes - script->sealed_bytes : 0;
    return kept <= (script->limits.max_bytes - script->sealed_bytes) / 2;
}
