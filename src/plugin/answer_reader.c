/* answer_reader.c - see the header. The answer may be, or hold, tables that were frozen when
 * the state was sealed: those are read through. Nothing of a script runs meanwhile.
 */
#include "plugin/answer_reader.h"

#include "http/response.h"
#include "plugin/own_field.h"
#include "script/nearest.h"
#include "script/seal.h"
#include "script/state.h"
#include "script/text.h"

enum {
    BYTES_A_STEP = 64 /* copied bytes that are charged as one step */
};

struct reader {
    lua_State *L;
    struct mg_arena *arena;
    struct mg_plugin_answer *answer;
    struct mg_plugin_field *fields;
    size_t count;
    size_t bytes; /* of names and values */
};

/* Push the table at `index`, or the one behind it when it is frozen (+1). Returns: whether it
 * is one. */
static bool push_table(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TTABLE) {
        lua_pushvalue(L, index);
        return true;
    }
    return mg_seal_push_behind(L, index);
}

static struct mg_str copy(struct reader *reader, struct mg_str text)
{
    struct mg_str copied = mg_arena_dup(reader->arena, text);
    if (copied.len != text.len) {
        (void)mg_script_raise(reader->L, "out-of-memory", NULL,
                              "there is no memory for an answer of this size");
    }
    return copied;
}

/* ---- fields ---- */

static void check_field(lua_State *L, struct mg_str name, struct mg_str value)
{
    if (!mg_str_is_token(name)) {
        (void)mg_script_raise(L, "respond-field", "a name of letters, digits and hyphens",
                              "a field of the answer has a name that is no token");
    }
    if (mg_own_field_is_framing(name)) {
        (void)mg_script_raise(L, "respond-framing-field", "leave it out",
                              "the answer has %.*s, which the server alone writes",
                              MG_STR_ARG(name));
    }
    if (!mg_own_field_value_is_safe(value)) {
        (void)mg_script_raise(L, "respond-field", "a value of one line",
                              "the value of %.*s has a CR, LF or NUL", MG_STR_ARG(name));
    }
}

/* Add a field whose name is `name` and whose value stands at the top. Later ones of the same
 * table than `first` are kept in byte order of their names; equal ones stay as they came. */
static void add_field(struct reader *reader, struct mg_str name, size_t first)
{
    lua_State *L = reader->L;
    if (lua_type(L, -1) != LUA_TSTRING) {
        (void)mg_script_raise(L, "field-type", "[\"Name\"] = \"value\"",
                              "the value of %.*s is a %s, not a string",
                              (int)(name.len < 64 ? name.len : 64), name.ptr,
                              luaL_typename(L, -1));
    }
    struct mg_str value = mg_text_at(L, -1);
    reader->bytes += name.len + value.len; /* before what they hold is looked at */
    if (reader->count == MG_ANSWER_MAX_FIELDS || reader->bytes > MG_ANSWER_MAX_FIELD_BYTES) {
        (void)mg_script_raise(L, "list-too-long", NULL,
                              "the answer has more than %d fields, or more than %d bytes of "
                              "them",
                              (int)MG_ANSWER_MAX_FIELDS, (int)MG_ANSWER_MAX_FIELD_BYTES);
    }
    value = mg_str_trim_ows(value);
    check_field(L, name, value);
    struct mg_plugin_field field = {copy(reader, name), copy(reader, value)};
    size_t at = reader->count++;
    for (; at > first && mg_str_compare(field.name, reader->fields[at - 1].name) < 0; at--) {
        reader->fields[at] = reader->fields[at - 1];
    }
    reader->fields[at] = field;
}

/* Add the pair { "Name", "value" } at the top. */
static void add_pair(struct reader *reader)
{
    lua_State *L = reader->L;
    if (!push_table(L, -1) || lua_rawlen(L, -1) != 2 ||
        lua_rawgeti(L, -1, 1) != LUA_TSTRING) { /* +1 the table, +1 the name */
        (void)mg_script_raise(L, "respond-field", "{ \"Name\", \"value\" }",
                              "an element of the answer's fields is no pair of name and value");
    }
    (void)lua_rawgeti(L, -2, 2); /* +1 */
    add_field(reader, mg_text_at(L, -2), SIZE_MAX);
    lua_pop(L, 3);
}

/* Add the named field whose value, or list of values, stands at the top. */
static void add_named(struct reader *reader, struct mg_str name, size_t first)
{
    lua_State *L = reader->L;
    if (!push_table(L, -1)) {
        add_field(reader, name, first);
        return;
    }
    size_t count = lua_rawlen(L, -1);
    for (size_t i = 1; i <= count; i++) {
        (void)lua_rawgeti(L, -1, (lua_Integer)i); /* +1 */
        add_field(reader, name, first);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void read_fields(struct reader *reader)
{
    lua_State *L = reader->L;
    reader->fields =
        mg_arena_calloc(reader->arena, MG_ANSWER_MAX_FIELDS, sizeof(*reader->fields));
    if (reader->fields == NULL) {
        (void)mg_script_raise(L, "out-of-memory", NULL, "there is no memory for an answer");
    }
    if (!push_table(L, -1)) { /* +1 */
        (void)mg_script_raise(L, "field-type", "fields = { [\"Name\"] = \"value\" }",
                              "the fields of the answer are a %s, not a table",
                              luaL_typename(L, -1));
    }
    int table = lua_gettop(L);
    size_t pair_count = lua_rawlen(L, table);
    size_t numbered_count = 0;
    for (size_t i = 1; i <= pair_count; i++) {
        (void)lua_rawgeti(L, table, (lua_Integer)i); /* +1 */
        add_pair(reader);
        lua_pop(L, 1);
    }
    size_t first = reader->count;
    lua_pushnil(L);                   /* +1 */
    while (lua_next(L, table) != 0) { /* -1 +2 */
        if (lua_type(L, -2) == LUA_TSTRING) {
            add_named(reader, mg_text_at(L, -2), first);
        } else if (++numbered_count > pair_count) {
            (void)mg_script_raise(L, "respond-field", "{ { \"Name\", \"value\" }, … }",
                                  "the answer's fields have a key that is neither a name nor "
                                  "a place in a list");
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* ---- the rest ---- */

static void read_status(struct reader *reader)
{
    lua_State *L = reader->L;
    int is_integer;
    lua_Integer status = lua_tointegerx(L, -1, &is_integer);
    if (lua_type(L, -1) != LUA_TNUMBER || !is_integer || status < 200 || status > 599) {
        (void)mg_script_raise(L, "respond-status", "status = 200",
                              "the status of the answer is no final one: 200 to 599");
    }
    reader->answer->status = (unsigned)status;
}

static void read_body(struct reader *reader)
{
    lua_State *L = reader->L;
    if (lua_type(L, -1) != LUA_TSTRING) {
        (void)mg_script_raise(L, "field-type", "body = \"text\"",
                              "the body of the answer is a %s, not a string",
                              luaL_typename(L, -1));
    }
    struct mg_str body = mg_text_at(L, -1);
    if (body.len > MG_ANSWER_MAX_BODY_BYTES) {
        (void)mg_script_raise(L, "respond-body-too-large", NULL,
                              "the body of the answer has %zu bytes; at most %d are taken",
                              body.len, (int)MG_ANSWER_MAX_BODY_BYTES);
    }
    mg_script_charge(L, body.len / BYTES_A_STEP);
    reader->answer->body = copy(reader, body);
}

/* Read the member of the answer whose key and value are at -2 and -1. */
static void read_member(struct reader *reader)
{
    static const struct {
        struct mg_str name;
        void (*read)(struct reader *reader);
    } MEMBERS[] = {
        {{"body", 4}, read_body}, {{"fields", 6}, read_fields}, {{"status", 6}, read_status}};
    lua_State *L = reader->L;
    if (lua_type(L, -2) != LUA_TSTRING) {
        (void)mg_script_raise(L, "field-unknown",
                              "{ status = 200, fields = { … }, body = \"…\" }",
                              "the answer has a key that is a %s", luaL_typename(L, -2));
    }
    struct mg_str name = mg_text_at(L, -2);
    struct mg_nearest nearest = mg_nearest_begin(name);
    for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++) {
        if (mg_str_equal(name, MEMBERS[i].name)) {
            MEMBERS[i].read(reader);
            return;
        }
        mg_nearest_offer(&nearest, MEMBERS[i].name);
    }
    const char *hint = nearest.best.len == 0
                           ? "an answer has status, fields and body"
                           : lua_pushfstring(L, "did you mean '%s'?", nearest.best.ptr);
    (void)mg_script_raise(L, "field-unknown", hint, "the answer has an unknown field '%.*s'",
                          (int)(name.len < 64 ? name.len : 64), name.ptr);
}

void mg_answer_read(lua_State *L, int index, struct mg_arena *arena,
                    struct mg_plugin_answer *answer)
{
    struct reader reader = {.L = L, .arena = arena, .answer = answer};
    luaL_checkstack(L, 20, NULL);
    if (!push_table(L, index)) { /* +1 */
        (void)mg_script_raise(L, "field-type", "return { status = 200, body = \"…\" }",
                              "the answer is a %s, not a table", luaL_typename(L, index));
    }
    int table = lua_gettop(L);
    *answer = (struct mg_plugin_answer){.is_given = true, .status = 200};
    lua_pushnil(L);                   /* +1 */
    while (lua_next(L, table) != 0) { /* -1 +2 */
        read_member(&reader);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    bool is_bodiless = mg_status_is_bodiless(answer->status) || answer->status == 205;
    if (is_bodiless && answer->body.len > 0) {
        (void)mg_script_raise(L, "respond-body-forbidden", "leave the body out",
                              "an answer of status %u has no content", answer->status);
    }
    answer->fields = reader.fields;
    answer->field_count = reader.count;
}
