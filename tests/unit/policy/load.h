/* load.h - load a policy from a text, and look for one fault among those it has. For the tests
 * of this folder.
 */
#ifndef MG_TEST_LOAD_H
#define MG_TEST_LOAD_H

#include <stdio.h>

#include "core/err.h"
#include "expect.h"
#include "policy/set.h"

/* A policy, and the one fault it has. */
struct fault_row {
    const char *desc;
    const char *text;
    const char *code;
    enum mg_severity severity;
    int line;
    const char *where;
    const char *hint; /* NULL: any */
};

/* Load `text` as p.lua; the caller frees set and faults. */
static inline struct mg_policy_set *load_text(const char *text, struct mg_errs *errs,
                                              const struct mg_policy_options *options)
{
    static const struct mg_policy_options standard;
    mg_errs_init(errs);
    return mg_policy_set_load_text("p.lua", mg_str_from(text),
                                   options == NULL ? &standard : options, errs);
}

/* Load a policy that has no fault at all. */
static inline struct mg_policy_set *load_good(const char *desc, const char *text,
                                              const struct mg_policy_options *options)
{
    struct mg_errs errs;
    struct mg_policy_set *set = load_text(text, &errs, options);
    mg_errs_print(&errs, stderr);
    mg_expect_int(desc, errs.count, 0);
    mg_expect_true(desc, set != NULL);
    mg_errs_fini(&errs);
    return set;
}

/* Check that a row's policy has its fault and no other. */
static inline void expect_fault(const struct fault_row *row,
                                const struct mg_policy_options *options)
{
    struct mg_errs errs;
    struct mg_policy_set *set = load_text(row->text, &errs, options);
    if (errs.count != 1) {
        mg_errs_print(&errs, stderr);
    }
    mg_expect_int(row->desc, errs.count, 1);
    const struct mg_err *err = &errs.items[0];
    mg_expect_text(row->desc, err->code, row->code);
    mg_expect_text(row->desc, mg_severity_name(err->severity), mg_severity_name(row->severity));
    mg_expect_text(row->desc, err->file, "p.lua");
    mg_expect_int(row->desc, err->line, row->line);
    mg_expect_text(row->desc, err->where, row->where);
    mg_expect_true(row->desc, err->message[0] != '\0');
    if (row->hint != NULL) {
        mg_expect_text(row->desc, err->hint, row->hint);
    }
    mg_expect_int(row->desc, set == NULL, row->severity == MG_ERROR);
    mg_policy_set_free(set);
    mg_errs_fini(&errs);
}

#endif
