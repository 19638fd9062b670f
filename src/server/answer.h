/* answer.h - the one way out: every answer of the server passes here, and here alone CORS
 * fields are set.
 *
 * Errors before a resource was found carry none; everything else carries what its decision
 * says: 404 of a handler, 405, 413, 501 and redirects too.
 */
#ifndef MG_SERVER_ANSWER_H
#define MG_SERVER_ANSWER_H

#include "server/handler.h"

struct mg_conn;
struct server_worker;

/* Answer by the engine itself: `status` with Allow where it belongs, and a line of text
 * naming `reason` as the body where the status may have one and the request is no
 * preflight. */
void mg_answer_engine(struct mg_exchange *exchange, unsigned status);

/* Answer a request that never became an exchange: malformed head, limits. Closes the
 * connection after it. */
void mg_answer_refusal(struct server_worker *worker, struct mg_conn *conn, unsigned status,
                       const char *reason);

/* Send 100 (Continue) if it is owed. */
void mg_answer_continue(struct mg_exchange *exchange);

/* Begin the turn of `conn`, or none: output gathered in the turn before goes to its
 * connection. */
void mg_answer_set_turn(struct server_worker *worker, struct mg_conn *conn);

/* Hand what is gathered to the connection whose turn it is. */
void mg_answer_flush(struct server_worker *worker);

#endif
