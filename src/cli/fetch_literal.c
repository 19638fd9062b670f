/* fetch_literal.c - see the header. A decoded string is never longer than its literal. */
#include "cli/fetch_literal.h"

#include "core/buf.h"

enum {
    MAX_DEPTH = 64,
    MAX_JSON_BYTES = 1 << 24
};

static char byte_at(const struct mg_fetch_cursor *c, size_t index)
{
    return index < c->text.len ? c->text.ptr[index] : '\0';
}

static bool is_space(char b)
{
    return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == '\v' || b == '\f';
}

static bool is_name_byte(char b)
{
    char lower = mg_ascii_lower(b);
    return (lower >= 'a' && lower <= 'z') || mg_ascii_is_digit(b) || b == '_' || b == '$';
}

/* Length of a comment at the cursor; 0: there is none. One without an end ends with the
 * text. */
static size_t comment(const struct mg_fetch_cursor *c)
{
    struct mg_str rest = mg_str_from_offset(c->text, c->at);
    if (mg_str_starts_with(rest, MG_STR("//"))) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        return end == NULL ? rest.len : (size_t)(end - rest.ptr);
    }
    if (mg_str_starts_with(rest, MG_STR("/*"))) {
        const char *end = memmem(rest.ptr + 2, rest.len - 2, "*/", 2);
        return end == NULL ? rest.len : (size_t)(end - rest.ptr) + 2;
    }
    return 0;
}

char mg_fetch_peek(struct mg_fetch_cursor *c)
{
    while (c->at < c->text.len) {
        size_t skipped = is_space(c->text.ptr[c->at]) ? 1 : comment(c);
        if (skipped == 0) {
            break;
        }
        c->at += skipped;
    }
    return byte_at(c, c->at);
}

bool mg_fetch_take(struct mg_fetch_cursor *c, const char *literal)
{
    size_t length = strlen(literal);
    (void)mg_fetch_peek(c);
    if (!mg_str_starts_with(mg_str_from_offset(c->text, c->at), mg_str_from(literal)) ||
        (is_name_byte(literal[length - 1]) && is_name_byte(byte_at(c, c->at + length)))) {
        return false;
    }
    c->at += length;
    return true;
}

bool mg_fetch_expect(struct mg_fetch_cursor *c, const char *literal)
{
    return mg_fetch_take(c, literal) ||
           MG_FETCH_FAIL(c, "expected '%s' (explain reads literals, no expressions)", literal);
}

bool mg_fetch_at_string(struct mg_fetch_cursor *c)
{
    char b = mg_fetch_peek(c);
    return b == '"' || b == '\'' || b == '`';
}

struct mg_str mg_fetch_read_name(struct mg_fetch_cursor *c)
{
    (void)mg_fetch_peek(c);
    size_t start = c->at;
    while (c->at < c->text.len && is_name_byte(c->text.ptr[c->at])) {
        c->at++;
    }
    return (struct mg_str){c->text.ptr + start, c->at - start};
}

/* Read exactly `count` hexadecimal digits, or of \u{...} as many as come up to eight. */
static bool read_hex(struct mg_fetch_cursor *c, size_t count, unsigned *code)
{
    bool is_braced = count == 4 && byte_at(c, c->at) == '{';
    size_t read = 0;
    c->at += is_braced;
    *code = 0;
    for (; read < (is_braced ? 8 : count); read++, c->at++) {
        int digit = mg_ascii_hex(byte_at(c, c->at));
        if (digit < 0) {
            break;
        }
        *code = *code << 4 | (unsigned)digit;
    }
    if (is_braced) {
        return read > 0 && byte_at(c, c->at++) == '}';
    }
    return read == count;
}

/* \uHHHH, both halves of a surrogate pair; the cursor is behind the u. */
static bool read_unicode(struct mg_fetch_cursor *c, unsigned *code)
{
    if (!read_hex(c, 4, code)) {
        return false;
    }
    bool is_high = *code >= 0xd800 && *code < 0xdc00;
    if (is_high && byte_at(c, c->at) == '\\' && byte_at(c, c->at + 1) == 'u') {
        size_t before = c->at;
        unsigned low = 0;
        c->at += 2;
        if (read_hex(c, 4, &low) && low >= 0xdc00 && low < 0xe000) {
            *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
        } else {
            c->at = before;
        }
    }
    return true;
}

/* An escape behind its backslash, written to *out. */
static bool read_escape(struct mg_fetch_cursor *c, char **out)
{
    static const char FROM[] = "bfnrtv0";
    static const char TO[] = "\b\f\n\r\t\v";
    char b = byte_at(c, c->at++);
    unsigned code = 0;
    const char *simple = b == '\0' ? NULL : strchr(FROM, b);
    if (b == '\r' && byte_at(c, c->at) == '\n') {
        c->at++;
    }
    if (b == '\n' || b == '\r') {
        return true; /* a continued line */
    }
    if (b == 'x' || b == 'u') {
        if (!(b == 'x' ? read_hex(c, 2, &code) : read_unicode(c, &code))) {
            return MG_FETCH_FAIL(c, "a malformed \\%c escape", b);
        }
        *out += mg_explain_put_utf8(*out, code);
        return true;
    }
    *(*out)++ = simple == NULL ? b : TO[simple - FROM];
    return true;
}

/* Step over a string or template of any content. */
static void skip_string(struct mg_fetch_cursor *c)
{
    char quote = c->text.ptr[c->at++];
    while (c->at < c->text.len && c->text.ptr[c->at] != quote) {
        c->at += c->text.ptr[c->at] == '\\' ? 2 : 1;
    }
    c->at = c->at < c->text.len ? c->at + 1 : c->text.len;
}

bool mg_fetch_read_string(struct mg_fetch_cursor *c, const char *what, struct mg_str *out)
{
    if (!mg_fetch_at_string(c)) {
        return MG_FETCH_FAIL(c, "expected %s as a string literal", what);
    }
    size_t start = c->at;
    char quote = c->text.ptr[start];
    skip_string(c);
    char *bytes = mg_arena_alloc(c->arena, c->at - start);
    char *end = bytes;
    c->at = start + 1;
    while (bytes != NULL && c->at < c->text.len) {
        char b = c->text.ptr[c->at];
        if (b == quote) {
            c->at++;
            *out = (struct mg_str){bytes, (size_t)(end - bytes)};
            return true;
        }
        if (b == '\n' && quote != '`') {
            break;
        }
        if (quote == '`' && b == '$' && byte_at(c, c->at + 1) == '{') {
            return MG_FETCH_FAIL(c, "${...} in a template: write its value");
        }
        c->at++;
        if (b != '\\') {
            *end++ = b;
        } else if (!read_escape(c, &end)) {
            return false;
        }
    }
    c->at = start;
    return MG_FETCH_FAIL(c, bytes == NULL ? "memory is out" : "a string that does not end");
}

bool mg_fetch_skip_expression(struct mg_fetch_cursor *c)
{
    size_t depth = 0;
    for (char b = mg_fetch_peek(c); c->at < c->text.len; b = mg_fetch_peek(c)) {
        bool closes = b == ')' || b == ']' || b == '}';
        if (depth == 0 && (b == ',' || closes)) {
            return true;
        }
        if (b == '"' || b == '\'' || b == '`') {
            skip_string(c);
            continue;
        }
        depth += b == '(' || b == '[' || b == '{';
        depth -= closes;
        c->at++;
    }
    return MG_FETCH_FAIL(c, "the call does not end");
}

/* Add the digits at the cursor. Returns: how many. */
static size_t add_digits(struct mg_fetch_cursor *c, struct mg_buf *json)
{
    size_t count = 0;
    for (; mg_ascii_is_digit(byte_at(c, c->at)); count++) {
        mg_buf_add_char(json, c->text.ptr[c->at++]);
    }
    return count;
}

/* A number as JSON has it: -D[.D][eD]. */
static bool read_number(struct mg_fetch_cursor *c, struct mg_buf *json)
{
    if (byte_at(c, c->at) == '-') {
        mg_buf_add_char(json, c->text.ptr[c->at++]);
    }
    if (add_digits(c, json) == 0) {
        return false;
    }
    if (byte_at(c, c->at) == '.') {
        mg_buf_add_char(json, c->text.ptr[c->at++]);
        if (add_digits(c, json) == 0) {
            return false;
        }
    }
    return !is_name_byte(byte_at(c, c->at));
}

/* A string, number or word as JSON. */
static bool read_scalar(struct mg_fetch_cursor *c, struct mg_buf *json)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    if (mg_fetch_at_string(c)) {
        struct mg_str text = {NULL, 0};
        if (!mg_fetch_read_string(c, "a value", &text)) {
            return false;
        }
        mg_buf_add_json(json, text);
        return true;
    }
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (mg_fetch_take(c, WORDS[i])) {
            mg_buf_add(json, mg_str_from(WORDS[i]));
            return true;
        }
    }
    return read_number(c, json);
}

/* The key of a property and its colon. */
static bool read_key(struct mg_fetch_cursor *c, struct mg_buf *json)
{
    struct mg_str key = {NULL, 0};
    if (!mg_fetch_at_string(c)) {
        key = mg_fetch_read_name(c);
    } else if (!mg_fetch_read_string(c, "a key", &key)) {
        return false;
    }
    if (key.len == 0 || !mg_fetch_take(c, ":")) {
        return false;
    }
    mg_buf_add_json(json, key);
    mg_buf_add_char(json, ':');
    return true;
}

/* Step over `closer` if it comes next, also behind a trailing comma, which is JavaScript's
 * alone. */
static bool take_closer(struct mg_fetch_cursor *c, struct mg_buf *json, char closer,
                        bool is_first)
{
    size_t start = c->at;
    bool may_close = is_first || !mg_fetch_take(c, ",") || mg_fetch_peek(c) == closer;
    if (!may_close || mg_fetch_peek(c) != closer) {
        c->at = start;
        return false;
    }
    c->at++;
    mg_buf_add_char(json, closer);
    return true;
}

/* What stands before an element's value: a comma, and a key where `closer` is an object's. */
static bool begin_element(struct mg_fetch_cursor *c, struct mg_buf *json, char closer,
                          bool is_first)
{
    if (!is_first) {
        if (!mg_fetch_take(c, ",")) {
            return false;
        }
        mg_buf_add_char(json, ',');
    }
    return closer != '}' || read_key(c, json);
}

/* The literal at the cursor, with a stack of the brackets that are open. */
static bool write_json(struct mg_fetch_cursor *c, struct mg_buf *json)
{
    char closers[MAX_DEPTH] = {'\0'};
    size_t depth = 0;
    bool is_first = true; /* no element yet in the innermost bracket */
    do {
        char closer = depth == 0 ? '\0' : closers[depth - 1];
        if (depth > 0 && take_closer(c, json, closer, is_first)) {
            depth--;
            is_first = false;
            continue;
        }
        if (depth > 0 && !begin_element(c, json, closer, is_first)) {
            return false;
        }
        char b = mg_fetch_peek(c);
        is_first = b == '{' || b == '[';
        if (is_first && depth < MAX_DEPTH) {
            closers[depth++] = b == '{' ? '}' : ']';
            mg_buf_add_char(json, b);
            c->at++;
        } else if (is_first || !read_scalar(c, json)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

bool mg_fetch_read_json(struct mg_fetch_cursor *c, struct mg_str *out)
{
    size_t start = c->at;
    struct mg_explain_fault unused;
    struct mg_explain_fault *fault = c->fault;
    struct mg_buf json;
    mg_buf_init(&json, MAX_JSON_BYTES);
    c->fault = &unused;
    bool ok = write_json(c, &json) && !json.overflowed;
    c->fault = fault;
    *out = ok ? mg_arena_dup(c->arena, mg_buf_str(&json)) : (struct mg_str){NULL, 0};
    c->at = ok ? c->at : start;
    mg_buf_fini(&json);
    return ok;
}
