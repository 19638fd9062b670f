/* shadow.c - a second exchange over the same head goes the same way as the first one did, as
 * far as the decision, on the candidate's set and Lua state.
 */
#include "server/shadow.h"

#include "server/answer.h"
#include "server/generation.h"
#include "server/hooks.h"
#include "server/pipeline.h"

enum {
    FIELDS_MAX_BYTES = 64 << 10, /* of CORS fields that are compared */
    VERDICT_SIZE = 128,
    LOG_INTERVAL_MS = 1000, /* a line for each worker; the rest is counted */
};

/* What one generation makes of a request. */
struct judgement {
    unsigned status; /* 0: the handler's */
    struct mg_str pattern;
    const char *reason;
    struct mg_str vary;
    bool is_allowed;
    struct mg_buf fields;
};

static void judge(const struct mg_exchange *exchange, struct judgement *judgement)
{
    const struct mg_decision *decision = &exchange->decision;
    const struct mg_resource *resource = exchange->route.resource;
    bool owns_cors = resource != NULL && resource->cors_mode != MG_CORS_OFF;
    *judgement = (struct judgement){
        .status = exchange->decided_status,
        .reason = decision->reason == NULL ? "" : decision->reason,
        .is_allowed = decision->verdict != MG_VERDICT_DENY && exchange->decided_status < 400,
    };
    mg_buf_init(&judgement->fields, FIELDS_MAX_BYTES);
    if (resource != NULL) {
        judgement->pattern = resource->pattern;
    }
    if (owns_cors) {
        mg_cors_write_fields(decision, &judgement->fields);
        judgement->vary = mg_cors_vary(decision);
    }
}

static bool is_same(const struct judgement *a, const struct judgement *b)
{
    return a->status == b->status && a->is_allowed == b->is_allowed &&
           strcmp(a->reason, b->reason) == 0 && mg_str_equal(a->pattern, b->pattern) &&
           mg_str_equal(a->vary, b->vary) &&
           mg_str_equal(mg_buf_str(&a->fields), mg_buf_str(&b->fields));
}

static const char *describe(char out[static VERDICT_SIZE], const struct judgement *judgement)
{
    char status[24];
    (void)snprintf(status, sizeof(status), "%u", judgement->status);
    (void)snprintf(out, VERDICT_SIZE, "%s %s %s at %.*s",
                   judgement->is_allowed ? "allow" : "deny", judgement->reason,
                   judgement->status == 0 ? "by the handler" : status,
                   MG_STR_ARG(judgement->pattern));
    return out;
}

/* At most a line a second of each worker: clients choose how often decisions differ. */
static void log_difference(struct mg_exchange *exchange, const struct judgement *active,
                           const struct judgement *shadow)
{
    struct server_worker *worker = exchange->worker;
    uint64_t now_ms = mg_clock_coarse_ms();
    char active_text[VERDICT_SIZE];
    char shadow_text[VERDICT_SIZE];
    if (worker->shadow_logged_ms != 0 && now_ms - worker->shadow_logged_ms < LOG_INTERVAL_MS) {
        return;
    }
    worker->shadow_logged_ms = now_ms;
    MG_LOG(MG_LOG_INFO, "shadow decides otherwise", {"method", exchange->head->method_token},
           {"path", exchange->target.path},
           {"origin", mg_head_value(exchange->head, MG_FIELD_ORIGIN)},
           {"active", mg_str_from(describe(active_text, active))},
           {"shadow", mg_str_from(describe(shadow_text, shadow))},
           {"revision", mg_str_from(worker->shadow->revision)});
}

static void compare(struct mg_exchange *exchange, struct mg_exchange *candidate)
{
    struct server_counters *counters = &exchange->worker->counters;
    struct judgement active;
    struct judgement shadow;
    judge(exchange, &active);
    judge(candidate, &shadow);
    server_count(&counters->shadowed, 1);
    if (!is_same(&active, &shadow)) {
        server_count(&counters->differing, 1);
        server_count(&counters->wider, shadow.is_allowed && !active.is_allowed);
        server_count(&counters->narrower, !shadow.is_allowed && active.is_allowed);
        log_difference(exchange, &active, &shadow);
    }
    mg_buf_fini(&active.fields);
    mg_buf_fini(&shadow.fields);
}

void mg_shadow_compare(struct mg_exchange *exchange)
{
    struct server_worker *worker = exchange->worker;
    if (exchange->was_shadowed) {
        return;
    }
    exchange->was_shadowed = true;
    if (worker->shadow_turn > 1) {
        worker->shadow_turn--;
        return;
    }
    worker->shadow_turn = worker->server->options.shadow_one_in;
    mg_answer_flush(worker); /* the answer first */
    struct mg_exchange *candidate = mg_exchange_new_on(worker, exchange->conn, worker->shadow);
    if (candidate == NULL) {
        return;
    }
    candidate->head = exchange->head;
    candidate->head_bytes = exchange->head_bytes;
    candidate->was_shadowed = true;
    mg_pipeline_decide(candidate);
    compare(exchange, candidate);
    mg_hooks_forget(candidate);
    mg_exchange_free(candidate);
}
