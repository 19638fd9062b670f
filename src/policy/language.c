/* language.c - see the header.
 *
 * `resource "PATTERN" { … }` is two calls: the first notes pattern and line and gives a
 * function that holds the decl, the second reads the table. A decl whose second call never
 * comes is reported when the set is compiled.
 *
 * A fault in a field is noted and the policy runs on; only what leaves the policy without a
 * value it asked for (an include, a call with wrong arguments) raises.
 */
#include "policy/language.h"

#include "core/log.h"
#include "policy/respond.h"
#include "policy/runtime_log.h"
#include "policy/upstream.h"
#include "policy/verdict.h"
#include "script/value.h"

enum {
    MAX_LOG_BYTES = 1024
};

/* Address of the registry's table of what the running policy has included: path -> value, or
 * false while it runs. */
static const char included_key;

static struct mg_loader *loader_of(lua_State *L)
{
    return mg_script_host(L);
}

struct mg_reader mg_language_begin(lua_State *L, const char *where)
{
    mg_script_charge(L, MG_POLICY_CALL_STEPS);
    struct mg_loader *loader = loader_of(L);
    struct mg_reader reader = {.L = L, .loader = loader, .spot = {.errs = loader->errs}};
    char file[sizeof(((struct mg_err *)0)->file)] = "";
    (void)mg_script_position(L, file, sizeof(file), &reader.spot.line);
    if (loader->last_file == NULL || strcmp(loader->last_file, file) != 0) {
        struct mg_str kept = mg_arena_dup(loader->arena, mg_str_from(file));
        mg_read_need(L, kept.len == 0 ? NULL : kept.ptr);
        loader->last_file = kept.ptr;
    }
    reader.spot.file = loader->last_file;
    MG_ERR_SET(reader.spot.where, "%s", where);
    return reader;
}

void mg_language_need(lua_State *L, int type, const char *word, const char *usage)
{
    if (mg_script_is_sealed(L)) {
        (void)mg_script_raise(L, "declared-late", "call it outside of functions",
                              "'%s' declares at load, not in a hook", word);
    }
    if (loader_of(L)->running == NULL) {
        (void)mg_script_raise(L, "call-invalid", "call it in a policy",
                              "'%s' is a word of policies, not of plugins", word);
    }
    if (lua_gettop(L) != 1 || lua_type(L, 1) != type) {
        (void)mg_script_raise(L, "call-invalid", usage, "'%s' takes one %s here, not %s%s",
                              word, lua_typename(L, type), luaL_typename(L, 1),
                              lua_gettop(L) > 1 ? " and more" : "");
    }
}

/* ---- resource and default ---- */

static struct mg_resource_decl *new_resource(struct mg_reader *reader, struct mg_str pattern)
{
    struct mg_loader *loader = reader->loader;
    struct mg_resource_decl *decl = mg_arena_calloc(&loader->scratch, 1, sizeof(*decl));
    mg_read_need(reader->L, decl);
    decl->older = loader->resources;
    decl->pattern = pattern;
    decl->file = reader->spot.file;
    decl->line = reader->spot.line;
    decl->cors.max_age = MG_MAX_AGE_ABSENT;
    decl->cors.status = 204;
    loader->resources = decl;
    loader->resource_count++;
    return decl;
}

static void read_decl(lua_State *L, struct mg_resource_decl *decl)
{
    struct mg_reader reader = mg_language_begin(L, "");
    reader.spot = mg_loader_spot(reader.loader, decl);
    decl->is_complete = true;
    mg_read_resource(&reader, decl);
}

/* Upvalue 1: the decl. */
static int resource_close(lua_State *L)
{
    struct mg_resource_decl *decl = lua_touserdata(L, lua_upvalueindex(1));
    mg_language_need(L, LUA_TTABLE, "resource", "resource \"/path\" { … }");
    if (decl->is_complete) {
        return mg_script_raise(L, "call-invalid", "resource \"/path\" { … }",
                               "this resource was declared before");
    }
    read_decl(L, decl);
    return 0;
}

static int resource_open(lua_State *L)
{
    mg_language_need(L, LUA_TSTRING, "resource", "resource \"/path\" { … }");
    struct mg_reader reader = mg_language_begin(L, "");
    struct mg_str pattern = mg_read_copy(L, 1, reader.loader->arena);
    lua_pushlightuserdata(L, new_resource(&reader, pattern)); /* +1 */
    lua_pushcclosure(L, resource_close, 1);
    return 1;
}

static int default_resource(lua_State *L)
{
    mg_language_need(L, LUA_TTABLE, "default", "default { … }");
    struct mg_reader reader = mg_language_begin(L, "");
    read_decl(L, new_resource(&reader, MG_STR("/{rest...}")));
    return 0;
}

/* ---- upstream ---- */

/* Upvalue 1: the decl. */
static int upstream_close(lua_State *L)
{
    struct mg_upstream_decl *decl = lua_touserdata(L, lua_upvalueindex(1));
    mg_language_need(L, LUA_TTABLE, "upstream",
                     "upstream \"NAME\" { \"http://10.0.0.1:8080\" }");
    if (decl->is_complete) {
        return mg_script_raise(L, "call-invalid", NULL, "this upstream was declared before");
    }
    decl->is_complete = true;
    struct mg_reader reader = mg_language_begin(L, "");
    reader.spot = mg_spot_in(&reader.spot, "upstream %.*s", MG_STR_ARG(decl->upstream.name));
    mg_upstream_read(&reader, &decl->upstream);
    return 0;
}

static int upstream_open(lua_State *L)
{
    mg_language_need(L, LUA_TSTRING, "upstream",
                     "upstream \"NAME\" { \"http://10.0.0.1:8080\" }");
    struct mg_reader reader = mg_language_begin(L, "upstream");
    struct mg_loader *loader = reader.loader;
    struct mg_upstream_decl *decl = mg_arena_calloc(&loader->scratch, 1, sizeof(*decl));
    mg_read_need(L, decl);
    decl->upstream.name = mg_read_copy(L, 1, loader->arena);
    decl->upstream.file = reader.spot.file;
    decl->upstream.line = reader.spot.line;
    if (mg_upstream_name_is_valid(decl->upstream.name)) {
        decl->older = loader->upstreams;
        loader->upstreams = decl;
        loader->upstream_count++;
    } else {
        char quoted[80];
        mg_fault(&reader.spot, MG_ERROR, "upstream-name",
                 "letters, digits, \"-\", \"_\", \".\"", "%s is no name of an upstream",
                 mg_quote(quoted, sizeof(quoted), decl->upstream.name));
    }
    lua_pushlightuserdata(L, decl); /* +1 */
    lua_pushcclosure(L, upstream_close, 1);
    return 1;
}

/* ---- handlers ---- */

static struct mg_handler_spec *new_handler(struct mg_reader *reader, enum mg_handler_kind kind)
{
    struct mg_handler_spec *spec = mg_arena_calloc(&reader->loader->scratch, 1, sizeof(*spec));
    mg_read_need(reader->L, spec);
    spec->kind = kind;
    return spec;
}

static int proxy(lua_State *L)
{
    mg_language_need(L, LUA_TSTRING, "proxy", "handler = proxy \"NAME\"");
    struct mg_reader reader = mg_language_begin(L, "proxy");
    struct mg_handler_spec *spec = new_handler(&reader, MG_HANDLER_PROXY);
    spec->name = mg_read_copy(L, 1, reader.loader->arena);
    mg_value_push(L, mg_value_handler, spec);
    return 1;
}

static int respond(lua_State *L)
{
    mg_language_need(L, LUA_TTABLE, "respond",
                     "handler = respond { status = 200, body = \"…\" }");
    struct mg_reader reader = mg_language_begin(L, "respond");
    struct mg_handler_spec *spec = new_handler(&reader, MG_HANDLER_RESPOND);
    bool is_fine = mg_respond_read(&reader, &spec->canned);
    mg_value_push(L, is_fine ? mg_value_handler : mg_value_broken, spec);
    return 1;
}

/* ---- files ---- */

static int file(lua_State *L)
{
    mg_language_need(L, LUA_TSTRING, "file", "origins = file \"partners.txt\"");
    struct mg_reader reader = mg_language_begin(L, "file");
    struct mg_loader *loader = reader.loader;
    struct mg_list_decl *list = mg_arena_calloc(&loader->scratch, 1, sizeof(*list));
    mg_read_need(L, list);
    struct mg_str name = mg_read_copy(L, 1, &loader->scratch);
    struct mg_err err;
    list->kind = MG_LIST_FILE;
    list->source =
        mg_sources_find(&loader->sources, loader->running, name, MG_SOURCE_LIST, &err);
    if (list->source == NULL) {
        mg_fault(&reader.spot, MG_ERROR, err.code, err.hint, "%s", err.message);
    }
    mg_value_push(L, list->source == NULL ? mg_value_broken : mg_value_file, list);
    return 1;
}

/* Give what the file returned when it was included before by the running policy. Leaves the
 * table of included files at index 2, and the value at 3. */
static bool is_included(lua_State *L, const struct mg_source *source)
{
    lua_settop(L, 1);
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &included_key); /* +1 */
    int type = lua_rawgetp(L, 2, source);                   /* +1 */
    if (type == LUA_TBOOLEAN && !lua_toboolean(L, 3)) {
        (void)mg_script_raise(L, "include-cycle", NULL, "'%s' includes itself", source->name);
    }
    return type != LUA_TNIL;
}

static int include(lua_State *L)
{
    mg_language_need(L, LUA_TSTRING, "include", "local shared = include \"_shared.lua\"");
    struct mg_reader reader = mg_language_begin(L, "include");
    struct mg_loader *loader = reader.loader;
    struct mg_str name = mg_read_copy(L, 1, &loader->scratch);
    struct mg_err err;
    const struct mg_source *source =
        mg_sources_find(&loader->sources, loader->running, name, MG_SOURCE_INCLUDE, &err);
    if (source == NULL) {
        return mg_script_raise(L, err.code, err.hint, "%s", err.message);
    }
    if (!is_included(L, source)) {
        lua_pushboolean(L, 0);                               /* +1 */
        lua_rawsetp(L, 2, source);                           /* -1 */
        mg_script_push_chunk(L, source->name, source->text); /* +1 */
        lua_callk(L, 0, 1, 0, NULL); /* below the door of mg_language_run */
        if (lua_isnil(L, -1) || (lua_isboolean(L, -1) && !lua_toboolean(L, -1))) {
            lua_pop(L, 1);
            lua_pushboolean(L, 1); /* as require does: it was included */
        }
        lua_pushvalue(L, -1);
        lua_rawsetp(L, 2, source);
    }
    return 1;
}

/* ---- log ---- */

/* Write the arguments, as `print` would, into `text`. */
static void join_arguments(lua_State *L, char *text, size_t size)
{
    text[0] = '\0';
    size_t used = 0;
    for (int i = 1; i <= lua_gettop(L) && used + 1 < size; i++) {
        int type = lua_type(L, i);
        bool is_text = type == LUA_TSTRING || type == LUA_TNUMBER;
        lua_pushvalue(L, i); /* a copy, since lua_tostring changes numbers */
        mg_err_set(text + used, size - used, "%s%.*s", i == 1 ? "" : " ", (int)(size - used),
                   is_text                ? lua_tostring(L, -1)
                   : type == LUA_TBOOLEAN ? (lua_toboolean(L, i) ? "true" : "false")
                                          : lua_typename(L, type));
        used += strlen(text + used);
        lua_pop(L, 1);
    }
}

static int log_line(lua_State *L)
{
    char text[MAX_LOG_BYTES];
    luaL_checkstack(L, 2, NULL);
    join_arguments(L, text, sizeof(text));
    if (mg_script_is_sealed(L)) {
        mg_script_charge(L, MG_POLICY_CALL_STEPS);
        mg_runtime_log(L, text);
        return 0;
    }
    struct mg_reader reader = mg_language_begin(L, "log");
    if (reader.loader->is_replay) {
        return 0; /* it was written by the first run */
    }
    if (reader.loader->log_lines < MG_POLICY_MAX_LOG_LINES) {
        reader.loader->log_lines++;
        mg_log_policy_line(text, reader.spot.file, reader.spot.line, MG_STR(""), 0);
    }
    return 0;
}

const luaL_Reg mg_language_globals[] = {
    {"allow", mg_verdict_allow},    {"default", default_resource},
    {"deny", mg_verdict_deny},      {"file", file},
    {"include", include},           {"log", log_line},
    {"plugin", mg_language_plugin}, {"proxy", proxy},
    {"resource", resource_open},    {"respond", respond},
    {"upstream", upstream_open},    {NULL, NULL},
};

/* ---- running ---- */

static int run_source(lua_State *L)
{
    const struct mg_source *source = lua_touserdata(L, 1);
    lua_createtable(L, 0, 0); /* what this policy includes */
    lua_rawsetp(L, LUA_REGISTRYINDEX, &included_key);
    mg_script_push_chunk(L, source->name, source->text); /* +1 */
    lua_callk(L, 0, 0, 0, NULL);                         /* below the door of mg_language_run */
    return 0;
}

/* A policy failed: what it had begun to declare, since `resource`, `upstream` and `plugin`, is
 * no fault of its own. */
static void abandon_incomplete(const struct mg_loader *loader,
                               const struct mg_resource_decl *resource,
                               const struct mg_upstream_decl *upstream,
                               const struct mg_plugin_decl *plugin)
{
    for (struct mg_resource_decl *decl = loader->resources; decl != resource;
         decl = decl->older) {
        decl->is_abandoned = !decl->is_complete;
    }
    for (struct mg_upstream_decl *decl = loader->upstreams; decl != upstream;
         decl = decl->older) {
        decl->is_abandoned = !decl->is_complete;
    }
    for (struct mg_plugin_decl *decl = loader->plugins; decl != plugin; decl = decl->older) {
        decl->is_abandoned = !decl->is_complete;
    }
}

/* Run one policy. Returns: false when a bound of the script was passed. */
static bool run_policy(struct mg_loader *loader, struct mg_script *script,
                       const struct mg_source *source)
{
    struct mg_script_fault fault;
    struct mg_source running = *source;
    const struct mg_resource_decl *resource = loader->resources;
    const struct mg_upstream_decl *upstream = loader->upstreams;
    const struct mg_plugin_decl *plugin = loader->plugins;
    loader->running = source;
    bool is_fine = mg_script_call(script, run_source, &running, &fault);
    loader->running = NULL;
    if (is_fine) {
        return true;
    }
    abandon_incomplete(loader, resource, upstream, plugin);
    if (fault.err.file[0] == '\0') {
        MG_ERR_SET(fault.err.file, "%s", source->name);
    }
    mg_fault_clean(&fault.err);
    mg_errs_add(loader->errs, &fault.err);
    return !fault.is_final;
}

bool mg_language_run(struct mg_loader *loader, struct mg_script *script)
{
    bool goes_on = true;
    for (const struct mg_source *s = loader->sources.first; goes_on && s != NULL; s = s->next) {
        /* Included files, lists and plugins are appended while policies run. */
        goes_on = s->kind != MG_SOURCE_POLICY || run_policy(loader, script, s);
    }
    return goes_on;
}
