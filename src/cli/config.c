/* config.c - run the file, then walk the globals it has set, in the order of their names so
 * that faults come in a stable order.
 */
#include "cli/config.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/settings.h"
#include "core/alloc.h"
#include "script/state.h"

enum {
    CONFIG_MAX_BYTES = 1 << 20,
    STRINGS_MAX_BYTES = 1 << 20,
    MAX_KEYS = 64
};

struct loading {
    struct mg_config *config;
    const char *path;
    struct mg_str text;
    struct mg_server_options *options;
    struct mg_errs *errs;
};

static void add_fault(struct loading *loading, const char *name, const char *wrong)
{
    struct mg_err err = {.severity = MG_ERROR, .code = "config-setting"};
    MG_ERR_SET(err.file, "%s", loading->path);
    MG_ERR_SET(err.where, "%s", name);
    MG_ERR_SET(err.message, "%s", wrong);
    mg_errs_add(loading->errs, &err);
}

static void apply(struct loading *loading, const char *name, const char *value)
{
    const char *kept = NULL;
    if (value != NULL) {
        struct mg_str copy = mg_arena_dup(&loading->config->strings, mg_str_from(value));
        if (mg_arena_overflowed(&loading->config->strings)) {
            add_fault(loading, name,
                      "is one string too many: the file holds over 1 MiB of them");
            return;
        }
        kept = copy.ptr;
    }
    const char *wrong = mg_setting_apply(loading->options, name, kept);
    if (wrong != NULL) {
        add_fault(loading, name, wrong);
    }
}

/* Apply the value at the top of the stack. Strings and whole numbers are values, true is a
 * switch. */
static void apply_scalar(lua_State *L, struct loading *loading, const char *name)
{
    if (lua_type(L, -1) == LUA_TBOOLEAN) {
        if (lua_toboolean(L, -1)) {
            apply(loading, name, NULL);
        }
    } else if (lua_isinteger(L, -1) || lua_type(L, -1) == LUA_TSTRING) {
        lua_pushvalue(L, -1);
        apply(loading, name, lua_tostring(L, -1));
        lua_pop(L, 1);
    } else {
        add_fault(loading, name, "is a string, a whole number, true, or a list of them");
    }
}

static void apply_limits(lua_State *L, struct loading *loading)
{
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        if (lua_type(L, -2) == LUA_TSTRING &&
            (lua_isinteger(L, -1) || lua_type(L, -1) == LUA_TSTRING)) {
            lua_pushvalue(L, -2);
            lua_pushliteral(L, "=");
            lua_pushvalue(L, -3);
            lua_concat(L, 3);
            apply(loading, "limit", lua_tostring(L, -1));
            lua_pop(L, 1);
        } else {
            add_fault(loading, "limits", "is a table of name = number or name = \"duration\"");
        }
        lua_pop(L, 1);
    }
}

static void apply_global(lua_State *L, struct loading *loading, const char *name)
{
    if (strcmp(name, "limits") == 0 && lua_istable(L, -1)) {
        apply_limits(L, loading);
        return;
    }
    if (!lua_istable(L, -1)) {
        apply_scalar(L, loading, name);
        return;
    }
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        apply_scalar(L, loading, name);
        lua_pop(L, 1);
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int load_below_door(lua_State *L)
{
    struct loading *loading = lua_touserdata(L, 1);
    const char *names[MAX_KEYS];
    size_t count = 0;
    mg_script_push_chunk(L, loading->path, loading->text);
    if (lua_getupvalue(L, -1, 1) == NULL) {
        lua_newtable(L); /* a chunk without globals */
    }
    lua_insert(L, -2);
    if (!mg_script_pcall(L, 0)) {
        return lua_error(L);
    }
    lua_settop(L, 2); /* the environment */
    for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING && count < MAX_KEYS) {
            names[count++] = lua_tostring(L, -2);
        }
    }
    qsort(names, count, sizeof(names[0]), compare_names);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, names[i]);
        lua_rawget(L, 2);
        apply_global(L, loading, names[i]);
        lua_pop(L, 1);
    }
    return 0;
}

static bool run(struct loading *loading)
{
    static const luaL_Reg none[] = {{NULL, NULL}};
    struct mg_script *script = mg_script_new(&(struct mg_script_limits){0}, none, NULL);
    struct mg_script_fault fault;
    if (script == NULL) {
        mg_errs_fail(loading->errs, "out-of-memory", NULL, "no memory to read %s",
                     loading->path);
        return false;
    }
    size_t before = loading->errs->error_count;
    if (!mg_script_call(script, load_below_door, loading, &fault)) {
        mg_errs_add(loading->errs, &fault.err);
    }
    mg_script_free(script);
    return loading->errs->error_count == before;
}

bool mg_config_load(struct mg_config *config, const char *path,
                    struct mg_server_options *options, struct mg_errs *errs)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        mg_errs_fail(errs, "config-unreadable", NULL, "cannot read %s: %s", path,
                     strerror(errno));
        return false;
    }
    if (config->strings.max_bytes == 0) {
        mg_arena_init(&config->strings, NULL, 0, STRINGS_MAX_BYTES);
    }
    char *text = mg_malloc(CONFIG_MAX_BYTES + 1);
    size_t size = text == NULL ? 0 : fread(text, 1, CONFIG_MAX_BYTES + 1, file);
    bool ok = text != NULL && size <= CONFIG_MAX_BYTES && ferror(file) == 0;
    (void)fclose(file);
    if (ok) {
        struct loading loading = {config, path, {text, size}, options, errs};
        ok = run(&loading);
    } else {
        mg_errs_fail(errs, "config-unreadable", NULL,
                     "cannot read %s: it is larger than 1 MiB, or reading it failed", path);
    }
    free(text);
    return ok;
}

void mg_config_fini(struct mg_config *config)
{
    mg_arena_fini(&config->strings);
}
