/* response_object.c - see the header. */
#include "plugin/response_object.h"

#include "plugin/own_field.h"
#include "script/state.h"

enum {
    FIELD_STATUS,
    ARG_NAME = 2,
    ARG_VALUE = 3,
    SPARE_FIELDS = 8 /* room at least for added lines before the array moves again */
};
static const char *const field_names[] = {"status", NULL};

static void push_field(lua_State *L, struct mg_object *object, int field)
{
    const struct mg_response_target *target = object->target;
    if (field == FIELD_STATUS) {
        lua_pushinteger(L, target->response->status);
    }
}

static struct mg_str text_argument(lua_State *L, int index, const char *what)
{
    if (lua_type(L, index) != LUA_TSTRING) {
        (void)mg_script_raise(L, "field-type", "res:set(\"Name\", \"value\")",
                              "a field's %s is expected as a string, got %s", what,
                              luaL_typename(L, index));
    }
    struct mg_str text;
    text.ptr = lua_tolstring(L, index, &text.len);
    return text;
}

static void refuse_more(lua_State *L)
{
    (void)mg_script_raise(L, "list-too-long", NULL,
                          "the answer has more than %d fields, or more than %d bytes of them "
                          "were edited",
                          (int)MG_RESPONSE_MAX_FIELDS, (int)MG_RESPONSE_MAX_EDIT_BYTES);
}

/* The same for an edit: what is too long for one is refused before it is walked. */
static struct mg_str edit_argument(lua_State *L, int index, const char *what)
{
    struct mg_str text = text_argument(L, index, what);
    if (text.len > MG_RESPONSE_MAX_EDIT_BYTES) {
        refuse_more(L);
    }
    return text;
}

/* The name of a field that may be edited. */
static struct mg_str editable_name(lua_State *L)
{
    struct mg_str name = edit_argument(L, ARG_NAME, "name");
    if (!mg_str_is_token(name)) {
        (void)mg_script_raise(L, "respond-field", "a name of letters, digits and hyphens",
                              "the name of the field is no token");
    }
    struct mg_str shown = mg_str_shown(name);
    if (mg_own_field_is_framing(name)) {
        (void)mg_script_raise(L, "respond-framing-field", "leave it to the server",
                              "%.*s is written by the server alone", MG_STR_ARG(shown));
    }
    if (mg_own_field_is_cors(name)) {
        (void)mg_script_raise(L, "respond-cors-field",
                              "say it in the resource's cors, or decide it in a decision hook",
                              "%.*s follows from the decision", MG_STR_ARG(shown));
    }
    return name;
}

/* Make room for one field more in an array of our own; its fields are then free to change. */
static void make_room(lua_State *L, struct mg_response_target *target)
{
    struct mg_plugin_response *response = target->response;
    if (response->field_count < target->capacity) {
        return;
    }
    size_t capacity = 2 * response->field_count + SPARE_FIELDS;
    struct mg_plugin_field *fields =
        mg_arena_calloc(response->arena, capacity, sizeof(*fields));
    if (fields == NULL) {
        (void)mg_script_raise(L, "out-of-memory", NULL, "there is no memory for an edit");
        return; /* not reached */
    }
    for (size_t i = 0; i < response->field_count; i++) {
        fields[i] = response->fields[i];
    }
    response->fields = fields;
    target->capacity = capacity;
}

/* A copy of name and value, within the bounds of edits. */
static struct mg_plugin_field copy_field(lua_State *L, struct mg_response_target *target,
                                         struct mg_str name, struct mg_str value)
{
    struct mg_arena *arena = target->response->arena;
    target->edit_bytes += name.len + value.len;
    if (target->edit_bytes > MG_RESPONSE_MAX_EDIT_BYTES ||
        target->response->field_count >= MG_RESPONSE_MAX_FIELDS) {
        refuse_more(L);
    }
    struct mg_plugin_field field = {mg_arena_dup(arena, name), mg_arena_dup(arena, value)};
    if (field.name.len != name.len || field.value.len != value.len) {
        (void)mg_script_raise(L, "out-of-memory", NULL, "there is no memory for an edit");
    }
    return field;
}

/* Remove all lines of that name from `from` on. */
static void remove_from(struct mg_plugin_response *response, struct mg_str name, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < response->field_count; i++) {
        if (!mg_str_equal_nocase(response->fields[i].name, name)) {
            response->fields[kept++] = response->fields[i];
        }
    }
    response->field_count = kept;
}

/* The place of the first line of that name, or the number of fields. */
static size_t find(const struct mg_plugin_response *response, struct mg_str name)
{
    size_t at = 0;
    while (at < response->field_count &&
           !mg_str_equal_nocase(response->fields[at].name, name)) {
        at++;
    }
    return at;
}

/* The value of a field, without white space at its ends. */
static struct mg_str value_argument(lua_State *L, struct mg_str name)
{
    struct mg_str value = mg_str_trim_ows(edit_argument(L, ARG_VALUE, "value"));
    if (!mg_own_field_value_is_safe(value)) {
        (void)mg_script_raise(L, "respond-field", "a value of one line",
                              "the value of %.*s has a CR, LF or NUL", MG_STR_ARG(name));
    }
    return value;
}

/* res:get(name) */
static int response_get(lua_State *L)
{
    const struct mg_response_target *target = mg_object_self(L)->target;
    const struct mg_plugin_response *response = target->response;
    size_t at = find(response, text_argument(L, ARG_NAME, "name"));
    if (at == response->field_count) {
        lua_pushnil(L);
    } else {
        mg_object_push_text(L, response->fields[at].value);
    }
    return 1;
}

/* res:set(name, value): the first line of that name, where there is one, keeps its place. */
static int response_set(lua_State *L)
{
    struct mg_response_target *target = mg_object_self(L)->target;
    struct mg_plugin_response *response = target->response;
    struct mg_str name = editable_name(L);
    struct mg_plugin_field field = copy_field(L, target, name, value_argument(L, name));
    make_room(L, target);
    size_t at = find(response, name);
    response->field_count += at == response->field_count;
    response->fields[at] = field;
    remove_from(response, name, at + 1);
    response->is_changed = true;
    return 0;
}

/* res:add(name, value) */
static int response_add(lua_State *L)
{
    struct mg_response_target *target = mg_object_self(L)->target;
    struct mg_plugin_response *response = target->response;
    struct mg_str name = editable_name(L);
    struct mg_plugin_field field = copy_field(L, target, name, value_argument(L, name));
    make_room(L, target);
    response->fields[response->field_count++] = field;
    response->is_changed = true;
    return 0;
}

/* res:remove(name) */
static int response_remove(lua_State *L)
{
    struct mg_response_target *target = mg_object_self(L)->target;
    struct mg_plugin_response *response = target->response;
    struct mg_str name = editable_name(L);
    if (find(response, name) < response->field_count) {
        make_room(L, target);
        remove_from(response, name, 0);
        response->is_changed = true;
    }
    return 0;
}

static const luaL_Reg methods[] = {{"add", response_add},
                                   {"get", response_get},
                                   {"remove", response_remove},
                                   {"set", response_set},
                                   {NULL, NULL}};

const struct mg_object_class mg_response_class = {
    .name = "res",
    .instead = "call res:set(\"Name\", \"value\")",
    .fields = field_names,
    .push = push_field,
    .methods = methods,
    .size = sizeof(struct mg_object),
};
