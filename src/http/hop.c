/* hop.c - the lengths of the known names leave one comparison for most fields. */
#include "http/hop.h"

/* Names that end here whether Connection says so or not. */
static bool is_known(const struct mg_field *field)
{
    struct mg_str name = field->name;
    switch (name.len) {
    case 2:
        return mg_str_equal_nocase(name, MG_STR("te"));
    case 7:
        return field->id == MG_FIELD_UPGRADE;
    case 10:
        return field->id == MG_FIELD_CONNECTION ||
               mg_str_equal_nocase(name, MG_STR("keep-alive"));
    case 14:
        return field->id == MG_FIELD_CONTENT_LENGTH;
    case 16:
        return mg_str_equal_nocase(name, MG_STR("proxy-connection"));
    case 17:
        return field->id == MG_FIELD_TRANSFER_ENCODING;
    case 18:
        return mg_str_equal_nocase(name, MG_STR("proxy-authenticate"));
    case 19:
        return mg_str_equal_nocase(name, MG_STR("proxy-authorization"));
    default:
        return false;
    }
}

static void note_option(struct mg_hop *hop, struct mg_str option)
{
    if (option.len == 0 || mg_str_equal_nocase(option, MG_STR("close")) ||
        mg_str_equal_nocase(option, MG_STR("keep-alive"))) {
        return;
    }
    if (hop->count == MG_HOP_MAX_NAMED) {
        hop->is_crowded = true;
        return;
    }
    hop->named[hop->count++] = option;
}

void mg_hop_init(struct mg_hop *hop, const struct mg_field *fields, unsigned count)
{
    hop->count = 0;
    hop->is_crowded = false;
    for (unsigned i = 0; i < count; i++) {
        if (fields[i].id == MG_FIELD_CONNECTION) {
            struct mg_list_cursor options = mg_list_begin(fields[i].value);
            struct mg_str option;
            while (mg_list_next(&options, &option)) {
                note_option(hop, option);
            }
        }
    }
}

bool mg_hop_ends(const struct mg_hop *hop, const struct mg_field *field)
{
    if (is_known(field)) {
        return true;
    }
    for (unsigned i = 0; i < hop->count; i++) {
        if (mg_str_equal_nocase(hop->named[i], field->name)) {
            return true;
        }
    }
    return false;
}
