/* dict_object.h - dictionaries as a plugin's script sees them: `dict "NAME"`. Private to
 * src/plugin.
 *
 *     value = hits:get(key)                  nil where there is none
 *     hits:set(key, value, { ttl = 60 })     a string, number or boolean; nil deletes
 *     hits:delete(key)
 *     count, ttl_left = hits:incr(key, by, { start = 0, ttl = 60 })
 *
 * Keys are strings of at most 1024 bytes, texts of at most 64 KiB; `ttl` is in seconds, from a
 * millisecond on, and without it an entry stays until it is evicted. `by` is 1 and `start` 0
 * where they are not given; ttl_left is nil for what never expires.
 * Errors:    raised: dict-call, dict-type, dict-too-large. So what was not counted is never
 *            taken for something that was.
 */
#ifndef MG_PLUGIN_DICT_OBJECT_H
#define MG_PLUGIN_DICT_OBJECT_H

#include "plugin/capability_object.h"

/* Push the function `dict` (+1). Raises capability-memory when a dictionary cannot be had. */
void mg_dict_object_push(lua_State *L, const struct mg_capability_host *host);

#endif
