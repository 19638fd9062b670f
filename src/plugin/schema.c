/* schema.c - check what a policy gives: one function a type, each of which replaces the value
 * at the top of the stack.
 *
 * Depth is bounded by the schema's, which was read with a bound, and of `any` by its own.
 */
#include "plugin/schema.h"

#include <math.h>

#include <lauxlib.h>

#include "cors/pattern.h"
#include "cors/safelist.h"
#include "http/method.h"
#include "plugin/measure.h"
#include "script/nearest.h"
#include "script/state.h"
#include "script/text.h"

enum {
    ANY_MAX_DEPTH = 16,
};

/* The value that is being checked: at the top of the stack. */
struct value {
    const struct mg_schema_context *context;
    const struct mg_schema *schema;
    const struct mg_plugin_spot *spot;
};

typedef bool (*check_fn)(const struct value *value);

static bool wrong_type(const struct value *value, const char *wanted, const char *example)
{
    lua_State *L = value->context->L;
    mg_plugin_fault(value->spot, MG_ERROR, "config-type", example, "is a %s, not %s",
                    luaL_typename(L, -1), wanted);
    return false;
}

/* Whether the value is a string; a fault where it is not. */
static bool take_text(const struct value *value, const char *wanted, const char *example,
                      struct mg_str *text)
{
    if (lua_type(value->context->L, -1) != LUA_TSTRING) {
        return wrong_type(value, wanted, example);
    }
    *text = mg_text_at(value->context->L, -1);
    return true;
}

/* Judge `number`, which is the value or its length (`unit`, or ""). */
static bool check_bounds(const struct value *value, double number, const char *unit)
{
    const struct mg_schema *schema = value->schema;
    if (schema->has_min && number < schema->min) {
        mg_plugin_fault(value->spot, MG_ERROR, "config-range", NULL,
                        "is %.15g%s; the least is %.15g", number, unit, schema->min);
        return false;
    }
    if (schema->has_max && number > schema->max) {
        mg_plugin_fault(value->spot, MG_ERROR, "config-range", NULL,
                        "is %.15g%s; the most is %.15g", number, unit, schema->max);
        return false;
    }
    return true;
}

/* ---- scalars ---- */

static bool check_boolean(const struct value *value)
{
    return lua_type(value->context->L, -1) == LUA_TBOOLEAN ||
           wrong_type(value, "a boolean", "true or false");
}

static bool check_number(const struct value *value)
{
    lua_State *L = value->context->L;
    if (lua_type(L, -1) != LUA_TNUMBER) {
        return wrong_type(value, "a number", NULL);
    }
    if (!isfinite(lua_tonumber(L, -1))) {
        mg_plugin_fault(value->spot, MG_ERROR, "config-value", NULL, "is no finite number");
        return false;
    }
    return check_bounds(value, lua_tonumber(L, -1), "");
}

static bool check_integer(const struct value *value)
{
    lua_State *L = value->context->L;
    if (lua_type(L, -1) != LUA_TNUMBER) {
        return wrong_type(value, "a whole number", NULL);
    }
    int is_integer;
    lua_Integer integer = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer) {
        mg_plugin_fault(value->spot, MG_ERROR, "config-value", NULL,
                        "is %.15g, not a whole number", lua_tonumber(L, -1));
        return false;
    }
    lua_pushinteger(L, integer); /* 10.0 becomes 10 */
    lua_replace(L, -2);
    return check_bounds(value, (double)integer, "");
}

static bool check_string(const struct value *value)
{
    struct mg_str text;
    return take_text(value, "a string", NULL, &text) &&
           check_bounds(value, (double)text.len, " bytes long");
}

static bool wrong_value(const struct value *value, struct mg_str text, const char *what,
                        const char *hint)
{
    mg_plugin_fault(value->spot, MG_ERROR, "config-value", hint, "'%.60s' %s",
                    text.len == 0 ? "" : text.ptr, what);
    return false;
}

static bool check_duration(const struct value *value)
{
    lua_State *L = value->context->L;
    struct mg_str text;
    uint64_t ms;
    if (!take_text(value, "a duration", "write \"500ms\", \"10s\", \"2m\", \"1h\" or \"7d\"",
                   &text)) {
        return false;
    }
    if (!mg_measure_duration(text, &ms)) {
        return wrong_value(value, text, "is no duration",
                           "write \"500ms\", \"10s\", \"2m\", \"1h\" or \"7d\"");
    }
    if (ms % 1000 == 0) {
        lua_pushinteger(L, (lua_Integer)(ms / 1000));
    } else {
        lua_pushnumber(L, (lua_Number)ms / 1000);
    }
    lua_replace(L, -2);
    return check_bounds(value, (double)ms / 1000, " seconds");
}

static bool check_size(const struct value *value)
{
    lua_State *L = value->context->L;
    struct mg_str text;
    uint64_t bytes;
    if (!take_text(value, "a size", "write \"512B\", \"64KB\", \"1MB\" or \"1GB\"", &text)) {
        return false;
    }
    if (!mg_measure_size(text, &bytes)) {
        return wrong_value(value, text, "is no size",
                           "write \"512B\", \"64KB\", \"1MB\" or \"1GB\"");
    }
    lua_pushinteger(L, (lua_Integer)bytes);
    lua_replace(L, -2);
    return check_bounds(value, (double)bytes, " bytes");
}

static bool check_enum(const struct value *value)
{
    const struct mg_schema *schema = value->schema;
    struct mg_str text;
    char list[128] = "";
    struct mg_nearest nearest = mg_nearest_begin((struct mg_str){NULL, 0});
    for (size_t i = 0; i < schema->value_count; i++) {
        size_t used = strlen(list);
        mg_err_set(list + used, sizeof(list) - used, "%s\"%.*s\"", i == 0 ? "" : " or ",
                   MG_STR_ARG(schema->values[i]));
    }
    if (!take_text(value, "a word", list, &text)) {
        return false;
    }
    nearest = mg_nearest_begin(text);
    for (size_t i = 0; i < schema->value_count; i++) {
        if (mg_str_equal(text, schema->values[i])) {
            return true;
        }
        mg_nearest_offer(&nearest, schema->values[i]);
    }
    char hint[96];
    if (nearest.best.len > 0) {
        return wrong_value(value, text, "is none of its words",
                           mg_plugin_did_you_mean(hint, sizeof(hint), nearest.best));
    }
    return wrong_value(value, text, "is none of its words", list);
}

/* ---- terms of HTTP and CORS ---- */

static bool check_origin(const struct value *value)
{
    struct mg_str text;
    if (!take_text(value, "an origin", "\"https://app.example.com\"", &text)) {
        return false;
    }
    struct mg_pattern pattern;
    struct mg_pattern_fault fault;
    return mg_pattern_parse(text, &pattern, &fault) ||
           wrong_value(value, text, fault.message, fault.hint);
}

static bool check_method(const struct value *value)
{
    struct mg_str text;
    if (!take_text(value, "a method", "\"GET\"", &text)) {
        return false;
    }
    if (!mg_str_is_token(text)) {
        return wrong_value(value, text, "is no method", "\"GET\"");
    }
    if (mg_method_is_forbidden(text)) {
        return wrong_value(value, text, "is a method that no browser sends", NULL);
    }
    char upper[16];
    for (size_t i = 0; i < text.len && text.len < sizeof(upper); i++) {
        char c = text.ptr[i];
        upper[i] = (char)(c >= 'a' && c <= 'z' ? c & ~0x20 : c);
        upper[i + 1] = '\0';
    }
    if (text.len < sizeof(upper) && mg_method_from(text) == MG_METHOD_OTHER &&
        mg_method_from((struct mg_str){upper, text.len}) != MG_METHOD_OTHER) {
        return wrong_value(value, text, "is not upper case, and methods are case-sensitive",
                           upper);
    }
    return true;
}

static bool check_header(const struct value *value)
{
    struct mg_str text;
    return take_text(value, "a header name", "\"Content-Type\"", &text) &&
           (mg_str_is_token(text) ||
            wrong_value(value, text, "is no header name", "\"Content-Type\""));
}

/* RFC 3986 3.3: a path alone, without query and fragment. */
static bool check_path(const struct value *value)
{
    struct mg_str text;
    if (!take_text(value, "a path", "\"/login\"", &text)) {
        return false;
    }
    bool is_path = text.len > 0 && text.ptr[0] == '/';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        is_path = is_path && c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '\\';
    }
    return is_path || wrong_value(value, text, "is no path", "\"/login\"");
}

/* ---- tables ---- */

/* How many fields the table at `index` has. */
static size_t count_fields(lua_State *L, int index)
{
    size_t count = 0;
    lua_pushnil(L); /* +1 */
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        count++;
    }
    return count;
}

static bool too_many(const struct value *value, size_t count)
{
    if (count <= MG_SCHEMA_MAX_ITEMS) {
        return false;
    }
    mg_plugin_fault(value->spot, MG_ERROR, "config-range", NULL,
                    "has %zu elements; at most %d are taken", count, (int)MG_SCHEMA_MAX_ITEMS);
    return true;
}

/* Replace the list at the top by a copy of its checked elements. */
static bool check_list_of(const struct value *value, const struct mg_schema *of,
                          const char *wanted, const char *example)
{
    lua_State *L = value->context->L;
    if (lua_type(L, -1) != LUA_TTABLE) {
        return wrong_type(value, wanted, example);
    }
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    int list = lua_gettop(L);
    size_t count = (size_t)lua_rawlen(L, list);
    if (count_fields(L, list) != count) {
        mg_plugin_fault(value->spot, MG_ERROR, "config-type", example,
                        "is not a list: it has keys that are names, or gaps");
        return false;
    }
    if (too_many(value, count)) {
        return false;
    }
    bool is_fine = check_bounds(value, (double)count, " elements long");
    lua_createtable(L, (int)count, 0); /* +1 */
    for (size_t i = 1; i <= count; i++) {
        struct mg_plugin_spot spot = mg_plugin_spot_of_item(value->spot, i);
        (void)lua_rawgeti(L, list, (lua_Integer)i); /* +1 */
        is_fine = mg_schema_check(value->context, of, &spot) && is_fine;
        lua_rawseti(L, -2, (lua_Integer)i); /* -1 */
    }
    lua_replace(L, list);
    return is_fine;
}

static bool check_list(const struct value *value)
{
    return check_list_of(value, value->schema->of, "a list", "{ …, … }");
}

static bool check_origins(const struct value *value)
{
    static const struct mg_schema of = {.type = MG_SCHEMA_ORIGIN};
    lua_State *L = value->context->L;
    if (lua_type(L, -1) == LUA_TSTRING && mg_str_equal(mg_text_at(L, -1), MG_STR("*"))) {
        lua_createtable(L, 1, 0);
        lua_insert(L, -2);
        lua_rawseti(L, -2, 1);
    }
    return check_list_of(value, &of, "a list of origins", "{ \"https://app.example.com\" }");
}

static bool check_methods(const struct value *value)
{
    static const struct mg_schema of = {.type = MG_SCHEMA_METHOD};
    return check_list_of(value, &of, "a list of methods", "{ \"GET\", \"POST\" }");
}

static bool check_headers(const struct value *value)
{
    static const struct mg_schema of = {.type = MG_SCHEMA_HEADER};
    return check_list_of(value, &of, "a list of header names", "{ \"Content-Type\" }");
}

static const struct mg_schema_field *find_field(const struct mg_schema *schema,
                                                struct mg_str name)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        if (mg_str_equal(schema->fields[i].name, name)) {
            return &schema->fields[i];
        }
    }
    return NULL;
}

/* Report the keys of the table at `given` that are no fields. */
static bool check_keys(const struct value *value, int given)
{
    lua_State *L = value->context->L;
    const struct mg_schema *schema = value->schema;
    bool is_fine = true;
    lua_pushnil(L); /* +1 */
    while (lua_next(L, given) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            mg_plugin_fault(value->spot, MG_ERROR, "config-unknown", "write name = value",
                            "has a value without a name");
            is_fine = false;
            continue;
        }
        struct mg_str name = mg_text_at(L, -1);
        if (find_field(schema, name) != NULL) {
            continue;
        }
        struct mg_nearest nearest = mg_nearest_begin(name);
        mg_script_charge(L, schema->field_count);
        for (size_t i = 0; i < schema->field_count; i++) {
            mg_nearest_offer(&nearest, schema->fields[i].name);
        }
        char hint[96];
        mg_plugin_fault(value->spot, MG_ERROR, "config-unknown",
                        mg_plugin_did_you_mean(hint, sizeof(hint), nearest.best),
                        "there is no setting '%.60s'", name.ptr);
        is_fine = false;
    }
    return is_fine;
}

/* Put the checked value of one field of `given` into the table at the top. */
static bool check_field(const struct value *value, int given,
                        const struct mg_schema_field *field)
{
    lua_State *L = value->context->L;
    const struct mg_schema *schema = &field->schema;
    struct mg_plugin_spot spot = mg_plugin_spot_of_field(value->spot, ".", field->name);
    bool is_fine = true;
    (void)lua_pushlstring(L, field->name.ptr, field->name.len); /* +1 */
    lua_pushvalue(L, -1);
    if (lua_rawget(L, given) != LUA_TNIL) { /* +1 */
        is_fine = mg_schema_check(value->context, schema, &spot);
    } else if (schema->default_place != 0) {
        lua_pop(L, 1);
        (void)lua_rawgeti(L, value->context->defaults, schema->default_place);
    } else if (schema->is_required) {
        mg_plugin_fault(&spot, MG_ERROR, "config-missing", NULL,
                        "is missing: the plugin needs it (%s)",
                        mg_schema_type_name(schema->type));
        is_fine = false;
    }
    lua_rawset(L, -3); /* -2 */
    return is_fine;
}

static bool check_fields(const struct value *value)
{
    lua_State *L = value->context->L;
    int given = lua_gettop(L);
    bool is_fine = check_keys(value, given);
    lua_createtable(L, 0, (int)value->schema->field_count); /* +1 */
    for (size_t i = 0; i < value->schema->field_count; i++) {
        is_fine = check_field(value, given, &value->schema->fields[i]) && is_fine;
    }
    lua_replace(L, given);
    return is_fine;
}

/* A table whose keys are any names, and whose values are all of one kind. */
static bool check_map(const struct value *value)
{
    lua_State *L = value->context->L;
    int given = lua_gettop(L);
    size_t count = count_fields(L, given);
    if (too_many(value, count)) {
        return false;
    }
    bool is_fine = check_bounds(value, (double)count, " elements long");
    lua_createtable(L, 0, (int)count); /* +1 */
    lua_pushnil(L);                    /* +1 */
    while (lua_next(L, given) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            mg_plugin_fault(value->spot, MG_ERROR, "config-type", "write name = value",
                            "has a value without a name");
            is_fine = false;
            lua_pop(L, 1);
            continue;
        }
        lua_pushvalue(L, -2); /* +1 */
        lua_insert(L, -2);    /* copy, key, key, value */
        struct mg_str name;
        name.ptr = lua_tolstring(L, -2, &name.len);
        struct mg_plugin_spot spot = mg_plugin_spot_of_field(value->spot, ".", name);
        is_fine = mg_schema_check(value->context, value->schema->of, &spot) && is_fine;
        lua_rawset(L, -4); /* -2 */
    }
    lua_replace(L, given);
    return is_fine;
}

static bool check_table(const struct value *value)
{
    lua_State *L = value->context->L;
    if (lua_type(L, -1) != LUA_TTABLE) {
        return wrong_type(value, "a table", "{ name = value }");
    }
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    return value->schema->of != NULL ? check_map(value) : check_fields(value);
}

/* ---- any ---- */

/* Replace the value at the top by a copy that is data alone: what a policy gives must not be a
 * way for the plugin into the policy's own tables. */
static bool copy_any(const struct value *value, int depth)
{
    lua_State *L = value->context->L;
    int type = lua_type(L, -1);
    if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN) {
        return true;
    }
    if (type != LUA_TTABLE) {
        return wrong_type(value, "data", "strings, numbers, booleans and tables of them");
    }
    if (depth == 0) {
        mg_plugin_fault(value->spot, MG_ERROR, "config-value", NULL,
                        "has more than %d tables in one another", (int)ANY_MAX_DEPTH);
        return false;
    }
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    mg_script_charge(L, 1);
    int given = lua_gettop(L);
    bool is_fine = true;
    lua_createtable(L, 0, 0); /* +1 */
    lua_pushnil(L);           /* +1 */
    while (lua_next(L, given) != 0) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2); /* copy, key, key, value */
        int key_type = lua_type(L, -2);
        if (key_type != LUA_TSTRING && key_type != LUA_TNUMBER && key_type != LUA_TBOOLEAN) {
            lua_pop(L, 2);
            is_fine = wrong_type(value, "data, as a key", NULL);
            continue;
        }
        is_fine = copy_any(value, depth - 1) && is_fine;
        lua_rawset(L, -4); /* -2 */
    }
    lua_replace(L, given);
    return is_fine;
}

static bool check_any(const struct value *value)
{
    return copy_any(value, ANY_MAX_DEPTH);
}

/* ---- types ---- */

static const struct {
    const char *name;
    check_fn check;
} types[MG_SCHEMA_TYPE_COUNT] = {
    [MG_SCHEMA_ANY] = {"any", check_any},
    [MG_SCHEMA_BOOLEAN] = {"boolean", check_boolean},
    [MG_SCHEMA_DURATION] = {"duration", check_duration},
    [MG_SCHEMA_ENUM] = {"enum", check_enum},
    [MG_SCHEMA_HEADER] = {"header", check_header},
    [MG_SCHEMA_HEADERS] = {"headers", check_headers},
    [MG_SCHEMA_INTEGER] = {"integer", check_integer},
    [MG_SCHEMA_LIST] = {"list", check_list},
    [MG_SCHEMA_METHOD] = {"method", check_method},
    [MG_SCHEMA_METHODS] = {"methods", check_methods},
    [MG_SCHEMA_NUMBER] = {"number", check_number},
    [MG_SCHEMA_ORIGIN] = {"origin", check_origin},
    [MG_SCHEMA_ORIGINS] = {"origins", check_origins},
    [MG_SCHEMA_PATH] = {"path", check_path},
    [MG_SCHEMA_SIZE] = {"size", check_size},
    [MG_SCHEMA_STRING] = {"string", check_string},
    [MG_SCHEMA_TABLE] = {"table", check_table},
};

const char *mg_schema_type_name(enum mg_schema_type type)
{
    return types[type].name;
}

bool mg_schema_check(const struct mg_schema_context *context, const struct mg_schema *schema,
                     const struct mg_plugin_spot *spot)
{
    struct value value = {context, schema, spot};
    return types[schema->type].check(&value);
}
