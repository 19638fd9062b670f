/* json.c - see the header.
 */
#include "server/json.h"

#include "core/buf.h"
#include "core/utf8.h"

json_t *mg_json_text(struct mg_str text)
{
    if (mg_utf8_is_valid(text)) {
        return json_stringn(text.len == 0 ? "" : text.ptr, text.len);
    }
    struct mg_buf whole;
    mg_buf_init(&whole, text.len * 3 + 1);
    for (size_t at = 0; at < text.len;) {
        size_t length = mg_utf8_sequence(mg_str_from_offset(text, at));
        mg_buf_add(&whole, length == 0 ? MG_STR("\xef\xbf\xbd")
                                       : (struct mg_str){text.ptr + at, length});
        at += length == 0 ? 1 : length;
    }
    json_t *value = json_stringn(whole.ptr, whole.len);
    mg_buf_fini(&whole);
    return value;
}

json_t *mg_json_text_or_null(const char *text)
{
    return text[0] == '\0' ? json_null() : mg_json_text(mg_str_from(text));
}

json_t *mg_json_faults(const struct mg_errs *errs)
{
    json_t *faults = json_array();
    for (size_t i = 0; i < errs->count; i++) {
        const struct mg_err *err = &errs->items[i];
        json_t *fault = json_object();
        json_object_set_new(fault, "severity", json_string(mg_severity_name(err->severity)));
        json_object_set_new(fault, "code", json_string(err->code));
        json_object_set_new(fault, "file", mg_json_text_or_null(err->file));
        json_object_set_new(fault, "line",
                            err->line > 0 ? json_integer(err->line) : json_null());
        json_object_set_new(fault, "where", mg_json_text_or_null(err->where));
        json_object_set_new(fault, "message", mg_json_text_or_null(err->message));
        json_object_set_new(fault, "hint", mg_json_text_or_null(err->hint));
        json_array_append_new(faults, fault);
    }
    return faults;
}
