/* test_text.c - a pushed text is the bytes that were given, whatever was pushed before it. */
#include <string.h>

#include "expect.h"
#include "script/state.h"
#include "script/text.h"

enum {
    LONGEST = MG_TEXT_MAX_BYTES + 3,
    ROUNDS = 20000,
    KINDS = 5
};

/* Push bytes of a few kinds and of every length; they repeat and displace one another. */
static int push_many(lua_State *L)
{
    char bytes[LONGEST];
    unsigned random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 1664525U + 1013904223U;
        size_t len = (random >> 8) % (LONGEST + 1);
        unsigned kind = (random >> 24) % KINDS;
        memset(bytes, 'a', sizeof(bytes));
        if (kind > 0 && len > 0) {
            bytes[(random >> 16) % len] = (char)kind; /* texts that differ in one byte */
        }
        bytes[0] = kind == KINDS - 1 ? '\0' : bytes[0];
        struct mg_str text = {bytes, len};
        mg_script_push_text(L, text);
        struct mg_str pushed;
        pushed.ptr = lua_tolstring(L, -1, &pushed.len);
        mg_expect_str("the text", pushed, text);
        (void)lua_pushlstring(L, text.ptr, text.len);
        mg_expect_true("the same string", lua_rawequal(L, -1, -2));
        lua_pop(L, 2);
        mg_expect_int("nothing else on the stack", lua_gettop(L), 1);
        if (round % 1000 == 0) {
            (void)lua_gc(L, LUA_GCCOLLECT);
        }
    }
    return 0;
}

static void texts_come_out_as_given(void **state)
{
    (void)state;
    static const struct mg_script_limits limits = {.max_cpu_ms = 600000};
    static const struct mg_script_budget budget = {.max_cpu_ms = 600000, .max_wall_ms = 600000};
    static const luaL_Reg globals[] = {{NULL, NULL}};
    struct mg_script_fault fault = {.err.message = "no fault"};
    struct mg_script *script = mg_script_new(&limits, globals, NULL);
    assert_non_null(script);
    mg_expect_true("while loading", mg_script_call(script, push_many, NULL, &fault));
    assert_true(mg_script_seal(script, &budget, NULL, NULL, NULL, &fault));
    for (int i = 0; i < 3; i++) {
        mg_expect_true("in a call", mg_script_run(script, push_many, NULL, &fault));
    }
    mg_script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_come_out_as_given)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
