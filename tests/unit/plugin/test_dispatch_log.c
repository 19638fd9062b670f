/* test_dispatch_log.c - `record`: what log hooks see, and that all of them run. */
#include "world.h"

static const struct mg_plugin_record full = {
    .method = {"GET", 3},
    .path = {"/t/acme", 7},
    .host = {"api.example", 11},
    .origin = {"https://app.example", 19},
    .remote_addr = {"192.0.2.7", 9},
    .resource = {"/t/{tenant}", 11},
    .kind = MG_KIND_PREFLIGHTED,
    .verdict = "allow",
    .reason = "simple-allowed",
    .file = "policies/t.lua",
    .line = 12,
    .status = 200,
    .bytes = 5000000000,
    .duration_us = 1234,
    .wall_ms = 1700000000000,
};

static bool dispatch_with(struct world *world, const struct mg_plugin_record *record,
                          struct mg_script_meter *meter)
{
    return mg_dispatch_log(world->script, &world->list, record, meter, &world->failed,
                           &world->fault);
}

static bool dispatch(struct world *world, const struct mg_plugin_record *record)
{
    struct mg_script_meter meter = {0};
    return dispatch_with(world, record, &meter);
}

static const struct {
    const char *name;
    const char *full;
    const char *empty; /* of a record with nothing in it */
} fields[] = {
    {"method", "GET", "nil"},
    {"path", "/t/acme", "nil"},
    {"host", "api.example", "nil"},
    {"origin", "https://app.example", "nil"},
    {"remote_addr", "192.0.2.7", "nil"},
    {"resource", "/t/{tenant}", "nil"},
    {"kind", "preflighted", "none"},
    {"verdict", "allow", "nil"},
    {"reason", "simple-allowed", "nil"},
    {"file", "policies/t.lua", "nil"},
    {"line", "12", "0"},
    {"status", "200", "0"},
    {"bytes", "5000000000", "0"},
    {"duration_us", "1234", "0"},
    {"wall_ms", "1700000000000", "0"},
};

static void shows_the_record(void **state)
{
    (void)state;
    static const struct mg_plugin_record empty;
    for (size_t i = 0; i < MG_COUNT(fields); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "say(req.%s)", fields[i].name);
        struct world *world = world_of("log", text);
        mg_expect_true(fields[i].name, dispatch(world, &full));
        mg_expect_str(fields[i].name, world_said(), mg_str_from(fields[i].full));
        mg_expect_true(fields[i].name, dispatch(world, &empty));
        mg_expect_str(fields[i].name, world_said(), mg_str_from(fields[i].empty));
        world_free(world);
    }
}

static void shows_what_the_hooks_left(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "return { request = function(req) req.ctx.note = 'mine' end,\n"
        "log = function(record) say(record.ctx.note, type(record.ctx)) end }"};
    struct world *world = world_new(texts, 1);
    mg_expect_true("without hooks before", dispatch(world, &full));
    mg_expect_str("without hooks before", world_said(), MG_STR("nil|table"));
    mg_expect_true("the hook", world_request(world));
    struct mg_plugin_record record = full;
    record.ctx = world->request.ctx;
    mg_expect_true("with one", dispatch(world, &record));
    mg_expect_str("with one", world_said(), MG_STR("mine|table"));
    mg_request_release(world->script, &world->request);
    world_free(world);
}

static void refuses_misuse(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *text;
        const char *code;
        const char *hint;
    } rows[] = {
        {"a field misspelt", "\nsay(req.statusx)", "field-unknown", "did you mean 'status'?"},
        {"what req has", "\nreq:header 'x'", "field-unknown", NULL},
        {"writing", "\nreq.status = 1", "read-only", "table of your own"},
        {"an error", "\nerror 'no'", "script-error", NULL},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct world *world = world_of("log", rows[i].text);
        bool succeeded = dispatch(world, &full);
        world_expect_fault(rows[i].desc, world, succeeded,
                           (struct world_fault){rows[i].code, 3, NULL, rows[i].hint});
        world_free(world);
    }
}

enum {
    PLUGINS = 4,
    SETS = 1 << PLUGINS
};

/* All run, whichever fail and whoever has a budget; the first fault is the one told. */
static void runs_all_whatever_they_raise(void **state)
{
    (void)state;
    for (unsigned failing = 0; failing < SETS; failing++) {
        char chunks[PLUGINS][128];
        const char *texts[PLUGINS];
        char desc[32];
        unsigned first = PLUGINS;
        (void)snprintf(desc, sizeof(desc), "failing %u", failing);
        for (unsigned i = 0; i < PLUGINS; i++) {
            bool fails = (failing & 1U << i) != 0;
            (void)snprintf(chunks[i], sizeof(chunks[i]),
                           "return { log = function(r) say(%u, r.status) %s end }", i,
                           fails ? "error 'no'" : "");
            texts[i] = chunks[i];
            first = fails && first == PLUGINS ? i : first;
        }
        struct world *world = world_new(texts, PLUGINS);
        for (unsigned owners = 0; owners < SETS; owners++) {
            world_budgets(world, owners);
            mg_expect_int(desc, dispatch(world, &full), failing == 0);
            mg_expect_str(desc, world_said(), MG_STR("0|200|1|200|2|200|3|200"));
            if (failing != 0) {
                mg_expect_true(desc, world->failed == &world->plugins[first]);
                mg_expect_text(desc, world->fault.err.file, world->plugins[first].file);
            }
        }
        world_free(world);
    }
}

/* What is found when hooks have run ends none that follow. */
static void runs_all_whatever_they_keep(void **state)
{
    (void)state;
    char chunks[PLUGINS][128];
    const char *texts[PLUGINS];
    for (unsigned i = 0; i < PLUGINS; i++) {
        (void)snprintf(chunks[i], sizeof(chunks[i]),
                       "local n = 0\nreturn { log = function() n = n + 1 say(%u, n) end }", i);
        texts[i] = chunks[i];
    }
    struct world *world = world_new(texts, PLUGINS);
    for (unsigned owners = 0; owners < SETS; owners++) {
        char desc[32];
        (void)snprintf(desc, sizeof(desc), "with budgets %u", owners);
        world_budgets(world, owners);
        mg_expect_true(desc, !dispatch(world, &full));
        mg_expect_str(desc, world_said(), MG_STR("0|1|1|1|2|1|3|1"));
        mg_expect_text(desc, world->fault.err.code, "state-kept");
        mg_expect_text(desc, world->fault.err.file, world->failed->file);
    }
    world_free(world);
}

/* Budgets do not add up without end: two are all that an exchange gets. */
static void bounds_what_they_take_together(void **state)
{
    (void)state;
    static const char *const texts[PLUGINS] = {
        "return { log = function() burn(150) say 'a' end }",
        "return { log = function() burn(150) say 'b' end }",
        "return { log = function() burn(150) say 'c' end }",
        "return { log = function() say 'd' end }",
    };
    struct world *world = world_bounded(texts, PLUGINS, 200);
    struct mg_script_meter meter = {0};
    world_budgets(world, SETS - 1);
    mg_expect_true("in the first phase", dispatch_with(world, &full, &meter));
    mg_expect_true("in the second", !dispatch_with(world, &full, &meter));
    mg_expect_str("together", world_said(), MG_STR("a|b|c|d|a"));
    mg_expect_text("together", world->fault.err.code, "budget-time");
    mg_expect_text("together", world->fault.err.file, world->plugins[1].file);
    mg_expect_int("together", world->fault.err.line, 1);
    mg_expect_true("another exchange", dispatch(world, &full));
    world_free(world);
}

static void is_over_after_its_hook(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "return { request = function(req)\nif req.ctx.kept then say(req.ctx.kept.status) end "
        "req.ctx.x = 1 end,\nlog = function(record) record.ctx.kept = record end }"};
    struct world *world = world_new(texts, 1);
    mg_expect_true("the context is made", world_request(world));
    struct mg_plugin_record record = full;
    record.ctx = world->request.ctx;
    mg_expect_true("it is kept", dispatch(world, &record));
    world_expect_fault("later", world, world_request(world),
                       (struct world_fault){"hook-over", 2, "record is over", NULL});
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_the_record),
        cmocka_unit_test(shows_what_the_hooks_left),
        cmocka_unit_test(refuses_misuse),
        cmocka_unit_test(runs_all_whatever_they_raise),
        cmocka_unit_test(runs_all_whatever_they_keep),
        cmocka_unit_test(bounds_what_they_take_together),
        cmocka_unit_test(is_over_after_its_hook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
