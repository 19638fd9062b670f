/* lua_command.h - subcommands whose work is done by a Lua module of the program: in a state
 * with all of Lua, which never runs a policy (script/workbench.h).
 */
#ifndef MG_CLI_LUA_COMMAND_H
#define MG_CLI_LUA_COMMAND_H

#include <lua.h>

/* Call main(argv[1], …) of the module `name`. `prepare` offers further modules; may be NULL.
 * Returns: the exit code that it gives, or MG_EXIT_ENVIRONMENT after telling what it raised. */
int mg_lua_command_run(const char *name, int argc, char **argv, void (*prepare)(lua_State *L));

#endif
