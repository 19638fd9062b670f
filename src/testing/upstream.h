/* upstream.h - a function of the test answers in place of an upstream. Private to src/testing.
 *
 *     gate:upstream(function(req)
 *       -- req.method target path query host scheme remote_addr headers body
 *       return { status = 200, fields = { { "Content-Type", "text/plain" } }, body = "…" }
 *     end)
 *
 * Errors:    the function cannot ask its own gate. What it raises, and an answer out of form,
 *            ends the request with 502, and is raised again in the test that asked.
 */
#ifndef MG_TESTING_UPSTREAM_H
#define MG_TESTING_UPSTREAM_H

#include "testing/gate_object.h"

/* User values of a gate's userdata. */
enum {
    MG_UPSTREAM_VALUE = 1, /* the function */
    MG_UPSTREAM_ERROR,     /* what it raised */
    MG_UPSTREAM_VALUES = 2
};

/* mg_gate_upstream_fn; the context is the gate's object, which is being asked: its userdata
 * is the first argument of the running C function. */
bool mg_upstream_answer(void *context, struct mg_exchange *exchange, struct mg_str content,
                        struct mg_gate_upstream_answer *answer);

/* Raise what the function raised. */
int mg_upstream_raise(lua_State *L, struct mg_gate_object *object);

#endif
