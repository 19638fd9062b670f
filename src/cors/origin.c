/* origin.c - one pass over the text: scheme, "://", host, port.
 *
 * A general URL parser accepts far more than a browser ever sends in Origin; whatever is
 * accepted beyond that is a difference some attacker can use. So the grammar is spelled out
 * here, and what it yields is compared as parts, never as text with a prefix or suffix.
 */
#include "cors/origin.h"

#if defined(__SSE2__) && !defined(MG_PLAIN_BYTES)
#include <emmintrin.h>
#endif

#include "cors/origin_ip.h"
#include "cors/word.h"

enum {
    MAX_SCHEME_BYTES = 64,
    MAX_LABEL_BYTES = 63,
    MAX_PORT_DIGITS = 5,
};

uint16_t mg_scheme_default_port(struct mg_str scheme)
{
    if (scheme.len == 5 && memcmp(scheme.ptr, "https", 5) == 0) {
        return 443;
    }
    return scheme.len == 4 && memcmp(scheme.ptr, "http", 4) == 0 ? 80 : 0;
}

static bool is_scheme_char(char c)
{
    return (c >= 'a' && c <= 'z') || mg_ascii_is_digit(c) || c == '+' || c == '.' || c == '-';
}

bool mg_origin_scheme_is_valid(struct mg_str scheme)
{
    if (scheme.len == 0 || scheme.len > MAX_SCHEME_BYTES || scheme.ptr[0] < 'a' ||
        scheme.ptr[0] > 'z') {
        return false;
    }
    for (size_t i = 1; i < scheme.len; i++) {
        if (!is_scheme_char(scheme.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* What the next bytes of a name are, a bit for each. */
struct name_bits {
    uint64_t dots;
    uint64_t ends; /* what is not [a-z0-9.-]; "_" among them, since it is rare in a name */
};

enum {
    NAME_BITS = 64
};

#if defined(__SSE2__) && !defined(MG_PLAIN_BYTES)
enum {
    STEP_BYTES = 16
};

static inline __m128i is_between(__m128i bytes, char first, char last)
{
    __m128i offsets = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(offsets, _mm_set1_epi8((char)(last - first))), offsets);
}

static inline struct name_bits read_step(struct mg_str text, size_t at)
{
    __m128i bytes;
    if (text.len - at >= sizeof(bytes)) {
        memcpy(&bytes, text.ptr + at, sizeof(bytes));
    } else {
        size_t middle = text.len - at < MG_WORD_BYTES ? text.len : at + MG_WORD_BYTES;
        bytes = _mm_set_epi64x((long long)mg_word_at(text, middle),
                               (long long)mg_word_at(text, at));
    }
    __m128i dots = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'));
    __m128i hyphens = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'));
    __m128i alphanumeric =
        _mm_or_si128(is_between(bytes, 'a', 'z'), is_between(bytes, '0', '9'));
    __m128i inside = _mm_or_si128(alphanumeric, _mm_or_si128(dots, hyphens));
    return (struct name_bits){(unsigned)_mm_movemask_epi8(dots),
                              (unsigned)_mm_movemask_epi8(inside) ^ 0xffffU};
}
#else
enum {
    STEP_BYTES = MG_WORD_BYTES
};

/* As above, in words. */
static inline struct name_bits read_step(struct mg_str text, size_t at)
{
    uint64_t word = mg_word_at(text, at);
    uint64_t dots = mg_word_find_range(word, '.', '.');
    uint64_t inside = dots | mg_word_find_range(word, '-', '-') |
                      mg_word_find_range(word, 'a', 'z') | mg_word_find_range(word, '0', '9');
    return (struct name_bits){mg_word_gather(dots), mg_word_gather(inside ^ MG_WORD_HIGH)};
}
#endif

/* Read up to NAME_BITS bytes of `text` from `at` on, up to a step with an end. Behind the text
 * are zeros, which end a name as other bytes do. */
static inline struct name_bits read_name(struct mg_str text, size_t at)
{
    struct name_bits bits = {0, 0};
    for (unsigned n = 0; n < NAME_BITS && bits.ends == 0; n += STEP_BYTES) {
        struct name_bits step = read_step(text, at + n);
        bits.dots |= step.dots << n;
        bits.ends |= step.ends << n;
    }
    return bits;
}

/* Where the labels of a name are. */
struct labels {
    size_t last; /* where the last one begins */
    unsigned dot_count;
};

/* Take the longest name off the front of `text`: labels joined by dots, with an optional
 * trailing dot. Returns: its length, or 0 when a label is empty or too long, or all is. */
static size_t scan_name(struct mg_str text, struct labels *labels)
{
    size_t start = 0; /* of the label that is being read */
    size_t at = 0;
    *labels = (struct labels){0, 0};
    for (bool is_over = false; !is_over;) {
        struct name_bits bits = read_name(text, at);
        uint64_t before_end = bits.ends == 0 ? UINT64_MAX : (bits.ends & -bits.ends) - 1;
        for (uint64_t dots = bits.dots & before_end; dots != 0; dots &= dots - 1) {
            size_t dot = at + (size_t)__builtin_ctzll(dots);
            if (dot == start || dot - start > MAX_LABEL_BYTES) {
                return 0;
            }
            labels->last = start;
            labels->dot_count++;
            start = dot + 1;
        }
        at += bits.ends == 0 ? NAME_BITS : (size_t)__builtin_ctzll(bits.ends);
        bool is_underscore = bits.ends != 0 && at < text.len && text.ptr[at] == '_';
        is_over = bits.ends != 0 && !is_underscore;
        at += is_underscore;
    }
    bool ends_in_dot = at == start;
    if (!ends_in_dot) {
        labels->last = start;
    }
    bool is_too_long = at - start > MAX_LABEL_BYTES || at - ends_in_dot > MG_HOST_MAX_BYTES;
    return (ends_in_dot && start == 0) || is_too_long ? 0 : at;
}

/* Take the host off the front of `text`. Returns: its length, or 0 when there is none. */
static size_t scan_host(struct mg_str text, enum mg_host_kind *kind, unsigned *dot_count)
{
    *dot_count = 0;
    if (text.len > 0 && text.ptr[0] == '[') {
        const char *end = memchr(text.ptr, ']', text.len);
        size_t len = end == NULL ? 0 : (size_t)(end - text.ptr) + 1;
        *kind = MG_HOST_IPV6;
        return mg_ipv6_is_canonical((struct mg_str){text.ptr, len}) ? len : 0;
    }
    struct labels labels;
    size_t len = scan_name(text, &labels);
    *kind = MG_HOST_NAME;
    *dot_count = labels.dot_count;
    if (len > 0 && mg_ascii_is_digit(text.ptr[labels.last])) {
        bool ends_in_dot = text.ptr[len - 1] == '.';
        struct mg_str label = {text.ptr + labels.last, len - labels.last - ends_in_dot};
        if (mg_ip_label_is_number(label)) {
            *kind = MG_HOST_IPV4;
            return mg_ipv4_is_canonical((struct mg_str){text.ptr, len}) ? len : 0;
        }
    }
    return len;
}

bool mg_origin_parse_host(struct mg_str host, enum mg_host_kind *kind)
{
    unsigned dot_count;
    return host.len > 0 && scan_host(host, kind, &dot_count) == host.len;
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
    unsigned dot_count;
    struct mg_str host = {rest.ptr, scan_host(rest, &kind, &dot_count)};
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
    out->dot_count = dot_count;
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
