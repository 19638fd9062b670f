/* verdict.h - allow { … } and deny "reason": what hooks return.
 *
 * Each gives a value that stands for a verdict of this one call of a hook; it is worth nothing
 * in any other. What allow names is read and judged at once, so that a fault has its line.
 * Threads:   as script/state.h.
 */
#ifndef MG_POLICY_VERDICT_H
#define MG_POLICY_VERDICT_H

#include <lua.h>

int mg_verdict_allow(lua_State *L);
int mg_verdict_deny(lua_State *L);

#endif
