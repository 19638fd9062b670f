/* policy_arguments.c - see the header. */
#include "cli/policy_arguments.h"

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/command.h"

static bool read_switch(struct mg_policy_arguments *arguments, const char *name)
{
    for (unsigned i = 0; arguments->switches[i] != NULL; i++) {
        if (strcmp(arguments->switches[i], name) == 0) {
            arguments->given |= 1u << i;
            return true;
        }
    }
    return false;
}

static int add(struct mg_strings *list, const char *command, const char *option,
               const char *value)
{
    if (value == NULL) {
        return mg_cli_usage(command, "--%s needs a value", option);
    }
    if (list->count == MG_OPTIONS_MAX_LIST) {
        return mg_cli_usage(command, "--%s is given too often (%d at most)", option,
                            MG_OPTIONS_MAX_LIST);
    }
    list->items[list->count++] = value;
    return MG_EXIT_OK;
}

int mg_policy_arguments_read(int argc, char **argv, const char *const *switches,
                             struct mg_policy_arguments *arguments)
{
    struct mg_arguments walk = {.argc = argc, .argv = argv, .next = 1};
    enum mg_argument kind;
    *arguments = (struct mg_policy_arguments){.switches = switches};
    while ((kind = mg_arguments_next(&walk)) != MG_ARGUMENT_END) {
        int code = MG_EXIT_OK;
        if (kind == MG_ARGUMENT_WORD) {
            code = add(&arguments->policies, argv[0], "policy", walk.value);
        } else if (strcmp(walk.name, "help") == 0) {
            arguments->wants_help = true;
            return MG_EXIT_OK;
        } else if (strcmp(walk.name, "policy") == 0) {
            code = add(&arguments->policies, argv[0], "policy", mg_arguments_value(&walk));
        } else if (strcmp(walk.name, "plugins") == 0) {
            code = add(&arguments->plugins, argv[0], "plugins", mg_arguments_value(&walk));
        } else if (strcmp(walk.name, "public-origin") == 0) {
            code = add(&arguments->public_origins, argv[0], "public-origin",
                       mg_arguments_value(&walk));
        } else if (!read_switch(arguments, walk.name)) {
            code = mg_cli_usage(argv[0], "--%s is no option", walk.name);
        }
        if (code != MG_EXIT_OK) {
            return code;
        }
    }
    if (arguments->policies.count == 0) {
        return mg_cli_usage(argv[0], "no policy given: --policy FILE or --policy DIRECTORY");
    }
    return MG_EXIT_OK;
}

bool mg_policy_arguments_has(const struct mg_policy_arguments *arguments, const char *name)
{
    for (unsigned i = 0; arguments->switches[i] != NULL; i++) {
        if (strcmp(arguments->switches[i], name) == 0) {
            return (arguments->given >> i & 1) != 0;
        }
    }
    return false;
}

struct mg_policy_set *mg_policy_arguments_load(const struct mg_policy_arguments *arguments,
                                               struct mg_errs *errs)
{
    const struct mg_policy_options options = {
        .paths = arguments->policies.items,
        .path_count = arguments->policies.count,
        .has_public_origin = arguments->public_origins.count > 0,
        .plugin_dirs = arguments->plugins.items,
        .plugin_dir_count = arguments->plugins.count,
    };
    return mg_policy_set_load(&options, errs);
}
