/* budget.c - the bounds of loading and of each call afterwards.
 *
 * Loading ends for good where a bound is passed. They are looked at by a count hook every
 * LOAD_HOOK_STEPS instructions, by mg_script_charge before work in C, and soon after every
 * LOAD_ALLOCATION_STEP allocated bytes, because one instruction can copy megabytes.
 *
 * A call of a sealed state runs without a hook, which would double its cost: its time is the
 * watchdog's business, steps are only what C charges, memory is the allocator's. With
 * budget.counts the hook runs at each instruction instead, and there is no watchdog.
 *
 * Where a bound is passed, `spent` is set and the hook is put on every instruction: whatever
 * still runs (a script's pcall among it) raises again at once, until the door is reached.
 *
 * Between calls the collector is stopped. A call that allocates a quarter of its bytes has it
 * run again, step by step, until it ends, so that garbage alone fails no call. The allocator
 * refuses what is beyond the ceiling; Lua then mostly collects everything and asks again, which
 * costs a walk over the heap, so a call gets that only a few times. What it allocates in all is
 * bounded as well, and counts as too many steps: copying and collecting are work done for it.
 */
#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "script/fields.h"
#include "script/state_internal.h"

enum {
    STOPS_A_SET = 32, /* signals to a call that is being ended, before its hook is set anew */
    LOAD_HOOK_STEPS = 100,
    LOAD_ALLOCATION_STEP = 4 << 20,
    LOAD_BYTES_A_STEP = 64,      /* allocated bytes that count as one step */
    POLL_STEPS = 1000,           /* between looks at the watchdog, where it cannot signal */
    MAX_REFUSALS = 16,           /* of a call, each with a collection of the whole heap, */
    MAX_WALKED_BYTES = 64 << 20, /* and with what these walk over, in all */
    COLLECTOR_SPEED = 20,        /* a fifth of Lua's own: shorter steps, and still far ahead */
    DEFAULT_CPU_MS = 5,
    DEFAULT_WALL_MS = 1000,
    DEFAULT_STEPS = 1000 * 1000,
    DEFAULT_BYTES = 4 << 20,
};

/* ---- what is said where a bound is passed ---- */

/* Allocated bytes that one call may take in all, garbage among them. */
static uint64_t volume_of(const struct mg_script *script)
{
    return (uint64_t)script->budget.max_bytes * 8;
}

static void fail_loading(struct mg_script *script, enum mg_script_bound bound)
{
    struct mg_err *err = &script->final.err;
    if (bound == MG_BOUND_MEMORY && script->refused_by == MG_REFUSED_FOR_FIELDS) {
        err->code = "policy-memory";
        MG_ERR_SET(err->message, "a table has more than %d fields", (int)MG_LOAD_MAX_FIELDS);
        MG_ERR_SET(err->hint, "long lists of origins belong into a text file: file \"…\"");
        return;
    }
    if (bound == MG_BOUND_MEMORY) {
        err->code = "policy-memory";
        MG_ERR_SET(err->message, "the policies need more than %zu bytes of memory to load",
                   script->limits.max_bytes);
        MG_ERR_SET(err->hint, "long lists of origins belong into a text file: file \"…\"");
        return;
    }
    err->code = "policy-timeout";
    MG_ERR_SET(err->message,
               "loading took more than %llu steps or %u ms of CPU time, and was stopped here",
               (unsigned long long)script->limits.max_steps,
               (unsigned)script->limits.max_cpu_ms);
    MG_ERR_SET(err->hint, "a policy declares; look for a loop that does not end");
}

static void fail_for_memory(struct mg_script *script)
{
    struct mg_err *err = &script->final.err;
    err->code = "budget-memory";
    if (script->refused_by == MG_REFUSED_BY_SYSTEM) {
        MG_ERR_SET(err->message, "the machine is out of memory");
    } else if (script->refused_by == MG_REFUSED_FOR_FIELDS) {
        MG_ERR_SET(err->message,
                   "one call makes a table of more than %d fields, and was stopped here",
                   (int)MG_CALL_MAX_FIELDS);
        MG_ERR_SET(err->hint, "a list, from 1 on, may be longer");
    } else if (script->refused_by == MG_REFUSED_BY_STATE) {
        MG_ERR_SET(err->message, "all scripts together need more than %zu bytes of memory",
                   script->limits.max_bytes);
        MG_ERR_SET(err->hint, "long lists of origins belong into a text file: file \"…\"");
    } else {
        MG_ERR_SET(err->message,
                   "one call needs more than %zu bytes of memory, and was stopped here",
                   script->budget.max_bytes);
        MG_ERR_SET(err->hint, "make big tables once, when the policy is loaded");
    }
}

static void fail_call(struct mg_script *script, enum mg_script_bound bound)
{
    struct mg_err *err = &script->final.err;
    const struct mg_script_budget *budget = &script->budget;
    if (bound == MG_BOUND_MEMORY) {
        fail_for_memory(script);
    } else if (bound == MG_BOUND_TIME) {
        err->code = "budget-time";
        bool is_wall = script->watch.was_wall;
        MG_ERR_SET(err->message, "one call took more than %u ms%s, and was stopped here",
                   (unsigned)(is_wall ? budget->max_wall_ms : budget->max_cpu_ms),
                   is_wall ? "" : " of CPU time");
        MG_ERR_SET(err->hint, "look for a loop that is long or does not end");
    } else if (script->steps > script->max_steps) {
        err->code = "budget-steps";
        MG_ERR_SET(err->message, "one call took more than %llu steps, and was stopped here",
                   (unsigned long long)script->max_steps);
        MG_ERR_SET(err->hint,
                   "patterns and long texts take the most; shorten what is searched");
    } else {
        err->code = "budget-steps";
        MG_ERR_SET(err->message,
                   "one call allocated more than %llu bytes in all, and was stopped here",
                   (unsigned long long)volume_of(script));
        MG_ERR_SET(err->hint, "join texts once, with table.concat, and reuse tables");
    }
}

/* The bound is passed. `final` is already placed when that is of memory. */
static void spend(struct mg_script *script, enum mg_script_bound bound)
{
    if (bound != MG_BOUND_MEMORY) {
        mg_fault_place(script, 0, NULL, &script->final);
    }
    script->final.err.severity = MG_ERROR;
    script->final.bound = bound;
    if (script->is_sealed) {
        fail_call(script, bound);
    } else {
        fail_loading(script, bound);
    }
    script->spent = script->final.err.code;
}

void mg_budget_spend_memory(struct mg_script *script)
{
    if (script->spent == NULL && script->refusals > 0) {
        spend(script, MG_BOUND_MEMORY);
    }
}

void mg_budget_spend_time(struct mg_script *script)
{
    if (script->spent == NULL) {
        spend(script, MG_BOUND_TIME);
    }
}

/* ---- hooks ---- */

static void on_load_count(lua_State *L, lua_Debug *frame);
static void on_call_count(lua_State *L, lua_Debug *frame);

/* Safe in a signal handler on the script's thread, as lua_sethook is. */
static void set_hook(struct mg_script *script, int steps)
{
    lua_Hook hook = script->is_sealed ? on_call_count : on_load_count;
    int mask = (steps == 0 ? 0 : LUA_MASKCOUNT) | (script->lines.fn == NULL ? 0 : LUA_MASKLINE);
    script->hook_steps = steps;
    lua_sethook(script->L, mask == 0 ? NULL : hook, mask, steps);
}

void mg_script_watch_lines(struct mg_script *script, mg_line_fn report, void *context)
{
    script->lines = (struct mg_line_watch){report, context};
    set_hook(script, script->hook_steps);
}

/* The watchdog's: in a signal handler, in the midst of a call. */
static void stop(void *context)
{
    struct mg_script *script = context;
    bool is_set = lua_gethook(script->L) != NULL && lua_gethookcount(script->L) == 1;
    /* lua_sethook walks all frames: on a deep stack, doing so again at each tick would leave
     * the script no time to get to its end. Now and then it is done again all the same, should
     * a frame have been begun in the very moment of the first. */
    script->stops = is_set ? script->stops + 1 : 0;
    if (script->stops % STOPS_A_SET == 0) {
        set_hook(script, 1);
    }
}

static bool is_loading_over(struct mg_script *script)
{
    if (script->steps > script->max_steps) {
        return true;
    }
    uint64_t now_ms = mg_clock_coarse_ms();
    if (now_ms == script->asked_ms) {
        return false; /* asking for CPU time is a system call; once a tick is enough */
    }
    script->asked_ms = now_ms;
    uint64_t used_us = script->cpu_us + (mg_clock_thread_cpu_us() - script->cpu_start_us);
    return used_us > (uint64_t)script->limits.max_cpu_ms * 1000;
}

static enum mg_script_bound passed_bound(struct mg_script *script)
{
    if (!script->is_sealed) {
        return is_loading_over(script) ? MG_BOUND_TIME : MG_BOUND_NONE;
    }
    if (script->steps > script->max_steps) {
        return MG_BOUND_STEPS;
    }
    return mg_watch_is_killed(&script->watch) ? MG_BOUND_TIME : MG_BOUND_NONE;
}

static void check_bounds(lua_State *L)
{
    struct mg_script *script = mg_script_of(L);
    if (script->spent == NULL) {
        enum mg_script_bound bound = passed_bound(script);
        if (bound == MG_BOUND_NONE) {
            return;
        }
        spend(script, bound);
    }
    set_hook(script, 1);
    (void)mg_fault_raise_mark(L);
}

/* Fills fixed fields of `frame` only: never raises. */
static void report_line(lua_State *L, struct mg_script *script, lua_Debug *frame)
{
    if (script->fault != NULL && lua_getinfo(L, "S", frame) != 0 && frame->source[0] == '@') {
        script->lines.fn(script->lines.context, frame->source + 1, frame->currentline);
    }
}

static void on_load_count(lua_State *L, lua_Debug *frame)
{
    struct mg_script *script = mg_script_of(L);
    if (frame->event == LUA_HOOKLINE) {
        report_line(L, script, frame);
        return;
    }
    script->steps += (uint64_t)script->hook_steps;
    check_bounds(L);
    if (script->hook_steps != LOAD_HOOK_STEPS) {
        set_hook(script, LOAD_HOOK_STEPS);
    }
}

static void on_call_count(lua_State *L, lua_Debug *frame)
{
    struct mg_script *script = mg_script_of(L);
    if (frame->event == LUA_HOOKLINE) {
        report_line(L, script, frame);
        return;
    }
    script->steps += script->budget.counts;
    check_bounds(L);
    if (script->collector == MG_COLLECTOR_WANTED) {
        script->collector = MG_COLLECTOR_RUNS;
        (void)lua_gc(L, LUA_GCRESTART);
        /* A signal in the midst of this may be lost; the watchdog repeats it. */
        set_hook(script, script->rest_steps);
    }
}

void mg_script_charge(lua_State *L, uint64_t steps)
{
    struct mg_script *script = mg_script_of(L);
    script->steps = steps > UINT64_MAX - script->steps ? UINT64_MAX : script->steps + steps;
    check_bounds(L);
}

uint64_t mg_script_steps_left(lua_State *L)
{
    const struct mg_script *script = mg_script_of(L);
    return script->steps < script->max_steps ? script->max_steps - script->steps : 0;
}

/* ---- the allocator ---- */

/* Refuse an allocation, which stands if a collection gives nothing back. The place is that of
 * the first refusal since one was granted: what is refused while the stack unwinds comes
 * later. */
static void refuse(struct mg_script *script, enum mg_refusal by)
{
    if (script->fault == NULL || script->spent != NULL) {
        return;
    }
    if (script->refusals == 0 || script->refused_at != script->allocated) {
        mg_fault_place(script, 0, NULL, &script->final);
        script->refused_by = by;
        script->refused_at = script->allocated;
    }
    script->refusals++;
    script->walked += script->bytes;
    bool is_last = script->refusals > MAX_REFUSALS || script->walked > MAX_WALKED_BYTES ||
                   by == MG_REFUSED_FOR_FIELDS;
    if (script->is_sealed && is_last) {
        script->ceiling = 0;
        spend(script, MG_BOUND_MEMORY);
        set_hook(script, 1);
    }
}

static bool may_grow(struct mg_script *script, size_t growth)
{
    size_t room = script->ceiling > script->bytes ? script->ceiling - script->bytes : 0;
    if (growth > room) {
        bool is_call = script->is_sealed && script->ceiling < script->limits.max_bytes;
        refuse(script, is_call ? MG_REFUSED_BY_CALL : MG_REFUSED_BY_STATE);
        return false;
    }
    return true;
}

/* Whether a new block is the hash part of a table with too many fields. */
static bool has_too_many_fields(const struct mg_script *script, size_t size)
{
    return size / MG_FIELD_BYTES > script->max_fields && mg_fields_may_be(size);
}

/* Count allocated bytes. Before they are allocated: spend looks at Lua's stack, which may be
 * the very block that is about to move. */
static void count_growth(struct mg_script *script, size_t growth)
{
    script->allocated += growth;
    if (!script->is_sealed) {
        script->steps += growth / LOAD_BYTES_A_STEP;
    }
    if (script->allocated <= script->allocated_max || script->fault == NULL) {
        return;
    }
    if (!script->is_sealed) {
        script->allocated_max = script->allocated + LOAD_ALLOCATION_STEP;
    } else if (script->collector == MG_COLLECTOR_STOPPED) {
        script->collector = MG_COLLECTOR_WANTED;
        script->allocated_max += volume_of(script) - mg_budget_collect_at(script);
    } else if (script->spent == NULL) {
        spend(script, MG_BOUND_STEPS);
    }
    set_hook(script, 1);
}

void *mg_budget_allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct mg_script *script = context;
    if (block == NULL) {
        if (old_size == 0 && has_too_many_fields(script, new_size)) {
            refuse(script, MG_REFUSED_FOR_FIELDS);
            return NULL;
        }
        old_size = 0; /* it was the kind of the new object, 0 for what is none by itself */
    }
    if (new_size == 0) {
        (void)mg_pool_resize(&script->pool, block, old_size, 0);
        script->bytes -= old_size;
        return NULL;
    }
    if (new_size > old_size) {
        if (!may_grow(script, new_size - old_size)) {
            return NULL;
        }
        count_growth(script, new_size - old_size);
    }
    void *moved = mg_pool_resize(&script->pool, block, old_size, new_size);
    if (moved == NULL) {
        if (new_size > old_size) {
            refuse(script, MG_REFUSED_BY_SYSTEM);
            return NULL;
        }
        moved = block;
    }
    script->bytes = script->bytes - old_size + new_size;
    return moved;
}

/* ---- calls ---- */

void mg_budget_begin_loading(struct mg_script *script)
{
    script->refusals = 0;
    script->cpu_start_us = mg_clock_thread_cpu_us();
    set_hook(script, LOAD_HOOK_STEPS);
}

void mg_budget_end_loading(struct mg_script *script)
{
    set_hook(script, 0);
    script->cpu_us += mg_clock_thread_cpu_us() - script->cpu_start_us;
}

void mg_budget_set(struct mg_script *script, const struct mg_script_budget *budget)
{
    script->budget = *budget;
    script->max_steps = budget->max_steps;
    mg_watch_bound(&script->watch, budget->max_cpu_ms, budget->max_wall_ms);
}

/* The smaller one; a zero of `own` is none. */
static uint64_t narrowed(uint64_t own, uint64_t whole)
{
    return own != 0 && own < whole ? own : whole;
}

void mg_budget_narrow(struct mg_script *script, const struct mg_script_budget *budget)
{
    const struct mg_script_budget *whole = &script->budget;
    const struct mg_script_budget both = {
        .max_cpu_ms = (uint32_t)narrowed(budget->max_cpu_ms, whole->max_cpu_ms),
        .max_wall_ms = (uint32_t)narrowed(budget->max_wall_ms, whole->max_wall_ms),
        .max_steps = narrowed(budget->max_steps, whole->max_steps),
        .max_bytes = narrowed(budget->max_bytes, whole->max_bytes),
        .counts = whole->counts,
    };
    mg_budget_set(script, &both);
}

void mg_budget_seal(struct mg_script *script, const struct mg_script_budget *budget)
{
    const struct mg_script_budget bounds = {
        .max_cpu_ms = budget->max_cpu_ms != 0 ? budget->max_cpu_ms : DEFAULT_CPU_MS,
        .max_wall_ms = budget->max_wall_ms != 0 ? budget->max_wall_ms : DEFAULT_WALL_MS,
        .max_steps = budget->max_steps != 0 ? budget->max_steps : DEFAULT_STEPS,
        .max_bytes = budget->max_bytes != 0 ? budget->max_bytes : DEFAULT_BYTES,
        .counts = budget->counts,
    };
    mg_budget_set(script, &bounds);
    script->steps_before = script->steps;
    script->steps = 0;
    script->watch.stop = stop;
    script->watch.context = script;
    script->is_sealed = true;
    script->max_fields = MG_CALL_MAX_FIELDS;
#ifdef MG_SCRIPT_COUNTING_HOOK
    script->rest_steps = POLL_STEPS;
#endif
    script->rest_steps = script->budget.counts ? 1 : script->rest_steps;
    set_hook(script, script->rest_steps);
    (void)lua_gc(script->L, LUA_GCINC, 0, COLLECTOR_SPEED, 0);
    (void)lua_gc(script->L, LUA_GCCOLLECT);
    (void)lua_gc(script->L, LUA_GCSTOP);
    script->stepped_at = script->allocated;
    script->sealed_bytes = script->bytes;
}

void mg_budget_reset(struct mg_script *script)
{
    script->spent = NULL;
    if (script->collector != MG_COLLECTOR_STOPPED) {
        script->collector = MG_COLLECTOR_STOPPED;
        (void)lua_gc(script->L, LUA_GCSTOP);
    }
    if (script->hook_steps != script->rest_steps) {
        set_hook(script, script->rest_steps);
    }
}
