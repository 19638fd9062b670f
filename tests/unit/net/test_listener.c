/* test_listener.c - listening sockets: what is bound, what is refused, what is inherited. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness.h"
#include "net/listener.h"

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof(directory), "/tmp/mg-listen-XXXXXX");
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static struct mg_listeners *open_some(const char *const *addresses, size_t count,
                                      struct mg_errs *errs)
{
    mg_errs_init(errs);
    return mg_listeners_open(
        &(struct mg_listen_options){
            .addresses = addresses, .address_count = count, .workers = 2, .unix_mode = 0640},
        errs);
}

static struct mg_listeners *open_one(const char *address)
{
    struct mg_errs errs;
    struct mg_listeners *listeners = open_some(&address, 1, &errs);
    if (listeners == NULL) {
        mg_errs_print(&errs, stderr);
        fail();
    }
    mg_errs_fini(&errs);
    return listeners;
}

/* Opening `address` fails with one fault; its line has `words`. */
static void expect_fault(const char *address, const char *code, const char *words)
{
    struct mg_errs errs;
    char line[1024] = "";
    assert_null(open_some(&address, 1, &errs));
    assert_int_equal(errs.error_count, 1);
    mg_err_format(&errs.items[0], line, sizeof(line));
    if (strcmp(errs.items[0].code, code) != 0 || strstr(line, words) == NULL) {
        fail_msg("'%s': expected %s and '%s' in: %s", address, code, words, line);
    }
    mg_errs_fini(&errs);
}

/* ---- TCP ---- */

static void listener_workers_share_the_port_that_was_picked(void **state)
{
    (void)state;
    struct mg_listeners *listeners = open_one("127.0.0.1:0");
    assert_int_equal(mg_listeners_count(listeners), 1);
    assert_true(mg_listeners_is_loopback(listeners, 0));
    assert_string_equal(mg_listeners_name(listeners, 0), "");
    assert_int_equal(mg_listeners_option(listeners, 0), 0);
    uint16_t port = port_of(listeners, 0);
    assert_int_not_equal(port, 0);
    assert_int_not_equal(mg_listeners_fd(listeners, 0, 0), mg_listeners_fd(listeners, 0, 1));
    for (unsigned i = 0; i < 2; i++) {
        int fd = mg_listeners_fd(listeners, 0, i);
        struct sockaddr_in bound = {.sin_port = 0};
        socklen_t length = sizeof(bound);
        assert_return_code(getsockname(fd, (struct sockaddr *)&bound, &length), errno);
        assert_int_equal(ntohs(bound.sin_port), port);
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    }
    mg_listeners_close(listeners);
}

static void listener_every_address_of_a_group_has_the_same_port(void **state)
{
    (void)state;
    static const char *const addresses[] = {":0", "localhost:0"};
    for (size_t i = 0; i < 2; i++) {
        struct mg_listeners *listeners = open_one(addresses[i]);
        assert_in_range(mg_listeners_count(listeners), 1, 2);
        for (size_t n = 0; n < mg_listeners_count(listeners); n++) {
            assert_int_equal(port_of(listeners, n), port_of(listeners, 0));
            assert_int_equal(mg_listeners_is_loopback(listeners, n), i == 1);
        }
        mg_listeners_close(listeners);
    }
}

static void listener_knows_the_option_it_stands_for(void **state)
{
    (void)state;
    static const char *const addresses[] = {":0", "127.0.0.1:0"};
    struct mg_errs errs;
    struct mg_listeners *listeners = open_some(addresses, 2, &errs);
    assert_non_null(listeners);
    size_t last = mg_listeners_count(listeners) - 1;
    for (size_t i = 0; i <= last; i++) {
        assert_int_equal(mg_listeners_option(listeners, i), i == last);
    }
    mg_listeners_close(listeners);
    mg_errs_fini(&errs);
}

static void listener_port_in_use_is_a_fault(void **state)
{
    (void)state;
    /* Another of our own kind, which also has SO_REUSEPORT. */
    struct mg_listeners *listeners = open_one("127.0.0.1:0");
    char words[64];
    (void)snprintf(words, sizeof(words),
                   "port %u on 127.0.0.1 is in use (stop the other program",
                   (unsigned)port_of(listeners, 0));
    expect_fault(mg_listeners_address(listeners, 0), "listen-in-use", words);
    /* All addresses include this one. */
    char all[32];
    (void)snprintf(all, sizeof(all), ":%u", (unsigned)port_of(listeners, 0));
    expect_fault(all, "listen-in-use", "on 0.0.0.0 is in use");
    char text[64];
    (void)snprintf(text, sizeof(text), "%s", mg_listeners_address(listeners, 0));
    mg_listeners_close(listeners);
    mg_listeners_close(open_one(text)); /* free again */
}

static void listener_faults_are_all_collected(void **state)
{
    (void)state;
    static const char *const addresses[] = {"nonsense", "127.0.0.1:0", "192.0.2.1:80", "unix:"};
    struct mg_errs errs;
    assert_null(open_some(addresses, 4, &errs));
    assert_int_equal(errs.error_count, 3);
    mg_errs_fini(&errs);
    assert_null(open_some(addresses, 0, &errs));
    assert_int_equal(errs.error_count, 1);
    mg_errs_fini(&errs);
    expect_fault("192.0.2.1:80", "listen-address", "this machine has no address 192.0.2.1");
}

/* ---- Unix ---- */

static void path_in(char *out, size_t size, const char *name)
{
    (void)snprintf(out, size, "unix:%s/%s", directory, name);
}

static int dial_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void listener_unix_socket_has_its_mode_and_goes_with_it(void **state)
{
    (void)state;
    char address[128];
    path_in(address, sizeof(address), "a.sock");
    const char *path = address + strlen("unix:");
    struct mg_listeners *listeners = open_one(address);
    assert_string_equal(mg_listeners_address(listeners, 0), address);
    assert_true(mg_listeners_is_loopback(listeners, 0));
    assert_int_equal(mg_listeners_fd(listeners, 0, 0), mg_listeners_fd(listeners, 0, 1));
    struct stat status;
    assert_return_code(stat(path, &status), errno);
    assert_int_equal(status.st_mode & 0777, 0640);
    /* The first to give it up does not close it for the other. */
    mg_listeners_release(listeners, 0, 1);
    int fd = dial_unix(path);
    assert_true(fd >= 0);
    (void)close(fd);
    mg_listeners_release(listeners, 0, 0);
    assert_int_equal(dial_unix(path), -1);
    mg_listeners_close(listeners);
    assert_int_equal(stat(path, &status), -1);
}

static void listener_live_unix_socket_is_a_fault_and_a_stale_one_is_replaced(void **state)
{
    (void)state;
    char address[128];
    path_in(address, sizeof(address), "b.sock");
    const char *path = address + strlen("unix:");
    struct mg_listeners *live = open_one(address);
    expect_fault(address, "listen-in-use", "another program listens on");
    int fd = dial_unix(path);
    assert_true(fd >= 0); /* still there */
    (void)close(fd);
    mg_listeners_close(live);

    /* Stale: bound once, then nobody. */
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(fd, (const struct sockaddr *)&at, sizeof(at)), errno);
    (void)close(fd);
    struct mg_listeners *second = open_one(address);

    /* A file put there since is not ours to remove. */
    assert_return_code(unlink(path), errno);
    fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    assert_return_code(fd, errno);
    (void)close(fd);
    mg_listeners_close(second);
    struct stat status;
    assert_return_code(stat(path, &status), errno);

    expect_fault(address, "listen-path", "exists and is not a socket");
    assert_return_code(stat(path, &status), errno);
    assert_return_code(unlink(path), errno);
}

struct starter {
    const char *address;
    struct mg_listeners *listeners;
    atomic_bool is_over;
};

static void *start(void *argument)
{
    struct starter *starter = argument;
    struct mg_errs errs;
    starter->listeners = open_some(&starter->address, 1, &errs);
    mg_errs_fini(&errs);
    atomic_store(&starter->is_over, true);
    return NULL;
}

static void listener_unix_socket_waits_for_who_opens_one_beside_it(void **state)
{
    (void)state;
    enum {
        LOOK_MS = 50
    };
    char address[128];
    path_in(address, sizeof(address), "d.sock");
    struct starter starter = {.address = address};
    struct stat status;
    pthread_t thread;
    int lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_int_equal(pthread_create(&thread, NULL, start, &starter), 0);
    uint64_t until_us = mg_clock_us() + LOOK_MS * 1000ULL;
    while (!atomic_load(&starter.is_over) && mg_clock_us() < until_us) {
        (void)sched_yield();
    }
    assert_int_equal(stat(address + strlen("unix:"), &status), -1);
    (void)close(lock);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_non_null(starter.listeners);
    mg_listeners_close(starter.listeners);
}

static void listener_unix_faults_say_what_to_do(void **state)
{
    (void)state;
    char address[256];
    path_in(address, sizeof(address), "absent/c.sock");
    expect_fault(address, "listen-path", "does not exist (make the directory");
    (void)snprintf(address, sizeof(address), "unix:%s/%0110d", directory, 0);
    expect_fault(address, "listen-path-too-long", "at most 107 bytes");
}

/* In a child that is nobody, since root may do everything. */
static void listener_without_permission_is_a_fault(void **state)
{
    (void)state;
    char address[128];
    path_in(address, sizeof(address), "d.sock"); /* the directory is open to its owner alone */
    pid_t child = fork();
    assert_return_code(child, errno);
    if (child == 0) {
        const char *const addresses[] = {address, "127.0.0.1:1"};
        struct mg_errs errs;
        bool is_nobody = geteuid() != 0 || seteuid(65534) == 0;
        struct mg_listeners *listeners = open_some(addresses, is_nobody ? 2 : 0, &errs);
        /* Low ports may be open to all on this machine (ip_unprivileged_port_start). */
        bool is_right = listeners == NULL && errs.error_count >= 1;
        for (size_t i = 0; i < errs.count; i++) {
            is_right = is_right && strcmp(errs.items[i].code, "listen-permission") == 0;
        }
        mg_errs_fini(&errs);
        _exit(is_right ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- inherited ---- */

/* What a service manager does before it runs the program, in a child: put `fd` at 3 and set the
 * variables. Returns: the exit status of `body`. */
static int with_inherited(int fd, const char *count, bool is_for_child, int (*body)(void))
{
    pid_t child = fork();
    assert_return_code(child, errno);
    if (child == 0) {
        char pid[16];
        (void)snprintf(pid, sizeof(pid), "%d", (int)getpid() + (is_for_child ? 0 : 1));
        (void)dup2(fd, 3);
        (void)setenv("LISTEN_PID", pid, 1);
        (void)setenv("LISTEN_FDS", count, 1);
        (void)setenv("LISTEN_FDNAMES", "web:other", 1);
        _exit(body());
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int inherits_one(void)
{
    static const char *const addresses[] = {"127.0.0.1:0", "127.0.0.1:0"};
    struct mg_errs errs;
    struct mg_listeners *listeners = open_some(addresses, 2, &errs);
    if (listeners == NULL) {
        mg_errs_print(&errs, stderr);
        return 1;
    }
    bool is_right =
        mg_listeners_count(listeners) == 1 && mg_listeners_fd(listeners, 0, 0) == 3 &&
        mg_listeners_fd(listeners, 0, 1) == 3 &&
        strcmp(mg_listeners_name(listeners, 0), "web") == 0 &&
        mg_listeners_option(listeners, 0) == -1 &&
        strncmp(mg_listeners_address(listeners, 0), "127.0.0.1:", 10) == 0 &&
        mg_listeners_is_loopback(listeners, 0) && (fcntl(3, F_GETFD) & FD_CLOEXEC) != 0 &&
        (fcntl(3, F_GETFL) & O_NONBLOCK) != 0 && getenv("LISTEN_FDS") == NULL &&
        getenv("LISTEN_PID") == NULL && getenv("LISTEN_FDNAMES") == NULL;
    mg_listeners_close(listeners);
    mg_errs_fini(&errs);
    return is_right ? 0 : 2;
}

static int ignores_them(void)
{
    const char *address = "127.0.0.1:0";
    struct mg_errs errs;
    struct mg_listeners *listeners = open_some(&address, 1, &errs);
    bool is_right = listeners != NULL && mg_listeners_fd(listeners, 0, 0) != 3 &&
                    getenv("LISTEN_FDS") == NULL;
    mg_listeners_close(listeners);
    mg_errs_fini(&errs);
    return is_right ? 0 : 2;
}

static int refuses_them(void)
{
    const char *address = "127.0.0.1:0";
    struct mg_errs errs;
    struct mg_listeners *listeners = open_some(&address, 1, &errs);
    bool is_right = listeners == NULL && errs.error_count == 1 &&
                    strcmp(errs.items[0].code, "listen-inherited") == 0;
    mg_listeners_close(listeners);
    mg_errs_fini(&errs);
    return is_right ? 0 : 2;
}

static void listener_takes_inherited_sockets(void **state)
{
    (void)state;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_return_code(bind(fd, (const struct sockaddr *)&any, sizeof(any)), errno);
    assert_return_code(listen(fd, 8), errno);
    int plain = socket(AF_INET, SOCK_STREAM, 0); /* not listening */
    assert_int_equal(with_inherited(fd, "1", true, inherits_one), 0);
    assert_int_equal(with_inherited(fd, "1", false, ignores_them), 0);
    assert_int_equal(with_inherited(fd, "0", true, ignores_them), 0);
    assert_int_equal(with_inherited(fd, "x", true, refuses_them), 0);
    assert_int_equal(with_inherited(plain, "1", true, refuses_them), 0);
    (void)close(plain);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listener_workers_share_the_port_that_was_picked),
        cmocka_unit_test(listener_every_address_of_a_group_has_the_same_port),
        cmocka_unit_test(listener_knows_the_option_it_stands_for),
        cmocka_unit_test(listener_port_in_use_is_a_fault),
        cmocka_unit_test(listener_faults_are_all_collected),
        cmocka_unit_test(listener_unix_socket_has_its_mode_and_goes_with_it),
        cmocka_unit_test(listener_live_unix_socket_is_a_fault_and_a_stale_one_is_replaced),
        cmocka_unit_test(listener_unix_socket_waits_for_who_opens_one_beside_it),
        cmocka_unit_test(listener_unix_faults_say_what_to_do),
        cmocka_unit_test(listener_without_permission_is_a_fault),
        cmocka_unit_test(listener_takes_inherited_sockets),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
