/* explain.c - `moongate explain`: what a browser would do with a fetch, step by step. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/curl_command.h"
#include "cli/explain_browsers.h"
#include "cli/explain_fix.h"
#include "cli/explain_report.h"
#include "cli/fetch_call.h"
#include "cli/settings.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "cors/browser_url.h"

enum {
    ARENA_BYTES = 256 << 20,
    MAX_FILE_BYTES = 16 << 20,
    MAX_ANSWERS = 64
};

/* What the arguments say, before anything is read. */
struct request {
    struct mg_server_options options; /* policies and public origins */
    const char *from;
    const char *method;
    const char *credentials;
    const char *mode;
    const char *redirect;
    const char *data;
    const char *initiator;
    const char *curl;
    const char *fetch;
    const char *url;
    const char *cached;
    uint64_t age_ms;
    enum mg_browser browser;
    const char *headers[MG_EXPLAIN_MAX_HEADERS];
    size_t header_count;
    const char *answers[MAX_ANSWERS];
    size_t answer_count;
    bool upload_listener;
    bool stream;
    bool json;
    bool help;
};

/* One run of the command. */
struct command {
    struct request request;
    struct mg_arena arena;
    struct mg_explain_input input;
    struct mg_explain_report report;
    struct mg_explain_answer answers[MAX_ANSWERS * 16];
    size_t answer_count;
    struct mg_explain_answer cached;
};

static void print_help(void)
{
    (void)printf(
        "Usage: moongate explain --policy PATH... --from ORIGIN [OPTION]... URL\n"
        "       moongate explain --answer FILE... --from ORIGIN [OPTION]... URL\n\n"
        "Do what a browser does with a fetch: classify it, send the preflight and the request\n"
        "to the policies, check the answers, follow redirects, and tell the verdict, the line\n"
        "of policy behind it, the sentence of the console, and what to change.\n\n"
        "Who answers:\n"
        "  --policy PATH          a policy file, or a directory of them; repeatable\n"
        "  --plugins DIR          where the plugins that they use are found; repeatable\n"
        "  --public-origin ORIGIN an origin the server is reached by; repeatable\n"
        "  --answer FILE          judge raw responses instead, as `curl -i` prints them; in\n"
        "                         the order of the requests; repeatable; - is standard input\n"
        "  --cached FILE          an earlier preflight's answer, in the browser's cache\n"
        "  --cached-age DURATION  how long ago it came (0s)\n\n"
        "The fetch:\n"
        "  --from ORIGIN          the page's origin\n"
        "  -X, --method METHOD    (GET, or POST with content)\n"
        "  -H, --header LINE      'name: value' as the script sets it; repeatable\n"
        "  -d, --data TEXT        content, a string\n"
        "  --stream               content that is a stream\n"
        "  --credentials MODE     include, same-origin or omit (same-origin)\n"
        "  --mode MODE            cors, no-cors, same-origin or navigate (cors)\n"
        "  --redirect MODE        follow, error or manual (follow)\n"
        "  --as INITIATOR         fetch, xhr, beacon, event-source, script, stylesheet, font\n"
        "                         or image (fetch); --xhr is --as xhr\n"
        "  --upload-listener      the XMLHttpRequest has upload listeners\n"
        "  --browser NAME         standard, chromium, firefox or webkit (standard); where the\n"
        "                         others do otherwise, the report says so\n"
        "  --curl COMMAND         read the fetch from a pasted curl command; - is standard\n"
        "                         input\n"
        "  --fetch CALL           read it from a pasted fetch(url, {...}); - is standard "
        "input\n"
        "\n  --json                 print one JSON object\n\n"
        "Exit codes: 0 readable or opaque, 1 blocked or failed, 2 usage, 3 invalid policy, 4 a "
        "file that\ncannot be read.\n");
}

/* The options that take a value, and where it goes. */
static const char **find_value(struct request *request, const char *name)
{
    struct {
        const char *name;
        const char **at;
    } rows[] = {
        {"from", &request->from},    {"method", &request->method},
        {"X", &request->method},     {"credentials", &request->credentials},
        {"mode", &request->mode},    {"redirect", &request->redirect},
        {"data", &request->data},    {"d", &request->data},
        {"as", &request->initiator}, {"curl", &request->curl},
        {"fetch", &request->fetch},  {"cached", &request->cached},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].at;
        }
    }
    return NULL;
}

/* Apply a switch. Returns: false when `name` is none. */
static bool apply_switch(struct request *request, const char *name)
{
    bool *at = strcmp(name, "upload-listener") == 0                  ? &request->upload_listener
               : strcmp(name, "stream") == 0                         ? &request->stream
               : strcmp(name, "json") == 0                           ? &request->json
               : strcmp(name, "help") == 0 || strcmp(name, "h") == 0 ? &request->help
                                                                     : NULL;
    if (strcmp(name, "xhr") == 0) {
        request->initiator = "xhr";
        return true;
    }
    if (at != NULL) {
        *at = true;
    }
    return at != NULL;
}

/* Append to one of the lists. Returns: a usage fault, or MG_EXIT_OK. */
static int append(const char **list, size_t *count, size_t capacity, const char *value)
{
    if (*count == capacity) {
        return mg_cli_usage("explain", "too many arguments of one kind (%zu at most)",
                            capacity);
    }
    list[(*count)++] = value;
    return MG_EXIT_OK;
}

/* An option whose value is checked, or gathered. */
static int apply_value(struct request *request, const char *name, const char *value)
{
    const char *wrong = NULL;
    if (strcmp(name, "header") == 0 || strcmp(name, "H") == 0) {
        return append(request->headers, &request->header_count, MG_EXPLAIN_MAX_HEADERS, value);
    }
    if (strcmp(name, "answer") == 0) {
        return append(request->answers, &request->answer_count, MAX_ANSWERS, value);
    }
    if (strcmp(name, "browser") == 0) {
        return mg_browser_from_name(mg_str_from(value), &request->browser)
                   ? MG_EXIT_OK
                   : mg_cli_usage(
                         "explain",
                         "--browser is standard, chromium, firefox or webkit, not '%s'", value);
    }
    if (strcmp(name, "cached-age") == 0) {
        wrong = mg_setting_read_duration(value, &request->age_ms);
    } else if (strcmp(name, "policy") == 0 || strcmp(name, "public-origin") == 0 ||
               strcmp(name, "plugins") == 0) {
        wrong = mg_setting_apply(&request->options, name, value);
    } else {
        return mg_cli_usage("explain", "-%s%s is no option", name[1] == '\0' ? "" : "-", name);
    }
    return wrong == NULL ? MG_EXIT_OK : mg_cli_usage("explain", "--%s %s", name, wrong);
}

static int read_option(struct request *request, struct mg_arguments *arguments)
{
    const char *name = arguments->name;
    const char **at = find_value(request, name);
    if (at == NULL && apply_switch(request, name)) {
        return arguments->value == NULL ? MG_EXIT_OK
                                        : mg_cli_usage("explain", "--%s takes no value", name);
    }
    const char *value = mg_arguments_value(arguments);
    if (value == NULL) {
        return mg_cli_usage("explain", "-%s%s is no option, or lacks its value",
                            name[0] == '\0' || name[1] == '\0' ? "" : "-", name);
    }
    if (at != NULL) {
        *at = value;
        return MG_EXIT_OK;
    }
    return apply_value(request, name, value);
}

static int read_arguments(int argc, char **argv, struct request *request)
{
    struct mg_arguments arguments = {.argc = argc, .argv = argv, .next = 1};
    enum mg_argument kind;
    mg_server_options_init(&request->options);
    request->options.counts_steps = true;
    while ((kind = mg_arguments_next(&arguments)) != MG_ARGUMENT_END) {
        int code = MG_EXIT_OK;
        if (kind == MG_ARGUMENT_OPTION) {
            code = read_option(request, &arguments);
        } else if (request->url != NULL) {
            code = mg_cli_usage("explain", "'%s' is a second URL", arguments.value);
        } else {
            request->url = arguments.value;
        }
        if (code != MG_EXIT_OK || request->help) {
            return code;
        }
    }
    bool has_policy = request->options.policies.count > 0;
    if (has_policy == (request->answer_count > 0)) {
        return mg_cli_usage("explain", "who answers? Either --policy PATH or --answer FILE");
    }
    if ((request->url != NULL) + (request->curl != NULL) + (request->fetch != NULL) != 1) {
        return mg_cli_usage("explain", "what is fetched? One URL, --curl or --fetch");
    }
    return MG_EXIT_OK;
}

/* Read a file, or standard input for "-", into the arena. */
static int read_file(struct command *command, const char *path, struct mg_str *text)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    struct mg_buf buf;
    bool ok = file != NULL;
    mg_buf_init(&buf, MAX_FILE_BYTES);
    while (ok && feof(file) == 0) {
        char piece[4096];
        size_t count = fread(piece, 1, sizeof(piece), file);
        mg_buf_add(&buf, (struct mg_str){piece, count});
        ok = ferror(file) == 0 && !buf.overflowed;
    }
    if (file != NULL && !is_stdin) {
        (void)fclose(file);
    }
    *text = mg_arena_dup(&command->arena, mg_buf_str(&buf));
    bool is_long = buf.overflowed;
    mg_buf_fini(&buf);
    if (!ok) {
        (void)fprintf(stderr, "moongate explain: cannot read %s%s\n", path,
                      is_long ? ": it is longer than 16 MiB" : "");
        return MG_EXIT_ENVIRONMENT;
    }
    return MG_EXIT_OK;
}

/* Read the answers of one file. */
static int read_answers(struct command *command, const char *path,
                        struct mg_explain_answer *answers, size_t capacity, size_t *count)
{
    struct mg_str text;
    struct mg_answer_file file;
    struct mg_answer_fault fault;
    int code = read_file(command, path, &text);
    if (code != MG_EXIT_OK) {
        return code;
    }
    if (!mg_answer_file_parse(text, &command->arena, &file, &fault)) {
        (void)fprintf(stderr, "%s:%zu: error: %s\n", path, fault.line, fault.message);
        return MG_EXIT_USAGE;
    }
    for (size_t i = 0; i < file.count && *count < capacity; i++) {
        answers[(*count)++] = mg_explain_answer_from(&file.answers[i], path, &command->arena);
    }
    return MG_EXIT_OK;
}

static int read_all_answers(struct command *command)
{
    const struct request *request = &command->request;
    size_t cached_count = 0;
    int code = MG_EXIT_OK;
    for (size_t i = 0; code == MG_EXIT_OK && i < request->answer_count; i++) {
        code = read_answers(command, request->answers[i], command->answers,
                            sizeof(command->answers) / sizeof(command->answers[0]),
                            &command->answer_count);
    }
    if (code == MG_EXIT_OK && request->cached != NULL) {
        code = read_answers(command, request->cached, &command->cached, 1, &cached_count);
    }
    return code;
}

/* Read a pasted curl command or fetch() call. */
static int read_pasted(struct command *command)
{
    const struct request *request = &command->request;
    const char *given = request->curl != NULL ? request->curl : request->fetch;
    const char *what = request->curl != NULL ? "--curl" : "--fetch";
    struct mg_explain_fault fault;
    struct mg_str text = mg_str_from(given);
    if (given == NULL) {
        return MG_EXIT_OK;
    }
    if (strcmp(given, "-") == 0) {
        int code = read_file(command, given, &text);
        if (code != MG_EXIT_OK) {
            return code;
        }
    }
    bool ok = request->curl != NULL ? mg_curl_command_parse(text, &command->input, &fault)
                                    : mg_fetch_call_parse(text, &command->input, &fault);
    if (!ok) {
        (void)fprintf(stderr, "%s:%zu:%zu: error: %s\n", what, fault.line, fault.column,
                      fault.message);
    }
    return ok ? MG_EXIT_OK : MG_EXIT_USAGE;
}

static bool set_initiator(struct mg_browser_spec *spec, const char *name)
{
    static const char *const NAMES[] = {"fetch",  "xhr",        "beacon", "event-source",
                                        "script", "stylesheet", "font",   "image"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (strcmp(NAMES[i], name) == 0) {
            spec->initiator = (enum mg_browser_initiator)i;
            return true;
        }
    }
    return false;
}

/* The options that name one of several things. */
static int apply_modes(struct command *command)
{
    const struct request *request = &command->request;
    struct mg_explain_input *input = &command->input;
    if (request->credentials != NULL &&
        !mg_explain_set_credentials(input, mg_str_from(request->credentials))) {
        return mg_cli_usage("explain",
                            "--credentials is include, same-origin or omit, not '%s'",
                            request->credentials);
    }
    if (request->mode != NULL && !mg_explain_set_mode(input, mg_str_from(request->mode))) {
        return mg_cli_usage("explain",
                            "--mode is cors, no-cors, same-origin or navigate, not '%s'",
                            request->mode);
    }
    if (request->redirect != NULL &&
        !mg_explain_set_redirect(input, mg_str_from(request->redirect))) {
        return mg_cli_usage("explain", "--redirect is follow, error or manual, not '%s'",
                            request->redirect);
    }
    if (request->initiator != NULL && !set_initiator(&input->spec, request->initiator)) {
        return mg_cli_usage(
            "explain",
            "--as is fetch, xhr, beacon, event-source, script, stylesheet, font "
            "or image, not '%s'",
            request->initiator);
    }
    if (request->upload_listener) {
        input->spec.upload_listeners = true;
        input->spec.initiator = MG_INITIATOR_XHR;
    }
    return MG_EXIT_OK;
}

static int apply_headers(struct command *command)
{
    const struct request *request = &command->request;
    for (size_t i = 0; i < request->header_count; i++) {
        const char *colon = strchr(request->headers[i], ':');
        if (colon == NULL) {
            return mg_cli_usage("explain", "-H takes 'name: value', not '%s'",
                                request->headers[i]);
        }
        struct mg_str name = {request->headers[i], (size_t)(colon - request->headers[i])};
        if (!mg_explain_add_header(&command->input, name, mg_str_from(colon + 1))) {
            return mg_cli_usage("explain", "more than %d headers", MG_EXPLAIN_MAX_HEADERS);
        }
    }
    return MG_EXIT_OK;
}

static void apply_content(struct command *command)
{
    const struct request *request = &command->request;
    struct mg_browser_spec *spec = &command->input.spec;
    if (request->data != NULL) {
        command->input.content = mg_str_from(request->data);
        spec->body = MG_BODY_STRING;
    }
    if (request->stream) {
        spec->body = MG_BODY_STREAM;
    }
    if (request->method != NULL) {
        spec->method = mg_str_from(request->method);
    } else if (spec->method.len == 0 && (request->data != NULL || request->stream)) {
        spec->method = MG_STR("POST");
    }
}

/* A URL relative to the page, as fetch() takes it. */
static void resolve_url(struct command *command)
{
    struct mg_browser_url page;
    struct mg_browser_url url;
    struct mg_browser_spec *spec = &command->input.spec;
    struct mg_arena *arena = &command->arena;
    const char *wrong = mg_browser_url_parse(spec->url, NULL, arena, &url);
    if (wrong != NULL && strcmp(wrong, "url-relative") == 0 &&
        mg_browser_url_parse(spec->origin, NULL, arena, &page) == NULL &&
        mg_browser_url_parse(spec->url, &page, arena, &url) == NULL) {
        spec->url = url.href;
    }
}

/* Make the fetch from what is pasted and what the options say, which win. */
static int make_input(struct command *command)
{
    const struct request *request = &command->request;
    struct mg_explain_input *input = &command->input;
    mg_explain_input_init(input, &command->arena);
    input->spec.browser = request->browser;
    input->spec.origin = mg_str_from(request->from);
    int code = read_pasted(command);
    if (code != MG_EXIT_OK) {
        return code;
    }
    if (request->url != NULL) {
        input->spec.url = mg_str_from(request->url);
    }
    if (input->spec.origin.len == 0) {
        return mg_cli_usage("explain", "which page fetches? --from ORIGIN");
    }
    code = apply_modes(command);
    if (code == MG_EXIT_OK) {
        code = apply_headers(command);
    }
    apply_content(command);
    resolve_url(command);
    return code;
}

static int out_of_memory(void)
{
    (void)fprintf(stderr, "moongate explain: memory is out\n");
    return MG_EXIT_ENVIRONMENT;
}

/* Colour is for terminals, and for who has not said no (no-color.org). */
static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0');
}

static int run_fetch(struct command *command, struct mg_gate *gate)
{
    const struct request *request = &command->request;
    struct mg_explain_report *report = &command->report;
    const struct mg_explain_source source = {
        .gate = gate,
        .public_origins = &request->options.public_origins,
        .answers = command->answers,
        .answer_count = command->answer_count,
        .cached = request->cached == NULL ? NULL : &command->cached,
        .cached_age_s = request->age_ms / 1000,
    };
    if (!mg_explain_run(report, &command->input, &source)) {
        return out_of_memory();
    }
    mg_explain_fix(report);
    if (!mg_explain_ask_browsers(report, &source)) {
        return out_of_memory();
    }
    if (mg_arena_overflowed(&command->arena)) {
        return out_of_memory();
    }
    if (!request->json) {
        mg_explain_print(report, wants_colour(), stdout);
    } else if (!mg_explain_print_json(report, stdout)) {
        return out_of_memory();
    }
    bool is_good =
        report->fetch.verdict == MG_FETCH_READABLE || report->fetch.verdict == MG_FETCH_OPAQUE;
    return report->is_answer_missing ? MG_EXIT_USAGE : is_good ? MG_EXIT_OK : MG_EXIT_NEGATIVE;
}

/* Run the fetch against policies. */
static int run_policies(struct command *command)
{
    const struct mg_server_options *options = &command->request.options;
    const struct mg_policy_options policy_options = {
        .paths = options->policies.items,
        .path_count = options->policies.count,
        .has_public_origin = options->public_origins.count > 0,
        .plugin_dirs = options->plugins.items,
        .plugin_dir_count = options->plugins.count,
    };
    struct mg_errs errs;
    mg_errs_init(&errs);
    struct mg_policy_set *set = mg_policy_set_load(&policy_options, &errs);
    struct mg_gate *gate = set == NULL ? NULL : mg_gate_new(options, set, &errs);
    int code = gate == NULL ? mg_cli_report(&errs) : MG_EXIT_OK;
    mg_errs_fini(&errs);
    if (gate == NULL) {
        mg_policy_set_free(set);
        return code == MG_EXIT_OK ? MG_EXIT_POLICY : code;
    }
    code = run_fetch(command, gate);
    mg_gate_free(gate);
    mg_policy_set_free(set);
    return code;
}

static int explain(struct command *command)
{
    int code = make_input(command);
    if (code == MG_EXIT_OK) {
        code = read_all_answers(command);
    }
    if (code != MG_EXIT_OK) {
        return code;
    }
    return command->request.options.policies.count > 0 ? run_policies(command)
                                                       : run_fetch(command, NULL);
}

static int run_explain(int argc, char **argv)
{
    struct command *command = mg_calloc(1, sizeof(*command));
    if (command == NULL) {
        return out_of_memory();
    }
    int code = read_arguments(argc, argv, &command->request);
    if (code == MG_EXIT_OK && command->request.help) {
        print_help();
    } else if (code == MG_EXIT_OK) {
        mg_arena_init(&command->arena, NULL, 0, ARENA_BYTES);
        code = explain(command);
        mg_arena_fini(&command->arena);
    }
    free(command);
    return code;
}

const struct mg_command mg_command_explain = {
    .name = "explain",
    .summary = "tell what a browser does with a fetch, and why",
    .run = run_explain,
};
