/* err.h - faults of set-up (configuration, policies): collected, never thrown, each with a
 * place and a way out.
 *
 * Shape:     one struct of fixed-size arrays, so that a fault can be made and printed when
 *            memory is out.
 * Printed:   file:line: severity: where: message (hint) [code]
 * Codes:     lower-case words joined by hyphens; stable, while messages may change.
 * Ownership: mg_errs owns its items, which hold copies; only `code` is borrowed, for ever.
 * Threads:   one owner at a time.
 */
#ifndef MG_CORE_ERR_H
#define MG_CORE_ERR_H

#include <stdio.h>

#include "core/str.h"

enum mg_severity {
    MG_NOTE,
    MG_WARNING,
    MG_ERROR
};

struct mg_err {
    enum mg_severity severity;
    const char *code; /* a string literal */
    char file[160];   /* "" where no file is meant */
    int line;         /* 0: none */
    char where[96];   /* the field: "/orders/{id} cors.origins[2]", or "" */
    char message[256];
    char hint[192]; /* what to write instead, or "" */
};

struct mg_errs {
    struct mg_err *items;
    size_t count;
    size_t capacity;
    size_t error_count; /* of severity MG_ERROR, also those that were dropped */
    size_t dropped;     /* beyond MG_ERRS_MAX, or when memory is out */
};

/* How many faults are kept; the rest are counted. */
enum {
    MG_ERRS_MAX = 1000
};

/* Begin with no faults; nothing is allocated before the first. */
void mg_errs_init(struct mg_errs *errs);
/* Free the items; `errs` is empty again. */
void mg_errs_fini(struct mg_errs *errs);

/* Append a copy of `err`. When memory is out it is counted, and its details are lost. */
void mg_errs_add(struct mg_errs *errs, const struct mg_err *err);

/* Append a fault without a file: `message` formatted, `hint` may be NULL. */
void mg_errs_fail(struct mg_errs *errs, const char *code, const char *hint, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

/* Fill a text field of an mg_err as printf does; cut at its size, between characters, with
 * "...". */
void mg_err_set(char *field, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define MG_ERR_SET(field, ...) mg_err_set((field), sizeof(field), __VA_ARGS__)

/* "note", "warning" or "error". */
const char *mg_severity_name(enum mg_severity severity);

/* Write one fault as one line, without the newline, into `out` of `size` bytes. */
void mg_err_format(const struct mg_err *err, char *out, size_t size);

/* Print every fault on a line of its own to `to`, in the order they were found. */
void mg_errs_print(const struct mg_errs *errs, FILE *to);

#endif
