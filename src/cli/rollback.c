/* rollback.c - `moongate rollback [N]`: have a running server go back to a generation that it
 * still has.
 */
#include <stdint.h>
#include <stdio.h>

#include "cli/admin_outcome.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "core/str.h"

static void print_help(void)
{
    (void)printf(
        "Usage: moongate rollback [N]\n\n"
        "Have a running server serve by generation N again, or without N by the one before\n"
        "the active one: at once, for nothing is loaded. `moongate status` lists the\n"
        "generations there are. The revision that was active is rejected: changes of files,\n"
        "signals and `moongate swap` leave it alone until its content changes, or\n"
        "--force.\n\n");
    mg_admin_client_print_options();
    (void)printf(
        "\nExit codes: 0 rolled back, 1 there is no such generation, 2 usage, 4 no server\n"
        "answers.\n");
}

static int read_number(const char *text, json_t *body)
{
    unsigned long long number;
    if (!mg_str_to_u64(mg_str_from(text), INT64_MAX, &number) || number == 0 ||
        json_object_get(body, "generation") != NULL) {
        return mg_cli_usage("rollback",
                            "'%s' is not the number of one generation, as `moongate status` "
                            "lists them",
                            text);
    }
    json_object_set_new(body, "generation", json_integer((json_int_t)number));
    return MG_EXIT_OK;
}

static int read_arguments(int argc, char **argv, struct mg_admin_client *client, json_t *body)
{
    struct mg_arguments arguments = {.argc = argc, .argv = argv, .next = 1};
    enum mg_argument kind;
    while ((kind = mg_arguments_next(&arguments)) != MG_ARGUMENT_END) {
        int code = kind == MG_ARGUMENT_WORD ? read_number(arguments.value, body)
                                            : mg_admin_client_option(client, &arguments);
        if (code < 0) {
            code = mg_cli_usage("rollback", "there is no option '%s'", arguments.name);
        }
        if (code != MG_EXIT_OK) {
            return code;
        }
    }
    return MG_EXIT_OK;
}

static int run_rollback(int argc, char **argv)
{
    struct mg_admin_client client = {.command = "rollback"};
    json_t *body = json_object();
    int code = read_arguments(argc, argv, &client, body);
    if (code != MG_EXIT_OK || client.wants_help) {
        json_decref(body);
        if (code == MG_EXIT_OK) {
            print_help();
        }
        return code;
    }
    return mg_admin_command(&client, "/rollback", body, "rolled back:");
}

const struct mg_command mg_command_rollback = {
    .name = "rollback",
    .summary = "have it go back to the generation before",
    .run = run_rollback,
};
