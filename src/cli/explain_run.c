/* explain_run.c - drives the browser's state machine; each of its requests goes to the gate as
 * bytes, or to the next raw answer.
 */
#include "cli/explain_run.h"

#include <stdlib.h>

#include "server/gate_browser.h"

enum {
    CACHE_ENTRIES = 1024,
    CACHE_TEXT_BYTES = 1 << 20
};

/* One run under way. */
struct run {
    struct mg_explain_report *report;
    const struct mg_explain_input *input;
    const struct mg_explain_source *source;
    struct mg_arena *arena;
    size_t next_answer;
};

/* The fields of the browser's request, with what depends on the content and on a navigation. */
static bool complete_request(const struct run *run, struct mg_browser_request *request)
{
    if (!mg_browser_request_complete(request, run->input->content, run->arena)) {
        return false;
    }
    struct mg_browser_field *fields =
        mg_arena_calloc(run->arena, request->field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return false;
    }
    for (size_t i = 0; i < request->field_count; i++) {
        fields[i] = request->fields[i];
        if (!run->input->is_navigation) {
            continue;
        }
        if (mg_str_equal(fields[i].name, MG_STR("Sec-Fetch-Mode"))) {
            fields[i].value = MG_STR("navigate");
        } else if (mg_str_equal(fields[i].name, MG_STR("Sec-Fetch-Dest"))) {
            fields[i].value = MG_STR("document");
        }
    }
    request->fields = fields;
    return true;
}

struct mg_explain_answer mg_explain_answer_from(const struct mg_raw_answer *raw,
                                                const char *source, struct mg_arena *arena)
{
    return (struct mg_explain_answer){
        .source = source,
        .response = {raw->status, raw->fields, raw->field_count},
        .status_line =
            mg_arena_printf(arena, "%.*s %u%s%.*s", MG_STR_ARG(raw->version), raw->status,
                            raw->phrase.len > 0 ? " " : "", MG_STR_ARG(raw->phrase)),
    };
}

static bool ask_gate(const struct run *run, struct mg_explain_exchange *exchange)
{
    struct mg_gate_reply reply;
    if (!mg_gate_send(run->source->gate, &exchange->request, run->input->content, run->arena,
                      &reply)) {
        return false;
    }
    const struct mg_gate_answer *answer = &reply.answer;
    exchange->is_decided = true;
    exchange->resource = answer->resource;
    exchange->reason = answer->reason;
    exchange->is_hooked = answer->file != NULL;
    exchange->file = answer->file;
    exchange->line = answer->line;
    exchange->steps = answer->steps;
    if (answer->file == NULL && answer->resource != NULL) {
        exchange->file = answer->resource->file;
        exchange->line = answer->resource->line;
    }
    exchange->is_synthetic = answer->is_stand_in;
    exchange->answer = (struct mg_explain_answer){.response = reply.response,
                                                  .status_line = reply.status_line};
    return true;
}

static bool is_same_request(const struct mg_browser_request *a,
                            const struct mg_browser_request *b)
{
    bool same = mg_str_equal(a->method, b->method) &&
                mg_str_equal(a->url->href, b->url->href) && a->field_count == b->field_count;
    for (size_t i = 0; same && i < a->field_count; i++) {
        same = mg_str_equal(a->fields[i].name, b->fields[i].name) &&
               mg_str_equal(a->fields[i].value, b->fields[i].value);
    }
    return same;
}

/* Whether `a` comes in an earlier place than `b`: a hop's preflight before its request. */
static bool is_earlier(const struct mg_explain_exchange *a, const struct mg_explain_exchange *b)
{
    return a->hop != b->hop ? a->hop < b->hop : a->request.preflight && !b->request.preflight;
}

/* Take the answer of the run before. A file's answer belongs to its place among the requests,
 * and what was left over to places behind all of that run's; a policy's to the very request.
 * Returns: whether it is settled, with an answer or without. */
static bool answer_as_before(const struct run *run, struct mg_explain_exchange *exchange)
{
    const struct mg_explain_report *before = run->source->before;
    bool is_gates = run->source->gate != NULL;
    for (size_t i = 0; before != NULL && i < before->exchange_count; i++) {
        const struct mg_explain_exchange *other = &before->exchanges[i];
        bool is_it = is_gates ? is_same_request(&other->request, &exchange->request)
                              : other->hop == exchange->hop &&
                                    other->request.preflight == exchange->request.preflight;
        if (is_it) {
            exchange->answer = other->answer;
            exchange->is_answered = other->is_answered;
            return true;
        }
    }
    return before != NULL && !is_gates && before->exchange_count > 0 &&
           is_earlier(exchange, mg_explain_last(before));
}

/* Get the answer to an exchange's request. Returns: false when memory is out. */
static bool answer(struct run *run, struct mg_explain_exchange *exchange)
{
    if (answer_as_before(run, exchange)) {
        return true;
    }
    if (run->source->ask != NULL) {
        exchange->is_answered =
            run->source->ask(run->source->context, &exchange->request, &exchange->answer);
        return true;
    }
    if (run->source->gate != NULL) {
        exchange->is_answered = ask_gate(run, exchange);
        return exchange->is_answered;
    }
    if (run->next_answer < run->source->answer_count) {
        exchange->answer = run->source->answers[run->next_answer++];
        exchange->is_answered = true;
    }
    return true;
}

/* Fill the cache with what an earlier preflight of the same fetch was answered. */
static void fill_cache(const struct run *run, struct mg_preflight_cache *cache)
{
    struct mg_browser_class fetch_class;
    const struct mg_browser_spec *spec = &run->input->spec;
    if (run->source->cached == NULL || !mg_browser_classify(spec, run->arena, &fetch_class) ||
        fetch_class.kind == MG_FETCH_FORBIDDEN) {
        return;
    }
    const struct mg_browser_check check = {
        .browser = spec->browser,
        .origin = spec->origin,
        .include = spec->credentials == MG_CREDENTIALS_INCLUDE,
        .method = fetch_class.method,
        .unsafe_names = fetch_class.unsafe_names,
        .forced = fetch_class.forced,
    };
    mg_preflight_cache_store(cache, &check, &fetch_class.url, &run->source->cached->response,
                             0);
}

/* Send one request and hand its answer to the browser. Returns: false when memory is out. */
static bool exchange_one(struct run *run, enum mg_turn *turn, uint64_t now_ms)
{
    struct mg_explain_report *report = run->report;
    struct mg_browser_fetch *fetch = &report->fetch;
    struct mg_explain_exchange *exchange = &report->exchanges[report->exchange_count++];
    *exchange = (struct mg_explain_exchange){
        .request = fetch->request, .hop = fetch->hop_count - 1, .step = fetch->last_step};
    if (!complete_request(run, &exchange->request) || !answer(run, exchange)) {
        return false;
    }
    if (!exchange->is_answered) {
        report->is_answer_missing = run->source->ask == NULL;
        *turn = mg_browser_fetch_fail(fetch);
        exchange->outcome = MG_OUTCOME_NETWORK_ERROR;
        return true;
    }
    *turn = mg_browser_fetch_answer(fetch, &exchange->answer.response, now_ms);
    exchange->outcome = *turn == MG_TURN_DONE ? fetch->judgement.outcome : MG_OUTCOME_OK;
    return true;
}

bool mg_explain_run(struct mg_explain_report *report, const struct mg_explain_input *input,
                    const struct mg_explain_source *source)
{
    size_t used =
        source->before == NULL ? 0 : source->answer_count - source->before->unused_answer_count;
    struct run run = {report, input, source, input->arena, used};
    struct mg_preflight_cache cache;
    struct mg_arena text;
    struct mg_preflight_entry *entries =
        mg_arena_calloc(input->arena, CACHE_ENTRIES, sizeof(*entries));
    uint64_t now_ms = source->cached_age_s * 1000;
    *report = (struct mg_explain_report){.input = input};
    if (entries == NULL) {
        return false;
    }
    mg_arena_init(&text, NULL, 0, CACHE_TEXT_BYTES);
    mg_preflight_cache_init(&cache, entries, CACHE_ENTRIES, &text);
    fill_cache(&run, &cache);
    enum mg_turn turn =
        mg_browser_fetch_begin(&report->fetch, &input->spec, input->arena, &cache, now_ms);
    bool ok = true;
    while (ok && turn == MG_TURN_SEND && report->exchange_count < MG_EXPLAIN_MAX_EXCHANGES) {
        ok = exchange_one(&run, &turn, now_ms);
    }
    report->unused_answer_count = source->answer_count - run.next_answer;
    mg_arena_fini(&text);
    return ok && report->fetch.judgement.outcome != MG_OUTCOME_OUT_OF_MEMORY;
}

const struct mg_explain_exchange *mg_explain_last(const struct mg_explain_report *report)
{
    return report->exchange_count == 0 ? NULL : &report->exchanges[report->exchange_count - 1];
}

const char *mg_explain_kind(const struct mg_explain_report *report)
{
    const struct mg_browser_class *fetch_class = &report->fetch.classification;
    bool is_no_cors = fetch_class->kind != MG_FETCH_FORBIDDEN && fetch_class->opaque;
    return is_no_cors ? "no-cors" : mg_fetch_kind_name(fetch_class->kind);
}

const char *mg_explain_outcome(const struct mg_explain_report *report,
                               const struct mg_explain_exchange *exchange)
{
    if (exchange != NULL && report->is_answer_missing && !exchange->is_answered) {
        return "answer-missing";
    }
    return mg_outcome_name(exchange != NULL ? exchange->outcome
                                            : report->fetch.judgement.outcome);
}

const char *mg_explain_preflight_name(enum mg_hop_preflight preflight)
{
    static const char *const NAMES[] = {
        [MG_PREFLIGHT_NONE] = "none",
        [MG_PREFLIGHT_SENT] = "sent",
        [MG_PREFLIGHT_CACHED] = "cached",
    };
    return NAMES[preflight];
}

struct mg_browser_check mg_explain_check(const struct mg_explain_report *report,
                                         const struct mg_explain_exchange *exchange)
{
    const struct mg_browser_fetch *fetch = &report->fetch;
    return (struct mg_browser_check){
        .browser = report->input->spec.browser,
        .origin = exchange->request.origin,
        .include = report->input->spec.credentials == MG_CREDENTIALS_INCLUDE,
        .method = fetch->hops[exchange->hop].method,
        .unsafe_names = fetch->unsafe_names,
        .forced = fetch->classification.forced,
    };
}
