/* config_json.h - a checked configuration as JSON (RFC 8259), for plugins in C. Private to
 * src/plugin.
 *
 * Threads:   as script/state.h.
 */
#ifndef MG_PLUGIN_CONFIG_JSON_H
#define MG_PLUGIN_CONFIG_JSON_H

#include <lua.h>

#include "core/str.h"

enum {
    MG_CONFIG_JSON_MAX_BYTES = 64 << 10
};

/* Replace the table at the top of the stack, data alone, by a value that holds its JSON. Names
 * are in byte order; a table with a value at 1 is a list, an empty one an object; numbers that
 * JSON has not are null. Returns: the text, NUL behind it, as long as the value lives; NULL
 * when it is longer than MG_CONFIG_JSON_MAX_BYTES. Raises when memory is out. */
struct mg_str mg_config_json_push(lua_State *L);

#endif
