/* http_conn.h - HTTP/1.1 over a connection: heads, content, order, deadlines (RFC 9112 9).
 *
 * One exchange at a time: pipelined requests wait in the buffer, so answers keep their
 * order by themselves. Between two requests a connection holds no buffer and no exchange.
 * Threads:   the worker's thread.
 */
#ifndef MG_SERVER_HTTP_CONN_H
#define MG_SERVER_HTTP_CONN_H

#include "net/conn.h"

/* What the net layer calls. */
extern const struct mg_protocol mg_http_protocol;

/* Go on with a connection whose exchange was answered outside of its turn. */
void mg_http_conn_advance(struct mg_conn *conn);

#endif
