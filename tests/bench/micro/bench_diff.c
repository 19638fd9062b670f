/* bench_diff.c - what comparing two large policy sets costs.
 *
 *     bench_diff [RESOURCES] [ORIGINS]
 *
 * One line a case: seconds of processor time (the best of three), the most memory that the
 * comparison had beside both sets, changes found. Half of the resources share one list of all
 * ORIGINS, each other has two origins of its own.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy/diff.h"

enum {
    ROUNDS = 3,
    POLICY_BYTES = 4096,
    PATH_BYTES = 256,
};

static size_t bytes_in_use;
static size_t bytes_peak;

static void note(void *block)
{
    bytes_in_use += malloc_usable_size(block);
    bytes_peak = bytes_in_use > bytes_peak ? bytes_in_use : bytes_peak;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* glibc's own allocator, under the names that it has for replacements like these. */
/* NOLINTBEGIN(bugprone-reserved-identifier,readability-*) */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

void *malloc(size_t size)
{
    void *block = __libc_malloc(size);
    note(block);
    return block;
}

void *calloc(size_t count, size_t size)
{
    void *block = __libc_calloc(count, size);
    note(block);
    return block;
}

void *realloc(void *block, size_t size)
{
    bytes_in_use -= malloc_usable_size(block);
    void *moved = __libc_realloc(block, size);
    note(moved == NULL && size > 0 ? block : moved);
    return moved;
}

void free(void *block)
{
    bytes_in_use -= malloc_usable_size(block);
    __libc_free(block);
}
/* NOLINTEND(bugprone-reserved-identifier,readability-*) */
#endif

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What differs in the new set. */
struct variant {
    const char *name;
    const char *condition; /* which resources get credentials, by `i` */
    const char *extra;     /* declared behind them */
    const char *origin;    /* added to the shared list */
};

static const struct variant VARIANTS[] = {
    {"nothing changed", "false", "", NULL},
    {"one origin more in the shared list", "false", "", "https://new.example"},
    {"one resource in a hundred changed", "i % 100 == 0", "", NULL},
    {"every resource changed", "true", "", NULL},
    {"a default for all other paths", "false",
     "resource \"/{rest...}\" { cors = { origins = \"*\" } }", NULL},
    {"a host of its own", "false",
     "resource \"h.example/\" { methods = { \"GET\" }, cors = { origins = \"*\" } }", NULL},
};

/* A third each: exact, "*." and ":*". */
static void write_origins(const char *path, size_t count, const char *more)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "https://%sapp-%zu.customer-%zu.example%s\n",
                      i % 3 == 1 ? "*." : "", i, i % 1000, i % 3 == 2 ? ":*" : "");
    }
    if (more != NULL) {
        (void)fprintf(file, "%s\n", more);
    }
    (void)fclose(file);
}

static struct mg_policy_set *load(const char *dir, size_t resources, size_t origins,
                                  const struct variant *variant)
{
    char path[PATH_BYTES];
    char policy[POLICY_BYTES];
    const char *paths[] = {path};
    struct mg_errs errs;
    (void)snprintf(path, sizeof(path), "%s/list.txt", dir);
    write_origins(path, origins, variant->origin);
    (void)snprintf(
        policy, sizeof(policy),
        "local list = file \"list.txt\"\n"
        "for i = 1, %zu do\n"
        "  resource(\"/r\" .. i .. \"/{id}\") { cors = {\n"
        "    origins = i %% 2 == 0 and list or { \"https://a\" .. i .. \".example\",\n"
        "      \"https://*.b\" .. i .. \".example\" },\n"
        "    credentials = %s, headers = { \"Authorization\" } } }\n"
        "end\n%s\n",
        resources, variant->condition, variant->extra);
    (void)snprintf(path, sizeof(path), "%s/p.lua", dir);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(policy, file) < 0 || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    mg_errs_init(&errs);
    const struct mg_policy_options options = {.paths = paths, .path_count = 1};
    struct mg_policy_set *set = mg_policy_set_load(&options, &errs);
    if (set == NULL) {
        mg_errs_print(&errs, stderr);
        exit(1);
    }
    mg_errs_fini(&errs);
    return set;
}

static void measure(const struct mg_policy_set *old_set, const struct mg_policy_set *new_set,
                    const char *name)
{
    double best = 1e9;
    size_t most = 0;
    size_t total = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t before = bytes_in_use;
        bytes_peak = bytes_in_use;
        double start = cpu_seconds();
        struct mg_policy_diff *diff = mg_policy_diff_new(old_set, new_set, NULL);
        double spent = cpu_seconds() - start;
        if (diff == NULL) {
            (void)fprintf(stderr, "out of memory\n");
            exit(1);
        }
        best = spent < best ? spent : best;
        most = bytes_peak - before;
        total = diff->total;
        mg_policy_diff_free(diff);
    }
    (void)printf("%-36s %7.3f s %7.1f MiB %8zu changes\n", name, best, (double)most / 1048576.0,
                 total);
}

int main(int argc, char **argv)
{
    static const struct variant base = {"base", "false", "", NULL};
    char dir[] = "/tmp/moongate-bench-XXXXXX";
    char path[PATH_BYTES];
    size_t resources = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    size_t origins = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
    if (mkdtemp(dir) == NULL) {
        perror(dir);
        return 1;
    }
    struct mg_policy_set *old_set = load(dir, resources, origins, &base);
    for (size_t i = 0; i < sizeof(VARIANTS) / sizeof(VARIANTS[0]); i++) {
        struct mg_policy_set *new_set = load(dir, resources, origins, &VARIANTS[i]);
        measure(old_set, new_set, VARIANTS[i].name);
        mg_policy_set_free(new_set);
    }
    mg_policy_set_free(old_set);
    (void)snprintf(path, sizeof(path), "%s/list.txt", dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/p.lua", dir);
    (void)unlink(path);
    (void)rmdir(dir);
    return 0;
}
