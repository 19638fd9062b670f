/* test_diagnostics.c - docs/diagnostics.md and the sources name the same codes.
 *
 * A code is a string literal of lower-case words joined by hyphens, in the sources that report
 * faults of policies. Words of that form which are no codes are listed here.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "expect.h"

static const char *const no_codes[] = {"round-robin", "least-connections", "stand-in"};

enum {
    MAX_CODES = 1024,
    MAX_CODE_BYTES = 64
};

struct codes {
    char names[MAX_CODES][MAX_CODE_BYTES];
    size_t count;
};

static struct codes in_sources;
static struct codes in_docs;

static bool has(const struct codes *codes, const char *name)
{
    for (size_t i = 0; i < codes->count; i++) {
        if (strcmp(codes->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void add(struct codes *codes, struct mg_str name)
{
    char text[MAX_CODE_BYTES];
    (void)snprintf(text, sizeof(text), "%.*s", MG_STR_ARG(name));
    if (!has(codes, text)) {
        assert_true(codes->count < MAX_CODES);
        memcpy(codes->names[codes->count++], text, sizeof(text));
    }
}

static struct mg_str read_whole(const char *path, struct mg_buf *buf)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    mg_buf_init(buf, 4 << 20);
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof(part), file)) > 0;) {
        mg_buf_add(buf, (struct mg_str){part, got});
    }
    (void)fclose(file);
    return mg_buf_str(buf);
}

/* Length of a code that `text` begins with and that `end` follows, or 0. */
static size_t code_length(struct mg_str text, char end)
{
    size_t hyphens = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == end) {
            return hyphens > 0 && i < MAX_CODE_BYTES && text.ptr[i - 1] != '-' ? i : 0;
        }
        bool is_hyphen = c == '-' && i > 0 && text.ptr[i - 1] != '-';
        hyphens += is_hyphen;
        if (!is_hyphen && !(c >= 'a' && c <= 'z')) {
            return 0;
        }
    }
    return 0;
}

static void scan_source(const char *path)
{
    struct mg_buf buf;
    struct mg_str text = read_whole(path, &buf);
    for (size_t i = 0; i < text.len; i++) {
        struct mg_str rest = mg_str_from_offset(text, i + 1);
        size_t length = text.ptr[i] == '"' ? code_length(rest, '"') : 0;
        if (length > 0) {
            add(&in_sources, (struct mg_str){rest.ptr, length});
        }
    }
    mg_buf_fini(&buf);
}

static void scan_folder(const char *folder, const char *prefix)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t files = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct mg_str name = mg_str_from(entry->d_name);
        if (mg_str_ends_with(name, MG_STR(".c")) &&
            mg_str_starts_with(name, mg_str_from(prefix))) {
            char path[512];
            (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            scan_source(path);
            files++;
        }
    }
    (void)closedir(dir);
    mg_expect_true(folder, files > 0);
}

/* A row of a table of the document: "| `code` | severity | example | instead |". */
static void scan_row(struct mg_str line)
{
    struct mg_str begin = MG_STR("| `");
    if (!mg_str_starts_with(line, begin)) {
        return;
    }
    struct mg_str rest = mg_str_from_offset(line, begin.len);
    size_t length = code_length(rest, '`');
    char name[MAX_CODE_BYTES];
    (void)snprintf(name, sizeof(name), "%.*s", (int)length, rest.ptr);
    mg_expect_true("a code in each row", length > 0);
    mg_expect_true(name, !has(&in_docs, name));
    add(&in_docs, (struct mg_str){rest.ptr, length});
    static const char *const severities[] = {"error", "warning", "note", "as the worst"};
    struct mg_str severity = mg_str_from_offset(rest, length + strlen("` | "));
    bool is_known = false;
    for (size_t i = 0; i < MG_COUNT(severities); i++) {
        is_known = is_known || mg_str_starts_with(severity, mg_str_from(severities[i]));
    }
    mg_expect_true(name, is_known);
}

static void scan_document(const char *path)
{
    struct mg_buf buf;
    struct mg_str text = read_whole(path, &buf);
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t length = end == NULL ? text.len : (size_t)(end - text.ptr);
        scan_row((struct mg_str){text.ptr, length});
        text = mg_str_from_offset(text, length + 1);
    }
    mg_buf_fini(&buf);
}

static void documents_and_sources_name_the_same_codes(void **state)
{
    (void)state;
    scan_folder("src/policy", "");
    scan_folder("src/script", "");
    scan_folder("src/plugin", "");
    scan_folder("src/cors", "pattern");
    scan_folder("src/server", "handlers");
    scan_document("docs/diagnostics.md");
    mg_expect_true("more than a few", in_sources.count > 50 && in_docs.count > 50);
    size_t missing = 0;
    for (size_t i = 0; i < in_sources.count; i++) {
        bool is_code = true;
        for (size_t j = 0; j < MG_COUNT(no_codes); j++) {
            is_code = is_code && strcmp(in_sources.names[i], no_codes[j]) != 0;
        }
        if (is_code && !has(&in_docs, in_sources.names[i])) {
            print_error("docs/diagnostics.md lacks %s\n", in_sources.names[i]);
            missing++;
        }
    }
    for (size_t i = 0; i < in_docs.count; i++) {
        if (!has(&in_sources, in_docs.names[i])) {
            print_error("no source has %s\n", in_docs.names[i]);
            missing++;
        }
    }
    mg_expect_int("codes in one place only", missing, 0);
}

/* Append the tests of a folder to `all`. */
static void add_tests(const char *folder, struct mg_buf *all)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct mg_str name = mg_str_from(entry->d_name);
        if (mg_str_ends_with(name, MG_STR(".c")) &&
            !mg_str_equal(name, MG_STR("test_diagnostics.c"))) {
            char path[512];
            struct mg_buf buf;
            (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            mg_buf_add(all, read_whole(path, &buf));
            mg_buf_fini(&buf);
        }
    }
    (void)closedir(dir);
}

/* Every documented code is made to appear by some test's row. */
static void tests_cover_the_documented_codes(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {
        "out-of-memory",     /* test_set.c: memory_may_run_out_anywhere */
        "not-yet-available", /* tests/wire */
        "capability-memory", /* needs a machine without memory, */
        "thread-start",      /* or without threads */
        "native-failed",     /* need a shared object */
        "native-refused",
    };
    struct mg_buf all;
    size_t missing = 0;
    mg_buf_init(&all, 16 << 20);
    add_tests("tests/unit/policy", &all);
    add_tests("tests/unit/plugin", &all);
    for (size_t i = 0; i < in_docs.count; i++) {
        const char *name = in_docs.names[i];
        bool is_tested = memmem(all.ptr, all.len, name, strlen(name)) != NULL;
        for (size_t j = 0; j < MG_COUNT(elsewhere); j++) {
            is_tested = is_tested || strcmp(name, elsewhere[j]) == 0;
        }
        if (!is_tested) {
            print_error("no test has %s\n", name);
            missing++;
        }
    }
    mg_buf_fini(&all);
    mg_expect_int("codes without a test", missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_and_sources_name_the_same_codes),
        cmocka_unit_test(tests_cover_the_documented_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
