/* json.h - what the subcommands share of JSON output.
 */
#ifndef MG_CLI_JSON_H
#define MG_CLI_JSON_H

#include "server/json.h"

/* Print the document and a newline to standard output, and free it. */
void mg_json_print(json_t *root);

#endif
