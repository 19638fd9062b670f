/* plugin.c - read one plugin: its text becomes a manifest, capabilities, a configuration and
 * functions that are kept.
 *
 *   plugin.lua --run--> manifest --check--> config, grants --make--> globals --load(config)-->
 *
 * Each step needs the one before to be without fault; within a step all faults are found.
 */
#include "plugin/plugin.h"

#include <stdio.h>

#include <lauxlib.h>

#include "plugin/capability_object.h"
#include "plugin/config_json.h"
#include "plugin/manifest.h"
#include "plugin/native.h"
#include "plugin/read.h"
#include "script/state.h"

/* A plugin that is being read, and where on the stack its parts are. */
struct reading {
    lua_State *L;
    const struct mg_plugin_use *use;
    struct mg_arena *arena;
    struct mg_errs *errs;
    struct mg_plugin *plugin;
    struct mg_plugin_slots *slots;
    struct mg_manifest manifest;
    int top;         /* before all */
    int manifest_at; /* absolute indexes */
    int environment_at;
    int config_at;
    unsigned asked; /* capabilities of the manifest */
};

/* ---- the chunk ---- */

/* Run plugin.lua: +2, its environment and what it returns. */
static void run_chunk(struct reading *reading)
{
    lua_State *L = reading->L;
    mg_script_push_chunk(L, reading->use->file, reading->use->text); /* +1 */
    /* The one upvalue of a chunk is its environment. */
    (void)lua_getupvalue(L, -1, 1); /* +1 */
    lua_insert(L, -2);
    reading->environment_at = lua_gettop(L) - 1;
    mg_capability_reserve(L, reading->environment_at);
    lua_callk(L, 0, 1, 0, NULL); /* -1 +1; below the door of loading */
    reading->manifest_at = lua_gettop(L);
}

/* The spot of a field of the `plugin` call. */
static struct mg_plugin_spot spot_of_use(const struct reading *reading, const char *field)
{
    const struct mg_plugin_use *use = reading->use;
    struct mg_plugin_spot spot = {
        .errs = reading->errs, .file = use->used_file, .line = use->used_line};
    MG_ERR_SET(spot.where, "plugin %.*s %s", MG_STR_ARG(use->name), field);
    return spot;
}

/* ---- capabilities ---- */

static int free_dicts(lua_State *L)
{
    struct mg_dicts **dicts = lua_touserdata(L, 1);
    mg_dicts_free(*dicts);
    *dicts = NULL;
    return 0;
}

/* Make dictionaries that live as long as the state. */
static struct mg_dicts *make_private_dicts(lua_State *L)
{
    struct mg_dicts **dicts = lua_newuserdatauv(L, sizeof(struct mg_dicts *), 0); /* +1 */
    *dicts = NULL;
    lua_createtable(L, 0, 1); /* +1 */
    lua_pushcfunction(L, free_dicts);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2); /* -1 */
    *dicts = mg_dicts_new();
    if (*dicts == NULL) {
        (void)mg_script_raise(L, "policy-memory", NULL, "out of memory while reading plugins");
    }
    struct mg_dicts *made = *dicts;
    (void)mg_script_keep(L); /* -1 */
    return made;
}

/* Find what the plugin may reach: the manifest's capabilities, narrowed by the grant. */
static void read_capabilities(struct reading *reading)
{
    const struct mg_manifest *manifest = &reading->manifest;
    const struct mg_plugin_use *use = reading->use;
    struct mg_plugin *plugin = reading->plugin;
    const struct mg_capability_spec *granted = manifest->capabilities;
    size_t count = manifest->capability_count;
    if (use->has_grant) {
        struct mg_plugin_spot spot = spot_of_use(reading, "grant");
        struct mg_capability_spec *left =
            mg_plugin_alloc(reading->L, reading->arena, count, sizeof(*left));
        count = mg_capability_narrow(granted, count, use->grant, use->grant_count, &spot, left);
        granted = left;
    }
    struct mg_plugin_dict *dicts =
        mg_plugin_alloc(reading->L, reading->arena, count, sizeof(*dicts));
    for (size_t i = 0; i < count; i++) {
        plugin->capabilities |= (unsigned)granted[i].kind;
        if (granted[i].kind == MG_CAPABILITY_DICT) {
            dicts[plugin->dict_count++] =
                (struct mg_plugin_dict){granted[i].name, granted[i].max_bytes};
        }
    }
    plugin->dicts = dicts;
    for (size_t i = 0; i < manifest->capability_count; i++) {
        reading->asked |= (unsigned)manifest->capabilities[i].kind;
    }
}

/* ---- configuration ---- */

/* Push the configuration as the plugin reads it (+1). Returns: false after a fault. */
static bool read_config(struct reading *reading, const struct mg_schema_context *context)
{
    lua_State *L = reading->L;
    struct mg_plugin_spot spot = spot_of_use(reading, "config");
    if (reading->use->config != 0) {
        mg_script_push_kept(L, reading->use->config); /* +1 */
    } else {
        lua_createtable(L, 0, 0); /* +1 */
    }
    reading->config_at = lua_gettop(L);
    return mg_schema_check(context, &reading->manifest.config, &spot);
}

/* ---- native plugins ---- */

/* Load the shared object, if there is one. Returns: false after a fault. */
static bool open_native(struct reading *reading)
{
    lua_State *L = reading->L;
    const struct mg_plugin_use *use = reading->use;
    const struct mg_manifest *manifest = &reading->manifest;
    if (manifest->native.len == 0) {
        return true;
    }
    const char *slash = strrchr(use->file, '/');
    struct mg_str folder = mg_str_from(use->folder);
    if (use->folder == NULL) {
        folder = slash == NULL ? MG_STR(".")
                               : (struct mg_str){use->file, (size_t)(slash - use->file)};
    }
    const char *path =
        lua_pushfstring(L, "%s/%s", /* +1 */
                        mg_plugin_copy(L, reading->arena, folder).ptr, manifest->native.ptr);
    lua_pushvalue(L, reading->config_at);          /* +1 */
    struct mg_str config = mg_config_json_push(L); /* -1 +1 */
    char why[224] = "the configuration is larger than 64 KiB as JSON";
    struct mg_str bytes = {NULL, 0};
    bool is_found = true;
    if (use->find_native != NULL && config.ptr != NULL) {
        bytes = use->find_native(use->context, manifest->native, why, sizeof(why));
        is_found = bytes.ptr != NULL;
    }
    struct mg_plugin_spot manifest_spot =
        mg_plugin_spot_of_chunk(reading->errs, use->file, use->text);
    struct mg_plugin_spot spot = mg_plugin_spot_of_field(&manifest_spot, "", MG_STR("native"));
    struct mg_native_options options = {path, bytes, reading->plugin->name, config, use->clock};
    const struct mg_plugin_native *native =
        config.ptr == NULL || !is_found
            ? NULL
            : mg_native_open(L, &options, why, sizeof(why)); /* +1 */
    if (native == NULL) {
        mg_plugin_fault(&spot, MG_ERROR, "plugin-native", NULL, "%s", why);
        lua_pop(L, 2);
        return false;
    }
    (void)mg_script_keep(L); /* -1 */
    lua_pop(L, 2);
    unsigned both = mg_native_hooks(native) & manifest->hooks;
    for (int hook = 0; hook < MG_HOOK_COUNT; hook++) {
        if ((both & 1U << hook) != 0) {
            mg_plugin_fault(&spot, MG_ERROR, "plugin-native", "take one away",
                            "the hook '%s' is in the shared object and in plugin.lua",
                            mg_hook_name((enum mg_hook)hook));
        }
    }
    reading->plugin->native = native;
    reading->plugin->native_hash = mg_native_hash(native);
    reading->plugin->hooks |= mg_native_hooks(native);
    return both == 0;
}

/* ---- what is kept ---- */

/* Keep the function `name` of the manifest. */
static int keep_function(struct reading *reading, const char *name)
{
    (void)lua_getfield(reading->L, reading->manifest_at, name); /* +1 */
    return mg_script_keep(reading->L);                          /* -1 */
}

static void keep(struct reading *reading)
{
    lua_State *L = reading->L;
    struct mg_plugin_slots *slots = reading->slots;
    lua_pushvalue(L, reading->config_at);
    slots->config = mg_script_keep(L);
    for (int hook = 0; hook < MG_HOOK_COUNT; hook++) {
        if ((reading->manifest.hooks & 1U << hook) != 0) {
            slots->hooks[hook] = keep_function(reading, mg_hook_name((enum mg_hook)hook));
        }
    }
}

/* `load` is not kept: it runs once, and what it assigns is then final. */
static void call_load(struct reading *reading)
{
    lua_State *L = reading->L;
    if (reading->manifest.has_load) {
        (void)lua_getfield(L, reading->manifest_at, "load"); /* +1 */
        lua_pushvalue(L, reading->config_at);                /* +1 */
        lua_callk(L, 1, 0, 0, NULL);                         /* -2; below the door of loading */
    }
}

static struct mg_str copy_c_string(struct reading *reading, const char *text)
{
    return mg_plugin_copy(reading->L, reading->arena, mg_str_from(text));
}

static void describe(struct reading *reading)
{
    const struct mg_manifest *manifest = &reading->manifest;
    *reading->plugin = (struct mg_plugin){
        .name = manifest->name,
        .version = manifest->version,
        .file = copy_c_string(reading, reading->use->file).ptr,
        .used_file = copy_c_string(reading, reading->use->used_file).ptr,
        .used_line = reading->use->used_line,
        .hooks = manifest->hooks,
        .before = manifest->before,
        .before_count = manifest->before_count,
        .after = manifest->after,
        .after_count = manifest->after_count,
        .budget = manifest->budget,
    };
}

static bool read_all(struct reading *reading)
{
    lua_State *L = reading->L;
    const struct mg_plugin_use *use = reading->use;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    run_chunk(reading);
    lua_createtable(L, 0, 0); /* +1 defaults of the configuration */
    struct mg_schema_context context = {L, reading->arena, lua_gettop(L)};
    struct mg_plugin_spot spot = mg_plugin_spot_of_chunk(reading->errs, use->file, use->text);
    lua_pushvalue(L, reading->manifest_at); /* +1 */
    bool is_fine = mg_manifest_read(&context, use->name, &spot, &reading->manifest);
    lua_pop(L, 1);
    if (!is_fine) {
        return false;
    }
    describe(reading);
    size_t faults_before = reading->errs->error_count;
    read_capabilities(reading);
    if (!read_config(reading, &context) || reading->errs->error_count > faults_before ||
        !open_native(reading)) {
        return false;
    }
    struct mg_capability_host host = {reading->plugin, reading->asked, use->dicts, use->clock};
    if (host.dicts == NULL && reading->plugin->dict_count > 0) {
        host.dicts = make_private_dicts(L);
    }
    mg_capability_install(L, reading->environment_at, &host);
    keep(reading);
    call_load(reading);
    return true;
}

bool mg_plugin_read(lua_State *L, const struct mg_plugin_use *use, struct mg_arena *arena,
                    struct mg_errs *errs, struct mg_plugin *plugin,
                    struct mg_plugin_slots *slots)
{
    struct reading reading = {.L = L,
                              .use = use,
                              .arena = arena,
                              .errs = errs,
                              .plugin = plugin,
                              .slots = slots,
                              .top = lua_gettop(L)};
    *plugin = (struct mg_plugin){.used_file = use->used_file};
    *slots = (struct mg_plugin_slots){.config = 0};
    bool is_fine = read_all(&reading);
    lua_settop(L, reading.top);
    return is_fine;
}
