/* load_options.h - what a test says of the gate it wants, read from a table of Lua's.
 * Private to src/testing.
 *
 *     paths = { "policies" }       or  text = "…", name = "orders.lua"
 *     plugins = { "plugins" }      folders
 *     upstream = true              the default handler is proxy
 *     public_origins = { "https://api.example" }   trusted_proxies = { "10.0.0.0/8" }
 *     limits = { body_bytes = 1024 }
 */
#ifndef MG_TESTING_LOAD_OPTIONS_H
#define MG_TESTING_LOAD_OPTIONS_H

#include <lauxlib.h>
#include <lua.h>

#include "core/arena.h"
#include "policy/set.h"
#include "server/options.h"

/* Where a gate's clock begins: 2026-01-01 00:00:00 UTC, the same in each run. */
#define MG_LOAD_WALL_MS 1767225600000ULL

/* What is loaded. */
struct mg_load_options {
    struct mg_strings paths;
    struct mg_strings plugins;
    bool is_text;
    struct mg_str text; /* of one policy, in place of paths */
    const char *name;
    bool has_upstream;
    bool has_public_origin;
};

/* A server's defaults; instructions are counted. */
void mg_load_options_init(struct mg_server_options *options);

/* Read what concerns the server from the table at `index`; strings live in `arena`. Raises for
 * values of a wrong type or form. */
void mg_load_options_read_server(lua_State *L, int index, struct mg_server_options *options,
                                 struct mg_arena *arena);

/* Read what is loaded, of a server with `options`. */
void mg_load_options_read(lua_State *L, int index, const struct mg_server_options *options,
                          struct mg_load_options *load, struct mg_arena *arena);

/* Load it. Returns: NULL after an error in `errs`. */
struct mg_policy_set *mg_load_options_load(const struct mg_load_options *load,
                                           struct mg_errs *errs);

#endif
