/* test_order.c - the order of plugins. */
#include <stdio.h>

#include "expect.h"
#include "plugin/plugin.h"
#include "prng.h"

enum {
    MAX_PLUGINS = 10,
    MAX_NAMES = 4
};

/* A plugin as a row writes it. */
struct written {
    const char *name;
    const char *before[MAX_NAMES];
    const char *after[MAX_NAMES];
};

static const struct {
    const char *desc;
    struct written plugins[MAX_PLUGINS];
    const char *order; /* names, a space behind each; NULL: a cycle */
    const char *faults;
} rows[] = {
    {"none", {{.name = NULL}}, "", ""},
    {"by name", {{.name = "c"}, {.name = "a"}, {.name = "b"}}, "a b c ", ""},
    {"before", {{.name = "a"}, {.name = "b", .before = {"a"}}}, "b a ", ""},
    {"after", {{.name = "a", .after = {"b"}}, {.name = "b"}}, "b a ", ""},
    {"both say the same",
     {{.name = "a", .after = {"b"}}, {.name = "b", .before = {"a"}}},
     "b a ",
     ""},
    {"a chain against the names",
     {{.name = "a", .after = {"b"}},
      {.name = "b", .after = {"c"}},
      {.name = "c"},
      {.name = "d", .before = {"c"}}},
     "d c b a ",
     ""},
    {"as early as its name allows",
     {{.name = "a", .after = {"m"}}, {.name = "b"}, {.name = "m"}, {.name = "z"}},
     "b m a z ",
     ""},
    {"what is not used counts for nothing",
     {{.name = "b", .before = {"auht", "metrics"}, .after = {"tracing"}}, {.name = "auth"}},
     "auth b ",
     "plugins/b/plugin.lua:1: note: after[1]: no policy uses a plugin 'tracing', so it counts "
     "for "
     "nothing [plugin-order]\n"
     "plugins/b/plugin.lua:1: note: before[1]: no policy uses a plugin 'auht', so it counts "
     "for "
     "nothing (did you mean 'auth'?) [plugin-order]\n"
     "plugins/b/plugin.lua:1: note: before[2]: no policy uses a plugin 'metrics', so it counts "
     "for "
     "nothing [plugin-order]\n"},
    {"two that each want to be first",
     {{.name = "b", .before = {"a"}}, {.name = "a", .before = {"b"}}},
     NULL,
     "plugins/a/plugin.lua:1: error: after: plugins that each come after the next: a, b, a "
     "(take one `before` or `after` away) [plugin-cycle]\n"
     "plugins/a/plugin.lua:1: note: before: 'a' comes before 'b' [plugin-cycle]\n"
     "plugins/b/plugin.lua:1: note: before: 'b' comes before 'a' [plugin-cycle]\n"},
    {"a cycle of three behind a tail, with one beside it",
     {{.name = "tail", .after = {"one"}},
      {.name = "two", .after = {"three"}},
      {.name = "one", .after = {"two"}},
      {.name = "three", .after = {"one"}},
      {.name = "free"}},
     NULL,
     "plugins/one/plugin.lua:1: error: after: plugins that each come after the next: one, two, "
     "three, one (take one `before` or `after` away) [plugin-cycle]\n"
     "plugins/one/plugin.lua:1: note: after: 'one' comes after 'two' [plugin-cycle]\n"
     "plugins/three/plugin.lua:1: note: after: 'three' comes after 'one' [plugin-cycle]\n"
     "plugins/two/plugin.lua:1: note: after: 'two' comes after 'three' [plugin-cycle]\n"},
};

struct made {
    struct mg_plugin plugins[MAX_PLUGINS];
    struct mg_str before[MAX_PLUGINS][MAX_NAMES];
    struct mg_str after[MAX_PLUGINS][MAX_NAMES];
    char files[MAX_PLUGINS][64];
    const struct mg_plugin *list[MAX_PLUGINS];
    size_t count;
};

static size_t take_names(const char *const names[MAX_NAMES], struct mg_str out[MAX_NAMES])
{
    size_t count = 0;
    while (count < MAX_NAMES && names[count] != NULL) {
        out[count] = mg_str_from(names[count]);
        count++;
    }
    return count;
}

static void make(const struct written *written, struct made *made)
{
    made->count = 0;
    for (size_t i = 0; i < MAX_PLUGINS && written[i].name != NULL; i++) {
        (void)snprintf(made->files[i], sizeof(made->files[i]), "plugins/%s/plugin.lua",
                       written[i].name);
        made->plugins[i] =
            (struct mg_plugin){.name = mg_str_from(written[i].name),
                               .file = made->files[i],
                               .used_file = "api.lua",
                               .before = made->before[i],
                               .before_count = take_names(written[i].before, made->before[i]),
                               .after = made->after[i],
                               .after_count = take_names(written[i].after, made->after[i])};
        made->list[made->count++] = &made->plugins[i];
    }
}

static void show(const struct made *made, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < made->count; i++) {
        size_t used = strlen(out);
        (void)snprintf(out + used, size - used, "%.*s ", MG_STR_ARG(made->list[i]->name));
    }
}

static void expect_faults(const char *desc, const struct mg_errs *errs, const char *want)
{
    size_t lines = 0;
    for (const char *p = want; *p != '\0'; p++) {
        lines += *p == '\n';
    }
    mg_expect_int(desc, errs->count, lines);
    for (size_t i = 0; i < errs->count; i++) {
        char line[1024];
        mg_err_format(&errs->items[i], line, sizeof(line));
        /* In any order: the caller sorts. */
        if (strstr(want, line) == NULL) {
            mg_expect_text(desc, line, want);
        }
    }
}

/* The order does not depend on how the plugins came. */
static void plugins_are_ordered(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("order");
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        for (int turn = 0; turn < 20; turn++) {
            struct made made;
            struct mg_errs errs;
            make(rows[i].plugins, &made);
            for (size_t j = made.count; turn > 0 && j > 1; j--) {
                size_t k = mg_prng_below(&prng, j);
                const struct mg_plugin *other = made.list[k];
                made.list[k] = made.list[j - 1];
                made.list[j - 1] = other;
            }
            mg_errs_init(&errs);
            bool is_fine = mg_plugin_order(made.list, made.count, &errs);
            mg_expect_int(rows[i].desc, is_fine, rows[i].order != NULL);
            expect_faults(rows[i].desc, &errs, rows[i].faults);
            if (rows[i].order != NULL) {
                char order[128];
                show(&made, order, sizeof(order));
                mg_expect_text(rows[i].desc, order, rows[i].order);
            }
            mg_errs_fini(&errs);
        }
    }
}

/* Two uses of one plugin stand together, in the order of their lines. */
static void uses_of_one_plugin_keep_their_lines(void **state)
{
    (void)state;
    struct mg_str b = MG_STR("b");
    struct mg_plugin plugins[] = {
        {.name = MG_STR("a"),
         .used_file = "z.lua",
         .used_line = 2,
         .after = &b,
         .after_count = 1},
        {.name = MG_STR("a"),
         .used_file = "z.lua",
         .used_line = 1,
         .after = &b,
         .after_count = 1},
        {.name = MG_STR("a"),
         .used_file = "y.lua",
         .used_line = 9,
         .after = &b,
         .after_count = 1},
        {.name = MG_STR("b"), .used_file = "z.lua", .used_line = 3},
    };
    const struct mg_plugin *list[] = {&plugins[0], &plugins[1], &plugins[2], &plugins[3]};
    struct mg_errs errs;
    mg_errs_init(&errs);
    mg_expect_true("ordered", mg_plugin_order(list, MG_COUNT(list), &errs));
    mg_expect_int("no faults", errs.count, 0);
    mg_expect_true("b first", list[0] == &plugins[3]);
    mg_expect_true("file", list[1] == &plugins[2]);
    mg_expect_true("line 1", list[2] == &plugins[1]);
    mg_expect_true("line 2", list[3] == &plugins[0]);
    mg_errs_fini(&errs);
}

/* Write a set of plugins with some wishes each. */
static size_t invent(struct mg_prng *prng, struct written written[MAX_PLUGINS])
{
    static const char *const names[MAX_PLUGINS] = {"a", "b", "c", "d", "e",
                                                   "f", "g", "h", "i", "j"};
    size_t count = 1 + mg_prng_below(prng, MAX_PLUGINS);
    for (size_t i = 0; i < count; i++) {
        written[i].name = names[i];
        for (uint64_t wishes = mg_prng_below(prng, 3); wishes > 0; wishes--) {
            const char *other = names[mg_prng_below(prng, count)];
            const char **list =
                mg_prng_below(prng, 2) == 0 ? written[i].before : written[i].after;
            list[list[0] != NULL] = other;
        }
    }
    return count;
}

/* Whether what stands early in an order agrees with what stands late. */
static void expect_promises(const struct mg_plugin *early, const struct mg_plugin *late)
{
    for (size_t i = 0; i < late->before_count; i++) {
        mg_expect_true("before", !mg_str_equal(late->before[i], early->name));
    }
    for (size_t i = 0; i < early->after_count; i++) {
        mg_expect_true("after", !mg_str_equal(early->after[i], late->name));
    }
}

/* In any order that is found, everybody stands where he and all others said. */
static void orders_keep_every_promise(void **state)
{
    (void)state;
    struct mg_prng prng = mg_property_begin("promises");
    unsigned long cases = mg_property_cases(500);
    unsigned long orders = 0;
    for (unsigned long n = 0; n < cases; n++) {
        struct written written[MAX_PLUGINS] = {{.name = NULL}};
        size_t count = invent(&prng, written);
        struct made made;
        struct mg_errs errs;
        make(written, &made);
        mg_errs_init(&errs);
        bool is_fine = mg_plugin_order(made.list, made.count, &errs);
        mg_expect_int("a fault where there is no order", errs.error_count, !is_fine);
        orders += is_fine;
        for (size_t i = 0; is_fine && i < count; i++) {
            for (size_t j = i + 1; j < count; j++) {
                expect_promises(made.list[i], made.list[j]);
            }
        }
        mg_errs_fini(&errs);
    }
    mg_expect_true("some have an order, some have not", orders > 0 && orders < cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plugins_are_ordered),
        cmocka_unit_test(uses_of_one_plugin_keep_their_lines),
        cmocka_unit_test(orders_keep_every_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
