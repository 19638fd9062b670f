/* gate_browser.h - a browser's requests, put to a gate: what cors/browser_fetch.h says to send
 * goes to the engine as bytes, and the answer's head comes back as the browser reads it.
 *
 * Ownership: everything lies in the arena given.
 * Threads:   as gate.h.
 */
#ifndef MG_SERVER_GATE_BROWSER_H
#define MG_SERVER_GATE_BROWSER_H

#include "cors/browser_request.h"
#include "server/gate.h"

struct mg_gate_reply {
    struct mg_gate_answer answer; /* its texts lie in the arena, too */
    struct mg_browser_response response;
    struct mg_str status_line; /* "HTTP/1.1 204 No Content" */
    struct mg_str body;
};

/* Add what depends on the content to the fields of `request`: Content-Length, behind
 * Connection. Returns: false when the arena is full. */
bool mg_browser_request_complete(struct mg_browser_request *request, struct mg_str content,
                                 struct mg_arena *arena);

/* Send `request` with `content`, which counts where request->has_body. Returns: false when
 * memory is out. */
bool mg_gate_send(struct mg_gate *gate, const struct mg_browser_request *request,
                  struct mg_str content, struct mg_arena *arena, struct mg_gate_reply *reply);

/* Take the whole answer `bytes`, which is one of a gate's, apart: head and, without its
 * framing, the body. Returns: false when the arena is full. */
bool mg_gate_read_reply(struct mg_str bytes, struct mg_arena *arena,
                        struct mg_gate_reply *reply);

#endif
