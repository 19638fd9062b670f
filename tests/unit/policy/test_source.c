/* test_source.c - which files make a policy set: directories, includes, lists, bounds. */
#include <stdlib.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "cors/decide.h"
#include "files.h"
#include "policy/source.h"

#define NONE "handler = 'none' }\n"

/* Load `root`, and check that it has the one fault. */
static void expect_root_fault(const char *desc, const char *file, int line, const char *code)
{
    struct mg_errs errs;
    struct mg_policy_set *set = load_root(&errs);
    if (errs.count != 1) {
        mg_errs_print(&errs, stderr);
    }
    mg_expect_int(desc, errs.count, 1);
    mg_expect_text(desc, errs.items[0].code, code);
    mg_expect_text(desc, errs.items[0].file, file == NULL ? "" : path_of(file));
    mg_expect_int(desc, errs.items[0].line, line);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

static void directories_give_their_policies_in_byte_order(void **state)
{
    (void)state;
    static const char *const taken[] = {"B.lua", "a.lua", "b.lua", "ä.lua"};
    static const char *const passed_over[] = {"_shared.lua", ".hidden.lua", "a_spec.lua",
                                              "notes.txt", "a.lua.bak"};
    for (size_t i = 0; i < MG_COUNT(taken); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "resource '/%c%zu' { " NONE, 'a', i);
        write_file(taken[i], text);
    }
    for (size_t i = 0; i < MG_COUNT(passed_over); i++) {
        write_file(passed_over[i], "this is no Lua");
    }
    assert_int_equal(mkdir(path_of("sub.lua"), 0700), 0);
    assert_int_equal(mkfifo(path_of("fifo.lua"), 0600), 0);
    struct mg_errs errs;
    struct mg_policy_set *set = load_root(&errs);
    mg_errs_print(&errs, stderr);
    mg_expect_int("no fault", errs.count, 0);
    mg_expect_int("resources", set->resource_count, MG_COUNT(taken));
    for (size_t i = 0; i < MG_COUNT(taken); i++) {
        mg_expect_text("file", set->resources[i]->file, path_of(taken[i]));
    }
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

static void paths_that_give_nothing(void **state)
{
    (void)state;
    expect_root_fault("an empty directory", NULL, 0, "set-empty");
    struct mg_errs errs;
    const char *missing[] = {"/nonexistent/policies"};
    mg_expect_true("a missing path", load_paths(missing, 1, NULL, &errs) == NULL);
    mg_expect_text("a missing path", errs.items[0].code, "path-not-found");
    mg_expect_int("a missing path", errs.count, 1);
    mg_errs_fini(&errs);
    mg_expect_true("no path", load_paths(NULL, 0, NULL, &errs) == NULL);
    mg_expect_text("no path", errs.items[0].code, "set-empty");
    mg_errs_fini(&errs);
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    const char *fifo[] = {path_of("fifo")};
    mg_expect_true("a FIFO", load_paths(fifo, 1, NULL, &errs) == NULL);
    mg_expect_text("a FIFO", errs.items[0].code, "path-not-regular");
    mg_errs_fini(&errs);
}

static void links_that_lead_nowhere(void **state)
{
    (void)state;
    assert_int_equal(symlink("loop.lua", path_of("loop.lua")), 0);
    expect_root_fault("a link to itself", NULL, 0, "path-unreadable");
    assert_int_equal(unlink(path_of("loop.lua")), 0);
    assert_int_equal(symlink("gone", path_of("broken.lua")), 0);
    expect_root_fault("a broken link", NULL, 0, "path-not-found");
}

static void a_file_named_twice_is_loaded_once(void **state)
{
    (void)state;
    write_file("a.lua", "resource '/a' { " NONE);
    char file[600];
    (void)snprintf(file, sizeof(file), "%s", path_of("a.lua"));
    const char *paths[] = {file, root};
    struct mg_errs errs;
    struct mg_policy_set *set = load_paths(paths, 2, NULL, &errs);
    mg_expect_int("one warning", errs.count, 1);
    mg_expect_text("its code", errs.items[0].code, "policy-repeated");
    mg_expect_int("one resource", set->resource_count, 1);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

static void bounds_of_files_and_sets(void **state)
{
    (void)state;
    write_file("a.lua", "resource '/a' { " NONE);
    write_file("b.lua", "resource '/b' { " NONE);
    const char *paths[] = {root};
    static const struct {
        const char *desc;
        struct mg_policy_options options;
        const char *code;
    } bounds[] = {
        {"a file", {.max_file_bytes = 10}, "policy-too-large"},
        {"the set", {.max_set_bytes = 60}, "set-too-large"},
    };
    for (size_t i = 0; i < MG_COUNT(bounds); i++) {
        struct mg_errs errs;
        mg_expect_true(bounds[i].desc, load_paths(paths, 1, &bounds[i].options, &errs) == NULL);
        mg_expect_text(bounds[i].desc, errs.items[0].code, bounds[i].code);
        mg_errs_fini(&errs);
    }
}

static void a_file_of_the_greatest_size_is_read(void **state)
{
    (void)state;
    struct mg_buf text;
    mg_buf_init(&text, 4 << 20);
    mg_buf_add(&text, MG_STR("resource '/a' { " NONE "--"));
    while (text.len < MG_POLICY_MAX_FILE_BYTES) {
        mg_buf_add_char(&text, 'x');
    }
    write_bytes("a.lua", mg_buf_str(&text));
    struct mg_errs errs;
    struct mg_policy_set *set = load_root(&errs);
    mg_expect_int("1 MiB", errs.count, 0);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
    mg_buf_add_char(&text, 'x');
    write_bytes("a.lua", mg_buf_str(&text));
    mg_buf_fini(&text);
    expect_root_fault("one byte more", NULL, 0, "policy-too-large");
}

static void includes_pass_values_on(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("sub"), 0700), 0);
    write_file("_shared.lua", "leaked = 1\nreturn { origins = { 'https://a.example' } }");
    write_file("sub/_deep.lua", "return include '_shared.lua'");
    write_file("_declares.lua", "resource '/from-include' { " NONE);
    write_file("a.lua", "local shared = include '_shared.lua'\n"
                        "assert(shared == include 'sub/_deep.lua')\n"
                        "assert(include '_declares.lua' == true)\n"
                        "assert(not pcall(function() return leaked end))\n"
                        "shared.touched = true\n"
                        "resource '/a' { cors = { origins = shared.origins }, " NONE);
    write_file("b.lua", "assert(include '_shared.lua'.touched == nil)\n"
                        "resource '/b' { " NONE);
    struct mg_errs errs;
    struct mg_policy_set *set = load_root(&errs);
    mg_errs_print(&errs, stderr);
    mg_expect_int("no fault", errs.count, 0);
    mg_expect_int("resources", set->resource_count, 3);
    mg_expect_text("an included resource's file", set->resources[0]->file,
                   path_of("_declares.lua"));
    mg_expect_int("and line", set->resources[0]->line, 1);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

static const struct {
    const char *desc;
    const char *text;
    const char *file;
    int line;
    const char *code;
} bad_includes[] = {
    {"a name that is loaded for itself", "\ninclude 'b.lua'", "a.lua", 2, "path-invalid"},
    {"no Lua file", "include '_list.txt'", "a.lua", 1, "path-invalid"},
    {"an absolute name", "include '/etc/_passwd.lua'", "a.lua", 1, "path-invalid"},
    {"a way up", "include '../_x.lua'", "a.lua", 1, "path-invalid"},
    {"a way up in the middle", "include 'sub/../../_x.lua'", "a.lua", 1, "path-invalid"},
    {"a dot", "include './_x.lua'", "a.lua", 1, "path-invalid"},
    {"an empty segment", "include 'sub//_x.lua'", "a.lua", 1, "path-invalid"},
    {"an empty name", "include ''", "a.lua", 1, "path-invalid"},
    {"a NUL", "include '_x.lua\\0_y.lua'", "a.lua", 1, "path-invalid"},
    {"a long name", "include('_' .. ('x'):rep(300) .. '.lua')", "a.lua", 1, "path-invalid"},
    {"a missing file", "include '_nothing.lua'", "a.lua", 1, "path-not-found"},
    {"a link that leads out", "include '_out.lua'", "a.lua", 1, "path-outside"},
    {"a folder that leads out", "include 'out/_x.lua'", "a.lua", 1, "path-outside"},
    {"a directory", "include '_dir.lua'", "a.lua", 1, "path-not-regular"},
    {"a FIFO", "include '_fifo.lua'", "a.lua", 1, "path-not-regular"},
    {"itself", "include '_self.lua'", "_self.lua", 2, "include-cycle"},
    {"each other", "include '_ping.lua'", "_pong.lua", 1, "include-cycle"},
    {"a file with a syntax error", "include '_syntax.lua'", "_syntax.lua", 2, "policy-syntax"},
    {"a file that raises", "include '_raise.lua'", "_raise.lua", 3, "policy-error"},
    {"a compiled chunk", "include '_code.lua'", "a.lua", 1, "policy-bytecode"},
};

static void includes_stay_in_their_directory(void **state)
{
    (void)state;
    char outside[80];
    (void)snprintf(outside, sizeof(outside), "%s-outside", root);
    assert_int_equal(mkdir(outside, 0700), 0);
    assert_int_equal(mkdir(path_of("sub"), 0700), 0);
    assert_int_equal(mkdir(path_of("_dir.lua"), 0700), 0);
    assert_int_equal(mkfifo(path_of("_fifo.lua"), 0600), 0);
    assert_int_equal(symlink(outside, path_of("out")), 0);
    assert_int_equal(symlink("/etc/passwd", path_of("_out.lua")), 0);
    write_file("out/_x.lua", "return 1");
    write_file("_self.lua", "\ninclude '_self.lua'");
    write_file("_ping.lua", "include '_pong.lua'");
    write_file("_pong.lua", "include '_ping.lua'");
    write_file("_syntax.lua", "\nx = = 1");
    write_file("_raise.lua", "\n\nerror 'no'");
    write_file("_code.lua", "\x1bLua");
    for (size_t i = 0; i < MG_COUNT(bad_includes); i++) {
        write_file("a.lua", bad_includes[i].text);
        expect_root_fault(bad_includes[i].desc, bad_includes[i].file, bad_includes[i].line,
                          bad_includes[i].code);
    }
    remove_tree(outside);
}

/* A Kubernetes ConfigMap: each name is a link into a directory that is itself a link. */
static void links_within_the_directory_are_followed(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("..2026"), 0700), 0);
    write_file("..2026/a.lua", "include '_b.lua'\nresource '/a' { " NONE);
    write_file("..2026/_b.lua", "return 1");
    assert_int_equal(symlink("..2026", path_of("..data")), 0);
    assert_int_equal(symlink("..data/a.lua", path_of("a.lua")), 0);
    assert_int_equal(symlink("..data/_b.lua", path_of("_b.lua")), 0);
    struct mg_errs errs;
    struct mg_policy_set *set = load_root(&errs);
    mg_errs_print(&errs, stderr);
    mg_expect_int("no fault", errs.count, 0);
    mg_expect_int("one resource", set->resource_count, 1);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

/* ---- file "…" ---- */

static void write_list_policy(const char *fields)
{
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "local list = file 'list.txt'\n"
                   "resource '/a' { cors = { origins = list, %s }, " NONE
                   "resource '/b' { cors = { origins = list, %s }, " NONE,
                   fields, fields);
    write_file("a.lua", text);
}

/* Whether both resources of the set allow a GET from `origin`. */
static bool allows(const struct mg_policy_set *set, const char *origin)
{
    bool allowed = true;
    for (size_t i = 0; i < set->resource_count; i++) {
        struct mg_str line = mg_str_from(origin);
        const struct mg_cors_request request = {.method = MG_STR("GET"), .origin = {&line, 1}};
        struct mg_decision decision;
        mg_cors_decide(set->resources[i]->rule, &request, MG_KIND_SIMPLE, &decision);
        allowed = allowed && decision.verdict == MG_VERDICT_ALLOW;
    }
    return allowed;
}

static void lists_are_read_line_by_line(void **state)
{
    (void)state;
    write_list_policy("credentials = true");
    write_file("list.txt", "\xef\xbb\xbf# partners\n"
                           "\n"
                           "https://a.example\r\n"
                           "  https://b.example  # asked for by Ada\n"
                           "\t# nothing\n"
                           "https://*.c.example");
    struct mg_errs errs;
    struct mg_policy_set *set = load_root(&errs);
    mg_errs_print(&errs, stderr);
    mg_expect_int("no fault", errs.count, 0);
    mg_expect_true("the first", allows(set, "https://a.example"));
    mg_expect_true("before a comment", allows(set, "https://b.example"));
    mg_expect_true("the last", allows(set, "https://x.c.example"));
    mg_expect_true("no other", !allows(set, "https://d.example"));
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

static const struct {
    const char *desc;
    const char *list;
    int line;
    const char *code;
    enum mg_severity severity;
} bad_lists[] = {
    {"a fault", "https://a.example\nhttps://b.example/\n", 2, "origin-trailing-slash",
     MG_ERROR},
    {"a star", "https://a.example\n\n*\n", 3, "wildcard-credentials", MG_ERROR},
    {"a double", "https://a.example\n#\nhttps://a.example", 3, "origin-duplicate", MG_WARNING},
    {"nothing", "# none yet\n", 0, "origins-missing", MG_ERROR},
    {"an empty file", "", 0, "origins-missing", MG_ERROR},
    {"a public suffix", "https://*.github.io", 1, "pattern-public-suffix", MG_ERROR},
};

static void faults_in_lists_name_their_line_once(void **state)
{
    (void)state;
    write_list_policy("credentials = true");
    for (size_t i = 0; i < MG_COUNT(bad_lists); i++) {
        write_file("list.txt", bad_lists[i].list);
        struct mg_errs errs;
        struct mg_policy_set *set = load_root(&errs);
        mg_errs_print(&errs, stderr);
        size_t star =
            strcmp(bad_lists[i].desc, "a star") == 0; /* it makes the other redundant */
        mg_expect_int(bad_lists[i].desc, errs.count, 1 + star);
        const struct mg_err *err = &errs.items[star];
        mg_expect_text(bad_lists[i].desc, err->code, bad_lists[i].code);
        mg_expect_text(bad_lists[i].desc, err->file, path_of("list.txt"));
        mg_expect_int(bad_lists[i].desc, err->line, bad_lists[i].line);
        mg_expect_int(bad_lists[i].desc, err->severity, bad_lists[i].severity);
        mg_expect_text(bad_lists[i].desc, err->where, "/a cors.origins");
        mg_policy_set_free(set);
        mg_errs_fini(&errs);
    }
}

static void lists_that_cannot_be_read(void **state)
{
    (void)state;
    write_file("a.lua", "\nresource '/a' { cors = { origins = file 'list.txt' }, " NONE);
    expect_root_fault("a missing list", "a.lua", 2, "path-not-found");
    write_file("a.lua", "\nresource '/a' { cors = { origins = file '/etc/passwd' }, " NONE);
    expect_root_fault("an absolute path", "a.lua", 2, "path-invalid");
    write_file("a.lua", "\nresource '/a' { cors = { origins = file 'list.txt' }, " NONE);
    write_file("list.txt", "https://a.example\n");
    const char *paths[] = {root};
    const struct mg_policy_options options = {.max_list_bytes = 10};
    struct mg_errs errs;
    mg_expect_true("too large", load_paths(paths, 1, &options, &errs) == NULL);
    mg_expect_text("too large", errs.items[0].code, "list-too-large");
    mg_errs_fini(&errs);
}

static void a_long_list_is_read_fast(void **state)
{
    (void)state;
    struct mg_buf text;
    mg_buf_init(&text, 64 << 20);
    for (unsigned i = 0; i < 100000; i++) {
        mg_buf_printf(&text, "https://tenant-%u.example.com\n", i);
    }
    write_bytes("list.txt", mg_buf_str(&text));
    mg_buf_fini(&text);
    write_list_policy("credentials = true");
    struct mg_errs errs;
    struct mg_policy_set *set = load_root(&errs);
    mg_expect_int("no fault", errs.count, 0);
    mg_expect_true("the last", allows(set, "https://tenant-99999.example.com"));
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

/* ---- revision ---- */

static struct mg_str revision_of(const char *const *paths, size_t count, char out[40])
{
    struct mg_errs errs;
    struct mg_policy_set *set = load_paths(paths, count, NULL, &errs);
    mg_errs_print(&errs, stderr);
    assert_non_null(set);
    (void)snprintf(out, 40, "%.*s", MG_STR_ARG(set->revision));
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
    return mg_str_from(out);
}

static void revisions_follow_names_and_bytes(void **state)
{
    (void)state;
    char first[40];
    char again[40];
    char changed[40];
    const char *paths[] = {root};
    write_file("a.lua", "include '_x.lua'\nresource '/a' { " NONE);
    write_file("b.lua", "local t = { p = 1, q = 1, r = 1, s = 1 }\n"
                        "for name in pairs(t) do include('_' .. name .. '.lua') end\n"
                        "resource '/b' { cors = { origins = file 'l.txt' }, " NONE);
    write_file("l.txt", "https://a.example");
    static const char *const included[] = {"_x.lua", "_p.lua", "_q.lua", "_r.lua", "_s.lua"};
    for (size_t i = 0; i < MG_COUNT(included); i++) {
        write_file(included[i], "return 1");
    }
    struct mg_str revision = revision_of(paths, 1, first);
    mg_expect_int("32 digits", revision.len, 32);
    for (int i = 0; i < 10; i++) {
        mg_expect_str("the same each time", revision_of(paths, 1, again), revision);
    }
    char renamed[80];
    (void)snprintf(renamed, sizeof(renamed), "%s-elsewhere", root);
    assert_int_equal(rename(root, renamed), 0);
    const char *moved[] = {renamed};
    mg_expect_str("the same elsewhere", revision_of(moved, 1, again), revision);
    assert_int_equal(rename(renamed, root), 0);
    static const struct {
        const char *desc;
        const char *name;
        const char *text;
    } changes[] = {
        {"a policy", "a.lua", "include '_x.lua' \nresource '/a' { " NONE},
        {"an included file", "_x.lua", "return 2"},
        {"a list", "l.txt", "https://b.example"},
        {"a file more", "c.lua", "resource '/c' { " NONE},
    };
    for (size_t i = 0; i < MG_COUNT(changes); i++) {
        write_file(changes[i].name, changes[i].text);
        struct mg_str now = revision_of(paths, 1, changed);
        mg_expect_true(changes[i].desc, !mg_str_equal(now, mg_str_from(first)));
        (void)snprintf(first, sizeof(first), "%s", changed);
    }
    assert_int_equal(unlink(path_of("_s.lua")), 0); /* so that the loop above was run */
    struct mg_errs errs;
    mg_expect_true("an include is missed", load_root(&errs) == NULL);
    mg_errs_fini(&errs);
    write_file("_s.lua", "return 1");
    char swapped[40];
    write_file("a.lua", "resource '/b' { " NONE);
    write_file("b.lua", "resource '/a' { " NONE);
    (void)revision_of(paths, 1, first);
    write_file("a.lua", "resource '/a' { " NONE);
    write_file("b.lua", "resource '/b' { " NONE);
    mg_expect_true("bytes belong to their names",
                   !mg_str_equal(revision_of(paths, 1, swapped), mg_str_from(first)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(directories_give_their_policies_in_byte_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(paths_that_give_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_that_lead_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_named_twice_is_loaded_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_of_files_and_sets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_the_greatest_size_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(includes_pass_values_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(includes_stay_in_their_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_within_the_directory_are_followed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lists_are_read_line_by_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults_in_lists_name_their_line_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lists_that_cannot_be_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_list_is_read_fast, set_up, tear_down),
        cmocka_unit_test_setup_teardown(revisions_follow_names_and_bytes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
