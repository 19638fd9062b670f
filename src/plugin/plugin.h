/* plugin.h - what a plugin is: its manifest, its configuration, its hooks. What a plugin.lua
 * may say is told in docs/plugins.md.
 *
 * Life:      once a generation its plugin.lua is read and validated (with the policy set), then
 *            once more in each worker's state, with the same result.
 * Ownership: everything in a struct mg_plugin lives in the arena it was read into; what is
 *            behind `native`, and private dictionaries, as long as the Lua state.
 * Threads:   read-only once loaded; the slots belong to their state.
 */
#ifndef MG_PLUGIN_PLUGIN_H
#define MG_PLUGIN_PLUGIN_H

#include "core/arena.h"
#include "core/clock.h"
#include "core/err.h"
#include "plugin/dict.h"
#include "script/state.h"

/* Hooks that run for exchanges; `load` runs once and is none of them. */
enum mg_hook {
    MG_HOOK_REQUEST,  /* actual requests before their handler: may answer */
    MG_HOOK_DECISION, /* every decision, preflights too: may narrow */
    MG_HOOK_RESPONSE, /* the head of an answer to an actual request: may edit fields */
    MG_HOOK_LOG,      /* every exchange that is over */
    MG_HOOK_HANDLER,  /* answers requests of resources that name it */
    MG_HOOK_COUNT
};

enum mg_capability {
    MG_CAPABILITY_LOG = 1 << 0,
    MG_CAPABILITY_CLOCK = 1 << 1,
    MG_CAPABILITY_DICT = 1 << 2,
    MG_CAPABILITY_RESPOND = 1 << 3,
    MG_CAPABILITY_WIDEN = 1 << 4,
};

enum {
    MG_PLUGIN_MAX_NAME_BYTES = 64
};

struct mg_plugin_native;

struct mg_plugin_dict {
    struct mg_str name;
    size_t max_bytes;
};

struct mg_plugin {
    struct mg_str name;
    struct mg_str version;
    const char *file;      /* of plugin.lua, as in messages */
    const char *used_file; /* of the `plugin` call */
    int used_line;
    unsigned hooks;        /* 1 << enum mg_hook */
    unsigned capabilities; /* granted ones */
    const struct mg_plugin_dict *dicts;
    size_t dict_count;
    const struct mg_str *before; /* names of plugins */
    size_t before_count;
    const struct mg_str *after;
    size_t after_count;
    struct mg_script_budget budget; /* zeros: the default; max_cpu_ms max_steps max_bytes */
    const struct mg_plugin_native *native; /* plugin in C (native.h), or NULL */
    uint64_t native_hash;                  /* of the bytes of its shared object */
};

/* A plugin in one state: where its functions are kept, 0 for those it has not. */
struct mg_plugin_slots {
    int config;
    int hooks[MG_HOOK_COUNT];
};

/* What plugins take for the time: `clock`, and the lives of entries in dictionaries. */
struct mg_plugin_clock {
    uint64_t wall_ms; /* since 1970-01-01 UTC */
    uint64_t monotonic_ms;
};

/* The times of `clock`; NULL: the machine's. */
static inline uint64_t mg_plugin_clock_wall(const struct mg_plugin_clock *clock)
{
    return clock != NULL ? clock->wall_ms : mg_clock_wall_us() / 1000;
}
static inline uint64_t mg_plugin_clock_monotonic(const struct mg_plugin_clock *clock)
{
    return clock != NULL ? clock->monotonic_ms : mg_clock_coarse_ms();
}

/* `plugin "NAME" { … }` of a policy: what is read, and where it is used. */
struct mg_plugin_use {
    struct mg_str name; /* the folder's */
    const char *file;   /* "plugins/NAME/plugin.lua" in messages */
    struct mg_str text; /* of plugin.lua */
    const char *used_file;
    int used_line;
    int config; /* kept table of the call without `resources` and `grant`; 0: none */
    const struct mg_str *grant; /* capabilities as in a manifest, to which it is narrowed */
    size_t grant_count;
    bool has_grant;
    struct mg_dicts *dicts; /* where dictionaries are opened, as "PLUGIN/DICTIONARY"; NULL:
                               private ones are made */
    const char *folder;     /* where `native` lies; NULL: that of `file` */
    /* Gives the bytes of `native`, which live as long as the reading; a NULL pointer with a
     * sentence in `why` where they cannot be had. NULL: they are read from the folder. */
    struct mg_str (*find_native)(void *context, struct mg_str name, char *why, size_t why_size);
    void *context;                       /* for find_native */
    const struct mg_plugin_clock *clock; /* asked at each use; lives as long as the state; NULL:
                                            the machine's clocks, to the millisecond */
};

/* Run plugin.lua in an environment of its own, read its manifest, check the configuration, make
 * what its capabilities grant, load what is native, call load(config). Below the door of
 * loading. Faults go to `errs` (codes plugin-…, config-…), those of the manifest at its own
 * lines, those of configuration and grant at the policy's. Returns: whether it can be used; the
 * stack is as before. Raises what plugin.lua or load(config) raises, and when memory is out. */
bool mg_plugin_read(lua_State *L, const struct mg_plugin_use *use, struct mg_arena *arena,
                    struct mg_errs *errs, struct mg_plugin *plugin,
                    struct mg_plugin_slots *slots);

/* Order plugins by before and after, else by name, file and line of use. A name that is no
 * plugin of the set counts for nothing (a note). Returns: false after an error, plugin-cycle:
 * it names the cycle whole, notes name who says what of it. Complexity: O(count cubed). */
bool mg_plugin_order(const struct mg_plugin **plugins, size_t count, struct mg_errs *errs);

#endif
