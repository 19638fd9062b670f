/* test_notify.c - words to the service manager; and the limit of open files. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "harness.h"
#include "net/notify.h"
#include "net/rlimit.h"

/* Bind a datagram socket; '@' stands for the NUL of an abstract name. */
static int manager(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(fd, (const struct sockaddr *)&address,
                            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                       errno);
    return fd;
}

static void notify_reaches_path_and_abstract_sockets(void **state)
{
    (void)state;
    char path[64];
    char abstract[64];
    (void)snprintf(path, sizeof(path), "/tmp/mg-notify-%d", (int)getpid());
    (void)snprintf(abstract, sizeof(abstract), "@mg-notify-%d", (int)getpid());
    const char *names[] = {path, abstract};
    for (size_t i = 0; i < 2; i++) {
        int fd = manager(names[i]);
        char got[64] = "";
        assert_return_code(setenv("NOTIFY_SOCKET", names[i], 1), errno);
        assert_true(mg_notify("READY=1"));
        assert_int_equal(receive(fd, got, sizeof(got) - 1), 7);
        assert_string_equal(got, "READY=1");
        (void)close(fd);
    }
    (void)unlink(path);
    assert_false(mg_notify("READY=1")); /* nobody there */
}

static void notify_is_silent_unless_asked(void **state)
{
    (void)state;
    static const char *const names[] = {"", "@", "relative", "/"};
    assert_return_code(unsetenv("NOTIFY_SOCKET"), errno);
    assert_false(mg_notify("READY=1"));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_return_code(setenv("NOTIFY_SOCKET", names[i], 1), errno);
        assert_false(mg_notify("READY=1"));
    }
    char long_name[200];
    memset(long_name, '/', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_return_code(setenv("NOTIFY_SOCKET", long_name, 1), errno);
    assert_false(mg_notify("READY=1"));
    assert_return_code(unsetenv("NOTIFY_SOCKET"), errno);
}

static void open_files_are_raised_to_the_hard_limit(void **state)
{
    (void)state;
    struct rlimit before;
    assert_return_code(getrlimit(RLIMIT_NOFILE, &before), errno);
    pid_t child = fork();
    assert_return_code(child, errno);
    if (child == 0) {
        struct rlimit low = {.rlim_cur = 64, .rlim_max = before.rlim_max};
        struct rlimit after;
        bool is_right = setrlimit(RLIMIT_NOFILE, &low) == 0 &&
                        mg_net_raise_open_files() == before.rlim_max &&
                        getrlimit(RLIMIT_NOFILE, &after) == 0 &&
                        after.rlim_cur == before.rlim_max &&
                        mg_net_raise_open_files() == before.rlim_max;
        _exit(is_right ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notify_reaches_path_and_abstract_sockets),
        cmocka_unit_test(notify_is_silent_unless_asked),
        cmocka_unit_test(open_files_are_raised_to_the_hard_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
