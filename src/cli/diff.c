/* diff.c - `moongate diff`: what changes for whom between two policy sets.
 */
#include "policy/diff.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/policy_arguments.h"
#include "core/buf.h"

enum {
    SENTENCE_MAX_BYTES = 256 << 10 /* lists are bounded, names and patterns are too */
};

static void print_help(void)
{
    (void)printf(
        "Usage: moongate diff OLD NEW [--json] [--no-widening]\n\n"
        "Compare two policy sets, each a file or a directory, by what they do: print\n"
        "what changes for whom, resource by resource. What no request notices is no change.\n\n"
        "  + gains   an origin can do what it could not\n"
        "  - loses   and the other way round\n"
        "  ~         nobody gains or loses anything\n"
        "  ?         functions, plugins or handlers decide: cannot be compared\n\n"
        "  --plugins DIR           where the plugins of both are found; repeatable\n"
        "  --public-origin ORIGIN  as for `serve`; repeatable\n"
        "  --no-widening           fail where anyone gains anything, or may (\"?\")\n"
        "  --json                  print one JSON document (docs/diff.md)\n\n"
        "Exit codes: 0 compared, 1 it widens and --no-widening is given, 2 usage, 3 a set is\n"
        "invalid.\n");
}

/* ---- text ---- */

static bool is_same_place(const struct mg_diff_place *a, const struct mg_diff_place *b)
{
    return mg_str_equal(a->pattern, b->pattern) && mg_str_equal(a->file, b->file) &&
           a->line == b->line;
}

static void print_place(const struct mg_diff_place *place)
{
    (void)printf("%.*s:%d", MG_STR_ARG(place->file), place->line);
}

/* A line for what follows: the resource, and where it is declared. */
static void print_heading(const struct mg_diff_change *change)
{
    const struct mg_diff_place *before = &change->old_place;
    const struct mg_diff_place *after = &change->new_place;
    bool is_new = before->pattern.len == 0;
    bool is_gone = after->pattern.len == 0;
    if (is_new && is_gone) {
        (void)printf("(all)\n");
        return;
    }
    (void)printf("%.*s  (", MG_STR_ARG(is_gone ? before->pattern : after->pattern));
    if (is_new || is_gone) {
        print_place(is_gone ? before : after);
        (void)printf(is_gone ? ", gone)\n" : ", new)\n");
        return;
    }
    if (change->example.len > 0) {
        (void)printf("%.*s was answered by %.*s, ", MG_STR_ARG(change->example),
                     MG_STR_ARG(before->pattern));
    }
    print_place(before);
    (void)printf(" -> ");
    print_place(after);
    (void)printf(")\n");
}

static void print_change(const struct mg_diff_change *change, struct mg_buf *sentence)
{
    static const char marks[] = {[MG_DIFF_GAINS] = '+',
                                 [MG_DIFF_LOSES] = '-',
                                 [MG_DIFF_CHANGES] = '~',
                                 [MG_DIFF_UNKNOWN] = '?'};
    mg_buf_clear(sentence);
    mg_diff_change_write_short(change, sentence);
    (void)printf("  %c %.*s\n", marks[change->effect], MG_STR_ARG(mg_buf_str(sentence)));
}

static void print_counts(const struct mg_policy_diff *diff)
{
    static const char *const words[] = {[MG_DIFF_GAINS] = "gained",
                                        [MG_DIFF_LOSES] = "lost",
                                        [MG_DIFF_CHANGES] = "other",
                                        [MG_DIFF_UNKNOWN] = "that cannot be compared"};
    static const enum mg_diff_effect order[] = {MG_DIFF_GAINS, MG_DIFF_UNKNOWN, MG_DIFF_LOSES,
                                                MG_DIFF_CHANGES};
    const char *separator = ": ";
    (void)printf("%zu change%s", diff->total, diff->total == 1 ? "" : "s");
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (diff->counts[order[i]] > 0) {
            (void)printf("%s%zu %s", separator, diff->counts[order[i]], words[order[i]]);
            separator = ", ";
        }
    }
    (void)printf("\n");
}

static void print_text(const struct mg_policy_diff *diff)
{
    struct mg_buf sentence;
    mg_buf_init(&sentence, SENTENCE_MAX_BYTES);
    for (size_t i = 0; i < diff->change_count; i++) {
        const struct mg_diff_change *change = &diff->changes[i];
        bool goes_on = i > 0 &&
                       is_same_place(&change->old_place, &diff->changes[i - 1].old_place) &&
                       is_same_place(&change->new_place, &diff->changes[i - 1].new_place);
        if (!goes_on) {
            (void)printf(i > 0 ? "\n" : "");
            print_heading(change);
        }
        print_change(change, &sentence);
    }
    mg_buf_fini(&sentence);
    if (diff->total == 0) {
        (void)printf("no difference\n");
        return;
    }
    (void)printf("\n");
    if (diff->change_count < diff->total) {
        (void)printf("(%zu more are not shown)\n", diff->total - diff->change_count);
    }
    print_counts(diff);
}

/* ---- JSON ---- */

static json_t *json_place(const struct mg_diff_place *place)
{
    if (place->pattern.len == 0) {
        return json_null();
    }
    json_t *object = json_object();
    json_object_set_new(object, "pattern", mg_json_text(place->pattern));
    json_object_set_new(object, "file", mg_json_text(place->file));
    json_object_set_new(object, "line", json_integer(place->line));
    return object;
}

static json_t *json_list(const struct mg_diff_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        json_array_append_new(array, mg_json_text(list->items[i]));
    }
    return array;
}

/* A list under `name`, and how many there are in all under `name`_total. */
static void set_list(json_t *object, const char *name, const struct mg_diff_list *list)
{
    char total[32];
    (void)snprintf(total, sizeof(total), "%s_total", name);
    json_object_set_new(object, name, json_list(list));
    json_object_set_new(object, total, json_integer((json_int_t)list->total));
}

static json_t *text_or_null(struct mg_str text)
{
    return text.len == 0 ? json_null() : mg_json_text(text);
}

static json_t *json_change(const struct mg_diff_change *change, struct mg_buf *sentence)
{
    bool widens = change->effect == MG_DIFF_GAINS || change->effect == MG_DIFF_UNKNOWN;
    json_t *object = json_object();
    mg_buf_clear(sentence);
    mg_diff_change_write(change, sentence);
    json_object_set_new(object, "kind", json_string(mg_diff_kind_name(change->kind)));
    json_object_set_new(object, "effect", json_string(mg_diff_effect_name(change->effect)));
    json_object_set_new(object, "widens", json_boolean(widens));
    json_object_set_new(object, "sentence", mg_json_text(mg_buf_str(sentence)));
    json_object_set_new(object, "old", json_place(&change->old_place));
    json_object_set_new(object, "new", json_place(&change->new_place));
    json_object_set_new(object, "path", text_or_null(change->example));
    set_list(object, "origins", &change->origins);
    json_object_set_new(object, "other_origins", json_boolean(change->has_others));
    json_object_set_new(object, "function_origins", json_boolean(change->function_origins));
    set_list(object, "methods", &change->methods);
    set_list(object, "headers", &change->headers);
    json_object_set_new(object, "any_header", json_boolean(change->any_header));
    set_list(object, "expose", &change->exposed);
    json_object_set_new(object, "expose_any", json_boolean(change->any_exposed));
    json_object_set_new(object, "credentials", json_boolean(change->credentials));
    json_object_set_new(object, "before", text_or_null(change->before));
    json_object_set_new(object, "after", text_or_null(change->after));
    return object;
}

/* Two sets, as far as they could be loaded. */
struct two_sets {
    struct mg_policy_set *sets[2];
    struct mg_errs errs[2];
};

static json_t *json_set(const struct two_sets *two, int which)
{
    const struct mg_policy_set *set = two->sets[which];
    json_t *object = json_object();
    json_object_set_new(object, "revision",
                        set == NULL ? json_null() : mg_json_text(set->revision));
    json_object_set_new(object, "resources",
                        set == NULL ? json_null()
                                    : json_integer((json_int_t)set->resource_count));
    json_object_set_new(object, "diagnostics", mg_json_faults(&two->errs[which]));
    return object;
}

/* `diff` is NULL where a set is invalid. */
static void print_json(const struct two_sets *two, const struct mg_policy_diff *diff, bool ok)
{
    struct mg_buf sentence;
    json_t *root = json_object();
    json_t *changes = json_array();
    mg_buf_init(&sentence, SENTENCE_MAX_BYTES);
    json_object_set_new(root, "ok", json_boolean(ok));
    json_object_set_new(root, "old", json_set(two, 0));
    json_object_set_new(root, "new", json_set(two, 1));
    json_object_set_new(root, "widens",
                        diff == NULL ? json_null() : json_boolean(mg_policy_diff_widens(diff)));
    json_object_set_new(root, "incomplete", json_boolean(diff != NULL && diff->is_incomplete));
    json_object_set_new(root, "total",
                        diff == NULL ? json_null() : json_integer((json_int_t)diff->total));
    for (size_t i = 0; diff != NULL && i < diff->change_count; i++) {
        json_array_append_new(changes, json_change(&diff->changes[i], &sentence));
    }
    json_object_set_new(root, "changes", diff == NULL ? json_null() : changes);
    if (diff == NULL) {
        json_decref(changes);
    }
    mg_json_print(root);
    mg_buf_fini(&sentence);
}

/* ---- the command ---- */

/* Load the set at the n-th path. Faults are told where they make it invalid. */
static int load(const struct mg_policy_arguments *arguments, struct two_sets *two, int which,
                bool is_json)
{
    struct mg_policy_arguments one = *arguments;
    one.policies.items[0] = arguments->policies.items[which];
    one.policies.count = 1;
    mg_errs_init(&two->errs[which]);
    two->sets[which] = mg_policy_arguments_load(&one, &two->errs[which]);
    if (two->sets[which] != NULL) {
        return MG_EXIT_OK;
    }
    return is_json ? mg_cli_exit_code(&two->errs[which]) : mg_cli_report(&two->errs[which]);
}

static int compare(const struct mg_policy_arguments *arguments, const struct two_sets *two,
                   bool is_json)
{
    struct mg_policy_diff *diff = mg_policy_diff_new(two->sets[0], two->sets[1], NULL);
    if (diff == NULL) {
        (void)fprintf(stderr, "moongate diff: out of memory\n");
        return MG_EXIT_ENVIRONMENT;
    }
    bool is_refused =
        mg_policy_arguments_has(arguments, "no-widening") && mg_policy_diff_widens(diff);
    if (is_json) {
        print_json(two, diff, !is_refused);
    } else {
        print_text(diff);
        (void)fprintf(stderr, "%s", is_refused ? "moongate diff: it widens access\n" : "");
    }
    mg_policy_diff_free(diff);
    return is_refused ? MG_EXIT_NEGATIVE : MG_EXIT_OK;
}

static int run_diff(int argc, char **argv)
{
    static const char *const switches[] = {"json", "no-widening", NULL};
    struct mg_policy_arguments arguments;
    int code = mg_policy_arguments_read(argc, argv, switches, &arguments);
    if (code != MG_EXIT_OK) {
        return code;
    }
    if (arguments.wants_help) {
        print_help();
        return MG_EXIT_OK;
    }
    if (arguments.policies.count != 2) {
        return mg_cli_usage(argv[0],
                            "%s: give the old set and the new one, each a file or a "
                            "directory",
                            arguments.policies.count < 2 ? "one policy set is no difference"
                                                         : "there are more than two sets");
    }
    bool is_json = mg_policy_arguments_has(&arguments, "json");
    struct two_sets two;
    int old_code = load(&arguments, &two, 0, is_json);
    int new_code = load(&arguments, &two, 1, is_json);
    code = old_code != MG_EXIT_OK ? old_code : new_code;
    if (code == MG_EXIT_OK) {
        code = compare(&arguments, &two, is_json);
    } else if (is_json) {
        print_json(&two, NULL, false);
    }
    for (int i = 0; i < 2; i++) {
        mg_policy_set_free(two.sets[i]);
        mg_errs_fini(&two.errs[i]);
    }
    return code;
}

const struct mg_command mg_command_diff = {
    .name = "diff",
    .summary = "tell what changes for whom between two policy sets",
    .run = run_diff,
};
