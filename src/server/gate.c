/* gate.c - a worker without a thread and an exchange without a connection; everything
 * between is the server's own.
 */
#include "server/gate.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "server/answer.h"
#include "server/content.h"
#include "server/exchange.h"
#include "server/generation.h"
#include "server/handlers.h"
#include "server/hooks.h"
#include "server/worker_state.h"

struct mg_gate {
    struct mg_server server;
    struct mg_generation *generation;
    struct server_worker worker;
    char reason[128]; /* of the answer given last: a hook's dies with its exchange */
};

struct mg_gate *mg_gate_new(const struct mg_server_options *options, struct mg_policy_set *set,
                            struct mg_errs *errs)
{
    struct mg_gate *gate = mg_calloc(1, sizeof(*gate));
    if (gate == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "memory is out");
        return NULL;
    }
    gate->server.options = *options;
    gate->server.options.workers = 1;
    gate->server.stand_in = &mg_handler_stand_in;
    mg_server_adopt_public_origins(&gate->server);
    atomic_store(&gate->server.is_ready, true);
    gate->worker.server = &gate->server;
    mg_buf_init(&gate->worker.out, OUT_MAX_BYTES);
    gate->server.dicts = mg_dicts_new();
    if (gate->server.dicts == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "memory is out");
    }
    const struct mg_generation_plan plan = {.options = &gate->server.options,
                                            .set = set,
                                            .trigger = MG_TRIGGER_START,
                                            .dicts = gate->server.dicts};
    gate->generation = gate->server.dicts == NULL ? NULL : mg_generation_build(&plan, errs);
    if (gate->generation == NULL) {
        mg_gate_free(gate);
        return NULL;
    }
    gate->generation->id = 1;
    atomic_store(&gate->server.active, gate->generation);
    return gate;
}

struct mg_runtime *mg_gate_runtime(struct mg_gate *gate)
{
    return gate->generation->slots[0].runtime;
}

void mg_gate_free(struct mg_gate *gate)
{
    if (gate == NULL) {
        return;
    }
    mg_generation_free(gate->generation);
    mg_dicts_free(gate->server.dicts);
    mg_exchange_pool_free(&gate->worker);
    mg_buf_fini(&gate->worker.out);
    free(gate);
}

static void note_refusal(struct mg_gate *gate, const struct mg_head_scan *scan,
                         struct mg_gate_answer *answer)
{
    mg_answer_refusal(&gate->worker, NULL, scan->status, scan->reason);
    *answer = (struct mg_gate_answer){
        .status = scan->status, .verdict = MG_VERDICT_BAD_REQUEST, .reason = scan->reason};
}

static void run(struct mg_gate *gate, struct mg_exchange *exchange, struct mg_str request,
                struct mg_gate_answer *answer)
{
    exchange->head_bytes = request.ptr;
    exchange->remote = MG_STR("127.0.0.1");
    mg_content_begin(exchange);
    (void)mg_content_feed(exchange, mg_str_from_offset(request, gate->worker.head.size));
    *answer = (struct mg_gate_answer){
        .status = exchange->answer == ANSWER_DONE ? exchange->status : 0,
        .kind = exchange->decision.kind,
        .verdict = exchange->decision.verdict,
        .reason = exchange->reason == NULL ? NULL : gate->reason,
        .file = exchange->decided_at.file,
        .line = exchange->decided_at.line,
        .steps = exchange->decided_at.steps,
        .is_stand_in = exchange->handler == &mg_handler_stand_in,
        .resource = exchange->route.resource,
    };
    mg_err_set(gate->reason, sizeof(gate->reason), "%s",
               exchange->reason == NULL ? "" : exchange->reason);
    bool is_abandoned = exchange->answer != ANSWER_DONE && exchange->has_begun;
    if (is_abandoned && exchange->handler != NULL && exchange->handler->abort != NULL) {
        exchange->handler->abort(exchange);
    }
    mg_hooks_end(exchange);
}

bool mg_gate_ask(struct mg_gate *gate, struct mg_str request, struct mg_gate_answer *answer)
{
    const struct mg_limits *limits = &gate->server.options.limits;
    const struct mg_head_limits head_limits = {
        .head_bytes = limits->head_bytes,
        .target_bytes = limits->target_bytes,
        .fields = (unsigned)limits->fields,
    };
    struct mg_head_scan scan = {0};
    mg_buf_clear(&gate->worker.out);
    switch (mg_head_parse(request, &head_limits, &scan, &gate->worker.head)) {
    case MG_HEAD_PARTIAL:
        return false;
    case MG_HEAD_REFUSED:
        note_refusal(gate, &scan, answer);
        break;
    case MG_HEAD_COMPLETE: {
        struct mg_exchange *exchange = mg_exchange_new(&gate->worker, NULL);
        if (exchange == NULL) {
            return false;
        }
        run(gate, exchange, request, answer);
        mg_exchange_free(exchange);
        break;
    }
    }
    answer->bytes = mg_buf_str(&gate->worker.out);
    return true;
}
