/* schema.h - what a plugin's configuration may be: the `config` of its manifest, and the check
 * of what a policy gives by it. Private to src/plugin.
 *
 *     config = {
 *       limit = { type = "integer", min = 1, default = 100, description = "how many" },
 *       window = { type = "duration", default = "1m" },
 *       origins = "origins",                    -- short for { type = "origins" }
 *       rules = { type = "list", of = { type = "table", fields = { … } } },
 *     }
 *
 * Checked:   a value comes out as the plugin reads it: durations are seconds, sizes bytes, and
 *            tables are copies that hold nothing but data.
 * Ownership: schemas live in the arena, defaults in a table on the stack.
 * Errors:    faults (plugin-schema, config-…); only memory raises.
 * Threads:   as script/state.h.
 */
#ifndef MG_PLUGIN_SCHEMA_H
#define MG_PLUGIN_SCHEMA_H

#include <lua.h>

#include "core/arena.h"
#include "plugin/spot.h"

enum mg_schema_type {
    MG_SCHEMA_ANY,
    MG_SCHEMA_BOOLEAN,
    MG_SCHEMA_DURATION,
    MG_SCHEMA_ENUM,
    MG_SCHEMA_HEADER,
    MG_SCHEMA_HEADERS,
    MG_SCHEMA_INTEGER,
    MG_SCHEMA_LIST,
    MG_SCHEMA_METHOD,
    MG_SCHEMA_METHODS,
    MG_SCHEMA_NUMBER,
    MG_SCHEMA_ORIGIN,
    MG_SCHEMA_ORIGINS,
    MG_SCHEMA_PATH,
    MG_SCHEMA_SIZE,
    MG_SCHEMA_STRING,
    MG_SCHEMA_TABLE,
    MG_SCHEMA_TYPE_COUNT
};

struct mg_schema_field;

struct mg_schema {
    enum mg_schema_type type;
    bool is_required;
    bool has_min;
    bool has_max;
    double min; /* of a number; seconds, bytes; or of a length: of a string, a list, a map */
    double max;
    int default_place;           /* in the table of defaults; 0: none */
    const struct mg_str *values; /* of MG_SCHEMA_ENUM */
    size_t value_count;
    const struct mg_schema *of;           /* of MG_SCHEMA_LIST, and of a table that is a map */
    const struct mg_schema_field *fields; /* of MG_SCHEMA_TABLE */
    size_t field_count;
};

struct mg_schema_field {
    struct mg_str name;
    struct mg_schema schema;
};

enum {
    MG_SCHEMA_MAX_DEPTH = 8,      /* of tables and lists in one another */
    MG_SCHEMA_MAX_FIELDS = 64,    /* of one table */
    MG_SCHEMA_MAX_ITEMS = 100000, /* of one list or map that is given */
};

struct mg_schema_context {
    lua_State *L;
    struct mg_arena *arena;
    int defaults; /* absolute index of a table */
};

/* Read the fields of the table at the top of the stack (the manifest's `config`), found at
 * `spot`, into *out, a table; the value stays. What is wrong is a fault and left out. */
void mg_schema_read(const struct mg_schema_context *context, const struct mg_plugin_spot *spot,
                    struct mg_schema *out);

/* Replace the value at the top of the stack by what the plugin gets of it. Returns: false after
 * a fault; some value is at the top then, too. */
bool mg_schema_check(const struct mg_schema_context *context, const struct mg_schema *schema,
                     const struct mg_plugin_spot *spot);

/* The name that a manifest calls a type by. */
const char *mg_schema_type_name(enum mg_schema_type type);

#endif
