/* json.c - see the header.
 */
#include "cli/json.h"

#include <stdio.h>

void mg_json_print(json_t *root)
{
    (void)json_dumpf(root, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(root);
}
