/* test_watch.h - what `moongate test --watch` needs of the system, as the Lua module
 * "moongate.watch" (used by lua/moongate/testing/watch.lua).
 *
 *     local watch = require "moongate.watch"
 *     local code, told = watch.run { "policies", "--filter=x" }  -- in a process of its own
 *     local folders = watch.folders()
 *     folders:add "policies"
 *     local changed = folders:wait(20)    -- { "policies/a.lua", … }, once 20 ms are quiet
 */
#ifndef MG_CLI_TEST_WATCH_H
#define MG_CLI_TEST_WATCH_H

#include <lua.h>

/* Run `moongate test` with these arguments to its end. Returns: its exit code. */
typedef int (*mg_test_run_fn)(int argc, char **argv);

/* Opens "moongate.watch"; its first upvalue is a light userdata: an mg_test_run_fn *. */
int mg_test_watch_open(lua_State *L);

#endif
