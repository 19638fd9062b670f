/* probe_head.h - the head of a response, as it came over the network, into slices.
 *
 * Shape:     "HTTP/1.1 204 No Content\r\nVary: Origin\r\n\r\n" -> 204, {"Vary", "Origin"}.
 * Limits:    what is no field line is left out, as browsers do; a folded line goes on with the
 *            value before it, behind one space (RFC 9112 5.2).
 * Threads:   pure; any thread. The slices point into the bytes, folded values into the arena.
 */
#ifndef MG_CLI_PROBE_HEAD_H
#define MG_CLI_PROBE_HEAD_H

#include "cors/browser.h"

/* Read a whole head, status line first; lines end with LF or CRLF.
 * Returns: false when the first line is no status line of HTTP, or the arena is full. */
bool mg_probe_head_parse(struct mg_str bytes, struct mg_arena *arena,
                         struct mg_browser_response *response);

#endif
