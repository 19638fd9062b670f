/* test.c - `moongate test`: busted in this very program, so that tests run the engine that
 * serves. What the options mean is decided in lua/moongate/testing/runner.lua, which also has
 * the usage text.
 */
#include <stdio.h>

#include <lauxlib.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "script/workbench.h"
#include "testing/modules.h"

struct arguments {
    int argc;
    char **argv;
};

/* require("moongate.testing.runner").main(argv...) */
static int run_main(lua_State *L)
{
    const struct arguments *arguments = lua_touserdata(L, 1);
    mg_testing_offer(L);
    luaL_checkstack(L, arguments->argc + 4, "too many arguments");
    (void)lua_getglobal(L, "require"); /* +1 */
    lua_pushliteral(L, "moongate.testing.runner");
    lua_callk(L, 1, 1, 0, NULL);       /* below the door of mg_workbench_run */
    (void)lua_getfield(L, -1, "main"); /* +1 */
    for (int i = 1; i < arguments->argc; i++) {
        lua_pushstring(L, arguments->argv[i]); /* +1 */
    }
    lua_callk(L, arguments->argc - 1, 1, 0, NULL); /* below the door of mg_workbench_run */
    return 1;
}

static int run_test(int argc, char **argv)
{
    struct arguments arguments = {argc, argv};
    struct mg_workbench_end end = {.has_raised = true, .message = "memory is out"};
    struct mg_workbench *workbench = mg_workbench_new();
    if (workbench != NULL) {
        mg_workbench_run(workbench, run_main, &arguments, &end);
    }
    mg_workbench_free(workbench);
    if (end.has_raised) {
        (void)fprintf(stderr, "moongate test: %s\n", end.message);
        return MG_EXIT_ENVIRONMENT;
    }
    return end.code;
}

const struct mg_command mg_command_test = {
    .name = "test",
    .summary = "run the tests of policies, with busted",
    .run = run_test,
};
