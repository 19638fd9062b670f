/* content.h - run an exchange whose head is complete: decide it, begin its handler, give it
 * its content.
 */
#ifndef MG_SERVER_CONTENT_H
#define MG_SERVER_CONTENT_H

#include "core/str.h"

struct mg_exchange;

/* Decide the exchange and begin its handler, or its refusal. */
void mg_content_begin(struct mg_exchange *exchange);

/* Feed content from the front of `bytes`; tells the handler of its end, also where there is
 * none. Returns: how many bytes were taken. */
size_t mg_content_feed(struct mg_exchange *exchange, struct mg_str bytes);

/* Whether more content is wanted now. */
bool mg_content_is_wanted(const struct mg_exchange *exchange);

/* The content is malformed, too large or too late: answer `status` where nothing was
 * answered yet. */
void mg_content_refuse(struct mg_exchange *exchange, unsigned status, const char *reason);

#endif
