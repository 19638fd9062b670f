/* pattern.c - patterns are parsed by the very functions that parse request origins, so that
 * what a pattern can say and what an origin can be never drift apart. */
#include "cors/pattern.h"

#include "cors/pattern_fault.h"

static const struct mg_str SUBDOMAINS = {"*.", 2};

/* Where the host of "host[:port]" ends: at the colon behind any brackets. */
static size_t host_length(struct mg_str authority)
{
    const char *bracket = memchr(authority.ptr, ']', authority.len);
    size_t from = bracket == NULL ? 0 : (size_t)(bracket - authority.ptr);
    const char *colon = memchr(authority.ptr + from, ':', authority.len - from);
    return colon == NULL ? authority.len : (size_t)(colon - authority.ptr);
}

/* `text` is what follows the host, colon included. */
static bool parse_port(struct mg_str text, struct mg_pattern *pattern)
{
    pattern->port = mg_scheme_default_port(pattern->scheme);
    if (text.len == 0) {
        return true;
    }
    if (mg_str_equal(text, MG_STR(":*"))) {
        pattern->port = MG_PORT_ANY;
        return true;
    }
    uint16_t port;
    if (!mg_origin_parse_port(mg_str_from_offset(text, 1), &port) || port == pattern->port) {
        return false;
    }
    pattern->port = port;
    return true;
}

static bool has_outer_hyphen(struct mg_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        bool begins = i == 0 || name.ptr[i - 1] == '.';
        bool ends = i + 1 == name.len || name.ptr[i + 1] == '.';
        if (name.ptr[i] == '-' && (begins || ends)) {
            return true;
        }
    }
    return false;
}

static bool parse_host(struct mg_str text, struct mg_pattern *pattern)
{
    pattern->is_subdomains = mg_str_starts_with(text, SUBDOMAINS);
    pattern->host = pattern->is_subdomains ? mg_str_from_offset(text, SUBDOMAINS.len) : text;
    if (!mg_origin_parse_host(pattern->host, &pattern->host_kind)) {
        return false;
    }
    if (pattern->host_kind != MG_HOST_NAME) {
        return !pattern->is_subdomains;
    }
    /* "*." needs room for a label and a dot, or it could match nothing. */
    bool ends_in_dot = mg_str_ends_with(pattern->host, MG_STR("."));
    bool fits = pattern->host.len - ends_in_dot + SUBDOMAINS.len <= MG_HOST_MAX_BYTES;
    return (fits || !pattern->is_subdomains) && !has_outer_hyphen(pattern->host);
}

static bool parse(struct mg_str text, struct mg_pattern *out)
{
    struct mg_pattern pattern = {.is_any = mg_str_equal(text, MG_STR("*")),
                                 .is_null = mg_str_equal(text, MG_STR("null"))};
    if (pattern.is_any || pattern.is_null) {
        *out = pattern;
        return true;
    }
    const char *colon = text.len == 0 ? NULL : memchr(text.ptr, ':', text.len);
    if (colon == NULL) {
        return false;
    }
    pattern.scheme = (struct mg_str){text.ptr, (size_t)(colon - text.ptr)};
    struct mg_str rest = mg_str_from_offset(text, pattern.scheme.len);
    if (!mg_origin_scheme_is_valid(pattern.scheme) ||
        mg_str_equal(pattern.scheme, MG_STR("file")) ||
        !mg_str_starts_with(rest, MG_STR(MG_SCHEME_DELIMITER))) {
        return false;
    }
    rest = mg_str_from_offset(rest, sizeof(MG_SCHEME_DELIMITER) - 1);
    struct mg_str host = {rest.ptr, host_length(rest)};
    if (!parse_host(host, &pattern) ||
        !parse_port(mg_str_from_offset(rest, host.len), &pattern)) {
        return false;
    }
    *out = pattern;
    return true;
}

bool mg_pattern_parse(struct mg_str text, struct mg_pattern *out,
                      struct mg_pattern_fault *fault)
{
    if (parse(text, out)) {
        return true;
    }
    if (fault != NULL) {
        mg_pattern_diagnose(text, fault);
    }
    return false;
}

/* Whether `host` is one or more labels, a dot, and `apex`. */
static bool is_below(struct mg_str host, struct mg_str apex)
{
    return host.len > apex.len + 1 && host.ptr[host.len - apex.len - 1] == '.' &&
           mg_str_ends_with(host, apex);
}

bool mg_pattern_matches(const struct mg_pattern *pattern, const struct mg_origin *origin)
{
    if (pattern->is_any) {
        return true;
    }
    if (pattern->is_null || origin->is_null) {
        return pattern->is_null && origin->is_null;
    }
    bool port_fits = pattern->port == MG_PORT_ANY || pattern->port == origin->port;
    bool host_fits = pattern->is_subdomains ? is_below(origin->host, pattern->host)
                                            : mg_str_equal(origin->host, pattern->host);
    return port_fits && host_fits && mg_str_equal(pattern->scheme, origin->scheme);
}

bool mg_pattern_covers(const struct mg_pattern *wide, const struct mg_pattern *narrow)
{
    if (wide->is_any || narrow->is_any) {
        return wide->is_any;
    }
    if (wide->is_null || narrow->is_null) {
        return wide->is_null && narrow->is_null;
    }
    bool port_fits = wide->port == MG_PORT_ANY || wide->port == narrow->port;
    bool hosts_equal = mg_str_equal(wide->host, narrow->host);
    bool host_fits = wide->is_subdomains ? is_below(narrow->host, wide->host) ||
                                               (narrow->is_subdomains && hosts_equal)
                                         : !narrow->is_subdomains && hosts_equal;
    return port_fits && host_fits && mg_str_equal(wide->scheme, narrow->scheme);
}

void mg_pattern_write(const struct mg_pattern *pattern, struct mg_buf *out)
{
    if (pattern->is_any || pattern->is_null) {
        mg_buf_add(out, pattern->is_any ? MG_STR("*") : MG_STR("null"));
        return;
    }
    mg_buf_add(out, pattern->scheme);
    mg_buf_add(out, MG_STR("://"));
    mg_buf_add(out, pattern->is_subdomains ? MG_STR("*.") : MG_STR(""));
    mg_buf_add(out, pattern->host);
    if (pattern->port == MG_PORT_ANY) {
        mg_buf_add(out, MG_STR(":*"));
    } else if (pattern->port != mg_scheme_default_port(pattern->scheme)) {
        mg_buf_add_char(out, ':');
        mg_buf_add_u64(out, pattern->port);
    }
}
