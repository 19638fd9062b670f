/* pattern.h - origin patterns: exact origins, "*." before a host, ":*" behind it, "null", "*".
 *
 * "*." stands for one or more labels, never for the apex; ":*" for any port, the default one
 * too. Both may be combined.
 * Threads:   pure; any thread. No allocation.
 */
#ifndef MG_CORS_PATTERN_H
#define MG_CORS_PATTERN_H

#include "core/buf.h"
#include "cors/origin.h"

enum {
    MG_PORT_ANY = 65536
};

struct mg_pattern {
    bool is_any;        /* "*": the rest is empty */
    bool is_null;       /* "null": the rest is empty */
    bool is_subdomains; /* "*." */
    struct mg_str scheme;
    struct mg_str host; /* without "*." */
    enum mg_host_kind host_kind;
    uint32_t port; /* as in mg_origin, or MG_PORT_ANY */
};

/* Why a text is no pattern, for a person. Codes are those of docs/diagnostics.md:
 * origin-trailing-slash, origin-no-scheme, origin-path, origin-query, origin-userinfo,
 * origin-default-port, origin-port-range, origin-upper-case, origin-unicode, origin-ip-form,
 * origin-file, origin-list-in-string, origin-invalid, pattern-invalid. */
struct mg_pattern_fault {
    const char *code;  /* a string literal */
    char message[160]; /* "has a trailing slash" */
    char hint[288];    /* what to write instead: "https://app.example.com", or "" */
};

/* Parse `text`, whose bytes *out borrows.
 * Accepts: what mg_origin_parse accepts, with "*." before a name of at most 251 bytes and ":*"
 * for the port, and "*". Rejects beyond it: labels that begin or end with a hyphen (STD 3),
 * and file:, whose origins serialize to "null".
 * Returns: false, with *fault filled where it is not NULL. The hint is a whole pattern that
 * parses, wherever one can be guessed (lower case, slash dropped, default port dropped,
 * "http://" before a bare localhost, punycode is left to the caller). */
bool mg_pattern_parse(struct mg_str text, struct mg_pattern *out,
                      struct mg_pattern_fault *fault);

/* Append the pattern as it is written in a policy; ports of their scheme's default are left
 * out. */
void mg_pattern_write(const struct mg_pattern *pattern, struct mg_buf *out);

/* Whether `pattern` matches `origin`: the definition, in the plainest code. Sets are tested
 * against it. */
bool mg_pattern_matches(const struct mg_pattern *pattern, const struct mg_origin *origin);

/* Whether every origin that `narrow` matches is matched by `wide`. */
bool mg_pattern_covers(const struct mg_pattern *wide, const struct mg_pattern *narrow);

#endif
