/* browser_request.c - the order of fields is that of Chromium 156 over HTTP/1.1, seen on
 * the wire; it differs between preflights and other requests.
 */
#include "cors/browser_request.h"

#include "cors/origin.h"

enum {
    MAX_OWN_FIELDS = 16
};

/* Fields that grow in the arena. */
struct writer {
    struct mg_browser_field *items;
    size_t count;
};

/* Append a field, unless its value is empty. */
static void add(struct writer *w, struct mg_str name, struct mg_str value)
{
    if (value.len > 0) {
        w->items[w->count++] = (struct mg_browser_field){name, value};
    }
}

/* Append the script's headers. */
static void add_all(struct writer *w, const struct mg_browser_field *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        w->items[w->count++] = headers[i];
    }
}

static bool has_field(const struct writer *w, struct mg_str name)
{
    for (size_t i = 0; i < w->count; i++) {
        if (mg_str_equal_nocase(w->items[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* W3C Secure Contexts, potentially trustworthy URL. */
static bool is_trustworthy(const struct mg_browser_url *url)
{
    struct mg_origin origin;
    return mg_str_equal(url->scheme, MG_STR("https")) ||
           (mg_origin_parse(url->origin, &origin) && mg_origin_is_loopback(&origin));
}

/* Referrer Policy, strict-origin-when-cross-origin: the page's origin, or nothing on the
 * way from https to http. The page's path is not known here and is left out for its own
 * origin too. */
static struct mg_str referer(const struct mg_browser_spec *spec,
                             const struct mg_browser_url *url, struct mg_arena *arena)
{
    bool is_downgrade = mg_str_starts_with(spec->origin, MG_STR("https:")) &&
                        !mg_str_equal(url->scheme, MG_STR("https"));
    if (is_downgrade || mg_str_equal(spec->origin, MG_STR("null"))) {
        return (struct mg_str){NULL, 0};
    }
    return mg_arena_printf(arena, "%.*s/", MG_STR_ARG(spec->origin));
}

static struct mg_str mode_name(enum mg_browser_mode mode)
{
    if (mode == MG_MODE_NO_CORS) {
        return MG_STR("no-cors");
    }
    return mode == MG_MODE_SAME_ORIGIN ? MG_STR("same-origin") : MG_STR("cors");
}

/* HTML, request destination of what the page fetches with. */
static struct mg_str destination(enum mg_browser_initiator initiator)
{
    switch (initiator) {
    case MG_INITIATOR_SCRIPT:
        return MG_STR("script");
    case MG_INITIATOR_STYLESHEET:
        return MG_STR("style");
    case MG_INITIATOR_FONT:
        return MG_STR("font");
    case MG_INITIATOR_IMAGE:
        return MG_STR("image");
    case MG_INITIATOR_FETCH:
    case MG_INITIATOR_XHR:
    case MG_INITIATOR_BEACON:
    case MG_INITIATOR_EVENT_SOURCE:
        break;
    }
    return MG_STR("empty");
}

/* What Accept says where the script does not. */
static struct mg_str default_accept(enum mg_browser_initiator initiator)
{
    switch (initiator) {
    case MG_INITIATOR_EVENT_SOURCE:
        return MG_STR("text/event-stream");
    case MG_INITIATOR_STYLESHEET:
        return MG_STR("text/css,*/*;q=0.1");
    case MG_INITIATOR_IMAGE:
        return MG_STR("image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,"
                      "*/*;q=0.8");
    case MG_INITIATOR_FETCH:
    case MG_INITIATOR_XHR:
    case MG_INITIATOR_BEACON:
    case MG_INITIATOR_SCRIPT:
    case MG_INITIATOR_FONT:
        break;
    }
    return MG_STR("*/*");
}

static void write_preflight(struct writer *w, const struct mg_browser_request *request,
                            const struct mg_browser_spec *spec, bool trustworthy)
{
    add(w, MG_STR("Accept"), MG_STR("*/*"));
    add(w, MG_STR("Access-Control-Request-Method"), request->acrm);
    add(w, MG_STR("Access-Control-Request-Headers"), request->acrh);
    add(w, MG_STR("Origin"), request->origin);
    add(w, MG_STR("User-Agent"), spec->user_agent);
    add(w, MG_STR("Sec-Fetch-Mode"), MG_STR("cors"));
    if (trustworthy) {
        add(w, MG_STR("Sec-Fetch-Site"), request->site);
        add(w, MG_STR("Sec-Fetch-Dest"), destination(spec->initiator));
    }
}

static void write_actual(struct writer *w, const struct mg_browser_request *request,
                         const struct mg_browser_spec *spec, bool trustworthy)
{
    if (!has_field(w, MG_STR("user-agent"))) {
        add(w, MG_STR("User-Agent"), spec->user_agent);
    }
    if (!has_field(w, MG_STR("accept"))) {
        add(w, MG_STR("Accept"), default_accept(spec->initiator));
    }
    add(w, MG_STR("Origin"), request->origin);
    if (trustworthy) {
        add(w, MG_STR("Sec-Fetch-Site"), request->site);
        add(w, MG_STR("Sec-Fetch-Mode"), mode_name(spec->mode));
        add(w, MG_STR("Sec-Fetch-Dest"), destination(spec->initiator));
    }
}

bool mg_browser_request_fill(struct mg_browser_request *request,
                             const struct mg_browser_spec *spec,
                             const struct mg_browser_field *headers, size_t header_count,
                             struct mg_arena *arena)
{
    struct writer w = {
        mg_arena_calloc(arena, header_count + MAX_OWN_FIELDS, sizeof(struct mg_browser_field)),
        0};
    bool trustworthy = is_trustworthy(request->url);
    if (w.items == NULL) {
        return false;
    }
    add(&w, MG_STR("Host"), request->url->authority);
    add(&w, MG_STR("Connection"), MG_STR("keep-alive"));
    if (request->preflight) {
        write_preflight(&w, request, spec, trustworthy);
    } else {
        add_all(&w, headers, header_count);
        write_actual(&w, request, spec, trustworthy);
    }
    add(&w, MG_STR("Referer"), referer(spec, request->url, arena));
    /* A part of an encoded body could not be decoded. */
    bool has_range = has_field(&w, MG_STR("range"));
    struct mg_str codings =
        trustworthy ? MG_STR("gzip, deflate, br, zstd") : MG_STR("gzip, deflate");
    add(&w, MG_STR("Accept-Encoding"), has_range ? MG_STR("identity") : codings);
    if (!has_field(&w, MG_STR("accept-language"))) {
        add(&w, MG_STR("Accept-Language"), MG_STR("en-US,en;q=0.9"));
    }
    request->fields = w.items;
    request->field_count = w.count;
    return !mg_arena_overflowed(arena);
}
