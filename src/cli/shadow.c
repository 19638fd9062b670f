/* shadow.c - `moongate shadow`: what policies that were loaded beside the active ones would
 * change, and what is to become of them.
 */
#include <stdio.h>
#include <string.h>

#include "cli/admin_outcome.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/json.h"

static void print_help(void)
{
    (void)printf(
        "Usage: moongate shadow status\n"
        "       moongate shadow promote [--force] [--confirm]\n"
        "       moongate shadow discard\n\n"
        "`moongate swap --shadow --policy PATH` loads policies beside the active ones of a\n"
        "running server. They judge a sample of its requests after the answer has gone, and\n"
        "never change one. `status` tells how often they differ (the server's log tells\n"
        "how), `promote` makes them the active ones, `discard` drops them.\n\n"
        "  --force                  promote also a revision that was rolled back\n"
        "  --confirm                promote also what allows more than before, where the\n"
        "                           server runs with --guard widen\n");
    mg_admin_client_print_options();
    (void)printf(
        "\nExit codes: 0 done, 1 there is no shadow, or it is refused, 2 usage, 4 no server\n"
        "answers.\n");
}

enum action {
    ACTION_NONE,
    ACTION_STATUS,
    ACTION_PROMOTE,
    ACTION_DISCARD
};

struct reading {
    struct mg_admin_client client;
    enum action action;
    bool forces;
    bool confirms;
};

static int read_word(struct reading *reading, const char *word)
{
    static const char *const names[] = {
        [ACTION_STATUS] = "status", [ACTION_PROMOTE] = "promote", [ACTION_DISCARD] = "discard"};
    for (enum action action = ACTION_STATUS; action <= ACTION_DISCARD; action++) {
        if (strcmp(word, names[action]) == 0 && reading->action == ACTION_NONE) {
            reading->action = action;
            return MG_EXIT_OK;
        }
    }
    return mg_cli_usage("shadow", "'%s' is not one of status, promote and discard", word);
}

static int read_arguments(int argc, char **argv, struct reading *reading)
{
    struct mg_arguments arguments = {.argc = argc, .argv = argv, .next = 1};
    enum mg_argument kind;
    while ((kind = mg_arguments_next(&arguments)) != MG_ARGUMENT_END) {
        int code;
        if (kind == MG_ARGUMENT_WORD) {
            code = read_word(reading, arguments.value);
        } else if (strcmp(arguments.name, "force") == 0) {
            reading->forces = true;
            code = MG_EXIT_OK;
        } else if (strcmp(arguments.name, "confirm") == 0) {
            reading->confirms = true;
            code = MG_EXIT_OK;
        } else {
            code = mg_admin_client_option(&reading->client, &arguments);
        }
        if (code < 0) {
            code = mg_cli_usage("shadow", "there is no option '%s'", arguments.name);
        }
        if (code != MG_EXIT_OK) {
            return code;
        }
    }
    if (reading->client.wants_help) {
        return MG_EXIT_OK;
    }
    if (reading->action == ACTION_NONE) {
        return mg_cli_usage("shadow", "one of status, promote and discard says what to do");
    }
    if ((reading->forces || reading->confirms) && reading->action != ACTION_PROMOTE) {
        return mg_cli_usage("shadow", "--%s goes with promote",
                            reading->forces ? "force" : "confirm");
    }
    return MG_EXIT_OK;
}

static const json_t *find_shadow(const json_t *status)
{
    const json_t *generations = json_object_get(status, "generations");
    for (size_t i = 0; i < json_array_size(generations); i++) {
        const json_t *generation = json_array_get(generations, i);
        if (strcmp(mg_admin_text(generation, "state", ""), "shadow") == 0) {
            return generation;
        }
    }
    return NULL;
}

static int tell_status(const struct mg_admin_client *client)
{
    json_t *document = NULL;
    long status = 0;
    int code = mg_admin_client_ask(client, "/status", NULL, &document, &status);
    if (code != MG_EXIT_OK) {
        return code;
    }
    const json_t *shadow = json_object_get(document, "shadow");
    bool is_there = json_is_object(shadow);
    if (client->is_json) {
        json_t *part = json_incref(json_object_get(document, "shadow"));
        mg_json_print(part == NULL ? json_null() : part);
    } else if (is_there) {
        (void)printf("shadow: revision %s\n",
                     mg_admin_text(find_shadow(document), "revision", "unknown"));
        (void)printf("judged %lld requests (one in %lld): %lld differ, %lld of them wider, "
                     "%lld narrower\n",
                     mg_admin_number(shadow, "sampled"), mg_admin_number(shadow, "one_in"),
                     mg_admin_number(shadow, "differing"), mg_admin_number(shadow, "wider"),
                     mg_admin_number(shadow, "narrower"));
    } else {
        (void)fprintf(stderr, "moongate shadow: there is no shadow: `moongate swap --shadow "
                              "--policy PATH` loads one\n");
    }
    json_decref(document);
    return is_there ? MG_EXIT_OK : MG_EXIT_NEGATIVE;
}

static int run_shadow(int argc, char **argv)
{
    struct reading reading = {.client = {.command = "shadow"}};
    int code = read_arguments(argc, argv, &reading);
    if (code != MG_EXIT_OK) {
        return code;
    }
    if (reading.client.wants_help) {
        print_help();
        return MG_EXIT_OK;
    }
    if (reading.action == ACTION_STATUS) {
        return tell_status(&reading.client);
    }
    json_t *body = json_object();
    if (reading.forces) {
        json_object_set_new(body, "force", json_true());
    }
    if (reading.confirms) {
        json_object_set_new(body, "confirm", json_true());
    }
    return reading.action == ACTION_PROMOTE
               ? mg_admin_command(&reading.client, "/shadow/promote", body, "promoted:")
               : mg_admin_command(&reading.client, "/shadow/discard", body, NULL);
}

const struct mg_command mg_command_shadow = {
    .name = "shadow",
    .summary = "policies that a running server tries beside its own",
    .run = run_shadow,
};
