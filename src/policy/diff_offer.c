/* diff_offer.c - what a rule gives to an origin that it allows.
 *
 * Nothing of CORS is known here: a preflight for each method and each request header is put to
 * mg_cors_decide, and the rest is read from the fields that mg_cors_write_fields writes. All
 * origins that one rule allows get the same, so one of them is asked for.
 */
#include "policy/diff_offer.h"

#include <stdio.h>

#include "core/buf.h"
#include "cors/safelist.h"

enum {
    MAX_FIELD_BYTES = 4 << 20, /* of an answer; a rule's blocks are bounded by less */
    FRESH_BYTES = 32,
};

static const struct mg_str AUTHORIZATION = {"Authorization", 13};

/* ---- asking ---- */

static struct mg_lines one_line(const struct mg_str *line)
{
    return (struct mg_lines){line, line->len > 0 ? 1 : 0};
}

/* Decide a request of the view's origin; `header` is empty for none. */
static void ask(const struct mg_diff_view *view, enum mg_kind kind, const struct mg_str *method,
                const struct mg_str *header, struct mg_decision *decision)
{
    bool is_preflight = kind == MG_KIND_PREFLIGHT;
    struct mg_cors_request request = {
        .method = is_preflight ? MG_STR("OPTIONS") : *method,
        .origin = one_line(&view->origin),
        .acrm = is_preflight ? one_line(method) : (struct mg_lines){NULL, 0},
        .acrh = one_line(header),
        .scheme = MG_STR("https"),
        .host = MG_STR("gate.invalid"),
        .given_origin = view->given,
    };
    mg_cors_decide(view->rule, &request, kind, decision);
}

static bool preflight_passes(const struct mg_diff_view *view, struct mg_str method,
                             struct mg_str header)
{
    struct mg_decision decision;
    if (view->rule == NULL) {
        return false;
    }
    ask(view, MG_KIND_PREFLIGHT, &method, &header, &decision);
    return decision.verdict == MG_VERDICT_ALLOW;
}

/* Whether a page may send the method, and the resource takes it. */
static bool has_method(const struct mg_diff_view *view, struct mg_str method)
{
    enum mg_method id = mg_method_from(method);
    return view->rule != NULL && mg_policy_set_knows_method(view->set, id, method) &&
           mg_resource_has_method(view->resource, id, method) &&
           preflight_passes(view, method, MG_STR(""));
}

static bool has_header(const struct mg_diff_view *view, struct mg_str name)
{
    return preflight_passes(view, MG_STR("GET"), name);
}

/* ---- the fields of an answer ---- */

/* The value of the field `name` (with ": ") in whole lines, or empty. */
static struct mg_str find_field(struct mg_str lines, struct mg_str name)
{
    while (lines.len > 0) {
        const char *end = memchr(lines.ptr, '\r', lines.len);
        size_t len = end == NULL ? lines.len : (size_t)(end - lines.ptr);
        struct mg_str line = {lines.ptr, len};
        if (mg_str_starts_with(line, name)) {
            return mg_str_from_offset(line, name.len);
        }
        lines = mg_str_from_offset(lines, len + 2);
    }
    return (struct mg_str){"", 0};
}

/* The fields of the answer to a request with GET, in scratch. */
static struct mg_str fields_of(struct mg_differ *differ, const struct mg_diff_view *view,
                               enum mg_kind kind)
{
    struct mg_decision decision;
    struct mg_buf buf;
    struct mg_str method = MG_STR("GET");
    struct mg_str header = MG_STR("");
    mg_buf_init(&buf, MAX_FIELD_BYTES);
    ask(view, kind, &method, &header, &decision);
    mg_cors_write_fields(&decision, &buf);
    struct mg_str fields = mg_arena_dup(&differ->scratch, mg_buf_str(&buf));
    differ->is_out_of_memory = differ->is_out_of_memory || buf.overflowed;
    mg_buf_fini(&buf);
    return fields;
}

/* An origin that the rule allows, or one that a function gives. */
static void choose_origin(struct mg_differ *differ, struct mg_diff_view *view, bool by_function)
{
    char text[MG_ORIGIN_MAX_BYTES + 2] = "https://any.example";
    const struct mg_origin_set *origins = mg_rule_origins(view->rule);
    bool is_public = mg_rule_is_public(view->rule);
    if (!is_public && (by_function || mg_origin_set_count(origins) == 0)) {
        view->given = MG_GIVEN_ALLOWED;
    } else if (!is_public) {
        struct mg_pattern pattern = mg_origin_set_get(origins, 0);
        if (!mg_diff_origin_of(&pattern, text, sizeof(text))) {
            view->given = MG_GIVEN_ALLOWED;
        }
    }
    view->origin = mg_arena_dup(&differ->scratch, mg_str_from(text));
}

struct mg_diff_view mg_diff_view_of(struct mg_differ *differ, const struct mg_policy_set *set,
                                    const struct mg_resource *resource,
                                    const struct mg_rule *rule, bool by_function)
{
    struct mg_diff_view view = {.set = set, .resource = resource, .rule = rule};
    if (rule == NULL) {
        return view;
    }
    choose_origin(differ, &view, by_function);
    struct mg_str actual = fields_of(differ, &view, MG_KIND_SIMPLE);
    struct mg_str preflight = fields_of(differ, &view, MG_KIND_PREFLIGHT);
    view.credentials = mg_str_equal(
        find_field(actual, MG_STR("Access-Control-Allow-Credentials: ")), MG_STR("true"));
    view.timing = find_field(actual, MG_STR("Timing-Allow-Origin: ")).len > 0;
    view.exposed = find_field(actual, MG_STR("Access-Control-Expose-Headers: "));
    view.max_age = find_field(preflight, MG_STR("Access-Control-Max-Age: "));
    view.allowed_headers = find_field(preflight, MG_STR("Access-Control-Allow-Headers: "));
    return view;
}

/* ---- names that only one view has ---- */

/* Names to ask about, each once. */
struct candidates {
    struct mg_str *items;
    size_t count;
    size_t capacity;
    bool ignores_case;
};

static struct candidates new_candidates(struct mg_differ *differ, size_t capacity)
{
    struct candidates candidates = {.capacity = capacity};
    candidates.items = mg_arena_calloc(&differ->scratch, capacity + 1, sizeof(struct mg_str));
    if (candidates.items == NULL) {
        differ->is_out_of_memory = true;
        candidates.capacity = 0;
    }
    return candidates;
}

static void add_candidate(struct candidates *candidates, struct mg_str name)
{
    for (size_t i = 0; i < candidates->count; i++) {
        bool is_there = candidates->ignores_case
                            ? mg_str_equal_nocase(candidates->items[i], name)
                            : mg_str_equal(candidates->items[i], name);
        if (is_there) {
            return;
        }
    }
    if (candidates->count < candidates->capacity) {
        candidates->items[candidates->count++] = name;
    }
}

static void add_list(struct candidates *candidates, struct mg_name_list list)
{
    for (size_t i = 0; i < list.count; i++) {
        add_candidate(candidates, list.items[i]);
    }
}

static void add_value(struct candidates *candidates, struct mg_str value)
{
    struct mg_list_cursor cursor = mg_list_begin(value);
    struct mg_str name;
    while (mg_list_next(&cursor, &name)) {
        if (!mg_str_equal(name, MG_STR("*"))) {
            add_candidate(candidates, name);
        }
    }
}

/* At least as many as a field's value has elements. */
static size_t count_elements(struct mg_str value)
{
    size_t count = value.len > 0;
    for (size_t i = 0; i < value.len; i++) {
        count += value.ptr[i] == ',';
    }
    return count;
}

/* Keep of the candidates those that a test finds in `view` alone. Lists that are too long for a
 * change are cut there. */
static void keep_only(struct candidates *candidates, const struct mg_diff_view *view,
                      const struct mg_diff_view *other,
                      bool (*has)(const struct mg_diff_view *view, struct mg_str name))
{
    size_t count = 0;
    for (size_t i = 0; i < candidates->count; i++) {
        struct mg_str name = candidates->items[i];
        if (has(view, name) && !has(other, name)) {
            candidates->items[count++] = name;
        }
    }
    candidates->count = count;
}

/* A name that is none of the candidates, as any page may make one up. */
static struct mg_str fresh_name(const struct candidates *candidates,
                                char out[static FRESH_BYTES])
{
    struct mg_str name = {out, 0};
    bool is_taken = true;
    for (unsigned n = 0; is_taken; n++) {
        name.len = (size_t)snprintf(out, FRESH_BYTES, n == 0 ? "X-Other" : "X-Other-%u", n);
        is_taken = false;
        for (size_t i = 0; i < candidates->count && !is_taken; i++) {
            is_taken = mg_str_equal_nocase(candidates->items[i], name);
        }
    }
    return name;
}

static struct mg_diff_list list_of(const struct candidates *candidates)
{
    size_t total = candidates->count;
    return (struct mg_diff_list){
        candidates->items, total < MG_DIFF_MAX_LISTED ? total : MG_DIFF_MAX_LISTED, total};
}

struct mg_diff_names mg_diff_methods(struct mg_differ *differ, const struct mg_diff_view *view,
                                     const struct mg_diff_view *other)
{
    struct mg_diff_names names = {.has_any = false};
    if (view->rule == NULL) {
        return names;
    }
    struct mg_name_list ruled = mg_rule_methods(view->rule);
    struct mg_name_list own = view->resource->methods;
    struct candidates candidates = new_candidates(differ, ruled.count + own.count + 4);
    add_list(&candidates, ruled);
    add_list(&candidates, own);
    add_candidate(&candidates, MG_STR("HEAD"));
    keep_only(&candidates, view, other, has_method);
    names.list = list_of(&candidates);
    return names;
}

/* Whether a name is what "any other" stands for already. */
static bool is_among_any(const struct mg_diff_names *names, struct mg_str name)
{
    return names->has_any && !mg_str_equal_nocase(name, AUTHORIZATION);
}

/* Drop what "any other" says. */
static void drop_among_any(struct candidates *candidates, const struct mg_diff_names *names)
{
    size_t count = 0;
    for (size_t i = 0; i < candidates->count; i++) {
        if (!is_among_any(names, candidates->items[i])) {
            candidates->items[count++] = candidates->items[i];
        }
    }
    candidates->count = count;
}

struct mg_diff_names mg_diff_headers(struct mg_differ *differ, const struct mg_diff_view *view,
                                     const struct mg_diff_view *other)
{
    struct mg_diff_names names = {.has_any = false};
    char buffer[FRESH_BYTES];
    if (view->rule == NULL) {
        return names;
    }
    struct candidates candidates =
        new_candidates(differ, count_elements(view->allowed_headers) +
                                   count_elements(other->allowed_headers) + 1);
    candidates.ignores_case = true;
    add_value(&candidates, view->allowed_headers);
    add_value(&candidates, other->allowed_headers);
    add_candidate(&candidates, AUTHORIZATION);
    struct mg_str other_name = fresh_name(&candidates, buffer);
    keep_only(&candidates, view, other, has_header);
    names.has_any = has_header(view, other_name) && !has_header(other, other_name);
    drop_among_any(&candidates, &names);
    names.list = list_of(&candidates);
    return names;
}

static bool has_element(struct mg_str value, struct mg_str wanted)
{
    struct mg_list_cursor cursor = mg_list_begin(value);
    struct mg_str name;
    while (mg_list_next(&cursor, &name)) {
        if (mg_str_equal_nocase(name, wanted)) {
            return true;
        }
    }
    return false;
}

/* Whether a page may read the response header. */
static bool has_exposed(const struct mg_diff_view *view, struct mg_str name)
{
    return view->rule != NULL &&
           (mg_response_header_is_safelisted(name) || has_element(view->exposed, MG_STR("*")) ||
            has_element(view->exposed, name));
}

struct mg_diff_names mg_diff_exposed(struct mg_differ *differ, const struct mg_diff_view *view,
                                     const struct mg_diff_view *other)
{
    struct mg_diff_names names = {.has_any = false};
    char buffer[FRESH_BYTES];
    struct candidates candidates =
        new_candidates(differ, count_elements(view->exposed) + count_elements(other->exposed));
    candidates.ignores_case = true;
    add_value(&candidates, view->exposed);
    add_value(&candidates, other->exposed);
    struct mg_str other_name = fresh_name(&candidates, buffer);
    keep_only(&candidates, view, other, has_exposed);
    names.has_any = has_exposed(view, other_name) && !has_exposed(other, other_name);
    candidates.count = names.has_any ? 0 : candidates.count;
    names.list = list_of(&candidates);
    return names;
}
