/* browser_request.h - the requests a browser sends, field by field as Chromium writes them to
 * HTTP/1.1.
 *
 * Threads:   pure; any thread. The fields live in the caller's arena.
 */
#ifndef MG_CORS_BROWSER_REQUEST_H
#define MG_CORS_BROWSER_REQUEST_H

#include "cors/browser.h"
#include "cors/browser_url.h"

struct mg_browser_request {
    bool preflight;
    struct mg_str method;
    const struct mg_browser_url *url; /* the request line has url->target */
    struct mg_str origin;             /* of the Origin field; empty: none is sent */
    struct mg_str acrm;               /* of a preflight */
    struct mg_str acrh;               /* of a preflight; empty: none is sent */
    struct mg_str site;               /* of Sec-Fetch-Site */
    bool credentials;                 /* whether cookies would be sent */
    bool has_body;
    /* All fields in order, but for those that depend on the body's bytes and the cookies. */
    const struct mg_browser_field *fields;
    size_t field_count;
};

/* Fill request->fields from the rest of it and from the script's `headers`, which a
 * preflight does not send. Sec-Fetch-Site and -Dest go to potentially trustworthy URLs
 * only, and Referer is that of the default policy. Returns: false when the arena is full. */
bool mg_browser_request_fill(struct mg_browser_request *request,
                             const struct mg_browser_spec *spec,
                             const struct mg_browser_field *headers, size_t header_count,
                             struct mg_arena *arena);

#endif
