/* check_names.c - methods and header names of resources and rules.
 *
 * All four lists go through `check_list`, which does what they share ("*", form, doubles) and
 * asks the list's own function about each name.
 */
#include "cors/safelist.h"
#include "http/method.h"
#include "policy/check.h"

/* One list while it is checked. */
struct name_check {
    struct mg_loader *loader;
    const struct mg_spot *spot; /* of the list */
    const struct mg_list_decl *decl;
    const char *invalid_code; /* of a name that is no token */
    const char *duplicate_code;
    bool ignores_case;
    bool takes_any; /* "*" is allowed in the list */
    struct mg_name_list supported;
    /* Report what is wrong with a token. Returns: whether it can stay. */
    bool (*judge)(struct name_check *check, struct mg_str name);
    size_t place; /* of the name that is judged */
    struct mg_spot at;
    char quoted[80];
};

/* The spot of the name that is judged. Made only for a fault: most names have none. */
static const struct mg_spot *here(struct name_check *check)
{
    check->at = mg_check_spot(check->spot, check->place);
    return &check->at;
}

static const char *quote(struct name_check *check, struct mg_str name)
{
    return mg_quote(check->quoted, sizeof(check->quoted), name);
}

static bool is_same(const struct name_check *check, struct mg_str a, struct mg_str b)
{
    return check->ignores_case ? mg_str_equal_nocase(a, b) : mg_str_equal(a, b);
}

static bool contains(const struct name_check *check, const struct mg_str *names, size_t count,
                     struct mg_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (is_same(check, names[i], name)) {
            return true;
        }
    }
    return false;
}

static bool is_in(struct mg_name_list list, struct mg_str name)
{
    for (size_t i = 0; i < list.count; i++) {
        if (mg_str_equal(list.items[i], name)) {
            return true;
        }
    }
    return false;
}

/* Whether `name` is one of `count` names, without case. */
static bool is_one_of(struct mg_str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (mg_str_equal_nocase(name, mg_str_from(names[i]))) {
            return true;
        }
    }
    return false;
}

struct mg_spot mg_check_spot(const struct mg_spot *list, size_t place)
{
    return place == 0 ? *list : mg_spot_in(list, "[%zu]", place);
}

static struct mg_names check_list(struct name_check *check)
{
    const struct mg_list_decl *decl = check->decl;
    struct mg_names names = {.has_any = false};
    struct mg_str *kept =
        mg_arena_calloc(&check->loader->scratch, decl->count + 1, sizeof(*kept));
    if (kept == NULL) {
        (void)mg_report_out_of_memory(check->loader);
        return names;
    }
    size_t count = 0;
    for (size_t i = 0; i < decl->count; i++) {
        struct mg_str name = decl->items[i];
        check->place = decl->places[i];
        if (check->takes_any && mg_str_equal(name, MG_STR("*"))) {
            names.has_any = true;
        } else if (!mg_str_is_token(name) || mg_str_equal(name, MG_STR("*"))) {
            mg_fault(here(check), MG_ERROR, check->invalid_code, "one name an element",
                     "%s is no name", quote(check, name));
        } else if (name.len > MG_POLICY_MAX_NAME_BYTES) {
            mg_fault(here(check), MG_ERROR, check->invalid_code, "a shorter name",
                     "%s is longer than %d bytes", quote(check, name),
                     (int)MG_POLICY_MAX_NAME_BYTES);
        } else if (contains(check, kept, count, name)) {
            mg_fault(here(check), MG_WARNING, check->duplicate_code, "leave it out",
                     "%s is listed before", quote(check, name));
        } else if (check->judge(check, name)) {
            kept[count++] = name;
        }
    }
    names.list = (struct mg_name_list){kept, count};
    return names;
}

/* ---- methods ---- */

/* Report what holds for methods of resources and of rules. Returns: whether it can stay. */
static bool judge_method(struct name_check *check, struct mg_str name)
{
    char hint[80];
    if (mg_method_is_forbidden(name)) {
        mg_fault(here(check), MG_ERROR, "method-forbidden", "leave it out",
                 "%s is forbidden to scripts and refused by this server", quote(check, name));
        return false;
    }
    struct mg_str normal = mg_method_normalize(name);
    if (!mg_str_equal(normal, name)) {
        MG_ERR_SET(hint, "\"%.*s\"", MG_STR_ARG(normal));
        mg_fault(here(check), MG_WARNING, "method-normalized", hint,
                 "browsers send %.*s for %s, and methods are compared with their case",
                 MG_STR_ARG(normal), quote(check, name));
        return true;
    }
    if (mg_str_equal_nocase(name, MG_STR("PATCH")) && !mg_str_equal(name, MG_STR("PATCH"))) {
        mg_fault(here(check), MG_WARNING, "method-lower-case", "\"PATCH\"",
                 "%s is not PATCH: methods are compared with their case, and browsers send "
                 "this one as the script wrote it",
                 quote(check, name));
    }
    return true;
}

struct mg_name_list mg_check_resource_methods(struct mg_loader *loader,
                                              const struct mg_spot *spot,
                                              const struct mg_list_decl *decl)
{
    static const struct mg_str defaults[] = {{"GET", 3}, {"HEAD", 4},  {"POST", 4},
                                             {"PUT", 3}, {"PATCH", 5}, {"DELETE", 6}};
    struct mg_name_list all = {defaults, sizeof(defaults) / sizeof(defaults[0])};
    if (decl->kind != MG_LIST_ITEMS) {
        return all;
    }
    struct mg_spot list = mg_spot_in(spot, " methods");
    if (decl->count == 0) {
        mg_fault(&list, MG_ERROR, "methods-missing", "methods = { \"GET\" }",
                 "a resource without methods answers nothing");
        return all;
    }
    struct name_check check = {.loader = loader,
                               .spot = &list,
                               .decl = decl,
                               .invalid_code = "method-invalid",
                               .duplicate_code = "method-duplicate",
                               .judge = judge_method};
    struct mg_name_list names = check_list(&check).list;
    struct mg_str *kept = mg_arena_calloc(loader->arena, names.count, sizeof(*kept));
    for (size_t i = 0; kept != NULL && i < names.count; i++) {
        kept[i] = mg_arena_dup(loader->arena, names.items[i]);
    }
    return (struct mg_name_list){kept, kept == NULL ? 0 : names.count};
}

static bool judge_rule_method(struct name_check *check, struct mg_str name)
{
    if (!judge_method(check, name)) {
        return false;
    }
    bool is_implied =
        mg_str_equal(name, MG_STR("HEAD")) && is_in(check->supported, MG_STR("GET"));
    if (mg_str_equal(name, MG_STR("OPTIONS"))) {
        mg_fault(here(check), MG_NOTE, "method-options", "leave it out unless scripts do that",
                 "preflights need no listing; this allows fetch(…, { method: \"OPTIONS\" })");
    } else if (!is_in(check->supported, name) && !is_implied) {
        mg_fault(here(check), MG_WARNING, "method-unsupported",
                 "add it to the resource's methods", "the resource has no method %.*s",
                 MG_STR_ARG(name));
    }
    return true;
}

/* Tell of GET and POST where the resource has them and the rule leaves them out: browsers send
 * such requests without asking, so the list does not keep them away. */
static void judge_unlisted(const struct mg_spot *list, struct mg_name_list listed,
                           struct mg_name_list supported)
{
    static const struct mg_str safelisted[] = {{"GET", 3}, {"POST", 4}};
    for (size_t i = 0; i < sizeof(safelisted) / sizeof(safelisted[0]); i++) {
        if (is_in(supported, safelisted[i]) && !is_in(listed, safelisted[i])) {
            mg_fault(list, MG_NOTE, "method-safelisted", "list it, to say what happens",
                     "does not list %.*s, which is allowed all the same: browsers send it "
                     "without a preflight",
                     MG_STR_ARG(safelisted[i]));
        }
    }
}

struct mg_names mg_check_methods(struct mg_loader *loader, const struct mg_spot *spot,
                                 const struct mg_cors_decl *cors, struct mg_name_list supported)
{
    struct mg_spot list = mg_spot_field(spot, ".", "methods");
    struct name_check check = {.loader = loader,
                               .spot = &list,
                               .decl = &cors->methods,
                               .invalid_code = "method-invalid",
                               .duplicate_code = "method-duplicate",
                               .takes_any = true,
                               .supported = supported,
                               .judge = judge_rule_method};
    struct mg_names names = check_list(&check);
    if (names.has_any && cors->credentials) {
        mg_fault(
            &list, MG_NOTE, "resolve-method", NULL,
            "\"*\" is no wildcard with credentials: answers name the resource's methods and "
            "the one asked for");
    }
    bool has_only_faults = names.list.count == 0 && cors->methods.count > 0;
    if (cors->methods.kind == MG_LIST_ITEMS && !names.has_any && !has_only_faults) {
        judge_unlisted(&list, names.list, supported);
    }
    return names;
}

/* ---- request headers ---- */

static bool judge_header(struct name_check *check, struct mg_str name)
{
    static const char *const of_responses[] = {"Access-Control-Allow-Credentials",
                                               "Access-Control-Allow-Headers",
                                               "Access-Control-Allow-Methods",
                                               "Access-Control-Allow-Origin",
                                               "Access-Control-Expose-Headers",
                                               "Access-Control-Max-Age",
                                               "Timing-Allow-Origin"};
    static const char *const safelisted[] = {"Accept", "Accept-Language", "Content-Language"};
    if (is_one_of(name, of_responses, sizeof(of_responses) / sizeof(of_responses[0]))) {
        mg_fault(here(check), MG_ERROR, "header-response-only", "leave it out",
                 "%s is a field of responses; scripts have no reason to send it",
                 quote(check, name));
        return false;
    }
    if (mg_header_is_forbidden(name, (struct mg_str){"", 0})) {
        mg_fault(here(check), MG_ERROR, "header-forbidden", "leave it out",
                 "scripts cannot set %s: only the browser does, and needs no permission",
                 quote(check, name));
        return false;
    }
    if (is_one_of(name, safelisted, sizeof(safelisted) / sizeof(safelisted[0]))) {
        mg_fault(here(check), MG_NOTE, "header-safelisted-name",
                 "keep it only for values that are long or unusual",
                 "%s needs no permission as a rule", quote(check, name));
    }
    return true;
}

struct mg_names mg_check_headers(struct mg_loader *loader, const struct mg_spot *spot,
                                 const struct mg_cors_decl *cors)
{
    struct mg_spot list = mg_spot_field(spot, ".", "headers");
    struct name_check check = {.loader = loader,
                               .spot = &list,
                               .decl = &cors->headers,
                               .invalid_code = "header-invalid",
                               .duplicate_code = "header-duplicate",
                               .ignores_case = true,
                               .takes_any = true,
                               .judge = judge_header};
    struct mg_names names = check_list(&check);
    if (names.has_any && cors->credentials) {
        mg_fault(&list, MG_NOTE, "resolve-headers", NULL,
                 "\"*\" is no wildcard with credentials: answers repeat the names asked for");
    }
    return names;
}

/* ---- exposed headers ---- */

static bool judge_exposed(struct name_check *check, struct mg_str name)
{
    static const char *const of_requests[] = {"Access-Control-Request-Headers",
                                              "Access-Control-Request-Method",
                                              "Cookie",
                                              "Host",
                                              "Origin",
                                              "Referer",
                                              "User-Agent"};
    if (mg_response_header_is_forbidden(name)) {
        mg_fault(here(check), MG_ERROR, "expose-forbidden", "leave it out",
                 "scripts can never read %s", quote(check, name));
        return false;
    }
    if (is_one_of(name, of_requests, sizeof(of_requests) / sizeof(of_requests[0]))) {
        mg_fault(here(check), MG_ERROR, "expose-request-only", "leave it out",
                 "%s is a field of requests", quote(check, name));
        return false;
    }
    if (mg_response_header_is_safelisted(name)) {
        mg_fault(here(check), MG_NOTE, "expose-safelisted", "leave it out",
                 "scripts may read %s without it", quote(check, name));
    }
    return true;
}

struct mg_names mg_check_expose(struct mg_loader *loader, const struct mg_spot *spot,
                                const struct mg_cors_decl *cors)
{
    struct mg_spot list = mg_spot_field(spot, ".", "expose");
    struct name_check check = {.loader = loader,
                               .spot = &list,
                               .decl = &cors->expose,
                               .invalid_code = "expose-invalid",
                               .duplicate_code = "expose-duplicate",
                               .ignores_case = true,
                               .takes_any = true,
                               .judge = judge_exposed};
    struct mg_names names = check_list(&check);
    if (names.has_any && cors->credentials) {
        mg_fault(&list, MG_ERROR, "expose-wildcard-credentials", "list the names",
                 "\"*\" is a header's literal name with credentials");
    }
    return names;
}
