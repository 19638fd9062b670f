/* admin_client.h - ask a running server by its admin interface (docs/admin.md): what `status`,
 * `swap` and their kin share.
 *
 * Threads:   the command line's one.
 */
#ifndef MG_CLI_ADMIN_CLIENT_H
#define MG_CLI_ADMIN_CLIENT_H

#include <stdbool.h>

#include <jansson.h>

#include "cli/arguments.h"

/* Options that each of these commands takes. */
struct mg_admin_client {
    const char *command; /* for messages */
    const char *address; /* --admin; NULL: the default */
    const char *token_file;
    bool is_json;
    bool wants_help;
};

/* Print the lines of --help on them. */
void mg_admin_client_print_options(void);

/* Take the option just read, if it is one of these. Returns: MG_EXIT_OK when it was, -1 when it
 * is another one, MG_EXIT_USAGE after a fault that was told. */
int mg_admin_client_option(struct mg_admin_client *client, struct mg_arguments *arguments);

/* Read the arguments of a command that has no others. Returns: MG_EXIT_OK, or MG_EXIT_USAGE
 * after telling why. */
int mg_admin_client_read(struct mg_admin_client *client, int argc, char **argv);

/* Ask: GET where `body` is NULL, else POST with the JSON, which is taken. Returns: MG_EXIT_OK
 * with the document of the answer, which the caller frees, and its status; or an exit code
 * after telling what hinders. */
int mg_admin_client_ask(const struct mg_admin_client *client, const char *path, json_t *body,
                        json_t **document, long *status);

#endif
