/* string_twin.h - one call of a string function, made of our library and of Lua's own, with
 * what came of it written down, so that the two can be compared.
 *
 *     string.gsub("ab", "(b", "x")  ->  "error: unfinished capture" on both sides
 *
 * Ownership: one struct of two states; _open and _close are a pair.
 */
#ifndef MG_TEST_STRING_TWIN_H
#define MG_TEST_STRING_TWIN_H

#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lualib.h>

#include "script/lib_string.h"
#include "script/lua_pattern.h"
#include "script/state.h"

enum {
    TWIN_MAX_STEPS = 200 * 1000, /* Lua's own has no bound: dearer cases are left out */
    TWIN_MAX_ROUNDS = 100,       /* of an iterator */
};

struct string_twin {
    struct mg_script *ours;
    lua_State *stock;
};

/* What to call. An argument whose ptr is NULL is left out, with all that follow. */
struct twin_call {
    const char *function;
    struct mg_str strings[3]; /* subject, pattern, replacement (of gsub alone) */
    lua_Integer number;       /* the last argument: start, or most replacements */
};

/* What came of it: a line for each value. Long ones are cut off. */
struct twin_outcome {
    size_t length;
    char text[4096];
};

struct twin_run {
    const struct twin_call *call;
    struct twin_outcome *out;
};

static void twin_note(struct twin_outcome *out, const char *bytes, size_t length)
{
    size_t room = sizeof(out->text) - 1 - out->length;
    size_t taken = length < room ? length : room;
    memcpy(out->text + out->length, bytes, taken);
    out->length += taken;
    out->text[out->length] = '\0';
}

/* Note the values from `first` to the top, and pop them. */
static void twin_note_values(lua_State *L, struct twin_outcome *out, int first)
{
    for (int i = first; i <= lua_gettop(L); i++) {
        size_t length;
        const char *type = luaL_typename(L, i);
        twin_note(out, type, strlen(type));
        twin_note(out, " ", 1);
        const char *text = luaL_tolstring(L, i, &length); /* +1 */
        twin_note(out, text, length);
        lua_pop(L, 1);
        twin_note(out, "\n", 1);
    }
    lua_settop(L, first - 1);
}

/* Call what is at the top below its arguments. Returns: whether it gave any value. */
static bool twin_step(lua_State *L, struct twin_outcome *out, int argument_count)
{
    int first = lua_gettop(L) - argument_count;
    if (lua_pcall(L, argument_count, LUA_MULTRET, 0) != LUA_OK) {
        twin_note(out, "error: ", 7);
        twin_note_values(L, out, first);
        return false;
    }
    bool has_values = lua_gettop(L) >= first;
    twin_note_values(L, out, first);
    return has_values;
}

/* Below a door: the function is at index 2, which is of one library or the other. */
static void twin_run_call(lua_State *L, const struct twin_run *run)
{
    const struct twin_call *call = run->call;
    bool iterates = strcmp(call->function, "gmatch") == 0;
    int count = 0;
    luaL_checkstack(L, 10, NULL);
    lua_pushvalue(L, 2);
    for (; count < 3 && call->strings[count].ptr != NULL; count++) {
        lua_pushlstring(L, call->strings[count].ptr, call->strings[count].len);
    }
    lua_pushinteger(L, call->number);
    count++;
    if (!iterates) {
        (void)twin_step(L, run->out, count);
        return;
    }
    if (lua_pcall(L, count, 1, 0) != LUA_OK) {
        twin_note_values(L, run->out, lua_gettop(L));
        return;
    }
    for (int i = 0; i < TWIN_MAX_ROUNDS; i++) {
        lua_pushvalue(L, 3);
        if (!twin_step(L, run->out, 0)) {
            return;
        }
    }
}

static int twin_run_ours(lua_State *L)
{
    const struct twin_run *run = lua_touserdata(L, 1);
    for (const luaL_Reg *entry = mg_lib_string; entry->name != NULL; entry++) {
        if (strcmp(entry->name, run->call->function) == 0) {
            lua_pushcfunction(L, entry->func); /* +1 */
            twin_run_call(L, run);
            return 0;
        }
    }
    return luaL_error(L, "no such function");
}

static int twin_run_stock(lua_State *L)
{
    const struct twin_run *run = lua_touserdata(L, 1);
    lua_getglobal(L, "string");               /* +1 */
    lua_getfield(L, -1, run->call->function); /* +1 */
    lua_remove(L, -2);
    twin_run_call(L, run);
    return 0;
}

static inline void string_twin_open(struct string_twin *twin)
{
    static const luaL_Reg no_globals[] = {{NULL, NULL}};
    /* Only the number of steps bounds a match, and that is for the caller to look at. */
    static const struct mg_script_limits limits = {.max_steps = UINT64_MAX / 2,
                                                   .max_cpu_ms = UINT32_MAX};
    twin->ours = mg_script_new(&limits, no_globals, NULL);
    twin->stock = luaL_newstate();
    if (twin->ours == NULL || twin->stock == NULL) {
        abort();
    }
    luaL_requiref(twin->stock, LUA_STRLIBNAME, luaopen_string, 1);
    lua_settop(twin->stock, 0);
}

static inline void string_twin_close(struct string_twin *twin)
{
    mg_script_free(twin->ours);
    lua_close(twin->stock);
}

/* Make the call on both sides. */
static inline void string_twin_call(struct string_twin *twin, const struct twin_call *call,
                                    struct twin_outcome *ours, struct twin_outcome *stock)
{
    struct mg_script_fault fault;
    struct twin_run run = {call, ours};
    ours->length = stock->length = 0;
    ours->text[0] = stock->text[0] = '\0';
    if (!mg_script_call(twin->ours, twin_run_ours, &run, &fault)) {
        twin_note(ours, fault.err.message, strlen(fault.err.message));
    }
    run.out = stock;
    lua_pushcfunction(twin->stock, twin_run_stock);
    lua_pushlightuserdata(twin->stock, &run);
    if (lua_pcall(twin->stock, 1, 0, 0) != LUA_OK) {
        abort();
    }
}

/* The steps of trying the pattern at every start of the subject, as a pattern that is not
 * anchored and matches nowhere has it; TWIN_MAX_STEPS when they are more. */
static inline uint64_t string_twin_cost(struct mg_str subject, struct mg_str pattern)
{
    struct mg_pattern_match match = {
        .subject = subject, .pattern = pattern, .steps_left = TWIN_MAX_STEPS};
    for (size_t start = 0; start <= subject.len; start++) {
        if (mg_pattern_match_at(&match, start) == MG_PATTERN_SPENT) {
            break;
        }
    }
    return TWIN_MAX_STEPS - match.steps_left;
}

#endif
