/* pipeline.h - the way of a request from its parsed head to whoever answers it: gate,
 * route, classify, decide, enforce.
 */
#ifndef MG_SERVER_PIPELINE_H
#define MG_SERVER_PIPELINE_H

struct mg_exchange;

/* Decide the exchange whose head is complete: chooses the handler, or the status the engine
 * answers with. */
void mg_pipeline_decide(struct mg_exchange *exchange);

/* The content of a request that the engine answers has been read: the status it gets, given
 * what came. */
unsigned mg_pipeline_engine_status(struct mg_exchange *exchange);

#endif
