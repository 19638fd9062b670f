/* swap_world.h - a server in this process on a free port, with policies in a directory of its
 * own, and clients that read every answer. For the tests of hot swap.
 */
#ifndef MG_TEST_SERVER_SWAP_WORLD_H
#define MG_TEST_SERVER_SWAP_WORLD_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "expect.h"
#include "server/server.h"
#include "server/swap.h"

enum {
    ANSWER_SIZE = 4096,
    PATIENCE_S = 30, /* of anything that must happen; generous, since sanitizers are slow */
};

static char swap_root[64];
static struct mg_server *swap_server;
static uint16_t swap_port;

static inline const char *in_root(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", swap_root, name);
    return path;
}

/* Write policies/NAME in full before it has that name. */
static inline void write_policy(const char *name, const char *text)
{
    char from[512];
    char to[512];
    (void)snprintf(from, sizeof(from), "%s/.new", swap_root);
    (void)snprintf(to, sizeof(to), "%s/policies/%s", swap_root, name);
    FILE *file = fopen(from, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(from, to), 0);
}

static inline void run_program(const char *program, const char *first, const char *second)
{
    pid_t child = fork();
    if (child == 0) {
        (void)execlp(program, program, first, second, (char *)NULL);
        _exit(127);
    }
    (void)waitpid(child, NULL, 0);
}

static inline int make_root(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    (void)snprintf(swap_root, sizeof(swap_root), "%s/mg-swap-XXXXXX",
                   parent == NULL ? "/tmp" : parent);
    return mkdtemp(swap_root) == NULL || mkdir(in_root("policies"), 0700) != 0 ? -1 : 0;
}

static inline void start_server(const char *policy,
                                void (*change)(struct mg_server_options *options))
{
    static char policies[512];
    struct mg_server_options options;
    struct mg_errs errs;
    char url[128];
    (void)snprintf(policies, sizeof(policies), "%s", in_root("policies"));
    mg_server_options_init(&options);
    options.policies = (struct mg_strings){.items = {policies}, .count = 1};
    options.listen = (struct mg_strings){.items = {"127.0.0.1:0"}, .count = 1};
    options.workers = 2;
    options.ignores_files = true;
    options.shows_revision = true;
    options.settle_ms = 0;
    options.limits.hook_cpu = 1000; /* a sanitizer's share of a hook's time is not the hook's */
    if (change != NULL) {
        change(&options);
    }
    write_policy("policy.lua", policy);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_ERROR, STDERR_FILENO);
    mg_errs_init(&errs);
    swap_server = mg_server_start(&options, &errs);
    mg_errs_print(&errs, stderr);
    mg_errs_fini(&errs);
    assert_non_null(swap_server);
    assert_non_null(mg_server_url(swap_server, 0, url, sizeof(url)));
    swap_port = (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10);
}

static inline int stop_server(void **state)
{
    (void)state;
    if (swap_server != NULL) {
        mg_server_stop(swap_server);
        mg_server_join(swap_server);
        swap_server = NULL;
    }
    run_program("rm", "-rf", swap_root);
    return 0;
}

/* ---- clients; they give false where the connection ended or was silent for too long ---- */

static inline int open_connection(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(swap_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
        return -1;
    }
    return fd;
}

static inline bool send_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        text += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* What was received and not yet taken. */
struct inbox {
    int fd;
    size_t length;
    char bytes[64 << 10];
};

/* The Content-Length of the head that ends at `end`. */
static inline size_t length_of(const char *head, const char *end)
{
    static const char name[] = "\r\nContent-Length: ";
    const char *at = strcasestr(head, name);
    return at == NULL || at > end ? 0 : strtoul(at + strlen(name), NULL, 10);
}

/* Cover the id of an error, which is another one each time. */
static inline void cover_id(char *answer)
{
    char *id = strstr(answer, "(id ");
    for (id = id == NULL ? NULL : id + 4; id != NULL && *id != ')' && *id != '\0'; id++) {
        *id = '0';
    }
}

/* Take one answer out of the inbox, without its Date and with its id covered: what follows is
 * then the same for the same decision. */
static inline bool read_answer(struct inbox *inbox, char out[static ANSWER_SIZE])
{
    while (true) {
        inbox->bytes[inbox->length] = '\0';
        const char *end = strstr(inbox->bytes, "\r\n\r\n");
        size_t head = end == NULL ? 0 : (size_t)(end - inbox->bytes) + 4;
        size_t size = head == 0 ? 0 : head + length_of(inbox->bytes, end);
        if (head > 0 && inbox->length >= size && size < ANSWER_SIZE) {
            char *date = strcasestr(inbox->bytes, "\r\nDate: ");
            const char *line_end = date == NULL ? NULL : strstr(date + 2, "\r\n");
            if (date == NULL || line_end == NULL) {
                return false;
            }
            size_t before = (size_t)(date - inbox->bytes);
            size_t rest = size - (size_t)(line_end - inbox->bytes);
            memcpy(out, inbox->bytes, before);
            memcpy(out + before, line_end, rest);
            out[before + rest] = '\0';
            cover_id(out);
            inbox->length -= size;
            memmove(inbox->bytes, inbox->bytes + size, inbox->length);
            return true;
        }
        ssize_t got = recv(inbox->fd, inbox->bytes + inbox->length,
                           sizeof(inbox->bytes) - 1 - inbox->length, 0);
        if (got <= 0) {
            return false;
        }
        inbox->length += (size_t)got;
    }
}

/* The value of Moongate-Revision, or "". */
static inline void revision_of(const char *answer, char out[static MG_REVISION_SIZE])
{
    const char *at = strstr(answer, "\r\nMoongate-Revision: ");
    (void)snprintf(out, MG_REVISION_SIZE, "%s", at == NULL ? "" : at + 21);
}

/* One exchange on a connection of its own. */
static inline void ask(const char *request, char out[static ANSWER_SIZE])
{
    static struct inbox inbox;
    inbox.length = 0;
    inbox.fd = open_connection();
    assert_true(inbox.fd >= 0);
    assert_true(send_all(inbox.fd, request, strlen(request)));
    assert_true(read_answer(&inbox, out));
    (void)close(inbox.fd);
}

/* ---- swaps ---- */

/* Have the files read; the caller frees the outcome. */
static inline void swap_files(struct mg_swap_outcome *outcome)
{
    const struct mg_swap_request request = {.trigger = MG_TRIGGER_COMMAND};
    mg_swap_run(swap_server->swap, &request, outcome);
}

static inline void expect_result(const char *desc, struct mg_swap_outcome *outcome,
                                 enum mg_swap_result result)
{
    if (outcome->result != result) {
        (void)fprintf(stderr, "%s: %s\n", desc, outcome->message);
        mg_errs_print(&outcome->errs, stderr);
    }
    mg_expect_text(desc, mg_swap_result_name(outcome->result), mg_swap_result_name(result));
    mg_swap_outcome_fini(outcome);
}

static inline void expect_swap(const char *desc, const char *policy, enum mg_swap_result result)
{
    struct mg_swap_outcome outcome;
    write_policy("policy.lua", policy);
    swap_files(&outcome);
    expect_result(desc, &outcome, result);
}

#endif
