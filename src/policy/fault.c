/* fault.c - see the header. */
#include "policy/fault.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void clean(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        *text = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
}

void mg_fault_clean(struct mg_err *err)
{
    clean(err->file);
    clean(err->where);
    clean(err->message);
    clean(err->hint);
}

void mg_fault(const struct mg_spot *spot, enum mg_severity severity, const char *code,
              const char *hint, const char *format, ...)
{
    if (severity < spot->least) {
        return;
    }
    if (spot->is_quiet) {
        spot->errs->error_count += severity == MG_ERROR;
        return;
    }
    struct mg_err err = {.severity = severity, .code = code, .line = spot->line};
    char message[sizeof(err.message) + 1]; /* longer, so that mg_err_set sees a cut */
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    MG_ERR_SET(err.file, "%s", spot->file == NULL ? "" : spot->file);
    MG_ERR_SET(err.where, "%s", spot->where);
    MG_ERR_SET(err.message, "%s", message);
    MG_ERR_SET(err.hint, "%s", hint == NULL ? "" : hint);
    mg_fault_clean(&err);
    mg_errs_add(spot->errs, &err);
}

struct mg_spot mg_spot_in(const struct mg_spot *outer, const char *format, ...)
{
    struct mg_spot spot = *outer;
    if (spot.is_quiet) {
        return spot;
    }
    char tail[sizeof(spot.where)];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(tail, sizeof(tail), format, args);
    va_end(args);
    MG_ERR_SET(spot.where, "%s%s", outer->where, tail);
    return spot;
}

struct mg_spot mg_spot_field(const struct mg_spot *outer, const char *separator,
                             const char *name)
{
    struct mg_spot spot = *outer;
    if (spot.is_quiet) {
        return spot;
    }
    size_t used = strlen(spot.where);
    size_t separator_length = strlen(separator);
    size_t length = strlen(name);
    if (used + separator_length + length >= sizeof(spot.where)) {
        return mg_spot_in(outer, "%s%s", separator, name);
    }
    memcpy(spot.where + used, separator, separator_length);
    memcpy(spot.where + used + separator_length, name, length + 1);
    return spot;
}

const char *mg_quote(char *out, size_t size, struct mg_str text)
{
    struct mg_str shown = mg_str_shown(text);
    mg_err_set(out, size - 1, "'%.*s", MG_STR_ARG(shown));
    size_t length = strlen(out);
    out[length] = '\'';
    out[length + 1] = '\0';
    return out;
}

static int compare_faults(const void *left, const void *right)
{
    const struct mg_err *a = left;
    const struct mg_err *b = right;
    int order = strcmp(a->file, b->file);
    order = order != 0 ? order : (a->line > b->line) - (a->line < b->line);
    order = order != 0 ? order : strverscmp(a->where, b->where);
    order = order != 0 ? order : strcmp(a->code, b->code);
    return order != 0 ? order : strcmp(a->message, b->message);
}

void mg_fault_sort(struct mg_errs *errs, size_t first)
{
    if (first < errs->count) {
        qsort(errs->items + first, errs->count - first, sizeof(*errs->items), compare_faults);
    }
}
