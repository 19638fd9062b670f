/* schema_read.c - read the `config` of a manifest into a struct mg_schema.
 *
 * A field is read in two steps: its type first, since what `default`, `min` and `max` mean
 * depends on it, then the rest. Defaults are checked like what a policy gives, once, and kept
 * in a table of their own.
 */
#include <stdlib.h>

#include <lauxlib.h>

#include "plugin/read.h"
#include "plugin/schema.h"
#include "script/nearest.h"

static const char code[] = "plugin-schema";

enum {
    MAX_NAME_BYTES = 64,
    MAX_VALUES = 64,
};

/* The field that is being read. */
struct reading {
    const struct mg_schema_context *context;
    struct mg_schema *schema;
    int depth; /* that may still follow */
};

static void read_schema(const struct mg_schema_context *context,
                        struct mg_plugin_reader *reader, struct mg_schema *out, int depth);
static void read_table(const struct mg_schema_context *context, struct mg_plugin_reader *reader,
                       struct mg_schema *out, int depth);

/* ---- type ---- */

/* The type that the string at the top names. Returns: false after a fault. */
static bool read_type(struct mg_plugin_reader *reader, enum mg_schema_type *out)
{
    if (lua_type(reader->L, -1) != LUA_TSTRING) {
        mg_plugin_read_wrong_type(reader, "the name of a type", "type = \"string\"");
        return false;
    }
    struct mg_str name;
    name.ptr = lua_tolstring(reader->L, -1, &name.len);
    struct mg_nearest nearest = mg_nearest_begin(name);
    for (int i = 0; i < MG_SCHEMA_TYPE_COUNT; i++) {
        struct mg_str known = mg_str_from(mg_schema_type_name((enum mg_schema_type)i));
        if (mg_str_equal(name, known)) {
            *out = (enum mg_schema_type)i;
            return true;
        }
        mg_nearest_offer(&nearest, known);
    }
    char hint[96];
    mg_plugin_fault(&reader->spot, MG_ERROR, code,
                    mg_plugin_did_you_mean(hint, sizeof(hint), nearest.best),
                    "there is no type '%.60s'", name.ptr);
    return false;
}

static bool has_type(const struct mg_schema *schema, unsigned types)
{
    return (types & 1U << schema->type) != 0;
}

enum {
    LENGTHS = 1U << MG_SCHEMA_STRING | 1U << MG_SCHEMA_LIST | 1U << MG_SCHEMA_TABLE |
              1U << MG_SCHEMA_ORIGINS | 1U << MG_SCHEMA_METHODS | 1U << MG_SCHEMA_HEADERS,
    NUMBERS = 1U << MG_SCHEMA_INTEGER | 1U << MG_SCHEMA_NUMBER,
    MEASURES = 1U << MG_SCHEMA_DURATION | 1U << MG_SCHEMA_SIZE,
};

/* ---- the rest ---- */

/* Read a bound as a value of the type, or as a length. */
static bool read_bound(struct mg_plugin_reader *reader, const struct reading *reading,
                       double *out)
{
    lua_State *L = reader->L;
    if (!has_type(reading->schema, LENGTHS | NUMBERS | MEASURES)) {
        mg_plugin_fault(&reader->spot, MG_ERROR, code, NULL, "a %s has no bounds",
                        mg_schema_type_name(reading->schema->type));
        return false;
    }
    struct mg_schema bound = {
        .type = has_type(reading->schema, LENGTHS) ? MG_SCHEMA_INTEGER : reading->schema->type};
    lua_pushvalue(L, -1); /* +1 */
    bool is_fine = mg_schema_check(reading->context, &bound, &reader->spot);
    *out = is_fine ? lua_tonumber(L, -1) : 0;
    lua_pop(L, 1);
    return is_fine;
}

static void read_min(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    reading->schema->has_min = read_bound(reader, reading, &reading->schema->min);
}

static void read_max(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    reading->schema->has_max = read_bound(reader, reading, &reading->schema->max);
}

static void read_required(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    if (lua_type(reader->L, -1) != LUA_TBOOLEAN) {
        mg_plugin_read_wrong_type(reader, "a boolean", "true or false");
        return;
    }
    reading->schema->is_required = lua_toboolean(reader->L, -1);
}

static void read_description(struct mg_plugin_reader *reader, void *target)
{
    (void)target; /* for people, and for tools that read manifests */
    (void)mg_plugin_read_text(reader, "\"requests a window\"");
}

static void read_values(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    if (reading->schema->type != MG_SCHEMA_ENUM) {
        mg_plugin_fault(&reader->spot, MG_ERROR, code, "type = \"enum\"",
                        "only an enum has values");
        return;
    }
    (void)mg_plugin_read_words(reader, MAX_VALUES, "{ \"drop\", \"keep\" }",
                               &reading->schema->values, &reading->schema->value_count);
}

static void read_of(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    if (!has_type(reading->schema, 1U << MG_SCHEMA_LIST | 1U << MG_SCHEMA_TABLE)) {
        mg_plugin_fault(&reader->spot, MG_ERROR, code, "type = \"list\"",
                        "only a list or a table is of something");
        return;
    }
    struct mg_schema *of = mg_plugin_alloc(reader->L, reader->arena, 1, sizeof(*of));
    read_schema(reading->context, reader, of, reading->depth - 1);
    reading->schema->of = of;
}

static void read_inner_fields(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    if (reading->schema->type != MG_SCHEMA_TABLE) {
        mg_plugin_fault(&reader->spot, MG_ERROR, code, "type = \"table\"",
                        "only a table has fields");
        return;
    }
    read_table(reading->context, reader, reading->schema, reading->depth - 1);
}

/* Of the type, and of the default, which are read before and after all others. */
static void read_elsewhere(struct mg_plugin_reader *reader, void *target)
{
    (void)reader;
    (void)target;
}

static const struct mg_plugin_field_reader fields[] = {
    {"default", read_elsewhere},
    {"description", read_description},
    {"fields", read_inner_fields},
    {"max", read_max},
    {"min", read_min},
    {"of", read_of},
    {"required", read_required},
    {"type", read_elsewhere},
    {"values", read_values},
};

/* Push the field `name` of the table at the top (+1), and move the reader there. */
static bool enter(struct mg_plugin_reader *reader, const struct mg_plugin_spot *outer,
                  const char *name)
{
    lua_pushstring(reader->L, name);
    bool is_there = lua_rawget(reader->L, -2) != LUA_TNIL;
    reader->spot = mg_plugin_spot_of_field(outer, ".", mg_str_from(name));
    return is_there;
}

/* What must hold of the whole field, and its default. */
static void finish(const struct reading *reading, struct mg_plugin_reader *reader,
                   size_t faults_before)
{
    lua_State *L = reader->L;
    const struct mg_schema_context *context = reading->context;
    struct mg_schema *schema = reading->schema;
    struct mg_plugin_spot spot = reader->spot;
    if (schema->type == MG_SCHEMA_ENUM && schema->value_count == 0) {
        mg_plugin_fault(&spot, MG_ERROR, code, "values = { \"drop\", \"keep\" }",
                        "an enum needs values");
    }
    if (schema->type == MG_SCHEMA_LIST && schema->of == NULL) {
        mg_plugin_fault(&spot, MG_ERROR, code, "of = \"string\"", "a list needs its `of`");
    }
    if (schema->type == MG_SCHEMA_TABLE && (schema->of == NULL) == (schema->fields == NULL)) {
        mg_plugin_fault(&spot, MG_ERROR, code,
                        "fields = { name = \"string\" } for known names, of = \"string\" for "
                        "any",
                        "a table needs either `fields` or `of`");
    }
    if (schema->has_min && schema->has_max && schema->min > schema->max) {
        mg_plugin_fault(&spot, MG_ERROR, code, NULL, "min is above max");
    }
    /* Nothing is checked by a schema with a fault: it may lack what the check needs. */
    bool is_whole = spot.errs->error_count == faults_before;
    if (enter(reader, &spot, "default")) { /* +1 */
        if (schema->is_required) {
            mg_plugin_fault(&reader->spot, MG_ERROR, code, NULL,
                            "what has a default is not required");
        } else if (is_whole && mg_schema_check(context, schema, &reader->spot)) {
            lua_Integer place = (lua_Integer)lua_rawlen(L, context->defaults) + 1;
            lua_pushvalue(L, -1);
            lua_rawseti(L, context->defaults, place);
            schema->default_place = (int)place;
        }
    }
    lua_pop(L, 1);
    reader->spot = spot;
}

/* Read the schema at the top: the name of a type, or a table. */
static void read_schema(const struct mg_schema_context *context,
                        struct mg_plugin_reader *reader, struct mg_schema *out, int depth)
{
    lua_State *L = reader->L;
    struct mg_plugin_spot spot = reader->spot;
    struct reading reading = {context, out, depth};
    size_t faults_before = spot.errs->error_count;
    *out = (struct mg_schema){.type = MG_SCHEMA_ANY};
    if (depth < 0) {
        mg_plugin_fault(&spot, MG_ERROR, code, NULL,
                        "is deeper than %d tables and lists in one another",
                        (int)MG_SCHEMA_MAX_DEPTH);
        return;
    }
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (lua_type(L, -1) == LUA_TSTRING) {
        (void)read_type(reader, &out->type);
        lua_createtable(L, 0, 0); /* +1: no other fields */
    } else if (lua_type(L, -1) == LUA_TTABLE) {
        if (!enter(reader, &spot, "type")) { /* +1 */
            mg_plugin_fault(&spot, MG_ERROR, code, "type = \"string\"", "has no type");
        } else {
            (void)read_type(reader, &out->type);
        }
        lua_pop(L, 1);
        reader->spot = spot;
        lua_pushvalue(L, -1); /* +1 */
    } else {
        mg_plugin_read_wrong_type(reader, "a schema", "{ type = \"string\" }");
        return;
    }
    if (spot.errs->error_count == faults_before) {
        mg_plugin_read_fields(reader, ".", fields, sizeof(fields) / sizeof(fields[0]),
                              &reading);
        finish(&reading, reader, faults_before);
    }
    lua_pop(L, 1);
}

static int compare_fields(const void *left, const void *right)
{
    const struct mg_schema_field *a = left;
    const struct mg_schema_field *b = right;
    return mg_str_compare(a->name, b->name);
}

/* Whether a field may be called so: Lua's names, so that config.name reads it. */
static bool is_name(struct mg_str name)
{
    bool is_fine =
        name.len > 0 && name.len <= MAX_NAME_BYTES && !mg_ascii_is_digit(name.ptr[0]);
    for (size_t i = 0; i < name.len; i++) {
        char c = mg_ascii_lower(name.ptr[i]);
        is_fine = is_fine && (mg_ascii_is_digit(c) || c == '_' || (c >= 'a' && c <= 'z'));
    }
    return is_fine;
}

/* Read the table of fields at the top into `out`. */
static void read_table(const struct mg_schema_context *context, struct mg_plugin_reader *reader,
                       struct mg_schema *out, int depth)
{
    lua_State *L = reader->L;
    struct mg_plugin_spot spot = reader->spot;
    out->type = MG_SCHEMA_TABLE;
    if (lua_type(L, -1) != LUA_TTABLE) {
        mg_plugin_read_wrong_type(reader, "a table of fields", "{ limit = \"integer\" }");
        return;
    }
    struct mg_schema_field *read =
        mg_plugin_alloc(L, reader->arena, MG_SCHEMA_MAX_FIELDS, sizeof(*read));
    size_t count = 0;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_pushnil(L); /* +1 */
    for (; lua_next(L, -2) != 0; lua_pop(L, 1)) {
        struct mg_str name = {"", 0};
        if (lua_type(L, -2) == LUA_TSTRING) {
            name.ptr = lua_tolstring(L, -2, &name.len);
        }
        reader->spot = spot;
        mg_plugin_charge_search(reader);
        reader->spot = mg_plugin_spot_of_field(&spot, ".", name);
        if (!is_name(name)) {
            mg_plugin_fault(&reader->spot, MG_ERROR, code, "limit = \"integer\"",
                            "the name of a setting is letters, digits and \"_\"");
        } else if (count == MG_SCHEMA_MAX_FIELDS) {
            mg_plugin_fault(&spot, MG_ERROR, code, NULL, "has more than %d fields",
                            (int)MG_SCHEMA_MAX_FIELDS);
        } else {
            read[count].name = mg_plugin_copy(L, reader->arena, name);
            read_schema(context, reader, &read[count].schema, depth);
            count++;
        }
    }
    reader->spot = spot;
    /* In an order of their own: Lua's differs from state to state. */
    qsort(read, count, sizeof(*read), compare_fields);
    out->fields = read;
    out->field_count = count;
}

void mg_schema_read(const struct mg_schema_context *context, const struct mg_plugin_spot *spot,
                    struct mg_schema *out)
{
    struct mg_plugin_reader reader = {context->L, context->arena, code, *spot};
    *out = (struct mg_schema){.type = MG_SCHEMA_TABLE};
    read_table(context, &reader, out, MG_SCHEMA_MAX_DEPTH);
}
