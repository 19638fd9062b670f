/* read.h - reading manifests: tables of named fields, lists of words, texts copied to an arena.
 * Private to src/plugin.
 *
 * Errors:    faults; only memory raises.
 * Threads:   as script/state.h.
 */
#ifndef MG_PLUGIN_READ_H
#define MG_PLUGIN_READ_H

#include <lua.h>

#include "core/arena.h"
#include "plugin/spot.h"

struct mg_plugin_reader {
    lua_State *L;
    struct mg_arena *arena;
    const char *code;           /* of a wrong type or value: "plugin-field" */
    struct mg_plugin_spot spot; /* of the value at the top of the stack */
};

/* Read the value at the top of the stack into `target`; leave it there. */
typedef void (*mg_plugin_field_fn)(struct mg_plugin_reader *reader, void *target);

struct mg_plugin_field_reader {
    const char *name;
    mg_plugin_field_fn read;
};

/* Read every field of the table at the top; one that is not among `fields` is a fault with the
 * nearest name. `separator` stands between the table's `where` and a field's name. */
void mg_plugin_read_fields(struct mg_plugin_reader *reader, const char *separator,
                           const struct mg_plugin_field_reader *fields, size_t field_count,
                           void *target);

/* Read a list of strings, at most `max` of them. Returns: false after a fault; in *items those
 * that are no strings have no bytes (ptr NULL), so that places stay what they are. */
bool mg_plugin_read_words(struct mg_plugin_reader *reader, size_t max, const char *example,
                          const struct mg_str **items, size_t *count);

/* Copy the string at the top; a fault, and the empty slice, where it is none. */
struct mg_str mg_plugin_read_text(struct mg_plugin_reader *reader, const char *example);

/* Charge for finding one field or element in the source of the reader's spot, so that a large
 * manifest with many of them ends at the bound of loading. Raises there. */
void mg_plugin_charge_search(const struct mg_plugin_reader *reader);

/* Report "is a number, not a list". */
void mg_plugin_read_wrong_type(struct mg_plugin_reader *reader, const char *wanted,
                               const char *example);

/* Memory of the arena, zeroed. Raises where it is full. */
void *mg_plugin_alloc(lua_State *L, struct mg_arena *arena, size_t count, size_t size);

/* Copy `text` into the arena, NUL behind it. Raises where it is full. */
struct mg_str mg_plugin_copy(lua_State *L, struct mg_arena *arena, struct mg_str text);

#endif
