/* admin_outcome.c - see the header. */
#include "cli/admin_outcome.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json.h"

const char *mg_admin_text(const json_t *document, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(document, key));
    return text == NULL ? otherwise : text;
}

long long mg_admin_number(const json_t *document, const char *key)
{
    return (long long)json_integer_value(json_object_get(document, key));
}

static enum mg_severity severity_of(const char *name)
{
    enum mg_severity severity = MG_NOTE;
    while (severity < MG_ERROR && strcmp(name, mg_severity_name(severity)) != 0) {
        severity++;
    }
    return severity;
}

void mg_admin_print_faults(const json_t *diagnostics)
{
    for (size_t i = 0; i < json_array_size(diagnostics); i++) {
        const json_t *fault = json_array_get(diagnostics, i);
        char line[1024];
        struct mg_err err = {
            .severity = severity_of(mg_admin_text(fault, "severity", "error")),
            .code = mg_admin_text(fault, "code", "unknown"),
            .line = (int)mg_admin_number(fault, "line"),
        };
        MG_ERR_SET(err.file, "%s", mg_admin_text(fault, "file", ""));
        MG_ERR_SET(err.where, "%s", mg_admin_text(fault, "where", ""));
        MG_ERR_SET(err.message, "%s", mg_admin_text(fault, "message", ""));
        MG_ERR_SET(err.hint, "%s", mg_admin_text(fault, "hint", ""));
        mg_err_format(&err, line, sizeof(line));
        (void)fprintf(stderr, "%s\n", line);
    }
}

static int exit_code_of(const char *result)
{
    if (strcmp(result, "done") == 0 || strcmp(result, "unchanged") == 0) {
        return MG_EXIT_OK;
    }
    if (strcmp(result, "invalid") == 0) {
        return MG_EXIT_POLICY;
    }
    return strcmp(result, "busy") == 0 || strcmp(result, "failed") == 0 ? MG_EXIT_ENVIRONMENT
                                                                        : MG_EXIT_NEGATIVE;
}

static void print_done(const json_t *outcome, const char *done)
{
    if (done == NULL) {
        (void)printf("discarded: revision %s\n", mg_admin_text(outcome, "revision", "unknown"));
        return;
    }
    const char *summary = mg_admin_text(outcome, "summary", NULL);
    long long build_us = mg_admin_number(outcome, "build_us");
    long long publish_us = mg_admin_number(outcome, "publish_us");
    (void)printf("%s generation %lld, revision %s", done,
                 mg_admin_number(outcome, "generation"),
                 mg_admin_text(outcome, "revision", "unknown"));
    if (build_us > 0) {
        (void)printf(", built in %lld.%03lld ms", build_us / 1000, build_us % 1000);
    }
    if (publish_us > 0) {
        (void)printf(", on all workers %lld.%03lld ms later", publish_us / 1000,
                     publish_us % 1000);
    }
    (void)printf("\n");
    if (summary != NULL) {
        (void)printf("changes: %s\n", summary);
    }
}

static void tell(const struct mg_admin_client *client, const json_t *outcome, const char *done)
{
    const char *result = mg_admin_text(outcome, "result", "");
    const char *message = mg_admin_text(outcome, "message", NULL);
    mg_admin_print_faults(json_object_get(outcome, "diagnostics"));
    if (strcmp(result, "done") == 0) {
        print_done(outcome, done);
        return;
    }
    if (strcmp(result, "unchanged") == 0) {
        (void)printf("unchanged: generation %lld, revision %s\n",
                     mg_admin_number(outcome, "generation"),
                     mg_admin_text(outcome, "revision", "unknown"));
        return;
    }
    const char *summary = mg_admin_text(outcome, "summary", NULL);
    if (summary != NULL) {
        (void)fprintf(stderr, "changes: %s\n", summary);
    }
    (void)fprintf(stderr, "moongate %s: %s: %s\n", client->command, result,
                  message == NULL ? "nothing was changed" : message);
}

int mg_admin_command(const struct mg_admin_client *client, const char *path, json_t *body,
                     const char *done)
{
    json_t *outcome = NULL;
    long status = 0;
    int code = mg_admin_client_ask(client, path, body, &outcome, &status);
    if (code != MG_EXIT_OK) {
        return code;
    }
    code = exit_code_of(mg_admin_text(outcome, "result", ""));
    if (client->is_json) {
        mg_json_print(outcome);
    } else {
        tell(client, outcome, done);
        json_decref(outcome);
    }
    return code;
}
