/* native_host.c - the functions that plugins in C call. They take what they are given as
 * hostile as a script's: names and values are judged by the same rules (own_field.h).
 */
#include "plugin/native_host.h"

#include <stdarg.h>
#include <stdio.h>

#include "cors/reason.h"
#include "http/response.h"
#include "plugin/answer_reader.h"
#include "plugin/decision_object.h"
#include "plugin/own_field.h"
#include "plugin/response_object.h"

enum {
    REFUSED = -1,
    SPARE_FIELDS = 8, /* room for added lines before the array moves again */
    MIN_STATUS = 200,
    MAX_STATUS = 599,
    STATUS_BAD_REQUEST = 400,
    STATUS_FORBIDDEN = 403,
};

static struct mg_str str_of(struct moongate_text text)
{
    return (struct mg_str){text.bytes, text.bytes == NULL ? 0 : text.length};
}

static struct moongate_text text_of(struct mg_str text)
{
    return (struct moongate_text){text.len == 0 ? "" : text.ptr, text.len};
}

static struct moongate_text text_of_c(const char *text)
{
    return text == NULL ? (struct moongate_text){NULL, 0} : text_of(mg_str_from(text));
}

/* Empty stands for absent. */
static struct moongate_text text_or_none(struct mg_str text)
{
    return text.len == 0 ? (struct moongate_text){NULL, 0} : text_of(text);
}

/* Note the first refusal of a call. */
static int refuse(struct mg_native_refusal *refusal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int refuse(struct mg_native_refusal *refusal, const char *format, ...)
{
    char message[sizeof(refusal->message)];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (refusal->message[0] == '\0') {
        for (char *p = message; *p != '\0'; p++) {
            *p = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
        }
        MG_ERR_SET(refusal->message, "%s", message);
    }
    return REFUSED;
}

/* ---- the server ---- */

static void host_log(const struct moongate_host *table, enum moongate_level level,
                     struct moongate_text text)
{
    const struct mg_native_host *host = (const struct mg_native_host *)table;
    mg_plugin_log_write(host->log, level == MOONGATE_WARNING ? MG_LOG_WARNING : MG_LOG_INFO,
                        str_of(text), "");
}

static uint64_t host_wall_ms(const struct moongate_host *table)
{
    return mg_plugin_clock_wall(((const struct mg_native_host *)table)->clock);
}

static uint64_t host_monotonic_ms(const struct moongate_host *table)
{
    return mg_plugin_clock_monotonic(((const struct mg_native_host *)table)->clock);
}

/* ---- request ---- */

/* Note a read of the field for Vary: as req:header does. */
static void remember(struct mg_request *request, struct mg_str name)
{
    enum mg_field_id id = mg_field_id_from(name);
    if (id == MG_FIELD_ORIGIN) {
        request->has_read_origin = true;
        request->has_used_origin = true;
    }
    if (id == MG_FIELD_ORIGIN || id == MG_FIELD_ACRM || id == MG_FIELD_ACRH) {
        return; /* CORS itself reads them */
    }
    for (unsigned i = 0; i < request->read_count && i < MG_REQUEST_MAX_READS; i++) {
        if (mg_str_equal_nocase(request->reads[i], name)) {
            return;
        }
    }
    struct mg_str copy = {NULL, 0};
    if (request->read_count < MG_REQUEST_MAX_READS) {
        copy = mg_arena_dup(request->arena, name);
    }
    if (copy.len == 0) {
        request->read_count = MG_REQUEST_MAX_READS + 1; /* Vary: *, the safe side */
        return;
    }
    request->reads[request->read_count++] = copy;
    request->known_reads |= id == MG_FIELD_OTHER ? 0 : UINT32_C(1) << id;
}

static struct moongate_text request_text(struct moongate_request *target,
                                         enum moongate_field field)
{
    struct mg_request *request = target->request;
    switch (field) {
    case MOONGATE_METHOD:
        return text_of(request->head->method_token);
    case MOONGATE_PATH:
        return text_of(request->path);
    case MOONGATE_QUERY:
        return text_of(request->query);
    case MOONGATE_HOST:
        return text_of(request->host);
    case MOONGATE_SCHEME:
        return text_of(request->scheme);
    case MOONGATE_REMOTE_ADDRESS:
        return text_of(request->remote_addr(request->context));
    case MOONGATE_RESOURCE:
        return text_of(request->resource);
    case MOONGATE_KIND:
        request->has_used_origin = true; /* without Origin the kind is another */
        return text_of_c(mg_kind_name(request->kind));
    case MOONGATE_ORIGIN:
        remember(request, MG_STR("Origin"));
        return text_or_none(mg_head_value(request->head, MG_FIELD_ORIGIN));
    case MOONGATE_BODY:
        return target->has_body ? text_of(target->body) : (struct moongate_text){NULL, 0};
    case MOONGATE_VERDICT:
    case MOONGATE_REASON:
        break;
    }
    return (struct moongate_text){NULL, 0};
}

static struct moongate_text request_header(struct moongate_request *target,
                                           struct moongate_text name, size_t index)
{
    struct mg_request *request = target->request;
    struct mg_str wanted = str_of(name);
    unsigned at = 0;
    if (!mg_str_is_token(wanted)) {
        return (struct moongate_text){NULL, 0};
    }
    remember(request, wanted);
    const struct mg_field *field = mg_head_next(request->head, wanted, &at);
    for (; field != NULL && index > 0; index--) {
        field = mg_head_next(request->head, wanted, &at);
    }
    return field == NULL ? (struct moongate_text){NULL, 0} : text_of(field->value);
}

static struct moongate_text request_param(struct moongate_request *target,
                                          struct moongate_text name)
{
    const struct mg_request *request = target->request;
    for (unsigned i = 0; i < request->param_count; i++) {
        if (mg_str_equal(request->params[i].name, str_of(name))) {
            return text_of(request->params[i].value);
        }
    }
    return (struct moongate_text){NULL, 0};
}

/* ---- answer ---- */

static int answer_begin(struct moongate_answer *target, unsigned status)
{
    if (!target->may_answer) {
        return refuse(&target->refusal,
                      "a request hook that answers needs the capability 'respond'");
    }
    if (status < MIN_STATUS || status > MAX_STATUS) {
        return refuse(&target->refusal, "the status of an answer is 200 to 599");
    }
    target->answer.is_given = true;
    target->answer.status = status;
    return 0;
}

/* Judge name and value of a field. */
static int check_field(struct mg_native_refusal *refusal, struct mg_str name,
                       struct mg_str value)
{
    if (!mg_str_is_token(name)) {
        return refuse(refusal, "'%.*s' is no name of a field", MG_STR_ARG(name));
    }
    if (mg_own_field_is_framing(name)) {
        return refuse(refusal, "%.*s is written by the server alone", MG_STR_ARG(name));
    }
    if (!mg_own_field_value_is_safe(value)) {
        return refuse(refusal, "the value of %.*s has a CR, LF or NUL", MG_STR_ARG(name));
    }
    return 0;
}

static int answer_field(struct moongate_answer *target, struct moongate_text name,
                        struct moongate_text value)
{
    struct mg_plugin_field field = {str_of(name), mg_str_trim_ows(str_of(value))};
    struct mg_plugin_answer *answer = &target->answer;
    if (!answer->is_given || check_field(&target->refusal, field.name, field.value) != 0) {
        return refuse(&target->refusal, "%.*s: the answer has not begun",
                      MG_STR_ARG(field.name));
    }
    target->field_bytes += field.name.len + field.value.len;
    if (answer->field_count == MG_ANSWER_MAX_FIELDS ||
        target->field_bytes > MG_ANSWER_MAX_FIELD_BYTES) {
        return refuse(&target->refusal, "with %.*s the answer has too many fields",
                      MG_STR_ARG(field.name));
    }
    if (target->fields == NULL) {
        target->fields =
            mg_arena_calloc(target->arena, MG_ANSWER_MAX_FIELDS, sizeof(*target->fields));
        answer->fields = target->fields;
    }
    struct mg_plugin_field copy = {mg_arena_dup(target->arena, field.name),
                                   mg_arena_dup(target->arena, field.value)};
    if (target->fields == NULL || copy.name.len != field.name.len ||
        copy.value.len != field.value.len) {
        return refuse(&target->refusal, "there is no memory for %.*s", MG_STR_ARG(field.name));
    }
    target->fields[answer->field_count++] = copy;
    return 0;
}

static int answer_body(struct moongate_answer *target, struct moongate_text body)
{
    struct mg_str text = str_of(body);
    struct mg_plugin_answer *answer = &target->answer;
    bool is_bodiless = mg_status_is_bodiless(answer->status) || answer->status == 205;
    if (!answer->is_given) {
        return refuse(&target->refusal, "the answer has not begun");
    }
    if (text.len > MG_ANSWER_MAX_BODY_BYTES || (is_bodiless && text.len > 0)) {
        return refuse(&target->refusal, "%s",
                      is_bodiless ? "an answer of this status has no content"
                                  : "the body has more than 8 MiB");
    }
    answer->body = mg_arena_dup(target->arena, text);
    return answer->body.len == text.len
               ? 0
               : refuse(&target->refusal, "there is no memory for a body");
}

/* ---- decision ---- */

static struct moongate_text decision_text(const struct moongate_decision *target,
                                          enum moongate_field field)
{
    const struct mg_decision *decision = &target->decision;
    target->request->has_used_origin = true; /* each of them depends on it */
    if (field == MOONGATE_VERDICT) {
        return text_of_c(mg_verdict_name(decision->verdict));
    }
    if (field == MOONGATE_KIND) {
        return text_of_c(mg_kind_name(decision->kind));
    }
    return text_of_c(field == MOONGATE_REASON ? decision->reason : NULL);
}

static unsigned decision_status(const struct moongate_decision *target)
{
    target->request->has_used_origin = true;
    return target->decision.status;
}

static int decision_deny(struct moongate_decision *target, struct moongate_text reason)
{
    struct mg_str text = str_of(reason);
    struct mg_decision *decision = &target->decision;
    if (!mg_reason_is_code(text)) {
        return refuse(&target->refusal,
                      "'%.*s' is no reason: lower-case words joined by hyphens",
                      MG_STR_ARG(text));
    }
    if (decision->status == STATUS_BAD_REQUEST) {
        return 0; /* malformed is refused already, and for a better reason */
    }
    struct mg_str copy = mg_arena_dup(target->request->arena, text);
    if (copy.len == 0) {
        return refuse(&target->refusal, "there is no memory for %.*s", MG_STR_ARG(text));
    }
    decision->verdict = MG_VERDICT_DENY;
    decision->reason = copy.ptr;
    decision->status = STATUS_FORBIDDEN;
    decision->allow_origin = MG_ALLOW_ORIGIN_NONE;
    return 0;
}

/* ---- response ---- */

static unsigned response_status(const struct moongate_response *target)
{
    return target->response.status;
}

static struct moongate_text response_header(const struct moongate_response *target,
                                            struct moongate_text name, size_t index)
{
    const struct mg_plugin_response *response = &target->response;
    for (size_t i = 0; i < response->field_count; i++) {
        if (mg_str_equal_nocase(response->fields[i].name, str_of(name)) && index-- == 0) {
            return text_of(response->fields[i].value);
        }
    }
    return (struct moongate_text){NULL, 0};
}

/* Judge an edit that may add `more` lines, and see to it that the fields are free to change,
 * with room for one more. */
static int begin_edit(struct moongate_response *target, struct mg_str name, struct mg_str value,
                      size_t more)
{
    struct mg_plugin_response *response = &target->response;
    if (check_field(&target->refusal, name, value) != 0) {
        return REFUSED;
    }
    if (mg_own_field_is_cors(name)) {
        return refuse(&target->refusal, "%.*s follows from the decision", MG_STR_ARG(name));
    }
    target->edit_bytes += name.len + value.len;
    if (response->field_count + more > MG_RESPONSE_MAX_FIELDS ||
        target->edit_bytes > MG_RESPONSE_MAX_EDIT_BYTES) {
        return refuse(&target->refusal, "with %.*s too much of the answer is edited",
                      MG_STR_ARG(name));
    }
    if (response->field_count < target->capacity) {
        return 0;
    }
    size_t capacity = response->field_count + SPARE_FIELDS;
    struct mg_plugin_field *fields =
        mg_arena_calloc(response->arena, capacity, sizeof(*fields));
    if (fields == NULL) {
        return refuse(&target->refusal, "there is no memory for %.*s", MG_STR_ARG(name));
    }
    if (response->field_count > 0) {
        memcpy(fields, response->fields, response->field_count * sizeof(*fields));
    }
    response->fields = fields;
    target->capacity = capacity;
    return 0;
}

/* Take away all lines of that name. Returns: the place of the first, or the number left. */
static size_t remove_lines(struct mg_plugin_response *response, struct mg_str name)
{
    size_t kept = 0;
    size_t first = response->field_count;
    for (size_t i = 0; i < response->field_count; i++) {
        if (!mg_str_equal_nocase(response->fields[i].name, name)) {
            response->fields[kept++] = response->fields[i];
        } else if (first == response->field_count) {
            first = kept;
        }
    }
    response->field_count = kept;
    return first < kept ? first : kept;
}

/* Put a copy of the field at `place`. */
static int insert_line(struct moongate_response *target, size_t place, struct mg_str name,
                       struct mg_str value)
{
    struct mg_plugin_response *response = &target->response;
    struct mg_plugin_field copy = {mg_arena_dup(response->arena, name),
                                   mg_arena_dup(response->arena, value)};
    if (copy.name.len != name.len || copy.value.len != value.len) {
        return refuse(&target->refusal, "there is no memory for %.*s", MG_STR_ARG(name));
    }
    memmove(response->fields + place + 1, response->fields + place,
            (response->field_count - place) * sizeof(copy));
    response->fields[place] = copy;
    response->field_count++;
    response->is_changed = true;
    return 0;
}

static int response_set(struct moongate_response *target, struct moongate_text name,
                        struct moongate_text value)
{
    struct mg_str text = mg_str_trim_ows(str_of(value));
    if (begin_edit(target, str_of(name), text, 1) != 0) {
        return REFUSED;
    }
    size_t place = remove_lines(&target->response, str_of(name));
    return insert_line(target, place, str_of(name), text);
}

static int response_add(struct moongate_response *target, struct moongate_text name,
                        struct moongate_text value)
{
    struct mg_str text = mg_str_trim_ows(str_of(value));
    return begin_edit(target, str_of(name), text, 1) != 0
               ? REFUSED
               : insert_line(target, target->response.field_count, str_of(name), text);
}

static int response_remove(struct moongate_response *target, struct moongate_text name)
{
    if (begin_edit(target, str_of(name), (struct mg_str){NULL, 0}, 0) != 0) {
        return REFUSED;
    }
    (void)remove_lines(&target->response, str_of(name));
    target->response.is_changed = true;
    return 0;
}

/* ---- record ---- */

static struct moongate_text record_text(const struct moongate_record *target,
                                        enum moongate_field field)
{
    const struct mg_plugin_record *record = target->record;
    switch (field) {
    case MOONGATE_METHOD:
        return text_of(record->method);
    case MOONGATE_PATH:
        return text_of(record->path);
    case MOONGATE_HOST:
        return text_of(record->host);
    case MOONGATE_REMOTE_ADDRESS:
        return text_of(record->remote_addr);
    case MOONGATE_RESOURCE:
        return text_or_none(record->resource);
    case MOONGATE_KIND:
        return text_of_c(mg_kind_name(record->kind));
    case MOONGATE_ORIGIN:
        return text_or_none(record->origin);
    case MOONGATE_VERDICT:
        return text_of_c(record->verdict);
    case MOONGATE_REASON:
        return text_of_c(record->reason);
    case MOONGATE_QUERY:
    case MOONGATE_SCHEME:
    case MOONGATE_BODY:
        break;
    }
    return (struct moongate_text){NULL, 0};
}

static uint64_t record_number(const struct moongate_record *target, enum moongate_number number)
{
    const struct mg_plugin_record *record = target->record;
    switch (number) {
    case MOONGATE_STATUS:
        return record->status;
    case MOONGATE_BYTES:
        return record->bytes;
    case MOONGATE_DURATION_US:
        return record->duration_us;
    case MOONGATE_WALL_MS:
        return record->wall_ms;
    }
    return 0;
}

void mg_native_host_init(struct mg_native_host *host, struct mg_plugin_log *log,
                         const struct mg_plugin_clock *clock)
{
    *host = (struct mg_native_host){.table = {.abi = MOONGATE_PLUGIN_ABI,
                                              .size = sizeof(host->table),
                                              .log = host_log,
                                              .wall_ms = host_wall_ms,
                                              .monotonic_ms = host_monotonic_ms,
                                              .request_text = request_text,
                                              .request_header = request_header,
                                              .request_param = request_param,
                                              .answer_begin = answer_begin,
                                              .answer_field = answer_field,
                                              .answer_body = answer_body,
                                              .decision_text = decision_text,
                                              .decision_status = decision_status,
                                              .decision_deny = decision_deny,
                                              .response_status = response_status,
                                              .response_header = response_header,
                                              .response_set = response_set,
                                              .response_add = response_add,
                                              .response_remove = response_remove,
                                              .record_text = record_text,
                                              .record_number = record_number},
                                    .log = log,
                                    .clock = clock};
}
