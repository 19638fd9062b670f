/* test_value.c - opaque values: only their own type finds what is in them. */
#include <lauxlib.h>

#include "expect.h"
#include "script/value.h"

static void values_know_their_type(void **state)
{
    (void)state;
    static const char first[] = "first";
    static const char second[] = "second";
    int held = 1;
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    mg_value_push(L, first, &held);
    mg_expect_true("its own type", mg_value_get(L, -1, first) == &held);
    mg_expect_true("another type", mg_value_get(L, -1, second) == NULL);
    mg_expect_true("the type", mg_value_type(L, -1) == first);
    mg_value_push(L, second, NULL);
    mg_expect_true("a value without a pointer", mg_value_type(L, -1) == second);
    lua_pushliteral(L, "text");
    mg_expect_true("a string", mg_value_type(L, -1) == NULL);
    (void)lua_newuserdatauv(L, sizeof(void *) * 2, 0);
    mg_expect_true("a userdata without metatable", mg_value_type(L, -1) == NULL);
    lua_newtable(L);
    lua_setmetatable(L, -2);
    mg_expect_true("a userdata of somebody else", mg_value_get(L, -1, first) == NULL);
    lua_pushlightuserdata(L, &held);
    mg_expect_true("a light userdata", mg_value_get(L, -1, first) == NULL);
    mg_expect_int("the stack is balanced", lua_gettop(L), 5);
    mg_expect_true("by absolute index", mg_value_get(L, 1, first) == &held);
    lua_close(L);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_know_their_type)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
