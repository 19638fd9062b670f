/* json.h - what the subcommands share of JSON output.
 */
#ifndef MG_CLI_JSON_H
#define MG_CLI_JSON_H

#include <jansson.h>

#include "core/err.h"
#include "core/str.h"

/* A JSON string of `text`; bytes that are not UTF-8 become U+FFFD. */
json_t *mg_json_text(struct mg_str text);

/* The faults as an array of objects: severity, code, file, line, where, message, hint; null
 * where a fault has none of it. */
json_t *mg_json_faults(const struct mg_errs *errs);

/* Print the document and a newline to standard output, and free it. */
void mg_json_print(json_t *root);

#endif
