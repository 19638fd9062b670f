/* state.h - the one owner of lua_State: a bounded Lua in which policies are loaded.
 *
 * Shape:     a state with a counting allocator, the sandbox of sandbox.h and the program's own
 *            global functions. Code enters it by one door, mg_script_call, which is a pcall;
 *            whatever can raise runs below it.
 * Bounds:    memory, counted by the allocator; steps (Lua instructions, and work done in C for
 *            the script, as charged); CPU time of the calling thread. A bound once passed is
 *            passed for good: the error cannot be caught by the script, every later call fails.
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

struct mg_script;

/* Bounds of one state; a zero stands for the default. */
struct mg_script_limits {
    size_t max_bytes;    /* of Lua's heap; default MG_SCRIPT_MAX_BYTES */
    uint64_t max_steps;  /* default MG_SCRIPT_MAX_STEPS */
    uint32_t max_cpu_ms; /* default MG_SCRIPT_MAX_CPU_MS */
};

enum {
    MG_SCRIPT_MAX_BYTES = 64 << 20,
    MG_SCRIPT_MAX_STEPS = 100 * 1000 * 1000,
    MG_SCRIPT_MAX_CPU_MS = 5000,
};

/* Why a call failed: code, file, line, message and hint are set, `where` is empty. Codes are
 * policy-syntax, policy-bytecode, policy-error, policy-timeout, policy-memory,
 * global-undefined, and those given to mg_script_raise. */
struct mg_script_fault {
    struct mg_err err;
    bool is_final; /* a bound was passed: the state runs nothing any more */
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

/* Bytes of Lua's heap now, and steps taken so far: what `check -v` and tests ask for. */
size_t mg_script_bytes(const struct mg_script *script);
uint64_t mg_script_steps(const struct mg_script *script);

/* ---- for functions that run below the door ---- */

/* The state that `L` belongs to, and the host given to _new. */
struct mg_script *mg_script_of(lua_State *L);
void *mg_script_host(lua_State *L);

/* Push the chunk `text` as a function in a fresh environment (globals that it sets are its
 * own). Source text only. `name` (NUL-terminated) is the file in messages. Raises. */
void mg_script_push_chunk(lua_State *L, const char *name, struct mg_str text);

/* Raise an error with a code of its own at the line of the running Lua function. `hint` may be
 * NULL. Does not return; the int is for `return mg_script_raise(…)`. */
int mg_script_raise(lua_State *L, const char *code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Count `steps` of work that C is about to do for the script. Raises where a bound is
 * passed. */
void mg_script_charge(lua_State *L, uint64_t steps);

/* File and line of the innermost running Lua function. Returns: false when there is none. */
bool mg_script_position(lua_State *L, char *file, size_t size, int *line);

/* Call the function below its `arg_count` arguments as pcall does, but let a passed bound
 * through. Leaves results or one message that is a string. Returns: whether it succeeded. */
bool mg_script_pcall(lua_State *L, int arg_count);

#endif
