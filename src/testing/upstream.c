/* upstream.c - see the header. */
#include "testing/upstream.h"

#include "http/head.h"
#include "testing/push.h"

/* One call, for the function below the pcall. */
struct call {
    struct mg_gate_object *object;
    struct mg_exchange *exchange;
    struct mg_str content;
    struct mg_gate_upstream_answer *answer;
};

static void push_request(lua_State *L, const struct call *call)
{
    const struct mg_exchange *exchange = call->exchange;
    const struct mg_head *head = mg_exchange_request(exchange);
    lua_createtable(L, 0, 10); /* +1 */
    mg_push_text_field(L, "method", head->method_token);
    mg_push_text_field(L, "target", head->target);
    mg_push_text_field(L, "path", mg_exchange_path(exchange));
    mg_push_text_field(L, "query", mg_exchange_query(exchange));
    mg_push_text_field(L, "host", mg_exchange_host(exchange));
    mg_push_text_field(L, "scheme", mg_exchange_scheme(exchange));
    mg_push_text_field(L, "remote_addr", mg_exchange_remote(exchange));
    (void)lua_pushlstring(L, call->content.ptr == NULL ? "" : call->content.ptr,
                          call->content.len); /* +1 */
    lua_setfield(L, -2, "body");
    lua_createtable(L, (int)head->field_count, 0); /* +1 */
    for (unsigned i = 0; i < head->field_count; i++) {
        lua_createtable(L, 2, 0); /* +1 */
        (void)lua_pushlstring(L, head->fields[i].name.ptr, head->fields[i].name.len);
        lua_rawseti(L, -2, 1);
        (void)lua_pushlstring(L, head->fields[i].value.ptr, head->fields[i].value.len);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "fields");
}

/* Read the answer at the top. */
static void read_answer(lua_State *L, const struct call *call)
{
    struct mg_arena *arena = &call->object->scratch;
    struct mg_gate_upstream_answer *answer = call->answer;
    int index = lua_gettop(L);
    size_t count;
    if (lua_type(L, index) != LUA_TTABLE) {
        (void)luaL_error(L, "the upstream's function gave a %s, not { status, fields, body }",
                         luaL_typename(L, index));
    }
    const struct mg_browser_field *given = mg_take_fields(L, index, "fields", arena, &count);
    struct mg_answer_field *fields = mg_arena_calloc(arena, count + 1, sizeof(*fields));
    for (size_t i = 0; fields != NULL && i < count; i++) {
        fields[i] = (struct mg_answer_field){given[i].name, given[i].value};
    }
    if (lua_getfield(L, index, "status") != LUA_TNIL) { /* +1 */
        lua_Integer status = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
        if (status < 200 || status > 599) {
            (void)luaL_error(L, "the upstream's status is no number from 200 to 599");
        }
        answer->head.status = (unsigned)status;
    }
    answer->head.fields = fields;
    answer->head.field_count = fields == NULL ? 0 : count;
    answer->head.has_odd_bytes = true;
    answer->body = mg_take_text(L, index, "body", arena);
}

static int run(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    push_request(L, call);       /* +1, behind the function at 2 */
    lua_callk(L, 1, 1, 0, NULL); /* below the door of mg_upstream_answer */
    read_answer(L, call);
    return 0;
}

bool mg_upstream_answer(void *context, struct mg_exchange *exchange, struct mg_str content,
                        struct mg_gate_upstream_answer *answer)
{
    struct mg_gate_object *object = context;
    lua_State *L = object->L;
    struct call call = {object, exchange, content, answer};
    if (!lua_checkstack(L, 8)) {
        return false;
    }
    lua_pushcfunction(L, run);
    lua_pushlightuserdata(L, &call);
    (void)lua_getiuservalue(L, 1, MG_UPSTREAM_VALUE); /* +1 the function */
    if (lua_pcall(L, 2, 0, 0) == LUA_OK) {
        return true;
    }
    (void)lua_setiuservalue(L, 1, MG_UPSTREAM_ERROR); /* -1 */
    object->has_failed = true;
    return false;
}

int mg_upstream_raise(lua_State *L, struct mg_gate_object *object)
{
    object->has_failed = false;
    (void)lua_getiuservalue(L, 1, MG_UPSTREAM_ERROR); /* +1 */
    return lua_error(L);
}
