/* target.c - request targets and the normal form of paths.
 *
 * A path that already is in normal form, which nearly every one is, costs one look at each byte
 * and stays where it is. Else it is written segment by segment: a segment is decoded first, and
 * only then asked whether it is "." or "..", so that "%2e%2e" climbs as ".." does, while "%2F"
 * never becomes a separator. Output never grows past its input.
 */
#include "http/target.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "http/bytes.h"

/* A normal form under way: `start` is where the segment at hand begins; before it is a
 * slash. */
struct path {
    char *out;
    size_t len;
    size_t start;
};

/* End the segment at hand; RFC 3986 5.2.4 on what it decoded to. */
static void end_segment(struct path *path, bool last)
{
    struct mg_str segment = {path->out + path->start, path->len - path->start};
    if (mg_str_equal(segment, MG_STR("."))) {
        path->len = path->start;
        return;
    }
    if (mg_str_equal(segment, MG_STR(".."))) {
        path->len = path->start;
        if (path->start > 1) {
            path->len--;
            while (path->out[path->len - 1] != '/') {
                path->len--;
            }
            path->start = path->len;
        }
        return;
    }
    if (!last) {
        path->out[path->len++] = '/';
        path->start = path->len;
    }
}

/* Decode or tidy the percent triple that `rest` begins with. Returns: NULL, or why not. */
static const char *add_triple(struct path *path, struct mg_str rest, bool *encoded_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    int high = rest.len < 3 ? -1 : mg_ascii_hex(rest.ptr[1]);
    int low = rest.len < 3 ? -1 : mg_ascii_hex(rest.ptr[2]);
    if (high < 0 || low < 0) {
        return "percent-malformed";
    }
    char octet = (char)(high << 4 | low);
    if (octet == '\0') {
        return "encoded-nul";
    }
    if (octet == '\\') {
        return "encoded-backslash";
    }
    if (mg_byte_is(octet, MG_BYTE_UNRESERVED)) {
        path->out[path->len++] = octet;
        return NULL;
    }
    *encoded_slash = *encoded_slash || octet == '/';
    path->out[path->len++] = '%';
    path->out[path->len++] = digits[high];
    path->out[path->len++] = digits[low];
    return NULL;
}

bool mg_path_normalise(struct mg_str raw, char *out, size_t *out_len, bool *encoded_slash,
                       const char **reason)
{
    struct path path = {out, 1, 1};
    *encoded_slash = false;
    *reason = raw.len == 0 || raw.ptr[0] != '/' ? "target-malformed" : NULL;
    out[0] = '/';
    size_t at = 1;
    while (*reason == NULL && at < raw.len) {
        char c = raw.ptr[at];
        if (c == '/') {
            end_segment(&path, false);
        } else if (c == '%') {
            *reason = add_triple(&path, mg_str_from_offset(raw, at), encoded_slash);
            at += 2;
        } else if (c == '.' || mg_byte_is(c, MG_BYTE_PATH)) {
            out[path.len++] = c;
        } else {
            *reason = "target-malformed";
        }
        at++;
    }
    end_segment(&path, true);
    *out_len = path.len;
    /* A segment that ".." took away again took its slash along. */
    *encoded_slash = *encoded_slash && memmem(out, path.len, "%2F", 3) != NULL;
    return *reason == NULL;
}

/* Whether `path` certainly is its own normal form: no triples, no dot segments, no byte that
 * may not be there. */
static bool is_plain(struct mg_str path)
{
    const char *end = path.ptr + path.len;
    for (const char *at = path.ptr; at < end; at++) {
        if (mg_byte_is(*at, MG_BYTE_PATH)) {
            continue;
        }
        /* A dot that begins a segment may make a dot segment: the careful way decides. */
        if (*at != '.' || at == path.ptr || at[-1] == '/') {
            return false;
        }
    }
    return true;
}

/* Path and query of origin-form and absolute-form, from "/", "?" or nothing on. */
static bool parse_path(struct mg_str text, char *scratch, struct mg_target *target,
                       const char **reason)
{
    const char *mark = text.len == 0 ? NULL : memchr(text.ptr, '?', text.len);
    struct mg_str path = {text.ptr, mark == NULL ? text.len : (size_t)(mark - text.ptr)};
    target->has_query = mark != NULL;
    if (mark != NULL) {
        target->query = mg_str_from_offset(text, path.len + 1);
        if (!mg_bytes_are(target->query, MG_BYTE_TARGET)) {
            *reason = "target-malformed";
            return false;
        }
    }
    if (path.len == 0) { /* RFC 9112 3.2.1: an empty path is sent as "/" */
        target->path = MG_STR("/");
        return true;
    }
    if (is_plain(path)) {
        target->path = path;
        return true;
    }
    target->path.ptr = scratch;
    return mg_path_normalise(path, scratch, &target->path.len, &target->encoded_slash, reason);
}

/* The length of "http" or "https" where `text` begins with it and "://"; else 0. */
static size_t scheme_length(struct mg_str text)
{
    const char *colon = memchr(text.ptr, ':', text.len < 6 ? text.len : 6);
    size_t len = colon == NULL ? 0 : (size_t)(colon - text.ptr);
    struct mg_str scheme = {text.ptr, len};
    bool known = mg_str_equal_nocase(scheme, MG_STR("http")) ||
                 mg_str_equal_nocase(scheme, MG_STR("https"));
    return known && mg_str_starts_with(mg_str_from_offset(text, len), MG_STR("://")) ? len : 0;
}

static bool parse_absolute(struct mg_str text, size_t scheme_len, char *scratch,
                           struct mg_target *target, const char **reason)
{
    struct mg_str rest = mg_str_from_offset(text, scheme_len + 3);
    size_t len = 0;
    while (len < rest.len && rest.ptr[len] != '/' && rest.ptr[len] != '?') {
        len++;
    }
    target->form = MG_TARGET_ABSOLUTE;
    target->scheme = (struct mg_str){text.ptr, scheme_len};
    target->authority = (struct mg_str){rest.ptr, len};
    if (!mg_authority_is_valid(target->authority)) {
        bool userinfo = memchr(rest.ptr, '@', len) != NULL;
        *reason = userinfo ? "userinfo" : "authority-malformed";
        return false;
    }
    return parse_path(mg_str_from_offset(rest, len), scratch, target, reason);
}

/* Whether an absolute form has neither path nor query: of OPTIONS it is about the whole server
 * (RFC 9112 3.2.4). */
static bool is_authority_last(struct mg_str text, const struct mg_target *target)
{
    return target->authority.ptr + target->authority.len == text.ptr + text.len;
}

bool mg_target_parse(const struct mg_head *head, char *scratch, struct mg_target *target,
                     const char **reason)
{
    struct mg_str text = head->target;
    *reason = NULL;
    *target = (struct mg_target){.form = MG_TARGET_ORIGIN,
                                 .authority = mg_head_value(head, MG_FIELD_HOST)};
    if (text.len > 0 && text.ptr[0] == '/') {
        return parse_path(text, scratch, target, reason);
    }
    if (mg_str_equal(text, MG_STR("*"))) {
        target->form = MG_TARGET_ASTERISK;
        target->path = text;
        *reason = head->method == MG_METHOD_OPTIONS ? NULL : "asterisk-form";
        return *reason == NULL;
    }
    if (head->method == MG_METHOD_CONNECT) {
        target->form = MG_TARGET_AUTHORITY;
        target->authority = text;
        *reason = mg_authority_is_valid(text) ? NULL : "authority-form";
        return *reason == NULL;
    }
    size_t scheme_len = text.len == 0 ? 0 : scheme_length(text);
    if (scheme_len > 0) {
        if (!parse_absolute(text, scheme_len, scratch, target, reason)) {
            return false;
        }
        if (head->method == MG_METHOD_OPTIONS && is_authority_last(text, target)) {
            target->form = MG_TARGET_ASTERISK;
            target->scheme = (struct mg_str){NULL, 0};
            target->path = MG_STR("*");
        }
        return true;
    }
    *reason = mg_authority_is_valid(text) ? "authority-form" : "target-malformed";
    return false;
}

void mg_authority_split(struct mg_str authority, struct mg_str *host, struct mg_str *port)
{
    size_t host_len = authority.len;
    /* The port's colon is the last one; those within brackets are followed by one. */
    while (host_len > 0 && mg_ascii_is_digit(authority.ptr[host_len - 1])) {
        host_len--;
    }
    if (host_len > 0 && authority.ptr[host_len - 1] == ':') {
        *port = mg_str_from_offset(authority, host_len);
        host_len--;
    } else {
        host_len = authority.len;
        *port = mg_str_from_offset(authority, authority.len);
    }
    *host = (struct mg_str){authority.ptr, host_len};
}

static bool is_ipv6_literal(struct mg_str host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (host.len < 4 || host.len - 2 >= sizeof(text) || host.ptr[host.len - 1] != ']') {
        return false;
    }
    memcpy(text, host.ptr + 1, host.len - 2);
    text[host.len - 2] = '\0';
    return memchr(text, '\0', host.len - 2) == NULL && inet_pton(AF_INET6, text, &address) == 1;
}

bool mg_authority_is_valid(struct mg_str authority)
{
    struct mg_str host;
    struct mg_str port;
    unsigned long long number = 0;
    if (authority.len == 0) {
        return false;
    }
    mg_authority_split(authority, &host, &port);
    if (port.len > 5 || (port.len > 0 && !mg_str_to_u64(port, 65535, &number))) {
        return false;
    }
    if (host.len > 0 && host.ptr[0] == '[') {
        return is_ipv6_literal(host);
    }
    return host.len > 0 && mg_bytes_are(host, MG_BYTE_UNRESERVED);
}
