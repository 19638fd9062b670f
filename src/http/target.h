/* target.h - request targets (RFC 9112 3.2) and the normal form of paths (RFC 3986 6.2.2,
 * without its scheme rules): what is matched is what is forwarded.
 *
 * Normal form:dot segments removed, unreserved octets decoded, hexadecimal digits in upper
 *            case, an empty segment kept ("//"). Segments are split before decoding.
 * Threads:   pure; any thread. No allocation: output goes where the caller says.
 */
#ifndef MG_HTTP_TARGET_H
#define MG_HTTP_TARGET_H

#include "core/str.h"
#include "http/head.h"

enum mg_target_form {
    MG_TARGET_ORIGIN,
    MG_TARGET_ABSOLUTE,
    MG_TARGET_ASTERISK
};

struct mg_target {
    enum mg_target_form form;
    struct mg_str scheme;    /* of absolute-form, "http" or "https" in any case; else empty */
    struct mg_str authority; /* effective: of absolute-form, else the Host field's value */
    struct mg_str path;      /* normal form; "*" in asterisk-form */
    struct mg_str query;     /* without "?", untouched */
    bool has_query;
    bool encoded_slash; /* %2F is in the path (kept, upper case): 400 unless the resource allows
                           it */
};

/* Take apart the target of `head`. `scratch` has room for head->target.len + 1 bytes; the path
 * points there, or into the head where it already was in normal form. Rejects (false, *reason a
 * string literal, answer 400): bytes outside RFC 3986, "#", backslash and %5C, %00, bad percent
 * triples, ".." above the root is clamped (RFC 3986 5.2.4), authority-form, asterisk-form with
 * a method other than OPTIONS ("asterisk-form"), userinfo in an authority, malformed authority
 * or Host. */
bool mg_target_parse(const struct mg_head *head, char *scratch, struct mg_target *target,
                     const char **reason);

/* Write the normal form of the path `raw` (which begins with "/") to `out`, of raw.len + 1
 * bytes. Returns: false with *reason when it has no normal form. Also used on the literal
 * segments of resource patterns. */
bool mg_path_normalise(struct mg_str raw, char *out, size_t *out_len, bool *encoded_slash,
                       const char **reason);

/* Whether `authority` is host [":" port] of RFC 3986 3.2.2 without userinfo; IP literals in
 * brackets. */
bool mg_authority_is_valid(struct mg_str authority);

/* Split host and port; the host keeps its brackets, the port is empty where none is given. */
void mg_authority_split(struct mg_str authority, struct mg_str *host, struct mg_str *port);

#endif
