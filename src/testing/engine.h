/* engine.h - the engine as a Lua module for tests: "moongate.engine". What tests use is
 * "moongate.testing" (lua/moongate/testing), which is written on top of it.
 *
 *     local engine = require "moongate.engine"
 *     local gate, faults = engine.load{ paths = { "policies" }, plugins = { "plugins" } }
 *     local answer = gate:ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
 *     local fetched = gate:fetch({ from = "https://app.example", url = "https://a/" },
 *                                engine.browser())
 *
 * A gate is a server's way of a request without sockets (server/gate.h): the same loader,
 * sandbox, budgets and decisions, instructions counted one by one.
 * Ownership: each object is a userdata that owns what it needs until it is collected; nothing
 *            outlives the Lua state.
 */
#ifndef MG_TESTING_ENGINE_H
#define MG_TESTING_ENGINE_H

#include <lua.h>

/* Opens "moongate.engine", in any Lua 5.4 state. */
int mg_engine_open(lua_State *L);

#endif
