/* config_json.c - see the header. The text grows in a fixed piece of memory that the Lua state
 * owns, so that nothing is lost when Lua raises.
 */
#include "plugin/config_json.h"

#include <math.h>
#include <stdint.h>

#include <lauxlib.h>

#include "core/buf.h"
#include "script/state.h"

static void write_value(lua_State *L, struct mg_buf *out);

static void write_number(lua_State *L, struct mg_buf *out)
{
    if (lua_isinteger(L, -1)) {
        mg_buf_printf(out, "%lld", (long long)lua_tointegerx(L, -1, NULL));
    } else if (isfinite(lua_tonumber(L, -1))) {
        mg_buf_printf(out, "%.17g", lua_tonumber(L, -1));
    } else {
        mg_buf_add(out, MG_STR("null"));
    }
}

static void write_list(lua_State *L, struct mg_buf *out)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    mg_buf_add_char(out, '[');
    for (lua_Integer i = 1; i <= count; i++) {
        mg_buf_add(out, i > 1 ? MG_STR(",") : MG_STR(""));
        (void)lua_rawgeti(L, -1, i); /* +1 */
        write_value(L, out);
        lua_pop(L, 1);
    }
    mg_buf_add_char(out, ']');
}

/* Push the least string key of the table at `index` that is above `last` (+1). Returns: false,
 * and nothing is pushed, behind the last one. */
static bool push_next_key(lua_State *L, int index, const struct mg_str *last)
{
    struct mg_str least = {NULL, 0};
    uint64_t visited = 0;
    lua_pushnil(L); /* +1: the key that is found */
    lua_pushnil(L); /* +1 */
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        visited++;
        if (lua_type(L, -1) != LUA_TSTRING) {
            continue;
        }
        struct mg_str name;
        name.ptr = lua_tolstring(L, -1, &name.len);
        if ((last == NULL || mg_str_compare(name, *last) > 0) &&
            (least.ptr == NULL || mg_str_compare(name, least) < 0)) {
            least = name;
            lua_copy(L, -1, -2);
        }
    }
    mg_script_charge(L, visited); /* all keys for each: a large map ends at the bound */
    if (least.ptr == NULL) {
        lua_pop(L, 1);
    }
    return least.ptr != NULL;
}

static void write_object(lua_State *L, struct mg_buf *out)
{
    int table = lua_gettop(L);
    struct mg_str last;
    mg_buf_add_char(out, '{');
    for (bool is_first = true; push_next_key(L, table, is_first ? NULL : &last);
         is_first = false) {                        /* +1 */
        last.ptr = lua_tolstring(L, -1, &last.len); /* the table keeps it */
        mg_buf_add(out, is_first ? MG_STR("") : MG_STR(","));
        mg_buf_add_json(out, last);
        mg_buf_add_char(out, ':');
        (void)lua_rawget(L, table); /* -1 +1 */
        write_value(L, out);
        lua_pop(L, 1);
    }
    mg_buf_add_char(out, '}');
}

/* Depth is bounded by that of checked configurations. */
static void write_value(lua_State *L, struct mg_buf *out)
{
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    struct mg_str text;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        text.ptr = lua_tolstring(L, -1, &text.len);
        mg_buf_add_json(out, text);
        break;
    case LUA_TNUMBER:
        write_number(L, out);
        break;
    case LUA_TBOOLEAN:
        mg_buf_add(out, lua_toboolean(L, -1) ? MG_STR("true") : MG_STR("false"));
        break;
    case LUA_TTABLE:
        if (lua_rawlen(L, -1) > 0) {
            write_list(L, out);
        } else {
            write_object(L, out);
        }
        break;
    default:
        mg_buf_add(out, MG_STR("null"));
        break;
    }
}

struct mg_str mg_config_json_push(lua_State *L)
{
    char *storage = lua_newuserdatauv(L, MG_CONFIG_JSON_MAX_BYTES, 0); /* +1 */
    lua_insert(L, -2);
    struct mg_buf out;
    mg_buf_init_fixed(&out, storage, MG_CONFIG_JSON_MAX_BYTES);
    write_value(L, &out);
    lua_pop(L, 1);
    mg_buf_add_char(&out, '\0');
    return out.overflowed ? (struct mg_str){NULL, 0} : (struct mg_str){out.ptr, out.len - 1};
}
