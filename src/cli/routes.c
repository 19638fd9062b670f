/* routes.c - `moongate routes`: the resources of a policy set as a table. */
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/policy_arguments.h"

static void print_help(void)
{
    (void)printf(
        "Usage: moongate routes --policy PATH...\n\n"
        "Print every resource: pattern, methods, what other origins may do, handler, and where it is declared.\n");
}

static const char *handler_name(const struct mg_handler_spec *handler)
{
    switch (handler->kind) {
    case MG_HANDLER_NONE:
        return "none";
    case MG_HANDLER_ECHO:
        return "echo";
    case MG_HANDLER_RESPOND:
        return "respond";
    case MG_HANDLER_PROXY:
        return "proxy";
    case MG_HANDLER_CUSTOM:
        return "custom";
    }
    return "";
}

static const char *cors_name(const struct mg_resource *resource)
{
    switch (resource->cors_mode) {
    case MG_CORS_SAME_ORIGIN:
        return "same-origin";
    case MG_CORS_OFF:
        return "off";
    case MG_CORS_RULE:
        return mg_rule_is_public(resource->rule) ? "public"
               : mg_rule_rejects(resource->rule) ? "reject"
                                                 : "rule";
    }
    return "";
}

struct widths {
    int pattern;
    int methods;
};

static struct widths measure(const struct mg_policy_set *set)
{
    struct widths widths = {(int)strlen("PATTERN"), (int)strlen("METHODS")};
    for (size_t i = 0; i < set->resource_count; i++) {
        const struct mg_resource *resource = set->resources[i];
        widths.pattern = (int)resource->pattern.len > widths.pattern
                             ? (int)resource->pattern.len
                             : widths.pattern;
        widths.methods = (int)resource->allow.len > widths.methods ? (int)resource->allow.len
                                                                   : widths.methods;
    }
    return widths;
}

static void print_table(const struct mg_policy_set *set)
{
    struct widths widths = measure(set);
    (void)printf("%-*s  %-*s  %-11s  %-8s  %s\n", widths.pattern, "PATTERN", widths.methods,
                 "METHODS", "CORS", "HANDLER", "DECLARED");
    for (size_t i = 0; i < set->resource_count; i++) {
        const struct mg_resource *resource = set->resources[i];
        (void)printf("%-*.*s  %-*.*s  %-11s  %-8s  %s:%d\n", widths.pattern,
                     MG_STR_ARG(resource->pattern), widths.methods, MG_STR_ARG(resource->allow),
                     cors_name(resource), handler_name(&resource->handler), resource->file,
                     resource->line);
    }
}

static int run_routes(int argc, char **argv)
{
    static const char *const switches[] = {NULL};
    struct mg_policy_arguments arguments;
    int code = mg_policy_arguments_read(argc, argv, switches, &arguments);
    if (code != MG_EXIT_OK) {
        return code;
    }
    if (arguments.wants_help) {
        print_help();
        return MG_EXIT_OK;
    }
    struct mg_errs errs;
    mg_errs_init(&errs);
    struct mg_policy_set *set = mg_policy_arguments_load(&arguments, &errs);
    code = mg_cli_report(&errs);
    if (set != NULL) {
        print_table(set);
    }
    mg_errs_fini(&errs);
    mg_policy_set_free(set);
    return code;
}

const struct mg_command mg_command_routes = {
    .name = "routes",
    .summary = "print the resources of policies as a table",
    .run = run_routes,
};
