/* handlers.c - which handler a resource has, and the smallest of them. */
#include "server/handlers.h"

#include "server/exchange.h"
#include "server/hooks.h"
#include "server/worker_state.h"

static size_t respond_body_limit(const struct mg_exchange *exchange)
{
    return exchange->worker->server->options.limits.body_bytes;
}

static void respond_begin(struct mg_exchange *exchange)
{
    (void)exchange;
}

static void respond_body_end(struct mg_exchange *exchange)
{
    const struct mg_canned *canned = &exchange->route.resource->handler.canned;
    const struct mg_answer answer = {
        .status = canned->status, .lines = canned->lines, .vary = canned->vary};
    mg_exchange_respond(exchange, &answer, canned->body);
}

const struct mg_handler mg_handler_respond = {
    .name = "respond",
    .body_limit = respond_body_limit,
    .begin = respond_begin,
    .body_end = respond_body_end,
};

static void stand_in_body_end(struct mg_exchange *exchange)
{
    const struct mg_answer answer = {.status = 200};
    mg_exchange_respond(exchange, &answer, MG_STR(""));
}

const struct mg_handler mg_handler_stand_in = {
    .name = "stand-in",
    .body_limit = respond_body_limit,
    .begin = respond_begin,
    .body_end = stand_in_body_end,
};

static const struct mg_handler *find_custom(const struct mg_server_options *options,
                                            struct mg_str name)
{
    const struct mg_handler *const *handlers = options->handlers;
    for (size_t i = 0; handlers != NULL && handlers[i] != NULL; i++) {
        if (mg_str_equal(mg_str_from(handlers[i]->name), name)) {
            return handlers[i];
        }
    }
    return NULL;
}

const struct mg_handler *mg_handler_for(const struct mg_server *server,
                                        const struct mg_resource *resource)
{
    const struct mg_handler *custom;
    switch (resource->handler.kind) {
    case MG_HANDLER_ECHO:
        return &mg_handler_echo;
    case MG_HANDLER_RESPOND:
        return &mg_handler_respond;
    case MG_HANDLER_PLUGIN:
        return &mg_handler_plugin;
    case MG_HANDLER_CUSTOM:
        custom = find_custom(&server->options, resource->handler.name);
        return custom != NULL ? custom : server->stand_in;
    case MG_HANDLER_PROXY:
        return server->stand_in != NULL ? server->stand_in : &mg_handler_proxy;
    case MG_HANDLER_NONE:
        break;
    }
    return NULL;
}

void mg_handlers_check(const struct mg_policy_set *set, struct mg_errs *errs)
{
    for (size_t i = 0; i < set->upstream_count; i++) {
        const struct mg_upstream *upstream = &set->upstreams[i];
        for (size_t n = 0; n < upstream->server_count; n++) {
            if (!upstream->servers[n].is_tls) {
                continue;
            }
            struct mg_err err = {
                .severity = MG_ERROR, .code = "not-yet-available", .line = upstream->line};
            MG_ERR_SET(err.file, "%s", upstream->file == NULL ? "" : upstream->file);
            MG_ERR_SET(err.where, "upstream %.*s[%zu]", MG_STR_ARG(upstream->name), n + 1);
            MG_ERR_SET(err.message, "forwarding by TLS is not available yet");
            MG_ERR_SET(err.hint, "http://host:port or unix:/path");
            mg_errs_add(errs, &err);
        }
    }
}
