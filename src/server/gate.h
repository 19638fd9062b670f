/* gate.h - the engine without sockets: a request's bytes in, the answer's bytes out, by the
 * same code that serves.
 *
 * For what explains, tests and compares policies. Where a handler is not to be had here (an
 * upstream), an empty 200 stands for its answer.
 * Ownership: a gate borrows its policy set and options.
 * Threads:   one at a time.
 */
#ifndef MG_SERVER_GATE_H
#define MG_SERVER_GATE_H

#include "policy/set.h"
#include "server/handler.h"
#include "server/options.h"

struct mg_gate;
struct mg_runtime;

/* Returns: NULL after a fault in `errs`. */
struct mg_gate *mg_gate_new(const struct mg_server_options *options, struct mg_policy_set *set,
                            struct mg_errs *errs);
/* The Lua state behind the gate; NULL: the set needs none. */
struct mg_runtime *mg_gate_runtime(struct mg_gate *gate);
void mg_gate_free(struct mg_gate *gate);

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
    const struct mg_resource *resource; /* NULL: none matched, or refused before that */
};

/* Answer one request, content included. Returns: false when `request` is not whole. */
bool mg_gate_ask(struct mg_gate *gate, struct mg_str request, struct mg_gate_answer *answer);

#endif
