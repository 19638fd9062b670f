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
    struct mg_server server; /* first: an exchange leads to it, and so to the gate */
    struct mg_generation *generation;
    struct server_worker worker;
    char reason[128]; /* of the answer given last: a hook's dies with its exchange */
    char file[160];   /* where a hook decided it */
    mg_gate_upstream_fn upstream;
    void *upstream_context;
    struct mg_buf content; /* of the request, for the upstream */
};

/* ---- in place of an upstream ---- */

static struct mg_gate *gate_of(const struct mg_exchange *exchange)
{
    return (struct mg_gate *)exchange->worker->server;
}

static size_t upstream_body_limit(const struct mg_exchange *exchange)
{
    return exchange->worker->server->options.limits.body_bytes;
}

static void upstream_begin(struct mg_exchange *exchange)
{
    mg_buf_clear(&gate_of(exchange)->content);
}

static void upstream_body(struct mg_exchange *exchange, struct mg_str data)
{
    mg_buf_add(&gate_of(exchange)->content, data);
}

static void upstream_body_end(struct mg_exchange *exchange)
{
    struct mg_gate *gate = gate_of(exchange);
    struct mg_gate_upstream_answer answer = {.head = {.status = 200}};
    if (gate->content.overflowed) {
        mg_exchange_refuse(exchange, 500, "out-of-memory");
    } else if (!gate->upstream(gate->upstream_context, exchange, mg_buf_str(&gate->content),
                               &answer)) {
        mg_exchange_refuse(exchange, 502, "upstream-failed");
    } else {
        mg_exchange_respond(exchange, &answer.head, answer.body);
    }
}

static const struct mg_handler handler_upstream = {
    .name = "upstream",
    .body_limit = upstream_body_limit,
    .begin = upstream_begin,
    .body = upstream_body,
    .body_end = upstream_body_end,
};

void mg_gate_set_upstream(struct mg_gate *gate, mg_gate_upstream_fn upstream, void *context)
{
    gate->upstream = upstream;
    gate->upstream_context = context;
    gate->server.stand_in = upstream == NULL ? &mg_handler_stand_in : &handler_upstream;
}

/* ---- life ---- */

/* Answer by `set` from now on. Returns: false after a fault; all is then as before. */
static bool adopt_set(struct mg_gate *gate, struct mg_policy_set *set, struct mg_errs *errs)
{
    const struct mg_generation_plan plan = {.options = &gate->server.options,
                                            .set = set,
                                            .trigger = MG_TRIGGER_START,
                                            .dicts = gate->server.dicts,
                                            .clock = gate->server.clock,
                                            .line_fn = gate->server.line_fn,
                                            .line_context = gate->server.line_context};
    struct mg_generation *generation = mg_generation_build(&plan, errs);
    if (generation == NULL) {
        return false;
    }
    generation->id = gate->generation == NULL ? 1 : gate->generation->id + 1;
    atomic_store(&gate->server.active, generation);
    mg_generation_free(gate->generation);
    gate->generation = generation;
    return true;
}

struct mg_gate *mg_gate_new(const struct mg_server_options *options, struct mg_policy_set *set,
                            struct mg_errs *errs)
{
    const struct mg_gate_watch nothing = {.clock = NULL};
    return mg_gate_new_watched(options, set, &nothing, errs);
}

struct mg_gate *mg_gate_new_watched(const struct mg_server_options *options,
                                    struct mg_policy_set *set,
                                    const struct mg_gate_watch *watch, struct mg_errs *errs)
{
    struct mg_gate *gate = mg_calloc(1, sizeof(*gate));
    if (gate == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "memory is out");
        return NULL;
    }
    gate->server.options = *options;
    gate->server.options.workers = 1;
    gate->server.clock = watch->clock;
    gate->server.line_fn = watch->line_fn;
    gate->server.line_context = watch->line_context;
    mg_gate_set_upstream(gate, NULL, NULL);
    mg_server_adopt_public_origins(&gate->server);
    atomic_store(&gate->server.is_ready, true);
    gate->worker.server = &gate->server;
    mg_buf_init(&gate->worker.out, OUT_MAX_BYTES);
    mg_buf_init(&gate->content, options->limits.body_bytes);
    gate->server.dicts = mg_dicts_new();
    if (gate->server.dicts == NULL) {
        mg_errs_fail(errs, "out-of-memory", NULL, "memory is out");
    }
    if (gate->server.dicts == NULL || !adopt_set(gate, set, errs)) {
        mg_gate_free(gate);
        return NULL;
    }
    return gate;
}

bool mg_gate_swap(struct mg_gate *gate, struct mg_policy_set *set, struct mg_errs *errs)
{
    return adopt_set(gate, set, errs);
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
    mg_buf_fini(&gate->content);
    free(gate);
}

/* ---- asking ---- */

static uint64_t steps_so_far(struct mg_gate *gate)
{
    struct mg_runtime *runtime = mg_gate_runtime(gate);
    return runtime == NULL ? 0 : mg_script_steps(mg_runtime_script(runtime));
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
    uint64_t steps_before = steps_so_far(gate);
    exchange->head_bytes = request.ptr;
    mg_content_begin(exchange);
    (void)mg_content_feed(exchange, mg_str_from_offset(request, gate->worker.head.size));
    bool is_by_hook = exchange->decided_at.file != NULL;
    *answer = (struct mg_gate_answer){
        .status = exchange->answer == ANSWER_DONE ? exchange->status : 0,
        .kind = exchange->decision.kind,
        .verdict = exchange->decision.verdict,
        .reason = exchange->reason == NULL ? NULL : gate->reason,
        .file = is_by_hook ? gate->file : NULL,
        .line = exchange->decided_at.line,
        .steps = exchange->decided_at.steps,
        .is_stand_in = exchange->handler == &mg_handler_stand_in,
        .resource = exchange->route.resource,
    };
    mg_err_set(gate->reason, sizeof(gate->reason), "%s",
               exchange->reason == NULL ? "" : exchange->reason);
    mg_err_set(gate->file, sizeof(gate->file), "%s",
               is_by_hook ? exchange->decided_at.file : "");
    bool is_abandoned = exchange->answer != ANSWER_DONE && exchange->has_begun;
    if (is_abandoned && exchange->handler != NULL && exchange->handler->abort != NULL) {
        exchange->handler->abort(exchange);
    }
    mg_hooks_end(exchange);
    answer->all_steps = steps_so_far(gate) - steps_before;
}

bool mg_gate_ask(struct mg_gate *gate, struct mg_str request, struct mg_gate_answer *answer)
{
    return mg_gate_ask_from(gate, request, MG_STR(""), answer);
}

bool mg_gate_ask_from(struct mg_gate *gate, struct mg_str request, struct mg_str peer,
                      struct mg_gate_answer *answer)
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
        exchange->remote = peer.len > 0 ? peer : MG_STR("127.0.0.1");
        run(gate, exchange, request, answer);
        mg_exchange_free(exchange);
        break;
    }
    }
    answer->bytes = mg_buf_str(&gate->worker.out);
    return true;
}
