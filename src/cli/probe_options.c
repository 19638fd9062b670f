/* probe_options.c - a row an option; letters are those of curl. */
#include "cli/probe_options.h"

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cors/origin.h"

enum {
    DEFAULT_TIMEOUT_MS = 10000
};

/* Returns: NULL, or what is wrong, in words. */
typedef const char *(*apply_fn)(struct mg_probe_options *options, const char *value);

static const char *apply_from(struct mg_probe_options *options, const char *value)
{
    struct mg_origin origin;
    options->input.spec.origin = mg_str_from(value);
    return mg_origin_parse(options->input.spec.origin, &origin)
               ? NULL
               : "is an origin as a browser sends it, such as https://app.example.com";
}

static const char *apply_method(struct mg_probe_options *options, const char *value)
{
    options->input.spec.method = mg_str_from(value);
    return NULL;
}

static const char *apply_header(struct mg_probe_options *options, const char *value)
{
    const char *colon = strchr(value, ':');
    if (colon == NULL) {
        return "is 'name: value'";
    }
    bool ok =
        mg_explain_add_header(&options->input, (struct mg_str){value, (size_t)(colon - value)},
                              mg_str_trim_ows(mg_str_from(colon + 1)));
    return ok ? NULL : "is given too often";
}

static const char *apply_data(struct mg_probe_options *options, const char *value)
{
    options->input.spec.body = MG_BODY_STRING;
    options->input.content = mg_str_from(value);
    if (options->input.spec.method.len == 0) {
        options->input.spec.method = MG_STR("POST");
    }
    return NULL;
}

static const char *apply_credentials(struct mg_probe_options *options, const char *value)
{
    return mg_explain_set_credentials(&options->input, mg_str_from(value))
               ? NULL
               : "is omit, same-origin or include";
}

static const char *apply_redirect(struct mg_probe_options *options, const char *value)
{
    return mg_explain_set_redirect(&options->input, mg_str_from(value))
               ? NULL
               : "is follow, error or manual";
}

static const char *apply_browser(struct mg_probe_options *options, const char *value)
{
    return mg_browser_from_name(mg_str_from(value), &options->input.spec.browser)
               ? NULL
               : "is standard, chromium, firefox or webkit";
}

static const char *apply_cookie(struct mg_probe_options *options, const char *value)
{
    options->cookie = mg_str_from(value);
    return NULL;
}

static const char *apply_timeout(struct mg_probe_options *options, const char *value)
{
    const char *wrong = mg_setting_read_duration(value, &options->client.timeout_ms);
    return wrong == NULL && options->client.timeout_ms == 0 ? "is longer than 0" : wrong;
}

static const char *apply_insecure(struct mg_probe_options *options, const char *value)
{
    (void)value;
    options->client.insecure = true;
    return NULL;
}

static const char *apply_audit(struct mg_probe_options *options, const char *value)
{
    (void)value;
    options->is_audit = true;
    return NULL;
}

static const char *apply_json(struct mg_probe_options *options, const char *value)
{
    (void)value;
    options->is_json = true;
    return NULL;
}

static const char *apply_help(struct mg_probe_options *options, const char *value)
{
    (void)value;
    options->wants_help = true;
    return NULL;
}

static const struct option {
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* NULL: a switch */
    const char *help;
    apply_fn apply;
} OPTIONS[] = {
    {"from", 0, "ORIGIN", "the page's origin (with --audit: one that is allowed)", apply_from},
    {"method", 'X', "METHOD", "as the script writes it (GET)", apply_method},
    {"header", 'H', "'NAME: VALUE'", "a header that the script sets; repeatable", apply_header},
    {"data", 'd', "TEXT", "content, a string; the method is then POST", apply_data},
    {"credentials", 0, "MODE", "omit, same-origin (default) or include", apply_credentials},
    {"cookie", 0, "TEXT", "the cookies, sent with --credentials include", apply_cookie},
    {"redirect", 0, "MODE", "follow (default), error or manual", apply_redirect},
    {"browser", 0, "NAME", "standard (default), chromium, firefox or webkit", apply_browser},
    {"timeout", 0, "TIME", "of one request (10s)", apply_timeout},
    {"insecure", 0, NULL, "do not verify certificates", apply_insecure},
    {"audit", 0, NULL, "look for known misconfigurations", apply_audit},
    {"json", 0, NULL, "print JSON", apply_json},
    {"help", 'h', NULL, "this text", apply_help},
};

enum {
    OPTION_COUNT = sizeof(OPTIONS) / sizeof(OPTIONS[0])
};

void mg_probe_print_help(void)
{
    (void)printf(
        "Usage: moongate probe [OPTION]... URL\n\n"
        "Fetch URL as a page of another origin would: send the preflight and the request that\n"
        "a browser sends, judge the answers as it does, and tell why the page may read them\n"
        "or not.\n\nOptions:\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &OPTIONS[i];
        char form[48];
        (void)snprintf(form, sizeof(form), "--%s %s", option->name,
                       option->argument == NULL ? "" : option->argument);
        (void)printf("  %c%c %-24s %s\n", option->letter == 0 ? ' ' : '-',
                     option->letter == 0 ? ' ' : option->letter, form, option->help);
    }
    (void)printf("\nExit codes: 0 readable (with --audit: nothing above low), 1 not, 2 usage, "
                 "4 no answer.\n");
}

static const struct option *find_option(const char *name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        bool is_letter = name[0] != '\0' && name[1] == '\0' && OPTIONS[i].letter == name[0];
        if (is_letter || strcmp(OPTIONS[i].name, name) == 0) {
            return &OPTIONS[i];
        }
    }
    return NULL;
}

static int apply_option(struct mg_arguments *walk, struct mg_probe_options *options)
{
    const struct option *option = find_option(walk->name);
    if (option == NULL) {
        return mg_cli_usage("probe", "-%s%s is no option", walk->name[1] == '\0' ? "" : "-",
                            walk->name);
    }
    const char *value = option->argument == NULL ? NULL : mg_arguments_value(walk);
    if (option->argument != NULL && value == NULL) {
        return mg_cli_usage("probe", "--%s needs a value: %s", option->name, option->argument);
    }
    if (option->argument == NULL && walk->value != NULL) {
        return mg_cli_usage("probe", "--%s takes no value", option->name);
    }
    const char *wrong = option->apply(options, value);
    return wrong == NULL ? MG_EXIT_OK : mg_cli_usage("probe", "--%s %s", option->name, wrong);
}

/* The URL. */
static int apply_word(const char *word, struct mg_probe_options *options)
{
    if (options->input.spec.url.len > 0) {
        return mg_cli_usage("probe", "one URL at a time, not '%s' too", word);
    }
    options->input.spec.url = mg_str_from(word);
    return MG_EXIT_OK;
}

int mg_probe_options_read(int argc, char **argv, struct mg_arena *arena,
                          struct mg_probe_options *options)
{
    struct mg_arguments walk = {.argc = argc, .argv = argv, .next = 1};
    enum mg_argument kind;
    memset(options, 0, sizeof(*options));
    mg_explain_input_init(&options->input, arena);
    options->client.timeout_ms = DEFAULT_TIMEOUT_MS;
    while ((kind = mg_arguments_next(&walk)) != MG_ARGUMENT_END) {
        int code = kind == MG_ARGUMENT_WORD ? apply_word(walk.value, options)
                                            : apply_option(&walk, options);
        if (code != MG_EXIT_OK || options->wants_help) {
            return code;
        }
    }
    return options->input.spec.url.len > 0 ? MG_EXIT_OK
                                           : mg_cli_usage("probe", "no URL is given");
}
