/* own_field.h - what plugins may say in the fields of an answer: everything but what would
 * break its framing and what the engine alone writes. Private to src/plugin.
 *
 * Threads:   pure; any thread.
 */
#ifndef MG_PLUGIN_OWN_FIELD_H
#define MG_PLUGIN_OWN_FIELD_H

#include "core/str.h"

/* Whether the field frames the message or concerns one connection (RFC 9110 7.6.1), or is
 * Date. */
bool mg_own_field_is_framing(struct mg_str name);

/* Whether the decision alone sets the field: Access-Control-* and Timing-Allow-Origin. */
bool mg_own_field_is_cors(struct mg_str name);

/* Whether the value keeps to its line: neither CR nor LF nor NUL (RFC 9110 5.5). */
bool mg_own_field_value_is_safe(struct mg_str value);

#endif
