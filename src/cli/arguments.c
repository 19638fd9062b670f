/* arguments.c - see the header. */
#include "cli/arguments.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum mg_argument mg_arguments_next(struct mg_arguments *arguments)
{
    if (arguments->next >= arguments->argc) {
        return MG_ARGUMENT_END;
    }
    const char *argument = arguments->argv[arguments->next++];
    if (argument[0] == '-' && argument[1] != '-' && argument[1] != '\0') {
        (void)snprintf(arguments->name, sizeof(arguments->name), "%c", argument[1]);
        arguments->value = argument[2] == '\0' ? NULL : argument + 2;
        return MG_ARGUMENT_OPTION;
    }
    if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0') {
        arguments->value = argument;
        return MG_ARGUMENT_WORD;
    }
    const char *equals = strchr(argument, '=');
    size_t length = equals == NULL ? strlen(argument + 2) : (size_t)(equals - argument) - 2;
    (void)snprintf(arguments->name, sizeof(arguments->name), "%.*s", (int)length, argument + 2);
    arguments->value = equals == NULL ? NULL : equals + 1;
    return MG_ARGUMENT_OPTION;
}

const char *mg_arguments_value(struct mg_arguments *arguments)
{
    if (arguments->value == NULL && arguments->next < arguments->argc) {
        arguments->value = arguments->argv[arguments->next++];
    }
    return arguments->value;
}
