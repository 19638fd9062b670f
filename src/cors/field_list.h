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
#include "cors/word.h"

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
    size_t line;        /* the next one */
    struct mg_str rest; /* of the line that is being read */
    bool is_in_line;    /* there is an element in `rest`, be it an empty one */
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

/* Hash of a name, equal for names that differ only in ASCII case. */
uint32_t mg_field_name_hash(struct mg_str name);

/* Whoever asks cannot add names to a rule, so its table needs no secret. A set bit 0x20 makes
 * letters of both cases equal; that other bytes become equal too costs a comparison. */
static inline uint64_t mg_field_hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ (word | MG_WORD_OF(0x20))) * 0x9e3779b97f4a7c15ULL;
    return hash ^ hash >> 32;
}

static inline uint32_t mg_field_hash_end(uint64_t hash, uint64_t last, size_t len)
{
    hash = mg_field_hash_word(hash ^ len, last);
    return (uint32_t)(hash ^ hash >> 29);
}

/* Read up to the first comma or the end, and hash what is before it. */
static inline struct mg_field_name mg_field_read_element(struct mg_str rest)
{
    uint64_t hash = 0;
    for (size_t at = 0;; at += MG_WORD_BYTES) {
        uint64_t word = mg_word_at(rest, at);
        uint64_t commas = mg_word_find_first(word, ',');
        if (commas != 0 || rest.len - at < MG_WORD_BYTES) {
            size_t size = commas != 0 ? mg_word_first(commas) : rest.len - at;
            word = mg_word_keep(word, size);
            return (struct mg_field_name){{rest.ptr, at + size},
                                          mg_field_hash_end(hash, word, at + size)};
        }
        hash = mg_field_hash_word(hash, word);
    }
}

/* Take white space off the ends of an element. */
void mg_field_trim(struct mg_field_name *name);

/* Whether there may be some: no name has a byte up to SP. */
static inline bool mg_field_may_have_space(struct mg_str text)
{
    return text.ptr[0] <= ' ' || text.ptr[text.len - 1] <= ' ';
}

/* Take the next name; empty elements are counted and passed over. What equals a known name
 * needs no check of its form, so it is left to the caller (mg_str_is_token).
 * Returns: false when nothing is left, or a bound is passed. */
static inline bool mg_field_list_next(struct mg_field_list_cursor *cursor,
                                      struct mg_field_name *name)
{
    for (;;) {
        if (!cursor->is_in_line) {
            if (cursor->line == cursor->lines.count) {
                return false;
            }
            cursor->rest = cursor->lines.items[cursor->line++];
        }
        *name = mg_field_read_element(cursor->rest);
        /* Behind a comma there is another element, even when the line ends there. */
        cursor->is_in_line = name->text.len < cursor->rest.len;
        cursor->rest = mg_str_from_offset(cursor->rest, name->text.len + 1);
        if (name->text.len > 0 && mg_field_may_have_space(name->text)) {
            mg_field_trim(name);
        }
        if (name->text.len > 0) {
            cursor->is_too_large = ++cursor->name_count > MG_FIELD_LIST_MAX_NAMES;
            return !cursor->is_too_large;
        }
        if (++cursor->empty_count > MG_FIELD_LIST_MAX_EMPTY) {
            cursor->is_too_large = true;
            return false;
        }
    }
}

#endif
