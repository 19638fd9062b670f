/* language.h - the policy language's own words: resource, default, upstream, include, file,
 * proxy, respond, plugin, allow, deny, log.
 *
 * Phases:    most words declare, so they are for loading; allow and deny decide, so they are
 *            for hooks; log is for both. A word in the wrong phase raises.
 * Threads:   as script/state.h.
 */
#ifndef MG_POLICY_LANGUAGE_H
#define MG_POLICY_LANGUAGE_H

#include "policy/loader.h"
#include "policy/read.h"

/* The words, for mg_script_new; its host is the loader, and once the state is sealed a runtime.
 * */
extern const luaL_Reg mg_language_globals[];

/* Run all policies of the loader's sources, one after another. Faults are reported. Returns:
 * false when a bound of the script was passed, so that nothing else can run. */
bool mg_language_run(struct mg_loader *loader, struct mg_script *script);

/* ---- for the files of the words ---- */

/* Begin a constructor: check that it is called while a policy loads, with one argument of
 * `type`. `usage` is the hint. Raises. */
void mg_language_need(lua_State *L, int type, const char *word, const char *usage);

/* Charge for a constructor's call, and give a reader whose spot is the calling line. */
struct mg_reader mg_language_begin(lua_State *L, const char *where);

/* plugin "NAME" (language_plugin.c) */
int mg_language_plugin(lua_State *L);
/* The decl of what `plugin "NAME"`, with or without { … }, gave; NULL for any other value.
 * Never raises. */
struct mg_plugin_decl *mg_language_to_plugin(lua_State *L, int index);

#endif
