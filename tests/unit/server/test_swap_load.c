/* test_swap_load.c - under load, while two sets take turns: every answer is wholly of the one
 * or wholly of the other, as its Moongate-Revision says; none fails, no connection ends, and
 * memory does not grow.
 *
 * What is right is what a server gives that has that set alone, byte for byte but for Date.
 */
#include "swap_world.h"

#define POLICY(SIDE, METHODS, HEADERS, AGE)                                                    \
    "resource '/plain' { methods = { " METHODS " }, cors = {"                                  \
    " origins = { 'https://" SIDE ".example', 'https://both.example' },"                       \
    " headers = { " HEADERS " }, expose = { 'X-" SIDE "' }, max_age = " AGE " },"              \
    " handler = respond { status = 200, fields = { ['X-Side'] = '" SIDE "' },"                 \
    " body = 'plain " SIDE "' } }\n"                                                           \
    "resource '/lua/{who}' { cors = { origins = function(req)"                                 \
    "   return { 'https://" SIDE ".example', 'https://both.example' } end },"                  \
    " preflight = function(req) if req.params.who == 'no' then return deny 'not-" SIDE "' end" \
    " end, handler = respond { status = 201, body = 'lua " SIDE "' } }\n"

static const char *const policies[] = {
    POLICY("a", "'GET', 'PUT'", "'X-One'", "100"),
    POLICY("b", "'GET', 'POST', 'DELETE'", "'X-One', 'X-Two'", "2000") "resource '/only-b' { "
                                                                       "handler = 'none' }\n",
};

#define ACTUAL(PATH, SIDE) \
    "GET " PATH " HTTP/1.1\r\nHost: h\r\nOrigin: https://" SIDE ".example\r\n\r\n"
#define PREFLIGHT(PATH, METHOD)                                                \
    "OPTIONS " PATH " HTTP/1.1\r\nHost: h\r\nOrigin: https://both.example\r\n" \
    "Access-Control-Request-Method: " METHOD "\r\n"                            \
    "Access-Control-Request-Headers: x-one\r\n\r\n"

static const char *const requests[] = {
    ACTUAL("/plain", "a"),        ACTUAL("/plain", "b"),         ACTUAL("/plain", "both"),
    PREFLIGHT("/plain", "PUT"),   PREFLIGHT("/plain", "DELETE"), ACTUAL("/lua/x", "a"),
    PREFLIGHT("/lua/yes", "PUT"), PREFLIGHT("/lua/no", "PUT"),   ACTUAL("/only-b", "both"),
    ACTUAL("/nowhere", "both"),
};

enum {
    REQUESTS = MG_COUNT(requests),
    CLIENTS = 6,
    LONG_SWAPS = 1000,
    SHORT_SWAPS = 60,
    TSAN_SWAPS = 12,
    FIRST_SWAPS = 100, /* before memory is measured */
    SPAN_SWAPS = 200,  /* whose highest measure counts: a generation more or less that is being
                           freed is several per cent of so small a process */
};

/* What each set answers when it is alone. */
static char expected[2][REQUESTS][ANSWER_SIZE];
static char revisions[2][MG_REVISION_SIZE];

struct client {
    pthread_t thread;
    atomic_bool is_ending;
    atomic_bool has_fault; /* and has ended */
    atomic_ullong answers;
    unsigned long long of_side[2];
    char fault[3 * ANSWER_SIZE]; /* "": none */
};

static void learn(int side)
{
    for (size_t i = 0; i < REQUESTS; i++) {
        ask(requests[i], expected[side][i]);
        char revision[MG_REVISION_SIZE];
        revision_of(expected[side][i], revision);
        mg_expect_true("an answer has its revision", revision[0] != '\0');
        if (i > 0) {
            mg_expect_text("all answers have one", revision, revisions[side]);
        }
        memcpy(revisions[side], revision, sizeof(revision));
    }
}

/* Returns: whether the answer is what its revision has to answer. */
static bool check(struct client *client, size_t request, const char *answer)
{
    char revision[MG_REVISION_SIZE];
    revision_of(answer, revision);
    int side = strcmp(revision, revisions[1]) == 0;
    const char *want = expected[side][request];
    client->of_side[side]++;
    if (strcmp(revision, revisions[side]) == 0 && strcmp(answer, want) == 0) {
        return true;
    }
    (void)snprintf(client->fault, sizeof(client->fault), "request %zu got\n%s\nwant\n%s",
                   request, answer, want);
    return false;
}

/* All requests in one write, then all answers; on one connection, all the time. */
static void *run_client(void *argument)
{
    struct client *client = argument;
    struct inbox *inbox = calloc(1, sizeof(*inbox));
    inbox->fd = open_connection();
    char all[4096] = "";
    char answer[ANSWER_SIZE];
    for (size_t i = 0; i < REQUESTS; i++) {
        size_t length = strlen(all);
        (void)snprintf(all + length, sizeof(all) - length, "%s", requests[i]);
    }
    while (!atomic_load(&client->is_ending) && client->fault[0] == '\0') {
        if (!send_all(inbox->fd, all, strlen(all))) {
            (void)snprintf(client->fault, sizeof(client->fault), "cannot send");
        }
        for (size_t i = 0; i < REQUESTS && client->fault[0] == '\0'; i++) {
            if (!read_answer(inbox, answer)) {
                (void)snprintf(client->fault, sizeof(client->fault),
                               "the connection ended, or was silent");
            } else if (check(client, i, answer)) {
                atomic_fetch_add(&client->answers, 1);
            }
        }
    }
    atomic_store(&client->has_fault, client->fault[0] != '\0');
    (void)close(inbox->fd);
    free(inbox);
    return NULL;
}

static unsigned long long count_answers(struct client *clients)
{
    unsigned long long count = 0;
    for (size_t i = 0; i < CLIENTS; i++) {
        count += atomic_load(&clients[i].answers);
    }
    return count;
}

static void fail_with_clients(struct client *clients)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        if (atomic_load(&clients[i].has_fault)) {
            fail_msg("client %zu: %s", i, clients[i].fault);
        }
    }
}

/* Wait until the clients have seen some more answers; fails with what is wrong. */
static void wait_for_answers(struct client *clients, unsigned long long more)
{
    uint64_t until_us = mg_clock_us() + PATIENCE_S * 1000000ULL;
    unsigned long long enough = count_answers(clients) + more;
    while (count_answers(clients) < enough) {
        fail_with_clients(clients);
        mg_expect_true("answers keep coming", mg_clock_us() < until_us);
        (void)usleep(200);
    }
}

static size_t resident_pages(void)
{
    char line[128];
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
    const char *second = strchr(line, ' ');
    assert_non_null(second);
    return strtoul(second, NULL, 10);
}

/* Under ThreadSanitizer the clients leave the builder, which takes what nobody else wants, next
 * to nothing. */
static unsigned swap_count(void)
{
#ifdef __SANITIZE_THREAD__
    return TSAN_SWAPS;
#else
    const char *cases = getenv("MG_PROPERTY_CASES");
    return cases != NULL && strtoull(cases, NULL, 10) >= LONG_SWAPS ? LONG_SWAPS : SHORT_SWAPS;
#endif
}

static bool is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}

/* A broken set in between changes nothing. */
static void try_invalid(unsigned i)
{
    static const char *const broken[] = {
        "resource '/plain' { cors = { origins = { 'https://a.example/' } } }",
        "resource '/plain' {",
        "error 'no'",
        "resource '/plain' { cors = { origins = '*', credentials = true } }",
    };
    expect_swap("a set with errors", broken[i % MG_COUNT(broken)], MG_SWAP_INVALID);
}

static void expect_active(const char *desc, int side)
{
    char answer[ANSWER_SIZE];
    char revision[MG_REVISION_SIZE];
    ask(requests[0], answer);
    revision_of(answer, revision);
    mg_expect_text(desc, revision, revisions[side]);
}

/* Back to the other set and forth again: nothing is built, the next exchange has it. */
static void roll_back_and_forth(int side)
{
    struct mg_swap_outcome outcome;
    struct mg_swap_status *now = mg_swap_status(swap_server->swap);
    assert_non_null(now);
    uint64_t id = now->workers[0].generation;
    mg_swap_status_free(now);
    mg_swap_rollback(swap_server->swap, 0, &outcome);
    expect_result("back", &outcome, MG_SWAP_DONE);
    expect_active("the next exchange is on the old revision", 1 - side);
    mg_swap_rollback(swap_server->swap, id, &outcome);
    expect_result("forth", &outcome, MG_SWAP_DONE);
    expect_active("and on the new one", side);
}

/* Forced, since a rollback has rejected the one or the other. */
static void swap_to(int side)
{
    const struct mg_swap_request request = {.trigger = MG_TRIGGER_COMMAND, .force = true};
    struct mg_swap_outcome outcome;
    write_policy("policy.lua", policies[side]);
    mg_swap_run(swap_server->swap, &request, &outcome);
    expect_result("a turn", &outcome, MG_SWAP_DONE);
}

static void two_sets_take_turns(unsigned swaps, struct client *clients)
{
    size_t first = 0;
    size_t last = 0;
    for (unsigned i = 0; i < swaps; i++) {
        if (i % 10 == 5) {
            try_invalid(i);
        }
        swap_to((int)(i % 2));
        expect_active("the next exchange has it", (int)(i % 2));
        if (i % 10 == 7) {
            roll_back_and_forth((int)(i % 2));
        }
        wait_for_answers(clients, REQUESTS);
        size_t pages = resident_pages();
        if (i >= FIRST_SWAPS && i < FIRST_SWAPS + SPAN_SWAPS) {
            first = pages > first ? pages : first;
        } else if (i + SPAN_SWAPS >= swaps) {
            last = pages > last ? pages : last;
        }
    }
    if (swaps == LONG_SWAPS && !is_sanitized()) {
        print_message("resident pages after %d swaps: %zu, after %u: %zu\n", FIRST_SWAPS, first,
                      swaps, last);
        mg_expect_true("memory is flat within 5 %", last <= first + first / 20);
    }
}

static void every_answer_is_of_one_set(void **state)
{
    (void)state;
    static struct client clients[CLIENTS];
    start_server(policies[0], NULL);
    learn(0);
    expect_swap("to b", policies[1], MG_SWAP_DONE);
    learn(1);
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    unsigned swaps = swap_count();
    uint64_t start_us = mg_clock_us();
    two_sets_take_turns(swaps, clients);
    for (size_t i = 0; i < CLIENTS; i++) {
        atomic_store(&clients[i].is_ending, true);
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        mg_expect_text("no fault of a client", clients[i].fault, "");
        mg_expect_true("it saw both sets",
                       clients[i].of_side[0] > 0 && clients[i].of_side[1] > 0);
    }
    print_message("%u swaps, %llu answers, %llu ms\n", swaps, count_answers(clients),
                  (unsigned long long)(mg_clock_us() - start_us) / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_answer_is_of_one_set, make_root, stop_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
