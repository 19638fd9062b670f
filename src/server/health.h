/* health.h - liveness and readiness on the main listeners, where the operator has given a
 * prefix for them. */
#ifndef MG_SERVER_HEALTH_H
#define MG_SERVER_HEALTH_H

struct mg_exchange;

/* The status of a health question: 200, or 503 while the server is stopping; 0: the
 * exchange asks for something else. */
unsigned mg_health_status(const struct mg_exchange *exchange);

#endif
