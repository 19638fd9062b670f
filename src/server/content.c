/* content.c - from a complete head to the end of its content, whoever brings the bytes: a
 * connection, or a gate.
 */
#include "server/content.h"

#include "server/answer.h"
#include "server/exchange.h"
#include "server/pipeline.h"
#include "server/worker_state.h"

void mg_content_refuse(struct mg_exchange *exchange, unsigned status, const char *reason)
{
    if (exchange->answer != ANSWER_NONE) {
        exchange->keep_alive = false;
        exchange->body_is_dropped = true;
        return;
    }
    if (exchange->has_begun && exchange->handler != NULL && exchange->handler->abort != NULL) {
        exchange->handler->abort(exchange);
    }
    exchange->handler = NULL;
    exchange->reason = reason;
    exchange->keep_alive = false;
    exchange->body_is_dropped = true;
    mg_answer_engine(exchange, status);
}

static void take_content(struct mg_exchange *exchange, struct mg_str data)
{
    exchange->body_octets += data.len;
    uint64_t limit = exchange->handler == NULL
                         ? exchange->worker->server->options.limits.body_bytes
                         : exchange->body_limit;
    if (exchange->answer == ANSWER_DONE) {
        return; /* drained to keep the connection; answer.c has bounded how much */
    }
    if (limit > 0 && exchange->body_octets > limit) {
        if (exchange->handler == NULL && exchange->answer == ANSWER_NONE) {
            exchange->keep_alive = false;
            mg_answer_engine(exchange, mg_pipeline_engine_status(exchange));
        } else {
            mg_content_refuse(exchange, 413, "content-too-large");
        }
        return;
    }
    if (!exchange->body_is_dropped && exchange->handler != NULL &&
        exchange->handler->body != NULL) {
        exchange->handler->body(exchange, data);
    }
}

static void end_content(struct mg_exchange *exchange)
{
    exchange->body_done = true;
    exchange->awaits_continue = false;
    if (exchange->answer == ANSWER_DONE) {
        return;
    }
    if (exchange->handler == NULL) {
        mg_answer_engine(exchange, mg_pipeline_engine_status(exchange));
    } else {
        exchange->handler->body_end(exchange);
    }
}

bool mg_content_is_wanted(const struct mg_exchange *exchange)
{
    return !exchange->body_done && !exchange->body_is_paused &&
           (exchange->answer != ANSWER_DONE || exchange->keep_alive);
}

size_t mg_content_feed(struct mg_exchange *exchange, struct mg_str bytes)
{
    size_t taken = 0;
    while (mg_content_is_wanted(exchange)) {
        struct mg_str data;
        size_t used = 0;
        enum mg_body_result result =
            mg_body_decode(&exchange->body, mg_str_from_offset(bytes, taken), &used, &data);
        taken += used;
        if (result == MG_BODY_MORE) {
            return taken;
        }
        if (result == MG_BODY_END) {
            end_content(exchange);
        } else if (result == MG_BODY_REFUSED) {
            mg_content_refuse(exchange, 400, exchange->body.reason);
            return taken;
        } else {
            exchange->awaits_continue = false;
            take_content(exchange, data);
        }
    }
    return taken;
}

/* The engine answers before it has read content that it would have to ask or wait too long
 * for. */
static bool answers_early(const struct mg_exchange *exchange)
{
    return exchange->handler == NULL &&
           (exchange->awaits_continue ||
            (exchange->head->framing == MG_FRAMING_LENGTH &&
             exchange->head->content_length >
                 exchange->worker->server->options.limits.body_bytes));
}

void mg_content_begin(struct mg_exchange *exchange)
{
    const struct mg_head *head = exchange->head;
    exchange->keep_alive = head->keep_alive;
    exchange->is_head = head->method == MG_METHOD_HEAD;
    exchange->awaits_continue = head->expects_continue && head->framing != MG_FRAMING_NONE;
    mg_body_init(&exchange->body, head);
    mg_pipeline_decide(exchange);
    if (exchange->handler != NULL) {
        exchange->has_begun = true;
        exchange->handler->begin(exchange);
    } else if (answers_early(exchange)) {
        exchange->body_octets = head->content_length; /* announced: the rules for it apply */
        mg_answer_engine(exchange, mg_pipeline_engine_status(exchange));
        exchange->body_octets = 0;
    }
}
