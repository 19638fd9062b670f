/* explain_input.c - see the header. */
#include "cli/explain_input.h"

#include <stdarg.h>
#include <stdio.h>

#include "cors/browser_url.h"
#include "cors/safelist.h"

void mg_explain_input_init(struct mg_explain_input *input, struct mg_arena *arena)
{
    *input = (struct mg_explain_input){.arena = arena};
    input->spec.headers = input->headers;
}

void mg_explain_note(struct mg_explain_input *input, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length > 0 && input->note_count < MG_EXPLAIN_MAX_NOTES) {
        input->notes[input->note_count++] = mg_arena_printf(input->arena, "%s", text);
    }
}

bool mg_explain_add_header(struct mg_explain_input *input, struct mg_str name,
                           struct mg_str value)
{
    if (input->header_count == MG_EXPLAIN_MAX_HEADERS) {
        return false;
    }
    input->headers[input->header_count++] = (struct mg_browser_field){name, value};
    input->spec.header_count = input->header_count;
    return true;
}

struct mg_browser_field *mg_explain_find_header(struct mg_explain_input *input,
                                                struct mg_str name)
{
    for (size_t i = 0; i < input->header_count; i++) {
        if (mg_str_equal_nocase(input->headers[i].name, name)) {
            return &input->headers[i];
        }
    }
    return NULL;
}

/* The place of `name` among `count` names, or `count`. */
static size_t find_name(const char *const *names, size_t count, struct mg_str name)
{
    size_t i = 0;
    while (i < count && !mg_str_equal(mg_str_from(names[i]), name)) {
        i++;
    }
    return i;
}

bool mg_explain_set_mode(struct mg_explain_input *input, struct mg_str name)
{
    static const char *const NAMES[] = {"cors", "no-cors", "same-origin", "navigate"};
    size_t index = find_name(NAMES, 4, name);
    if (index == 4) {
        return false;
    }
    /* A navigation sends what a no-cors request sends, and no page reads what comes. */
    input->is_navigation = index == 3;
    input->spec.mode = index == 3 ? MG_MODE_NO_CORS : (enum mg_browser_mode)index;
    input->has_mode = true;
    return true;
}

bool mg_explain_set_credentials(struct mg_explain_input *input, struct mg_str name)
{
    static const char *const NAMES[] = {"same-origin", "omit", "include"};
    size_t index = find_name(NAMES, 3, name);
    if (index == 3) {
        return false;
    }
    input->spec.credentials = (enum mg_browser_credentials)index;
    input->has_credentials = true;
    return true;
}

bool mg_explain_set_redirect(struct mg_explain_input *input, struct mg_str name)
{
    static const char *const NAMES[] = {"follow", "error", "manual"};
    size_t index = find_name(NAMES, 3, name);
    if (index == 3) {
        return false;
    }
    input->spec.redirect = (enum mg_browser_redirect)index;
    return true;
}

static bool is_any(struct mg_str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (mg_str_equal_nocase(name, mg_str_from(names[i]))) {
            return true;
        }
    }
    return false;
}

static bool starts_nocase(struct mg_str text, struct mg_str prefix)
{
    return text.len >= prefix.len &&
           mg_str_equal_nocase((struct mg_str){text.ptr, prefix.len}, prefix);
}

/* Whether the headers come from a browser's network panel, which copies all that was sent. */
static bool is_recorded(const struct mg_explain_input *input)
{
    for (size_t i = 0; i < input->header_count; i++) {
        struct mg_str name = input->headers[i].name;
        if (starts_nocase(name, MG_STR("sec-fetch-")) ||
            starts_nocase(name, MG_STR("sec-ch-ua"))) {
            return true;
        }
    }
    return false;
}

/* Fields that a script could set, but that a recorded request most likely has from the browser:
 * its priorities, a reload, a page that opts for https. */
static bool is_browsers_own(const struct mg_browser_field *field)
{
    static const char *const NAMES[] = {"priority", "upgrade-insecure-requests", "user-agent"};
    static const char *const RELOADS[] = {"no-cache", "max-age=0"};
    if (is_any(field->name, NAMES, sizeof(NAMES) / sizeof(NAMES[0]))) {
        return true;
    }
    bool is_caching = mg_str_equal_nocase(field->name, MG_STR("cache-control")) ||
                      mg_str_equal_nocase(field->name, MG_STR("pragma"));
    return is_caching && is_any(field->value, RELOADS, sizeof(RELOADS) / sizeof(RELOADS[0]));
}

/* Learn from a field that only a browser can have set. */
static void learn(struct mg_explain_input *input, const struct mg_browser_field *field)
{
    struct mg_str name = field->name;
    if (mg_str_equal_nocase(name, MG_STR("origin"))) {
        if (input->spec.origin.len == 0) {
            input->spec.origin = field->value;
            mg_explain_note(input, "the page is at %.*s: taken from Origin",
                            MG_STR_ARG(field->value));
        }
    } else if (mg_str_equal_nocase(name, MG_STR("referer"))) {
        input->referrer = field->value;
    } else if (mg_str_equal_nocase(name, MG_STR("cookie")) && !input->has_credentials) {
        (void)mg_explain_set_credentials(input, MG_STR("include"));
        mg_explain_note(input, "cookies were sent: taken for credentials: \"include\"");
    } else if (mg_str_equal_nocase(name, MG_STR("sec-fetch-mode")) && !input->has_mode) {
        (void)mg_explain_set_mode(input, field->value);
    } else if (mg_str_equal_nocase(name, MG_STR("sec-fetch-site")) &&
               mg_str_equal(field->value, MG_STR("same-site"))) {
        input->spec.site = field->value;
    }
}

/* The page's origin from where it was referred from. */
static void learn_origin(struct mg_explain_input *input)
{
    struct mg_browser_url url;
    if (input->spec.origin.len == 0 && input->referrer.len > 0 &&
        mg_browser_url_parse(input->referrer, NULL, input->arena, &url) == NULL) {
        input->spec.origin = url.origin;
        mg_explain_note(input, "the page is at %.*s: taken from its referrer",
                        MG_STR_ARG(url.origin));
    }
}

void mg_explain_sort_pasted(struct mg_explain_input *input, bool is_call)
{
    bool recorded = is_recorded(input);
    bool is_scripts = is_call && !recorded;
    struct mg_str left_out = {NULL, 0};
    size_t kept = 0;
    for (size_t i = 0; i < input->header_count; i++) {
        struct mg_browser_field field = input->headers[i];
        bool is_agent = mg_str_equal_nocase(field.name, MG_STR("user-agent"));
        bool is_forbidden = mg_header_is_forbidden(field.name, field.value);
        if (is_agent && !is_scripts &&
            (recorded || mg_browser_profile(input->spec.browser)->drops_user_agent)) {
            input->spec.user_agent = field.value;
            is_forbidden = true;
        }
        if (is_scripts || (!is_forbidden && !(recorded && is_browsers_own(&field)))) {
            input->headers[kept++] = field;
            continue;
        }
        learn(input, &field);
        left_out = mg_arena_printf(input->arena, "%.*s%s%.*s", MG_STR_ARG(left_out),
                                   left_out.len == 0 ? "" : ", ", MG_STR_ARG(field.name));
    }
    input->header_count = kept;
    input->spec.header_count = kept;
    learn_origin(input);
    if (left_out.len > 0) {
        mg_explain_note(input, "left out, since browsers make them and scripts do not: %.*s",
                        MG_STR_ARG(left_out));
    }
}

size_t mg_explain_put_utf8(char *out, unsigned code)
{
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        code = 0xfffd;
    }
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    /* The first byte has a bit for each byte of the sequence; six bits go into each other
     * one. */
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6) {
        out[i] = (char)(0x80 | (code & 0x3f));
    }
    out[0] = (char)(0xf00U >> length | code);
    return length;
}

bool mg_explain_fail(struct mg_explain_fault *fault, struct mg_str text, size_t offset,
                     const char *format, ...)
{
    va_list args;
    *fault = (struct mg_explain_fault){.line = 1, .column = 1};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        bool is_end = text.ptr[i] == '\n';
        fault->line += is_end;
        fault->column = is_end ? 1 : fault->column + 1;
    }
    va_start(args, format);
    (void)vsnprintf(fault->message, sizeof(fault->message), format, args);
    va_end(args);
    return false;
}
