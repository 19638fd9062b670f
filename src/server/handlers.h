/* handlers.h - the handlers the server has of its own. */
#ifndef MG_SERVER_HANDLERS_H
#define MG_SERVER_HANDLERS_H

#include "server/handler.h"

struct mg_server;

/* respond{ … }: the same answer each time, complete at load. */
extern const struct mg_handler mg_handler_respond;
/* "echo": a JSON description of the request as the server saw it. */
extern const struct mg_handler mg_handler_echo;

/* The handler of a resource; NULL: none, which is 404. */
const struct mg_handler *mg_handler_for(const struct mg_server *server,
                                        const struct mg_resource *resource);

#endif
