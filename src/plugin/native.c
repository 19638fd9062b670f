/* native.c - instances of plugins in C, and their hooks. A hook works on a copy, which counts
 * only when the hook succeeded and nothing was refused.
 */
#include "plugin/native.h"

#include <lauxlib.h>

#include "plugin/native_host.h"
#include "plugin/native_library.h"
#include "script/state.h"

enum {
    INIT_ERROR_SIZE = 160
};

struct mg_plugin_native {
    struct mg_native_host host;
    struct mg_plugin_log log;
    struct mg_native_library *library;
    const struct moongate_plugin *plugin; /* what the library exports */
    void *instance;
    bool is_made; /* `init` succeeded: `fini` is due */
};

/* ---- life ---- */

static void close_native(struct mg_plugin_native *native)
{
    if (native->is_made && native->plugin->fini != NULL) {
        native->plugin->fini(native->instance);
    }
    native->is_made = false;
    mg_native_library_release(native->library);
    native->library = NULL;
}

static int collect(lua_State *L)
{
    close_native(lua_touserdata(L, 1));
    return 0;
}

static bool make(struct mg_plugin_native *native, const struct mg_native_options *options,
                 char *why, size_t why_size)
{
    native->library = mg_native_library_acquire(options->path, options->bytes, why, why_size);
    if (native->library == NULL) {
        return false;
    }
    native->plugin = mg_native_library_plugin(native->library);
    char error[INIT_ERROR_SIZE] = "";
    if (native->plugin->init != NULL &&
        native->plugin->init(&native->host.table, options->config.ptr, &native->instance, error,
                             sizeof(error)) != 0) {
        error[sizeof(error) - 1] = '\0';
        mg_err_set(why, why_size, "%s: init failed: %s", options->path,
                   error[0] == '\0' ? "it gave no reason" : error);
        close_native(native);
        return false;
    }
    native->is_made = true;
    return true;
}

const struct mg_plugin_native *mg_native_open(lua_State *L,
                                              const struct mg_native_options *options,
                                              char *why, size_t why_size)
{
    struct mg_plugin_native *native = lua_newuserdatauv(L, sizeof(*native), 0); /* +1 */
    *native = (struct mg_plugin_native){.is_made = false};
    mg_plugin_log_init(&native->log, options->name);
    mg_native_host_init(&native->host, &native->log, options->clock);
    /* The metatable first: from then on the state closes what is opened. */
    lua_createtable(L, 0, 2); /* +1 */
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2); /* -1 */
    if (!make(native, options, why, why_size)) {
        lua_pop(L, 1);
        return NULL;
    }
    return native;
}

uint64_t mg_native_hash(const struct mg_plugin_native *native)
{
    return mg_native_library_hash(native->library);
}

unsigned mg_native_hooks(const struct mg_plugin_native *native)
{
    const struct moongate_plugin *plugin = native->plugin;
    unsigned hooks = 0;
    hooks |= plugin->request != NULL ? 1U << MG_HOOK_REQUEST : 0;
    hooks |= plugin->decision != NULL ? 1U << MG_HOOK_DECISION : 0;
    hooks |= plugin->response != NULL ? 1U << MG_HOOK_RESPONSE : 0;
    hooks |= plugin->log != NULL ? 1U << MG_HOOK_LOG : 0;
    hooks |= plugin->handler != NULL ? 1U << MG_HOOK_HANDLER : 0;
    return hooks;
}

/* ---- hooks ---- */

/* Judge how a hook ended. Returns: false with *fault filled. */
static bool finish(const struct mg_plugin *plugin, int result,
                   const struct mg_native_refusal *refusal, struct mg_script_fault *fault)
{
    bool is_refused = refusal != NULL && refusal->message[0] != '\0';
    if (result == 0 && !is_refused) {
        return true;
    }
    *fault = (struct mg_script_fault){
        .err = {.severity = MG_ERROR, .code = is_refused ? "native-refused" : "native-failed"}};
    MG_ERR_SET(fault->err.file, "%s", plugin->file);
    if (is_refused) {
        MG_ERR_SET(fault->err.message, "%s", refusal->message);
    } else {
        MG_ERR_SET(fault->err.message, "the native hook failed with %d", result);
    }
    return false;
}

bool mg_native_request(const struct mg_plugin *plugin, enum mg_hook hook,
                       struct mg_request *request, struct mg_str body,
                       struct mg_plugin_answer *answer, struct mg_script_fault *fault)
{
    const struct mg_plugin_native *native = plugin->native;
    bool is_handler = hook == MG_HOOK_HANDLER;
    struct moongate_request seen = {request, body, is_handler};
    struct moongate_answer given = {
        .arena = request->arena,
        .may_answer = is_handler || (plugin->capabilities & MG_CAPABILITY_RESPOND) != 0};
    int result = is_handler ? native->plugin->handler(native->instance, &seen, &given)
                            : native->plugin->request(native->instance, &seen, &given);
    if (result == 0 && is_handler && !given.answer.is_given) {
        MG_ERR_SET(given.refusal.message, "the handler gave no answer");
    }
    if (!finish(plugin, result, &given.refusal, fault)) {
        return false;
    }
    *answer = given.answer;
    return true;
}

bool mg_native_decision(const struct mg_plugin *plugin, struct mg_request *request,
                        struct mg_decision *decision, struct mg_script_fault *fault)
{
    const struct mg_plugin_native *native = plugin->native;
    struct moongate_request seen = {.request = request};
    struct moongate_decision changed = {.decision = *decision, .request = request};
    int result = native->plugin->decision(native->instance, &seen, &changed);
    if (!finish(plugin, result, &changed.refusal, fault)) {
        return false;
    }
    *decision = changed.decision;
    return true;
}

bool mg_native_response(const struct mg_plugin *plugin, struct mg_request *request,
                        struct mg_plugin_response *response, struct mg_script_fault *fault)
{
    const struct mg_plugin_native *native = plugin->native;
    struct moongate_request seen = {.request = request};
    struct moongate_response changed = {.response = *response};
    int result = native->plugin->response(native->instance, &seen, &changed);
    if (!finish(plugin, result, &changed.refusal, fault)) {
        return false;
    }
    *response = changed.response;
    return true;
}

bool mg_native_log(const struct mg_plugin *plugin, const struct mg_plugin_record *record,
                   struct mg_script_fault *fault)
{
    const struct mg_plugin_native *native = plugin->native;
    struct moongate_record seen = {record};
    return finish(plugin, native->plugin->log(native->instance, &seen), NULL, fault);
}
