/* loader.h - what one load of a policy set works with. Private to policy/.
 *
 * Phases:    1 read the files  2 run them: constructors fill decls  3 judge and compile the
 *            decls, without Lua  4 order the faults, give the set or free it.
 */
#ifndef MG_POLICY_LOADER_H
#define MG_POLICY_LOADER_H

#include <libpsl.h>

#include "policy/decl.h"
#include "policy/fault.h"
#include "policy/source.h"
#include "script/state.h"

enum {
    MG_POLICY_MAX_NAMES = 256,      /* names in a list of methods, headers or exposed ones */
    MG_POLICY_MAX_LOG_LINES = 100,  /* of `log` in one load */
    MG_POLICY_CALL_STEPS = 50,      /* charged for a constructor's call */
    MG_POLICY_MAX_LIST_FAULTS = 50, /* reported of one list of origins, then a count */
};

struct mg_compiled_list;

struct mg_loader {
    struct mg_policy_options options; /* with defaults put in */
    struct mg_errs *errs;
    struct mg_arena *arena;  /* of the set */
    struct mg_arena scratch; /* dies with the load */
    struct mg_sources sources;
    const struct mg_source *running; /* the policy that runs now */
    struct mg_resource_decl *resources;
    size_t resource_count;
    struct mg_upstream_decl *upstreams;
    size_t upstream_count;
    unsigned log_lines;
    const char *last_file; /* file of the newest decl; policies mostly have many of one */
    psl_ctx_t *suffixes;   /* the public suffix list, once it was needed */
    struct mg_compiled_list *compiled_lists; /* of check_origins.c */
};

/* The spot of a resource as a whole. */
struct mg_spot mg_loader_spot(struct mg_loader *loader, const struct mg_resource_decl *decl);

/* Judge every decl and make the set's resources, router and upstreams of them. Faults are
 * reported. Returns: false when memory is out (reported too). */
bool mg_compile(struct mg_loader *loader, struct mg_policy_set *set);

#endif
