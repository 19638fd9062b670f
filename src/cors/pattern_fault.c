/* pattern_fault.c - the text is cut into the parts of a URL, whatever they hold; the first part
 * that is wrong, from the outside in, names the fault. The guess is made from the same parts,
 * each brought into its serialized form, and is given only if it parses.
 *
 *   https://user@A.example:443/path
 *   scheme  user host      port tail
 */
#include "cors/pattern_fault.h"

#include <stdio.h>

#include "core/err.h"
#include "cors/origin_ip.h"

struct parts {
    struct mg_str scheme;
    bool has_user;
    struct mg_str host; /* with "*." and brackets */
    bool has_port;
    struct mg_str port;
    struct mg_str tail; /* from the first of / ? # \ on */
};

static bool blame(struct mg_pattern_fault *fault, const char *code, const char *message)
{
    fault->code = code;
    MG_ERR_SET(fault->message, "%s", message);
    return true;
}

static bool has_byte(struct mg_str s, char c)
{
    return s.len > 0 && memchr(s.ptr, c, s.len) != NULL;
}

/* Position of the first byte of `s` that is in `set`, or s.len. */
static size_t find_any(struct mg_str s, const char *set)
{
    size_t at = 0;
    while (at < s.len && (s.ptr[at] == '\0' || strchr(set, s.ptr[at]) == NULL)) {
        at++;
    }
    return at;
}

/* Position of the first `word` in `s`, or s.len. */
static size_t find_word(struct mg_str s, struct mg_str word)
{
    for (size_t at = 0; at + word.len <= s.len; at++) {
        if (memcmp(s.ptr + at, word.ptr, word.len) == 0) {
            return at;
        }
    }
    return s.len;
}

static struct parts cut(struct mg_str text)
{
    struct parts parts = {.has_user = false};
    size_t delimiter = find_word(text, MG_STR(MG_SCHEME_DELIMITER));
    struct mg_str rest = text;
    if (delimiter < text.len) {
        parts.scheme = (struct mg_str){text.ptr, delimiter};
        rest = mg_str_from_offset(text, delimiter + sizeof(MG_SCHEME_DELIMITER) - 1);
    } else if (mg_str_starts_with(text, MG_STR("//"))) {
        rest = mg_str_from_offset(text, 2);
    }
    size_t authority = find_any(rest, "/?#\\");
    parts.tail = mg_str_from_offset(rest, authority);
    rest.len = authority;
    size_t at = find_any(rest, "@");
    while (at < rest.len) {
        parts.has_user = true;
        rest = mg_str_from_offset(rest, at + 1);
        at = find_any(rest, "@");
    }
    size_t bracket = find_any(rest, "]");
    size_t from = bracket < rest.len ? bracket : 0;
    size_t colon = from + find_any(mg_str_from_offset(rest, from), ":");
    parts.has_port = colon < rest.len;
    parts.port = mg_str_from_offset(rest, colon + 1);
    parts.host = (struct mg_str){rest.ptr, colon};
    return parts;
}

/* Commas and semicolons are in no origin; white space parts a list when both sides are origins.
 */
static bool is_list(struct mg_str text)
{
    size_t second = find_word(text, MG_STR(MG_SCHEME_DELIMITER)) + 1;
    bool has_two = find_word(mg_str_from_offset(text, second), MG_STR(MG_SCHEME_DELIMITER)) <
                   mg_str_from_offset(text, second).len;
    return find_any(text, ",;") < text.len ||
           (has_two && find_any(text, " \t\r\n|") < text.len);
}

static bool blame_text(struct mg_str text, struct mg_pattern_fault *fault)
{
    if (text.len == 0) {
        return blame(fault, "origin-invalid", "is empty");
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80) {
            return blame(fault, "origin-unicode",
                         "has a character outside ASCII (browsers send punycode, xn--...)");
        }
    }
    if (is_list(text)) {
        return blame(fault, "origin-list-in-string",
                     "holds several origins (make each a string of its own)");
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] == 0x7f) {
            return blame(fault, "origin-invalid", "has a space or a control character");
        }
    }
    if (mg_str_equal_nocase(text, MG_STR("null"))) {
        return blame(fault, "origin-upper-case", "has upper-case letters");
    }
    return false;
}

static bool blame_outside(const struct parts *parts, struct mg_pattern_fault *fault)
{
    if (parts->scheme.len == 0) {
        return blame(fault, "origin-no-scheme", "has no scheme");
    }
    if (has_byte(parts->scheme, '*')) {
        return blame(fault, "pattern-invalid", "has a wildcard for its scheme");
    }
    if (mg_str_equal_nocase(parts->scheme, MG_STR("file"))) {
        return blame(fault, "origin-file", "is of file: pages, whose origin is \"null\"");
    }
    if (mg_str_equal(parts->tail, MG_STR("/"))) {
        return blame(fault, "origin-trailing-slash", "has a trailing slash");
    }
    if (parts->tail.len > 0) {
        bool is_path = parts->tail.ptr[0] == '/' || parts->tail.ptr[0] == '\\';
        return is_path ? blame(fault, "origin-path", "has a path")
                       : blame(fault, "origin-query", "has a query or a fragment");
    }
    return parts->has_user && blame(fault, "origin-userinfo", "has user information");
}

/* The host without "*.". */
static struct mg_str bare_host(const struct parts *parts)
{
    bool is_pattern = mg_str_starts_with(parts->host, MG_STR("*."));
    return mg_str_from_offset(parts->host, is_pattern ? 2 : 0);
}

/* The last label of `host`, before a trailing dot. */
static struct mg_str last_label(struct mg_str host)
{
    if (mg_str_ends_with(host, MG_STR("."))) {
        host.len--;
    }
    size_t start = host.len;
    while (start > 0 && host.ptr[start - 1] != '.') {
        start--;
    }
    return mg_str_from_offset(host, start);
}

static bool has_upper_case(struct mg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

/* What is wrong with the labels of a lower-case name, as a sentence; NULL when none is. */
static const char *label_fault(struct mg_str name)
{
    size_t start = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && name.ptr[i] != '.') {
            char c = name.ptr[i];
            bool is_legal =
                (c >= 'a' && c <= 'z') || mg_ascii_is_digit(c) || c == '-' || c == '_';
            if (!is_legal) {
                return "has a character that no host has";
            }
            continue;
        }
        size_t len = i - start;
        bool is_trailing_dot = i == name.len && len == 0 && start > 0;
        if (len == 0 && !is_trailing_dot) {
            return "has an empty label";
        }
        if (len > 0 && (name.ptr[start] == '-' || name.ptr[i - 1] == '-')) {
            return "has a label that begins or ends with a hyphen";
        }
        if (len > 63) {
            return "has a label of more than 63 bytes";
        }
        start = i + 1;
    }
    return name.len > MG_HOST_MAX_BYTES - 2 ? "has a host of more than 253 bytes" : NULL;
}

static bool blame_host(const struct parts *parts, struct mg_pattern_fault *fault)
{
    struct mg_str host = bare_host(parts);
    bool is_pattern = host.len < parts->host.len;
    enum mg_host_kind kind;
    bool is_host = mg_origin_parse_host(host, &kind);
    if (parts->host.len == 0) {
        return blame(fault, "origin-invalid", "has no host");
    }
    if (has_byte(host, '*')) {
        return blame(fault, "pattern-invalid",
                     "has a wildcard that is not the whole leftmost label");
    }
    if (is_pattern &&
        (host.len == 0 || host.ptr[0] == '[' || mg_ip_label_is_number(last_label(host)))) {
        return blame(fault, "pattern-invalid", "has a wildcard that no domain follows");
    }
    if (!is_host && host.ptr[0] == '[') {
        return blame(fault, "origin-ip-form",
                     "has an IPv6 address in another than its short "
                     "lower-case form");
    }
    if (!is_host && mg_ip_label_is_number(last_label(host))) {
        return blame(fault, "origin-ip-form",
                     "has an IPv4 address that is not four decimal numbers");
    }
    if (has_upper_case(parts->scheme) || has_upper_case(host)) {
        return blame(fault, "origin-upper-case", "has upper-case letters");
    }
    const char *message = is_host && kind != MG_HOST_NAME ? NULL : label_fault(host);
    return message != NULL && blame(fault, "origin-invalid", message);
}

static bool blame_port(const struct parts *parts, struct mg_pattern_fault *fault)
{
    uint16_t port;
    if (!parts->has_port || mg_str_equal(parts->port, MG_STR("*"))) {
        return false;
    }
    if (has_byte(parts->port, '*')) {
        return blame(fault, "pattern-invalid", "has a wildcard that is not the whole port");
    }
    if (!mg_origin_parse_port(parts->port, &port)) {
        return blame(fault, "origin-port-range",
                     "has a port that is not a number of 1 to 65535 without leading zeros");
    }
    return port == mg_scheme_default_port(parts->scheme) &&
           blame(fault, "origin-default-port",
                 "names the default port, which browsers leave out");
}

/* Lower case into `out`. Returns: the copy; empty when it does not fit. */
static struct mg_str lower(struct mg_str s, char *out, size_t size)
{
    if (s.len > size) {
        return (struct mg_str){out, 0};
    }
    for (size_t i = 0; i < s.len; i++) {
        out[i] = mg_ascii_lower(s.ptr[i]);
    }
    return (struct mg_str){out, s.len};
}

/* The host as a browser would serialize it, in `out` where it had to change. */
static struct mg_str guess_host(struct mg_str host, char out[static MG_HOST_MAX_BYTES + 1])
{
    char address[MG_IP_TEXT_SIZE];
    host = lower(host, out, MG_HOST_MAX_BYTES + 1);
    size_t len = 0;
    if (host.len > 0 && host.ptr[0] == '[') {
        const char *zone = memchr(host.ptr, '%', host.len);
        if (zone != NULL) {
            host.len = (size_t)(zone - host.ptr);
            out[host.len++] = ']';
        }
        len = mg_ipv6_canonical(host, address);
    } else if (mg_ip_label_is_number(last_label(host))) {
        len = mg_ipv4_canonical(host, address);
    }
    if (len > 0) {
        memcpy(out, address, len);
        return (struct mg_str){out, len};
    }
    return host;
}

/* What follows the last '*' of a host, without its leading dots. */
static struct mg_str behind_wildcards(struct mg_str host)
{
    size_t start = host.len;
    while (start > 0 && host.ptr[start - 1] != '*') {
        start--;
    }
    while (start > 0 && start < host.len && host.ptr[start] == '.') {
        start++;
    }
    return mg_str_from_offset(host, start);
}

/* Put the corrected parts together in fault->hint; "" when they are no pattern either. */
static void guess(struct mg_str text, struct mg_pattern_fault *fault)
{
    struct parts parts = cut(mg_str_trim_ows(text));
    char host_text[MG_HOST_MAX_BYTES + 1];
    char scheme_text[sizeof(fault->hint)];
    bool has_wildcard = has_byte(parts.host, '*');
    struct mg_str host = guess_host(behind_wildcards(parts.host), host_text);
    struct mg_origin origin = {.host = host};
    bool is_address =
        !mg_origin_parse_host(host, &origin.host_kind) || origin.host_kind != MG_HOST_NAME;
    struct mg_str scheme = lower(parts.scheme, scheme_text, sizeof(scheme_text));
    if (scheme.len == 0 || has_byte(scheme, '*')) {
        scheme = mg_origin_is_loopback(&origin) ? MG_STR("http") : MG_STR("https");
    }
    char port[8] = "";
    unsigned long long number = 0;
    if (mg_str_equal(parts.port, MG_STR("*"))) {
        MG_ERR_SET(port, ":*");
    } else if (mg_str_to_u64(parts.port, UINT16_MAX, &number) && number > 0 &&
               number != mg_scheme_default_port(scheme)) {
        MG_ERR_SET(port, ":%u", (unsigned)number);
    }
    int len = snprintf(fault->hint, sizeof(fault->hint), "%.*s" MG_SCHEME_DELIMITER "%s%.*s%s",
                       MG_STR_ARG(scheme), has_wildcard && !is_address ? "*." : "",
                       MG_STR_ARG(host), port);
    struct mg_str hint = {fault->hint, (size_t)len};
    struct mg_pattern pattern;
    if (hint.len >= sizeof(fault->hint) || !mg_pattern_parse(hint, &pattern, NULL)) {
        fault->hint[0] = '\0';
    }
}

void mg_pattern_diagnose(struct mg_str text, struct mg_pattern_fault *fault)
{
    struct parts parts = cut(text);
    fault->hint[0] = '\0';
    if (mg_str_equal_nocase(text, MG_STR("null"))) {
        MG_ERR_SET(fault->hint, "null");
    } else if (mg_str_equal(parts.host, MG_STR("*")) && !parts.has_user) {
        MG_ERR_SET(fault->hint, "*");
    } else {
        guess(text, fault);
    }
    if (!blame_text(text, fault) && !blame_outside(&parts, fault) &&
        !blame_host(&parts, fault) && !blame_port(&parts, fault)) {
        (void)blame(fault, "origin-invalid", "is not an origin");
    }
}
