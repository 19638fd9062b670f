/* lib_table.c - concat, insert, move, pack, remove, sort and unpack.
 *
 * Lists are read and written with raw access, so that no metamethod runs and the length is the
 * table's own: a loop here ends with the elements that there are.
 */
#include "script/lib_table.h"

#include <limits.h>
#include <stdbool.h>

#include "script/fields.h"
#include "script/lib_table_sort.h"
#include "script/seal.h"
#include "script/state.h"

enum {
    CHARGED_ELEMENTS = 64, /* at once: the time may be up, which is looked at then */
};

/* Require a table at `index`; a frozen one is replaced, in this call's own frame, by the one
 * behind it. */
static void check_readable(lua_State *L, int index)
{
    if (mg_seal_push_behind(L, index)) { /* +1 */
        lua_replace(L, index);           /* -1 */
    } else if (lua_type(L, index) != LUA_TTABLE) {
        (void)luaL_typeerror(L, index, "table");
    }
}

/* Require a table at `index` that may be changed. */
static void check_writable(lua_State *L, int index)
{
    if (luaL_getmetafield(L, index, "__newindex") == LUA_TFUNCTION) { /* +1, or nothing */
        lua_pushvalue(L, index);
        lua_callk(L, 1, 0, 0, NULL); /* it raises; below the door of mg_script_call */
    }
    if (lua_type(L, index) != LUA_TTABLE) {
        (void)luaL_typeerror(L, index, "table");
    }
    if (lua_getmetatable(L, index)) {
        (void)luaL_argerror(L, index, "the table has a metatable");
    }
}

static lua_Integer length_of(lua_State *L, int index)
{
    return (lua_Integer)lua_rawlen(L, index);
}

/* The number of integers from `first` to `last`; LUA_MAXINTEGER when it is larger. */
static lua_Integer count_between(lua_Integer first, lua_Integer last)
{
    lua_Integer distance;
    if (first > last) {
        return 0;
    }
    bool overflows = __builtin_sub_overflow(last, first, &distance);
    return overflows || distance == LUA_MAXINTEGER ? LUA_MAXINTEGER : distance + 1;
}

/* Charge for the elements from `done` on that are worked on next, if it is time to. Not for all
 * at once: where keys of the table collide, each look-up takes microseconds. */
static void charge_next(lua_State *L, lua_Integer done, lua_Integer count)
{
    if (done % CHARGED_ELEMENTS == 0) {
        lua_Integer left = count - done;
        mg_script_charge(L, (uint64_t)(left < CHARGED_ELEMENTS ? left : CHARGED_ELEMENTS));
    }
}

static int table_concat(lua_State *L)
{
    check_readable(L, 1);
    size_t separator_length;
    const char *separator = luaL_optlstring(L, 2, "", &separator_length);
    lua_Integer first = luaL_optinteger(L, 3, 1);
    lua_Integer last = luaL_optinteger(L, 4, length_of(L, 1));
    lua_settop(L, 2);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    lua_Integer count = count_between(first, last);
    for (lua_Integer i = 0; i < count; i++) {
        charge_next(L, i, count);
        if (i > 0) {
            luaL_addlstring(&out, separator, separator_length);
        }
        int type = lua_rawgeti(L, 1, first + i); /* +1 */
        if (type != LUA_TSTRING && type != LUA_TNUMBER) {
            return luaL_error(L, "invalid value (%s) at index %I in table for 'concat'",
                              mg_seal_type_name(L, -1), (LUAI_UACINT)(first + i));
        }
        luaL_addvalue(&out); /* -1 */
    }
    luaL_pushresult(&out);
    return 1;
}

/* Move the element at `from` of the list at 1 to `to`. */
static void shift(lua_State *L, lua_Integer from, lua_Integer to)
{
    lua_rawgeti(L, 1, from); /* +1 */
    lua_rawseti(L, 1, to);   /* -1 */
}

static int table_insert(lua_State *L)
{
    check_writable(L, 1);
    lua_Integer end = length_of(L, 1);
    int count = lua_gettop(L);
    if (end == LUA_MAXINTEGER) {
        return luaL_error(L, "the list is too long");
    }
    end++;
    if (count == 2) {
        lua_rawseti(L, 1, end);
        return 0;
    }
    if (count != 3) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_Integer position = luaL_checkinteger(L, 2);
    luaL_argcheck(L, position >= 1 && position <= end, 2, "position out of bounds");
    for (lua_Integer i = 0; i < end - position; i++) {
        charge_next(L, i, end - position);
        shift(L, end - i - 1, end - i);
    }
    lua_rawseti(L, 1, position); /* -1 */
    return 0;
}

static int table_remove(lua_State *L)
{
    check_writable(L, 1);
    lua_Integer size = length_of(L, 1);
    lua_Integer position = luaL_optinteger(L, 2, size);
    if (position != size) {
        bool is_inside = position >= 1 && position - 1 <= size;
        luaL_argcheck(L, is_inside || (size == 0 && position == 0), 2,
                      "position out of bounds");
    }
    lua_settop(L, 1);
    lua_rawgeti(L, 1, position); /* +1 the result */
    lua_Integer count = position < size ? size - position : 0;
    for (lua_Integer i = 0; i < count; i++) {
        charge_next(L, i, count);
        shift(L, position + i + 1, position + i);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, position + count);
    return 1;
}

static int table_move(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, 2);
    lua_Integer last = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4);
    int target = lua_isnoneornil(L, 5) ? 1 : 5;
    check_writable(L, target);
    lua_settop(L, 5);
    lua_pushvalue(L, target); /* +1 the result */
    check_readable(L, 1);
    lua_Integer count = count_between(first, last);
    if (count > MG_TABLE_MOVE_MAX) {
        return luaL_argerror(L, 3, "too many elements to move");
    }
    luaL_argcheck(L, count == 0 || to <= LUA_MAXINTEGER - count + 1, 4,
                  "destination wrap around");
    /* From the end where a copy would overwrite what is still to be copied. */
    bool overlaps = to > first && to <= last && (target == 1 || lua_rawequal(L, 1, 5));
    for (lua_Integer i = 0; i < count; i++) {
        lua_Integer at = overlaps ? count - 1 - i : i;
        charge_next(L, i, count);
        lua_rawgeti(L, 1, first + at);   /* +1 */
        lua_rawseti(L, target, to + at); /* -1 */
    }
    return 1;
}

static int table_pack(lua_State *L)
{
    int count = lua_gettop(L);
    int room = count + (int)mg_fields_spare_elements((size_t)count);
    lua_createtable(L, room, 1); /* +1 */
    lua_insert(L, 1);
    for (int i = count; i > 0; i--) {
        lua_rawseti(L, 1, i); /* -1 */
    }
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

static int table_sort(lua_State *L)
{
    check_writable(L, 1);
    lua_Integer count = length_of(L, 1);
    if (count > 1) {
        luaL_argcheck(L, count < INT_MAX, 1, "array too big");
        if (!lua_isnoneornil(L, 2)) {
            luaL_checktype(L, 2, LUA_TFUNCTION);
        }
        lua_settop(L, 2);
        mg_table_sort(L, count);
    }
    return 0;
}

static int table_unpack(lua_State *L)
{
    check_readable(L, 1);
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = luaL_optinteger(L, 3, length_of(L, 1));
    lua_Integer count = count_between(first, last);
    if (count >= INT_MAX || !lua_checkstack(L, (int)count)) {
        return luaL_error(L, "too many results to unpack");
    }
    for (lua_Integer i = 0; i < count; i++) {
        charge_next(L, i, count);
        lua_rawgeti(L, 1, first + i); /* +1 */
    }
    return (int)count;
}

const luaL_Reg mg_lib_table[] = {
    {"concat", table_concat}, {"insert", table_insert},
    {"move", table_move},     {"pack", table_pack},
    {"remove", table_remove}, {"sort", table_sort},
    {"unpack", table_unpack}, {NULL, NULL},
};
