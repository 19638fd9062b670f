/* native.h - plugins in C: shared objects that keep to moongate_plugin.h.
 *
 * Shape:     the file is copied into memory and loaded from there, once for each content: a new
 *            build of the same name loads beside the old one, and what is changed on disk
 *            disturbs nobody. Each Lua state has an instance of its own.
 * Hooks:     the functions take what those of dispatch.h take, and keep the same rules: what a
 *            hook does wrong is a fault of the call, and leaves all as it was.
 * Trust:     native code is as the program itself: no budget, no sandbox.
 * Threads:   an instance is used by one thread at a time, as its state.
 */
#ifndef MG_PLUGIN_NATIVE_H
#define MG_PLUGIN_NATIVE_H

#include "plugin/dispatch.h"

enum {
    MG_NATIVE_MAX_FILE_BYTES = 64 << 20 /* of a shared object */
};

/* How a plugin's shared object is made an instance of. */
struct mg_native_options {
    const char *path;     /* of the shared object */
    struct mg_str bytes;  /* of it; a NULL pointer: they are read from `path` */
    struct mg_str name;   /* of the plugin */
    struct mg_str config; /* as JSON, NUL behind it */
    const struct mg_plugin_clock *clock;
};

/* Load the shared object and make an instance, which the state at `L` closes with itself (+1: a
 * value to be kept). Returns: NULL after a fault, with `why` of `why_size` bytes filled and
 * nothing pushed. Raises when memory is out. */
const struct mg_plugin_native *mg_native_open(lua_State *L,
                                              const struct mg_native_options *options,
                                              char *why, size_t why_size);

/* Of the bytes of the shared object: the same where they are. */
uint64_t mg_native_hash(const struct mg_plugin_native *native);

/* The hooks it has: 1 << enum mg_hook. */
unsigned mg_native_hooks(const struct mg_plugin_native *native);

/* A `request` or `handler` hook of a plugin that has it in C (plugin->native is not NULL, and
 * mg_native_hooks tells). `answer` may be given then, in request->arena. Returns: false with
 * *fault filled. */
bool mg_native_request(const struct mg_plugin *plugin, enum mg_hook hook,
                       struct mg_request *request, struct mg_str body,
                       struct mg_plugin_answer *answer, struct mg_script_fault *fault);
bool mg_native_decision(const struct mg_plugin *plugin, struct mg_request *request,
                        struct mg_decision *decision, struct mg_script_fault *fault);
bool mg_native_response(const struct mg_plugin *plugin, struct mg_request *request,
                        struct mg_plugin_response *response, struct mg_script_fault *fault);
bool mg_native_log(const struct mg_plugin *plugin, const struct mg_plugin_record *record,
                   struct mg_script_fault *fault);

#endif
