/* pipeline.c - the order is binding (docs/protocol.md): framing, Host and target come
 * before it; then 501, 404, preflight, 405, the decision.
 */
#include "server/pipeline.h"

#include "server/answer.h"
#include "server/authorize.h"
#include "server/exchange.h"
#include "server/forwarded.h"
#include "server/handlers.h"
#include "server/health.h"
#include "server/hooks.h"
#include "server/worker_state.h"

/* Leave the answer to the engine: `status` once the content has been read. */
static void refuse(struct mg_exchange *exchange, unsigned status, const char *reason)
{
    exchange->handler = NULL;
    exchange->status = status;
    exchange->reason = reason;
    exchange->body_is_dropped = true;
}

static bool read_target(struct mg_exchange *exchange)
{
    const char *reason = NULL;
    char *scratch = mg_arena_alloc(&exchange->arena, exchange->head->target.len + 1);
    if (scratch == NULL) {
        refuse(exchange, 500, "out-of-memory");
        return false;
    }
    if (!mg_target_parse(exchange->head, scratch, &exchange->target, &reason)) {
        exchange->keep_alive = false;
        refuse(exchange, 400, reason);
        return false;
    }
    return true;
}

static bool find_resource(struct mg_exchange *exchange)
{
    struct mg_str host;
    struct mg_str port;
    mg_authority_split(exchange->host, &host, &port);
    mg_policy_set_route(exchange->set, host, exchange->target.path, &exchange->route);
    const struct mg_resource *resource = exchange->route.resource;
    if (exchange->target.encoded_slash && (resource == NULL || !resource->encoded_slash)) {
        exchange->route.resource = NULL;
        refuse(exchange, 400, "encoded-slash");
        return false;
    }
    return resource != NULL;
}

static void classify_and_decide(struct mg_exchange *exchange)
{
    const struct mg_resource *resource = exchange->route.resource;
    const struct mg_head *head = exchange->head;
    struct mg_cors_request request = {
        .method = head->method_token,
        .origin = mg_exchange_lines(exchange, MG_FIELD_ORIGIN),
        .acrm = mg_exchange_lines(exchange, MG_FIELD_ACRM),
        .acrh = mg_exchange_lines(exchange, MG_FIELD_ACRH),
        .content_type = mg_exchange_lines(exchange, MG_FIELD_CONTENT_TYPE),
        .site = head->lines[MG_FIELD_SEC_FETCH_SITE] == 1
                    ? mg_head_value(head, MG_FIELD_SEC_FETCH_SITE)
                    : (struct mg_str){NULL, 0},
        .scheme = exchange->scheme,
        .host = exchange->host,
        .public_origins = exchange->worker->server->public_origins,
    };
    if (resource->functions != 0 || exchange->runtime != NULL) {
        mg_hooks_decide(exchange, &request);
        return;
    }
    bool rejects = resource->rule != NULL && mg_rule_rejects(resource->rule);
    enum mg_kind kind = mg_cors_classify(&request, rejects);
    mg_cors_decide(resource->rule, &request, kind, &exchange->decision);
    exchange->reason = exchange->decision.reason;
}

/* RFC 9110 9.3.7: content of OPTIONS needs a Content-Type; a preflight has none. */
static const char *options_fault(const struct mg_exchange *exchange)
{
    if (exchange->decision.kind == MG_KIND_PREFLIGHT) {
        return "preflight-content";
    }
    return exchange->head->lines[MG_FIELD_CONTENT_TYPE] == 0 ? "options-content-type" : NULL;
}

static bool is_options(const struct mg_exchange *exchange)
{
    return exchange->head->method == MG_METHOD_OPTIONS;
}

static const struct mg_handler *handler_of(const struct mg_exchange *exchange)
{
    const struct mg_resource *resource = exchange->route.resource;
    return exchange->mode == MG_LISTEN_SERVE
               ? mg_handler_for(exchange->worker->server, resource)
               : mg_authorize_handler(resource);
}

static void hand_over(struct mg_exchange *exchange)
{
    if (exchange->runtime == NULL || !mg_hooks_request(exchange)) {
        exchange->handler = handler_of(exchange);
        if (exchange->handler == NULL) {
            refuse(exchange, 404, "no-handler");
            return;
        }
    } else if (exchange->handler == NULL) {
        refuse(exchange, 403, mg_reason_code(MG_REASON_SCRIPT_ERROR));
        return;
    } else if (exchange->mode != MG_LISTEN_SERVE &&
               mg_hooks_given_status(exchange) / 100 == 2) {
        /* The proxy would take it for leave to go on. */
        refuse(exchange, 403, "authorize-answer");
        return;
    }
    exchange->body_limit =
        exchange->handler->body_limit == NULL ? 0 : exchange->handler->body_limit(exchange);
    if (exchange->body_limit > 0 && exchange->head->framing == MG_FRAMING_LENGTH &&
        exchange->head->content_length > exchange->body_limit) {
        refuse(exchange, 413, "content-too-large");
    }
}

static void decide_options(struct mg_exchange *exchange)
{
    const struct mg_resource *resource = exchange->route.resource;
    const struct mg_decision *decision = &exchange->decision;
    if (decision->status != 0) {
        refuse(exchange, decision->status,
               decision->reason); /* preflights always, others under reject */
    } else if (resource->forwards_options) {
        hand_over(exchange);
    } else {
        unsigned status = resource->rule != NULL ? mg_rule_options_status(resource->rule) : 204;
        refuse(exchange, status, decision->reason);
    }
}

static void decide_resource(struct mg_exchange *exchange)
{
    const struct mg_resource *resource = exchange->route.resource;
    const struct mg_head *head = exchange->head;
    bool is_known = mg_policy_set_knows_method(exchange->set, head->method, head->method_token);
    bool is_supported = mg_resource_has_method(resource, head->method, head->method_token);
    if (resource->cors_mode == MG_CORS_OFF) {
        exchange->reason = "cors-off";
        if (is_supported || is_options(exchange)) {
            hand_over(exchange);
        } else {
            refuse(exchange, is_known ? 405 : 501,
                   is_known ? "method-not-allowed" : "method-not-implemented");
        }
        return;
    }
    classify_and_decide(exchange);
    if (!is_known) {
        refuse(exchange, 501, "method-not-implemented");
    } else if (is_options(exchange)) {
        decide_options(exchange);
    } else if (!is_supported) {
        refuse(exchange, 405, "method-not-allowed");
    } else if (exchange->decision.status != 0) {
        refuse(exchange, exchange->decision.status, exchange->decision.reason);
    } else {
        hand_over(exchange);
    }
}

/* Whether a check comes from whom it may, and says which request it is about. */
static bool is_authorizable(struct mg_exchange *exchange)
{
    const char *reason = NULL;
    unsigned status = mg_authorize_adopt(exchange, &reason);
    if (status != 0) {
        refuse(exchange, status, reason);
    }
    return status == 0;
}

static bool has_original_place(struct mg_exchange *exchange)
{
    const char *reason = mg_authorize_place(exchange);
    if (reason != NULL) {
        refuse(exchange, 400, reason);
    }
    return reason == NULL;
}

static void decide(struct mg_exchange *exchange)
{
    const struct mg_head *head = exchange->head;
    if (exchange->mode != MG_LISTEN_SERVE && !is_authorizable(exchange)) {
        return;
    }
    if (!read_target(exchange)) {
        return;
    }
    mg_forwarded_apply(exchange);
    if (exchange->mode == MG_LISTEN_AUTHORIZE && !has_original_place(exchange)) {
        return;
    }
    if (exchange->target.form == MG_TARGET_ASTERISK) {
        exchange->decision.kind = MG_KIND_OPTIONS;
        refuse(exchange, 204, "options-asterisk");
        return;
    }
    unsigned health = exchange->mode == MG_LISTEN_SERVE ? mg_health_status(exchange) : 0;
    if (health != 0) {
        refuse(exchange, health, health == 200 ? "ready" : "not-ready");
        return;
    }
    if (find_resource(exchange)) {
        decide_resource(exchange);
    } else if (exchange->status == 0) {
        bool is_known =
            mg_policy_set_knows_method(exchange->set, head->method, head->method_token);
        refuse(exchange, is_known ? 404 : 501,
               is_known ? "no-resource" : "method-not-implemented");
    }
}

void mg_pipeline_decide(struct mg_exchange *exchange)
{
    decide(exchange);
    if (exchange->head->method == MG_METHOD_CONNECT) {
        exchange->keep_alive = false; /* what follows may be meant for a tunnel */
    }
    if (exchange->mode != MG_LISTEN_SERVE && exchange->handler == NULL &&
        exchange->status == 200) {
        exchange->status = 204; /* to a proxy, 200 is leave to go on */
    }
    if (exchange->head->expectation_unsupported) {
        exchange->keep_alive = false; /* whether content follows is anyone's guess */
        refuse(exchange, 417, "expectation-unsupported");
    }
    if (mg_arena_overflowed(&exchange->arena)) {
        exchange->route.resource = NULL;
        exchange->decision = (struct mg_decision){0};
        refuse(exchange, 500, "out-of-memory");
    }
    exchange->decided_status = exchange->handler == NULL ? exchange->status : 0;
}

unsigned mg_pipeline_engine_status(struct mg_exchange *exchange)
{
    bool is_preflight = exchange->decision.kind == MG_KIND_PREFLIGHT;
    if (!is_options(exchange) || exchange->body_octets == 0 ||
        exchange->mode != MG_LISTEN_SERVE || /* a check's content is not the request's */
        (exchange->status >= 400 && !is_preflight)) {
        return exchange->status;
    }
    const char *fault = options_fault(exchange);
    if (fault != NULL) {
        exchange->decision.allow_origin =
            is_preflight ? MG_ALLOW_ORIGIN_NONE : exchange->decision.allow_origin;
        exchange->reason = fault;
        return 400;
    }
    if (exchange->body_octets > exchange->worker->server->options.limits.body_bytes) {
        exchange->reason = "content-too-large";
        return 413;
    }
    return exchange->status;
}
