/* browser_url.c - the URL standard's parser, cut down to http and https.
 *
 * The standard describes a state machine; with one kind of scheme it is five cuts from left
 * to right, and each piece is then brought into its one form by writing it behind the
 * previous one:
 *
 *     scheme ":" slashes [user-info "@"] host [":" port] path ["?" query] ["#" fragment]
 *     |----------------- authority ------------------|
 *
 * The output is never longer than three times the input and the base together, so one block
 * of the arena holds it.
 */
#include "cors/browser_url.h"

#include <stdio.h>

#include "cors/origin.h"
#include "cors/origin_ip.h"

/* The URL's pieces as they are written, before any of them is checked. */
struct pieces {
    struct mg_str scheme; /* lower case */
    struct mg_str authority;
    bool has_authority;
    struct mg_str path;
    struct mg_str query; /* with its "?", or empty */
    bool has_query;
    struct mg_str fragment; /* with its "#", or empty */
};

/* Where the serialized URL grows. */
struct writer {
    char *ptr;
    size_t len;
};

static void put(struct writer *w, struct mg_str text)
{
    if (text.len > 0) {
        memcpy(w->ptr + w->len, text.ptr, text.len);
        w->len += text.len;
    }
}

/* Append `text`; controls, bytes from 0x7f on and those of `set` become %XX. */
static void put_encoded(struct writer *w, struct mg_str text, const char *set)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte > 0x20 && byte < 0x7f && strchr(set, byte) == NULL) {
            w->ptr[w->len++] = (char)byte;
            continue;
        }
        w->ptr[w->len++] = '%';
        w->ptr[w->len++] = HEX[byte >> 4];
        w->ptr[w->len++] = HEX[byte & 15];
    }
}

/* Without C0 controls and spaces at both ends; tabs and newlines inside are dropped too. */
static struct mg_str clean(struct mg_str text, struct mg_arena *arena)
{
    while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ') {
        text = mg_str_from_offset(text, 1);
    }
    while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ') {
        text.len--;
    }
    char *out = mg_arena_alloc(arena, text.len + 1);
    if (out == NULL) {
        return (struct mg_str){NULL, 0};
    }
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c != '\t' && c != '\n' && c != '\r') {
            out[len++] = c;
        }
    }
    return (struct mg_str){out, len};
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static size_t count_slashes(struct mg_str text)
{
    size_t count = 0;
    while (count < text.len && is_slash(text.ptr[count])) {
        count++;
    }
    return count;
}

/* The length of `text` before the first byte of `stops`. */
static size_t length_until(struct mg_str text, const char *stops)
{
    size_t len = 0;
    while (len < text.len && (text.ptr[len] == '\0' || strchr(stops, text.ptr[len]) == NULL)) {
        len++;
    }
    return len;
}

static struct mg_str take(struct mg_str *rest, size_t len)
{
    struct mg_str taken = {rest->ptr, len};
    *rest = mg_str_from_offset(*rest, len);
    return taken;
}

/* The length of the scheme that `text` begins with, or 0. */
static size_t scheme_length(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = mg_ascii_lower(text.ptr[i]);
        bool is_letter = c >= 'a' && c <= 'z';
        bool is_other = mg_ascii_is_digit(c) || c == '+' || c == '-' || c == '.';
        if (c == ':') {
            return i;
        }
        if (!is_letter && (i == 0 || !is_other)) {
            return 0;
        }
    }
    return 0;
}

/* Lower-case `text` where it lies: the arena's copy, which is ours to change. */
static void lower(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        text[i] = mg_ascii_lower(text[i]);
    }
}

static bool is_http(struct mg_str scheme)
{
    return mg_scheme_default_port(scheme) != 0;
}

/* Cut the cleaned text into its pieces. The scheme is lower-cased in place. */
static const char *split(char *text, size_t len, const struct mg_browser_url *base,
                         struct pieces *pieces)
{
    struct mg_str rest = {text, len};
    size_t scheme_len = scheme_length(rest);
    bool is_relative = scheme_len == 0;
    if (is_relative) {
        if (base == NULL) {
            return "url-relative";
        }
        pieces->scheme = base->scheme;
    } else {
        lower(text, scheme_len);
        pieces->scheme = take(&rest, scheme_len);
        rest = mg_str_from_offset(rest, 1);
        if (!is_http(pieces->scheme)) {
            return "url-scheme";
        }
        /* "http:path" is relative where the base has that scheme. */
        is_relative = base != NULL && mg_str_equal(base->scheme, pieces->scheme);
    }
    size_t slashes = count_slashes(rest);
    if (!is_relative || slashes >= 2) {
        rest = mg_str_from_offset(rest, slashes);
        pieces->authority = take(&rest, length_until(rest, "/\\?#"));
        pieces->has_authority = true;
    }
    pieces->path = take(&rest, length_until(rest, "?#"));
    pieces->has_query = rest.len > 0 && rest.ptr[0] == '?';
    pieces->query = take(&rest, length_until(rest, "#"));
    pieces->fragment = rest;
    return NULL;
}

/* Decode percent-encoded bytes of a host into `out`. Returns: the length. */
static size_t decode_host(struct mg_str host, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < host.len; i++) {
        int high = i + 2 < host.len && host.ptr[i] == '%' ? mg_ascii_hex(host.ptr[i + 1]) : -1;
        int low = high < 0 ? -1 : mg_ascii_hex(host.ptr[i + 2]);
        if (low >= 0) {
            out[len++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[len++] = host.ptr[i];
        }
    }
    return len;
}

/* Whether the host's last label, not counting an empty one behind a trailing dot, is a number:
 * then all of it has to be an IPv4 address. */
static bool ends_in_number(struct mg_str host)
{
    if (host.len > 0 && host.ptr[host.len - 1] == '.') {
        host.len--;
    }
    size_t start = host.len;
    while (start > 0 && host.ptr[start - 1] != '.') {
        start--;
    }
    return mg_ip_label_is_number(mg_str_from_offset(host, start));
}

/* Append the host in its one form (WHATWG URL, host parsing). */
static const char *put_host(struct writer *w, struct mg_str host)
{
    char ip[MG_IP_TEXT_SIZE];
    if (host.len == 0) {
        return "url-host-missing";
    }
    if (host.ptr[0] == '[') {
        size_t ip_len = mg_ipv6_canonical(host, ip);
        put(w, (struct mg_str){ip, ip_len});
        return ip_len == 0 ? "url-host-invalid" : NULL;
    }
    char *name = w->ptr + w->len;
    size_t len = decode_host(host, name);
    lower(name, len);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)name[i];
        if (byte >= 0x80) {
            return "url-host-not-ascii";
        }
        if (byte <= 0x20 || byte == 0x7f || strchr("#/:<>?@[\\]^|%", byte) != NULL) {
            return "url-host-invalid";
        }
    }
    if (ends_in_number((struct mg_str){name, len})) {
        len = mg_ipv4_canonical((struct mg_str){name, len}, ip);
        if (len == 0) {
            return "url-host-invalid";
        }
        memcpy(name, ip, len);
    }
    w->len += len;
    return NULL;
}

/* Read a port, which may be empty, into *port. */
static const char *read_port(struct mg_str digits, uint16_t *port)
{
    unsigned long long number;
    if (digits.len == 0) {
        return NULL;
    }
    if (!mg_str_to_u64(digits, UINT16_MAX, &number)) {
        return "url-port";
    }
    *port = (uint16_t)number;
    return NULL;
}

/* Append host and port, and fill the parts that come of them. */
static const char *put_authority(struct writer *w, struct mg_str authority,
                                 struct mg_browser_url *out)
{
    size_t at = authority.len;
    while (at > 0 && authority.ptr[at - 1] != '@') {
        at--;
    }
    struct mg_str user_info = {authority.ptr, at == 0 ? 0 : at - 1};
    out->has_credentials = user_info.len > 0 && !mg_str_equal(user_info, MG_STR(":"));
    struct mg_str rest = mg_str_from_offset(authority, at);
    size_t host_len = length_until(rest, ":");
    if (rest.len > 0 && rest.ptr[0] == '[') {
        host_len = length_until(rest, "]");
        host_len += host_len < rest.len;
    }
    struct mg_str host = take(&rest, host_len);
    if (rest.len > 0 && rest.ptr[0] != ':') {
        return "url-host-invalid";
    }
    size_t start = w->len;
    const char *fault = put_host(w, host);
    if (fault != NULL) {
        return fault;
    }
    out->host = (struct mg_str){w->ptr + start, w->len - start};
    out->port = mg_scheme_default_port(out->scheme);
    fault = read_port(mg_str_from_offset(rest, 1), &out->port);
    if (fault != NULL) {
        return fault;
    }
    if (out->port != mg_scheme_default_port(out->scheme)) {
        char digits[8];
        int len = snprintf(digits, sizeof(digits), ":%u", (unsigned)out->port);
        put(w, (struct mg_str){digits, (size_t)len});
    }
    out->authority = (struct mg_str){w->ptr + start, w->len - start};
    return NULL;
}

/* How many dots a segment stands for, 0 when it is an ordinary one; "%2e" is a dot here. */
static int count_dots(struct mg_str segment)
{
    int dots = 0;
    while (segment.len > 0) {
        bool is_encoded = segment.len >= 3 &&
                          mg_str_equal_nocase((struct mg_str){segment.ptr, 3}, MG_STR("%2e"));
        if (!is_encoded && segment.ptr[0] != '.') {
            return 0;
        }
        segment = mg_str_from_offset(segment, is_encoded ? 3 : 1);
        if (++dots > 2) {
            return 0;
        }
    }
    return dots;
}

/* Remove the last segment and its slash; a path has none before `start`. */
static void drop_segment(struct writer *w, size_t start)
{
    bool found = w->len == start;
    while (!found) {
        w->len--;
        found = w->len == start || w->ptr[w->len] == '/';
    }
}

/* Append the path: what is kept of the base's, then the segments of `path`, dots resolved. A
 * path has at least one slash. */
static void put_path(struct writer *w, struct mg_str kept, struct mg_str path)
{
    size_t start = w->len;
    put(w, kept);
    bool done = false;
    if (path.len > 0 && is_slash(path.ptr[0])) {
        path = mg_str_from_offset(path, 1);
    }
    while (!done) {
        struct mg_str segment = take(&path, length_until(path, "/\\"));
        done = path.len == 0;
        path = mg_str_from_offset(path, 1);
        int dots = count_dots(segment);
        if (dots == 2) {
            drop_segment(w, start);
        }
        if (dots == 0) {
            put(w, MG_STR("/"));
            /* Chromium encodes "|" as well. */
            put_encoded(w, segment, "\"#<>?^`{}|");
        } else if (done) {
            put(w, MG_STR("/"));
        }
    }
}

/* The base's path up to its last slash, which is left out. */
static struct mg_str directory(struct mg_str path)
{
    while (path.len > 0 && path.ptr[path.len - 1] != '/') {
        path.len--;
    }
    path.len -= path.len > 0;
    return path;
}

/* Append path and query: the written ones, resolved against the base's where there is no
 * authority. */
static void put_target(struct writer *w, const struct pieces *pieces,
                       const struct mg_browser_url *base, struct mg_browser_url *out)
{
    size_t start = w->len;
    bool is_from_base = !pieces->has_authority && base != NULL;
    if (is_from_base && pieces->path.len == 0) {
        put(w, pieces->has_query ? base->path : base->target);
        out->path.len = base->path.len;
    } else {
        bool is_absolute = !is_from_base || is_slash(pieces->path.ptr[0]);
        put_path(w, is_absolute ? (struct mg_str){NULL, 0} : directory(base->path),
                 pieces->path);
        out->path.len = w->len - start;
    }
    out->path.ptr = w->ptr + start;
    put_encoded(w, pieces->query, "\"#<>'");
    out->target = (struct mg_str){w->ptr + start, w->len - start};
}

const char *mg_browser_url_parse(struct mg_str text, const struct mg_browser_url *base,
                                 struct mg_arena *arena, struct mg_browser_url *out)
{
    struct pieces pieces = {0};
    struct mg_str cleaned = clean(text, arena);
    size_t bound = base == NULL ? 0 : base->href.len;
    char *copy = mg_arena_alloc(arena, cleaned.len + 1);
    struct writer w = {mg_arena_alloc(arena, 3 * cleaned.len + bound + MG_IP_TEXT_SIZE + 32),
                       0};
    if (cleaned.ptr == NULL || copy == NULL || w.ptr == NULL) {
        return "out-of-memory";
    }
    memcpy(copy, cleaned.ptr, cleaned.len);
    *out = (struct mg_browser_url){.href = cleaned};
    const char *fault = split(copy, cleaned.len, base, &pieces);
    if (fault != NULL) {
        out->href.ptr = copy; /* with its scheme in lower case */
        return fault;
    }
    put(&w, pieces.scheme);
    out->scheme = (struct mg_str){w.ptr, w.len};
    put(&w, MG_STR("://"));
    if (pieces.has_authority || base == NULL) {
        fault = put_authority(&w, pieces.authority, out);
        if (fault != NULL) {
            return fault;
        }
    } else {
        size_t start = w.len;
        put(&w, base->authority);
        out->host = base->host;
        out->port = base->port;
        out->authority = (struct mg_str){w.ptr + start, w.len - start};
    }
    out->origin = (struct mg_str){w.ptr, w.len};
    put_target(&w, &pieces, base, out);
    size_t start = w.len;
    if (pieces.fragment.len > 0) {
        put(&w, MG_STR("#"));
        put_encoded(&w, mg_str_from_offset(pieces.fragment, 1), "\"<>`");
    }
    out->fragment = (struct mg_str){w.ptr + start, w.len - start};
    out->href = (struct mg_str){w.ptr, w.len};
    return NULL;
}

bool mg_browser_url_is_valid(struct mg_str text, struct mg_arena *arena)
{
    /* These have hosts as http has them, and without a base nothing tells them apart. */
    static const struct mg_str LIKE_HTTP[] = {{"ws", 2}, {"wss", 3}, {"ftp", 3}};
    size_t scheme_len = scheme_length(text);
    for (size_t i = 0; i < sizeof(LIKE_HTTP) / sizeof(LIKE_HTTP[0]); i++) {
        if (mg_str_equal_nocase(LIKE_HTTP[i], (struct mg_str){text.ptr, scheme_len})) {
            struct mg_str rest = mg_str_from_offset(text, scheme_len);
            text = mg_arena_printf(arena, "http%.*s", MG_STR_ARG(rest));
            break;
        }
    }
    struct mg_browser_url url;
    const char *fault = mg_browser_url_parse(text, NULL, arena, &url);
    return fault == NULL || strcmp(fault, "url-scheme") == 0 ||
           strcmp(fault, "url-host-not-ascii") == 0;
}
