/* base_rule.c - what the functions of a resource start from: the declared rule as a spec, into
 * which their results are put, and its two compiled forms. Also which functions there are.
 */
#include "policy/check.h"
#include "policy/kept.h"

enum {
    /* Hooks that may give allow { credentials = true }. */
    ALLOWING_HOOKS =
        1U << MG_FUNCTION_PREFLIGHT | 1U << MG_FUNCTION_SIMPLE | 1U << MG_FUNCTION_PREFLIGHTED
};

const char *mg_function_name(enum mg_function function)
{
    static const char *const names[] = {
        [MG_FUNCTION_ORIGINS] = "origins",         [MG_FUNCTION_METHODS] = "methods",
        [MG_FUNCTION_HEADERS] = "headers",         [MG_FUNCTION_CLASSIFY] = "classify",
        [MG_FUNCTION_PREFLIGHT] = "preflight",     [MG_FUNCTION_SIMPLE] = "simple",
        [MG_FUNCTION_PREFLIGHTED] = "preflighted",
    };
    return names[function];
}

const struct mg_function_decl *mg_decl_function(const struct mg_resource_decl *decl,
                                                enum mg_function function)
{
    if (function == MG_FUNCTION_ORIGINS) {
        return &decl->cors.origins.function;
    }
    if (function == MG_FUNCTION_METHODS) {
        return &decl->cors.methods.function;
    }
    if (function == MG_FUNCTION_HEADERS) {
        return &decl->cors.headers.function;
    }
    return &decl->hooks[function];
}

unsigned mg_decl_functions(const struct mg_resource_decl *decl)
{
    unsigned functions = 0;
    for (int i = 0; i < MG_FUNCTION_COUNT; i++) {
        functions |= (mg_decl_function(decl, (enum mg_function)i)->slot != 0 ? 1U : 0U) << i;
    }
    return functions;
}

/* Copy a list of names to the set's arena. */
static bool keep_names(struct mg_name_list *list, struct mg_arena *arena)
{
    struct mg_str *kept = mg_arena_calloc(arena, list->count + 1, sizeof(*kept));
    for (size_t i = 0; kept != NULL && i < list->count; i++) {
        kept[i] = mg_arena_dup(arena, list->items[i]);
    }
    list->items = kept;
    return kept != NULL;
}

/* Find what would be wrong with the declared origins if a hook gave allow { credentials = true
 * }: a hook's answer is no time to look at a million of them. */
static bool judge_credentials(struct mg_loader *loader, const struct mg_spot *spot,
                              const struct mg_cors_decl *cors, struct mg_base_rule *base)
{
    struct mg_cors_decl with_credentials = *cors;
    struct mg_errs errs;
    struct mg_spot at = *spot;
    bool is_fine = true;
    with_credentials.credentials = true;
    mg_errs_init(&errs);
    at.errs = &errs;
    (void)mg_check_given_origins(loader, &at, &with_credentials, NULL);
    if (errs.count > 0) {
        struct mg_err *fault = mg_arena_alloc(loader->arena, sizeof(*fault));
        is_fine = fault != NULL;
        if (is_fine) {
            *fault = errs.items[0];
            base->credentials_fault = fault;
        }
    } else if (errs.error_count > 0) {
        is_fine = false; /* there was no memory to say it */
    }
    mg_errs_fini(&errs);
    return is_fine || mg_report_out_of_memory(loader);
}

static bool compile_forms(struct mg_loader *loader, struct mg_resource *resource,
                          struct mg_base_rule *base)
{
    struct mg_rule_spec closed = base->spec;
    closed.origins = base->no_origins;
    base->rule =
        resource->rule != NULL ? resource->rule : mg_rule_compile(&closed, loader->arena);
    base->unchecked = base->rule != NULL && mg_rule_is_public(base->rule)
                          ? mg_rule_compile(&closed, loader->arena)
                          : base->rule;
    return base->unchecked != NULL || mg_report_out_of_memory(loader);
}

bool mg_base_rule_build(struct mg_loader *loader, const struct mg_spot *spot,
                        const struct mg_resource_decl *decl, const struct mg_rule_spec *spec,
                        struct mg_resource *resource)
{
    resource->functions = mg_decl_functions(decl);
    if (resource->functions == 0) {
        return true;
    }
    struct mg_base_rule *base = mg_arena_calloc(loader->arena, 1, sizeof(*base));
    if (base == NULL) {
        return mg_report_out_of_memory(loader);
    }
    base->position = loader->function_count++;
    base->where = mg_arena_printf(loader->arena, "%s ", mg_loader_spot(loader, decl).where).ptr;
    base->insecure = decl->cors.insecure;
    base->reflects = decl->cors.reflects;
    base->spec = *spec;
    if (loader->no_origins == NULL) {
        loader->no_origins = mg_origin_set_build(NULL, 0, loader->arena, NULL, NULL);
    }
    base->no_origins = loader->no_origins;
    if (base->where == NULL || base->no_origins == NULL ||
        !keep_names(&base->spec.methods, loader->arena) ||
        !keep_names(&base->spec.headers, loader->arena) ||
        !keep_names(&base->spec.expose, loader->arena)) {
        return mg_report_out_of_memory(loader);
    }
    if (base->spec.origins == NULL) {
        base->spec.origins = base->no_origins;
    }
    resource->base = base;
    bool may_get_credentials =
        (resource->functions & ALLOWING_HOOKS) != 0 && !decl->cors.credentials;
    return compile_forms(loader, resource, base) &&
           (!may_get_credentials || judge_credentials(loader, spot, &decl->cors, base));
}
