/* arguments.h - read "--name value", "--name=value" and "--switch" in any order; "-X value" and
 * "-Xvalue" for names of one letter. */
#ifndef MG_CLI_ARGUMENTS_H
#define MG_CLI_ARGUMENTS_H

#include <stdbool.h>

/* A walk over a subcommand's arguments. */
struct mg_arguments {
    int argc;
    char **argv;
    int next;          /* 1 at first */
    const char *value; /* of the "--name=value" or "-Xvalue" just read */
    char name[64];
};

enum mg_argument {
    MG_ARGUMENT_END,
    MG_ARGUMENT_OPTION,
    MG_ARGUMENT_WORD
};

/* The next argument: an option, whose name (without "--" or "-") is in ->name, or a word, in
 * ->value. */
enum mg_argument mg_arguments_next(struct mg_arguments *arguments);

/* The value of the option just read: behind "=", or the next argument; NULL when there is
 * none. */
const char *mg_arguments_value(struct mg_arguments *arguments);

#endif
