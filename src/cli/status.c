/* status.c - `moongate status`: what a running server serves by. */
#include <stdio.h>
#include <string.h>

#include "cli/admin_outcome.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/json.h"

enum {
    REVISION_WIDTH = 32
};

static void print_help(void)
{
    (void)printf(
        "Usage: moongate status\n\n"
        "Tell of a running server: its generations (loaded sets of policies), what each\n"
        "worker serves by, a shadow, and the newest swap that was refused, with its\n"
        "faults.\n\n");
    mg_admin_client_print_options();
    (void)printf("\nExit codes: 0 told, 2 usage, 4 no server answers.\n");
}

static void print_uptime(long long ms)
{
    long long seconds = ms / 1000;
    if (seconds >= 86400) {
        (void)printf("%lld d ", seconds / 86400);
    }
    if (seconds >= 3600) {
        (void)printf("%lld h ", seconds / 3600 % 24);
    }
    if (seconds >= 60) {
        (void)printf("%lld min ", seconds / 60 % 60);
    }
    (void)printf("%lld s", seconds % 60);
}

static bool is_set(const json_t *document, const char *key)
{
    return json_is_true(json_object_get(document, key));
}

static void print_server(const json_t *document)
{
    const json_t *listeners = json_object_get(document, "listeners");
    (void)printf("moongate %s, process %lld, up ", mg_admin_text(document, "version", "?"),
                 mg_admin_number(document, "pid"));
    print_uptime(mg_admin_number(document, "uptime_ms"));
    (void)printf(", %s\n", is_set(document, "ready") ? "ready" : "stopping");
    for (size_t i = 0; i < json_array_size(listeners); i++) {
        (void)printf("listening on %s\n", json_string_value(json_array_get(listeners, i)));
    }
    (void)printf("files are %s%s\n", is_set(document, "watching") ? "watched" : "not watched",
                 is_set(document, "pinned") ? ", but the active generation is pinned" : "");
    if (is_set(document, "from_state_directory")) {
        (void)printf(
            "warning: served from the state directory, not from the policies' files\n");
    }
    const char *fault = mg_admin_text(document, "state_directory_error", NULL);
    if (fault != NULL) {
        (void)printf("warning: the state directory: %s\n", fault);
    }
}

static long long sum_of(const json_t *numbers)
{
    long long sum = 0;
    for (size_t i = 0; i < json_array_size(numbers); i++) {
        sum += (long long)json_integer_value(json_array_get(numbers, i));
    }
    return sum;
}

static void print_generations(const json_t *document)
{
    const json_t *generations = json_object_get(document, "generations");
    (void)printf("\n%10s  %-8s  %-*s  %-27s  %-8s  %9s  %9s\n", "GENERATION", "STATE",
                 REVISION_WIDTH, "REVISION", "LOADED", "BY", "RESOURCES", "IN FLIGHT");
    for (size_t i = 0; i < json_array_size(generations); i++) {
        const json_t *generation = json_array_get(generations, i);
        char id[24] = "-";
        if (json_is_integer(json_object_get(generation, "generation"))) {
            (void)snprintf(id, sizeof(id), "%lld", mg_admin_number(generation, "generation"));
        }
        (void)printf("%10s  %-8s  %-*s  %-27s  %-8s  %9lld  %9lld%s\n", id,
                     mg_admin_text(generation, "state", "?"), REVISION_WIDTH,
                     mg_admin_text(generation, "revision", "-"),
                     mg_admin_text(generation, "loaded", "-"),
                     mg_admin_text(generation, "trigger", "?"),
                     mg_admin_number(generation, "resources"),
                     sum_of(json_object_get(generation, "in_flight")),
                     is_set(generation, "rejected") ? "  rejected" : "");
    }
}

static void print_workers(const json_t *document)
{
    const json_t *workers = json_object_get(document, "workers");
    (void)printf("\n%6s  %10s  %-*s  %11s  %12s\n", "WORKER", "GENERATION", REVISION_WIDTH,
                 "REVISION", "CONNECTIONS", "REQUESTS");
    for (size_t i = 0; i < json_array_size(workers); i++) {
        const json_t *worker = json_array_get(workers, i);
        (void)printf("%6lld  %10lld  %-*s  %11lld  %12lld\n", mg_admin_number(worker, "worker"),
                     mg_admin_number(worker, "generation"), REVISION_WIDTH,
                     mg_admin_text(worker, "revision", "-"),
                     mg_admin_number(worker, "connections"),
                     mg_admin_number(worker, "requests"));
    }
}

static void print_rest(const json_t *document)
{
    const json_t *shadow = json_object_get(document, "shadow");
    const json_t *error = json_object_get(document, "last_error");
    if (json_is_object(shadow)) {
        (void)printf(
            "\nthe shadow judged %lld requests (one in %lld): %lld differ, %lld of them "
            "wider, %lld narrower\n",
            mg_admin_number(shadow, "sampled"), mg_admin_number(shadow, "one_in"),
            mg_admin_number(shadow, "differing"), mg_admin_number(shadow, "wider"),
            mg_admin_number(shadow, "narrower"));
    }
    if (json_is_object(error)) {
        (void)printf("\nnot swapped at %s, asked for by %s: %s: %s\n",
                     mg_admin_text(error, "time", "?"), mg_admin_text(error, "trigger", "?"),
                     mg_admin_text(error, "result", "?"),
                     mg_admin_text(error, "message", "nothing was changed"));
        (void)fflush(stdout);
        mg_admin_print_faults(json_object_get(error, "diagnostics"));
    }
}

static int run_status(int argc, char **argv)
{
    struct mg_admin_client client = {.command = "status"};
    json_t *document = NULL;
    long status = 0;
    int code = mg_admin_client_read(&client, argc, argv);
    if (code != MG_EXIT_OK) {
        return code;
    }
    if (client.wants_help) {
        print_help();
        return MG_EXIT_OK;
    }
    code = mg_admin_client_ask(&client, "/status", NULL, &document, &status);
    if (code != MG_EXIT_OK) {
        return code;
    }
    if (client.is_json) {
        mg_json_print(document);
        return MG_EXIT_OK;
    }
    print_server(document);
    print_generations(document);
    print_workers(document);
    print_rest(document);
    json_decref(document);
    return MG_EXIT_OK;
}

const struct mg_command mg_command_status = {
    .name = "status",
    .summary = "tell of a running server: generations, workers, faults",
    .run = run_status,
};
