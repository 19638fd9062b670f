/* diff_pair.c - what changes for those who ask for paths that an old and a new resource answer.
 *
 *   origins    gained: ACCESS, with all that the new rule gives
 *              lost:   ACCESS, with all that the old rule gave
 *              kept:   METHODS, HEADERS, EXPOSE, CREDENTIALS, TIMING, by what the rules give
 *   the rest   what holds whoever asks, and what cannot be compared
 */
#include <assert.h>

#include "policy/diff_offer.h"
#include "policy/diff_opaque.h"
#include "policy/kept.h"

/* What is worked out of one pair. */
struct pairing {
    struct mg_differ *differ;
    const struct mg_resource *resources[MG_DIFF_AGES];
    const struct mg_rule *rules[MG_DIFF_AGES]; /* declared; NULL: none */
    struct mg_str example;
    struct mg_diff_names told_methods[2]; /* gained and lost by METHODS */
    bool has_told;
};

/* ---- what is the same at a glance ---- */

static bool methods_same(const struct mg_resource *a, const struct mg_resource *b)
{
    bool is_same = a->methods.count == b->methods.count;
    for (size_t i = 0; is_same && i < a->methods.count; i++) {
        is_same = mg_str_equal(a->methods.items[i], b->methods.items[i]);
    }
    return is_same;
}

static bool origins_same(struct mg_differ *differ, const struct mg_rule *a,
                         const struct mg_rule *b)
{
    const struct mg_diff_origins *origins =
        mg_diff_origins(differ, mg_rule_origins(a), mg_rule_origins(b));
    return origins->gained.total == 0 && origins->lost.total == 0;
}

static bool rules_same(struct mg_differ *differ, const struct mg_rule *a,
                       const struct mg_rule *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return mg_rule_equal(a, b) && origins_same(differ, a, b);
}

/* Whether functions that are the same start from the same. */
static bool bases_same(const struct mg_resource *a, const struct mg_resource *b)
{
    if (a->base == NULL || b->base == NULL) {
        return a->base == b->base;
    }
    return mg_rule_equal(a->base->rule, b->base->rule) &&
           mg_rule_equal(a->base->unchecked, b->base->unchecked) &&
           a->base->insecure == b->base->insecure && a->base->reflects == b->base->reflects;
}

bool mg_diff_same(struct mg_differ *differ, const struct mg_resource *old_resource,
                  const struct mg_resource *new_resource)
{
    const struct mg_resource *a = old_resource;
    const struct mg_resource *b = new_resource;
    return a->cors_mode == b->cors_mode && a->encoded_slash == b->encoded_slash &&
           a->forwards_options == b->forwards_options && methods_same(a, b) &&
           rules_same(differ, a->rule, b->rule) && mg_diff_handlers_same(differ, a, b) &&
           mg_diff_upstreams_same(differ, a, b) &&
           mg_diff_plugins(differ, a, b) == MG_DIFF_PLUGINS_SAME &&
           mg_diff_functions_same(differ, a, b) && bases_same(a, b);
}

/* ---- telling ---- */

static struct mg_diff_place place_of(const struct mg_resource *resource)
{
    if (resource == NULL) {
        return (struct mg_diff_place){{"", 0}, {"", 0}, 0};
    }
    return (struct mg_diff_place){resource->pattern, mg_str_from(resource->file),
                                  resource->line};
}

static struct mg_diff_change begin_change(const struct pairing *pairing, enum mg_diff_kind kind,
                                          enum mg_diff_effect effect)
{
    return (struct mg_diff_change){.kind = kind,
                                   .effect = effect,
                                   .old_place = place_of(pairing->resources[MG_DIFF_OLD]),
                                   .new_place = place_of(pairing->resources[MG_DIFF_NEW]),
                                   .example = pairing->example};
}

static void tell(struct pairing *pairing, const struct mg_diff_change *change)
{
    pairing->has_told = true;
    mg_diff_add(pairing->differ, change);
}

static void tell_words(struct pairing *pairing, enum mg_diff_kind kind,
                       enum mg_diff_effect effect, struct mg_str before, struct mg_str after)
{
    struct mg_diff_change change = begin_change(pairing, kind, effect);
    change.before = before;
    change.after = after;
    tell(pairing, &change);
}

/* The patterns in words, in scratch. */
static struct mg_diff_list list_patterns(struct mg_differ *differ,
                                         const struct mg_diff_patterns *patterns)
{
    struct mg_str *items =
        mg_arena_calloc(&differ->scratch, patterns->count + 1, sizeof(*items));
    struct mg_buf buf;
    if (items == NULL) {
        differ->is_out_of_memory = true;
        return (struct mg_diff_list){NULL, 0, 0};
    }
    mg_buf_init(&buf, MG_ORIGIN_MAX_BYTES + 8);
    for (size_t i = 0; i < patterns->count; i++) {
        mg_buf_clear(&buf);
        mg_pattern_write(&patterns->items[i], &buf);
        items[i] = mg_arena_dup(&differ->scratch, mg_buf_str(&buf));
        differ->is_out_of_memory = differ->is_out_of_memory || buf.overflowed;
    }
    mg_buf_fini(&buf);
    return (struct mg_diff_list){items, patterns->count, patterns->total};
}

static bool has_any_origin(const struct mg_diff_patterns *patterns)
{
    return patterns->count > 0 && patterns->items[0].is_any; /* it is the first in order */
}

/* ---- origins ---- */

static struct mg_diff_view view_of(const struct pairing *pairing, enum mg_diff_age age,
                                   const struct mg_rule *rule, bool by_function)
{
    return mg_diff_view_of(pairing->differ, pairing->differ->sets[age], pairing->resources[age],
                           rule, by_function);
}

/* Tell of origins that only one side allows, and what that gives or gave them. `has_others`:
 * with "*" only those are meant that the other side does not allow. */
static void tell_access(struct pairing *pairing, enum mg_diff_age age, struct mg_diff_list list,
                        bool has_others)
{
    static const struct mg_diff_view nothing;
    bool is_gain = age == MG_DIFF_NEW;
    struct mg_diff_change change =
        begin_change(pairing, MG_DIFF_ACCESS, is_gain ? MG_DIFF_GAINS : MG_DIFF_LOSES);
    struct mg_diff_view view = view_of(pairing, age, pairing->rules[age], false);
    struct mg_diff_names methods = mg_diff_methods(pairing->differ, &view, &nothing);
    struct mg_diff_names headers = mg_diff_headers(pairing->differ, &view, &nothing);
    struct mg_diff_names exposed = mg_diff_exposed(pairing->differ, &view, &nothing);
    change.origins = list;
    change.has_others = has_others;
    change.methods = methods.list;
    change.headers = headers.list;
    change.any_header = headers.has_any;
    change.exposed = exposed.list;
    change.any_exposed = exposed.has_any;
    change.credentials = view.credentials;
    tell(pairing, &change);
}

/* Whose attributes are compared. */
struct holders {
    struct mg_diff_list origins;
    bool has_others;
    bool by_function;
    struct mg_diff_view views[MG_DIFF_AGES];
};

static struct mg_diff_change begin_of(const struct pairing *pairing,
                                      const struct holders *holders, enum mg_diff_kind kind,
                                      enum mg_diff_effect effect)
{
    struct mg_diff_change change = begin_change(pairing, kind, effect);
    change.origins = holders->origins;
    change.has_others = holders->has_others;
    change.function_origins = holders->by_function;
    return change;
}

/* What one side has beyond the other. */
static void tell_names(struct pairing *pairing, const struct holders *holders,
                       enum mg_diff_age age)
{
    struct mg_differ *differ = pairing->differ;
    const struct mg_diff_view *view = &holders->views[age];
    const struct mg_diff_view *other = &holders->views[1 - age];
    enum mg_diff_effect effect = age == MG_DIFF_NEW ? MG_DIFF_GAINS : MG_DIFF_LOSES;
    struct mg_diff_names methods = mg_diff_methods(differ, view, other);
    struct mg_diff_names headers = mg_diff_headers(differ, view, other);
    struct mg_diff_names exposed = mg_diff_exposed(differ, view, other);
    struct mg_diff_change change = begin_of(pairing, holders, MG_DIFF_METHODS, effect);
    if (methods.list.total > 0) {
        change.methods = methods.list;
        change.credentials = view->credentials;
        pairing->told_methods[age] = methods;
        tell(pairing, &change);
    }
    change = begin_of(pairing, holders, MG_DIFF_HEADERS, effect);
    if (headers.list.total > 0 || headers.has_any) {
        change.headers = headers.list;
        change.any_header = headers.has_any;
        tell(pairing, &change);
    }
    change = begin_of(pairing, holders, MG_DIFF_EXPOSE, effect);
    if (exposed.list.total > 0 || exposed.has_any) {
        change.exposed = exposed.list;
        change.any_exposed = exposed.has_any;
        tell(pairing, &change);
    }
}

static void tell_flag(struct pairing *pairing, const struct holders *holders,
                      enum mg_diff_kind kind, bool before, bool after)
{
    if (before != after) {
        struct mg_diff_change change =
            begin_of(pairing, holders, kind, after ? MG_DIFF_GAINS : MG_DIFF_LOSES);
        tell(pairing, &change);
    }
}

/* Compare what two rules give those whom both allow. */
static void compare_gifts(struct pairing *pairing, struct holders *holders,
                          const struct mg_rule *old_rule, const struct mg_rule *new_rule)
{
    const struct mg_resource *a = pairing->resources[MG_DIFF_OLD];
    const struct mg_resource *b = pairing->resources[MG_DIFF_NEW];
    assert(a != NULL && b != NULL); /* both have a rule */
    if (mg_rule_equal(old_rule, new_rule) && methods_same(a, b)) {
        return;
    }
    const struct mg_diff_view *old_view = &holders->views[MG_DIFF_OLD];
    const struct mg_diff_view *new_view = &holders->views[MG_DIFF_NEW];
    holders->views[MG_DIFF_OLD] = view_of(pairing, MG_DIFF_OLD, old_rule, holders->by_function);
    holders->views[MG_DIFF_NEW] = view_of(pairing, MG_DIFF_NEW, new_rule, holders->by_function);
    tell_names(pairing, holders, MG_DIFF_NEW);
    tell_names(pairing, holders, MG_DIFF_OLD);
    tell_flag(pairing, holders, MG_DIFF_CREDENTIALS, old_view->credentials,
              new_view->credentials);
    tell_flag(pairing, holders, MG_DIFF_TIMING, old_view->timing, new_view->timing);
    if (!mg_str_equal(old_view->max_age, new_view->max_age)) {
        struct mg_diff_change change =
            begin_of(pairing, holders, MG_DIFF_MAX_AGE, MG_DIFF_CHANGES);
        change.before = old_view->max_age;
        change.after = new_view->max_age;
        tell(pairing, &change);
    }
}

static void compare_origins(struct pairing *pairing)
{
    struct mg_differ *differ = pairing->differ;
    const struct mg_rule *old_rule = pairing->rules[MG_DIFF_OLD];
    const struct mg_rule *new_rule = pairing->rules[MG_DIFF_NEW];
    const struct mg_diff_origins *origins =
        mg_diff_origins(differ, old_rule == NULL ? NULL : mg_rule_origins(old_rule),
                        new_rule == NULL ? NULL : mg_rule_origins(new_rule));
    bool has_kept = origins->kept.total > 0;
    bool gains_rest = has_any_origin(&origins->gained) && has_kept;
    bool loses_rest = has_any_origin(&origins->lost) && has_kept;
    struct holders holders = {.has_others = false};
    if (origins->gained.total > 0) {
        tell_access(pairing, MG_DIFF_NEW, list_patterns(differ, &origins->gained), gains_rest);
    }
    if (origins->lost.total > 0) {
        tell_access(pairing, MG_DIFF_OLD, list_patterns(differ, &origins->lost), loses_rest);
    }
    if (has_kept) {
        holders.origins = list_patterns(differ, &origins->kept);
        compare_gifts(pairing, &holders, old_rule, new_rule);
    }
}

/* ---- functions and plugins ---- */

/* Compare functions. Where they are the same but start from another rule, what they come to may
 * be anything: they are told the rule's errors by the engine, too. */
static void compare_functions(struct pairing *pairing)
{
    const struct mg_resource *a = pairing->resources[MG_DIFF_OLD];
    const struct mg_resource *b = pairing->resources[MG_DIFF_NEW];
    unsigned before = a == NULL ? 0 : a->functions;
    unsigned after = b == NULL ? 0 : b->functions;
    if ((before == 0 && after == 0) || b == NULL) {
        return;
    }
    bool is_same = a != NULL && mg_diff_functions_same(pairing->differ, a, b);
    if (is_same && bases_same(a, b) && methods_same(a, b)) {
        return;
    }
    struct mg_diff_change change = begin_change(pairing, MG_DIFF_FUNCTION, MG_DIFF_UNKNOWN);
    change.before = mg_diff_function_words(pairing->differ, a);
    change.after = mg_diff_function_words(pairing->differ, b);
    change.function_origins = is_same;
    tell(pairing, &change);
    if (is_same) {
        struct holders holders = {.by_function = true};
        compare_gifts(pairing, &holders, a->base->unchecked, b->base->unchecked);
    }
}

static void compare_plugins(struct pairing *pairing)
{
    struct mg_differ *differ = pairing->differ;
    const struct mg_resource *a = pairing->resources[MG_DIFF_OLD];
    const struct mg_resource *b = pairing->resources[MG_DIFF_NEW];
    enum mg_diff_plugins result = mg_diff_plugins(differ, a, b);
    if (result != MG_DIFF_PLUGINS_SAME && b != NULL) {
        tell_words(pairing, MG_DIFF_PLUGIN,
                   result == MG_DIFF_PLUGINS_ADDED ? MG_DIFF_LOSES : MG_DIFF_UNKNOWN,
                   mg_diff_plugin_words(differ, differ->sets[MG_DIFF_OLD], a),
                   mg_diff_plugin_words(differ, differ->sets[MG_DIFF_NEW], b));
    }
}

/* ---- CORS left to others ---- */

/* Who decides, where it is not the engine alone. */
static struct mg_str decider(const struct pairing *pairing, enum mg_diff_age age)
{
    const struct mg_resource *resource = pairing->resources[age];
    if (resource == NULL) {
        return MG_STR("");
    }
    if (resource->cors_mode == MG_CORS_OFF) {
        return MG_STR("the handler");
    }
    bool keeps = mg_diff_keeps_cors(pairing->differ->sets[age], resource);
    return keeps ? MG_STR("the upstream") : MG_STR("the policy");
}

/* Whether someone else decides on either side; tells of it unless it is the same one. */
static void compare_deciders(struct pairing *pairing)
{
    const struct mg_resource *a = pairing->resources[MG_DIFF_OLD];
    const struct mg_resource *b = pairing->resources[MG_DIFF_NEW];
    struct mg_str before = decider(pairing, MG_DIFF_OLD);
    struct mg_str after = decider(pairing, MG_DIFF_NEW);
    bool is_left = !mg_str_equal(before, MG_STR("the policy")) && a != NULL;
    bool is_left_now = !mg_str_equal(after, MG_STR("the policy")) && b != NULL;
    if (b == NULL || (!is_left && !is_left_now)) {
        return;
    }
    bool is_same = a != NULL && mg_str_equal(before, after) &&
                   mg_diff_handlers_same(pairing->differ, a, b) &&
                   mg_diff_upstreams_same(pairing->differ, a, b);
    if (!is_same) {
        tell_words(pairing, MG_DIFF_OFF, MG_DIFF_UNKNOWN, before, after);
    }
}

/* ---- what holds whoever asks ---- */

static bool rejects(const struct mg_resource *resource)
{
    return resource->rule != NULL && mg_rule_rejects(resource->rule);
}

static struct mg_str on_denied(const struct mg_resource *resource)
{
    return rejects(resource) ? MG_STR("reject") : MG_STR("withhold");
}

static bool is_told(const struct pairing *pairing, struct mg_str method)
{
    for (int age = 0; age < MG_DIFF_AGES; age++) {
        const struct mg_diff_list *list = &pairing->told_methods[age].list;
        for (size_t i = 0; i < list->total; i++) {
            if (mg_str_equal(list->items[i], method)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether a method of `resource` is not one of `other`, and no change tells so. */
static bool has_more_methods(const struct pairing *pairing, const struct mg_resource *resource,
                             const struct mg_resource *other)
{
    for (size_t i = 0; i < resource->methods.count; i++) {
        struct mg_str method = resource->methods.items[i];
        if (!mg_resource_has_method(other, mg_method_from(method), method) &&
            !is_told(pairing, method)) {
            return true;
        }
    }
    return false;
}

static struct mg_str yes_or_no(bool is_so)
{
    return is_so ? MG_STR("yes") : MG_STR("no");
}

static void compare_handlers(struct pairing *pairing, const struct mg_resource *a,
                             const struct mg_resource *b)
{
    bool was_none = a->handler.kind == MG_HANDLER_NONE;
    bool is_none = b->handler.kind == MG_HANDLER_NONE;
    enum mg_diff_effect effect = was_none && b->rule != NULL  ? MG_DIFF_GAINS
                                 : is_none && a->rule != NULL ? MG_DIFF_LOSES
                                                              : MG_DIFF_CHANGES;
    if (!mg_diff_handlers_same(pairing->differ, a, b)) {
        tell_words(pairing, MG_DIFF_HANDLER, effect, mg_diff_handler_words(pairing->differ, a),
                   mg_diff_handler_words(pairing->differ, b));
    }
}

static void compare_rest(struct pairing *pairing, const struct mg_resource *a,
                         const struct mg_resource *b)
{
    bool is_public = b->rule != NULL && mg_rule_is_public(b->rule);
    if (rejects(a) != rejects(b) && !(rejects(a) && is_public)) {
        tell_words(pairing, MG_DIFF_ON_DENIED, rejects(a) ? MG_DIFF_GAINS : MG_DIFF_LOSES,
                   on_denied(a), on_denied(b));
    }
    unsigned old_status = a->rule != NULL ? mg_rule_options_status(a->rule) : 204;
    unsigned new_status = b->rule != NULL ? mg_rule_options_status(b->rule) : 204;
    if (old_status != new_status) {
        tell_words(pairing, MG_DIFF_STATUS, MG_DIFF_CHANGES,
                   mg_arena_printf(&pairing->differ->scratch, "%u", old_status),
                   mg_arena_printf(&pairing->differ->scratch, "%u", new_status));
    }
    if (has_more_methods(pairing, a, b) || has_more_methods(pairing, b, a)) {
        tell_words(pairing, MG_DIFF_SUPPORT, MG_DIFF_CHANGES, a->allow, b->allow);
    }
    if (a->encoded_slash != b->encoded_slash) {
        bool has_rule = b->rule != NULL || b->base != NULL || b->cors_mode == MG_CORS_OFF;
        tell_words(pairing, MG_DIFF_ENCODED_SLASH,
                   !b->encoded_slash ? MG_DIFF_LOSES
                   : has_rule        ? MG_DIFF_GAINS
                                     : MG_DIFF_CHANGES,
                   yes_or_no(a->encoded_slash), yes_or_no(b->encoded_slash));
    }
    if (a->forwards_options != b->forwards_options) {
        tell_words(pairing, MG_DIFF_OPTIONS, MG_DIFF_CHANGES,
                   a->forwards_options ? MG_STR("forward") : MG_STR("answer"),
                   b->forwards_options ? MG_STR("forward") : MG_STR("answer"));
    }
    compare_handlers(pairing, a, b);
}

/* ---- the whole ---- */

static void compare_pair(struct pairing *pairing)
{
    const struct mg_resource *a = pairing->resources[MG_DIFF_OLD];
    const struct mg_resource *b = pairing->resources[MG_DIFF_NEW];
    compare_origins(pairing);
    compare_functions(pairing);
    compare_plugins(pairing);
    compare_deciders(pairing);
    if (a != NULL && b != NULL) {
        compare_rest(pairing, a, b);
    } else if (!pairing->has_told) {
        tell_words(pairing, MG_DIFF_RESOURCE, a == NULL ? MG_DIFF_CHANGES : MG_DIFF_LOSES,
                   MG_STR(""), MG_STR(""));
    }
}

void mg_diff_pair(struct mg_differ *differ, const struct mg_diff_pair *pair)
{
    struct mg_arena_mark mark = mg_arena_snapshot(&differ->scratch);
    struct pairing pairing = {.differ = differ, .example = pair->example};
    for (int age = 0; age < MG_DIFF_AGES; age++) {
        pairing.resources[age] = pair->resources[age];
        pairing.rules[age] = pair->resources[age] == NULL ? NULL : pair->resources[age]->rule;
    }
    compare_pair(&pairing);
    differ->is_out_of_memory =
        differ->is_out_of_memory || mg_arena_overflowed(&differ->scratch);
    mg_arena_rewind(&differ->scratch, mark);
}
