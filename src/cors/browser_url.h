/* browser_url.h - URLs of http and https as a browser parses and prints them (WHATWG URL, basic
 * URL parser).
 *
 * Shape:     "HTTP://API.example:80/a/../b?c#d" -> http://api.example/b?c#d, and its parts.
 * Limits:    host names are ASCII; a caller maps international names first.
 * Threads:   pure; any thread. The parts live in the caller's arena.
 */
#ifndef MG_CORS_BROWSER_URL_H
#define MG_CORS_BROWSER_URL_H

#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

struct mg_browser_url {
    struct mg_str href;      /* all of it, without user info */
    struct mg_str scheme;    /* "http" or "https" */
    struct mg_str host;      /* lower case; an IPv6 address keeps its brackets */
    uint16_t port;           /* the default one where none is written */
    struct mg_str authority; /* host, and the port unless it is the default one */
    struct mg_str origin;    /* serialized: scheme://authority */
    struct mg_str path;      /* begins with "/" */
    struct mg_str target;    /* path and query, as in a request line */
    struct mg_str fragment;  /* with its "#", or empty */
    bool has_credentials;    /* a user name or a password was written */
};

/* Parse `text`, relative to `base` (NULL: it has to be absolute). Does what a browser does:
 * trims, drops tabs and newlines, lower-cases scheme and host, takes backslashes for
 * slashes, resolves dot segments, drops default ports, brings IP addresses into their one
 * form, percent-encodes what may not stand.
 * Returns: NULL, or why not: "url-relative" (no scheme, no base), "url-scheme" (not http or
 * https; out->href is then the trimmed text, its scheme in lower case), "url-host-missing",
 * "url-host-invalid", "url-host-not-ascii", "url-port", "out-of-memory". */
const char *mg_browser_url_parse(struct mg_str text, const struct mg_browser_url *base,
                                 struct mg_arena *arena, struct mg_browser_url *out);

/* Whether Chromium takes `text` for a URL of any scheme; that is what tells its console
 * messages on an Access-Control-Allow-Origin value apart. A full arena gives false. */
bool mg_browser_url_is_valid(struct mg_str text, struct mg_arena *arena);

#endif
