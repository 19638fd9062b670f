/* shadow.h - a candidate generation beside the active one: it judges a sample of live requests
 * after their answer was written, and what it would have decided otherwise is counted and
 * logged. It never affects an answer.
 *
 * Sample:    one of `--shadow-sample` exchanges of each worker.
 * Judged:    what the engine decides from the head: resource, kind, decision, status, CORS
 *            fields, Vary; and what `request` hooks answer. `log` hooks do not run, and its
 *            plugins have dictionaries of their own.
 * Threads:   the worker's.
 */
#ifndef MG_SERVER_SHADOW_H
#define MG_SERVER_SHADOW_H

#include "server/exchange.h"
#include "server/worker_state.h"

/* Judge the exchange, which the active generation has answered, by the worker's shadow. */
void mg_shadow_compare(struct mg_exchange *exchange);

/* The same, where there is a shadow and it is the exchange's turn. */
static inline void mg_shadow_judge(struct mg_exchange *exchange)
{
    if (exchange->worker->shadow != NULL && exchange->generation != NULL) {
        mg_shadow_compare(exchange);
    }
}

#endif
