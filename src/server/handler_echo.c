/* handler_echo.c - the request as the server saw it, as JSON. Content is gathered (bounded
 * by the limit for local handlers) and shown as text where it is UTF-8, else in base64.
 */
#include <stdlib.h>

#include <jansson.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "server/base64.h"
#include "server/exchange.h"
#include "server/handlers.h"
#include "server/worker_state.h"

static size_t echo_body_limit(const struct mg_exchange *exchange)
{
    return exchange->worker->server->options.limits.body_bytes;
}

static void echo_begin(struct mg_exchange *exchange)
{
    (void)exchange;
}

static void echo_body(struct mg_exchange *exchange, struct mg_str data)
{
    struct mg_buf *content = mg_exchange_state(exchange);
    if (content == NULL) {
        content = mg_arena_alloc(mg_exchange_arena(exchange), sizeof(*content));
        if (content == NULL) {
            return;
        }
        mg_buf_init(content, echo_body_limit(exchange));
        mg_exchange_set_state(exchange, content);
    }
    mg_buf_add(content, data);
}

static void drop_content(struct mg_exchange *exchange)
{
    struct mg_buf *content = mg_exchange_state(exchange);
    if (content != NULL) {
        mg_buf_fini(content);
        mg_exchange_set_state(exchange, NULL);
    }
}

/* Text of the wire as a JSON string: bytes that are not UTF-8 are taken as Latin-1, as
 * browsers show field values. */
static json_t *json_text(struct mg_str text)
{
    if (mg_utf8_is_valid(text)) {
        return json_stringn(text.len == 0 ? "" : text.ptr, text.len);
    }
    char *wide = mg_malloc(text.len * 2 + 1);
    size_t length = 0;
    for (size_t i = 0; wide != NULL && i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x80) {
            wide[length++] = (char)(0xc0 | c >> 6);
            c = (unsigned char)(0x80 | (c & 0x3f));
        }
        wide[length++] = (char)c;
    }
    json_t *value = wide == NULL ? NULL : json_stringn(wide, length);
    free(wide);
    return value;
}

static json_t *json_fields(const struct mg_exchange *exchange)
{
    const struct mg_head *head = mg_exchange_request(exchange);
    bool shows_secrets = exchange->worker->server->options.echo_secrets;
    json_t *fields = json_array();
    for (unsigned i = 0; i < head->field_count; i++) {
        enum mg_field_id id = head->fields[i].id;
        bool is_masked =
            !shows_secrets && (id == MG_FIELD_COOKIE || id == MG_FIELD_AUTHORIZATION);
        json_t *pair = json_array();
        json_array_append_new(pair, json_text(head->fields[i].name));
        json_array_append_new(pair, is_masked ? json_string("***")
                                              : json_text(head->fields[i].value));
        json_array_append_new(fields, pair);
    }
    return fields;
}

static json_t *json_params(const struct mg_route *route)
{
    json_t *params = json_object();
    for (unsigned i = 0; i < route->param_count; i++) {
        char name[128];
        (void)snprintf(name, sizeof(name), "%.*s", MG_STR_ARG(route->params[i].name));
        json_object_set_new(params, name, json_text(route->params[i].value));
    }
    return params;
}

static void set_content(json_t *root, struct mg_str content)
{
    bool is_text = mg_utf8_is_valid(content);
    json_t *value;
    if (is_text) {
        value = json_stringn(content.len == 0 ? "" : content.ptr, content.len);
    } else {
        char *encoded = mg_malloc(mg_base64_size(content.len) + 1);
        value =
            encoded == NULL ? NULL : json_stringn(encoded, mg_base64_encode(content, encoded));
        free(encoded);
    }
    json_object_set_new(root, "body", value);
    json_object_set_new(root, "body_encoding", json_string(is_text ? "utf-8" : "base64"));
    json_object_set_new(root, "body_length", json_integer((json_int_t)content.len));
}

static json_t *describe(struct mg_exchange *exchange)
{
    const struct mg_head *head = mg_exchange_request(exchange);
    const struct mg_decision *decision = mg_exchange_decision(exchange);
    const struct mg_resource *resource = mg_exchange_route(exchange)->resource;
    const struct mg_buf *content = mg_exchange_state(exchange);
    const struct mg_field *origin = mg_head_first(head, MG_FIELD_ORIGIN);
    bool is_decided = decision->reason != NULL;
    json_t *root = json_object();
    json_object_set_new(root, "method", json_text(head->method_token));
    json_object_set_new(root, "target", json_text(head->target));
    json_object_set_new(root, "path", json_text(mg_exchange_path(exchange)));
    json_object_set_new(root, "query",
                        exchange->target.has_query ? json_text(mg_exchange_query(exchange))
                                                   : json_null());
    json_object_set_new(root, "params", json_params(mg_exchange_route(exchange)));
    json_object_set_new(root, "host", json_text(mg_exchange_host(exchange)));
    json_object_set_new(root, "scheme", json_text(mg_exchange_scheme(exchange)));
    json_object_set_new(root, "remote", json_text(mg_exchange_remote(exchange)));
    json_object_set_new(root, "http_version", json_string(head->minor == 0 ? "1.0" : "1.1"));
    json_object_set_new(root, "kind",
                        is_decided ? json_string(mg_kind_name(decision->kind)) : json_null());
    json_object_set_new(root, "origin",
                        origin == NULL ? json_null() : json_text(origin->value));
    json_object_set_new(root, "decision",
                        is_decided ? json_string(mg_verdict_name(decision->verdict))
                                   : json_null());
    json_object_set_new(root, "reason",
                        json_string(exchange->reason == NULL ? "" : exchange->reason));
    json_object_set_new(root, "resource", json_text(resource->pattern));
    json_object_set_new(root, "policy", json_sprintf("%s:%d", resource->file, resource->line));
    json_object_set_new(root, "headers", json_fields(exchange));
    set_content(root, content == NULL ? MG_STR("") : mg_buf_str(content));
    return root;
}

static void echo_body_end(struct mg_exchange *exchange)
{
    static const struct mg_answer_field fields[] = {
        {{"Content-Type", 12}, {"application/json", 16}},
        {{"Cache-Control", 13}, {"no-store", 8}},
    };
    const struct mg_answer answer = {.status = 200, .fields = fields, .field_count = 2};
    json_t *root = describe(exchange);
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    json_decref(root);
    drop_content(exchange);
    if (text == NULL) {
        static const struct mg_answer failure = {.status = 500};
        mg_exchange_respond(exchange, &failure, (struct mg_str){NULL, 0});
        return;
    }
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the NUL: a line on a terminal */
    mg_exchange_respond(exchange, &answer, (struct mg_str){text, length + 1});
    free(text);
}

const struct mg_handler mg_handler_echo = {
    .name = "echo",
    .body_limit = echo_body_limit,
    .begin = echo_begin,
    .body = echo_body,
    .body_end = echo_body_end,
    .abort = drop_content,
};
