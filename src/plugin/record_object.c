/* record_object.c - see the header. */
#include "plugin/record_object.h"

#include "plugin/dispatch.h"

/* X(enumerator, name) */
#define FIELDS(X)                 \
    X(BYTES, "bytes")             \
    X(CTX, "ctx")                 \
    X(DURATION_US, "duration_us") \
    X(FILE, "file")               \
    X(HOST, "host")               \
    X(KIND, "kind")               \
    X(LINE, "line")               \
    X(METHOD, "method")           \
    X(ORIGIN, "origin")           \
    X(PATH, "path")               \
    X(REASON, "reason")           \
    X(REMOTE_ADDR, "remote_addr") \
    X(RESOURCE, "resource")       \
    X(STATUS, "status")           \
    X(VERDICT, "verdict")         \
    X(WALL_MS, "wall_ms")

#define ENUMERATOR(name, text) FIELD_##name,
enum field {
    FIELDS(ENUMERATOR)
};
#undef ENUMERATOR
#define TEXT(name, text) text,
static const char *const field_names[] = {FIELDS(TEXT) NULL};
#undef TEXT

/* Push a text, nil for an empty one. */
static void push_text(lua_State *L, struct mg_str text)
{
    if (text.len == 0) {
        lua_pushnil(L);
    } else {
        mg_object_push_text(L, text);
    }
}

/* The exchange's req.ctx, or an empty table where no hook made one. */
static void push_ctx(lua_State *L, int slot)
{
    if (slot == 0) {
        lua_createtable(L, 0, 0);
    } else {
        mg_request_push_ctx(L, &slot);
    }
}

static void push_field(lua_State *L, struct mg_object *object, int field)
{
    const struct mg_plugin_record *record = object->target;
    switch ((enum field)field) {
    case FIELD_BYTES:
        lua_pushinteger(L, (lua_Integer)record->bytes);
        break;
    case FIELD_CTX:
        push_ctx(L, record->ctx);
        break;
    case FIELD_DURATION_US:
        lua_pushinteger(L, (lua_Integer)record->duration_us);
        break;
    case FIELD_FILE:
        push_text(L, mg_str_from(record->file));
        break;
    case FIELD_HOST:
        push_text(L, record->host);
        break;
    case FIELD_KIND:
        lua_pushstring(L, mg_kind_name(record->kind));
        break;
    case FIELD_LINE:
        lua_pushinteger(L, record->line);
        break;
    case FIELD_METHOD:
        push_text(L, record->method);
        break;
    case FIELD_ORIGIN:
        push_text(L, record->origin);
        break;
    case FIELD_PATH:
        push_text(L, record->path);
        break;
    case FIELD_REASON:
        push_text(L, mg_str_from(record->reason));
        break;
    case FIELD_REMOTE_ADDR:
        push_text(L, record->remote_addr);
        break;
    case FIELD_RESOURCE:
        push_text(L, record->resource);
        break;
    case FIELD_STATUS:
        lua_pushinteger(L, record->status);
        break;
    case FIELD_VERDICT:
        push_text(L, mg_str_from(record->verdict));
        break;
    case FIELD_WALL_MS:
        lua_pushinteger(L, (lua_Integer)record->wall_ms);
        break;
    }
}

static const luaL_Reg no_methods[] = {{NULL, NULL}};

const struct mg_object_class mg_record_class = {
    .name = "record",
    .instead = "make a table of your own",
    .fields = field_names,
    .push = push_field,
    .methods = no_methods,
    .size = sizeof(struct mg_object),
};
