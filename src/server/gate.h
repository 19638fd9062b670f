/* gate.h - the engine without sockets: a request's bytes in, the answer's bytes out, by the
 * same code that serves.
 *
 * For what explains, tests and compares policies. Handlers that answer later than the call
 * do not answer here.
 * Ownership: a gate borrows its policy set and options.
 * Threads:   one at a time.
 */
#ifndef MG_SERVER_GATE_H
#define MG_SERVER_GATE_H

#include "policy/set.h"
#include "server/handler.h"
#include "server/options.h"

struct mg_gate;

/* Returns: NULL when memory is out. */
struct mg_gate *mg_gate_new(const struct mg_server_options *options, struct mg_policy_set *set);
void mg_gate_free(struct mg_gate *gate);

struct mg_gate_answer {
    struct mg_str bytes; /* the whole answer; valid until the next call */
    unsigned status;     /* 0: the handler has not answered */
    enum mg_kind kind;
    enum mg_verdict verdict;
    const char *reason;                 /* a string literal */
    const struct mg_resource *resource; /* NULL: none matched, or refused before that */
};

/* Answer one request, content included. Returns: false when `request` is not whole. */
bool mg_gate_ask(struct mg_gate *gate, struct mg_str request, struct mg_gate_answer *answer);

#endif
