/* json.h - what the admin interface and the command line share of JSON.
 *
 * Threads:   pure; any thread.
 */
#ifndef MG_SERVER_JSON_H
#define MG_SERVER_JSON_H

#include <jansson.h>

#include "core/err.h"
#include "core/str.h"

/* A JSON string of `text`; bytes that are not UTF-8 become U+FFFD. */
json_t *mg_json_text(struct mg_str text);
/* The same, or null where `text` is empty. */
json_t *mg_json_text_or_null(const char *text);

/* The faults as an array of objects: severity, code, file, line, where, message, hint; null
 * where a fault has none of it. */
json_t *mg_json_faults(const struct mg_errs *errs);

#endif
