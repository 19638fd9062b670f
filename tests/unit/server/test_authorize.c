/* test_authorize.c - what a socket of systemd is for, by its name. What checks are answered is
 * tested over the wire (tests/wire/g001).
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "server/server.h"

enum {
    SERVES,
    AUTHORIZES,
    REFUSES,
    OTHERWISE
};

/* Start a server with the socket at 3, and stop it. Returns: what it was for. */
static int start_and_stop(const char *policy, bool trusts)
{
    struct mg_server_options options;
    struct mg_errs errs;
    mg_server_options_init(&options);
    mg_errs_init(&errs);
    options.policies = (struct mg_strings){{policy}, 1};
    options.workers = 1;
    options.log_level = MG_LOG_ERROR;
    options.trusted_count = trusts && mg_cidr_parse(MG_STR("127.0.0.1"), &options.trusted[0]);
    struct mg_server *server = mg_server_start(&options, &errs);
    if (server == NULL) {
        bool is_right = strcmp(errs.items[0].code, "authorize-untrusted") == 0;
        mg_errs_fini(&errs);
        return is_right ? REFUSES : OTHERWISE;
    }
    int found = mg_server_authorizes(server, 0) ? AUTHORIZES : SERVES;
    mg_server_stop(server);
    mg_server_join(server);
    mg_errs_fini(&errs);
    return found;
}

/* In a child, as a service manager does: `fd` at 3, and the variables. */
static int with_socket(int fd, const char *name, const char *policy, bool trusts)
{
    pid_t child = fork();
    assert_return_code(child, errno);
    if (child == 0) {
        char pid[16];
        (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
        (void)dup2(fd, 3);
        (void)setenv("LISTEN_PID", pid, 1);
        (void)setenv("LISTEN_FDS", "1", 1);
        (void)setenv("LISTEN_FDNAMES", name, 1);
        _exit(start_and_stop(policy, trusts));
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : OTHERWISE;
}

static void sockets_are_for_what_their_name_says(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *name;
        bool trusts;
        int found;
    } rows[] = {
        {"checks", "authorize", true, AUTHORIZES},
        {"checks of Envoy", "ext-authz", true, AUTHORIZES},
        {"checks that nobody may send", "authorize", false, REFUSES},
        {"the name systemd gives by itself", "moongate.socket", true, SERVES},
        {"a longer name", "authorizer", true, SERVES},
        {"no name", "", false, SERVES},
    };
    static const char policy[] = "default { cors = { origins = '*' } }\n";
    char path[] = "/tmp/moongate-test-XXXXXX.lua";
    int file = mkstemps(path, 4);
    assert_int_equal(write(file, policy, sizeof(policy) - 1), (ssize_t)sizeof(policy) - 1);
    (void)close(file);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_return_code(bind(fd, (const struct sockaddr *)&any, sizeof(any)), errno);
    assert_return_code(listen(fd, 8), errno);
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        mg_expect_int(rows[i].desc, with_socket(fd, rows[i].name, path, rows[i].trusts),
                      rows[i].found);
    }
    (void)close(fd);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_are_for_what_their_name_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
