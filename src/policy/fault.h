/* fault.h - report what is wrong with a policy: where it stands, what it is, what to write.
 *
 * Errors:    nothing fails; faults are appended to the list of the spot.
 * Threads:   one owner at a time.
 */
#ifndef MG_POLICY_FAULT_H
#define MG_POLICY_FAULT_H

#include "core/err.h"

/* A place in a policy. */
struct mg_spot {
    struct mg_errs *errs;   /* where faults go */
    enum mg_severity least; /* others are passed over */
    bool is_quiet;          /* faults are counted and not told, and no text is made: to ask
                               whether there are any, as cheaply as can be */
    const char *file;
    int line;
    char where[sizeof(((struct mg_err *)0)->where)]; /* "/orders/{id} cors.origins[2]" */
};

/* Append a fault at `spot`; a quiet one only counts errors. `hint` may be NULL. Bytes that
 * would disturb a terminal become "?". */
void mg_fault(const struct mg_spot *spot, enum mg_severity severity, const char *code,
              const char *hint, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A spot further in: `where` of `outer` with the formatted text behind it. */
struct mg_spot mg_spot_in(const struct mg_spot *outer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for a field of it: `where` with `separator` and `name` behind; what a hook's results
 * are read with, so cheap. */
struct mg_spot mg_spot_field(const struct mg_spot *outer, const char *separator,
                             const char *name);

/* `text` between quotes, for a message; cut at `size`. */
const char *mg_quote(char *out, size_t size, struct mg_str text);

/* Replace bytes that would disturb a terminal by "?", in all texts of `err`. */
void mg_fault_clean(struct mg_err *err);

/* Order the faults from `first` on by file, line, where and code, so that they do not depend on
 * the order in which Lua walks a table. */
void mg_fault_sort(struct mg_errs *errs, size_t first);

#endif
