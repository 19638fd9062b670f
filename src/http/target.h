/* target.h - request targets (RFC 9112 3.2) and the normal form of paths (RFC 3986 6.2.2,
 * without its scheme rules): what is matched is what is forwarded.
 *
 * Shape:     in normal form dot segments are removed, unreserved octets decoded, hexadecimal
 *            digits in upper case, empty segments kept ("//"). Segments are split before
 *            decoding.
 * Threads:   pure; any thread. No allocation: output goes where the caller says.
 */
#ifndef MG_HTTP_TARGET_H
#define MG_HTTP_TARGET_H

#include "core/str.h"
#include "http/head.h"

enum mg_target_form {
    MG_TARGET_ORIGIN,
    MG_TARGET_ABSOLUTE,
    MG_TARGET_ASTERISK,
    MG_TARGET_AUTHORITY /* of CONNECT only, for which the answer is 501 */
};

struct mg_target {
    enum mg_target_form form;
    struct mg_str scheme;    /* of absolute-form, "http" or "https" in any case; else empty */
    struct mg_str authority; /* effective: of absolute-form, else the Host field's value */
    struct mg_str path;      /* normal form; "*" in asterisk-form; empty in authority-form */
    struct mg_str query;     /* without "?", untouched */
    bool has_query;
    bool encoded_slash; /* %2F is in the path (kept, upper case): 400 unless the resource allows
                           it */
};

/* Take apart the target of `head`, a head that mg_head_parse gave as complete. `scratch` has
 * room for head->target.len + 1 bytes; the path points there, or into the head where it already
 * was in normal form.
 * Accepts: RFC 3986, and unencoded what browsers send so: [ ] ^ | in a path, these and { } ` in
 * a query. ".." above the root is dropped (RFC 3986 5.2.4). An absolute-form's authority counts
 * in place of Host (RFC 9112 3.2.2); of OPTIONS, one without path and query is an
 * asterisk-form (3.2.4). CONNECT with an authority-form is taken apart, so that it
 * can be refused for its method.
 * Rejects: answer 400 with *reason, a string literal: "target-malformed" (other bytes),
 * "percent-malformed", "encoded-nul", "encoded-backslash", "asterisk-form" (with a method other
 * than OPTIONS), "authority-form" (with one other than CONNECT, or malformed), "userinfo",
 * "authority-malformed". */
bool mg_target_parse(const struct mg_head *head, char *scratch, struct mg_target *target,
                     const char **reason);

/* Write the normal form of the path `raw` (which begins with "/") to `out`, of raw.len + 1
 * bytes. Idempotent: a normal form is its own.
 * Returns: false with *reason when it has no normal form. Also used on the literal segments of
 * resource patterns. */
bool mg_path_normalise(struct mg_str raw, char *out, size_t *out_len, bool *encoded_slash,
                       const char **reason);

/* Whether `authority` is host [":" port] without userinfo. Stricter than RFC 3986 3.2.2: a
 * name is of unreserved characters (percent triples and sub-delims would give one host many
 * spellings, and a comma is how two joined Host lines look), an IP literal is an IPv6
 * address in brackets without a zone, a port is empty or at most 65535. */
bool mg_authority_is_valid(struct mg_str authority);

/* Split a valid authority; the host keeps its brackets, the port is empty where none is given.
 */
void mg_authority_split(struct mg_str authority, struct mg_str *host, struct mg_str *port);

#endif
