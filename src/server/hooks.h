/* hooks.h - where an exchange meets scripts: functions and hooks of its resource, and plugins.
 *
 * Shape:     each phase of an exchange calls in here only where its worker has a Lua state and
 *            its resource something to run: resources without functions never enter Lua.
 * Errors:    what a script does wrong is logged and counted by the runtime, and answered as
 *            script-error.
 * Threads:   the worker's.
 */
#ifndef MG_SERVER_HOOKS_H
#define MG_SERVER_HOOKS_H

#include "server/handler.h"
#include "server/server.h"

struct mg_exchange;

/* Decide an exchange whose resource was found: by its rule and its functions, narrowed by
 * plugins. Sets the exchange's decision and reason. */
void mg_hooks_decide(struct mg_exchange *exchange, const struct mg_cors_request *request);

/* Ask the plugins' `request` hooks. Returns: whether the exchange has its handler now: one that
 * gives a plugin's answer, or none after a fault (the engine refuses). */
bool mg_hooks_request(struct mg_exchange *exchange);

/* The status of the answer that a `request` hook has given; 0: none has. */
unsigned mg_hooks_given_status(const struct mg_exchange *exchange);

/* Let the plugins' `response` hooks edit the head of an answer. Returns: false after a fault;
 * else *answer is what to send, in the exchange's arena. */
bool mg_hooks_response(struct mg_exchange *exchange, struct mg_answer *answer);

/* The field names that functions have read, for Vary: appends at most `space` slices to `vary`.
 * Returns: how many. */
size_t mg_hooks_vary(const struct mg_exchange *exchange, struct mg_str *vary, size_t space);

/* Whether `log` hooks are to run at the end of the exchange. */
bool mg_hooks_are_due(const struct mg_exchange *exchange);

/* The exchange is over: `log` hooks, then whatever its hooks shared is forgotten. */
void mg_hooks_end(struct mg_exchange *exchange);

/* Forget what hooks of the exchange shared, without `log` hooks: it was judged for comparison
 * only. */
void mg_hooks_forget(struct mg_exchange *exchange);

/* Answers by a plugin's `handler` hook. */
extern const struct mg_handler mg_handler_plugin;

#endif
