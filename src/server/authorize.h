/* authorize.h - listeners where a proxy asks whether a request may pass (nginx auth_request,
 * Traefik ForwardAuth, Caddy forward_auth, Envoy ext_authz, Lua in HAProxy and Apache).
 *
 * Shape:     the check request is turned into the original one, which then takes the usual way
 *            through the pipeline. 200 means that it would have been handed over; its fields
 *            are what belongs on the upstream's answer. Any other answer is the one to give in
 *            the upstream's place; 200 is never among them.
 * Errors:    403 for a peer that may not ask; 400 where the original request is missing,
 *            contradictory or malformed. No CORS fields: nothing has been decided.
 * Threads:   the worker's.
 */
#ifndef MG_SERVER_AUTHORIZE_H
#define MG_SERVER_AUTHORIZE_H

#include "policy/set.h"
#include "server/handler.h"

struct mg_exchange;

/* Check who asks, and give the exchange's head the original request's method and target. At a
 * MG_LISTEN_EXT_AUTHZ listener they are its own already.
 * Method and target: X-Forwarded-Method and X-Forwarded-Uri, or X-Original-Method and
 * X-Original-URI (or -URL, in absolute form); where both pairs are there they agree.
 * Returns: 0, or a status with *reason. */
unsigned mg_authorize_adopt(struct mg_exchange *exchange, const char **reason);

/* Set scheme and host of the exchange, whose target has been taken apart, to the original
 * request's: X-Forwarded-Proto and X-Forwarded-Host (or X-Original-Host), or a target in
 * absolute form. Returns: NULL, or the reason for a 400. */
const char *mg_authorize_place(struct mg_exchange *exchange);

/* What answers a check whose request would be handed to its handler; NULL where the policy says
 * `handler = "none"`. Other handlers are the proxy's upstream. */
const struct mg_handler *mg_authorize_handler(const struct mg_resource *resource);

#endif
