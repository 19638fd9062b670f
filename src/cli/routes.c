/* routes.c - `moongate routes`: the resources of a policy set as a table.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/policy_arguments.h"
#include "core/buf.h"
#include "cors/origin_set.h"

enum {
    CELL_MAX_BYTES = 64 << 10
};

static void print_help(void)
{
    (void)printf(
        "Usage: moongate routes PATH... [--json]\n\n"
        "Print every resource: its pattern and methods, which origins may use it and whether\n"
        "with credentials, its handler, and where it is declared.\n\n"
        "  --policy PATH           a policy file, or a directory of them; repeatable\n"
        "  --plugins DIR           where the plugins that they use are found; repeatable\n"
        "  --public-origin ORIGIN  as for `serve`; repeatable\n"
        "  --json                  print a JSON array in place of the table\n");
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
    case MG_HANDLER_PLUGIN:
        return "plugin";
    }
    return "";
}

static void add_pattern(const struct mg_origin_set *set, size_t index, struct mg_buf *out)
{
    struct mg_pattern pattern = mg_origin_set_get(set, index);
    mg_pattern_write(&pattern, out);
}

/* "*", "same-origin", "off", or the first pattern and how many more. */
static void add_origins(const struct mg_resource *resource, struct mg_buf *out)
{
    if (resource->cors_mode != MG_CORS_RULE) {
        bool is_off = resource->cors_mode == MG_CORS_OFF;
        mg_buf_add(out, is_off ? MG_STR("off") : MG_STR("same-origin"));
        return;
    }
    if ((resource->functions & 1U << MG_FUNCTION_ORIGINS) != 0) {
        mg_buf_add(out, MG_STR("function"));
        return;
    }
    const struct mg_origin_set *set = mg_rule_origins(resource->rule);
    size_t count = mg_origin_set_count(set);
    if (count > 0) {
        add_pattern(set, 0, out);
    }
    if (count > 1) {
        mg_buf_printf(out, " (+%zu)", count - 1);
    }
}

static const char *credentials_of(const struct mg_resource *resource)
{
    return resource->rule != NULL && mg_rule_has_credentials(resource->rule) ? "yes" : "-";
}

struct widths {
    int pattern;
    int methods;
    int origins;
};

static int wider(int width, size_t length)
{
    return (int)length > width ? (int)length : width;
}

static struct widths measure(const struct mg_policy_set *set, struct mg_buf *cell)
{
    struct widths widths = {(int)strlen("PATTERN"), (int)strlen("METHODS"),
                            (int)strlen("ORIGINS")};
    for (size_t i = 0; i < set->resource_count; i++) {
        const struct mg_resource *resource = set->resources[i];
        mg_buf_clear(cell);
        add_origins(resource, cell);
        widths.pattern = wider(widths.pattern, resource->pattern.len);
        widths.methods = wider(widths.methods, resource->allow.len);
        widths.origins = wider(widths.origins, cell->len);
    }
    return widths;
}

static void print_table(const struct mg_policy_set *set)
{
    struct mg_buf cell;
    mg_buf_init(&cell, CELL_MAX_BYTES);
    struct widths widths = measure(set, &cell);
    (void)printf("%-*s  %-*s  %-*s  %-11s  %-7s  %s\n", widths.pattern, "PATTERN",
                 widths.methods, "METHODS", widths.origins, "ORIGINS", "CREDENTIALS", "HANDLER",
                 "DECLARED");
    for (size_t i = 0; i < set->resource_count; i++) {
        const struct mg_resource *resource = set->resources[i];
        mg_buf_clear(&cell);
        add_origins(resource, &cell);
        (void)printf("%-*.*s  %-*.*s  %-*.*s  %-11s  %-7s  %s:%d\n", widths.pattern,
                     MG_STR_ARG(resource->pattern), widths.methods, MG_STR_ARG(resource->allow),
                     widths.origins, MG_STR_ARG(mg_buf_str(&cell)), credentials_of(resource),
                     handler_name(&resource->handler), resource->file, resource->line);
    }
    mg_buf_fini(&cell);
}

static json_t *json_names(struct mg_name_list names)
{
    json_t *list = json_array();
    for (size_t i = 0; i < names.count; i++) {
        json_array_append_new(list, mg_json_text(names.items[i]));
    }
    return list;
}

static json_t *json_origins(const struct mg_resource *resource)
{
    if (resource->cors_mode != MG_CORS_RULE) {
        return json_null();
    }
    json_t *list = json_array();
    const struct mg_origin_set *set = mg_rule_origins(resource->rule);
    struct mg_buf cell;
    mg_buf_init(&cell, CELL_MAX_BYTES);
    for (size_t i = 0; i < mg_origin_set_count(set); i++) {
        mg_buf_clear(&cell);
        add_pattern(set, i, &cell);
        json_array_append_new(list, mg_json_text(mg_buf_str(&cell)));
    }
    mg_buf_fini(&cell);
    return list;
}

/* What the resource decides in Lua: "origins", "preflight" … */
static json_t *json_functions(const struct mg_resource *resource)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < MG_FUNCTION_COUNT; i++) {
        if ((resource->functions & 1U << i) != 0) {
            json_array_append_new(list, json_string(mg_function_name((enum mg_function)i)));
        }
    }
    return list;
}

static void print_json(const struct mg_policy_set *set)
{
    static const char *const modes[] = {"same-origin", "rule", "off"};
    json_t *routes = json_array();
    for (size_t i = 0; i < set->resource_count; i++) {
        const struct mg_resource *resource = set->resources[i];
        const struct mg_rule *rule = resource->rule;
        json_t *route = json_object();
        json_object_set_new(route, "pattern", mg_json_text(resource->pattern));
        json_object_set_new(route, "methods", json_names(resource->methods));
        json_object_set_new(route, "cors", json_string(modes[resource->cors_mode]));
        json_object_set_new(route, "origins", json_origins(resource));
        json_object_set_new(route, "cors_methods",
                            rule == NULL ? json_null() : json_names(mg_rule_methods(rule)));
        json_object_set_new(route, "credentials",
                            json_boolean(rule != NULL && mg_rule_has_credentials(rule)));
        json_object_set_new(route, "rejects",
                            json_boolean(rule != NULL && mg_rule_rejects(rule)));
        json_object_set_new(route, "handler", json_string(handler_name(&resource->handler)));
        json_object_set_new(route, "functions", json_functions(resource));
        json_object_set_new(route, "file", json_string(resource->file));
        json_object_set_new(route, "line", json_integer(resource->line));
        json_array_append_new(routes, route);
    }
    mg_json_print(routes);
}

static int run_routes(int argc, char **argv)
{
    static const char *const switches[] = {"json", NULL};
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
    if (set != NULL && mg_policy_arguments_has(&arguments, "json")) {
        print_json(set);
    } else if (set != NULL) {
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
