/* test_probe_audit_checks.c - docs/probe.md and the table of checks are the same. */
#include <stdio.h>

#include "cli/probe_audit.h"
#include "core/buf.h"
#include "expect.h"

/* docs/probe.md has a row "| `code` | severity | ..." for each check, and none more; a severity
 * that is another with credentials is written "low, high". */
static void docs_have_the_table(void **state)
{
    (void)state;
    struct mg_buf text;
    char part[4096];
    char row[256];
    FILE *file = fopen("docs/probe.md", "rb");
    if (file == NULL) {
        fail_msg("cannot open docs/probe.md");
    }
    mg_buf_init(&text, 1 << 20);
    for (size_t got; (got = fread(part, 1, sizeof(part), file)) > 0;) {
        mg_buf_add(&text, (struct mg_str){part, got});
    }
    (void)fclose(file);
    mg_buf_add_char(&text, '\0');
    for (size_t i = 0; i < MG_CHECK_COUNT; i++) {
        const struct mg_audit_check *check = &mg_audit_checks[i];
        bool is_same = check->severity == check->severity_with_credentials;
        (void)snprintf(row, sizeof(row), "\n| `%s` | %s%s%s |", check->code,
                       mg_audit_severity_name(check->severity), is_same ? "" : ", ",
                       is_same ? "" : mg_audit_severity_name(check->severity_with_credentials));
        mg_expect_true(row, strstr(text.ptr, row) != NULL);
    }
    const char *table = strstr(text.ptr, "\n| code | severity |");
    assert_non_null(table);
    size_t rows = 0;
    for (const char *at = table; (at = strstr(at, "\n| `")) != NULL; at++) {
        rows++;
    }
    mg_expect_int("rows of the table", rows, MG_CHECK_COUNT);
    mg_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(docs_have_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
