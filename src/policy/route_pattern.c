/* route_pattern.c - parsing of resource patterns; route_relation.c compares them.
 *
 *   api.example.com/orders/{id}/lines/
 *   host            LITERAL WILD LITERAL REST
 *
 * The text is cut at "/" before anything is decoded, so that %2F stays inside its segment, and
 * each literal is normalised alone: a pattern then holds the very bytes that a request's path
 * holds. Every refusal says what to write instead, since patterns are written by people.
 */
#include "policy/route_pattern.h"

#include <stdarg.h>

#include "http/target.h"
#include "policy/set.h"

enum {
    EXAMPLE_BYTES = 96 /* of a hint that quotes what to write */
};

/* The state of one parse: what is found so far, and where a fault goes. */
struct parse {
    struct mg_str text;
    struct mg_arena *arena;
    struct mg_err *fault;
    struct mg_route_segment segments[MG_ROUTE_MAX_SEGMENTS];
    unsigned segment_count;
    unsigned param_count;
    bool encoded_slash;
};

static void set_fault(struct mg_err *fault, struct mg_str text, const char *code,
                      const char *hint)
{
    *fault = (struct mg_err){.severity = MG_ERROR, .code = code};
    MG_ERR_SET(fault->where, "%.*s", MG_STR_ARG(text));
    MG_ERR_SET(fault->hint, "%s", hint);
}

static bool fail(const struct parse *p, const char *code, const char *hint, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* Fill the fault. Returns: false, so that a caller can return it. */
static bool fail(const struct parse *p, const char *code, const char *hint, const char *format,
                 ...)
{
    char message[sizeof(p->fault->message)];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    set_fault(p->fault, p->text, code, hint);
    MG_ERR_SET(p->fault->message, "%s", message);
    return false;
}

static bool fail_memory(const struct parse *p)
{
    return fail(p, "out-of-memory", "raise the limit of the policy set, or declare less",
                "no memory is left for this pattern");
}

static bool contains(struct mg_str s, char c)
{
    return s.len > 0 && memchr(s.ptr, c, s.len) != NULL;
}

static bool has_non_ascii(struct mg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] >= 0x80) {
            return true;
        }
    }
    return false;
}

static bool is_name_char(char c)
{
    return (mg_ascii_lower(c) >= 'a' && mg_ascii_lower(c) <= 'z') || mg_ascii_is_digit(c) ||
           c == '_';
}

static bool is_identifier(struct mg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_name_char(s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0 && !mg_ascii_is_digit(s.ptr[0]);
}

/* Labels of letters, digits, "-" and "_", none empty: what a Host field can name without a port
 * (RFC 3986 3.2.2 allows more, but no such name resolves). */
static bool is_host_name(struct mg_str host)
{
    char before = '.';
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (c == '.' ? before == '.' : !is_name_char(c) && c != '-') {
            return false;
        }
        before = c;
    }
    return before != '.' && host.len <= MG_ROUTE_MAX_HOST_BYTES;
}

/* An IPv6 address in brackets, by its alphabet; mg_authority_is_valid judges the rest. */
static bool is_ip_literal(struct mg_str host)
{
    return host.len > 2 && host.len <= MG_ROUTE_MAX_HOST_BYTES && host.ptr[0] == '[' &&
           host.ptr[host.len - 1] == ']' && mg_authority_is_valid(host);
}

/* What to do about a host that is not one: the likeliest slip decides. */
static const char *host_hint(struct mg_str host)
{
    if (contains(host, '{') || contains(host, '}')) {
        return "hosts have no wildcards; if this is a path, begin it with \"/\"";
    }
    if (mg_str_equal_nocase(host, MG_STR("http:")) ||
        mg_str_equal_nocase(host, MG_STR("https:"))) {
        return "leave the scheme out: example.com/path";
    }
    if (contains(host, '*')) {
        return "hosts have no wildcards; declare a resource for each host, or leave the host "
               "out";
    }
    if (has_non_ascii(host)) {
        return "write an international name in its ASCII form, xn--...";
    }
    if (contains(host, ':')) {
        return "leave the port out: a pattern holds for every port";
    }
    if (mg_str_ends_with(host, MG_STR("."))) {
        return "leave the last dot out: requests are matched with and without it";
    }
    return "write a host name, such as api.example.com/path, or begin the path with \"/\"";
}

static bool parse_host(struct parse *p, struct mg_str raw, struct mg_str *host)
{
    if (contains(raw, ' ') || contains(raw, '\t')) {
        return fail(p, "pattern-method",
                    "write the path alone and name the methods in methods = { ... }",
                    "a pattern has no method and no space");
    }
    if (raw.len > 0 && !is_host_name(raw) && !is_ip_literal(raw)) {
        return fail(p, "pattern-host", host_hint(raw), "\"%.*s\" is not a host name",
                    MG_STR_ARG(raw));
    }
    char *lower = mg_arena_alloc(p->arena, raw.len + 1);
    if (lower == NULL) {
        return fail_memory(p);
    }
    for (size_t i = 0; i < raw.len; i++) {
        lower[i] = mg_ascii_lower(raw.ptr[i]);
    }
    lower[raw.len] = '\0';
    *host = (struct mg_str){lower, raw.len};
    return true;
}

static bool add_segment(struct parse *p, enum mg_route_segment_kind kind, struct mg_str text)
{
    if (p->segment_count == MG_ROUTE_MAX_SEGMENTS) {
        return fail(p, "pattern-too-many-segments",
                    "end the pattern earlier, with \"/\" or {rest...}",
                    "a pattern has at most %d segments", MG_ROUTE_MAX_SEGMENTS);
    }
    struct mg_str copy = mg_arena_dup(p->arena, text);
    if (mg_arena_overflowed(p->arena)) {
        return fail_memory(p);
    }
    p->segments[p->segment_count++] = (struct mg_route_segment){kind, copy};
    return true;
}

/* Take one dot off the front, plain or as %2E. */
static bool take_dot(struct mg_str *s)
{
    size_t taken = mg_str_starts_with(*s, MG_STR(".")) ? 1 : 0;
    if (s->len >= 3 && mg_str_equal_nocase((struct mg_str){s->ptr, 3}, MG_STR("%2E"))) {
        taken = 3;
    }
    *s = mg_str_from_offset(*s, taken);
    return taken > 0;
}

static bool is_dot_segment(struct mg_str segment)
{
    return take_dot(&segment) && (segment.len == 0 || (take_dot(&segment) && segment.len == 0));
}

/* Percent-encode what is not ASCII, for a hint; cut at `size`. */
static void encode_example(struct mg_str segment, char *out, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < segment.len && at + 4 <= size; i++) {
        bool ascii = (unsigned char)segment.ptr[i] < 0x80;
        int wrote = snprintf(out + at, size - at, ascii ? "%c" : "%%%02X",
                             (unsigned char)segment.ptr[i]);
        at += wrote > 0 ? (size_t)wrote : 0;
    }
    out[at < size ? at : size - 1] = '\0';
}

static bool fail_literal(const struct parse *p, struct mg_str segment, const char *reason)
{
    char hint[EXAMPLE_BYTES + 32] =
        "a segment holds what RFC 3986 allows in a path; encode the "
        "rest as %XX";
    if (has_non_ascii(segment)) {
        char example[EXAMPLE_BYTES];
        encode_example(segment, example, sizeof(example));
        (void)snprintf(hint, sizeof(hint), "percent-encode it: %s", example);
    }
    return fail(p, "pattern-segment", hint, "\"%.*s\" cannot be in a path (%s)",
                MG_STR_ARG(segment), reason);
}

static bool parse_literal(struct parse *p, struct mg_str segment)
{
    char raw[MG_ROUTE_PATTERN_MAX_BYTES + 1] = "/";
    char normal[sizeof(raw) + 1];
    size_t normal_len = 0;
    bool encoded_slash = false;
    const char *reason = "";
    if (segment.len == 0) {
        return add_segment(p, MG_SEGMENT_LITERAL, segment);
    }
    if (is_dot_segment(segment)) {
        return fail(p, "pattern-dot-segment", "write the path without \".\" and \"..\"",
                    "no path has the segment \"%.*s\" once it is normalised",
                    MG_STR_ARG(segment));
    }
    memcpy(raw + 1, segment.ptr, segment.len);
    if (!mg_path_normalise((struct mg_str){raw, segment.len + 1}, normal, &normal_len,
                           &encoded_slash, &reason)) {
        return fail_literal(p, segment, reason);
    }
    p->encoded_slash |= encoded_slash;
    return add_segment(p, MG_SEGMENT_LITERAL, (struct mg_str){normal + 1, normal_len - 1});
}

static bool check_name(const struct parse *p, struct mg_str name)
{
    if (!is_identifier(name)) {
        return fail(p, "pattern-wildcard-name",
                    "a name is letters, digits and \"_\", and does not begin with a digit",
                    "\"%.*s\" cannot name a wildcard", MG_STR_ARG(name));
    }
    for (unsigned i = 0; i < p->segment_count; i++) {
        if (p->segments[i].kind == MG_SEGMENT_WILD && mg_str_equal(p->segments[i].text, name)) {
            return fail(p, "pattern-duplicate-name", "give each wildcard a name of its own",
                        "{%.*s} is there twice", MG_STR_ARG(name));
        }
    }
    if (p->param_count == MG_MAX_PARAMS) {
        return fail(p, "pattern-too-many-params", "take the last ones together as {rest...}",
                    "a pattern has at most %d named wildcards", MG_MAX_PARAMS);
    }
    return true;
}

/* Parse {name}, {name...} or {$}; `is_last`: no "/" follows. */
static bool parse_wildcard(struct parse *p, struct mg_str segment, bool is_last)
{
    struct mg_str name = {segment.ptr + 1, segment.len - 2};
    enum mg_route_segment_kind kind = MG_SEGMENT_WILD;
    if (mg_str_equal(name, MG_STR("$"))) {
        return is_last ? add_segment(p, MG_SEGMENT_END, MG_STR(""))
                       : fail(p, "pattern-end-not-last", "put {$} last, or leave it out",
                              "nothing can follow {$}, the end of the path");
    }
    if (mg_str_ends_with(name, MG_STR("..."))) {
        kind = MG_SEGMENT_REST;
        name.len -= 3;
    }
    if (!check_name(p, name)) {
        return false;
    }
    if (kind == MG_SEGMENT_REST && !is_last) {
        return fail(p, "pattern-rest-not-last", "put it last, or drop the dots: one segment",
                    "nothing can follow {%.*s...}, the rest of the path", MG_STR_ARG(name));
    }
    p->param_count++;
    return add_segment(p, kind, name);
}

static bool parse_segment(struct parse *p, struct mg_str segment, bool is_last)
{
    if (!contains(segment, '{') && !contains(segment, '}')) {
        return is_last && segment.len == 0 ? add_segment(p, MG_SEGMENT_REST, segment)
                                           : parse_literal(p, segment);
    }
    struct mg_str inside = {segment.ptr + 1, segment.len - (segment.len > 1 ? 2 : 1)};
    if (segment.ptr[0] != '{' || segment.ptr[segment.len - 1] != '}' || contains(inside, '{') ||
        contains(inside, '}')) {
        return fail(p, "pattern-brace",
                    "a wildcard is a whole segment, /{name}/; a literal brace is %7B or %7D",
                    "\"%.*s\" has a brace that does not enclose a whole segment",
                    MG_STR_ARG(segment));
    }
    return parse_wildcard(p, segment, is_last);
}

static bool parse_path(struct parse *p, struct mg_str path)
{
    if (contains(path, '?') || contains(path, '#')) {
        return fail(p, "pattern-query", "write the path alone; a hook can read req.query",
                    "a pattern has no query and no fragment");
    }
    while (path.len > 0) {
        path = mg_str_from_offset(path, 1);
        const char *slash = path.len == 0 ? NULL : memchr(path.ptr, '/', path.len);
        size_t len = slash == NULL ? path.len : (size_t)(slash - path.ptr);
        if (!parse_segment(p, (struct mg_str){path.ptr, len}, slash == NULL)) {
            return false;
        }
        path = mg_str_from_offset(path, len);
    }
    return true;
}

/* Whether `text` has a path at all; *slash is where it begins. */
static bool find_path(const struct parse *p, size_t *slash)
{
    if (p->text.len == 0) {
        return fail(p, "pattern-empty", "write a path, such as \"/orders/{id}\"",
                    "the pattern is empty");
    }
    if (p->text.len > MG_ROUTE_PATTERN_MAX_BYTES) {
        return fail(p, "pattern-too-long", "match a shorter prefix, with \"/\" or {rest...}",
                    "a pattern has at most %d bytes", MG_ROUTE_PATTERN_MAX_BYTES);
    }
    const char *found = memchr(p->text.ptr, '/', p->text.len);
    if (found == NULL) {
        return fail(p, "pattern-no-slash",
                    "begin a path with \"/\"; end a lone host with \"/\"",
                    "a pattern is [HOST]/[PATH], and this has no \"/\"");
    }
    *slash = (size_t)(found - p->text.ptr);
    return true;
}

bool mg_route_pattern_parse(struct mg_str text, struct mg_arena *arena,
                            struct mg_route_pattern *out, struct mg_err *fault)
{
    struct parse p = {.text = text, .arena = arena, .fault = fault};
    struct mg_str host = {0};
    size_t slash = 0;
    if (!find_path(&p, &slash) || !parse_host(&p, (struct mg_str){text.ptr, slash}, &host) ||
        !parse_path(&p, mg_str_from_offset(text, slash))) {
        return false;
    }
    struct mg_str text_copy = mg_arena_dup(arena, text);
    struct mg_route_segment *segments =
        mg_arena_calloc(arena, p.segment_count, sizeof(*segments));
    if (segments == NULL || mg_arena_overflowed(arena)) {
        return fail_memory(&p);
    }
    memcpy(segments, p.segments, p.segment_count * sizeof(*segments));
    *out = (struct mg_route_pattern){.text = text_copy,
                                     .host = host,
                                     .segments = segments,
                                     .segment_count = p.segment_count,
                                     .param_count = p.param_count,
                                     .encoded_slash = p.encoded_slash};
    return true;
}

bool mg_route_pattern_is_doubtful(const struct mg_route_pattern *pattern, struct mg_err *fault)
{
    for (unsigned i = 0; i < pattern->segment_count; i++) {
        struct mg_str text = pattern->segments[i].text;
        if (pattern->segments[i].kind != MG_SEGMENT_LITERAL) {
            continue;
        }
        if (text.len == 0) {
            set_fault(fault, pattern->text, "pattern-empty-segment",
                      "write one \"/\", unless the empty segment is meant");
            MG_ERR_SET(fault->message, "\"//\" matches only a path with an empty segment");
        } else if (text.ptr[0] == ':' || mg_str_equal(text, MG_STR("*")) ||
                   mg_str_equal(text, MG_STR("**"))) {
            set_fault(fault, pattern->text, "pattern-foreign-wildcard",
                      "write {name} for one segment, {name...} for the rest");
            MG_ERR_SET(fault->message, "\"%.*s\" is no wildcard here: it matches itself",
                       MG_STR_ARG(text));
        } else {
            continue;
        }
        fault->severity = MG_WARNING;
        return true;
    }
    return false;
}
