/* spot.h - a place in a plugin's manifest or in the policy that uses it, and the faults found
 * there. Private to src/plugin.
 *
 * A value in Lua does not know its line. Where a manifest is written as a table constructor,
 * the line of a field is found in the text: `source` is what stands behind the "{" of the table
 * at hand. Where it is put together otherwise, faults have the line of the `return`, or of the
 * table around.
 * Errors:    nothing fails; faults are appended to the list of the spot.
 * Threads:   one owner at a time.
 */
#ifndef MG_PLUGIN_SPOT_H
#define MG_PLUGIN_SPOT_H

#include "core/err.h"

struct mg_plugin_spot {
    struct mg_errs *errs; /* where faults go */
    const char *file;
    int line;
    struct mg_str source;                            /* empty: not known */
    int source_line;                                 /* at which it begins */
    char where[sizeof(((struct mg_err *)0)->where)]; /* "config.limit" */
};

/* The spot of the table that the chunk `text` of `file` returns. */
struct mg_plugin_spot mg_plugin_spot_of_chunk(struct mg_errs *errs, const char *file,
                                              struct mg_str text);

/* The spot of a field: `where` with `separator` and its name behind, at its line. */
struct mg_plugin_spot mg_plugin_spot_of_field(const struct mg_plugin_spot *outer,
                                              const char *separator, struct mg_str name);

/* The spot of an element of a list, from 1: `where` with "[item]" behind it. */
struct mg_plugin_spot mg_plugin_spot_of_item(const struct mg_plugin_spot *outer, size_t item);

/* Append a fault at `spot`. `hint` may be NULL. Bytes that would disturb a terminal become
 * "?". */
void mg_plugin_fault(const struct mg_plugin_spot *spot, enum mg_severity severity,
                     const char *code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* "did you mean 'limit'?" into `hint` of `size` bytes; "" for an empty name. Returns: `hint`.
 */
const char *mg_plugin_did_you_mean(char *hint, size_t size, struct mg_str name);

#endif
