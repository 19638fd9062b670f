/* seal.c - the walk over everything that a sealed state can reach.
 *
 * `memo` maps each table to its frozen form (environments, and functions, to themselves), so
 * that a table reached twice is frozen once and cycles end. What is new in it is also put at
 * the end of `work`, whose contents are converted one by one; nothing recurses.
 *
 * A table stays where it is and becomes the one behind its frozen form. That is safe because
 * every way to it leads over a value converted here: a field, a key, an upvalue, a root.
 */
#include "script/seal.h"

#include <lauxlib.h>

#include "script/frozen.h"
#include "script/sandbox.h"
#include "script/state_internal.h"
#include "script/upvalues.h"
#include "script/watched.h"

enum {
    DUMPED_BYTES_A_STEP = 16,
    SHOWN_NAME_BYTES = 64, /* in a message */
};

struct walk {
    lua_State *L;
    int memo; /* stack index: object -> what stands for it */
    int work; /* stack index: objects, from 1 */
    lua_Integer found;
    lua_Integer done;
    bool is_reachable; /* else only what no hook can reach is left */
    int function;      /* stack index of the one whose variables are converted, or 0 */
    const char *name;  /* of the variable or field that is converted */
    struct mg_watching watching;
    struct mg_upvalues upvalues; /* of the function at hand */
};

/* __newindex of frozen tables. */
static int refuse_write(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING) {
        struct mg_str name = mg_str_shown(mg_text_at(L, 2));
        return mg_script_raise(L, "state-kept", MG_SEAL_HINT,
                               "the table was made when the policy was loaded, so its field "
                               "'%.*s' cannot be set",
                               MG_STR_ARG(name));
    }
    return mg_script_raise(L, "state-kept", MG_SEAL_HINT,
                           "the table was made when the policy was loaded, so it cannot be "
                           "changed");
}

/* ---- the walk ---- */

/* The text at the top is longer than may be kept. Does not return. */
static void refuse_text(const struct walk *walk)
{
    lua_State *L = walk->L;
    struct mg_err *err = &mg_script_of(L)->raised;
    *err = (struct mg_err){.severity = MG_ERROR, .code = "policy-memory"};
    if (walk->function != 0) {
        lua_Debug function;
        lua_pushvalue(L, walk->function);      /* +1 */
        (void)lua_getinfo(L, ">S", &function); /* -1 */
        MG_ERR_SET(err->file, "%s", function.source + (function.source[0] == '@'));
        err->line = function.linedefined;
    }
    MG_ERR_SET(err->message,
               "%s '%.*s' has a text of %zu bytes; of those that hooks can reach "
               "none has more than %d",
               walk->function != 0 ? "the variable" : "the field", SHOWN_NAME_BYTES, walk->name,
               (size_t)lua_rawlen(L, -1), (int)MG_SEAL_MAX_TEXT_BYTES);
    MG_ERR_SET(err->hint, "long lists of origins belong into a text file: file \"…\"");
    (void)mg_fault_raise_mark(L);
}

/* Replace the value at the top by what stands for it in a sealed state. */
static void convert(struct walk *walk)
{
    lua_State *L = walk->L;
    if (walk->is_reachable && lua_type(L, -1) == LUA_TSTRING &&
        lua_rawlen(L, -1) > MG_SEAL_MAX_TEXT_BYTES) {
        refuse_text(walk);
    }
    bool is_table = lua_type(L, -1) == LUA_TTABLE;
    bool is_function = lua_type(L, -1) == LUA_TFUNCTION && !lua_iscfunction(L, -1);
    if (!is_table && !is_function) {
        return;
    }
    lua_pushvalue(L, -1);                          /* +1 */
    if (lua_rawget(L, walk->memo) == LUA_TNIL) {   /* -1 +1 */
        lua_pop(L, 1);                             /* -1 */
        lua_pushvalue(L, -1);                      /* +1 */
        lua_rawseti(L, walk->work, ++walk->found); /* -1 */
        lua_pushvalue(L, -1);                      /* +1 */
        if (is_table && !mg_sandbox_is_environment(L, -1)) {
            mg_frozen_make(L, refuse_write);
        }
        lua_pushvalue(L, -2);      /* +1 */
        lua_pushvalue(L, -2);      /* +1 */
        lua_rawset(L, walk->memo); /* -2 */
    }
    lua_replace(L, -2); /* -1 */
}

/* Give the value of each key in the list at the top to what stands for the key. */
static void move_keys(struct walk *walk, int table)
{
    lua_State *L = walk->L;
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        mg_script_charge(L, 1);
        lua_rawgeti(L, -1, i);      /* +1 the key */
        lua_pushvalue(L, -1);       /* +1 */
        lua_pushvalue(L, -1);       /* +1 */
        (void)lua_rawget(L, table); /* its value */
        lua_insert(L, -3);
        lua_pushnil(L);
        lua_rawset(L, table); /* -2: the key is gone */
        convert(walk);
        lua_insert(L, -2);
        lua_rawset(L, table); /* -2 */
    }
}

/* Convert the values, and then the keys, of the table at the top. The bounds are looked at with
 * each: where keys collide, going on from one takes microseconds. */
static void convert_fields(struct walk *walk)
{
    lua_State *L = walk->L;
    int table = lua_gettop(L);
    lua_pushnil(L); /* +1 the list of keys that have to go, once there is one */
    lua_pushnil(L); /* +1 */
    while (lua_next(L, table) != 0) {
        mg_script_charge(L, 1);
        walk->name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[…]";
        lua_pushvalue(L, -1); /* +1 */
        convert(walk);
        if (lua_rawequal(L, -1, -2)) {
            lua_pop(L, 1);
        } else {
            lua_pushvalue(L, -3);
            lua_insert(L, -2);
            lua_rawset(L, table); /* -2; an existing key: the traversal goes on */
        }
        lua_pop(L, 1);
        lua_pushvalue(L, -1); /* +1 */
        convert(walk);
        if (!lua_rawequal(L, -1, -2)) {
            if (lua_isnil(L, table + 1)) {
                lua_createtable(L, 1, 0);
                lua_replace(L, table + 1);
            }
            lua_pushvalue(L, -2);
            lua_rawseti(L, table + 1, (lua_Integer)lua_rawlen(L, table + 1) + 1);
        }
        lua_pop(L, 1);
    }
    if (!lua_isnil(L, -1)) {
        move_keys(walk, table);
    }
    lua_pop(L, 1);
}

/* Convert the upvalues of the function at the top, and note those that it assigns. */
static void convert_upvalues(struct walk *walk)
{
    lua_State *L = walk->L;
    int function = lua_gettop(L);
    walk->function = function;
    for (int i = 1; (walk->name = lua_getupvalue(L, function, i)) != NULL; i++) { /* +1 */
        convert(walk);
        (void)lua_setupvalue(L, function, i); /* -1 */
    }
    walk->function = 0;
    mg_upvalues_find(L, function, &walk->upvalues);
    mg_script_charge(L, walk->upvalues.dumped_bytes / DUMPED_BYTES_A_STEP);
    for (int i = 0; i < walk->upvalues.count; i++) {
        if (walk->upvalues.lines[i] != 0) {
            mg_watching_add(&walk->watching, function, i + 1, walk->upvalues.lines[i],
                            walk->upvalues.is_known && walk->is_reachable);
        }
    }
}

/* Move what the environment at `index` holds into a table, convert it, and close the
 * environment over it. */
static void convert_environment(struct walk *walk, int index)
{
    lua_State *L = walk->L;
    lua_createtable(L, 0, 0); /* +1 */
    lua_pushnil(L);           /* +1 */
    while (lua_next(L, index) != 0) {
        mg_script_charge(L, 1);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4); /* -2 */
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, index); /* -2; clearing a field: the traversal goes on */
    }
    convert_fields(walk);
    mg_sandbox_close_environment(L, index); /* -1 */
}

/* Convert the contents of everything found so far, and of what that leads to. */
static void walk_on(struct walk *walk)
{
    lua_State *L = walk->L;
    for (; walk->done < walk->found; walk->done++) {
        mg_script_charge(L, 1);
        bool is_function = lua_rawgeti(L, walk->work, walk->done + 1) == LUA_TFUNCTION; /* +1 */
        if (is_function) {
            convert_upvalues(walk);
        } else if (mg_sandbox_is_environment(L, -1)) {
            convert_environment(walk, lua_gettop(L));
        } else {
            convert_fields(walk);
        }
        lua_pop(L, 1);
    }
}

unsigned mg_seal(lua_State *L, int roots, mg_seal_report_fn report, void *context)
{
    luaL_checkstack(L, 2 * LUA_MINSTACK, NULL);
    roots = lua_absindex(L, roots);
    int top = lua_gettop(L);
    lua_createtable(L, 0, 0); /* +1 */
    lua_createtable(L, 0, 0); /* +1 */
    struct walk walk = {
        .L = L, .memo = top + 1, .work = top + 2, .is_reachable = true, .name = ""};
    mg_watching_begin(L, &walk.watching); /* +2 */
    int watching = lua_gettop(L);
    lua_pushvalue(L, roots); /* +1 */
    convert_fields(&walk);
    walk_on(&walk);
    /* What is left are environments that nothing leads to: sealed all the same. */
    walk.is_reachable = false;
    mg_sandbox_push_environments(L); /* +1 */
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i); /* +1 */
        convert(&walk);
        lua_pop(L, 1);
    }
    walk_on(&walk);
    lua_settop(L, watching);
    unsigned watched_count = mg_watching_end(&walk.watching, report, context); /* -2 */
    lua_settop(L, top);
    return watched_count;
}
