/* error_body.h - the small body of an answer that the engine makes itself from 400 on: what
 * happened, and an id by which the line of the access log is found.
 *
 * Text: 502 Bad Gateway: upstream-connect (id 0123456789abcdef)
 * JSON: {"status":502,"error":"Bad
 * Gateway","reason":"upstream-connect","id":"0123456789abcdef"} Which of them: what Accept
 * prefers; text where it does not care.
 */
#ifndef MG_SERVER_ERROR_BODY_H
#define MG_SERVER_ERROR_BODY_H

#include "core/str.h"

struct mg_exchange;

/* The body, in the exchange's arena, and its field lines at *lines. Gives the exchange its id.
 * */
struct mg_str mg_error_body(struct mg_exchange *exchange, unsigned status,
                            struct mg_str *lines);

/* Whether the value of an Accept field prefers application/json to text/plain (RFC 9110
 * 12.5.1). */
bool mg_accept_prefers_json(struct mg_str accept);

#endif
