/* verdict.c - see the header.
 *
 * A verdict's value is a userdata with nothing but a number in it: whatever a script keeps of
 * it, there is no memory that it could reach by it later.
 */
#include "policy/verdict.h"

#include "cors/reason.h"
#include "policy/runtime_layout.h"

/* Address of the key of the values' metatable in the registry. */
static const char metatable_key;

static void push_value(lua_State *L, uint64_t stamp)
{
    uint64_t *value = lua_newuserdatauv(L, sizeof(*value), 0); /* +1 */
    *value = stamp;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key) != LUA_TTABLE) { /* +1 */
        lua_pop(L, 1);
        lua_createtable(L, 0, 1); /* +1 */
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
    }
    lua_setmetatable(L, -2); /* -1 */
}

const struct mg_hook_verdict *mg_verdict_get(lua_State *L, int index,
                                             const struct mg_runtime *runtime)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) {
        return NULL;
    }
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key); /* +1 on the metatable's +1 */
    bool is_ours = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    for (unsigned i = 0; is_ours && i < runtime->verdict_count; i++) {
        if (runtime->verdicts[i].stamp == *(const uint64_t *)lua_touserdata(L, index)) {
            return &runtime->verdicts[i];
        }
    }
    return NULL;
}

/* Begin a verdict: check that a hook is running that may give one, with one argument. */
static struct mg_hook_verdict *begin(lua_State *L, const char *word, const char *usage,
                                     bool is_argument)
{
    if (!mg_script_is_sealed(L)) { /* of deny alone: an allow is a constant then */
        (void)mg_script_raise(L, "decided-early", usage,
                              "'%s' decides a request, so it is for hooks", word);
    }
    struct mg_runtime *runtime = mg_script_host(L);
    const struct mg_deciding *deciding = runtime->deciding;
    if (deciding == NULL || deciding->running < MG_FUNCTION_PREFLIGHT) {
        (void)mg_script_raise(L, "call-invalid", usage,
                              "'%s' is for the hooks preflight, simple and preflighted", word);
    }
    if (lua_gettop(L) != 1 || !is_argument) {
        (void)mg_script_raise(L, "call-invalid", usage, "'%s' takes one %s, not %s%s", word,
                              strcmp(word, "deny") == 0 ? "string" : "table",
                              mg_seal_type_name(L, 1), lua_gettop(L) > 1 ? " and more" : "");
    }
    if (runtime->verdict_count == MG_MAX_VERDICTS) {
        (void)mg_script_raise(L, "call-invalid", "return the first",
                              "a hook makes at most %d verdicts", (int)MG_MAX_VERDICTS);
    }
    mg_script_charge(L, MG_POLICY_CALL_STEPS);
    struct mg_hook_verdict *verdict = &runtime->verdicts[runtime->verdict_count];
    verdict->is_deny = false;
    verdict->origin = MG_GIVEN_NOTHING;
    verdict->file[0] = '\0';
    verdict->line = 0;
    (void)mg_script_position(L, verdict->file, sizeof(verdict->file), &verdict->line);
    return verdict;
}

/* The verdict counts from now on; push what stands for it. */
static int finish(lua_State *L, struct mg_hook_verdict *verdict)
{
    struct mg_runtime *runtime = mg_script_host(L);
    verdict->stamp = ++runtime->stamp;
    runtime->verdict_count++;
    push_value(L, verdict->stamp); /* +1 */
    return 1;
}

/* ---- deny ---- */

/* Lower-case words, or numbers behind them, joined by hyphens. */
static bool is_reason(struct mg_str text)
{
    char before = '-';
    if (text.len > MG_REASON_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_word = (c >= 'a' && c <= 'z') || (mg_ascii_is_digit(c) && i > 0);
        if (!is_word && (c != '-' || before == '-')) {
            return false;
        }
        before = c;
    }
    return before != '-';
}

/* Whether the code is one that the engine gives for reasons of its own. What it says of
 * origins, methods and headers that were denied, a hook may say too. */
static bool is_engine_reason(struct mg_str text)
{
    for (int i = 0; i < MG_REASON_COUNT; i++) {
        if (mg_str_equal(text, mg_str_from(mg_reason_code((enum mg_reason)i)))) {
            return !mg_str_ends_with(text, MG_STR("-denied"));
        }
    }
    return false;
}

int mg_verdict_deny(lua_State *L)
{
    struct mg_hook_verdict *verdict =
        begin(L, "deny", "return deny \"tenant-frozen\"", lua_type(L, 1) == LUA_TSTRING);
    struct mg_runtime *runtime = mg_script_host(L);
    struct mg_str reason;
    reason.ptr = lua_tolstring(L, 1, &reason.len);
    if (!is_reason(reason)) {
        return mg_script_raise(L, "reason-invalid", "deny \"tenant-frozen\"",
                               "a reason is lower-case words joined by hyphens, of at most %d "
                               "bytes",
                               (int)MG_REASON_MAX_BYTES);
    }
    if (is_engine_reason(reason)) {
        return mg_script_raise(L, "reason-taken", "a name of your own",
                               "'%.*s' is a reason that the engine gives", MG_STR_ARG(reason));
    }
    struct mg_str kept = mg_arena_dup(runtime->deciding->request->arena, reason);
    mg_read_need(L, kept.ptr);
    verdict->is_deny = true;
    verdict->reason = kept.ptr;
    return finish(L, verdict);
}

/* ---- allow ---- */

/* Judge what was named by itself and with what was declared. Returns: whether it is without
 * fault. */
static bool judge(lua_State *L, struct mg_runtime *runtime, const struct mg_spot *spot,
                  struct mg_allowed *allowed, enum mg_given_origin *origin)
{
    const struct mg_deciding *deciding = runtime->deciding;
    const struct mg_base_rule *base = deciding->resource->base;
    const struct mg_cors_decl *cors = &allowed->cors;
    unsigned fields = allowed->fields;
    bool has_own_origins = (fields & 1U << MG_ALLOW_ORIGINS) != 0 ||
                           (deciding->resource->functions & 1U << MG_FUNCTION_ORIGINS) != 0;
    bool gets_credentials = cors->credentials && !base->spec.credentials;
    if (gets_credentials && !has_own_origins && base->credentials_fault != NULL) {
        const struct mg_err *fault = base->credentials_fault;
        (void)mg_script_raise(L, fault->code, fault->hint,
                              "credentials with the declared origins: %s", fault->message);
    }
    if ((fields & 1U << MG_ALLOW_ORIGINS) != 0) {
        *origin = mg_runtime_judge_origins(runtime, spot, cors);
    }
    if ((fields & 1U << MG_ALLOW_METHODS) != 0) {
        allowed->methods = mg_runtime_judge_names(runtime, spot, cors, MG_KNOWN_METHODS);
    }
    if ((fields & 1U << MG_ALLOW_HEADERS) != 0) {
        allowed->headers = mg_runtime_judge_names(runtime, spot, cors, MG_KNOWN_HEADERS);
    }
    if ((fields & 1U << MG_ALLOW_EXPOSE) != 0) {
        allowed->expose = mg_runtime_judge_names(runtime, spot, cors, MG_KNOWN_EXPOSE);
    } else if (base->spec.expose_any && gets_credentials) {
        (void)mg_script_raise(
            L, "expose-wildcard-credentials", "name expose too",
            "credentials with the declared expose: \"*\" is a header's literal "
            "name with credentials");
    }
    return runtime->errs.error_count == 0;
}

/* Read and judge the table at index 1. Returns: whether it is without fault. */
static bool read_verdict(lua_State *L, struct mg_runtime *runtime, bool is_quiet,
                         struct mg_hook_verdict *verdict)
{
    struct mg_reader reader = mg_runtime_begin_reading(L, runtime, "allow", is_quiet);
    struct mg_allowed *allowed = &verdict->allowed;
    allowed->cors = runtime->deciding->values;
    allowed->fields = mg_read_allow(&reader, 1, &allowed->cors);
    return runtime->errs.error_count == 0 &&
           judge(L, runtime, &reader.spot, allowed, &verdict->origin);
}

int mg_verdict_allow(lua_State *L)
{
    if (!mg_script_is_sealed(L)) {
        return mg_grant_new(L);
    }
    bool is_frozen = lua_gettop(L) == 1 && mg_seal_push_behind(L, 1); /* +1 where it is */
    if (is_frozen) {
        lua_replace(L, 1); /* -1 */
    }
    struct mg_hook_verdict *verdict =
        begin(L, "allow", "return allow { credentials = false }", lua_type(L, 1) == LUA_TTABLE);
    struct mg_runtime *runtime = mg_script_host(L);
    if (!read_verdict(L, runtime, true, verdict)) {
        (void)read_verdict(L, runtime, false, verdict);
        mg_runtime_raise_faults(L, runtime);
    }
    return finish(L, verdict);
}

/* ---- constants ---- */

/* Put the values that were declared where the constant names none. */
static void fill(const struct mg_grant *grant, const struct mg_cors_decl *declared,
                 struct mg_allowed *allowed)
{
    struct mg_cors_decl *cors = &allowed->cors;
    *allowed = (struct mg_allowed){.fields = grant->fields, .cors = grant->cors};
    if ((grant->fields & 1U << MG_ALLOW_CREDENTIALS) == 0) {
        cors->credentials = declared->credentials;
    }
    if ((grant->fields & 1U << MG_ALLOW_MAX_AGE) == 0) {
        cors->max_age = declared->max_age;
    }
    if ((grant->fields & 1U << MG_ALLOW_STATUS) == 0) {
        cors->status = declared->status;
    }
    cors->insecure = declared->insecure;
    cors->reflects = declared->reflects;
}

/* Judge a constant for the resource at hand. */
static const struct mg_allowed *judge_grant(lua_State *L, struct mg_runtime *runtime,
                                            const struct mg_known_key *key,
                                            enum mg_given_origin *origin)
{
    const struct mg_grant *grant = key->what;
    struct mg_allowed *allowed = mg_arena_alloc(&runtime->judge.scratch, sizeof(*allowed));
    mg_read_need(L, allowed);
    fill(grant, &runtime->deciding->values, allowed);
    struct mg_reader reader = mg_runtime_begin_reading(L, runtime, "allow", false);
    (void)judge(L, runtime, &reader.spot, allowed, origin);
    mg_runtime_raise_faults(L, runtime);
    const struct mg_names *names[] = {&allowed->methods, &allowed->headers, &allowed->expose};
    bool is_kept = true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        is_kept = is_kept && (names[i]->is_kept || names[i]->list.count == 0);
    }
    if (is_kept) {
        mg_known_add(&runtime->known,
                     &(const struct mg_known_entry){.key = *key, .as.allowed = *allowed});
    }
    return allowed;
}

const struct mg_allowed *mg_verdict_of_grant(lua_State *L, struct mg_runtime *runtime,
                                             const struct mg_grant *grant,
                                             enum mg_given_origin *origin)
{
    const struct mg_known_key key = {.what = grant,
                                     .position = runtime->deciding->resource->base->position,
                                     .kind = MG_KNOWN_ALLOW};
    const struct mg_known_entry *known = mg_known_find(&runtime->known, &key);
    *origin = MG_GIVEN_NOTHING;
    if (known == NULL) {
        return judge_grant(L, runtime, &key, origin);
    }
    if ((grant->fields & 1U << MG_ALLOW_ORIGINS) != 0) {
        struct mg_reader reader = mg_runtime_begin_reading(L, runtime, "allow", true);
        *origin = mg_runtime_judge_origins(runtime, &reader.spot, &known->as.allowed.cors);
    }
    return &known->as.allowed;
}
