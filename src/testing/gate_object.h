/* gate_object.h - a gate as tests see it, and what the files that make it up share. Private to
 * src/testing.
 *
 *     gate:ask(bytes [, peer])      -> answer
 *     gate:fetch(spec, browser)     -> fetch (fetch_object.h)
 *     gate:upstream(function|nil)   -- function(req) -> { status, fields, body }
 *     gate:clock([seconds])         -> seconds since 1970
 *     gate:swap(options)            -> true, or nil and faults
 *     gate:resources()              -> list
 *     gate:scripts()                -> names of its Lua files, if it runs any
 */
#ifndef MG_TESTING_GATE_OBJECT_H
#define MG_TESTING_GATE_OBJECT_H

#include <lauxlib.h>
#include <lua.h>

#include "core/arena.h"
#include "plugin/plugin.h"
#include "server/gate.h"
#include "testing/coverage.h"

enum {
    MG_GATE_MAX_BYTES = 256 << 20, /* of what one request needs, and of what options say */
    MG_GATE_MAX_LOG_LINES = 1000,  /* kept of an exchange */
};

struct mg_gate_line;

/* What a gate keeps as long as it lives. It is made whole before anything may raise. */
struct mg_gate_object {
    struct mg_gate *gate;
    struct mg_policy_set *set;
    struct mg_server_options options;
    struct mg_plugin_clock clock;
    struct mg_arena strings;  /* of the options */
    struct mg_arena scratch;  /* of the request at hand */
    struct mg_gate_line *log; /* lines of the request at hand, newest first */
    size_t log_count;
    struct mg_coverage *coverage; /* of the state, which outlives its gates */
    lua_State *L;                 /* while a request is under way, for the upstream */
    bool has_upstream;
    bool has_failed; /* the upstream's function raised: the error is its uservalue */
};

/* Put what engine.gate is into the registry; once a state. Raises when memory is out. */
void mg_gate_object_open(lua_State *L);

/* engine.load(options): a gate, or nil and the faults. Raises for options of a wrong type. */
int mg_gate_object_load(lua_State *L);

/* The gate at `index`. Raises when it is none, or is answering a request. */
struct mg_gate_object *mg_gate_object_check(lua_State *L, int index);

/* Forget the request before: what is read of the next one goes to the scratch arena. */
void mg_gate_object_reset(struct mg_gate_object *object);

/* A request begins, and has ended: between them nothing may raise. What the upstream's
 * function raised is raised again by _end. */
void mg_gate_object_begin(lua_State *L, struct mg_gate_object *object);
void mg_gate_object_end(lua_State *L, struct mg_gate_object *object);

/* Set the fields of the table at the top that tell of an answer: status, kind, decision,
 * reason, file, line, by_hook, instructions, stand_in, resource. */
void mg_gate_object_set_answer(lua_State *L, const struct mg_gate_answer *answer);

/* Set its field `log`: a list of { level, event, fields by name }. */
void mg_gate_object_set_log(lua_State *L, const struct mg_gate_object *object);

#endif
