/* policy_arguments.h - what the subcommands that only look at policies share: --policy,
 * --plugins and switches. */
#ifndef MG_CLI_POLICY_ARGUMENTS_H
#define MG_CLI_POLICY_ARGUMENTS_H

#include "core/err.h"
#include "policy/set.h"
#include "server/options.h"

struct mg_policy_arguments {
    struct mg_strings policies;
    struct mg_strings plugins;
    struct mg_strings public_origins;
    const char *const *switches; /* the names that are allowed, NULL-terminated */
    unsigned given;              /* bit i: switches[i] */
    bool wants_help;
};

/* Read argv[1..]. Returns: MG_EXIT_OK, or MG_EXIT_USAGE after telling why. */
int mg_policy_arguments_read(int argc, char **argv, const char *const *switches,
                             struct mg_policy_arguments *arguments);
bool mg_policy_arguments_has(const struct mg_policy_arguments *arguments, const char *name);
struct mg_policy_set *mg_policy_arguments_load(const struct mg_policy_arguments *arguments,
                                               struct mg_errs *errs);

#endif
