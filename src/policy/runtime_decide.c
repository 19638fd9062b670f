/* runtime_decide.c - decide an exchange with what its resource's functions say.
 *
 *   classify -> preflight, simple or preflighted -> origins -> mg_cors_decide
 *                                                  -> methods, headers where that asks for them
 *
 * All functions of one exchange run behind one door. What they give is put into the declared
 * rule; C decides by the result, so a function can say whom to allow, and never how the
 * protocol goes. Where only origins are given, which is most of the time, nothing is compiled:
 * the verdict on the one Origin at hand is all that is taken from the list.
 */
#include <assert.h>

#include "cors/reason.h"
#include "policy/runtime_layout.h"
#include "script/value.h"

enum {
    STATUS_FORBIDDEN = 403,
    ALLOW_ALONE = 1U << MG_ALLOW_ORIGINS, /* what needs no rule of its own */
};

static bool has_function(const struct mg_deciding *deciding, enum mg_function function)
{
    return (deciding->resource->functions >> function & 1U) != 0;
}

/* ---- calling ---- */

/* Call a function of the resource with the request; its result is at the top (+1). */
static void call(lua_State *L, struct mg_runtime *runtime, enum mg_function function)
{
    struct mg_deciding *deciding = runtime->deciding;
    deciding->running = function;
    deciding->request->kind = deciding->kind;
    /* What was read is noted once; it is to be noted anew for this function. */
    deciding->had_read_origin = deciding->had_read_origin || deciding->request->has_read_origin;
    deciding->request->has_read_origin = false;
    deciding->request->known_reads &= ~(UINT32_C(1) << MG_FIELD_ORIGIN);
    runtime->verdict_count = 0;
    runtime->counters.calls++;
    if (runtime->totals != NULL) {
        mg_runtime_count(&runtime->totals->calls);
    }
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    mg_script_push_kept(L, runtime->slots[deciding->resource->base->position][function]);
    mg_request_push(L, deciding->request);
    lua_callk(L, 1, 1, 0, NULL); /* -2 +1; below the door of mg_runtime_decide */
}

/* What a function that gives a list gave. */
struct given_list {
    enum mg_given_origin origin;
    struct mg_names names;
};

/* Read and judge the list at the top. Returns: whether it is without fault. */
static bool read_given(lua_State *L, struct mg_runtime *runtime, bool is_quiet,
                       struct given_list *given)
{
    struct mg_deciding *deciding = runtime->deciding;
    struct mg_cors_decl cors = deciding->values;
    struct mg_reader reader = mg_runtime_begin_reading(L, runtime, "cors", is_quiet);
    struct mg_spot rule = reader.spot;
    reader.spot = mg_spot_field(&rule, ".", mg_function_name(deciding->running));
    if (deciding->running == MG_FUNCTION_ORIGINS) {
        mg_read_list(&reader, MG_LIST_OF_ORIGINS, &cors.origins);
    } else {
        bool is_methods = deciding->running == MG_FUNCTION_METHODS;
        mg_read_list(&reader, 0, is_methods ? &cors.methods : &cors.headers);
    }
    if (runtime->errs.error_count > 0) {
        return false;
    }
    if (deciding->running == MG_FUNCTION_ORIGINS) {
        given->origin = mg_runtime_judge_origins(runtime, &rule, &cors);
    } else {
        given->names = mg_runtime_judge_names(
            runtime, &rule, &cors,
            deciding->running == MG_FUNCTION_METHODS ? MG_KNOWN_METHODS : MG_KNOWN_HEADERS);
    }
    return runtime->errs.error_count == 0;
}

/* Call a function that gives a list. */
static struct given_list call_for_list(lua_State *L, struct mg_runtime *runtime,
                                       enum mg_function function)
{
    struct mg_deciding *deciding = runtime->deciding;
    struct given_list given = {.origin = MG_GIVEN_DENIED};
    call(L, runtime, function); /* +1 */
    if (lua_isnil(L, -1)) {
        (void)mg_script_raise(L, "hook-result", "return { } to allow nothing",
                              "%scors.%s: the function gave nil, not a list",
                              deciding->resource->base->where, mg_function_name(function));
    }
    if (!read_given(L, runtime, true, &given)) {
        (void)read_given(L, runtime, false, &given);
        mg_runtime_raise_faults(L, runtime);
    }
    lua_pop(L, 1);
    deciding->has_asked = true;
    deciding->has_loose_names =
        deciding->has_loose_names || (function != MG_FUNCTION_ORIGINS && !given.names.is_kept);
    return given;
}

static void ask_origins(lua_State *L, struct mg_runtime *runtime)
{
    runtime->deciding->cors.given_origin =
        call_for_list(L, runtime, MG_FUNCTION_ORIGINS).origin;
}

static void ask_methods(lua_State *L, struct mg_runtime *runtime)
{
    struct mg_names names = call_for_list(L, runtime, MG_FUNCTION_METHODS).names;
    runtime->deciding->spec.methods = names.list;
    runtime->deciding->spec.any_method = names.has_any;
}

static void ask_headers(lua_State *L, struct mg_runtime *runtime)
{
    struct mg_names names = call_for_list(L, runtime, MG_FUNCTION_HEADERS).names;
    runtime->deciding->spec.headers = names.list;
    runtime->deciding->spec.any_header = names.has_any;
}

/* ---- rules ---- */

/* Compile the spec for this exchange, unless the same was compiled before. */
static void compile(lua_State *L, struct mg_runtime *runtime)
{
    struct mg_deciding *deciding = runtime->deciding;
    struct mg_arena *arena = deciding->request->arena;
    const struct mg_base_rule *base = deciding->resource->base;
    bool is_given = deciding->cors.given_origin != MG_GIVEN_NOTHING;
    deciding->spec.origins = is_given ? base->no_origins : base->spec.origins;
    deciding->rule = deciding->has_loose_names ? mg_rule_compile(&deciding->spec, arena)
                                               : mg_known_rule(&runtime->known, base->position,
                                                               &deciding->spec, arena);
    mg_read_need(L, deciding->rule);
}

/* Put what allow { … } names into the spec and the values. */
static void take_allow(struct mg_deciding *deciding, const struct mg_allowed *allowed,
                       enum mg_given_origin origin)
{
    struct mg_rule_spec *spec = &deciding->spec;
    const struct mg_cors_decl *cors = &allowed->cors;
    deciding->named = allowed->fields;
    deciding->values = *cors;
    deciding->cors.given_origin = origin;
    spec->credentials = cors->credentials;
    spec->max_age = cors->max_age;
    spec->preflight_status = cors->status;
    if ((allowed->fields & 1U << MG_ALLOW_METHODS) != 0) {
        spec->has_methods = true;
        spec->methods = allowed->methods.list;
        spec->any_method = allowed->methods.has_any;
        deciding->has_loose_names = deciding->has_loose_names || !allowed->methods.is_kept;
    }
    if ((allowed->fields & 1U << MG_ALLOW_HEADERS) != 0) {
        spec->headers = allowed->headers.list;
        spec->any_header = allowed->headers.has_any;
        deciding->has_loose_names = deciding->has_loose_names || !allowed->headers.is_kept;
    }
    if ((allowed->fields & 1U << MG_ALLOW_EXPOSE) != 0) {
        spec->expose = allowed->expose.list;
        spec->expose_any = allowed->expose.has_any;
        deciding->has_loose_names = deciding->has_loose_names || !allowed->expose.is_kept;
    }
}

/* ---- the steps ---- */

/* Where the last verdict was made. */
static void note_place(struct mg_deciding *deciding, const char *file, int line)
{
    deciding->at->file = mg_arena_dup(deciding->request->arena, mg_str_from(file)).ptr;
    deciding->at->line = line;
}

/* The kind that `classify` may make of another; stricter is what asks for more proof, or gives
 * less. */
static bool may_become(enum mg_kind from, enum mg_kind *to)
{
    switch (from) {
    case MG_KIND_SAME_ORIGIN:
    case MG_KIND_PREFLIGHTED:
        *to = MG_KIND_SIMPLE;
        return true;
    case MG_KIND_SIMPLE:
        *to = MG_KIND_PREFLIGHTED;
        return true;
    case MG_KIND_PREFLIGHT:
        *to = MG_KIND_OPTIONS;
        return true;
    case MG_KIND_NONE:
    case MG_KIND_OPTIONS:
        break;
    }
    return false;
}

static void classify(lua_State *L, struct mg_runtime *runtime)
{
    struct mg_deciding *deciding = runtime->deciding;
    enum mg_kind other;
    if (!has_function(deciding, MG_FUNCTION_CLASSIFY) || !may_become(deciding->kind, &other)) {
        return;
    }
    call(L, runtime, MG_FUNCTION_CLASSIFY); /* +1 */
    struct mg_str word = {"", 0};
    if (lua_type(L, -1) == LUA_TSTRING) {
        word.ptr = lua_tolstring(L, -1, &word.len);
    }
    if (mg_str_equal(word, mg_str_from(mg_kind_name(other)))) {
        deciding->kind = other;
        deciding->has_asked = true;
    } else if (!lua_isnil(L, -1) &&
               !mg_str_equal(word, mg_str_from(mg_kind_name(deciding->kind)))) {
        char quoted[80];
        char hint[80];
        MG_ERR_SET(hint, "nil, or \"%s\"", mg_kind_name(other));
        (void)mg_script_raise(
            L, "hook-result", hint, "classify gave %s for a request of kind %s",
            lua_type(L, -1) == LUA_TSTRING ? mg_quote(quoted, sizeof(quoted), word)
                                           : mg_seal_type_name(L, -1),
            mg_kind_name(deciding->kind));
    }
    lua_pop(L, 1);
}

/* What a hook's result stands for: a verdict, a constant, or neither. */
struct result {
    const struct mg_hook_verdict *verdict;
    const struct mg_grant *grant;
};

/* The result at the top. */
static struct result take_result(lua_State *L, struct mg_runtime *runtime)
{
    const char *hook = mg_function_name(runtime->deciding->running);
    struct result result = {.grant = NULL};
    if (!lua_isnil(L, -1)) {
        result.grant = mg_value_get(L, -1, mg_value_grant);
        result.verdict = result.grant == NULL ? mg_verdict_get(L, -1, runtime) : NULL;
        if (result.grant == NULL && result.verdict == NULL) {
            (void)mg_script_raise(L, "hook-result", "nil, allow { … } or deny \"reason\"",
                                  "the hook %s gave a %s, or a verdict of another call", hook,
                                  mg_seal_type_name(L, -1));
        }
    }
    bool is_deny = result.verdict != NULL && result.verdict->is_deny;
    bool is_nil = result.verdict == NULL && result.grant == NULL;
    for (unsigned i = 0; i < runtime->verdict_count; i++) {
        if (is_nil || (runtime->verdicts[i].is_deny && !is_deny)) {
            const char *word = runtime->verdicts[i].is_deny ? "deny" : "allow";
            (void)mg_script_raise(L, "verdict-lost", "return deny \"reason\"",
                                  "the hook %s called '%s' at line %d and did not return it",
                                  hook, word, runtime->verdicts[i].line);
        }
    }
    return result;
}

/* Run the hook of the kind. Returns: false when it denied. */
static bool run_hook(lua_State *L, struct mg_runtime *runtime)
{
    static const enum mg_function hooks[] = {
        [MG_KIND_SIMPLE] = MG_FUNCTION_SIMPLE,
        [MG_KIND_PREFLIGHTED] = MG_FUNCTION_PREFLIGHTED,
        [MG_KIND_PREFLIGHT] = MG_FUNCTION_PREFLIGHT,
        [MG_KIND_OPTIONS] = MG_FUNCTION_ORIGINS, /* no hook; the kinds before neither */
    };
    struct mg_deciding *deciding = runtime->deciding;
    enum mg_function hook = hooks[deciding->kind];
    if (hook < MG_FUNCTION_PREFLIGHT || !has_function(deciding, hook)) {
        return true;
    }
    call(L, runtime, hook); /* +1 */
    const struct result result = take_result(L, runtime);
    const struct mg_hook_verdict *verdict = result.verdict;
    lua_pop(L, 1);
    if (result.grant != NULL) {
        deciding->at->file = result.grant->file;
        deciding->at->line = result.grant->line;
        enum mg_given_origin origin;
        const struct mg_allowed *allowed =
            mg_verdict_of_grant(L, runtime, result.grant, &origin);
        take_allow(deciding, allowed, origin);
        deciding->rule = deciding->resource->base->rule;
        return true;
    }
    if (verdict == NULL) {
        return true;
    }
    note_place(deciding, verdict->file, verdict->line);
    if (verdict->is_deny) {
        *deciding->decision = (struct mg_decision){.kind = deciding->kind,
                                                   .verdict = MG_VERDICT_DENY,
                                                   .reason = verdict->reason,
                                                   .status = STATUS_FORBIDDEN,
                                                   .rule = deciding->rule};
        return false;
    }
    take_allow(deciding, &verdict->allowed, verdict->origin);
    deciding->rule = deciding->resource->base->rule;
    return true;
}

static void decide_by_rule(struct mg_deciding *deciding)
{
    mg_cors_decide(deciding->rule, &deciding->cors, deciding->kind, deciding->decision);
}

/* Ask for the lists that this decision depends on or shows, and that are still open. Returns:
 * whether there were any. */
static bool ask_lists(lua_State *L, struct mg_runtime *runtime)
{
    const struct mg_deciding *deciding = runtime->deciding;
    const struct mg_decision *decision = deciding->decision;
    bool is_shown =
        deciding->kind == MG_KIND_PREFLIGHT && decision->allow_origin != MG_ALLOW_ORIGIN_NONE;
    bool has_asked = false;
    bool is_method_denied = decision->reason == mg_reason_code(MG_REASON_METHOD_DENIED);
    if ((is_shown || is_method_denied) && has_function(deciding, MG_FUNCTION_METHODS) &&
        (deciding->named & 1U << MG_ALLOW_METHODS) == 0) {
        ask_methods(L, runtime);
        has_asked = true;
    }
    if (is_shown && has_function(deciding, MG_FUNCTION_HEADERS) &&
        (deciding->named & 1U << MG_ALLOW_HEADERS) == 0) {
        ask_headers(L, runtime);
        has_asked = true;
    }
    return has_asked;
}

/* What runs behind the door: all functions of the exchange. */
static int decide(lua_State *L)
{
    struct mg_runtime *runtime = lua_touserdata(L, 1);
    struct mg_deciding *deciding = runtime->deciding;
    const struct mg_base_rule *base = deciding->resource->base;
    classify(L, runtime);
    deciding->request->kind = deciding->kind;
    if (!run_hook(L, runtime)) {
        return 0;
    }
    if (deciding->has_origin && has_function(deciding, MG_FUNCTION_ORIGINS) &&
        (deciding->named & 1U << MG_ALLOW_ORIGINS) == 0) {
        ask_origins(L, runtime);
    }
    if ((deciding->named & ~(unsigned)ALLOW_ALONE) != 0) {
        compile(L, runtime);
    } else if (deciding->cors.given_origin != MG_GIVEN_NOTHING) {
        deciding->rule = base->unchecked;
    }
    decide_by_rule(deciding);
    if (ask_lists(L, runtime)) {
        compile(L, runtime);
        decide_by_rule(deciding);
    }
    if (deciding->has_asked && deciding->at->file == NULL) {
        deciding->at->file = deciding->resource->file;
        deciding->at->line = deciding->resource->line;
    }
    return 0;
}

/* ---- the whole ---- */

/* Whether any function may have a say: else Lua is not entered. */
static bool needs_functions(const struct mg_deciding *deciding)
{
    static const unsigned hooks[] = {
        [MG_KIND_SAME_ORIGIN] = 1U << MG_FUNCTION_CLASSIFY,
        [MG_KIND_SIMPLE] = 1U << MG_FUNCTION_CLASSIFY | 1U << MG_FUNCTION_SIMPLE,
        [MG_KIND_PREFLIGHTED] = 1U << MG_FUNCTION_CLASSIFY | 1U << MG_FUNCTION_PREFLIGHTED,
        [MG_KIND_PREFLIGHT] = 1U << MG_FUNCTION_CLASSIFY | 1U << MG_FUNCTION_PREFLIGHT |
                              1U << MG_FUNCTION_METHODS | 1U << MG_FUNCTION_HEADERS,
        [MG_KIND_OPTIONS] = 0,
    };
    unsigned functions = deciding->resource->functions;
    bool rejects = deciding->rule != NULL && mg_rule_rejects(deciding->rule);
    unsigned lists = deciding->has_origin ? 1U << MG_FUNCTION_ORIGINS : 0;
    lists |= rejects ? 1U << MG_FUNCTION_METHODS : 0;
    return deciding->kind != MG_KIND_NONE && (functions & (hooks[deciding->kind] | lists)) != 0;
}

/* A preflight out of form is a bad request whatever any function might say. */
static bool is_bad_request(struct mg_deciding *deciding)
{
    if (deciding->kind != MG_KIND_PREFLIGHT) {
        return false;
    }
    decide_by_rule(deciding);
    return deciding->decision->status == 400;
}

/* Refuse: a function failed. */
static void refuse(struct mg_runtime *runtime, struct mg_script_fault *fault)
{
    struct mg_deciding *deciding = runtime->deciding;
    const struct mg_resource *resource = deciding->resource;
    if (fault->err.file[0] == '\0') { /* what a function gave was wrong, after it was left */
        const char *made_in = deciding->at->file;
        bool has_place = made_in != NULL && made_in[0] != '\0';
        MG_ERR_SET(fault->err.file, "%s", has_place ? made_in : resource->file);
        fault->err.line = has_place ? deciding->at->line : resource->line;
    }
    mg_fault_clean(&fault->err);
    *deciding->decision = (struct mg_decision){.kind = deciding->kind,
                                               .verdict = MG_VERDICT_DENY,
                                               .reason = mg_reason_code(MG_REASON_SCRIPT_ERROR),
                                               .status = STATUS_FORBIDDEN,
                                               .rule = resource->rule};
    note_place(deciding, fault->err.file, fault->err.line);
    mg_runtime_report(runtime, mg_function_name(deciding->running), fault);
}

static void run(struct mg_runtime *runtime)
{
    struct mg_deciding *deciding = runtime->deciding;
    struct mg_script_fault fault;
    const struct mg_base_rule *base = deciding->resource->base;
    struct mg_arena_mark mark = mg_arena_snapshot(&runtime->judge.scratch);
    deciding->spec = base->spec;
    deciding->values = (struct mg_cors_decl){.credentials = base->spec.credentials,
                                             .max_age = base->spec.max_age,
                                             .status = base->spec.preflight_status,
                                             .insecure = base->insecure,
                                             .reflects = base->reflects};
    struct mg_script_meter *meter = &deciding->request->meter;
    bool is_fine = mg_script_meter_begin(meter, runtime->script, &fault);
    if (is_fine) {
        is_fine = mg_script_run(runtime->script, decide, runtime, &fault);
        mg_script_meter_end(meter);
    }
    mg_request_close(runtime->script);
    deciding->request->has_read_origin =
        deciding->request->has_read_origin || deciding->had_read_origin;
    deciding->at->steps = mg_script_last_steps(runtime->script);
    if (!is_fine) {
        refuse(runtime, &fault);
    }
    mg_arena_rewind(&runtime->judge.scratch, mark);
}

void mg_runtime_decide(struct mg_runtime *runtime, const struct mg_resource *resource,
                       const struct mg_cors_request *cors, struct mg_request *request,
                       struct mg_decision *decision, struct mg_decided_at *at)
{
    assert(resource->base != NULL);
    bool rejects = resource->rule != NULL && mg_rule_rejects(resource->rule);
    struct mg_deciding deciding = {.resource = resource,
                                   .request = request,
                                   .cors = *cors,
                                   .kind = mg_cors_classify(cors, rejects),
                                   .rule = resource->rule,
                                   .decision = decision,
                                   .at = at};
    deciding.has_origin =
        cors->origin.count == 1 && mg_origin_parse(cors->origin.items[0], &deciding.origin);
    *at = (struct mg_decided_at){.file = NULL};
    request->kind = deciding.kind;
    if (!is_bad_request(&deciding) && needs_functions(&deciding)) {
        runtime->deciding = &deciding;
        run(runtime);
        runtime->deciding = NULL;
    } else {
        decide_by_rule(&deciding);
    }
    decision->varies = true;
}
