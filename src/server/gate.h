/* gate.h - the engine without sockets: a request's bytes in, the answer's bytes out, by the
 * same code that serves.
 *
 * For what explains, tests and compares policies. Where a handler is not to be had here (an
 * upstream), the caller's function stands for it, else an empty 200 does.
 * Ownership: a gate borrows its policy set, options and clock.
 * Threads:   one at a time.
 */
#ifndef MG_SERVER_GATE_H
#define MG_SERVER_GATE_H

#include "policy/set.h"
#include "script/lines.h"
#include "server/handler.h"
#include "server/options.h"

struct mg_gate;
struct mg_plugin_clock;
struct mg_runtime;

/* Returns: NULL after a fault in `errs`. */
struct mg_gate *mg_gate_new(const struct mg_server_options *options, struct mg_policy_set *set,
                            struct mg_errs *errs);

/* What a test has otherwise than a server. */
struct mg_gate_watch {
    const struct mg_plugin_clock *clock; /* of plugins, borrowed; NULL: the machine's */
    mg_line_fn line_fn;                  /* told of the lines of scripts; NULL: nobody */
    void *line_context;
};
struct mg_gate *mg_gate_new_watched(const struct mg_server_options *options,
                                    struct mg_policy_set *set,
                                    const struct mg_gate_watch *watch, struct mg_errs *errs);
/* The Lua state behind the gate; NULL: the set needs none. */
struct mg_runtime *mg_gate_runtime(struct mg_gate *gate);
void mg_gate_free(struct mg_gate *gate);

/* Answer by `set` from now on, which is borrowed in place of the one before; dictionaries of
 * plugins stay. Returns: false after a fault in `errs`; all is then as before. */
bool mg_gate_swap(struct mg_gate *gate, struct mg_policy_set *set, struct mg_errs *errs);

/* An answer that a function gives in place of an upstream; slices are borrowed until the next
 * request. */
struct mg_gate_upstream_answer {
    struct mg_answer head;
    struct mg_str body;
};

/* Answer the exchange, whose content is whole. Returns: false when it cannot, which is 502. */
typedef bool (*mg_gate_upstream_fn)(void *context, struct mg_exchange *exchange,
                                    struct mg_str content,
                                    struct mg_gate_upstream_answer *answer);

/* Have `upstream` answer in place of all upstreams; NULL: an empty 200 does. */
void mg_gate_set_upstream(struct mg_gate *gate, mg_gate_upstream_fn upstream, void *context);

struct mg_gate_answer {
    struct mg_str bytes; /* the whole answer; valid until the next call */
    unsigned status;     /* 0: the handler has not answered */
    enum mg_kind kind;
    enum mg_verdict verdict;
    const char *reason; /* valid until the next call */
    const char *file;   /* where a hook decided; NULL: the rule did */
    int line;
    bool is_stand_in; /* a 200 stands for a handler that this process does not have */
    uint64_t steps; /* of its hooks: Lua instructions, and work done in C; with counts_steps */
    uint64_t all_steps;                 /* the same, with those of its plugins */
    const struct mg_resource *resource; /* NULL: none matched, or refused before that */
};

/* Answer one request, content included, as if it came from `peer` (an address; empty:
 * 127.0.0.1). Returns: false when `request` is not whole. */
bool mg_gate_ask_from(struct mg_gate *gate, struct mg_str request, struct mg_str peer,
                      struct mg_gate_answer *answer);
bool mg_gate_ask(struct mg_gate *gate, struct mg_str request, struct mg_gate_answer *answer);

#endif
