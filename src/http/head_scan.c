/* head_scan.c - the first pass: one search for control bytes finds the ends of lines and every
 * byte that may not stand in a head, and what it finds is judged in the order of the bytes.
 *
 *     GET /orders?q=1 HTTP/1.1 CR LF Host: example.com CR LF CR LF
 *     |  |            |        |     |                 |
 *     |  method_end   |        next control byte       line_start
 *     start           target_end
 *
 * A verdict may depend on the bytes up to where it falls, never on how they were cut into
 * pieces: a line is judged when its CR LF is there, and what is judged sooner (control bytes,
 * the first byte, the length of the target) is judged at the byte that decides it.
 */
#include "http/head_scan.h"

#include "http/bytes.h"

/* What RFC 9112 2.2 to 3 wants of a request line, beyond the lengths. */
static void check_request_line(struct mg_str line, struct mg_head_scan *scan)
{
    size_t method_len = scan->method_end - scan->start;
    if (scan->method_end == 0) {
        (void)mg_head_refuse(scan, 400, "request-line-malformed");
        return;
    }
    if (!mg_bytes_are((struct mg_str){line.ptr, method_len}, MG_BYTE_TOKEN)) {
        (void)mg_head_refuse(scan, 400, "method-malformed");
        return;
    }
    if (scan->target_end == 0) {
        /* "GET /" alone is how HTTP/0.9 asked. */
        (void)mg_head_refuse(scan, 400, "version-missing");
        return;
    }
    size_t target_len = scan->target_end - scan->method_end - 1;
    struct mg_str target = {line.ptr + method_len + 1, target_len};
    struct mg_str version = mg_str_from_offset(line, method_len + target_len + 2);
    if (target.len == 0 || memchr(version.ptr, ' ', version.len) != NULL) {
        (void)mg_head_refuse(scan, 400, "request-line-spaces");
        return;
    }
    if (!mg_bytes_are(target, MG_BYTE_TARGET)) {
        (void)mg_head_refuse(scan, 400, "target-malformed");
        return;
    }
    bool well_formed = version.len == 8 && memcmp(version.ptr, "HTTP/", 5) == 0 &&
                       mg_ascii_is_digit(version.ptr[5]) && version.ptr[6] == '.' &&
                       mg_ascii_is_digit(version.ptr[7]);
    if (!well_formed) {
        (void)mg_head_refuse(scan, 400, "version-malformed");
    } else if (version.ptr[5] != '1') {
        (void)mg_head_refuse(scan, 505, "version-unsupported");
    } else {
        scan->minor = version.ptr[7] == '0' ? 0 : 1;
    }
}

static void add_field(struct mg_str line, const char *colon, struct mg_head *head)
{
    struct mg_field *field = &head->fields[head->field_count++];
    const char *value = colon + 1;
    const char *end = line.ptr + line.len;
    while (*value == ' ' || *value == '\t') { /* the line's CR stops it */
        value++;
    }
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    field->name = (struct mg_str){line.ptr, (size_t)(colon - line.ptr)};
    field->value = (struct mg_str){value, (size_t)(end - value)};
    field->id = mg_field_id_from(field->name);
    if (head->lines[field->id]++ == 0) {
        head->first[field->id] = (uint8_t)head->field_count;
    }
}

/* A field line: its name is judged; find_control has seen to its value. `end` is that of the
 * bytes: looking in whole blocks, which may reach past the line, is faster, and the line's CR
 * stops the search. */
static void take_field_line(struct mg_str line, const char *end, struct mg_head_scan *scan,
                            struct mg_head *head)
{
    const char *at = mg_bytes_skip_token(line.ptr, end);
    if (*at == ':' && at > line.ptr) {
        add_field(line, at, head);
        return;
    }
    const char *reason = "field-name-malformed";
    if (*at == ':') {
        reason = "field-name-empty";
    } else if (at == line.ptr && (*at == ' ' || *at == '\t')) {
        reason = "obs-fold";
    } else if (*at == ' ' || *at == '\t') {
        reason = "space-before-colon";
    } else if (memchr(line.ptr, ':', line.len) == NULL) {
        reason = "colon-missing";
    }
    (void)mg_head_refuse(scan, 400, reason);
}

/* Look for the ends of method and target in the request line as far as it is there, up to `to`;
 * `from` is where the last look ended. Judges the first byte (a TLS hello begins with another
 * one) and the length of the target, ended or not. */
static void measure_request_line(const char *ptr, size_t from, size_t to, size_t max_target,
                                 struct mg_head_scan *scan)
{
    if (to == scan->start) {
        return;
    }
    if (!mg_byte_is(ptr[scan->start], MG_BYTE_TOKEN)) {
        (void)mg_head_refuse(scan, 400, "method-malformed");
        return;
    }
    if (scan->method_end == 0) {
        const char *space = memchr(ptr + from, ' ', to - from);
        if (space == NULL) {
            return;
        }
        scan->method_end = (size_t)(space - ptr);
        from = scan->method_end + 1;
    }
    size_t end = scan->target_end;
    if (end == 0) {
        const char *space = memchr(ptr + from, ' ', to - from);
        scan->target_end = space == NULL ? 0 : (size_t)(space - ptr);
        end = space == NULL ? to : scan->target_end;
    }
    if (end - scan->method_end - 1 > max_target) {
        (void)mg_head_refuse(scan, 414, "target-too-long");
    }
}

/* Judge the whole line [line_start, end). Returns: whether it is the empty line that ends the
 * head. */
static bool take_line(struct mg_str bytes, size_t end, unsigned max_fields,
                      struct mg_head_scan *scan, struct mg_head *head)
{
    struct mg_str line = {bytes.ptr + scan->line_start, end - scan->line_start};
    scan->line_start = end + 2;
    scan->scanned = scan->line_start;
    if (line.len == 0) {
        if (scan->lines == 0) { /* an empty line before the request line */
            scan->start = scan->line_start;
            return false;
        }
        return true;
    }
    if (scan->lines == 0) {
        check_request_line(line, scan);
    } else if (scan->lines > max_fields) {
        (void)mg_head_refuse(scan, 431, "too-many-fields");
    } else {
        take_field_line(line, bytes.ptr + bytes.len, scan, head);
    }
    scan->lines++;
    return false;
}

enum mg_head_result mg_head_scan_lines(struct mg_str bytes, const struct mg_head_limits *limits,
                                       struct mg_head_scan *scan, struct mg_head *head)
{
    size_t visible = bytes.len < limits->head_bytes ? bytes.len : limits->head_bytes;
    unsigned max_fields =
        limits->fields < MG_HEAD_MAX_FIELDS ? limits->fields : MG_HEAD_MAX_FIELDS;
    const char *end = bytes.ptr + visible;
    bool complete = false;
    if (bytes.len == 0) {
        return MG_HEAD_PARTIAL;
    }
    while (!complete && scan->status == 0) {
        const char *control = mg_bytes_find_control(bytes.ptr + scan->scanned, end);
        size_t at = (size_t)(control - bytes.ptr);
        if (scan->lines == 0) {
            measure_request_line(bytes.ptr, scan->scanned, at, limits->target_bytes, scan);
        }
        bool whole = end - control >= 2;
        if (scan->status != 0) {
            break;
        }
        if (control == end || (*control == '\r' && !whole)) {
            scan->scanned = at;
            if (visible < limits->head_bytes) {
                return MG_HEAD_PARTIAL;
            }
            return mg_head_refuse(scan, 431, "head-too-large");
        }
        if (*control == '\n') {
            return mg_head_refuse(scan, 400, "bare-lf");
        }
        if (*control != '\r') {
            return mg_head_refuse(scan, 400, "control-byte");
        }
        if (control[1] != '\n') {
            return mg_head_refuse(scan, 400, "bare-cr");
        }
        complete = take_line(bytes, at, max_fields, scan, head);
    }
    return scan->status != 0 ? MG_HEAD_REFUSED : MG_HEAD_COMPLETE;
}
