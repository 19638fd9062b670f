/* probe.c - `moongate probe`: a browser's fetch, or an audit, of a live server. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "cli/explain_fix.h"
#include "cli/explain_report.h"
#include "cli/probe_audit.h"
#include "cli/probe_audit_report.h"
#include "cli/probe_options.h"
#include "core/alloc.h"

/* Who asks, when no page is named: a site that no server knows. */
#define STRANGER MG_STR("https://moongate-probe.example")

#define USER_AGENT MG_STR("Mozilla/5.0 (compatible; Moongate/" MG_VERSION ")")

enum {
    MAX_MEMORY_BYTES = 64 << 20,
    MAX_REPORT_BYTES = 64 << 20
};

struct probe {
    struct mg_probe_options options;
    struct mg_arena arena;
    struct mg_probe_client *client;
    struct mg_explain_report report;
    struct mg_audit audit;
};

/* Where cookies may go: to the URL's origin, which is the one they were given for. */
static bool sends_cookie(const struct probe *probe, const struct mg_browser_request *request)
{
    return request->credentials && probe->options.cookie.len > 0 &&
           mg_str_equal(request->url->origin, probe->report.fetch.hops[0].url.origin);
}

/* The request's fields, with Cookie at the end, as Chromium has it. */
static bool add_cookie(struct probe *probe, struct mg_probe_message *message)
{
    struct mg_browser_field *fields =
        mg_arena_calloc(&probe->arena, message->field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return false;
    }
    memcpy(fields, message->fields, message->field_count * sizeof(*fields));
    fields[message->field_count] =
        (struct mg_browser_field){MG_STR("Cookie"), probe->options.cookie};
    message->fields = fields;
    message->field_count++;
    return true;
}

/* Send a request, wait for its answer. Returns: NULL, or what went wrong. */
static const char *exchange(struct probe *probe, const struct mg_browser_request *request,
                            struct mg_probe_answer *answer)
{
    struct mg_probe_message message = {
        .method = request->method,
        .url = request->url,
        .fields = request->fields,
        .field_count = request->field_count,
        .content = request->has_body ? probe->options.input.content : (struct mg_str){NULL, 0},
    };
    if (sends_cookie(probe, request) && !add_cookie(probe, &message)) {
        return "memory is out";
    }
    const char *fault =
        mg_probe_client_exchange(probe->client, &message, &probe->arena, answer);
    return fault == NULL ? NULL : mg_arena_dup(&probe->arena, mg_str_from(fault)).ptr;
}

/* Answer a request of the browser's from the network; of mg_explain_source. */
static bool ask(void *context, const struct mg_browser_request *request,
                struct mg_explain_answer *out)
{
    struct probe *probe = context;
    struct mg_probe_answer answer;
    const char *fault = exchange(probe, request, &answer);
    if (fault != NULL) {
        mg_explain_note(&probe->options.input, "no answer from %.*s: %s",
                        MG_STR_ARG(request->url->origin), fault);
        return false;
    }
    *out = (struct mg_explain_answer){
        .source = mg_arena_dup(&probe->arena, request->url->origin).ptr,
        .response = answer.response,
        .status_line = answer.status_line,
    };
    return true;
}

static int fetch_exit(const struct mg_browser_fetch *fetch)
{
    if (fetch->verdict == MG_FETCH_READABLE) {
        return MG_EXIT_OK;
    }
    return fetch->judgement.outcome == MG_OUTCOME_NETWORK_ERROR ? MG_EXIT_ENVIRONMENT
                                                                : MG_EXIT_NEGATIVE;
}

static bool is_coloured(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0');
}

static int fetch(struct probe *probe)
{
    static const struct mg_strings NO_ORIGINS = {0};
    const struct mg_explain_source source = {
        .public_origins = &NO_ORIGINS, .ask = ask, .context = probe};
    bool ok = mg_explain_run(&probe->report, &probe->options.input, &source);
    mg_explain_fix(&probe->report);
    if (ok && probe->options.is_json) {
        ok = mg_explain_print_json(&probe->report, stdout);
    } else if (ok) {
        mg_explain_print(&probe->report, is_coloured(), stdout);
    }
    if (!ok) {
        (void)fprintf(stderr, "moongate probe: memory is out\n");
        return MG_EXIT_ENVIRONMENT;
    }
    return fetch_exit(&probe->report.fetch);
}

/* Print a buffer of JSON as a line. Returns: false when it did not fit. */
static bool print_json(const struct mg_buf *json)
{
    if (!json->overflowed) {
        (void)printf("%.*s\n", MG_STR_ARG(mg_buf_str(json)));
    }
    return !json->overflowed;
}

/* Send all samples. Returns: NULL, or why not even the first was answered. */
static const char *run_audit(struct probe *probe)
{
    for (unsigned id = 0; id < MG_SAMPLE_COUNT; id++) {
        struct mg_audit_sample *sample = &probe->audit.samples[id];
        struct mg_probe_answer answer;
        if (!sample->applies) {
            continue;
        }
        sample->fault = exchange(probe, &sample->request, &answer);
        if (sample->fault == NULL) {
            mg_audit_answer(&probe->audit, (enum mg_sample_id)id, &answer.response);
        } else if (id == 0) {
            return sample->fault;
        }
    }
    return mg_arena_overflowed(&probe->arena) ? "memory is out" : NULL;
}

static int audit(struct probe *probe, const struct mg_browser_spec *spec,
                 const struct mg_browser_class *fetch_class)
{
    if (!mg_audit_plan(&probe->audit, spec, fetch_class, &probe->arena)) {
        (void)fprintf(stderr, "moongate probe: memory is out\n");
        return MG_EXIT_ENVIRONMENT;
    }
    const char *fault = run_audit(probe);
    if (fault != NULL) {
        (void)fprintf(stderr, "moongate probe: %s\n", fault);
        return MG_EXIT_ENVIRONMENT;
    }
    mg_audit_judge(&probe->audit);
    unsigned count = mg_probe_client_request_count(probe->client);
    int code = mg_audit_worst(&probe->audit) >= MG_AUDIT_MEDIUM ? MG_EXIT_NEGATIVE : MG_EXIT_OK;
    if (!probe->options.is_json) {
        mg_audit_print(&probe->audit, count, stdout);
        return code;
    }
    struct mg_buf json;
    mg_buf_init(&json, MAX_REPORT_BYTES);
    mg_audit_json(&probe->audit, count, &json);
    bool ok = print_json(&json);
    mg_buf_fini(&json);
    return ok ? code : MG_EXIT_ENVIRONMENT;
}

/* Whether it is the user's URL that cannot be fetched, rather than the script's request. */
static bool is_usage(const struct mg_browser_class *fetch_class)
{
    return fetch_class->kind == MG_FETCH_FORBIDDEN &&
           mg_str_starts_with(mg_str_from(fetch_class->reason), MG_STR("url-"));
}

static int run(struct probe *probe)
{
    struct mg_browser_spec *spec = &probe->options.input.spec;
    struct mg_browser_spec given = *spec;
    struct mg_browser_class fetch_class;
    spec->user_agent = given.user_agent = USER_AGENT;
    if (spec->origin.len == 0) {
        spec->origin = STRANGER;
    }
    if (!mg_browser_classify(spec, &probe->arena, &fetch_class)) {
        (void)fprintf(stderr, "moongate probe: memory is out\n");
        return MG_EXIT_ENVIRONMENT;
    }
    if (is_usage(&fetch_class)) {
        return mg_cli_usage("probe", "'%.*s' is no URL that a page can fetch (%s)",
                            MG_STR_ARG(spec->url), fetch_class.reason);
    }
    if (probe->options.is_audit && fetch_class.kind == MG_FETCH_FORBIDDEN) {
        return mg_cli_usage("probe", "no page can send this request (%s: '%.*s')",
                            fetch_class.reason, MG_STR_ARG(fetch_class.culprit));
    }
    probe->client = mg_probe_client_new(&probe->options.client);
    if (probe->client == NULL) {
        (void)fprintf(stderr, "moongate probe: libcurl cannot be started\n");
        return MG_EXIT_ENVIRONMENT;
    }
    int code = probe->options.is_audit ? audit(probe, &given, &fetch_class) : fetch(probe);
    mg_probe_client_free(probe->client);
    return code;
}

static int run_probe(int argc, char **argv)
{
    struct probe *probe = mg_calloc(1, sizeof(*probe));
    if (probe == NULL) {
        (void)fprintf(stderr, "moongate probe: memory is out\n");
        return MG_EXIT_ENVIRONMENT;
    }
    mg_arena_init(&probe->arena, NULL, 0, MAX_MEMORY_BYTES);
    int code = mg_probe_options_read(argc, argv, &probe->arena, &probe->options);
    if (code == MG_EXIT_OK && probe->options.wants_help) {
        mg_probe_print_help();
    } else if (code == MG_EXIT_OK) {
        code = run(probe);
    }
    mg_arena_fini(&probe->arena);
    free(probe);
    return code;
}

const struct mg_command mg_command_probe = {
    .name = "probe",
    .summary = "fetch from a live server as a browser would, or audit it",
    .run = run_probe,
};
