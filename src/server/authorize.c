/* authorize.c - what a check request says of the original one is read strictly: a field that
 * the proxy forgot could be one that the client wrote. So both pairs of names are looked at,
 * each field at most once, and nothing that is missing is guessed.
 */
#include "server/authorize.h"

#include "server/exchange.h"
#include "server/forwarded.h"
#include "server/worker_state.h"

/* Read the one line of `name`. Returns: false when there are several. An absent field leaves a
 * NULL pointer. */
static bool read_single(const struct mg_head *head, struct mg_str name, struct mg_str *value)
{
    unsigned at = 0;
    const struct mg_field *field = mg_head_next(head, name, &at);
    *value = field == NULL ? (struct mg_str){NULL, 0} : field->value;
    return field == NULL || mg_head_next(head, name, &at) == NULL;
}

/* Read a value that goes by either of two names. Returns: false when they say two things. */
static bool read_either(const struct mg_head *head, struct mg_str one, struct mg_str other,
                        struct mg_str *value)
{
    struct mg_str second;
    if (!read_single(head, one, value) || !read_single(head, other, &second)) {
        return false;
    }
    if (value->ptr == NULL) {
        *value = second;
        return true;
    }
    return second.ptr == NULL || mg_str_equal(*value, second);
}

/* What one family of fields says of the request line. */
struct request_line {
    struct mg_str method;
    struct mg_str target;
};

static bool is_whole(const struct request_line *line)
{
    return line->method.ptr != NULL && line->target.ptr != NULL;
}

static bool agrees(struct mg_str a, struct mg_str b)
{
    return a.ptr == NULL || b.ptr == NULL || mg_str_equal(a, b);
}

/* Read the original request line. Returns: NULL, or a reason. */
static const char *read_line(const struct mg_head *head, struct request_line *line)
{
    struct request_line forwarded;
    struct request_line original;
    if (!read_single(head, MG_STR("x-forwarded-method"), &forwarded.method) ||
        !read_single(head, MG_STR("x-forwarded-uri"), &forwarded.target) ||
        !read_single(head, MG_STR("x-original-method"), &original.method) ||
        !read_either(head, MG_STR("x-original-uri"), MG_STR("x-original-url"),
                     &original.target) ||
        !agrees(forwarded.method, original.method) ||
        !agrees(forwarded.target, original.target)) {
        return "original-contradictory";
    }
    *line = is_whole(&forwarded) ? forwarded : original;
    if (is_whole(line)) {
        return NULL;
    }
    if (forwarded.method.ptr == NULL && original.method.ptr == NULL) {
        return "original-method-missing";
    }
    /* With one half from each pair, one of them may be the client's. */
    return forwarded.target.ptr == NULL && original.target.ptr == NULL
               ? "original-target-missing"
               : "original-contradictory";
}

unsigned mg_authorize_adopt(struct mg_exchange *exchange, const char **reason)
{
    struct mg_head *head = exchange->head;
    struct request_line line;
    if (!mg_forwarded_is_trusted(exchange)) {
        *reason = "authorize-peer";
        return 403;
    }
    if (exchange->mode == MG_LISTEN_EXT_AUTHZ) {
        return 0;
    }
    *reason = read_line(head, &line);
    if (*reason != NULL) {
        return 400;
    }
    if (!mg_method_is_valid(line.method)) {
        *reason = "method-malformed";
        return 400;
    }
    if (line.target.len > exchange->worker->server->options.limits.target_bytes) {
        *reason = "target-too-long";
        return 414;
    }
    head->method = mg_method_from(line.method);
    head->method_token = line.method;
    head->target = line.target;
    return 0;
}

/* What the proxy's own fields say of where the request went. Returns: NULL, or a reason. */
static const char *read_place(const struct mg_head *head, struct mg_str *host,
                              struct mg_str *scheme)
{
    struct mg_str proto;
    if (!read_either(head, MG_STR("x-forwarded-host"), MG_STR("x-original-host"), host) ||
        !read_single(head, MG_STR("x-forwarded-proto"), &proto)) {
        return "original-contradictory";
    }
    if (host->ptr != NULL && !mg_authority_is_valid(*host)) {
        return "host-malformed";
    }
    *scheme = mg_forwarded_scheme(proto);
    return proto.ptr != NULL && scheme->len == 0 ? "scheme-malformed" : NULL;
}

const char *mg_authorize_place(struct mg_exchange *exchange)
{
    const struct mg_target *target = &exchange->target;
    struct mg_str host;
    struct mg_str scheme;
    const char *reason = read_place(exchange->head, &host, &scheme);
    if (reason != NULL) {
        return reason;
    }
    if (target->form == MG_TARGET_ABSOLUTE) {
        struct mg_str absolute = mg_forwarded_scheme(target->scheme);
        if ((host.ptr != NULL && !mg_str_equal_nocase(host, target->authority)) ||
            !agrees(scheme, absolute)) {
            return "original-contradictory";
        }
        host = target->authority;
        scheme = absolute;
    }
    if (host.ptr == NULL) {
        return "original-host-missing";
    }
    if (scheme.ptr == NULL) {
        return "original-scheme-missing";
    }
    exchange->target.authority = host;
    exchange->host = host;
    exchange->scheme = scheme;
    return NULL;
}

static void nothing_to_begin(struct mg_exchange *exchange)
{
    (void)exchange;
}

static void pass_body_end(struct mg_exchange *exchange)
{
    static const char lines[] = "Cache-Control: no-store\r\n";
    const struct mg_answer answer = {.status = 200, .lines = MG_STR(lines)};
    mg_exchange_respond(exchange, &answer, MG_STR(""));
}

static const struct mg_handler handler_pass = {
    .name = "authorize",
    .begin = nothing_to_begin,
    .body_end = pass_body_end,
};

const struct mg_handler *mg_authorize_handler(const struct mg_resource *resource)
{
    bool is_closed = resource->has_handler && resource->handler.kind == MG_HANDLER_NONE;
    return is_closed ? NULL : &handler_pass;
}
