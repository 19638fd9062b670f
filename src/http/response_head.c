/* response_head.c - one pass: the search for control bytes finds the ends of lines and every
 * byte that may not stand in a head; each line is taken apart when its CR LF is there. What the
 * framing depends on is judged at the end, when all lines are known.
 *
 * A head nearly always comes whole. One that does not is read from its start again whenever a
 * line has ended, so that nothing of a head need be kept while it is incomplete.
 */
#include "http/response_head.h"

#include "http/bytes.h"
#include "http/response.h"

/* HTTP-version SP status-code SP [ reason-phrase ]; the last SP is often forgotten. */
static const char *read_status_line(struct mg_str line, struct mg_response_head *head)
{
    enum {
        VERSION_BYTES = 8,
        STATUS_AT = VERSION_BYTES + 1,
        STATUS_END = STATUS_AT + 3
    };
    if (line.len < STATUS_END || memcmp(line.ptr, "HTTP/", 5) != 0 ||
        !mg_ascii_is_digit(line.ptr[5]) || line.ptr[6] != '.' ||
        !mg_ascii_is_digit(line.ptr[7]) || line.ptr[VERSION_BYTES] != ' ') {
        return "status-line-malformed";
    }
    if (line.ptr[5] != '1') {
        return "version-unsupported";
    }
    unsigned long long status = 0;
    if (!mg_str_to_u64((struct mg_str){line.ptr + STATUS_AT, 3}, 999, &status) ||
        (line.len > STATUS_END && line.ptr[STATUS_END] != ' ')) {
        return "status-malformed";
    }
    if (status < 100 || status > 599) {
        return "status-out-of-range";
    }
    head->minor = line.ptr[7] == '0' ? 0 : 1;
    head->status = (unsigned)status;
    return NULL;
}

static const char *read_field(struct mg_str line, struct mg_response_head *head)
{
    const char *end = line.ptr + line.len;
    const char *at = mg_bytes_skip_token(line.ptr, end);
    struct mg_str name = {line.ptr, (size_t)(at - line.ptr)};
    if (name.len == 0) {
        bool is_fold = *at == ' ' || *at == '\t';
        return is_fold ? "obs-fold" : "field-name-malformed";
    }
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++; /* RFC 9112 5.1: removed */
    }
    if (at == end || *at != ':') {
        return "field-name-malformed";
    }
    struct mg_field *field = &head->fields[head->field_count++];
    field->name = name;
    field->value = mg_str_trim_ows((struct mg_str){at + 1, (size_t)(end - at - 1)});
    field->id = mg_field_id_from(name);
    return NULL;
}

const struct mg_field *mg_response_head_first(const struct mg_response_head *head,
                                              enum mg_field_id id)
{
    for (unsigned i = 0; i < head->field_count; i++) {
        if (head->fields[i].id == id) {
            return &head->fields[i];
        }
    }
    return NULL;
}

/* The fields that framing hangs on. */
struct framing_fields {
    const struct mg_field *length;
    const struct mg_field *coding;
    unsigned lengths;
    unsigned codings;
    bool says_close;
    bool says_keep_alive;
};

static void note_connection(struct mg_str value, struct framing_fields *found)
{
    struct mg_list_cursor options = mg_list_begin(value);
    struct mg_str option;
    while (mg_list_next(&options, &option)) {
        found->says_close = found->says_close || mg_str_equal_nocase(option, MG_STR("close"));
        found->says_keep_alive =
            found->says_keep_alive || mg_str_equal_nocase(option, MG_STR("keep-alive"));
    }
}

static struct framing_fields find_framing(const struct mg_response_head *head)
{
    struct framing_fields found = {0};
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct mg_field *field = &head->fields[i];
        if (field->id == MG_FIELD_CONTENT_LENGTH) {
            found.length = field;
            found.lengths++;
        } else if (field->id == MG_FIELD_TRANSFER_ENCODING) {
            found.coding = field;
            found.codings++;
        } else if (field->id == MG_FIELD_CONNECTION) {
            note_connection(field->value, &found);
        }
    }
    return found;
}

/* RFC 9112 6.3. Repeated lengths are refused even where they agree, and a length beside a
 * coding: both are how responses are split. Returns: NULL, or what is wrong. */
static const char *read_framing(struct mg_response_head *head, bool is_head_request)
{
    struct framing_fields found = find_framing(head);
    unsigned long long length = 0;
    if (found.lengths > 0 && found.codings > 0) {
        return "length-with-transfer-encoding";
    }
    if (found.lengths > 1) {
        return "content-length-repeated";
    }
    if (found.codings > 0 && head->minor == 0) {
        return "transfer-encoding-in-http-1-0";
    }
    if (found.codings > 1 ||
        (found.codings == 1 && !mg_str_equal_nocase(found.coding->value, MG_STR("chunked")))) {
        return "transfer-coding-unsupported";
    }
    if (found.lengths == 1 && !mg_str_to_u64(found.length->value, INT64_MAX, &length)) {
        return "content-length-malformed";
    }
    head->has_length = found.lengths == 1;
    head->content_length = length;
    if (is_head_request || mg_status_is_bodiless(head->status)) {
        head->body = MG_BODY_NONE;
    } else if (found.codings == 1) {
        head->body = MG_BODY_CHUNKED;
    } else {
        head->body = found.lengths == 1 ? MG_BODY_LENGTH : MG_BODY_CLOSE;
    }
    head->keep_alive = !found.says_close && (head->minor > 0 || found.says_keep_alive) &&
                       head->body != MG_BODY_CLOSE;
    return NULL;
}

/* What the control byte at `at` means. Returns: NULL for CR LF. */
static const char *control_fault(const char *at)
{
    if (*at == '\n') {
        return "bare-lf";
    }
    if (*at != '\r') {
        return "control-byte";
    }
    return at[1] == '\n' ? NULL : "bare-cr";
}

/* Take one line apart; `count` lines were before it. */
static const char *take_line(struct mg_str line, unsigned count, unsigned max_fields,
                             struct mg_response_head *head)
{
    if (count == 0) {
        return read_status_line(line, head);
    }
    return head->field_count >= max_fields ? "too-many-fields" : read_field(line, head);
}

/* Read lines from the front of `bytes`, which reach as far as the limit. Returns: NULL, or what
 * is wrong; head->size is 0 while the head is not whole. */
static const char *read_lines(struct mg_str bytes, unsigned max_fields,
                              struct mg_response_head *head)
{
    const char *end = bytes.ptr + bytes.len;
    const char *line = bytes.ptr;
    head->field_count = 0;
    head->size = 0;
    for (unsigned count = 0;; count++) {
        const char *control = mg_bytes_find_control(line, end);
        if (control == end || (*control == '\r' && end - control < 2)) {
            return NULL;
        }
        const char *fault = control_fault(control);
        if (fault == NULL && count > 0 && control == line) {
            head->size = (size_t)(control - bytes.ptr) + 2;
            return NULL;
        }
        if (fault == NULL) {
            struct mg_str text = {line, (size_t)(control - line)};
            fault = take_line(text, count, max_fields, head);
        }
        if (fault != NULL) {
            return fault;
        }
        line = control + 2;
    }
}

enum mg_head_result mg_response_head_parse(struct mg_str bytes,
                                           const struct mg_response_head_limits *limits,
                                           bool is_head_request,
                                           struct mg_response_head_scan *scan,
                                           struct mg_response_head *head)
{
    size_t visible = bytes.len < limits->head_bytes ? bytes.len : limits->head_bytes;
    unsigned max_fields =
        limits->fields < MG_HEAD_MAX_FIELDS ? limits->fields : MG_HEAD_MAX_FIELDS;
    const char *end = bytes.ptr + visible;
    if (visible == 0) {
        return MG_HEAD_PARTIAL;
    }
    bool is_news = scan->seen == 0 || visible == limits->head_bytes ||
                   mg_bytes_find_control(bytes.ptr + scan->seen, end) != end;
    if (!is_news) {
        scan->seen = visible;
        return MG_HEAD_PARTIAL;
    }
    scan->reason = read_lines((struct mg_str){bytes.ptr, visible}, max_fields, head);
    if (scan->reason == NULL && head->size == 0) {
        /* A CR at the end is looked at again with the byte behind it. */
        scan->seen = visible - (end[-1] == '\r');
        if (visible < limits->head_bytes) {
            return MG_HEAD_PARTIAL;
        }
        scan->reason = "head-too-large";
    }
    if (scan->reason == NULL) {
        scan->reason = read_framing(head, is_head_request);
    }
    return scan->reason == NULL ? MG_HEAD_COMPLETE : MG_HEAD_REFUSED;
}
