/* read.c - see the header. */
#include "plugin/read.h"

#include <lauxlib.h>

#include "script/nearest.h"
#include "script/state.h"

void *mg_plugin_alloc(lua_State *L, struct mg_arena *arena, size_t count, size_t size)
{
    void *memory = mg_arena_calloc(arena, count == 0 ? 1 : count, size);
    if (memory == NULL) {
        (void)mg_script_raise(L, "policy-memory", NULL, "out of memory while reading plugins");
    }
    return memory;
}

struct mg_str mg_plugin_copy(lua_State *L, struct mg_arena *arena, struct mg_str text)
{
    char *copy = mg_plugin_alloc(L, arena, text.len + 1, 1);
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return (struct mg_str){copy, text.len};
}

void mg_plugin_read_wrong_type(struct mg_plugin_reader *reader, const char *wanted,
                               const char *example)
{
    mg_plugin_fault(&reader->spot, MG_ERROR, reader->code, example, "is a %s, not %s",
                    luaL_typename(reader->L, -1), wanted);
}

void mg_plugin_charge_search(const struct mg_plugin_reader *reader)
{
    mg_script_charge(reader->L, 1 + reader->spot.source.len);
}

struct mg_str mg_plugin_read_text(struct mg_plugin_reader *reader, const char *example)
{
    if (lua_type(reader->L, -1) != LUA_TSTRING) {
        mg_plugin_read_wrong_type(reader, "a string", example);
        return (struct mg_str){NULL, 0};
    }
    struct mg_str text;
    text.ptr = lua_tolstring(reader->L, -1, &text.len);
    return mg_plugin_copy(reader->L, reader->arena, text);
}

static void report_unknown(struct mg_plugin_reader *reader, struct mg_str name,
                           const struct mg_plugin_field_reader *fields, size_t field_count)
{
    struct mg_nearest nearest = mg_nearest_begin(name);
    for (size_t i = 0; i < field_count; i++) {
        mg_nearest_offer(&nearest, mg_str_from(fields[i].name));
    }
    char hint[96];
    mg_plugin_fault(&reader->spot, MG_ERROR, reader->code,
                    mg_plugin_did_you_mean(hint, sizeof(hint), nearest.best),
                    "there is no such field");
}

/* Read the field whose name is below the value at the top. */
static void read_field(struct mg_plugin_reader *reader, const char *separator,
                       const struct mg_plugin_field_reader *fields, size_t field_count,
                       void *target)
{
    struct mg_plugin_spot outer = reader->spot;
    struct mg_str name;
    name.ptr = lua_tolstring(reader->L, -2, &name.len);
    reader->spot = mg_plugin_spot_of_field(&outer, separator, name);
    size_t i = 0;
    while (i < field_count && !mg_str_equal(name, mg_str_from(fields[i].name))) {
        i++;
    }
    if (i < field_count) {
        fields[i].read(reader, target);
    } else {
        report_unknown(reader, name, fields, field_count);
    }
    reader->spot = outer;
}

void mg_plugin_read_fields(struct mg_plugin_reader *reader, const char *separator,
                           const struct mg_plugin_field_reader *fields, size_t field_count,
                           void *target)
{
    lua_State *L = reader->L;
    if (lua_type(L, -1) != LUA_TTABLE) {
        mg_plugin_read_wrong_type(reader, "a table", "{ name = value }");
        return;
    }
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    int table = lua_gettop(L);
    lua_pushnil(L); /* +1 */
    while (lua_next(L, table) != 0) {
        mg_plugin_charge_search(reader);
        if (lua_type(L, -2) == LUA_TSTRING) {
            read_field(reader, separator, fields, field_count, target);
        } else {
            mg_plugin_fault(&reader->spot, MG_ERROR, reader->code, "write name = value",
                            "has a value without a field name");
        }
        lua_pop(L, 1);
    }
}

bool mg_plugin_read_words(struct mg_plugin_reader *reader, size_t max, const char *example,
                          const struct mg_str **items, size_t *count)
{
    lua_State *L = reader->L;
    *count = 0;
    if (lua_type(L, -1) != LUA_TTABLE) {
        mg_plugin_read_wrong_type(reader, "a list of strings", example);
        return false;
    }
    size_t length = (size_t)lua_rawlen(L, -1);
    size_t keys = 0;
    lua_pushnil(L); /* +1 */
    while (lua_next(L, -2) != 0) {
        lua_pop(L, 1);
        keys++;
    }
    if (keys != length || length > max) {
        mg_plugin_fault(&reader->spot, MG_ERROR, reader->code, example,
                        keys != length ? "is not a list: it has keys that are names, or gaps"
                                       : "has more elements than are taken");
        return false;
    }
    struct mg_str *words = mg_plugin_alloc(L, reader->arena, length, sizeof(*words));
    struct mg_plugin_spot list = reader->spot;
    bool is_whole = true;
    for (size_t i = 1; i <= length; i++) {
        mg_plugin_charge_search(reader);
        (void)lua_rawgeti(L, -1, (lua_Integer)i); /* +1 */
        reader->spot = mg_plugin_spot_of_item(&list, i);
        words[i - 1] = mg_plugin_read_text(reader, example);
        is_whole = is_whole && words[i - 1].ptr != NULL;
        lua_pop(L, 1);
    }
    reader->spot = list;
    *items = words;
    *count = length;
    return is_whole;
}
