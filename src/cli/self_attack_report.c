/* self_attack_report.c - the command around self_attack.c: all attacks, told as a table or as
 * JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/self_attack.h"

static const struct mg_attack_group *const GROUPS[] = {
    &mg_attacks_escape, &mg_attacks_cpu,  &mg_attacks_library, &mg_attacks_memory,
    &mg_attacks_state,  &mg_attacks_leak, &mg_attacks_widen,   &mg_attacks_output,
    &mg_attacks_plugin, &mg_attacks_load, &mg_attacks_stall,   &mg_attacks_odd,
};

size_t mg_attack_groups(const struct mg_attack_group *const **groups)
{
    *groups = GROUPS;
    return sizeof(GROUPS) / sizeof(GROUPS[0]);
}

/* What is told of all attacks. */
struct tally {
    size_t count;
    size_t failed;
    uint64_t slowest_us;
    const char *slowest;
    json_t *rows; /* NULL: a table is printed */
};

static bool is_quick(const struct mg_attack_result *result)
{
    return result->cpu_us <= MG_SELF_ATTACK_MAX_CPU_US;
}

static void print_row(const char *kind, const struct mg_attack *attack,
                      const struct mg_attack_result *result)
{
    bool has_held = result->has_held && is_quick(result);
    (void)printf("%-8s %-30s %-46.46s %8.2f  %s\n", kind, attack->name, result->happened,
                 (double)result->cpu_us / 1000, has_held ? "held" : "BROKEN");
    if (!result->has_held) {
        (void)printf("         %s\n", result->broken);
    } else if (!has_held) {
        (void)printf("         more than %d ms of CPU time for one exchange\n",
                     MG_SELF_ATTACK_MAX_CPU_US / 1000);
    }
}

static json_t *json_row(const char *kind, const struct mg_attack *attack,
                        const struct mg_attack_result *result)
{
    json_t *row = json_object();
    bool has_broken = result->broken[0] != '\0';
    bool has_fault = result->fault[0] != '\0';
    json_object_set_new(row, "name", json_string(attack->name));
    json_object_set_new(row, "kind", json_string(kind));
    json_object_set_new(row, "happened", mg_json_text(mg_str_from(result->happened)));
    json_object_set_new(row, "fault",
                        has_fault ? mg_json_text(mg_str_from(result->fault)) : json_null());
    json_object_set_new(row, "held", json_boolean(result->has_held && is_quick(result)));
    json_object_set_new(row, "broken",
                        has_broken ? mg_json_text(mg_str_from(result->broken)) : json_null());
    json_object_set_new(row, "cpu_us", json_integer((json_int_t)result->cpu_us));
    json_object_set_new(row, "load_cpu_us", json_integer((json_int_t)result->load_us));
    json_object_set_new(row, "steps", json_integer((json_int_t)result->steps));
    json_object_set_new(row, "heap_bytes", json_integer((json_int_t)result->heap_bytes));
    json_object_set_new(row, "stopped", json_integer((json_int_t)result->stopped));
    return row;
}

static void try_group(const struct mg_attack_group *group, struct tally *tally)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct mg_attack *attack = &group->attacks[i];
        struct mg_attack_result result;
        mg_self_attack_try(attack, &result);
        tally->count++;
        tally->failed += !result.has_held || !is_quick(&result);
        if (result.cpu_us >= tally->slowest_us) {
            tally->slowest_us = result.cpu_us;
            tally->slowest = attack->name;
        }
        if (tally->rows != NULL) {
            json_array_append_new(tally->rows, json_row(group->kind, attack, &result));
        } else {
            print_row(group->kind, attack, &result);
        }
    }
}

static void print_summary(const struct tally *tally)
{
    (void)printf("%zu attacks: %zu held, %zu broken; the slowest exchange took %.2f ms of CPU "
                 "time (%s)\n",
                 tally->count, tally->count - tally->failed, tally->failed,
                 (double)tally->slowest_us / 1000, tally->slowest);
}

static void print_document(struct tally *tally)
{
    json_t *root = json_object();
    json_object_set_new(root, "ok", json_boolean(tally->failed == 0));
    json_object_set_new(root, "count", json_integer((json_int_t)tally->count));
    json_object_set_new(root, "broken", json_integer((json_int_t)tally->failed));
    json_object_set_new(root, "attacks", tally->rows);
    mg_json_print(root);
}

int mg_self_attack_run(bool is_json)
{
    struct tally tally = {.rows = is_json ? json_array() : NULL, .slowest = ""};
    if (!mg_self_attack_begin()) {
        (void)fprintf(stderr, "moongate check: no memory for a log: %s\n", strerror(errno));
        return MG_EXIT_ENVIRONMENT;
    }
    if (!is_json) {
        (void)printf("%-8s %-30s %-46s %8s  %s\n", "KIND", "ATTACK", "WHAT CAME OF IT",
                     "CPU MS", "VERDICT");
    }
    for (size_t i = 0; i < sizeof(GROUPS) / sizeof(GROUPS[0]); i++) {
        try_group(GROUPS[i], &tally);
        (void)fflush(stdout);
    }
    if (is_json) {
        print_document(&tally);
    } else {
        print_summary(&tally);
    }
    return tally.failed == 0 ? MG_EXIT_OK : MG_EXIT_NEGATIVE;
}
