/* cli.c - finds the subcommand; `--help` and `--version` are its own. */
#include "cli/cli.h"

#include <stdarg.h>

#include "cli/command.h"

static const struct mg_command *const COMMANDS[] = {
    &mg_command_serve,  &mg_command_check,  &mg_command_routes,   &mg_command_explain,
    &mg_command_probe,  &mg_command_test,   &mg_command_new,      &mg_command_diff,
    &mg_command_status, &mg_command_swap,   &mg_command_rollback, &mg_command_pin,
    &mg_command_unpin,  &mg_command_shadow,
};

enum {
    COMMAND_COUNT = sizeof(COMMANDS) / sizeof(COMMANDS[0])
};

static void print_help(FILE *to)
{
    (void)fprintf(to,
                  "Moongate decides who may cross origins: a CORS policy engine and server.\n\n"
                  "Usage: moongate COMMAND [OPTION]...\n\nCommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)fprintf(to, "  %-8s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    }
    (void)fprintf(
        to,
        "\n`moongate COMMAND --help` tells more of each; `moongate --version` prints the\n"
        "version.\n\n"
        "Exit codes: 0 fine, 1 negative verdict, 2 usage, 3 invalid policy, 4 environment.\n");
}

__attribute__((format(printf, 1, 0))) static void print_to_stderr(const char *format,
                                                                  va_list args)
{
    (void)vfprintf(stderr, format, args);
}

int mg_cli_usage(const char *command, const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "moongate %s: ", command);
    va_start(args, format);
    print_to_stderr(format, args);
    va_end(args);
    (void)fprintf(stderr, "\nTry `moongate %s --help`.\n", command);
    return MG_EXIT_USAGE;
}

/* Faults of the machine rather than of a policy. */
static bool is_environment(const char *code)
{
    static const char *const prefixes[] = {"listen-",       "admin-", "access-log-", "thread-",
                                           "out-of-memory", "state-", "event-"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(code, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

int mg_cli_exit_code(const struct mg_errs *errs)
{
    for (size_t i = 0; i < errs->count; i++) {
        const struct mg_err *err = &errs->items[i];
        if (err->severity != MG_ERROR) {
            continue;
        }
        if (strcmp(err->code, "listen-malformed") == 0 ||
            strcmp(err->code, "authorize-untrusted") == 0 ||
            strcmp(err->code, "admin-address") == 0) {
            return MG_EXIT_USAGE;
        }
        return is_environment(err->code) ? MG_EXIT_ENVIRONMENT : MG_EXIT_POLICY;
    }
    return MG_EXIT_OK;
}

int mg_cli_report(const struct mg_errs *errs)
{
    mg_errs_print(errs, stderr);
    return mg_cli_exit_code(errs);
}

static const struct mg_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, COMMANDS[i]->name) == 0) {
            return COMMANDS[i];
        }
    }
    return NULL;
}

static int unknown_command(const char *name)
{
    const struct mg_command *nearest = NULL;
    size_t best = 3;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t distance = mg_str_distance(mg_str_from(name), mg_str_from(COMMANDS[i]->name));
        if (distance < best) {
            best = distance;
            nearest = COMMANDS[i];
        }
    }
    (void)fprintf(stderr, "moongate: there is no command '%s'", name);
    if (nearest != NULL) {
        (void)fprintf(stderr, " (did you mean '%s'?)", nearest->name);
    }
    (void)fprintf(stderr, "\nTry `moongate --help`.\n");
    return MG_EXIT_USAGE;
}

int mg_cli_run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return MG_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return MG_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        (void)printf("moongate %s\n", MG_VERSION);
        return MG_EXIT_OK;
    }
    const struct mg_command *command = find_command(argv[1]);
    return command == NULL ? unknown_command(argv[1]) : command->run(argc - 1, argv + 1);
}
