/* field_list.c - what reading a list of names seldom needs. */
#include "cors/field_list.h"

uint32_t mg_field_name_hash(struct mg_str name)
{
    uint64_t hash = 0;
    size_t at = 0;
    for (; name.len - at >= MG_WORD_BYTES; at += MG_WORD_BYTES) {
        hash = mg_field_hash_word(hash, mg_word_at(name, at));
    }
    return mg_field_hash_end(hash, mg_word_at(name, at), name.len);
}

void mg_field_trim(struct mg_field_name *name)
{
    name->text = mg_str_trim_ows(name->text);
    name->hash = mg_field_name_hash(name->text);
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
