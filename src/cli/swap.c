/* swap.c - `moongate swap`: have a running server take up its policies, or others. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/admin_outcome.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/json.h"

enum {
    MAX_PATH_BYTES = 4096
};

static void print_help(void)
{
    (void)printf(
        "Usage: moongate swap [--policy PATH]... [--force] [--confirm] [--shadow]\n\n"
        "Have a running server read its policies again, and serve by them when they are\n"
        "valid: after every worker has them, this prints the revision and ends. No request\n"
        "fails and no connection closes. Otherwise nothing changes, and the faults are\n"
        "printed as `moongate check` prints them.\n\n"
        "  --policy PATH            policies to read from now on in place of those the server\n"
        "                           has, a file or a directory; repeatable\n"
        "  --force                  also a revision that was rolled back\n"
        "  --confirm                also what allows more than before, where the server runs\n"
        "                           with --guard widen\n"
        "  --shadow                 load them beside the active ones, and have them judge a\n"
        "                           sample of requests without any effect: `moongate shadow`\n"
        "                           tells what they would change\n");
    mg_admin_client_print_options();
    (void)printf(
        "\nExit codes: 0 swapped or unchanged, 1 refused (pinned, rolled back before, wider),\n"
        "2 usage, 3 invalid policies, 4 no server answers.\n");
}

/* The server may run elsewhere: give it a path from the root. Symbolic links stay, for they are
 * what it is to follow. */
static int add_path(json_t *paths, const char *path)
{
    char folder[MAX_PATH_BYTES];
    char whole[MAX_PATH_BYTES * 2];
    if (path[0] == '/') {
        json_array_append_new(paths, mg_json_text(mg_str_from(path)));
        return MG_EXIT_OK;
    }
    if (getcwd(folder, sizeof(folder)) == NULL) {
        (void)fprintf(stderr, "moongate swap: this directory has no path: %s\n",
                      strerror(errno));
        return MG_EXIT_ENVIRONMENT;
    }
    (void)snprintf(whole, sizeof(whole), "%s/%s", folder, path);
    json_array_append_new(paths, mg_json_text(mg_str_from(whole)));
    return MG_EXIT_OK;
}

/* Take an option of swap's own. Returns: MG_EXIT_OK, or an exit code after telling why. */
static int read_option(struct mg_arguments *arguments, json_t *body)
{
    static const char *const switches[] = {"force", "confirm", "shadow"};
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        if (strcmp(arguments->name, switches[i]) == 0) {
            json_object_set_new(body, switches[i], json_true());
            return MG_EXIT_OK;
        }
    }
    if (strcmp(arguments->name, "policy") != 0) {
        return mg_cli_usage("swap", "there is no option '%s'", arguments->name);
    }
    const char *value = mg_arguments_value(arguments);
    if (value == NULL || value[0] == '\0') {
        return mg_cli_usage("swap", "--policy needs a value: PATH");
    }
    if (json_object_get(body, "policy") == NULL) {
        json_object_set_new(body, "policy", json_array());
    }
    return add_path(json_object_get(body, "policy"), value);
}

static int read_arguments(int argc, char **argv, struct mg_admin_client *client, json_t *body)
{
    struct mg_arguments arguments = {.argc = argc, .argv = argv, .next = 1};
    enum mg_argument kind;
    while ((kind = mg_arguments_next(&arguments)) != MG_ARGUMENT_END) {
        if (kind == MG_ARGUMENT_WORD) {
            return mg_cli_usage("swap", "'%s' is no option (policies are given with --policy)",
                                arguments.value);
        }
        int code = mg_admin_client_option(client, &arguments);
        code = code < 0 ? read_option(&arguments, body) : code;
        if (code != MG_EXIT_OK) {
            return code;
        }
    }
    return MG_EXIT_OK;
}

static int run_swap(int argc, char **argv)
{
    struct mg_admin_client client = {.command = "swap"};
    json_t *body = json_object();
    int code = read_arguments(argc, argv, &client, body);
    if (code != MG_EXIT_OK || client.wants_help) {
        json_decref(body);
        if (code == MG_EXIT_OK) {
            print_help();
        }
        return code;
    }
    bool is_shadow = json_object_get(body, "shadow") != NULL;
    return mg_admin_command(&client, "/swap", body, is_shadow ? "shadow loaded:" : "swapped:");
}

const struct mg_command mg_command_swap = {
    .name = "swap",
    .summary = "have a running server take up its policies",
    .run = run_swap,
};
