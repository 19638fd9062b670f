/* browser.h - what the browser's side of CORS is made of: the page's request, an HTTP response
 * as seen by the browser, and where browsers differ from the Fetch standard.
 *
 * The parts, each usable alone:
 *
 *     browser_url       text -> URL, as the URL standard parses it
 *     browser_classify  a page's request -> same-origin, simple, preflight or forbidden
 *     browser_judge     a response -> the outcome of the standard's checks
 *     browser_cache     the preflight cache
 *     browser_message   an outcome -> the sentence of Chromium's console
 *     browser_fetch     all of them, driven step by step through redirects
 *
 * Threads:   pure; any thread. What has to be kept goes into the caller's arena.
 */
#ifndef MG_CORS_BROWSER_H
#define MG_CORS_BROWSER_H

#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

enum mg_browser {
    MG_BROWSER_STANDARD, /* the Fetch standard as written: what holds where none is named */
    MG_BROWSER_CHROMIUM,
    MG_BROWSER_FIREFOX,
    MG_BROWSER_WEBKIT
};

/* How Access-Control-Max-Age is read. */
enum mg_max_age_rule {
    MG_MAX_AGE_STANDARD, /* delta-seconds in one line; anything else is the default */
    MG_MAX_AGE_CHROMIUM, /* a signed 64-bit number, negative ones are 0 */
    MG_MAX_AGE_FIREFOX   /* digits; anything else is 0 */
};

/* Where a browser differs from the standard; every field is false (or the standard's value) in
 * the standard's own profile. */
struct mg_browser_profile {
    const char *name;
    /* "*" in Access-Control-Allow-Headers lets Authorization through without credentials. */
    bool wildcard_covers_authorization;
    /* DPR, Width, Viewport-Width, RTT, Downlink, ECT, Device-Memory, Save-Data and Intervention
     * are safelisted with values of their form. */
    bool safelists_client_hints;
    /* Client hints but Save-Data do not outlive a redirect, to whatever origin. */
    bool redirects_drop_client_hints;
    /* A range whose numbers exceed 63 bits is not safelisted. */
    bool bounds_range;
    /* Lines of one name are joined by ", " before their value is judged; so two Accept lines
     * share the 128 bytes. */
    bool combines_values;
    /* User-Agent cannot be set by a script. */
    bool drops_user_agent;
    /* A preflight that only the preflight flag caused still has to list an unsafe method. */
    bool forced_preflight_lists_method;
    /* A preflight redirect is refused as such, before the CORS check. */
    bool refuses_preflight_redirect_first;
    /* Upload listeners need a preflight only where there is a body. */
    bool listeners_need_body;
    /* A Location that is no URL ends a fetch before the CORS check. */
    bool parses_location_first;
    /* A redirect status without Location, or with an empty one, is an ordinary answer in
     * redirect mode error too. */
    bool redirects_need_location;
    /* fetch() follows no redirect to a URL with user info, even within its origin or without
     * CORS. */
    bool fetch_refuses_user_info;
    /* A preflight's answer replaces what the cache holds for its origin and URL. */
    bool cache_replaces;
    enum mg_max_age_rule max_age_rule;
    uint64_t max_age_cap; /* seconds; UINT64_MAX: none */
};

/* The differences of `browser`; static. */
const struct mg_browser_profile *mg_browser_profile(enum mg_browser browser);

/* The browser called `name` ("standard", "chromium", "firefox", "webkit"). Returns: false when
 * there is none; *out is then untouched. */
bool mg_browser_from_name(struct mg_str name, enum mg_browser *out);

/* Fetch, CORS-safelisted request-header, as `browser` has it. */
bool mg_browser_header_is_safelisted(enum mg_browser browser, struct mg_str name,
                                     struct mg_str value);

/* Fetch, forbidden request-header, as `browser` has it. */
bool mg_browser_header_is_forbidden(enum mg_browser browser, struct mg_str name,
                                    struct mg_str value);

/* A field of a request or a response. */
struct mg_browser_field {
    struct mg_str name;
    struct mg_str value;
};

/* Names, sorted by byte, lower case, each once, where nothing else is said. */
struct mg_browser_names {
    const struct mg_str *items;
    size_t count;
};

bool mg_browser_names_have(struct mg_browser_names names, struct mg_str lower_case_name);

/* `names` joined with ",": the form of Access-Control-Request-Headers. */
struct mg_str mg_browser_join_names(struct mg_browser_names names, struct mg_arena *arena);

/* Such a list under construction; `items` has places for all that may come. */
struct mg_browser_name_set {
    struct mg_str *items;
    size_t count;
};

/* Add a lower-case copy of `name` where it belongs, unless the set has it. */
void mg_browser_add_name(struct mg_browser_name_set *set, struct mg_str name,
                         struct mg_arena *arena);

/* The head of a response. */
struct mg_browser_response {
    unsigned status;
    const struct mg_browser_field *fields;
    size_t field_count;
};

/* The value of the `nth` line called `name` (without case), without optional white space.
 * Returns: false when there are fewer lines. */
bool mg_browser_response_line(const struct mg_browser_response *response, struct mg_str name,
                              size_t nth, struct mg_str *value);

/* All lines called `name`, joined with ", " (Fetch, get). Returns: false when there is none. A
 * full arena gives the empty slice. */
bool mg_browser_response_get(const struct mg_browser_response *response, struct mg_str name,
                             struct mg_arena *arena, struct mg_str *value);

/* What a page fetches with. */
enum mg_browser_initiator {
    MG_INITIATOR_FETCH,
    MG_INITIATOR_XHR,
    MG_INITIATOR_BEACON,
    MG_INITIATOR_EVENT_SOURCE,
    MG_INITIATOR_SCRIPT,
    MG_INITIATOR_STYLESHEET,
    MG_INITIATOR_FONT,
    MG_INITIATOR_IMAGE
};

enum mg_browser_mode {
    MG_MODE_CORS,
    MG_MODE_NO_CORS,
    MG_MODE_SAME_ORIGIN
};

enum mg_browser_credentials {
    MG_CREDENTIALS_SAME_ORIGIN,
    MG_CREDENTIALS_OMIT,
    MG_CREDENTIALS_INCLUDE
};

enum mg_browser_redirect {
    MG_REDIRECT_FOLLOW,
    MG_REDIRECT_ERROR,
    MG_REDIRECT_MANUAL
};

/* The body, which brings a Content-Type of its own where the script sets none. */
enum mg_browser_body {
    MG_BODY_NONE,
    MG_BODY_STRING,            /* text/plain;charset=UTF-8 */
    MG_BODY_URL_SEARCH_PARAMS, /* application/x-www-form-urlencoded;charset=UTF-8 */
    MG_BODY_FORM_DATA,         /* multipart/form-data; boundary=... */
    MG_BODY_BLOB,              /* blob_type, where it is not empty */
    MG_BODY_BUFFER,            /* none */
    MG_BODY_STREAM             /* none; always needs a preflight */
};

/* What a page asks its browser to do. A zeroed struct with origin and url is a plain
 * fetch(). */
struct mg_browser_spec {
    enum mg_browser browser;
    enum mg_browser_initiator initiator;
    struct mg_str origin; /* of the page, serialized */
    struct mg_str url;
    struct mg_str method; /* as the script writes it; empty: GET */
    enum mg_browser_mode mode;
    enum mg_browser_credentials credentials;
    enum mg_browser_redirect redirect;
    const struct mg_browser_field *headers; /* as the script sets them */
    size_t header_count;
    enum mg_browser_body body;
    struct mg_str blob_type;
    bool upload_listeners;    /* of an XMLHttpRequest */
    struct mg_str user_agent; /* empty: no User-Agent field */
    struct mg_str site;       /* Sec-Fetch-Site of a cross-origin request; empty: cross-site */
};

#endif
