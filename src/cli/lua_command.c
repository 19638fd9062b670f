/* lua_command.c - see the header. */
#include "cli/lua_command.h"

#include <stdio.h>

#include <lauxlib.h>

#include "cli/cli.h"
#include "script/workbench.h"
#include "testing/modules.h"

struct call {
    const char *name;
    int argc;
    char **argv;
    void (*prepare)(lua_State *L);
};

/* require(name).main(argv...) */
static int run_main(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);
    mg_testing_offer(L);
    if (call->prepare != NULL) {
        call->prepare(L);
    }
    luaL_checkstack(L, call->argc + 4, "too many arguments");
    (void)lua_getglobal(L, "require"); /* +1 */
    lua_pushstring(L, call->name);
    lua_callk(L, 1, 1, 0, NULL);       /* below the door of mg_workbench_run */
    (void)lua_getfield(L, -1, "main"); /* +1 */
    for (int i = 1; i < call->argc; i++) {
        lua_pushstring(L, call->argv[i]); /* +1 */
    }
    lua_callk(L, call->argc - 1, 1, 0, NULL); /* below the door of mg_workbench_run */
    return 1;
}

int mg_lua_command_run(const char *name, int argc, char **argv, void (*prepare)(lua_State *L))
{
    struct call call = {name, argc, argv, prepare};
    struct mg_workbench_end end = {.has_raised = true, .message = "memory is out"};
    struct mg_workbench *workbench = mg_workbench_new();
    if (workbench != NULL) {
        mg_workbench_run(workbench, run_main, &call, &end);
    }
    mg_workbench_free(workbench);
    if (end.has_raised) {
        (void)fprintf(stderr, "moongate %s: %s\n", argv[0], end.message);
        return MG_EXIT_ENVIRONMENT;
    }
    return end.code;
}
