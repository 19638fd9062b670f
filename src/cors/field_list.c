/* field_list.c - elements are cut at commas and hashed by words; nothing is copied. */
#include "cors/field_list.h"

static inline uint64_t load(const char *from, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, from, size);
    return word;
}

/* Whoever asks cannot add names to a rule, so its table needs no secret. A set bit 0x20 makes
 * letters of both cases equal; that other bytes become equal too costs a comparison. Words at
 * the ends overlap. */
uint32_t mg_field_name_hash(struct mg_str name)
{
    const uint64_t fold = 0x2020202020202020ULL;
    const uint64_t odd = 0x9e3779b97f4a7c15ULL;
    const char *end = name.ptr + name.len;
    uint64_t hash = name.len;
    if (name.len >= 8) {
        for (const char *at = name.ptr; end - at > 8; at += 8) {
            hash = (hash ^ (load(at, 8) | fold)) * odd;
            hash ^= hash >> 32;
        }
        hash ^= load(end - 8, 8) | fold;
    } else if (name.len >= 4) {
        hash ^= load(name.ptr, 4) << 32 | load(end - 4, 4) | fold;
    } else if (name.len > 0) {
        hash ^= (load(name.ptr, 1) << 32 | load(name.ptr + name.len / 2, 1) << 16 |
                 load(end - 1, 1)) |
                fold;
    }
    hash = (hash ^ hash >> 29) * odd;
    return (uint32_t)(hash >> 32);
}

bool mg_field_list_fits(struct mg_lines lines)
{
    size_t bytes = 0;
    for (size_t i = 0; i < lines.count; i++) {
        if (lines.items[i].len > MG_FIELD_LIST_MAX_BYTES - bytes) {
            return false;
        }
        bytes += lines.items[i].len;
    }
    return true;
}

/* Read one element, without white space at its ends, and step behind it. */
static struct mg_str read_element(struct mg_field_list_cursor *cursor)
{
    struct mg_str line = cursor->lines.items[cursor->line];
    struct mg_str rest = mg_str_from_offset(line, cursor->at);
    const char *comma = rest.len == 0 ? NULL : memchr(rest.ptr, ',', rest.len);
    size_t len = comma == NULL ? rest.len : (size_t)(comma - rest.ptr);
    /* Behind a comma there is another element, even when the line ends there. */
    cursor->line += comma == NULL;
    cursor->at = comma == NULL ? 0 : cursor->at + len + 1;
    return mg_str_trim_ows((struct mg_str){rest.ptr, len});
}

bool mg_field_list_next(struct mg_field_list_cursor *cursor, struct mg_field_name *name)
{
    while (cursor->line < cursor->lines.count) {
        name->text = read_element(cursor);
        cursor->name_count += name->text.len > 0;
        cursor->empty_count += name->text.len == 0;
        if (cursor->name_count > MG_FIELD_LIST_MAX_NAMES ||
            cursor->empty_count > MG_FIELD_LIST_MAX_EMPTY) {
            cursor->is_too_large = true;
            return false;
        }
        if (name->text.len > 0) {
            name->hash = mg_field_name_hash(name->text);
            return true;
        }
    }
    return false;
}
