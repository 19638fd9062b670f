/* language.h - the policy language's own words: resource, default, upstream, include, file,
 * proxy, respond, log, and those that wait for a later release.
 *
 * Threads:   as script/state.h.
 */
#ifndef MG_POLICY_LANGUAGE_H
#define MG_POLICY_LANGUAGE_H

#include "policy/loader.h"

/* The words, for mg_script_new; its host is the loader. */
extern const luaL_Reg mg_language_globals[];

/* Run the policy `source`. Faults are reported. Returns: false when a bound of the script was
 * passed, so that no other policy can run. */
bool mg_language_run(struct mg_loader *loader, struct mg_script *script,
                     const struct mg_source *source);

/* Whether the value at `index` is what `plugin "NAME"` gives. Never raises. */
bool mg_language_is_plugin(lua_State *L, int index);

#endif
