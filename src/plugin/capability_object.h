/* capability_object.h - capabilities as a plugin's script sees them: globals of its own
 * environment. Private to src/plugin.
 *
 *     log("slow answer", ms)  log.info(…)  log.warn(…)
 *     clock.now()  clock.monotonic()                    -- seconds
 *     local hits = dict "hits"
 *     hits:get(key)  hits:set(key, value, { ttl = 60 })  hits:delete(key)
 *     local count, ttl_left = hits:incr(key, 1, { start = 0, ttl = 60 })
 *
 * What a plugin lacks, and what belongs to policies, is there as a value that says so when it
 * is used: nothing else of the state's globals can be reached.
 * Threads:   as script/state.h.
 */
#ifndef MG_PLUGIN_CAPABILITY_OBJECT_H
#define MG_PLUGIN_CAPABILITY_OBJECT_H

#include <lua.h>

#include "plugin/plugin.h"

enum {
    MG_LOG_MAX_TEXT_BYTES = 1024,
    MG_CALL_STEPS = 20,        /* charged for each call of a capability, and one for each 16 */
    MG_CALL_BYTES_A_STEP = 16, /* bytes of keys, values and texts */
    MG_LOG_STEPS = 1000,       /* charged for a line besides: it is a system call */
};

/* What a plugin is given. */
struct mg_capability_host {
    const struct mg_plugin *plugin; /* its granted capabilities and dictionaries */
    unsigned asked;                 /* those of its manifest */
    struct mg_dicts *dicts;         /* lives as long as the state */
    const struct mg_plugin_clock *clock;
};

/* Put what is there before the manifest is read into the environment at `index`. Raises when
 * memory is out. */
void mg_capability_reserve(lua_State *L, int index);

/* Replace it by what the plugin has. Names that the script set itself stay its own. Raises
 * capability-memory when a dictionary cannot be had. */
void mg_capability_install(lua_State *L, int index, const struct mg_capability_host *host);

#endif
