/* read.c - see the header. */
#include "policy/read.h"

#include "policy/known.h"
#include "script/nearest.h"
#include "script/value.h"

enum {
    BYTES_A_STEP = 16 /* of copied texts */
};

/* A bit that no field has: of keys that are no names. */
#define OTHER_KEYS (1U << 31)

const char mg_value_file[] = "file";
const char mg_value_handler[] = "handler";
const char mg_value_plugin[] = "plugin";
const char mg_value_grant[] = "grant";
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
    mg_script_charge(L, text.len / BYTES_A_STEP);
    char *copy = mg_arena_alloc(arena, text.len + 1);
    mg_read_need(L, copy);
    memcpy(copy, text.ptr, text.len + 1);
    return (struct mg_str){copy, text.len};
}

void mg_read_wrong_type(struct mg_reader *reader, const char *wanted, const char *hint)
{
    const char *type = mg_seal_type_name(reader->L, -1);
    mg_fault(&reader->spot, MG_ERROR, "field-type", hint, "is a %s, not %s", type, wanted);
}

bool mg_read_function(struct mg_reader *reader, struct mg_function_decl *out)
{
    lua_State *L = reader->L;
    if (lua_type(L, -1) != LUA_TFUNCTION) {
        mg_read_wrong_type(reader, "a function", "function(req) … end");
        return false;
    }
    if (lua_iscfunction(L, -1)) {
        mg_fault(&reader->spot, MG_ERROR, "field-type", "function(req) … end",
                 "is a function of the library, which takes no request");
        return false;
    }
    lua_Debug info;
    lua_pushvalue(L, -1);              /* +1 */
    (void)lua_getinfo(L, ">S", &info); /* -1 */
    out->hash = mg_str_hash(mg_str_from(info.source), (unsigned)info.linedefined);
    lua_pushvalue(L, -1);          /* +1 */
    out->slot = mg_script_keep(L); /* -1 */
    return true;
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

/* Read the field whose name is below the value at the top. Returns: its bit. */
static unsigned read_field(struct mg_reader *reader, const char *separator,
                           const struct mg_field_reader *fields, size_t field_count,
                           void *target)
{
    struct mg_str name;
    name.ptr = lua_tolstring(reader->L, -2, &name.len);
    for (size_t i = 0; i < field_count; i++) {
        if (strcmp(name.ptr, fields[i].name) == 0 && strlen(fields[i].name) == name.len) {
            struct mg_spot outer = reader->spot;
            reader->spot = mg_spot_field(&outer, separator, fields[i].name);
            fields[i].read(reader, target);
            reader->spot = outer;
            return 1U << i;
        }
    }
    report_unknown_field(reader, fields, field_count, name);
    return 0;
}

/* Returns: which fields there are, and OTHER_KEYS where some key is no name. */
static unsigned read_table(struct mg_reader *reader, int index, const char *separator,
                           const struct mg_field_reader *fields, size_t field_count,
                           void *target)
{
    lua_State *L = reader->L;
    unsigned named = 0;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_pushnil(L);                   /* +1 */
    while (lua_next(L, index) != 0) { /* -1 +2 */
        mg_script_charge(L, 1);
        if (lua_type(L, -2) == LUA_TSTRING) {
            named |= read_field(reader, separator, fields, field_count, target);
        } else {
            named |= OTHER_KEYS;
        }
        lua_pop(L, 1);
    }
    return named;
}

unsigned mg_read_fields(struct mg_reader *reader, int index, const char *separator,
                        const struct mg_field_reader *fields, size_t field_count, void *target)
{
    unsigned named = read_table(reader, index, separator, fields, field_count, target);
    if ((named & OTHER_KEYS) != 0) {
        mg_fault(&reader->spot, MG_ERROR, "field-unknown", "write name = value",
                 "has a value without a field name");
    }
    return named & ~OTHER_KEYS;
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
        struct mg_str shown = mg_str_shown(text);
        MG_ERR_SET(hint, "{ \"%.*s\" }", MG_STR_ARG(shown));
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

/* Whether the table at the top has keys that are no positions. The bounds are looked at with
 * each: where keys collide, going on from one takes microseconds. */
static bool has_stray_keys(lua_State *L, size_t count)
{
    size_t keys = 0;
    lua_pushnil(L);                /* +1 */
    while (lua_next(L, -2) != 0) { /* -1 +2 */
        mg_script_charge(L, 0);
        lua_pop(L, 1);
        if (++keys > count) {
            lua_pop(L, 1);
            return true;
        }
    }
    return keys != count;
}

/* Read the texts of the list at the top, which has `count` elements. */
static void read_texts(struct mg_reader *reader, size_t count, struct mg_list_decl *out)
{
    lua_State *L = reader->L;
    struct mg_arena *scratch = &reader->loader->scratch;
    out->items = mg_arena_calloc(scratch, count, sizeof(*out->items));
    mg_read_need(L, out->items);
    out->places = mg_arena_calloc(scratch, count, sizeof(*out->places));
    mg_read_need(L, out->places);
    out->kind = MG_LIST_ITEMS;
    for (size_t i = 1; i <= count; i++) {
        if (lua_rawgeti(L, -1, (lua_Integer)i) == LUA_TSTRING) { /* +1 */
            out->items[out->count] = mg_read_copy(L, -1, scratch);
            out->places[out->count++] = i;
        } else {
            struct mg_spot list = reader->spot;
            reader->spot = mg_spot_in(&list, "[%zu]", i);
            mg_read_wrong_type(reader, "a string", NULL);
            reader->spot = list;
        }
        lua_pop(L, 1);
    }
    if (out->count == 0 && count > 0) {
        out->kind = MG_LIST_BROKEN;
    }
}

/* Read the table at the top; is_frozen: it cannot change any more. */
static void read_list_table(struct mg_reader *reader, unsigned forms, bool is_frozen,
                            struct mg_list_decl *out)
{
    lua_State *L = reader->L;
    size_t count = (size_t)lua_rawlen(L, -1);
    bool is_origins = (forms & MG_LIST_OF_ORIGINS) != 0;
    size_t max = is_origins ? reader->max_origins : MG_POLICY_MAX_NAMES;
    if ((forms & MG_LIST_MAY_BE_LONG) == 0 && max != 0 && count > max) {
        mg_fault(&reader->spot, MG_ERROR, "list-too-long", NULL,
                 "has %zu names; at most %zu are taken", count, max);
        return;
    }
    if (reader->steps_per_item != 0) {
        mg_script_charge(L, count * reader->steps_per_item);
    }
    bool may_be_known = is_frozen && reader->known != NULL;
    if (may_be_known && mg_known_find_list(reader->known, lua_topointer(L, -1), out)) {
        return;
    }
    if (has_stray_keys(L, count)) {
        mg_fault(&reader->spot, MG_ERROR, "list-invalid", "{ \"…\", \"…\" }",
                 "is not a list: it has keys that are names, or gaps");
        return;
    }
    read_texts(reader, count, out);
    out->is_frozen = is_frozen;
    if (may_be_known && out->count == count) {
        mg_known_keep_list(reader->known, L, out);
    }
}

void mg_read_list(struct mg_reader *reader, unsigned forms, struct mg_list_decl *out)
{
    lua_State *L = reader->L;
    *out = (struct mg_list_decl){.kind = MG_LIST_BROKEN};
    int type = lua_type(L, -1);
    /* What a file's value points to dies with the load: nothing that runs later may look. */
    const struct mg_list_decl *file =
        (forms & MG_LIST_MAY_BE_FILE) != 0 ? mg_value_get(L, -1, mg_value_file) : NULL;
    if (type == LUA_TSTRING) {
        read_list_string(reader, forms, out);
    } else if (type == LUA_TTABLE) {
        read_list_table(reader, forms, false, out);
    } else if (mg_seal_push_behind(L, -1)) { /* +1 */
        read_list_table(reader, forms, true, out);
        lua_pop(L, 1);
    } else if (file != NULL) {
        *out = *file;
    } else if (type == LUA_TFUNCTION && (forms & MG_LIST_MAY_BE_FUNCTION) != 0) {
        bool is_fine = mg_read_function(reader, &out->function);
        out->kind = is_fine ? MG_LIST_FUNCTION : MG_LIST_BROKEN;
    } else if (mg_value_type(L, -1) != mg_value_broken) {
        mg_read_wrong_type(reader, "a list or \"*\"", "{ \"…\", \"…\" }");
    }
}
