/* compile.c - from decls to a set: resources, their rules, the router, the upstreams.
 *
 * Everything is judged even where something else is wrong already, so that one run tells all.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/buf.h"
#include "policy/check.h"
#include "policy/kept.h"
#include "policy/plugin_use.h"
#include "policy/router.h"
#include "script/nearest.h"

enum {
    MAX_CONFLICTS = 100,    /* told of */
    MAX_PATTERN_SHOWN = 48, /* bytes of a pattern in `where`; the field has to fit behind */
    MAX_AGE_CHROMIUM = 7200,
    MAX_AGE_FIREFOX = 86400,
    MAX_AGE_SAFARI = 600,
};

bool mg_report_out_of_memory(struct mg_loader *loader)
{
    mg_errs_fail(loader->errs, "out-of-memory", NULL, "out of memory while loading policies");
    return false;
}

struct mg_spot mg_loader_spot(struct mg_loader *loader, const struct mg_resource_decl *decl)
{
    struct mg_spot spot = {.errs = loader->errs, .file = decl->file, .line = decl->line};
    mg_err_set(spot.where, MAX_PATTERN_SHOWN, "%.*s", MG_STR_ARG(decl->pattern));
    return spot;
}

/* ---- rules ---- */

static void judge_max_age(const struct mg_spot *spot, long long max_age)
{
    struct mg_spot at = mg_spot_in(spot, ".max_age");
    if (max_age > MAX_AGE_FIREFOX) {
        mg_fault(&at, MG_WARNING, "max-age-cap", "7200, which Chromium honours",
                 "no browser caches preflights for more than 86400 s");
    } else if (max_age > MAX_AGE_CHROMIUM) {
        mg_fault(&at, MG_WARNING, "max-age-cap", "7200",
                 "Chromium caches preflights for at most 7200 s, Safari for 600");
    } else if (max_age > MAX_AGE_SAFARI) {
        mg_fault(&at, MG_NOTE, "max-age-cap", "600, if all should do the same",
                 "Safari caches preflights for at most 600 s");
    }
}

static void judge_on_denied(const struct mg_loader *loader, const struct mg_spot *spot,
                            const struct mg_cors_decl *cors, const struct mg_rule *rule)
{
    struct mg_spot at = mg_spot_in(spot, ".on_denied");
    if (cors->on_denied != MG_ON_DENIED_REJECT) {
        return;
    }
    if (mg_rule_is_public(rule)) {
        mg_fault(&at, MG_NOTE, "reject-nothing", "leave it out",
                 "every origin is allowed, so none is rejected");
    } else if (!loader->options.has_public_origin) {
        mg_fault(
            &at, MG_WARNING, "reject-public-origin", "--public-origin https://api.example.com",
            "without a public origin, old browsers' same-origin requests that carry Origin "
            "are rejected too");
    }
}

/* Judge the cors of a resource; `spot` is its. Returns: false when memory is out. */
static bool judge_cors(struct mg_loader *loader, const struct mg_spot *spot,
                       const struct mg_cors_decl *cors, const struct mg_resource *resource,
                       struct mg_rule_spec *spec)
{
    struct mg_names methods = mg_check_methods(loader, spot, cors, resource->methods);
    struct mg_names headers = mg_check_headers(loader, spot, cors);
    struct mg_names expose = mg_check_expose(loader, spot, cors);
    *spec = (struct mg_rule_spec){
        .origins = mg_check_origins(loader, spot, cors),
        .resource_methods = resource->methods,
        .methods = methods.list,
        .has_methods =
            cors->methods.kind == MG_LIST_ITEMS || cors->methods.kind == MG_LIST_FUNCTION,
        .any_method = methods.has_any,
        .headers = headers.list,
        .any_header = headers.has_any,
        .expose = expose.list,
        .expose_any = expose.has_any,
        .credentials = cors->credentials,
        .max_age = cors->max_age,
        .preflight_status = cors->status,
        .on_denied = cors->on_denied,
        .timing = cors->timing,
    };
    return spec->origins != NULL;
}

/* Compile the cors of a resource, or what its hooks start from where it has none. Returns:
 * false when memory is out. */
static bool compile_cors(struct mg_loader *loader, const struct mg_spot *spot,
                         const struct mg_resource_decl *decl, struct mg_resource *resource)
{
    struct mg_spot at = mg_spot_in(spot, " cors");
    struct mg_rule_spec spec = {.resource_methods = resource->methods,
                                .max_age = MG_MAX_AGE_ABSENT,
                                .preflight_status = decl->cors.status};
    if (decl->cors_mode == MG_CORS_RULE) {
        if (!judge_cors(loader, &at, &decl->cors, resource, &spec)) {
            return false;
        }
        resource->rule = mg_rule_compile(&spec, loader->arena);
        if (resource->rule == NULL) {
            return mg_report_out_of_memory(loader);
        }
        judge_max_age(&at, decl->cors.max_age);
        judge_on_denied(loader, &at, &decl->cors, resource->rule);
    }
    return mg_base_rule_build(loader, &at, decl, &spec, resource);
}

/* ---- methods ---- */

static bool has_name(struct mg_name_list list, struct mg_str name)
{
    for (size_t i = 0; i < list.count; i++) {
        if (mg_str_equal(list.items[i], name)) {
            return true;
        }
    }
    return false;
}

/* Write the value of Allow: `methods` in order, HEAD behind GET, OPTIONS last. */
static struct mg_str write_allow(struct mg_name_list methods, struct mg_arena *arena)
{
    struct mg_buf out;
    mg_buf_init(&out, SIZE_MAX / 2);
    for (size_t i = 0; i < methods.count; i++) {
        mg_buf_add(&out, i > 0 ? MG_STR(", ") : MG_STR(""));
        mg_buf_add(&out, methods.items[i]);
        if (mg_str_equal(methods.items[i], MG_STR("GET")) &&
            !has_name(methods, MG_STR("HEAD"))) {
            mg_buf_add(&out, MG_STR(", HEAD"));
        }
    }
    if (!has_name(methods, MG_STR("OPTIONS"))) {
        mg_buf_add(&out, methods.count > 0 ? MG_STR(", OPTIONS") : MG_STR("OPTIONS"));
    }
    struct mg_str allow = mg_arena_dup(arena, mg_buf_str(&out));
    mg_buf_fini(&out);
    return allow;
}

static void set_methods(struct mg_resource *resource, struct mg_name_list methods,
                        struct mg_arena *arena)
{
    resource->methods = methods;
    for (size_t i = 0; i < methods.count; i++) {
        enum mg_method method = mg_method_from(methods.items[i]);
        resource->method_bits |= 1U << method;
        resource->has_other_methods = resource->has_other_methods || method == MG_METHOD_OTHER;
    }
    resource->method_bits &= ~(1U << MG_METHOD_OTHER);
    if ((resource->method_bits & 1U << MG_METHOD_GET) != 0) {
        resource->method_bits |= 1U << MG_METHOD_HEAD;
    }
    resource->allow = write_allow(methods, arena);
}

/* ---- upstreams and handlers ---- */

static const struct mg_upstream *find_upstream(const struct mg_policy_set *set,
                                               struct mg_str name)
{
    for (size_t i = 0; i < set->upstream_count; i++) {
        if (mg_str_equal(set->upstreams[i].name, name)) {
            return &set->upstreams[i];
        }
    }
    return NULL;
}

static bool has_upstream(const struct mg_loader *loader, const struct mg_policy_set *set,
                         struct mg_str name)
{
    bool is_default = mg_str_equal(name, MG_STR("default"));
    return (is_default && loader->options.has_upstream) || find_upstream(set, name) != NULL;
}

static void judge_upstream(struct mg_loader *loader, const struct mg_policy_set *set,
                           const struct mg_spot *spot, struct mg_str name)
{
    struct mg_spot at = mg_spot_in(spot, " handler");
    struct mg_nearest nearest = mg_nearest_begin(name);
    char hint[128] = "--upstream URL, or upstream \"default\" { \"http://…\" }";
    if (has_upstream(loader, set, name)) {
        return;
    }
    for (size_t i = 0; i < set->upstream_count; i++) {
        mg_nearest_offer(&nearest, set->upstreams[i].name);
    }
    if (nearest.best.len > 0) {
        MG_ERR_SET(hint, "did you mean \"%.*s\"?", MG_STR_ARG(nearest.best));
    } else if (!mg_str_equal(name, MG_STR("default"))) {
        MG_ERR_SET(hint, "declare upstream \"NAME\" { \"http://…\" }");
    }
    char quoted[80];
    mg_fault(&at, MG_ERROR, "upstream-unknown", hint, "there is no upstream %s",
             mg_quote(quoted, sizeof(quoted), name));
}

static void set_handler(struct mg_loader *loader, const struct mg_policy_set *set,
                        const struct mg_spot *spot, const struct mg_resource_decl *decl,
                        struct mg_resource *resource)
{
    resource->handler = decl->handler;
    resource->has_handler = decl->has_handler;
    if (!decl->has_handler && has_upstream(loader, set, MG_STR("default"))) {
        resource->handler.kind = MG_HANDLER_PROXY;
        resource->handler.name = MG_STR("default");
    }
    if (resource->handler.kind == MG_HANDLER_PROXY) {
        judge_upstream(loader, set, spot, resource->handler.name);
    }
}

static int compare_upstreams(const void *left, const void *right)
{
    const struct mg_upstream *a = left;
    const struct mg_upstream *b = right;
    int order = mg_str_compare(a->name, b->name);
    order = order != 0 ? order : strcmp(a->file, b->file);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static bool compile_upstreams(struct mg_loader *loader, struct mg_policy_set *set)
{
    struct mg_upstream *upstreams =
        mg_arena_calloc(loader->arena, loader->upstream_count + 1, sizeof(*upstreams));
    if (upstreams == NULL) {
        return mg_report_out_of_memory(loader);
    }
    size_t count = 0;
    for (struct mg_upstream_decl *decl = loader->upstreams; decl != NULL; decl = decl->older) {
        upstreams[count++] = decl->upstream;
        struct mg_spot spot = {
            .errs = loader->errs, .file = decl->upstream.file, .line = decl->upstream.line};
        spot = mg_spot_in(&spot, "upstream %.*s", MG_STR_ARG(decl->upstream.name));
        if (!decl->is_complete && !decl->is_abandoned) {
            mg_fault(&spot, MG_ERROR, "declaration-incomplete",
                     "upstream \"NAME\" { \"http://10.0.0.1:8080\" }",
                     "has no { … } behind it");
        }
    }
    qsort(upstreams, count, sizeof(*upstreams), compare_upstreams);
    for (size_t i = 1; i < count; i++) {
        if (mg_str_equal(upstreams[i].name, upstreams[i - 1].name)) {
            struct mg_spot spot = {
                .errs = loader->errs, .file = upstreams[i].file, .line = upstreams[i].line};
            spot = mg_spot_in(&spot, "upstream %.*s", MG_STR_ARG(upstreams[i].name));
            mg_fault(&spot, MG_ERROR, "upstream-duplicate",
                     "one upstream may have many servers", "is declared at %s:%d too",
                     upstreams[i - 1].file, upstreams[i - 1].line);
        }
    }
    set->upstreams = upstreams;
    set->upstream_count = count;
    return true;
}

/* ---- patterns ---- */

static void report_pattern(const struct mg_spot *spot, struct mg_err *fault)
{
    MG_ERR_SET(fault->file, "%s", spot->file);
    fault->line = spot->line;
    MG_ERR_SET(fault->where, "%s", spot->where);
    mg_fault_clean(fault);
    mg_errs_add(spot->errs, fault);
}

/* Parse the resource's pattern and add it to the router. Returns: false when memory is out. */
static bool route(struct mg_loader *loader, const struct mg_spot *spot,
                  const struct mg_resource *resource, struct mg_router_builder *builder)
{
    struct mg_route_pattern *pattern = mg_arena_alloc(loader->arena, sizeof(*pattern));
    struct mg_err fault = {0};
    if (pattern == NULL) {
        return mg_report_out_of_memory(loader);
    }
    if (!mg_route_pattern_parse(resource->pattern, loader->arena, pattern, &fault)) {
        report_pattern(spot, &fault);
        return true;
    }
    if (mg_route_pattern_is_doubtful(pattern, &fault)) {
        report_pattern(spot, &fault);
    }
    if (pattern->encoded_slash && !resource->encoded_slash) {
        mg_fault(spot, MG_WARNING, "pattern-encoded-slash", "encoded_slash = true",
                 "no request matches: a path with %%2F is refused");
    }
    return mg_router_builder_add(builder, pattern, resource) || mg_report_out_of_memory(loader);
}

struct conflicts {
    struct mg_loader *loader;
    size_t count;
};

/* mg_router_conflict_fn */
static bool report_conflict(void *context, const struct mg_router_conflict *conflict)
{
    struct conflicts *conflicts = context;
    struct mg_err fault = {0};
    mg_router_conflict_describe(conflict, &fault);
    mg_fault_clean(&fault);
    mg_errs_add(conflicts->loader->errs, &fault);
    return ++conflicts->count < MAX_CONFLICTS;
}

/* ---- resources ---- */

static int compare_decls(const void *left, const void *right)
{
    const struct mg_resource_decl *a = *(struct mg_resource_decl *const *)left;
    const struct mg_resource_decl *b = *(struct mg_resource_decl *const *)right;
    int order = strcmp(a->file, b->file);
    order = order != 0 ? order : (a->line > b->line) - (a->line < b->line);
    return order != 0 ? order : mg_str_compare(a->pattern, b->pattern);
}

struct mg_resource_decl **mg_loader_order(struct mg_loader *loader)
{
    struct mg_resource_decl **decls = mg_arena_calloc(
        &loader->scratch, loader->resource_count + 1, sizeof(struct mg_resource_decl *));
    if (decls == NULL) {
        return NULL;
    }
    size_t count = 0;
    for (struct mg_resource_decl *decl = loader->resources; decl != NULL; decl = decl->older) {
        decls[count++] = decl;
    }
    qsort(decls, count, sizeof(struct mg_resource_decl *), compare_decls);
    return decls;
}

/* Hooks of a resource that the engine stays out of would never run. */
static void judge_unused_hooks(const struct mg_spot *spot, const struct mg_resource_decl *decl)
{
    for (int i = MG_FUNCTION_CLASSIFY; i < MG_FUNCTION_COUNT; i++) {
        if (decl->hooks[i].slot != 0) {
            struct mg_spot at = mg_spot_in(spot, " %s", mg_function_name((enum mg_function)i));
            mg_fault(&at, MG_ERROR, "hook-unused", "leave cors out, or the hook",
                     "never runs: with cors = false the engine decides nothing");
        }
    }
}

static bool compile_resource(struct mg_loader *loader, const struct mg_policy_set *set,
                             const struct mg_resource_decl *decl, struct mg_resource *resource)
{
    struct mg_spot spot = mg_loader_spot(loader, decl);
    *resource = (struct mg_resource){.pattern = decl->pattern,
                                     .file = decl->file,
                                     .line = decl->line,
                                     .cors_mode = decl->cors_mode,
                                     .forwards_options = decl->forwards_options,
                                     .encoded_slash = decl->encoded_slash};
    if (!decl->is_complete) {
        if (!decl->is_abandoned) {
            mg_fault(&spot, MG_ERROR, "declaration-incomplete", "resource \"/path\" { … }",
                     "has no { … } behind it");
        }
        return true;
    }
    set_methods(resource, mg_check_resource_methods(loader, &spot, &decl->methods),
                loader->arena);
    set_handler(loader, set, &spot, decl, resource);
    if (decl->cors_mode == MG_CORS_OFF) {
        judge_unused_hooks(&spot, decl);
        return true;
    }
    return compile_cors(loader, &spot, decl, resource);
}

static bool compile_resources(struct mg_loader *loader, struct mg_policy_set *set,
                              struct mg_router_builder *builder)
{
    size_t count = loader->resource_count;
    struct mg_resource_decl **decls = mg_loader_order(loader);
    struct mg_resource *resources =
        mg_arena_calloc(loader->arena, count + 1, sizeof(*resources));
    const struct mg_resource **list =
        mg_arena_calloc(loader->arena, count + 1, sizeof(const struct mg_resource *));
    if (decls == NULL || resources == NULL || list == NULL) {
        return mg_report_out_of_memory(loader);
    }
    for (size_t i = 0; i < count; i++) {
        if (!compile_resource(loader, set, decls[i], &resources[i])) {
            return false;
        }
        struct mg_spot spot = mg_loader_spot(loader, decls[i]);
        if (!route(loader, &spot, &resources[i], builder)) {
            return false;
        }
        resources[i].id = (uint32_t)i;
        list[i] = &resources[i];
        set->has_echo = set->has_echo || resources[i].handler.kind == MG_HANDLER_ECHO;
    }
    set->resources = list;
    set->resource_count = count;
    return mg_kept_build(loader, set, decls) &&
           mg_plugin_uses_assign(loader, set, decls, resources);
}

/* Collect every method that a resource names, once, in order. */
static bool collect_methods(struct mg_loader *loader, struct mg_policy_set *set)
{
    size_t total = 0;
    for (size_t i = 0; i < set->resource_count; i++) {
        total += set->resources[i]->methods.count;
    }
    struct mg_str *scratch = mg_arena_calloc(&loader->scratch, total + 1, sizeof(*scratch));
    if (scratch == NULL) {
        return mg_report_out_of_memory(loader);
    }
    struct mg_name_list all = {scratch, 0};
    for (size_t i = 0; i < set->resource_count; i++) {
        const struct mg_name_list *methods = &set->resources[i]->methods;
        for (size_t j = 0; j < methods->count; j++) {
            if (!has_name(all, methods->items[j])) {
                scratch[all.count++] = methods->items[j];
            }
        }
    }
    struct mg_str *kept = mg_arena_calloc(loader->arena, all.count + 1, sizeof(*kept));
    if (kept == NULL) {
        return mg_report_out_of_memory(loader);
    }
    memcpy(kept, scratch, all.count * sizeof(*kept));
    set->methods = (struct mg_name_list){kept, all.count};
    set->allow = write_allow(set->methods, loader->arena);
    return true;
}

/* Report conflicts, and what kept them from being found. */
static bool check_conflicts(struct mg_loader *loader, const struct mg_router_builder *builder)
{
    struct conflicts conflicts = {loader, 0};
    switch (mg_router_builder_check(builder, report_conflict, &conflicts)) {
    case MG_ROUTER_CHECKED:
        return true;
    case MG_ROUTER_CHECK_NO_MEMORY:
        return mg_report_out_of_memory(loader);
    case MG_ROUTER_CHECK_TOO_VARIED:
        break;
    }
    mg_errs_fail(loader->errs, "patterns-too-varied",
                 "write patterns of one length with their wildcards in the same places",
                 "the %zu patterns have literals and wildcards in too many arrangements to be "
                 "checked for conflicts",
                 builder->count);
    return true;
}

bool mg_compile(struct mg_loader *loader, struct mg_policy_set *set)
{
    struct mg_router_builder builder;
    mg_router_builder_init(&builder);
    bool is_fine = compile_upstreams(loader, set) && compile_resources(loader, set, &builder) &&
                   collect_methods(loader, set);
    is_fine = is_fine && check_conflicts(loader, &builder);
    if (is_fine && loader->errs->error_count == 0) {
        set->router = mg_router_build(&builder, loader->arena);
        is_fine = set->router != NULL || mg_report_out_of_memory(loader);
    }
    mg_router_builder_fini(&builder);
    return is_fine;
}
