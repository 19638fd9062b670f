/* origin.h - parse Web origins strictly (Fetch, Origin header; RFC 6454 7; HTML, ASCII
 * serialization of an origin).
 *
 * Shape:     "https://api.example.com:8443" -> scheme, host, port; all slices of the input.
 * Errors:    parse returns false and leaves *out untouched.
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_CORS_ORIGIN_H
#define MG_CORS_ORIGIN_H

#include <stdint.h>

#include "core/str.h"

enum {
    MG_HOST_MAX_BYTES = 253, /* RFC 1035 2.3.4 in text, beside a trailing dot */
    MG_ORIGIN_MAX_BYTES = 64 + 3 + MG_HOST_MAX_BYTES + 1 + 6, /* scheme "://" host "." port */
};

/* Between scheme and host. */
#define MG_SCHEME_DELIMITER "://"

enum mg_host_kind {
    MG_HOST_NAME,
    MG_HOST_IPV4,
    MG_HOST_IPV6
};

struct mg_origin {
    bool is_null;       /* the opaque origin "null": what follows `text` is empty */
    struct mg_str text; /* all of it */
    struct mg_str scheme;
    struct mg_str host; /* an IPv6 literal keeps its brackets */
    enum mg_host_kind host_kind;
    unsigned dot_count; /* of a name or an IPv4 address, a trailing dot too; else 0 */
    uint16_t port;      /* the default one of http and https where none is written; 0 for other
                      schemes without one */
};

/* Parse `text` as a serialized origin.
 * Accepts: "null"; scheme "://" host [":" port]: scheme [a-z][a-z0-9+.-]{0,63}; host at most
 * 253 bytes of labels of 1 to 63 [a-z0-9_-] with an optional trailing dot, canonical dotted
 * IPv4, or a bracketed IPv6 literal in its canonical form (RFC 5952); port 1 to 65535 without
 * leading zeros, not the scheme's default. Rejects: everything else: upper case, Unicode,
 * paths, user info, white space, other IP forms (a host whose last label is a number is an IPv4
 * address, WHATWG URL). Complexity: O(text.len), bounded by the longest legal origin. */
bool mg_origin_parse(struct mg_str text, struct mg_origin *out);

/* Parts of it, for patterns. Each takes the whole slice or fails. */
bool mg_origin_scheme_is_valid(struct mg_str scheme);
bool mg_origin_parse_host(struct mg_str host, enum mg_host_kind *kind);
/* 1 to 65535 without leading zeros; a default port is as good as any here. */
bool mg_origin_parse_port(struct mg_str digits, uint16_t *out);

/* The default port of a scheme ("http" 80, "https" 443), or 0. */
uint16_t mg_scheme_default_port(struct mg_str scheme);

/* Whether the origin is potentially trustworthy by its host alone: 127.0.0.0/8, [::1],
 * localhost and *.localhost (W3C Secure Contexts 3.1). */
bool mg_origin_is_loopback(const struct mg_origin *origin);

#endif
