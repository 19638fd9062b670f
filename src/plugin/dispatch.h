/* dispatch.h - run the hooks of plugins for one exchange.
 *
 * Bounds:    the plugins of a phase share one door and its budget. One with a budget of its own
 *            is bounded by that, as far as it is below the state's, and alone; those behind it
 *            share another one. Together they are bounded by the exchange's meter.
 * Errors:    a hook that fails ends its phase: the caller refuses with script-error. The fault
 *            names file and line (the hook's first, where what it returned is at fault);
 *            `failed` is the plugin. Decisions and responses are then as they were before.
 * Threads:   as script/state.h.
 */
#ifndef MG_PLUGIN_DISPATCH_H
#define MG_PLUGIN_DISPATCH_H

#include "plugin/plugin.h"
#include "plugin/request.h"

/* One plugin as a phase runs it. */
struct mg_plugin_entry {
    const struct mg_plugin *plugin;
    const struct mg_plugin_slots *slots;
};

/* The plugins that a resource has for one hook, in order. */
struct mg_plugin_list {
    const struct mg_plugin_entry *entries;
    size_t count;
};

/* An answer that a request hook or a handler gives (plugin/answer_reader.h has its form).
 * Slices live in the exchange's arena. A name or value that would break framing, and the
 * engine's own fields (framing, Connection, Date), are refused with a fault; everything else
 * passes: repeated fields, odd bytes. */
struct mg_plugin_field {
    struct mg_str name;
    struct mg_str value;
};
struct mg_plugin_answer {
    bool is_given; /* else the exchange goes on */
    unsigned status;
    const struct mg_plugin_field *fields;
    size_t field_count;
    struct mg_str body;
};

/* The head of an answer for `response` hooks: res.status, res:get(name), res:set(name, value),
 * res:add, res:remove. access-control-* and what the engine owns cannot be touched. Edits are
 * made in `arena`. */
struct mg_plugin_response {
    unsigned status;
    struct mg_plugin_field *fields;
    size_t field_count;
    bool is_changed;
    struct mg_arena *arena;
};

/* What a `log` hook sees as the fields of `record`, read-only and read on demand. `req` is not
 * there any more: what it needs of it is here. */
struct mg_plugin_record {
    struct mg_str method, path, host, origin, remote_addr, resource;
    enum mg_kind kind;
    const char *verdict;
    const char *reason;
    const char *file;
    int line;
    unsigned status;
    uint64_t bytes;
    uint64_t duration_us;
    uint64_t wall_ms;
    int ctx; /* as struct mg_request has it; record.ctx is a table in any case */
};

/* Make the objects `d`, `res`; once a state, below the door, before it is sealed. Raises. */
void mg_dispatch_open(lua_State *L);

/* `request(req)`: the first that returns an answer ends the phase; it needs the capability
 * `respond`. */
bool mg_dispatch_request_hooks(struct mg_script *script, const struct mg_plugin_list *list,
                               struct mg_request *request, struct mg_plugin_answer *answer,
                               const struct mg_plugin **failed, struct mg_script_fault *fault);

/* `handler(req)` of the one plugin of the list; it has to answer. request->body points at the
 * content of the request, which req:body() gives. */
bool mg_dispatch_handler(struct mg_script *script, const struct mg_plugin_list *list,
                         struct mg_request *request, struct mg_plugin_answer *answer,
                         const struct mg_plugin **failed, struct mg_script_fault *fault);

/* `decision(req, d)`: d.kind d.verdict d.reason d.status, d:deny(reason); with the capability
 * `widen` also d:allow(), which gives ACAO to the request's own, well-formed Origin without
 * credentials where the declared rule denied it, and says whether it is allowed now. Narrowed
 * decisions get 403, no CORS fields, and the reason (copied to request->arena). */
bool mg_dispatch_decision(struct mg_script *script, const struct mg_plugin_list *list,
                          struct mg_request *request, struct mg_decision *decision,
                          const struct mg_plugin **failed, struct mg_script_fault *fault);

bool mg_dispatch_response(struct mg_script *script, const struct mg_plugin_list *list,
                          struct mg_request *request, struct mg_plugin_response *response,
                          const struct mg_plugin **failed, struct mg_script_fault *fault);

/* All run, whatever one of them raises, while `meter` lets them. */
bool mg_dispatch_log(struct mg_script *script, const struct mg_plugin_list *list,
                     const struct mg_plugin_record *record, struct mg_script_meter *meter,
                     const struct mg_plugin **failed, struct mg_script_fault *fault);

#endif
