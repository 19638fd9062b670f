/* field_list.h - read Access-Control-Request-Headers: a comma list of names over any number of
 * lines (Fetch, #field-name; RFC 9110 5.6.1), within bounds.
 *
 * Shape:     a cursor gives one name after the other, in any case and order, with a hash that
 *            does not see case; whether a bound was passed is asked at the end.
 * Threads:   pure; any thread. No allocation. One pass over the bytes.
 */
#ifndef MG_CORS_FIELD_LIST_H
#define MG_CORS_FIELD_LIST_H

#include <stdint.h>

#include "core/str.h"

/* Lines of one field, in order. */
struct mg_lines {
    const struct mg_str *items;
    size_t count;
};

enum {
    MG_FIELD_LIST_MAX_BYTES = 8192, /* of all lines' values */
    MG_FIELD_LIST_MAX_NAMES = 256,
    MG_FIELD_LIST_MAX_EMPTY = 64, /* elements; an empty line has one */
};

/* Whether the lines' values together are within MG_FIELD_LIST_MAX_BYTES. To be asked first: it
 * costs nothing by the byte. */
bool mg_field_list_fits(struct mg_lines lines);

struct mg_field_list_cursor {
    struct mg_lines lines;
    size_t line; /* that is being read, and where */
    size_t at;
    size_t name_count;
    size_t empty_count;
    bool is_too_large; /* more names or empty elements than the bounds: reading has stopped */
};

struct mg_field_name {
    struct mg_str text; /* as it was written; whether it is a token is for the caller to ask */
    uint32_t hash;      /* mg_field_name_hash of it */
};

/* Begin to read. Borrows the lines. */
static inline struct mg_field_list_cursor mg_field_list_begin(struct mg_lines lines)
{
    return (struct mg_field_list_cursor){.lines = lines};
}

/* Take the next name; empty elements are counted and passed over. What equals a known name
 * needs no check of its form, so it is left to the caller (mg_str_is_token).
 * Returns: false when nothing is left, or a bound is passed. */
bool mg_field_list_next(struct mg_field_list_cursor *cursor, struct mg_field_name *name);

/* Hash of a name, equal for names that differ only in ASCII case. */
uint32_t mg_field_name_hash(struct mg_str name);

#endif
