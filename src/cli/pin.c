/* pin.c - `moongate pin`: hold a running server to the generation that is active. What `unpin`
 * does is the same the other way round.
 */
#include "cli/pin.h"

#include <stdio.h>

#include "cli/admin_outcome.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/json.h"

static void print_help(const char *command)
{
    (void)printf(
        "Usage: moongate %s\n\n"
        "`moongate pin` holds a running server to the policies that are active: changed\n"
        "files, signals and `moongate swap` change nothing until `moongate unpin`, which\n"
        "takes up what changed meanwhile. `moongate rollback` works all the same.\n\n",
        command);
    mg_admin_client_print_options();
    (void)printf("\nExit codes: 0 done, 2 usage, 4 no server answers.\n");
}

int mg_pin_command(int argc, char **argv, const char *path, const char *done)
{
    struct mg_admin_client client = {.command = argv[0]};
    json_t *document = NULL;
    long status = 0;
    int code = mg_admin_client_read(&client, argc, argv);
    if (code != MG_EXIT_OK) {
        return code;
    }
    if (client.wants_help) {
        print_help(client.command);
        return MG_EXIT_OK;
    }
    code = mg_admin_client_ask(&client, path, json_object(), &document, &status);
    if (code != MG_EXIT_OK) {
        return code;
    }
    if (client.is_json) {
        mg_json_print(document);
        return MG_EXIT_OK;
    }
    (void)printf("%s generation %lld, revision %s\n", done,
                 mg_admin_number(document, "generation"),
                 mg_admin_text(document, "revision", "unknown"));
    json_decref(document);
    return MG_EXIT_OK;
}

static int run_pin(int argc, char **argv)
{
    return mg_pin_command(argc, argv, "/pin", "pinned:");
}

const struct mg_command mg_command_pin = {
    .name = "pin",
    .summary = "hold it to the policies that are active",
    .run = run_pin,
};
