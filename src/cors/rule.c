/* rule.c - compile a rule: which methods and names it comes to, and the text of its answers. */
#include "cors/rule.h"

#include "core/buf.h"
#include "cors/rule_layout.h"
#include "cors/safelist.h"

enum {
    MAX_BLOCK_BYTES = 1 << 20 /* of an answer's fields; a policy file is no longer */
};

static bool has_item(const struct mg_str *items, size_t count, struct mg_str item)
{
    for (size_t i = 0; i < count; i++) {
        if (mg_str_equal(items[i], item)) {
            return true;
        }
    }
    return false;
}

static void add_method(struct mg_str *methods, size_t *count, struct mg_str method,
                       struct mg_arena *arena)
{
    if (!mg_str_equal(method, MG_STR("*")) && !has_item(methods, *count, method)) {
        methods[(*count)++] = mg_arena_dup(arena, method);
    }
}

/* The rule's own methods, then those of GET, HEAD and POST that the resource has: no preflight
 * is refused for them. HEAD is wherever GET is (RFC 9110 9.3.2). */
static bool compile_methods(struct mg_rule *rule, const struct mg_rule_spec *spec,
                            struct mg_arena *arena)
{
    const struct mg_name_list *all = &spec->resource_methods;
    const struct mg_name_list *own =
        spec->has_methods && !spec->any_method ? &spec->methods : all;
    struct mg_str *methods =
        mg_arena_calloc(arena, own->count + all->count + 1, sizeof(*methods));
    if (methods == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < own->count; i++) {
        add_method(methods, &count, own->items[i], arena);
    }
    for (size_t i = 0; i < all->count; i++) {
        if (mg_method_is_safelisted(all->items[i])) {
            add_method(methods, &count, all->items[i], arena);
        }
    }
    if (has_item(all->items, all->count, MG_STR("GET"))) {
        add_method(methods, &count, MG_STR("HEAD"), arena);
    }
    rule->methods = (struct mg_name_list){methods, count};
    rule->has_options = has_item(all->items, all->count, MG_STR("OPTIONS"));
    return true;
}

/* Keep the names of a list, without "*". */
static bool compile_names(struct mg_name_set *set, const struct mg_name_list *list,
                          struct mg_arena *arena)
{
    struct mg_str *names = mg_arena_calloc(arena, list->count + 1, sizeof(*names));
    if (names == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!mg_str_equal(list->items[i], MG_STR("*"))) {
            names[count++] = list->items[i];
        }
    }
    return mg_name_set_build(set, names, count, arena);
}

/* Append "*" and the items, joined. */
static void add_list(struct mg_buf *out, bool has_star, const struct mg_str *items,
                     size_t count)
{
    if (has_star) {
        mg_buf_add_char(out, '*');
    }
    for (size_t i = 0; i < count; i++) {
        mg_buf_add(out, i > 0 || has_star ? MG_STR(", ") : MG_STR(""));
        mg_buf_add(out, items[i]);
    }
}

/* Append a line with such a list; nothing for an empty one. */
static void add_list_line(struct mg_buf *out, struct mg_str name, bool has_star,
                          const struct mg_str *items, size_t count)
{
    if (!has_star && count == 0) {
        return;
    }
    mg_buf_add(out, name);
    add_list(out, has_star, items, count);
    mg_buf_add(out, MG_STR("\r\n"));
}

/* Take what was written as a text of the arena, and begin anew. */
static struct mg_str take(struct mg_buf *buf, struct mg_arena *arena)
{
    struct mg_str text = mg_arena_dup(arena, mg_buf_str(buf));
    buf->len = 0;
    return text;
}

/* What both blocks begin with: a public rule's whole first line, else the end of it. */
static void add_beginning(const struct mg_rule *rule, bool credentials, struct mg_buf *out)
{
    if (rule->is_public) {
        mg_buf_add(out, MG_STR("Access-Control-Allow-Origin: *"));
    }
    mg_buf_add(out, MG_STR("\r\n"));
    if (credentials) {
        mg_buf_add(out, MG_STR("Access-Control-Allow-Credentials: true\r\n"));
    }
}

static void compile_blocks(struct mg_rule *rule, const struct mg_rule_spec *spec,
                           const struct mg_name_set *expose, struct mg_buf *buf,
                           struct mg_arena *arena)
{
    bool credentials = spec->credentials && !rule->is_public;
    add_beginning(rule, credentials, buf);
    add_list_line(buf, MG_STR("Access-Control-Expose-Headers: "),
                  spec->expose_any && !credentials, expose->names, expose->count);
    if (spec->timing) {
        mg_buf_add(buf, MG_STR("Timing-Allow-Origin: "));
        mg_buf_add(buf, rule->is_public ? MG_STR("*\r\n") : MG_STR(""));
    }
    rule->actual_block = take(buf, arena);

    struct mg_str max_age =
        spec->max_age < 0
            ? MG_STR("")
            : mg_arena_printf(arena, "Access-Control-Max-Age: %lld\r\n", spec->max_age);
    add_beginning(rule, credentials, buf);
    if (rule->is_resolved) {
        rule->preflight_block = take(buf, arena);
        add_list(buf, false, rule->methods.items, rule->methods.count);
        rule->method_list = take(buf, arena);
        if (!rule->any_header) {
            add_list_line(buf, MG_STR("Access-Control-Allow-Headers: "), false,
                          rule->headers.names, rule->headers.count);
        }
        rule->header_line = take(buf, arena);
        rule->max_age_line = max_age;
        return;
    }
    add_list_line(buf, MG_STR("Access-Control-Allow-Methods: "), rule->any_method,
                  rule->methods.items, rule->any_method ? 0 : rule->methods.count);
    add_list_line(buf, MG_STR("Access-Control-Allow-Headers: "), rule->any_header,
                  rule->headers.names, rule->headers.count);
    mg_buf_add(buf, max_age);
    rule->preflight_block = take(buf, arena);
}

const struct mg_rule *mg_rule_compile(const struct mg_rule_spec *spec, struct mg_arena *arena)
{
    struct mg_rule *rule = mg_arena_calloc(arena, 1, sizeof(*rule));
    struct mg_name_set expose;
    if (rule == NULL) {
        return NULL;
    }
    rule->origins = spec->origins;
    rule->is_public = mg_origin_set_is_any(spec->origins);
    rule->has_credentials = spec->credentials && !rule->is_public;
    rule->rejects = spec->on_denied == MG_ON_DENIED_REJECT && !rule->is_public;
    rule->any_method = spec->any_method;
    rule->any_header = spec->any_header;
    rule->is_resolved =
        spec->credentials && !rule->is_public && (spec->any_method || spec->any_header);
    rule->repeats_origin = spec->timing && !rule->is_public;
    rule->preflight_status = spec->preflight_status;
    if (!compile_methods(rule, spec, arena) ||
        !compile_names(&rule->headers, &spec->headers, arena) ||
        !compile_names(&expose, &spec->expose, arena)) {
        return NULL;
    }
    struct mg_buf buf;
    mg_buf_init(&buf, MAX_BLOCK_BYTES);
    compile_blocks(rule, spec, &expose, &buf, arena);
    bool is_whole = !buf.overflowed && !mg_arena_overflowed(arena);
    mg_buf_fini(&buf);
    return is_whole ? rule : NULL;
}

bool mg_rule_is_public(const struct mg_rule *rule)
{
    return rule->is_public;
}

bool mg_rule_rejects(const struct mg_rule *rule)
{
    return rule->rejects;
}

static bool lists_equal(const struct mg_str *a, size_t a_count, const struct mg_str *b,
                        size_t b_count)
{
    bool is_equal = a_count == b_count;
    for (size_t i = 0; is_equal && i < a_count; i++) {
        is_equal = mg_str_equal(a[i], b[i]);
    }
    return is_equal;
}

/* The flags say what is decided; the texts, which are made of the rest, what is written. */
bool mg_rule_equal(const struct mg_rule *a, const struct mg_rule *b)
{
    bool flags_equal = a->is_public == b->is_public && a->rejects == b->rejects &&
                       a->has_credentials == b->has_credentials &&
                       a->any_method == b->any_method && a->any_header == b->any_header &&
                       a->is_resolved == b->is_resolved && a->has_options == b->has_options &&
                       a->repeats_origin == b->repeats_origin &&
                       a->preflight_status == b->preflight_status;
    return flags_equal && mg_str_equal(a->actual_block, b->actual_block) &&
           mg_str_equal(a->preflight_block, b->preflight_block) &&
           mg_str_equal(a->method_list, b->method_list) &&
           mg_str_equal(a->header_line, b->header_line) &&
           mg_str_equal(a->max_age_line, b->max_age_line) &&
           lists_equal(a->methods.items, a->methods.count, b->methods.items,
                       b->methods.count) &&
           lists_equal(a->headers.names, a->headers.count, b->headers.names, b->headers.count);
}

bool mg_rule_allows_any_method(const struct mg_rule *rule)
{
    return rule->any_method;
}

unsigned mg_rule_options_status(const struct mg_rule *rule)
{
    return rule->preflight_status;
}

const struct mg_origin_set *mg_rule_origins(const struct mg_rule *rule)
{
    return rule->origins;
}

bool mg_rule_has_credentials(const struct mg_rule *rule)
{
    return rule->has_credentials;
}

struct mg_name_list mg_rule_methods(const struct mg_rule *rule)
{
    return rule->methods;
}
