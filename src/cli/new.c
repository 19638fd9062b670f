/* new.c - `moongate new`: a policy or a plugin to start from, with its spec. What is written
 * stands in lua/moongate/testing/new.lua.
 */
#include "cli/command.h"
#include "cli/lua_command.h"

static int run_new(int argc, char **argv)
{
    return mg_lua_command_run("moongate.testing.new", argc, argv, NULL);
}

const struct mg_command mg_command_new = {
    .name = "new",
    .summary = "write a policy or a plugin to start from",
    .run = run_new,
};
