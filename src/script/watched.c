/* watched.c - the variables that are compared after a call.
 *
 * A variable is an upvalue's cell, which several functions can share; lua_upvalueid is its
 * identity. Any of those functions gives access to it, so one is kept for each:
 *
 *   registry[&watched_key] = userdata { count, one struct assignment a variable }
 *     user value 1: functions, by number       user value 2: values, by number
 *
 * Names of files and variables are strings that belong to the functions.
 */
#include "script/watched.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "script/state_internal.h"

struct assignment {
    const void *cell;
    const char *file;
    const char *name;
    int line;
    int upvalue;  /* of the function, from 1 */
    int function; /* its number in `functions` */
    bool is_reported;
};

struct watched {
    unsigned count;
    struct assignment variables[];
};

enum {
    FUNCTIONS = 1, /* user values of struct watched */
    VALUES,
};

/* Its address is the registry's key of the struct watched. */
static const char watched_key;

/* ---- finding them ---- */

void mg_watching_begin(lua_State *L, struct mg_watching *watching)
{
    lua_pushnil(L);           /* +1 */
    lua_createtable(L, 0, 0); /* +1 */
    int top = lua_gettop(L);
    *watching = (struct mg_watching){.L = L, .list = top - 1, .functions = top};
}

/* The assignments so far, with room for one more. */
static struct assignment *reserve(struct mg_watching *watching)
{
    struct assignment *list = lua_touserdata(watching->L, watching->list);
    if (watching->count < watching->capacity) {
        return list;
    }
    unsigned capacity = watching->capacity == 0 ? 8 : watching->capacity * 2;
    struct assignment *larger =
        lua_newuserdatauv(watching->L, capacity * sizeof(*larger), 0); /* +1 */
    if (list != NULL) {
        memcpy(larger, list, watching->count * sizeof(*list));
    }
    lua_replace(watching->L, watching->list); /* -1 */
    watching->capacity = capacity;
    return larger;
}

void mg_watching_add(struct mg_watching *watching, int index, int upvalue, int line,
                     bool is_reported)
{
    lua_State *L = watching->L;
    struct assignment *list = reserve(watching);
    lua_Debug function;
    lua_pushvalue(L, index);                              /* +1 */
    (void)lua_getinfo(L, ">S", &function);                /* -1 */
    const char *name = lua_getupvalue(L, index, upvalue); /* +1 */
    lua_pop(L, 1);
    watching->count++;
    list[watching->count - 1] = (struct assignment){
        .cell = lua_upvalueid(L, index, upvalue),
        .file = function.source + (function.source[0] == '@'),
        .name = name,
        .line = line,
        .upvalue = upvalue,
        .function = (int)watching->count,
        .is_reported = is_reported,
    };
    lua_pushvalue(L, index);
    lua_rawseti(L, watching->functions, (lua_Integer)watching->count);
}

/* By place, so that reports do not depend on the order of tables. */
static int compare_assignments(const void *left, const void *right)
{
    const struct assignment *a = left;
    const struct assignment *b = right;
    int files = strcmp(a->file, b->file);
    if (files != 0) {
        return files;
    }
    return a->line != b->line ? (a->line < b->line ? -1 : 1) : strcmp(a->name, b->name);
}

/* Keep the first assignment of each variable, in order. Returns: how many are left. */
static unsigned drop_repeated(lua_State *L, struct assignment *list, unsigned count)
{
    unsigned kept = 0;
    lua_createtable(L, 0, (int)count); /* +1 */
    for (unsigned i = 0; i < count; i++) {
        bool is_new = lua_rawgetp(L, -1, list[i].cell) == LUA_TNIL; /* +1 */
        lua_pop(L, 1);
        if (is_new) {
            lua_pushboolean(L, 1);
            lua_rawsetp(L, -2, list[i].cell);
            list[kept++] = list[i];
        }
    }
    lua_pop(L, 1);
    return kept;
}

/* Tell each variable once: those of one line and name are instances of one in the source. */
static void report_all(const struct assignment *list, unsigned count, mg_seal_report_fn report,
                       void *context)
{
    for (unsigned i = 0; i < count; i++) {
        bool is_repeated = i > 0 && compare_assignments(&list[i - 1], &list[i]) == 0;
        if (list[i].is_reported && !is_repeated) {
            report(context, list[i].file, list[i].line, list[i].name);
        }
    }
}

/* Begin an error at the assignment: no function of the script runs any more. */
static struct mg_err *begin_error(lua_State *L, const char *code, const struct assignment *at)
{
    struct mg_err *err = &mg_script_of(L)->raised;
    *err = (struct mg_err){.severity = MG_ERROR, .code = code, .line = at->line};
    MG_ERR_SET(err->file, "%s", at->file);
    MG_ERR_SET(err->hint, "%s", MG_SEAL_HINT);
    return err;
}

unsigned mg_watching_end(struct mg_watching *watching, mg_seal_report_fn report, void *context)
{
    lua_State *L = watching->L;
    struct assignment *list = lua_touserdata(L, watching->list);
    unsigned count = watching->count;
    if (count > 0) {
        qsort(list, count, sizeof(*list), compare_assignments);
        count = drop_repeated(L, list, count);
    }
    if (count > MG_SEAL_MAX_VARIABLES) {
        struct mg_err *err = begin_error(L, "policy-variables", &list[MG_SEAL_MAX_VARIABLES]);
        MG_ERR_SET(err->message,
                   "functions can assign %u variables that outlive a call; at most %d are put "
                   "back after each",
                   count, (int)MG_SEAL_MAX_VARIABLES);
        (void)mg_fault_raise_mark(L);
    }
    struct watched *watched =
        lua_newuserdatauv(L, sizeof(*watched) + count * sizeof(*list), VALUES); /* +1 */
    watched->count = count;
    lua_createtable(L, (int)count, 0); /* +1 functions */
    lua_createtable(L, (int)count, 0); /* +1 values */
    for (unsigned i = 0; i < count; i++) {
        watched->variables[i] = list[i];
        lua_Integer number = (lua_Integer)i + 1;
        lua_rawgeti(L, watching->functions, list[i].function); /* +1 */
        (void)lua_getupvalue(L, -1, list[i].upvalue);          /* +1 */
        lua_rawseti(L, -3, number);                            /* -1 */
        lua_rawseti(L, -3, number);                            /* -1 */
    }
    (void)lua_setiuservalue(L, -3, VALUES);          /* -1 */
    (void)lua_setiuservalue(L, -2, FUNCTIONS);       /* -1 */
    lua_rawsetp(L, LUA_REGISTRYINDEX, &watched_key); /* -1 */
    if (report != NULL) {
        report_all(list, count, report, context);
    }
    lua_pop(L, 2);
    return count;
}

/* ---- after a call ---- */

/* Whether the two values at the top are one and the same: also 1 and 1.0, and 0.0 and -0.0, are
 * two. */
static bool is_same(lua_State *L)
{
    if (lua_type(L, -1) != LUA_TNUMBER || lua_type(L, -2) != LUA_TNUMBER) {
        return lua_rawequal(L, -1, -2);
    }
    if (lua_isinteger(L, -1) || lua_isinteger(L, -2)) {
        return lua_isinteger(L, -1) && lua_isinteger(L, -2) && lua_rawequal(L, -1, -2);
    }
    lua_Number numbers[2] = {lua_tonumber(L, -1), lua_tonumber(L, -2)};
    uint64_t bits[2];
    static_assert(sizeof(bits) == sizeof(numbers), "a number is 64 bits");
    memcpy(bits, numbers, sizeof(bits));
    return bits[0] == bits[1];
}

/* Put back every variable that changed. Returns: the first of them, or NULL. Never raises. */
static const struct assignment *restore(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &watched_key); /* +1 */
    const struct watched *watched = lua_touserdata(L, -1);
    if (watched == NULL || watched->count == 0) {
        lua_pop(L, 1);
        return NULL;
    }
    const struct assignment *first = NULL;
    (void)lua_getiuservalue(L, -1, FUNCTIONS); /* +1 */
    (void)lua_getiuservalue(L, -2, VALUES);    /* +1 */
    for (unsigned i = 0; i < watched->count; i++) {
        const struct assignment *variable = &watched->variables[i];
        lua_rawgeti(L, -2, (lua_Integer)i + 1);         /* +1 the function */
        (void)lua_getupvalue(L, -1, variable->upvalue); /* +1 */
        lua_rawgeti(L, -3, (lua_Integer)i + 1);         /* +1 the value */
        if (is_same(L)) {
            lua_pop(L, 3);
            continue;
        }
        (void)lua_setupvalue(L, -3, variable->upvalue); /* -1 */
        lua_pop(L, 2);
        first = first == NULL ? variable : first;
    }
    lua_pop(L, 3);
    return first;
}

void mg_seal_restore(lua_State *L)
{
    (void)restore(L);
}

bool mg_seal_watches(lua_State *L)
{
    return mg_script_of(L)->watched_count > 0;
}

void mg_seal_check(lua_State *L)
{
    const struct assignment *changed = restore(L);
    if (changed == NULL) {
        return;
    }
    struct mg_err *err = begin_error(L, "state-kept", changed);
    MG_ERR_SET(err->message, "'%s' outlives the call, so it cannot be assigned", changed->name);
    (void)mg_fault_raise_mark(L);
}
