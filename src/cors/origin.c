/* origin.c - one pass over the text: scheme, "://", host, port.
 *
 * A general URL parser accepts far more than a browser ever sends in Origin; whatever is
 * accepted beyond that is a difference some attacker can use. So the grammar is spelled out
 * here, and what it yields is compared as parts, never as text with a prefix or suffix.
 */
#include "cors/origin.h"

#include "cors/origin_ip.h"

enum {
    MAX_SCHEME_BYTES = 64,
    MAX_LABEL_BYTES = 63,
    MAX_PORT_DIGITS = 5,
};

/* What a byte may be part of: labels [a-z0-9_-], schemes [a-z0-9+.-]. */
enum {
    L = 1,
    S = 2,
    B = L | S
};
static const unsigned char CLASS[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, S, 0, B, S, 0, /* 20: + - . */
    B, B, B, B, B, B, B, B, B, B, 0, 0, 0, 0, 0, 0, /* 30: digits */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 40 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, L, /* 50: _ */
    0, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, /* 60: letters */
    B, B, B, B, B, B, B, B, B, B, B, 0, 0, 0, 0, 0, /* 70 */
};

static inline bool is_class(char c, unsigned set)
{
    return (CLASS[(unsigned char)c] & set) != 0;
}

uint16_t mg_scheme_default_port(struct mg_str scheme)
{
    if (scheme.len == 5 && memcmp(scheme.ptr, "https", 5) == 0) {
        return 443;
    }
    return scheme.len == 4 && memcmp(scheme.ptr, "http", 4) == 0 ? 80 : 0;
}

bool mg_origin_scheme_is_valid(struct mg_str scheme)
{
    if (scheme.len == 0 || scheme.len > MAX_SCHEME_BYTES || scheme.ptr[0] < 'a' ||
        scheme.ptr[0] > 'z') {
        return false;
    }
    for (size_t i = 1; i < scheme.len; i++) {
        if (!is_class(scheme.ptr[i], S)) {
            return false;
        }
    }
    return true;
}

/* Take the longest name off the front of `text`: labels joined by dots, with an optional
 * trailing dot. Returns: its length, or 0 when a label is empty or too long, or all is.
 * *last_label is where the last label begins. */
static size_t scan_name(struct mg_str text, size_t *last_label)
{
    size_t start = 0; /* of the label that is being read */
    size_t at = 0;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if (is_class(c, L)) {
            continue;
        }
        if (c != '.') {
            break;
        }
        if (at == start || at - start > MAX_LABEL_BYTES) {
            return 0;
        }
        *last_label = start;
        start = at + 1;
    }
    bool ends_in_dot = at == start;
    if (!ends_in_dot) {
        *last_label = start;
    }
    bool is_too_long = at - start > MAX_LABEL_BYTES || at - ends_in_dot > MG_HOST_MAX_BYTES;
    return (ends_in_dot && start == 0) || is_too_long ? 0 : at;
}

/* Take the host off the front of `text`. Returns: its length, or 0 when there is none. */
static size_t scan_host(struct mg_str text, enum mg_host_kind *kind)
{
    if (text.len > 0 && text.ptr[0] == '[') {
        const char *end = memchr(text.ptr, ']', text.len);
        size_t len = end == NULL ? 0 : (size_t)(end - text.ptr) + 1;
        *kind = MG_HOST_IPV6;
        return mg_ipv6_is_canonical((struct mg_str){text.ptr, len}) ? len : 0;
    }
    size_t last_label = 0;
    size_t len = scan_name(text, &last_label);
    *kind = MG_HOST_NAME;
    if (len > 0 && mg_ascii_is_digit(text.ptr[last_label])) {
        bool ends_in_dot = text.ptr[len - 1] == '.';
        struct mg_str label = {text.ptr + last_label, len - last_label - ends_in_dot};
        if (mg_ip_label_is_number(label)) {
            *kind = MG_HOST_IPV4;
            return mg_ipv4_is_canonical((struct mg_str){text.ptr, len}) ? len : 0;
        }
    }
    return len;
}

bool mg_origin_parse_host(struct mg_str host, enum mg_host_kind *kind)
{
    return host.len > 0 && scan_host(host, kind) == host.len;
}

bool mg_origin_parse_port(struct mg_str digits, uint16_t *out)
{
    unsigned long long port;
    if (digits.len == 0 || digits.len > MAX_PORT_DIGITS || digits.ptr[0] == '0' ||
        !mg_str_to_u64(digits, UINT16_MAX, &port)) {
        return false;
    }
    *out = (uint16_t)port;
    return true;
}

/* Split `text` at "://". Returns: the length of a valid scheme, or 0. */
static size_t scan_scheme(struct mg_str text)
{
    static const char https[] = "https" MG_SCHEME_DELIMITER;
    if (text.len >= sizeof(https) - 1 && memcmp(text.ptr, https, sizeof(https) - 1) == 0) {
        return 5;
    }
    const char *colon = memchr(text.ptr, ':', text.len);
    size_t len = colon == NULL ? 0 : (size_t)(colon - text.ptr);
    bool is_valid =
        mg_origin_scheme_is_valid((struct mg_str){text.ptr, len}) &&
        mg_str_starts_with(mg_str_from_offset(text, len), MG_STR(MG_SCHEME_DELIMITER));
    return is_valid ? len : 0;
}

bool mg_origin_parse(struct mg_str text, struct mg_origin *out)
{
    if (text.len == 4 && memcmp(text.ptr, "null", 4) == 0) {
        *out = (struct mg_origin){.is_null = true, .text = text};
        return true;
    }
    if (text.len == 0 || text.len > MG_ORIGIN_MAX_BYTES) {
        return false;
    }
    struct mg_str scheme = {text.ptr, scan_scheme(text)};
    if (scheme.len == 0) {
        return false;
    }
    struct mg_str rest = mg_str_from_offset(text, scheme.len + sizeof(MG_SCHEME_DELIMITER) - 1);
    enum mg_host_kind kind;
    struct mg_str host = {rest.ptr, scan_host(rest, &kind)};
    if (host.len == 0) {
        return false;
    }
    rest = mg_str_from_offset(rest, host.len);
    uint16_t default_port = mg_scheme_default_port(scheme);
    uint16_t port = default_port;
    if (rest.len > 0 &&
        (rest.ptr[0] != ':' || !mg_origin_parse_port(mg_str_from_offset(rest, 1), &port) ||
         port == default_port)) {
        return false;
    }
    out->is_null = false;
    out->text = text;
    out->scheme = scheme;
    out->host = host;
    out->host_kind = kind;
    out->port = port;
    return true;
}

bool mg_origin_is_loopback(const struct mg_origin *origin)
{
    struct mg_str host = origin->host;
    if (origin->is_null) {
        return false;
    }
    if (origin->host_kind == MG_HOST_IPV4) {
        return mg_str_starts_with(host, MG_STR("127."));
    }
    if (origin->host_kind == MG_HOST_IPV6) {
        return mg_str_equal(host, MG_STR("[::1]"));
    }
    if (mg_str_ends_with(host, MG_STR("."))) {
        host.len--;
    }
    return mg_str_equal(host, MG_STR("localhost")) ||
           mg_str_ends_with(host, MG_STR(".localhost"));
}
