/* curl_command.c - a table of curl's options: those that shape the request, and those that
 * may be passed over with or without a value. An option that is in neither could take the
 * URL for its value, so it is an error and no guess.
 */
#include "cli/curl_command.h"

#include <stdio.h>

#include "cli/curl_words.h"
#include "server/base64.h"

enum option {
    OPTION_IGNORED,
    OPTION_IGNORED_VALUE,
    OPTION_REQUEST,
    OPTION_HEADER,
    OPTION_DATA,
    OPTION_DATA_RAW,
    OPTION_JSON,
    OPTION_FORM,
    OPTION_USER,
    OPTION_BEARER,
    OPTION_HEAD,
    OPTION_GET,
    OPTION_COOKIE,
    OPTION_AGENT,
    OPTION_REFERER,
    OPTION_RANGE,
    OPTION_UPLOAD,
    OPTION_LOCATION,
    OPTION_URL,
    OPTION_UNKNOWN
};

static const struct {
    const char *name;
    char letter; /* '\0': none */
    enum option option;
} OPTIONS[] = {
    {"request", 'X', OPTION_REQUEST},
    {"header", 'H', OPTION_HEADER},
    {"data", 'd', OPTION_DATA},
    {"data-ascii", '\0', OPTION_DATA},
    {"data-binary", '\0', OPTION_DATA},
    {"data-urlencode", '\0', OPTION_DATA},
    {"data-raw", '\0', OPTION_DATA_RAW},
    {"json", '\0', OPTION_JSON},
    {"form", 'F', OPTION_FORM},
    {"form-string", '\0', OPTION_FORM},
    {"user", 'u', OPTION_USER},
    {"oauth2-bearer", '\0', OPTION_BEARER},
    {"head", 'I', OPTION_HEAD},
    {"get", 'G', OPTION_GET},
    {"cookie", 'b', OPTION_COOKIE},
    {"user-agent", 'A', OPTION_AGENT},
    {"referer", 'e', OPTION_REFERER},
    {"range", 'r', OPTION_RANGE},
    {"upload-file", 'T', OPTION_UPLOAD},
    {"location", 'L', OPTION_LOCATION},
    {"url", '\0', OPTION_URL},
    {"basic", '\0', OPTION_IGNORED},
    {"compressed", '\0', OPTION_IGNORED},
    {"fail", 'f', OPTION_IGNORED},
    {"fail-with-body", '\0', OPTION_IGNORED},
    {"globoff", 'g', OPTION_IGNORED},
    {"http1.0", '0', OPTION_IGNORED},
    {"http1.1", '\0', OPTION_IGNORED},
    {"http2", '\0', OPTION_IGNORED},
    {"http2-prior-knowledge", '\0', OPTION_IGNORED},
    {"http3", '\0', OPTION_IGNORED},
    {"include", 'i', OPTION_IGNORED},
    {"show-headers", '\0', OPTION_IGNORED},
    {"insecure", 'k', OPTION_IGNORED},
    {"ipv4", '4', OPTION_IGNORED},
    {"ipv6", '6', OPTION_IGNORED},
    {"keepalive", '\0', OPTION_IGNORED},
    {"no-buffer", 'N', OPTION_IGNORED},
    {"no-keepalive", '\0', OPTION_IGNORED},
    {"no-progress-meter", '\0', OPTION_IGNORED},
    {"path-as-is", '\0', OPTION_IGNORED},
    {"progress-bar", '#', OPTION_IGNORED},
    {"remote-name", 'O', OPTION_IGNORED},
    {"silent", 's', OPTION_IGNORED},
    {"show-error", 'S', OPTION_IGNORED},
    {"tlsv1.2", '\0', OPTION_IGNORED},
    {"tlsv1.3", '\0', OPTION_IGNORED},
    {"verbose", 'v', OPTION_IGNORED},
    {"cacert", '\0', OPTION_IGNORED_VALUE},
    {"cert", 'E', OPTION_IGNORED_VALUE},
    {"connect-timeout", '\0', OPTION_IGNORED_VALUE},
    {"connect-to", '\0', OPTION_IGNORED_VALUE},
    {"cookie-jar", 'c', OPTION_IGNORED_VALUE},
    {"dump-header", 'D', OPTION_IGNORED_VALUE},
    {"interface", '\0', OPTION_IGNORED_VALUE},
    {"key", '\0', OPTION_IGNORED_VALUE},
    {"limit-rate", '\0', OPTION_IGNORED_VALUE},
    {"max-redirs", '\0', OPTION_IGNORED_VALUE},
    {"max-time", 'm', OPTION_IGNORED_VALUE},
    {"output", 'o', OPTION_IGNORED_VALUE},
    {"proxy", 'x', OPTION_IGNORED_VALUE},
    {"resolve", '\0', OPTION_IGNORED_VALUE},
    {"retry", '\0', OPTION_IGNORED_VALUE},
    {"unix-socket", '\0', OPTION_IGNORED_VALUE},
    {"write-out", 'w', OPTION_IGNORED_VALUE},
};

enum {
    OPTION_COUNT = sizeof(OPTIONS) / sizeof(OPTIONS[0])
};

/* One command under way. */
struct parser {
    struct mg_str text;
    struct mg_curl_words words;
    size_t next; /* word */
    struct mg_explain_input *input;
    struct mg_explain_fault *fault;
    struct mg_str data;
    struct mg_str type; /* Content-Type that goes with the data; empty: none */
    bool has_data;
    bool is_form;
    bool is_get;  /* -G */
    bool is_head; /* -I */
    bool is_upload;
    bool is_untyped; /* -H 'Content-Type:' */
};

/* Fail at the word before the next one. */
#define FAIL(p, ...)                       \
    mg_explain_fail((p)->fault, (p)->text, \
                    (p)->next == 0 ? 0 : (p)->words.offsets[(p)->next - 1], __VA_ARGS__)

static bool add_header(struct parser *p, struct mg_str name, struct mg_str value)
{
    return mg_explain_add_header(p->input, name, value) ||
           FAIL(p, "more than %d headers", MG_EXPLAIN_MAX_HEADERS);
}

/* Add a header of curl's own making, unless -H has set it. */
static bool add_default(struct parser *p, struct mg_str name, struct mg_str value)
{
    return mg_explain_find_header(p->input, name) != NULL || add_header(p, name, value);
}

/* -H: "Name: value", "Name;" for an empty one, "Name:" to send none. */
static bool read_header(struct parser *p, struct mg_str text)
{
    const char *colon = text.len == 0 ? NULL : memchr(text.ptr, ':', text.len);
    if (mg_str_starts_with(text, MG_STR("@"))) {
        mg_explain_note(p->input, "the headers of the file %.*s are not read",
                        MG_STR_ARG(text));
        return true;
    }
    if (colon == NULL) {
        if (!mg_str_ends_with(text, MG_STR(";"))) {
            return FAIL(p, "-H takes 'name: value'");
        }
        text.len--;
        return add_header(p, text, (struct mg_str){"", 0});
    }
    struct mg_str name = {text.ptr, (size_t)(colon - text.ptr)};
    struct mg_str value = mg_str_trim_ows(mg_str_from_offset(text, name.len + 1));
    if (value.len == 0) {
        p->is_untyped = p->is_untyped || mg_str_equal_nocase(name, MG_STR("Content-Type"));
        mg_explain_note(p->input, "'-H %.*s' takes a header of curl's away", MG_STR_ARG(text));
        return true;
    }
    return add_header(p, name, value);
}

static bool read_data(struct parser *p, struct mg_str value, bool may_be_file)
{
    if (may_be_file && mg_str_starts_with(value, MG_STR("@"))) {
        mg_explain_note(p->input, "the content is not read from %.*s: only that there is some",
                        MG_STR_ARG(value));
        value = (struct mg_str){NULL, 0};
    }
    p->data = p->has_data ? mg_arena_printf(p->input->arena, "%.*s&%.*s", MG_STR_ARG(p->data),
                                            MG_STR_ARG(value))
                          : value;
    if (!p->has_data) {
        p->type = MG_STR("application/x-www-form-urlencoded");
    }
    p->has_data = true;
    return true;
}

static bool read_user(struct parser *p, struct mg_str value)
{
    static const struct mg_str BASIC = {"Basic ", 6};
    char *text = mg_arena_alloc(p->input->arena, BASIC.len + mg_base64_size(value.len));
    if (text == NULL) {
        return FAIL(p, "memory is out");
    }
    memcpy(text, BASIC.ptr, BASIC.len);
    size_t length = BASIC.len + mg_base64_encode(value, text + BASIC.len);
    return add_header(p, MG_STR("Authorization"), (struct mg_str){text, length});
}

static bool read_url(struct parser *p, struct mg_str url)
{
    if (p->input->spec.url.len > 0) {
        return FAIL(p, "a second URL: explain one fetch at a time");
    }
    p->input->spec.url = url;
    if (memmem(url.ptr == NULL ? "" : url.ptr, url.len, "://", 3) == NULL) {
        p->input->spec.url = mg_arena_printf(p->input->arena, "http://%.*s", MG_STR_ARG(url));
        mg_explain_note(p->input, "a URL without a scheme: taken for http, as curl does");
    }
    return true;
}

/* An option that a word of its own, or the rest of a word, gives `value` to. */
static bool apply_value(struct parser *p, enum option option, struct mg_str value)
{
    struct mg_arena *arena = p->input->arena;
    switch (option) {
    case OPTION_REQUEST:
        p->input->spec.method = value;
        return true;
    case OPTION_HEADER:
        return read_header(p, value);
    case OPTION_DATA:
    case OPTION_DATA_RAW:
        return read_data(p, value, option == OPTION_DATA);
    case OPTION_JSON:
        (void)read_data(p, value, true);
        p->type = MG_STR("application/json");
        return add_default(p, MG_STR("Accept"), MG_STR("application/json"));
    case OPTION_FORM:
        p->is_form = true;
        return true;
    case OPTION_USER:
        return read_user(p, value);
    case OPTION_BEARER:
        return add_header(p, MG_STR("Authorization"),
                          mg_arena_printf(arena, "Bearer %.*s", MG_STR_ARG(value)));
    case OPTION_COOKIE:
        return add_header(p, MG_STR("Cookie"), value);
    case OPTION_AGENT:
        return add_header(p, MG_STR("User-Agent"), value);
    case OPTION_REFERER:
        return add_header(p, MG_STR("Referer"), value);
    case OPTION_RANGE:
        return add_header(p, MG_STR("Range"),
                          mg_arena_printf(arena, "bytes=%.*s", MG_STR_ARG(value)));
    case OPTION_UPLOAD:
        p->is_upload = true;
        mg_explain_note(p->input, "the file %.*s is not read", MG_STR_ARG(value));
        return true;
    case OPTION_URL:
        return read_url(p, value);
    case OPTION_IGNORED:
    case OPTION_IGNORED_VALUE:
    case OPTION_HEAD:
    case OPTION_GET:
    case OPTION_LOCATION:
    case OPTION_UNKNOWN:
        break;
    }
    return true;
}

static bool is_switch(enum option option)
{
    return option == OPTION_IGNORED || option == OPTION_HEAD || option == OPTION_GET ||
           option == OPTION_LOCATION;
}

static void apply_switch(struct parser *p, enum option option)
{
    p->is_head = p->is_head || option == OPTION_HEAD;
    p->is_get = p->is_get || option == OPTION_GET;
}

/* The value of an option in the words to come. */
static bool apply_next(struct parser *p, enum option option, struct mg_str name)
{
    if (p->next == p->words.count) {
        return FAIL(p, "%.*s needs a value", MG_STR_ARG(name));
    }
    return apply_value(p, option, p->words.items[p->next++]);
}

static bool unknown(struct parser *p, struct mg_str name)
{
    return FAIL(p,
                "explain does not know curl's option %.*s, nor whether a value follows it: "
                "leave it out",
                MG_STR_ARG(name));
}

static bool read_long(struct parser *p, struct mg_str word)
{
    struct mg_str name = mg_str_from_offset(word, 2);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!mg_str_equal(name, mg_str_from(OPTIONS[i].name))) {
            continue;
        }
        if (is_switch(OPTIONS[i].option)) {
            apply_switch(p, OPTIONS[i].option);
            return true;
        }
        return apply_next(p, OPTIONS[i].option, word);
    }
    return unknown(p, word);
}

static enum option find_letter(char letter)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (OPTIONS[i].letter == letter) {
            return OPTIONS[i].option;
        }
    }
    return OPTION_UNKNOWN;
}

/* "-sSL", "-XPUT", "-H" and its value. */
static bool read_short(struct parser *p, struct mg_str word)
{
    for (size_t i = 1; i < word.len; i++) {
        enum option option = word.ptr[i] == '\0' ? OPTION_UNKNOWN : find_letter(word.ptr[i]);
        if (option == OPTION_UNKNOWN) {
            return unknown(p, (struct mg_str){word.ptr, i + 1});
        }
        if (is_switch(option)) {
            apply_switch(p, option);
            continue;
        }
        struct mg_str value = mg_str_from_offset(word, i + 1);
        return value.len > 0 ? apply_value(p, option, value)
                             : apply_next(p, option, (struct mg_str){word.ptr, i + 1});
    }
    return true;
}

static bool read_words(struct parser *p)
{
    while (p->next < p->words.count) {
        struct mg_str word = p->words.items[p->next++];
        bool ok = mg_str_starts_with(word, MG_STR("--")) && word.len > 2 ? read_long(p, word)
                  : word.len > 1 && word.ptr[0] == '-'                   ? read_short(p, word)
                                                                         : read_url(p, word);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* -G: the data becomes the query. */
static void move_data_to_query(struct parser *p)
{
    struct mg_str url = p->input->spec.url;
    bool has_query = memchr(url.ptr, '?', url.len) != NULL;
    p->input->spec.url = mg_arena_printf(p->input->arena, "%.*s%s%.*s", MG_STR_ARG(url),
                                         has_query ? "&" : "?", MG_STR_ARG(p->data));
    p->has_data = false;
}

/* What curl concludes from all options together: the method and the content's type. */
static bool finish(struct parser *p)
{
    struct mg_browser_spec *spec = &p->input->spec;
    if (spec->url.len == 0) {
        p->next = 0;
        return FAIL(p, "the command has no URL");
    }
    if (p->is_get && p->has_data) {
        move_data_to_query(p);
    }
    if (p->is_form) {
        spec->body = MG_BODY_FORM_DATA;
    } else if (p->has_data) {
        spec->body = MG_BODY_BUFFER;
        p->input->content = p->data;
        if (!p->is_untyped && !add_default(p, MG_STR("Content-Type"), p->type)) {
            return false;
        }
    } else if (p->is_upload) {
        spec->body = MG_BODY_BUFFER;
    }
    if (spec->method.len == 0) {
        spec->method = p->is_head                   ? MG_STR("HEAD")
                       : p->is_upload               ? MG_STR("PUT")
                       : spec->body != MG_BODY_NONE ? MG_STR("POST")
                                                    : MG_STR("GET");
    }
    if (p->words.has_expansion) {
        mg_explain_note(p->input, "the shell's $... is kept as it is written");
    }
    if (p->words.has_more) {
        mg_explain_note(p->input, "what follows the command is not read");
    }
    mg_explain_sort_pasted(p->input, false);
    return !mg_arena_overflowed(p->input->arena) || FAIL(p, "memory is out");
}

bool mg_curl_command_parse(struct mg_str text, struct mg_explain_input *input,
                           struct mg_explain_fault *fault)
{
    struct parser p = {.text = text, .input = input, .fault = fault};
    if (!mg_curl_words_split(text, input->arena, &p.words, fault)) {
        return false;
    }
    /* A prompt may have been copied along. */
    if (p.words.count > 0 && mg_str_equal(p.words.items[0], MG_STR("$"))) {
        p.next = 1;
    }
    struct mg_str program =
        p.next < p.words.count ? p.words.items[p.next++] : (struct mg_str){NULL, 0};
    if (!mg_str_equal(program, MG_STR("curl")) && !mg_str_equal(program, MG_STR("curl.exe")) &&
        !mg_str_ends_with(program, MG_STR("/curl"))) {
        return FAIL(&p, "expected a command that begins with 'curl'");
    }
    return read_words(&p) && finish(&p);
}
