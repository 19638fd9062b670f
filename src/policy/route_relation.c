/* route_relation.c - what patterns match and how two of them relate.
 *
 * Two patterns are compared position by position. At each, one may be narrower (a literal
 * against a wildcard, anything against the rest); they are disjoint as soon as one position is.
 * If both are narrower somewhere, some path fits both and each has paths of its own: an
 * overlap.
 */
#include "policy/route_pattern.h"

/* What one position says. REST_A and REST_B also end the comparison: the rest takes all that
 * the other pattern still has, which is at least one segment. */
enum position {
    SAME,
    A_NARROWER,
    B_NARROWER,
    APART,
    REST_BOTH,
    REST_A,
    REST_B
};

/* Compare a segment that is not a rest with a {name}: only a literal with a byte fits in. */
static bool fits_wild(const struct mg_route_segment *s)
{
    return s->kind == MG_SEGMENT_WILD || (s->kind == MG_SEGMENT_LITERAL && s->text.len > 0);
}

static enum position compare_position(const struct mg_route_segment *a,
                                      const struct mg_route_segment *b)
{
    if (a->kind == MG_SEGMENT_REST || b->kind == MG_SEGMENT_REST) {
        return a->kind == b->kind ? REST_BOTH : a->kind == MG_SEGMENT_REST ? REST_A : REST_B;
    }
    if (a->kind == b->kind) {
        return a->kind != MG_SEGMENT_LITERAL || mg_str_equal(a->text, b->text) ? SAME : APART;
    }
    if (a->kind == MG_SEGMENT_WILD) {
        return fits_wild(b) ? B_NARROWER : APART;
    }
    return b->kind == MG_SEGMENT_WILD && fits_wild(a) ? A_NARROWER : APART;
}

static enum mg_route_relation compare_paths(const struct mg_route_pattern *a,
                                            const struct mg_route_pattern *b)
{
    bool a_narrower = false;
    bool b_narrower = false;
    bool ended = false;
    unsigned i = 0;
    while (!ended && i < a->segment_count && i < b->segment_count) {
        enum position position = compare_position(&a->segments[i], &b->segments[i]);
        if (position == APART) {
            return MG_ROUTE_DISJOINT;
        }
        a_narrower |= position == A_NARROWER || position == REST_B;
        b_narrower |= position == B_NARROWER || position == REST_A;
        ended = position == REST_A || position == REST_B || position == REST_BOTH;
        i++;
    }
    if (!ended && a->segment_count != b->segment_count) {
        return MG_ROUTE_DISJOINT;
    }
    if (a_narrower) {
        return b_narrower ? MG_ROUTE_OVERLAPS : MG_ROUTE_MORE_SPECIFIC;
    }
    return b_narrower ? MG_ROUTE_LESS_SPECIFIC : MG_ROUTE_EQUAL;
}

enum mg_route_relation mg_route_pattern_compare(const struct mg_route_pattern *a,
                                                const struct mg_route_pattern *b)
{
    if (a->host.len > 0 && b->host.len > 0 && !mg_str_equal(a->host, b->host)) {
        return MG_ROUTE_DISJOINT;
    }
    enum mg_route_relation relation = compare_paths(a, b);
    if (relation == MG_ROUTE_DISJOINT || (a->host.len > 0) == (b->host.len > 0)) {
        return relation;
    }
    return a->host.len > 0 ? MG_ROUTE_MORE_SPECIFIC : MG_ROUTE_LESS_SPECIFIC;
}

static bool segment_matches(const struct mg_route_segment *segment, struct mg_str text,
                            bool is_last)
{
    switch (segment->kind) {
    case MG_SEGMENT_LITERAL:
        return mg_str_equal(segment->text, text);
    case MG_SEGMENT_WILD:
        return text.len > 0;
    case MG_SEGMENT_END:
        return text.len == 0 && is_last;
    case MG_SEGMENT_REST:
        return true;
    }
    return false;
}

bool mg_route_pattern_matches(const struct mg_route_pattern *pattern, struct mg_str host,
                              struct mg_str path)
{
    if ((pattern->host.len > 0 && !mg_str_equal(pattern->host, host)) ||
        !mg_str_starts_with(path, MG_STR("/"))) {
        return false;
    }
    for (unsigned i = 0; i < pattern->segment_count; i++) {
        if (path.len == 0) {
            return false;
        }
        path = mg_str_from_offset(path, 1);
        const char *slash = path.len == 0 ? NULL : memchr(path.ptr, '/', path.len);
        size_t len = slash == NULL ? path.len : (size_t)(slash - path.ptr);
        if (!segment_matches(&pattern->segments[i], (struct mg_str){path.ptr, len},
                             slash == NULL)) {
            return false;
        }
        if (pattern->segments[i].kind == MG_SEGMENT_REST) {
            return true;
        }
        path = mg_str_from_offset(path, len);
    }
    return path.len == 0;
}

/* The narrower of two segments that some path fits both: it gives the text of the example. */
static const struct mg_route_segment *narrower(const struct mg_route_segment *a,
                                               const struct mg_route_segment *b)
{
    if (a == NULL || b == NULL) {
        return a == NULL ? b : a;
    }
    enum position position = compare_position(a, b);
    return position == B_NARROWER || position == REST_A ? b : a;
}

void mg_route_pattern_common_path(const struct mg_route_pattern *a,
                                  const struct mg_route_pattern *b, char *out, size_t size)
{
    unsigned count = a->segment_count > b->segment_count ? a->segment_count : b->segment_count;
    size_t at = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < count && at < size; i++) {
        const struct mg_route_segment *segment =
            narrower(i < a->segment_count ? &a->segments[i] : NULL,
                     i < b->segment_count ? &b->segments[i] : NULL);
        int wrote = segment == NULL
                        ? 0
                        : snprintf(out + at, size - at, "/%.*s", MG_STR_ARG(segment->text));
        at += wrote > 0 ? (size_t)wrote : 0;
    }
}
