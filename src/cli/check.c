/* check.c - `moongate check`: load policies as the server would, and tell every fault.
 */
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/policy_arguments.h"
#include "cli/self_attack.h"
#include "policy/set.h"
#include "server/handlers.h"

static void print_help(void)
{
    (void)printf(
        "Usage: moongate check PATH... [--strict] [--json] [--quiet]\n"
        "       moongate check --self-attack [--json]\n\n"
        "Load and validate policies as `serve` does, and print every fault with file and\n"
        "line, what is wrong, and what to write instead.\n\n"
        "  --policy PATH           a policy file, or a directory of them; repeatable\n"
        "  --plugins DIR           where the plugins that they use are found; repeatable\n"
        "  --public-origin ORIGIN  as for `serve`; repeatable\n"
        "  --strict                warnings fail too\n"
        "  --json                  print one JSON document: ok, diagnostics, resources,\n"
        "                          revision\n"
        "  --quiet                 print faults only\n"
        "  --self-attack           attack this very engine with hostile policies and requests\n"
        "                          (docs/security.md), and tell what came of each\n\n"
        "Exit codes: 0 valid, 1 an attack has not been held, 2 usage, 3 invalid.\n");
}

static bool has_warning(const struct mg_errs *errs)
{
    for (size_t i = 0; i < errs->count; i++) {
        if (errs->items[i].severity == MG_WARNING) {
            return true;
        }
    }
    return false;
}

static void print_json(const struct mg_errs *errs, const struct mg_policy_set *set, bool ok)
{
    json_t *root = json_object();
    json_object_set_new(root, "ok", json_boolean(ok));
    json_object_set_new(root, "diagnostics", mg_json_faults(errs));
    json_object_set_new(root, "resources",
                        set == NULL ? json_null()
                                    : json_integer((json_int_t)set->resource_count));
    json_object_set_new(root, "revision",
                        set == NULL ? json_null() : mg_json_text(set->revision));
    mg_json_print(root);
}

static int report(const struct mg_policy_arguments *arguments, const struct mg_errs *errs,
                  const struct mg_policy_set *set)
{
    bool is_json = mg_policy_arguments_has(arguments, "json");
    int code = is_json ? mg_cli_exit_code(errs) : mg_cli_report(errs);
    if (code == MG_EXIT_OK && mg_policy_arguments_has(arguments, "strict") &&
        has_warning(errs)) {
        code = MG_EXIT_POLICY;
    }
    if (is_json) {
        print_json(errs, set, code == MG_EXIT_OK);
    } else if (set != NULL && !mg_policy_arguments_has(arguments, "quiet")) {
        (void)printf("%zu resources, revision %.*s: %s\n", set->resource_count,
                     MG_STR_ARG(set->revision), code == MG_EXIT_OK ? "ok" : "invalid");
    }
    return code;
}

/* `--self-attack` looks at the engine and at no policy, so it goes with --json alone. */
static bool is_self_attack(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--self-attack") == 0) {
            return true;
        }
    }
    return false;
}

static int run_self_attack(int argc, char **argv)
{
    struct mg_arguments walk = {.argc = argc, .argv = argv, .next = 1};
    enum mg_argument kind;
    bool is_json = false;
    while ((kind = mg_arguments_next(&walk)) != MG_ARGUMENT_END) {
        bool is_option = kind == MG_ARGUMENT_OPTION;
        if (is_option && strcmp(walk.name, "help") == 0) {
            print_help();
            return MG_EXIT_OK;
        }
        if (is_option && strcmp(walk.name, "json") == 0) {
            is_json = true;
        } else if (!is_option || strcmp(walk.name, "self-attack") != 0) {
            return mg_cli_usage(argv[0], "--self-attack goes with --json alone");
        }
    }
    return mg_self_attack_run(is_json);
}

static int run_check(int argc, char **argv)
{
    if (is_self_attack(argc, argv)) {
        return run_self_attack(argc, argv);
    }
    static const char *const switches[] = {"strict", "quiet", "json", NULL};
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
    if (set != NULL) {
        mg_handlers_check(set, &errs);
    }
    code = report(&arguments, &errs, set);
    mg_errs_fini(&errs);
    mg_policy_set_free(set);
    return code;
}

const struct mg_command mg_command_check = {
    .name = "check",
    .summary = "validate policies",
    .run = run_check,
};
