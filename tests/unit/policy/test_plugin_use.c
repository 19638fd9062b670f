/* test_plugin_use.c - plugin "NAME" { … }: which plugins are used, for which resources, in
 * which order, and what is wrong with a use.
 */
#include <sys/stat.h>

#include "files.h"
#include "policy/kept.h"
#include "runtime_world.h"

#define NONE "handler = 'none'"

/* A plugin with the hooks that are named by letters: q request, d decision, r response, l log,
 * h handler. */
static void write_plugin(const char *name, const char *hooks, const char *more)
{
    static const struct {
        char letter;
        const char *text;
    } texts[] = {
        {'q', "request = function(req) end, "},
        {'d', "decision = function(req, d) end, "},
        {'r', "response = function(req, res) end, "},
        {'l', "log = function(record) end, "},
        {'h', "handler = function(req) return { status = 200 } end, "},
    };
    char path[200];
    char text[1024];
    (void)snprintf(path, sizeof(path), "%s", name);
    (void)mkdir(path_of(path), 0700);
    (void)snprintf(path, sizeof(path), "%s/plugin.lua", name);
    int length = snprintf(text, sizeof(text),
                          "return { name = '%s', version = '1.0.0', api = 1, %s ", name, more);
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        if (strchr(hooks, texts[i].letter) != NULL) {
            length +=
                snprintf(text + length, sizeof(text) - (size_t)length, "%s", texts[i].text);
        }
    }
    (void)snprintf(text + length, sizeof(text) - (size_t)length, "}\n");
    write_file(path, text);
}

static struct mg_policy_set *load_with_plugins(const char *text, struct mg_errs *errs)
{
    const char *const dirs[] = {path_of("nowhere"), root};
    static char nowhere[600];
    (void)snprintf(nowhere, sizeof(nowhere), "%s", dirs[0]);
    const char *const kept_dirs[] = {nowhere, root};
    const struct mg_policy_options options = {.plugin_dirs = kept_dirs, .plugin_dir_count = 2};
    return load_text(text, errs, &options);
}

static int set_up_plugins(void **state)
{
    if (set_up(state) != 0) {
        return -1;
    }
    write_plugin("all", "qdrlh", "");
    write_plugin("asker", "q", "config = { limit = { type = 'integer', default = 1 } },");
    write_plugin("early", "q", "before = { 'asker' },");
    write_plugin("maker", "h", "");
    return 0;
}

static const struct fault_row rows[] = {
    {"a plugin that is not there", "resource '/a' { " NONE " }\nplugin 'akser' { }",
     "plugin-not-found", MG_ERROR, 2, "plugin", "did you mean 'asker'?"},
    {"a plugin that is like no other", "resource '/a' { " NONE " }\nplugin 'xyzzy' { }",
     "plugin-not-found", MG_ERROR, 2, "plugin",
     "a folder with a plugin.lua, below --plugins DIR"},
    {"a name that is a path", "resource '/a' { " NONE " }\nplugin '../asker' { }",
     "plugin-name", MG_ERROR, 2, "plugin", NULL},
    {"an empty name", "resource '/a' { " NONE " }\nplugin '' { }", "plugin-name", MG_ERROR, 2,
     "plugin", NULL},
    {"a use without its table", "resource '/a' { " NONE " }\nplugin 'asker'",
     "declaration-incomplete", MG_ERROR, 2, "plugin asker", NULL},
    {"a handler without the hook", "resource '/a' {\nhandler = plugin 'asker' }",
     "plugin-no-handler", MG_ERROR, 1, "/a handler", NULL},
    {"an unknown resource",
     "resource '/orders' { " NONE " }\nplugin 'asker' { resources = { '/orders', '/order' } }",
     "plugin-resource-unknown", MG_ERROR, 2, "plugin asker resources[2]",
     "did you mean \"/orders\"?"},
    {"resources are no list", "resource '/a' { " NONE " }\nplugin 'asker' { resources = '/a' }",
     "field-type", MG_ERROR, 2, "plugin asker resources", "{ \"/a\" }"},
    {"the same plugin twice for a resource",
     "resource '/a' { " NONE " }\nplugin 'asker' { }\nplugin 'asker' { resources = { '/a' } }",
     "plugin-duplicate", MG_ERROR, 3, "plugin asker", NULL},
    {"a handler that names no one use",
     "resource '/a' { " NONE " }\nresource '/b' { " NONE " }\n"
     "plugin 'maker' { resources = { '/a' } }\nplugin 'maker' { resources = { '/b' } }\n"
     "resource '/c' {\n handler = plugin 'maker' }",
     "plugin-ambiguous", MG_ERROR, 6, "plugin maker", NULL},
    {"a use called twice", "resource '/a' { " NONE " }\nlocal p = plugin 'asker'\np { }\np { }",
     "call-invalid", MG_ERROR, 4, "", NULL},
    {"too many uses",
     "for i = 1, 65 do resource('/' .. i) { " NONE " }\n"
     "plugin 'asker' { resources = { '/' .. i } } end",
     "plugins-too-many", MG_ERROR, 2, "plugin asker", NULL},
    {"the configuration", "resource '/a' { " NONE " }\nplugin 'asker' { limit = 'x' }",
     "config-type", MG_ERROR, 2, NULL, NULL},
    {"a word that is for policies", "resource '/a' { " NONE " }\nplugin 'declares' { }",
     "capability-missing", MG_ERROR, 1, NULL, NULL},
};

static void what_is_wrong_with_a_use_is_told(void **state)
{
    (void)state;
    write_plugin("declares", "q", "x = resource '/x' { },");
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        const struct fault_row *row = &rows[i];
        struct mg_errs errs;
        struct mg_policy_set *set = load_with_plugins(row->text, &errs);
        if (errs.count != 1) {
            print_error("%s:\n", row->desc);
            mg_errs_print(&errs, stderr);
        }
        mg_expect_int(row->desc, errs.count, 1);
        mg_expect_text(row->desc, errs.items[0].code, row->code);
        mg_expect_int(row->desc, errs.items[0].line, row->line);
        if (row->where != NULL) {
            mg_expect_text(row->desc, errs.items[0].where, row->where);
        }
        if (row->hint != NULL) {
            mg_expect_text(row->desc, errs.items[0].hint, row->hint);
        }
        mg_expect_true(row->desc, set == NULL);
        mg_policy_set_free(set);
        mg_errs_fini(&errs);
    }
}

/* The names of a resource's plugins for a hook, joined. */
static const char *names_of(const struct world *world, const char *path, enum mg_hook hook)
{
    static char names[200];
    struct mg_route route;
    mg_policy_set_route(world->set, MG_STR("h"), mg_str_from(path), &route);
    struct mg_plugin_list list = mg_runtime_plugins(world->runtime, route.resource, hook);
    names[0] = '\0';
    for (size_t i = 0; i < list.count; i++) {
        size_t used = strlen(names);
        const struct mg_plugin *plugin = list.entries[i].plugin;
        mg_expect_true(path, list.entries[i].slots->hooks[hook] != 0);
        (void)snprintf(names + used, sizeof(names) - used, "%s%.*s:%d", i == 0 ? "" : " ",
                       MG_STR_ARG(plugin->name), plugin->used_line);
    }
    return names;
}

static void open_with_plugins(struct world *world, const char *text)
{
    const struct mg_runtime_options options = {.dicts = NULL};
    *world = (struct world){.desc = text};
    world->set = load_with_plugins(text, &world->errs);
    mg_errs_print(&world->errs, stderr);
    mg_expect_true(text, world->set != NULL);
    mg_expect_true(text, mg_policy_set_needs_lua(world->set));
    world->runtime = mg_runtime_new(world->set, &options, &world->errs);
    mg_errs_print(&world->errs, stderr);
    mg_expect_true(text, world->runtime != NULL);
}

static void each_resource_has_its_plugins_in_order(void **state)
{
    (void)state;
    struct world world;
    open_with_plugins(&world, "resource '/a' { " NONE " }\n"
                              "resource '/b/{id}' { " NONE " }\n"
                              "plugin 'asker' { resources = { '/a' }, limit = 2 }\n"
                              "plugin 'asker' { resources = { '/b/{id}' } }\n"
                              "plugin 'early' { }\n"
                              "plugin 'all' { resources = { '/a', '/c' } }\n"
                              "resource '/c' { handler = plugin 'maker' }\n"
                              "resource '/d' { handler = plugin 'maker' }\n"
                              "local other = plugin 'maker'\n"
                              "plugin 'maker' { resources = { '*' } }\n"
                              "resource '/e' { handler = other }\n");
    static const struct {
        const char *path;
        enum mg_hook hook;
        const char *names;
    } want[] = {
        {"/a", MG_HOOK_REQUEST, "all:6 early:5 asker:3"},
        {"/b/1", MG_HOOK_REQUEST, "early:5 asker:4"},
        {"/c", MG_HOOK_REQUEST, "all:6 early:5"},
        {"/d", MG_HOOK_REQUEST, "early:5"},
        {"/a", MG_HOOK_DECISION, "all:6"},
        {"/b/1", MG_HOOK_DECISION, ""},
        {"/c", MG_HOOK_LOG, "all:6"},
        {"/c", MG_HOOK_RESPONSE, "all:6"},
        {"/a", MG_HOOK_HANDLER, ""},
        {"/c", MG_HOOK_HANDLER, "maker:10"},
        {"/d", MG_HOOK_HANDLER, "maker:10"},
        {"/e", MG_HOOK_HANDLER, "maker:10"},
    };
    for (size_t i = 0; i < MG_COUNT(want); i++) {
        char desc[40];
        (void)snprintf(desc, sizeof(desc), "%s hook %d", want[i].path, (int)want[i].hook);
        mg_expect_text(desc, names_of(&world, want[i].path, want[i].hook), want[i].names);
    }
    world_close(&world);
}

static void a_handler_without_a_use_runs_where_it_handles(void **state)
{
    (void)state;
    struct world world;
    open_with_plugins(&world, "resource '/a' { handler = plugin 'all' }\n"
                              "resource '/b' { " NONE " }\n"
                              "local mine = plugin 'all' { resources = { '/b' } }\n"
                              "resource '/c' { handler = mine }\n");
    mg_expect_text("handled", names_of(&world, "/a", MG_HOOK_HANDLER), "all:3");
    mg_expect_text("handled", names_of(&world, "/c", MG_HOOK_HANDLER), "all:3");
    mg_expect_text("listed", names_of(&world, "/b", MG_HOOK_LOG), "all:3");
    mg_expect_text("not listed", names_of(&world, "/c", MG_HOOK_LOG), "");
    world_close(&world);
    open_with_plugins(&world, "resource '/a' {\n handler = plugin 'all' }\n"
                              "resource '/b' {\n handler = plugin 'all' }\n"
                              "resource '/c' { " NONE " }\n");
    mg_expect_text("one use", names_of(&world, "/a", MG_HOOK_HANDLER), "all:2");
    mg_expect_text("for all", names_of(&world, "/b", MG_HOOK_HANDLER), "all:2");
    mg_expect_text("its other hooks", names_of(&world, "/b", MG_HOOK_REQUEST), "all:2");
    mg_expect_text("not elsewhere", names_of(&world, "/c", MG_HOOK_REQUEST), "");
    mg_expect_int("one use", world.set->lua->plugin_count, 1);
    world_close(&world);
}

static void plugins_are_part_of_the_revision(void **state)
{
    (void)state;
    static const char text[] = "resource '/a' { " NONE " }\nplugin 'asker' { }";
    struct mg_errs errs;
    struct mg_policy_set *before = load_with_plugins(text, &errs);
    mg_errs_fini(&errs);
    write_plugin("asker", "ql", "");
    struct mg_policy_set *after = load_with_plugins(text, &errs);
    mg_errs_fini(&errs);
    assert_non_null(before);
    assert_non_null(after);
    mg_expect_true("another one", !mg_str_equal(before->revision, after->revision));
    mg_policy_set_free(before);
    mg_policy_set_free(after);
}

static void uses_in_a_loop_are_the_same_in_each_state(void **state)
{
    (void)state;
    struct world world;
    open_with_plugins(&world,
                      "local t = {} for i = 1, 30 do t['/r' .. i] = i end\n"
                      "for path, limit in pairs(t) do\n"
                      "  resource(path) { " NONE " } plugin 'asker' { resources = { path }, "
                      "limit = limit } end\n");
    mg_expect_text("one each", names_of(&world, "/r7", MG_HOOK_REQUEST), "asker:3");
    world_close(&world);
}

static void the_bundled_plugins_can_be_used(void **state)
{
    (void)state;
    static const char *const dirs[] = {"plugins"};
    const struct mg_policy_options options = {.plugin_dirs = dirs, .plugin_dir_count = 1};
    static const char *const names[] = {"csrf-guard", "rate-limit", "decision-log",
                                        "maintenance"};
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        char text[200];
        struct mg_errs errs;
        (void)snprintf(text, sizeof(text), "resource '/a' { " NONE " }\nplugin '%s' { }",
                       names[i]);
        struct mg_policy_set *set = load_text(text, &errs, &options);
        mg_expect_int(names[i], errs.error_count, 0);
        mg_expect_true(names[i], set != NULL);
        mg_policy_set_free(set);
        mg_errs_fini(&errs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_wrong_with_a_use_is_told, set_up_plugins,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_resource_has_its_plugins_in_order, set_up_plugins,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_handler_without_a_use_runs_where_it_handles,
                                        set_up_plugins, tear_down),
        cmocka_unit_test_setup_teardown(plugins_are_part_of_the_revision, set_up_plugins,
                                        tear_down),
        cmocka_unit_test_setup_teardown(uses_in_a_loop_are_the_same_in_each_state,
                                        set_up_plugins, tear_down),
        cmocka_unit_test(the_bundled_plugins_can_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
