/* safelist.c - the Fetch standard's lists of names and its rules for values.
 *
 * Names are few and short: a linear scan that compares lengths first beats any table. Names and
 * forbidden methods are compared without ASCII case, safelisted methods byte for byte; a value
 * is judged as it would go on the wire, so a caller strips HTTP whitespace before it asks.
 */
#include "cors/safelist.h"

#include <stdint.h>

enum {
    MAX_SAFELISTED_VALUE_BYTES = 128
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Fetch, forbidden request-header: names that are forbidden whatever their value. */
static const struct mg_str FORBIDDEN_REQUEST_HEADERS[] = {
    {"accept-charset", 14},
    {"accept-encoding", 15},
    {"access-control-request-headers", 30},
    {"access-control-request-method", 29},
    {"connection", 10},
    {"content-length", 14},
    {"cookie", 6},
    {"cookie2", 7},
    {"date", 4},
    {"dnt", 3},
    {"expect", 6},
    {"host", 4},
    {"keep-alive", 10},
    {"origin", 6},
    {"referer", 7},
    {"set-cookie", 10},
    {"te", 2},
    {"trailer", 7},
    {"transfer-encoding", 17},
    {"upgrade", 7},
    {"via", 3},
};

/* The names whose value may carry a forbidden method past the check of the method itself. */
static const struct mg_str METHOD_OVERRIDE_HEADERS[] = {
    {"x-http-method", 13},
    {"x-http-method-override", 22},
    {"x-method-override", 17},
};

static const struct mg_str FORBIDDEN_RESPONSE_HEADERS[] = {
    {"set-cookie", 10},
    {"set-cookie2", 11},
};

static const struct mg_str SAFELISTED_RESPONSE_HEADERS[] = {
    {"cache-control", 13}, {"content-language", 16}, {"content-length", 14},
    {"content-type", 12},  {"expires", 7},           {"last-modified", 13},
    {"pragma", 6},
};

static const struct mg_str SAFELISTED_ESSENCES[] = {
    {"application/x-www-form-urlencoded", 33},
    {"multipart/form-data", 19},
    {"text/plain", 10},
};

/* The methods that a browser upper-cases (Fetch, normalize a method); PATCH is not one. */
static const struct mg_str NORMALIZED_METHODS[] = {
    {"DELETE", 6}, {"GET", 3}, {"HEAD", 4}, {"OPTIONS", 7}, {"POST", 4}, {"PUT", 3},
};

static const struct mg_str FORBIDDEN_METHODS[] = {{"CONNECT", 7}, {"TRACE", 5}, {"TRACK", 5}};

/* The entry of `list` equal to `s` without case, or NULL. */
static const struct mg_str *find_nocase(const struct mg_str *list, size_t count,
                                        struct mg_str s)
{
    for (size_t i = 0; i < count; i++) {
        if (mg_str_equal_nocase(list[i], s)) {
            return &list[i];
        }
    }
    return NULL;
}

bool mg_method_is_safelisted(struct mg_str method)
{
    return mg_str_equal(method, MG_STR("GET")) || mg_str_equal(method, MG_STR("HEAD")) ||
           mg_str_equal(method, MG_STR("POST"));
}

bool mg_method_is_forbidden(struct mg_str method)
{
    return find_nocase(FORBIDDEN_METHODS, COUNT_OF(FORBIDDEN_METHODS), method) != NULL;
}

struct mg_str mg_method_normalize(struct mg_str method)
{
    const struct mg_str *known =
        find_nocase(NORMALIZED_METHODS, COUNT_OF(NORMALIZED_METHODS), method);
    return known == NULL ? method : *known;
}

/* Take the next value of a header off the front of *rest (Fetch, get, decode, and split):
 * commas inside a quoted string do not split. Returns: false when nothing is left. */
static bool next_split_value(struct mg_str *rest, bool *done, struct mg_str *value)
{
    if (*done) {
        return false;
    }
    size_t at = 0;
    bool quoted = false;
    while (at < rest->len && (quoted || rest->ptr[at] != ',')) {
        if (quoted && rest->ptr[at] == '\\' && at + 1 < rest->len) {
            at++;
        } else if (rest->ptr[at] == '"') {
            quoted = !quoted;
        }
        at++;
    }
    *value = mg_str_trim_ows((struct mg_str){rest->ptr, at});
    *done = at == rest->len;
    *rest = mg_str_from_offset(*rest, at + 1);
    return true;
}

static bool any_value_is_forbidden_method(struct mg_str values)
{
    struct mg_str value;
    bool done = values.len == 0;
    while (next_split_value(&values, &done, &value)) {
        if (mg_method_is_forbidden(value)) {
            return true;
        }
    }
    return false;
}

/* Whether `name` begins with the lower-case `prefix`, without case. */
static bool has_prefix_nocase(struct mg_str name, struct mg_str prefix)
{
    return name.len >= prefix.len &&
           mg_str_equal_nocase((struct mg_str){name.ptr, prefix.len}, prefix);
}

bool mg_header_is_forbidden(struct mg_str name, struct mg_str value)
{
    if (find_nocase(FORBIDDEN_REQUEST_HEADERS, COUNT_OF(FORBIDDEN_REQUEST_HEADERS), name) ||
        has_prefix_nocase(name, MG_STR("proxy-")) || has_prefix_nocase(name, MG_STR("sec-"))) {
        return true;
    }
    return find_nocase(METHOD_OVERRIDE_HEADERS, COUNT_OF(METHOD_OVERRIDE_HEADERS), name) &&
           any_value_is_forbidden_method(value);
}

bool mg_response_header_is_forbidden(struct mg_str name)
{
    return find_nocase(FORBIDDEN_RESPONSE_HEADERS, COUNT_OF(FORBIDDEN_RESPONSE_HEADERS), name);
}

bool mg_response_header_is_safelisted(struct mg_str name)
{
    return find_nocase(SAFELISTED_RESPONSE_HEADERS, COUNT_OF(SAFELISTED_RESPONSE_HEADERS),
                       name);
}

/* Which rule a header's value is held to. */
enum value_rule {
    RULE_NONE, /* not a safelisted name */
    RULE_ACCEPT,
    RULE_LANGUAGE,
    RULE_CONTENT_TYPE,
    RULE_RANGE
};

static enum value_rule value_rule_of(struct mg_str name)
{
    static const struct {
        struct mg_str name;
        enum value_rule rule;
    } RULES[] = {
        {{"accept", 6}, RULE_ACCEPT},
        {{"accept-language", 15}, RULE_LANGUAGE},
        {{"content-language", 16}, RULE_LANGUAGE},
        {{"content-type", 12}, RULE_CONTENT_TYPE},
        {{"range", 5}, RULE_RANGE},
    };
    for (size_t i = 0; i < COUNT_OF(RULES); i++) {
        if (mg_str_equal_nocase(RULES[i].name, name)) {
            return RULES[i].rule;
        }
    }
    return RULE_NONE;
}

bool mg_request_header_name_may_be_safelisted(struct mg_str name)
{
    return value_rule_of(name) != RULE_NONE;
}

/* Fetch, CORS-unsafe request-header byte. Bytes from 0x80 on are not unsafe. */
static bool is_unsafe_byte(char c)
{
    unsigned char byte = (unsigned char)c;
    if (byte < 0x20) {
        return byte != '\t';
    }
    return byte == 0x7f || (byte < 0x80 && strchr("\"():<>?@[\\]{}", c) != NULL);
}

static bool has_unsafe_byte(struct mg_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (is_unsafe_byte(value.ptr[i])) {
            return true;
        }
    }
    return false;
}

/* Accept-Language and Content-Language: letters, digits, SP and "*,-.;=" only. */
static bool is_language_value(struct mg_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = mg_ascii_lower(value.ptr[i]);
        bool alphanumeric = mg_ascii_is_digit(c) || (c >= 'a' && c <= 'z');
        if (!alphanumeric && (c == '\0' || strchr(" *,-.;=", c) == NULL)) {
            return false;
        }
    }
    return true;
}

/* HTTP whitespace of the MIME Sniffing standard: more than RFC 9110's OWS. */
static bool is_http_whitespace(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The essence of a MIME type ("type/subtype"), as a slice of `value`; empty where "parse a MIME
 * type" fails. Parameters cannot make it fail, so they are not looked at (MIME Sniffing 4.4).
 */
static struct mg_str mime_essence(struct mg_str value)
{
    while (value.len > 0 && is_http_whitespace(value.ptr[0])) {
        value = mg_str_from_offset(value, 1);
    }
    const char *semicolon = value.len == 0 ? NULL : memchr(value.ptr, ';', value.len);
    if (semicolon != NULL) {
        value.len = (size_t)(semicolon - value.ptr);
    }
    while (value.len > 0 && is_http_whitespace(value.ptr[value.len - 1])) {
        value.len--;
    }
    const char *slash = value.len == 0 ? NULL : memchr(value.ptr, '/', value.len);
    if (slash == NULL) {
        return (struct mg_str){NULL, 0};
    }
    size_t type_len = (size_t)(slash - value.ptr);
    if (!mg_str_is_token((struct mg_str){value.ptr, type_len}) ||
        !mg_str_is_token(mg_str_from_offset(value, type_len + 1))) {
        return (struct mg_str){NULL, 0};
    }
    return value;
}

bool mg_content_type_is_safelisted(struct mg_str value)
{
    return value.len <= MAX_SAFELISTED_VALUE_BYTES && !has_unsafe_byte(value) &&
           find_nocase(SAFELISTED_ESSENCES, COUNT_OF(SAFELISTED_ESSENCES),
                       mime_essence(value)) != NULL;
}

/* Take the digits off the front of *rest. */
static struct mg_str take_digits(struct mg_str *rest)
{
    size_t len = 0;
    while (len < rest->len && mg_ascii_is_digit(rest->ptr[len])) {
        len++;
    }
    struct mg_str digits = {rest->ptr, len};
    *rest = mg_str_from_offset(*rest, len);
    return digits;
}

/* Whether the decimal number `a` is greater than `b`, of any length. */
static bool is_greater(struct mg_str a, struct mg_str b)
{
    while (a.len > 0 && a.ptr[0] == '0') {
        a = mg_str_from_offset(a, 1);
    }
    while (b.len > 0 && b.ptr[0] == '0') {
        b = mg_str_from_offset(b, 1);
    }
    return a.len != b.len ? a.len > b.len : mg_str_compare(a, b) > 0;
}

/* Fetch, simple range header value, and its first position must be there: "bytes=A-" or
 * "bytes=A-B" with A <= B, no white space. */
static bool is_simple_range(struct mg_str value)
{
    struct mg_str prefix = MG_STR("bytes=");
    if (!mg_str_starts_with(value, prefix)) {
        return false;
    }
    struct mg_str rest = mg_str_from_offset(value, prefix.len);
    struct mg_str first = take_digits(&rest);
    if (first.len == 0 || rest.len == 0 || rest.ptr[0] != '-') {
        return false;
    }
    rest = mg_str_from_offset(rest, 1);
    struct mg_str last = take_digits(&rest);
    return rest.len == 0 && (last.len == 0 || !is_greater(first, last));
}

bool mg_request_header_is_safelisted(struct mg_str name, struct mg_str value)
{
    if (value.len > MAX_SAFELISTED_VALUE_BYTES) {
        return false;
    }
    switch (value_rule_of(name)) {
    case RULE_ACCEPT:
        return !has_unsafe_byte(value);
    case RULE_LANGUAGE:
        return is_language_value(value);
    case RULE_CONTENT_TYPE:
        return mg_content_type_is_safelisted(value);
    case RULE_RANGE:
        return is_simple_range(value);
    case RULE_NONE:
        break;
    }
    return false;
}
