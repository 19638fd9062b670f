/* expect.c - values are printed as JSON strings, so that control bytes can be told apart. */
#include "expect.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/buf.h"

enum {
    SHOWN_MAX_BYTES = 1 << 20
};

/* Fail with "desc: got G, want W"; a value too long to show is cut at its end. */
static void fail_str(const char *desc, struct mg_str got, struct mg_str want, const char *file,
                     int line)
{
    struct mg_buf text;
    mg_buf_init(&text, SHOWN_MAX_BYTES);
    mg_buf_add(&text, MG_STR("got "));
    mg_buf_add_json(&text, got);
    mg_buf_printf(&text, " (%zu bytes), want ", got.len);
    mg_buf_add_json(&text, want);
    mg_buf_printf(&text, " (%zu bytes)", want.len);
    print_error("%s:%d: %s: %.*s\n", file, line, desc, MG_STR_ARG(mg_buf_str(&text)));
    mg_buf_fini(&text);
    _fail(file, line);
}

void mg_expect_str_at(const char *desc, struct mg_str got, struct mg_str want, const char *file,
                      int line)
{
    if (!mg_str_equal(got, want)) {
        fail_str(desc, got, want, file, line);
    }
}

void mg_expect_text_at(const char *desc, const char *got, const char *want, const char *file,
                       int line)
{
    if (got == NULL || want == NULL) {
        if (got != want) {
            print_error("%s:%d: %s: got %s, want %s\n", file, line, desc,
                        got == NULL ? "NULL" : got, want == NULL ? "NULL" : want);
            _fail(file, line);
        }
        return;
    }
    mg_expect_str_at(desc, mg_str_from(got), mg_str_from(want), file, line);
}

void mg_expect_int_at(const char *desc, long long got, long long want, const char *file,
                      int line)
{
    if (got != want) {
        print_error("%s:%d: %s: got %lld, want %lld\n", file, line, desc, got, want);
        _fail(file, line);
    }
}

void mg_expect_u64_at(const char *desc, uint64_t got, uint64_t want, const char *file, int line)
{
    if (got != want) {
        print_error("%s:%d: %s: got %" PRIu64 ", want %" PRIu64 "\n", file, line, desc, got,
                    want);
        _fail(file, line);
    }
}

void mg_expect_true_at(const char *desc, bool holds, const char *condition, const char *file,
                       int line)
{
    if (!holds) {
        print_error("%s:%d: %s: not so: %s\n", file, line, desc, condition);
        _fail(file, line);
    }
}
