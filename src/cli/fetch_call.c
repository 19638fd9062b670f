/* fetch_call.c - the call, its options one by one, and what a body is made of. */
#include "cli/fetch_call.h"

#include "cli/fetch_literal.h"
#include "core/utf8.h"
#include "cors/browser_url.h"

/* One call under way. */
struct parser {
    struct mg_fetch_cursor c;
    struct mg_explain_input *input;
};

/* A value that stands for nothing: null, undefined. */
static bool take_nothing(struct parser *p)
{
    return mg_fetch_take(&p->c, "null") || mg_fetch_take(&p->c, "undefined");
}

/* The value of a header goes out in Latin-1; fetch() throws for what does not fit. */
static bool to_latin1(struct parser *p, struct mg_str *value)
{
    char *out = mg_arena_alloc(p->input->arena, value->len + 1);
    size_t count = 0;
    for (size_t i = 0; out != NULL && i < value->len; count++) {
        unsigned char b = (unsigned char)value->ptr[i];
        size_t length = mg_utf8_sequence(mg_str_from_offset(*value, i));
        if (length > 2 || (length == 2 && b > 0xc3)) {
            return MG_FETCH_FAIL(&p->c, "the header above has a character beyond U+00FF: "
                                        "fetch() throws a TypeError");
        }
        unsigned code = b;
        if (length == 2) {
            code = (b & 3U) << 6 | ((unsigned char)value->ptr[i + 1] & 0x3fU);
        }
        out[count] = (char)code;
        i += length == 2 ? 2 : 1;
    }
    *value = (struct mg_str){out, out == NULL ? 0 : count};
    return out != NULL || MG_FETCH_FAIL(&p->c, "memory is out");
}

/* A header's value: a string, or what JavaScript makes a string of. */
static bool read_header_value(struct parser *p, struct mg_str *value)
{
    if (!mg_fetch_at_string(&p->c)) {
        size_t start = p->c.at;
        struct mg_str word = mg_fetch_read_name(&p->c);
        bool is_literal =
            word.len > 0 &&
            (mg_ascii_is_digit(word.ptr[0]) || mg_str_equal(word, MG_STR("true")) ||
             mg_str_equal(word, MG_STR("false")) || mg_str_equal(word, MG_STR("null")) ||
             mg_str_equal(word, MG_STR("undefined")));
        if (!is_literal) {
            p->c.at = start;
            return MG_FETCH_FAIL(&p->c, "the value of a header has to be a literal: write it "
                                        "as a string");
        }
        *value = word;
        return true;
    }
    return mg_fetch_read_string(&p->c, "a header's value", value) && to_latin1(p, value);
}

static bool add_header(struct parser *p, struct mg_str name, struct mg_str value)
{
    return mg_explain_add_header(p->input, name, value) ||
           MG_FETCH_FAIL(&p->c, "more than %d headers", MG_EXPLAIN_MAX_HEADERS);
}

/* A property's name: a string or a bare name. */
static bool read_property_name(struct parser *p, struct mg_str *name)
{
    if (mg_fetch_at_string(&p->c)) {
        return mg_fetch_read_string(&p->c, "a name", name);
    }
    *name = mg_fetch_read_name(&p->c);
    return name->len > 0 ||
           MG_FETCH_FAIL(&p->c, "expected a property's name (explain reads literals only)");
}

/* What stands between two elements: a comma, or `closer` ahead. */
static bool read_separator(struct parser *p, char closer)
{
    if (mg_fetch_take(&p->c, ",") || mg_fetch_peek(&p->c) == closer) {
        return true;
    }
    return MG_FETCH_FAIL(&p->c, "expected ',' or '%c' (explain reads literals, no expressions)",
                         closer);
}

/* { name: value, ... } */
static bool read_header_object(struct parser *p)
{
    while (!mg_fetch_take(&p->c, "}")) {
        struct mg_str name = {NULL, 0};
        struct mg_str value = {NULL, 0};
        if (!read_property_name(p, &name) || !mg_fetch_expect(&p->c, ":") ||
            !read_header_value(p, &value) || !add_header(p, name, value) ||
            !read_separator(p, '}')) {
            return false;
        }
    }
    return true;
}

/* [[name, value], ...] */
static bool read_header_pairs(struct parser *p)
{
    while (!mg_fetch_take(&p->c, "]")) {
        struct mg_str name = {NULL, 0};
        struct mg_str value = {NULL, 0};
        if (!mg_fetch_expect(&p->c, "[") ||
            !mg_fetch_read_string(&p->c, "a header's name", &name) ||
            !mg_fetch_expect(&p->c, ",") || !read_header_value(p, &value)) {
            return false;
        }
        (void)mg_fetch_take(&p->c, ",");
        if (!mg_fetch_expect(&p->c, "]") || !add_header(p, name, value) ||
            !read_separator(p, ']')) {
            return false;
        }
    }
    return true;
}

static bool read_header_list(struct parser *p)
{
    if (mg_fetch_take(&p->c, "{")) {
        return read_header_object(p);
    }
    if (mg_fetch_take(&p->c, "[")) {
        return read_header_pairs(p);
    }
    return take_nothing(p) ||
           MG_FETCH_FAIL(&p->c, "headers are an object, an array of pairs, or new Headers(...) "
                                "of one: no variables");
}

/* `new NAME(`; the cursor is behind the bracket. */
static bool take_constructor(struct parser *p, const char *name)
{
    size_t start = p->c.at;
    if (mg_fetch_take(&p->c, "new") && mg_fetch_take(&p->c, name) &&
        mg_fetch_take(&p->c, "(")) {
        return true;
    }
    p->c.at = start;
    return false;
}

static bool read_headers(struct parser *p)
{
    if (!take_constructor(p, "Headers")) {
        return read_header_list(p);
    }
    return mg_fetch_take(&p->c, ")") || (read_header_list(p) && mg_fetch_expect(&p->c, ")"));
}

/* Step over the arguments of a call up to its closing bracket, which is taken. */
static bool skip_arguments(struct parser *p)
{
    while (!mg_fetch_take(&p->c, ")")) {
        if (!mg_fetch_skip_expression(&p->c)) {
            return false;
        }
        if (!mg_fetch_take(&p->c, ",") && mg_fetch_peek(&p->c) != ')') {
            return MG_FETCH_FAIL(&p->c, "a bracket that does not fit");
        }
    }
    return true;
}

/* JSON.stringify(...), behind its bracket. Of a variable the content stays unknown, but it is a
 * string all the same. */
static bool read_stringify(struct parser *p)
{
    p->input->spec.body = MG_BODY_STRING;
    if (!mg_fetch_read_json(&p->c, &p->input->content)) {
        mg_explain_note(p->input, "the content of JSON.stringify(...) is not known");
    }
    return skip_arguments(p);
}

/* The options of a Blob behind their brace; of them only the type matters. */
static bool read_blob_options(struct parser *p)
{
    while (!mg_fetch_take(&p->c, "}")) {
        struct mg_str name = {NULL, 0};
        if (!read_property_name(p, &name) || !mg_fetch_take(&p->c, ":")) {
            return MG_FETCH_FAIL(&p->c, "of a Blob only { type: \"...\" } can be read");
        }
        bool is_read = mg_str_equal(name, MG_STR("type"))
                           ? mg_fetch_read_string(&p->c, "the type", &p->input->spec.blob_type)
                           : mg_fetch_skip_expression(&p->c);
        if (!is_read) {
            return false;
        }
        if (!mg_fetch_take(&p->c, ",")) {
            return mg_fetch_expect(&p->c, "}");
        }
    }
    return true;
}

/* new Blob([...], { type: "..." }), behind its bracket. */
static bool read_blob(struct parser *p)
{
    p->input->spec.body = MG_BODY_BLOB;
    if (mg_fetch_take(&p->c, ")")) {
        return true;
    }
    if (!mg_fetch_skip_expression(&p->c)) {
        return false;
    }
    bool has_options = mg_fetch_take(&p->c, ",") && mg_fetch_take(&p->c, "{");
    return (!has_options || read_blob_options(p)) && skip_arguments(p);
}

static bool read_body(struct parser *p)
{
    static const struct {
        const char *name;
        enum mg_browser_body body;
    } CONSTRUCTORS[] = {
        {"URLSearchParams", MG_BODY_URL_SEARCH_PARAMS},
        {"FormData", MG_BODY_FORM_DATA},
        {"ReadableStream", MG_BODY_STREAM},
        {"Uint8Array", MG_BODY_BUFFER},
        {"ArrayBuffer", MG_BODY_BUFFER},
    };
    if (take_nothing(p)) {
        return true;
    }
    if (mg_fetch_at_string(&p->c)) {
        p->input->spec.body = MG_BODY_STRING;
        return mg_fetch_read_string(&p->c, "the body", &p->input->content);
    }
    if (mg_fetch_take(&p->c, "JSON.stringify") && mg_fetch_expect(&p->c, "(")) {
        return read_stringify(p);
    }
    if (take_constructor(p, "Blob")) {
        return read_blob(p);
    }
    for (size_t i = 0; i < sizeof(CONSTRUCTORS) / sizeof(CONSTRUCTORS[0]); i++) {
        if (take_constructor(p, CONSTRUCTORS[i].name)) {
            p->input->spec.body = CONSTRUCTORS[i].body;
            mg_explain_note(p->input, "the content of new %s(...) is not read",
                            CONSTRUCTORS[i].name);
            return skip_arguments(p);
        }
    }
    return MG_FETCH_FAIL(&p->c, "the body is no literal, and what it is decides its "
                                "Content-Type: write a string, JSON.stringify(...), null, or "
                                "new URLSearchParams, FormData, Blob, Uint8Array");
}

/* An option whose value is a string. */
static bool read_word_option(struct parser *p, struct mg_str name)
{
    struct mg_explain_input *input = p->input;
    struct mg_str value = {NULL, 0};
    size_t start = p->c.at;
    if (!mg_fetch_read_string(&p->c, "the option's value", &value)) {
        return false;
    }
    bool is_known = true;
    if (mg_str_equal(name, MG_STR("method"))) {
        input->spec.method = value;
    } else if (mg_str_equal(name, MG_STR("mode"))) {
        is_known = mg_explain_set_mode(input, value) && !input->is_navigation;
    } else if (mg_str_equal(name, MG_STR("credentials"))) {
        is_known = mg_explain_set_credentials(input, value);
    } else if (mg_str_equal(name, MG_STR("redirect"))) {
        is_known = mg_explain_set_redirect(input, value);
    } else {
        input->referrer = value;
    }
    if (is_known) {
        return true;
    }
    p->c.at = start;
    return MG_FETCH_FAIL(&p->c, "'%.*s' is no %.*s that fetch() takes: it throws a TypeError",
                         MG_STR_ARG(value), MG_STR_ARG(name));
}

static bool is_one_of(struct mg_str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (mg_str_equal(name, mg_str_from(names[i]))) {
            return true;
        }
    }
    return false;
}

/* The value of the option called `name`. */
static bool read_option(struct parser *p, struct mg_str name)
{
    static const char *const WORDS[] = {"method", "mode", "credentials", "redirect",
                                        "referrer"};
    static const char *const PASSED_OVER[] = {
        "cache",  "integrity", "keepalive", "signal", "priority", "referrerPolicy",
        "window", "duplex",    "next",      "agent",  "timeout",
    };
    if (mg_str_equal(name, MG_STR("headers"))) {
        return read_headers(p);
    }
    if (mg_str_equal(name, MG_STR("body"))) {
        return read_body(p);
    }
    if (is_one_of(name, WORDS, sizeof(WORDS) / sizeof(WORDS[0]))) {
        return take_nothing(p) || read_word_option(p, name);
    }
    if (!is_one_of(name, PASSED_OVER, sizeof(PASSED_OVER) / sizeof(PASSED_OVER[0]))) {
        mg_explain_note(p->input, "the option '%.*s' is not one of fetch(): passed over",
                        MG_STR_ARG(name));
    }
    return mg_fetch_skip_expression(&p->c);
}

static bool read_options(struct parser *p)
{
    if (take_nothing(p)) {
        return true;
    }
    if (!mg_fetch_expect(&p->c, "{")) {
        return false;
    }
    while (!mg_fetch_take(&p->c, "}")) {
        struct mg_str name = {NULL, 0};
        if (!read_property_name(p, &name)) {
            return false;
        }
        char next = mg_fetch_peek(&p->c);
        if (next == ',' || next == '}') {
            return MG_FETCH_FAIL(&p->c, "'%.*s' stands for a variable: write its value",
                                 MG_STR_ARG(name));
        }
        if (!mg_fetch_expect(&p->c, ":") || !read_option(p, name) || !read_separator(p, '}')) {
            return false;
        }
    }
    return true;
}

/* new URL(text[, base]), behind its bracket. */
static bool read_url_object(struct parser *p)
{
    struct mg_browser_url base;
    struct mg_browser_url url;
    struct mg_str text;
    struct mg_str base_text = {NULL, 0};
    if (!mg_fetch_read_string(&p->c, "the URL", &text)) {
        return false;
    }
    if (mg_fetch_take(&p->c, ",") && mg_fetch_peek(&p->c) != ')' &&
        !mg_fetch_read_string(&p->c, "the base URL", &base_text)) {
        return false;
    }
    bool has_base = base_text.len > 0;
    const char *wrong =
        has_base ? mg_browser_url_parse(base_text, NULL, p->input->arena, &base) : NULL;
    if (wrong == NULL) {
        wrong = mg_browser_url_parse(text, has_base ? &base : NULL, p->input->arena, &url);
    }
    if (wrong != NULL) {
        return MG_FETCH_FAIL(&p->c, "new URL(...) throws here: %s", wrong);
    }
    p->input->spec.url = url.href;
    return mg_fetch_expect(&p->c, ")");
}

/* "await", "return", "window." and their like in front of the call. */
static void skip_front(struct parser *p)
{
    static const char *const WORDS[] = {"await", "return", "void"};
    static const char *const OBJECTS[] = {"window", "globalThis", "self"};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        (void)mg_fetch_take(&p->c, WORDS[i]);
    }
    for (size_t i = 0; i < sizeof(OBJECTS) / sizeof(OBJECTS[0]); i++) {
        if (mg_fetch_take(&p->c, OBJECTS[i])) {
            (void)mg_fetch_take(&p->c, ".");
        }
    }
}

bool mg_fetch_call_parse(struct mg_str text, struct mg_explain_input *input,
                         struct mg_explain_fault *fault)
{
    struct parser p = {.c = {text, 0, input->arena, fault}, .input = input};
    skip_front(&p);
    if (!mg_fetch_expect(&p.c, "fetch") || !mg_fetch_expect(&p.c, "(")) {
        return false;
    }
    bool has_url = take_constructor(&p, "URL")
                       ? read_url_object(&p)
                       : mg_fetch_read_string(&p.c, "the URL", &input->spec.url);
    if (!has_url || !read_separator(&p, ')')) {
        return false;
    }
    if (mg_fetch_peek(&p.c) != ')' && !read_options(&p)) {
        return false;
    }
    (void)mg_fetch_take(&p.c, ",");
    if (!mg_fetch_expect(&p.c, ")")) {
        return false;
    }
    (void)mg_fetch_take(&p.c, ";");
    (void)mg_fetch_peek(&p.c);
    if (p.c.at < text.len) {
        mg_explain_note(input, "what follows the call is not read");
    }
    mg_explain_sort_pasted(input, true);
    return !mg_arena_overflowed(input->arena) || MG_FETCH_FAIL(&p.c, "memory is out");
}
