/* answer_reader.h - the answer that a request hook or a handler returns, checked and copied out
 * of Lua. Private to src/plugin.
 *
 *     { status = 429, fields = { ["Retry-After"] = "5", Link = { "<a>", "<b>" } },
 *       body = "…" }
 *     { fields = { { "Set-Cookie", "a=1" }, { "Set-Cookie", "b=2" } } }
 *
 * Order:     pairs first, as they stand; then named fields in byte order of their names, since
 *            Lua walks tables in no order of use.
 * Threads:   as script/state.h.
 */
#ifndef MG_PLUGIN_ANSWER_READER_H
#define MG_PLUGIN_ANSWER_READER_H

#include <lua.h>

#include "plugin/dispatch.h"

enum {
    MG_ANSWER_MAX_FIELDS = 64,
    MG_ANSWER_MAX_FIELD_BYTES = 64 << 10, /* of all names and values */
    MG_ANSWER_MAX_BODY_BYTES = 8 << 20,
};

/* Read the value at `index`, which is not nil, into *answer; copies go to `arena`. Values lose
 * the white space at their ends. Raises what is wrong with it. */
void mg_answer_read(lua_State *L, int index, struct mg_arena *arena,
                    struct mg_plugin_answer *answer);

#endif
