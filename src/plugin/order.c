/* order.c - the order of plugins: of those that nothing left has to precede, the first by name
 * comes next. In place and without memory of its own: sets are small, and this runs once a
 * generation.
 */
#include <stdio.h>

#include "plugin/plugin.h"
#include "plugin/spot.h"
#include "script/nearest.h"

static bool lists(const struct mg_str *names, size_t count, struct mg_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (mg_str_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* Whether `a` says that it comes before `b`, or `b` that it comes after `a`. */
static bool precedes(const struct mg_plugin *a, const struct mg_plugin *b)
{
    return !mg_str_equal(a->name, b->name) && (lists(a->before, a->before_count, b->name) ||
                                               lists(b->after, b->after_count, a->name));
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
}

static int compare(const struct mg_plugin *a, const struct mg_plugin *b)
{
    int order = mg_str_compare(a->name, b->name);
    order = order != 0 ? order : compare_text(a->used_file, b->used_file);
    return order != 0 ? order : (a->used_line > b->used_line) - (a->used_line < b->used_line);
}

/* The first by name that has to precede `plugin`, or NULL. */
static const struct mg_plugin *predecessor(const struct mg_plugin *const *plugins, size_t count,
                                           const struct mg_plugin *plugin)
{
    const struct mg_plugin *first = NULL;
    for (size_t i = 0; i < count; i++) {
        if (precedes(plugins[i], plugin) && (first == NULL || compare(plugins[i], first) < 0)) {
            first = plugins[i];
        }
    }
    return first;
}

static struct mg_plugin_spot spot_of(const struct mg_plugin *plugin, struct mg_errs *errs,
                                     const char *where)
{
    struct mg_plugin_spot spot = {.errs = errs, .file = plugin->file, .line = 1};
    MG_ERR_SET(spot.where, "%s", where);
    return spot;
}

/* ---- faults ---- */

/* The first by name of a cycle among plugins of which each has a predecessor. */
static const struct mg_plugin *find_cycle(const struct mg_plugin *const *left, size_t count)
{
    /* After as many steps back as there are plugins the walk is on the cycle; as many again go
     * all round it. */
    const struct mg_plugin *at = left[0];
    for (size_t i = 0; i < count; i++) {
        at = predecessor(left, count, at);
    }
    const struct mg_plugin *first = at;
    for (size_t i = 0; i < count; i++) {
        at = predecessor(left, count, at);
        first = compare(at, first) < 0 ? at : first;
    }
    return first;
}

/* Say of two neighbours of a cycle which of them wants it, and by which field. */
static void note_neighbours(const struct mg_plugin *at, const struct mg_plugin *before,
                            struct mg_errs *errs)
{
    bool says_after = lists(at->after, at->after_count, before->name);
    const struct mg_plugin *who = says_after ? at : before;
    const char *field = says_after ? "after" : "before";
    struct mg_plugin_spot spot = spot_of(who, errs, field);
    mg_plugin_fault(&spot, MG_NOTE, "plugin-cycle", NULL, "'%.*s' comes %s '%.*s'",
                    MG_STR_ARG(who->name), field, MG_STR_ARG((says_after ? before : at)->name));
}

static void report_cycle(const struct mg_plugin *const *left, size_t count,
                         struct mg_errs *errs)
{
    const struct mg_plugin *first = find_cycle(left, count);
    char names[sizeof(((struct mg_err *)0)->message)];
    MG_ERR_SET(names, "%.*s", MG_STR_ARG(first->name));
    const struct mg_plugin *at = first;
    do {
        at = predecessor(left, count, at);
        size_t used = strlen(names);
        mg_err_set(names + used, sizeof(names) - used, ", %.*s", MG_STR_ARG(at->name));
    } while (at != first);
    struct mg_plugin_spot spot = spot_of(first, errs, "after");
    mg_plugin_fault(&spot, MG_ERROR, "plugin-cycle", "take one `before` or `after` away",
                    "plugins that each come after the next: %s", names);
    do {
        const struct mg_plugin *before = predecessor(left, count, at);
        note_neighbours(at, before, errs);
        at = before;
    } while (at != first);
}

static void note_strangers(const struct mg_plugin *const *plugins, size_t count,
                           const struct mg_plugin *plugin, const char *where,
                           struct mg_errs *errs)
{
    bool is_before = strcmp(where, "before") == 0;
    const struct mg_str *names = is_before ? plugin->before : plugin->after;
    size_t name_count = is_before ? plugin->before_count : plugin->after_count;
    for (size_t i = 0; i < name_count; i++) {
        struct mg_nearest nearest = mg_nearest_begin(names[i]);
        bool is_known = false;
        for (size_t j = 0; j < count; j++) {
            is_known = is_known || mg_str_equal(plugins[j]->name, names[i]);
            mg_nearest_offer(&nearest, plugins[j]->name);
        }
        if (!is_known) {
            char hint[96];
            struct mg_plugin_spot list = spot_of(plugin, errs, where);
            struct mg_plugin_spot spot = mg_plugin_spot_of_item(&list, i + 1);
            mg_plugin_fault(&spot, MG_NOTE, "plugin-order",
                            mg_plugin_did_you_mean(hint, sizeof(hint), nearest.best),
                            "no policy uses a plugin '%.*s', so it counts for nothing",
                            MG_STR_ARG(names[i]));
        }
    }
}

bool mg_plugin_order(const struct mg_plugin **plugins, size_t count, struct mg_errs *errs)
{
    for (size_t i = 0; i < count; i++) {
        note_strangers(plugins, count, plugins[i], "before", errs);
        note_strangers(plugins, count, plugins[i], "after", errs);
    }
    for (size_t placed = 0; placed < count; placed++) {
        const struct mg_plugin **left = plugins + placed;
        size_t left_count = count - placed;
        size_t next = left_count;
        for (size_t i = 0; i < left_count; i++) {
            if (predecessor(left, left_count, left[i]) == NULL &&
                (next == left_count || compare(left[i], left[next]) < 0)) {
                next = i;
            }
        }
        if (next == left_count) {
            report_cycle(left, left_count, errs);
            return false;
        }
        const struct mg_plugin *chosen = left[next];
        left[next] = left[0];
        left[0] = chosen;
    }
    return true;
}
