/* read.c - see the header. */
#include "policy/read.h"

#include "script/nearest.h"
#include "script/value.h"

const char mg_value_file[] = "file";
const char mg_value_handler[] = "handler";
const char mg_value_broken[] = "broken";

void mg_read_need(lua_State *L, const void *memory)
{
    if (memory == NULL) {
        (void)mg_script_raise(L, "policy-memory", NULL, "out of memory while reading policies");
    }
}

struct mg_str mg_read_copy(lua_State *L, int index, struct mg_arena *arena)
{
    struct mg_str text;
    text.ptr = lua_tolstring(L, index, &text.len);
    char *copy = mg_arena_alloc(arena, text.len + 1);
    mg_read_need(L, copy);
    memcpy(copy, text.ptr, text.len + 1);
    return (struct mg_str){copy, text.len};
}

void mg_read_wrong_type(struct mg_reader *reader, const char *wanted, const char *hint)
{
    const char *type = luaL_typename(reader->L, -1);
    mg_fault(&reader->spot, MG_ERROR, "field-type", hint, "is a %s, not %s", type, wanted);
}

void mg_read_not_yet(struct mg_reader *reader, const char *what)
{
    mg_fault(&reader->spot, MG_ERROR, "not-yet-available",
             "declare it without functions for now",
             "%s are not there yet: they come in a later release", what);
}

static void report_unknown_field(struct mg_reader *reader, const struct mg_field_reader *fields,
                                 size_t field_count, struct mg_str name)
{
    struct mg_nearest nearest = mg_nearest_begin(name);
    for (size_t i = 0; i < field_count; i++) {
        mg_nearest_offer(&nearest, mg_str_from(fields[i].name));
    }
    char hint[128] = "";
    if (nearest.best.len > 0) {
        MG_ERR_SET(hint, "did you mean '%.*s'?", MG_STR_ARG(nearest.best));
    }
    char quoted[80];
    mg_fault(&reader->spot, MG_ERROR, "field-unknown", hint, "there is no field %s",
             mg_quote(quoted, sizeof(quoted), name));
}

/* Read the field whose name is below the value at the top. */
static void read_field(struct mg_reader *reader, const char *separator,
                       const struct mg_field_reader *fields, size_t field_count, void *target)
{
    struct mg_spot outer = reader->spot;
    struct mg_str name;
    name.ptr = lua_tolstring(reader->L, -2, &name.len);
    for (size_t i = 0; i < field_count; i++) {
        if (mg_str_equal(name, mg_str_from(fields[i].name))) {
            reader->spot = mg_spot_in(&outer, "%s%s", separator, fields[i].name);
            fields[i].read(reader, target);
            reader->spot = outer;
            return;
        }
    }
    report_unknown_field(reader, fields, field_count, name);
}

static bool read_table(struct mg_reader *reader, int index, const char *separator,
                       const struct mg_field_reader *fields, size_t field_count, void *target)
{
    lua_State *L = reader->L;
    bool has_other_keys = false;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_pushnil(L);                   /* +1 */
    while (lua_next(L, index) != 0) { /* -1 +2 */
        if (lua_type(L, -2) == LUA_TSTRING) {
            read_field(reader, separator, fields, field_count, target);
        } else {
            has_other_keys = true;
        }
        lua_pop(L, 1);
    }
    return has_other_keys;
}

void mg_read_fields(struct mg_reader *reader, int index, const char *separator,
                    const struct mg_field_reader *fields, size_t field_count, void *target)
{
    if (read_table(reader, index, separator, fields, field_count, target)) {
        mg_fault(&reader->spot, MG_ERROR, "field-unknown", "write name = value",
                 "has a value without a field name");
    }
}

void mg_read_named_fields(struct mg_reader *reader, int index, const char *separator,
                          const struct mg_field_reader *fields, size_t field_count,
                          void *target)
{
    (void)read_table(reader, index, separator, fields, field_count, target);
}

bool mg_read_bool(struct mg_reader *reader, bool *out)
{
    if (lua_type(reader->L, -1) != LUA_TBOOLEAN) {
        mg_read_wrong_type(reader, "a boolean", "true or false");
        return false;
    }
    *out = lua_toboolean(reader->L, -1);
    return true;
}

bool mg_read_string(struct mg_reader *reader, const char *example, struct mg_str *out)
{
    if (lua_type(reader->L, -1) != LUA_TSTRING) {
        mg_read_wrong_type(reader, "a string", example);
        return false;
    }
    *out = mg_read_copy(reader->L, -1, &reader->loader->scratch);
    return true;
}

int mg_read_word(struct mg_reader *reader, const char *const *words, size_t count)
{
    char list[128] = "";
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(list);
        mg_err_set(list + used, sizeof(list) - used, "%s\"%s\"", i == 0 ? "" : " or ",
                   words[i]);
    }
    if (lua_type(reader->L, -1) != LUA_TSTRING) {
        mg_read_wrong_type(reader, "a word", list);
        return -1;
    }
    struct mg_str word;
    word.ptr = lua_tolstring(reader->L, -1, &word.len);
    for (size_t i = 0; i < count; i++) {
        if (mg_str_equal(word, mg_str_from(words[i]))) {
            return (int)i;
        }
    }
    char quoted[80];
    mg_fault(&reader->spot, MG_ERROR, "value-unknown", list, "cannot be %s",
             mg_quote(quoted, sizeof(quoted), word));
    return -1;
}

/* ---- lists ---- */

/* The one string of a list that was written without braces. */
static void read_list_string(struct mg_reader *reader, unsigned forms, struct mg_list_decl *out)
{
    struct mg_str text;
    text.ptr = lua_tolstring(reader->L, -1, &text.len);
    if (!mg_str_equal(text, MG_STR("*"))) {
        bool is_list =
            memchr(text.ptr, ',', text.len) != NULL || memchr(text.ptr, ' ', text.len) != NULL;
        bool is_origins = (forms & MG_LIST_OF_ORIGINS) != 0;
        char hint[128];
        char quoted[80];
        MG_ERR_SET(hint, "{ \"%.*s\" }", MG_STR_ARG(text));
        mg_fault(&reader->spot, MG_ERROR,
                 is_list && is_origins ? "origin-list-in-string" : "field-type",
                 is_list ? "{ \"…\", \"…\" }" : hint, "is the string %s, not a list",
                 mg_quote(quoted, sizeof(quoted), text));
        return;
    }
    lua_State *L = reader->L;
    out->items = mg_arena_calloc(&reader->loader->scratch, 1, sizeof(*out->items));
    mg_read_need(L, out->items);
    out->places = mg_arena_calloc(&reader->loader->scratch, 1, sizeof(*out->places));
    mg_read_need(L, out->places);
    out->items[0] = mg_read_copy(L, -1, &reader->loader->scratch);
    out->kind = MG_LIST_ITEMS;
    out->count = 1;
}

/* Whether the table at the top has keys that are no positions. */
static bool has_stray_keys(lua_State *L, size_t count)
{
    size_t keys = 0;
    lua_pushnil(L);                /* +1 */
    while (lua_next(L, -2) != 0) { /* -1 +2 */
        lua_pop(L, 1);
        keys++;
    }
    return keys != count;
}

static void read_list_table(struct mg_reader *reader, unsigned forms, struct mg_list_decl *out)
{
    lua_State *L = reader->L;
    struct mg_arena *scratch = &reader->loader->scratch;
    size_t count = (size_t)lua_rawlen(L, -1);
    if ((forms & MG_LIST_OF_ORIGINS) == 0 && count > MG_POLICY_MAX_NAMES) {
        mg_fault(&reader->spot, MG_ERROR, "list-too-long", NULL,
                 "has %zu names; at most %d are taken", count, (int)MG_POLICY_MAX_NAMES);
        return;
    }
    if (has_stray_keys(L, count)) {
        mg_fault(&reader->spot, MG_ERROR, "list-invalid", "{ \"…\", \"…\" }",
                 "is not a list: it has keys that are names, or gaps");
        return;
    }
    out->items = mg_arena_calloc(scratch, count, sizeof(*out->items));
    mg_read_need(L, out->items);
    out->places = mg_arena_calloc(scratch, count, sizeof(*out->places));
    mg_read_need(L, out->places);
    out->kind = MG_LIST_ITEMS;
    struct mg_spot list = reader->spot;
    for (size_t i = 1; i <= count; i++) {
        if (lua_rawgeti(L, -1, (lua_Integer)i) == LUA_TSTRING) { /* +1 */
            out->items[out->count] = mg_read_copy(L, -1, scratch);
            out->places[out->count++] = i;
        } else {
            reader->spot = mg_spot_in(&list, "[%zu]", i);
            mg_read_wrong_type(reader, "a string", NULL);
        }
        lua_pop(L, 1);
    }
    reader->spot = list;
    if (out->count == 0 && count > 0) {
        out->kind = MG_LIST_BROKEN;
    }
}

void mg_read_list(struct mg_reader *reader, unsigned forms, struct mg_list_decl *out)
{
    lua_State *L = reader->L;
    *out = (struct mg_list_decl){.kind = MG_LIST_BROKEN};
    const struct mg_list_decl *file = mg_value_get(L, -1, mg_value_file);
    if (lua_type(L, -1) == LUA_TSTRING) {
        read_list_string(reader, forms, out);
    } else if (lua_type(L, -1) == LUA_TTABLE) {
        read_list_table(reader, forms, out);
    } else if (file != NULL && (forms & MG_LIST_MAY_BE_FILE) != 0) {
        *out = *file;
    } else if (lua_type(L, -1) == LUA_TFUNCTION && (forms & MG_LIST_MAY_BE_FUNCTION) != 0) {
        mg_read_not_yet(reader, "functions");
    } else if (mg_value_type(L, -1) != mg_value_broken) {
        mg_read_wrong_type(reader, "a list or \"*\"", "{ \"…\", \"…\" }");
    }
}
