/* admin_outcome.h - what came of a command to a running server, told to people.
 *
 * Threads:   the command line's one.
 */
#ifndef MG_CLI_ADMIN_OUTCOME_H
#define MG_CLI_ADMIN_OUTCOME_H

#include "cli/admin_client.h"

/* Print the faults of a "diagnostics" array to standard error, as `check` prints them. */
void mg_admin_print_faults(const json_t *diagnostics);

/* The text of a member, or `otherwise`; a whole number, or 0. */
const char *mg_admin_text(const json_t *document, const char *key, const char *otherwise);
long long mg_admin_number(const json_t *document, const char *key);

/* Send a command, and tell of its outcome: `done` is what to say before "generation N, …" when
 * it was carried out; NULL: a shadow was discarded. Returns: the exit code: 3 for invalid
 * policies, 1 for what the server refused, 4 where it could not. */
int mg_admin_command(const struct mg_admin_client *client, const char *path, json_t *body,
                     const char *done);

#endif
