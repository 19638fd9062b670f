/* browser_classify.c - the checks in the order of the Request constructor and main fetch,
 * so that a request with several faults is refused for the one a browser names.
 */
#include "cors/browser_classify.h"

#include "cors/origin.h"
#include "cors/safelist.h"

enum {
    MAX_SAFELISTED_TOTAL_BYTES = 1024
};

/* A header list that grows in the arena; as many places as the request can ever fill. */
struct header_list {
    struct mg_browser_field *items;
    size_t count;
};

/* One classification under way. */
struct classifier {
    const struct mg_browser_spec *spec;
    struct mg_arena *arena;
    struct mg_browser_class *out;
    struct header_list headers;
    struct mg_browser_name_set dropped;
};

const char *mg_fetch_kind_name(enum mg_fetch_kind kind)
{
    static const char *const NAMES[] = {
        [MG_FETCH_FORBIDDEN] = "forbidden",
        [MG_FETCH_SAME_ORIGIN] = "same-origin",
        [MG_FETCH_SIMPLE] = "simple",
        [MG_FETCH_PREFLIGHT] = "preflight",
    };
    return NAMES[kind];
}

struct mg_browser_names mg_browser_unsafe_names(enum mg_browser browser,
                                                const struct mg_browser_field *fields,
                                                size_t field_count, struct mg_arena *arena)
{
    struct mg_browser_name_set unsafe = {
        mg_arena_calloc(arena, field_count + 1, sizeof(struct mg_str)), 0};
    size_t safelisted_bytes = 0;
    if (unsafe.items == NULL) {
        return (struct mg_browser_names){NULL, 0};
    }
    for (size_t i = 0; i < field_count; i++) {
        if (mg_browser_header_is_safelisted(browser, fields[i].name, fields[i].value)) {
            safelisted_bytes += fields[i].value.len;
        } else {
            mg_browser_add_name(&unsafe, fields[i].name, arena);
        }
    }
    /* Together too long: then all of them are unsafe. */
    for (size_t i = 0; safelisted_bytes > MAX_SAFELISTED_TOTAL_BYTES && i < field_count; i++) {
        mg_browser_add_name(&unsafe, fields[i].name, arena);
    }
    return (struct mg_browser_names){unsafe.items, unsafe.count};
}

/* Refuse, naming what is at fault. Returns: false, for the caller to return. */
static bool forbid(struct classifier *c, const char *reason, struct mg_str culprit)
{
    c->out->kind = MG_FETCH_FORBIDDEN;
    c->out->reason = reason;
    c->out->culprit = culprit;
    return false;
}

/* The field called `name` in the header list, or NULL. */
static struct mg_browser_field *find_header(struct header_list *headers, struct mg_str name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (mg_str_equal_nocase(headers->items[i].name, name)) {
            return &headers->items[i];
        }
    }
    return NULL;
}

static struct mg_str combine(struct mg_str a, struct mg_str b, struct mg_arena *arena)
{
    return mg_arena_printf(arena, "%.*s, %.*s", MG_STR_ARG(a), MG_STR_ARG(b));
}

/* Fetch, no-CORS-safelisted request-header: judged by the value that all lines of the name
 * would have together, which in this mode are one line already. */
static bool may_go_without_cors(struct classifier *c, struct mg_str name, struct mg_str value)
{
    const struct mg_browser_field *present = find_header(&c->headers, name);
    if (!mg_request_header_name_may_be_safelisted(name) ||
        mg_str_equal_nocase(name, MG_STR("range"))) {
        return false;
    }
    if (present != NULL) {
        value = combine(present->value, value, c->arena);
    }
    return mg_request_header_is_safelisted(name, value);
}

/* Append a header as a script's Headers object does; one the script may not set is dropped. */
static void append_header(struct classifier *c, struct mg_str name, struct mg_str value)
{
    if (mg_browser_header_is_forbidden(c->spec->browser, name, value) ||
        (c->spec->mode == MG_MODE_NO_CORS && !may_go_without_cors(c, name, value))) {
        mg_browser_add_name(&c->dropped, name, c->arena);
        return;
    }
    bool combines = c->spec->initiator == MG_INITIATOR_XHR ||
                    c->spec->mode == MG_MODE_NO_CORS ||
                    mg_browser_profile(c->spec->browser)->combines_values;
    struct mg_browser_field *present = combines ? find_header(&c->headers, name) : NULL;
    if (present != NULL) {
        present->value = combine(present->value, value, c->arena);
        return;
    }
    c->headers.items[c->headers.count++] = (struct mg_browser_field){name, value};
}

static bool is_http_whitespace(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Fetch, normalize a byte sequence: HTTP whitespace at both ends goes. */
static struct mg_str trim_http_whitespace(struct mg_str value)
{
    while (value.len > 0 && is_http_whitespace(value.ptr[0])) {
        value = mg_str_from_offset(value, 1);
    }
    while (value.len > 0 && is_http_whitespace(value.ptr[value.len - 1])) {
        value.len--;
    }
    return value;
}

static bool is_header_value(struct mg_str value)
{
    return value.len == 0 || (memchr(value.ptr, '\0', value.len) == NULL &&
                              memchr(value.ptr, '\r', value.len) == NULL &&
                              memchr(value.ptr, '\n', value.len) == NULL);
}

/* Fill the header list with the script's headers. */
static bool take_headers(struct classifier *c)
{
    for (size_t i = 0; i < c->spec->header_count; i++) {
        struct mg_str name = c->spec->headers[i].name;
        struct mg_str value = trim_http_whitespace(c->spec->headers[i].value);
        if (!mg_str_is_token(name)) {
            return forbid(c, "invalid-header-name", name);
        }
        if (!is_header_value(value)) {
            return forbid(c, "invalid-header-value", name);
        }
        append_header(c, name, value);
    }
    return true;
}

/* The Content-Type that extracting the body gives, or the empty slice. */
static struct mg_str body_type(const struct mg_browser_spec *spec)
{
    switch (spec->body) {
    case MG_BODY_STRING:
        return MG_STR("text/plain;charset=UTF-8");
    case MG_BODY_URL_SEARCH_PARAMS:
        return MG_STR("application/x-www-form-urlencoded;charset=UTF-8");
    case MG_BODY_FORM_DATA:
        return MG_STR("multipart/form-data; boundary=----FormBoundary0000000000000000");
    case MG_BODY_BLOB:
        return spec->blob_type;
    case MG_BODY_NONE:
    case MG_BODY_BUFFER:
    case MG_BODY_STREAM:
        break;
    }
    return (struct mg_str){NULL, 0};
}

static bool take_body(struct classifier *c)
{
    const struct mg_browser_spec *spec = c->spec;
    bool is_get_or_head = mg_str_equal(c->out->method, MG_STR("GET")) ||
                          mg_str_equal(c->out->method, MG_STR("HEAD"));
    c->out->has_body = spec->body != MG_BODY_NONE;
    if (c->out->has_body && is_get_or_head) {
        /* XMLHttpRequest ignores it; the others throw. */
        if (spec->initiator != MG_INITIATOR_XHR) {
            return forbid(c, "body-with-get-head", c->out->method);
        }
        c->out->has_body = false;
        return true;
    }
    if (spec->body == MG_BODY_STREAM) {
        if (spec->mode == MG_MODE_NO_CORS) {
            return forbid(c, "no-cors-stream", c->out->method);
        }
        c->out->forced = true;
    }
    struct mg_str type = body_type(spec);
    if (type.len > 0 && find_header(&c->headers, MG_STR("content-type")) == NULL) {
        append_header(c, MG_STR("Content-Type"), type);
    }
    return true;
}

/* Whether the listeners on an XMLHttpRequest's upload force a preflight. */
static bool listeners_force(const struct classifier *c)
{
    return c->spec->upload_listeners &&
           (c->out->has_body || !mg_browser_profile(c->spec->browser)->listeners_need_body);
}

static bool take_url(struct classifier *c)
{
    struct mg_origin origin;
    if (!mg_origin_parse(c->spec->origin, &origin)) {
        return forbid(c, "origin-malformed", c->spec->origin);
    }
    const char *fault = mg_browser_url_parse(c->spec->url, NULL, c->arena, &c->out->url);
    if (fault != NULL) {
        return forbid(c, fault, c->out->url.href);
    }
    /* Others than fetch() send it without them. */
    if (c->out->url.has_credentials && c->spec->initiator == MG_INITIATOR_FETCH) {
        return forbid(c, "url-credentials", c->spec->url);
    }
    return true;
}

static bool take_method(struct classifier *c)
{
    struct mg_str method = c->spec->method.len == 0 ? MG_STR("GET") : c->spec->method;
    if (!mg_str_is_token(method) || mg_method_is_forbidden(method)) {
        return forbid(c, "forbidden-method", method);
    }
    c->out->method = mg_method_normalize(method);
    if (c->spec->mode == MG_MODE_NO_CORS && !mg_method_is_safelisted(c->out->method)) {
        return forbid(c, "no-cors-method", c->out->method);
    }
    return true;
}

/* Main fetch's choice for a request that a script may make. */
static void choose_kind(struct classifier *c)
{
    const struct mg_browser_spec *spec = c->spec;
    struct mg_browser_class *out = c->out;
    if (mg_str_equal(out->url.origin, spec->origin)) {
        out->kind = MG_FETCH_SAME_ORIGIN;
        return;
    }
    if (spec->mode == MG_MODE_SAME_ORIGIN) {
        (void)forbid(c, "same-origin-mode", out->url.href);
        return;
    }
    out->kind = MG_FETCH_SIMPLE;
    if (spec->mode == MG_MODE_NO_CORS) {
        out->opaque = true;
        if (spec->redirect != MG_REDIRECT_FOLLOW) {
            (void)forbid(c, "no-cors-redirect", out->url.href);
        }
        return;
    }
    out->unsafe_names =
        mg_browser_unsafe_names(spec->browser, out->fields, out->field_count, c->arena);
    out->forced = out->forced || listeners_force(c);
    bool needs_preflight =
        out->unsafe && (!mg_method_is_safelisted(out->method) || out->unsafe_names.count > 0);
    if (out->forced || needs_preflight) {
        out->kind = MG_FETCH_PREFLIGHT;
        out->acrm = out->method;
        out->acrh = mg_browser_join_names(out->unsafe_names, c->arena);
    }
}

bool mg_browser_classify(const struct mg_browser_spec *spec, struct mg_arena *arena,
                         struct mg_browser_class *out)
{
    size_t places = spec->header_count + 1; /* the body's Content-Type */
    struct classifier c = {
        .spec = spec,
        .arena = arena,
        .out = out,
        .headers = {mg_arena_calloc(arena, places, sizeof(struct mg_browser_field)), 0},
        .dropped = {mg_arena_calloc(arena, places, sizeof(struct mg_str)), 0},
    };
    *out = (struct mg_browser_class){.kind = MG_FETCH_FORBIDDEN};
    out->unsafe = spec->initiator == MG_INITIATOR_FETCH ||
                  spec->initiator == MG_INITIATOR_XHR || spec->initiator == MG_INITIATOR_BEACON;
    if (c.headers.items == NULL || c.dropped.items == NULL) {
        return false;
    }
    bool is_legal = take_url(&c) && take_method(&c) && take_headers(&c) && take_body(&c);
    out->dropped_names = (struct mg_browser_names){c.dropped.items, c.dropped.count};
    out->fields = c.headers.items;
    out->field_count = c.headers.count;
    if (is_legal) {
        choose_kind(&c);
    }
    return !mg_arena_overflowed(arena);
}
