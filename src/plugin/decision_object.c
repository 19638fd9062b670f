/* decision_object.c - see the header.
 *
 * Widening asks the engine itself (mg_cors_decide): by the same rule, made public, so that
 * every origin passes and method and names are judged as they are for one that is listed. The
 * answer then names the one origin instead of "*".
 */
#include "plugin/decision_object.h"

#include "cors/origin.h"
#include "cors/rule_layout.h"
#include "plugin/dispatch.h"
#include "script/state.h"

/* X(enumerator, name) */
#define FIELDS(X)       \
    X(KIND, "kind")     \
    X(REASON, "reason") \
    X(STATUS, "status") \
    X(VERDICT, "verdict")

#define ENUMERATOR(name, text) FIELD_##name,
enum field {
    FIELDS(ENUMERATOR)
};
#undef ENUMERATOR
#define TEXT(name, text) text,
static const char *const field_names[] = {FIELDS(TEXT) NULL};
#undef TEXT

enum {
    STATUS_BAD_REQUEST = 400,
    STATUS_FORBIDDEN = 403,
    STATUS_NO_CONTENT = 204,
    ARG_REASON = 2
};

static void push_field(lua_State *L, struct mg_object *object, int field)
{
    const struct mg_decision_target *target = object->target;
    const struct mg_decision *decision = target->decision;
    target->request->has_used_origin = true; /* each of them depends on it */
    switch ((enum field)field) {
    case FIELD_KIND:
        lua_pushstring(L, mg_kind_name(decision->kind));
        break;
    case FIELD_REASON:
        lua_pushstring(L, decision->reason);
        break;
    case FIELD_STATUS:
        lua_pushinteger(L, decision->status);
        break;
    case FIELD_VERDICT:
        lua_pushstring(L, mg_verdict_name(decision->verdict));
        break;
    }
}

/* ---- deny ---- */

/* Lower-case words joined by hyphens. */
static bool is_reason(struct mg_str text)
{
    bool after_hyphen = true;
    if (text.len > MG_DECISION_MAX_REASON_BYTES) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_hyphen = c == '-';
        if ((is_hyphen && after_hyphen) ||
            !(is_hyphen || mg_ascii_is_digit(c) || (c >= 'a' && c <= 'z'))) {
            return false;
        }
        after_hyphen = is_hyphen;
    }
    return !after_hyphen;
}

/* d:deny(reason) */
static int decision_deny(lua_State *L)
{
    const struct mg_decision_target *target = mg_object_self(L)->target;
    struct mg_decision *decision = target->decision;
    struct mg_str reason = {"", 0};
    if (lua_type(L, ARG_REASON) == LUA_TSTRING) {
        reason.ptr = lua_tolstring(L, ARG_REASON, &reason.len);
    }
    if (!is_reason(reason)) {
        return mg_script_raise(L, "reason-invalid", "d:deny \"quota-spent\"",
                               "a reason is lower-case words joined by hyphens, of at most %d "
                               "bytes",
                               (int)MG_DECISION_MAX_REASON_BYTES);
    }
    if (decision->status == STATUS_BAD_REQUEST) {
        return 0; /* malformed is refused already, and for a better reason */
    }
    struct mg_str copy = mg_arena_dup(target->request->arena, reason);
    if (copy.len == 0) {
        return mg_script_raise(L, "out-of-memory", NULL, "there is no memory for a reason");
    }
    decision->verdict = MG_VERDICT_DENY;
    decision->reason = copy.ptr;
    decision->status = STATUS_FORBIDDEN;
    decision->allow_origin = MG_ALLOW_ORIGIN_NONE;
    return 0;
}

/* ---- allow ---- */

/* Whether the rule, and no script, denied the request for its origin. Reasons of scripts are
 * other strings, even where they read the same. */
static bool is_denied_for_origin(const struct mg_decision *decision)
{
    const enum mg_reason REASONS[] = {MG_REASON_NO_RULE, MG_REASON_ORIGIN_DENIED,
                                      MG_REASON_OPTIONS_DISCOVERY};
    if (decision->verdict != MG_VERDICT_DENY ||
        decision->allow_origin != MG_ALLOW_ORIGIN_NONE) {
        return false;
    }
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++) {
        if (decision->reason == mg_reason_code(REASONS[i])) {
            return true;
        }
    }
    return false;
}

/* The block of a rule's fields without its line of credentials, which is the second one: what
 * is left begins with the end of that line, as every block begins with the end of ACAO's. */
static struct mg_str without_credentials(struct mg_str block)
{
    struct mg_str beginning = MG_STR("\r\nAccess-Control-Allow-Credentials: true\r\n");
    return mg_str_starts_with(block, beginning)
               ? mg_str_from_offset(block, beginning.len - strlen("\r\n"))
               : block;
}

/* The rule of the answer: the declared one without credentials. For a resource without a rule
 * one that allows GET, HEAD and POST, and no names. Returns: NULL when memory is out. */
static struct mg_rule *make_rule(const struct mg_rule *declared, struct mg_arena *arena)
{
    struct mg_rule *rule = mg_arena_calloc(arena, 1, sizeof(*rule));
    if (rule == NULL) {
        return NULL;
    }
    if (declared != NULL) {
        *rule = *declared;
        rule->has_credentials = false;
        rule->actual_block = without_credentials(declared->actual_block);
        rule->preflight_block = without_credentials(declared->preflight_block);
        return rule;
    }
    rule->preflight_status = STATUS_NO_CONTENT;
    rule->actual_block = MG_STR("\r\n");
    rule->preflight_block = MG_STR("\r\n");
    return mg_name_set_build(&rule->headers, NULL, 0, arena) ? rule : NULL;
}

/* All lines of a field, in order. Returns: false when memory is out. */
static bool gather(const struct mg_request *request, enum mg_field_id id,
                   struct mg_lines *lines)
{
    const struct mg_head *head = request->head;
    struct mg_str *items =
        mg_arena_calloc(request->arena, head->lines[id] + (size_t)1, sizeof(*items));
    size_t count = 0;
    for (unsigned i = 0; items != NULL && i < head->field_count; i++) {
        if (head->fields[i].id == id && count < head->lines[id]) {
            items[count++] = head->fields[i].value;
        }
    }
    *lines = (struct mg_lines){items, count};
    return items != NULL;
}

/* Decide anew, as if the rule listed the request's origin. Returns: false when memory is
 * out. */
static bool widen(const struct mg_decision_target *target, struct mg_str origin)
{
    struct mg_decision *decision = target->decision;
    const struct mg_request *request = target->request;
    struct mg_rule *rule = make_rule(decision->rule, request->arena);
    struct mg_rule *judge = mg_arena_calloc(request->arena, 1, sizeof(*judge));
    struct mg_cors_request asked = {.method = request->head->method_token};
    if (rule == NULL || judge == NULL || !gather(request, MG_FIELD_ORIGIN, &asked.origin) ||
        !gather(request, MG_FIELD_ACRM, &asked.acrm) ||
        !gather(request, MG_FIELD_ACRH, &asked.acrh)) {
        return false;
    }
    if (decision->kind == MG_KIND_OPTIONS) {
        decision->verdict = MG_VERDICT_ALLOW;
        decision->status = 0;
    } else {
        *judge = *rule;
        judge->is_public = true;
        mg_cors_decide(judge, &asked, decision->kind, decision);
    }
    decision->rule = rule;
    decision->allow_origin = MG_ALLOW_ORIGIN_ECHO;
    decision->origin = origin;
    return true;
}

/* d:allow() */
static int decision_allow(lua_State *L)
{
    const struct mg_decision_target *target = mg_object_self(L)->target;
    if ((target->plugin->capabilities & MG_CAPABILITY_WIDEN) == 0) {
        return mg_script_raise(L, "plugin-capability", "capabilities = { \"widen\" }",
                               "d:allow() needs the capability 'widen'");
    }
    const struct mg_head *head = target->request->head;
    struct mg_origin origin;
    target->request->has_used_origin = true;
    bool may_widen =
        is_denied_for_origin(target->decision) && head->lines[MG_FIELD_ORIGIN] == 1 &&
        mg_origin_parse(mg_head_value(head, MG_FIELD_ORIGIN), &origin) && !origin.is_null;
    if (may_widen && !widen(target, origin.text)) {
        return mg_script_raise(L, "out-of-memory", NULL, "there is no memory for a rule");
    }
    lua_pushboolean(L, target->decision->allow_origin != MG_ALLOW_ORIGIN_NONE);
    return 1;
}

static const luaL_Reg methods[] = {
    {"allow", decision_allow}, {"deny", decision_deny}, {NULL, NULL}};

const struct mg_object_class mg_decision_class = {
    .name = "d",
    .instead = "call d:deny(reason)",
    .fields = field_names,
    .push = push_field,
    .methods = methods,
    .size = sizeof(struct mg_object),
};
