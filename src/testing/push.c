/* push.c - see the header. */
#include "testing/push.h"

#include "core/buf.h"
#include "cors/origin_set.h"

enum {
    FAULT_MAX_BYTES = 1024,
    PATTERN_MAX_BYTES = 512
};

static void push_text(lua_State *L, struct mg_str text)
{
    (void)lua_pushlstring(L, text.ptr == NULL ? "" : text.ptr, text.len);
}

void mg_push_text_field(lua_State *L, const char *name, struct mg_str text)
{
    if (text.ptr != NULL) {
        push_text(L, text); /* +1 */
        lua_setfield(L, -2, name);
    }
}

void mg_push_integer_field(lua_State *L, const char *name, uint64_t number)
{
    lua_pushinteger(L, (lua_Integer)number); /* +1 */
    lua_setfield(L, -2, name);
}

void mg_push_boolean_field(lua_State *L, const char *name, bool value)
{
    lua_pushboolean(L, value); /* +1 */
    lua_setfield(L, -2, name);
}

void mg_push_faults(lua_State *L, const struct mg_errs *errs)
{
    lua_createtable(L, (int)errs->count, 0); /* +1 */
    for (size_t i = 0; i < errs->count; i++) {
        const struct mg_err *err = &errs->items[i];
        char text[FAULT_MAX_BYTES];
        mg_err_format(err, text, sizeof(text));
        lua_createtable(L, 0, 8); /* +1 */
        mg_push_text_field(L, "severity", mg_str_from(mg_severity_name(err->severity)));
        mg_push_text_field(L, "code", mg_str_from(err->code));
        mg_push_text_field(L, "file", mg_str_from(err->file));
        mg_push_integer_field(L, "line", (uint64_t)err->line);
        mg_push_text_field(L, "where", mg_str_from(err->where));
        mg_push_text_field(L, "message", mg_str_from(err->message));
        mg_push_text_field(L, "hint", mg_str_from(err->hint));
        mg_push_text_field(L, "text", mg_str_from(text));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

void mg_push_fields(lua_State *L, const struct mg_browser_field *fields, size_t count)
{
    lua_createtable(L, (int)count, 0); /* +1 */
    for (size_t i = 0; i < count; i++) {
        lua_createtable(L, 2, 0); /* +1 */
        push_text(L, fields[i].name);
        lua_rawseti(L, -2, 1);
        push_text(L, fields[i].value);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* ---- resources ---- */

static const char *handler_name(enum mg_handler_kind kind)
{
    switch (kind) {
    case MG_HANDLER_NONE:
        return "none";
    case MG_HANDLER_ECHO:
        return "echo";
    case MG_HANDLER_RESPOND:
        return "respond";
    case MG_HANDLER_PROXY:
        return "proxy";
    case MG_HANDLER_CUSTOM:
        return "custom";
    case MG_HANDLER_PLUGIN:
        return "plugin";
    }
    return "";
}

static void set_names(lua_State *L, const char *field, struct mg_name_list names)
{
    lua_createtable(L, (int)names.count, 0); /* +1 */
    for (size_t i = 0; i < names.count; i++) {
        push_text(L, names.items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, field);
}

static void set_origins(lua_State *L, const struct mg_origin_set *origins)
{
    size_t count = mg_origin_set_count(origins);
    mg_push_integer_field(L, "origin_count", count);
    lua_createtable(L, 4, 0); /* +1 */
    for (size_t i = 0; i < count && i < MG_PUSH_MAX_ORIGINS; i++) {
        char storage[PATTERN_MAX_BYTES];
        struct mg_buf text;
        struct mg_pattern pattern = mg_origin_set_get(origins, i);
        mg_buf_init_fixed(&text, storage, sizeof(storage));
        mg_pattern_write(&pattern, &text);
        push_text(L, mg_buf_str(&text));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "origins");
}

static void set_functions(lua_State *L, unsigned functions)
{
    lua_createtable(L, 0, 0); /* +1 */
    for (int i = 0; i < MG_FUNCTION_COUNT; i++) {
        if ((functions & 1U << i) != 0) {
            mg_push_boolean_field(L, mg_function_name((enum mg_function)i), true);
        }
    }
    lua_setfield(L, -2, "functions");
}

void mg_push_resource(lua_State *L, const struct mg_resource *resource)
{
    static const char *const modes[] = {
        [MG_CORS_SAME_ORIGIN] = "same-origin", [MG_CORS_RULE] = "rule", [MG_CORS_OFF] = "off"};
    luaL_checkstack(L, 6, NULL);
    lua_createtable(L, 0, 14); /* +1 */
    mg_push_text_field(L, "pattern", resource->pattern);
    mg_push_text_field(L, "file", mg_str_from(resource->file));
    mg_push_integer_field(L, "line", (uint64_t)resource->line);
    set_names(L, "methods", resource->methods);
    mg_push_text_field(L, "cors", mg_str_from(modes[resource->cors_mode]));
    mg_push_text_field(L, "handler", mg_str_from(handler_name(resource->handler.kind)));
    mg_push_boolean_field(L, "forwards_options", resource->forwards_options);
    set_functions(L, resource->functions);
    if (resource->rule != NULL) {
        mg_push_boolean_field(L, "public", mg_rule_is_public(resource->rule));
        mg_push_boolean_field(L, "credentials", mg_rule_has_credentials(resource->rule));
        mg_push_boolean_field(L, "rejects", mg_rule_rejects(resource->rule));
        mg_push_boolean_field(L, "any_method", mg_rule_allows_any_method(resource->rule));
        set_names(L, "rule_methods", mg_rule_methods(resource->rule));
        set_origins(L, mg_rule_origins(resource->rule));
    }
}

/* ---- reading ---- */

struct mg_str mg_take_text(lua_State *L, int index, const char *name, struct mg_arena *arena)
{
    struct mg_str text = {NULL, 0};
    int type = lua_getfield(L, index, name); /* +1 */
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        text.ptr = lua_tolstring(L, -1, &text.len);
        text = mg_arena_dup(arena, text);
    } else if (type != LUA_TNIL) {
        (void)luaL_error(L, "'%s' is a %s, not a string", name, lua_typename(L, type));
    }
    lua_pop(L, 1);
    return text;
}

bool mg_take_flag(lua_State *L, int index, const char *name)
{
    (void)lua_getfield(L, index, name); /* +1 */
    bool flag = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return flag;
}

/* The string at the top, as element `i` of `name`, in the arena; it stays at the top. */
static struct mg_str take_element(lua_State *L, const char *name, lua_Integer i,
                                  struct mg_arena *arena)
{
    struct mg_str text = {NULL, 0};
    int type = lua_type(L, -1);
    if (type != LUA_TSTRING && type != LUA_TNUMBER) {
        (void)luaL_error(L, "'%s[%d]' is a %s, not a string", name, (int)i,
                         lua_typename(L, type));
    }
    text.ptr = lua_tolstring(L, -1, &text.len);
    return mg_arena_dup(arena, text);
}

void mg_take_strings(lua_State *L, int index, const char *name, struct mg_strings *list,
                     struct mg_arena *arena)
{
    int type = lua_getfield(L, index, name); /* +1 */
    if (type != LUA_TNIL && type != LUA_TTABLE) {
        (void)luaL_error(L, "'%s' is a %s, not a list of strings", name, lua_typename(L, type));
    }
    lua_Integer count = type == LUA_TNIL ? 0 : luaL_len(L, -1);
    if (count > MG_OPTIONS_MAX_LIST) {
        (void)luaL_error(L, "'%s' has more than %d elements", name, (int)MG_OPTIONS_MAX_LIST);
    }
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_geti(L, -1, i); /* +1 */
        list->items[list->count++] = take_element(L, name, i, arena).ptr;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

const struct mg_browser_field *mg_take_fields(lua_State *L, int index, const char *name,
                                              struct mg_arena *arena, size_t *count)
{
    int type = lua_getfield(L, index, name); /* +1 */
    if (type != LUA_TNIL && type != LUA_TTABLE) {
        (void)luaL_error(L, "'%s' is a %s, not a list of { name, value }", name,
                         lua_typename(L, type));
    }
    lua_Integer length = type == LUA_TNIL ? 0 : luaL_len(L, -1);
    struct mg_browser_field *fields =
        mg_arena_calloc(arena, (size_t)length + 1, sizeof(*fields));
    for (lua_Integer i = 1; fields != NULL && i <= length; i++) {
        if (lua_geti(L, -1, i) != LUA_TTABLE) { /* +1 */
            (void)luaL_error(L, "'%s[%d]' is no { name, value }", name, (int)i);
        }
        (void)lua_geti(L, -1, 1); /* +1 */
        fields[i - 1].name = take_element(L, name, i, arena);
        (void)lua_geti(L, -2, 2); /* +1 */
        fields[i - 1].value = take_element(L, name, i, arena);
        lua_pop(L, 3);
    }
    lua_pop(L, 1);
    *count = fields == NULL ? 0 : (size_t)length;
    return fields;
}
