/* cli.h - the command line: one subcommand a file, one exit code a kind of end.
 *
 * Only this folder prints and decides exit codes; everything below returns faults.
 */
#ifndef MG_CLI_CLI_H
#define MG_CLI_CLI_H

enum mg_exit {
    MG_EXIT_OK = 0,          /* fine */
    MG_EXIT_NEGATIVE = 1,    /* a verdict against what was asked */
    MG_EXIT_USAGE = 2,       /* the arguments make no sense */
    MG_EXIT_POLICY = 3,      /* an invalid policy */
    MG_EXIT_ENVIRONMENT = 4, /* a port in use, a file that cannot be read, memory out */
};

/* Run the program. Returns: its exit code. */
int mg_cli_run(int argc, char **argv);

#endif
