/* runtime_layout.h - what the files of a runtime share: runtime.c makes it, runtime_decide.c
 * decides by it, runtime_judge.c judges what functions gave, verdict.c has allow and deny,
 * runtime_log.c tells what went wrong. Private to them.
 */
#ifndef MG_POLICY_RUNTIME_LAYOUT_H
#define MG_POLICY_RUNTIME_LAYOUT_H

#include "policy/check.h"
#include "policy/grant.h"
#include "policy/kept.h"
#include "policy/known.h"
#include "policy/read.h"
#include "policy/runtime.h"
#include "policy/runtime_log.h"

enum {
    MG_GIVEN_ITEM_STEPS = 10, /* charged for an element */
    MG_MAX_VERDICTS = 8,      /* allow and deny in one call of a hook */
    MG_RUNTIME_SCRATCH_BYTES = 8 << 10,
    MG_RUNTIME_SCRATCH_MAX_BYTES = 1 << 20,
};

/* What allow or deny gave. Scripts hold its stamp, no pointer to it. */
struct mg_hook_verdict {
    uint64_t stamp; /* of the runtime's calls of allow and deny: never the same */
    bool is_deny;
    const char *reason;          /* of deny; in the exchange's arena */
    struct mg_allowed allowed;   /* by allow */
    enum mg_given_origin origin; /* where it names origins */
    char file[sizeof(((struct mg_err *)0)->file)];
    int line;
};

/* One exchange, while it is decided. */
struct mg_deciding {
    const struct mg_resource *resource;
    struct mg_request *request;
    struct mg_cors_request cors; /* with what is given of the origin */
    bool has_origin;             /* it is well-formed */
    struct mg_origin origin;
    enum mg_kind kind;
    enum mg_function running;   /* the function that runs, or ran last */
    bool had_read_origin;       /* a function before this one has read it */
    bool has_asked;             /* some function had a say in the outcome */
    unsigned named;             /* fields that allow { … } has named */
    struct mg_cors_decl values; /* the single ones: as declared, or what allow put there */
    struct mg_rule_spec spec;   /* of the rule that decides */
    bool has_loose_names;       /* some list of the spec lives only as long as the exchange */
    const struct mg_rule *rule; /* compiled; NULL: none */
    struct mg_decision *decision;
    struct mg_decided_at *at;
};

struct mg_runtime {
    const struct mg_policy_set *set;
    struct mg_script *script;
    struct mg_arena arena;           /* of what follows, up to `handlers` */
    int (*slots)[MG_FUNCTION_COUNT]; /* by position of the base rule */
    struct mg_plugin *plugins;
    struct mg_plugin_slots *plugin_slots;
    struct mg_plugin_list (*groups)[MG_HOOK_COUNT];
    struct mg_plugin_entry *handlers; /* by position of the plugin */

    struct mg_known known;
    struct mg_loader judge; /* for the check_ functions: scratch, errs, suffixes */
    struct mg_errs errs;
    char scratch[MG_RUNTIME_SCRATCH_BYTES];

    struct mg_deciding *deciding;                     /* NULL: no function of a policy runs */
    struct mg_hook_verdict verdicts[MG_MAX_VERDICTS]; /* of the running call */
    unsigned verdict_count;
    uint64_t stamp; /* of the newest verdict */

    struct mg_runtime_counters counters;
    struct mg_runtime_totals *totals; /* NULL: nobody asks */
    struct mg_runtime_logger logger;
};

/* Add one to a counter of the worker's: one writer, so no locked instruction. */
static inline void mg_runtime_count(atomic_ullong *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* Prepare to read and judge what a script gave for the exchange that is decided: a reader whose
 * spot is "PATTERN WHAT", and no faults yet. First quietly, which is all there is to it as a
 * rule; where that finds any fault, once more to tell it. */
struct mg_reader mg_runtime_begin_reading(lua_State *L, struct mg_runtime *runtime,
                                          const char *what, bool is_quiet);

/* Raise the first fault there is, if any. */
void mg_runtime_raise_faults(lua_State *L, struct mg_runtime *runtime);

/* Judge the origins that were read into `cors`, by its credentials; `spot` is what they are
 * part of. Returns: what they say of the request's. */
enum mg_given_origin mg_runtime_judge_origins(struct mg_runtime *runtime,
                                              const struct mg_spot *spot,
                                              const struct mg_cors_decl *cors);

/* The same for the names of `list`, which is that of `cors` for `kind`. */
struct mg_names mg_runtime_judge_names(struct mg_runtime *runtime, const struct mg_spot *spot,
                                       const struct mg_cors_decl *cors,
                                       enum mg_known_kind kind);

/* What a constant comes to for the resource at hand, and what its origins, if it has any, say
 * of the request's. Raises its faults. */
const struct mg_allowed *mg_verdict_of_grant(lua_State *L, struct mg_runtime *runtime,
                                             const struct mg_grant *grant,
                                             enum mg_given_origin *origin);

/* The verdict that the value at `index` stands for, of those of the running call; NULL for any
 * other value. Never raises. */
const struct mg_hook_verdict *mg_verdict_get(lua_State *L, int index,
                                             const struct mg_runtime *runtime);

#endif
