/* loader.h - what one load of a policy set works with. Private to policy/.
 *
 * Phases:    1 read the files  2 run them: constructors fill decls  3 judge and compile the
 *            decls, without Lua  4 run all once more in another state, if there are functions,
 *            and compare  5 order the faults, give the set or free it.
 * Runtimes:  (runtime.h) run phase 2 again, with a loader of their own, and keep a small one
 *            for the judgement of what functions give.
 */
#ifndef MG_POLICY_LOADER_H
#define MG_POLICY_LOADER_H

#include <libpsl.h>

#include "plugin/plugin.h"
#include "policy/decl.h"
#include "policy/fault.h"
#include "policy/source.h"
#include "script/state.h"

enum {
    MG_POLICY_MAX_NAMES = 256,      /* names in a list of methods, headers or exposed ones */
    MG_POLICY_MAX_NAME_BYTES = 128, /* of each */
    MG_POLICY_MAX_LOG_LINES = 100,  /* of `log` in one load */
    MG_POLICY_CALL_STEPS = 50,      /* charged for a constructor's call */
    MG_POLICY_MAX_LIST_FAULTS = 50, /* reported of one list of origins, then a count */
    MG_POLICY_MAX_PLUGINS = 64,     /* uses of plugins in a set */
    MG_POLICY_MAX_GIVEN_ORIGINS = 1000, /* in a list of a function, or of allow */
};

struct mg_compiled_list;

struct mg_loader {
    struct mg_policy_options options; /* with defaults put in */
    struct mg_errs *errs;
    struct mg_arena *arena;  /* of the set */
    struct mg_arena scratch; /* dies with the load */
    struct mg_arena *values; /* of values that hooks use (grant.h), as long as the state; NULL:
                                no hook will run in it */
    struct mg_sources sources;
    struct mg_script *script;        /* where the policies run */
    const struct mg_source *running; /* the policy that runs now; NULL: none */
    struct mg_resource_decl *resources;
    size_t resource_count;
    struct mg_upstream_decl *upstreams;
    size_t upstream_count;
    struct mg_plugin_decl *plugins; /* every `plugin "NAME"` */
    size_t plugin_count;
    struct mg_plugin_decl **uses; /* those that run, in order (plugin_use.h) */
    size_t use_count;
    struct mg_plugin *plugins_read;         /* one a use, in the set's arena */
    uint32_t function_count;                /* resources with functions, compiled so far */
    const struct mg_origin_set *no_origins; /* for them; NULL: not needed yet */
    unsigned log_lines;
    bool is_replay;        /* the same ran before: log lines were written, files were read */
    const char *last_file; /* file of the newest decl; policies mostly have many of one */
    psl_ctx_t *suffixes;   /* the public suffix list, once it was needed */
    struct mg_compiled_list *compiled_lists; /* of check_origins.c */
};

/* The spot of a resource as a whole. */
struct mg_spot mg_loader_spot(struct mg_loader *loader, const struct mg_resource_decl *decl);

/* The decls in the set's order: by file, line and pattern; a policy may declare them in a loop
 * over a table, and Lua walks tables in an order that differs from state to state. In the
 * scratch arena; NULL when memory is out. */
struct mg_resource_decl **mg_loader_order(struct mg_loader *loader);

/* Which functions a decl has. */
unsigned mg_decl_functions(const struct mg_resource_decl *decl);
/* One of them; its slot is 0 where there is none. */
const struct mg_function_decl *mg_decl_function(const struct mg_resource_decl *decl,
                                                enum mg_function function);

/* Judge every decl and make the set's resources, router and upstreams of them. Faults are
 * reported. Returns: false when memory is out (reported too). */
bool mg_compile(struct mg_loader *loader, struct mg_policy_set *set);

#endif
