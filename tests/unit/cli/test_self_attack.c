/* test_self_attack.c - the attacks are told apart and complete, every one is held, and the
 * judge sees those that are not. What an exchange costs in time is not judged here.
 */
#include <pthread.h>
#include <stdio.h>

#include "cli/self_attack.h"
#include "expect.h"

enum {
    LEAST_ATTACKS = 60,
};

static bool is_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_G");
    return length > 0 && name[length] == '\0';
}

static void rows_are_complete_and_named_once(void **state)
{
    (void)state;
    const struct mg_attack_group *const *groups;
    const char *names[1024];
    size_t count = 0;
    size_t group_count = mg_attack_groups(&groups);
    for (size_t g = 0; g < group_count; g++) {
        for (size_t i = 0; i < groups[g]->count; i++) {
            const struct mg_attack *attack = &groups[g]->attacks[i];
            bool is_refused = attack->end == MG_ATTACK_REFUSED;
            mg_expect_true(attack->name, is_name(attack->name));
            mg_expect_true(attack->name, attack->setup != NULL || attack->body != NULL ||
                                             attack->plugin != NULL);
            mg_expect_true(attack->name, attack->code != NULL || !is_refused);
            for (size_t j = 0; j < count; j++) {
                mg_expect_true(attack->name, strcmp(names[j], attack->name) != 0);
            }
            assert_true(count < MG_COUNT(names));
            names[count++] = attack->name;
        }
    }
    mg_expect_true("there are enough attacks", count >= LEAST_ATTACKS);
}

struct attempt {
    const struct mg_attack *attack;
    struct mg_attack_result result;
};

static void *attempt(void *context)
{
    struct attempt *it = context;
    mg_self_attack_try(it->attack, &it->result);
    return NULL;
}

/* On a thread of its own: ThreadSanitizer has room for so many errors of Lua on one. */
static void try_apart(struct attempt *it)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, attempt, it), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void every_attack_is_held(void **state)
{
    (void)state;
    const struct mg_attack_group *const *groups;
    size_t group_count = mg_attack_groups(&groups);
    size_t broken = 0;
    for (size_t g = 0; g < group_count; g++) {
        for (size_t i = 0; i < groups[g]->count; i++) {
            struct attempt it = {.attack = &groups[g]->attacks[i]};
            try_apart(&it);
            if (!it.result.has_held) {
                print_error("%s: %s: %s (%s)\n", groups[g]->kind, it.attack->name,
                            it.result.broken, it.result.happened);
                broken++;
            }
        }
    }
    mg_expect_int("attacks that are not held", broken, 0);
}

/* Attacks that succeed, or that expect what does not come: the judge has to say so. */
static void the_judge_sees_what_is_broken(void **state)
{
    (void)state;
    static const struct {
        struct mg_attack attack;
        const char *broken; /* part of what is said */
    } rows[] = {
        {{.name = "wins", .body = "return win()", .origin = MG_ATTACK_EVIL}, "answered 204"},
        {{.name = "wins where the rule was to decide",
          .body = "return win()",
          .origin = MG_ATTACK_EVIL,
          .end = MG_ATTACK_DECLARED},
         "Access-Control-Allow-Origin: " MG_ATTACK_EVIL},
        {{.name = "wins where all else is fine",
          .body = "return win()",
          .origin = MG_ATTACK_EVIL,
          .end = MG_ATTACK_HARMLESS},
         "answered 204"},
        {{.name = "does nothing where it was to fail", .body = "return nil"}, "answered 204"},
        {{.name = "fails where the rule was to decide",
          .body = "error(\"x\")",
          .end = MG_ATTACK_DECLARED},
         "answered 403 script-error"},
        {{.name = "denies, which is no failure", .body = "return deny \"because\""},
         "answered 403 because"},
        {{.name = "is loaded where it was to be refused",
          .body = "return nil",
          .end = MG_ATTACK_REFUSED,
          .code = "policy-error"},
         "not refused as policy-error"},
        {{.name = "is refused where it was to be loaded", .setup = "error(\"at load\")"},
         "the policy was refused"},
        {{.name = "is refused for another reason",
          .setup = "error(\"at load\")",
          .end = MG_ATTACK_REFUSED,
          .code = "policy-syntax"},
         "the policy was refused"},
        {{.name = "fails by a slip of the pen", .body = "frends[1] = 1", .code = "state-kept"},
         "failed by the fault \"global-undefined\""},
        {{.name = "breaks what stands beside it",
          .setup = "ipairs = function() error(\"x\") end",
          .body = "return nil",
          .end = MG_ATTACK_DECLARED},
         "before the attack, innocent request 1"},
        {{.name = "tells a secret",
          .setup = "answer = function() return respond { body = \"" MG_ATTACK_SECRET "\" } end",
          .slot = "simple",
          .body = "return nil",
          .end = MG_ATTACK_DECLARED},
         "tells what is the policy's own"},
        {{.name = "sends a field too many",
          .setup =
              "answer = function() return respond { fields = { [\"X-Evil\"] = \"1\" } } end",
          .slot = "simple",
          .body = "return nil",
          .end = MG_ATTACK_DECLARED},
         "smuggled"},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_attack_result result;
        mg_self_attack_try(&rows[i].attack, &result);
        mg_expect_int(rows[i].attack.name, result.has_held, false);
        if (strstr(result.broken, rows[i].broken) == NULL) {
            print_error("%s: said \"%s\", not \"%s\"\n", rows[i].attack.name, result.broken,
                        rows[i].broken);
            fail();
        }
    }
}

static void what_was_stopped_and_used_is_told(void **state)
{
    (void)state;
    static const struct mg_attack loop = {.name = "loop", .body = "while true do end"};
    static const struct mg_attack nothing = {
        .name = "nothing", .body = "return nil", .end = MG_ATTACK_DECLARED};
    struct mg_attack_result result;
    mg_self_attack_try(&loop, &result);
    mg_expect_int("a loop is stopped each time", result.stopped, MG_SELF_ATTACK_ROUNDS);
    mg_expect_true("a loop", strncmp(result.fault, "budget-", 7) == 0);
    mg_expect_true("a loop", result.cpu_us > 0 && result.load_us > 0);
    mg_self_attack_try(&nothing, &result);
    mg_expect_int("a function that ends is not stopped", result.stopped, 0);
    mg_expect_text("a function that ends", result.happened, "204 preflight-allowed");
    mg_expect_true("a function that ends", result.has_held && result.broken[0] == '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_complete_and_named_once),
        cmocka_unit_test(every_attack_is_held),
        cmocka_unit_test(the_judge_sees_what_is_broken),
        cmocka_unit_test(what_was_stopped_and_used_is_told),
    };
    if (!mg_self_attack_begin()) {
        perror("no memory for the log");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
