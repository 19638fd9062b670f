/* route_pattern.h - the URL patterns of resources, `[HOST]/[PATH]`, and how two of them relate.
 *
 * Forms:     /a/b        exactly this path        /a/{x}       one segment, never an empty one
 *            /a/         the subtree below /a/    /a/{rest...} the same, with a name
 *            /a/{$}      /a/ and nothing below    a.example/a  only on this host
 * Difference from Go's ServeMux, whose patterns these are: no methods, and no redirects: /a and
 *            /a/ are two paths. "//" in a pattern is a literal empty segment; `{x}` matches no
 *            empty segment, `{rest...}` and a subtree match any rest, also an empty one.
 * Compared:  as bytes of the normal form of http/target.h, segment by segment; %2F does not
 *            split. Literal segments are put into that form while parsing.
 * Ownership: a parsed pattern lives in its arena and borrows nothing from the text.
 * Threads:   pure; any thread.
 */
#ifndef MG_POLICY_ROUTE_PATTERN_H
#define MG_POLICY_ROUTE_PATTERN_H

#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

enum {
    MG_ROUTE_PATTERN_MAX_BYTES = 2048,
    MG_ROUTE_MAX_SEGMENTS = 64, /* a segment is a bit of a 64-bit mask in the router */
    MG_ROUTE_MAX_HOST_BYTES = 253
};

enum mg_route_segment_kind {
    MG_SEGMENT_LITERAL, /* `text` in normal form; may be empty ("//"), but never the last */
    MG_SEGMENT_WILD,    /* {name}: `text` is the name */
    MG_SEGMENT_END,     /* {$}: the empty segment behind a last slash. Always last */
    MG_SEGMENT_REST,    /* {name...}, or a trailing slash, then `text` is empty. Always last */
};

struct mg_route_segment {
    enum mg_route_segment_kind kind;
    struct mg_str text;
};

struct mg_route_pattern {
    struct mg_str text; /* as written */
    struct mg_str host; /* lower case, without port; empty: any host */
    const struct mg_route_segment *segments;
    unsigned segment_count; /* at least 1: "/" is one REST */
    unsigned param_count;   /* named wildcards */
    bool encoded_slash;     /* a literal holds %2F: matches only where the resource allows it */
};

/* Parse `text` into `out`, whose parts go to `arena`.
 * Returns: false with severity, code, message, hint and where (the text) of *fault set; file
 * and line are the caller's to set. *out is then untouched.
 * Codes: pattern-empty pattern-too-long pattern-no-slash pattern-method pattern-query
 * pattern-host pattern-brace pattern-wildcard-name pattern-duplicate-name pattern-rest-not-last
 * pattern-end-not-last pattern-dot-segment pattern-segment pattern-too-many-params (over
 * MG_MAX_PARAMS) pattern-too-many-segments out-of-memory (the arena overflowed). */
bool mg_route_pattern_parse(struct mg_str text, struct mg_arena *arena,
                            struct mg_route_pattern *out, struct mg_err *fault);

/* Find what is legal but hardly meant: a segment that is another router's wildcard (`*`,
 * `:id`; here literal), code pattern-foreign-wildcard, or "//", code pattern-empty-segment.
 * Returns: whether there is such a thing; then *fault is a warning, filled as by
 * mg_route_pattern_parse. */
bool mg_route_pattern_is_doubtful(const struct mg_route_pattern *pattern, struct mg_err *fault);

/* How the set of requests that `a` matches relates to that of `b`. */
enum mg_route_relation {
    MG_ROUTE_EQUAL,         /* the same requests */
    MG_ROUTE_MORE_SPECIFIC, /* `a` wins wherever both match */
    MG_ROUTE_LESS_SPECIFIC, /* `b` wins wherever both match */
    MG_ROUTE_DISJOINT,      /* no request matches both */
    MG_ROUTE_OVERLAPS,      /* some match both, and each matches some that the other does not */
};

/* Compare two patterns. A pattern with a host is more specific than one without, whatever their
 * paths, unless no path matches both. EQUAL and OVERLAPS are conflicts: such patterns may not
 * stand in one set. O(segments), no allocation. */
enum mg_route_relation mg_route_pattern_compare(const struct mg_route_pattern *a,
                                                const struct mg_route_pattern *b);

/* Whether `pattern` alone matches `path` (normal form) on `host` (lower case, no port): the
 * plain definition that the router is tested against. O(length of path), no allocation. */
bool mg_route_pattern_matches(const struct mg_route_pattern *pattern, struct mg_str host,
                              struct mg_str path);

/* Write a path that both patterns match to `out` (cut at `size`, NUL-terminated), for messages
 * about conflicts. Needs: the patterns are not disjoint. */
void mg_route_pattern_common_path(const struct mg_route_pattern *a,
                                  const struct mg_route_pattern *b, char *out, size_t size);

#endif
