/* test_compile.c - faults that show when all policies have run, and what resources come to. */
#include "http/method.h"
#include "load.h"

#define ECHOES       "handler = 'echo' }"
#define RULE(fields) "resource '/a' { handler = 'none', cors = { " fields " } }"

static const struct fault_row rows[] = {
    {"a pattern without a path", "resource 'a' { " ECHOES, "pattern-no-slash", MG_ERROR, 1, "a",
     NULL},
    {"an empty pattern", "\nresource '' { " ECHOES, "pattern-empty", MG_ERROR, 2, "", NULL},
    {"a pattern with a method", "resource 'GET /a' { " ECHOES, "pattern-method", MG_ERROR, 1,
     "GET /a", NULL},
    {"a pattern of another router", "resource '/a/:id' { " ECHOES, "pattern-foreign-wildcard",
     MG_WARNING, 1, "/a/:id", NULL},
    {"a pattern that needs encoded_slash", "resource '/a%2Fb' { " ECHOES,
     "pattern-encoded-slash", MG_WARNING, 1, "/a%2Fb", "encoded_slash = true"},
    {"the same pattern twice", "resource '/a' { " ECHOES "\nresource '/a' { " ECHOES,
     "pattern-duplicate", MG_ERROR, 2, "/a", NULL},
    {"default twice", "default { " ECHOES "\ndefault { " ECHOES, "pattern-duplicate", MG_ERROR,
     2, "/{rest...}", NULL},
    {"patterns of which neither is more specific",
     "resource '/{x}/b' { " ECHOES "\nresource '/a/{y}' { " ECHOES, "pattern-conflict",
     MG_ERROR, 2, "/a/{y}", NULL},
    {"a resource without its table", "resource '/b' { " ECHOES "\nresource '/a'",
     "declaration-incomplete", MG_ERROR, 2, "/a", NULL},
    {"an upstream without its table", "resource '/b' { " ECHOES "\nupstream 'x'",
     "declaration-incomplete", MG_ERROR, 2, "upstream x", NULL},
    {"an upstream twice",
     "resource '/b' { " ECHOES "\nupstream 'x' { 'http://a' }\nupstream 'x' { 'http://b' }",
     "upstream-duplicate", MG_ERROR, 3, "upstream x", NULL},
    {"proxy without an upstream", "resource '/a' { handler = 'proxy' }", "upstream-unknown",
     MG_ERROR, 1, "/a handler", NULL},
    {"proxy with an unknown upstream",
     "upstream 'orders' { 'http://h' }\nresource '/a' { handler = proxy 'order' }",
     "upstream-unknown", MG_ERROR, 2, "/a handler", "did you mean \"orders\"?"},
    {"no browser caches that long", RULE("origins = '*', max_age = 86401"), "max-age-cap",
     MG_WARNING, 1, "/a cors.max_age", NULL},
    {"Chromium does not cache that long", RULE("origins = '*', max_age = 7201"), "max-age-cap",
     MG_WARNING, 1, "/a cors.max_age", NULL},
    {"Safari does not cache that long", RULE("origins = '*', max_age = 601"), "max-age-cap",
     MG_NOTE, 1, "/a cors.max_age", NULL},
    {"reject without a public origin",
     RULE("origins = { 'https://a.example' }, on_denied = 'reject'"), "reject-public-origin",
     MG_WARNING, 1, "/a cors.on_denied", NULL},
    {"reject where all are allowed", RULE("origins = '*', on_denied = 'reject'"),
     "reject-nothing", MG_NOTE, 1, "/a cors.on_denied", NULL},
};

static void faults_of_the_whole_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        expect_fault(&rows[i], NULL);
    }
}

static void a_long_pattern_leaves_room_for_the_field(void **state)
{
    (void)state;
    const struct fault_row row = {
        "long",
        "resource '/a/very/long/pattern/that/has/more/segments/than/anybody/reads' {\n"
        "handler = 'none', cors = { origins = '*', headers = { 'X-A', 'Cookie' } } }",
        "header-forbidden",
        MG_ERROR,
        1,
        "/a/very/long/pattern/that/has/more/segments/... cors.headers[2]",
        NULL};
    expect_fault(&row, NULL);
}

static const struct {
    const char *desc;
    const char *methods;
    const char *allow;
} allows[] = {
    {"the default", "", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
    {"HEAD stands behind GET", "methods = { 'POST', 'GET', 'PUT' }",
     "POST, GET, HEAD, PUT, OPTIONS"},
    {"HEAD stays where it is declared", "methods = { 'HEAD', 'GET' }", "HEAD, GET, OPTIONS"},
    {"no HEAD without GET", "methods = { 'POST' }", "POST, OPTIONS"},
    {"OPTIONS stays where it is declared", "methods = { 'OPTIONS', 'GET' }",
     "OPTIONS, GET, HEAD"},
    {"methods of one's own", "methods = { 'BREW', 'GET' }", "BREW, GET, HEAD, OPTIONS"},
};

static void allow_lists_the_methods(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(allows); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "resource '/a' { handler = 'none', %s }",
                       allows[i].methods);
        struct mg_policy_set *set = load_good(allows[i].desc, text, NULL);
        mg_expect_str(allows[i].desc, set->resources[0]->allow, mg_str_from(allows[i].allow));
        mg_policy_set_free(set);
    }
}

static void methods_are_known_by_resource_and_set(void **state)
{
    (void)state;
    struct mg_policy_set *set =
        load_good("set",
                  "resource '/a' { handler = 'none', methods = { 'GET', 'BREW' } }\n"
                  "resource '/b' { handler = 'none', methods = { 'POST', 'GET' } }\n",
                  NULL);
    const struct mg_resource *a = set->resources[0];
    const struct mg_resource *b = set->resources[1];
    static const struct {
        const char *desc;
        const char *token;
        bool known;
        bool of_a;
        bool of_b;
    } methods[] = {
        {"declared by both", "GET", true, true, true},
        {"implied by GET", "HEAD", true, true, true},
        {"declared by b", "POST", true, false, true},
        {"of the standards only", "DELETE", true, false, false},
        {"PATCH", "PATCH", true, false, false},
        {"declared by a, no standard's", "BREW", true, true, false},
        {"compared with its case", "brew", false, false, false},
        {"nobody's", "QUERY", false, false, false},
        {"OPTIONS is known", "OPTIONS", true, false, false},
        {"never known", "CONNECT", false, false, false},
        {"never known", "TRACE", false, false, false},
        {"the empty token", "", false, false, false},
    };
    for (size_t i = 0; i < MG_COUNT(methods); i++) {
        struct mg_str token = mg_str_from(methods[i].token);
        enum mg_method method = mg_method_from(token);
        mg_expect_int(methods[i].desc, mg_policy_set_knows_method(set, method, token),
                      methods[i].known);
        mg_expect_int(methods[i].desc, mg_resource_has_method(a, method, token),
                      methods[i].of_a);
        mg_expect_int(methods[i].desc, mg_resource_has_method(b, method, token),
                      methods[i].of_b);
    }
    mg_expect_str("OPTIONS *", set->allow, MG_STR("GET, HEAD, BREW, POST, OPTIONS"));
    mg_policy_set_free(set);
}

static void handlers_become_what_they_say(void **state)
{
    (void)state;
    static const char *const names[] = {"mine"};
    const struct mg_policy_options options = {.handlers = names, .handler_count = 1};
    const struct mg_policy_options proxied = {.has_upstream = true};
    static const struct {
        const char *desc;
        const char *text;
        bool has_upstream;
        enum mg_handler_kind kind;
        const char *name;
    } handlers[] = {
        {"nothing said", "default { }", false, MG_HANDLER_NONE, ""},
        {"nothing said, an upstream given", "default { }", true, MG_HANDLER_PROXY, "default"},
        {"nothing said, an upstream declared", "upstream 'default' { 'http://h' } default { }",
         false, MG_HANDLER_PROXY, "default"},
        {"none, an upstream given", "default { handler = 'none' }", true, MG_HANDLER_NONE,
         "none"},
        {"echo", "default { handler = 'echo' }", false, MG_HANDLER_ECHO, "echo"},
        {"proxy", "default { handler = 'proxy' }", true, MG_HANDLER_PROXY, "default"},
        {"proxy by name", "upstream 'x' { 'http://h' } default { handler = proxy 'x' }", false,
         MG_HANDLER_PROXY, "x"},
        {"respond", "default { handler = respond { } }", false, MG_HANDLER_RESPOND, ""},
        {"the program's own", "default { handler = 'mine' }", false, MG_HANDLER_CUSTOM, "mine"},
    };
    for (size_t i = 0; i < MG_COUNT(handlers); i++) {
        struct mg_policy_set *set = load_good(handlers[i].desc, handlers[i].text,
                                              handlers[i].has_upstream ? &proxied : &options);
        const struct mg_handler_spec *spec = &set->resources[0]->handler;
        mg_expect_int(handlers[i].desc, spec->kind, handlers[i].kind);
        mg_expect_str(handlers[i].desc, spec->name, mg_str_from(handlers[i].name));
        mg_expect_int(handlers[i].desc, set->has_echo, spec->kind == MG_HANDLER_ECHO);
        mg_policy_set_free(set);
    }
}

static void resources_come_in_the_order_of_their_lines(void **state)
{
    (void)state;
    const char *text =
        "local t = { b = 1, a = 1, d = 1, c = 1, e = 1 }\n"
        "for name in pairs(t) do resource('/' .. name) { handler = 'none' } end\n"
        "default { handler = 'none', options = 'forward', encoded_slash = true,\n"
        "  cors = false }";
    struct mg_policy_set *set = load_good("loop", text, NULL);
    static const char *const patterns[] = {"/a", "/b", "/c", "/d", "/e", "/{rest...}"};
    mg_expect_int("count", set->resource_count, MG_COUNT(patterns));
    for (size_t i = 0; i < MG_COUNT(patterns); i++) {
        const struct mg_resource *resource = set->resources[i];
        mg_expect_str("order", resource->pattern, mg_str_from(patterns[i]));
        mg_expect_int("id", resource->id, i);
        mg_expect_text("file", resource->file, "p.lua");
        mg_expect_int("line", resource->line, i < 5 ? 2 : 3);
        mg_expect_int("mode", resource->cors_mode, i < 5 ? MG_CORS_SAME_ORIGIN : MG_CORS_OFF);
        mg_expect_int("options", resource->forwards_options, i == 5);
        mg_expect_int("encoded slash", resource->encoded_slash, i == 5);
        mg_expect_true("no rule", resource->rule == NULL);
    }
    mg_policy_set_free(set);
}

static void routes_lead_to_resources(void **state)
{
    (void)state;
    struct mg_policy_set *set =
        load_good("set",
                  "resource '/orders/{id}' { handler = 'none' }\n"
                  "resource 'api.example/orders/{id}' { handler = 'none' }",
                  NULL);
    struct mg_route found;
    mg_policy_set_route(set, MG_STR("other.example"), MG_STR("/orders/7"), &found);
    mg_expect_true("found", found.resource == set->resources[0]);
    mg_expect_int("one parameter", found.param_count, 1);
    mg_expect_str("its name", found.params[0].name, MG_STR("id"));
    mg_expect_str("its value", found.params[0].value, MG_STR("7"));
    mg_policy_set_route(set, MG_STR("API.example"), MG_STR("/orders/7"), &found);
    mg_expect_true("by host", found.resource == set->resources[1]);
    mg_policy_set_route(set, MG_STR("other.example"), MG_STR("/other"), &found);
    mg_expect_true("none", found.resource == NULL);
    mg_policy_set_free(set);
}

static void upstreams_are_kept(void **state)
{
    (void)state;
    struct mg_policy_set *set = load_good(
        "set",
        "upstream 'b' { 'http://10.0.0.1:8080', 'https://[::1]', balance = 'random', "
        "cors = 'keep' }\nupstream 'a' { 'http://h' } default { handler = proxy 'b' }",
        NULL);
    mg_expect_int("count", set->upstream_count, 2);
    mg_expect_str("by name", set->upstreams[0].name, MG_STR("a"));
    mg_expect_int("balance by default", set->upstreams[0].balance, MG_BALANCE_ROUND_ROBIN);
    mg_expect_int("cors by default", set->upstreams[0].keeps_cors, false);
    const struct mg_upstream *b = &set->upstreams[1];
    mg_expect_int("balance", b->balance, MG_BALANCE_RANDOM);
    mg_expect_int("cors", b->keeps_cors, true);
    mg_expect_int("servers", b->server_count, 2);
    mg_expect_str("host", b->servers[0].host, MG_STR("10.0.0.1"));
    mg_expect_int("port", b->servers[0].port, 8080);
    mg_expect_str("literal", b->servers[1].host, MG_STR("[::1]"));
    mg_expect_int("port of https", b->servers[1].port, 443);
    mg_expect_int("tls", b->servers[1].is_tls, true);
    mg_policy_set_free(set);
}

static void patterns_of_too_many_shapes_are_refused(void **state)
{
    static const char text[] =
        "for i = 1, 12000 do\n"
        "  local path = ''\n"
        "  for bit = 0, 13 do\n"
        "    path = path .. ((i >> bit) & 1 == 1 and '/{w' .. bit .. '}'\n"
        "      or '/s' .. bit .. '-' .. i)\n"
        "  end\n"
        "  resource(path) { handler = 'echo' }\n"
        "end\n";
    struct mg_errs errs;
    (void)state;
    struct mg_policy_set *set = load_text(text, &errs, NULL);
    mg_expect_true("there is no set", set == NULL);
    mg_expect_int("one fault", errs.count, 1);
    mg_expect_text("its code", errs.items[0].code, "patterns-too-varied");
    mg_errs_fini(&errs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_of_too_many_shapes_are_refused),
        cmocka_unit_test(faults_of_the_whole_set),
        cmocka_unit_test(a_long_pattern_leaves_room_for_the_field),
        cmocka_unit_test(allow_lists_the_methods),
        cmocka_unit_test(methods_are_known_by_resource_and_set),
        cmocka_unit_test(handlers_become_what_they_say),
        cmocka_unit_test(resources_come_in_the_order_of_their_lines),
        cmocka_unit_test(routes_lead_to_resources),
        cmocka_unit_test(upstreams_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
