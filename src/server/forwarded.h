/* forwarded.h - who the client is: the peer itself, or what trusted proxies say of it
 * (X-Forwarded-For, -Proto, -Host). */
#ifndef MG_SERVER_FORWARDED_H
#define MG_SERVER_FORWARDED_H

struct mg_exchange;

/* Set remote, scheme and host of an exchange whose target has been read. Fields of peers
 * that are not trusted count for nothing. Of X-Forwarded-For the last address that is not
 * itself a trusted proxy is taken. */
void mg_forwarded_apply(struct mg_exchange *exchange);

#endif
