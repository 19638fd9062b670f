/* test_swap.c - what requests of hot swap come to: refusals, rollback, pins, shadows, draining,
 * the guard, and the status that tells of it.
 */
#include "swap_world.h"

#define SIMPLE(SIDE)                                                                     \
    "resource '/' { cors = { origins = { 'https://" SIDE ".example' }, max_age = 600 }," \
    " handler = 'echo' }\n"

static const char GET[] = "GET / HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n\r\n";
static const char PREFLIGHT[] = "OPTIONS / HTTP/1.1\r\nHost: h\r\nOrigin: https://b.example\r\n"
                                "Access-Control-Request-Method: PUT\r\n\r\n";

static void active_revision(char out[static MG_REVISION_SIZE])
{
    char answer[ANSWER_SIZE];
    ask(GET, answer);
    revision_of(answer, out);
}

static bool is_allowed(void)
{
    char answer[ANSWER_SIZE];
    ask(GET, answer);
    return strstr(answer, "Access-Control-Allow-Origin: https://a.example\r\n") != NULL;
}

static struct mg_swap_status *status(void)
{
    struct mg_swap_status *now = mg_swap_status(swap_server->swap);
    assert_non_null(now);
    return now;
}

static void run(const struct mg_swap_request *request, const char *desc,
                enum mg_swap_result result)
{
    struct mg_swap_outcome outcome;
    mg_swap_run(swap_server->swap, request, &outcome);
    expect_result(desc, &outcome, result);
}

static void roll_back(uint64_t generation, const char *desc, enum mg_swap_result result)
{
    struct mg_swap_outcome outcome;
    mg_swap_rollback(swap_server->swap, generation, &outcome);
    expect_result(desc, &outcome, result);
}

static const struct mg_swap_generation *find(const struct mg_swap_status *now, uint64_t id)
{
    for (size_t i = 0; i < now->generation_count; i++) {
        if (now->generations[i].id == id) {
            return &now->generations[i];
        }
    }
    return NULL;
}

/* ---- refusals ---- */

static void a_bad_set_changes_nothing_and_is_told_of(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *policy;
        const char *code;
    } rows[] = {
        {"an unknown field", "resource '/' { corz = 1 }", "field-unknown"},
        {"a loop without end", "while true do end", "policy-timeout"},
        {"memory without end", "local t = {} while true do t[#t + 1] = ('x'):rep(1000) end",
         "policy-memory"},
        {"an include that is not there", "include '_gone.lua'", "path-not-found"},
    };
    char before[MG_REVISION_SIZE];
    char after[MG_REVISION_SIZE];
    start_server(SIMPLE("a"), NULL);
    active_revision(before);
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_swap_outcome outcome;
        write_policy("policy.lua", rows[i].policy);
        swap_files(&outcome);
        mg_expect_text(rows[i].desc, mg_swap_result_name(outcome.result), "invalid");
        bool is_found = false;
        for (size_t e = 0; e < outcome.errs.count; e++) {
            is_found = is_found || strcmp(outcome.errs.items[e].code, rows[i].code) == 0;
            mg_expect_true(rows[i].desc,
                           strstr(outcome.errs.items[e].file, "policy.lua") != NULL);
        }
        mg_expect_true(rows[i].desc, is_found);
        mg_swap_outcome_fini(&outcome);
        active_revision(after);
        mg_expect_text(rows[i].desc, after, before);
        struct mg_swap_status *now = status();
        mg_expect_int(rows[i].desc, now->last_error, MG_SWAP_INVALID);
        mg_expect_true(rows[i].desc, now->last_faults.error_count > 0);
        mg_expect_u64(rows[i].desc, now->swaps[MG_TRIGGER_COMMAND][MG_SWAP_INVALID], i + 1);
        mg_swap_status_free(now);
    }
    expect_swap("mended without a change", SIMPLE("a"), MG_SWAP_UNCHANGED);
    struct mg_swap_status *now = status();
    mg_expect_u64("the error is made good", now->last_error_ms, 0);
    mg_swap_status_free(now);
}

static void other_paths_become_the_servers(void **state)
{
    (void)state;
    char other[512];
    const char *paths[] = {other};
    start_server(SIMPLE("a"), NULL);
    write_policy("_other.lua", SIMPLE("b"));
    (void)snprintf(other, sizeof(other), "%s", in_root("policies/_other.lua"));
    const struct mg_swap_request request = {
        .trigger = MG_TRIGGER_COMMAND, .paths = paths, .path_count = 1};
    run(&request, "another file", MG_SWAP_DONE);
    mg_expect_true("it is active", !is_allowed());
    const struct mg_swap_request again = {.trigger = MG_TRIGGER_COMMAND};
    run(&again, "triggers read it from now on", MG_SWAP_UNCHANGED);
    other[strlen(other) - 1] = 'x';
    run(&request, "a path that is not there", MG_SWAP_INVALID);
    other[strlen(other) - 1] = 'a';
    run(&again, "and the one before is still the server's", MG_SWAP_UNCHANGED);
}

/* ---- rollback ---- */

static void rollback_is_remembered(void **state)
{
    (void)state;
    char a[MG_REVISION_SIZE];
    char b[MG_REVISION_SIZE];
    char now[MG_REVISION_SIZE];
    start_server(SIMPLE("a"), NULL);
    active_revision(a);
    roll_back(0, "there is nothing yet", MG_SWAP_NOTHING);
    expect_swap("to b", SIMPLE("b"), MG_SWAP_DONE);
    active_revision(b);
    roll_back(77, "a generation that is not kept", MG_SWAP_NOTHING);
    roll_back(2, "the active one", MG_SWAP_UNCHANGED);
    roll_back(0, "back to a", MG_SWAP_DONE);
    active_revision(now);
    mg_expect_text("the next exchange is on the old revision", now, a);
    expect_swap("triggers ignore what was rejected", SIMPLE("b"), MG_SWAP_REJECTED);
    roll_back(0, "the rejected one is nothing to go back to", MG_SWAP_NOTHING);
    struct mg_swap_status *seen = status();
    mg_expect_int("one is rejected", seen->rejected_count, 1);
    mg_expect_text("it is b", seen->rejected[0], b);
    mg_expect_true("it says so of the generation", find(seen, 2)->is_rejected);
    mg_swap_status_free(seen);
    const struct mg_swap_request force = {.trigger = MG_TRIGGER_COMMAND, .force = true};
    run(&force, "unless it is forced", MG_SWAP_DONE);
    active_revision(now);
    mg_expect_text("then b is active", now, b);
    expect_swap("other content", SIMPLE("c"), MG_SWAP_DONE);
    expect_swap("b is forgiven", SIMPLE("b"), MG_SWAP_DONE);
    seen = status();
    mg_expect_int("nothing is rejected", seen->rejected_count, 0);
    uint64_t previous = 0;
    for (size_t i = 0; i < seen->generation_count; i++) {
        previous = seen->generations[i].state == MG_GENERATION_RETIRED ? seen->generations[i].id
                                                                       : previous;
    }
    mg_swap_status_free(seen);
    roll_back(previous, "by its number", MG_SWAP_DONE);
    roll_back(previous + 1, "and forth again, asked for by number", MG_SWAP_DONE);
    active_revision(now);
    mg_expect_text("b", now, b);
}

static void a_pin_keeps_the_active_one(void **state)
{
    (void)state;
    start_server(SIMPLE("a"), NULL);
    expect_swap("to b", SIMPLE("b"), MG_SWAP_DONE);
    mg_swap_pin(swap_server->swap, true);
    expect_swap("pinned", SIMPLE("c"), MG_SWAP_PINNED);
    const struct mg_swap_request force = {.trigger = MG_TRIGGER_COMMAND, .force = true};
    run(&force, "forced, and pinned all the same", MG_SWAP_PINNED);
    roll_back(0, "rollback works", MG_SWAP_DONE);
    mg_expect_true("a is active", is_allowed());
    mg_swap_pin(swap_server->swap, false);
    expect_swap("unpinned", SIMPLE("c"), MG_SWAP_DONE);
}

static void keep_state(struct mg_server_options *options)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s", in_root("state"));
    options->state_dir = path;
}

static bool state_says(const char *line)
{
    char text[4096] = "";
    FILE *file = fopen(in_root("state/state"), "rb");
    assert_non_null(file);
    (void)fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    return strstr(text, line) != NULL;
}

static void a_pin_is_kept_when_its_call_returns(void **state)
{
    (void)state;
    start_server(SIMPLE("a"), keep_state);
    mg_swap_pin(swap_server->swap, true);
    mg_expect_true("pinned", state_says("\npinned\n"));
    mg_swap_pin(swap_server->swap, false);
    mg_expect_true("unpinned", !state_says("\npinned\n"));
}

static void guard(struct mg_server_options *options)
{
    options->guards_wider = true;
}

static void the_guard_holds_back_what_allows_more(void **state)
{
    (void)state;
    static const char wider[] =
        "resource '/' { cors = { origins = { 'https://a.example', 'https://new.example' } },"
        " handler = 'echo' }\n";
    static const char narrower[] =
        "resource '/' { cors = { origins = { 'https://new.example' } }, handler = 'echo' }\n";
    start_server("resource '/' { cors = { origins = { 'https://a.example' } }, handler = "
                 "'echo' }\n",
                 guard);
    write_policy("policy.lua", wider);
    struct mg_swap_outcome outcome;
    swap_files(&outcome);
    mg_expect_text("wider", mg_swap_result_name(outcome.result), "widens");
    mg_expect_true("it says for whom", strstr(outcome.summary, "https://new.example") != NULL);
    mg_swap_outcome_fini(&outcome);
    mg_expect_true("a is active", is_allowed());
    const struct mg_swap_request confirmed = {.trigger = MG_TRIGGER_COMMAND,
                                              .confirms_wider = true};
    run(&confirmed, "confirmed", MG_SWAP_DONE);
    expect_swap("narrower", narrower, MG_SWAP_DONE);
    mg_expect_true("a is gone", !is_allowed());
}

/* ---- Max-Age ---- */

static void settle_long(struct mg_server_options *options)
{
    options->settle_ms = 600000;
}

static void max_age_is_clamped_after_a_swap_alone(void **state)
{
    (void)state;
    char answer[ANSWER_SIZE];
    start_server(SIMPLE("b"), settle_long);
    ask(PREFLIGHT, answer);
    mg_expect_true("at start", strstr(answer, "Access-Control-Max-Age: 600\r\n") != NULL);
    expect_swap("a swap", SIMPLE("b") "-- other bytes\n", MG_SWAP_DONE);
    ask(PREFLIGHT, answer);
    mg_expect_true("after it", strstr(answer, "Access-Control-Max-Age: 5\r\n") != NULL);
    expect_swap("a rule below it",
                "resource '/' { cors = { origins = { 'https://b.example' }, max_age = 3 },"
                " handler = 'echo' }\n",
                MG_SWAP_DONE);
    ask(PREFLIGHT, answer);
    mg_expect_true("keeps its own", strstr(answer, "Access-Control-Max-Age: 3\r\n") != NULL);
    roll_back(0, "rollback", MG_SWAP_DONE);
    ask(PREFLIGHT, answer);
    mg_expect_true("after it too", strstr(answer, "Access-Control-Max-Age: 5\r\n") != NULL);
}

/* ---- exchanges that take long ---- */

static const char SLOW[] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab";

/* Wait until an exchange holds the newest generation, or none does. */
static void wait_held(bool is_wanted)
{
    uint64_t until_us = mg_clock_us() + PATIENCE_S * 1000000ULL;
    for (bool is_held = !is_wanted; is_held != is_wanted;) {
        struct mg_swap_status *now = status();
        is_held = false;
        for (unsigned i = 0; i < now->worker_count; i++) {
            is_held = is_held || now->generations[0].in_flight[i] > 0;
        }
        mg_swap_status_free(now);
        mg_expect_true("exchanges come and go", mg_clock_us() < until_us);
    }
}

/* A request whose content is half there. One that was answered may not be over yet. */
static void begin_slow(struct inbox *inbox)
{
    wait_held(false);
    inbox->length = 0;
    inbox->fd = open_connection();
    assert_true(inbox->fd >= 0);
    assert_true(send_all(inbox->fd, SLOW, strlen(SLOW)));
    wait_held(true);
}

static void a_slow_body_finishes_on_its_generation(void **state)
{
    (void)state;
    static struct inbox inbox;
    char a[MG_REVISION_SIZE];
    char answer[ANSWER_SIZE];
    char revision[MG_REVISION_SIZE];
    start_server(SIMPLE("a"), NULL);
    active_revision(a);
    begin_slow(&inbox);
    expect_swap("to b", SIMPLE("b"), MG_SWAP_DONE);
    expect_swap("to c", SIMPLE("c"), MG_SWAP_DONE);
    struct mg_swap_status *now = status();
    mg_expect_int("three generations", now->generation_count, 3);
    mg_expect_text("the oldest drains", mg_generation_state_name(find(now, 1)->state),
                   "draining");
    mg_expect_u64("and is held", find(now, 1)->in_flight[0] + find(now, 1)->in_flight[1], 1);
    for (unsigned i = 0; i < now->worker_count; i++) {
        mg_expect_u64("each worker uses the newest", now->workers[i].generation, 3);
    }
    mg_swap_status_free(now);
    assert_true(send_all(inbox.fd, "cd", 2));
    assert_true(read_answer(&inbox, answer));
    revision_of(answer, revision);
    mg_expect_text("it is answered by a", revision, a);
    assert_true(send_all(inbox.fd, GET, strlen(GET)));
    assert_true(read_answer(&inbox, answer));
    revision_of(answer, revision);
    mg_expect_true("the next one on the connection is not", strcmp(revision, a) != 0);
    (void)close(inbox.fd);
    expect_swap("now there is room for a fourth", SIMPLE("d"), MG_SWAP_DONE);
}

static void drain_soon(struct mg_server_options *options)
{
    options->limits.drain_timeout = 200;
}

static void the_drain_limit_ends_what_holds_on(void **state)
{
    (void)state;
    static struct inbox inbox;
    char answer[ANSWER_SIZE];
    start_server(SIMPLE("a"), drain_soon);
    begin_slow(&inbox);
    expect_swap("to b", SIMPLE("b"), MG_SWAP_DONE);
    expect_swap("to c", SIMPLE("c"), MG_SWAP_DONE);
    expect_swap("the fourth waits for the limit", SIMPLE("d"), MG_SWAP_DONE);
    assert_true(read_answer(&inbox, answer));
    mg_expect_true("503", strncmp(answer, "HTTP/1.1 503 ", 13) == 0);
    mg_expect_true("with its reason", strstr(answer, "generation-drained") != NULL);
    (void)close(inbox.fd);
    struct mg_swap_status *now = status();
    mg_expect_u64("it is counted", now->drained_by_force, 1);
    mg_expect_true("the first is gone", find(now, 1) == NULL);
    mg_swap_status_free(now);
}

/* ---- shadows ---- */

static void shadow_all(struct mg_server_options *options)
{
    options->shadow_one_in = 1;
}

static struct mg_swap_shadow shadow_counts(void)
{
    struct mg_swap_status *now = status();
    mg_expect_true("there is a shadow", now->has_shadow);
    struct mg_swap_shadow counts = now->shadow;
    mg_swap_status_free(now);
    return counts;
}

static void a_shadow_judges_and_affects_nothing(void **state)
{
    (void)state;
    struct mg_swap_outcome outcome;
    char before[ANSWER_SIZE];
    char after[ANSWER_SIZE];
    const struct mg_swap_request request = {.trigger = MG_TRIGGER_COMMAND, .is_shadow = true};
    start_server(SIMPLE("a"), shadow_all);
    mg_swap_promote(swap_server->swap, false, false, &outcome);
    expect_result("nothing to promote", &outcome, MG_SWAP_NOTHING);
    mg_swap_discard(swap_server->swap, &outcome);
    expect_result("nothing to discard", &outcome, MG_SWAP_NOTHING);
    ask(GET, before);
    write_policy("policy.lua", SIMPLE("b"));
    run(&request, "load it", MG_SWAP_DONE);
    ask(GET, after);
    mg_expect_text("the answer is the active one's", after, before);
    ask(PREFLIGHT, after);
    ask("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n", after);
    struct mg_swap_shadow counts = shadow_counts();
    for (uint64_t until_us = mg_clock_us() + PATIENCE_S * 1000000ULL;
         counts.sampled < 3 && mg_clock_us() < until_us;) {
        counts = shadow_counts(); /* the answer came first */
    }
    mg_expect_u64("all were judged", counts.sampled, 3);
    mg_expect_u64("two otherwise", counts.differing, 2);
    mg_expect_u64("the preflight of b allowed", counts.wider, 1);
    mg_expect_u64("a denied", counts.narrower, 1);
    mg_swap_promote(swap_server->swap, false, false, &outcome);
    mg_expect_u64("a new generation", outcome.generation, 3);
    expect_result("promoted", &outcome, MG_SWAP_DONE);
    mg_expect_true("it decides now", !is_allowed());
    roll_back(0, "and can be rolled back", MG_SWAP_DONE);
    mg_expect_true("a decides", is_allowed());
}

static void a_shadow_that_was_promoted_is_kept(void **state)
{
    (void)state;
    struct mg_swap_outcome outcome;
    char revision[MG_REVISION_SIZE];
    char name[64];
    struct stat found;
    const struct mg_swap_request request = {.trigger = MG_TRIGGER_COMMAND, .is_shadow = true};
    start_server(SIMPLE("a"), keep_state);
    write_policy("policy.lua", SIMPLE("b"));
    run(&request, "load it", MG_SWAP_DONE);
    mg_swap_promote(swap_server->swap, false, false, &outcome);
    memcpy(revision, outcome.revision, sizeof(revision));
    expect_result("promoted", &outcome, MG_SWAP_DONE);
    mg_swap_pin(swap_server->swap, true); /* waits until all is written */
    mg_expect_true("it is the state's", state_says(revision));
    (void)snprintf(name, sizeof(name), "state/set-%s", revision);
    mg_expect_int("its set is there", stat(in_root(name), &found), 0);
}

static void a_shadow_is_discarded(void **state)
{
    (void)state;
    struct mg_swap_outcome outcome;
    const struct mg_swap_request request = {.trigger = MG_TRIGGER_COMMAND, .is_shadow = true};
    start_server(SIMPLE("a"), shadow_all);
    expect_swap("so that there are three", SIMPLE("a") "-- 2\n", MG_SWAP_DONE);
    write_policy("policy.lua", SIMPLE("b"));
    run(&request, "load it", MG_SWAP_DONE);
    mg_swap_discard(swap_server->swap, &outcome);
    expect_result("discard it", &outcome, MG_SWAP_DONE);
    mg_expect_true("a decides", is_allowed());
    run(&request, "load it again", MG_SWAP_DONE);
    expect_swap("an ordinary swap takes its place", SIMPLE("c"), MG_SWAP_DONE);
    struct mg_swap_status *now = status();
    mg_expect_true("it is gone", !now->has_shadow);
    mg_swap_status_free(now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bad_set_changes_nothing_and_is_told_of, make_root,
                                        stop_server),
        cmocka_unit_test_setup_teardown(other_paths_become_the_servers, make_root, stop_server),
        cmocka_unit_test_setup_teardown(rollback_is_remembered, make_root, stop_server),
        cmocka_unit_test_setup_teardown(a_pin_keeps_the_active_one, make_root, stop_server),
        cmocka_unit_test_setup_teardown(a_pin_is_kept_when_its_call_returns, make_root,
                                        stop_server),
        cmocka_unit_test_setup_teardown(the_guard_holds_back_what_allows_more, make_root,
                                        stop_server),
        cmocka_unit_test_setup_teardown(max_age_is_clamped_after_a_swap_alone, make_root,
                                        stop_server),
        cmocka_unit_test_setup_teardown(a_slow_body_finishes_on_its_generation, make_root,
                                        stop_server),
        cmocka_unit_test_setup_teardown(the_drain_limit_ends_what_holds_on, make_root,
                                        stop_server),
        cmocka_unit_test_setup_teardown(a_shadow_judges_and_affects_nothing, make_root,
                                        stop_server),
        cmocka_unit_test_setup_teardown(a_shadow_that_was_promoted_is_kept, make_root,
                                        stop_server),
        cmocka_unit_test_setup_teardown(a_shadow_is_discarded, make_root, stop_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
