/* text.c - see the header.
 *
 * Whoever sends requests can have places taken over, which costs the next to ask for the former
 * text what it would have paid without a place, and no memory.
 */
#include "script/text.h"

#include "script/state_internal.h"

static inline uint64_t load(const char *from, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, from, size);
    return word;
}

/* Of a text that is not empty: its length, both ends and its middle tell most apart. */
static inline unsigned place_of(struct mg_str text)
{
    const char *end = text.ptr + text.len;
    uint64_t word = text.len;
    if (text.len >= 8) {
        uint64_t ends = load(text.ptr, 8) ^ load(end - 8, 8) << 1;
        word += ends ^ load(text.ptr + (text.len - 8) / 2, 8) << 2;
    } else if (text.len >= 4) {
        word += load(text.ptr, 4) << 32 ^ load(end - 4, 4) << 8;
    } else {
        word += load(text.ptr, 1) << 32 ^ load(end - 1, 1) << 8;
    }
    word ^= word >> 32;
    return (unsigned)(word * 0x9e3779b97f4a7c15ULL >> (64 - MG_TEXT_PLACE_BITS));
}

void mg_script_push_text(lua_State *L, struct mg_str text)
{
    if (text.len - 1 >= MG_TEXT_MAX_BYTES) {
        (void)lua_pushlstring(L, text.ptr, text.len); /* +1 */
        return;
    }
    struct mg_texts *texts = &mg_script_of(L)->texts;
    unsigned place = place_of(text);
    if (texts->places[place].len == text.len &&
        memcmp(texts->places[place].ptr, text.ptr, text.len) == 0) {
        (void)lua_rawgeti(L, LUA_REGISTRYINDEX, MG_TEXT_FIRST + (lua_Integer)place); /* +1 */
        return;
    }
    const char *ptr = lua_pushlstring(L, text.ptr, text.len); /* +1; nothing raises from here */
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, MG_TEXT_FIRST + (lua_Integer)place); /* -1 */
    texts->places[place].ptr = ptr;
    texts->places[place].len = text.len;
}

void mg_texts_open(lua_State *L)
{
    for (int i = 0; i < MG_TEXT_PLACES; i++) {
        lua_pushboolean(L, 0);
        lua_rawseti(L, LUA_REGISTRYINDEX, MG_TEXT_FIRST + i);
    }
}
