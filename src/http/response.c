/* response.c - response heads: each part is checked before its first byte is written, and the
 * first part that fails takes back the head.
 */
#include "http/response.h"

#include "http/bytes.h"

enum {
    /* Room asked for at the start, so that a usual head grows the buffer once at most. */
    USUAL_HEAD_BYTES = 1024,
    /* "Transfer-Encoding: chunked", "Content-Length: " and 20 digits, "Connection: keep-alive",
     * their line ends and the empty line. */
    MAX_END_BYTES = 96,
};

struct phrase {
    uint16_t status;
    const char *text;
};

/* The IANA registry of status codes, 2024; an unassigned or unused one has no phrase. */
static const struct phrase PHRASES[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
};

bool mg_status_is_bodiless(unsigned status)
{
    return (status >= 100 && status < 200) || status == 204 || status == 304;
}

struct mg_str mg_status_phrase(unsigned status)
{
    size_t low = 0;
    size_t high = sizeof(PHRASES) / sizeof(PHRASES[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (PHRASES[middle].status < status) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < sizeof(PHRASES) / sizeof(PHRASES[0]) && PHRASES[low].status == status;
    return mg_str_from(found ? PHRASES[low].text : "");
}

/* Copy to where the buffer has room. Returns: the byte behind. */
static char *put(char *to, struct mg_str text)
{
    if (text.len > 0) {
        memcpy(to, text.ptr, text.len);
    }
    return to + text.len;
}

/* Whether a field value may hold `value` (RFC 9110 5.5). */
static bool is_value(struct mg_str value)
{
    if (value.len == 0) {
        return true;
    }
    const char *end = value.ptr + value.len;
    return mg_bytes_find_control(value.ptr, end) == end &&
           mg_str_trim_ows(value).len == value.len;
}

/* Names that would contradict what this writer sends. */
static bool is_owned(struct mg_str name)
{
    switch (name.len) {
    case 4:
        return mg_str_equal_nocase(name, MG_STR("Date"));
    case 10:
        return mg_str_equal_nocase(name, MG_STR("Connection"));
    case 14:
        return mg_str_equal_nocase(name, MG_STR("Content-Length"));
    case 17:
        return mg_str_equal_nocase(name, MG_STR("Transfer-Encoding"));
    default:
        return false;
    }
}

bool mg_field_is_valid(struct mg_str name, struct mg_str value)
{
    return name.len > 0 && mg_bytes_are(name, MG_BYTE_TOKEN) && !is_owned(name) &&
           is_value(value);
}

/* Room for `size` bytes of this head. Returns: NULL once anything has failed. */
static char *reserve(struct mg_response *response, size_t size)
{
    char *to = response->failed ? NULL : mg_buf_reserve(response->out, size);
    response->failed = to == NULL;
    return to;
}

void mg_response_begin(struct mg_response *response, struct mg_buf *out, unsigned status,
                       struct mg_str date)
{
    *response = (struct mg_response){.out = out,
                                     .start = out->len,
                                     .status = (uint16_t)status,
                                     .failed = out->overflowed,
                                     .was_overflowed = out->overflowed};
    struct mg_str phrase = mg_status_phrase(status);
    if (status < 100 || status > 599 || !is_value(date)) {
        response->failed = true;
        return;
    }
    if (!out->overflowed && out->max_bytes - out->len >= USUAL_HEAD_BYTES) {
        (void)mg_buf_reserve(out, USUAL_HEAD_BYTES);
    }
    char *to = reserve(response, sizeof("HTTP/1.1 200 \r\nDate: \r\n") + phrase.len + date.len);
    if (to == NULL) {
        return;
    }
    char digits[3] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                      (char)('0' + status % 10)};
    char *at = put(to, MG_STR("HTTP/1.1 "));
    at = put(at, (struct mg_str){digits, 3});
    at = put(at, MG_STR(" "));
    at = put(at, phrase);
    at = put(at, MG_STR("\r\n"));
    if (date.len > 0) {
        at = put(put(put(at, MG_STR("Date: ")), date), MG_STR("\r\n"));
    }
    mg_buf_commit(out, (size_t)(at - to));
}

static void add_field(struct mg_response *response, struct mg_str name, struct mg_str value)
{
    char *to = reserve(response, name.len + value.len + 4);
    if (to != NULL) {
        char *at = put(put(put(put(to, name), MG_STR(": ")), value), MG_STR("\r\n"));
        mg_buf_commit(response->out, (size_t)(at - to));
    }
}

void mg_response_field(struct mg_response *response, struct mg_str name, struct mg_str value)
{
    response->failed = response->failed || !mg_field_is_valid(name, value);
    add_field(response, name, value);
}

void mg_response_field_checked(struct mg_response *response, struct mg_str name,
                               struct mg_str value)
{
    add_field(response, name, value);
}

void mg_response_field_as_is(struct mg_response *response, struct mg_str name,
                             struct mg_str value)
{
    bool has_break = value.len > 0 && (memchr(value.ptr, '\r', value.len) != NULL ||
                                       memchr(value.ptr, '\n', value.len) != NULL ||
                                       memchr(value.ptr, '\0', value.len) != NULL);
    bool is_trimmed = mg_str_trim_ows(value).len == value.len;
    response->failed = response->failed || has_break || !is_trimmed ||
                       !mg_field_is_valid(name, (struct mg_str){"", 0});
    add_field(response, name, value);
}

void mg_response_lines(struct mg_response *response, struct mg_str lines)
{
    if (lines.len == 0) {
        return;
    }
    /* They were checked; a line without its end would still swallow the next one. */
    if (lines.ptr[0] == '\r' || !mg_str_ends_with(lines, MG_STR("\r\n"))) {
        response->failed = true;
        return;
    }
    char *to = reserve(response, lines.len);
    if (to != NULL) {
        mg_buf_commit(response->out, (size_t)(put(to, lines) - to));
    }
}

static char *put_u64(char *to, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(to, (struct mg_str){digits + at, sizeof(digits) - at});
}

static char *put_framing(char *to, enum mg_response_framing framing, uint64_t length,
                         bool bodiless)
{
    if (framing == MG_RESPONSE_CHUNKED) {
        return put(to, MG_STR("Transfer-Encoding: chunked\r\n"));
    }
    if (framing == MG_RESPONSE_LENGTH || (framing == MG_RESPONSE_EMPTY && !bodiless)) {
        to = put(to, MG_STR("Content-Length: "));
        to = put_u64(to, framing == MG_RESPONSE_LENGTH ? length : 0);
        return put(to, MG_STR("\r\n"));
    }
    return to;
}

bool mg_response_end(struct mg_response *response, enum mg_response_framing framing,
                     uint64_t length, enum mg_response_connection connection)
{
    bool bodiless = mg_status_is_bodiless(response->status);
    response->failed = response->failed || (bodiless && framing != MG_RESPONSE_EMPTY);
    char *to = reserve(response, MAX_END_BYTES);
    if (to == NULL) {
        response->out->len = response->start;
        response->out->overflowed = response->was_overflowed;
        return false;
    }
    char *at = put_framing(to, framing, length, bodiless);
    if (connection == MG_CONNECTION_CLOSE || framing == MG_RESPONSE_CLOSE) {
        at = put(at, MG_STR("Connection: close\r\n"));
    } else if (connection == MG_CONNECTION_KEEP_ALIVE) {
        at = put(at, MG_STR("Connection: keep-alive\r\n"));
    }
    at = put(at, MG_STR("\r\n"));
    mg_buf_commit(response->out, (size_t)(at - to));
    return true;
}

/* Write `size` in hexadecimal at the end of `digits`. Returns: where it begins. */
static size_t put_hex(char digits[static 16], size_t size)
{
    static const char hex[] = "0123456789abcdef";
    size_t first = 16;
    do {
        digits[--first] = hex[size & 15];
        size >>= 4;
    } while (size > 0);
    return first;
}

void mg_response_chunk_line(struct mg_buf *out, size_t size)
{
    char digits[16];
    size_t first = put_hex(digits, size);
    mg_buf_add(out, (struct mg_str){digits + first, sizeof(digits) - first});
    mg_buf_add(out, MG_STR("\r\n"));
}

void mg_response_chunk(struct mg_buf *out, struct mg_str data)
{
    char size[16];
    if (data.len == 0) {
        return;
    }
    size_t first = put_hex(size, data.len);
    /* One reservation, so that a full buffer holds no half of a chunk. */
    char *to = mg_buf_reserve(out, data.len + sizeof(size) + 4);
    if (to == NULL) {
        return;
    }
    char *at = put(to, (struct mg_str){size + first, sizeof(size) - first});
    at = put(put(put(at, MG_STR("\r\n")), data), MG_STR("\r\n"));
    mg_buf_commit(out, (size_t)(at - to));
}

void mg_response_last_chunk(struct mg_buf *out, struct mg_str trailers)
{
    mg_buf_add(out, MG_STR("0\r\n"));
    mg_buf_add(out, trailers);
    mg_buf_add(out, MG_STR("\r\n"));
}
