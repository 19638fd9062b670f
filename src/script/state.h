/* state.h - the one owner of lua_State: a bounded Lua in which policies are loaded, and whose
 * functions then decide requests.
 *
 * Shape:     a state with a counting allocator, the sandbox of sandbox.h and the program's own
 *            global functions. Code enters it by one door, which is a pcall: mg_script_call
 *            while loading, mg_script_run once it is sealed. Whatever can raise runs below it.
 * Bounds:    memory, counted by the allocator; steps (Lua instructions, and work done in C for
 *            the script, as charged); time of the calling thread. The script cannot catch the
 *            error of a passed bound. While loading it is passed for good: every later call
 *            fails. Of a sealed state, only the call fails.
 * Errors:    a call fills a struct mg_script_fault. Nothing is logged, nothing exits.
 * Threads:   one thread at a time.
 */
#ifndef MG_SCRIPT_STATE_H
#define MG_SCRIPT_STATE_H

#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>

#include "core/err.h"
#include "core/str.h"
#include "script/seal.h"

struct mg_script;

/* Bounds of one state; a zero stands for the default. */
struct mg_script_limits {
    size_t max_bytes;    /* of Lua's heap; half once sealed; default MG_SCRIPT_MAX_BYTES */
    uint64_t max_steps;  /* default MG_SCRIPT_MAX_STEPS */
    uint32_t max_cpu_ms; /* default MG_SCRIPT_MAX_CPU_MS */
};

enum {
    MG_SCRIPT_MAX_BYTES = 64 << 20,
    MG_SCRIPT_MAX_STEPS = 100 * 1000 * 1000,
    MG_SCRIPT_MAX_CPU_MS = 5000,
};

/* Which bound a call passed, if that is why it failed. */
enum mg_script_bound {
    MG_BOUND_NONE, /* it raised an error */
    MG_BOUND_STEPS,
    MG_BOUND_TIME, /* CPU or wall */
    MG_BOUND_MEMORY,
};

/* Why a call failed: code, file, line, message and hint are set, `where` is empty. Codes are
 * global-undefined and those given to mg_script_raise; while loading policy-syntax,
 * policy-bytecode, policy-error, policy-timeout, policy-memory; of a sealed state script-error,
 * budget-steps, budget-time, budget-memory. */
struct mg_script_fault {
    struct mg_err err;
    bool is_final; /* a bound was passed: the state runs nothing any more */
    enum mg_script_bound bound;
    char traceback[1024]; /* of mg_script_run: one line a level, innermost first; or empty */
};

/* Bounds of one call of a sealed state; a zero stands for the default. Unlike the bounds of
 * loading they end the call, not the state. */
struct mg_script_budget {
    uint32_t max_cpu_ms;  /* of the calling thread; default 5 */
    uint32_t max_wall_ms; /* default 1000 */
    uint64_t max_steps;   /* work done in C for the script; default 1 million */
    size_t max_bytes; /* by which Lua's heap may grow; default 4 MiB. Eight times as much may be
                         allocated in all; more is budget-steps */
    bool counts;      /* every Lua instruction is a step: the same input costs the same each
                         time, and time is not looked at. For explain; ten times slower */
};

/* Make a state whose scripts see the sandbox and `globals` (ended by a NULL name; kept until
 * _free; the functions run below the door). `host` is for mg_script_host.
 * Returns: NULL when memory is out. */
struct mg_script *mg_script_new(const struct mg_script_limits *limits, const luaL_Reg *globals,
                                void *host);
void mg_script_free(struct mg_script *script);

/* The door: call function(L) with `argument` as light userdata at index 1. Results are dropped.
 * Returns: false with *fault filled when it raised. */
bool mg_script_call(struct mg_script *script, lua_CFunction function, void *argument,
                    struct mg_script_fault *fault);

/* End loading: freeze what the chunks left behind (seal.h). From now on mg_script_run is the
 * door, and `host` what mg_script_host gives.
 * Returns: false with *fault filled, and the state is of no use, when memory is out, more is
 * kept than may be, or the watching thread (watchdog.h) cannot be started. */
bool mg_script_seal(struct mg_script *script, const struct mg_script_budget *budget, void *host,
                    mg_seal_report_fn report, void *context, struct mg_script_fault *fault);

/* The door of a sealed state: as mg_script_call, but bounded by the budget, and usable again
 * whatever happened. A change to what outlives the call is undone and is an error (seal.h).
 * *fault is written only on failure. Not within another call of the same state. */
bool mg_script_run(struct mg_script *script, lua_CFunction function, void *argument,
                   struct mg_script_fault *fault);

/* The same within bounds of the call's own, where they are below the state's; zeros are not. */
bool mg_script_run_within(struct mg_script *script, const struct mg_script_budget *budget,
                          lua_CFunction function, void *argument,
                          struct mg_script_fault *fault);

/* Collect garbage for a while, if enough has gathered: called between exchanges, never while a
 * hook runs. */
void mg_script_idle(struct mg_script *script);

/* The state itself, for what never raises; what bounds each call of a sealed one; bytes of
 * Lua's heap now; steps taken so far, and by the running or the last mg_script_run. */
lua_State *mg_script_lua(struct mg_script *script);
const struct mg_script_budget *mg_script_bounds(const struct mg_script *script);
size_t mg_script_bytes(const struct mg_script *script);
uint64_t mg_script_steps(const struct mg_script *script);
uint64_t mg_script_last_steps(const struct mg_script *script);

/* ---- for functions that run below the door ---- */

/* The state that `L` belongs to, the host given to _new or _seal, and whether loading has
 * ended: what declares has to refuse then. */
struct mg_script *mg_script_of(lua_State *L);
void *mg_script_host(lua_State *L);
bool mg_script_is_sealed(lua_State *L);

/* Pop the value at the top, not nil, and keep it as long as the state, in a slot from 1 on.
 * Raises when memory is out; pushing it never raises. */
int mg_script_keep(lua_State *L);
void mg_script_push_kept(lua_State *L, int slot);

/* Push `text` as a string (+1): for texts that come again with the next requests. Raises. */
void mg_script_push_text(lua_State *L, struct mg_str text);

/* Push the chunk `text` as a function in a fresh environment (globals that it sets are its
 * own). Source text only. `name` (NUL-terminated) is the file in messages. Raises. */
void mg_script_push_chunk(lua_State *L, const char *name, struct mg_str text);

/* Raise an error with a code of its own at the line of the running Lua function. `hint` may be
 * NULL. Does not return; the int is for `return mg_script_raise(…)`. */
int mg_script_raise(lua_State *L, const char *code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Count work that C is about to do for the script, raising beyond a bound; and what is left. */
void mg_script_charge(lua_State *L, uint64_t steps);
uint64_t mg_script_steps_left(lua_State *L);

/* File and line of the innermost running Lua function. Returns: false when there is none. */
bool mg_script_position(lua_State *L, char *file, size_t size, int *line);

/* Call the function below its `arg_count` arguments as pcall does, but let a passed bound
 * through. Leaves results or one message that is a string. Returns: whether it succeeded. */
bool mg_script_pcall(lua_State *L, int arg_count);

#endif
