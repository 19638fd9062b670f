/* native_host.h - what plugins in C are offered: the table of functions, and what its opaque
 * structs are. Private to src/plugin.
 *
 * Errors:    the first thing that is refused is noted in the `refusal` of the call at hand.
 * Threads:   as the instance.
 */
#ifndef MG_PLUGIN_NATIVE_HOST_H
#define MG_PLUGIN_NATIVE_HOST_H

#include "plugin/dispatch.h"
#include "plugin/moongate_plugin.h"
#include "plugin/plugin_log.h"

/* What an instance is given; `table` comes first, so that its functions find the rest. */
struct mg_native_host {
    struct moongate_host table;
    struct mg_plugin_log *log; /* written to by way of a table that is read-only */
    const struct mg_plugin_clock *clock;
};

/* Why a call of the host was refused; "" while none was. */
struct mg_native_refusal {
    char message[160];
};

struct moongate_request {
    struct mg_request *request;
    struct mg_str body;
    bool has_body;
};

struct moongate_answer {
    struct mg_plugin_answer answer;
    struct mg_plugin_field *fields; /* those of `answer`; room for MG_ANSWER_MAX_FIELDS */
    size_t field_bytes;
    struct mg_arena *arena;
    bool may_answer;
    struct mg_native_refusal refusal;
};

struct moongate_decision {
    struct mg_decision decision;
    struct mg_request *request;
    struct mg_native_refusal refusal;
};

struct moongate_response {
    struct mg_plugin_response response;
    size_t capacity; /* of its fields; 0: they are the caller's */
    size_t edit_bytes;
    struct mg_native_refusal refusal;
};

struct moongate_record {
    const struct mg_plugin_record *record;
};

/* Keeps `log` and `clock`. */
void mg_native_host_init(struct mg_native_host *host, struct mg_plugin_log *log,
                         const struct mg_plugin_clock *clock);

#endif
