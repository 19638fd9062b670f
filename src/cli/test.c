/* test.c - `moongate test`: busted in this very program, so that tests run the engine that
 * serves. What the options mean is decided in lua/moongate/testing/runner.lua, which also has
 * the usage text.
 */
#include <lauxlib.h>

#include "cli/command.h"
#include "cli/lua_command.h"
#include "cli/test_watch.h"

static int run_test(int argc, char **argv);

/* Offer "moongate.watch", whose runs are of this command. */
static void offer_watch(lua_State *L)
{
    static mg_test_run_fn run = run_test;
    (void)luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE); /* +1 */
    lua_pushlightuserdata(L, &run);
    lua_pushcclosure(L, mg_test_watch_open, 1);
    lua_setfield(L, -2, "moongate.watch");
    lua_pop(L, 1);
}

static int run_test(int argc, char **argv)
{
    return mg_lua_command_run("moongate.testing.runner", argc, argv, offer_watch);
}

const struct mg_command mg_command_test = {
    .name = "test",
    .summary = "run the tests of policies, with busted",
    .run = run_test,
};
