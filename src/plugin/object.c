/* object.c - see the header.
 *
 * A read of a field costs one call of C: its key is looked up in a table of small integers, and
 * the class switches on the integer. Where Lua has one string of the key, as it has of short
 * ones, it is the very string that the table has for a key, and an address tells which it is.
 *
 * The objects stand in the registry under the addresses of their classes, as integers: Lua
 * finds those in half the time that it takes for a pointer. The lower 31 bits do: they tell all
 * that lies in one program apart.
 */
#include "plugin/object.h"

#include <limits.h>
#include <stdint.h>

#include "script/nearest.h"
#include "script/state.h"

enum {
    UPVALUE_OBJECT = 1,
    UPVALUE_FIELDS = 2, /* names -> index + 1 */
    ARG_KEY = 2,
    PTR_BITS = 64
};

static const uint64_t ODD = 0x9e3779b97f4a7c15ULL; /* spreads what it multiplies */

int mg_object_refuse(lua_State *L, const struct mg_object *object)
{
    return mg_script_raise(L, "hook-over", "read what is needed while the hook runs",
                           "%s is over: it can be used during its hook only",
                           object->class->name);
}

/* Raise: there is no field or method of this name. */
static int refuse_key(lua_State *L, const struct mg_object *object)
{
    const struct mg_object_class *class = object->class;
    if (lua_type(L, ARG_KEY) != LUA_TSTRING) {
        return mg_script_raise(L, "field-unknown", NULL, "%s has no field that is a %s",
                               class->name, luaL_typename(L, ARG_KEY));
    }
    struct mg_str key;
    key.ptr = lua_tolstring(L, ARG_KEY, &key.len);
    struct mg_nearest nearest = mg_nearest_begin(key);
    for (const char *const *field = class->fields; *field != NULL; field++) {
        mg_nearest_offer(&nearest, mg_str_from(*field));
    }
    for (const luaL_Reg *method = class->methods; method->name != NULL; method++) {
        mg_nearest_offer(&nearest, mg_str_from(method->name));
    }
    const char *hint = nearest.best.len == 0 ? NULL
                                             : lua_pushfstring(L, "did you mean '%s'?",
                                                               nearest.best.ptr); /* +1 */
    key = mg_str_shown(key);
    return mg_script_raise(L, "field-unknown", hint, "%s has no field '%.*s'", class->name,
                           MG_STR_ARG(key));
}

static unsigned place_of(const void *key)
{
    return (unsigned)(((uint64_t)(uintptr_t)key * ODD) >> (PTR_BITS - MG_OBJECT_KEY_BITS));
}

/* The number of the field that the argument names, from 1, or 0. */
static int find_field(lua_State *L, const struct mg_object *object)
{
    const void *key = lua_topointer(L, ARG_KEY);
    const struct mg_object_key *known = &object->keys[place_of(key)];
    if (known->string == key && key != NULL) {
        return known->field;
    }
    lua_pushvalue(L, ARG_KEY);                             /* +1 */
    (void)lua_rawget(L, lua_upvalueindex(UPVALUE_FIELDS)); /* -1 +1 */
    int field = (int)lua_tointegerx(L, -1, NULL);
    lua_pop(L, 1);
    return field;
}

/* __index of the methods: called with their table and the key. */
static int read_field(lua_State *L)
{
    struct mg_object *object = lua_touserdata(L, lua_upvalueindex(UPVALUE_OBJECT));
    int field = find_field(L, object);
    if (field == 0) {
        return refuse_key(L, object);
    }
    if (object->target == NULL) {
        return mg_object_refuse(L, object);
    }
    object->class->push(L, object, field - 1); /* +1 */
    return 1;
}

/* __newindex of the object. */
static int refuse_write(lua_State *L)
{
    const struct mg_object *object = lua_touserdata(L, lua_upvalueindex(UPVALUE_OBJECT));
    return mg_script_raise(L, "read-only", object->class->instead, "%s is read-only",
                           object->class->name);
}

/* Push the table of names (+1), which keeps the strings that `keys` knows. */
static void push_fields(lua_State *L, struct mg_object *object)
{
    const char *const *names = object->class->fields;
    lua_createtable(L, 0, 0); /* +1 */
    for (int i = 0; names[i] != NULL; i++) {
        lua_pushstring(L, names[i]); /* +1 */
        const void *string = lua_topointer(L, -1);
        object->keys[place_of(string)] =
            (struct mg_object_key){.string = string, .field = i + 1};
        lua_pushinteger(L, i + 1); /* +1 */
        lua_rawset(L, -3);         /* -2 */
    }
}

/* Push the table of methods for the object at `index` (+1). */
static void push_methods(lua_State *L, int index, const struct mg_object_class *class)
{
    lua_createtable(L, 0, 0); /* +1 */
    lua_pushvalue(L, index);
    luaL_setfuncs(L, class->methods, 1); /* -1 */

    lua_createtable(L, 0, 1); /* +1 its metatable */
    lua_pushvalue(L, index);
    push_fields(L, lua_touserdata(L, index));
    lua_pushcclosure(L, read_field, 2);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2); /* -1 */
}

static lua_Integer key_of(const struct mg_object_class *class)
{
    return (lua_Integer)(uintptr_t) class;
}

struct mg_object *mg_object_new(lua_State *L, const struct mg_object_class *class)
{
    luaL_checkstack(L, 8, NULL);
    struct mg_object *object = lua_newuserdatauv(L, class->size, class->value_count); /* +1 */
    int index = lua_gettop(L);
    memset(object, 0, class->size);
    object->class = class;

    lua_createtable(L, 0, 4); /* +1 its metatable */
    push_methods(L, index, class);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, index);
    lua_pushcclosure(L, refuse_write, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushstring(L, class->name);
    lua_setfield(L, -2, "__name");
    lua_setmetatable(L, index); /* -1 */

    lua_pushvalue(L, index);
    lua_rawseti(L, LUA_REGISTRYINDEX, key_of(class)); /* -1 */
    return object;
}

struct mg_object *mg_object_get(lua_State *L, const struct mg_object_class *class)
{
    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, key_of(class)); /* +1 */
    return lua_touserdata(L, -1);
}
