/* load_options.c - see the header. */
#include "testing/load_options.h"

#include "testing/push.h"

void mg_load_options_init(struct mg_server_options *options)
{
    mg_server_options_init(options);
    options->counts_steps = true;
}

static void read_proxies(lua_State *L, int index, struct mg_server_options *options,
                         struct mg_arena *arena)
{
    struct mg_strings ranges = {.count = 0};
    mg_take_strings(L, index, "trusted_proxies", &ranges, arena);
    options->trusted_count = 0;
    for (size_t i = 0; i < ranges.count; i++) {
        struct mg_str text = mg_str_from(ranges.items[i]);
        if (!mg_cidr_parse(text, &options->trusted[options->trusted_count++])) {
            (void)luaL_error(L, "'trusted_proxies[%d]': '%s' is no range of addresses",
                             (int)i + 1, ranges.items[i]);
        }
    }
}

/* The limit called `name`, or NULL. */
static uint64_t *find_limit(struct mg_limits *limits, const char *name)
{
#define MG_LIMIT_ROW(field, value, is_duration) {#field, &limits->field},
    const struct {
        const char *name;
        uint64_t *at;
    } rows[] = {MG_LIMITS(MG_LIMIT_ROW)};
#undef MG_LIMIT_ROW
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].at;
        }
    }
    return NULL;
}

static void read_limits(lua_State *L, int index, struct mg_limits *limits)
{
    int type = lua_getfield(L, index, "limits"); /* +1 */
    if (type != LUA_TNIL && type != LUA_TTABLE) {
        (void)luaL_error(L, "'limits' is a %s, not a table", lua_typename(L, type));
    }
    lua_pushnil(L);                                      /* +1 */
    while (type == LUA_TTABLE && lua_next(L, -2) != 0) { /* +1 */
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        uint64_t *at = find_limit(limits, name);
        if (at == NULL) {
            (void)luaL_error(L, "'limits' has no '%s'", name);
            return;
        }
        lua_Integer value = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : -1;
        if (value < 0) {
            (void)luaL_error(L, "'limits.%s' is no whole number (times are in milliseconds)",
                             name);
        }
        *at = (uint64_t)value;
        lua_pop(L, 1);
    }
    lua_settop(L, lua_gettop(L) - (type == LUA_TTABLE ? 1 : 2));
}

void mg_load_options_read_server(lua_State *L, int index, struct mg_server_options *options,
                                 struct mg_arena *arena)
{
    mg_take_strings(L, index, "public_origins", &options->public_origins, arena);
    read_proxies(L, index, options, arena);
    read_limits(L, index, &options->limits);
}

void mg_load_options_read(lua_State *L, int index, const struct mg_server_options *options,
                          struct mg_load_options *load, struct mg_arena *arena)
{
    *load = (struct mg_load_options){
        .has_public_origin = options->public_origins.count > 0,
        .has_upstream = mg_take_flag(L, index, "upstream"),
    };
    mg_take_strings(L, index, "paths", &load->paths, arena);
    mg_take_strings(L, index, "plugins", &load->plugins, arena);
    load->text = mg_take_text(L, index, "text", arena);
    load->is_text = load->text.ptr != NULL;
    struct mg_str name = mg_take_text(L, index, "name", arena);
    load->name = name.ptr == NULL ? "policy" : name.ptr;
}

struct mg_policy_set *mg_load_options_load(const struct mg_load_options *load,
                                           struct mg_errs *errs)
{
    const struct mg_policy_options options = {
        .paths = load->paths.items,
        .path_count = load->paths.count,
        .has_upstream = load->has_upstream,
        .has_public_origin = load->has_public_origin,
        .plugin_dirs = load->plugins.items,
        .plugin_dir_count = load->plugins.count,
    };
    return load->is_text ? mg_policy_set_load_text(load->name, load->text, &options, errs)
                         : mg_policy_set_load(&options, errs);
}
