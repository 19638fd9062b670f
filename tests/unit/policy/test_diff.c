/* test_diff.c - comparisons of sets, row by row: two policies, and the sentences that say what
 * is different.
 */
#include <sys/stat.h>

#include "core/alloc.h"
#include "files.h"
#include "policy/diff.h"

enum {
    TEXT_BYTES = 16 << 10
};

/* What a comparison comes to: a line a change, "+ …", "- …", "~ …" or "? …". */
static void write_changes(const struct mg_policy_diff *diff, char out[static TEXT_BYTES])
{
    static const char marks[] = {'+', '-', '~', '?'};
    struct mg_buf buf;
    mg_buf_init_fixed(&buf, out, TEXT_BYTES - 1);
    for (size_t i = 0; i < diff->change_count; i++) {
        mg_buf_printf(&buf, "%c ", marks[diff->changes[i].effect]);
        mg_diff_change_write(&diff->changes[i], &buf);
        mg_buf_add_char(&buf, '\n');
    }
    assert_false(buf.overflowed);
    out[buf.len] = '\0';
}

/* Load a policy, with warnings and notes. */
static struct mg_policy_set *load_any(const char *desc, const char *text)
{
    struct mg_errs errs;
    struct mg_policy_set *set = load_text(text, &errs, NULL);
    if (set == NULL) {
        mg_errs_print(&errs, stderr);
    }
    mg_expect_true(desc, set != NULL);
    mg_errs_fini(&errs);
    return set;
}

static struct mg_policy_diff *compare_texts(const char *desc, const char *old_text,
                                            const char *new_text,
                                            const struct mg_policy_diff_options *options)
{
    struct mg_policy_set *old_set = load_any(desc, old_text);
    struct mg_policy_set *new_set = load_any(desc, new_text);
    struct mg_policy_diff *diff = mg_policy_diff_new(old_set, new_set, options);
    mg_policy_set_free(old_set); /* a diff borrows neither */
    mg_policy_set_free(new_set);
    mg_expect_true(desc, diff != NULL);
    return diff;
}

struct row {
    const char *desc;
    const char *old_text;
    const char *new_text;
    const char *changes; /* "" : none */
};

static void expect_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[TEXT_BYTES];
        struct mg_policy_diff *diff =
            compare_texts(rows[i].desc, rows[i].old_text, rows[i].new_text, NULL);
        write_changes(diff, text);
        mg_expect_text(rows[i].desc, text, rows[i].changes);
        bool widens = strchr(rows[i].changes, '+') == rows[i].changes ||
                      strchr(rows[i].changes, '?') == rows[i].changes ||
                      strstr(rows[i].changes, "\n+ ") != NULL ||
                      strstr(rows[i].changes, "\n? ") != NULL;
        mg_expect_int(rows[i].desc, mg_policy_diff_widens(diff), widens);
        mg_expect_int(rows[i].desc, diff->is_incomplete, false);
        mg_policy_diff_free(diff);
    }
}

#define GET_OF(origins) \
    "resource \"/a\" { methods = { \"GET\" }, cors = { origins = " origins " } }"

static void what_has_no_effect_is_no_change(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"origins in another order", GET_OF("{ \"https://a.example\", \"https://b.example\" }"),
         GET_OF("{ \"https://b.example\", \"https://a.example\" }"), ""},
        {"an origin that a wildcard covers",
         GET_OF("{ \"https://*.a.example\", \"https://x.a.example\" }"),
         GET_OF("{ \"https://*.a.example\" }"), ""},
        {"a port that any port covers",
         GET_OF("{ \"http://localhost:*\", \"http://localhost:3000\" }"),
         GET_OF("{ \"http://localhost:*\" }"), ""},
        {"origins beside *", GET_OF("{ \"*\", \"https://a.example\" }"), GET_OF("\"*\""), ""},
        {"all methods of the resource, by a star or by name",
         "resource \"/a\" { methods = { \"GET\", \"PUT\" }, cors = { methods = \"*\","
         " origins = { \"https://a.example\" } } }",
         "resource \"/a\" { methods = { \"PUT\", \"GET\" }, cors = { methods = { \"GET\","
         " \"PUT\" }, origins = { \"https://a.example\" } } }",
         ""},
        {"methods that are the default",
         "resource \"/a\" { cors = { origins = { \"https://a.example\" } } }",
         "resource \"/a\" { methods = { \"GET\", \"HEAD\", \"POST\", \"PUT\", \"PATCH\","
         " \"DELETE\" }, cors = { origins = { \"https://a.example\" } } }",
         ""},
        {"header names in another case and order",
         "resource \"/a\" { cors = { origins = { \"https://a.example\" }, headers = { \"X-A\","
         " \"X-B\" } } }",
         "resource \"/a\" { cors = { origins = { \"https://a.example\" }, headers = { \"x-b\","
         " \"x-a\" } } }",
         ""},
        {"a response header that every page may read",
         "resource \"/a\" { cors = { origins = { \"https://a.example\" } } }",
         "resource \"/a\" { cors = { origins = { \"https://a.example\" }, expose = {"
         " \"Content-Type\" } } }",
         ""},
        {"a subtree in two patterns",
         "resource \"/a/\" { cors = { origins = { \"https://a.example\" } } }",
         "resource \"/a/{$}\" { cors = { origins = { \"https://a.example\" } } }\n"
         "resource \"/a/{rest...}\" { cors = { origins = { \"https://a.example\" } } }",
         ""},
        {"another name for a wildcard",
         "resource \"/a/{x}\" { cors = { origins = { \"https://a.example\" } } }",
         "resource \"/a/{y}\" { cors = { origins = { \"https://a.example\" } } }", ""},
        {"a more specific pattern with the same rule",
         "resource \"/a/{x}\" { cors = { origins = { \"https://a.example\" } } }",
         "resource \"/a/{x}\" { cors = { origins = { \"https://a.example\" } } }\n"
         "resource \"/a/b\" { cors = { origins = { \"https://a.example\" } } }",
         ""},
    };
    expect_rows(rows, MG_COUNT(rows));
}

static void origins_gain_and_lose(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"an origin more", GET_OF("{ \"https://a.example\" }"),
         GET_OF("{ \"https://a.example\", \"https://b.example\" }"),
         "+ https://b.example gains GET, HEAD /a\n"},
        {"with credentials, headers and what may be read",
         "resource \"/orders/{id}\" { methods = { \"PUT\" } }",
         "resource \"/orders/{id}\" { methods = { \"PUT\" }, cors = { credentials = true,"
         " origins = { \"https://*.partner.example\" }, headers = { \"Authorization\","
         " \"X-A\" }, expose = { \"ETag\" } } }",
         "+ https://*.partner.example gains PUT /orders/{id} with credentials, sending the "
         "request headers Authorization and X-A, reading the response header ETag\n"},
        {"a wildcard narrowed to one of its origins", GET_OF("{ \"https://*.a.example\" }"),
         GET_OF("{ \"https://x.a.example\" }"), "- https://*.a.example loses GET, HEAD /a\n"},
        {"one origin widened to all below", GET_OF("{ \"https://x.a.example\" }"),
         GET_OF("{ \"https://*.a.example\" }"), "+ https://*.a.example gains GET, HEAD /a\n"},
        {"the apex is not below itself", GET_OF("{ \"https://a.example\" }"),
         GET_OF("{ \"https://*.a.example\" }"),
         "+ https://*.a.example gains GET, HEAD /a\n- https://a.example loses GET, HEAD /a\n"},
        {"another scheme is another origin", GET_OF("{ \"https://a.example\" }"),
         GET_OF("{ \"http://a.example\" }"),
         "+ http://a.example gains GET, HEAD /a\n- https://a.example loses GET, HEAD /a\n"},
        {"any port", GET_OF("{ \"http://localhost:3000\" }"),
         GET_OF("{ \"http://localhost:*\" }"), "+ http://localhost:* gains GET, HEAD /a\n"},
        {"null", GET_OF("{ \"https://a.example\" }"),
         GET_OF("{ \"https://a.example\", \"null\" }"), "+ null gains GET, HEAD /a\n"},
        {"everyone, who was nobody", "resource \"/a\" { methods = { \"GET\" } }",
         GET_OF("\"*\""), "+ every origin gains GET, HEAD /a\n"},
        {"everyone else", GET_OF("{ \"https://a.example\" }"), GET_OF("\"*\""),
         "+ every other origin gains GET, HEAD /a\n"},
        {"everyone but some lose", GET_OF("\"*\""), GET_OF("{ \"https://a.example\" }"),
         "- every other origin loses GET, HEAD /a\n"},
        {"many origins are counted", GET_OF("{ \"https://a.example\" }"),
         GET_OF("{ \"https://a.example\", \"https://b.example\", \"https://c.example\","
                "\"https://d.example\", \"https://e.example\", \"https://f.example\","
                "\"https://g.example\" }"),
         "+ https://b.example, https://c.example, https://d.example, https://e.example and 2 "
         "more gain GET, HEAD /a\n"},
        {"a label that the representative would have",
         GET_OF("{ \"https://any.a.example\", \"https://any1.a.example\" }"),
         GET_OF("{ \"https://*.a.example\" }"), "+ https://*.a.example gains GET, HEAD /a\n"},
        {"a port that the representative would have",
         GET_OF("{ \"http://localhost:65535\", \"http://localhost:65534\" }"),
         GET_OF("{ \"http://localhost:*\" }"), "+ http://localhost:* gains GET, HEAD /a\n"},
    };
    expect_rows(rows, MG_COUNT(rows));
}

#define RULE_OF(fields)                                                                  \
    "resource \"/a\" { methods = { \"GET\", \"PUT\", \"DELETE\" }, cors = { origins = {" \
    " \"https://a.example\" }, " fields " } }"

static void rules_give_and_take(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"methods", RULE_OF("methods = { \"GET\", \"PUT\" }"),
         RULE_OF("methods = { \"GET\", \"DELETE\" }"),
         "+ https://a.example gains DELETE /a\n- https://a.example loses PUT /a\n"},
        {"methods with credentials", RULE_OF("methods = { \"GET\" }, credentials = true"),
         RULE_OF("methods = { \"PUT\" }, credentials = true"),
         "+ https://a.example gains PUT /a with credentials\n"},
        {"request headers", RULE_OF("headers = { \"X-A\" }"), RULE_OF("headers = { \"X-B\" }"),
         "+ https://a.example gains the request header X-B to /a\n"
         "- https://a.example loses the request header X-A to /a\n"},
        {"every request header is not Authorization",
         RULE_OF("headers = { \"Authorization\" }"), RULE_OF("headers = \"*\""),
         "+ https://a.example gains all request headers but Authorization to /a\n"
         "- https://a.example loses the request header Authorization to /a\n"},
        {"a name that stands for all others is listed", RULE_OF("headers = { \"x-other\" }"),
         RULE_OF("headers = \"*\""),
         "+ https://a.example gains all request headers but Authorization to /a\n"},
        {"response headers", RULE_OF("expose = { \"ETag\" }"), RULE_OF("expose = \"*\""),
         "+ https://a.example gains all response headers of /a\n"},
        {"credentials", RULE_OF("credentials = false"), RULE_OF("credentials = true"),
         "+ https://a.example gains credentials to /a\n"},
        {"credentials no more", RULE_OF("credentials = true"), RULE_OF("credentials = false"),
         "- https://a.example loses credentials to /a\n"},
        {"timing", RULE_OF("timing = false"), RULE_OF("timing = true"),
         "+ https://a.example gains timing of /a\n"},
        {"how long preflights may be cached", RULE_OF("max_age = 60"), RULE_OF("max_age = 600"),
         "~ preflights of /a may be cached for 600 s, before for 60 s\n"},
        {"what is not allowed reaches the handler again", RULE_OF("on_denied = \"reject\""),
         RULE_OF("on_denied = \"withhold\""),
         "+ /a lets requests that it does not allow reach its handler, which were refused\n"},
        {"what is not allowed is refused", RULE_OF("timing = false"),
         RULE_OF("on_denied = \"reject\""),
         "- /a refuses requests that it does not allow, which reached its handler\n"},
        {"the status of preflights", RULE_OF("status = 204"), RULE_OF("status = 200"),
         "~ /a answers preflights with 200, before with 204\n"},
        {"a method that only pages of its own may use",
         "resource \"/a\" { methods = { \"GET\" } }",
         "resource \"/a\" { methods = { \"GET\", \"PUT\" } }",
         "~ /a supports GET, HEAD, PUT, OPTIONS, before GET, HEAD, OPTIONS\n"},
        {"the handler", "resource \"/a\" { handler = \"none\" }",
         "resource \"/a\" { handler = \"echo\" }",
         "~ /a is answered by echo, before by none\n"},
        {"a handler where there was none, for those who may ask", GET_OF("\"*\""),
         "resource \"/a\" { methods = { \"GET\" }, cors = { origins = \"*\" },"
         " handler = \"echo\" }",
         "+ /a is answered by echo, before by none\n"},
        {"plain OPTIONS", RULE_OF("timing = false"),
         "resource \"/a\" { options = \"forward\", methods = { \"GET\", \"PUT\", \"DELETE\" },"
         " cors = { origins = { \"https://a.example\" } } }",
         "~ /a leaves plain OPTIONS to its handler\n"},
    };
    expect_rows(rows, MG_COUNT(rows));
}

static void routing_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a resource is new", GET_OF("{ \"https://a.example\" }"),
         GET_OF("{ \"https://a.example\" }") "\nresource \"/b\" { methods = { \"GET\" }, cors ="
                                             " { origins = { \"https://b.example\" } } }",
         "+ https://b.example gains GET, HEAD /b\n"},
        {"a resource is new, for pages of its own", GET_OF("{ \"https://a.example\" }"),
         GET_OF("{ \"https://a.example\" }") "\nresource \"/b\" { }",
         "~ /b is new, and no page of another origin may use it\n"},
        {"a resource is gone", "resource \"/a\" { }\nresource \"/b\" { }",
         "resource \"/a\" { }", "- /b is gone\n"},
        {"a more specific pattern takes paths",
         "resource \"/o/{id}\" { methods = { \"GET\" }, cors = { origins = {"
         " \"https://a.example\" } } }",
         "resource \"/o/{id}\" { methods = { \"GET\" }, cors = { origins = {"
         " \"https://a.example\" } } }\nresource \"/o/export\" { methods = { \"GET\" } }",
         "- https://a.example loses GET, HEAD /o/export (/o/export was answered by /o/{id})\n"},
        {"the paths of a pattern that is gone go to a wider one",
         "resource \"/o/{id}\" { methods = { \"GET\" }, cors = { origins = \"*\" } }\n"
         "resource \"/o/secret\" { methods = { \"GET\" } }",
         "resource \"/o/{id}\" { methods = { \"GET\" }, cors = { origins = \"*\" } }",
         "+ every origin gains GET, HEAD /o/{id} (/o/secret was answered by /o/secret)\n"},
        {"two patterns that cross, one in each set",
         "resource \"/a/{x}\" { methods = { \"GET\" } }",
         "resource \"/{x}/b\" { methods = { \"GET\" }, cors = { origins = \"*\" } }",
         "- /a/{x} is gone\n"
         "+ every origin gains GET, HEAD /{x}/b\n"
         "+ every origin gains GET, HEAD /{x}/b (/a/b was answered by /a/{x})\n"},
        {"a host of its own", "resource \"/a\" { methods = { \"GET\" } }",
         "resource \"/a\" { methods = { \"GET\" } }\nresource \"h.example/\" { methods = {"
         " \"GET\" }, cors = { origins = \"*\" } }",
         "+ every origin gains GET, HEAD h.example/\n"
         "+ every origin gains GET, HEAD h.example/ (h.example/a was answered by /a)\n"},
        {"a default for what nothing else answers", "resource \"/a\" { methods = { \"GET\" } }",
         "resource \"/a\" { methods = { \"GET\" } }\n"
         "default { methods = { \"GET\" }, cors = { origins = \"*\" } }",
         "+ every origin gains GET, HEAD /{rest...}\n"},
        {"a subtree that only paths with an empty segment are left to",
         "resource \"/a/\" { methods = { \"GET\" } }\nresource \"/a/{$}\" { }\n"
         "resource \"/a/{x}\" { }\nresource \"/a/{x}/\" { }",
         "resource \"/a/\" { methods = { \"GET\" }, cors = { origins = \"*\" } }\n"
         "resource \"/a/{$}\" { }\nresource \"/a/{x}\" { }\nresource \"/a/{x}/\" { }",
         "+ every origin gains GET, HEAD /a/\n"},
        {"a subtree that no path is left to",
         "resource \"/a/\" { }\nresource \"/a/{$}\" { }\nresource \"/a/{x}\" { }\n"
         "resource \"/a/{x}/\" { }\nresource \"/a//\" { }",
         "resource \"/a/\" { cors = { origins = \"*\" } }\nresource \"/a/{$}\" { }\n"
         "resource \"/a/{x}\" { }\nresource \"/a/{x}/\" { }\nresource \"/a//\" { }",
         ""},
        {"paths with an encoded slash",
         "resource \"/a/{x}\" { methods = { \"GET\" }, cors = { origins = \"*\" } }",
         "resource \"/a/{x}\" { encoded_slash = true, methods = { \"GET\" }, cors = { origins ="
         " \"*\" } }",
         "+ /a/{x} takes paths with %2F, which were refused\n"},
    };
    expect_rows(rows, MG_COUNT(rows));
}

#define FUNCTION_OF(origin, more)                  \
    "local tenants = { a = { \"" origin "\" } }\n" \
    "resource \"/t/{tenant}\" { cors = { " more    \
    " origins = function(req) return tenants[req.params.tenant] or {} end } }"

static void functions_cannot_be_compared(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"the same text", FUNCTION_OF("https://a.example", ""),
         FUNCTION_OF("https://a.example", ""), ""},
        {"a variable that the function reads", FUNCTION_OF("https://a.example", ""),
         FUNCTION_OF("https://b.example", ""),
         "? /t/{tenant} decides by function (origins), which has changed: cannot be "
         "compared\n"},
        {"a function where the rule decided", GET_OF("{ \"https://a.example\" }"),
         "resource \"/a\" { methods = { \"GET\" }, cors = { origins = { \"https://a.example\" }"
         " }, simple = function(req) return nil end }",
         "? /a decides by function (simple): cannot be compared\n"},
        {"the rule where a function decided",
         "resource \"/a\" { methods = { \"GET\" }, cors = { origins = { \"https://a.example\" }"
         " }, simple = function(req) return deny(\"no\") end }",
         GET_OF("{ \"https://a.example\" }"),
         "? /a decides no more by function (simple): cannot be compared\n"},
        {"cors = false", GET_OF("\"*\""),
         "resource \"/a\" { methods = { \"GET\" }, cors = false }",
         "- every origin loses GET, HEAD /a\n"
         "? /a leaves CORS to the handler, before to the policy: cannot be compared\n"},
        {"cors = false, and another answer",
         "resource \"/a\" { cors = false, handler = respond { status = 200, body = \"a\" } }",
         "resource \"/a\" { cors = false, handler = respond { status = 200, body = \"b\" } }",
         "~ /a is answered by respond, which has changed\n"
         "? /a leaves CORS to the handler, before to the handler: cannot be compared\n"},
    };
    expect_rows(rows, MG_COUNT(rows));
}

/* ---- files ---- */

static struct mg_policy_diff *compare_files(const char *old_name, const char *new_name)
{
    char old_path[512];
    char new_path[512];
    char plugins[512];
    const char *plugin_dirs[] = {plugins};
    const struct mg_policy_options options = {.plugin_dirs = plugin_dirs,
                                              .plugin_dir_count = 1};
    struct mg_errs errs;
    (void)snprintf(old_path, sizeof(old_path), "%s", path_of(old_name));
    (void)snprintf(new_path, sizeof(new_path), "%s", path_of(new_name));
    (void)snprintf(plugins, sizeof(plugins), "%s", path_of("plugins"));
    const char *paths[] = {old_path, new_path};
    struct mg_policy_set *sets[2];
    for (size_t i = 0; i < 2; i++) {
        sets[i] = load_paths(&paths[i], 1, &options, &errs);
        mg_errs_print(&errs, stderr);
        assert_non_null(sets[i]);
        mg_errs_fini(&errs);
    }
    struct mg_policy_diff *diff = mg_policy_diff_new(sets[0], sets[1], NULL);
    assert_non_null(diff);
    mg_policy_set_free(sets[0]);
    mg_policy_set_free(sets[1]);
    return diff;
}

static void expect_files(const char *desc, const char *old_name, const char *new_name,
                         const char *changes)
{
    char text[TEXT_BYTES];
    struct mg_policy_diff *diff = compare_files(old_name, new_name);
    write_changes(diff, text);
    mg_expect_text(desc, text, changes);
    mg_policy_diff_free(diff);
}

static void make_dir(const char *name)
{
    assert_int_equal(mkdir(path_of(name), 0700), 0);
}

static void a_function_is_the_files_it_may_read(void **state)
{
    (void)state;
    static const char POLICY[] =
        "local shared = include \"_shared.lua\"\n"
        "resource \"/t\" { cors = { origins = function(req) return shared.list end } }";
    make_dir("one");
    make_dir("two");
    write_file("one/a.lua", POLICY);
    write_file("one/_shared.lua", "return { list = { \"https://a.example\" } }");
    write_file("two/renamed.lua", POLICY);
    write_file("two/_shared.lua", "return { list = { \"https://a.example\" } }");
    write_file("two/other.lua", "resource \"/other\" { }");
    expect_files("another policy is nothing to it, nor is the file's name", "one", "two",
                 "~ /other is new, and no page of another origin may use it\n");
    write_file("two/_shared.lua", "return { list = { \"https://b.example\" } }");
    expect_files("what it includes is", "one", "two",
                 "~ /other is new, and no page of another origin may use it\n"
                 "? /t decides by function (origins), which has changed: cannot be compared\n");
}

static void plugins_are_compared_by_content(void **state)
{
    (void)state;
    static const char PLUGIN[] = "return { name = \"guard\", version = \"1\", api = 1,\n"
                                 "  config = { level = { type = \"integer\", default = 1 } },\n"
                                 "  decision = function(req, d) end }";
    make_dir("plugins");
    make_dir("plugins/guard");
    write_file("plugins/guard/plugin.lua", PLUGIN);
    write_file("none.lua", "resource \"/a\" { }");
    write_file("one.lua", "resource \"/a\" { }\nplugin \"guard\" { level = 1 }");
    write_file("moved.lua", "\n\nresource \"/a\" { }\n\nplugin \"guard\" { level = 1 }");
    write_file("two.lua", "resource \"/a\" { }\nplugin \"guard\" { level = 2 }");
    expect_files("the same, elsewhere", "one.lua", "moved.lua", "");
    expect_files("another configuration", "one.lua", "two.lua",
                 "? /a has the plugins guard, before guard, which have changed: cannot be "
                 "compared\n");
    expect_files("one more can only narrow", "none.lua", "one.lua",
                 "- /a has the plugins guard, before none: those that are new may refuse what "
                 "was allowed\n");
    expect_files("one less may widen", "one.lua", "none.lua",
                 "? /a has the plugins none, before guard: cannot be compared\n");
}

/* ---- bounds ---- */

static void what_is_beyond_a_bound_is_counted(void **state)
{
    (void)state;
    static const struct mg_policy_diff_options two = {.max_changes = 2};
    static const char NONE[] = "for i = 1, 9 do resource(\"/r\" .. i) { } end";
    static const char SOME[] =
        "for i = 1, 9 do resource(\"/r\" .. i) { cors = i == 9 and { origins = \"*\" } or nil,"
        " methods = i < 9 and { \"GET\" } or nil } end";
    struct mg_policy_diff *diff = compare_texts("bounded", NONE, SOME, &two);
    mg_expect_int("all are counted", diff->total, 9);
    mg_expect_int("two are kept", diff->change_count, 2);
    mg_expect_int("that which widens is among them", diff->changes[1].effect, MG_DIFF_GAINS);
    mg_expect_int("nothing is missing but sentences", diff->is_incomplete, false);
    mg_policy_diff_free(diff);
}

static void a_walk_that_is_cut_short_counts_as_widening(void **state)
{
    (void)state;
    static const struct mg_policy_diff_options few = {.max_steps = 3};
    char text[TEXT_BYTES];
    struct mg_policy_diff *diff = compare_texts(
        "cut", "for i = 1, 9 do resource(\"/r\" .. i) { } end",
        "for i = 1, 9 do resource(\"/r\" .. i) { methods = { \"GET\" } } end", &few);
    mg_expect_int("incomplete", diff->is_incomplete, true);
    mg_expect_int("widens", mg_policy_diff_widens(diff), true);
    write_changes(diff, text);
    mg_expect_true("it is told", strstr(text, "? the patterns of both sets meet") != NULL);
    mg_policy_diff_free(diff);
}

static void the_summary_is_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *old_text;
        const char *new_text;
        const char *want;
    } rows[] = {
        {"nothing", GET_OF("\"*\""), GET_OF("\"*\""), "no difference"},
        {"one", GET_OF("{ \"https://a.example\" }"),
         GET_OF("{ \"https://a.example\", \"https://b.example\" }"),
         "1 change, 1 widening: https://b.example gains GET, HEAD /a"},
        {"what widens comes first", RULE_OF("max_age = 60"),
         RULE_OF("max_age = 600, credentials = true"),
         "2 changes, 1 widening: https://a.example gains credentials to /a …"},
        {"what is sure to widen before what may", GET_OF("{ \"https://a.example\" }"),
         "resource \"/b\" { classify = function(req) end }\n" GET_OF("\"*\""),
         "2 changes, 1 widening, 1 that cannot be compared: every other origin gains GET, HEAD "
         "/a …"},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char summary[MG_DIFF_SUMMARY_BYTES];
        struct mg_policy_diff *diff =
            compare_texts(rows[i].desc, rows[i].old_text, rows[i].new_text, NULL);
        mg_policy_diff_summary(diff, summary, sizeof(summary));
        mg_expect_text(rows[i].desc, summary, rows[i].want);
        mg_policy_diff_free(diff);
    }
}

/* Every allocation fails once: a comparison is whole, or there is none. */
static void a_comparison_without_memory_is_none(void **state)
{
    (void)state;
    if (!mg_alloc_fail_at(0)) {
        skip();
    }
    struct mg_policy_set *old_set = load_any("old", RULE_OF("max_age = 60"));
    struct mg_policy_set *new_set = load_any("new", RULE_OF("credentials = true"));
    bool is_whole = false;
    long failed = 0;
    for (long n = 1; !is_whole && n < 1000; n++) {
        (void)mg_alloc_fail_at(n);
        struct mg_policy_diff *diff = mg_policy_diff_new(old_set, new_set, NULL);
        (void)mg_alloc_fail_at(0);
        is_whole = diff != NULL;
        failed += !is_whole;
        if (is_whole) {
            mg_expect_int("both changes are there", diff->total, 2);
        }
        mg_policy_diff_free(diff);
    }
    mg_expect_true("some allocation failed", failed > 0);
    mg_expect_true("then there was memory", is_whole);
    mg_policy_set_free(old_set);
    mg_policy_set_free(new_set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_no_effect_is_no_change),
        cmocka_unit_test(origins_gain_and_lose),
        cmocka_unit_test(rules_give_and_take),
        cmocka_unit_test(routing_counts),
        cmocka_unit_test(functions_cannot_be_compared),
        cmocka_unit_test_setup_teardown(a_function_is_the_files_it_may_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plugins_are_compared_by_content, set_up, tear_down),
        cmocka_unit_test(what_is_beyond_a_bound_is_counted),
        cmocka_unit_test(a_walk_that_is_cut_short_counts_as_widening),
        cmocka_unit_test(the_summary_is_one_line),
        cmocka_unit_test(a_comparison_without_memory_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
