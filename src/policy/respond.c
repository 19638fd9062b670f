/* respond.c - see the header.
 *
 * Fields come as { ["Name"] = "value" } or, where a name stands more than once or the order
 * matters, as { { "Name", "value" }, … }. Named ones are put in byte order of their names,
 * since Lua walks tables in no order of use. Vary is set apart: the server merges it with its
 * own.
 */
#include "policy/respond.h"

#include <stdint.h>
#include <stdlib.h>

#include "cors/decide.h"
#include "http/response.h"

struct field {
    struct mg_str name;
    struct mg_str value;
};

/* What is being read. */
struct answer {
    struct mg_canned *canned;
    struct field *fields;
    size_t field_count;
};

static void read_status(struct mg_reader *reader, void *target)
{
    struct answer *answer = target;
    int is_integer;
    lua_Integer status = lua_tointegerx(reader->L, -1, &is_integer);
    if (lua_type(reader->L, -1) != LUA_TNUMBER || !is_integer || status < 200 || status > 599) {
        mg_fault(&reader->spot, MG_ERROR, "respond-status", "status = 200",
                 "is no final status: 200 to 599");
        return;
    }
    answer->canned->status = (unsigned)status;
}

static void read_body(struct mg_reader *reader, void *target)
{
    struct answer *answer = target;
    if (lua_type(reader->L, -1) != LUA_TSTRING) {
        mg_read_wrong_type(reader, "a string", NULL);
        return;
    }
    if (lua_rawlen(reader->L, -1) > MG_RESPOND_MAX_BODY_BYTES) {
        mg_fault(&reader->spot, MG_ERROR, "respond-body-too-large", NULL,
                 "has %zu bytes; at most %d are taken", (size_t)lua_rawlen(reader->L, -1),
                 (int)MG_RESPOND_MAX_BODY_BYTES);
        return;
    }
    answer->canned->body = mg_read_copy(reader->L, -1, reader->loader->arena);
}

/* Whether the server alone writes the field: message framing and what concerns one connection
 * (RFC 9110 7.6.1). */
static bool is_framing_field(struct mg_str name)
{
    static const char *const names[] = {"Connection", "Content-Length",    "Date",
                                        "Keep-Alive", "Proxy-Connection",  "TE",
                                        "Trailer",    "Transfer-Encoding", "Upgrade"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (mg_str_equal_nocase(name, mg_str_from(names[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_cors_field(struct mg_str name)
{
    struct mg_str prefix = MG_STR("access-control-");
    return mg_str_equal_nocase(name, MG_STR("Timing-Allow-Origin")) ||
           (name.len >= prefix.len &&
            mg_str_equal_nocase((struct mg_str){name.ptr, prefix.len}, prefix));
}

/* Add the field whose name and value are at -2 and -1. */
static void add_field(struct mg_reader *reader, struct answer *answer)
{
    lua_State *L = reader->L;
    struct field field = {mg_read_copy(L, -2, &reader->loader->scratch), {"", 0}};
    char quoted[80];
    struct mg_spot spot =
        mg_spot_in(&reader->spot, "[%s]", mg_quote(quoted, sizeof(quoted), field.name));
    if (lua_type(L, -1) != LUA_TSTRING) {
        mg_fault(&spot, MG_ERROR, "field-type", "[\"Name\"] = \"value\"",
                 "is a %s, not a string", luaL_typename(L, -1));
        return;
    }
    field.value = mg_read_copy(L, -1, &reader->loader->scratch);
    if (is_framing_field(field.name)) {
        mg_fault(&spot, MG_ERROR, "respond-framing-field", "leave it out",
                 "the server alone writes this field");
    } else if (!mg_field_is_valid(field.name, field.value)) {
        mg_fault(&spot, MG_ERROR, "respond-field",
                 "a name of letters, digits and hyphens; a value of one line without spaces at "
                 "its ends",
                 "is no well-formed field");
    } else if (answer->field_count == MG_RESPOND_MAX_FIELDS) {
        mg_fault(&spot, MG_ERROR, "list-too-long", NULL, "at most %d fields are taken",
                 (int)MG_RESPOND_MAX_FIELDS);
    } else {
        answer->fields[answer->field_count++] = field;
    }
}

/* Note whether `answer` has CORS fields: its resource, which may not want them, comes later. */
static void find_cors_field(const struct answer *answer, struct mg_arena *arena)
{
    for (size_t i = 0; i < answer->field_count; i++) {
        if (is_cors_field(answer->fields[i].name)) {
            answer->canned->cors_field = mg_arena_dup(arena, answer->fields[i].name);
            return;
        }
    }
}

/* Add the pair { "Name", "value" } at the top. */
static void add_pair(struct mg_reader *reader, struct answer *answer, size_t place)
{
    lua_State *L = reader->L;
    bool is_pair = lua_type(L, -1) == LUA_TTABLE && lua_rawlen(L, -1) == 2;
    if (is_pair) {
        int pair = lua_gettop(L);
        bool has_name = lua_rawgeti(L, pair, 1) == LUA_TSTRING; /* +1 */
        (void)lua_rawgeti(L, pair, 2);                          /* +1 */
        if (has_name) {
            add_field(reader, answer);
        }
        lua_pop(L, 2);
        is_pair = has_name;
    }
    if (!is_pair) {
        struct mg_spot spot = mg_spot_in(&reader->spot, "[%zu]", place);
        mg_fault(&spot, MG_ERROR, "respond-field", "{ \"Name\", \"value\" }",
                 "is no pair of name and value");
    }
}

static int compare_fields(const void *left, const void *right)
{
    const struct field *a = left;
    const struct field *b = right;
    return mg_str_compare(a->name, b->name);
}

static void read_fields(struct mg_reader *reader, void *target)
{
    struct answer *answer = target;
    lua_State *L = reader->L;
    if (lua_type(L, -1) != LUA_TTABLE) {
        mg_read_wrong_type(reader, "a table of fields", "fields = { [\"Name\"] = \"value\" }");
        return;
    }
    int table = lua_gettop(L);
    size_t pair_count = (size_t)lua_rawlen(L, table);
    for (size_t i = 1; i <= pair_count; i++) {
        (void)lua_rawgeti(L, table, (lua_Integer)i); /* +1 */
        add_pair(reader, answer, i);
        lua_pop(L, 1);
    }
    size_t named = answer->field_count;
    lua_pushnil(L);                   /* +1 */
    while (lua_next(L, table) != 0) { /* -1 +2 */
        if (lua_type(L, -2) == LUA_TSTRING) {
            add_field(reader, answer);
        }
        lua_pop(L, 1);
    }
    qsort(answer->fields + named, answer->field_count - named, sizeof(*answer->fields),
          compare_fields);
}

/* Write the field lines of `answer`, and its Vary apart. Returns: false when memory is out. */
static bool write_lines(const struct answer *answer, struct mg_arena *arena)
{
    struct mg_buf lines;
    struct mg_buf vary;
    struct mg_str vary_values[MG_RESPOND_MAX_FIELDS];
    size_t vary_count = 0;
    bool has_type = answer->canned->body.len == 0;
    mg_buf_init(&lines, SIZE_MAX / 2);
    mg_buf_init(&vary, SIZE_MAX / 2);
    for (size_t i = 0; i < answer->field_count; i++) {
        const struct field *field = &answer->fields[i];
        if (mg_str_equal_nocase(field->name, MG_STR("Vary"))) {
            vary_values[vary_count++] = field->value;
            continue;
        }
        has_type = has_type || mg_str_equal_nocase(field->name, MG_STR("Content-Type"));
        mg_buf_printf(&lines, "%.*s: %.*s\r\n", MG_STR_ARG(field->name),
                      MG_STR_ARG(field->value));
    }
    if (!has_type) {
        mg_buf_add(&lines, MG_STR("Content-Type: text/plain; charset=utf-8\r\n"));
    }
    mg_vary_merge((struct mg_lines){vary_values, vary_count}, (struct mg_str){"", 0}, &vary);
    bool is_whole = !lines.overflowed && !vary.overflowed;
    answer->canned->lines = mg_arena_dup(arena, mg_buf_str(&lines));
    answer->canned->vary = mg_arena_dup(arena, mg_buf_str(&vary));
    mg_buf_fini(&lines);
    mg_buf_fini(&vary);
    return is_whole && !mg_arena_overflowed(arena);
}

bool mg_respond_read(struct mg_reader *reader, struct mg_canned *canned)
{
    static const struct mg_field_reader known[] = {
        {"body", read_body}, {"fields", read_fields}, {"status", read_status}};
    struct mg_loader *loader = reader->loader;
    struct answer answer = {.canned = canned};
    answer.fields =
        mg_arena_calloc(&loader->scratch, MG_RESPOND_MAX_FIELDS, sizeof(*answer.fields));
    mg_read_need(reader->L, answer.fields);
    *canned = (struct mg_canned){.status = 200};
    size_t faults = loader->errs->error_count;
    (void)mg_read_fields(reader, 1, " ", known, sizeof(known) / sizeof(known[0]), &answer);
    bool is_bodiless = mg_status_is_bodiless(canned->status) || canned->status == 205;
    if (is_bodiless && canned->body.len > 0) {
        mg_fault(&reader->spot, MG_ERROR, "respond-body-forbidden", "leave the body out",
                 "an answer of status %u has no content", canned->status);
    }
    find_cors_field(&answer, loader->arena);
    if (!write_lines(&answer, loader->arena)) {
        mg_read_need(reader->L, NULL);
    }
    return loader->errs->error_count == faults;
}
