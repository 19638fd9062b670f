/* test_watch.c - what is heard of files: of those that matter, and which are being written. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"
#include "policy/witness.h"
#include "server/watch.h"

enum {
    FILES = 20, /* more than are told apart while they are written to */
};

static char directory[64];
static struct mg_watch *watch;
static struct mg_witness witness;

static const char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static const char *numbered(int number)
{
    static char name[16];
    (void)snprintf(name, sizeof(name), "%d", number);
    return name;
}

static FILE *begin_to_write(const char *name)
{
    FILE *file = fopen(path_of(name), "ab");
    assert_non_null(file);
    assert_true(fputs("x", file) >= 0);
    assert_int_equal(fflush(file), 0);
    return file;
}

static void end(FILE *file)
{
    assert_int_equal(fclose(file), 0);
}

static void set_watch(void)
{
    const struct mg_witness *witnesses[] = {&witness};
    assert_true(mg_watch_set(watch, witnesses, 1));
}

static int make_files(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    (void)snprintf(directory, sizeof(directory), "%s/mg-watch-XXXXXX",
                   parent == NULL ? "/tmp" : parent);
    watch = mg_watch_new();
    if (watch == NULL || mkdtemp(directory) == NULL) {
        return -1;
    }
    mg_witness_init(&witness);
    for (int i = 0; i < FILES; i++) {
        struct stat status;
        end(begin_to_write(numbered(i)));
        assert_int_equal(stat(path_of(numbered(i)), &status), 0);
        mg_witness_note(&witness, path_of(numbered(i)), &status);
    }
    set_watch();
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        (void)unlink(path_of(numbered(i)));
    }
    (void)unlink(path_of("other"));
    (void)rmdir(directory);
    mg_watch_free(watch);
    mg_witness_fini(&witness);
    return 0;
}

static void expect(const char *desc, bool has_changed, bool is_writing)
{
    mg_expect_int(desc, mg_watch_read(watch), has_changed);
    mg_expect_int(desc, mg_watch_is_writing(watch), is_writing);
}

static void a_file_is_being_written_until_it_is_closed(void **state)
{
    (void)state;
    expect("nothing has happened", false, false);
    FILE *first = begin_to_write("0");
    expect("one is written to", true, true);
    end(begin_to_write("1"));
    expect("another one is saved meanwhile", true, true);
    assert_int_equal(chmod(path_of("0"), 0600), 0);
    expect("a mode is no end", true, true);
    FILE *second = begin_to_write("1");
    end(first);
    expect("one of two is closed", true, true);
    end(second);
    expect("both are", true, false);
    FILE *other = begin_to_write("other");
    expect("a name that does not matter", false, false);
    end(other);
}

static void what_was_replaced_or_removed_is_not_waited_for(void **state)
{
    (void)state;
    FILE *first = begin_to_write("0");
    FILE *second = begin_to_write("1");
    expect("two are written to", true, true);
    end(begin_to_write("other"));
    char from[128];
    (void)snprintf(from, sizeof(from), "%s", path_of("other"));
    assert_int_equal(rename(from, path_of("0")), 0);
    expect("one is replaced", true, true);
    assert_int_equal(unlink(path_of("1")), 0);
    expect("the other one is removed", true, false);
    end(first);
    end(second);
}

static void writing_outlives_a_new_list_of_what_is_watched(void **state)
{
    (void)state;
    FILE *first = begin_to_write("0");
    expect("written to", true, true);
    set_watch();
    end(begin_to_write("1"));
    expect("another one is saved", true, true);
    end(first);
    expect("closed", true, false);
}

static void nobody_is_waited_for_for_ever(void **state)
{
    (void)state;
    FILE *files[FILES];
    for (int i = 0; i < FILES; i++) {
        files[i] = begin_to_write(numbered(i));
    }
    expect("more than are told apart", true, true);
    mg_watch_give_up(watch);
    expect("given up", false, false);
    for (int i = 0; i < FILES; i++) {
        end(files[i]);
    }
    expect("closed all the same", true, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_being_written_until_it_is_closed, make_files,
                                        remove_files),
        cmocka_unit_test_setup_teardown(what_was_replaced_or_removed_is_not_waited_for,
                                        make_files, remove_files),
        cmocka_unit_test_setup_teardown(writing_outlives_a_new_list_of_what_is_watched,
                                        make_files, remove_files),
        cmocka_unit_test_setup_teardown(nobody_is_waited_for_for_ever, make_files,
                                        remove_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
