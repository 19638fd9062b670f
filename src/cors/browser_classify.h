/* browser_classify.h - what a browser makes of a page's request before anything is sent:
 * may the script do it at all, which headers go, and is a preflight needed (Fetch, Request
 * constructor, Headers append, main fetch).
 *
 * Threads:   pure; any thread. What has to be kept goes into the caller's arena.
 */
#ifndef MG_CORS_BROWSER_CLASSIFY_H
#define MG_CORS_BROWSER_CLASSIFY_H

#include "cors/browser.h"
#include "cors/browser_url.h"

enum mg_fetch_kind {
    MG_FETCH_FORBIDDEN,   /* the script gets an exception, or the fetch fails at once */
    MG_FETCH_SAME_ORIGIN, /* no CORS */
    MG_FETCH_SIMPLE,      /* cross-origin, sent at once; also what mode no-cors sends */
    MG_FETCH_PREFLIGHT
};
/* "forbidden", "same-origin", "simple", "preflight". */
const char *mg_fetch_kind_name(enum mg_fetch_kind kind);

struct mg_browser_class {
    enum mg_fetch_kind kind;
    const char *reason;    /* of a forbidden one: a stable code; else NULL */
    struct mg_str culprit; /* of a forbidden one: the method, name or URL that is at fault */
    struct mg_str method;  /* normalized */
    struct mg_browser_url url;
    bool has_body;
    bool opaque; /* mode no-cors, another origin: whatever comes, the script cannot read it */
    bool forced; /* the use-CORS-preflight flag: upload listeners, a stream body */
    bool unsafe; /* the unsafe-request flag: a script chose method and headers */
    /* The header list: the script's headers without the dropped ones, values trimmed, and the
     * body's Content-Type. */
    const struct mg_browser_field *fields;
    size_t field_count;
    struct mg_browser_names
        unsafe_names; /* CORS-unsafe request-header names, if cross-origin */
    struct mg_browser_names
        dropped_names;  /* silently left out: forbidden, or unsafe in no-cors */
    struct mg_str acrm; /* of a preflight */
    struct mg_str acrh; /* of a preflight with unsafe names; else empty, and no such field */
};

/* Classify `spec`. Reasons: origin-malformed, those of mg_browser_url_parse,
 * url-credentials, forbidden-method, no-cors-method, invalid-header-name,
 * invalid-header-value, body-with-get-head, no-cors-stream, same-origin-mode,
 * no-cors-redirect. The first that applies in the standard's order.
 * Complexity: linear in the bytes, quadratic in the number of headers.
 * Returns: false when the arena is full; `out` is then incomplete. */
bool mg_browser_classify(const struct mg_browser_spec *spec, struct mg_arena *arena,
                         struct mg_browser_class *out);

/* Fetch, CORS-unsafe request-header names: of a header list as `browser` judges it. */
struct mg_browser_names mg_browser_unsafe_names(enum mg_browser browser,
                                                const struct mg_browser_field *fields,
                                                size_t field_count, struct mg_arena *arena);

#endif
