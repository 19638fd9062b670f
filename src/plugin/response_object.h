/* response_object.h - `res`: the head of an answer as `response` hooks see and edit it. Private
 * to src/plugin.
 *
 * Fields:    status. Methods: get(name) (the first value or nil), set(name, value) (in place of
 *            all lines of that name), add(name, value) (one more line), remove(name).
 * Refused:   edits of what frames the message, of Date and of CORS fields.
 * Memory:    the fields are copied to the arena with the first edit; the caller's stay as they
 *            are.
 */
#ifndef MG_PLUGIN_RESPONSE_OBJECT_H
#define MG_PLUGIN_RESPONSE_OBJECT_H

#include "plugin/dispatch.h"
#include "plugin/object.h"

enum {
    MG_RESPONSE_MAX_FIELDS = 255,
    MG_RESPONSE_MAX_EDIT_BYTES = 64
                                 << 10, /* names and values that the hooks of an answer give */
};

/* What `res` points at. */
struct mg_response_target {
    struct mg_plugin_response *response; /* changed in place */
    size_t capacity;                     /* of response->fields, 0: they are the caller's */
    size_t edit_bytes;
};

extern const struct mg_object_class mg_response_class;

#endif
