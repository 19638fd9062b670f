/* relay_internal.h - what the files of a relay share. Private to src/proxy.
 *
 * relay.c finds connections and sends the request, relay_answer.c reads the answer, link.c has
 * the callbacks of the connection.
 * Threads:   the worker's.
 */
#ifndef MG_PROXY_RELAY_INTERNAL_H
#define MG_PROXY_RELAY_INTERNAL_H

#include "proxy/pool.h"
#include "proxy/relay.h"

extern const struct mg_protocol mg_link_protocol;

/* Part the relay from its connection. Returns: that, or NULL: it had none. */
struct mg_conn *mg_relay_detach(struct mg_relay *relay);
/* The relay is over with a result of counters.h; its caller is told by whoever calls this. */
void mg_relay_end(struct mg_relay *relay, unsigned result);
/* End it with a fault, which is told, and its connection with it. */
void mg_relay_fail(struct mg_relay *relay, enum mg_relay_fault fault);
/* The same where it is the endpoint's fault: `detail` is for the log. */
void mg_relay_fail_endpoint(struct mg_relay *relay, enum mg_relay_fault fault,
                            const char *detail);
/* The addresses that were waited for are there, or not: go on. */
void mg_relay_resolved(struct mg_relay *relay);
/* The connection did not come to be: try another, or fail. */
void mg_relay_connect_failed(struct mg_relay *relay, enum mg_relay_fault fault,
                             const char *detail);
/* The connection ended while the head was waited for: send anew where that may be, or fail. */
void mg_relay_closed_early(struct mg_relay *relay, const char *detail);
/* Write the head of the request to the relay's connection. */
void mg_relay_send_head(struct mg_relay *relay);
/* Set the deadline for the next piece of an answer or tunnel. */
void mg_relay_wait_for_more(struct mg_relay *relay);

/* Take bytes of the answer. Returns: how many; the relay may be over or paused afterwards. */
size_t mg_relay_take(struct mg_relay *relay, struct mg_str bytes);
/* The answer is whole. `has_more`: bytes came behind it, which answer nothing. */
void mg_relay_finish(struct mg_relay *relay, bool has_more);

#endif
