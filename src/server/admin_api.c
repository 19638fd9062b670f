/* admin_api.c - the endpoints: what a command may be told, and how its outcome reads. The
 * documents are those of docs/admin.md.
 */
#include <stdlib.h>

#include "server/admin_internal.h"
#include "server/json.h"
#include "server/metrics.h"
#include "server/server.h"
#include "server/swap.h"

/* ---- replies ---- */

void admin_reply_init(struct admin_reply *reply)
{
    *reply = (struct admin_reply){.status = 500, .content_type = "application/json"};
    mg_buf_init(&reply->body, ADMIN_MAX_REPLY_BYTES);
}

void admin_reply_fini(struct admin_reply *reply)
{
    mg_buf_fini(&reply->body);
}

static int append(const char *bytes, size_t size, void *context)
{
    mg_buf_add(context, (struct mg_str){bytes, size});
    return 0;
}

void admin_reply_json(struct admin_reply *reply, unsigned status, json_t *document)
{
    mg_buf_clear(&reply->body);
    reply->status = status;
    if (document == NULL || json_dump_callback(document, append, &reply->body,
                                               JSON_INDENT(2) | JSON_PRESERVE_ORDER) != 0) {
        reply->body.overflowed = true;
    }
    mg_buf_add_char(&reply->body, '\n');
    json_decref(document);
}

void admin_reply_error(struct admin_reply *reply, unsigned status, const char *code,
                       const char *message)
{
    mg_buf_clear(&reply->body);
    reply->status = status;
    reply->content_type = "application/json";
    mg_buf_add(&reply->body, MG_STR("{\n  \"error\": "));
    mg_buf_add_json(&reply->body, mg_str_from(code));
    mg_buf_add(&reply->body, MG_STR(",\n  \"message\": "));
    mg_buf_add_json(&reply->body, mg_str_from(message));
    mg_buf_add(&reply->body, MG_STR("\n}\n"));
}

/* ---- what commands are told ---- */

static const char *read_path(const json_t *value, struct admin_order *order, char *fault)
{
    const char *path = json_string_value(value);
    if (path == NULL || path[0] != '/' || strlen(path) != json_string_length(value)) {
        (void)snprintf(fault, 256, "policy is a list of paths that begin with '/'");
        return fault;
    }
    if (order->path_count == ADMIN_MAX_PATHS) {
        return "policy has more than 64 paths";
    }
    order->paths[order->path_count++] = path;
    return NULL;
}

static const char *read_paths(const json_t *value, struct admin_order *order, char *fault)
{
    if (!json_is_array(value) || json_array_size(value) == 0) {
        return "policy is a list of one path at least; leave it out for the server's own";
    }
    const char *wrong = NULL;
    for (size_t i = 0; i < json_array_size(value) && wrong == NULL; i++) {
        wrong = read_path(json_array_get(value, i), order, fault);
    }
    return wrong;
}

static const char *read_bool(const char *key, const json_t *value, bool *out, char *fault)
{
    if (!json_is_boolean(value)) {
        (void)snprintf(fault, 256, "%s is true or false", key);
        return fault;
    }
    *out = json_is_true(value);
    return NULL;
}

static const char *read_key(const char *key, const json_t *value, struct admin_order *order,
                            char *fault)
{
    if (strcmp(key, "policy") == 0) {
        return read_paths(value, order, fault);
    }
    if (strcmp(key, "generation") == 0) {
        if (!json_is_integer(value) || json_integer_value(value) < 1) {
            return "generation is the number of one, as GET /status has it";
        }
        order->generation = (uint64_t)json_integer_value(value);
        return NULL;
    }
    bool *out = strcmp(key, "force") == 0     ? &order->force
                : strcmp(key, "confirm") == 0 ? &order->confirms
                                              : &order->is_shadow;
    return read_bool(key, value, out, fault);
}

static bool takes_key(const struct admin_endpoint *endpoint, const char *key)
{
    for (size_t i = 0; i < sizeof(endpoint->keys) / sizeof(endpoint->keys[0]); i++) {
        if (endpoint->keys[i] != NULL && strcmp(endpoint->keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static const char *unknown_key(const struct admin_endpoint *endpoint, const char *key,
                               char *fault)
{
    int used = snprintf(fault, 256, "'%.40s' means nothing here; this takes", key);
    for (size_t i = 0; i < sizeof(endpoint->keys) / sizeof(endpoint->keys[0]); i++) {
        const char *known = endpoint->keys[i];
        if (known != NULL) {
            used +=
                snprintf(fault + used, 256 - (size_t)used, "%s %s", i == 0 ? "" : ",", known);
        }
    }
    if (endpoint->keys[0] == NULL) {
        (void)snprintf(fault + used, 256 - (size_t)used, " nothing");
    }
    return fault;
}

const char *admin_order_read(const struct admin_endpoint *endpoint, struct mg_str content,
                             struct admin_order *order, char fault[static 256])
{
    *order = (struct admin_order){0};
    if (content.len == 0) {
        return NULL;
    }
    json_error_t error;
    order->document = json_loadb(content.ptr, content.len, JSON_REJECT_DUPLICATES, &error);
    if (order->document == NULL) {
        (void)snprintf(fault, 256, "the content is no JSON: line %d: %s", error.line,
                       error.text);
        return fault;
    }
    const char *wrong =
        json_is_object(order->document) ? NULL : "the content is not a JSON object";
    const char *key;
    json_t *value;
    json_object_foreach(order->document, key, value)
    {
        if (wrong == NULL) {
            wrong = takes_key(endpoint, key) ? read_key(key, value, order, fault)
                                             : unknown_key(endpoint, key, fault);
        }
    }
    if (wrong != NULL) {
        admin_order_fini(order);
    }
    return wrong;
}

void admin_order_fini(struct admin_order *order)
{
    json_decref(order->document);
    order->document = NULL;
}

/* ---- outcomes ---- */

static unsigned status_of(enum mg_swap_result result)
{
    switch (result) {
    case MG_SWAP_DONE:
    case MG_SWAP_UNCHANGED:
        return 200;
    case MG_SWAP_INVALID:
        return 422;
    case MG_SWAP_BUSY:
        return 503;
    case MG_SWAP_FAILED:
        return 500;
    case MG_SWAP_WIDENS:
    case MG_SWAP_PINNED:
    case MG_SWAP_REJECTED:
    case MG_SWAP_SUPERSEDED:
    case MG_SWAP_NOTHING:
    case MG_SWAP_RESULT_COUNT:
        break;
    }
    return 409;
}

/* Tell of the outcome, which is freed. */
static void reply_outcome(struct admin_reply *reply, struct mg_swap_outcome *outcome)
{
    json_t *document = json_object();
    json_object_set_new(document, "result", json_string(mg_swap_result_name(outcome->result)));
    json_object_set_new(document, "message", mg_json_text_or_null(outcome->message));
    json_object_set_new(document, "generation", json_integer((json_int_t)outcome->generation));
    json_object_set_new(document, "revision", mg_json_text_or_null(outcome->revision));
    json_object_set_new(document, "wider", json_boolean(outcome->is_wider));
    json_object_set_new(document, "summary", mg_json_text_or_null(outcome->summary));
    json_object_set_new(document, "build_us", json_integer((json_int_t)outcome->build_us));
    json_object_set_new(document, "publish_us", json_integer((json_int_t)outcome->publish_us));
    json_object_set_new(document, "diagnostics", mg_json_faults(&outcome->errs));
    admin_reply_json(reply, status_of(outcome->result), document);
    mg_swap_outcome_fini(outcome);
}

/* ---- commands ---- */

static void swap(struct mg_admin *admin, const struct admin_order *order,
                 struct admin_reply *reply)
{
    const struct mg_swap_request request = {
        .trigger = MG_TRIGGER_COMMAND,
        .paths = order->paths,
        .path_count = order->path_count,
        .force = order->force,
        .confirms_wider = order->confirms,
        .is_shadow = order->is_shadow,
    };
    struct mg_swap_outcome outcome;
    mg_swap_run(admin->server->swap, &request, &outcome);
    reply_outcome(reply, &outcome);
}

static void rollback(struct mg_admin *admin, const struct admin_order *order,
                     struct admin_reply *reply)
{
    struct mg_swap_outcome outcome;
    mg_swap_rollback(admin->server->swap, order->generation, &outcome);
    reply_outcome(reply, &outcome);
}

static void promote(struct mg_admin *admin, const struct admin_order *order,
                    struct admin_reply *reply)
{
    struct mg_swap_outcome outcome;
    mg_swap_promote(admin->server->swap, order->force, order->confirms, &outcome);
    reply_outcome(reply, &outcome);
}

static void discard(struct mg_admin *admin, const struct admin_order *order,
                    struct admin_reply *reply)
{
    (void)order;
    struct mg_swap_outcome outcome;
    mg_swap_discard(admin->server->swap, &outcome);
    reply_outcome(reply, &outcome);
}

static void set_pin(struct mg_admin *admin, bool is_pinned, struct admin_reply *reply)
{
    mg_swap_pin(admin->server->swap, is_pinned);
    struct mg_swap_status *status = mg_swap_status(admin->server->swap);
    if (status == NULL) {
        admin_reply_error(reply, 500, "out-of-memory", "memory is out");
        return;
    }
    json_t *document = json_object();
    json_object_set_new(document, "pinned", json_boolean(status->is_pinned));
    for (size_t i = 0; i < status->generation_count; i++) {
        const struct mg_swap_generation *generation = &status->generations[i];
        if (generation->state == MG_GENERATION_ACTIVE) {
            json_object_set_new(document, "generation",
                                json_integer((json_int_t)generation->id));
            json_object_set_new(document, "revision", json_string(generation->revision));
        }
    }
    admin_reply_json(reply, 200, document);
    mg_swap_status_free(status);
}

static void pin(struct mg_admin *admin, const struct admin_order *order,
                struct admin_reply *reply)
{
    (void)order;
    set_pin(admin, true, reply);
}

static void unpin(struct mg_admin *admin, const struct admin_order *order,
                  struct admin_reply *reply)
{
    (void)order;
    set_pin(admin, false, reply);
}

/* ---- questions ---- */

static void tell_status(struct mg_admin *admin, struct admin_reply *reply)
{
    admin_reply_json(reply, 200, admin_status_document(admin));
}

static void tell_metrics(struct mg_admin *admin, struct admin_reply *reply)
{
    reply->status = 200;
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    mg_metrics_write(admin->server, &admin->counters, &reply->body);
}

static void tell_health(struct mg_admin *admin, struct admin_reply *reply)
{
    (void)admin;
    admin_reply_json(reply, 200, json_pack("{sb}", "healthy", 1));
}

static void tell_readiness(struct mg_admin *admin, struct admin_reply *reply)
{
    bool is_ready = atomic_load(&admin->server->is_ready);
    admin_reply_json(reply, is_ready ? 200 : 503, json_pack("{sb}", "ready", is_ready));
}

static const struct admin_endpoint ENDPOINTS[] = {
    {.path = "/status", .answer = tell_status},
    {.path = "/metrics", .answer = tell_metrics},
    {.path = "/healthz", .answer = tell_health, .is_open = true},
    {.path = "/readyz", .answer = tell_readiness, .is_open = true},
    {.path = "/swap",
     .carry_out = swap,
     .is_swap = true,
     .keys = {"policy", "force", "confirm", "shadow"}},
    {.path = "/rollback", .carry_out = rollback, .keys = {"generation"}},
    {.path = "/pin", .carry_out = pin},
    {.path = "/unpin", .carry_out = unpin},
    {.path = "/shadow/promote", .carry_out = promote, .keys = {"force", "confirm"}},
    {.path = "/shadow/discard", .carry_out = discard},
};

const struct admin_endpoint *admin_endpoint_find(struct mg_str path)
{
    for (size_t i = 0; i < sizeof(ENDPOINTS) / sizeof(ENDPOINTS[0]); i++) {
        if (mg_str_equal(mg_str_from(ENDPOINTS[i].path), path)) {
            return &ENDPOINTS[i];
        }
    }
    return NULL;
}
