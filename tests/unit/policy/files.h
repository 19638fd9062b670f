/* files.h - policies in files of a fresh directory, for each test. For the tests of this
 * folder.
 */
#ifndef MG_TEST_POLICY_FILES_H
#define MG_TEST_POLICY_FILES_H

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

static char root[64]; /* a fresh directory for each test */

static inline const char *path_of(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static inline void write_bytes(const char *name, struct mg_str text)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static inline void write_file(const char *name, const char *text)
{
    write_bytes(name, mg_str_from(text));
}

static inline int set_up(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof(root), "/tmp/mg-policy-XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static inline void remove_tree(const char *path)
{
    char command[300];
    char *const arguments[] = {(char[]){"rm"}, (char[]){"-rf"}, command, NULL};
    (void)snprintf(command, sizeof(command), "%s", path);
    pid_t child = fork();
    if (child == 0) {
        (void)execvp("rm", arguments);
        _exit(127);
    }
    (void)waitpid(child, NULL, 0);
}

static inline int tear_down(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

/* Load the paths; `options` may be NULL. */
static inline struct mg_policy_set *load_paths(const char *const *paths, size_t count,
                                               const struct mg_policy_options *options,
                                               struct mg_errs *errs)
{
    static const struct mg_policy_options standard;
    struct mg_policy_options full = options == NULL ? standard : *options;
    full.paths = paths;
    full.path_count = count;
    mg_errs_init(errs);
    return mg_policy_set_load(&full, errs);
}

static inline struct mg_policy_set *load_root(struct mg_errs *errs)
{
    const char *paths[] = {root};
    return load_paths(paths, 1, NULL, errs);
}

#endif
