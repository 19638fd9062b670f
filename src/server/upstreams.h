/* upstreams.h - between the policy's upstreams and the worker's: groups, and the heads that
 * come from them.
 *
 * Threads:   the worker's.
 */
#ifndef MG_SERVER_UPSTREAMS_H
#define MG_SERVER_UPSTREAMS_H

#include "http/response_head.h"
#include "policy/resource.h"
#include "proxy/proxy.h"
#include "server/handler.h"

struct server_worker;

/* Make the worker's proxy. Returns: false without memory. */
bool mg_upstreams_start(struct server_worker *worker);
void mg_upstreams_stop(struct server_worker *worker);

/* The worker's group for an upstream of a policy. Returns: NULL without memory. */
struct mg_group *mg_upstreams_group(struct server_worker *worker,
                                    const struct mg_upstream *upstream);

/* The head of an upstream as an answer: without the fields of its connection and its framing,
 * and without a Moongate-Revision that is not ours.
 * Slices point into `head`. Returns: false without memory. */
bool mg_upstreams_answer(struct mg_exchange *exchange, const struct mg_response_head *head,
                         struct mg_answer *answer);

/* Tell once that an upstream sets CORS fields itself, and what it would have answered. */
void mg_upstreams_note_cors(struct mg_exchange *exchange, struct mg_group *group,
                            const struct mg_response_head *head, bool are_kept);

#endif
