/* handlers.h - the handlers the server has of its own. */
#ifndef MG_SERVER_HANDLERS_H
#define MG_SERVER_HANDLERS_H

#include "core/err.h"
#include "server/handler.h"
#include "server/options.h"

struct mg_server;

/* respond{ … }: the same answer each time, complete at load. */
extern const struct mg_handler mg_handler_respond;
/* An empty 200, in place of a handler that a gate does not have. */
extern const struct mg_handler mg_handler_stand_in;
/* "echo": a JSON description of the request as the server saw it. */
extern const struct mg_handler mg_handler_echo;

/* "proxy": the request goes to an upstream. */
extern const struct mg_handler mg_handler_proxy;

/* Report each upstream that this program cannot reach: by TLS, for now. */
void mg_handlers_check(const struct mg_policy_set *set, struct mg_errs *errs);

/* The handler of a resource; NULL: none, which is 404. */
const struct mg_handler *mg_handler_for(const struct mg_server *server,
                                        const struct mg_resource *resource);

#endif
