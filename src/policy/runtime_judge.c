/* runtime_judge.c - judge what functions gave for the exchange at hand: origins against the
 * request's own, names by themselves. What is known from before (known.h) is only looked up.
 */
#include "policy/runtime_layout.h"
#include "script/seal.h"

struct mg_reader mg_runtime_begin_reading(lua_State *L, struct mg_runtime *runtime,
                                          const char *what, bool is_quiet)
{
    const struct mg_resource *resource = runtime->deciding->resource;
    mg_errs_fini(&runtime->errs);
    struct mg_reader reader = {.L = L,
                               .loader = &runtime->judge,
                               .spot = {.errs = &runtime->errs,
                                        .least = MG_ERROR,
                                        .is_quiet = is_quiet,
                                        .file = resource->file,
                                        .line = resource->line},
                               .max_origins = MG_POLICY_MAX_GIVEN_ORIGINS,
                               .steps_per_item = MG_GIVEN_ITEM_STEPS,
                               .known = &runtime->known};
    reader.spot = mg_spot_field(&reader.spot, resource->base->where, what);
    return reader;
}

void mg_runtime_raise_faults(lua_State *L, struct mg_runtime *runtime)
{
    struct mg_errs *errs = &runtime->errs;
    if (errs->error_count == 0) {
        return;
    }
    if (errs->count == 0) {
        mg_read_need(L, NULL);
        return;
    }
    mg_fault_sort(errs, 0);
    const struct mg_err *first = &errs->items[0];
    (void)mg_script_raise(L, first->code, first->hint, "%s: %s", first->where, first->message);
}

/* Whether the running function can know the origin: by itself, from one that ran before it, by
 * way of req.ctx or of a variable that both have, or from Referer, which begins with it. */
static bool has_seen_origin(struct mg_runtime *runtime)
{
    const struct mg_deciding *deciding = runtime->deciding;
    const struct mg_request *request = deciding->request;
    bool can_be_told = request->ctx != 0 || mg_seal_watches(mg_script_lua(runtime->script));
    bool has_referer = false;
    for (unsigned i = 0; i < request->read_count && i < MG_REQUEST_MAX_READS; i++) {
        has_referer = has_referer || mg_str_equal_nocase(request->reads[i], MG_STR("Referer"));
    }
    return request->has_read_origin || (deciding->had_read_origin && can_be_told) ||
           has_referer || request->read_count > MG_REQUEST_MAX_READS;
}

/* Make the set of a kept list that is without fault. */
static void keep_origins(struct mg_runtime *runtime, const struct mg_spot *spot,
                         const struct mg_cors_decl *cors, const struct mg_known_key *key)
{
    struct mg_arena_mark mark = mg_arena_snapshot(&runtime->arena);
    const struct mg_origin_set *set =
        runtime->known.count < MG_KNOWN_MAX_ENTRIES
            ? mg_check_given_set(&runtime->judge, spot, cors, &runtime->arena)
            : NULL;
    if (set == NULL) {
        mg_arena_rewind(&runtime->arena, mark);
        return;
    }
    mg_known_add(&runtime->known,
                 &(const struct mg_known_entry){.key = *key, .as.origins = set});
}

enum mg_given_origin mg_runtime_judge_origins(struct mg_runtime *runtime,
                                              const struct mg_spot *spot,
                                              const struct mg_cors_decl *cors)
{
    const struct mg_deciding *deciding = runtime->deciding;
    const struct mg_known_key key = {.what = cors->origins.items,
                                     .position = deciding->resource->base->position,
                                     .kind = MG_KNOWN_ORIGINS,
                                     .credentials = cors->credentials};
    const struct mg_known_entry *known =
        cors->origins.is_kept ? mg_known_find(&runtime->known, &key) : NULL;
    if (known != NULL) {
        bool is_in = deciding->has_origin &&
                     mg_origin_set_contains(known->as.origins, &deciding->origin);
        return is_in ? MG_GIVEN_ALLOWED : MG_GIVEN_DENIED;
    }
    /* A list that was there before the request cannot be an echo of it; one that was made by a
     * function that has seen the origin can. */
    bool may_reflect = cors->credentials && !cors->origins.is_frozen &&
                       has_seen_origin(runtime) && !deciding->resource->base->reflects;
    bool is_matched = mg_check_given_origins(&runtime->judge, spot, cors,
                                             deciding->has_origin ? &deciding->origin : NULL);
    if (may_reflect && is_matched) {
        struct mg_spot at = mg_spot_field(spot, ".", "origins");
        mg_fault(
            &at, MG_ERROR, "origin-reflected",
            "reflect = true, or a list that is made when the policy loads",
            "gives back the request's own Origin, or a pattern made of it, with credentials");
    }
    if (cors->origins.is_kept && runtime->errs.error_count == 0) {
        keep_origins(runtime, spot, cors, &key);
    }
    return is_matched ? MG_GIVEN_ALLOWED : MG_GIVEN_DENIED;
}

struct mg_names mg_runtime_judge_names(struct mg_runtime *runtime, const struct mg_spot *spot,
                                       const struct mg_cors_decl *cors, enum mg_known_kind kind)
{
    const struct mg_resource *resource = runtime->deciding->resource;
    const struct mg_list_decl *list = kind == MG_KNOWN_METHODS   ? &cors->methods
                                      : kind == MG_KNOWN_HEADERS ? &cors->headers
                                                                 : &cors->expose;
    const struct mg_known_key key = {.what = list->items,
                                     .position = resource->base->position,
                                     .kind = kind,
                                     .credentials = cors->credentials};
    const struct mg_known_entry *known =
        list->is_kept ? mg_known_find(&runtime->known, &key) : NULL;
    if (known != NULL) {
        return known->as.names;
    }
    struct mg_names names =
        kind == MG_KNOWN_METHODS
            ? mg_check_methods(&runtime->judge, spot, cors, resource->methods)
        : kind == MG_KNOWN_HEADERS ? mg_check_headers(&runtime->judge, spot, cors)
                                   : mg_check_expose(&runtime->judge, spot, cors);
    if (names.list.count == 0) {
        names.list.items = NULL;
        names.is_kept = true;
    } else if (list->is_kept && runtime->errs.error_count == 0) {
        mg_known_keep_names(&runtime->known, &key, &names);
    }
    return names;
}
