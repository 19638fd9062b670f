/* object.h - what scripts see of C: one userdata a class and state, pointed at something while
 * a hook runs, and at nothing outside. Private to src/plugin.
 *
 *   object --__index--> methods --__index--> read_field --> class->push
 *
 * A method is found in a table without a call of C; only a field, which is not there, calls.
 * Ownership: an object borrows its target until it is closed. A script that kept the object
 *            reads a pointer that is NULL, and an error comes of it.
 * Threads:   as script/state.h.
 */
#ifndef MG_PLUGIN_OBJECT_H
#define MG_PLUGIN_OBJECT_H

#include <lauxlib.h>
#include <lua.h>

#include "core/str.h"
#include "script/state.h"

struct mg_object_class;

enum {
    MG_OBJECT_KEY_BITS = 6,
    MG_OBJECT_KEY_PLACES = 1 << MG_OBJECT_KEY_BITS
};

/* A string that names a field, by its address; of two in one place the latter is there. */
struct mg_object_key {
    const void *string;
    int field; /* from 1 */
};

/* The userdata. Larger ones begin with it. */
struct mg_object {
    void *target; /* NULL: no hook is running */
    const struct mg_object_class *class;
    unsigned cached; /* user values made for this target: 1 << their number */
    struct mg_object_key keys[MG_OBJECT_KEY_PLACES];
};

/* Compared by address; static. */
struct mg_object_class {
    const char *name;          /* in messages: "req" */
    const char *instead;       /* what to do instead of assigning a field */
    const char *const *fields; /* names, ended by NULL */
    /* Push the value of fields[field] (+1). May raise. */
    void (*push)(lua_State *L, struct mg_object *object, int field);
    const luaL_Reg *methods; /* ended by a NULL name */
    size_t size;             /* of the userdata */
    int value_count;         /* user values */
};

/* Make the object of a class and push it (+1). Once a state. Raises when memory is out. */
struct mg_object *mg_object_new(lua_State *L, const struct mg_object_class *class);

/* Push the object (+1). Never raises. Returns: the object, still pointing where it did. */
struct mg_object *mg_object_get(lua_State *L, const struct mg_object_class *class);

/* Point the object at something for one hook. */
static inline void mg_object_point(struct mg_object *object, void *target)
{
    object->target = target;
    object->cached = 0;
}

/* Raise: the hook of the object is over. */
int mg_object_refuse(lua_State *L, const struct mg_object *object);

/* For methods: the object whose method is running, which points at something. There is but one
 * in the state, so argument 1 is not looked at. Raises when its hook is over. */
static inline struct mg_object *mg_object_self(lua_State *L)
{
    struct mg_object *object = lua_touserdata(L, lua_upvalueindex(1));
    if (object->target == NULL) {
        (void)mg_object_refuse(L, object);
    }
    return object;
}

/* Push a slice as a string (+1), one that comes again. Raises when memory is out. */
static inline void mg_object_push_text(lua_State *L, struct mg_str text)
{
    mg_script_push_text(L, text);
}

/* Push where the userdata of a method (and of a class's `push`) stands. */
enum {
    MG_OBJECT_UPVALUE = lua_upvalueindex(1)
};

#endif
