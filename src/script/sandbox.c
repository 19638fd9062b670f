/* sandbox.c - the allow-list, in one table a library.
 *
 * A script's environment is a table of its own whose metatable looks names up in `safe`:
 *
 *   _ENV = {}  --__index-->  look_up  -->  safe = { string = <read-only>, resource = <C>, … }
 *
 * `safe` itself is an upvalue of look_up and cannot be reached. A library is shown as an empty
 * table with a protected metatable (__index: the real one, __newindex: an error), so that one
 * policy cannot change what another one calls. Scripts have no setmetatable and no rawset, so
 * there is no __gc, no __close, no __len and no __tostring of theirs anywhere.
 *
 * A C function runs without the count hook, so each one whose work grows with its arguments is
 * wrapped: it charges for their size first. The patterns' worst case is exponential in the
 * number of repetitions, so it is bounded beforehand, from pattern and length of the subject.
 */
#include "script/sandbox.h"

#include <stdint.h>

#include <lualib.h>

#include "script/nearest.h"
#include "script/state.h"

enum {
    BYTES_A_STEP = 16, /* of string arguments, when charging for a call */
    SORT_STEPS = 32,   /* charged for an element of a table that is sorted */
};

/* ---- charging wrappers: upvalue 1 is Lua's own function ---- */

static int call_original(lua_State *L)
{
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* Charge for the bytes of all string arguments. */
static int charge_strings(lua_State *L)
{
    uint64_t bytes = 0;
    for (int i = lua_gettop(L); i > 0; i--) {
        bytes += lua_type(L, i) == LUA_TSTRING ? lua_rawlen(L, i) : 0;
    }
    mg_script_charge(L, bytes / BYTES_A_STEP);
    return call_original(L);
}

/* Charge for the elements of the table that is the first argument. */
static int charge_elements(lua_State *L)
{
    mg_script_charge(L, lua_type(L, 1) == LUA_TTABLE ? lua_rawlen(L, 1) : 0);
    return call_original(L);
}

/* As charge_elements, but appending and taking from the end move nothing. */
static int charge_moves(lua_State *L)
{
    bool has_position = lua_gettop(L) > (lua_toboolean(L, lua_upvalueindex(2)) ? 2 : 1);
    return has_position ? charge_elements(L) : call_original(L);
}

static int charge_sort(lua_State *L)
{
    uint64_t count = lua_type(L, 1) == LUA_TTABLE ? lua_rawlen(L, 1) : 0;
    mg_script_charge(L, count * SORT_STEPS);
    return call_original(L);
}

static int bounded_move(lua_State *L)
{
    lua_Integer from = luaL_checkinteger(L, 2);
    lua_Integer to = luaL_checkinteger(L, 3);
    lua_Integer distance;
    if (__builtin_sub_overflow(to, from, &distance) || distance >= MG_TABLE_MOVE_MAX) {
        return luaL_argerror(L, 3, "too many elements to move");
    }
    mg_script_charge(L, distance < 0 ? 0 : (uint64_t)distance);
    return call_original(L);
}

static int bounded_rep(lua_State *L)
{
    size_t length;
    size_t separator;
    (void)luaL_checklstring(L, 1, &length);
    lua_Integer count = luaL_checkinteger(L, 2);
    (void)luaL_optlstring(L, 3, "", &separator);
    size_t total;
    if (count <= 0 || length + separator == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (__builtin_mul_overflow(length + separator, (size_t)count, &total) ||
        total > MG_SCRIPT_MAX_BYTES) {
        return luaL_argerror(L, 2, "resulting string too large");
    }
    mg_script_charge(L, total / BYTES_A_STEP);
    return call_original(L);
}

/* ---- patterns ---- */

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* The position behind the set that begins at pattern[at] == '[' (manual 6.4.1: a first `]`
 * stands for itself). */
static size_t skip_set(struct mg_str pattern, size_t at)
{
    at++;
    at += at < pattern.len && pattern.ptr[at] == '^';
    do {
        at += at < pattern.len && pattern.ptr[at] == '%' ? 2 : 1;
    } while (at < pattern.len && pattern.ptr[at] != ']');
    return at + 1;
}

uint64_t mg_pattern_cost(struct mg_str pattern, size_t length)
{
    bool is_anchored = pattern.len > 0 && pattern.ptr[0] == '^';
    uint64_t choices = (uint64_t)length + 1;
    uint64_t cost = multiply(is_anchored ? 1 : choices, pattern.len + 1);
    for (size_t i = is_anchored; i < pattern.len;) {
        char c = pattern.ptr[i];
        char next = i + 1 < pattern.len ? pattern.ptr[i + 1] : '\0';
        if (c == '[') {
            i = skip_set(pattern, i);
        } else if (c == '%') {
            /* %b and back references read on through the subject, without a choice. */
            bool reads = next == 'b' || mg_ascii_is_digit(next);
            cost = reads ? multiply(cost, choices) : cost;
            i += next == 'b' ? 4 : 2;
        } else {
            bool repeats = c == '*' || c == '+' || c == '-';
            cost = multiply(cost, repeats ? choices : c == '?' ? 2 : 1);
            i++;
        }
    }
    return cost;
}

static int bounded_match(lua_State *L)
{
    struct mg_str subject;
    struct mg_str pattern;
    subject.ptr = luaL_checklstring(L, 1, &subject.len);
    pattern.ptr = luaL_checklstring(L, 2, &pattern.len);
    if (mg_pattern_cost(pattern, subject.len) > MG_PATTERN_MAX_STEPS) {
        return mg_script_raise(
            L, "pattern-cost",
            "shorten the subject, anchor the pattern with ^, or use fewer "
            "repetitions",
            "matching this pattern of %zu bytes with a text of %zu bytes can "
            "take too many steps",
            pattern.len, subject.len);
    }
    mg_script_charge(L, (subject.len + pattern.len) / BYTES_A_STEP);
    return call_original(L);
}

/* ---- functions of our own ---- */

/* Whether tostring gives an address for the value. */
static bool shows_address(lua_State *L, int index)
{
    int type = lua_type(L, index);
    return type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA ||
           type == LUA_TLIGHTUSERDATA || type == LUA_TTHREAD;
}

static int safe_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    if (shows_address(L, 1)) {
        lua_pushstring(L, luaL_typename(L, 1));
    } else {
        (void)luaL_tolstring(L, 1, NULL);
    }
    return 1;
}

static int safe_format(lua_State *L)
{
    const char *format = luaL_checkstring(L, 1);
    for (const char *p = strchr(format, '%'); p != NULL; p = strchr(p, '%')) {
        p += 1 + strspn(p + 1, "-+ #0123456789.");
        if (*p == 'p') {
            return luaL_argerror(L, 1, "'%p' is not offered");
        }
        p += *p != '\0';
    }
    for (int i = lua_gettop(L); i > 1; i--) {
        if (shows_address(L, i)) {
            lua_pushstring(L, luaL_typename(L, i)); /* +1 */
            lua_replace(L, i);                      /* -1 */
        }
    }
    return charge_strings(L);
}

static int safe_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    bool succeeded = mg_script_pcall(L, lua_gettop(L) - 1);
    lua_pushboolean(L, succeeded); /* +1 */
    lua_insert(L, 1);
    return lua_gettop(L);
}

static int refuse_write(lua_State *L)
{
    return luaL_error(L, "the library is read-only");
}

/* ---- the allow-list ---- */

struct allowed {
    const char *name;
    lua_CFunction wrapper; /* NULL: Lua's own as it is */
    bool flag;             /* upvalue 2 of the wrapper */
};

static const struct allowed base_names[] = {
    {"assert", NULL, false}, {"error", NULL, false},    {"ipairs", NULL, false},
    {"next", NULL, false},   {"pairs", NULL, false},    {"pcall", safe_pcall, false},
    {"select", NULL, false}, {"tonumber", NULL, false}, {"tostring", safe_tostring, false},
    {"type", NULL, false},   {NULL, NULL, false},
};
static const struct allowed string_names[] = {
    {"byte", charge_strings, false},
    {"char", NULL, false},
    {"find", bounded_match, false},
    {"format", safe_format, false},
    {"gmatch", bounded_match, false},
    {"gsub", bounded_match, false},
    {"len", NULL, false},
    {"lower", charge_strings, false},
    {"match", bounded_match, false},
    {"rep", bounded_rep, false},
    {"reverse", charge_strings, false},
    {"sub", charge_strings, false},
    {"upper", charge_strings, false},
    {NULL, NULL, false},
};
static const struct allowed table_names[] = {
    {"concat", charge_elements, false}, {"insert", charge_moves, true},
    {"move", bounded_move, false},      {"pack", NULL, false},
    {"remove", charge_moves, false},    {"sort", charge_sort, false},
    {"unpack", charge_elements, false}, {NULL, NULL, false},
};
static const struct allowed math_names[] = {
    {"abs", NULL, false},        {"acos", NULL, false},       {"asin", NULL, false},
    {"atan", NULL, false},       {"ceil", NULL, false},       {"cos", NULL, false},
    {"deg", NULL, false},        {"exp", NULL, false},        {"floor", NULL, false},
    {"fmod", NULL, false},       {"huge", NULL, false},       {"log", NULL, false},
    {"max", NULL, false},        {"maxinteger", NULL, false}, {"min", NULL, false},
    {"mininteger", NULL, false}, {"modf", NULL, false},       {"pi", NULL, false},
    {"rad", NULL, false},        {"sin", NULL, false},        {"sqrt", NULL, false},
    {"tan", NULL, false},        {"tointeger", NULL, false},  {"type", NULL, false},
    {"ult", NULL, false},        {NULL, NULL, false},
};
static const struct allowed utf8_names[] = {
    {"char", NULL, false},
    {"charpattern", NULL, false},
    {"codepoint", charge_strings, false},
    {"codes", charge_strings, false},
    {"len", charge_strings, false},
    {"offset", charge_strings, false},
    {NULL, NULL, false},
};

/* Copy the allowed members of the table at the top into the table below it; -1. */
static void keep(lua_State *L, const struct allowed *names)
{
    for (; names->name != NULL; names++) {
        lua_getfield(L, -1, names->name); /* +1 */
        if (names->wrapper != NULL) {
            lua_pushboolean(L, names->flag);        /* +1 */
            lua_pushcclosure(L, names->wrapper, 2); /* -2 +1 */
        }
        lua_setfield(L, -3, names->name); /* -1 */
    }
    lua_pop(L, 1);
}

/* Replace the table at the top by a read-only view of it. */
static void make_read_only(lua_State *L)
{
    lua_createtable(L, 0, 0); /* +1 the view */
    lua_createtable(L, 0, 3); /* +1 its metatable */
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2); /* -1 */
    lua_remove(L, -2);
}

/* Make every string's methods those of the table at the top, and protect the metatable. */
static void seal_string_metatable(lua_State *L)
{
    lua_pushliteral(L, "");             /* +1 */
    (void)lua_getmetatable(L, -1);      /* +1 */
    lua_pushvalue(L, -3);               /* +1 */
    lua_setfield(L, -2, "__index");     /* -1 */
    lua_pushboolean(L, 0);              /* +1 */
    lua_setfield(L, -2, "__metatable"); /* -1 */
    lua_pop(L, 2);
}

/* Add to the table at the top a read-only library of the allowed names. */
static void add_library(lua_State *L, const char *name, lua_CFunction open,
                        const struct allowed *names)
{
    lua_createtable(L, 0, 0);        /* +1 */
    luaL_requiref(L, name, open, 0); /* +1 */
    keep(L, names);                  /* -1 */
    if (open == luaopen_string) {
        seal_string_metatable(L);
    }
    make_read_only(L);
    lua_setfield(L, -2, name); /* -1 */
}

/* ---- environments ---- */

/* Its address is the environments' metatable's key in the registry. */
static const char metatable_key;

/* Names of Lua that a policy's author may reach for, and what to do instead. */
static const struct {
    const char *name;
    const char *instead;
} absent[] = {
    {"_G", "globals of a policy are its own; include \"_file.lua\" passes values on"},
    {"collectgarbage", "memory is managed for policies"},
    {"coroutine", "policies have no coroutines"},
    {"debug", "policies have no debug library"},
    {"dofile", "write include \"_file.lua\""},
    {"getmetatable", "policies have no metatables"},
    {"io", "policies read no files; for lists of origins there is file \"name.txt\""},
    {"load", "policies make no code from text"},
    {"loadfile", "write include \"_file.lua\""},
    {"os", "policies see neither clock nor environment"},
    {"print", "write log(…)"},
    {"rawset", "policies have no metatables, so plain assignment does it"},
    {"require", "write include \"_file.lua\""},
    {"setmetatable", "policies have no metatables"},
    {"xpcall", "write pcall"},
};

/* Offer all names of the table at `index`. */
static void offer_names(lua_State *L, int index, struct mg_nearest *nearest)
{
    lua_pushnil(L);                   /* +1 */
    while (lua_next(L, index) != 0) { /* -1 +2 */
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) {
            mg_nearest_offer(nearest, mg_str_from(lua_tostring(L, -1)));
        }
    }
}

/* __index of environments; upvalue 1 is the table of safe names. */
static int look_up(lua_State *L)
{
    lua_settop(L, 2); /* the environment, the key */
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING) {
        return 1;
    }
    const char *name = lua_tostring(L, 2);
    const char *hint = NULL;
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        hint = strcmp(absent[i].name, name) == 0 ? absent[i].instead : hint;
    }
    if (hint == NULL) {
        struct mg_nearest nearest = mg_nearest_begin(mg_str_from(name));
        lua_pushvalue(L, lua_upvalueindex(1)); /* +1 */
        offer_names(L, lua_gettop(L), &nearest);
        offer_names(L, 1, &nearest);
        hint = nearest.best.len == 0
                   ? NULL
                   : lua_pushfstring(L, "did you mean '%s'?", nearest.best.ptr); /* +1 */
    }
    return mg_script_raise(L, "global-undefined", hint,
                           "neither this policy nor Moongate defines '%s'", name);
}

void mg_sandbox_push_environment(lua_State *L)
{
    lua_createtable(L, 0, 0);                          /* +1 */
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key); /* +1 */
    lua_setmetatable(L, -2);                           /* -1 */
}

void mg_sandbox_open(lua_State *L, const luaL_Reg *globals)
{
    lua_createtable(L, 0, 3);                     /* +1 the environments' metatable */
    lua_createtable(L, 0, 0);                     /* +1 the safe names */
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0); /* +1 */
    keep(L, base_names);                          /* -1 */
    add_library(L, LUA_STRLIBNAME, luaopen_string, string_names);
    add_library(L, LUA_TABLIBNAME, luaopen_table, table_names);
    add_library(L, LUA_MATHLIBNAME, luaopen_math, math_names);
    add_library(L, LUA_UTF8LIBNAME, luaopen_utf8, utf8_names);
    luaL_setfuncs(L, globals, 0);
    lua_pushcclosure(L, look_up, 1); /* -1 +1 */
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key); /* -1 */

    /* Forget the stock libraries: nothing leads to them any more. */
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_createtable(L, 0, 0);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
