/* self_attack.h - run the attacks of attacks.h against this very engine, and judge what comes
 * of each.
 *
 * Judged:    the end that the attack must have; that no answer tells a secret or has a field
 *            too many; that the resources beside it answer the same bytes before and after each
 *            try; that Lua's heap comes back to what it was. The CPU time is measured, and
 *            judged by the command only: a test must not fail by a busy machine.
 * Threads:   one at a time.
 */
#ifndef MG_CLI_SELF_ATTACK_H
#define MG_CLI_SELF_ATTACK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/attacks.h"

enum {
    MG_SELF_ATTACK_ROUNDS = 3,               /* tries of each request */
    MG_SELF_ATTACK_MAX_CPU_US = 50 * 1000,   /* of one exchange */
    MG_SELF_ATTACK_MAX_HEAP_BYTES = 1 << 20, /* that an attack may leave behind */
};

struct mg_attack_result {
    bool has_held;
    char happened[160]; /* what came of the last try */
    char fault[48];     /* code of the fault that the engine logged, or "" */
    char broken[256];   /* the first promise that was broken, or "" */
    uint64_t cpu_us;    /* CPU time of the slowest try */
    uint64_t load_us;   /* CPU time of loading the policy */
    uint64_t steps;     /* of the longest try */
    int64_t heap_bytes; /* by which Lua's heap has grown in the end */
    unsigned stopped;   /* tries that passed a bound */
};

/* All groups, in the order they are told in. Returns: how many. */
size_t mg_attack_groups(const struct mg_attack_group *const **groups);

/* Have the log written to memory for the rest of the process, where the faults of attacks are
 * looked for. Returns: false with errno. */
bool mg_self_attack_begin(void);

/* Run one attack; after mg_self_attack_begin. */
void mg_self_attack_try(const struct mg_attack *attack, struct mg_attack_result *result);

/* `moongate check --self-attack`: run them all and print what came of each.
 * Returns: the exit code, MG_EXIT_NEGATIVE when one has not held. */
int mg_self_attack_run(bool is_json);

#endif
