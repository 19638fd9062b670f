/* lib_table_sort.c - merge sort, bottom up, between two lists of its own.
 *
 *   list --copy--> a = |3|1|2|  --merge runs of 1-->  b = |1 3|2|  --runs of 2-->  a = |1 2 3|
 *
 * Which elements are compared with which depends on the order function, how often and where
 * does not: an order function that contradicts itself can neither prolong the sort nor lead it
 * out of the list. It sees the list unchanged; the result is written at the end.
 */
#include "script/lib_table_sort.h"

#include <stdbool.h>

#include "script/fields.h"
#include "script/state.h"

enum {
    LIST = 1, /* stack indices */
    ORDER,
    FROM,
    TO,
};

enum {
    BYTES_A_STEP = 16,
    ELEMENT_STEPS = 2,    /* of an element in a merge */
    COPIED_ELEMENTS = 64, /* between looks at the bounds: the list's keys may collide */
};

/* Charge for comparing the two values at the top, where both are texts. */
static void charge_texts(lua_State *L)
{
    if (lua_type(L, -1) == LUA_TSTRING && lua_type(L, -2) == LUA_TSTRING) {
        size_t left = lua_rawlen(L, -2);
        size_t right = lua_rawlen(L, -1);
        mg_script_charge(L, (left < right ? left : right) / BYTES_A_STEP);
    }
}

/* Whether the value at the top comes before the one below it. */
static bool is_less(lua_State *L)
{
    if (lua_isnil(L, ORDER)) {
        charge_texts(L);
        return lua_compare(L, -1, -2, LUA_OPLT);
    }
    lua_pushvalue(L, ORDER);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -4);
    lua_callk(L, 2, 1, 0, NULL); /* below the door of mg_script_call */
    bool is_less = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is_less;
}

/* Copy all elements, at a step each. */
static void copy(lua_State *L, int from, int to, lua_Integer count)
{
    for (lua_Integer i = 1; i <= count; i++) {
        if (i % COPIED_ELEMENTS == 1) {
            lua_Integer left = count - i + 1;
            mg_script_charge(L, (uint64_t)(left < COPIED_ELEMENTS ? left : COPIED_ELEMENTS));
        }
        lua_rawgeti(L, from, i); /* +1 */
        lua_rawseti(L, to, i);   /* -1 */
    }
}

/* Merge the sorted runs [first, middle) and [middle, end) of FROM into TO. */
static void merge(lua_State *L, lua_Integer first, lua_Integer middle, lua_Integer end)
{
    lua_Integer left = first;
    lua_Integer right = middle;
    lua_Integer at = first;
    mg_script_charge(L, (uint64_t)(end - first) * ELEMENT_STEPS);
    while (left < middle && right < end) {
        lua_rawgeti(L, FROM, left);  /* +1 */
        lua_rawgeti(L, FROM, right); /* +1 */
        if (is_less(L)) {
            right++;
        } else { /* also where both are alike, so that the left one stays first */
            lua_insert(L, -2);
            left++;
        }
        lua_rawseti(L, TO, at++); /* -1 */
        lua_pop(L, 1);
    }
    for (; left < middle; left++) {
        lua_rawgeti(L, FROM, left); /* +1 */
        lua_rawseti(L, TO, at++);   /* -1 */
    }
    for (; right < end; right++) {
        lua_rawgeti(L, FROM, right); /* +1 */
        lua_rawseti(L, TO, at++);    /* -1 */
    }
}

void mg_table_sort(lua_State *L, lua_Integer count)
{
    int room = (int)count + (int)mg_fields_spare_elements((size_t)count);
    lua_createtable(L, room, 0); /* +1 */
    lua_createtable(L, room, 0); /* +1 */
    copy(L, LIST, FROM, count);
    for (lua_Integer run = 1; run < count; run *= 2) {
        for (lua_Integer first = 1; first <= count; first += 2 * run) {
            lua_Integer middle = first + run < count + 1 ? first + run : count + 1;
            lua_Integer end = first + 2 * run < count + 1 ? first + 2 * run : count + 1;
            merge(L, first, middle, end);
        }
        lua_insert(L, FROM); /* what was merged into is merged from next */
    }
    copy(L, FROM, LIST, count);
    lua_pop(L, 2);
}
