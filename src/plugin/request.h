/* request.h - `req`: one exchange as hooks see it, read-only and read on demand.
 *
 * Shape:     one userdata a state, made once and pointed at a struct mg_request for each hook;
 *            outside of a hook it points at nothing, and reading it raises.
 * Fields:    method path query params host scheme remote_addr kind origin requested_method
 *            requested_headers resource generation site mode dest ctx; methods header(name)
 *            (the first value or nil), headers(name) (a list) and, in handlers, body().
 * Absent:    origin requested_method site mode dest are nil where the request lacks them; query
 *            is "", requested_headers is an empty list.
 * Ownership: borrows everything a struct mg_request points to until it is released.
 * Threads:   as script/state.h.
 */
#ifndef MG_PLUGIN_REQUEST_H
#define MG_PLUGIN_REQUEST_H

#include <lua.h>

#include "core/arena.h"
#include "core/str.h"
#include "cors/decide.h"
#include "http/head.h"
#include "script/meter.h"

struct mg_object_class;
struct mg_script;

/* A parameter of a matched pattern; the value is a slice of the path, percent-encoded as in its
 * normal form. */
struct mg_param {
    struct mg_str name;
    struct mg_str value;
};

enum {
    MG_REQUEST_MAX_READS = 16 /* different fields remembered; more is Vary: * */
};

struct mg_request {
    const struct mg_head *head;
    struct mg_str path; /* normal form */
    struct mg_str query;
    struct mg_str host;
    struct mg_str scheme;
    struct mg_str resource; /* its pattern as written */
    enum mg_kind kind;
    uint64_t generation;
    const struct mg_param *params;
    unsigned param_count;
    struct mg_str (*remote_addr)(void *context); /* made when asked for */
    void *context;
    struct mg_arena
        *arena;           /* lives as long as the exchange: names in `reads` are copied to it */
    bool has_read_origin; /* some function looked at Origin */
    bool has_used_origin; /* or at what follows from it: the kind, a decision. Answers may
                               differ by Origin then, also where the rule does not look at it */
    /* Names of the fields that header, headers, site, mode and dest have read, each once
     * without case: the engine adds them to Vary on actual requests. Not those that CORS itself
     * reads: Origin and Access-Control-Request-*. */
    unsigned read_count; /* MG_REQUEST_MAX_READS + 1: too many */
    struct mg_str reads[MG_REQUEST_MAX_READS];
    uint32_t known_reads; /* 1 << enum mg_field_id: of those, the ones the program knows */
    int ctx;              /* what holds req.ctx in the state, 0: nobody has asked for it yet */
    const struct mg_str *body;    /* a handler's content; NULL: not there to be read */
    struct mg_script_meter meter; /* of all calls of the exchange */
};

/* The class of the object, for src/plugin. */
extern const struct mg_object_class mg_request_class;

/* Make the object; once a state, below the door, before it is sealed. Raises. */
void mg_request_open(lua_State *L);

/* Point the object at `request` for one hook and push it (+1). Below the door. Never raises. */
void mg_request_push(lua_State *L, struct mg_request *request);

/* Point the object at nothing: the hook is over. Below the door or outside. Never raises. */
void mg_request_close(struct mg_script *script);

/* Push the table that req.ctx is in the exchange whose ctx is *slot (+1); it is made for 0.
 * Below the door. Raises when memory is out. */
void mg_request_push_ctx(lua_State *L, int *slot);

/* The exchange is over: forget its ctx. Needed only where request->ctx is not 0. Outside of the
 * door. Never raises. */
void mg_request_release(struct mg_script *script, struct mg_request *request);

#endif
