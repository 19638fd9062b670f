/* command.h - what a subcommand is to the command line. */
#ifndef MG_CLI_COMMAND_H
#define MG_CLI_COMMAND_H

#include "core/err.h"

struct mg_command {
    const char *name;
    const char *summary; /* one line of `moongate --help` */
    /* argv[0] is the subcommand's name. Returns: the exit code. */
    int (*run)(int argc, char **argv);
};

extern const struct mg_command mg_command_serve;
extern const struct mg_command mg_command_check;
extern const struct mg_command mg_command_routes;
extern const struct mg_command mg_command_diff;
extern const struct mg_command mg_command_explain;
extern const struct mg_command mg_command_probe;
extern const struct mg_command mg_command_test;
extern const struct mg_command mg_command_new;
extern const struct mg_command mg_command_status;
extern const struct mg_command mg_command_swap;
extern const struct mg_command mg_command_rollback;
extern const struct mg_command mg_command_pin;
extern const struct mg_command mg_command_unpin;
extern const struct mg_command mg_command_shadow;

/* The exit code that follows from the faults: MG_EXIT_OK without an error, else that of the
 * first error's kind. */
int mg_cli_exit_code(const struct mg_errs *errs);
/* Print the faults to standard error, and give that code. */
int mg_cli_report(const struct mg_errs *errs);

/* Tell of a wrong argument, with the subcommand's --help as the way out. Returns:
 * MG_EXIT_USAGE. */
int mg_cli_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
