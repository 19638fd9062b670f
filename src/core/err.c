/* err.c - see the header. */
#include "core/err.h"

#include <stdarg.h>
#include <stdlib.h>

#include "core/alloc.h"

__attribute__((format(printf, 3, 0))) static void format_into(char *field, size_t size,
                                                              const char *format, va_list args)
{
    int needed = vsnprintf(field, size, format, args);
    if (needed >= 0 && (size_t)needed >= size && size > 4) {
        size_t cut = size - 4;
        while (cut > 0 && ((unsigned char)field[cut] & 0xc0) == 0x80) {
            cut--; /* not within a UTF-8 sequence */
        }
        memcpy(field + cut, "...", 4);
    }
}

void mg_err_set(char *field, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    format_into(field, size, format, args);
    va_end(args);
}

void mg_errs_init(struct mg_errs *errs)
{
    *errs = (struct mg_errs){0};
}

void mg_errs_fini(struct mg_errs *errs)
{
    free(errs->items);
    *errs = (struct mg_errs){0};
}

void mg_errs_add(struct mg_errs *errs, const struct mg_err *err)
{
    errs->error_count += err->severity == MG_ERROR;
    if (errs->count == errs->capacity && errs->capacity < MG_ERRS_MAX) {
        size_t capacity = errs->capacity == 0 ? 8 : errs->capacity * 2;
        struct mg_err *moved = mg_realloc(errs->items, capacity * sizeof(*moved));
        if (moved != NULL) {
            errs->items = moved;
            errs->capacity = capacity;
        }
    }
    if (errs->count == errs->capacity || errs->count == MG_ERRS_MAX) {
        errs->dropped++;
        return;
    }
    errs->items[errs->count++] = *err;
}

void mg_errs_fail(struct mg_errs *errs, const char *code, const char *hint, const char *format,
                  ...)
{
    struct mg_err err = {.severity = MG_ERROR, .code = code};
    va_list args;
    va_start(args, format);
    format_into(err.message, sizeof(err.message), format, args);
    va_end(args);
    if (hint != NULL) {
        MG_ERR_SET(err.hint, "%s", hint);
    }
    mg_errs_add(errs, &err);
}

const char *mg_severity_name(enum mg_severity severity)
{
    switch (severity) {
    case MG_NOTE:
        return "note";
    case MG_WARNING:
        return "warning";
    case MG_ERROR:
        return "error";
    }
    return "";
}

void mg_err_format(const struct mg_err *err, char *out, size_t size)
{
    char place[192] = "";
    if (err->file[0] != '\0' && err->line > 0) {
        (void)snprintf(place, sizeof(place), "%s:%d: ", err->file, err->line);
    } else if (err->file[0] != '\0') {
        (void)snprintf(place, sizeof(place), "%s: ", err->file);
    }
    bool has_hint = err->hint[0] != '\0';
    mg_err_set(out, size, "%s%s: %s%s%s%s%s%s [%s]", place, mg_severity_name(err->severity),
               err->where, err->where[0] != '\0' ? ": " : "", err->message,
               has_hint ? " (" : "", err->hint, has_hint ? ")" : "", err->code);
}

void mg_errs_print(const struct mg_errs *errs, FILE *to)
{
    for (size_t i = 0; i < errs->count; i++) {
        char line[1024];
        mg_err_format(&errs->items[i], line, sizeof(line));
        (void)fprintf(to, "%s\n", line);
    }
    if (errs->dropped > 0) {
        (void)fprintf(to, "and %zu more\n", errs->dropped);
    }
}
