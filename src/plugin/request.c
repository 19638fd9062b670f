/* request.c - `req`, read on demand.
 *
 * Strings are pushed when they are asked for; only `params` and `requested_headers`, which are
 * tables, are remembered for the hook. Each hook gets tables of its own: what one plugin does
 * to them no other one sees.
 *
 * Contexts (req.ctx) stand in one table of the state. A free place of it holds the number of
 * the next free one, so that giving one back writes over a value that is there, which takes no
 * memory and cannot raise:
 *
 *   contexts = { {…}, 4, {…}, 0 }    first_free = 2
 */
#include "plugin/request.h"

#include "cors/field_list.h"
#include "plugin/object.h"
#include "script/state.h"

enum {
    VALUE_CONTEXTS = 1,
    VALUE_PARAMS = 2,
    VALUE_REQUESTED_HEADERS = 3,
    VALUE_COUNT = 3,
    ARG_NAME = 2,
    MAX_NAME_BYTES = 8192 /* asked for; a longer one no request has */
};

struct request_object {
    struct mg_object object;
    int first_free; /* place among the contexts, 0: none */
    int context_count;
};

/* X(enumerator, name) */
#define FIELDS(X)                             \
    X(CTX, "ctx")                             \
    X(DEST, "dest")                           \
    X(GENERATION, "generation")               \
    X(HOST, "host")                           \
    X(KIND, "kind")                           \
    X(METHOD, "method")                       \
    X(MODE, "mode")                           \
    X(ORIGIN, "origin")                       \
    X(PARAMS, "params")                       \
    X(PATH, "path")                           \
    X(QUERY, "query")                         \
    X(REMOTE_ADDR, "remote_addr")             \
    X(REQUESTED_HEADERS, "requested_headers") \
    X(REQUESTED_METHOD, "requested_method")   \
    X(RESOURCE, "resource")                   \
    X(SCHEME, "scheme")                       \
    X(SITE, "site")

#define ENUMERATOR(name, text) FIELD_##name,
enum field {
    FIELDS(ENUMERATOR)
};
#undef ENUMERATOR
#define TEXT(name, text) text,
static const char *const field_names[] = {FIELDS(TEXT) NULL};
#undef TEXT

/* ---- what was read, for Vary ---- */

/* The fields that the program knows, as they are written in Vary; without those that CORS
 * itself reads. */
static const struct mg_str known_names[MG_FIELD_COUNT] = {
    [MG_FIELD_HOST] = {"Host", 4},
    [MG_FIELD_CONTENT_TYPE] = {"Content-Type", 12},
    [MG_FIELD_CONTENT_LENGTH] = {"Content-Length", 14},
    [MG_FIELD_TRANSFER_ENCODING] = {"Transfer-Encoding", 17},
    [MG_FIELD_CONNECTION] = {"Connection", 10},
    [MG_FIELD_EXPECT] = {"Expect", 6},
    [MG_FIELD_UPGRADE] = {"Upgrade", 7},
    [MG_FIELD_SEC_FETCH_SITE] = {"Sec-Fetch-Site", 14},
    [MG_FIELD_SEC_FETCH_MODE] = {"Sec-Fetch-Mode", 14},
    [MG_FIELD_SEC_FETCH_DEST] = {"Sec-Fetch-Dest", 14},
    [MG_FIELD_X_FORWARDED_FOR] = {"X-Forwarded-For", 15},
    [MG_FIELD_X_FORWARDED_PROTO] = {"X-Forwarded-Proto", 17},
    [MG_FIELD_X_FORWARDED_HOST] = {"X-Forwarded-Host", 16},
    [MG_FIELD_FORWARDED] = {"Forwarded", 9},
    [MG_FIELD_COOKIE] = {"Cookie", 6},
    [MG_FIELD_AUTHORIZATION] = {"Authorization", 13},
    [MG_FIELD_ACCEPT] = {"Accept", 6},
};

/* Remember a name that was not read before. One that finds no room makes it too many, which is
 * Vary: * and so errs on the safe side. */
static void add_read(struct mg_request *request, struct mg_str name)
{
    if (name.len == 0 || request->read_count >= MG_REQUEST_MAX_READS) {
        request->read_count = MG_REQUEST_MAX_READS + 1;
        return;
    }
    request->reads[request->read_count++] = name;
}

/* Remember a read of a field that the program knows. The origin is noted each time: who has
 * looked at it may be asked of each function alone. */
static void remember_known(struct mg_request *request, enum mg_field_id id)
{
    uint32_t bit = UINT32_C(1) << id;
    if (id == MG_FIELD_ORIGIN) {
        request->has_read_origin = true;
        request->has_used_origin = true;
    } else if ((request->known_reads & bit) == 0 && known_names[id].len > 0) {
        request->known_reads |= bit;
        add_read(request, known_names[id]);
    }
}

/* Remember a read of another field. */
static void remember_other(struct mg_request *request, struct mg_str name)
{
    if (request->read_count > MG_REQUEST_MAX_READS) {
        return;
    }
    for (unsigned i = 0; i < request->read_count; i++) {
        if (request->reads[i].len == name.len && mg_str_equal_nocase(request->reads[i], name)) {
            return;
        }
    }
    add_read(request, mg_arena_dup(request->arena, name));
}

_Static_assert(MG_FIELD_COUNT <= 32, "known_reads has a bit for each");

/* ---- fields ---- */

/* Push the value of a line, nil where there is none (+1). */
static void push_value(lua_State *L, const struct mg_field *field)
{
    if (field == NULL) {
        lua_pushnil(L);
    } else {
        mg_object_push_text(L, field->value);
    }
}

/* The first line of a field the program knows, or nil. */
static void push_known(lua_State *L, struct mg_request *request, enum mg_field_id id)
{
    remember_known(request, id);
    push_value(L, mg_head_first(request->head, id));
}

static void push_params(lua_State *L, const struct mg_request *request)
{
    lua_createtable(L, 0, (int)request->param_count); /* +1 */
    for (unsigned i = 0; i < request->param_count; i++) {
        mg_object_push_text(L, request->params[i].name);
        mg_object_push_text(L, request->params[i].value);
        lua_rawset(L, -3);
    }
}

/* List the lines of Access-Control-Request-Headers, of which there is mostly one. */
static size_t list_requested_headers(const struct mg_head *head, struct mg_str *lines)
{
    size_t count = head->lines[MG_FIELD_ACRH];
    if (count <= 1) {
        lines[0] = mg_head_value(head, MG_FIELD_ACRH);
        return count;
    }
    unsigned at = 0;
    const struct mg_field *field;
    size_t found = 0;
    while (found < count &&
           (field = mg_head_next(head, MG_STR("Access-Control-Request-Headers"), &at)) !=
               NULL) {
        lines[found++] = field->value;
    }
    return found;
}

/* Whether one of eight bytes is an upper-case letter; bytes beyond ASCII may count as some. */
static bool may_have_upper(const char *from)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, from, sizeof(word));
    word &= each * 0x7f;
    uint64_t from_a = word + each * (0x80 - 'A');
    uint64_t behind_z = word + each * (0x7f - 'Z');
    return (from_a & ~behind_z & each * 0x80) != 0;
}

/* The name in lower case, in `space` where it is not so already: browsers send it so. */
static struct mg_str to_lower(struct mg_str name, char *space)
{
    bool is_lower = name.len >= 8 && !may_have_upper(name.ptr + name.len - 8);
    for (size_t i = 0; is_lower && i + 8 < name.len; i += 8) {
        is_lower = !may_have_upper(name.ptr + i);
    }
    if (is_lower) {
        return name;
    }
    for (size_t i = 0; i < name.len; i++) {
        space[i] = mg_ascii_lower(name.ptr[i]);
    }
    return (struct mg_str){space, name.len};
}

/* The names of Access-Control-Request-Headers, as far as the bounds of such a list go: a longer
 * one is refused whatever a hook says. */
static void push_requested_headers(lua_State *L, const struct mg_request *request)
{
    struct mg_str lines[MG_HEAD_MAX_FIELDS];
    struct mg_str names[MG_FIELD_LIST_MAX_NAMES];
    char lower[MG_FIELD_LIST_MAX_BYTES];
    struct mg_lines all = {lines, list_requested_headers(request->head, lines)};
    struct mg_field_list_cursor cursor = mg_field_list_begin(all);
    struct mg_field_name name;
    int count = 0;
    bool fits = mg_field_list_fits(all);
    while (fits && mg_field_list_next(&cursor, &name)) {
        names[count++] = name.text;
    }
    lua_createtable(L, count, 0); /* +1 */
    for (int i = 0; i < count; i++) {
        mg_object_push_text(L, to_lower(names[i], lower));
        lua_rawseti(L, -2, i + 1);
    }
}

/* Push the table that is made once a hook and kept as user value `value` (+1). */
static void push_cached(lua_State *L, struct mg_object *object, int value,
                        void (*make)(lua_State *L, const struct mg_request *request))
{
    unsigned bit = 1U << value;
    if ((object->cached & bit) != 0) {
        (void)lua_getiuservalue(L, MG_OBJECT_UPVALUE, value); /* +1 */
        return;
    }
    make(L, object->target); /* +1 */
    lua_pushvalue(L, -1);
    (void)lua_setiuservalue(L, MG_OBJECT_UPVALUE, value); /* -1 */
    object->cached |= bit;
}

static void push_field(lua_State *L, struct mg_object *object, int field)
{
    struct mg_request *request = object->target;
    switch ((enum field)field) {
    case FIELD_CTX:
        mg_request_push_ctx(L, &request->ctx);
        break;
    case FIELD_DEST:
        push_known(L, request, MG_FIELD_SEC_FETCH_DEST);
        break;
    case FIELD_GENERATION:
        lua_pushinteger(L, (lua_Integer)request->generation);
        break;
    case FIELD_HOST:
        mg_object_push_text(L, request->host);
        break;
    case FIELD_KIND:
        request->has_used_origin = true; /* without Origin the kind is another */
        lua_pushstring(L, mg_kind_name(request->kind));
        break;
    case FIELD_METHOD:
        mg_object_push_text(L, request->head->method_token);
        break;
    case FIELD_MODE:
        push_known(L, request, MG_FIELD_SEC_FETCH_MODE);
        break;
    case FIELD_ORIGIN:
        push_known(L, request, MG_FIELD_ORIGIN);
        break;
    case FIELD_PARAMS:
        push_cached(L, object, VALUE_PARAMS, push_params);
        break;
    case FIELD_PATH:
        mg_object_push_text(L, request->path);
        break;
    case FIELD_QUERY:
        mg_object_push_text(L, request->query);
        break;
    case FIELD_REMOTE_ADDR:
        mg_object_push_text(L, request->remote_addr(request->context));
        break;
    case FIELD_REQUESTED_HEADERS:
        push_cached(L, object, VALUE_REQUESTED_HEADERS, push_requested_headers);
        break;
    case FIELD_REQUESTED_METHOD:
        push_known(L, request, MG_FIELD_ACRM);
        break;
    case FIELD_RESOURCE:
        mg_object_push_text(L, request->resource);
        break;
    case FIELD_SCHEME:
        mg_object_push_text(L, request->scheme);
        break;
    case FIELD_SITE:
        push_known(L, request, MG_FIELD_SEC_FETCH_SITE);
        break;
    }
}

/* ---- methods ---- */

/* The name that a method is given; a number is as good as its text, as elsewhere in Lua. */
static struct mg_str name_argument(lua_State *L, const char *method)
{
    struct mg_str name;
    name.ptr = lua_tolstring(L, ARG_NAME, &name.len);
    if (name.ptr == NULL) {
        const char *type = luaL_typename(L, ARG_NAME);
        const char *hint = lua_pushfstring(L, "write req:%s \"Name\"", method);
        (void)mg_script_raise(L, "field-type", hint,
                              "a field's name is expected as a string, got %s", type);
    }
    return name;
}

/* What no field is named is an error of the script, and has no place in Vary. */
static void check_name(lua_State *L, struct mg_str name)
{
    if (name.len > MAX_NAME_BYTES || !mg_str_is_token(name)) {
        (void)mg_script_raise(L, "header-invalid", "write the name alone: \"X-Tenant\"",
                              "what was asked for is no name of a field");
    }
}

/* The first line of that name, by a walk over all. Most often it is written as it was asked
 * for. */
static const struct mg_field *find_other(const struct mg_head *head, struct mg_str name)
{
    const struct mg_field *end = head->fields + head->field_count;
    for (const struct mg_field *field = head->fields; field < end; field++) {
        if (field->name.len == name.len && (memcmp(field->name.ptr, name.ptr, name.len) == 0 ||
                                            mg_str_equal_nocase(field->name, name))) {
            return field;
        }
    }
    return NULL;
}

/* req:header(name) */
static int request_header(lua_State *L)
{
    struct mg_request *request = mg_object_self(L)->target;
    struct mg_str name = name_argument(L, "header");
    enum mg_field_id id = mg_field_id_from(name);
    const struct mg_field *field = id == MG_FIELD_OTHER ? find_other(request->head, name)
                                                        : mg_head_first(request->head, id);
    if (field != NULL) {
        name = field->name; /* which is a name for sure */
    } else {
        check_name(L, name);
    }
    if (id == MG_FIELD_OTHER) {
        remember_other(request, name);
    } else {
        remember_known(request, id);
    }
    push_value(L, field);
    return 1;
}

/* req:headers(name) */
static int request_headers(lua_State *L)
{
    struct mg_request *request = mg_object_self(L)->target;
    struct mg_str name = name_argument(L, "headers");
    enum mg_field_id id = mg_field_id_from(name);
    unsigned at = 0;
    int count = 0;
    check_name(L, name);
    if (id == MG_FIELD_OTHER) {
        remember_other(request, name);
    } else {
        remember_known(request, id);
    }
    lua_createtable(L, 0, 0); /* +1 */
    for (const struct mg_field *field;
         (field = mg_head_next(request->head, name, &at)) != NULL;) {
        mg_object_push_text(L, field->value);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

/* req:body() */
static int request_body(lua_State *L)
{
    const struct mg_request *request = mg_object_self(L)->target;
    if (request->body == NULL) {
        return mg_script_raise(L, "body-missing", "read it in a plugin's handler",
                               "the content of the request is not there in this hook");
    }
    mg_object_push_text(L, *request->body);
    return 1;
}

static const luaL_Reg methods[] = {{"body", request_body},
                                   {"header", request_header},
                                   {"headers", request_headers},
                                   {NULL, NULL}};

const struct mg_object_class mg_request_class = {
    .name = "req",
    .instead = "req.ctx is a table for you",
    .fields = field_names,
    .push = push_field,
    .methods = methods,
    .size = sizeof(struct request_object),
    .value_count = VALUE_COUNT,
};

/* ---- contexts ---- */

void mg_request_push_ctx(lua_State *L, int *slot)
{
    struct request_object *object =
        (struct request_object *)mg_object_get(L, &mg_request_class);
    (void)lua_getiuservalue(L, -1, VALUE_CONTEXTS); /* +1 on the object's +1 */
    lua_remove(L, -2);
    int contexts = lua_gettop(L);
    if (*slot != 0) {
        (void)lua_rawgeti(L, contexts, *slot); /* +1 */
        lua_remove(L, contexts);
        return;
    }
    if (!mg_script_may_keep(L)) {
        (void)mg_script_raise(
            L, "budget-memory", "keep less in it, or for a shorter time",
            "the exchanges under way keep too much in req.ctx for another one");
    }
    int place = object->first_free;
    int next = 0;
    if (place == 0) {
        place = object->context_count + 1;
    } else {
        (void)lua_rawgeti(L, contexts, place); /* +1 */
        next = (int)lua_tointegerx(L, -1, NULL);
        lua_pop(L, 1);
    }
    lua_createtable(L, 0, 0); /* +1 */
    lua_pushvalue(L, -1);
    lua_rawseti(L, contexts, place); /* -1 */
    object->first_free = next;
    object->context_count += place > object->context_count;
    *slot = place;
    lua_remove(L, contexts);
}

void mg_request_release(struct mg_script *script, struct mg_request *request)
{
    if (request->ctx == 0) {
        return;
    }
    lua_State *L = mg_script_lua(script);
    struct request_object *object =
        (struct request_object *)mg_object_get(L, &mg_request_class); /* +1 */
    (void)lua_getiuservalue(L, -1, VALUE_CONTEXTS);                   /* +1 */
    lua_pushinteger(L, object->first_free);
    lua_rawseti(L, -2, request->ctx); /* -1; over the table that stands there */
    lua_pop(L, 2);
    object->first_free = request->ctx;
    request->ctx = 0;
}

/* ---- life ---- */

void mg_request_open(lua_State *L)
{
    (void)mg_object_new(L, &mg_request_class); /* +1 */
    lua_createtable(L, 0, 0);
    (void)lua_setiuservalue(L, -2, VALUE_CONTEXTS);
    lua_pop(L, 1);
}

void mg_request_push(lua_State *L, struct mg_request *request)
{
    mg_object_point(mg_object_get(L, &mg_request_class), request); /* +1 */
}

void mg_request_close(struct mg_script *script)
{
    lua_State *L = mg_script_lua(script);
    mg_object_point(mg_object_get(L, &mg_request_class), NULL); /* +1 */
    lua_pop(L, 1);
}
