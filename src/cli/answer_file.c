/* answer_file.c - a cursor over lines; a head is read in one pass, content is stepped over.
 *
 * The trap is content that looks like a head. Only what directly follows a head's empty
 * line, or stands exactly where Content-Length ends, is taken for one.
 */
#include "cli/answer_file.h"

/* The text not yet read, and the number of its first line. */
struct cursor {
    struct mg_str rest;
    size_t line;
};

/* One reading under way. */
struct reader {
    struct cursor at;
    struct mg_arena *arena;
    struct mg_answer_fault *fault;
    struct mg_browser_field fields[MG_ANSWER_MAX_FIELDS];
    size_t field_count;
};

static bool fail(struct reader *r, const char *message)
{
    *r->fault = (struct mg_answer_fault){r->at.line, message};
    return false;
}

/* The line at the cursor, without its end. Returns: the bytes it takes with its end. */
static size_t peek_line(struct mg_str rest, struct mg_str *line)
{
    const char *end = rest.len == 0 ? NULL : memchr(rest.ptr, '\n', rest.len);
    size_t length = end == NULL ? rest.len : (size_t)(end - rest.ptr);
    size_t taken = end == NULL ? length : length + 1;
    if (length > 0 && rest.ptr[length - 1] == '\r') {
        length--;
    }
    *line = (struct mg_str){rest.ptr, length};
    return taken;
}

static struct mg_str take_line(struct cursor *at)
{
    struct mg_str line;
    at->rest = mg_str_from_offset(at->rest, peek_line(at->rest, &line));
    at->line++;
    return line;
}

static bool is_digit_at(struct mg_str text, size_t index)
{
    return index < text.len && mg_ascii_is_digit(text.ptr[index]);
}

/* Whether `text` begins like a status line: HTTP/D[.D] SP D D D, then no fourth digit. */
static bool begins_head(struct mg_str text)
{
    size_t at = sizeof("HTTP/") - 1;
    if (!mg_str_starts_with(text, MG_STR("HTTP/")) || !is_digit_at(text, at)) {
        return false;
    }
    at++;
    if (at < text.len && text.ptr[at] == '.') {
        at += 2;
        if (!is_digit_at(text, at - 1)) {
            return false;
        }
    }
    return at < text.len && text.ptr[at] == ' ' && is_digit_at(text, at + 1) &&
           is_digit_at(text, at + 2) && is_digit_at(text, at + 3) && !is_digit_at(text, at + 4);
}

static bool read_status_line(struct reader *r, struct mg_raw_answer *answer)
{
    if (!begins_head(r->at.rest)) {
        return fail(r, "expected a status line, such as 'HTTP/1.1 200 OK'");
    }
    *answer = (struct mg_raw_answer){.line = r->at.line};
    struct mg_str line;
    size_t taken = peek_line(r->at.rest, &line);
    if (memchr(line.ptr, '\0', line.len) != NULL) {
        return fail(r, "a NUL byte in a head");
    }
    const char *space = memchr(line.ptr, ' ', line.len);
    size_t version_len = (size_t)(space - line.ptr);
    unsigned long long status = 0;
    struct mg_str digits = {space + 1, 3};
    if (!mg_str_to_u64(digits, 599, &status) || status < 100) {
        return fail(r, "a status is a number from 100 to 599");
    }
    answer->version = (struct mg_str){line.ptr, version_len};
    answer->status = (unsigned)status;
    answer->phrase = mg_str_trim_ows(mg_str_from_offset(line, version_len + 4));
    r->at.rest = mg_str_from_offset(r->at.rest, taken);
    r->at.line++;
    return true;
}

static bool read_field(struct reader *r, struct mg_str line)
{
    if (r->field_count > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
        struct mg_str *value = &r->fields[r->field_count - 1].value;
        struct mg_str more = mg_str_trim_ows(line);
        bool has_both = value->len > 0 && more.len > 0;
        *value = mg_arena_printf(r->arena, "%.*s%s%.*s", MG_STR_ARG(*value),
                                 has_both ? " " : "", MG_STR_ARG(more));
        return true;
    }
    const char *colon = memchr(line.ptr, ':', line.len);
    if (colon == NULL) {
        return fail(r, "a line of a head without a colon (an empty line ends the head)");
    }
    struct mg_str name = {line.ptr, (size_t)(colon - line.ptr)};
    if (!mg_str_is_token(name)) {
        return fail(r, "what stands before the colon is no field name");
    }
    if (r->field_count == MG_ANSWER_MAX_FIELDS) {
        return fail(r, "too many fields in one head");
    }
    r->fields[r->field_count++] = (struct mg_browser_field){
        name, mg_str_trim_ows(mg_str_from_offset(line, name.len + 1))};
    return true;
}

/* Read a head and the empty line behind it, which the end of the text may stand for. */
static bool read_head(struct reader *r, struct mg_raw_answer *answer)
{
    if (!read_status_line(r, answer)) {
        return false;
    }
    r->field_count = 0;
    while (r->at.rest.len > 0) {
        struct cursor before = r->at;
        struct mg_str line = take_line(&r->at);
        if (line.len == 0) {
            break;
        }
        struct cursor after = r->at;
        r->at = before;
        if (memchr(line.ptr, '\0', line.len) != NULL) {
            return fail(r, "a NUL byte in a head");
        }
        if (!read_field(r, line)) {
            return false;
        }
        r->at = after;
    }
    struct mg_browser_field *fields =
        mg_arena_calloc(r->arena, r->field_count + 1, sizeof(*fields));
    if (fields == NULL || mg_arena_overflowed(r->arena)) {
        return fail(r, "memory is out");
    }
    if (r->field_count > 0) {
        memcpy(fields, r->fields, r->field_count * sizeof(*fields));
    }
    answer->fields = fields;
    answer->field_count = r->field_count;
    return true;
}

/* Step over `count` octets of content. */
static void skip(struct cursor *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        at->line += at->rest.ptr[i] == '\n';
    }
    at->rest = mg_str_from_offset(at->rest, count);
}

/* Go to the next head. Returns: false when there is none. */
static bool skip_content(struct reader *r, const struct mg_raw_answer *answer)
{
    if (begins_head(r->at.rest)) {
        return true;
    }
    const struct mg_browser_response head = {answer->status, answer->fields,
                                             answer->field_count};
    struct mg_str value;
    unsigned long long length = 0;
    if (!mg_browser_response_line(&head, MG_STR("content-length"), 0, &value) ||
        !mg_str_to_u64(value, r->at.rest.len, &length)) {
        return false;
    }
    struct cursor behind = r->at;
    skip(&behind, (size_t)length);
    if (!begins_head(behind.rest)) {
        return false;
    }
    r->at = behind;
    return true;
}

/* Whether the response is not the one that the request asked for: an interim one, or what a
 * proxy said to CONNECT, which has a head of its own before that of the server. */
static bool is_interim(const struct mg_raw_answer *answer, bool is_followed)
{
    return answer->status < 200 ||
           (is_followed && answer->status == 200 && answer->field_count == 0 &&
            mg_str_equal_nocase(answer->phrase, MG_STR("Connection established")));
}

/* Pass over what an editor or a shell may leave before the first head. */
static void skip_front(struct cursor *at)
{
    struct mg_str line;
    if (mg_str_starts_with(at->rest, MG_STR("\xef\xbb\xbf"))) {
        at->rest = mg_str_from_offset(at->rest, 3);
    }
    while (at->rest.len > 0 && (peek_line(at->rest, &line), line.len == 0)) {
        (void)take_line(at);
    }
}

bool mg_answer_file_parse(struct mg_str text, struct mg_arena *arena,
                          struct mg_answer_file *out, struct mg_answer_fault *fault)
{
    struct reader r = {.at = {text, 1}, .arena = arena, .fault = fault};
    bool is_followed = true;
    *out = (struct mg_answer_file){
        .answers = mg_arena_calloc(arena, MG_ANSWER_MAX_HEADS, sizeof(*out->answers))};
    if (out->answers == NULL) {
        return fail(&r, "memory is out");
    }
    skip_front(&r.at);
    while (is_followed) {
        struct mg_raw_answer answer;
        if (out->count + out->interim_count == MG_ANSWER_MAX_HEADS) {
            return fail(&r, "too many heads in one file");
        }
        if (!read_head(&r, &answer)) {
            return false;
        }
        is_followed = skip_content(&r, &answer);
        if (is_interim(&answer, is_followed)) {
            out->interim_count++;
        } else {
            out->answers[out->count++] = answer;
        }
    }
    return out->count > 0 || fail(&r, "only interim responses (1xx): the final one is missing");
}
