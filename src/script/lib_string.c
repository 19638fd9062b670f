/* lib_string.c - the string functions that do not search, and the list of all.
 *
 * Each charges for the bytes it is about to read or write. Strings are made in Lua's buffers,
 * so that nothing leaks when memory is out.
 */
#include "script/lib_string.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>

#include "script/fields.h"
#include "script/lib_string_match.h"
#include "script/seal.h"
#include "script/state.h"

enum {
    BYTES_A_STEP = 16,
    CONVERSION_STEPS = 16, /* of one number in format: up to 100 digits, and as wide */
};

static struct mg_str check_string(lua_State *L, int index)
{
    struct mg_str text;
    text.ptr = luaL_checklstring(L, index, &text.len);
    return text;
}

static void charge_bytes(lua_State *L, size_t bytes)
{
    mg_script_charge(L, bytes / BYTES_A_STEP);
}

/* Room for a result of `length` bytes, which is not yet its length. */
static char *make_room(lua_State *L, luaL_Buffer *out, size_t length)
{
    return luaL_buffinitsize(L, out, length + mg_fields_spare_bytes(length));
}

/* Where a substring ends: `position` as the manual corrects it, at most `length`; 0 when it is
 * before the first byte. */
static size_t end_of(lua_Integer position, size_t length)
{
    if (position >= 0) {
        return (size_t)position < length ? (size_t)position : length;
    }
    bool is_inside = position >= -(lua_Integer)length;
    return is_inside ? length - (size_t)-position + 1 : 0;
}

/* The substring from position `first` to `last`, both included. */
static struct mg_str slice(struct mg_str text, lua_Integer first, lua_Integer last)
{
    size_t start = mg_string_start(first, text.len);
    size_t end = end_of(last, text.len);
    return start > end ? (struct mg_str){text.ptr, 0}
                       : (struct mg_str){text.ptr + start - 1, end - start + 1};
}

static int string_byte(lua_State *L)
{
    struct mg_str text = check_string(L, 1);
    lua_Integer first = luaL_optinteger(L, 2, 1);
    text = slice(text, first, luaL_optinteger(L, 3, first));
    if (text.len >= INT_MAX) {
        return luaL_error(L, "string slice too long");
    }
    mg_script_charge(L, text.len);
    luaL_checkstack(L, (int)text.len, "string slice too long");
    for (size_t i = 0; i < text.len; i++) {
        lua_pushinteger(L, (unsigned char)text.ptr[i]);
    }
    return (int)text.len;
}

static int string_char(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_Buffer out;
    charge_bytes(L, (size_t)count);
    char *bytes = make_room(L, &out, (size_t)count);
    for (int i = 1; i <= count; i++) {
        if (lua_type(L, i) == LUA_TSTRING) {
            charge_bytes(L, lua_rawlen(L, i)); /* as long as it is to be read as a number */
        }
        lua_Integer code = luaL_checkinteger(L, i);
        luaL_argcheck(L, code >= 0 && code <= UCHAR_MAX, i, "value out of range");
        bytes[i - 1] = (char)(unsigned char)code;
    }
    luaL_pushresultsize(&out, (size_t)count);
    return 1;
}

static int string_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_string(L, 1).len);
    return 1;
}

static int string_sub(lua_State *L)
{
    struct mg_str text = check_string(L, 1);
    lua_Integer first = luaL_checkinteger(L, 2);
    text = slice(text, first, luaL_optinteger(L, 3, -1));
    charge_bytes(L, text.len);
    lua_pushlstring(L, text.ptr, text.len);
    return 1;
}

static int string_lower(lua_State *L)
{
    struct mg_str text = check_string(L, 1);
    luaL_Buffer out;
    charge_bytes(L, text.len);
    char *bytes = make_room(L, &out, text.len);
    for (size_t i = 0; i < text.len; i++) {
        bytes[i] = mg_ascii_lower(text.ptr[i]);
    }
    luaL_pushresultsize(&out, text.len);
    return 1;
}

static int string_upper(lua_State *L)
{
    struct mg_str text = check_string(L, 1);
    luaL_Buffer out;
    charge_bytes(L, text.len);
    char *bytes = make_room(L, &out, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bytes[i] = (char)(c >= 'a' && c <= 'z' ? c - 0x20 : c);
    }
    luaL_pushresultsize(&out, text.len);
    return 1;
}

static int string_reverse(lua_State *L)
{
    struct mg_str text = check_string(L, 1);
    luaL_Buffer out;
    charge_bytes(L, text.len);
    char *bytes = make_room(L, &out, text.len);
    for (size_t i = 0; i < text.len; i++) {
        bytes[i] = text.ptr[text.len - 1 - i];
    }
    luaL_pushresultsize(&out, text.len);
    return 1;
}

/* Repeating nothing is nothing, however often: no loop depends on the count alone. */
static int string_rep(lua_State *L)
{
    struct mg_str text = check_string(L, 1);
    lua_Integer count = luaL_checkinteger(L, 2);
    struct mg_str separator;
    separator.ptr = luaL_optlstring(L, 3, "", &separator.len);
    size_t unit = text.len + separator.len;
    size_t total;
    if (count <= 0 || unit == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (__builtin_mul_overflow(unit, (size_t)count, &total) ||
        total - separator.len > MG_SCRIPT_MAX_BYTES) {
        return luaL_error(L, "resulting string too large");
    }
    total -= separator.len;
    charge_bytes(L, total);

    luaL_Buffer out;
    char *bytes = make_room(L, &out, total);
    memcpy(bytes, text.ptr, text.len);
    size_t filled = text.len;
    if (count > 1) {
        memcpy(bytes + filled, separator.ptr, separator.len);
        filled += separator.len;
    }
    while (filled < total) { /* what is there is a whole number of units: double it */
        size_t more = filled < total - filled ? filled : total - filled;
        memcpy(bytes + filled, bytes, more);
        filled += more;
    }
    luaL_pushresultsize(&out, total);
    return 1;
}

/* ---- format ---- */

/* Its address is the key of Lua's own string.format in the registry. */
static const char format_key;

void mg_lib_string_adopt(lua_State *L)
{
    lua_getfield(L, -1, "format");                  /* +1 */
    lua_rawsetp(L, LUA_REGISTRYINDEX, &format_key); /* -1 */
}

/* Replace a value of which tostring would show the address by the name of its type. */
static void hide_address(lua_State *L, int index)
{
    int type = lua_type(L, index);
    if (type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TTHREAD ||
        type == LUA_TUSERDATA || type == LUA_TLIGHTUSERDATA) {
        lua_pushstring(L, mg_seal_type_name(L, index)); /* +1 */
        lua_replace(L, index);                          /* -1 */
    }
}

/* The conversion character behind the "%" at *i, or NUL at the end; *i moves to it. */
static char read_conversion(struct mg_str format, size_t *i)
{
    const struct mg_str modifiers = MG_STR("-+ #0123456789.");
    do {
        ++*i;
        if (*i >= format.len) {
            return '\0';
        }
    } while (memchr(modifiers.ptr, format.ptr[*i], modifiers.len) != NULL);
    return format.ptr[*i];
}

/* Make the argument of a conversion safe. Returns: the steps that formatting it takes. */
static uint64_t prepare_argument(lua_State *L, int index, char conversion)
{
    if (index > lua_gettop(L)) {
        return 0; /* Lua's own will say so */
    }
    if (conversion == 's') {
        hide_address(L, index);
    }
    size_t bytes = lua_type(L, index) == LUA_TSTRING ? lua_rawlen(L, index) : 0;
    return CONVERSION_STEPS + bytes / BYTES_A_STEP;
}

/* Charge for reading the format, and make the arguments safe. Returns: the steps that
 * formatting them takes. */
static uint64_t prepare_format(lua_State *L, struct mg_str format)
{
    uint64_t steps = 0;
    int argument = 1;
    charge_bytes(L, format.len);
    /* By length: what follows a zero byte is formatted too. */
    for (size_t i = 0; i < format.len; i++) {
        if (format.ptr[i] != '%') {
            continue;
        }
        char conversion = read_conversion(format, &i);
        if (conversion == 'p') {
            (void)luaL_argerror(L, 1, "'%p' is not offered");
        }
        if (conversion != '%') {
            argument++;
            steps += prepare_argument(L, argument, conversion);
        }
    }
    return steps;
}

/* Lua's own does the formatting: it shows no address but for %p and for %s of a value that is
 * no string, and every conversion is at most 99 wide. */
static int string_format(lua_State *L)
{
    mg_script_charge(L, prepare_format(L, check_string(L, 1)));
    lua_rawgetp(L, LUA_REGISTRYINDEX, &format_key); /* +1 */
    lua_CFunction format = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    assert(format != NULL); /* mg_lib_string_adopt was called */
    return format(L);
}

const luaL_Reg mg_lib_string[] = {
    {"byte", string_byte},        {"char", string_char},
    {"find", mg_string_find},     {"format", string_format},
    {"gmatch", mg_string_gmatch}, {"gsub", mg_string_gsub},
    {"len", string_len},          {"lower", string_lower},
    {"match", mg_string_match},   {"rep", string_rep},
    {"reverse", string_reverse},  {"sub", string_sub},
    {"upper", string_upper},      {NULL, NULL},
};
