/* sealed_state.h - for tests of calls: a state that loads one chunk, whose `hook(function)`
 * keeps a function, and is sealed then.
 */
#ifndef MG_TEST_SCRIPT_SEALED_STATE_H
#define MG_TEST_SCRIPT_SEALED_STATE_H

#include <time.h>

#include "expect.h"
#include "script/state.h"

/* What say(…) was last given, so that a script can tell the test something. */
static _Thread_local char last_said[256];

static int say(lua_State *L)
{
    mg_err_set(last_said, sizeof(last_said), "%s", luaL_checkstring(L, 1));
    return 0;
}

static int hook(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_pushinteger(L, mg_script_keep(L));
    return 1;
}

static int fail_with_code(lua_State *L)
{
    return mg_script_raise(L, "my-code", "my hint", "went %s", "wrong");
}

static int charge(lua_State *L)
{
    mg_script_charge(L, (uint64_t)luaL_checkinteger(L, 1));
    return 0;
}

static const luaL_Reg globals[] = {
    {"say", say}, {"hook", hook}, {"fail", fail_with_code}, {"charge", charge}, {NULL, NULL}};

static int load_chunk(lua_State *L)
{
    const struct mg_str *text = lua_touserdata(L, 1);
    mg_script_push_chunk(L, "dir/policy.lua", *text);
    lua_callk(L, 0, 0, 0, NULL); /* below the door of mg_script_call */
    return 0;
}

/* Load `text`, which sees `words`, and seal. Fails the test where that fails. */
static struct mg_script *sealed_with(const char *text, const luaL_Reg *words,
                                     const struct mg_script_limits *limits,
                                     const struct mg_script_budget *budget)
{
    static const struct mg_script_limits none;
    struct mg_script_fault fault;
    struct mg_str chunk = mg_str_from(text);
    struct mg_script *script = mg_script_new(limits == NULL ? &none : limits, words, NULL);
    assert_non_null(script);
    if (!mg_script_call(script, load_chunk, &chunk, &fault) ||
        !mg_script_seal(script, budget, NULL, NULL, NULL, &fault)) {
        mg_expect_text(text, fault.err.message, "no fault");
    }
    return script;
}

static struct mg_script *sealed(const char *text, const struct mg_script_limits *limits,
                                const struct mg_script_budget *budget)
{
    return sealed_with(text, globals, limits, budget);
}

static int call_slot(lua_State *L)
{
    const int *slot = lua_touserdata(L, 1);
    mg_script_push_kept(L, *slot);
    lua_callk(L, 0, 0, 0, NULL); /* below the door of mg_script_run */
    return 0;
}

/* Call the slot-th function that was given to hook(…). */
static bool run_slot(struct mg_script *script, int slot, struct mg_script_fault *fault)
{
    last_said[0] = '\0';
    return mg_script_run(script, call_slot, &slot, fault);
}

/* Expect that a call of the slot works and says `said`. Where the time of calls is a
 * millisecond, a busy host may take it from one that needs microseconds: it may try again. */
static inline void expect_works(const char *desc, struct mg_script *script, int slot,
                                const char *said)
{
    struct mg_script_fault fault = {.err.code = "no fault"};
    for (int i = 0; i < 3 && !run_slot(script, slot, &fault); i++) {
        mg_expect_text(desc, fault.err.code, "budget-time");
    }
    mg_expect_text(desc, last_said, said);
}

/* CPU time of this thread. */
static inline uint64_t thread_cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#endif
