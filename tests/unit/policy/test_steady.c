/* test_steady.c - a set is read from files that stood still. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "core/log.h"
#include "files.h"
#include "policy/source.h"
#include "policy/witness.h"

#define NONE "handler = 'none' }\n"

static struct mg_policy_set *load_steady(struct mg_errs *errs, struct mg_witness *witness)
{
    const char *paths[] = {root};
    const struct mg_policy_options options = {
        .paths = paths, .path_count = 1, .witness = witness};
    mg_errs_init(errs);
    return mg_policy_set_load_steady(&options, errs);
}

/* What the policies log goes into a pipe that holds a few lines, so a load that logs many
 * waits for the thread below, which replaces a file before it takes each. */
struct disturber {
    int fd;
    atomic_bool is_ending;
};

static void replace_policy(unsigned i)
{
    char to[512];
    char from[512];
    (void)snprintf(to, sizeof(to), "%s/b.lua", root);
    (void)snprintf(from, sizeof(from), "%s/.new", root);
    FILE *file = fopen(from, "wb");
    if (file != NULL) {
        /* Of another size each time: an inode may come back within one tick of the clock. */
        (void)fprintf(file, "resource '/%0*u' { " NONE, (int)(8 + i % 100), i);
        (void)fclose(file);
        (void)rename(from, to);
    }
}

static void *disturb(void *argument)
{
    struct disturber *disturber = argument;
    for (unsigned i = 0; !atomic_load(&disturber->is_ending); i++) {
        char bytes[4096];
        struct pollfd wait = {.fd = disturber->fd, .events = POLLIN};
        replace_policy(i);
        if (poll(&wait, 1, 20) == 1) {
            ssize_t got = read(disturber->fd, bytes, sizeof(bytes));
            (void)got;
        }
    }
    return NULL;
}

static void files_that_never_rest_are_told_of(void **state)
{
    (void)state;
    struct mg_errs errs;
    struct disturber disturber = {.is_ending = false};
    pthread_t thread;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)fcntl(ends[1], F_SETPIPE_SZ, 4096);
    disturber.fd = ends[0];
    write_file("b.lua", "resource '/' { " NONE);
    write_file("a.lua", "for i = 1, 40 do log(('x'):rep(1000)) end resource '/a' { " NONE);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_INFO, ends[1]);
    assert_int_equal(pthread_create(&thread, NULL, disturb, &disturber), 0);
    struct mg_policy_set *set = load_steady(&errs, NULL);
    atomic_store(&disturber.is_ending, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    mg_log_configure(MG_LOG_TEXT, MG_LOG_ERROR, STDERR_FILENO);
    assert_null(set);
    mg_expect_int("one fault", errs.count, 1);
    mg_expect_text("its code", errs.items[0].code, "source-unsteady");
    mg_errs_fini(&errs);
    set = load_steady(&errs, NULL);
    mg_expect_true("they rest now", set != NULL);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* Whether the file at `path` counts as fresh when it is noted now. */
static bool is_fresh(const char *path)
{
    struct stat status;
    struct mg_witness witness;
    mg_witness_init(&witness);
    assert_int_equal(stat(path, &status), 0);
    mg_witness_note(&witness, path, &status);
    bool is_fresh = mg_witness_is_fresh(&witness);
    mg_witness_fini(&witness);
    return is_fresh;
}

static void what_has_just_changed_is_fresh(void **state)
{
    (void)state;
    const struct timespec wait = {.tv_nsec = 5000000};
    bool was_fresh = false;
    for (int i = 0; i < 100 && !was_fresh; i++) { /* the machine may be slow once */
        write_file("a.lua", "resource '/' { " NONE);
        was_fresh = is_fresh(path_of("a.lua"));
    }
    mg_expect_true("just written", was_fresh);
    for (int i = 0; i < 1000 && is_fresh(path_of("a.lua")); i++) {
        (void)nanosleep(&wait, NULL);
    }
    mg_expect_true("later", !is_fresh(path_of("a.lua")));
}

/* Load a set of all kinds of files, do `change`, and expect the witness to notice, or not. */
static void expect_noticed(const char *desc, void (*change)(void), bool is_noticed)
{
    struct mg_errs errs;
    struct mg_witness witness;
    mg_witness_init(&witness);
    remove_tree(root);
    assert_int_equal(mkdir(root, 0700), 0);
    assert_int_equal(mkdir(path_of("..one"), 0700), 0);
    write_file("..one/list.txt", "https://a.example\n");
    assert_int_equal(symlink("..one", path_of("..data")), 0);
    assert_int_equal(symlink("..data/list.txt", path_of("list.txt")), 0);
    write_file("_shared.lua", "return 1\n");
    write_file("a.lua", "include '_shared.lua'\nresource '/' { cors = { origins = "
                        "file 'list.txt' }, " NONE);
    struct mg_policy_set *set = load_steady(&errs, &witness);
    mg_errs_print(&errs, stderr);
    mg_expect_true(desc, set != NULL);
    mg_expect_true(desc, mg_witness_holds(&witness, mg_sources_hash_names));
    change();
    mg_expect_int(desc, mg_witness_holds(&witness, mg_sources_hash_names), !is_noticed);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
    mg_witness_fini(&witness);
}

static void nothing(void)
{
}

static void write_in_place(void)
{
    write_file("a.lua", "resource '/b' { " NONE);
}

static void add_policy(void)
{
    write_file("b.lua", "resource '/b' { " NONE);
}

static void add_other_file(void)
{
    write_file("notes.txt", "nothing");
}

static void change_include(void)
{
    write_file("_shared.lua", "return 23\n");
}

static void remove_policy(void)
{
    assert_int_equal(unlink(path_of("a.lua")), 0);
}

/* As kubelet does it. */
static void swap_data(void)
{
    char from[512];
    assert_int_equal(mkdir(path_of("..two"), 0700), 0);
    write_file("..two/list.txt", "https://a.example\n");
    assert_int_equal(symlink("..two", path_of("..data_tmp")), 0);
    (void)snprintf(from, sizeof(from), "%s", path_of("..data_tmp"));
    assert_int_equal(rename(from, path_of("..data")), 0);
}

static void changes_are_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        void (*change)(void);
        bool is_noticed;
    } rows[] = {
        {"nothing happened", nothing, false},
        {"a policy is written in place", write_in_place, true},
        {"a policy is new", add_policy, true},
        {"another file is new", add_other_file, false},
        {"an included file is written", change_include, true},
        {"a policy is gone", remove_policy, true},
        {"the link of a Kubernetes volume is swapped, with the same bytes behind", swap_data,
         true},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        expect_noticed(rows[i].desc, rows[i].change, rows[i].is_noticed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_has_just_changed_is_fresh, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_never_rest_are_told_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_are_noticed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
