/* diff_text.c - changes as sentences. Who gains or loses stands first, the resource behind what
 * it is about:
 *
 *     https://a.example gains PUT /orders/{id} with credentials
 */
#include "policy/diff_layout.h"

enum {
    MAX_SHOWN = 4 /* of a list; one more than that is shown, too, in place of "1 more" */
};

static void add_text(struct mg_buf *out, const char *text)
{
    mg_buf_add(out, mg_str_from(text));
}

/* "a", "a and b", "a, b and 12 more". */
static void add_list(struct mg_buf *out, const struct mg_diff_list *list)
{
    size_t shown = list->total <= MAX_SHOWN + 1 ? list->count : MAX_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        bool is_last = i + 1 == list->total;
        add_text(out, i == 0 ? "" : is_last ? " and " : ", ");
        mg_buf_add(out, list->items[i]);
    }
    if (shown < list->total) {
        mg_buf_printf(out, " and %zu more", list->total - shown);
    }
}

static struct mg_str pattern_of(const struct mg_diff_change *change)
{
    return change->new_place.pattern.len > 0 ? change->new_place.pattern
                                             : change->old_place.pattern;
}

static bool has_star(const struct mg_diff_list *list)
{
    return list->count > 0 && mg_str_equal(list->items[0], MG_STR("*"));
}

/* Whom it concerns. Returns: whether that is more than one. */
static bool add_holders(struct mg_buf *out, const struct mg_diff_change *change)
{
    if (change->function_origins) {
        add_text(out, "whoever its functions allow");
        return false;
    }
    if (has_star(&change->origins)) {
        add_text(out, change->has_others ? "every other origin" : "every origin");
        return false;
    }
    add_list(out, &change->origins);
    return change->origins.total > 1;
}

/* "gains" of one, "gain" of many. */
static void add_verb(struct mg_buf *out, const struct mg_diff_change *change, bool is_many)
{
    bool gains = change->effect == MG_DIFF_GAINS;
    add_text(out, gains ? " gain" : " lose");
    add_text(out, is_many ? " " : "s ");
}

static void add_names(struct mg_buf *out, const struct mg_diff_list *list, bool has_any,
                      const char *one, const char *many)
{
    if (has_any) {
        mg_buf_printf(out, "all %s", many);
        if (list->total > 0) {
            add_text(out, ", ");
            add_list(out, list);
            add_text(out, " too");
        }
        return;
    }
    mg_buf_printf(out, "the %s ", list->total == 1 ? one : many);
    add_list(out, list);
}

static void add_request_headers(struct mg_buf *out, const struct mg_diff_change *change)
{
    if (change->any_header) {
        add_text(out, change->headers.total > 0 ? "all request headers"
                                                : "all request headers but Authorization");
        return;
    }
    add_names(out, &change->headers, false, "request header", "request headers");
}

static void add_response_headers(struct mg_buf *out, const struct mg_diff_change *change)
{
    add_names(out, &change->exposed, change->any_exposed, "response header",
              "response headers");
}

/* GET, PUT /orders/{id} with credentials. */
static void add_methods(struct mg_buf *out, const struct mg_diff_change *change)
{
    for (size_t i = 0; i < change->methods.count; i++) {
        add_text(out, i == 0 ? "" : ", ");
        mg_buf_add(out, change->methods.items[i]);
    }
    if (change->methods.total > change->methods.count) {
        mg_buf_printf(out, " and %zu more methods of",
                      change->methods.total - change->methods.count);
    }
    add_text(out, change->methods.total == 0 ? "answers of " : " ");
    mg_buf_add(out, pattern_of(change));
    add_text(out, change->credentials ? " with credentials" : "");
}

static void write_access(const struct mg_diff_change *change, struct mg_buf *out)
{
    add_verb(out, change, add_holders(out, change));
    add_methods(out, change);
    if (change->headers.total > 0 || change->any_header) {
        add_text(out, ", sending ");
        add_request_headers(out, change);
    }
    if (change->exposed.total > 0 || change->any_exposed) {
        add_text(out, ", reading ");
        add_response_headers(out, change);
    }
}

/* What those hold whom both sets allow. */
static void write_held(const struct mg_diff_change *change, struct mg_buf *out)
{
    add_verb(out, change, add_holders(out, change));
    switch ((int)change->kind) {
    case MG_DIFF_METHODS:
        add_methods(out, change);
        return;
    case MG_DIFF_HEADERS:
        add_request_headers(out, change);
        add_text(out, " to ");
        break;
    case MG_DIFF_EXPOSE:
        add_response_headers(out, change);
        add_text(out, " of ");
        break;
    case MG_DIFF_CREDENTIALS:
        add_text(out, "credentials to ");
        break;
    default:
        add_text(out, "timing of ");
        break;
    }
    mg_buf_add(out, pattern_of(change));
}

static void write_max_age(const struct mg_diff_change *change, struct mg_buf *out)
{
    add_text(out, "preflights of ");
    mg_buf_add(out, pattern_of(change));
    if (change->after.len == 0) {
        add_text(out, " say no more how long they may be cached");
    } else {
        mg_buf_printf(out, " may be cached for %.*s s", MG_STR_ARG(change->after));
    }
    if (change->before.len > 0) {
        mg_buf_printf(out, ", before for %.*s s", MG_STR_ARG(change->before));
    }
}

static void write_function(const struct mg_diff_change *change, struct mg_buf *out)
{
    bool has_before = !mg_str_equal(change->before, MG_STR("none"));
    bool has_after = !mg_str_equal(change->after, MG_STR("none"));
    mg_buf_add(out, pattern_of(change));
    if (change->function_origins) {
        mg_buf_printf(out, " decides by function (%.*s), from another rule than before",
                      MG_STR_ARG(change->after));
    } else if (!has_after) {
        mg_buf_printf(out, " decides no more by function (%.*s)", MG_STR_ARG(change->before));
    } else {
        mg_buf_printf(out, " decides by function (%.*s)%s", MG_STR_ARG(change->after),
                      has_before && change->old_place.pattern.len > 0 ? ", which has changed"
                                                                      : "");
    }
    add_text(out, ": cannot be compared");
}

static void write_plugin(const struct mg_diff_change *change, struct mg_buf *out)
{
    mg_buf_add(out, pattern_of(change));
    mg_buf_printf(out, " has the plugins %.*s, before %.*s", MG_STR_ARG(change->after),
                  MG_STR_ARG(change->before));
    add_text(out, mg_str_equal(change->after, change->before) ? ", which have changed" : "");
    add_text(out, change->effect == MG_DIFF_UNKNOWN
                      ? ": cannot be compared"
                      : ": those that are new may refuse what was allowed");
}

static void write_handler(const struct mg_diff_change *change, struct mg_buf *out)
{
    mg_buf_add(out, pattern_of(change));
    mg_buf_printf(out, " is answered by %.*s", MG_STR_ARG(change->after));
    if (mg_str_equal(change->after, change->before)) {
        add_text(out, ", which has changed");
    } else {
        mg_buf_printf(out, ", before by %.*s", MG_STR_ARG(change->before));
    }
}

static void write_off(const struct mg_diff_change *change, struct mg_buf *out)
{
    mg_buf_add(out, pattern_of(change));
    mg_buf_printf(out, " leaves CORS to %.*s", MG_STR_ARG(change->after));
    if (change->before.len > 0) {
        mg_buf_printf(out, ", before to %.*s", MG_STR_ARG(change->before));
    }
    add_text(out, ": cannot be compared");
}

static void write_two_values(const struct mg_diff_change *change, struct mg_buf *out)
{
    bool is_status = change->kind == MG_DIFF_STATUS;
    mg_buf_add(out, pattern_of(change));
    mg_buf_printf(out, " %s %.*s, before %s%.*s",
                  is_status ? "answers preflights with" : "supports", MG_STR_ARG(change->after),
                  is_status ? "with " : "", MG_STR_ARG(change->before));
}

/* What is one of two things: the one that more is given by, and the other. */
static void write_either(const struct mg_diff_change *change, struct mg_buf *out)
{
    static const struct {
        const char *more; /* `after` that it holds for */
        const char *words;
        const char *other_words;
    } rows[MG_DIFF_KIND_COUNT] = {
        [MG_DIFF_RESOURCE] = {"", " is new, and no page of another origin may use it",
                              " is gone"},
        [MG_DIFF_ENCODED_SLASH] = {"yes", " takes paths with %2F, which were refused",
                                   " refuses paths with %2F, which were taken"},
        [MG_DIFF_OPTIONS] = {"forward", " leaves plain OPTIONS to its handler",
                             " has plain OPTIONS answered by Moongate"},
        [MG_DIFF_ON_DENIED] =
            {"withhold",
             " lets requests that it does not allow reach its handler, which were refused",
             " refuses requests that it does not allow, which reached its handler"},
    };
    bool is_more = change->kind == MG_DIFF_RESOURCE
                       ? change->effect != MG_DIFF_LOSES
                       : mg_str_equal(change->after, mg_str_from(rows[change->kind].more));
    mg_buf_add(out, pattern_of(change));
    add_text(out, is_more ? rows[change->kind].words : rows[change->kind].other_words);
}

/* Where the paths come from that another pattern answers now. */
static void add_route(const struct mg_diff_change *change, struct mg_buf *out)
{
    if (change->example.len > 0) {
        mg_buf_printf(out, " (%.*s was answered by %.*s)", MG_STR_ARG(change->example),
                      MG_STR_ARG(change->old_place.pattern));
    }
}

void mg_diff_change_write_short(const struct mg_diff_change *change, struct mg_buf *out)
{
    switch (change->kind) {
    case MG_DIFF_ACCESS:
        write_access(change, out);
        break;
    case MG_DIFF_METHODS:
    case MG_DIFF_HEADERS:
    case MG_DIFF_EXPOSE:
    case MG_DIFF_CREDENTIALS:
    case MG_DIFF_TIMING:
        write_held(change, out);
        break;
    case MG_DIFF_MAX_AGE:
        write_max_age(change, out);
        break;
    case MG_DIFF_FUNCTION:
        write_function(change, out);
        break;
    case MG_DIFF_PLUGIN:
        write_plugin(change, out);
        break;
    case MG_DIFF_ON_DENIED:
    case MG_DIFF_RESOURCE:
    case MG_DIFF_ENCODED_SLASH:
    case MG_DIFF_OPTIONS:
        write_either(change, out);
        break;
    case MG_DIFF_STATUS:
    case MG_DIFF_SUPPORT:
        write_two_values(change, out);
        break;
    case MG_DIFF_HANDLER:
        write_handler(change, out);
        break;
    case MG_DIFF_OFF:
        write_off(change, out);
        break;
    case MG_DIFF_TANGLE:
    case MG_DIFF_KIND_COUNT:
        add_text(out, "the patterns of both sets meet in more ways than were looked at");
        break;
    }
}

void mg_diff_change_write(const struct mg_diff_change *change, struct mg_buf *out)
{
    mg_diff_change_write_short(change, out);
    add_route(change, out);
}

/* ---- the summary ---- */

static bool widens(const struct mg_diff_change *change)
{
    return change->effect == MG_DIFF_GAINS || change->effect == MG_DIFF_UNKNOWN;
}

/* What to show of all: what is sure to widen before what may. */
static const struct mg_diff_change *foremost(const struct mg_policy_diff *diff)
{
    const struct mg_diff_change *found = diff->change_count > 0 ? &diff->changes[0] : NULL;
    for (size_t i = 0; i < diff->change_count; i++) {
        const struct mg_diff_change *change = &diff->changes[i];
        if (change->effect == MG_DIFF_GAINS) {
            return change;
        }
        if (widens(change) && !widens(found)) {
            found = change;
        }
    }
    return found;
}

static void add_count(struct mg_buf *out, size_t count, const char *words)
{
    if (count > 0) {
        mg_buf_printf(out, ", %zu %s", count, words);
    }
}

void mg_policy_diff_summary(const struct mg_policy_diff *diff, char *out, size_t size)
{
    char text[4 * MG_DIFF_SUMMARY_BYTES];
    struct mg_buf buf;
    mg_buf_init_fixed(&buf, text, sizeof(text));
    if (diff->total == 0) {
        mg_err_set(out, size, "no difference");
        return;
    }
    mg_buf_printf(&buf, "%zu change%s", diff->total, diff->total == 1 ? "" : "s");
    add_count(&buf, diff->counts[MG_DIFF_GAINS], "widening");
    add_count(&buf, diff->counts[MG_DIFF_UNKNOWN], "that cannot be compared");
    add_count(&buf, diff->counts[MG_DIFF_LOSES], "narrowing");
    add_text(&buf, ": ");
    size_t head = buf.len;
    mg_diff_change_write(foremost(diff), &buf);
    struct mg_str whole = mg_buf_str(&buf);
    if (buf.overflowed) { /* patterns may be long: then the counts alone, and where to look */
        whole.len = head;
        mg_err_set(out, size, "%.*s%s", MG_STR_ARG(whole), "see `moongate diff`");
        return;
    }
    mg_err_set(out, size, "%.*s%s", MG_STR_ARG(whole), diff->total > 1 ? " …" : "");
}
