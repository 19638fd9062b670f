/* serve.c - `moongate serve`: settings from flags and a file, start, signals, graceful stop. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/settings.h"
#include "net/notify.h"
#include "net/rlimit.h"
#include "server/admin.h"
#include "server/server.h"

static void print_help(void)
{
    (void)printf(
        "Usage: moongate serve --policy PATH... [OPTION]...\n"
        "       moongate serve --upstream URL [OPTION]...\n\n"
        "Serve HTTP/1.1: answer preflights, decide cross-origin requests by policy, and hand\n"
        "actual requests to their handlers.\n\nOptions:\n"
        "  --config FILE              read settings from a Lua file of `name = value`; flags\n"
        "                             are added to it\n");
    mg_settings_print(stdout);
    (void)printf(
        "\nSignals: TERM and INT stop gracefully, a second one at once; USR1 opens the access\n"
        "log anew.\n");
}

/* Returns: MG_EXIT_OK to go on, -1 after --help, or a usage fault. */
static int read_arguments(int argc, char **argv, struct mg_server_options *options,
                          struct mg_config *config)
{
    struct mg_arguments arguments = {.argc = argc, .argv = argv, .next = 1};
    enum mg_argument kind;
    while ((kind = mg_arguments_next(&arguments)) != MG_ARGUMENT_END) {
        if (kind == MG_ARGUMENT_WORD) {
            return mg_cli_usage("serve", "'%s' is no option (a policy is given with --policy)",
                                arguments.value);
        }
        if (strcmp(arguments.name, "help") == 0) {
            print_help();
            return -1;
        }
        bool is_switch = strcmp(arguments.name, "echo-secrets") == 0;
        const char *value = is_switch ? NULL : mg_arguments_value(&arguments);
        const char *wrong;
        if (strcmp(arguments.name, "config") == 0) {
            struct mg_errs errs;
            mg_errs_init(&errs);
            bool ok = value != NULL && mg_config_load(config, value, options, &errs);
            int code = value == NULL ? mg_cli_usage("serve", "--config needs a value: FILE")
                                     : MG_EXIT_USAGE;
            mg_errs_print(&errs, stderr);
            mg_errs_fini(&errs);
            if (!ok) {
                return code;
            }
            continue;
        }
        wrong = mg_setting_apply(options, arguments.name, value);
        if (wrong != NULL) {
            return mg_cli_usage("serve", "--%s %s", arguments.name, wrong);
        }
    }
    if (options->policies.count == 0 && options->upstreams.count == 0) {
        return mg_cli_usage(
            "serve",
            "no policy given: --policy FILE or --policy DIRECTORY says who may do what");
    }
    return MG_EXIT_OK;
}

static void announce(const struct mg_server *server, unsigned long long descriptors)
{
    char url[256];
    char number[24];
    for (size_t i = 0; mg_server_url(server, i, url, sizeof(url)) != NULL; i++) {
        (void)printf("%s on %s\n",
                     mg_server_authorizes(server, i) ? "authorizing" : "listening", url);
    }
    (void)fflush(stdout);
    const char *address;
    for (size_t i = 0; (address = mg_admin_address(server->admin, i)) != NULL; i++) {
        MG_LOG(MG_LOG_INFO, "admin interface", {"address", mg_str_from(address)});
    }
    (void)snprintf(number, sizeof(number), "%llu", descriptors);
    if (server->options.policies.count == 0) {
        mg_log(MG_LOG_WARNING,
               "no policy is given: requests go to the upstream, and no other origin may read "
               "its answers (--policy says who may)",
               NULL, 0);
    }
    MG_LOG(MG_LOG_INFO, "serving", {"revision", mg_server_revision(server)},
           {"descriptors", mg_str_from(number)});
    mg_notify("READY=1");
}

static void block_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGHUP);
    (void)sigaddset(set, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* Wait for the signal that stops. */
static void wait_for_stop(struct mg_server *server, const sigset_t *set)
{
    while (true) {
        int number = 0;
        if (sigwait(set, &number) != 0) {
            continue;
        }
        if (number == SIGUSR1) {
            mg_server_reopen_logs(server);
        } else if (number == SIGHUP) {
            mg_server_reload(server);
        } else {
            return;
        }
    }
}

/* Whoever asks a second time does not want to wait. */
static void unblock_stop(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int serve(const struct mg_server_options *options)
{
    struct mg_errs errs;
    sigset_t signals;
    unsigned long long descriptors = mg_net_raise_open_files();
    mg_errs_init(&errs);
    mg_log_configure(options->log_format, options->log_level, STDERR_FILENO);
    block_signals(&signals);
    struct mg_server *server = mg_server_start(options, &errs);
    int code = mg_cli_report(&errs);
    mg_errs_fini(&errs);
    if (server == NULL) {
        return code == MG_EXIT_OK ? MG_EXIT_ENVIRONMENT : code;
    }
    announce(server, descriptors);
    wait_for_stop(server, &signals);
    mg_log(MG_LOG_INFO, "stopping", NULL, 0);
    unblock_stop();
    mg_server_stop(server);
    if (!mg_server_join(server)) {
        mg_log(MG_LOG_WARNING, "stopped in the midst of a build, which got no processor time",
               NULL, 0);
        (void)fflush(NULL);
        _exit(MG_EXIT_OK); /* nothing is put in order under a thread that goes on */
    }
    return MG_EXIT_OK;
}

static int run_serve(int argc, char **argv)
{
    struct mg_server_options options;
    struct mg_config config = {0};
    mg_server_options_init(&options);
    options.has_default_admin = true;
    int code = read_arguments(argc, argv, &options, &config);
    if (code == MG_EXIT_OK) {
        code = serve(&options);
    }
    mg_config_fini(&config);
    return code < 0 ? MG_EXIT_OK : code;
}

const struct mg_command mg_command_serve = {
    .name = "serve",
    .summary = "serve HTTP by policies",
    .run = run_serve,
};
