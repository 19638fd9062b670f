/* hooks.c - see the header. What scripts see of an exchange is made when the first of them is
 * called, and refreshed for each: the head may have moved in between.
 */
#include "server/hooks.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "policy/runtime.h"
#include "server/exchange.h"
#include "server/generation.h"
#include "server/worker_state.h"

/* ---- what scripts see ---- */

static struct mg_str remote_of(void *context)
{
    return mg_exchange_remote(context);
}

/* The exchange as scripts see it, up to date. Returns: NULL when memory is out. */
static struct mg_request *view(struct mg_exchange *exchange)
{
    struct mg_request *request = exchange->script;
    if (request == NULL) {
        request = mg_arena_calloc(&exchange->arena, 1, sizeof(*request));
        if (request == NULL) {
            return NULL;
        }
        request->generation = exchange->generation->id;
        request->remote_addr = remote_of;
        request->context = exchange;
        request->arena = &exchange->arena;
        exchange->script = request;
    }
    request->head = exchange->head;
    request->path = exchange->target.path;
    request->query = exchange->target.query;
    request->host = exchange->host;
    request->scheme = exchange->scheme;
    request->resource = exchange->route.resource->pattern;
    request->kind = exchange->decision.kind;
    request->params = exchange->route.params;
    request->param_count = exchange->route.param_count;
    return request;
}

static struct mg_plugin_list plugins_of(const struct mg_exchange *exchange, enum mg_hook hook)
{
    const struct mg_resource *resource = exchange->route.resource;
    if (exchange->runtime == NULL || resource == NULL) {
        return (struct mg_plugin_list){NULL, 0};
    }
    return mg_runtime_plugins(exchange->runtime, resource, hook);
}

static void report(const struct mg_exchange *exchange, const char *hook,
                   const struct mg_script_fault *fault)
{
    mg_runtime_report(exchange->runtime, hook, fault);
}

/* Count the plugins that a phase was for, up to one that failed; not those of a gate or a
 * shadow. */
static void count_plugins(const struct mg_exchange *exchange, const struct mg_plugin_list *list,
                          enum mg_hook hook, const struct mg_plugin *failed)
{
    for (size_t i = 0; i < list->count && exchange->started_us != 0; i++) {
        const struct mg_plugin *plugin = list->entries[i].plugin;
        mg_traffic_count_plugin(&exchange->worker->traffic, plugin->name, hook,
                                plugin == failed);
        if (plugin == failed && hook != MG_HOOK_LOG) {
            return;
        }
    }
}

/* Refuse, without CORS fields: a script failed. */
static void deny(struct mg_exchange *exchange)
{
    struct mg_decision *decision = &exchange->decision;
    decision->verdict = MG_VERDICT_DENY;
    decision->reason = mg_reason_code(MG_REASON_SCRIPT_ERROR);
    decision->status = 403;
    decision->allow_origin = MG_ALLOW_ORIGIN_NONE;
}

/* ---- decisions ---- */

static void narrow(struct mg_exchange *exchange)
{
    struct mg_plugin_list list = plugins_of(exchange, MG_HOOK_DECISION);
    if (list.count == 0) {
        return;
    }
    struct mg_request *request = view(exchange);
    struct mg_script *script = mg_runtime_script(exchange->runtime);
    struct mg_script_fault fault;
    const struct mg_plugin *failed = NULL;
    if (request == NULL) {
        deny(exchange);
    } else if (!mg_dispatch_decision(script, &list, request, &exchange->decision, &failed,
                                     &fault)) {
        report(exchange, "decision", &fault);
        deny(exchange);
    }
    count_plugins(exchange, &list, MG_HOOK_DECISION, failed);
}

void mg_hooks_decide(struct mg_exchange *exchange, const struct mg_cors_request *request)
{
    const struct mg_resource *resource = exchange->route.resource;
    struct mg_runtime *runtime = exchange->runtime;
    if (resource->functions == 0) {
        bool rejects = resource->rule != NULL && mg_rule_rejects(resource->rule);
        enum mg_kind kind = mg_cors_classify(request, rejects);
        mg_cors_decide(resource->rule, request, kind, &exchange->decision);
    } else if (view(exchange) != NULL) {
        mg_runtime_decide(runtime, resource, request, exchange->script, &exchange->decision,
                          &exchange->decided_at);
    } else {
        deny(exchange);
    }
    if (runtime != NULL) {
        narrow(exchange);
    }
    exchange->reason = exchange->decision.reason;
}

/* ---- answers of plugins ---- */

static void respond_with(struct mg_exchange *exchange, const struct mg_plugin_answer *given)
{
    struct mg_answer_field *fields =
        mg_arena_calloc(&exchange->arena, given->field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        mg_exchange_refuse(exchange, 500, "out-of-memory");
        return;
    }
    for (size_t i = 0; i < given->field_count; i++) {
        fields[i] = (struct mg_answer_field){given->fields[i].name, given->fields[i].value};
    }
    const struct mg_answer answer = {.status = given->status,
                                     .fields = fields,
                                     .field_count = given->field_count,
                                     .has_odd_bytes = true};
    mg_exchange_respond(exchange, &answer, given->body);
}

static size_t plugin_body_limit(const struct mg_exchange *exchange)
{
    return exchange->worker->server->options.limits.body_bytes;
}

static void nothing_to_begin(struct mg_exchange *exchange)
{
    (void)exchange;
}

/* ---- request hooks ---- */

static void given_body_end(struct mg_exchange *exchange)
{
    respond_with(exchange, exchange->handler_state);
}

/* Gives the answer of a `request` hook once the content has been read. */
static const struct mg_handler handler_given = {
    .name = "request hook",
    .body_limit = plugin_body_limit,
    .begin = nothing_to_begin,
    .body_end = given_body_end,
};

bool mg_hooks_request(struct mg_exchange *exchange)
{
    struct mg_plugin_list list = plugins_of(exchange, MG_HOOK_REQUEST);
    if (list.count == 0) {
        return false;
    }
    struct mg_plugin_answer *answer =
        mg_arena_calloc(&exchange->arena, 1, sizeof(struct mg_plugin_answer));
    struct mg_request *request = view(exchange);
    if (answer == NULL || request == NULL) {
        return false; /* the arena has overflowed: the pipeline answers 500 */
    }
    struct mg_script_fault fault;
    const struct mg_plugin *failed = NULL;
    bool ok = mg_dispatch_request_hooks(mg_runtime_script(exchange->runtime), &list, request,
                                        answer, &failed, &fault);
    count_plugins(exchange, &list, MG_HOOK_REQUEST, failed);
    if (!ok) {
        report(exchange, "request", &fault);
        exchange->handler = NULL;
        return true;
    }
    if (answer->is_given) {
        exchange->handler = &handler_given;
        exchange->handler_state = answer;
    }
    return answer->is_given;
}

unsigned mg_hooks_given_status(const struct mg_exchange *exchange)
{
    const struct mg_plugin_answer *answer = exchange->handler_state;
    return exchange->handler == &handler_given ? answer->status : 0;
}

/* ---- the plugin handler ---- */

static void gather(struct mg_exchange *exchange, struct mg_str data)
{
    struct mg_buf *content = exchange->handler_state;
    if (content == NULL) {
        content = mg_malloc(sizeof(*content));
        if (content == NULL) {
            mg_exchange_refuse(exchange, 500, "out-of-memory");
            return;
        }
        mg_buf_init(content, exchange->body_limit);
        exchange->handler_state = content;
    }
    mg_buf_add(content, data);
}

static void drop_content(struct mg_exchange *exchange)
{
    struct mg_buf *content = exchange->handler_state;
    if (content != NULL) {
        mg_buf_fini(content);
        free(content);
        exchange->handler_state = NULL;
    }
}

static void plugin_body_end(struct mg_exchange *exchange)
{
    struct mg_plugin_list list = plugins_of(exchange, MG_HOOK_HANDLER);
    struct mg_plugin_answer answer = {0};
    struct mg_request *request = view(exchange);
    struct mg_buf *content = exchange->handler_state;
    struct mg_script_fault fault;
    const struct mg_plugin *failed = NULL;
    if (request == NULL || (content != NULL && content->overflowed)) {
        drop_content(exchange);
        mg_exchange_refuse(exchange, 500, "out-of-memory");
        return;
    }
    struct mg_str body = content == NULL ? MG_STR("") : mg_buf_str(content);
    request->body = &body;
    bool ok = mg_dispatch_handler(mg_runtime_script(exchange->runtime), &list, request, &answer,
                                  &failed, &fault);
    request->body = NULL;
    count_plugins(exchange, &list, MG_HOOK_HANDLER, failed);
    drop_content(exchange);
    if (ok && answer.is_given) {
        respond_with(exchange, &answer);
        return;
    }
    if (!ok) {
        report(exchange, "handler", &fault);
    }
    mg_exchange_refuse(exchange, 500, mg_reason_code(MG_REASON_SCRIPT_ERROR));
}

const struct mg_handler mg_handler_plugin = {
    .name = "plugin",
    .body_limit = plugin_body_limit,
    .begin = nothing_to_begin,
    .body = gather,
    .body_end = plugin_body_end,
    .abort = drop_content,
};

/* ---- response hooks ---- */

/* The field lines that were prepared at load, one by one. */
static size_t split_lines(struct mg_str lines, struct mg_plugin_field *fields)
{
    size_t count = 0;
    while (lines.len > 0) {
        const char *end = memchr(lines.ptr, '\r', lines.len);
        const char *colon = memchr(lines.ptr, ':', lines.len);
        if (end == NULL || colon == NULL) {
            break;
        }
        fields[count].name = (struct mg_str){lines.ptr, (size_t)(colon - lines.ptr)};
        fields[count++].value =
            mg_str_trim_ows((struct mg_str){colon + 1, (size_t)(end - colon - 1)});
        lines = mg_str_from_offset(lines, (size_t)(end - lines.ptr) + 2);
    }
    return count;
}

static size_t count_lines(struct mg_str lines)
{
    size_t count = 0;
    for (size_t i = 0; i < lines.len; i++) {
        count += lines.ptr[i] == '\n';
    }
    return count;
}

/* Take the fields of the answer apart, for the hooks. Returns: false when memory is out. */
static bool take_apart(struct mg_exchange *exchange, const struct mg_answer *answer,
                       struct mg_plugin_response *response)
{
    size_t most = answer->field_count + count_lines(answer->lines) + 2;
    struct mg_plugin_field *fields = mg_arena_calloc(&exchange->arena, most, sizeof(*fields));
    if (fields == NULL) {
        return false;
    }
    size_t count = split_lines(answer->lines, fields);
    for (size_t i = 0; i < answer->field_count; i++) {
        fields[count++] =
            (struct mg_plugin_field){answer->fields[i].name, answer->fields[i].value};
    }
    if (answer->vary.len > 0) {
        fields[count++] = (struct mg_plugin_field){MG_STR("Vary"), answer->vary};
    }
    *response = (struct mg_plugin_response){.status = answer->status,
                                            .fields = fields,
                                            .field_count = count,
                                            .arena = &exchange->arena};
    return true;
}

bool mg_hooks_response(struct mg_exchange *exchange, struct mg_answer *answer)
{
    enum mg_kind kind = exchange->decision.kind;
    struct mg_plugin_list list = plugins_of(exchange, MG_HOOK_RESPONSE);
    if (list.count == 0 || kind == MG_KIND_PREFLIGHT || kind == MG_KIND_OPTIONS) {
        return true;
    }
    struct mg_plugin_response response;
    struct mg_request *request = view(exchange);
    struct mg_script_fault fault;
    const struct mg_plugin *failed = NULL;
    if (request == NULL || !take_apart(exchange, answer, &response)) {
        return false;
    }
    bool ok = mg_dispatch_response(mg_runtime_script(exchange->runtime), &list, request,
                                   &response, &failed, &fault);
    count_plugins(exchange, &list, MG_HOOK_RESPONSE, failed);
    if (!ok) {
        report(exchange, "response", &fault);
        return false;
    }
    if (!response.is_changed) {
        return true;
    }
    struct mg_answer_field *fields =
        mg_arena_calloc(&exchange->arena, response.field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return false;
    }
    for (size_t i = 0; i < response.field_count; i++) {
        fields[i] = (struct mg_answer_field){response.fields[i].name, response.fields[i].value};
    }
    answer->lines = (struct mg_str){NULL, 0};
    answer->vary = (struct mg_str){NULL, 0};
    answer->fields = fields;
    answer->field_count = response.field_count;
    answer->has_odd_bytes = true;
    answer->is_checked = false;
    return true;
}

size_t mg_hooks_vary(const struct mg_exchange *exchange, struct mg_str *vary, size_t space)
{
    const struct mg_request *request = exchange->script;
    if (request == NULL || exchange->decision.kind == MG_KIND_PREFLIGHT || space == 0) {
        return 0;
    }
    if (request->read_count > MG_REQUEST_MAX_READS || request->read_count >= space) {
        vary[0] = MG_STR("*");
        return 1;
    }
    for (unsigned i = 0; i < request->read_count; i++) {
        vary[i] = request->reads[i];
    }
    if (request->has_used_origin) {
        vary[request->read_count] = MG_STR("Origin");
    }
    return request->read_count + request->has_used_origin;
}

/* ---- the end ---- */

static void log_hooks(struct mg_exchange *exchange)
{
    struct mg_plugin_list list = plugins_of(exchange, MG_HOOK_LOG);
    if (list.count == 0) {
        return;
    }
    const struct mg_resource *resource = exchange->route.resource;
    const struct mg_decided_at *at = &exchange->decided_at;
    const struct mg_plugin_record record = {
        .method = exchange->head->method_token,
        .path = exchange->target.path,
        .host = exchange->host,
        .origin = mg_head_value(exchange->head, MG_FIELD_ORIGIN),
        .remote_addr = mg_exchange_remote(exchange),
        .resource = resource->pattern,
        .kind = exchange->decision.kind,
        .verdict = mg_verdict_name(exchange->decision.verdict),
        .reason = exchange->reason,
        .file = at->file != NULL ? at->file : resource->file,
        .line = at->file != NULL ? at->line : resource->line,
        .status = exchange->answer == ANSWER_NONE ? 0 : exchange->status,
        .bytes = exchange->bytes_out,
        .duration_us = exchange->started_us == 0 ? 0 : mg_clock_us() - exchange->started_us,
        .wall_ms = mg_plugin_clock_wall(exchange->worker->server->clock),
        .ctx = exchange->script == NULL ? 0 : exchange->script->ctx,
    };
    struct mg_script_meter first = {0};
    struct mg_script_meter *meter =
        exchange->script == NULL ? &first : &exchange->script->meter;
    struct mg_script_fault fault;
    const struct mg_plugin *failed = NULL;
    if (!mg_dispatch_log(mg_runtime_script(exchange->runtime), &list, &record, meter, &failed,
                         &fault)) {
        report(exchange, "log", &fault);
    }
    count_plugins(exchange, &list, MG_HOOK_LOG, failed);
}

bool mg_hooks_are_due(const struct mg_exchange *exchange)
{
    return plugins_of(exchange, MG_HOOK_LOG).count > 0;
}

void mg_hooks_forget(struct mg_exchange *exchange)
{
    struct mg_runtime *runtime = exchange->runtime;
    if (runtime == NULL) {
        return;
    }
    if (exchange->script != NULL && exchange->script->ctx != 0) {
        mg_request_release(mg_runtime_script(runtime), exchange->script);
    }
    if (exchange->script != NULL) {
        mg_script_idle(mg_runtime_script(runtime));
    }
}

void mg_hooks_end(struct mg_exchange *exchange)
{
    if (exchange->runtime != NULL) {
        log_hooks(exchange);
        mg_hooks_forget(exchange);
    }
}
