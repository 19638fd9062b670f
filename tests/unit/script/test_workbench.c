/* test_workbench.c - how a run with all of Lua ends: by returning, by os.exit, by an error. */
#include <lauxlib.h>

#include "expect.h"
#include "script/workbench.h"

static int run_text(lua_State *L)
{
    const char *const *text = lua_touserdata(L, 1);
    if (luaL_loadstring(L, *text) != LUA_OK) {
        return lua_error(L);
    }
    lua_callk(L, 0, 1, 0, NULL); /* below the door of mg_workbench_run */
    return 1;
}

static void runs_end_in_one_of_three_ways(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *text;
        int code;
        const char *message; /* a part; NULL: nothing is raised */
    } rows[] = {
        {"nothing returned", "local a = 1", 0, NULL},
        {"a code returned", "return 3", 3, NULL},
        {"os.exit", "os.exit(4)", 4, NULL},
        {"os.exit of a truth", "os.exit(true)", 0, NULL},
        {"and of its opposite", "os.exit(false, true)", 1, NULL},
        {"from a deep call",
         "local function f(n) if n == 0 then os.exit(5) end f(n - 1) end f(99)", 5, NULL},
        {"from a coroutine", "local co = coroutine.wrap(function() os.exit(6) end) co()", 6,
         NULL},
        {"caught by the script", "local ok, e = pcall(os.exit, 7) return #tostring(e)", 21,
         NULL},
        {"an error", "error('went wrong')", 0, "went wrong"},
        {"with a traceback", "error('went wrong')", 0, "stack traceback"},
        {"an error that is no text", "error({})", 0, "table"},
        {"a missing module", "require 'no.such.module'", 0, "no.such.module"},
        {"all of Lua is there",
         "for _, n in ipairs { 'io', 'os', 'debug', 'package', 'string', 'table', 'math', "
         "'utf8', 'coroutine' } do assert(_G[n], n) end",
         0, NULL},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct mg_workbench_end end;
        struct mg_workbench *workbench = mg_workbench_new();
        assert_non_null(workbench);
        const char *text = rows[i].text;
        mg_workbench_run(workbench, run_text, &text, &end);
        mg_expect_int(rows[i].desc, end.has_raised, rows[i].message != NULL);
        if (rows[i].message != NULL) {
            mg_expect_true(rows[i].desc, strstr(end.message, rows[i].message) != NULL);
        } else {
            mg_expect_int(rows[i].desc, end.code, rows[i].code);
        }
        mg_workbench_free(workbench);
    }
    mg_workbench_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_end_in_one_of_three_ways),
    };
    return cmocka_run_group_tests_name("script/workbench", tests, NULL, NULL);
}
