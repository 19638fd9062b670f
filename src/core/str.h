/* str.h - byte slices: a pointer and a length, never NUL-terminated by contract.
 *
 * Ownership: a slice borrows its bytes; whoever made it says for how long.
 * Threads:   pure; any thread.
 */
#ifndef MG_CORE_STR_H
#define MG_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct mg_str {
    const char *ptr;
    size_t len;
};

/* A slice of a string literal. */
#define MG_STR(literal) ((struct mg_str){(literal), sizeof(literal) - 1})

/* printf arguments for "%.*s". */
#define MG_STR_ARG(s) ((int)(s).len), ((s).ptr == NULL ? "" : (s).ptr)

/* How much of a text that may be of any length a message shows. */
enum {
    MG_STR_SHOWN_BYTES = 128
};

/* The front of `text`, whole characters of UTF-8, for messages: printf walks all that it is
 * given, also what it has no room for. */
static inline struct mg_str mg_str_shown(struct mg_str text)
{
    if (text.len > MG_STR_SHOWN_BYTES) {
        text.len = MG_STR_SHOWN_BYTES;
        while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80) {
            text.len--;
        }
    }
    return text;
}

/* Slice the C string `text`; NULL gives the empty slice. */
static inline struct mg_str mg_str_from(const char *text)
{
    return (struct mg_str){text, text == NULL ? 0 : strlen(text)};
}

/* Whether both hold the same bytes. */
static inline bool mg_str_equal(struct mg_str a, struct mg_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII lower case of one byte; every other byte is itself. Independent of the locale. */
static inline char mg_ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Whether `c` is 0 to 9, whatever the locale. */
static inline bool mg_ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Value of a hexadecimal digit, or -1. */
int mg_ascii_hex(char c);

/* Whether both are equal when ASCII letters are compared without case. */
bool mg_str_equal_nocase(struct mg_str a, struct mg_str b);

/* Order as memcmp does, the shorter first where one begins the other. Returns <0, 0, >0. */
int mg_str_compare(struct mg_str a, struct mg_str b);

/* Whether the bytes of the second stand at the front, or the end, of the first. */
bool mg_str_starts_with(struct mg_str s, struct mg_str prefix);
bool mg_str_ends_with(struct mg_str s, struct mg_str suffix);

/* The bytes from `start` on; empty when `start` is past the end. */
static inline struct mg_str mg_str_from_offset(struct mg_str s, size_t start)
{
    size_t skip = start < s.len ? start : s.len;
    /* Not even 0 may be added to a null pointer. */
    return skip == 0 ? s : (struct mg_str){s.ptr + skip, s.len - skip};
}

/* Without optional white space (SP, HTAB; RFC 9110 5.6.3) at both ends. */
struct mg_str mg_str_trim_ows(struct mg_str s);

/* Take the next element of a comma list off the front of *rest, trimmed of optional white
 * space; elements may be empty (RFC 9110 5.6.1 lets a recipient skip them). Returns: false when
 * nothing is left. An empty list has no element, "a," has two. */
struct mg_list_cursor {
    struct mg_str rest;
    bool done;
};
static inline struct mg_list_cursor mg_list_begin(struct mg_str list)
{
    return (struct mg_list_cursor){list, list.len == 0};
}
bool mg_list_next(struct mg_list_cursor *cursor, struct mg_str *element);

/* Read all of `s` as an unsigned decimal number, digits only. Returns: false when it is empty,
 * has any other byte, or exceeds `max`; *out is then untouched. */
bool mg_str_to_u64(struct mg_str s, unsigned long long max, unsigned long long *out);

/* Whether `s` is an RFC 9110 5.6.2 token: one or more tchar. */
bool mg_str_is_token(struct mg_str s);
/* Whether `c` is a tchar of RFC 9110 5.6.2. */
bool mg_is_tchar(char c);

/* 64-bit hash of the bytes, seeded; good for tables, not for secrets. Fast on short keys. */
unsigned long long mg_str_hash(struct mg_str s, unsigned long long seed);

/* Damerau-Levenshtein distance of two short names (over 64 bytes: SIZE_MAX). For "did you
 * mean". */
size_t mg_str_distance(struct mg_str a, struct mg_str b);

#endif
