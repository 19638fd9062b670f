/* text.h - texts that come again: origins, methods, names of fields. Lua hashes a text byte by
 * byte before it finds the string that it has of it already; who compares with one that is kept
 * pays a fraction.
 *
 * Shape:     a place for each of MG_TEXT_PLACES groups of texts holds the last one that came.
 *            The strings stand in the registry, so that they live as long as their place does.
 * Threads:   as script/state.h.
 */
#ifndef MG_SCRIPT_TEXT_H
#define MG_SCRIPT_TEXT_H

#include <lua.h>

#include "core/str.h"

enum {
    MG_TEXT_MAX_BYTES = 40, /* longer ones Lua does not hash */
    MG_TEXT_PLACES = 64,
    MG_TEXT_PLACE_BITS = 6,
    MG_TEXT_FIRST = LUA_RIDX_LAST + 2, /* index of the first place in the registry */
};

/* What stands in the registry, as C sees it: the strings' own bytes. Zeroed before its use. */
struct mg_texts {
    struct {
        const char *ptr;
        size_t len;
    } places[MG_TEXT_PLACES];
};

/* The string at `index`, which is one already: its bytes are Lua's. Never raises. */
static inline struct mg_str mg_text_at(lua_State *L, int index)
{
    struct mg_str text;
    text.ptr = lua_tolstring(L, index, &text.len);
    return text;
}

/* Give the registry its places. Raises when memory is out. */
void mg_texts_open(lua_State *L);

#endif
